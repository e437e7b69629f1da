"""What formulas are made of, once their parts are matrices.

Invariants:

- A written number, or a letter for one, is spread over a column or a row in a sum and as a
  numerator, over a matrix too in a comparison and in a maximum, nowhere else; a bare I takes its
  length only from what is square by how it is made.
- Two columns side by side have no product; with a dot between them it is the inner one.
- Of two cases that hold at once the values agree, and one holds everywhere; a sum with bounds
  leaves out places that every width has.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial, reduce
from operator import mul

from .. import syntax as t
from ..algebra.budget import NoRule
from ..algebra.demands import Nowhere, holds_everywhere
from ..algebra.functions import Demand, apply, inverse
from ..algebra.normal import normal
from ..algebra.terms import ONE, ZERO, Index, Term, delta, has_step, number, numbered
from . import matrix as m
from .matrix import FIRST, IllSorted, Length, Matrix, Unfit, Unknown, is_one
from .scope import Letter, Scope, left_out


def as_column(value: Matrix, node: t.Node) -> Matrix:
    if not value.is_column:
        raise IllSorted("expected a column", node)
    return value


def sum_of(*entries: Term) -> Term:
    return sum(entries, ZERO)


def square_sort(scope: Scope, node: t.Identity | t.ReluDiagonal) -> Length:
    """The sort of a square matrix, from the two lengths in its subscript."""
    if node.rows is None or node.columns is None:
        return Unknown()
    sort = scope.sort_of_length(node.rows)
    if is_one(sort):
        raise Unfit("a matrix of one entry is written as a number", node)
    m.unify(sort, scope.sort_of_length(node.columns), "this matrix is square", node)
    return sort


def component(scope: Scope, value: Matrix, indices: tuple[t.Expr, ...], node: t.Node) -> Matrix:
    """Entries of a matrix: one, or with a colon a row or a column. Raises IllSorted."""
    if [is_one(value.rows), is_one(value.columns)].count(False) != len(indices):
        if value.is_number:
            raise Unfit("no matrix is read from its entry: write the equation of entries", node)
        if any(isinstance(index, t.Number) for index in indices):  # (x + y)_{10}
            raise Unfit("another number of indices: behind a bracket each digit is one", node)
        raise IllSorted("another number of indices", node)
    left = iter(indices)

    def along(side: Length) -> tuple[Length, Callable[[], Index] | None]:
        if is_one(side):
            return ONE, lambda: FIRST
        index = next(left)
        return (side, None) if isinstance(index, t.Whole) else (ONE, scope.index(index, side))

    (rows, row), (columns, column) = along(value.rows), along(value.columns)
    at = value.entry
    found = Matrix(rows, columns, lambda i, j: at(row() if row else i, column() if column else j))
    return part_of(scope, value, found)


def part_of(scope: Scope, of: Matrix, value: Matrix) -> Matrix:
    """Some entries of a matrix: they are defined where the whole matrix is."""

    def entry(i: Index, j: Index) -> Term:
        scope.demand_all(of)
        return value.entry(i, j)

    return Matrix(value.rows, value.columns, entry)


def is_free(node: t.Name) -> bool:
    """Whether a name is that of a number of no network, such as the step size, or s alone."""
    return node.base in t.FREE or node == t.BARE_S


def equal_indices(scope: Scope, first: t.Expr, second: t.Expr) -> Matrix:
    """1 where two indices of one sort are equal, else 0."""
    sort = Unknown()
    i, j = scope.index(first, sort), scope.index(second, sort)
    return m.scalar(lambda: delta(i(), j()))


def literal(node: t.Expr) -> bool:
    """Whether a formula is a written number such as 2, -2 or 1/2, or a letter for one."""
    return all(isinstance(p, t.Number | t.Negative | t.Quotient | t.Local) for p in t.walk(node))


def spread_literals(
    nodes: tuple[t.Expr, ...], values: list[Matrix], over_matrices: bool = True
) -> list[Matrix]:
    """The values, written numbers spread over the first of the others that is no number."""
    pairs = list(zip(nodes, values, strict=True))
    wide = [v for n, v in pairs if not literal(n) and not v.is_number]
    over = next((v for v in wide if over_matrices or v.is_vector), None)
    return [m.spread(v, over) if over and literal(n) else v for n, v in pairs]


def squares(scope: Scope, value: Matrix) -> Matrix:
    """The sum of the squares of all entries."""
    return m.total(scope.names, value.map(lambda entry: entry * entry))


def expect_defined(scope: Scope, before: int, what: str) -> None:
    """Raises NoRule if a demand that was added since then does not hold everywhere."""
    if not all(map(holds_everywhere, scope.demands[before:])):
        raise NoRule(f"{what} is not defined everywhere")


def none_of(scope: Scope, letter: Letter, missing: list[int]) -> Term:
    """1 where an index is none of the missing places, else 0."""
    index = scope.bound[id(letter)]
    others = (number(1) - delta(index, numbered(at, index.sort)) for at in missing)
    return reduce(mul, others, number(1))


def bounds(scope: Scope, node: t.Sum, letter: Letter) -> list[int]:
    """The places that a sum with bounds leaves out. Raises NoRule and IllSorted."""
    try:
        return left_out(scope, letter, node)
    except IllSorted:
        if any(t.Index(letter.name) in t.indices_of(part) for part in t.walk(node.body)):
            raise
        raise NoRule("a sum over numbers that are no index of an entry") from None


def add(values: list[Matrix], node: t.Add) -> Matrix:
    values = spread_literals(node.terms, values, over_matrices=False)
    bare = [v for v in values if v.square and isinstance(m.resolved(v.rows), Unknown)]
    if bare and not all(v.square for v in values):
        raise Unfit("beside a matrix that is not diagonal, I needs its length, as in I_{d_x}", node)
    return m.zip_entries(sum_of, node, *values)


def side_by_side(scope: Scope, values: list[Matrix], node: t.Product) -> Matrix:
    """Factors side by side. Raises Unfit where they are not meant from left to right.

    A written 1 behind a matrix is refused too: it may be meant as a column.
    """
    result = values[0]
    try:
        for factor, value in zip(node.factors[1:], values[1:], strict=True):
            if isinstance(factor, t.Number) and factor.value == 1 and not result.is_number:
                raise Unfit(r"a 1 behind a matrix; the column of ones is \boldsymbol 1", factor)
            result = m.product(scope.names, result, value, node)
    except IllSorted:
        with suppress(IllSorted):  # z^T x^T x, where x^T x is meant as a number
            reduce(lambda right, left: m.product(scope.names, left, right, node), values[::-1])
            raise Unfit("this has a meaning from the right alone: write brackets", node) from None
        raise
    return result


def elementwise(scope: Scope, values: list[Matrix], node: t.Elementwise) -> Matrix:
    r"""The product entry by entry. Raises Unfit for x \odot 1 and x \odot x \cdot x."""
    if len({value.is_number for value in values}) > 1:
        raise Unfit(r"\odot beside a number: write no sign, or \boldsymbol 1 for a column", node)
    try:
        return m.zip_entries(mul, node, *values)
    except IllSorted:
        if any(isinstance(part, t.Times) and part.sign == "cdot" for part in node.parts):
            raise Unfit(r"\odot beside a dot: write brackets, or no sign", node) from None
        match node.right:
            case t.Product((first, *_), start=start) if start == first.start:  # without brackets
                left, right = values
                alike = scope.shapes[id(first)] == (left.rows, left.columns)
                if alike or (left.is_column and not right.is_vector):
                    raise Unfit("expected brackets around one of the products", node) from None
        raise


def times(scope: Scope, left: Matrix, right: Matrix, node: t.Times) -> Matrix:
    """Two factors with a sign between them."""
    if node.sign in ("inner", "otimes"):
        m.expect_layers(node)
    vectors = left.is_vector and right.is_vector and left.is_column == right.is_column
    if node.sign == "inner" or (node.sign == "cdot" and vectors):
        if not (is_one(left.columns) and is_one(right.columns)):
            raise Unfit("an inner product of what are not two columns", node)
        return m.total(scope.names, m.zip_entries(mul, node, left, right))
    if left.is_number or right.is_number:
        dotted = isinstance(node.left, t.Times) and node.left.sign == "cdot"
        if dotted and not right.is_number:
            raise Unfit(r"a third factor behind a dot: write \odot, or brackets", node)
    elif node.sign != "cdot" and not (
        node.sign == "otimes" and left.is_column and is_one(right.rows)
    ):
        outer = node.sign == "otimes" and left.is_column and right.is_column
        instead = "x y^T for two columns" if outer else "nothing for the matrix product"
        raise Unfit(rf"expected \odot for entry by entry, or {instead}", node)
    elif left.is_column and not right.is_vector and isinstance(node.right, t.Product):
        raise Unfit("expected brackets around one of the products", node)
    return m.product(scope.names, left, right, node)


def inverted(scope: Scope, term: Term) -> Term:
    """1 over a term, which is demanded not to be 0."""
    scope.demands.append(Demand("nonzero", term))
    if not term:
        raise Nowhere("a division by zero")
    return inverse(term)


def divided(scope: Scope, top: Matrix, bottom: Matrix, node: t.Quotient) -> Matrix:
    """Columns or rows divided entry by entry."""
    if not bottom.is_vector and not node.elementwise:
        raise Unfit("a division by a matrix", node)
    above = m.spread(top, bottom) if literal(node.top) and bottom.is_vector else top
    return m.zip_entries(lambda a, b: a * inverted(scope, b), node, above, bottom)


def power(scope: Scope, value: Matrix, exponent: Fraction, node: t.Power) -> Matrix:
    """A whole or half power of a number, of each entry, or of a square matrix."""
    n, root = exponent.as_integer_ratio()

    def entry(term: Term) -> Term:
        if root == 2:
            scope.demands.append(Demand("nonnegative", term))
            term = apply("sqrt", term)
        elif root != 1:
            raise NoRule("a root that is no square root")
        if n > 0:
            return term**n
        if not n:
            raise NoRule("a power whose exponent is 0: of 0 it is a convention")
        return inverted(scope, term) ** -n

    if value.is_number or node.elementwise:
        return value.map(entry)
    if value.is_vector:
        raise Unfit(r"a power of a vector: for each entry's write \odot before the exponent", node)
    m.unify(value.rows, value.columns, "a power of a matrix that is not square", node)
    if root != 1 or not 1 <= n <= 9:
        raise Unfit("a power of a matrix that is no small whole number", node)
    return reduce(lambda a, b: m.product(scope.names, a, b, node), [value] * n)


def refuse_jump(scope: Scope, value: Matrix) -> Matrix:
    """The value. Within a derivative it raises NoRule where it jumps, as ReLU' does at 0."""

    def entry(term: Term) -> Term:
        if has_step(term):
            raise NoRule("the slope of what jumps, as ReLU' does at 0")
        return term

    return value.map(entry) if scope.inside else value


