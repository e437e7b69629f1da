"""Reads fractions, derivatives, gradients, sums, norms and what holds at a point."""

from __future__ import annotations

from dataclasses import replace

from .. import syntax as t
from . import names, scripts, spelling
from .cursor import Cursor, at

_BRACKETS = "expected brackets around what is differentiated"
_RIGHT_BARS = {"lVert": "rVert", "lvert": "rvert"}


def fraction(c: Cursor) -> t.Expr:
    """A quotient or a derivative: what stands behind and with \\frac."""
    start = c.advance().start
    braced = c.take("{") is not None
    if is_partial(c):
        return _derivative(c, start, braced)
    top = _part(c, braced)
    bottom = _part(c, c.take("{") is not None)
    return t.Quotient(top, bottom, **c.span(start))


def _part(c: Cursor, braced: bool) -> t.Expr:
    return c.inside("}") if braced else names.single(c)


# -- derivatives


def is_partial(c: Cursor) -> bool:
    """Whether ∂ follows, or the d of a derivative."""
    token = c.token
    upright = token.kind in ("letter", "word") and token.text == "d"
    return token.text == "partial" or (upright and c.ahead().text != "_")


def _expect_partial(c: Cursor) -> None:
    if not is_partial(c):
        raise c.error("expected \\partial in the denominator")
    c.advance()


def _derivative(c: Cursor, start: int, braced: bool) -> t.Expr:
    """A derivative from the ∂ of its numerator on."""
    c.advance()
    order = _order(c)
    of = None
    if braced:
        of = c.term() if c.token.text != "}" else None
        c.expect("}", " after the numerator")
    c.expect("{", " before the denominator")
    by = _denominator(c, order)
    c.expect("}", " after the denominator")
    if of is None:
        of = _operand(c)
    return _differentiated(c, of, by, start)


def _order(c: Cursor) -> int:
    """The order of a derivative: the power of its ∂, 1 or 2."""
    if not c.take("^"):
        return 1
    group = c.take("{")
    if c.token.text != "2":
        raise c.error("expected a first or second derivative")
    c.advance()
    if group:
        c.expect("}")
    return 2


def _denominator(c: Cursor, order: int) -> list[t.Name]:
    """The quantities behind each ∂; a square counts twice."""
    by: list[t.Name] = []
    while not by or is_partial(c):
        _expect_partial(c)
        name, times = scripts.squared(c)
        by += [name] * times
    if len(by) != order:
        raise c.error(f"expected {order} of \\partial in the denominator", node=at(by[0]))
    return by


def _by(c: Cursor) -> t.Name:
    """The quantity that a derivative is taken by."""
    name, order = scripts.squared(c)
    if order > 1:
        raise c.error("expected no power of the quantity", node=at(name))
    return name


def _operand(c: Cursor) -> t.Expr:
    """What stands behind the fraction of a derivative."""
    brackets = c.sees("(", "[")
    token = c.token
    function = token.text in spelling.FUNCTION_COMMANDS or token.text in c.names.functions
    of = c.factor() if brackets or function or token.kind in ("word", "text") else c.product()
    if not brackets and isinstance(of, t.Apply) and continues(c):
        raise c.error(_BRACKETS)
    return of


def _differentiated(c: Cursor, of: t.Expr, by: list[t.Name], start: int) -> t.Expr:
    """The derivative of a formula by one quantity, or by two, the last one first."""
    number = by[0].base in ("s", "z") and by[0].layer is None and not by[0].indices
    if isinstance(of, t.Function) and number and len({*by}) == 1:
        return replace(of, primes=of.primes + len(by), **c.span(start))
    if len(by) == 1:
        return t.Derivative(of, by[0], **c.span(start))
    first, second = by
    inner: t.Expr = t.Derivative(of, second, **c.span(start))
    if not (first.indices and second.indices):
        if first != second or first.base == "W":
            raise c.error("expected components, or one vector twice", node=at(first))
        inner = t.Transpose(inner, **c.span(start))
    return t.Derivative(inner, first, **c.span(start))


def inline_derivative(c: Cursor) -> t.Expr:
    """∂ℓ/∂W in one line, or ∂_W ℓ."""
    start = c.advance().start
    if c.take("_"):
        by = _subscript(c)
        return t.Derivative(_behind(c), by, **c.span(start))
    of = c.factor()
    c.expect("/", " and \\partial")
    _expect_partial(c)
    return t.Derivative(of, _by(c), **c.span(start))


def gradient(c: Cursor) -> t.Expr:
    """The gradient of a number, of the shape of what it is taken by."""
    start = c.advance().start
    if not c.take("_"):
        raise c.error("expected by what is differentiated", r"as in \nabla_{W^{(1)}} \ell")
    by = _subscript(c)
    return t.Gradient(_behind(c), by, **c.span(start))


