"""Fills the numbers of the running network into pages: ⟦delta2[1]⟧ becomes −5.

Three forms, where ``expr`` is arithmetic with the names of :func:`handgrad.running.values` (those
of 1.3 a) and b) as ``a.delta2`` and ``b.loss``):

- ``⟦expr⟧`` prints the value, ``⟦expr:2⟧`` with two decimals;
- ``⟦expr = expr⟧`` prints every side worked out, and is an error if the sides differ;
- ``⟦name := expr⟧`` prints the symbol, ``expr`` worked out and the value, and checks the same.

The last two are TeX and belong in math. So no number of a page is typed by hand.
"""

from __future__ import annotations

import ast
import operator
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sphinx.errors import ExtensionError

from handgrad import sigmoid
from handgrad.running import X, Y, values

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PLACE = re.compile(r"⟦([^⟦⟧]*)⟧")
_DECIMALS = re.compile(r"(.*):\s*(\d)\s*\Z", re.DOTALL)
_DISPLAY = re.compile(
    r"\$\$.*?\$\$|(?<![\\$])\$[^$]*\$|^(?:numbers|shapes):\n.*?(?=^:::|\Z)",
    re.DOTALL | re.MULTILINE,
)
_EXACT, _SHOWN = 3, 4  # decimals: short where so many are exact, else rounded to so many
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
    ast.Pow: operator.pow,
}
_PARTS = {"a": "1.3a", "b": "1.3b"}


class NumberError(ValueError):
    """An expression that cannot be filled in: which one, what was expected and what was given."""


@cache
def _names(part: str) -> dict[str, Any]:
    found = dict(values(part))
    return found | {"dl_dx": found["dx"], "X": X, "Y": Y}


_FUNCTIONS = {
    "col": lambda v: np.asarray(v).reshape(-1, 1),
    "row": lambda v: np.asarray(v).reshape(1, -1),
    "diag": lambda v: np.diag(np.asarray(v)),
    "T": np.transpose,
    "len": len,
    "sum": lambda v: float(np.sum(v)),
    "max": lambda v: float(np.max(v)),
    "abs": abs,
    "sigma": lambda v: sigmoid.value(np.asarray(v)),
    "sqrt": np.sqrt,
    "log": np.log,
    "round": lambda v: np.round(v, _SHOWN),
}


def evaluate(expr: str) -> Any:
    """The value of ``expr``: a float or an array; raises :class:`NumberError`."""
    return _evaluate(_parsed(expr), expr)


def _parsed(expr: str) -> ast.expr:
    try:
        return ast.parse(expr.strip(), mode="eval").body
    except SyntaxError as error:
        raise NumberError(f"⟦{expr}⟧: expected arithmetic, got {error.msg}") from error


def _evaluate(node: ast.expr, expr: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return _named("1.2", name, expr)
        case ast.Attribute(value=ast.Name(id=part), attr=name) if part in _PARTS:
            return _named(_PARTS[part], name, expr)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, expr)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            try:
                return _OPERATIONS[type(op)](_evaluate(left, expr), _evaluate(right, expr))
            except ValueError as error:
                raise NumberError(f"⟦{expr}⟧: {error}") from error
        case ast.Subscript(value=value, slice=index):
            try:
                found = _evaluate(value, expr)[_index(index)]
            except (IndexError, ValueError, TypeError, SyntaxError) as error:
                raise NumberError(f"⟦{expr}⟧: {error}") from error
            return found if np.ndim(found) else float(found)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_evaluate(argument, expr))
    raise NumberError(f"⟦{expr}⟧: expected a number, a name or arithmetic, got {ast.unparse(node)}")


def _index(index: ast.expr) -> Any:
    match index:
        case ast.Tuple(elts=several):
            return tuple(_index(one) for one in several)
        case ast.Slice(lower=None, upper=None, step=None):
            return slice(None)
    return ast.literal_eval(index)


