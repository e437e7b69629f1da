"""Sorts, inferred while a statement is elaborated; matrices as functions of a row and a column.

Invariants:

- A shape is two sorts. A number is 1 x 1, a column n x 1; an unknown sort is never 1, so that I and
  the column of ones are no numbers.
- Two sorts are made equal where the notation needs it, and never for another reason: so a
  statement whose shapes fit only where two widths happen to be equal is ill-sorted.
- What nothing fixes stays unknown, and asking for it is no rule, not a guess.
- An entry is made anew each time it is asked for, with bound indices of its own: two entries can be
  multiplied. `i` and `j` are indices of the matrix's sorts; where a side is 1 they are ignored.
- Nothing is broadcast but a written number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from .. import syntax as t
from ..algebra.budget import NoRule, spend
from ..algebra.terms import ONE, Index, Sort, Term, delta, numbered
from ..algebra.terms import total as sum_entry


class Misfit(Exception):
    """A part of a statement that does not fit, the `node`."""

    def __init__(self, message: str, node: t.Node):
        super().__init__(message)
        self.node = node


class IllSorted(Misfit):
    """The statement has no meaning at any width."""


class Unfit(Misfit):
    """The notation has no such formula."""


class Unknown:
    """A sort that is not known yet; it is some width, never 1."""

    is_now: Length | None = None


Length: TypeAlias = Sort | Unknown
Entry: TypeAlias = Callable[[Index, Index], Term]
FIRST = numbered(0, ONE)  # the only row or column of what has one


def resolved(sort: Length) -> Length:
    """The sort itself, as far as it is known."""
    while isinstance(sort, Unknown) and sort.is_now is not None:
        sort = sort.is_now
    return sort


def known(sort: Length, what: str = "a part of the statement") -> Sort:
    """The sort. Raises NoRule where nothing fixes it."""
    found = resolved(sort)
    if isinstance(found, Unknown):
        lengths = r"$\sum_{k=0}^{K-1}$, $I_K$ or $\boldsymbol{1}_K$"
        raise NoRule(f"nothing says how long {what} is; write it, as in {lengths}")
    return found


def is_one(sort: Length) -> bool:
    """Whether a sort is that of a single row or column."""
    return resolved(sort) == ONE


def unify(one: Length, other: Length, message: str, node: t.Node) -> None:
    """Makes two sorts equal. Raises IllSorted with the message where they differ."""
    one, other = resolved(one), resolved(other)
    if isinstance(one, Sort):
        one, other = other, one
    if one is other or one == other:
        return
    if isinstance(one, Sort) or other == ONE:
        raise IllSorted(message, node)
    one.is_now = other


class Matrix(NamedTuple):
    """The sorts of rows and columns, and the entries; `square`: it is so by how it is made."""

    rows: Length
    columns: Length
    entry: Entry
    square: bool = False

    @property
    def is_number(self) -> bool:
        return is_one(self.rows) and is_one(self.columns)

    @property
    def is_column(self) -> bool:
        return is_one(self.columns) and not is_one(self.rows)

    @property
    def is_vector(self) -> bool:
        """Whether this is a column or a row, and no number."""
        return is_one(self.rows) != is_one(self.columns)

    @property
    def value(self) -> Term:
        return self.entry(FIRST, FIRST)

    def map(self, change: Callable[[Term], Term]) -> Matrix:
        """The matrix with a function applied to each entry."""
        return self._replace(entry=lambda i, j: change(self.entry(i, j)))


def scalar(value: Callable[[], Term]) -> Matrix:
    """A number, made when it is asked for."""
    return Matrix(ONE, ONE, lambda i, j: value())


def sum_entries(names: Iterator[int], sort: Length, entry: Callable[[Index], Term]) -> Term:
    """The sum of a function of an index over all its values; `names` is the statement's supply."""
    return sum_entry(known(sort, "a sum"), f"${next(names)}", entry)


def unify_shapes(left: Matrix, right: Matrix, node: t.Node) -> None:
    """Makes two shapes equal. Raises IllSorted."""
    unify(left.rows, right.rows, "two shapes that differ", node)
    unify(left.columns, right.columns, "two shapes that differ", node)


def zip_entries(join: Callable[..., Term], node: t.Node, *values: Matrix) -> Matrix:
    """Matrices of one shape joined entry by entry. Raises IllSorted."""
    for other in values[1:]:
        unify_shapes(values[0], other, node)
    rows, columns, *_ = values[0]
    return Matrix(rows, columns, lambda i, j: join(*(value.entry(i, j) for value in values)))


def spread(value: Matrix, over: Matrix) -> Matrix:
    """A written number in another shape: the same everywhere."""
    return Matrix(over.rows, over.columns, lambda i, j: value.value)


def expect_layers(node: t.Node) -> None:
    """Raises Unfit where the number s, of no layer, stands for a vector."""
    spend(len(node.nodes) // 8)  # each product asks this of all that stands below it
    for part in node.nodes:
        if isinstance(part, t.Name) and part == t.BARE_S:
            raise Unfit("s needs a layer", part)


def product(names: Iterator[int], left: Matrix, right: Matrix, node: t.Node) -> Matrix:
    """The product of two matrices, or of a number and a matrix. Raises IllSorted and Unfit."""
    if not (left.is_number and right.is_number):
        expect_layers(node)
    if left.is_number:
        return right.map(lambda entry: left.value * entry)
    if right.is_number:
        return left.map(lambda entry: entry * right.value)
    unify(left.columns, right.rows, "a factor's columns are not the next one's rows", node)

    def entry(i: Index, j: Index) -> Term:
        return sum_entries(names, left.columns, lambda k: left.entry(i, k) * right.entry(k, j))

    return Matrix(left.rows, right.columns, entry, left.square and right.square)


def transpose(value: Matrix) -> Matrix:
    return Matrix(value.columns, value.rows, lambda i, j: value.entry(j, i), value.square)


def diagonal(value: Matrix, node: t.Node) -> Matrix:
    """The diagonal matrix of a column or a row; of a square matrix, its diagonal as a column."""
    if is_one(value.rows) and not is_one(value.columns):
        value = transpose(value)
    if not is_one(value.columns):
        unify(value.rows, value.columns, "the diagonal of a matrix that is not square", node)
        return Matrix(value.rows, ONE, lambda i, j: value.entry(i, i))
    if is_one(value.rows):
        misfit = Unfit if t.ONE in node.parts else IllSorted  # 1 may be meant as a column
        raise misfit("a diagonal matrix is made of a column", node)
    return Matrix(value.rows, value.rows, lambda i, j: delta(i, j) * value.entry(i, FIRST), True)


def total(names: Iterator[int], value: Matrix) -> Matrix:
    """The sum of all entries."""

    def row(i: Index) -> Term:
        return sum_entries(names, value.columns, lambda j: value.entry(i, j))

    return scalar(lambda: sum_entries(names, value.rows, row))
