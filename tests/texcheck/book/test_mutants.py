"""Small changes of the book's statements are refuted, or are the same statement."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import opinion

from texcheck.book.mutants import Result, lines, measure, mutants
from texcheck.judge.decide import decide
from texcheck.verdict import Proved, Refuted

BOOK = Path(__file__).parents[3] / "book"
SAMPLE = 100


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return measure(BOOK, most=SAMPLE, seed=1)


def test_no_mutant_of_a_sample_is_missed(results: list[Result]) -> None:
    assert [str(result.mutant) for result in results if result.missed] == []
    assert sum(result.status == "refuted" for result in results) > 0.8 * SAMPLE


def test_the_oracle_says_the_same_of_each(results: list[Result]) -> None:
    """A mutant that is proved holds in numbers, one that is refuted by numbers does not."""
    differ = []
    for result in results:
        statement, network = result.mutant.edit.statement, result.mutant.item.network
        verdict = decide(statement, network)
        by_numbers = isinstance(verdict, Refuted) and verdict.witness is not None
        if (isinstance(verdict, Proved) or by_numbers) and opinion(
            statement, network, count=6
        ) not in (None, isinstance(verdict, Proved)):
            differ.append(str(result.mutant))
    assert differ == []


KINDS = [
    "add a transpose", "drop a transpose", "another index", "drop a sum", "layer", "sign",
    "another quantity", "drop a factor", "swap two indices", "ŷ by y", "another number",
    "another activation", "last index", "index bound", "shape", "add a slope", "drop a slope",
]  # fmt: skip


def test_the_book_has_mutants_of_every_kind() -> None:
    left = set(KINDS)
    for mutant in mutants(BOOK):
        left.discard(mutant.edit.kind)
        if not left:
            break
    assert left == set()


def test_the_last_line_counts() -> None:
    few = measure(BOOK, most=5)
    *_, last = lines(few)
    assert last.startswith("5 mutants: ")
    assert last.endswith(f"{sum(result.missed for result in few)} missed")
