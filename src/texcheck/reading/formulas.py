"""Reads formulas: sums, products, factors with their scripts and their arguments.

What TeX shows decides: a subscript and a superscript belong to one symbol, in either order, and
braces that are not seen group nothing. Where a formula is read in two ways, it is not read.
"""

from .. import syntax as t
from . import arguments, derivatives, names, numbers, primaries, spelling
from .cursor import DEEPEST, FACTOR, PRODUCT, SIDE, SUM, TERM, Cursor, at

_WIDER = {"sum", "product"}
_SIGNS = {TERM: ("odot", "circ", "oslash", "otimes"), PRODUCT: ("cdot", "times", "*")}


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
        sums = [part for part in last if isinstance(part, t.Sum) and part.body.end == part.end]
        letters = {letter for part in sums for letter in part.letters}
        for index in t.free_indices(*terms[number + 1 :]) if letters else ():
            ended = f"expected brackets: the sum over {index.letter} ends before this term"
            c.require(index.letter not in letters, ended, at=index)
        written = any(map(arguments.is_number, inner[number + 1 :]))  # \nabla_x u + 1
        slopes = [part for part in last if isinstance(part, t.Derivative | t.Gradient)]
        clear = not (written and any(part.of.end == part.end for part in slopes))
        c.require(clear, derivatives.BRACKETS, at=one)
        if any(part is of for part in last for of in c.shared.open_operands):
            by = next((part.by for part in last if isinstance(part, t.Derivative)), None)
            for term in inner[number + 1 :]:
                c.require(_ends_with_slope(term, by), derivatives.BRACKETS, at=term)


def _ends_with_slope(term: t.Expr, by: t.Name | None) -> bool:
    """Whether a term is a derivative, or ends with one like that before it, without brackets."""
    slopes = [part for part in _last_parts(term) if isinstance(part, t.Derivative | t.Gradient)]
    return any(part is term or (part.of.end == part.end and part.by == by) for part in slopes)


def _last_parts(node: t.Expr) -> list[t.Expr]:
    """The term, and the sums and derivatives in it that end where it ends."""
    found, end = [node], node.end
    while last := next((part for part in found[-1].parts if part.end == end), None):
        found.append(last)
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
            case "circ" if t.bare_functions(left, right):
                raise c.error(primaries.FUNCTION_OF_FUNCTION, at=right)
            case "*" | "times" | "otimes" if t.bare_functions(left, right):
                raise c.error(r"expected \cdot between functions", at=right)
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
        if factors:
            _expect_factor(c, factors[-1], begin, one)
        if c.bars == 0 and c.sees("vert") and c.ahead().text == "_":
            what = r"expected \left. where the formula begins that the bar holds for"
            c.require(not begin or c.tokens[begin - 1].text in derivatives.BEFORE_BAR, what)
            one = derivatives.restriction(c, one, c.tokens[begin].start)
        fraction = factors and arguments.first_seen(c.tokens[begin:]).text == "frac"
        if fraction and isinstance(factors[-1], t.Number):
            shown = one.of if isinstance(one, t.Restricted) else one
            mixed = all(isinstance(part, t.Number) for part in shown.parts)
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


def _expect_factor(c: Cursor, before: t.Expr, begin: int, one: t.Expr) -> None:
    """Raises `CannotRead` where what was read from `begin` on is no factor behind a value: the
    argument of one, or more than a gradient of the loss takes with it."""
    counts = (*numbers.LENGTHS, t.Power)
    number = all(isinstance(part, counts) for part in t.outside_lengths(one))
    called = number and t.bare_functions(before)
    c.require(not called, "expected brackets around the argument", at=one)
    open_loss = any(getattr(before, "of", None) is of for of in c.shared.open_losses)
    open_loss = open_loss and before.end == before.parts[0].end
    clear = c.ends() and arguments.is_behind_loss(one, before, c.tokens[begin])
    c.require(clear or not open_loss, *derivatives.SLOPE, at=before)
    arguments.expect_none(c, before, c.tokens[begin : c.at], one)


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
    array = c.token.kind == "begin"
    argument = _factor(c)
    clear = c.form not in _WIDER and c.ends() and isinstance(argument, t.Written) == array
    c.require(clear, f"expected brackets around the argument of {function.name}")
    c.form = "product"
    return t.Apply(function, (argument,), **c.span(start))
