"""Every small change of a statement, once: what students write by mistake and what printers do.

A diagnosis is an edit that makes a statement provable; a mutant is one that must be refuted, or
proved to be the same statement. Nothing here is trusted.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

from .. import syntax as t
from ..reading import BOOK
from . import structure, symbols
from .scope import FIRST, FROM_0, SECOND, Change, Changes, Edit, Scope, every

# In this order, so that the likelier mistake is named first.
EDITS: tuple[Callable[[t.Expr, Scope], Changes], ...] = (
    structure.transposes,
    structure.signs,
    structure.slopes_too_much,
    structure.sums,
    symbols.relations,
    symbols.dashes,
    symbols.wrong_functions,
    symbols.missing_functions,
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
# Not for a quantity alone on the left, which is what is asked for and lacks nothing.
_ADDING = {structure.sums, structure.slopes_missing, structure.missing, symbols.missing_functions}
THIRD = t.Layer("", 3)
# What the assignment's z^(1), z^(2), z^(3) are here.
_NAMED = {FIRST: t.Name("s", FIRST), SECOND: t.Name("z", FIRST), THIRD: t.Name("s", SECOND)}
ASSIGNED = (
    "the assignment's $z^{(1)}$, $z^{(2)}$, $z^{(3)}$ are $s^{(1)}$, $z^{(1)}$, $s^{(2)}$ here"
)
SHAPE_EDITS = (symbols.lengths, symbols.layers, symbols.quantities, structure.transposes)


def edits(scope: Scope) -> Iterator[Edit]:
    """A statement with one small change, for every such change: the likeliest first.

    Of an equation, the right side is changed before the left one, which says what is asked.
    """
    statement = scope.statement
    yield from _of_statement(statement, scope)
    others = SHAPE_EDITS if isinstance(statement, t.ShapeClaim) else EDITS
    for attempts in (symbols.letters_of_layers,), others:
        for (side, whole), attempt in product(sides(statement), attempts):
            of = whole.of if isinstance(whole, t.Derivative | t.Gradient) else whole
            complete = attempt in _ADDING and side == "left" and isinstance(of, t.Name)
            for change in () if complete else attempt(whole, scope):
                changed = change.within(whole)
                if changed != whole and not _has_no_slope(changed):
                    kind = attempt.__name__.replace("_", " ")
                    yield Edit(kind, change, side, replace(statement, **{side: changed}))


def sides(statement: t.Statement) -> Iterator[tuple[str, t.Expr]]:
    """The formulas of a statement by the names of their fields, the likeliest to be wrong first."""
    match statement:
        case t.Equation(left, right) | t.Comparison(_, left, right):
            yield from (("right", right), ("left", left))
        case t.Update(_, right):
            yield "right", right
        case t.ShapeClaim(value, rows, columns):
            yield from (("rows", rows), ("columns", columns), ("value", value))


def _has_no_slope(whole: t.Expr) -> bool:
    """Whether a derivative is by what is computed later, or of a slope: no rule says what it is."""
    for part in every(whole, t.Derivative, t.Gradient):
        named = [one for one in t.outside_lengths(part.of) if isinstance(one, t.Name)]
        earlier = [one for one in named if _order(one) < _order(part.by)]
        later = len(earlier) == len(named) and _order(part.by)
        computed = part.by.base in ("s", "z", "y_hat")  # from what is not held then
        later = later or (computed and any(one.layer or one.base == "x" for one in earlier))
        if later or any(one.primes for one in every(part.of, t.Function)):
            return True
    return False


def _order(name: t.Name) -> int:
    """When a quantity is computed, among those of layers that are named alike."""
    if name.layer is None:
        return {"x": 0, "y": 0, "y_hat": 10**6, "ell": 10**6}.get(name.base, 0)
    base = {"": 0, "L": 100, "L_max": 10**4}[name.layer.base]
    step = {"W": 1, "b": 1, "s": 2, "z": 3}.get(name.base, 10**6)
    return base + 3 * name.layer.offset + step


def _of_statement(statement: t.Statement, scope: Scope) -> Iterator[Edit]:
    """Changes of a whole statement: a shape turned round, a step, the ends of a range."""
    if isinstance(statement, t.ShapeClaim):
        turned = replace(statement, rows=statement.columns, columns=statement.rows)
        says = "the transpose of the right shape"
        yield Edit("shape", Change(says, statement, turned), "", turned)
    if isinstance(statement, t.Equation):
        yield from of_entries(statement)
    match statement:
        case t.Equation(t.Name("W" | "b") as left, right):
            step = t.Update(left, right, conditions=statement.conditions)
            says = r"a step of gradient descent is written $\leftarrow$, not $=$"
            yield Edit("step", Change(says, statement, step), "", step)
    zs = [one for one in every(statement, t.Name) if one.base == "z" and one.layer in _NAMED]
    layers = {z.layer for z in zs}
    if scope.names is BOOK and (THIRD in layers or {FIRST, SECOND} <= layers):
        here = ((z, replace(_NAMED[z.layer], indices=z.indices)) for z in zs)
        renamed: Any = t.replaced(statement, here)
        yield Edit("names", Change(ASSIGNED, statement, renamed), "", renamed)
    without = tuple(c for c in statement.conditions if not isinstance(c, t.Range))
    if without != statement.conditions:
        free = replace(statement, conditions=without)
        of_L = any(isinstance(c, t.Range) and c.letter == "L" for c in statement.conditions)
        yield Edit("bounds", Change(_misfit(of_L), statement, free), "", free)
    if named := [(side, L) for side, whole in sides(statement) for L in every(whole, t.LayerCount)]:
        loss: Any = t.replaced(statement, ((L, t.Name("ell", None)) for _, L in named))
        change = Change(r"$L$ is the layer's number; the loss is $\ell$", named[0][1], loss)
        where = {side for side, _ in named}
        yield Edit("L for the loss", change, where.pop() if len(where) == 1 else "", loss)
    if isinstance(statement, t.RangeClaim):
        span = statement.range
        for ends in (("first",), ("last",), ("first", "last")):
            fields: dict[str, Any] = {end: symbols.one_less(getattr(span, end)) for end in ends}
            moved = replace(statement, range=replace(span, **fields))
            yield Edit("bounds", Change(_misfit(span.letter == "L"), span, moved), "", moved)


def of_entries(statement: t.Equation) -> Iterator[Edit]:
    """The left side as an entry where the right one is, or whole where that is."""
    left = statement.left
    asked = left.by if isinstance(left, t.Derivative | t.Gradient) else left
    if not isinstance(asked, t.Name):
        return
    own, others = ({one.letter for one in t.free_indices(side)} for side in (left, statement.right))
    found: list[tuple[str, ...]] = [()] if own and not others and asked.indices else []
    if not asked.indices and len(others - own) == (2 if asked.base == "W" else 1):
        found += permutations(sorted(others - own))
    for letters in found:
        named = replace(asked, indices=tuple(map(t.Index, letters)))
        says = "one side is an entry, the other a whole vector or matrix: write {new} on the left"
        change = Change(says, asked, t.replaced(left, [(asked, named)]), left)
        yield Edit("entries", change, "", replace(statement, left=change.new))


def _misfit(layers: bool) -> str:
    run = "layers begin at 1 and end with the last one" if layers else FROM_0
    return f"the range does not fit: {run}"
