"""Reads what is no statement: a formula by itself, a shape, a table cell."""

from collections.abc import Callable

from .. import syntax as t
from . import claims, lines, matrices
from .cursor import BOOK, Cursor, Names, Shared, T
from .formulas import formula
from .tokens import CannotRead, tokens


def cell(tex: str, names: Names = BOOK) -> tuple[t.Expr, ...]:
    """The sides of a table cell: `a`, a chain `a = b`, or values separated by commas."""
    shared = Shared(names)
    sides = _alone(tex, shared, "a table cell", _sides)
    claims.expect_sound(sides, names)
    claims.expect_layers(sides if shared.bold else (), shared.layer_letter, shared.bold)
    if any(map(claims.depends_on_its_place, sides[:-1])):
        raise CannotRead("expected a middle side that says its size", 0, len(tex))
    return tuple(sides)


def shape(tex: str, names: Names = BOOK) -> tuple[t.Expr, t.Expr]:
    """The two lengths of a shape `a \\times b`, perhaps behind a colon."""
    return _alone(tex, Shared(names), "a shape", lambda c: (c.take(":"), matrices.shape(c))[1])


def expression(tex: str, names: Names = BOOK) -> t.Expr:
    """One expression. Raises CannotRead."""
    first, *more = cell(tex, names)
    if more:
        raise CannotRead("expected one expression without =", 0, len(tex))
    return first


def readable(tex: str, names: Names = BOOK) -> t.Expr | None:
    """The expression, or None if the text is none."""
    try:
        return expression(tex, names)
    except CannotRead:
        return None


def _alone(tex: str, shared: Shared, what: str, read: Callable[[Cursor], T]) -> T:
    found = lines.lines_of(tokens(tex))
    if len(found) != 1:
        raise CannotRead(f"expected one line in {what}", 0, len(tex))
    c = Cursor(found[0], shared, formula)
    result = read(c)
    c.expect_end(".", ",", ";")
    for _, said in c.shared.braced:
        raise c.error("expected no brace with a claim here", at=said)
    return result


def _sides(c: Cursor) -> list[t.Expr]:
    """Sides with = between them; each may be several values."""
    sides: list[t.Expr] = []
    while not sides or c.take("="):
        start = c.token.start
        items = [c.read()]
        while c.sees(",") and c.ahead().kind != "end":
            c.advance()
            items.append(c.read())
        sides.append(items[0] if len(items) == 1 else t.Listing(tuple(items), **c.span(start)))
    return sides
