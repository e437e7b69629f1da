"""The page on checking a derivation shows what the program prints, and names what it can say."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "homework" / "derivation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(latex|console)\n(.*?)^```$", PAGE, re.M | re.S)
SESSIONS = [text for language, text in BLOCKS if language == "console"]
DERIVATION, COURSE = [text for language, text in BLOCKS if language == "latex"]

# What each answer that the page explains is the answer to.
ANSWERS = {
    "off by the factor 2": r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T",
    "off by the factor K": r"\frac{\partial \ell}{\partial \hat y} = \frac{2}{K} (\hat y - y)^T",
    "off by the factor 1/K": r"\frac{\partial \ell}{\partial \hat y} = 2 K (\hat y - y)^T",
    "off by the factor -1": r"\frac{\partial \ell}{\partial \hat y} = 2 (y - \hat y)^T",
    "a transpose is missing": r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)",
    "is meant before": r"\delta^{(1)} = [W^{(2)}]^T \delta^{(2)} f'(s^{(1)})",
    "the activation's derivative is missing": (
        r"\frac{\partial \ell}{\partial s^{(1)}} = [\delta^{(2)}]^T W^{(2)}"
    ),
    "slope at 0 is 0": (
        r"\frac{\partial z^{(1)}_i}{\partial s^{(1)}_i} = \mathbb{1}[s^{(1)}_i \ge 0]"
    ),
    "the activation is missing": r"z^{(1)} = W^{(1)} x + b^{(1)}",
    "wrong layer superscript": (
        r"\delta^{(1)} = [W^{(1)}]^T \delta^{(2)} \odot \operatorname{ReLU}'(s^{(1)})"
    ),
    "the sum over": (r"\frac{\partial \ell}{\partial z^{(1)}_i} = \delta^{(2)}_k W^{(2)}_{ki}"),
    "index k of": r"\frac{\partial \ell}{\partial W^{(1)}_{ij}} = \delta^{(1)}_i x_k",
    "are swapped": r"\frac{\partial \ell}{\partial W^{(2)}_{ij}} = \delta^{(2)}_j z^{(1)}_i",
    "the last is d - 1": r"\ell = \sum_{i=0}^{K} (\hat y_i - y_i)^2",
    "the product of matrices, not": (
        r"\frac{\partial \ell}{\partial z^{(1)}} = [\delta^{(2)}]^T \odot W^{(2)}"
    ),
    "the assignment's": "z^{(3)} = W^{(2)} z^{(2)} + b^{(2)}",
    "columns are not the next one's rows": r"\delta^{(1)} = W^{(2)} \delta^{(2)}",
    "two shapes that differ": (
        r"\delta^{(1)} = [W^{(2)}]^T \delta^{(2)} \odot \frac{\partial z^{(1)}}{\partial s^{(1)}}"
    ),
}

# True statements that use, between them, every way of writing that the page names.
WRITTEN = {
    "regression": [
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
    ],
    "sigmoid-mse": [r"z^{(1)} = \sigma(s^{(1)})", r"x_0^2 \ge 0", r"0 \le x_0^2"],
    "deep": [
        r"\delta^{(L)} = ([W^{(L+1)}]^T \delta^{(L+1)}) \odot f'(s^{(L)})",
        r"s^{(L)} = W^{(L)} z^{(L-1)} + b^{(L)}",
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


def test_the_page_explains_an_answer_for_each_of_these_mistakes():
    rows = re.findall(r"^\| `([^`]+)` \|[^|]*\| (?:\{eq\}|\[\w+\])", PAGE, re.M)
    assert rows == list(ANSWERS)


@pytest.mark.parametrize("said", ANSWERS)
def test_each_answer_that_the_page_explains_is_given(said):
    command = [sys.executable, "-m", "texcheck", "prove", ANSWERS[said]]
    assert said in answer(command)


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
