"""Computed against expected: a table that reads the same on every machine, and an assertion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from handgrad.checks import Array, instance, per_layer, plain, positive, quietly, short
from handgrad.network import Gradients


class Row(NamedTuple):
    """A quantity, its largest difference, where it lies, and the two values there.

    A difference is |computed - expected| / max(1, |expected|): absolute for small values, relative
    for large ones. Values that are all far below 1 need a smaller tolerance to say anything.
    """

    quantity: str
    shape: tuple[int, ...]
    difference: float
    position: list[int]
    computed: float
    expected: float


@dataclass(frozen=True)
class Comparison:
    """A row for each quantity. A difference below the tolerance is rounding and shown as such."""

    rows: tuple[Row, ...]
    tolerance: float

    def assert_close(self) -> None:
        """Raise AssertionError, with quantity, position and values, for differences not below."""
        failed = [
            f"{row.quantity} at {row.position}: computed {row.computed}, expected {row.expected}, "
            f"difference {row.difference:.1e}, tolerance {self.tolerance:g}"
            for row in self.rows
            if not row.difference < self.tolerance
        ]
        if failed:
            raise AssertionError("\n".join(failed))

    def _table(self) -> list[tuple[str, str, str]]:
        table = [("quantity", "shape", "largest difference")]
        for row in self.rows:
            small = row.difference < self.tolerance
            shown = f"< {self.tolerance:g}" if small else f"{row.difference:.1e}"
            table.append((row.quantity, str(row.shape), shown))
        return table

    def __str__(self) -> str:
        table = self._table()
        widths = [max(map(len, column)) for column in zip_longest(*table)]
        head, *body = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)
        return "\n".join([head, "  ".join("-" * width for width in widths), *body])

    __repr__ = __str__  # the rows hold rounding errors, which differ from machine to machine

    def _repr_html_(self) -> str:
        names, *rows = self._table()
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows
        )
        body = re.sub(r"\^(\([^)]*\))", r"<sup>\1</sup>", body)  # ^(1) and so on
        return f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table>"


def compare(
    gradients: Gradients | Mapping[str, tuple[Any, Any]],
    expected: Gradients | None = None,
    *,
    tolerance: float = 1e-12,
) -> Comparison:
    """Compare gradients with the expected ones, or the pairs of {name: (computed, expected)}.

    A pair is two arrays, numbers or detached tensors of one shape, compared in double precision.
    ValueError if shapes or numbers of layers differ, if there is nothing to compare or if the
    tolerance is not a positive number; TypeError for what is not real numbers.
    """
    tolerance = positive(tolerance, "tolerance")
    pairs = gradients
    if isinstance(pairs, Gradients):
        if not isinstance(expected, Gradients):
            raise TypeError(f"expected: expected Gradients, given {type(expected).__name__}")
        pairs = _pairs(pairs, expected)
    elif not isinstance(pairs, Mapping):
        given = type(pairs).__name__
        raise TypeError(f"gradients: expected Gradients or a mapping of pairs, given {given}")
    elif expected is not None:
        raise TypeError("expected: expected None, since pairs hold what is expected")
    if not pairs:
        raise ValueError("compare: expected at least one quantity, given none")
    for name, pair in pairs.items():
        if not isinstance(name, str):
            raise TypeError(f"gradients: expected names of quantities, given {short(name)}")
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"{name}: expected a pair (computed, expected), given {short(pair)}")
    return Comparison(tuple(_row(name, *pair) for name, pair in pairs.items()), tolerance)


def _pairs(computed: Gradients, expected: Gradients) -> dict[str, tuple[Any, Any]]:
    instance(expected.W, dict, "expected: W")
    for where, given in (("expected", expected), ("gradients", computed)):
        for name in ("W", "b", "delta"):
            per_layer(getattr(given, name), len(expected.W), f"{where}: {name}")
    pairs: dict[str, tuple[Any, Any]] = {}
    for L in computed.W:
        pairs[f"dl/dW^({L})"] = computed.W[L], expected.W[L]
        pairs[f"dl/db^({L})"] = computed.b[L], expected.b[L]
        pairs[f"delta^({L})"] = computed.delta[L], expected.delta[L]
    return {**pairs, "dl/dx": (computed.x, expected.x)}


def _row(quantity: str, computed: Any, expected: Any) -> Row:
    a, b = _reals(computed, f"{quantity}: computed"), _reals(expected, f"{quantity}: expected")
    if a.shape != b.shape:
        hint = ", its transpose" if a.shape == b.shape[::-1] else ""
        raise ValueError(f"{quantity}: expected shape {b.shape}, given {a.shape}{hint}")
    if a.size == 0:
        raise ValueError(f"{quantity}: expected at least one element, given shape {a.shape}")
    scale = np.maximum(1, np.abs(b))  # divided first, since a - b can overflow
    distance = quietly(lambda: np.abs(a / scale - b / scale))
    difference = np.where(a == b, 0, distance)  # inf - inf is NaN, but equal infinities are equal
    at = np.unravel_index(np.argmax(difference), a.shape)  # argmax takes NaN for the largest
    position = [int(i) for i in at]
    return Row(quantity, a.shape, float(difference[at]), position, float(a[at]), float(b[at]))


def _reals(value: Any, where: str) -> Array:
    array = plain(value, where)
    if array.dtype.kind not in ("f", "i", "u"):
        raise TypeError(f"{where}: expected real numbers, given {array.dtype}")
    return np.asarray(array, dtype=np.float64)
