"""Reads formulas: sums, products, factors with their scripts and their arguments.

What TeX shows decides: a subscript and a superscript belong to one symbol, in either order, and
braces that are not seen group nothing. Where a formula is read in two ways, it is not read.
"""

from collections.abc import Sequence

from .. import syntax as t
from . import derivatives, names, numbers, primaries, spelling
from .cursor import DEEPEST, FACTOR, PRODUCT, SIDE, SUM, TERM, Cursor, at

_WIDER = {"sum", "product"}
_SIGNS = {TERM: ("odot", "circ", "oslash", "otimes"), PRODUCT: ("cdot", "times", "*")}
_COMPUTED = {"s", "z", "y_hat", "delta", "ell"}
_OF_NUMBERS = (*numbers.LENGTHS, t.Index, t.Power, t.Apply, t.Function, t.Absolute, t.Norm)
_SLOPES = (t.Gradient, t.Derivative)
_WITH_VALUE = (t.Name, t.Derivative, t.Gradient, t.Local, t.Norm, t.Apply, t.Function)
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
    clear = not dots or (dots == [t.Dots("dots")] and dots[0] is not terms[-1])
    c.require(clear, "expected dots between two terms of a sum of pluses", at=(dots or terms)[0])
    for number, one in enumerate(terms[:-1]):
        last = _last_parts(one)
        letters = {letter for part in last if isinstance(part, t.Sum) for letter in part.letters}
        for index in t.free_indices(*terms[number + 1 :]) if letters else ():
            ended = f"expected brackets: the sum over {index.letter} ends before this term"
            c.require(index.letter not in letters, ended, at=index)
        if any(part is of for part in last for of in c.shared.open_operands):
            for term in terms[number + 1 :]:
                slopes = any(isinstance(p, t.Derivative | t.Gradient) for p in t.walk(term))
                c.require(slopes, derivatives.BRACKETS, at=term)


def _last_parts(node: t.Expr) -> list[t.Expr]:
    """The term, and the sums and derivatives in it that end where it ends."""
    found = [node]
    while isinstance(node, (*_ENDS_WITH_LAST, t.Derivative, t.Transpose)):
        node = node.of if isinstance(node, t.Derivative) else node.parts[-1]
        found.append(node)
    return [one for one in found if one.end == found[0].end]


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
    divided, barred = False, [-1]
    while not factors or c.continues():
        what = "expected brackets around what is divided by, or a sign"
        c.require(not divided or c.sees("partial"), what)
        begin = c.at
        one = _factor(c)
        _expect_no_call(c, factors, begin, one)
        if c.bars == 0 and c.sees("vert") and c.ahead().text == "_":
            what = r"expected \left. where the formula begins that the bar holds for"
            c.require(not begin or c.tokens[begin - 1].text in derivatives.BEFORE_BAR, what)
            one = derivatives.restriction(c, one, c.tokens[begin].start)
        mixed = c.tokens[begin].text == "frac" and factors and isinstance(factors[-1], t.Number)
        mixed = mixed and all(isinstance(part, t.Number) for part in one.parts)
        c.require(not mixed, "expected a sign: this would be a mixed number", at=one)
        while c.take("/"):
            c.require(not derivatives.is_partial(c), "expected brackets around the derivative")
            right = _factor(c)
            c.require(c.form not in _WIDER, "expected brackets around what is divided by", at=right)
            one = t.Quotient(one, right, **c.span(c.tokens[begin].start))
            divided, c.form = True, "product"
        if c.tokens[begin].text in ("vert", "Vert"):
            apart = barred[-1] in (-1, len(factors) - 1)
            instead = r"write \lvert and \rvert"
            c.require(apart, "these bars can be paired in two ways", instead, at=one)
            barred.append(len(factors))
        factors.append(one)
    if len(factors) == 1:
        return factors[0]
    c.form = "product"
    return t.Product(tuple(factors), **c.span(start))


