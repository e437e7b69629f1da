"""The oracle, which evaluates trees with autograd, agrees with what is proved."""

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
EACH = 12  # one in so many of the book's statements; another remainder asks about others


@pytest.fixture(scope="module")
def book() -> dict[tuple[str, Statement], str]:
    return {
        (item.network, one): str(item.label)
        for item in read(BOOK)
        if item.expect == "true"
        for one in statements(item.tex, item.network, subject=item.subject, kind=item.kind)
    }


def test_what_the_book_proves_holds_in_numbers(book: dict[tuple[str, Statement], str]) -> None:
    asked = 0
    for (network, statement), label in list(book.items())[::EACH]:
        if isinstance(decide(statement, network), Proved):
            found = opinion(statement, network, count=3)
            assert found is not False, label
            asked += found is True
    assert asked > 10
