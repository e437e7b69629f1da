"""The value of a formula in one world: scalars, matrices, derivatives and written-out patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product as every
from typing import Any

from . import numbers
from .latex import ReadingError
from .network import Architecture, Quantity, World, loss
from .numbers import Dual
from .syntax import (
    Absolute,
    Add,
    Apply,
    Blank,
    Constant,
    Derivative,
    Dots,
    Elementwise,
    Expr,
    Fraction_,
    Function,
    Hole,
    Identity,
    Index,
    Kronecker,
    LayerCount,
    Length,
    Listing,
    Name,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    ReluDiagonal,
    Sum,
    Transpose,
    Written,
    children,
    walk,
)

_VECTORS = ("x", "y", "y_hat", "b", "s", "z", "delta")


class ClaimError(Exception):
    """A formula that can be read but makes no sense here: such a claim is refuted.

    `kind` names the sort of fault, `node` is the place.
    """

    def __init__(self, kind: str, message: str, node: Expr) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.node = node


class Grid:
    """A matrix of numbers; vectors are columns."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[list[Any]]) -> None:
        self.rows = rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0])

    def map(self, change: Callable[[Any], Any]) -> Grid:
        """Every entry changed."""
        return Grid([[change(entry) for entry in row] for row in self.rows])


@dataclass
class Flexible:
    """A matrix whose size (None where open) follows from what it is compared or multiplied with."""

    height: int | None
    width: int | None
    entry: Callable[[int, int, int, int], Any]  # (row, column, rows, columns)

    def settle(self, rows: int, columns: int) -> Grid:
        """The matrix of this size."""
        return Grid(
            [[self.entry(i, j, rows, columns) for j in range(columns)] for i in range(rows)]
        )

    def map(self, change: Callable[[Any], Any]) -> Flexible:
        """Every entry changed."""
        old = self.entry
        return Flexible(self.height, self.width, lambda i, j, m, n: change(old(i, j, m, n)))


@dataclass
class Partial:
    """Some entries of a matrix: the written ones, where the dots cannot be continued.

    A negative place counts from the end.
    """

    height: int | None
    width: int | None
    cells: list[tuple[int, int, Any]]

    def map(self, change: Callable[[Any], Any]) -> Partial:
        """Every entry changed."""
        return Partial(self.height, self.width, [(i, j, change(v)) for i, j, v in self.cells])


def show_shape(shape: tuple[int | None, int | None]) -> str:
    """3 × 1; a number is "a number"."""
    if shape == (1, 1):
        return "1 × 1"
    return " × ".join("?" if length is None else str(length) for length in shape)


# -- names, layers, shapes -------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """Where a statement is checked: an architecture and the value of L."""

    architecture: Architecture
    layer: int = 0  # 0: the statement names no L
    linear: bool = False  # the statement defines Linear: W and b are those of its layer

    def quantity(self, name: Name) -> Quantity:
        """The network's quantity that a name means. Errors: `ClaimError`, no such layer."""
        depth = self.architecture.depth
        base = name.base
        if base in ("x", "y", "y_hat", "ell"):
            if name.layer is not None:
                raise ClaimError("layer", f"{_shown(base)} has no layer", name)
            if base == "ell" and name.variant not in ("", self.architecture.loss):
                message = (
                    f"the loss of the network {self.architecture.network} is "
                    rf"$\ell_{{\mathrm{{{self.architecture.loss}}}}}$, "
                    rf"not $\ell_{{\mathrm{{{name.variant}}}}}$"
                )
                raise ClaimError("loss", message, name)
            return {"x": ("z", 0), "y": ("y", 0), "y_hat": ("z", depth), "ell": ("ell", 0)}[base]
        if name.layer is None:
            if base in ("W", "b") and self.linear:
                return base, 1
            raise ClaimError("layer", f"{_shown(base)} needs a layer, such as $^{{(1)}}$", name)
        layer = name.layer.at(self.layer, depth)
        lowest = 0 if base == "z" else 1
        if not lowest <= layer <= depth:
            raise ClaimError(
                "layer",
                f"there is no {_shown(base)} of layer {layer}: the layers are 1 to {depth}",
                name,
            )
        return base, layer

    def shape(self, name: Name) -> tuple[int, int]:
        """Rows and columns of a quantity, indices aside."""
        letter, layer = self.quantity(name)
        return self.architecture.shape(("s" if letter == "delta" else letter, layer))

    def activation(self, function: Function) -> str:
        """The name of the function that f, g or f^{(L)} stands for."""
        if function.name not in ("f", "g"):
            return function.name
        depth = self.architecture.depth
        if function.layer is not None:
            layer = function.layer.at(self.layer, depth)
            if not 1 <= layer <= depth:
                raise ClaimError("layer", f"there is no layer {layer}", function)
        elif function.name == "g":
            layer = depth
        elif self.layer:
            layer = self.layer
        elif depth == 2:
            layer = 1
        else:
            message = (
                f"{function.name} has many meanings in a network of {depth} layers: name its layer"
            )
            raise ClaimError("layer", message, function)
        return self.architecture.activations[layer - 1]


def _shown(base: str) -> str:
    return {"y_hat": r"$\hat y$", "ell": r"$\ell$", "delta": r"$\delta$"}.get(base, f"${base}$")


def bare_functions(node: Expr) -> bool:
    """Whether a function stands in the formula without an argument."""
    if isinstance(node, Function):
        return True
    if isinstance(node, Apply):
        return any(bare_functions(argument) for argument in node.arguments)
    return any(bare_functions(child) for child in children(node))


