"""Reads formulas: sums, products, factors with their scripts, functions with their arguments.

What TeX shows decides: a subscript and a superscript belong to one symbol, in either order, and
braces that are not seen group nothing. Where a formula is read in two ways, it is not read.
"""

from __future__ import annotations

from .. import syntax as t
from . import functions, operators, primaries, scripts, spelling
from .cursor import DEEPEST, Cursor, Grammar, at

_WIDER = {"sum", "product"}


def expression(c: Cursor) -> t.Expr:
    """A sum of terms."""
    start = c.token.start
    terms: list[t.Expr] = []
    sign = c.take("+", "-")
    signed = sign is not None
    while True:
        begin = c.token.start if sign is None else sign.start
        dots = c.take("dots") if terms else None
        one = t.Dots("dots", **c.span(dots.start)) if dots else term(c)
        negative = sign is not None and sign.text == "-"
        terms.append(t.Negative(one, **c.span(begin)) if negative else one)
        sign = c.take("+", "-")
        if sign is None:
            break
    if signed or len(terms) > 1:
        c.form = "sum"
    if len(terms) == 1:
        return terms[0]
    _expect_clear_sum(c, terms)
    return t.Add(tuple(terms), **c.span(start))


def _expect_clear_sum(c: Cursor, terms: list[t.Expr]) -> None:
    """Raises `CannotRead` where a reader asks what belongs to a sum or to its dots."""
    kinds = [
        isinstance(one.of if isinstance(one, t.Negative) else one, t.Dots | t.Negative)
        for one in terms
    ]
    dots = [one for one, is_dots in zip(terms, kinds, strict=True) if is_dots]
    if dots and (len(dots) > 1 or dots[0] is terms[-1] or isinstance(dots[0], t.Negative)):
        raise c.error("expected dots between two terms of a sum of pluses", node=at(dots[0]))
    for number, one in enumerate(terms[:-1]):
        letters = _open_letters(one)
        for other in terms[number + 1 :] if letters else ():
            for index in free_indices(other):
                if index.letter in letters:
                    raise c.error(
                        f"expected brackets: the sum over {index.letter} ends before this term",
                        node=at(index),
                    )


def _open_letters(node: t.Expr) -> set[str]:
    """The letters of the sums that end, without brackets, where this term ends."""
    letters: set[str] = set()
    inner: t.Expr | None = node
    while inner is not None:
        if isinstance(inner, t.Sum):
            letters |= {*inner.letters}
        last = inner.parts[-1] if inner.parts else None
        keeps = isinstance(inner, t.Negative | t.Product | t.Times | t.Sum | t.Elementwise)
        inner = last if keeps and last is not None and last.end == node.end else None
    return letters


def free_indices(formula: t.Node) -> list[t.Index]:
    """The indices of a formula that no sum in it binds."""
    left: list[tuple[t.Node, frozenset[str]]] = [(formula, frozenset())]
    found = []
    while left:
        node, bound = left.pop()
        if isinstance(node, t.Index) and node.letter not in bound:
            found.append(node)
        if isinstance(node, t.Sum):
            bound |= {*node.letters}
        left += [(part, bound) for part in node.parts]
    return found


def term(c: Cursor) -> t.Expr:
    """Products with \\odot, \\circ, \\oslash or \\otimes between them, from left to right."""
    start = c.token.start
    left = product(c)
    first = c.token.text
    while sign := c.take("odot", "circ", "oslash", "otimes"):
        right = product(c)
        of_functions = isinstance(left, t.Function) or isinstance(right, t.Function)
        if sign.text == "circ" and of_functions:
            raise c.error(functions.FUNCTION_OF_FUNCTION, node=at(right))
        if "otimes" in (first, sign.text) and first != sign.text:
            raise c.error("expected brackets around one of the products", node=at(right))
        if sign.text == "otimes":
            left = t.Times(left, right, "otimes", **c.span(start))
        elif sign.text == "oslash":
            left = t.Quotient(left, right, elementwise=True, **c.span(start))
        else:
            left = t.Elementwise(left, right, **c.span(start))
        c.form = "product"
    return left


