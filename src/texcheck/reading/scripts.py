"""Reads what stands below and above a symbol: indices, a layer, dashes, transposes, powers.

TeX sets one subscript and one superscript on a symbol, in either order; a layer comes first in
the superscript, then the marks from left to right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from .. import syntax as t
from . import names, spelling
from .cursor import Cursor, at

_TWICE = "TeX sets no second {} on one symbol"


@dataclass
class _Scripts:
    """The scripts of one symbol. A mark is T, ', ^ or odot, its exponent and its end."""

    below: bool = False
    raised: bool = False
    indices: tuple[t.Expr, ...] = ()
    subscript: str = ""  # of a norm
    layer: t.Layer | None = None
    marks: tuple[tuple[str, t.Expr | None, int], ...] = ()


def scripted(c: Cursor, value: t.Expr, start: int) -> t.Expr:
    """The value with the scripts that follow."""
    if c.token.text not in ("_", "^", "'", "{"):
        return value
    bracket = c.form == "bracket"
    while True:
        if bracket and c.sees("_") and c.ahead().text == "+":
            c.at += 2
            function = t.Function("ReLU", **c.span(start))  # [s]_+
            value = t.Apply(function, (value,), **c.span(start))
            continue
        value = _with_scripts(c, value, _scripts(c, value, bracket), start)
        if not (c.token.kind == "symbol" and c.sees("{") and c.ahead().text == "}"):
            return value
        c.at += 2  # {} bears the scripts that follow: they are seen on what stands before


def quantity(c: Cursor) -> t.Name | None:
    """A quantity with its layer and its indices, without marks; None if there is none."""
    start = c.token.start
    name = names.letter(c)
    if name is None:
        return None
    found = _scripts(c, name, False)
    whole = _with_scripts(c, name, found, start)
    if found.marks or not isinstance(whole, t.Name):
        raise c.error("expected a quantity with its layer and its indices alone", node=at(whole))
    return whole


def squared(c: Cursor) -> tuple[t.Name, int]:
    """A quantity that a derivative is taken by, and its order: 2 if it bears a square.

    [W]_{ij} and (W)_{ij} are components too.
    """
    start = c.token.start
    opening = c.take("[", "(", "{")
    name = names.letter(c)
    if name is None:
        raise c.error("expected a quantity of the network after \\partial")
    found = _scripts(c, name, False)
    whole = _with_scripts(c, name, replace(found, marks=()), start)
    if opening:
        c.expect({"[": "]", "(": ")", "{": "}"}[opening.text])
        outer = _scripts(c, whole, False)
        whole = _with_scripts(c, whole, replace(outer, marks=()), start)
        found.marks += outer.marks
    order = 1
    if found.marks:
        kind, exponent, _ = found.marks[0]
        if kind != "^" or len(found.marks) > 1 or exponent != t.Number(Fraction(2)):
            raise c.error("expected a layer in parentheses", "as in W^{(1)}", node=at(whole))
        order = 2
    if not isinstance(whole, t.Name):
        raise c.error("expected a quantity of the network after \\partial", node=at(whole))
    return whole, order


def _scripts(c: Cursor, value: t.Expr, bracket: bool) -> _Scripts:
    """The subscript, the superscript and the dashes that follow a value."""
    found = _Scripts()
    while True:
        if c.sees("_"):
            if found.below or (isinstance(value, t.Name) and value.indices):
                raise c.error(_TWICE.format("subscript"))
            found.below = True
            c.advance()
            _subscript(c, value, found, bracket)
        elif c.sees("'") and not found.raised:
            c.advance()
            found.marks = (*found.marks, ("'", None, c.before()))
        elif c.sees("^", "'"):
            if found.raised:
                raise c.error(_TWICE.format("superscript"), r"as in W^{(1)T}, f^{(1)\prime}")
            found.raised = True
            c.advance()
            group = c.take("{") is not None
            _mark(c, value, found, group)
            while group and not c.take("}"):
                _mark(c, value, found, group)
        else:
            return found


def _subscript(c: Cursor, value: t.Expr, found: _Scripts, bracket: bool) -> None:
    if isinstance(value, t.Norm):
        group = c.take("{")
        if c.token.text not in ("2", "F"):
            raise c.error("expected the Euclidean norm: _2, _F or no subscript")
        found.subscript = c.advance().text
        if group:
            c.expect("}")
    elif isinstance(value, t.Function):
        raise c.error(f"{value.name} has no index", "a layer stands above, as in f^{(1)}")
    elif not bracket and not isinstance(value, t.Name | t.Apply | t.Local):
        raise c.error("expected brackets around what has an index")
    else:
        found.indices = names.indices(c, value.base if isinstance(value, t.Name) else "")


