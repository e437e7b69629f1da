"""The ten conditions on which "proved" rests, each with statements that would break it.

A row: the network, the statement, and the verdicts that it may have.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from texcheck.judge.decide import decide
from texcheck.reading import CannotRead, read
from texcheck.verdict import Proved, Refuted, Undecided, Verdict

YES, NO, OPEN = {"proved"}, {"refuted"}, {"undecided"}
NOT_PROVED = {"refuted", "undecided", "unreadable"}
Row = tuple[str, str, set[str]]

CONDITIONS: dict[str, list[Row]] = {
    "1 an index carries its sort": [
        ("any", r"\sum_i \sigma(\delta_{i,d_x-1}) = \sum_i \sigma(\delta_{i,K-1})", NO),
        ("any", r"\sum_i \sigma(\delta_{i,d_x-1}) = \sum_k \sigma(\delta_{k,d_x-1})", YES),
        ("any", r"\sum_i \sum_k \sigma(i) x_i \hat y_k = \sum_i \sum_k \sigma(k) x_i \hat y_k", NO),
        ("any", r"\delta_{ij} W_{ij}^{(1)} = 0", NO),
    ],
    "2 every operation binds afresh": [
        ("any", r"\frac{\partial}{\partial x_0} \left( \sigma((\sum_i x_i)^2) \sum_i x_i \right) ="
         r" 2 (\sum_i x_i)^2 \sigma'((\sum_i x_i)^2) + \sigma((\sum_i x_i)^2)", YES),
        ("any", r"\frac{\partial}{\partial x_0} \left( \sigma((\sum_i x_i)^2) \sum_i x_i \right) ="
         r" 2 \sum_i x_i^2 \sigma'((\sum_i x_i)^2) + \sigma((\sum_i x_i)^2)", NO),
        ("any", r"(\sum_i x_i)(\sum_i x_i) = \sum_i x_i^2", NO),
        ("any", r"(\sum_i x_i)(\sum_i x_i) = \sum_i \sum_j x_i x_j", YES),
    ],
    "3 across a gap stands the Jacobian by z": [
        ("deep", r"\delta^{(L)} = \left[ \frac{\partial \ell}{\partial z^{(L)}} \right]^T"
         r" \odot f^{(L)\prime}(s^{(L)})", YES),
        ("deep", r"\frac{\partial \lVert s^{(L_{\max})} \rVert^2}{\partial z^{(L)}} = 0",
         NOT_PROVED),
        ("deep", r"\frac{\partial \hat y}{\partial x} ="
         r" \frac{\partial \hat y}{\partial s^{(L)}} \frac{\partial s^{(L)}}{\partial x}", YES),
        ("deep",
         r"\frac{\partial \hat y}{\partial z^{(L)}} = \frac{\partial \hat y}{\partial s^{(L)}}",
         NO),
    ],
    "4 every layer that is named chooses the networks": [
        ("regression", r"\frac{\partial z_i^{(L)}}{\partial x_j} = \delta_{ij}", NOT_PROVED),
        ("deep", r"\frac{\partial z_i^{(L)}}{\partial x_j} z_0^{(L_{\max})} ="
         r" \delta_{ij} z_0^{(L_{\max})}", NOT_PROVED),
        ("any", r"\frac{\partial s^{(L+2)}}{\partial z^{(1)}} = W^{(2)}", NOT_PROVED),
        ("deep", r"\frac{\partial s^{(L)}}{\partial x} = W^{(1)}", NOT_PROVED),
        ("deep", r"s^{(L+1)} = s^{(L+1)}, \quad L = 1, \dots, L_{\max}", NOT_PROVED),
        ("deep", r"\delta^{(L)} = \delta^{(L)}, \quad L = 1, \dots, K", NOT_PROVED),
        ("deep", r"s^{(L+1)} = W^{(L+1)} z^{(L)} + b^{(L+1)}, \quad L = 0, \dots, L_{\max} - 1",
         YES),
        ("regression", r"s^{(L)} = W^{(L)} z^{(L-1)} + b^{(L)}", YES),
        ("regression", r"z^{(L)} = \operatorname{ReLU}(s^{(L)})", NO),
    ],
    "5 the least width follows from the numbers": [
        ("any", r"\sum_{i=2}^{d_x-3} x_i = \sum_i x_i - x_0 - x_1 - x_{d_x-1} - x_{d_x-2}",
         NOT_PROVED),
        ("any", r"\sum_{i=1}^{d_x-2} x_i = \sum_i x_i - x_0 - x_{d_x-1}", YES),
        ("any", r"\delta_{i1} \delta_{i,d_x-2} = 0 \cdot x_i", NOT_PROVED),
        ("any", r"x_0 = x_{d_x-1}", NO),
        ("any", r"x_{d_x} = x_{d_x}", NO),
    ],
    "6 L, lengths and numbers of entries are whole and positive": [
        ("any", r"\mathbb{1}[d_x > 0] = 1", YES),
        ("any", r"|K| = K", YES),
        ("any", r"\sqrt{d_x^2} = d_x", YES),
        ("any", r"(K - 3)(K - 4)(K - 5)(K - 6)(K - 16) = 0", NO),
        ("deep", r"\frac{L}{L} z^{(L)} = z^{(L)}, \quad L = 1, \dots, L_{\max}", YES),
        ("any", r"\sum_k k y_k = K \sum_k y_k", NO),
    ],
    "7 both sides are defined at the same points": [
        ("any", r"\sqrt{x_0}^2 = x_0", NO),
        ("any", r"\sqrt{-1}^2 = -1", NO),
        ("any", r"\frac{d_x - 3}{d_x - 3} = 1", NO),
        ("any", r"\frac{x_0}{x_0} = 1", NO),
        ("any", r"\log x_0 - \log x_0 = 0", NO),
        ("any", r"0 \cdot \frac{1}{x_0} = 0", NO),
        ("any", r"\frac{1}{0} = \frac{1}{0}", NO),
        ("any", r"\frac{x_0}{x_0^2} = \frac{1}{x_0}", YES),
        ("any", r"\log(\exp(x_0)) = x_0", YES),
        ("any", r"\exp(\log(x_0)) = x_0", NO),
        ("any", r"\sum_i \frac{x_i}{x_i} = d_x", NO),
        ("any", r"\frac{x_i}{x_i} = \frac{x_j}{x_j}", NO),
        ("regression", r"\frac{\partial \lVert x \rVert}{\partial x} ="
         r" \frac{1}{\lVert x \rVert} x^T",
         YES),
        ("regression", r"\frac{\partial \sqrt{x_0^2}}{\partial x_0} = \operatorname{sign}(x_0)",
         NO),
    ],
    "8 at a kink a derivative depends on the written form": [
        ("any", r"\operatorname{ReLU}(s) - \operatorname{ReLU}(-s) = s", YES),
        ("any", r"\frac{\partial (\operatorname{ReLU}(s) - \operatorname{ReLU}(-s))}{\partial s} =  ="
         r"       ("any", r"\frac{\partial (\operatorname{ReLU}(s) - \operatorname{ReLU}(-s))}{\partial s} = 1",
         NO),
        ("any", r"\operatorname{ReLU}'(s) = \mathbb{1}[s > 0]", YES),
        ("any", r"\operatorname{ReLU}'(s) = \mathbb{1}[s \ge 0]", NO),
        ("any", r"\operatorname{sign}(0) = 0", YES),
        ("any", r"\frac{\partial |x_0|}{\partial x_0} = \operatorname{sign}(x_0)", YES),
        ("any", r"\frac{\partial |x_0|}{\partial x_0} = 2 \cdot \mathbb{1}[x_0 > 0] - 1", NO),
        ("any", r"\frac{\partial \max(x_0, x_1)}{\partial x_0} = \mathbb{1}[x_0 > x_1]",
         NOT_PROVED),
        ("regression", r"\frac{\partial z_i^{(1)}}{\partial x_j} ="
         r" \mathbb{1}[s_i^{(1)} \ge 0] W_{ij}^{(1)}", NO),
    ],
    "9 refuted needs a certain witness": [
        ("any", r"(2\sigma(s)-1)\operatorname{sign}(s)^2 = 2\sigma(s)-1", YES),
        ("any", r"(2\sigma(s)-1)\operatorname{sign}(s)^2 = 2\sigma(s)-2", NO),
        ("any", r"\sigma(10^{15} (\exp(x_0 + y_0) - \exp(x_0) \exp(y_0))) = \frac{1}{2}", OPEN),
        ("any", r"\operatorname{sign}(\exp(x_0 + y_0) - \exp(x_0) \exp(y_0)) = 0", OPEN | YES),
    ],
    "10 no rule, ill-sorted and false are told apart": [
        ("any", r"\sum_{k=0}^{K-1} k = \frac{K (K-1)}{2}", YES),
        ("any", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix} = \begin{pmatrix} 1 \\ 2 \end{pmatrix}",
         YES),
        ("any", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix} = \begin{pmatrix} 1 \\ 3 \end{pmatrix}",
         NOT_PROVED),
        ("any", r"\operatorname{Linear}_1'(x) = s^{(1)}", NOT_PROVED),
        ("any", r"\operatorname{tr}'(x x^T) = x^T x", NOT_PROVED),
        ("any", r"\frac{\partial s_0^{(1)}}{\partial b^{(1)}} = I", NO),
        ("any", r"x x^T + I = I + x x^T", NOT_PROVED),
        ("any", r"1^T x = x", NOT_PROVED),
        ("any", r"\sum_k 1 = K", OPEN),
        ("any", r"\mathbb{1}[x_i - x_i = 0] x_i = 0", NOT_PROVED),
        ("any", r"\frac{\partial x}{\partial s^{(1)}} = 0", OPEN),
    ],
}  # fmt: skip


def verdicts(tex: str, network: str) -> list[Verdict] | None:
    try:
        return [decide(statement, network) for statement in read(tex)]
    except CannotRead:
        return None


def worst(tex: str, network: str) -> str:
    found = verdicts(tex, network)
    if found is None:
        return "unreadable"
    order = ("definition", "proved", "undecided", "refuted", "unreadable")
    return max((verdict.status for verdict in found), key=order.index)


@pytest.mark.parametrize(
    ("condition", "row"), [(name, row) for name, rows in CONDITIONS.items() for row in rows]
)
def test_a_condition_holds(condition: str, row: Row) -> None:
    network, tex, allowed = row
    assert worst(tex, network) in allowed, condition


TEXTS = [(network, tex) for rows in CONDITIONS.values() for network, tex, _ in rows]


def test_a_verdict_depends_on_the_text_alone() -> None:
    """I5: neither the order of the statements nor the seed of hashes changes a verdict."""
    here = [repr(verdicts(tex, network)) for network, tex in reversed(TEXTS)][::-1]
    script = (
        "import sys; from texcheck.judge.decide import decide; from texcheck.reading import *\n"
        "for line in sys.stdin.read().split('\\0'):\n"
        "    network, tex = line.split('\\t')\n"
        "    try: print(repr([decide(s, network) for s in read(tex)]))\n"
        "    except CannotRead: print(None)\n"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            input="\0".join(f"{network}\t{tex}" for network, tex in TEXTS),
            capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
        assert done.stdout.splitlines() == here


def test_the_witness_is_the_running_network_where_it_will_do() -> None:
    (statement,) = read(r"\delta^{(1)} = W^{(2)T} \delta^{(2)}")
    found = decide(statement, "regression")
    assert isinstance(found, Refuted)
    assert found.witness is not None
    assert (found.witness.running, found.witness.widths) == (True, (2, 3, 4))
    assert (found.witness.entry, found.witness.left, found.witness.right) == ("row 1", 0.0, -6.0)


def test_a_side_without_a_value_is_a_witness() -> None:
    (statement,) = read(r"\frac{x_0}{x_0} = 1")
    found = decide(statement, "any")
    assert isinstance(found, Refuted)
    assert found.witness is not None
    assert (found.witness.left, found.witness.right) == (None, 1.0)


def test_without_a_witness_the_answer_is_the_same_but_for_refutations() -> None:
    for network, tex in TEXTS:
        try:
            statements = read(tex)
        except CannotRead:
            continue
        for statement in statements:
            full, quick = decide(statement, network), decide(statement, network, witness=False)
            assert full == quick or (isinstance(quick, Undecided) and not isinstance(full, Proved))


HEAVY = [
    "1^{1000000000000} = 1",
    "2^{1000000000000} = 1",
    r"(x_0 + x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7)^{100} = 1",
    " ".join(["W^{(2)} W^{(1)} W^{(1)T} W^{(2)T}"] * 30) + " = W^{(2)} W^{(2)T}",
    r"(W^{(1)} W^{(1)T})^9 = (W^{(1)} W^{(1)T})^8",
    r"\ell^6 = \ell^3 \ell^3",
    r"\operatorname{ReLU}(x_0 + x_1 + x_2 + x_3 + x_4)^9 = 1",
    r"|x_0| |x_1| |x_2| |y_0| |y_1| |y_2| |s| = |x_0 x_1 x_2 y_0 y_1 y_2 s|",
]


@pytest.mark.parametrize("tex", HEAVY)
def test_every_text_has_a_verdict_soon(tex: str) -> None:
    """The work is counted, so a text ends at the same step everywhere; a second is far off."""
    before, loops = time.process_time(), 0
    while time.process_time() - before < 0.1:
        loops += sum(range(1000)) > 0
    per_second = loops * 10
    start = time.process_time()
    worst(tex, "sigmoid-bce")
    assert (time.process_time() - start) * per_second < 150_000  # a loop takes 8 µs when idle
