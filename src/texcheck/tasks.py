"""From the TeX of a display or a table cell to the statements to be judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from . import parse
from .latex import ReadingError, place
from .syntax import Equation, Expr, Index, Listing, Name, ShapeClaim, Statement, Sum

MOST_CHARACTERS = 10_000


@dataclass(frozen=True)
class Claim:
    """One statement: a relation between two neighbouring sides, a shape, a range or a notation.

    `line` and `column` count from 0 inside the display's TeX.
    """

    tex: str
    line: int
    column: int


@dataclass(frozen=True)
class Task:
    """A statement with all that is needed to judge it."""

    statement: Statement
    tex: str
    network: str
    claim: Claim


def tasks(tex: str, network: str, subject: str | None = None, kind: str = "value") -> list[Task]:
    """The statements of a display or a table cell. Errors: `ReadingError`."""
    if len(tex) > MOST_CHARACTERS:
        raise ReadingError(f"a formula of more than {MOST_CHARACTERS} characters", 0)
    located = parse.statements(tex) if subject is None else _cell_statements(tex, subject, kind)
    found = []
    for one in located:
        line, column, _ = place(tex, one.position)
        found.append(Task(one.statement, tex, network, Claim(one.tex, line, column)))
    return found


def _cell_statements(tex: str, subject: str, kind: str) -> list[parse.Located]:
    about = parse.expression(subject)
    if kind == "shape":
        rows, columns = parse.shape(tex)
        return [
            parse.Located(
                ShapeClaim(about, rows, columns), f"{subject} : {tex.strip()}", rows.start
            )
        ]
    chain = parse.cell(tex)
    found = []
    first = chain[0]
    if not _same_quantity(first, about) or len(chain) == 1:
        about = _component_like(about, first)
        text = f"{subject} = {tex[first.start : first.end]}"
        found.append(parse.Located(Equation(about, first), text, first.start))
    for left, right in pairwise(chain):
        text = f"{tex[left.start : left.end]} = {tex[right.start : right.end]}"
        found.append(parse.Located(Equation(left, right), text, right.start))
    return found


def _same_quantity(first: Expr, about: Expr) -> bool:
    """Whether a cell begins with its subject, or with its components under letters."""
    if isinstance(first, Name) and isinstance(about, Name):
        letters = {index.letter for index in first.indices if isinstance(index, Index)}
        return (first.base, first.layer) == (about.base, about.layer) and (
            first.indices == about.indices or len(letters) == len(first.indices)
        )
    return first == about


def _component_like(about: Expr, first: Expr) -> Expr:
    """The subject in components where the cell is in components."""
    if isinstance(about, Listing):
        if not isinstance(first, Listing) or len(first.items) != len(about.items):
            return about
        items = zip(about.items, first.items, strict=True)
        return replace(about, items=tuple(_component_like(a, b) for a, b in items))
    letters = sorted(_free_letters(first))
    if isinstance(about, Name) and not about.indices and about.base != "ell" and letters:
        if isinstance(first, Name) and first.indices:
            return replace(about, indices=first.indices)
        if len(letters) == (2 if about.base == "W" else 1):
            return replace(about, indices=tuple(Index(letter) for letter in letters))
    return about


def _free_letters(node: Expr, bound: frozenset[str] = frozenset()) -> set[str]:
    if isinstance(node, Index):
        return {node.letter} - bound
    if isinstance(node, Sum):
        bound = bound | set(node.letters)
    return {letter for child in node.parts for letter in _free_letters(child, bound)}