# -- indices ---------------------------------------------------------------------------------------


@dataclass
class _Scope:
    """One index letter of one sum, or a free one, and what is known of its range."""

    letter: str
    length: int | None = None
    where: Expr | None = None
    used: bool = False
    links: list[_Scope] = field(default_factory=list)


@dataclass
class Ranges:
    """How far every index of a statement runs."""

    free: dict[str, int]
    sums: dict[tuple[int, str], int]

    def environments(self) -> Iterator[dict[str, int]]:
        """All values of the free indices."""
        letters = sorted(self.free)
        for values in every(*(range(self.free[letter]) for letter in letters)):
            yield dict(zip(letters, values, strict=True))


def ranges(sides: tuple[Expr, ...], setting: Setting) -> Ranges:
    """Infers the range of each index from the places it stands at, over all sides together.

    Errors: `ClaimError` when an index runs over two lengths, is free on one side only, or is
    summed and never used.
    """
    free: dict[str, _Scope] = {}
    sums: dict[tuple[int, str], _Scope] = {}
    all_scopes: list[_Scope] = []
    mentioned: list[set[str]] = []

    def know(scope: _Scope, length: int, node: Expr) -> None:
        if scope.length is None:
            scope.length, scope.where = length, node
        elif scope.length != length:
            raise ClaimError(
                "index lengths",
                f"index {scope.letter} runs over {length} values here, "
                f"but over {scope.length} at another place",
                node,
            )

    def visit(node: Expr, scopes: dict[str, _Scope]) -> None:
        if isinstance(node, Sum):
            inner = dict(scopes)
            if node.low is not None and node.high is not None:
                visit(node.low, scopes)
                visit(node.high, scopes)
            for letter in node.letters:
                scope = _Scope(letter)
                all_scopes.append(scope)
                inner[letter] = sums[id(node), letter] = scope
            visit(node.body, inner)
            for letter in node.letters:
                if not inner[letter].used:
                    raise ClaimError(
                        "unused index",
                        f"the sum runs over {letter}, but nothing in it depends on {letter}: "
                        "it only multiplies by the number of terms",
                        node,
                    )
            return
        if isinstance(node, Power) and _names_layer(node.exponent):
            raise ClaimError(
                "power",
                "a superscript $L$ without parentheses reads as a power: "
                "a layer stands in parentheses, $^{(L)}$",
                node,
            )
        if isinstance(node, Index):
            lookup(node.letter, scopes).used = True
        if isinstance(node, Kronecker):
            ends = [
                lookup(end.letter, scopes)
                for end in (node.first, node.second)
                if isinstance(end, Index)
            ]
            if len(ends) == 2:
                ends[0].links.append(ends[1])
                ends[1].links.append(ends[0])
        if isinstance(node, Name) and node.indices:
            rows, columns = setting.shape(node)
            lengths = (rows, columns) if node.base == "W" else (rows,)
            if node.base == "ell" or len(node.indices) != len(lengths):
                raise ClaimError(
                    "index count",
                    f"{_shown(node.base)} has {0 if node.base == 'ell' else len(lengths)} "
                    f"indices, {len(node.indices)} are written",
                    node,
                )
            for index, length in zip(node.indices, lengths, strict=True):
                if isinstance(index, Index):
                    know(lookup(index.letter, scopes), length, node)
        for child in children(node):
            visit(child, scopes)

    def lookup(letter: str, scopes: dict[str, _Scope]) -> _Scope:
        if letter in scopes:
            return scopes[letter]
        mentioned[-1].add(letter)
        if letter not in free:
            free[letter] = _Scope(letter)
            all_scopes.append(free[letter])
        return free[letter]

    for side in sides:
        mentioned.append(set())
        visit(side, {})
    _same_free(sides, mentioned)
    pending = True
    while pending:
        pending = False
        for scope in all_scopes:
            for other in scope.links:
                if scope.length is None and other.length is not None:
                    scope.length, pending = other.length, True
                elif None not in (scope.length, other.length) and scope.length != other.length:
                    raise ClaimError(
                        "index lengths",
                        f"$\\delta$ compares {scope.letter}, which has {scope.length} values, "
                        f"with {other.letter}, which has {other.length}",
                        sides[0],
                    )
    bounded = {
        key
        for side in sides
        for node in walk(side)
        if isinstance(node, Sum) and node.low is not None
        for key in ((id(node), letter) for letter in node.letters)
    }
    for key, scope in sums.items():
        if scope.length is None and key not in bounded:
            raise ClaimError(
                "index range", f"nothing says how far index {scope.letter} runs", sides[-1]
            )
    for letter, scope in free.items():
        if scope.length is None:
            raise ClaimError("index range", f"nothing says how far index {letter} runs", sides[-1])
    return Ranges(
        {letter: scope.length or 0 for letter, scope in free.items()},
        {key: scope.length or 0 for key, scope in sums.items()},
    )


def _names_layer(exponent: Expr) -> bool:
    return any(isinstance(part, LayerCount) for part in walk(exponent))


def is_constant(node: Expr) -> bool:
    """Whether a formula holds no quantity and no index: 0, 1, 1/4."""
    return not any(
        isinstance(part, Name | Index | Function | Written | Constant | Identity | ReluDiagonal)
        for part in walk(node)
    )


