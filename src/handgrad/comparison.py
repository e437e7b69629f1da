"""Computed against expected: a table that reads the same on every machine, and an assertion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, overload

import numpy as np

from handgrad.network import Gradients

Pairs = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Row:
    """One compared quantity: its largest difference, where it lies, and the two values there.

    The difference of two elements is |computed - expected| / max(1, |expected|): absolute for small
    values, relative for large ones.
    """

    quantity: str
    shape: tuple[int, ...]
    difference: float
    position: tuple[int, ...]
    computed: float
    expected: float


@dataclass(frozen=True)
class Comparison:
    """The rows of a comparison. Differences below the tolerance are rounding, and shown as such."""

    rows: tuple[Row, ...]
    tolerance: float

    def assert_close(self) -> None:
        """Raise AssertionError with quantity, position and both values unless all rows are close."""
        failed = [row for row in self.rows if not row.difference < self.tolerance]
        if failed:
            raise AssertionError(
                "\n".join(
                    f"{row.quantity} at {list(row.position)}: computed {row.computed!r}, "
                    f"expected {row.expected!r}, difference {row.difference:.1e}, "
                    f"tolerance {self.tolerance:g}"
                    for row in failed
                )
            )

    def __str__(self) -> str:
        table = [_HEAD, *self._cells()]
        widths = [max(len(row[column]) for row in table) for column in range(3)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{cell}</th>' for cell in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>\n"
            for row in self._cells()
        )
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"

    def _cells(self) -> list[tuple[str, str, str]]:
        return [(row.quantity, str(row.shape), self._shown(row.difference)) for row in self.rows]

    def _shown(self, difference: float) -> str:
        below = difference < self.tolerance
        return f"< {self.tolerance:g}" if below else f"{difference:.1e}"


_HEAD = ("quantity", "shape", "largest difference")


def _html(cell: str) -> str:
    return re.sub(r"\^(\([^)]*\))", r"<sup>\1</sup>", escape(cell))


@overload
def compare(gradients: Gradients, expected: Gradients, *, tolerance: float = ...) -> Comparison: ...
@overload
def compare(gradients: Pairs, expected: None = None, *, tolerance: float = ...) -> Comparison: ...
def compare(
    gradients: Gradients | Pairs, expected: Gradients | None = None, *, tolerance: float = 1e-12
) -> Comparison:
    """Compare gradients with the expected ones, or any quantities given as {name: (computed, expected)}.

    Arrays, numbers and detached tensors are compared in double precision. Raises ValueError if a
    shape or the set of layers differs, or if there is nothing to compare.
    """
    if isinstance(gradients, Gradients):
        if not isinstance(expected, Gradients):
            raise TypeError(f"expected: expected Gradients, given {type(expected).__name__}")
        pairs = _gradient_pairs(gradients, expected)
    else:
        pairs = gradients
    if not pairs:
        raise ValueError("compare: expected at least one quantity, given none")
    return Comparison(tuple(_row(name, *pair) for name, pair in pairs.items()), tolerance)


def _gradient_pairs(gradients: Gradients, expected: Gradients) -> Pairs:
    if gradients.W.keys() != expected.W.keys():
        raise ValueError(f"layers: expected {list(expected.W)}, given {list(gradients.W)}")
    pairs: dict[str, tuple[Any, Any]] = {}
    for L in sorted(gradients.W):
        pairs[f"dl/dW^({L})"] = (gradients.W[L], expected.W[L])
        pairs[f"dl/db^({L})"] = (gradients.b[L], expected.b[L])
        pairs[f"delta^({L})"] = (gradients.delta[L], expected.delta[L])
    pairs["dl/dx"] = (gradients.x, expected.x)
    return pairs


def _row(quantity: str, computed: Any, expected: Any) -> Row:
    a, b = np.asarray(computed, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if a.shape != b.shape:
        hint = ", its transpose" if a.shape == b.shape[::-1] else ""
        raise ValueError(f"{quantity}: expected shape {b.shape}, given {a.shape}{hint}")
    if a.size == 0:
        raise ValueError(f"{quantity}: expected at least one element, given shape {a.shape}")
    with np.errstate(invalid="ignore"):  # inf - inf; equal infinities do not differ
        difference = np.where(a == b, 0, np.abs(a - b) / np.maximum(1, np.abs(b)))
    # NaN is the worst difference: argmax finds it before any number.
    worst = np.unravel_index(int(np.argmax(difference)), a.shape)
    position = tuple(int(i) for i in worst)
    return Row(
        quantity,
        a.shape,
        float(difference[position]),
        position,
        float(a[position]),
        float(b[position]),
    )
