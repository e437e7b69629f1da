"""The formulas as a tree: one small class for each thing that a statement can say.

Every node is frozen and knows the span of its TeX. Two nodes are equal if they say the same,
wherever they stand. Letters are resolved: a `Name` bears the role of a quantity in this book (the
pre-activation is `s`), whatever letter the page's notation has for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Node:
    """A part of a formula; `start`, `end` are its offsets in the display's TeX."""

    start: int = field(compare=False, kw_only=True, default=0)
    end: int = field(compare=False, kw_only=True, default=0)

    names: ClassVar[tuple[str, ...]] = ()  # of this kind's fields, the place in the TeX aside

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)
        cls.names = tuple(item.name for item in fields(cls) if item.compare)

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """The parts of the node, from left to right."""
        return tuple(_nodes(getattr(self, name) for name in self.names))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The node and everything below it, as `walk` goes: for what is asked again and again."""
        return tuple(walk(self))


Expr: TypeAlias = Node
N = TypeVar("N", bound=Node)


@dataclass(frozen=True)
class Layer:
    """A layer superscript: a number (`base` = ""), `L` + offset or `L_max` + offset."""

    base: str
    offset: int
    start: int = field(compare=False, kw_only=True, default=0)
    end: int = field(compare=False, kw_only=True, default=0)

    def at(self, layer: int, last: int) -> int:
        """The layer's number when `L` is `layer` and the network has `last` layers."""
        return self.offset + {"": 0, "L": layer, "L_max": last}[self.base]

    def __str__(self) -> str:
        if self.base and self.offset:
            return f"{self.base}{self.offset:+d}"
        return self.base or str(self.offset)


class Number(Node):
    """A number as written: 2, 0.5."""

    value: Fraction


ZERO, ONE, TWO = map(Number, map(Fraction, range(3)))


class Index(Node):
    """An index letter, as a subscript, in a sum or in a comparison."""

    letter: str


class Whole(Node):
    """A colon or a dot in place of an index: every value of it, as in W_{:,j} and W_{i,:}."""


FREE = ("eta", "lambda")  # numbers of no network: the step size, the weight of a penalty


class Name(Node):
    """A quantity of the network, whole or one component: W, W^{(2)}_{ij}, y_hat, ell."""

    base: str  # x y y_hat W b s z delta ell, or one of FREE
    layer: Layer | None
    indices: tuple[Expr, ...] = ()
    variant: str = ""  # ell_MSE, ell_BCE


BARE_S = Name("s", None)  # a number of no network, at which a function is taken


class Local(Node):
    """A letter that the display itself defines, as in D = diag(...) or m_i = ..., and its value."""

    letter: str
    of: Expr
    indices: tuple[Expr, ...] = ()


class Length(Node):
    """The length of a vector: d_x, d_{s^{(1)}}, K."""

    of: Name


class LayerCount(Node):
    """L or L_max where it stands as a number."""

    layer: Layer


class Kronecker(Node):
    """Kronecker's delta of two indices."""

    first: Expr
    second: Expr


class Unit(Node):
    """The unit vector e_j: a column with 1 at one index, of whatever length fits."""

    index: Expr


class Constant(Node):
    """A bold 1 or 0: a column of ones or zeros, of the length in its subscript or that fits."""

    value: int
    length: Expr | None = None


class Identity(Node):
    """The identity matrix, with its two lengths if written; as an activation a `Function`."""

    rows: Expr | None
    columns: Expr | None


class ReluDiagonal(Node):
    """I^{+s}: the diagonal matrix of max(0, sign(s_i))."""

    of: Expr
    rows: Expr | None
    columns: Expr | None


class Add(Node):
    """A sum of terms; a difference is a sum with a `Negative`. One of them may be `Dots`."""

    terms: tuple[Expr, ...]


class Negative(Node):
    of: Expr


class Product(Node):
    """Factors side by side, multiplied from left to right as matrices and numbers."""

    factors: tuple[Expr, ...]


class Times(Node):
    """Two factors and their sign: cdot times * otimes, or inner for angle brackets.

    cdot: the matrix product where the shapes fit, of two columns the inner product. times and *:
    one is a number. otimes: Kronecker's product, the matrix product of a column and a row.
    """

    left: Expr
    right: Expr
    sign: str


class Elementwise(Node):
    """The product entry by entry (odot, or circ between values)."""

    left: Expr
    right: Expr


class Quotient(Node):
    """A fraction; `elementwise` where it is written with oslash."""

    top: Expr
    bottom: Expr
    elementwise: bool = False


class Power(Node):
    """A power; `elementwise` where its exponent is written with odot or circ."""

    of: Expr
    exponent: Expr
    elementwise: bool = False


class Transpose(Node):
    of: Expr


class Sum(Node):
    """A sum over all values, or of one letter from `low` to `high`, where `conditions` hold."""

    letters: tuple[str, ...]
    low: Expr | None
    high: Expr | None
    body: Expr
    conditions: tuple[Indicator, ...] = ()


class Derivative(Node):
    """A partial derivative in numerator layout; a second one is the derivative of a derivative."""

    of: Expr
    by: Name


class Gradient(Node):
    r"""\nabla_v of a number: the transpose of its derivative, of the shape of v."""

    of: Expr
    by: Name


class Restricted(Node):
    """An expression where a quantity has a value: the derivatives in it are taken before."""

    of: Expr
    by: Name
    value: Expr


