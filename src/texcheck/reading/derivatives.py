"""Reads fractions, derivatives, gradients and what holds at a point."""

import re
from dataclasses import replace

from .. import syntax as t
from . import arguments, names, spelling
from .cursor import CLOSING, FACTOR, PRODUCT, TERM, Cursor

BRACKETS = "expected brackets around what is differentiated"
AT_NUMBER = r"the slope at a number is \frac{d\sigma}{ds}(0)"
SLOPE = "expected brackets around the gradient", r"as in (\nabla_x \ell) \hat y_0"
BEFORE_BAR = ("=", "(", "[", "{", ",", "left.", "Rightarrow")
# Where a side or a bracket begins, with a number that may stand before the rest.
_BEGINS = re.compile(
    rf"(?:^|(?:{'|'.join(map(re.escape, BEFORE_BAR))}) )"
    r"((?:[+-] )?(?:\d |frac (?:\d |\{ (?:\d )+\} ){2})*)$"
)
_QUANTITY = "expected a quantity of the network after \\partial"


def fraction(c: Cursor) -> t.Expr:
    """A quotient or a derivative: what stands behind and with \\frac."""
    start = c.advance().start
    braced = c.take("{") is not None
    if is_partial(c):
        return _derivative(c, start, braced)
    top = c.inside("}") if braced else names.argument(c)
    bottom = names.argument(c)
    c.form = "primary"  # whatever stands in it
    return t.Quotient(top, bottom, **c.span(start))


def is_partial(c: Cursor) -> bool:
    """Whether ∂ stands here, or the d of a derivative."""
    upright = c.token.kind in ("letter", "word") and c.token.text == "d"
    return c.sees("partial") or (upright and c.ahead().text != "_")


def _partial(c: Cursor, row: bool = False) -> tuple[t.Name, int]:
    """∂ and the quantity behind it, with the order of the derivative; `row`: it may bear a T."""
    c.require(is_partial(c), "expected \\partial in the denominator")
    c.advance()
    return _squared(c, row)


def _squared(c: Cursor, row: bool = False) -> tuple[t.Name, int]:
    """By what a derivative is taken, (W)_{ij} too, and its order: 2 if it bears a square.

    `row`: it may bear a T, as the second vector of a Hessian does.
    """
    start = c.token.start
    opening = c.take("[", "(", "{")
    if (name := names.letter(c)) is None:
        raise c.error(_QUANTITY)
    whole, marks = names.plain(c, name, start)
    if opening:
        c.expect(CLOSING[opening.text])
        c.require(opening.text == "{" or not marks, "expected a power behind the bracket", at=whole)
        whole, outer = names.plain(c, whole, start)
        marks += outer
    found = [mark[:2] for mark in marks]
    turned = found == [("T", None)]
    vector = row and not getattr(whole, "indices", ())
    what = "expected no transpose here: transpose the derivative"
    c.require(vector or not turned, what, at=whole)
    known = turned or found in ([], [("^", t.TWO)])
    c.require(known, "expected a layer in parentheses", "as in W^{(1)}", at=whole)
    if not isinstance(whole, t.Name):
        raise c.error(_QUANTITY, at=whole)
    return whole, 1 + (len(marks) - turned)


def _derivative(c: Cursor, start: int, braced: bool) -> t.Expr:
    """A derivative from the ∂ of its numerator on."""
    c.advance()
    order = 1 + _is_second(c)
    of = c.read(TERM) if braced and c.token.text != "}" else None
    if braced:
        c.expect("}", " after the numerator")
    c.expect("{", " before the denominator")
    by: list[t.Name] = []
    while not by or is_partial(c):
        name, times = _partial(c, len(by) == 1 < order)
        by += [name] * times
    what = f"expected {order} of \\partial in the denominator"
    instead = "a layer stands in parentheses, as in W^{(1)}" * (len(by) > order)
    c.require(len(by) == order, what, instead, at=by[0])
    c.expect("}", " after the denominator")
    c.require(of is None or not _is_fixed(of, by[0]), BRACKETS, AT_NUMBER, at=of)
    return _differentiated(c, of or _operand(c, by[0]), by, start)


def _is_second(c: Cursor) -> bool:
    """Whether a square follows, which is taken."""
    what = "expected a first or second derivative"
    return c.take("^") is not None and bool(c.braced(lambda c: c.pick(("2",), what)))


