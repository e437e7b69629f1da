"""Every small change of a statement, once: what students write by mistake and what printers do.

A diagnosis is an edit that makes a statement provable; a mutant is one that must be refuted, or
proved to be the same statement. Nothing here is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .. import syntax as t
from . import structure, symbols
from .scope import Change, Changes, Edit, Scope, number

# In this order, so that the likelier mistake is named first.
EDITS: tuple[Callable[[t.Expr, Scope], Changes], ...] = (
    structure.transposes,
    structure.slopes_too_much,
    structure.sums,
    symbols.dashes,
    symbols.wrong_functions,
    symbols.quantities,
    symbols.layers,
    symbols.lengths,
    structure.squares,
    structure.elementwise,
    structure.slopes_missing,
    symbols.swapped_indices,
    symbols.denominators,
    structure.factors,
    symbols.numbers,
    symbols.bounds,
    structure.brackets,
    structure.missing,
    symbols.other_indices,
    structure.moved_transposes,
    symbols.exchanged,
    structure.orders,
)


def edits(statement: t.Statement, tex: str) -> Iterator[Edit]:
    """The statement with one small change, for every such change: the likeliest first.

    Each kind of change is made on the right side before the left one: the left says what is asked.
    """
    scope = Scope(statement, tex)
    for attempt in EDITS:
        for side, whole in sides(statement):
            for change in attempt(whole, scope):
                if change.whole != whole:
                    yield _edit(statement, side, change)
    yield from _of_statement(statement)


def sides(statement: t.Statement) -> Iterator[tuple[str, t.Expr]]:
    """The formulas of a statement by the names of their fields, the likeliest to be wrong first."""
    match statement:
        case t.Equation(left, right) | t.Comparison(_, left, right):
            yield from (("right", right), ("left", left))
        case t.Update(_, right):
            yield "right", right
        case t.ShapeClaim(value, rows, columns):
            yield from (("rows", rows), ("columns", columns), ("value", value))


def _edit(statement: t.Statement, side: str, change: Change) -> Edit:
    fields: dict[str, Any] = {side: change.whole}
    return Edit(change.kind, change.says, change.part, side, replace(statement, **fields))


def _of_statement(statement: t.Statement) -> Iterator[Edit]:
    """Changes of a whole statement: a shape turned round, the end of a range, an assumption."""
    one = number(1)
    if isinstance(statement, t.ShapeClaim):
        turned = replace(statement, rows=statement.columns, columns=statement.rows)
        yield Edit("shape", "the transpose of the right shape", statement, "", turned)
    if isinstance(statement, t.RangeClaim):
        span = statement.range
        for end in ("first", "last"):
            for step in (one, t.Negative(one)):
                field: dict[str, Any] = {end: t.Add((getattr(span, end), step))}
                moved = replace(span, **field)
                says = (
                    f"the range has another {end} value: indices start at 0, so the last is d - 1"
                )
                yield Edit("index bound", says, span, "", replace(statement, range=moved))
