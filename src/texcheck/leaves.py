"""The values of the smallest parts of a formula: quantities, components, lengths, numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from .indices import Ranges
from .latex import ReadingError
from .network import Quantity, World
from .numbers import Dual
from .places import Setting
from .syntax import (
    Apply,
    Blank,
    Constant,
    Dots,
    Expr,
    Hole,
    Index,
    Kronecker,
    LayerCount,
    Length,
    Listing,
    Name,
    Norm,
    Number,
    Product,
    Sum,
    is_constant,
    walk,
)
from .values import ClaimError, Flexible, Grid, Partial, show_shape

_LEAST_WIDTH = 3  # of the networks that a statement is checked at


class Leaves(ABC):
    """What evaluates formulas in one world at one layer; `environment` holds the indices' values.

    The classes that add, differentiate and so on build on it, one on the other.
    """

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
        self.counting = False  # whether lengths are whole numbers here, in every engine
        self.environment: dict[str, int] = {}
        self.spans: dict[str, int] = {}  # how many values each index takes here
        self.values = world.values
        self.source: Quantity | str | None = None  # what is differentiated by, inside a derivative
        # What is known about parts of the formula by their identity; they are kept alive for that.
        self._alive: list[Expr] = []
        self._scalars: dict[int, bool] = {}
        self._stages: dict[tuple[Any, ...], list[list[Callable[[], Any]]]] = {}
        self._apart: dict[int, tuple[Sum, Product] | None] = {}
        self._quantities: dict[int, Quantity] = {}
        self._derivatives: dict[int, tuple[Quantity, int, int]] = {}
        self._letters: dict[int, tuple[str, ...]] = {}
        self._seeded: dict[tuple[Any, ...], Any] = {}

    def at(self, environment: dict[str, int]) -> None:
        """Gives the free indices their values."""
        self.environment.clear()
        self.environment.update(environment)
        self.spans = dict(self.ranges.free)

    def check_indices(self, node: Expr) -> None:
        """Errors: `ClaimError` for a written index, such as K - 1, outside its vector or matrix."""
        for part in walk(node):
            if isinstance(part, Name) and part.indices:
                lengths = self.setting.shape(part)
                for index, length in zip(part.indices, lengths, strict=False):
                    if not any(isinstance(inner, Index) for inner in walk(index)):
                        self.index(index, length, part)

    @abstractmethod
    def value(self, node: Expr) -> Any:
        """The value: a number, `Grid`, `Flexible`, `Partial` or a list of values."""

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

    def whole(self, node: Expr) -> Any:
        """The value where a length counts entries: in an index, a bound, a shape or an exponent."""
        outer, self.counting = self.counting, True
        try:
            return self.value(node)
        finally:
            self.counting = outer

    def show(self, node: Expr) -> str:
        """A part of the formula between dollar signs."""
        return f"${' '.join(self.tex[node.start : node.end].split())}$"

    def letters(self, node: Expr) -> tuple[str, ...]:
        """All index letters in a formula."""
        found = self._letters.get(id(node))
        if found is None:
            found = tuple({part.letter for part in walk(node) if isinstance(part, Index)})
            self._letters[id(node)] = found
            self._alive.append(node)
        return found

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
            value = self.whole(node)
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
        length = self.setting.shape(node.of)[0]
        return length if self.counting else self.arithmetic.length(length)

    def _layer_count(self, node: LayerCount) -> Any:
        return node.layer.at(self.setting.layer, self.setting.architecture.depth)

    def _kronecker(self, node: Kronecker) -> Any:
        parts = list(walk(node))
        lengths = sum(isinstance(part, Length) for part in parts)
        if not any(isinstance(part, Index) for part in parts) or lengths > 1:
            raise ClaimError("lengths", "expected an index that is compared with one length", node)
        self.expect_small(node)
        return int(self.whole(node.first) == self.whole(node.second))

    def expect_small(self, node: Expr) -> None:
        """Errors: `ClaimError` where an index or a count is compared with what may be a width."""
        parts = list(walk(node))
        most = sum(abs(part.value) for part in parts if isinstance(part, Number))
        counts = any(isinstance(part, Sum | Norm | Apply) for part in parts)
        if (counts or most > _LEAST_WIDTH - 1) and not is_constant(node):
            raise ClaimError("lengths", "this comparison holds at some widths alone", node)

    def _constant(self, node: Constant) -> Any:
        return Flexible(None, 1, lambda i, j, m, n: node.value)

    def _hole(self, node: Hole) -> Any:
        raise ReadingError("a dot stands only for the argument of a function", node.start)

    def _dots(self, node: Dots) -> Any:
        raise ReadingError("dots stand only in a written-out matrix", node.start)

    def _blank(self, node: Blank) -> Any:
        return 0

    def _listing(self, node: Listing) -> Any:
        return [self.value(item) for item in node.items]
