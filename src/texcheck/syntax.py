"""The formulas as a tree: one small class for each thing that a formula of the book can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Node:
    """A part of a formula; `start`, `end` are its offsets in the display's TeX."""

    start: int = field(compare=False, kw_only=True, default=0)
    end: int = field(compare=False, kw_only=True, default=0)

    @classmethod
    @cache
    def names(cls) -> tuple[str, ...]:
        """The names of this kind's fields, the place in the TeX aside."""
        return tuple(item.name for item in fields(cls) if item.name not in ("start", "end"))

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """The parts of the node, from left to right."""
        found: list[Node] = []
        for name in self.names():
            _collect(getattr(self, name), found)
        return tuple(found)


@dataclass(frozen=True)
class Layer:
    """A layer superscript: a number (`base` = ""), `L` + offset or `L_max` + offset.

    `start`, `end`: the offsets of its TeX, parentheses included.
    """

    base: str
    offset: int
    start: int = field(compare=False, kw_only=True, default=0)
    end: int = field(compare=False, kw_only=True, default=0)

    def at(self, layer: int, last: int) -> int:
        """The layer's number when `L` is `layer` and the network has `last` layers."""
        return self.offset + {"": 0, "L": layer, "L_max": last}[self.base]

    def __str__(self) -> str:
        if not self.base:
            return str(self.offset)
        base = "L" if self.base == "L" else "L_max"
        return base if not self.offset else f"{base}{self.offset:+d}"


@dataclass(frozen=True)
class Number(Node):
    """A number as written: 2, 0.5."""

    value: Fraction


@dataclass(frozen=True)
class Index(Node):
    """An index letter, as a subscript or in a sum."""

    letter: str


@dataclass(frozen=True)
class Name(Node):
    """A quantity of the network, whole or one component: W, W^{(2)}_{ij}, y_hat, ell."""

    base: str  # x y y_hat W b s z delta ell
    layer: Layer | None
    indices: tuple[Expr, ...] = ()
    variant: str = ""  # ell_MSE, ell_BCE


@dataclass(frozen=True)
class Length(Node):
    """The length of a vector: d_x, d_{s^{(1)}}, K."""

    of: Name


@dataclass(frozen=True)
class LayerCount(Node):
    """L or L_max where it stands as a number."""

    layer: Layer


@dataclass(frozen=True)
class Kronecker(Node):
    """The Kronecker delta of two indices."""

    first: Expr
    second: Expr


@dataclass(frozen=True)
class Add(Node):
    """A sum of terms; a difference is a sum with a `Negative`."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True)
class Negative(Node):
    """The negative of a term."""

    of: Expr


@dataclass(frozen=True)
class Product(Node):
    """Factors side by side, multiplied from left to right as matrices and numbers."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True)
class Elementwise(Node):
    """The product entry by entry (odot)."""

    left: Expr
    right: Expr


@dataclass(frozen=True)
class Fraction_(Node):
    """A fraction of two expressions."""

    top: Expr
    bottom: Expr


@dataclass(frozen=True)
class Power(Node):
    """A whole power."""

    of: Expr
    exponent: Expr


@dataclass(frozen=True)
class Transpose(Node):
    """A transpose."""

    of: Expr


@dataclass(frozen=True)
class Sum(Node):
    """A sum over named indices, over all values or from `low` to `high`."""

    letters: tuple[str, ...]
    low: Expr | None
    high: Expr | None
    body: Expr


@dataclass(frozen=True)
class Derivative(Node):
    """A partial derivative in numerator layout of an expression by a quantity."""

    of: Expr
    by: Name


@dataclass(frozen=True)
class Function(Node):
    """A function by itself: sigma, ReLU, I, f, g, f^{(L)}, log, ...; `primes` counts dashes."""

    name: str
    layer: Layer | None = None
    primes: int = 0


@dataclass(frozen=True)
class Apply(Node):
    """A function applied to its arguments."""

    function: Function
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Component(Node):
    """A component of a formula: [W x]_i. That of a name is a `Name`."""

    of: Expr
    indices: tuple[Expr, ...]


@dataclass(frozen=True)
class Indicator(Node):
    """1 where a comparison holds and 0 elsewhere; `relation` is >, <, ge or le."""

    relation: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Cases(Node):
    """Values by cases; a condition that is None holds where no other does."""

    values: tuple[Expr, ...]
    conditions: tuple[Expr | None, ...]


@dataclass(frozen=True)
class Hole(Node):
    """The dot in f(.)."""


