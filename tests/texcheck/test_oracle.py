"""The oracle, which evaluates trees with autograd, agrees with all that the book proves."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import opinion

from texcheck import Proved
from texcheck.book.pages import read
from texcheck.check import statements
from texcheck.judge.decide import decide
from texcheck.syntax import Statement

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture(scope="module")
def book() -> dict[tuple[str, Statement], str]:
    return {
        (item.network, one): str(item.label)
        for item in read(BOOK)
        if item.expect == "true"
        for one in statements(item.tex, item.subject, item.kind)
    }


def test_what_the_book_proves_holds_in_numbers(book: dict[tuple[str, Statement], str]) -> None:
    found: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for (network, statement), label in book.items():
        if isinstance(decide(statement, network), Proved):
            found[opinion(statement, network, count=1)].append(label or str(statement))
    assert found[False] == []
    assert len(found[None]) < len(found[True]) / 20  # matrices written out, lists of values
