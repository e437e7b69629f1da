r"""A tree as TeX, in the book's notation.

Law: what is written reads back as the same tree, but for spelling (`\boldsymbol`, brackets). So a
message can quote a part of a formula whose own TeX is scattered, as that of W in W^{(1)T}.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from . import syntax as t

_BASES = {"y_hat": r"\hat y", "ell": r"\ell", "delta": r"\delta", "eta": r"\eta"}
_FUNCTIONS = {
    "sigma": r"\sigma", "tanh": r"\tanh", "sign": r"\operatorname{sign}", "log": r"\log",
    "exp": r"\exp", "max": r"\max", "min": r"\min", "f": "f", "g": "g", "I": r"\operatorname{I}",
    "loss": r"\ell",
}  # fmt: skip
_RELATIONS = {"ge": r"\ge", "le": r"\le", "neq": r"\ne"}
_SIGNS = {"cdot": r"\cdot", "times": r"\times", "*": "*", "otimes": r"\otimes"}
# How tightly the parts of a formula hang together: a sum, a product, one symbol.
SUM, PRODUCT, SYMBOL = range(3)


def layer(at: t.Layer | None) -> str:
    """A layer superscript, or nothing."""
    return "" if at is None else f"^{{({at})}}".replace("L_max", r"L_{\max}")


def indices(inside: Iterable[t.Expr]) -> str:
    """A subscript, or nothing."""
    found = [tex(index) for index in inside]
    if len(found) < 2 and all(len(one) == 1 for one in found):
        return "_" + found[0] if found else ""
    return f"_{{{('' if all(len(one) == 1 for one in found) else ',').join(found)}}}"


def grade(node: t.Expr) -> int:
    """Whether a formula is written as a sum, as a product or as one symbol."""
    match node:
        case t.Add() | t.Negative() | t.Sum() | t.Listing():
            return SUM
        case t.Product() | t.Elementwise() | t.Restricted() | t.Gradient():
            return PRODUCT
        case t.Times(sign=sign):
            return SYMBOL if sign == "inner" else PRODUCT
        case t.Derivative(of):
            return SYMBOL if isinstance(of, t.Name) else PRODUCT
        case t.Quotient(elementwise=True):
            return PRODUCT
    return SYMBOL


def within(node: t.Expr, least: int) -> str:
    """A formula in brackets, unless it hangs together at least so tightly."""
    return tex(node) if grade(node) >= least else f"({tex(node)})"


def _base(node: t.Expr) -> str:
    """What bears a superscript: in brackets if it bears one already."""
    plain = isinstance(node, t.Name) and node.layer is None and not node.indices
    plain = plain or (isinstance(node, t.Number) and node.value.denominator == 1)
    return tex(node) if plain else f"({tex(node)})"


@singledispatch
def tex(node: t.Node) -> str:
    """A formula as TeX."""
    raise TypeError(node)


@tex.register
def _(node: t.Number) -> str:
    value = node.value
    return (
        str(value)
        if value.denominator == 1
        else rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    )


@tex.register
def _(node: t.Index) -> str:
    return node.letter


@tex.register
def _(node: t.Whole) -> str:
    return ":"


@tex.register
def _(node: t.Name) -> str:
    variant = rf"_{{\mathrm{{{node.variant}}}}}" if node.variant else ""
    return _BASES.get(node.base, node.base) + layer(node.layer) + indices(node.indices) + variant


@tex.register
def _(node: t.Local) -> str:
    return node.letter


@tex.register
def _(node: t.Length) -> str:
    return "K" if node.of.base in ("y", "y_hat") else f"d_{{{tex(node.of)}}}"


@tex.register
def _(node: t.LayerCount) -> str:
    return str(node.layer).replace("L_max", r"L_{\max}")


@tex.register
def _(node: t.Kronecker) -> str:
    return r"\delta" + indices((node.first, node.second))


@tex.register
def _(node: t.Unit) -> str:
    return f"e_{{{tex(node.index)}}}"


@tex.register
def _(node: t.Constant) -> str:
    length = "" if node.length is None else f"_{{{tex(node.length)}}}"
    return rf"\boldsymbol{{{node.value}}}" + length


def _sides(node: t.Identity | t.ReluDiagonal) -> str:
    if node.rows is None or node.columns is None:
        return "" if node.rows is None else f"_{{{tex(node.rows)}}}"
    return rf"_{{{tex(node.rows)} \times {tex(node.columns)}}}"


@tex.register
def _(node: t.Identity) -> str:
    return "I" + _sides(node)


@tex.register
def _(node: t.ReluDiagonal) -> str:
    return f"I^{{+{tex(node.of)}}}" + _sides(node)


@tex.register
def _(node: t.Add) -> str:
    first, *rest = node.terms
    text = tex(first)
    for term in rest:
        if isinstance(term, t.Negative):
            text += f" - {within(term.of, PRODUCT)}"
        else:
            text += f" + {tex(term) if isinstance(term, t.Sum) else within(term, PRODUCT)}"
    return text


@tex.register
def _(node: t.Negative) -> str:
    return f"-{within(node.of, PRODUCT)}"


@tex.register
def _(node: t.Product) -> str:
    *rest, last = node.factors
    end = tex(last) if isinstance(last, t.Sum) else within(last, SYMBOL)
    return " ".join([*(within(factor, SYMBOL) for factor in rest), end])


@tex.register
def _(node: t.Times) -> str:
    if node.sign == "inner":
        return rf"\langle {tex(node.left)}, {tex(node.right)} \rangle"
    return f"{within(node.left, SYMBOL)} {_SIGNS[node.sign]} {within(node.right, SYMBOL)}"


@tex.register
def _(node: t.Elementwise) -> str:
    left = tex(node.left) if isinstance(node.left, t.Elementwise) else within(node.left, SYMBOL)
    return rf"{left} \odot {within(node.right, SYMBOL)}"


@tex.register
def _(node: t.Quotient) -> str:
    if node.elementwise:
        return rf"{within(node.top, SYMBOL)} \oslash {within(node.bottom, SYMBOL)}"
    return rf"\frac{{{tex(node.top)}}}{{{tex(node.bottom)}}}"


@tex.register
def _(node: t.Power) -> str:
    sign = r"\odot " if node.elementwise else ""
    if isinstance(node.of, t.Norm | t.Absolute):
        return f"{tex(node.of)}^{{{tex(node.exponent)}}}"
    return f"{_base(node.of)}^{{{sign}{tex(node.exponent)}}}"


@tex.register
def _(node: t.Transpose) -> str:
    if isinstance(node.of, t.Name) and node.of.layer is None and not node.of.indices:
        return f"{tex(node.of)}^T"
    return f"[{tex(node.of)}]^T"


@tex.register
def _(node: t.Sum) -> str:
    below = ",".join(node.letters)
    if node.conditions:
        below = ", ".join(map(_relation, node.conditions))
    if node.low is not None:
        below += f"={tex(node.low)}"
    high = "" if node.high is None else f"^{{{tex(node.high)}}}"
    body = tex(node.body) if isinstance(node.body, t.Sum) else within(node.body, PRODUCT)
    return rf"\sum_{{{below}}}{high} {body}"


@tex.register
def _(node: t.Derivative) -> str:
    by = rf"\partial {tex(node.by)}"
    if isinstance(node.of, t.Name):
        return rf"\frac{{\partial {tex(node.of)}}}{{{by}}}"
    return rf"\frac{{\partial}}{{{by}}} ({tex(node.of)})"


@tex.register
def _(node: t.Gradient) -> str:
    return rf"\nabla_{{{tex(node.by)}}} {within(node.of, SYMBOL)}"


@tex.register
def _(node: t.Restricted) -> str:
    return rf"\left. {within(node.of, PRODUCT)} \right|_{{{tex(node.by)} = {tex(node.value)}}}"


@tex.register
def _(node: t.Function) -> str:
    name = _FUNCTIONS.get(node.name, rf"\operatorname{{{node.name}}}")
    if node.layer is None:
        return name + "'" * node.primes
    if node.name == "Linear":
        return f"{name}_{{{node.layer}}}"
    return name + layer(node.layer)[:-1] + r"\prime" * node.primes + "}"


@tex.register
def _(node: t.Apply) -> str:
    return f"{tex(node.function)}({', '.join(map(tex, node.arguments))})"


@tex.register
def _(node: t.Component) -> str:
    return f"[{tex(node.of)}]" + indices(node.indices)


def _relation(node: t.Expr) -> str:
    if isinstance(node, t.Elementwise):
        return rf"{_relation(node.left)}, {_relation(node.right)}"
    assert isinstance(node, t.Indicator)
    sign = _RELATIONS.get(node.relation, node.relation)
    return f"{tex(node.left)} {sign} {tex(node.right)}"


@tex.register
def _(node: t.Indicator) -> str:
    return rf"\mathbb{{1}}[{_relation(node)}]"


@tex.register
def _(node: t.Cases) -> str:
    rows = (
        f"{tex(value)} & " + (r"\text{otherwise}" if holds is None else _relation(holds))
        for value, holds in zip(node.values, node.conditions, strict=True)
    )
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


@tex.register
def _(node: t.Norm) -> str:
    below = f"_{node.subscript}" if node.subscript else ""
    return rf"\lVert {tex(node.of)} \rVert{below}"


@tex.register
def _(node: t.Absolute) -> str:
    return rf"\left|{tex(node.of)}\right|"


@tex.register
def _(node: t.Dots) -> str:
    return "\\" + node.kind


@tex.register
def _(node: t.Blank) -> str:
    return ""


@tex.register
def _(node: t.Written) -> str:
    rows = (" & ".join(map(tex, row)) for row in node.rows)
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


@tex.register
def _(node: t.Listing) -> str:
    return ", ".join(map(tex, node.items))