def _expect_no_call(c: Cursor, factors: list[t.Expr], begin: int, one: t.Expr) -> None:
    """Raises `CannotRead` for s(x), \\hat y_k^T (x_0), x(0) and x[i], no products to a reader.

    A sum with what stands before it, as in \\hat y (1 - \\hat y), is left: it is no argument. So is
    what the one before does not depend on.
    """
    braces = ("underbrace", "overbrace", "{")
    opening = next(token for token in c.tokens[begin:] if token.text not in braces)
    array, square = opening.kind == "begin", opening.text == "["
    bracket = opening.text in ("(", "[", "lbrace") or array
    if not factors or not bracket or (square and isinstance(one, t.Indicator)):
        return
    before, inner = _without_marks(factors[-1]), _without_marks(one)
    base = before.base if isinstance(before, t.Name) else ""
    base = "" if before == t.BARE_S and before is not factors[-1] else base  # s^2 is a number
    computed = isinstance(before, t.Derivative | t.Gradient | t.Local) or base in _COMPUTED
    called = computed or (before is factors[-1] and base in ("x", "y", *t.FREE))
    inside, around = t.outside_lengths(inner), t.outside_lengths(before)
    used, held = ([p for p in some if isinstance(p, t.Name)] for some in (inside, around))
    depends = _depends(factors[-1], before, used)
    # A number at which something is taken, or of an entry.
    fixed = all(isinstance(part, _OF_NUMBERS) for part in inside)
    counts = any(isinstance(part, t.Index) for part in inside)
    plain = all(isinstance(part, numbers.LENGTHS) for part in inside)
    factor = isinstance(inner, t.Add) and _indexed(before) and not plain and not computed
    entries = any(_is_whole(part) for part in held) or (computed and not _indexed(before))
    entry = fixed and (counts or square) and entries and not array
    of_computed = any(part.base in _COMPUTED for part in held)
    point = fixed and not (counts or factor) and (of_computed or isinstance(before, _WITH_VALUE))
    place = (*_OF_NUMBERS, t.Unit, t.Constant, t.Identity)
    function = base in ("s", "z", "y_hat", "ell") or (
        isinstance(before, t.Local) and _varies(factors[-1], before.of)
    )
    point = point or (function and (array or all(isinstance(part, place) for part in inside)))
    # A sum that holds what stands before is no argument of it; nor are quantities behind it.
    own = isinstance(inner, t.Add) and _holds(inner, before)
    wide = {part for part in used if _is_whole(part) or part == t.BARE_S}
    vector = own if wide == {t.BARE_S} else bool(wide)
    whole = isinstance(before, t.Local) or (isinstance(before, t.Name) and not before.indices)
    error = any(part.base == "delta" for part in used) or isinstance(inner, t.Derivative)
    point_of_x = {part.base for part in used} == {"x"}
    turned = base not in ("", "y_hat") and any(isinstance(p, t.Transpose) for p in inner.parts)
    turned = turned and not (_indexed(before) and base in ("s", "z"))  # as s_0 (x x^T x)
    single = isinstance(inner, t.Product) and point_of_x and not turned  # x (x^T x) is a product
    single = single or (isinstance(inner, t.Name) and (inner is one or point_of_x) and not error)
    numbers_alone = not vector and (inner in used or (whole and used))
    alone = _may_be_argument(inner, depends) and not (own or turned)
    alone = alone or (isinstance(before, _SLOPES) and not own and _is_formula(inner))
    argument = (computed and (numbers_alone or alone)) or (called and single and not square)
    what = "expected a sign before the bracket, which reads as an argument"
    instead = r"a factor is \cdot (z), a quantity is written without what it depends on"
    c.require(not entry, "expected an index below", "as in x_i", at=one)
    c.require(own or not point, what, instead, at=one)
    c.require(base != "ell" and not argument, what, instead, at=one)


def _outside_gradients(node: t.Node) -> list[t.Name]:
    """The quantities of a formula that stand in no derivative."""
    parts = t.walk(node, lambda one: () if isinstance(one, _SLOPES) else one.parts)
    return [part for part in parts if isinstance(part, t.Name)]


def _holds(inner: t.Expr, before: t.Expr) -> bool:
    """Whether a sum holds what stands before it, and else numbers or the targets alone."""
    if isinstance(before, t.Name):
        found = _outside_gradients(inner)
        alike = [one for one in found if (one.base, one.layer) == (before.base, before.layer)]
        others = any(one.base != "y" for one in found if one not in alike)
        return not others and (before in alike or (_indexed(before) and bool(alike)))
    of = getattr(before, "of", None)
    own = (before, of) if isinstance(of, t.Apply) else (before,)
    parts = [*t.walk(inner, lambda one: () if one in own else one.parts)]
    rest = [one for one in parts if one not in own]
    return len(rest) < len(parts) and all(isinstance(one, numbers.LENGTHS) for one in rest)


def _may_be_argument(inner: t.Expr, depends: set[str]) -> bool:
    """Whether a bracket has only what the quantity before it may depend on, or begins there, as a
    step down a gradient does; not a difference to the targets."""
    bases = {part.base for part in _outside_gradients(inner)}
    quantities = bases.difference(t.FREE)
    terms = inner.terms if isinstance(inner, t.Add) else ()
    begins = any(isinstance(one, t.Name) and one.base in depends for one in terms)
    only = bool(bases & depends) and quantities <= depends
    return only or (begins and ("y" not in bases or quantities < bases))


def _is_formula(inner: t.Expr) -> bool:
    """Whether a bracket may be what a quantity is computed by, as W x + b or f(s) is."""
    bases = {part.base for part in _outside_gradients(inner)}
    steps = not bases.isdisjoint(("y", "delta")) or any(isinstance(p, _SLOPES) for p in inner.nodes)
    return isinstance(inner, t.Add | t.Apply) and bool(bases) and not steps


