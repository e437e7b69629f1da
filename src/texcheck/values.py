"""The values of formulas: matrices of numbers, of open size, or known in part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .syntax import Expr


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

    def joined(self, other: Grid, join: Callable[[Any, Any], Any]) -> Grid:
        """Each entry joined with the other's at its place; the shapes must be equal."""
        rows = zip(self.rows, other.rows, strict=True)
        return Grid([[join(p, q) for p, q in zip(r, s, strict=True)] for r, s in rows])


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
    return " × ".join("any length" if length is None else str(length) for length in shape)
