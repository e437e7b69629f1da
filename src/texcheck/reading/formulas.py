"""Reads formulas: sums, products, factors with their scripts and their arguments.

What TeX shows decides: a subscript and a superscript belong to one symbol, in either order, and
braces that are not seen group nothing. Where a formula is read in two ways, it is not read.
"""

from __future__ import annotations

from .. import syntax as t
from . import derivatives, names, primaries, spelling
from .cursor import DEEPEST, FACTOR, PRODUCT, SIDE, SUM, TERM, Cursor, at

_WIDER = {"sum", "product"}
_SIGNS = {TERM: ("odot", "circ", "oslash", "otimes"), PRODUCT: ("cdot", "times", "*")}
_BEFORE_BAR = ("=", "(", "[", "{", ",", "left.", "Rightarrow")
_BEHIND_BARE = (*spelling.FUNCTION_COMMANDS, "sum", "frac")
_ENDS_WITH_LAST = (t.Negative, t.Product, t.Times, t.Sum, t.Elementwise)


def formula(c: Cursor, level: int) -> t.Expr:
    """A formula of a level; each binds tighter than the one before."""
    if level in _SIGNS:
        return _with_signs(c, level)
    return {SUM: _sum, SIDE: _side_by_side, FACTOR: _factor}[level](c)


# -- sums


def _sum(c: Cursor) -> t.Expr:
    """Terms with + or - between them."""
    start = c.token.start
    terms: list[t.Expr] = []
    sign = c.take("+", "-")
    signed = sign is not None
    while sign or not terms:
        begin = sign.start if sign else c.token.start
        dots = c.take("dots") if terms else None
        one = t.Dots("dots", **c.span(dots.start)) if dots else formula(c, TERM)
        negative = sign is not None and sign.text == "-"
        terms.append(t.Negative(one, **c.span(begin)) if negative else one)
        sign = c.take_sign("+", "-")
    if signed or len(terms) > 1:
        c.form = "sum"
    if len(terms) == 1:
        return terms[0]
    _expect_clear_sum(c, terms)
    return t.Add(tuple(terms), **c.span(start))


def _expect_clear_sum(c: Cursor, terms: list[t.Expr]) -> None:
    """Raises `CannotRead` where a reader asks what belongs to a sum or to its dots."""
    inner = [one.of if isinstance(one, t.Negative) else one for one in terms]
    dots = [one for one, of in zip(terms, inner, strict=True) if isinstance(of, t.Dots)]
    clear = not dots or (len(dots) == 1 and dots[0] is not terms[-1])
    clear = clear and not any(isinstance(one, t.Negative) for one in dots)
    c.require(clear, "expected dots between two terms of a sum of pluses", at=(dots or terms)[0])
    for number, one in enumerate(terms[:-1]):
        letters = _open_letters(one)
        for index in free_indices(*terms[number + 1 :]) if letters else ():
            ended = f"expected brackets: the sum over {index.letter} ends before this term"
            c.require(index.letter not in letters, ended, at=index)


def _open_letters(node: t.Expr) -> set[str]:
    """The letters of the sums that end, without brackets, where this term ends."""
    letters: set[str] = set()
    end = node.end
    while node.end == end:
        letters |= {*node.letters} if isinstance(node, t.Sum) else set()
        if not isinstance(node, _ENDS_WITH_LAST):
            break
        node = node.parts[-1]
    return letters


def free_indices(*formulas: t.Node) -> list[t.Index]:
    """The indices of formulas that no sum in them binds."""
    left: list[tuple[t.Node, frozenset[str]]] = [(one, frozenset()) for one in reversed(formulas)]
    found = []
    while left:
        node, bound = left.pop()
        if isinstance(node, t.Index) and node.letter not in bound:
            found.append(node)
        if isinstance(node, t.Sum):
            bound |= {*node.letters}
        left += [(part, bound) for part in node.parts]
    return found


# -- products


def _with_signs(c: Cursor, level: int) -> t.Expr:
    """Factors with a sign of this level between them, from left to right."""
    start = c.token.start
    left = formula(c, level + 1)
    signs = ("cdot",) if c.no_times and level == PRODUCT else _SIGNS[level]
    first = c.token.text
    while sign := c.take_sign(*signs):
        right = formula(c, level + 1)
        apart = "otimes" not in (first, sign.text) or first == sign.text
        match sign.text:
            case "circ" if isinstance(left, t.Function) or isinstance(right, t.Function):
                raise c.error(primaries.FUNCTION_OF_FUNCTION, at=right)
            case "odot" | "circ":
                left = t.Elementwise(left, right, **c.span(start))
            case "oslash":
                left = t.Quotient(left, right, elementwise=True, **c.span(start))
            case _:
                left = t.Times(left, right, sign.text, **c.span(start))
        c.require(apart, "expected brackets around one of the products", at=right)
        c.form = "product"
    return left