def _operand(c: Cursor, by: t.Name) -> t.Expr:
    """What stands behind the fraction of a derivative."""
    token, begin = c.token, c.at
    bracket, brace = c.sees("(", "["), c.sees("underbrace", "overbrace")
    closed = bracket or token.kind == "begin"
    function = token.text in spelling.FUNCTION_COMMANDS or token.text in c.names.functions
    alone = closed or brace or function or token.kind in ("word", "text")
    of = c.read(FACTOR if alone else PRODUCT)
    sums = isinstance(of, t.Function) and c.sees("+", "-")
    called = (bracket or brace) and isinstance(of, t.Apply) and c.form == "primary"  # (\sigma)(2)
    c.require(c.ends() and not (sums or called or (not alone and _goes_on(of))), BRACKETS)
    c.require(closed or not _is_fixed(of, by), BRACKETS, AT_NUMBER, at=of)
    if not (closed or (brace and c.form == "bracket")):
        # Does the bar hold for the derivative too? \left. shows no bracket that would tell.
        open_bar = any(one.text == "left." for one in c.tokens[begin : c.at])
        c.require(not open_bar, BRACKETS, at=of)
        unclosed = (*c.shared.open_operands, *c.shared.open_losses)
        slope = any(part is one for part in of.nodes for one in unclosed)
        c.require(not slope or isinstance(of, t.Derivative), BRACKETS, at=of)
        c.shared.open_operands.append(of)
    return of


def _goes_on(of: t.Expr) -> bool:
    """Whether a product goes on with a slope, or behind the loss or a visible end such as |x|."""
    *before, last = _factors(of)
    slope = isinstance(last, t.Derivative | t.Gradient) and not all(map(arguments.is_plain, before))
    return slope or any(map(_is_closed, before))


def _is_closed(factor: t.Expr) -> bool:
    """Whether an operand may end behind a factor: the loss, a slope, or what has an end to see."""
    while isinstance(factor, t.Power | t.Component | t.Transpose):
        factor = factor.of
    seen = (t.Norm, t.Absolute, t.Apply, t.Quotient, t.Times, t.Sum, t.Derivative, t.Gradient)
    loss = isinstance(factor, t.Name) and factor.base == "ell"
    return loss or (isinstance(factor, seen) and not arguments.is_plain(factor))


def _factors(node: t.Expr) -> list[t.Expr]:
    """The factors of a product, whatever signs stand between them."""
    if isinstance(node, t.Product) or (isinstance(node, t.Times) and node.sign != "inner"):
        return [factor for part in node.parts for factor in _factors(part)]
    return [node]


def _is_fixed(of: t.Expr, by: t.Name) -> bool:
    """Whether a function stands at a number in a formula, as in \\sigma(0): its slope there may be
    meant. By the number s it may be meant at an index too."""
    calls = [one for one in of.nodes if isinstance(one, t.Apply) and one.function.name != "sqrt"]
    fixed = (t.Length, t.Kronecker)
    for call in calls:
        parts = t.walk(call, lambda one: () if isinstance(one, fixed) else one.parts)
        kinds = (t.Name,) if by == t.BARE_S else (t.Name, t.Index)
        if all(getattr(one, "base", "") in t.FREE for one in parts if isinstance(one, kinds)):
            return True
    return False


def _differentiated(c: Cursor, of: t.Expr, by: list[t.Name], start: int) -> t.Expr:
    """The derivative of a formula by one quantity, or by two, the last one first."""
    first, last = by[0], by[-1]
    plain = all(c.shared.bold.isdisjoint(range(one.start, one.end)) for one in by)
    number = plain and first == t.BARE_S
    if isinstance(of, t.Function) and number and first == last:
        return replace(of, primes=of.primes + len(by), **c.span(start))
    inner: t.Expr = t.Derivative(of, last, **c.span(start))
    if len(by) == 1:
        return inner
    if not ((first.indices and last.indices) or (number and first == last)):
        vector = first == last and first.base != "W"
        c.require(vector, "expected components, or one vector twice", at=first)
        inner = t.Transpose(inner, **c.span(start))
    return t.Derivative(inner, first, **c.span(start))


def inline(c: Cursor) -> t.Expr:
    """∂ℓ/∂W in one line, or ∂_W ℓ."""
    start = c.advance().start
    if c.take("_"):
        by = _subscript(c)
        return t.Derivative(_behind(c, by), by, **c.span(start))
    differential = c.tokens[c.at - 1].text == "d"
    of = c.read(FACTOR)
    gradient = r"no differential is read, a gradient is \nabla_x \ell"
    instead = gradient if differential else r"or \frac{\partial \ell}{\partial x}"
    c.require(c.take("/"), "expected / and \\partial", instead)
    by = _once(c, *_partial(c))
    c.require(not c.sees("^", "_", "'"), "expected no script behind this", "or brackets")
    c.require(not _is_fixed(of, by), BRACKETS, AT_NUMBER, at=of)
    return t.Derivative(of, by, **c.span(start))