def _named(part: str, name: str, expr: str) -> Any:
    if name not in _names(part):
        raise NumberError(f"⟦{expr}⟧: {name!r} is no number of {part}; see handgrad.running.values")
    return _names(part)[name]


# Printing


def number(value: float, decimals: int | None = None) -> str:
    """``-1.5`` and ``0.0701``: short where three decimals are exact, else rounded to four."""
    if decimals is None:
        short = abs(value - round(value, _EXACT)) < 1e-9
        text = (
            f"{round(value, _EXACT):.{_EXACT}f}".rstrip("0").rstrip(".")
            if short
            else f"{value:.{_SHOWN}f}"
        )
    else:
        text = f"{value:.{decimals}f}"
    return text[1:] if float(text) == 0 and text.startswith("-") else text


def _printed(value: Any, decimals: int | None) -> str:
    if np.ndim(value) == 0:
        return number(float(value), decimals)
    if np.ndim(value) == 1:
        return "(" + ", ".join(number(float(entry), decimals) for entry in value) + ")"
    rows = [" & ".join(number(float(entry), decimals) for entry in row) for row in value]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def _rows(value: Any, decimals: int | None) -> str:
    """A matrix in prose: its rows, each of which stays on one line."""
    return ", ".join(_printed(row, decimals).replace(" ", "\N{NO-BREAK SPACE}") for row in value)


_LEVEL = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 2, ast.Div: 3, ast.Pow: 4}


def _worked(node: ast.expr, expr: str) -> tuple[str, int]:
    """``expr`` with its numbers put in, as TeX, and how tightly it binds."""
    match node:
        case ast.UnaryOp(operand=operand):
            text, level = _worked(operand, expr)
            return f"-{text if level > 1 else _bracketed(text)}", 2
        case ast.BinOp(left=left, op=op, right=right):
            (one, first), (two, second) = _worked(left, expr), _worked(right, expr)
            level = _LEVEL[type(op)]
            if isinstance(op, ast.Div):
                return rf"\frac{{{one}}}{{{two}}}", 5
            if isinstance(op, ast.Pow):
                bare = first > 4 and not one.startswith("-")
                return f"{one if bare else _bracketed(one)}^{{{two}}}", 4
            one = one if first >= level else _bracketed(one)
            binds = second > level or (second == level and not isinstance(op, ast.Sub))
            two = two if binds and not two.startswith("-") else _bracketed(two)
            sign = {ast.Add: " + ", ast.Sub: " - ", ast.MatMult: r" \, "}.get(type(op))
            if sign is None:
                shapes = np.ndim(_evaluate(left, expr)), np.ndim(_evaluate(right, expr))
                sign = {0: r" \cdot ", 1: r" \, ", 2: r" \odot "}[_vectors(shapes)]
            return f"{one}{sign}{two}", level
    return _printed(_evaluate(node, expr), None), 5


def _vectors(shapes: tuple[int, int]) -> int:
    """0 for a number as the right factor, 2 for a product entry by entry, else 1."""
    if shapes[1] == 0:
        return 0
    return 2 if shapes == (1, 1) else 1


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)" if r"\frac" in text or "pmatrix" in text else f"({text})"


def _same(one: Any, other: Any) -> bool:
    """Whether two sides print the same: equal, or by at most half of the last printed digit."""
    one, other = np.squeeze(np.asarray(one)), np.squeeze(np.asarray(other))
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= 0.5 * 10**-_SHOWN))


def _equal(sides: list[str], expr: str) -> str:
    nodes = [_parsed(side) for side in sides]
    results = [_evaluate(node, expr) for node in nodes]
    for side, result in zip(sides[1:], results[1:], strict=True):
        if not _same(results[0], result):
            raise NumberError(
                f"⟦{expr}⟧: {sides[0].strip()} is {_printed(results[0], None)}, "
                f"{side.strip()} is {_printed(result, None)}"
            )
    return " = ".join(_worked(node, expr)[0] for node in nodes)