@dataclass(frozen=True)
class Norm(Node):
    """The Euclidean norm; with the subscript 2 it is meant for a vector alone."""

    of: Expr
    subscript: str = ""


@dataclass(frozen=True)
class Absolute(Node):
    """The absolute value."""

    of: Expr


@dataclass(frozen=True)
class Dots(Node):
    """Dots in a written-out matrix: dots, vdots or ddots."""

    kind: str


@dataclass(frozen=True)
class Blank(Node):
    """An empty cell of a written-out matrix."""


@dataclass(frozen=True)
class Written(Node):
    """A written-out matrix or vector, dots included."""

    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True)
class Identity(Node):
    """The identity matrix, with the two lengths of its subscript if it has one."""

    rows: Expr | None
    columns: Expr | None


@dataclass(frozen=True)
class ReluDiagonal(Node):
    """I^{+s}: the diagonal matrix of max(0, sign(s_i))."""

    of: Expr
    rows: Expr | None
    columns: Expr | None


@dataclass(frozen=True)
class Constant(Node):
    """A vector of ones or zeros of whatever length fits."""

    value: int


@dataclass(frozen=True)
class Listing(Node):
    """Several values separated by commas, as in an Input cell."""

    items: tuple[Expr, ...]


Expr: TypeAlias = Node


@dataclass(frozen=True)
class Equation:
    """A claim left = right, under conditions on activations."""

    left: Expr
    right: Expr
    conditions: tuple[tuple[Expr, Expr], ...] = ()
    relation: str = "="


@dataclass(frozen=True)
class ShapeClaim:
    """A claim about a shape: value : rows x columns."""

    value: Expr
    rows: Expr
    columns: Expr
    conditions: tuple[tuple[Expr, Expr], ...] = ()


@dataclass(frozen=True)
class RangeClaim:
    """A claim that an index of the statement before runs from `first` to `last`."""

    letter: str
    first: Expr
    last: Expr
    about: Equation | None
    conditions: tuple[tuple[Expr, Expr], ...] = ()


@dataclass(frozen=True)
class Notation:
    """A change of notation: no claim."""

    left: Expr
    right: Expr
    conditions: tuple[tuple[Expr, Expr], ...] = ()


Statement: TypeAlias = Equation | ShapeClaim | RangeClaim | Notation


def _collect(value: Any, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for part in value:
            _collect(part, found)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, each before its parts."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        left += reversed(node.parts)


def substitute(node: Node, old: Node, new: Node) -> Node:
    """The tree with the very object `old` (not an equal one) replaced by `new`."""
    if node is old:
        return new
    changes = {}
    for name in node.names():
        value = getattr(node, name)
        changed = _substitute(value, old, new)
        if changed is not value:
            changes[name] = changed
    return replace(node, **changes) if changes else node


def _substitute(value: Any, old: Node, new: Node) -> Any:
    if isinstance(value, Node):
        return substitute(value, old, new)
    if isinstance(value, tuple) and value:
        parts = tuple(_substitute(part, old, new) for part in value)
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    return value


def sides(statement: Statement) -> tuple[Expr, ...]:
    """The formulas of a statement."""
    conditions = tuple(side for pair in statement.conditions for side in pair)
    match statement:
        case Equation(left, right) | Notation(left, right):
            return left, right, *conditions
        case ShapeClaim(value, rows, columns):
            return value, rows, columns, *conditions
        case RangeClaim(_, first, last, about):
            return first, last, *(sides(about) if about else ()), *conditions
    raise TypeError(statement)


def bare_functions(node: Expr) -> bool:
    """Whether a function stands in the formula without an argument."""
    if isinstance(node, Function):
        return True
    if isinstance(node, Apply):
        return any(bare_functions(argument) for argument in node.arguments)
    return any(bare_functions(child) for child in node.parts)


def multiplies(function: Function, argument: Expr) -> bool:
    """Whether sigma(1 - sigma) and the like is a product, and no function of a function."""
    within = [part for part in walk(argument) if isinstance(part, Function | Name)]
    return (
        function.name in ("sigma", "tanh", "ReLU", "f", "g")
        and isinstance(argument, Add)
        and all(part == function for part in within)
    )


def is_constant(node: Expr) -> bool:
    """Whether a formula holds no quantity and no index: 0, 1, 1/4."""
    return not any(
        isinstance(part, Name | Index | Function | Written | Constant | Identity | ReluDiagonal)
        for part in walk(node)
    )


def is_literal(node: Expr) -> bool:
    """Whether a formula is a written number, perhaps negative."""
    if isinstance(node, Negative):
        return is_literal(node.of)
    return isinstance(node, Number)
