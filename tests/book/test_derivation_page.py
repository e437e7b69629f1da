"""The page on checking a derivation shows what the program prints, and names what it can say."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from texcheck import check, report
from texcheck.judge.diagnose import NOTHING_FITS
from texcheck.judge.edits import EDITS, edits
from texcheck.judge.scope import Scope
from texcheck.page import replies
from texcheck.reading import CannotRead, read

BOOK = Path(__file__).parents[2] / "book"
DERIVATIONS = Path(__file__).parents[1] / "texcheck" / "derivations.toml"
PAGE = (BOOK / "homework" / "derivation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(latex|console)\n(.*?)^```$", PAGE, re.M | re.S)
SESSIONS = [text for language, text in BLOCKS if language == "console"]
DERIVATION, COURSE = [text for language, text in BLOCKS if language == "latex"]

# What has each answer that the page explains: a formula of 1.2, or one with its network.
ANSWERS = {
    "off by the factor 2:": r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T",
    "off by the factor K:": r"\frac{\partial \ell}{\partial \hat y} = \frac{2}{K} (\hat y - y)^T",
    "off by the factor 1/K:": r"\frac{\partial \ell}{\partial \hat y} = 2 K (\hat y - y)^T",
    "off by the factor -1:": r"\frac{\partial \ell}{\partial \hat y} = 2 (y - \hat y)^T",
    "the sign … is wrong": r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y + y)^T",
    "off by the factor": r"\frac{\partial \ell}{\partial \hat y} = 4 (\hat y - y)^T",
    "of the running network alone": (r"\delta^{(2)} = \frac{1}{4} (\hat y - y)", "sigmoid-bce"),
    "squared norm is": r"\ell = (\hat y - y)^2",
    "the square of": r"\ell = \sum_k (\hat y_k - y_k)",
    "of the square is": (r"\frac{\partial \ell}{\partial \hat y_k} = (\hat y_k - y_k)^2"),
    "exponent … should": r"\frac{\partial \ell}{\partial \hat y_k} = 2 (\hat y_k - y_k)^2",
    "stand in the wrong order": r"\frac{\partial \ell}{\partial x} = W^{(1)} [\delta^{(1)}]^T",
    "the factor … belongs": (
        r"\frac{\partial \ell}{\partial W^{(1)}} = 2 (\hat y - y)^T W^{(2)}"
        r" \frac{\partial z^{(1)}}{\partial s^{(1)}} x"
    ),
    "a transpose is missing": r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)",
    "transpose too much": r"\frac{\partial s^{(2)}}{\partial z^{(1)}} = W^{(2)T}",
    "transpose stands at": (r"\frac{\partial \ell}{\partial W^{(1)}} = x^T \delta^{(1)}"),
    "transpose of the right": r"\frac{\partial \ell}{\partial x} : d_x \times 1",
    "is meant before": r"\delta^{(1)} = [W^{(2)}]^T \delta^{(2)} f'(s^{(1)})",
    "the product of matrices, not": (
        r"\frac{\partial \ell}{\partial z^{(1)}} = [\delta^{(2)}]^T \odot W^{(2)}"
    ),
    "a diagonal matrix": r"\frac{\partial z^{(1)}}{\partial s^{(1)}} = f'(s^{(1)})",
    "the identity matrix is written": r"\frac{\partial \hat y}{\partial s^{(2)}} = \boldsymbol{1}",
    "the column of ones is written": r"\boldsymbol{1} = 1",
    "the activation's derivative is missing": (
        r"\frac{\partial \ell}{\partial s^{(1)}} = [\delta^{(2)}]^T W^{(2)}"
    ),
    "the activation's derivative … is too much": (
        r"\delta^{(2)} = 2 (\hat y - y) \odot \sigma'(s^{(2)})"
    ),
    "slope at 0 is 0": (
        r"\frac{\partial z^{(1)}_i}{\partial s^{(1)}_i} = \mathbb{1}[s^{(1)}_i \ge 0]"
    ),
    "the derivative … is meant at": r"\delta^{(1)} = W^{(2)T} \delta^{(2)} \odot z^{(1)}",
    "not its derivative, is meant at": r"z^{(1)} = f'(s^{(1)})",
    "the activation is missing": r"z^{(1)} = W^{(1)} x + b^{(1)}",
    "the function is missing": (r"\sigma'(s) = s (1 - \sigma(s))", "sigmoid-mse"),
    "the argument of … is missing": (
        r"\sigma'(s_i^{(1)}) = \sigma(1 - \sigma(s_i^{(1)}))",
        "sigmoid-mse",
    ),
    "the wrong activation": r"z^{(1)} = \min(0, s^{(1)})",
    "it is true of the network": (r"\delta^{(2)} = 2 (\hat y - y)", "sigmoid-bce"),
    "wrong layer superscript": (
        r"\delta^{(1)} = [W^{(1)}]^T \delta^{(2)} \odot \operatorname{ReLU}'(s^{(1)})"
    ),
    "a layer stands in parentheses:": r"s^{(1)} = W^1 x + b^{(1)}",
    "layers stand in parentheses": r"s^{(1)} = W^1 x + b^1",
    "is the layer's number": r"\frac{\partial L}{\partial \hat y} = 2 (\hat y - y)^T",
    "layers begin at 1": (
        r"s^{(L)} = W^{(L)} z^{(L-1)} + b^{(L)} \quad \text{for } L = 1, \dots, L_{\max} + 1",
        "deep",
    ),
    "the last is d - 1": r"\ell = \sum_{i=0}^{K} (\hat y_i - y_i)^2",
    "sum over … missing": (
        r"\frac{\partial \ell}{\partial z^{(1)}_i} = \delta^{(2)}_k W^{(2)}_{ki}"
    ),
    "sum over … much": r"s_i^{(1)} = \sum_{j,k} W_{ij}^{(1)} x_j + b_i^{(1)}",
    "sum runs": r"\ell = \sum_k (\hat y_i - y_i)^2",
    "sum goes": r"s_i^{(1)} = \sum_j (W_{ij}^{(1)} x_j + b_i^{(1)})",
    "index … should be": r"\frac{\partial \ell}{\partial W^{(1)}_{ij}} = \delta^{(1)}_i x_k",
    "one side is an entry": r"\delta^{(2)} = 2 (\hat y_i - y_i)",
    "are swapped": r"\frac{\partial \ell}{\partial W^{(2)}_{ij}} = \delta^{(2)}_j z^{(1)}_i",
    "differentiated by": (
        r"\frac{\partial \ell}{\partial b_i^{(2)}}"
        r" = \sum_l \frac{\partial \ell}{\partial s_l^{(2)}}"
        r" \frac{\partial s_l^{(2)}}{\partial W_{ij}^{(2)}}"
    ),
    "the factor … is missing": r"\frac{\partial \ell}{\partial W_{ij}^{(1)}} = \delta_i^{(1)}",
    "the factor … is too much": r"\frac{\partial \ell}{\partial b_i^{(1)}} = \delta_i^{(1)} x_0",
    "the term … is missing": r"s^{(1)} = W^{(1)} x",
    "the term … is too much": r"\hat y - y = s^{(2)} - y + b^{(2)}",
    "both terms are the same": (
        r"\ell = (\hat y - \operatorname{I}(s^{(2)})) (\hat y - \operatorname{I}(s^{(2)}))^T"
    ),
    "a + is missing": r"s^{(1)} = W^{(1)} x b^{(1)}",
    "brackets are missing": r"\delta^{(2)} = 2 \hat y - y",
    "a step of gradient descent": r"W^{(1)} = W^{(1)} - \eta \nabla_{W^{(1)}} \ell",
    "a shape stands behind a colon": r"x = d_x \times 1",
    "the assignment's": "z^{(3)} = W^{(2)} z^{(2)} + b^{(2)}",
    "stands where … should": r"\delta_i^{(2)} = 2 (y_i - y_i)",
    "are exchanged": (
        r"\ell = -\frac1K \sum_k \left[ \hat y_k \log y_k + (1-\hat y_k)\log(1-y_k) \right]",
        "sigmoid-bce",
    ),
    "should be": r"\frac{\partial \ell}{\partial W^{(2)}} = x [\delta^{(2)}]^T",
    "columns are not the next one's rows": r"\delta^{(1)} = W^{(2)} \delta^{(2)}",
    "two shapes that differ": (
        r"\delta^{(1)} = [W^{(2)}]^T \delta^{(2)} \odot \frac{\partial z^{(1)}}{\partial s^{(1)}}"
    ),
    "a derivative that is no matrix": (
        r"\frac{\partial \ell}{\partial W^{(1)}}"
        r" = \frac{\partial \ell}{\partial s^{(1)}} \frac{\partial s^{(1)}}{\partial W^{(1)}}"
    ),
}

# True statements that use, between them, every way of writing that the page names.
WRITTEN = {
    "regression": [
        r"z_i^{(1)} (\hat y_k - y_k) = z_i^{(1)} \hat y_k - z_i^{(1)} y_k",
        r"\hat y_k (1 - \hat y_k) = \hat y_k - \hat y_k^2",
        r"\hat y_k \cdot (x_i + x_j) = x_i \hat y_k + x_j \hat y_k",
        r"s^{(1)} = W^{(1)} x + b^{(1)}",
        r"z^{(1)} = \operatorname{ReLU}(s^{(1)})",
        r"\frac{\partial z^{(1)}_i}{\partial s^{(1)}_i} = \mathbb{1}[s^{(1)}_i > 0]",
        r"\nabla_{W^{(1)}} \ell = \delta^{(1)} x^T",
        r"\ell = \sum_{i=0}^{K-1} (\hat y_i - y_i)^2",
        r"\ell = \sum_i (\hat y_i - y_i)^2",
        r"\frac{\partial \ell}{\partial W^{(1)}} = x [\delta^{(1)}]^T",
        r"\frac{\partial \ell}{\partial W^{(1)}} = x [\delta^{(1)}]^\top",
        r"\frac{\partial \ell}{\partial W^{(1)}} = x [\delta^{(1)}]^{\mathsf T}",
        r"\frac{\partial \ell}{\partial W^{(1)}_{ij}} = \delta^{(1)}_i x_j",
        r"\operatorname{diag}(s^{(1)}) z^{(1)} = s^{(1)} \odot z^{(1)}",
        r"\delta^{(1)} = ([W^{(2)}]^T \delta^{(2)}) \odot f'(s^{(1)})",
        r"\frac{\partial \ell}{\partial x} = \frac{\partial \ell}{\partial s^{(1)}} W^{(1)}"
        r" \quad \text{(chain rule)} \\ = \delta^{(1)T} W^{(1)} \quad \text{(by definition)}",
        r"x: d_x \times 1",
        r"\frac{\partial x_i}{\partial x_j} = \delta_{ij}, \quad i = 0, \dots, d_x - 1",
        r"x_i \delta_{i0} = 0 \text{ for } i > 0",
        r"s^{(1)}: d_{s^{(1)}} \times 1",
        r"W^{(1)} \leftarrow W^{(1)} - \eta \nabla_{W^{(1)}} \ell",
        r"W^{(1)} := W^{(1)} - \eta \nabla_{W^{(1)}} \ell",
        r"s^{(1)} = \underbrace{W^{(1)} x}_{d_{s^{(1)}} \times 1} + b^{(1)}",
        r"\delta^{(2)} = 2 e, \quad \text{where } e = \hat y - y",
        r"\ell = \sum_k r_k^2, \quad \text{where } r_k = \hat y_k - y_k",
    ],
    "sigmoid-mse": [r"z^{(1)} = \sigma(s^{(1)})", r"x_0^2 \ge 0", r"0 \le x_0^2"],
    "deep": [
        r"\delta^{(L)} = ([W^{(L+1)}]^T \delta^{(L+1)}) \odot f'(s^{(L)})",
        r"s^{(L)} = W^{(L)} z^{(L-1)} + b^{(L)}",
        r"z^{(L)} = \hat y \text{ for } L = L_{\max}",
    ],
}


def answer(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("session", SESSIONS)
def test_the_page_shows_what_the_program_prints(session, tmp_path):
    command, shown = session.split("\n", 1)
    python, *arguments = shlex.split(command.removeprefix("$ "))
    assert python == "python"
    (tmp_path / "course.tex").write_text(COURSE, encoding="utf-8")
    derivation = ""
    if arguments[-2:] == ["<", "mine.tex"]:
        arguments, derivation = arguments[:-2], DERIVATION
    assert answer([sys.executable, *arguments], input=derivation, cwd=tmp_path) == shown


ROWS = [
    re.findall("`([^`]+)`", words)
    for words in re.findall(
        r"^\| (`[^|]+`) \|[^|]*\| (?:\{eq\}|\[[\w ]+\])[^|]*\|$",
        PAGE.split("## What it says, and what that means")[1].split("\n## ")[0],
        re.M,
    )
]


def row_of(said: str) -> list[str] | None:
    """The row that explains an answer: as on the page, the first that has its words."""
    fits = (
        row
        for row in ROWS
        if any(all(part in said for part in words.split(" … ")) for words in row)
    )
    return next(fits, None)


def test_the_page_explains_an_answer_for_each_of_these_mistakes():
    assert [words for row in ROWS for words in row] == list(ANSWERS)


@pytest.mark.parametrize("words", ANSWERS)
def test_each_answer_that_the_page_explains_is_given_and_finds_its_row(words):
    given = ANSWERS[words]
    tex, network = given if isinstance(given, tuple) else (given, "regression")
    answers = []
    for _, verdict in check(tex, network):
        lines = [line for line in report.text(verdict) if not line.startswith(NOTHING_FITS)]
        answers.append(lines[-1 if verdict.status == "refuted" else 0])
    [said] = [one for one in answers if all(part in one for part in words.split(" … "))]
    assert words in row_of(said)


def test_every_diagnosis_has_a_row_that_explains_it():
    tried, said = set(), set()
    for kinds in tomllib.loads(DERIVATIONS.read_text(encoding="utf-8")).values():
        for tex, *_ in kinds["answered"]:
            with suppress(CannotRead):
                for scope in map(Scope, read(tex)):
                    for edit in edits(scope):
                        tried.add(edit.kind)
                        said.add(edit.change.words(scope))
    assert tried >= {kind.__name__.replace("_", " ") for kind in EDITS}
    unexplained = [one for one in said if row_of(one) is None]
    # Never said: that the number should be one more is tried before it.
    assert [one for one in unexplained if not one.endswith("begins one later")] == []


def test_deep_names_the_loss_for_which_alone_it_proves():
    shown = r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)^T"
    command = [sys.executable, "-m", "texcheck", "prove", shown, "--network"]
    assert "the answer says `MSE`" in PAGE
    assert "MSE" in answer([*command, "deep"])
    assert "undecided" in answer([*command, "any"])


def test_a_refutation_names_what_it_took_for_open_functions():
    shown, taken = "z^{(1)} = s^{(1)}", "activations ReLU, sigmoid; loss MSE"
    command = [sys.executable, "-m", "texcheck", "prove", shown, "--network"]
    assert f"as in `{taken}`." in PAGE
    assert f"({taken})" in answer([*command, "any"])
    assert "activations" not in answer([*command, "regression"])


@pytest.mark.parametrize(("shown", "proved"), [
    (r"x = x \\ \hat y = y \Rightarrow \ell = 0 \\ y = y", 1),
    (r"x = x \\ \ell = 0 \text{ where } \hat y = y \\ y = y", 0),
])  # fmt: skip
def test_what_may_be_a_condition_leaves_undecided_what_the_page_says(shown, proved):
    command = [sys.executable, "-m", "texcheck", "prove", shown, "--network", "regression"]
    assert "from the one before the arrow on, or the whole display" in PAGE
    verdicts = re.findall(r"^(\w+): ", answer(command), re.M)
    assert verdicts == ["proved"] * proved + ["undecided"] * (4 - proved)


def test_a_comparison_that_the_page_puts_before_an_arrow_is_a_condition():
    [shown] = re.findall(r"as in `([^`]*Rightarrow[^`]*)`", PAGE)
    command = [sys.executable, "-m", "texcheck", "prove", shown, "--network", "regression"]
    assert answer(command).startswith("proved")


def test_the_books_own_answer_is_allowed_in_assignment_mode():
    gradients = (BOOK / "regression" / "gradients.md").read_text(encoding="utf-8")
    [answer] = re.findall(r"^\$\$\n([^$]*)\$\$ \(eq:answer-c\)$", gradients, re.M)
    question = {"ask": "check", "tex": answer, "network": "any", "notation": "", "assignment": True}
    [told] = map(json.loads, replies(json.dumps(question)))
    assert not told.get("refused")
    assert [one["status"] for one in told["statements"]] == ["proved"] * 4


def test_every_way_of_writing_that_the_page_names_is_read():
    [table] = re.findall(r"^## How to write it\n(.*?)^The bold", PAGE, re.M | re.S)
    ways = [
        way.replace(r"\ldots", "")
        for row in re.findall(r"^\|[^|]*\|([^|]*)\|$", table, re.M)[2:]
        for way in re.findall("`([^`]+)`", row)
    ]
    assert len(ways) > 20
    for network, formulas in WRITTEN.items():
        for formula in formulas:
            command = [sys.executable, "-m", "texcheck", "prove", "--network", network, formula]
            assert answer(command).startswith("proved"), formula
    written = "".join(formula for formulas in WRITTEN.values() for formula in formulas)
    assert [way for way in ways if way.removesuffix("()") not in written] == []