def _mark(c: Cursor, value: t.Expr, found: _Scripts, group: bool) -> None:
    """One part of a superscript."""
    inner = c.take("^") if found.layer else None  # W^{(2)^T}
    braces = c.take("{") if inner else None
    dashed = all(kind == "'" for kind, _, _ in found.marks)
    first = isinstance(value, t.Name | t.Function) and not found.layer and dashed
    if c.token.text in spelling.TRANSPOSE and c.token.kind != "symbol":
        c.advance()
        found.marks = (*found.marks, ("T", None, c.before()))
    elif inner:
        raise c.error("expected a transpose behind the layer")
    elif c.take("'"):
        found.marks = (*found.marks, ("'", None, c.before()))
    elif first and _layer_follows(c, value):
        found.layer = names.layer(c, group)
    else:
        _exponent(c, found, group)
    if braces:
        c.expect("}")


def _layer_follows(c: Cursor, value: t.Expr) -> bool:
    if c.sees("(", "["):
        return names.layer_follows(c)
    bears = not isinstance(value, t.Name) or value.base in spelling.LAYERED
    letter = c.token.text in (c.names.any_layer, c.names.last_layer)
    return c.names.bare and bears and (letter or c.token.kind == "digit")


def _exponent(c: Cursor, found: _Scripts, group: bool) -> None:
    if c.sees("+") and (not group or c.ahead().text == "}"):
        raise c.error("expected a transpose, a layer or a number", r"write \max(0, s)")
    if c.sees("(", "["):
        raise c.error("expected a power without parentheses, or braces around a layer")
    elementwise = group and c.take("odot", "circ") is not None
    exponent = c.expression() if group else names.raised(c)
    kind = "odot" if elementwise else "^"
    found.marks = (*found.marks, (kind, exponent, c.before()))


def _with_scripts(c: Cursor, value: t.Expr, found: _Scripts, start: int) -> t.Expr:
    """The value with its indices and its layer, then each mark."""
    marks = found.marks
    if isinstance(value, t.Name):
        value = _named(c, value, found, start)
    elif isinstance(value, t.Function):
        before = value.primes
        value = _function(c, value, found, start)
        marks = marks[value.primes - before :]
        if value == t.Function("I") and marks:
            value = t.Identity(None, None, **at(value))
    elif isinstance(value, t.Norm) and found.subscript:
        value = replace(value, subscript=found.subscript, **c.span(start))
    elif found.indices:
        value = t.Component(value, found.indices, **c.span(start))
    for kind, exponent, end in marks:
        value = replace(_marked(c, value, kind, exponent), start=start, end=end)
        c.form = "factor"
    return replace(value, end=c.before()) if marks else value


def _marked(c: Cursor, value: t.Expr, kind: str, exponent: t.Expr | None) -> t.Expr:
    """A value with a transpose, a power or (which is an error) a dash."""
    if kind == "'":
        what = "a dash stands for the derivative of a function"
        raise c.error(what, r"such as \sigma'", node=at(value))
    function = isinstance(value, t.Function)
    if exponent is not None:
        known = isinstance(value, t.Function) and value.name not in ("f", "g")
        if function and not (known and isinstance(exponent, t.Number)):
            raise c.error("expected the function's value, and the power behind it", node=at(value))
        return t.Power(value, exponent, elementwise=kind == "odot")
    entry = isinstance(value, t.Name) and value.indices
    if entry and not any(isinstance(index, t.Whole) for index in value.parts):
        raise c.error("an entry has no transpose", r"write [W^{(1)T}]_{ij}", node=at(value))
    if function:
        raise c.error("a function has no transpose", node=at(value))
    return t.Transpose(value)


def _named(c: Cursor, name: t.Name, found: _Scripts, start: int) -> t.Expr:
    """A quantity with its layer and its indices; \\delta_{ij} is Kronecker's."""
    if found.layer is not None:
        if name.layer is not None or name.base not in spelling.LAYERED:
            what = "one layer" if name.layer else "no layer"
            raise c.error(f"{name.base.replace('_', ' ')} has {what}", node=at(name))
        name = replace(name, layer=found.layer)
    indices = found.indices or name.indices
    ends = [name.end, *(part.end for part in (found.layer, *indices) if part)]
    end = max(ends) if found.marks else max(c.before(), name.end)
    name = replace(name, indices=indices, start=start, end=end)
    if name.base != "delta" or name.layer is not None or not indices:
        return names.checked(c, name)
    if len(indices) != 2 or any(isinstance(one, t.Whole) for one in indices):
        expected = r"expected two indices as in \delta_{ij} (Kronecker's), or a layer as in "
        raise c.error(expected + r"\delta^{(2)} (the error)", node=at(name))
    return t.Kronecker(*indices, **at(name))


def _function(c: Cursor, function: t.Function, found: _Scripts, start: int) -> t.Function:
    """A function with its layer and its dashes: activations alone have them."""
    kinds = [kind for kind, _, _ in found.marks]
    dashes = next((number for number, kind in enumerate(kinds) if kind != "'"), len(kinds))
    if found.layer is not None and function.layer is not None:
        raise c.error("a second layer on one symbol", node=at(function))
    layer = found.layer or function.layer
    function = replace(function, layer=layer, primes=function.primes + dashes, **c.span(start))
    linear = function.name == "Linear" and not function.primes
    if (function.primes or layer) and not linear and function.name not in spelling.ACTIVATIONS:
        what = f"{function.name} has no layer and no dash"
        raise c.error(what, "they stand on activations", node=at(function))
    return function