def compared(scope: Scope, sides: list[Matrix], node: t.Indicator) -> Matrix:
    """1 where a comparison holds, entry by entry, else 0."""
    values = spread_literals((node.left, node.right), sides)
    return refuse_jump(scope, m.zip_entries(partial(holds, node.relation), node, *values))


def holds(relation: str, a: Term, b: Term) -> Term:
    """1 where a comparison of two numbers holds, else 0."""
    found = apply("step", b - a if relation in ("<", "ge") else a - b)
    return found if relation in ("<", ">") else number(1) - found


def compared_indices(scope: Scope, node: t.Indicator) -> Matrix:
    """1 where two indices are equal, or differ, else 0."""
    if not any(isinstance(side, t.Index) for side in (node.left, node.right)):
        raise NoRule("a comparison of lengths or numbers")
    letters = {one.letter for one in t.free_indices(node)}
    scope.compared |= letters if len(letters) > 1 else set()
    try:
        same = equal_indices(scope, node.left, node.right)
    except IllSorted:
        raise NoRule("a comparison of indices of two lengths") from None
    return same if node.relation == "=" else same.map(lambda entry: number(1) - entry)


def by_cases(
    scope: Scope, values: Sequence[Matrix], conditions: Sequence[Matrix | None], node: t.Node
) -> Matrix:
    """Values by cases. Raises NoRule if they are not seen to cover everything once."""
    if scope.inside:
        raise NoRule("the derivative of what is told by cases")  # they may hide a slope
    if not all(part is None or part.is_number for part in (*values, *conditions)):
        raise Unfit("cases of what is no number: write them for each entry", node)

    def value() -> Term:
        result, rest = ZERO, number(1)
        seen: list[tuple[Term, Term]] = []
        before, overlaps = len(scope.demands), list[Term]()
        for one, condition in zip(values, conditions, strict=True):
            holds, here = rest if condition is None else condition.value, one.value
            overlaps += [earlier * holds * (here - other) for other, earlier in seen]
            seen.append((here, holds))
            result = result + rest * holds * here
            rest = rest * (number(1) - holds)
        if any(normal(term, scope.case.eliminate) for term in (*overlaps, rest)):
            raise NoRule("cases that are not seen to cover everything once")
        expect_defined(scope, before, "a case that")
        return result

    return m.scalar(value)
