"""The ten conditions on which "proved" rests, and what else a verdict must be."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from texcheck.judge.decide import decide
from texcheck.reading import CannotRead, read
from texcheck.verdict import Proved, Refuted, Undecided, Verdict

NOT_PROVED = {"refuted", "undecided", "unreadable"}
DATA = tomllib.loads(Path(__file__).with_name("conditions.toml").read_text("utf-8"))["conditions"]
ROWS = [(one["says"], row) for one in DATA for row in one["rows"]]


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


@pytest.mark.parametrize(("condition", "row"), ROWS)
def test_a_condition_holds(condition: str, row: dict[str, str]) -> None:
    allowed = NOT_PROVED if row["may"] == "not-proved" else set(row["may"].split("|"))
    assert worst(row["tex"], row["network"]) in allowed, condition


def test_there_are_ten_conditions() -> None:
    assert [one["says"].split()[0] for one in DATA] == [str(n) for n in range(1, 11)]


TEXTS = [(row["network"], row["tex"]) for _, row in ROWS]


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


def test_a_verdict_does_not_depend_on_what_was_decided_before() -> None:
    """Cold, warm and in another order: what is kept from statement to statement counts no step."""
    script = (
        "import sys; from texcheck import check\n"
        "texts = [line.split('\\t') for line in sys.stdin.read().split('\\0')]\n"
        "for network, tex in texts: print(repr(check(tex, network)))\n"
        "for network, tex in texts: print(repr(check(tex, network)))\n"
    )
    chosen = [*TEXTS[::25], *(("sigmoid-bce", tex) for tex in HEAVY[2:4])]
    said = []
    for texts in (chosen, chosen[::-1]):
        done = subprocess.run(
            [sys.executable, "-c", script],
            input="\0".join(f"{network}\t{tex}" for network, tex in texts),
            capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
        lines = done.stdout.splitlines()
        assert lines[: len(texts)] == lines[len(texts) :]
        said.append(lines[: len(texts)])
    assert said[0] == said[1][::-1]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("sigmoid-bce", "the running network"),
        ("any", "the running network (activations ReLU, sigmoid; loss MSE)"),
        ("deep", "a network “deep” (activations ReLU, sigmoid, ReLU, sigmoid, ReLU; loss MSE)"),
    ],
)
def test_the_witness_names_what_was_taken_for_open_functions(network: str, words: str) -> None:
    (statement,) = read(r"\frac{\partial \ell}{\partial s^{(1)}} = 2 z^{(1)T}")
    found = decide(statement, network)
    assert isinstance(found, Refuted)
    assert found.witness is not None
    assert found.witness.network == words


def test_the_witness_is_the_running_network_where_it_will_do() -> None:
    (statement,) = read(r"\delta^{(1)} = W^{(2)T} \delta^{(2)}")
    found = decide(statement, "regression")
    assert isinstance(found, Refuted)
    assert found.witness is not None
    assert (found.witness.network, found.witness.widths) == ("the running network", (2, 3, 4))
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
    r"\sum_{i,j,k,l} (x_i x_j y_k y_l)^{300} \sqrt{x_i^2+1} \sqrt{x_j^2+1}"
    r" = \sum_{i,j,k,l} (x_i x_j y_k y_l)^{300} \sqrt{(x_i^2+1) (x_j^2+1)}",
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