class Function(Node):
    """A function by itself: sigma, ReLU, I, f, g, f^{(L)}, log, ...; `primes` counts dashes."""

    name: str
    layer: Layer | None = None
    primes: int = 0


class Apply(Node):
    """A function applied to its arguments; those of diag may be a list with `Dots`."""

    function: Function
    arguments: tuple[Expr, ...]


class Component(Node):
    """A component of a formula: [W x]_i. That of a name is a `Name`."""

    of: Expr
    indices: tuple[Expr, ...]


class Indicator(Node):
    """1 where a comparison holds and 0 elsewhere; `relation`: > < ge le, and = neq of indices."""

    relation: str
    left: Expr
    right: Expr


class Cases(Node):
    """Values by cases, each with an `Indicator`, an `Elementwise` of them, or None: otherwise."""

    values: tuple[Expr, ...]
    conditions: tuple[Expr | None, ...]


class Norm(Node):
    """The Euclidean norm, or Frobenius' of a matrix; `subscript` as written: "", 2 or F; or 1."""

    of: Expr
    subscript: str = ""


class Absolute(Node):
    of: Expr


class Dots(Node):
    """Dots in a written-out matrix, sum or list: dots, vdots or ddots."""

    kind: str


class Blank(Node):
    """An empty cell of a written-out matrix."""


class Written(Node):
    """A written-out matrix or vector, dots included."""

    rows: tuple[tuple[Expr, ...], ...]


class Listing(Node):
    """Several values separated by commas, as in an Input cell."""

    items: tuple[Expr, ...]


class Assume(Node):
    """The condition that an activation is a certain function: f^{(L)} = ReLU."""

    function: Function
    value: Function


class Range(Node):
    """The condition that an index or the layer L runs from one value, or its first, to another."""

    letter: str  # "L" for the layer
    first: Expr | None
    last: Expr | None


Condition: TypeAlias = Assume | Range | Indicator


class Statement(Node):
    """What a display says in one place, under its conditions; `at` is where its sign stands."""

    conditions: tuple[Condition, ...] = field(kw_only=True, default=())
    at: int = field(compare=False, kw_only=True, default=0)
    # What begins here or behind may be said under this claim, as a condition.
    supposed: int | None = field(compare=False, kw_only=True, default=None)


class Equation(Statement):
    """The claim left = right."""

    left: Expr
    right: Expr


class Comparison(Statement):
    """The claim left > right, entry by entry; `relation`: > < ge le neq."""

    relation: str
    left: Expr
    right: Expr


class ShapeClaim(Statement):
    """The claim that a value has so many rows and columns."""

    value: Expr
    rows: Expr
    columns: Expr


class RangeClaim(Statement):
    """The claim that an index (or L) of the statements `about` runs through a range."""

    range: Range
    about: tuple[Statement, ...]


class Update(Statement):
    """A step of gradient descent: left <- right."""

    left: Name
    right: Expr


class Notation(Statement):
    """No claim: a change of notation, or a letter that the display defines (a `Local`)."""

    left: Expr
    right: Expr


def walk(node: Node, below: Callable[[Node], Sequence[Node]] | None = None) -> Iterator[Node]:
    """The node and everything below it, each before its parts, or before what `below` gives."""
    left = [node]
    while left:
        yield (node := left.pop())
        left += reversed(node.parts if below is None else below(node))


def outside_lengths(node: Node) -> list[Node]:
    """The parts of a formula, without those of the lengths in it."""
    return list(walk(node, lambda one: () if isinstance(one, Length) else one.parts))


def bare_functions(*nodes: Node) -> list[Function]:
    """The functions that stand without an argument, and not in a condition on an activation."""

    def below(node: Node) -> tuple[Node, ...]:
        inside = () if isinstance(node, Assume) else node.parts
        return node.arguments if isinstance(node, Apply) else inside

    return [part for one in nodes for part in walk(one, below) if isinstance(part, Function)]


def indices_of(node: Node) -> tuple[Expr, ...]:
    """What stands at the places of indices in a node."""
    if isinstance(node, Name | Component):
        return node.indices
    return node.parts if isinstance(node, Kronecker | Unit) else ()


def free_indices(*formulas: Node) -> list[Index]:
    """The indices of formulas that no sum in them binds."""
    found = []
    for node in formulas:
        bound = node.letters if isinstance(node, Sum) else ()
        inside = [node] if isinstance(node, Index) else free_indices(*reversed(node.parts))
        found += [index for index in inside if index.letter not in bound]
    return found


def rebuilt(node: N, change: Callable[[Node], Node]) -> N:
    """The node with each part p replaced by change(p)."""

    def within(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(within, value))
        return change(value) if isinstance(value, Node) else value

    new = {name: within(getattr(node, name)) for name in node.names}
    return replace(node, **new) if node.parts else node


def replaced(whole: Node, pairs: Iterable[tuple[Node, Node]]) -> Node:
    """The tree with the very objects that come first in the pairs (not equal ones) replaced."""
    new = {id(old): one for old, one in pairs}

    def within(node: Node) -> Node:
        inside = id(node) not in new and any(id(part) in new for part in walk(node))
        return rebuilt(node, within) if inside else new.get(id(node), node)

    return within(whole)


def _nodes(values: Iterable[Any]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes(value)