def _same_free(sides: tuple[Expr, ...], mentioned: list[set[str]]) -> None:
    for number in range(1, len(sides)):
        left, right = mentioned[number - 1], mentioned[number]
        for letter in sorted(left ^ right):
            side, other = ("left", "right") if letter in left else ("right", "left")
            if is_constant(sides[number if side == "left" else number - 1]):
                continue
            raise ClaimError(
                "free index",
                f"index {letter} is free on the {side}, but does not occur on the {other}",
                sides[number - 1 if side == "left" else number],
            )


# -- evaluation ------------------------------------------------------------------------------------


class Evaluator:
    """Evaluates formulas in one world at one layer; `environment` holds the indices' values."""

    def __init__(
        self,
        world: World,
        setting: Setting,
        ranges: Ranges,
        tex: str = "",
        pointwise: bool = False,
    ) -> None:
        self.world = world
        self.arithmetic = world.arithmetic
        self.setting = setting
        self.ranges = ranges
        self.tex = tex
        self.pointwise = pointwise
        self.environment: dict[str, int] = {}
        self.values = world.values
        self.source: Quantity | str | None = None  # what is differentiated by, inside a derivative
        # What is known about parts of the formula by their identity; they are kept alive for that.
        self._alive: list[Expr] = []
        self._scalars: dict[int, bool] = {}
        self._stages: dict[tuple[Any, ...], list[list[Callable[[], Any]]]] = {}
        self._quantities: dict[int, Quantity] = {}
        self._derivatives: dict[int, tuple[Quantity, int, int]] = {}
        self._letters: dict[int, tuple[str, ...]] = {}
        self._seeded: dict[tuple[Any, ...], Any] = {}

    def at(self, environment: dict[str, int]) -> None:
        """Gives the free indices their values."""
        self.environment.clear()
        self.environment.update(environment)

    def check_indices(self, node: Expr) -> None:
        """Errors: `ClaimError` for a written index, such as K - 1, outside its vector or matrix."""
        for part in walk(node):
            if isinstance(part, Name) and part.indices:
                lengths = self.setting.shape(part)
                for index, length in zip(part.indices, lengths, strict=False):
                    if not any(isinstance(inner, Index) for inner in walk(index)):
                        self.index(index, length, part)

    def value(self, node: Expr) -> Any:
        """The value: a number, `Grid`, `Flexible`, `Partial` or a list of values."""
        return _EVALUATE[type(node)](self, node)

    def number(self, node: Expr) -> Any:
        """The value, which must be a number."""
        return self.as_number(self.value(node), node)

    def as_number(self, value: Any, node: Expr) -> Any:
        """A number, or the only entry of a 1 × 1 matrix."""
        if isinstance(value, Grid):
            if value.shape == (1, 1):
                return value.rows[0][0]
            raise ClaimError(
                "shapes",
                f"{self.show(node)} is {show_shape(value.shape)}, where a number is expected",
                node,
            )
        if isinstance(value, Flexible | Partial | list):
            raise ClaimError("shapes", f"{self.show(node)} is no number", node)
        return value

    def show(self, node: Expr) -> str:
        """A part of the formula between dollar signs."""
        return f"${' '.join(self.tex[node.start : node.end].split())}$"

    # -- leaves

    def _number(self, node: Number) -> Any:
        value = node.value
        return int(value) if value.denominator == 1 else value

    def _index(self, node: Index) -> Any:
        if node.letter in self.environment:
            return self.environment[node.letter]
        raise ClaimError("index range", f"index {node.letter} has no value here", node)

    def index(self, node: Expr, length: int, name: Expr) -> int:
        """The value of an index that must lie in 0 … length - 1."""
        if isinstance(node, Index):
            value: Any = self.environment.get(node.letter)
            if value is None:
                value = self._index(node)
        else:
            value = self.value(node)
        if not isinstance(value, int):
            raise ClaimError("index range", "an index is a whole number", node)
        if not 0 <= value < length:
            hint = ""
            if value == length:
                hint = ": indices start at 0, so the last is d - 1"
            raise ClaimError(
                "last index" if value == length else "index range",
                f"index {self.show(node)} = {value} of {self.show(name)} does not exist, "
                f"it has 0 to {length - 1}{hint}",
                node,
            )
        return value

    def quantity(self, node: Name) -> Quantity:
        """The quantity that a name means, looked up once."""
        found = self._quantities.get(id(node))
        if found is None:
            found = self._quantities[id(node)] = self.setting.quantity(node)
            self._alive.append(node)
        return found

    def component(self, name: Name, quantity: Quantity) -> tuple[int, int]:
        rows, columns = self.setting.architecture.shape(quantity)
        i = self.index(name.indices[0], rows, name)
        j = self.index(name.indices[1], columns, name) if len(name.indices) > 1 else 0
        return i, j

    def _name(self, node: Name) -> Any:
        if node.base == "s" and node.layer is None and not node.indices:
            return self.free("s")
        quantity = self.quantity(node)
        if quantity[0] == "delta":
            if self.source is not None:
                raise ReadingError("a derivative of an error is not read", node.start)
            rows = self.world.errors[quantity[1]]
            quantity = ("s", quantity[1])
        else:
            rows = self.values[quantity]
        if node.indices:
            i, j = self.component(node, quantity)
            return rows[i][j]
        return rows[0][0] if quantity[0] == "ell" else Grid(rows)

    def free(self, name: str) -> Any:
        value = self.world.free(name)
        return Dual(value, {0: 1}) if self.source == name else value

    def _length(self, node: Length) -> Any:
        return self.setting.shape(node.of)[0]

    def _layer_count(self, node: LayerCount) -> Any:
        return node.layer.at(self.setting.layer, self.setting.architecture.depth)

    def _kronecker(self, node: Kronecker) -> Any:
        return int(self.value(node.first) == self.value(node.second))

    def _constant(self, node: Constant) -> Any:
        return Flexible(None, 1, lambda i, j, m, n: node.value)

    def _hole(self, node: Hole) -> Any:
        raise ReadingError("a dot stands only for the argument of a function", node.start)

    def _function(self, node: Function) -> Any:
        if self.pointwise:
            return self.apply(node, self.free("t"))
        if node.name == "I" and not node.primes:
            return Flexible(None, None, lambda i, j, m, n: int(i == j))
        raise ReadingError("expected an argument of this function", node.start)

    def _dots(self, node: Dots) -> Any:
        raise ReadingError("dots stand only in a written-out matrix", node.start)

    def _listing(self, node: Listing) -> Any:
        return [self.value(item) for item in node.items]

    # -- arithmetic

    def _add(self, node: Add) -> Any:
        total = self.value(node.terms[0])
        literal = _literal(node.terms[0])
        before = node.terms[0]
        for term in node.terms[1:]:
            value = self.value(term)
            total = self.added(total, value, literal, _literal(term), before, term)
            literal = literal and _literal(term)
            before = term
        return total

    def added(
        self, left: Any, right: Any, left_literal: bool, right_literal: bool, a: Expr, b: Expr
    ) -> Any:
        """The sum of two values; a literal number is added to every entry of a vector."""
        if isinstance(left, Grid) and isinstance(right, Grid):
            if left.shape == right.shape:
                return Grid(
                    [
                        [p + q for p, q in zip(r, s, strict=True)]
                        for r, s in zip(left.rows, right.rows, strict=True)
                    ]
                )
        elif isinstance(left, Grid):
            if isinstance(right, Flexible):
                return self.added(left, self.fit(right, left.shape, b), False, False, a, b)
            if not isinstance(right, Partial | list):
                if left.shape == (1, 1):
                    return left.rows[0][0] + right
                if right_literal and 1 in left.shape:
                    return left.map(lambda entry: entry + right)
        elif isinstance(right, Grid):
            if isinstance(left, Flexible):
                return self.added(self.fit(left, right.shape, a), right, False, False, a, b)
            if not isinstance(left, Partial | list):
                if right.shape == (1, 1):
                    return left + right.rows[0][0]
                if left_literal and 1 in right.shape:
                    return right.map(lambda entry: left + entry)
        elif (
            isinstance(left, Flexible)
            and isinstance(right, Flexible)
            and (left.height, left.width) == (right.height, right.width)
        ):
            height, width = left.height, left.width
            return Flexible(
                height, width, lambda i, j, m, n: left.entry(i, j, m, n) + right.entry(i, j, m, n)
            )
        elif not isinstance(left, Flexible | Partial | list) and not isinstance(
            right, Flexible | Partial | list
        ):
            return left + right
        raise ClaimError(
            "shapes",
            f"{self.show(a)} is {self.shape_words(left)} and {self.show(b)} is "
            f"{self.shape_words(right)}: they cannot be added",
            b,
        )

    def shape_words(self, value: Any) -> str:
        """The shape of a value in words."""
        if isinstance(value, Grid):
            return show_shape(value.shape)
        if isinstance(value, Flexible | Partial):
            return show_shape((value.height, value.width))
        return "several values" if isinstance(value, list) else "a number"

    def fit(self, value: Flexible, shape: tuple[int, int], node: Expr) -> Grid:
        """A value of open size at this size."""
        if value.height not in (None, shape[0]) or value.width not in (None, shape[1]):
            raise ClaimError(
                "shapes",
                f"{self.show(node)} is {self.shape_words(value)}, "
                f"here {show_shape(shape)} is needed",
                node,
            )
        return value.settle(*shape)

    def _negative(self, node: Negative) -> Any:
        return self.scaled(-1, self.value(node.of), node)

    def scaled(self, factor: Any, value: Any, node: Expr) -> Any:
        if isinstance(value, Grid | Flexible | Partial):
            return value.map(lambda entry: entry * factor)
        if isinstance(value, list):
            raise ClaimError("shapes", "several values cannot be multiplied", node)
        return value * factor

    def is_number(self, node: Expr) -> bool:
        """Whether the formula is a number by its form alone, so that 0 times it is 0."""
        known = self._scalars.get(id(node))
        if known is None:
            match node:
                case Name():
                    known = bool(node.indices) or node.base == "ell"
                case Number() | Kronecker() | Length() | LayerCount() | Index() | Norm():
                    known = True
                case Derivative():
                    whole = isinstance(node.of, Name) and self.is_number(node.of)
                    known = whole and bool(node.by.indices)
                case Product() | Add() | Sum() | Negative() | Power() | Fraction_():
                    known = all(self.is_number(child) for child in children(node))
                case Apply():
                    known = node.function.name not in ("diag", "Linear") and all(
                        self.is_number(argument) for argument in node.arguments
                    )
                case _:
                    known = False
            self._scalars[id(node)] = known
            self._alive.append(node)
        return known

    def _product(self, node: Product) -> Any:
        factors = node.factors
        total = self.value(factors[0])
        for number in range(1, len(factors)):
            if total.__class__ is int and total == 0 and self.is_number(factors[number]):
                continue
            right = self.value(factors[number])
            total = self.multiplied(total, right, node, number)
        return total

    def multiplied(self, left: Any, right: Any, node: Product, number: int) -> Any:
        """left times right: as matrices, or a number times anything."""
        before = Product(node.factors[:number]) if number > 1 else node.factors[0]
        if isinstance(left, list) or isinstance(right, list):
            raise ClaimError("shapes", "several values cannot be multiplied", node)
        if not isinstance(left, Grid | Flexible | Partial):
            return self.scaled(left, right, node)
        if not isinstance(right, Grid | Flexible | Partial):
            return self.scaled(right, left, node)
        if isinstance(left, Partial) or isinstance(right, Partial):
            place = node.factors[number] if isinstance(right, Partial) else node.factors[number - 1]
            raise ClaimError("dots", "the dots of this matrix cannot be continued", place)
        if isinstance(left, Flexible) and isinstance(right, Flexible):
            raise ClaimError("shapes", "nothing says how large these two matrices are", node)
        if isinstance(left, Flexible):
            assert isinstance(right, Grid)
            inner = right.shape[0]
            outer = left.height if left.height is not None else inner
            known = left.height is not None or left.width is None
            self.expect_size(known and (inner > 1 or left.height is None), before)
            left = self.fit(left, (outer, inner), before)
        if isinstance(right, Flexible):
            inner = left.shape[1]
            outer = right.width if right.width is not None else inner
            known = right.width is not None or right.height is None
            self.expect_size(known and (inner > 1 or right.width is None), node.factors[number])
            right = self.fit(right, (inner, outer), node.factors[number])
        if left.shape[1] != right.shape[0]:
            if left.shape == (1, 1):
                return self.scaled(left.rows[0][0], right, node)
            if right.shape == (1, 1):
                return self.scaled(right.rows[0][0], left, node)
            shown = " ".join(self.tex[node.start : node.factors[number - 1].end].split())
            raise ClaimError(
                "shapes",
                f"${shown}$ is {show_shape(left.shape)} and "
                f"{self.show(node.factors[number])} is {show_shape(right.shape)}: "
                "they cannot be multiplied",
                node.factors[number],
            )
        columns = list(zip(*right.rows, strict=True))
        return Grid([[_dot(row, column) for column in columns] for row in left.rows])

    def expect_size(self, known: bool, node: Expr) -> None:
        """Errors: `ClaimError` for a factor whose outer length nothing fixes."""
        if not known:
            raise ClaimError("shapes", f"nothing says how long {self.show(node)} is", node)

    def _elementwise(self, node: Elementwise) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Flexible) and isinstance(right, Grid):
            left = self.fit(left, right.shape, node.left)
        if isinstance(right, Flexible) and isinstance(left, Grid):
            right = self.fit(right, left.shape, node.right)
        if isinstance(left, Grid) and isinstance(right, Grid) and left.shape == right.shape:
            return Grid(
                [
                    [p * q for p, q in zip(r, s, strict=True)]
                    for r, s in zip(left.rows, right.rows, strict=True)
                ]
            )
        if not any(isinstance(v, Grid | Flexible | Partial | list) for v in (left, right)):
            return left * right
        raise ClaimError(
            "shapes",
            f"{self.show(node.left)} is {self.shape_words(left)} and {self.show(node.right)} is "
            f"{self.shape_words(right)}: they cannot be multiplied entry by entry",
            node.right,
        )

    def _fraction(self, node: Fraction_) -> Any:
        top, bottom = self.value(node.top), self.value(node.bottom)
        if isinstance(bottom, Flexible) and isinstance(top, Grid):
            bottom = self.fit(bottom, top.shape, node.bottom)
        if isinstance(top, Flexible) and isinstance(bottom, Grid):
            top = self.fit(top, bottom.shape, node.top)
        if isinstance(bottom, Grid) and bottom.shape != (1, 1):
            if _literal(node.top):
                return bottom.map(lambda entry: numbers.reciprocal(entry) * top)
            if isinstance(top, Grid) and top.shape == bottom.shape:
                return Grid(
                    [
                        [p * numbers.reciprocal(q) for p, q in zip(r, s, strict=True)]
                        for r, s in zip(top.rows, bottom.rows, strict=True)
                    ]
                )
            raise ClaimError(
                "shapes",
                f"{self.show(node.top)} is {self.shape_words(top)} and {self.show(node.bottom)} "
                f"is {self.shape_words(bottom)}: they cannot be divided",
                node.bottom,
            )
        return self.scaled(numbers.reciprocal(self.as_number(bottom, node.bottom)), top, node)

    def _power(self, node: Power) -> Any:
        exponent = self.value(node.exponent)
        value = self.value(node.of)
        if isinstance(value, Grid) and value.shape != (1, 1):
            raise ClaimError(
                "shapes",
                f"{self.show(node.of)} is {show_shape(value.shape)} and has no power",
                node,
            )
        base = self.as_number(value, node.of)
        if not isinstance(exponent, int):
            if exponent == Fraction(1, 2):
                return numbers.sqrt(self.arithmetic, base)
            raise ReadingError("expected a whole number as exponent", node.exponent.start)
        if exponent < 0:
            base, exponent = numbers.reciprocal(base), -exponent
        return numbers.power(base, exponent)

    def _transpose(self, node: Transpose) -> Any:
        value = self.value(node.of)
        if isinstance(value, Grid):
            return Grid([list(column) for column in zip(*value.rows, strict=True)])
        if isinstance(value, Flexible):
            old = value.entry
            return Flexible(value.width, value.height, lambda i, j, m, n: old(j, i, n, m))
        if isinstance(value, Partial):
            return Partial(value.width, value.height, [(j, i, v) for i, j, v in value.cells])
        if isinstance(value, list):
            raise ClaimError("shapes", "several values have no transpose", node)
        return value

    def _sum(self, node: Sum) -> Any:
        if node.low is not None and node.high is not None:
            low, high = self.value(node.low), self.value(node.high)
            if not isinstance(low, int) or not isinstance(high, int):
                raise ClaimError("index range", "the bounds of a sum are whole numbers", node)
            length = self.ranges.sums[id(node), node.letters[0]] or high + 1
            if low < 0 or high >= length:
                hint = ": indices start at 0, so the last is d - 1" if high == length else ""
                raise ClaimError(
                    "last index" if high == length else "index range",
                    f"the sum over {node.letters[0]} runs from {low} to {high}, "
                    f"but there are 0 to {length - 1}{hint}",
                    node,
                )
            if high - low > 100:
                raise ClaimError("index range", "this sum has too many terms", node)
            spans = [range(low, high + 1)]
        else:
            spans = [range(self.ranges.sums[id(node), letter]) for letter in node.letters]
        environment = self.environment
        outer = {letter: environment.get(letter) for letter in node.letters}
        total = self.summed(node, spans)
        for letter, previous in outer.items():
            if previous is None:
                environment.pop(letter, None)
            else:
                environment[letter] = previous
        return total

    def summed(self, node: Sum, spans: list[range]) -> Any:
        """The sum of the body; of a product of numbers, each factor as soon as its indices are set.

        A factor that is 0 ends the loops inside: most Jacobians of the book are diagonal.
        """
        environment = self.environment
        factors = node.body.factors if isinstance(node.body, Product) else (node.body,)
        if not all(self.is_number(factor) for factor in factors):
            return self.summed_whole(node, spans)
        stages = self.stages(node, factors)
        total: Any = 0

        def loop(depth: int, partial: Any) -> None:
            nonlocal total
            for factor in stages[depth]:
                value = factor()
                if value.__class__ is int:
                    if value == 0:
                        return
                    if value == 1:
                        continue
                partial = partial * value
            if depth == len(spans):
                total = partial if total.__class__ is int and total == 0 else total + partial
                return
            letter = node.letters[depth]
            for value in spans[depth]:
                environment[letter] = value
                loop(depth + 1, partial)

        loop(0, 1)
        return total

    def stages(self, node: Sum, factors: tuple[Expr, ...]) -> list[list[Callable[[], Any]]]:
        """The factors of a sum's body by the number of its letters that must be set."""
        key = (id(node), self.source)
        found = self._stages.get(key)
        if found is None:
            found = [[] for _ in range(len(node.letters) + 1)]
            for factor in factors:
                used = self.letters(factor)
                depths = [at + 1 for at, letter in enumerate(node.letters) if letter in used]
                found[max(depths, default=0)].append(self.getter(factor))
            self._stages[key] = found
            self._alive.append(node)
        return found

    def letters(self, node: Expr) -> tuple[str, ...]:
        """All index letters in a formula."""
        found = self._letters.get(id(node))
        if found is None:
            found = tuple({part.letter for part in walk(node) if isinstance(part, Index)})
            self._letters[id(node)] = found
            self._alive.append(node)
        return found

    def getter(self, node: Expr) -> Callable[[], Any]:
        """A short way to a number inside a loop; components with letters need no checks there."""
        environment = self.environment
        match node:
            case Kronecker(Index(first), Index(second)):
                return lambda: int(environment[first] == environment[second])
            case Name(indices=(Index(i),)) if node.base != "delta":
                rows = self.values[self.quantity(node)]
                return lambda: rows[environment[i]][0]
            case Name(indices=(Index(i), Index(j))) if node.base == "W":
                rows = self.values[self.quantity(node)]
                return lambda: rows[environment[i]][environment[j]]
            case Derivative(Name(indices=(Index(k),)), Name(indices=(Index(i),))) if (
                not self.source
            ):
                by, _, _ = self.differentiable(node)
                assert isinstance(node.of, Name)
                if node.of.base == "W":
                    return lambda: self.number(node)
                rows = self.world.duals(by)[self.quantity(node.of)]
                return lambda: numbers.slope(rows[environment[k]][0], environment[i])
        return lambda: self.number(node)

    def summed_whole(self, node: Sum, spans: list[range]) -> Any:
        """The sum of a body that is no product of numbers."""
        total: Any = 0
        for values in every(*spans):
            for letter, value in zip(node.letters, values, strict=True):
                self.environment[letter] = value
            term = self.value(node.body)
            if term.__class__ is int and term == 0:
                continue
            if total.__class__ is int and total == 0:
                total = term
            else:
                total = self.added(total, term, False, False, node.body, node.body)
        return total

    # -- derivatives

    def _derivative(self, node: Derivative) -> Any:
        if self.source is not None:
            raise ReadingError("a derivative inside a derivative is not read", node.start)
        if node.by.base == "s" and node.by.layer is None and not node.by.indices:
            names = {part for part in walk(node.of) if isinstance(part, Name)}
            if names != {Name("s", None)}:
                raise ClaimError("layer", f"{self.show(node.by)} needs a layer", node.by)
            return self.differentiated(node, "s", {}, [[0]], True)
        by, rows, columns = self.differentiable(node)
        of = node.of
        if isinstance(of, Name) and node.by.indices and (of.indices or of.base == "ell"):
            i, j = self.component(node.by, by)
            quantity = self.quantity(of)
            row, column = self.component(of, quantity) if of.indices else (0, 0)
            return self.world.derivative(quantity, row, column, by, i * columns + j)
        components: list[list[int]]
        if node.by.indices:
            i, j = self.component(node.by, by)
            components = [[i * columns + j]]
        else:
            components = [[i * columns + j for j in range(columns)] for i in range(rows)]
        return self.differentiated(
            node, by, self.world.duals(by), components, bool(node.by.indices)
        )

    def differentiable(self, node: Derivative) -> tuple[Quantity, int, int]:
        """The quantity to differentiate by, with its rows and columns, checked once."""
        found = self._derivatives.get(id(node))
        if found is not None:
            return found
        if isinstance(node.of, LayerCount):
            raise ClaimError("loss", r"$L$ is the layer's number; the loss is $\ell$", node)
        by = self.quantity(node.by)
        if by[0] in ("delta", "ell"):
            raise ReadingError("expected x, y, W, b, s, z or y_hat after \\partial", node.by.start)
        if any(isinstance(part, Name) and part.base == "delta" for part in walk(node.of)):
            raise ReadingError("a derivative of an error is not read", node.start)
        architecture = self.setting.architecture
        if not any(
            architecture.downstream(self.setting.quantity(part), by)
            for part in walk(node.of)
            if isinstance(part, Name) and not (part.base == "s" and part.layer is None)
        ):
            raise ClaimError(
                "downstream", f"{self.show(node.of)} does not depend on {self.show(node.by)}", node
            )
        found = self._derivatives[id(node)] = by, *architecture.shape(by)
        self._alive.append(node)
        return found

    def differentiated(
        self,
        node: Derivative,
        source: Quantity | str,
        values: dict[Quantity, list[list[Any]]],
        components: list[list[int]],
        by_component: bool,
    ) -> Any:
        """Numerator layout: the slopes of the value by these components."""
        # All components of the source are differentiated by at once: only other letters matter.
        place = tuple(self.environment.get(letter) for letter in self.letters(node.of))
        key = (id(node), *place)
        if key in self._seeded:
            value = self._seeded[key]
        else:
            outer = self.values
            self.source, self.values = source, values or outer
            try:
                value = self.value(node.of)
            finally:
                self.source, self.values = None, outer
            self._seeded[key] = value
        if isinstance(value, Grid) and value.shape == (1, 1):
            value = value.rows[0][0]
        if by_component:
            component = components[0][0]
            if isinstance(value, Grid | Flexible):
                return value.map(lambda entry: numbers.slope(entry, component))
            return numbers.slope(self.as_number(value, node.of), component)
        if not isinstance(value, Grid):
            number = self.as_number(value, node.of)
            return Grid(
                [
                    [numbers.slope(number, row[column]) for row in components]
                    for column in range(len(components[0]))
                ]
            )
        if value.shape[1] == 1 and len(components[0]) == 1:
            return Grid(
                [
                    [numbers.slope(entry, component) for (component,) in components]
                    for (entry,) in value.rows
                ]
            )
        raise ClaimError(
            "shapes",
            f"the derivative of {self.show(node.of)} ({show_shape(value.shape)}) by "
            f"{self.show(node.by)} ({show_shape((len(components), len(components[0])))}) "
            "is no matrix: write it in components",
            node,
        )

    # -- functions

    def apply(self, function: Function, value: Any) -> Any:
        """A function of one number, its derivative if it carries a dash."""
        name = self.setting.activation(function)
        rule = numbers.FUNCTIONS[name]
        if not function.primes:
            return rule(self.arithmetic, value)
        if function.primes > 1 or isinstance(value, Dual):
            raise ReadingError("second derivatives are not read", function.start)
        return numbers.slope(rule(self.arithmetic, Dual(value, {0: 1})), 0)

    def _apply(self, node: Apply) -> Any:
        function = node.function
        if self.pointwise and any(bare_functions(argument) for argument in node.arguments):
            if not isinstance(node.arguments[0], Add):
                raise ReadingError("a function of a function is not read", node.start)
            return self.apply(function, self.free("t")) * self.number(node.arguments[0])
        values = [self.value(argument) for argument in node.arguments]
        if function.name == "max":
            return self.maximum(node, values[0], values[1])
        if function.name in ("MSE", "BCE", "loss"):
            return self.loss_of(node, values)
        value = values[0]
        if isinstance(value, Partial | list):
            raise ClaimError("shapes", f"{function.name} of something that is no value", node)
        if function.name == "diag":
            return self.diagonal(value, node)
        if function.name == "Linear":
            layer = function.layer.offset if function.layer else 1
            name = Name("W", function.layer)
            self.setting.quantity(name)
            weights = Grid(self.values["W", layer])
            bias = Grid(self.values["b", layer])
            image = self.multiplied(weights, value, Product((function, node.arguments[0])), 1)
            return self.added(image, bias, False, False, node, node)
        if isinstance(value, Grid | Flexible):
            return value.map(lambda entry: self.apply(function, entry))
        return self.apply(function, value)

    def maximum(self, node: Apply, left: Any, right: Any) -> Any:
        """max entry by entry; 0 stands for a vector of zeros."""
        if isinstance(left, Flexible) and isinstance(right, Grid):
            left = self.fit(left, right.shape, node.arguments[0])
        if isinstance(right, Flexible) and isinstance(left, Grid):
            right = self.fit(right, left.shape, node.arguments[1])
        if isinstance(left, Grid) != isinstance(right, Grid):
            grid, number, argument = (
                (left, right, node.arguments[1])
                if isinstance(left, Grid)
                else (right, left, node.arguments[0])
            )
            if not _literal(argument):
                raise ClaimError("shapes", "max of a vector and a number", node)
            return grid.map(lambda entry: self.larger(number, entry))
        if isinstance(left, Grid):
            if left.shape != right.shape:
                raise ClaimError("shapes", "max of two vectors of different length", node)
            return Grid(
                [
                    [self.larger(p, q) for p, q in zip(r, s, strict=True)]
                    for r, s in zip(left.rows, right.rows, strict=True)
                ]
            )
        return self.larger(self.as_number(left, node), self.as_number(right, node))

    def larger(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and left == 0:
            return numbers.relu(self.arithmetic, right)
        return left + numbers.relu(self.arithmetic, right - left)

    def loss_of(self, node: Apply, values: list[Any]) -> Any:
        name = node.function.name
        name = self.setting.architecture.loss if name == "loss" else name
        grids = [value if isinstance(value, Grid) else Grid([[value]]) for value in values]
        if grids[0].shape != grids[1].shape or grids[0].shape[1] != 1:
            raise ClaimError("shapes", "the loss compares two columns of the same length", node)
        return loss(self.arithmetic, name, grids[0].rows, grids[1].rows)

    def diagonal(self, value: Any, node: Apply | ReluDiagonal) -> Grid:
        if not isinstance(value, Grid) or value.shape[1] != 1:
            raise ClaimError(
                "shapes",
                f"a diagonal matrix is made of a column, not {self.shape_words(value)}",
                node,
            )
        size = value.shape[0]
        return Grid([[value.rows[i][0] if i == j else 0 for j in range(size)] for i in range(size)])

    def _norm(self, node: Norm) -> Any:
        return numbers.sqrt(self.arithmetic, self.squared_norm(node))

    def squared_norm(self, node: Norm) -> Any:
        value = self.value(node.of)
        if isinstance(value, Grid):
            return sum(entry * entry for row in value.rows for entry in row)
        number = self.as_number(value, node.of)
        return number * number

    def _absolute(self, node: Absolute) -> Any:
        number = self.number(node.of)
        return number * numbers.sign(self.arithmetic, number)

    # -- special matrices

    def _identity(self, node: Identity) -> Any:
        rows, columns = self.square(node)
        if rows is None or columns is None:
            return Flexible(rows, columns, lambda i, j, m, n: int(i == j))
        return Flexible(rows, columns, lambda i, j, m, n: int(i == j)).settle(rows, columns)

    def square(self, node: Identity | ReluDiagonal) -> tuple[int | None, int | None]:
        """The two lengths in the subscript, which must be equal."""
        if node.rows is None or node.columns is None:
            return None, None
        rows, columns = self.value(_length(node.rows)), self.value(_length(node.columns))
        if not isinstance(rows, int) or not isinstance(columns, int) or rows > 99 or columns > 99:
            raise ClaimError("shapes", "the subscript of $I$ holds two lengths", node)
        if rows < 1 or rows != columns:
            raise ClaimError(
                "shapes",
                f"{self.show(node)} would be {rows} × {columns}: this matrix is square",
                node,
            )
        return rows, columns

    def _relu_diagonal(self, node: ReluDiagonal) -> Any:
        value = self.value(node.of)
        if not isinstance(value, Grid):
            raise ClaimError("shapes", "$I^+$ needs a vector", node.of)
        grid = self.diagonal(value.map(lambda s: numbers.step(self.arithmetic, s)), node)
        rows, _ = self.square(node)
        if rows is not None and rows != grid.shape[0]:
            raise ClaimError(
                "shapes",
                f"the subscript says {rows} × {rows}, but {self.show(node.of)} has "
                f"{grid.shape[0]} entries",
                node,
            )
        return grid

    def _written(self, node: Written) -> Any:
        from .written import written_value

        return written_value(self, node)

    def _blank(self, node: Blank) -> Any:
        return 0


def _length(node: Expr) -> Expr:
    return Length(node) if isinstance(node, Name) else node


def _literal(node: Expr) -> bool:
    if isinstance(node, Negative):
        return _literal(node.of)
    return isinstance(node, Number)


def _dot(row: Any, column: Any) -> Any:
    total: Any = 0
    for left, right in zip(row, column, strict=True):
        if (left.__class__ is int and left == 0) or (right.__class__ is int and right == 0):
            continue
        product = left * right
        total = product if total.__class__ is int and total == 0 else total + product
    return total


def _power(evaluator: Evaluator, node: Power) -> Any:
    """A squared norm needs no square root."""
    if isinstance(node.of, Norm) and isinstance(node.exponent, Number) and node.exponent.value == 2:
        return evaluator.squared_norm(node.of)
    return evaluator._power(node)


_EVALUATE: dict[type, Callable[[Evaluator, Any], Any]] = {
    Number: Evaluator._number, Index: Evaluator._index, Name: Evaluator._name,
    Length: Evaluator._length, LayerCount: Evaluator._layer_count,
    Kronecker: Evaluator._kronecker, Add: Evaluator._add, Negative: Evaluator._negative,
    Product: Evaluator._product, Elementwise: Evaluator._elementwise,
    Fraction_: Evaluator._fraction, Power: _power, Transpose: Evaluator._transpose,
    Sum: Evaluator._sum, Derivative: Evaluator._derivative, Function: Evaluator._function,
    Apply: Evaluator._apply, Hole: Evaluator._hole, Norm: Evaluator._norm,
    Absolute: Evaluator._absolute, Dots: Evaluator._dots, Blank: Evaluator._blank,
    Written: Evaluator._written, Identity: Evaluator._identity,
    ReluDiagonal: Evaluator._relu_diagonal, Constant: Evaluator._constant,
    Listing: Evaluator._listing,
}  # fmt: skip
