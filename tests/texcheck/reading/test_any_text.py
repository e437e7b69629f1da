"""Any text at all: read, or refused at a place in it; never a traceback, never long."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from texcheck import syntax as t
from texcheck.reading import CannotRead, cell, read, shape

STATEMENTS = Path(__file__).parents[1] / "statements"
Reader = Callable[[str], Iterable[t.Node]]
PIECE = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def known() -> list[str]:
    """The texts of all statements of the tests."""
    found = []
    for verdict in ("proved", "refuted", "undecided", "unreadable"):
        data = tomllib.loads((STATEMENTS / f"{verdict}.toml").read_text(encoding="utf-8"))
        found += [row["tex"] for row in data["rows"]]
    return found


TEXTS = [PIECE.findall(tex) for tex in known()]
PIECES = sorted({piece for tex in TEXTS for piece in tex} | {"\ufeff", "\0", "é", "²", "{}", "\\"})


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A text of the tests with some of its pieces changed, left out or put in."""
    pieces = list(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(pieces)))
        pieces[at : at + draw(st.integers(0, 2))] = draw(
            st.lists(st.sampled_from(PIECES), max_size=3)
        )
    return "".join(pieces)


def outcome(reader: Reader, tex: str) -> tuple[t.Node, ...] | CannotRead:
    try:
        return tuple(reader(tex))
    except CannotRead as fault:
        return fault


def spans_fit(tex: str) -> None:
    """Every node, or the fault, stands within the text."""
    for reader in (read, cell, shape):
        found = outcome(reader, tex)
        parts = (
            [found] if isinstance(found, CannotRead) else [p for one in found for p in t.walk(one)]
        )
        assert all(0 <= part.start <= part.end <= max(1, len(tex)) for part in parts)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(changed())
def test_a_changed_statement_is_read_or_refused(tex: str) -> None:
    spans_fit(tex)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_characters_are_read_or_refused(tex: str) -> None:
    spans_fit(tex)


REPEATED = [
    "(", "[", "{", r"\{", r"\left. ", r"\frac{", r"\frac{\partial ", r"\sqrt{", "|", r"\|", "x^{",
    "x_{", r"\sigma(", r"\log ", "-", "x +", r"x \odot ", r"x \cdot ", "x/", r"\sum_i ",
    r"\sum_{i \ne j} ", r"\begin{pmatrix}", r"\begin{cases}", r"\begin{aligned}", "&", r"\\", "f'",
    "W^{(1)}", "x^T", "x{}^T", "[x]_i", "x = ", r"\forall i ", r"\underbrace{x}_{", r"\boldsymbol{",
    "9", r"\mathbb{1}[", r"i = 0, \dots, ", r"\partial_x ", "I_{", "d_{", "0 < ", "x|_{x=", "e^{",
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_a_long_or_deep_text_is_read_or_refused_within_a_second(piece: str) -> None:
    start = time.process_time()
    for before, after in (("", ""), ("x = ", "x"), (r"\sum_i x_i + ", " = x")):
        spans_fit(before + piece * (1900 // len(piece)) + after)
    assert time.process_time() - start < 9  # nine readings


def test_a_hundred_thousand_characters_are_refused_with_their_number() -> None:
    with pytest.raises(CannotRead, match="at most"):
        read("x = x" + " + x" * 25_000)