def gradient(c: Cursor) -> t.Expr:
    """The gradient of a number, of the shape of what it is taken by; with a square its Hessian."""
    start = c.advance().start
    second = _is_second(c)
    c.require(c.take("_"), "expected by what is differentiated", r"as in \nabla_{W^{(1)}} \ell")
    by = c.braced(names.quantity) if c.sees("{") else _subscript(c)
    if by is None:
        raise c.error("expected a quantity of the network after \\nabla_")
    if second or _is_second(c):
        return _differentiated(c, _behind(c, by), [by, by], start)
    return t.Gradient(_behind(c, by), by, **c.span(start))


def _once(c: Cursor, name: t.Name, order: int) -> t.Name:
    c.require(order == 1, "expected no power of the quantity", at=name)
    return name


def _subscript(c: Cursor) -> t.Name:
    """The quantity behind \\nabla_ or \\partial_."""
    name = None if c.token.text == "{" else names.letter(c)
    if name is None:
        return _once(c, *_squared(c))
    square = c.ahead(1 + (c.ahead().text == "{")).text == "2"
    what = "expected braces around the quantity"
    c.require(square or not c.sees("^"), what, r"as in \nabla_{W^{(1)}}")
    return names.checked(c, name)


def _behind(c: Cursor, by: t.Name) -> t.Expr:
    """What stands behind \\nabla_ or \\partial_: the loss, and what it is multiplied by in one way,
    or a factor and nothing else; a power of a norm too, where the derivative is no number and has
    none."""
    c.require(not c.sees("left."), BRACKETS)
    bracket = c.sees("(", "[", "underbrace", "overbrace")
    of = c.read(FACTOR)
    loss = isinstance(of, t.Name) and of.base == "ell"
    whole = not by.indices and by != t.BARE_S
    norm = of.of if isinstance(of, t.Power) and whole else of
    called = bracket and isinstance(of, t.Apply) and c.form == "primary"
    alone = isinstance(norm, t.Norm) or (c.form in ("primary", "bracket") and not called)
    goes_on = loss and (c.continues() or (whole and c.sees("odot")))
    c.require(alone and (c.ends() or loss) and (bracket or not _is_fixed(of, by)), BRACKETS, at=of)
    c.require(c.ends() or goes_on, *SLOPE, at=of)
    if goes_on:
        c.shared.open_losses.append(of)
    if c.form != "bracket" and not (whole or loss):
        c.shared.open_operands.append(of)
    return of


def restriction(c: Cursor, of: t.Expr, start: int) -> t.Apply | t.Restricted:
    """What follows a formula for `|_{\\hat y = y}`: the quantity, and its value."""
    c.advance()
    c.expect("_")
    c.expect("{", " and a quantity with its value")
    by = _once(c, *_squared(c))
    c.expect("=", " and the value of the quantity")
    value = c.inside("}")
    number = by == t.BARE_S
    above = c.ahead(1 + (c.ahead().text == "{")).text
    turned = above in spelling.TRANSPOSE and not number
    c.require(turned or not c.sees("^"), "expected brackets: a bar with two ends is no power")
    if isinstance(of, t.Function) and number:
        return t.Apply(of, (value,), **c.span(start))
    return t.Restricted(of, by, value, **c.span(start))


def left_open(c: Cursor) -> t.Expr:
    r"""What stands between \left. and \right|_{...}. The page shows no bracket there: so it begins
    where nothing else could be meant, and ends as clearly. A factor behind others is only a slope,
    \left. \frac{d\sigma}{ds} \right|_{s = 0}, where the others have no s in them."""
    c.require(not (c.token.quad and c.ahead().text in ("+", "-")), "expected no gap before a sign")
    begins = _BEGINS.search("".join(f"{one.text} " for one in c.tokens[: c.at]))
    other = any(_has_s(c, at) for at in range(c.at))
    start, fraction_follows = c.advance().start, c.sees("frac")
    with c.within(bars=1):
        inner = c.read()
    form = c.form
    bar = c.sees("vert") and c.ahead().text == "_"
    c.require(bar, r"expected \right|_{ and a quantity with its value")
    found = restriction(c, inner, start)
    of_number = isinstance(found, t.Apply) or found.by == t.BARE_S
    slope = of_number and fraction_follows and form == "primary" and not other
    ends = c.ends() and not c.sees("^", "_", "'", *(("+", "-") if form == "sum" else ()))
    wide = form == "sum" and begins and begins[1]  # a sum behind a number
    clear = form in ("primary", "bracket", "factor") or (ends and not wide)
    c.require((begins or slope) and clear, r"expected brackets: \left. shows none", at=found)
    c.form = form
    return found


def _has_s(c: Cursor, place: int) -> bool:
    """Whether the number s stands here, or a letter of the display, which may stand for it."""
    text, *behind = (one.text for one in c.tokens[place : place + 4])
    return text in c.shared.locals or (text == "s" and behind != ["^", "{", "("])