def _behind(c: Cursor) -> t.Expr:
    """What stands behind \\nabla_ or \\partial_: the loss, or a factor and nothing else."""
    of = c.factor()
    loss = isinstance(of, t.Name) and of.base == "ell"
    if c.form == "factor" or (not loss and continues(c)):
        raise c.error(_BRACKETS, node=at(of))
    return of


def _subscript(c: Cursor) -> t.Name:
    """The quantity behind \\nabla_ or \\partial_."""
    name = c.token.text != "{" and names.letter(c)
    if name and c.sees("^"):
        raise c.error("expected braces around the quantity", r"as in \nabla_{W^{(1)}}")
    return names.checked(c, name) if name else _by(c)


def continues(c: Cursor) -> bool:
    """Whether a product goes on here without a sign."""
    return starts_factor(c) and not c.token.quad


def starts_factor(c: Cursor) -> bool:
    """Whether a factor may begin here; what is unknown does, so that it is seen."""
    token = c.token
    match token.kind:
        case "digit" | "letter" | "begin" | "blackboard" | "word":
            return True
        case "text":
            return token.text in spelling.FUNCTIONS or token.text in c.names.quantities
        case "symbol":
            return token.text in ("(", "[", "{", "left.")
        case "command":
            bar = token.text in ("Vert", "vert")
            free = c.bars == 0 and c.ahead().text != "_"
            return free if bar else token.text not in spelling.NO_FACTOR
    return False


# -- what holds at a point


def restriction(c: Cursor, of: t.Expr, start: int) -> t.Expr:
    """What follows a formula for `|_{\\hat y = y}`: the quantity, and its value."""
    c.advance()
    c.expect("_")
    c.expect("{", " and a quantity with its value")
    by = _by(c)
    c.expect("=", " and the value of the quantity")
    value = c.inside("}")
    return t.Restricted(of, by, value, **c.span(start))


def left_open(c: Cursor) -> t.Expr:
    r"""What stands between \left. and \right|_{...}."""
    start = c.advance().start
    outer, c.bars = c.bars, 1
    inner = c.expression()
    c.bars = outer
    if not (c.sees("vert") and c.ahead().text == "_"):
        raise c.error(r"expected \right|_{ and a quantity with its value")
    return restriction(c, inner, start)


# -- sums and norms


def summation(c: Cursor) -> t.Expr:
    """A sum over indices, with bounds, without, or where a condition holds."""
    start = c.advance().start
    high = _upper(c)
    if not c.take("_"):
        raise c.error("expected the index of the sum", r"as in \sum_{i}")
    letters, low, conditions = _under(c)
    high = high or _upper(c)
    if (low is None) != (high is None) or (low is not None and len(letters) > 1):
        raise c.error("expected both bounds for one index, or none", node=c.span(start))
    if len(set(letters)) != len(letters):
        raise c.error("a sum names an index twice", node=c.span(start))
    if c.sees("-", "+"):
        raise c.error("expected brackets around what is summed")
    body = c.term()
    return t.Sum(tuple(letters), low, high, body, conditions, **c.span(start))


def _under(c: Cursor) -> tuple[list[str], t.Expr | None, tuple[t.Indicator, ...]]:
    """What stands under a sum: its letters, the lower bound, the conditions."""
    if not c.take("{"):
        return [names.index_letter(c)], None, ()
    letters: list[str] = []
    low: t.Expr | None = None
    conditions: list[t.Indicator] = []
    while not c.take("}"):
        begin = c.token.start
        letters.append(names.index_letter(c))
        left = t.Index(letters[-1], **c.span(begin))
        if c.take("="):
            low = c.expression()
        elif sign := c.take("neq", "<", ">", "le", "ge"):
            right = c.expression()
            conditions.append(t.Indicator(sign.text, left, right, **c.span(begin)))
        c.take(",")
    if conditions and len(letters) > 1:
        raise c.error("expected one letter and its condition under the sum", node=at(left))
    return letters, low, tuple(conditions)


def _upper(c: Cursor) -> t.Expr | None:
    if not c.take("^"):
        return None
    if c.take("{"):
        return c.inside("}")
    return names.raised(c)


def norm(c: Cursor) -> t.Expr:
    """A norm or an absolute value; bars that tell left from right may stand in each other."""
    opening = c.advance()
    sided = opening.text in _RIGHT_BARS
    outer, c.bars = c.bars, 0 if sided else c.bars + 1
    inner = c.expression()
    c.bars = outer
    closing = _RIGHT_BARS.get(opening.text, opening.text)
    if not c.take(closing):
        bars = {"Vert": r"\|", "vert": "|"}.get(closing, f"\\{closing}")
        raise c.error(f"expected {bars} to close the bars")
    if closing in ("vert", "rvert"):
        return t.Absolute(inner, **c.span(opening.start))
    return t.Norm(inner, **c.span(opening.start))


def inner_product(c: Cursor) -> t.Expr:
    start = c.advance().start
    left = c.expression()
    c.expect(",", " between two vectors")
    right = c.expression()
    c.expect("rangle")
    return t.Times(left, right, "inner", **c.span(start))