def product(c: Cursor) -> t.Expr:
    """Factors side by side, or with a sign between them."""
    start = c.token.start
    left = _side_by_side(c)
    while sign := c.take(*(("cdot",) if c.no_times else ("cdot", "times", "*"))):
        right = _side_by_side(c)
        left = t.Times(left, right, sign.text, **c.span(start))
        c.form = "product"
    return left


def _side_by_side(c: Cursor) -> t.Expr:
    start = c.token.start
    factors: list[t.Expr] = []
    divided = False
    while True:
        begin = c.at
        one = factor(c)
        _expect_no_call(c, factors, begin, one)
        if c.bars == 0 and c.sees("vert") and c.ahead().text == "_":
            _expect_alone(c, begin)
            one = operators.restriction(c, one, c.tokens[begin].start)
        while c.take("/"):
            right = factor(c)
            if c.form in _WIDER:
                raise c.error("expected brackets around what is divided by", node=at(right))
            one = t.Quotient(one, right, **c.span(c.tokens[begin].start))
            divided, c.form = True, "product"
        factors.append(one)
        if not operators.continues(c):
            break
        if divided and not c.sees("partial"):
            raise c.error("expected brackets around what is divided by, or a sign")
    if len(factors) == 1:
        return factors[0]
    c.form = "product"
    return t.Product(tuple(factors), **c.span(start))


def _expect_no_call(c: Cursor, factors: list[t.Expr], begin: int, one: t.Expr) -> None:
    """Raises `CannotRead` for s(x): what depends on x is written without it."""
    if not factors or c.tokens[begin].text != "(":
        return
    before = factors[-1]
    value = isinstance(before, t.Name) and before.base in ("s", "z", "y_hat", "ell", "delta")
    if value and isinstance(one, t.Name) and not one.indices:
        raise c.error("expected the quantity alone, without what it depends on", node=at(one))


def _expect_alone(c: Cursor, begin: int) -> None:
    """Raises `CannotRead` where a bar might hold for more than the factor before it."""
    before = c.tokens[begin - 1] if begin else None
    if before and before.text not in ("=", "(", "[", "{", ",", "left.", "Rightarrow"):
        raise c.error(r"expected \left. where the formula begins that the bar holds for")


def factor(c: Cursor) -> t.Expr:
    """A symbol, a bracket or a function with its arguments, and the scripts of each."""
    c.depth += 1
    if c.depth > DEEPEST:
        raise c.error("the formula is nested too deeply")
    start = c.token.start
    value = scripts.scripted(c, primaries.primary(c), start)
    while c.sees("(", "[", "lbrace") and (name := _function_of(value)):
        if c.sees("lbrace") and name not in ("max", "min"):
            break
        value = scripts.scripted(c, functions.applied(c, value, start), start)
    if isinstance(value, t.Function):
        value = _unapplied(c, value, start)
    c.depth -= 1
    return value


def _unapplied(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function without brackets behind it: log x, an activation by itself, a matrix I."""
    if function.name in spelling.BARE_ARGUMENT and operators.continues(c):
        return _bare(c, function, start)
    if function.name not in spelling.ACTIVATIONS:
        raise c.error(f"expected brackets after {function.name}")
    plain = function == t.Function("I")
    return t.Identity(None, None, **at(function)) if plain else function


def _function_of(value: t.Expr) -> str:
    """The function whose argument may follow: sigma, or sigma^2; empty if it is none."""
    if isinstance(value, t.Power):
        value = value.of
    return value.name if isinstance(value, t.Function) else ""


def _bare(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """log x: a function of the one factor behind it."""
    argument = factor(c)
    operator = c.token.kind == "command" and c.token.text in (
        *spelling.FUNCTION_COMMANDS,
        "sum",
        "frac",
    )
    if c.form in _WIDER or (operators.continues(c) and not operator):
        raise c.error(f"expected brackets around the argument of {function.name}")
    value = t.Apply(function, (argument,), **c.span(start))
    c.form = "product"
    return value


GRAMMAR = Grammar(expression, term, product, factor, scripts.quantity)
