"""Measures the prover: every statement of a book is changed in small ways; how many are refuted?

The changes are the edits that a diagnosis tries. A mutant must be refuted, or be proved to be the
same statement; the tests ask an outside oracle whether those are the same indeed. A mutant that is
undecided is missed.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..check import statements
from ..judge.decide import decide
from ..judge.edits import edits, sides
from ..judge.scope import Edit, Scope
from ..syntax import Notation, Statement
from ..writing import tex
from .pages import Item, read

SAMPLE = 600
EACH = 5  # changes of one statement
MISSED = "undecided"  # neither refuted nor found to be the same statement


class Mutant(NamedTuple):
    """A statement of a page with one edit."""

    item: Item
    edit: Edit

    def __str__(self) -> str:
        wholes = dict(sides(self.edit.statement))
        order = ("left", "value", "right", "rows", "columns")
        shown = " = ".join(tex(wholes[side]) for side in order if side in wholes)
        return f"{self.item.file}:{self.item.line} {self.item.label} {self.edit.kind}: {shown}"


def mutants(path: Path | str, most: int | None = None, seed: int = 0) -> Iterator[Mutant]:
    """Small changes of the statements of a book: every one, or `most`, drawn at random.

    Drawn are first statements, then a few changes of each.
    """
    found: dict[tuple[str, Statement], Item] = {}
    for item in read(path):
        if item.expect == "true":
            for one in statements(item.tex, item.subject, item.kind):
                if not isinstance(one, Notation):
                    found.setdefault((item.network, one), item)
    draw = random.Random(seed)
    chosen = list(found.items())
    if most is not None:
        chosen = draw.sample(chosen, min(len(chosen), -(-most // EACH)))
    for (_, statement), item in chosen:
        few = list({edit.statement: edit for edit in edits(Scope(statement))}.values())
        if most is not None:
            few = draw.sample(few, min(len(few), EACH, most))
        yield from (Mutant(item, edit) for edit in few)


def measure(path: Path | str, most: int = SAMPLE, seed: int = 0) -> list[tuple[Mutant, str]]:
    """A seeded sample of the mutants of a book, each with the word of its verdict."""
    found = mutants(path, most, seed)
    return [(one, decide(one.edit.statement, one.item.network).status) for one in found]


def lines(results: Sequence[tuple[Mutant, str]]) -> Iterator[str]:
    """The numbers by kind of change, then every mutant that was missed."""
    made = Counter(mutant.edit.kind for mutant, _ in results)
    found = {word: [one for one, said in results if said == word] for word in ("proved", MISSED)}
    left = made - Counter(mutant.edit.kind for some in found.values() for mutant in some)
    for kind in sorted(made):
        yield f"{kind:24} {made[kind]:5} mutants, {left[kind]:5} refuted"
    yield from (f"missed: {mutant}" for mutant in found[MISSED])
    refuted, (same, missed) = left.total(), map(len, found.values())
    yield f"{len(results)} mutants: {refuted} refuted, {same} the same statement, {missed} missed"
