"""Measures the prover: every statement of a book is changed in small ways; how many are refuted?

The changes are the edits that a diagnosis tries. A mutant must be refuted, or be proved to be the
same statement; the tests ask an outside oracle whether those are the same indeed. A mutant that is
undecided is missed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..check import statements
from ..judge.decide import decide
from ..judge.edits import edits
from ..judge.scope import Edit
from ..syntax import Node, Notation
from ..writing import tex
from .pages import Item, read

SAMPLE = 3000


@dataclass(frozen=True)
class Mutant:
    """A statement of a page with one edit."""

    item: Item
    edit: Edit

    def __str__(self) -> str:
        shown = " = ".join(_tex(side) for side in self.edit.statement.parts[:2])
        return f"{self.item.file}:{self.item.line} {self.item.label} {self.edit.kind}: {shown}"


@dataclass(frozen=True)
class Result:
    """What the prover said to a mutant: the word of its verdict."""

    mutant: Mutant
    status: str

    @property
    def missed(self) -> bool:
        """Whether the mutant was neither refuted nor found to be the same statement."""
        return self.status == "undecided"


def _tex(node: Node) -> str:
    try:
        return tex(node)
    except TypeError:
        return type(node).__name__


def mutants(path: Path | str) -> Iterator[Mutant]:
    """Every small change of every statement of a book, each once."""
    known: set[tuple[str, object]] = set()
    for item in read(path):
        if item.expect != "true":
            continue
        for statement in statements(item.tex, item.network, subject=item.subject, kind=item.kind):
            if isinstance(statement, Notation) or (item.network, statement) in known:
                continue
            known.add((item.network, statement))
            for edit in edits(statement, ""):  # no one reads what an edit says
                if (item.network, edit.statement) not in known:
                    known.add((item.network, edit.statement))
                    yield Mutant(item, edit)


def measure(path: Path | str, most: int = SAMPLE, seed: int = 0) -> list[Result]:
    """Tries the mutants of a book, or a seeded sample of them."""
    found = list(mutants(path))
    chosen = random.Random(seed).sample(found, min(most, len(found)))
    return [
        Result(mutant, decide(mutant.edit.statement, mutant.item.network).status)
        for mutant in chosen
    ]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The numbers by kind of change, then every mutant that was missed."""
    made = Counter(result.mutant.edit.kind for result in results)
    refuted = Counter(r.mutant.edit.kind for r in results if r.status != "proved" and not r.missed)
    same = sum(result.status == "proved" for result in results)
    missed = [result for result in results if result.missed]
    for kind in sorted(made):
        yield f"{kind:24} {made[kind]:5} mutants, {refuted[kind]:5} refuted"
    yield from (f"missed: {result.mutant}" for result in missed)
    yield (
        f"{len(results)} mutants: {sum(refuted.values())} refuted, {same} the same statement, "
        f"{len(missed)} missed"
    )