_VECTORS = {
    "x": "x",
    "y": "y",
    "s1": "s",
    "z1": "z",
    "s2": "s",
    "delta1": r"\delta",
    "delta2": r"\delta",
    "b1": "b",
    "b2": "b",
    "s0": "s",
    "delta0": r"\delta",
    "u": "u",
}


def symbol(expr: str) -> str:
    r"""The text's symbol of a name or of one entry: ``delta2[1]`` is ``\delta_{1}^{(2)}``."""
    match _parsed(expr):
        case ast.Name(id=name):
            index: tuple[int, ...] = ()
        case ast.Subscript(value=ast.Name(id=name), slice=place):
            literal = ast.literal_eval(place)
            index = literal if isinstance(literal, tuple) else (literal,)
        case ast.Attribute(attr=name):
            index = ()
        case ast.Subscript(value=ast.Attribute(attr=name), slice=place):
            literal = ast.literal_eval(place)
            index = literal if isinstance(literal, tuple) else (literal,)
        case _:
            raise NumberError(f"⟦{expr} := …⟧: expected a name or one entry of it before :=")
    below = "_{" + "".join(map(str, index)) + "}" if index else ""
    layer = f"^{{({name[-1]})}}" if name[-1:].isdigit() else ""
    if name in _VECTORS:
        letter = _VECTORS[name] if index else rf"\boldsymbol{{{_VECTORS[name]}}}"
        return f"{letter}{below}{layer}"
    if name in ("W1", "W2", "W0"):
        return f"W{below}{layer}"
    if name == "y_hat":
        return rf"\hat y{below}" if index else r"\hat{\boldsymbol{y}}"
    if name == "loss":
        return r"\ell"
    if name.startswith("dW"):
        transposed = f"[{index[1]}, {index[0]}]" if index else ""
        return _gradient(f"{name[1:]}{transposed}")
    of = {"dl_dy_hat": "y_hat", "dl_dz1": "z1", "dx": "x", "dl_dx": "x", "db1": "b1", "db2": "b2"}
    if name in of:
        return _gradient(of[name] + (f"[{index[0]}]" if index else ""))
    raise NumberError(f"⟦{expr} := …⟧: {name!r} has no symbol")


def _gradient(of: str) -> str:
    return rf"\frac{{\partial \ell}}{{\partial {symbol(of)}}}"


def fill_one(expr: str, *, math: bool) -> str:
    """What ``⟦expr⟧`` prints; ``math`` says whether it stands in TeX or in prose."""
    if ":=" in expr:
        name, _, worked = expr.partition(":=")
        sides = [worked, name] if worked.strip() and worked.strip() != name.strip() else [name]
        shown = f"{symbol(name)} = {_equal(sides, expr)}"
    elif "=" in expr:
        shown = _equal(expr.split("="), expr)
    else:
        found = _DECIMALS.fullmatch(expr)
        value = evaluate(found[1] if found else expr)
        decimals = int(found[2]) if found else None
        if math:
            return _printed(value, decimals)
        text = _rows(value, decimals) if np.ndim(value) == 2 else _printed(value, decimals)
        return text.replace("-", "−")
    if not math:
        raise NumberError(f"⟦{expr}⟧: a calculation is TeX, expected it between $ and $")
    return shown


def fill(text: str) -> str:
    """``text`` (Markdown) with every ⟦…⟧ filled in; raises :class:`NumberError`."""

    def within(part: str, math: bool) -> str:
        return _PLACE.sub(lambda found: fill_one(found[1], math=math), part)

    filled, at = [], 0
    for formula in _DISPLAY.finditer(text):
        filled += [within(text[at : formula.start()], False), within(formula[0], True)]
        at = formula.end()
    return "".join([*filled, within(text[at:], False)])


def fill_page(app: Sphinx, docname: str, source: list[str]) -> None:
    if "⟦" not in source[0] or not str(app.env.doc2path(docname)).endswith(".md"):
        return
    try:
        source[0] = fill(source[0])
    except NumberError as error:
        raise ExtensionError(f"{docname}: {error}") from error


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", fill_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
