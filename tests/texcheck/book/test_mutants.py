"""Small changes of the book's statements are refuted, or are the same statement."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import opinion

from texcheck.book.mutants import MISSED, Mutant, lines, measure, mutants
from texcheck.book.pages import read
from texcheck.check import statements
from texcheck.judge import symbols
from texcheck.judge.decide import decide
from texcheck.judge.edits import EDITS, edits
from texcheck.judge.scope import Scope
from texcheck.verdict import Proved, Refuted

BOOK = Path(__file__).parents[3] / "book"
SAMPLE = 100


@pytest.fixture(scope="module")
def results() -> list[tuple[Mutant, str]]:
    return measure(BOOK, most=SAMPLE, seed=1)


def test_no_mutant_of_a_sample_is_missed(results: list[tuple[Mutant, str]]) -> None:
    assert [str(mutant) for mutant, status in results if status == MISSED] == []
    assert sum(status == "refuted" for _, status in results) > 0.8 * SAMPLE


def test_the_oracle_says_the_same_of_each(results: list[tuple[Mutant, str]]) -> None:
    """A mutant that is proved holds in numbers, one that is refuted by numbers does not."""
    differ = []
    for mutant, _ in results:
        statement, network = mutant.edit.statement, mutant.item.network
        verdict = decide(statement, network)
        by_numbers = isinstance(verdict, Refuted) and verdict.witness is not None
        if (isinstance(verdict, Proved) or by_numbers) and opinion(
            statement, network, count=6
        ) not in (None, isinstance(verdict, Proved)):
            differ.append(str(mutant))
    assert differ == []


# No page of the book has a comparison whose strictness could be changed.
KINDS = {edit.__name__.replace("_", " ") for edit in EDITS if edit is not symbols.relations}


def test_the_book_has_mutants_of_every_kind() -> None:
    left = KINDS | {"shape"}
    for mutant in mutants(BOOK):
        left.discard(mutant.edit.kind)
        if not left:
            break
    assert left == set()


@pytest.mark.parametrize(
    "tex",
    [
        r"z^{(L)} = s^{(L)} \quad \text{if } f^{(L)} = \operatorname{I}",
        r"x_i = x_i, \quad i = 0, \dots, d_x - 1",
    ],
)
def test_a_mutant_of_a_statement_with_a_condition_or_a_range_can_be_shown(tex: str) -> None:
    item = next(read(BOOK / "notation.md"))
    for statement in statements(tex):
        for edit in edits(Scope(statement)):
            assert str(Mutant(item, edit)).startswith(f"{item.file}:{item.line} ")


def test_the_last_line_counts() -> None:
    few = measure(BOOK, most=5)
    *_, last = lines(few)
    assert last.startswith("5 mutants: ")
    assert last.endswith(f"{sum(status == MISSED for _, status in few)} missed")
