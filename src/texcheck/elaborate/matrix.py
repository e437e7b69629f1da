"""Matrices as functions of a row and a column, and what can be made of them.

Invariants:

- An entry is made anew each time it is asked for, with bound indices of its own: two entries can be
  multiplied. `i` and `j` are indices of the matrix's sorts; where a side is 1 they are ignored.
- Shapes are made to fit before an entry is asked for; nothing is broadcast but a written number
  beside a column or a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from texcheck import syntax as t
from texcheck.algebra.terms import (
    ONE,
    ZERO,
    Index,
    Sort,
    Term,
    delta,
    numbered,
    sum_over,
)

from .sorts import IllSorted, Length, Unknown, is_one, known, resolved, unify

Entry: TypeAlias = Callable[[Index, Index], Term]
FIRST = numbered(0, ONE)  # the only row or column of what has one


@dataclass(frozen=True)
class Matrix:
    """The sorts of rows and columns, and the entries; `square`: it is so by how it is made."""

    rows: Length
    columns: Length
    entry: Entry
    square: bool = False

    @property
    def is_number(self) -> bool:
        return is_one(self.rows) and is_one(self.columns)

    @property
    def value(self) -> Term:
        """The value of a number."""
        return self.entry(FIRST, FIRST)

    def map(self, change: Callable[[Term], Term]) -> Matrix:
        """The matrix with a function applied to each entry."""
        entry = self.entry
        return Matrix(self.rows, self.columns, lambda i, j: change(entry(i, j)), self.square)


class Names:
    """The statement's own supply of names for indices that sums bind."""

    def __init__(self) -> None:
        self.used = 0

    def fresh(self, sort: Sort) -> Index:
        self.used += 1
        return Index(f"${self.used}", sort)


def scalar(value: Callable[[], Term]) -> Matrix:
    """A number, made when it is asked for."""
    return Matrix(ONE, ONE, lambda i, j: value())


def sum_entries(names: Names, sort: Length, entry: Callable[[Index], Term]) -> Term:
    """The sum of a function of an index over all its values."""
    found = known(sort, "a sum")
    if found.size:
        return sum((entry(numbered(at, found)) for at in range(found.size)), ZERO)
    k = names.fresh(found)
    return sum_over(entry(k), k)


def zip_entries(
    join: Callable[[Term, Term], Term], left: Matrix, right: Matrix, node: t.Node
) -> Matrix:
    """Two matrices of one shape joined entry by entry. Raises IllSorted."""
    unify_shapes(left, right, node)
    return Matrix(left.rows, left.columns, lambda i, j: join(left.entry(i, j), right.entry(i, j)))


def unify_shapes(left: Matrix, right: Matrix, node: t.Node) -> None:
    """Makes two shapes equal. Raises IllSorted."""
    message = "two shapes that differ"
    unify(left.rows, right.rows, message, node)
    unify(left.columns, right.columns, message, node)


def spread(value: Matrix, over: Matrix) -> Matrix:
    """A written number beside a column or a row: one of that shape with this number everywhere."""
    if is_one(over.rows) == is_one(over.columns):
        return value
    return Matrix(over.rows, over.columns, lambda i, j: value.value)


def product(names: Names, left: Matrix, right: Matrix, node: t.Node) -> Matrix:
    """The product of two matrices, or of a number and a matrix. Raises IllSorted."""
    if left.is_number:
        return right.map(lambda entry: left.value * entry)
    if right.is_number:
        return left.map(lambda entry: entry * right.value)
    unify(left.columns, right.rows, "a factor's columns are not the next one's rows", node)

    def entry(i: Index, j: Index) -> Term:
        if is_one(left.columns):
            return left.entry(i, FIRST) * right.entry(FIRST, j)
        return sum_entries(names, left.columns, lambda k: left.entry(i, k) * right.entry(k, j))

    return Matrix(left.rows, right.columns, entry, left.square and right.square)


def transpose(value: Matrix) -> Matrix:
    return Matrix(value.columns, value.rows, lambda i, j: value.entry(j, i), value.square)


def identity(sort: Length) -> Matrix:
    return Matrix(sort, sort, delta, square=True)


def diagonal(value: Matrix, node: t.Node) -> Matrix:
    """The diagonal matrix of a column; of a square matrix, its diagonal as a column."""
    if not is_one(value.columns):
        unify(value.rows, value.columns, "the diagonal of a matrix that is not square", node)
        return Matrix(value.rows, ONE, lambda i, j: value.entry(i, i))
    if is_one(value.rows):
        raise IllSorted("a diagonal matrix is made of a column", node)

    def entry(i: Index, j: Index) -> Term:
        return delta(i, j) * value.entry(i, FIRST)

    return Matrix(value.rows, value.rows, entry, square=True)


def total(names: Names, value: Matrix) -> Matrix:
    """The sum of all entries."""

    def row(i: Index) -> Term:
        return sum_entries(names, value.columns, lambda j: value.entry(i, j))

    return scalar(lambda: sum_entries(names, value.rows, row))


def trace(names: Names, value: Matrix, node: t.Node) -> Matrix:
    """The sum of the diagonal of a square matrix."""
    unify(value.rows, value.columns, "the trace of a matrix that is not square", node)
    return scalar(lambda: sum_entries(names, value.rows, lambda i: value.entry(i, i)))


def inner(names: Names, left: Matrix, right: Matrix, node: t.Node) -> Matrix:
    """The sum of the products of the entries of two columns."""
    unify_shapes(left, right, node)
    if not is_one(left.columns):
        raise IllSorted("an inner product of what are not two columns", node)
    return total(names, zip_entries(lambda a, b: a * b, left, right, node))


def is_vector(value: Matrix) -> bool:
    """Whether a matrix is a column or a row, and no number."""
    return is_one(value.rows) != is_one(value.columns)


def is_column(value: Matrix) -> bool:
    return is_one(value.columns) and not is_one(value.rows)


def is_open(value: Matrix) -> bool:
    """Whether nothing fixes one of the sorts yet."""
    return any(isinstance(resolved(sort), Unknown) for sort in (value.rows, value.columns))
