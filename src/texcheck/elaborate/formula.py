"""From a node of the syntax tree to a matrix whose entries are terms.

Invariants:

- Strict types: `I` is square and has a sort; 1 is a number, the bold 1 a column.
- Every node either has its mathematical meaning, or raises: IllSorted where it has none at any
  width, Unfit where the notation lacks it, NoRule where the engine does.
- Whatever is not defined for all real values records a demand.
"""

from __future__ import annotations

from functools import reduce
from operator import mul

from texcheck import syntax as t
from texcheck.algebra.functions import apply, inverse
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
)

from . import calculus
from . import operations as ops
from .dots import Template, template
from .matrix import (
    Matrix,
    diagonal,
    identity,
    product,
    scalar,
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


def _elaborated(scope: Scope, node: t.Expr) -> Matrix:  # noqa: C901 - a match over nodes
    match node:
        case t.Add(terms):
            if any(isinstance(term, t.Dots) for term in terms):
                return dotted_sum(scope, node)
            return ops.add([elaborate(scope, term) for term in terms], node)
        case t.Negative(of):
            return elaborate(scope, of).map(lambda entry: -entry)
        case t.Product(factors):
            return ops.side_by_side(scope, [elaborate(scope, f) for f in factors], node)
        case t.Times(left, right):
            return ops.times(scope, elaborate(scope, left), elaborate(scope, right), node)
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
        case t.Apply():
            return apply_function(scope, node)
        case t.Component(of, indices):
            return ops.component(scope, elaborate(scope, of), indices, node)
        case t.Indicator(relation, left, right):
            if relation in ("=", "neq"):
                return ops.compared_indices(scope, node)
            return ops.compared(scope, [elaborate(scope, left), elaborate(scope, right)], node)
        case t.Cases(values, conditions):
            chosen = [None if c is None else elaborate(scope, c) for c in conditions]
            return ops.by_cases(scope, [elaborate(scope, v) for v in values], chosen, node)
        case _:
            return _leaf(scope, node)


def _leaf(scope: Scope, node: t.Expr) -> Matrix:  # noqa: C901 - a match over nodes
    """What is made of no other formulas, or of one."""
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
            name_ = scope.layer_name if layer.base == "L" else layer.base
            base = free(name_) if layer.base else ZERO
            return scalar(lambda: base + number(layer.offset))
        case t.Index():
            at = scope.index(node, scope.letter(node.letter).sort)
            return scalar(lambda: entry_number(at()))
        case t.Kronecker(first, second):
            return ops.equal_indices(scope, first, second)
        case t.Unit(index):
            rows: Length = Unknown()
            at = scope.index(index, rows)
            return Matrix(rows, ONE, lambda i, j: delta(i, at()))
        case t.Constant(one, size):
            rows = Unknown() if size is None else scope.sort_of_length(size)
            return Matrix(rows, ONE, lambda i, j: number(one))
        case t.Identity(rows_, columns):
            return identity(ops.square_sort(scope, rows_, columns, node))
        case t.ReluDiagonal(of, rows_, columns):
            steps = elaborate(scope, of).map(lambda entry: apply("step", entry))
            result = diagonal(ops.as_column(steps, node), node)
            sort = ops.square_sort(scope, rows_, columns, node)
            unify(sort, result.rows, "the subscript says another length", node)
            return result
        case t.Function():
            if not scope.pointwise:
                raise Unfit("expected the argument of this function", node)
            return scalar(lambda: calculus.applied(scope, node, free("t")))
        case t.Norm(of, subscript):
            value = elaborate(scope, of)
            if subscript == "2" and not (is_one(value.columns) or is_one(value.rows)):
                raise Unfit("a spectral norm: for the other one write a subscript F", node)
            return ops.squares(scope, value).map(lambda entry: apply("sqrt", entry))
        case t.Absolute(of):
            return ops.as_number(elaborate(scope, of), node).map(lambda entry: apply("abs", entry))
        case t.Written():
            return written(scope, node)
        case _:
            raise Unfit("this stands only inside of another formula", node)


# -- quantities and their entries


def name(scope: Scope, node: t.Name) -> Matrix:
    """A quantity, whole or some entries of it."""
    whole = quantity_matrix(scope, node)
    return ops.component(scope, whole, node.indices, node) if node.indices else whole


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
        s = t.Name("s", t.Layer("", layer))
        return elaborate(scope, t.Gradient(t.Name("ell", None), s))
    rows, columns = scope.case.shape((kind, layer))

    def entry(i: Index, j: Index) -> Term:
        return quantity(kind, layer, *((i, j) if kind == "W" else (i,)))

    return Matrix(rows, columns, entry)


def loss(scope: Scope, node: t.Name) -> Matrix:
    """The loss of the network, by its displayed equation."""
    declared = scope.case.loss
    if node.variant and declared is None:
        raise NoRule("a loss of which nothing is known")
    if node.variant and declared and node.variant != declared.name:
        raise Unfit("the loss of another network", node)
    if declared is None:
        return scalar(lambda: quantity("ell", 0))
    return elaborate(scope, declared.tree)


def written(scope: Scope, node: t.Written) -> Matrix:
    """A written-out matrix."""
    found = template(node)
    rows: Length = Unknown() if found.row else ONE
    columns: Length = rows if found.diagonal else Unknown() if found.column else ONE
    row, column = Letter("row", rows), Letter("column", columns)
    if found.cells is not None:
        return cell_matrix(scope, found.cells)
    with scope.meaning({found.ROW: row, found.COLUMN: row if found.diagonal else column}):
        cell = ops.as_number(elaborate(scope, found.cell), node)
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


def quotient(scope: Scope, node: t.Quotient) -> Matrix:
    """A fraction; of two columns or rows it is taken entry by entry."""
    top, bottom = elaborate(scope, node.top), elaborate(scope, node.bottom)
    if bottom.is_number and not node.elementwise:
        return product(scope.names, top, reciprocal(scope, node.bottom), node)
    return ops.divided(scope, top, bottom, node)


def dotted_sum(scope: Scope, node: t.Add) -> Matrix:
    """A sum with dots. Its pattern begins as early as it can; terms around it are added."""
    at = [isinstance(term, t.Dots) for term in node.terms].index(True)
    for start in range(at):
        column = t.Written(tuple((term,) for term in node.terms[start : at + 2]))
        try:
            template(column)
        except (IllSorted, NoRule):
            continue
        others = (*node.terms[:start], *node.terms[at + 2 :])
        values = [total(scope.names, written(scope, column))]
        values += [elaborate(scope, term) for term in others]
        return reduce(lambda a, b: zip_entries(lambda x, y: x + y, a, b, node), values)
    raise NoRule("a sum whose dots cannot be continued in one way")


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
    """A power; an even one of a norm is one of the sum of the squares, with no root."""
    inside = list(t.walk(node.exponent))
    if any(isinstance(part, t.LayerCount) for part in inside):
        raise IllSorted("a power by the number of a layer; a layer stands in brackets", node)
    if not all(isinstance(part, t.Number | t.Negative | t.Quotient | t.Add) for part in inside):
        raise NoRule("an exponent that is not a number")
    exponent, value = elaborate(scope, node.exponent).value, elaborate(scope, node.of)
    if isinstance(node.of, t.Norm) and exponent.constant in (2, 4, 6):
        norm = ops.squares(scope, elaborate(scope, node.of.of))
        return norm.map(lambda entry: entry ** (int(exponent.constant) // 2))
    return ops.power(scope, value, exponent, node)


def summed(scope: Scope, node: t.Sum) -> Matrix:
    """A sum over indices, over all their values or from one to another."""
    letters = [Letter(letter, Unknown()) for letter in node.letters]
    with scope.meaning(dict(zip(node.letters, letters, strict=True))):
        body = elaborate(scope, node.body)
        for condition in node.conditions:
            where = ops.as_number(elaborate(scope, condition), node)
            body = product(scope.names, where, body, node)
    left_out = ops.bounds(scope, node, letters[0])

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
        if left_out or node.conditions:
            ops.refuse_partial(scope, before, node)
        for place in left_out:
            whole = whole - at(numbered(place, known(first.sort)))
        return whole

    return Matrix(body.rows, body.columns, entry)


# -- derivatives, functions, conditions


def differentiated(scope: Scope, of: t.Expr, by: t.Name, node: t.Node) -> Matrix:
    """A derivative."""
    if of == by and by.base == "ell":
        elaborate(scope, of)
        return scalar(lambda: number(1))
    names = {(part.base, part.layer) for part in t.walk(of) if isinstance(part, t.Name)}
    if (by.base, by.layer, by.indices) == ("s", None, ()) and names - {("s", None)}:
        raise IllSorted("s needs a layer", by)
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
    special = function.name in ("max", "min", "MSE", "BCE", "loss", "diag", "tr", "Linear")
    if special and (function.primes or (function.layer and function.name != "Linear")):
        raise Unfit("dashes and layers stand on activations alone", node)
    match function.name:
        case "max" | "min":
            values = ops.spread_literals(node.arguments, values)
            return calculus.extreme(scope, function.name, values, node)
        case "MSE" | "BCE" | "loss":
            return loss_of(scope, function.name, values, node)
        case "diag":
            return diagonal(values[0], node)
        case "tr":
            return trace(scope.names, values[0], node)
        case "Linear":
            layer, v = function.layer or t.Layer("", 1), node.arguments[0]
            image = t.Product((t.Name("W", layer), v))
            ops.as_column(values[0], node)
            return elaborate(scope, t.Add((image, t.Name("b", layer))))
    if len(values) != 1:
        raise Unfit("expected one argument", node)
    return values[0].map(lambda entry: calculus.applied(scope, function, entry, node.arguments))


def loss_of(scope: Scope, name: str, values: list[Matrix], node: t.Apply) -> Matrix:
    """A loss of two columns."""
    if len(values) != 2:
        raise Unfit("expected two arguments", node)
    unify_shapes(values[0], values[1], node)
    ops.as_column(values[0], node)
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