def _side_by_side(c: Cursor) -> t.Expr:
    """Factors side by side, some of them divided by another."""
    start = c.token.start
    factors: list[t.Expr] = []
    divided = False
    while not factors or c.continues():
        what = "expected brackets around what is divided by, or a sign"
        c.require(not divided or c.sees("partial"), what)
        _expect_no_longer_number(c, factors)
        begin = c.at
        one = _factor(c)
        _expect_no_call(c, factors, begin, one)
        if c.bars == 0 and c.sees("vert") and c.ahead().text == "_":
            what = r"expected \left. where the formula begins that the bar holds for"
            c.require(not begin or c.tokens[begin - 1].text in _BEFORE_BAR, what)
            one = derivatives.restriction(c, one, c.tokens[begin].start)
        while c.take("/"):
            right = _factor(c)
            c.require(c.form not in _WIDER, "expected brackets around what is divided by", at=right)
            one = t.Quotient(one, right, **c.span(c.tokens[begin].start))
            divided, c.form = True, "product"
        factors.append(one)
    if len(factors) == 1:
        return factors[0]
    c.form = "product"
    return t.Product(tuple(factors), **c.span(start))


def _expect_no_longer_number(c: Cursor, factors: list[t.Expr]) -> None:
    """Raises `CannotRead` for 2{3}: a reader sees no braces, and one number."""
    if not factors or not isinstance(factors[-1], t.Number | t.Product | t.Times | t.Negative):
        return
    after = next(token for token in c.tokens[c.at :] if token.text not in ("{", "}"))
    before = next(token for token in c.tokens[c.at - 1 :: -1] if token.text not in ("{", "}"))
    clear = after.kind != "digit" or before.kind != "digit"
    c.require(clear, "expected an operator between two numbers")


def _expect_no_call(c: Cursor, factors: list[t.Expr], begin: int, one: t.Expr) -> None:
    """Raises `CannotRead` for s(x) and x(0), which are no products to a reader.

    A vector in the bracket, as in \\hat y (1 - \\hat y), is left: there a product has no meaning.
    """
    opening = next(token.text for token in c.tokens[begin:] if token.text != "{")
    inner = one.of if isinstance(one, t.Power) else one
    bracket = opening in ("(", "[", "lbrace") and (c.form == "bracket" or inner is not one)
    if not factors or not bracket:
        return
    before, parts = factors[-1], list(t.walk(inner))
    base = before.base if isinstance(before, t.Name) and not before.indices else ""
    names = [part for part in parts if isinstance(part, t.Name)]
    vector = any(part.base in (*spelling.VECTORS, "W") and not part.indices for part in names)
    depends = base in ("s", "z", "y_hat", "delta") or isinstance(before, t.Local)
    depends = base == "ell" or (depends and (inner in names or not vector))
    varies = names or any(isinstance(part, t.Function | t.Local) for part in parts)
    fixed = isinstance(inner, t.Length) or not varies
    point = fixed and isinstance(before, t.Name | t.Derivative | t.Gradient)
    what = "expected the quantity alone, without what it depends on, or a sign"
    c.require(not point and (not depends or opening == "["), what, at=one)


# -- factors


def _factor(c: Cursor) -> t.Expr:
    """A symbol, a bracket or a function with its arguments, and the scripts of each."""
    c.depth += 1
    c.require(c.depth <= DEEPEST, "the formula is nested too deeply")
    start = c.token.start
    value = names.scripted(c, primaries.primary(c), start)
    while c.sees("(", "[", "lbrace"):
        function = value.of if isinstance(value, t.Power) else value
        braces = c.sees("lbrace") and getattr(function, "name", "") not in ("max", "min")
        if not isinstance(function, t.Function) or braces:
            break
        inner = primaries.application(c, function, start)
        if isinstance(value, t.Power):
            inner = _power_of(c, value, inner, start)
        value = names.scripted(c, inner, start)
    if isinstance(value, t.Function):
        value = _unapplied(c, value, start)
    c.depth -= 1
    return value


def _power_of(c: Cursor, power: t.Power, inner: t.Expr, start: int) -> t.Expr:
    """sigma^2(x), the power of a value, or the product that sigma^2 (1 - sigma) is."""
    if isinstance(inner, t.Product):
        return t.Product((power, *inner.factors[1:]), **c.span(start))
    c.form = "factor"
    return t.Power(inner, power.exponent, power.elementwise, **c.span(start))


def _unapplied(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function without brackets behind it: log x, an activation by itself, a matrix I."""
    if function.name not in spelling.BARE_ARGUMENT or not c.continues():
        known = function.name in spelling.ACTIVATIONS
        c.require(known, f"expected brackets after {function.name}")
        plain = function == t.Function("I")
        return t.Identity(None, None, **at(function)) if plain else function
    argument = _factor(c)
    operator = c.token.kind == "command" and c.token.text in _BEHIND_BARE
    clear = c.form not in _WIDER and (operator or not c.continues())
    c.require(clear, f"expected brackets around the argument of {function.name}")
    c.form = "product"
    return t.Apply(function, (argument,), **c.span(start))
