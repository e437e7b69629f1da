"""What formulas are made of, once their parts are matrices.

Invariants:

- A written number is spread over a column or a row in a sum, in a comparison, in a maximum and as a
  numerator, nowhere else; a bare I takes its length only from what is square by how it is made.
- Two columns side by side have no product; with a dot between them it is the inner one.
- Of two cases that hold at once the values agree, and one holds everywhere; a sum with bounds
  leaves out places that every width has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from texcheck import syntax as t
from texcheck.algebra.functions import apply, inverse, is_nonnegative, is_positive
from texcheck.algebra.terms import (
    ONE,
    ZERO,
    Index,
    NoRule,
    Term,
    delta,
    number,
)

from .matrix import (
    FIRST,
    Matrix,
    inner,
    is_column,
    is_open,
    is_vector,
    product,
    scalar,
    spread,
    total,
    zip_entries,
)
from .scope import Scope, counted
from .sorts import IllSorted, Length, Letter, Unfit, Unknown, is_one, known, unify


def as_number(value: Matrix, node: t.Node) -> Matrix:
    if not value.is_number:
        raise IllSorted("expected a number", node)
    return value


def as_column(value: Matrix, node: t.Node) -> Matrix:
    if not is_column(value):
        raise IllSorted("expected a column", node)
    return value


def square_sort(scope: Scope, rows: t.Expr | None, columns: t.Expr | None, node: t.Node) -> Length:
    """The sort of a square matrix, from the two lengths in its subscript."""
    if rows is None:
        return Unknown()
    sort = scope.sort_of_length(rows)
    if is_one(sort):
        raise Unfit("a matrix of one entry is written as a number", node)
    if columns is not None:
        unify(sort, scope.sort_of_length(columns), "this matrix is square", node)
    return sort


def component(scope: Scope, value: Matrix, indices: tuple[t.Expr, ...], node: t.Node) -> Matrix:
    """Entries of a matrix: one, or with a colon a row or a column. Raises IllSorted."""
    sides = [side for side in (value.rows, value.columns) if not is_one(side)]
    if len(sides) != len(indices):
        raise IllSorted("another number of indices", node)
    ends = iter(zip(indices, sides, strict=True))
    fixed: list[Callable[[], Index] | None] = []
    shape: list[Length] = []
    for side in (value.rows, value.columns):
        index, sort = (None, side) if is_one(side) else next(ends)
        if isinstance(index, t.Whole):
            fixed.append(None)
            shape.append(sort)
        else:
            at = None if index is None else scope.index(index, sort)
            fixed.append(at if at is not None else lambda: FIRST)
            shape.append(ONE)
    row, column = fixed

    def entry(i: Index, j: Index) -> Term:
        return value.entry(i if row is None else row(), j if column is None else column())

    return Matrix(shape[0], shape[1], entry)


def equal_indices(scope: Scope, first: t.Expr, second: t.Expr) -> Matrix:
    """1 where two indices of one sort are equal, else 0."""
    sort = Unknown()
    i, j = scope.index(first, sort), scope.index(second, sort)
    return scalar(lambda: delta(i(), j()))


def literal(node: t.Expr) -> bool:
    """Whether a formula is a written number, perhaps negative."""
    return isinstance(node.of if isinstance(node, t.Negative) else node, t.Number)


def spread_literals(nodes: tuple[t.Expr, ...], values: list[Matrix]) -> list[Matrix]:
    """The values, written numbers spread over the first column or row among the others."""
    others = [v for n, v in zip(nodes, values, strict=True) if not literal(n)]
    vectors = [value for value in others if is_vector(value)]
    if not vectors:
        return values
    return [
        spread(value, vectors[0]) if literal(node) else value
        for node, value in zip(nodes, values, strict=True)
    ]


def power_of(scope: Scope, term: Term, n: int, root: int) -> Term:
    """A whole power, or a half one, of a number."""
    if root == 2:
        scope.demand("nonnegative", term)
        term = apply("sqrt", term)
    elif root != 1:
        raise NoRule("a root that is no square root")
    if n > 0:
        return term**n
    scope.demand("nonzero", term)
    return inverse(term) ** -n


def squares(scope: Scope, value: Matrix) -> Matrix:
    """The sum of the squares of all entries."""
    return total(scope.names, value.map(lambda entry: entry * entry))


def refuse_partial(scope: Scope, before: int, node: t.Node) -> None:
    """Raises NoRule if a term of a sum over some of the values is not defined everywhere."""
    for demand in scope.demands[before:]:
        if not (is_nonnegative if demand.kind == "nonnegative" else is_positive)(demand.term):
            raise NoRule("a sum over some of the values of what is not defined everywhere")


def bounds(scope: Scope, node: t.Sum, letter: Letter) -> list[int]:
    """The places that a sum with bounds leaves out. Raises NoRule and IllSorted."""
    if node.low is None or node.high is None:
        return []
    base, low = counted(node.low)
    over, high = counted(node.high)
    if over is None and scope.case.widths:
        size = known(letter.sort, "the index of a sum").size
        over, high = None, high - size
    elif over is not None:
        unify(scope.sort_of_length(over), letter.sort, "an index over two lengths", node)
    if len(node.letters) > 1 or base is not None or (over is None and not scope.case.widths):
        raise NoRule("a sum that does not run from a number to a length")
    if low < 0 or high >= 0:
        raise IllSorted("the sum runs over values that the index does not have", node)
    missing = [*range(low), *range(high + 1, 0)]
    if len(missing) > 3:
        raise NoRule("a sum that leaves out more values than every width has")
    scope.places += missing
    return missing


def add(values: list[Matrix], node: t.Add) -> Matrix:
    """A sum of terms."""
    values = spread_literals(node.terms, values)
    if any(v.square and is_open(v) for v in values) and not all(v.square for v in values):
        raise Unfit("beside a matrix that is not diagonal, I needs its length, as in I_{d_x}", node)
    return reduce(lambda a, b: zip_entries(lambda x, y: x + y, a, b, node), values)


def side_by_side(scope: Scope, values: list[Matrix], node: t.Product) -> Matrix:
    """Factors side by side. A written 1 behind a matrix is refused: it may be meant as a column."""
    result = values[0]
    for factor, value in zip(node.factors[1:], values[1:], strict=True):
        if isinstance(factor, t.Number) and factor.value == 1 and not result.is_number:
            raise Unfit(r"a 1 behind a matrix; the column of ones is \boldsymbol 1", factor)
        result = product(scope.names, result, value, node)
    return result


def times(scope: Scope, left: Matrix, right: Matrix, node: t.Times) -> Matrix:
    """Two factors with a sign between them."""
    columns = is_column(left) and is_column(right)
    if node.sign == "inner" or (node.sign == "cdot" and columns):
        return inner(scope.names, left, right, node)
    if left.is_number or right.is_number:
        dotted = isinstance(node.left, t.Times) and node.left.sign == "cdot"
        if dotted and not right.is_number:
            raise Unfit("a third factor behind a product with a dot: write brackets", node)
        return product(scope.names, left, right, node)
    if node.sign == "cdot" or (node.sign == "otimes" and is_column(left) and is_one(right.rows)):
        return product(scope.names, left, right, node)
    raise Unfit(r"expected \odot for entry by entry, or nothing for the matrix product", node)


def divided(scope: Scope, top: Matrix, bottom: Matrix, node: t.Quotient) -> Matrix:
    """Columns or rows divided entry by entry."""
    if not is_vector(bottom) and not node.elementwise:
        raise Unfit("a division by a matrix", node)

    def entry(a: Term, b: Term) -> Term:
        scope.demand("nonzero", b)
        return a * inverse(b)

    return zip_entries(entry, spread(top, bottom) if literal(node.top) else top, bottom, node)


def power(scope: Scope, value: Matrix, exponent: Term, node: t.Power) -> Matrix:
    """A power of a number, of each entry, or of a square matrix."""
    if not exponent.is_constant:
        raise NoRule("an exponent that is not a number")
    n = exponent.constant
    if value.is_number or node.elementwise:
        return value.map(lambda entry: power_of(scope, entry, n.numerator, n.denominator))
    if is_vector(value):
        raise Unfit(r"a power of a vector: for each entry's write \odot before the exponent", node)
    unify(value.rows, value.columns, "a power of a matrix that is not square", node)
    if n.denominator != 1 or not 1 <= n <= 9:
        raise Unfit("a power of a matrix that is no small whole number", node)
    return reduce(lambda a, b: product(scope.names, a, b, node), [value] * int(n))


def compared(scope: Scope, sides: list[Matrix], node: t.Indicator) -> Matrix:
    """1 where a comparison holds, entry by entry, else 0."""
    values = spread_literals((node.left, node.right), sides)
    great, small = values[::-1] if node.relation in ("<", "ge") else values
    strict = node.relation in ("<", ">")

    def holds(a: Term, b: Term) -> Term:
        found = apply("step", a - b)
        return found if strict else number(1) - found

    return zip_entries(holds, great, small, node)


def compared_indices(scope: Scope, node: t.Indicator) -> Matrix:
    """1 where two indices are equal, or differ, else 0."""
    if not any(isinstance(side, t.Index) for side in (node.left, node.right)):
        raise NoRule("a comparison of lengths or numbers")
    same = equal_indices(scope, node.left, node.right)
    return same if node.relation == "=" else same.map(lambda entry: number(1) - entry)


def by_cases(
    scope: Scope, values: Sequence[Matrix], conditions: Sequence[Matrix | None], node: t.Node
) -> Matrix:
    """Values by cases."""
    for part in (*values, *(condition for condition in conditions if condition is not None)):
        as_number(part, node)

    def value() -> Term:
        result, rest = ZERO, number(1)
        seen: list[tuple[Term, Term]] = []
        before = len(scope.demands)
        for one, condition in zip(values, conditions, strict=True):
            holds, here = rest if condition is None else condition.value, one.value
            for other, earlier in seen:
                scope.require_zero(earlier * holds * (here - other))
            seen.append((here, holds))
            result = result + rest * holds * here
            rest = rest * (number(1) - holds)
        scope.require_zero(rest)
        if not all(is_positive(demand.term) for demand in scope.demands[before:]):
            raise NoRule("a case that is not defined everywhere")
        return result

    return scalar(value)
