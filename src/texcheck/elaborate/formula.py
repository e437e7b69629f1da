"""From a node of the syntax tree to a matrix whose entries are terms.

Invariants:

- Strict types: `I` is square and has a sort; 1 is a number, the bold 1 a column; a written number is
  spread over a column or a row in a sum, in a comparison and as a numerator, nowhere else.
- Every node either has its mathematical meaning, or raises: IllSorted where it has none at any
  width, Unfit where the notation lacks it, NoRule where the engine does.
- Whatever is not defined for all real values records a demand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import mul

from texcheck import syntax as t
from texcheck.algebra.functions import apply, inverse, is_nonnegative, is_positive
from texcheck.algebra.terms import (
    ONE,
    ZERO,
    Index,
    NoRule,
    Term,
    delta,
    free,
    length,
    number,
    numbered,
    quantity,
    term_indices,
)

from . import calculus
from .dots import Template, template
from .matrix import (
    FIRST,
    Matrix,
    diagonal,
    identity,
    inner,
    is_column,
    is_open,
    is_vector,
    product,
    scalar,
    spread,
    sum_entries,
    total,
    trace,
    transpose,
    unify_shapes,
    zip_entries,
)
from .scope import Scope, counted, entry_number
from .sorts import IllSorted, Length, Letter, Unfit, Unknown, is_one, known, resolved, unify


def elaborate(scope: Scope, node: t.Expr) -> Matrix:
    """The matrix that a formula stands for. Raises IllSorted, Unfit and NoRule."""
    found = _elaborated(scope, node)
    scope.shapes[id(node)] = found.rows, found.columns
    return found


def _elaborated(scope: Scope, node: t.Expr) -> Matrix:
    match node:
        case t.Number(written_number):
            return scalar(lambda: number(written_number))
        case t.Name():
            return name(scope, node)
        case t.Local(of=of):
            return elaborate(scope, of)
        case t.Length():
            sort = scope.sort_of_length(node)
            return scalar(lambda: length(known(sort, "a length")))
        case t.LayerCount(layer):
            base = free(layer.base) if layer.base else ZERO
            return scalar(lambda: base + number(layer.offset))
        case t.Index():
            at = scope.index(node, scope.letter(node.letter).sort)
            return scalar(lambda: entry_number(at()))
        case t.Kronecker(first, second):
            return equal_indices(scope, first, second)
        case t.Unit(index):
            rows: Length = Unknown()
            at = scope.index(index, rows)
            return Matrix(rows, ONE, lambda i, j: delta(i, at()))
        case t.Constant(one, size):
            rows = Unknown() if size is None else scope.sort_of_length(size)
            return Matrix(rows, ONE, lambda i, j: number(one))
        case t.Identity(rows_, columns):
            return identity(square_sort(scope, rows_, columns, node))
        case t.ReluDiagonal(of, rows_, columns):
            steps = elaborate(scope, of).map(lambda entry: apply("step", entry))
            result = diagonal(_column(steps, node), node)
            sort = square_sort(scope, rows_, columns, node)
            unify(sort, result.rows, "the subscript says another length", node)
            return result
        case t.Add(terms):
            return add(scope, terms, node)
        case t.Negative(of):
            return elaborate(scope, of).map(lambda entry: -entry)
        case t.Product(factors):
            return factors_product(scope, factors, node)
        case t.Times():
            return times(scope, node)
        case t.Elementwise(left, right):
            pair = elaborate(scope, left), elaborate(scope, right)
            return zip_entries(lambda a, b: a * b, *pair, node)
        case t.Quotient():
            return quotient(scope, node)
        case t.Power():
            return powered(scope, node)
        case t.Transpose(of):
            if isinstance(of, t.Number) or (isinstance(of, t.Name) and len(of.indices) == 2):
                raise Unfit("the transpose of a number or of one entry", node)
            return transpose(elaborate(scope, of))
        case t.Sum():
            return summed(scope, node)
        case t.Derivative(of, by):
            return differentiated(scope, of, by, node)
        case t.Gradient(of, by):
            value = differentiated(scope, of, by, node)
            if not is_one(scope.shapes[id(of)][0]) or not is_one(scope.shapes[id(of)][1]):
                raise IllSorted("the gradient of what is no number", node)
            return transpose(value)
        case t.Restricted(of, by, at_value):
            value = elaborate(scope, of)
            return calculus.restricted(scope, value, by, elaborate(scope, at_value), node)
        case t.Function():
            if not scope.pointwise:
                raise Unfit("expected the argument of this function", node)
            return scalar(lambda: calculus.applied(scope, node, free("t")))
        case t.Apply():
            return apply_function(scope, node)
        case t.Component(of, indices):
            return component(scope, elaborate(scope, of), indices, node)
        case t.Indicator():
            return indicator(scope, node)
        case t.Cases():
            return by_cases(scope, node)
        case t.Norm(of, subscript):
            value = elaborate(scope, of)
            if subscript == "2" and not (is_one(value.columns) or is_one(value.rows)):
                raise Unfit("a spectral norm: for the other one write a subscript F", node)
            return squares(scope, value).map(lambda entry: apply("sqrt", entry))
        case t.Absolute(of):
            return _number(elaborate(scope, of), node).map(lambda entry: apply("abs", entry))
        case t.Written():
            return written(scope, node)
        case _:
            raise Unfit("this stands only inside of another formula", node)


def _number(value: Matrix, node: t.Node) -> Matrix:
    if not value.is_number:
        raise IllSorted("expected a number", node)
    return value


def _column(value: Matrix, node: t.Node) -> Matrix:
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


# -- quantities and their entries


def name(scope: Scope, node: t.Name) -> Matrix:
    """A quantity, whole or some entries of it."""
    whole = quantity_matrix(scope, node)
    return component(scope, whole, node.indices, node) if node.indices else whole


def quantity_matrix(scope: Scope, node: t.Name) -> Matrix:
    """A whole quantity."""
    if node.base in scope.given:
        return scope.given[node.base]
    if node.base == "eta" or (node.base == "s" and node.layer is None and not node.indices):
        return scalar(lambda: free(node.base))
    kind, layer = scope.place(node)
    if kind == "ell":
        return loss(scope, node)
    if kind == "delta":
        error = calculus.error(scope, loss(scope, t.Name("ell", None)), layer)
        return Matrix(scope.case.sort(layer), ONE, error.entry)
    rows, columns = scope.case.shape((kind, layer))

    def entry(i: Index, j: Index) -> Term:
        return quantity(kind, layer, *((i, j) if kind == "W" else (i,)))

    return Matrix(rows, columns, entry)


def loss(scope: Scope, node: t.Name) -> Matrix:
    """The loss of the network, by its displayed equation."""
    declared = scope.case.loss
    if node.variant and (declared is None or node.variant != declared.name):
        raise Unfit("the loss of another network", node)
    return calculus.any_loss() if declared is None else elaborate(scope, declared.tree)


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


def written(scope: Scope, node: t.Written) -> Matrix:
    """A written-out matrix."""
    found = template(node)
    rows: Length = Unknown() if found.row else ONE
    columns: Length = rows if found.diagonal else Unknown() if found.column else ONE
    row, column = Letter("row", rows), Letter("column", columns)
    if found.cells is not None:
        return cell_matrix(scope, found.cells)
    with scope.meaning({found.ROW: row, found.COLUMN: row if found.diagonal else column}):
        cell = _number(elaborate(scope, found.cell), node)
    for place, size in found.lengths:
        unify(
            _length_at(scope, place, found, row, column),
            scope.sort_of_length(size),
            "dots of another length",
            node,
        )
    if found.row or found.column:
        scope.places += [0, 1, -1]

    def entry(i: Index, j: Index) -> Term:
        if found.diagonal:
            with scope.binding(row, i):
                return delta(i, j) * cell.value
        with scope.binding(row, i), scope.binding(column, j):
            return cell.value

    return Matrix(rows, columns, entry)


def _length_at(scope: Scope, place: t.Expr, found: Template, row: Letter, column: Letter) -> Length:
    """The sort at a place of a template: that of its rows, its columns, or of a fixed end."""
    if isinstance(place, t.Index):
        return row.sort if place.letter == found.ROW or found.diagonal else column.sort
    base = counted(place)[0]
    return scope.sort_of_length(base) if base is not None else Unknown()


def cell_matrix(scope: Scope, rows: tuple[tuple[t.Expr, ...], ...]) -> Matrix:
    """A matrix of a fixed size, each entry written."""
    cells = [[elaborate(scope, cell) for cell in row] for row in rows]
    if not all(cell.is_number for row in cells for cell in row):
        raise Unfit("a matrix whose entries are matrices", rows[0][0])
    sizes = [numbered(0, ONE).sort._replace(size=n) for n in (len(cells), len(cells[0]))]

    def entry(i: Index, j: Index) -> Term:
        if i.at is None or j.at is None:
            raise NoRule("a matrix of a fixed size beside one of any size")
        return cells[i.at][j.at].value

    return Matrix(sizes[0], sizes[1], entry)


# -- sums and products


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


def add(scope: Scope, terms: tuple[t.Expr, ...], node: t.Add) -> Matrix:
    """A sum of terms; with dots between them, the sum over an index."""
    if any(isinstance(term, t.Dots) for term in terms):
        column = t.Written(tuple((term,) for term in terms))
        return total(scope.names, written(scope, column))
    values = spread_literals(terms, [elaborate(scope, term) for term in terms])
    if any(v.square and is_open(v) for v in values) and not all(v.square for v in values):
        raise Unfit("beside a matrix that is not diagonal, I needs its length, as in I_{d_x}", node)
    result = values[0]
    for value in values[1:]:
        result = zip_entries(lambda a, b: a + b, result, value, node)
    return result


def factors_product(scope: Scope, factors: tuple[t.Expr, ...], node: t.Node) -> Matrix:
    """Factors side by side. A written 1 behind a matrix is refused: it may be meant as a column."""
    result = elaborate(scope, factors[0])
    for factor in factors[1:]:
        value = elaborate(scope, factor)
        if isinstance(factor, t.Number) and factor.value == 1 and not result.is_number:
            raise Unfit(r"a 1 behind a matrix; the column of ones is \boldsymbol 1", factor)
        result = product(scope.names, result, value, node)
    return result


def times(scope: Scope, node: t.Times) -> Matrix:
    """Two factors with a sign between them."""
    left, right = elaborate(scope, node.left), elaborate(scope, node.right)
    columns = is_column(left) and is_column(right)
    if node.sign == "inner":
        return inner(scope.names, left, right, node)
    if left.is_number or right.is_number:
        before = node.left
        if isinstance(before, t.Times) and not right.is_number and before.sign == "cdot":
            if is_column(elaborate(scope, before.left)):
                raise Unfit("a third vector behind a product of two columns", node)
        return product(scope.names, left, right, node)
    match node.sign:
        case "cdot" if columns:
            return inner(scope.names, left, right, node)
        case "cdot":
            return product(scope.names, left, right, node)
        case "otimes" if is_column(left) and is_one(right.rows):
            return product(scope.names, left, right, node)
    raise Unfit(r"expected \odot for entry by entry, or nothing for the matrix product", node)


def quotient(scope: Scope, node: t.Quotient) -> Matrix:
    """A fraction; of two columns or rows it is taken entry by entry."""
    top, bottom = elaborate(scope, node.top), elaborate(scope, node.bottom)
    if bottom.is_number and not node.elementwise:
        return product(scope.names, top, reciprocal(scope, node.bottom), node)
    if not is_vector(bottom) and not node.elementwise:
        raise Unfit("a division by a matrix", node)
    if literal(node.top):
        top = spread(top, bottom)

    def divided(a: Term, b: Term) -> Term:
        scope.demand("nonzero", b)
        return a * inverse(b)

    return zip_entries(divided, top, bottom, node)


def reciprocal(scope: Scope, node: t.Expr) -> Matrix:
    """1 over a number, factor by factor: so no sum has to be taken apart into factors."""
    value = elaborate(scope, node)
    if isinstance(node, t.Product) and all(elaborate(scope, f).is_number for f in node.factors):
        parts = [reciprocal(scope, factor) for factor in node.factors]
        return scalar(lambda: reduce(mul, (part.value for part in parts)))
    if isinstance(node, t.Power) and _whole(node.exponent) > 0:
        base = reciprocal(scope, node.of)
        return scalar(lambda: base.value ** _whole(node.exponent))

    def inverted() -> Term:
        found = value.value
        scope.demand("nonzero", found)
        if not found:
            raise IllSorted("a division by zero", node)
        return inverse(found)

    return scalar(inverted)


def _whole(exponent: t.Expr) -> int:
    """A whole exponent; 0 if it is none, or not positive."""
    if isinstance(exponent, t.Number) and exponent.value.denominator == 1:
        return int(exponent.value)
    return 0


def powered(scope: Scope, node: t.Power) -> Matrix:
    """A power of a number, of each entry, or of a square matrix."""
    if any(isinstance(part, t.LayerCount) for part in t.walk(node.exponent)):
        raise IllSorted("a power by the number of a layer; a layer stands in brackets", node)
    exponent = elaborate(scope, node.exponent).value if _plain(node.exponent) else None
    if exponent is None or not exponent.is_constant:
        raise NoRule("an exponent that is not a number")
    if isinstance(node.of, t.Norm) and exponent.constant in (2, 4, 6):
        norm = squares(scope, elaborate(scope, node.of.of))
        elaborate(scope, node.of)
        return norm.map(lambda entry: entry ** (int(exponent.constant) // 2))
    value = elaborate(scope, node.of)
    n = exponent.constant
    if value.is_number or node.elementwise:
        return value.map(lambda entry: power_of(scope, entry, n.numerator, n.denominator))
    if is_vector(value):
        raise Unfit(r"a power of a vector: for each entry's write \odot before the exponent", node)
    unify(value.rows, value.columns, "a power of a matrix that is not square", node)
    if n.denominator != 1 or not 1 <= n <= 9:
        raise Unfit("a power of a matrix that is no small whole number", node)
    result = value
    for _ in range(int(n) - 1):
        result = product(scope.names, result, value, node)
    return result


def _plain(node: t.Expr) -> bool:
    return all(isinstance(p, t.Number | t.Negative | t.Quotient | t.Add) for p in t.walk(node))


def power_of(scope: Scope, term: Term, n: int, root: int) -> Term:
    """A whole power, or a half one, of a number."""
    if root == 2:
        scope.demand("nonnegative", term)
        term = apply("sqrt", term)
    elif root != 1:
        raise NoRule("a root that is no square root")
    if n >= 0:
        return term**n
    scope.demand("nonzero", term)
    return inverse(term) ** -n


def squares(scope: Scope, value: Matrix) -> Matrix:
    """The sum of the squares of all entries."""
    return total(scope.names, value.map(lambda entry: entry * entry))


def summed(scope: Scope, node: t.Sum) -> Matrix:
    """A sum over indices, over all their values or from one to another."""
    letters = [Letter(letter, Unknown()) for letter in node.letters]
    with scope.meaning(dict(zip(node.letters, letters, strict=True))):
        body = elaborate(scope, node.body)
        for condition in node.conditions:
            body = product(scope.names, _number(elaborate(scope, condition), node), body, node)
    left_out = bounds(scope, node, letters[0])

    def entry(i: Index, j: Index, letters: list[Letter] = letters) -> Term:
        if not letters:
            return body.entry(i, j)
        first, *rest = letters

        def at(index: Index) -> Term:
            with scope.binding(first, index):
                return entry(i, j, rest)

        before = len(scope.demands)
        unfixed = isinstance(resolved(first.sort), Unknown)
        sort = scope.default if unfixed and scope.default else first.sort
        whole = sum_entries(scope.names, sort, at)
        if left_out:
            _refuse_partial(scope, before, node)
        for place in left_out:
            whole = whole - at(numbered(place, known(first.sort)))
        return whole

    return Matrix(body.rows, body.columns, entry)


def _refuse_partial(scope: Scope, before: int, node: t.Node) -> None:
    """Raises NoRule if a term of a sum over some of the values is not defined everywhere."""
    for demand in scope.demands[before:]:
        fine = is_positive if demand.kind != "nonnegative" else is_nonnegative
        if not fine(demand.term) and any(i.name[0] == "$" for i in term_indices(demand.term)):
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


# -- derivatives, functions, conditions


def differentiated(scope: Scope, of: t.Expr, by: t.Name, node: t.Node) -> Matrix:
    """A derivative."""
    if of == by and by.base == "ell":
        elaborate(scope, of)
        return scalar(lambda: number(1))
    scope.inside += 1
    try:
        value = elaborate(scope, of)
    finally:
        scope.inside -= 1
    return calculus.differentiated(scope, value, by, node)


def apply_function(scope: Scope, node: t.Apply) -> Matrix:
    """A function of its arguments."""
    function = node.function
    if function.name == "diag" and len(node.arguments) > 1:
        column = t.Written(tuple((cell,) for cell in node.arguments))
        return diagonal(written(scope, column), node)
    values = [elaborate(scope, argument) for argument in node.arguments]
    special = function.name in ("max", "min", "MSE", "BCE", "loss", "diag", "tr")
    if special and (function.primes or function.layer):
        raise Unfit("dashes and layers stand on activations alone", node)
    match function.name:
        case "max" | "min":
            values = spread_literals(node.arguments, values)
            return calculus.extreme(scope, function.name, values, node)
        case "MSE" | "BCE" | "loss":
            return loss_of(scope, function.name, values, node)
        case "diag":
            return diagonal(values[0], node)
        case "tr":
            return trace(scope.names, values[0], node)
        case "Linear":
            return calculus.linear(scope, function, values[0], node)
    if len(values) != 1:
        raise Unfit("expected one argument", node)
    return values[0].map(lambda entry: calculus.applied(scope, function, entry))


def loss_of(scope: Scope, name: str, values: list[Matrix], node: t.Apply) -> Matrix:
    """A loss of two columns."""
    if len(values) != 2:
        raise Unfit("expected two arguments", node)
    unify_shapes(values[0], values[1], node)
    _column(values[0], node)
    if name != "loss":
        tree = scope.losses.get(name)
    elif scope.case.loss is not None:
        tree = scope.case.loss.tree
    else:
        tree = None
    if tree is None:
        raise NoRule("a loss of which nothing is known")
    outer, scope.given = scope.given, {"y_hat": values[0], "y": values[1]}
    found = elaborate(scope, tree)
    scope.given = outer
    return found


def indicator(scope: Scope, node: t.Indicator) -> Matrix:
    """1 where a comparison holds, entry by entry, else 0."""
    if node.relation in ("=", "neq"):
        same = equal_indices(scope, node.left, node.right)
        return same if node.relation == "=" else same.map(lambda entry: number(1) - entry)
    nodes = node.left, node.right
    values = spread_literals(nodes, [elaborate(scope, side) for side in nodes])
    great, small = values[::-1] if node.relation in ("<", "ge") else values
    unify_shapes(great, small, node)
    strict = node.relation in ("<", ">")

    def holds(a: Term, b: Term) -> Term:
        found = apply("step", a - b)
        return found if strict else number(1) - found

    return zip_entries(holds, great, small, node)


def by_cases(scope: Scope, node: t.Cases) -> Matrix:
    """Values by cases. Two that hold at once must agree, and somewhere one must hold."""
    values = [_number(elaborate(scope, value), node) for value in node.values]
    conditions = [
        None if c is None else _number(elaborate(scope, c), node) for c in node.conditions
    ]

    def value() -> Term:
        result, rest = ZERO, number(1)
        seen: list[tuple[Term, Term]] = []
        before = len(scope.demands)
        for one, condition in zip(values, conditions, strict=True):
            holds = rest if condition is None else condition.value
            for other, earlier in seen:
                scope.require_zero(earlier * holds * (one.value - other))
            seen.append((one.value, holds))
            result = result + rest * holds * one.value
            rest = rest * (number(1) - holds)
        scope.require_zero(rest)
        for demand in scope.demands[before:]:
            if not is_positive(demand.term):
                raise NoRule("a case that is not defined everywhere")
        return result

    return scalar(value)
