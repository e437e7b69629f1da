r"""A tree as TeX, in the book's notation.

Law: what is written reads back as the same tree, but for spelling (`\boldsymbol`, brackets). So a
message can quote a part of a formula whose own TeX is scattered, as that of W in W^{(1)T}.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import MappingProxyType

from . import syntax as t

_NAMES = {
    "y_hat": r"\hat y", "ell": r"\ell", "delta": r"\delta", "eta": r"\eta", "lambda": r"\lambda",
    "loss": r"\ell", "sigma": r"\sigma", "tanh": r"\tanh", "log": r"\log", "exp": r"\exp",
    "max": r"\max", "min": r"\min", "f": "f", "g": "g", "ge": r"\ge", "le": r"\le", "neq": r"\ne",
    "cdot": r"\cdot", "times": r"\times", "otimes": r"\otimes", "L_max": r"L_{\max}",
}  # fmt: skip
# Letters of another course, by what the book's stand for: of quantities, activations, layers.
_letters: ContextVar[Mapping[str, str]] = ContextVar("_letters", default=MappingProxyType({}))
# How tightly the parts of a formula hang together: a sum, a product, one symbol.
SUM, PRODUCT, SYMBOL = range(3)
_PRODUCTS = (t.Product, t.Times, t.Elementwise, t.Quotient, t.Derivative, t.Gradient, t.Restricted)


@contextmanager
def lettering(letters: Mapping[str, str]) -> Iterator[None]:
    """While formulas are written: with the letters of another course."""
    token = _letters.set(letters)
    try:
        yield
    finally:
        _letters.reset(token)


def symbol(said: str, otherwise: str = "") -> str:
    """A letter, a function's name or a sign as TeX."""
    return _letters.get().get(said) or _NAMES.get(said) or otherwise or said


def layer(at: t.Layer | None) -> str:
    """A layer superscript, or nothing."""
    return "" if at is None else f"^{{{symbol('(')}{number_of(at)}{symbol(')')}}}"


def number_of(at: t.Layer) -> str:
    """The number of a layer, such as L + 1."""
    return str(replace(at, base=symbol(at.base))) if at.base else str(at)


def indices(inside: Iterable[t.Expr]) -> str:
    """A subscript, or nothing."""
    found = [tex(index) for index in inside]
    letters = all(len(one) == 1 for one in found)
    if len(found) < 2 and letters:
        return "".join(f"_{one}" for one in found)
    return f"_{{{('' if letters else ',').join(found)}}}"


def grade(node: t.Expr) -> int:
    """Whether a formula is written as a sum, as a product or as one symbol."""
    match node:
        case t.Add() | t.Negative() | t.Sum() | t.Listing():
            return SUM
        case t.Times(sign="inner") | t.Derivative(t.Name()) | t.Quotient(elementwise=False):
            return SYMBOL
    return PRODUCT if isinstance(node, _PRODUCTS) else SYMBOL


def within(node: t.Expr, least: int) -> str:
    """A formula in brackets, unless it hangs together at least so tightly."""
    return tex(node) if grade(node) >= least else f"({tex(node)})"


def tex(node: t.Node) -> str:  # noqa: C901 - a match over nodes
    """A formula as TeX."""
    match node:
        case t.Number(value) if value.denominator == 1:
            return str(value)
        case t.Number(value):
            return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
        case t.Index(letter):
            return letter
        case t.Local(letter, _, inside):
            return letter + indices(inside)
        case t.Whole() | t.Blank():
            return ":" if isinstance(node, t.Whole) else ""
        case t.Dots(kind):
            return "\\" + kind
        case t.Name(base, at, inside, variant):
            below = rf"_{{\mathrm{{{variant}}}}}" if variant else ""
            return symbol(base) + layer(at) + indices(inside) + below
        case t.Length(of):
            return "K" if of.base in ("y", "y_hat") else "d" + indices((of,))
        case t.LayerCount(at):
            return number_of(at)
        case t.Kronecker(first, second):
            return r"\delta" + indices((first, second))
        case t.Unit(index):
            return f"e_{{{tex(index)}}}"
        case t.Constant(value, length):
            return rf"\boldsymbol{{{value}}}" + _lengths(length, None)
        case t.Identity(rows, columns):
            return "I" + _lengths(rows, columns)
        case t.ReluDiagonal(of, rows, columns):
            return f"I^{{+{tex(of)}}}" + _lengths(rows, columns)
        case t.Function(name, at, primes):
            name, above = symbol(name, rf"\operatorname{{{name}}}"), layer(at)
            if at is None or not primes:
                return name + above + "'" * primes
            return name + above[:-1] + r"\prime" * primes + "}"
        case t.Written(rows):
            lines = r" \\ ".join(" & ".join(map(tex, row)) for row in rows)
            return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"
        case t.Listing(items):
            return ", ".join(map(tex, items))
    return _compound(node)


