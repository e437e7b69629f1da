"""Reads functions with their arguments."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .. import syntax as t
from . import spelling
from .cursor import CLOSING, Cursor, at

FUNCTION_OF_FUNCTION = "a function of a function is not read"


def applied(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """A function, or a power of one, with the arguments in the brackets that follow."""
    if isinstance(value, t.Power):
        inner = application(c, the_function(value.of), start)
        if isinstance(inner, t.Product):  # sigma^2 (1 - sigma)
            return t.Product((value, *inner.factors[1:]), **c.span(start))
        c.form = "factor"
        return replace(value, of=inner, **c.span(start))
    return application(c, the_function(value), start)


def the_function(value: t.Expr) -> t.Function:
    assert isinstance(value, t.Function)
    return value


def application(c: Cursor, function: t.Function, start: int) -> t.Expr:
    """A function of what stands in the brackets that follow; f(\\cdot) is the function itself."""
    opening = c.take("(", "[", "lbrace")
    if opening is None:
        raise c.error(f"expected brackets after {function.name}")
    closing = CLOSING[opening.text]
    if c.sees("cdot") and c.ahead().text == closing:
        c.at += 2
        return c.spread(function, start)
    outer = c.no_times, c.bars
    c.no_times, c.bars = False, 0
    arguments = [c.expression()]
    while c.take(","):
        if c.sees("cdot") and c.ahead().text == closing and function.name == "max":
            c.at += 2
            return _maximum_function(c, arguments, start)
        arguments.append(_argument(c, function))
    c.no_times, c.bars = outer
    c.expect(closing, " or an operator")
    c.form = "primary"
    return _checked_application(c, t.Apply(function, tuple(arguments), **c.span(start)))


def _argument(c: Cursor, function: t.Function) -> t.Expr:
    dots = c.take("dots") if function.name == "diag" else None
    return t.Dots("dots", **c.span(dots.start)) if dots else c.expression()


def _maximum_function(c: Cursor, arguments: list[t.Expr], start: int) -> t.Expr:
    r"""\max(0, \cdot), which is ReLU."""
    if arguments != [t.Number(Fraction(0))]:
        raise c.error(r"expected \max(0, \cdot)", node=c.span(start))
    return t.Function("ReLU", **c.span(start))


def _checked_application(c: Cursor, node: t.Apply) -> t.Expr:
    """The application, or the product that sigma (1 - sigma) is."""
    function, arguments = node.function, node.arguments
    count = 2 if function.name in spelling.OF_TWO else 1
    dotted = function.name == "diag" and len(arguments) > 2
    if len(arguments) != count and not (dotted and any(map(_is_dots, arguments[1:-1]))):
        raise c.error(
            f"expected {count} value{'s' * (count > 1)} for {function.name}", node=at(node)
        )
    bare = bare_functions(*arguments)
    if bare and all(_same(one, function) for one in bare) and _multiplies(function, arguments):
        return t.Product((function, *arguments), **at(node))
    if bare:
        raise c.error(FUNCTION_OF_FUNCTION, node=at(bare[0]))
    return node


def _is_dots(node: t.Expr) -> bool:
    return isinstance(node, t.Dots)


def bare_functions(*nodes: t.Node) -> list[t.Function]:
    """The functions in formulas that stand without an argument."""
    left, found = list(nodes), []
    while left:
        node = left.pop()
        if isinstance(node, t.Function):
            found.append(node)
        left += node.arguments if isinstance(node, t.Apply) else node.parts
    return found


def _same(one: t.Function, other: t.Function) -> bool:
    return (one.name, one.layer) == (other.name, other.layer)


def _multiplies(function: t.Function, arguments: tuple[t.Expr, ...]) -> bool:
    """Whether sigma(1 - sigma) and the like is a product, and no function of a function."""
    named = [part for one in arguments for part in t.walk(one) if isinstance(part, t.Name)]
    single = len(arguments) == 1 and isinstance(arguments[0], t.Add)
    return function.name in spelling.ACTIVATIONS and single and not named
