"""The specification: statements as data, by verdict, and what they must not be."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from texcheck import NETWORKS, check
from texcheck import syntax as t
from texcheck.reading import CannotRead, expression, read

FOLDER = Path(__file__).parent / "statements"
VERDICTS = ("proved", "refuted", "undecided", "unreadable")
# The verdict on a text is the worst on its statements.
WORST = ("definition", "proved", "undecided", "refuted", "unreadable")


def rows(verdict: str) -> list[dict[str, Any]]:
    data = tomllib.loads((FOLDER / f"{verdict}.toml").read_text(encoding="utf-8"))
    return list(data["rows"])


def pairs() -> list[tuple[str, str]]:
    data = tomllib.loads((FOLDER / "same.toml").read_text(encoding="utf-8"))
    return [(one, other) for one, other in data["pairs"]]


@pytest.mark.parametrize(
    ("row", "verdict"), [(row, verdict) for verdict in VERDICTS for row in rows(verdict)]
)
def test_a_statement_has_its_verdict(row: dict[str, Any], verdict: str) -> None:
    subject, kind = row.get("subject"), row.get("kind", "value")
    results = check(row["tex"], row["network"], subject=subject, kind=kind, diagnose=False)
    found = max((one.status for _, one in results), key=WORST.index)
    assert found == verdict or (verdict, found) == ("proved", "definition"), results


def single_equations(verdict: str) -> Iterator[tuple[str, str]]:
    """The sides of each text that is one equation, the right one with at most two free indices."""
    for row in rows(verdict):
        with suppress(CannotRead):
            found, tex = read(row["tex"]), row["tex"]
            plain = len(found) == 1 and isinstance(found[0], t.Equation) and not found[0].conditions
            if plain and "subject" not in row and tex.count("=") == 1 and "begin" not in tex:
                left, right = tex.split("=")
                letters = sorted({index.letter for index in t.free_indices(found[0].right)})
                others = [one for one in "mnpqtuv" if one not in tex][: len(letters)]
                if len(letters) == len(others) < 3:
                    yield row["network"], in_letters(left, right, letters, others)


def in_letters(left: str, right: str, letters: list[str], others: list[str]) -> str:
    """The equation with its right side in a letter H, and that in G, whose indices are reversed."""
    own, new, reverse, back = (
        f"_{{{''.join(one)}}}" if one else ""
        for one in (letters, others, others[::-1], letters[::-1])
    )
    return rf"H{own} = {right}, \quad G{new} = H{reverse}, \quad {left} = G{back}"


@pytest.mark.parametrize(("verdict", "allowed"), [
    ("proved", {"proved", "undecided", "unreadable"}), ("refuted", {"refuted", "unreadable"})
])  # fmt: skip
def test_a_right_side_may_be_put_into_a_letter(verdict: str, allowed: set[str]) -> None:
    found = Counter[str]()
    for network, tex in single_equations(verdict):
        *_, (_, last) = check(tex, network, diagnose=False)
        assert last.status in allowed, tex
        found[last.status] += 1
    assert found[verdict] > 0.8 * found.total() > 400


@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_spellings_are_one_formula(one: str, other: str) -> None:
    assert expression(one) == expression(other)


def test_no_statement_stands_twice() -> None:
    keys = [
        (row["tex"], row["network"], row.get("subject"), row.get("kind"))
        for verdict in VERDICTS
        for row in rows(verdict)
    ]
    assert len(keys) == len(set(keys)) > 1400


@pytest.mark.parametrize(
    ("tex", "last"),
    [
        (r"x - x = 0 = y - y", r"x - x = y - y"),
        (r"x_i = x_i, \; i \in \{0, \dots, d_x - 1\}", r"i \in \{0, \dots, d_x - 1\}"),
    ],
)
def test_a_claim_is_shown_with_its_own_tex(tex: str, last: str) -> None:
    assert [claim.tex for claim, _ in check(tex, "any", diagnose=False)][-1] == last


@pytest.mark.parametrize(
    ("subject", "cell", "kind"),
    [
        (r"\boldsymbol{s}", r"1 \times 1", "shape"),
        (
            r"\frac{\partial f(\boldsymbol{s})}{\partial \boldsymbol{s}}",
            r"f'(\boldsymbol{s})",
            "value",
        ),
        (r"\frac{\partial x}{\partial x}", r"I = \frac{\partial y}{\partial y}", "value"),
    ],
)
def test_a_cell_is_asked_what_a_display_is_asked(subject: str, cell: str, kind: str) -> None:
    found = check(cell, "any", subject=subject, kind=kind)
    assert [verdict.status for _, verdict in found] == ["unreadable"]


@pytest.mark.parametrize(
    "tex",
    [
        r"f(s) = s, \quad f(s_0^{(2)}) = z_0^{(2)}",
        r"f = f^{(1)}, \quad f(s^{(2)}) = f^{(2)}(s^{(2)})",
        r"f = \operatorname{ReLU}, \quad f(s^{(2)}) = z^{(2)}",
    ],
)
def test_what_is_said_of_f_and_cannot_be_read_leaves_the_rest_undecided(tex: str) -> None:
    assert [verdict.status for _, verdict in check(tex, "deep")] == ["unreadable", "undecided"]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_statement_has_some_verdict_in_every_network(network: str) -> None:
    for row in rows("undecided"):
        assert check(row["tex"], network, subject=row.get("subject"), diagnose=False)
