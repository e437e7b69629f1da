"""Small changes of the book's statements are refuted, or are the same statement."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import opinion

from texcheck.book.mutants import Result, lines, measure, mutants

BOOK = Path(__file__).parents[3] / "book"
SAMPLE = 200


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return measure(BOOK, most=SAMPLE, seed=1)


def test_no_mutant_of_a_sample_is_missed(results: list[Result]) -> None:
    assert [str(result.mutant) for result in results if result.missed] == []
    assert sum(result.status == "refuted" for result in results) > 0.8 * SAMPLE


def test_the_oracle_says_the_same_of_each(results: list[Result]) -> None:
    """A mutant that is proved holds in numbers, one that is refuted by numbers does not."""
    differ = [
        str(result.mutant)
        for result in results
        if result.status in ("proved", "refuted")
        and opinion(result.mutant.edit.statement, result.mutant.item.network, count=6)
        not in (None, result.status == "proved")
    ]
    assert differ == []


KINDS = [
    "add a transpose", "drop a transpose", "another index", "drop a sum", "layer", "sign",
    "another quantity", "drop a factor", "swap two indices", "ŷ by y", "another number",
    "another activation", "last index", "index bound", "shape", "add a slope", "drop a slope",
]  # fmt: skip


def test_the_book_has_mutants_of_every_kind() -> None:
    found = {mutant.edit.kind for mutant in mutants(BOOK)}
    assert set(KINDS) <= found


def test_the_last_line_counts() -> None:
    few = measure(BOOK, most=5)
    *_, last = lines(few)
    assert last.startswith("5 mutants: ")
    assert last.endswith(f"{sum(result.missed for result in few)} missed")