def _depends(shown: t.Expr, before: t.Expr, used: Sequence[t.Name]) -> set[str]:
    """On which quantities the one before may depend, without its marks; of those used."""
    everything = {part.base for part in used}
    match before:
        case t.Local(_, of):
            return everything if _varies(shown, of) else set()
        case t.Derivative(_, by) | t.Gradient(_, by):
            return everything if by == t.BARE_S else {"x", by.base}
        case t.Name("s" | "z" | "y_hat" as base):
            return {"x", "W", "b", "s", "z"} | {base}
    return {"x"}


def _varies(shown: t.Expr, of: t.Expr) -> bool:
    """Whether a letter of the display may be a function: no constant, no matrix, no row."""
    sums = (t.Add, t.Negative)
    vector = all(_is_whole(part) or isinstance(part, sums) for part in of.nodes)
    row = isinstance(shown, t.Transpose) and vector  # r^T (x - y), where r = x - y
    return any(isinstance(one, t.Name) for one in of.nodes) and not (row or _is_matrix(of))


def _is_whole(node: t.Node) -> bool:
    """Whether it is a vector or a matrix of the network, and no entry."""
    name = isinstance(node, t.Name) and node.base in (*spelling.VECTORS, "W")
    return name and not _indexed(node) and node != t.BARE_S


def _indexed(node: t.Node) -> bool:
    return bool(getattr(node, "indices", ()))


def _is_matrix(node: t.Expr) -> bool:
    """Whether it is plainly one: diagonal, I, a Jacobian, weights, or a product of such."""
    if isinstance(node, t.Product | t.Transpose | t.Add | t.Negative):
        factors = [part for part in node.parts if not isinstance(part, t.Number)]
        return bool(factors) and all(map(_is_matrix, factors))
    if isinstance(node, t.Derivative):
        return _is_whole(node.of) and _is_whole(node.by)
    diagonal = isinstance(node, t.Apply) and node.function.name == "diag"
    weights = isinstance(node, t.Name) and node.base == "W" and not node.indices
    return diagonal or weights or isinstance(node, t.Identity | t.ReluDiagonal)


def _without_marks(node: t.Expr) -> t.Expr:
    """What bears transposes, powers, a sign or an index of a bracket."""
    while isinstance(node, t.Power | t.Transpose | t.Component | t.Negative):
        node = node.parts[0]
    return node


# -- factors


def _factor(c: Cursor) -> t.Expr:
    """A symbol, a bracket or a function with its arguments, and the scripts of each."""
    c.depth += 1
    c.require(c.depth <= DEEPEST, "the formula is nested too deeply")
    start, begin = c.token.start, c.at
    value = names.scripted(c, primaries.primary(c), start)
    named = False  # f(\cdot)
    while c.sees("(", "[", "lbrace") and not c.token.quad:
        function = value.of if isinstance(value, t.Power) else value
        braces = c.sees("lbrace") and getattr(function, "name", "") not in ("max", "min")
        if not isinstance(function, t.Function) or braces:
            break
        slope = function.primes and any(one.text == "frac" for one in c.tokens[begin : c.at])
        inner = primaries.application(c, function, start)
        of = inner.arguments[0] if isinstance(inner, t.Apply) else t.BARE_S
        clear = not slope or of == t.BARE_S or t.BARE_S not in of.nodes
        instead = r"or the argument above, as in \frac{d\sigma(s)}{ds}"
        c.require(clear, "expected a sign before the bracket", instead, at=inner)
        if isinstance(inner, t.Product):  # sigma^2 (1 - sigma)^2
            last = names.scripted(c, inner.factors[-1], inner.factors[-1].start)
            value, c.form = t.Product((value, last), **c.span(start)), "product"
            break
        if isinstance(value, t.Power):  # sigma^2(x)
            each = value.elementwise or function.name in spelling.OF_EACH
            inner = t.Power(inner, value.exponent, each, **c.span(start))
            c.form = "factor"
        value = names.scripted(c, inner, start)
        named = isinstance(value, t.Function)
    if isinstance(value, t.Function) and not named:
        value = _unapplied(c, value, start)
    c.depth -= 1
    return value


def _unapplied(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function without brackets behind it: log x, an activation by itself, a matrix I."""
    if function.name not in spelling.BARE_ARGUMENT or not c.continues():
        c.require(function.name in spelling.ACTIVATIONS, f"expected brackets after {function.name}")
        matrix = function == t.Function("I") and c.tokens[c.at - 1].text != "id"
        return t.Identity(None, None, **at(function)) if matrix else function
    argument = _factor(c)
    slope = c.ahead(2).text == "partial" or (c.ahead(2).text == "d" and c.ahead(3).text != "_")
    clear = c.form not in _WIDER and (c.ends() or (c.sees("frac") and slope))
    c.require(clear, f"expected brackets around the argument of {function.name}")
    c.form = "product"
    return t.Apply(function, (argument,), **c.span(start))