def _compound(node: t.Node) -> str:  # noqa: C901 - a match over nodes
    """A formula that is made of others."""
    match node:
        case t.Add((first, *rest)):
            free = {index.letter for index in t.free_indices(*rest)}
            ends = isinstance(first, t.Sum) and not free.isdisjoint(first.letters)
            return (f"({tex(first)})" if ends else tex(first)) + "".join(map(_further, rest))
        case t.Negative(of):
            return f"-{_term(of)}"
        case t.Product((*rest, last)):
            end = tex(last) if isinstance(last, t.Sum) else within(last, SYMBOL)
            said = " ".join([*(within(factor, SYMBOL) for factor in rest), end])
            return re.sub(r"(?<=\d) (?=\d)", r" \\cdot ", said)
        case t.Times(left, right, "inner"):
            return rf"\langle {tex(left)}, {tex(right)} \rangle"
        case t.Times(left, right, sign):
            return f"{within(left, SYMBOL)} {symbol(sign)} {within(right, SYMBOL)}"
        case t.Elementwise(left, right):
            begin = tex(left) if isinstance(left, t.Elementwise) else within(left, SYMBOL)
            return rf"{begin} \odot {within(right, SYMBOL)}"
        case t.Quotient(top, bottom, True):
            return rf"{within(top, SYMBOL)} \oslash {within(bottom, SYMBOL)}"
        case t.Quotient(top, bottom):
            return rf"\frac{{{tex(top)}}}{{{tex(bottom)}}}"
        case t.Power(of, exponent, elementwise):
            return _base(of) + "^{" + r"\odot " * elementwise + tex(exponent) + "}"
        case t.Transpose(of):
            bare = isinstance(of, t.Name) and of.layer is None and not of.indices
            return f"{tex(of)}^T" if bare else f"[{tex(of)}]^T"
        case t.Sum(letters, low, high, body, conditions):
            below = ", ".join(map(relation, conditions)) or ",".join(letters)
            below += "" if low is None else f"={tex(low)}"
            above = "" if high is None else f"^{{{tex(high)}}}"
            return rf"\sum_{{{below}}}{above} {_term(body)}"
        case t.Derivative(t.Name() as of, by):
            return rf"\frac{{\partial {tex(of)}}}{{\partial {tex(by)}}}"
        case t.Derivative(of, by):
            return rf"\frac{{\partial}}{{\partial {tex(by)}}} ({tex(of)})"
        case t.Gradient(of, by):
            return rf"\nabla_{{{tex(by)}}} {within(of, SYMBOL)}"
        case t.Restricted(of, by, value):
            fraction = isinstance(of, t.Derivative | t.Quotient) and grade(of) == SYMBOL
            shown = tex(of) if fraction else f"({tex(of)})"
            return rf"\left. {shown} \right|_{{{tex(by)} = {tex(value)}}}"
        case t.Apply(function, arguments):
            return f"{tex(function)}({', '.join(map(tex, arguments))})"
        case t.Component(of, inside):
            return f"[{tex(of)}]" + indices(inside)
        case t.Indicator():
            return rf"\mathbb{{1}}[{relation(node)}]"
        case t.Cases(values, conditions):
            rows = r" \\ ".join(map(_case, values, conditions))
            return rf"\begin{{cases}} {rows} \end{{cases}}"
        case t.Norm(of, below):
            return rf"\lVert {tex(of)} \rVert" + (f"_{below}" if below else "")
        case t.Absolute(of):
            return rf"\left|{tex(of)}\right|"
    raise TypeError(node)


def _lengths(rows: t.Expr | None, columns: t.Expr | None) -> str:
    shape = r" \times ".join(tex(one) for one in (rows, columns) if one is not None)
    return f"_{{{shape}}}" if shape else ""


def _further(term: t.Expr) -> str:
    """A term of a sum behind the first one, with its sign."""
    if isinstance(term, t.Negative):
        return f" - {_term(term.of)}"
    return f" + {_term(term)}"


def _term(node: t.Expr) -> str:
    return tex(node) if isinstance(node, t.Sum) else within(node, PRODUCT)


def _base(node: t.Expr) -> str:
    """What bears a power: in brackets if it bears a superscript already."""
    match node:
        case t.Name(layer=None) | t.Length() | t.Norm() | t.Absolute() | t.Apply():
            return tex(node)
        case t.Number(value) if value.denominator == 1:
            return tex(node)
    return f"({tex(node)})"


def relation(node: t.Node) -> str:
    """A condition on quantities, indices, layers or activations."""
    match node:
        case t.Indicator(sign, left, right):
            return f"{tex(left)} {symbol(sign)} {tex(right)}"
        case t.Elementwise(left, right):
            return rf"{relation(left)}, {relation(right)}"
        case t.Assume(function, value):
            return f"{tex(function)} = {tex(value)}"
        case t.Range(letter, t.Node() as first, None):
            return rf"{symbol(letter)} \ge {tex(first)}"
        case t.Range(letter, None, t.Node() as last):
            return rf"{symbol(letter)} \le {tex(last)}"
        case t.Range(letter, t.Node() as first, t.Node() as last):
            return rf"{symbol(letter)} = {tex(first)}, \dots, {tex(last)}"
    raise TypeError(node)


def _case(value: t.Expr, holds: t.Expr | None) -> str:
    return f"{tex(value)} & " + (r"\text{otherwise}" if holds is None else relation(holds))
