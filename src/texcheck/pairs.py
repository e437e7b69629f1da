"""Two values side by side, entry by entry, and what a comparison of them finds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from .evaluate import Evaluator
from .indices import Ranges
from .network import World
from .numbers import TooLarge
from .places import Setting
from .syntax import Dots, Equation, Expr, Number, Sum, Written, bare_functions, is_constant
from .values import ClaimError, Flexible, Grid, Partial, show_shape

MOST_VALUES = 2_000_000  # of all parts of a statement, at all values of its indices
DOTTED = 30  # a matrix with dots is written out, entry by entry: about so much more work

Shape: TypeAlias = tuple[int | None, int | None]


@dataclass
class Difference:
    """The first entry at which two values differ, with both values."""

    entry: str
    left: Any
    right: Any
    left_shape: Shape
    right_shape: Shape
    point: int = 0


@dataclass
class Outcome:
    """What one engine found at one setting."""

    entries: int = 0
    points: int = 0
    degree: int = 0
    log10_error: float = -math.inf
    difference: Difference | None = None
    valued: bool = False  # both sides have a value somewhere
    certain: bool = False  # the difference rests on algebra alone, not on unknown functions
    smallest: Any = 1  # the size of the largest entry, where it is least but not 0
    by_sign: bool = False  # the difference rests on a sign that no rule decides


class ShapesDiffer(ClaimError):
    """The two sides have different shapes."""

    def __init__(self, left: Shape, right: Shape, node: Expr) -> None:
        super().__init__(
            "sides",
            f"the left side is {show_shape(left)}, the right side is {show_shape(right)}",
            node,
        )
        self.left = left
        self.right = right


def value_shape(value: Any) -> Shape:
    """Rows and columns of a value; a number is 1 × 1."""
    if isinstance(value, Grid):
        return value.shape
    if isinstance(value, Flexible | Partial):
        return value.height, value.width
    return 1, 1


def pairs(left: Any, right: Any, equation: Equation) -> Iterator[tuple[str, Any, Any]]:
    """The entries of both sides, side by side. Errors: `ShapesDiffer`."""
    wrong = ShapesDiffer(value_shape(left), value_shape(right), equation.right)
    if isinstance(left, list) or isinstance(right, list):
        if not isinstance(left, list) or not isinstance(right, list) or len(left) != len(right):
            raise ClaimError(
                "sides", "the two sides list different numbers of values", equation.right
            )
        for a, b in zip(left, right, strict=True):
            yield from pairs(a, b, equation)
        return
    if isinstance(left, Flexible) and isinstance(right, Flexible):
        raise ClaimError("sides", "nothing says how large the two sides are", equation.right)
    if isinstance(left, Flexible | Partial) and isinstance(right, Flexible | Partial):
        raise ClaimError("dots", "the dots of this matrix cannot be continued", equation.right)
    if isinstance(left, Partial) or isinstance(right, Partial):
        yield from _written_pairs(left, right, wrong)
        return
    if isinstance(left, Flexible) or isinstance(right, Flexible):
        flexible, other = (left, right) if isinstance(left, Flexible) else (right, left)
        if not isinstance(other, Grid):
            raise wrong
        settled = _settled(flexible, other.shape, wrong)
        left, right = (settled, other) if flexible is left else (other, settled)
    if isinstance(left, Grid) and isinstance(right, Grid):
        if left.shape != right.shape:
            raise wrong
        for i, (row, other) in enumerate(zip(left.rows, right.rows, strict=True)):
            for j, (a, b) in enumerate(zip(row, other, strict=True)):
                yield f"row {i}, column {j}", a, b
    elif isinstance(left, Grid) or isinstance(right, Grid):
        grid, number = (left, right) if isinstance(left, Grid) else (right, left)
        side = equation.right if grid is left else equation.left
        zero = isinstance(side, Number) and side.value == 0
        if grid.shape != (1, 1) and not zero:
            raise wrong
        for i, row in enumerate(grid.rows):
            for j, entry in enumerate(row):
                yield (
                    f"row {i}, column {j}",
                    *((entry, number) if grid is left else (number, entry)),
                )
    else:
        yield "", left, right


def _settled(value: Flexible, shape: tuple[int, int], wrong: ShapesDiffer) -> Grid:
    if value.height not in (None, shape[0]) or value.width not in (None, shape[1]):
        raise wrong
    return value.settle(*shape)


def _written_pairs(left: Any, right: Any, wrong: ShapesDiffer) -> Iterator[tuple[str, Any, Any]]:
    """Only the entries that are written."""
    partial, other = (left, right) if isinstance(left, Partial) else (right, left)
    if not isinstance(other, Grid):
        raise wrong
    rows, columns = other.shape
    if partial.height not in (None, rows) or partial.width not in (None, columns):
        raise wrong
    for i, j, entry in partial.cells:
        row, column = i % rows, j % columns
        if not (-rows <= i < rows and -columns <= j < columns):
            raise wrong
        a, b = entry, other.rows[row][column]
        yield f"row {row}, column {column}", *((a, b) if partial is left else (b, a))


def _expect_few(equation: Equation, found: Ranges) -> None:
    """Errors: `TooLarge` for a statement whose indices take very many values together."""
    if work(equation, found) > MOST_VALUES:
        raise TooLarge("the indices take too many values: use fewer sums, or sums of less")


def work(equation: Equation, found: Ranges) -> int:
    """How many parts of an equation are evaluated, for all values of its indices together."""
    entries = math.prod(found.free.values())
    return entries * (_cost(equation.left, found) + _cost(equation.right, found))


def _cost(node: Expr, found: Ranges) -> int:
    """How many parts of a formula are evaluated, one for each value of the sums around it."""
    inner = 1 + sum(_cost(part, found) for part in node.parts)
    if isinstance(node, Sum):
        return inner * math.prod(found.sums[id(node), letter] or 10 for letter in node.letters)
    dots = isinstance(node, Written) and any(isinstance(p, Dots) for row in node.rows for p in row)
    return inner * DOTTED if dots else inner


def evaluator_of(
    equation: Equation, setting: Setting, found: Ranges, world: World, tex: str
) -> Evaluator:
    _expect_few(equation, found)
    evaluator = Evaluator(world, setting, found, tex, pointwise=pointwise(equation))
    evaluator.check_indices(equation.left)
    evaluator.check_indices(equation.right)
    return evaluator


def pointwise(equation: Equation) -> bool:
    """Whether functions are compared: a side holds one without argument or is a constant."""
    both = equation.left, equation.right
    return all(bare_functions(side) or is_constant(side) for side in both)


def in_words(environment: dict[str, int]) -> str:
    return ", ".join(f"{letter} = {value}" for letter, value in sorted(environment.items()))
