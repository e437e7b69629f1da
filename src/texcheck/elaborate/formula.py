"""From a node of the syntax tree to a matrix whose entries are terms.

Invariants:

- Strict types: `I` is square and has a sort; 1 is a number, the bold 1 a column.
- Every node either has its mathematical meaning, or raises: IllSorted where it has none at any
  width, Unfit where the notation lacks it, NoRule where the engine does.
- Whatever is not defined for all real values records a demand.
"""

from functools import partial, reduce
from operator import mul, neg

from .. import syntax as t
from ..algebra import terms as a
from ..algebra.budget import NoRule, spend
from ..algebra.functions import apply
from ..algebra.terms import ONE, Index, Term, delta, free, number
from . import calculus
from . import matrix as m
from . import operations as ops
from .dots import Template, template
from .matrix import IllSorted, Length, Matrix, Unfit, Unknown
from .pattern import COLUMN, ROW
from .scope import Letter, Scope, entry_at
from .words import layer_needed, with_shapes


def elaborate(scope: Scope, node: t.Expr) -> Matrix:
    """The matrix that a formula stands for. Raises IllSorted, Unfit and NoRule."""
    spend(10)
    try:
        found = _elaborated(scope, node)
    except IllSorted as error:
        raise with_shapes(error, node, scope.shapes, scope.case) from None
    scope.shapes[id(node)] = found.rows, found.columns
    return found


def _all(scope: Scope, nodes: tuple[t.Expr, ...]) -> list[Matrix]:
    return [elaborate(scope, node) for node in nodes]


def _elaborated(scope: Scope, node: t.Expr) -> Matrix:  # noqa: C901 - a match over nodes
    match node:
        case t.Add(terms):
            if any(isinstance(term, t.Dots) for term in terms):
                return dotted_sum(scope, node)
            return ops.add(_all(scope, terms), node)
        case t.Negative(of):
            return elaborate(scope, of).map(neg)
        case t.Product(factors):
            return ops.side_by_side(scope, _all(scope, factors), node)
        case t.Times(left, right):
            return ops.times(scope, elaborate(scope, left), elaborate(scope, right), node)
        case t.Elementwise():
            return ops.elementwise(scope, _all(scope, (node.left, node.right)), node)
        case t.Quotient(top, bottom):
            above, below = _all(scope, (top, bottom))
            if below.is_number and not node.elementwise:
                return m.product(scope.names, above, reciprocal(scope, bottom), node)
            return ops.divided(scope, above, below, node)
        case t.Power():
            return powered(scope, node)
        case t.Transpose(of):
            m.expect_layers(node)
            if isinstance(of, t.Number) or (isinstance(of, t.Name) and ops.is_free(of)):
                raise Unfit("the transpose of a number", node)
            return m.transpose(elaborate(scope, of))
        case t.Sum():
            return summed(scope, node)
        case t.Derivative(of, by):
            return differentiated(scope, of, by, node)
        case t.Gradient(of, by):
            value = differentiated(scope, of, by, node)
            if not all(map(m.is_one, scope.shapes[id(of)])):
                raise Unfit("the gradient of what is no number", node)
            return m.transpose(value)
        case t.Restricted(of, by, at):
            zero = at == t.ZERO and not ops.is_free(by)
            point = elaborate(scope, t.Constant(0) if zero else at)
            return calculus.restricted(scope, elaborate(scope, of), by, point, node)
        case t.Apply():
            return apply_function(scope, node)
        case t.Component(of, indices):
            return ops.component(scope, elaborate(scope, of), indices, node)
        case t.Indicator("=" | "neq"):
            return ops.compared_indices(scope, node)
        case t.Indicator(_, left, right):
            return ops.compared(scope, _all(scope, (left, right)), node)
        case t.Written():
            return written(scope, node)
        case t.Cases(values, conditions):
            chosen = [None if c is None else elaborate(scope, c) for c in conditions]
            return ops.by_cases(scope, _all(scope, values), chosen, node)
    return _leaf(scope, node)


def _leaf(scope: Scope, node: t.Expr) -> Matrix:  # noqa: C901 - a match over nodes
    """What is made of no other formulas, or of one."""
    match node:
        case t.Number(written_number):
            return m.scalar(lambda: number(written_number))
        case t.Name():
            value = quantity(scope, node)
            return ops.component(scope, value, node.indices, node) if node.indices else value
        case t.Local(letter, of):
            value = elaborate(scope, of)
            if any(isinstance(m.resolved(end), Unknown) for end in (value.rows, value.columns)):
                raise Unfit(f"expected lengths in what {letter} is, as in I_K", node)
            return value
        case t.Length():
            sort = scope.sort_of_length(node)
            return m.scalar(lambda: a.length(m.known(sort, "a length")))
        case t.LayerCount():
            raise Unfit(r"the number of a layer stands in no formula; the loss is \ell", node)
        case t.Index():
            at = scope.index(node, scope.letter(node.letter).sort)
            return m.scalar(lambda: a.entry_number(at()))
        case t.Kronecker(first, second):
            return ops.equal_indices(scope, first, second)
        case t.Unit(index):
            rows: Length = Unknown()
            at = scope.index(index, rows)
            return Matrix(rows, ONE, lambda i, j: delta(i, at()))
        case t.Constant(one, size):
            rows = Unknown() if size is None else scope.sort_of_length(size)
            return Matrix(rows, ONE, lambda i, j: number(one))
        case t.Identity():
            square = ops.square_sort(scope, node)
            return Matrix(square, square, delta, square=True)
        case t.ReluDiagonal(of):
            steps = elaborate(scope, of).map(lambda entry: apply("step", entry))
            result = m.diagonal(ops.as_column(steps, node), node)
            said = ops.square_sort(scope, node)
            m.unify(said, result.rows, "the subscript says another length", node)
            return ops.refuse_jump(scope, result)
        case t.Function():
            found = m.scalar(lambda: calculus.applied(scope, node, free("t")))
            return ops.refuse_jump(scope, found) if node.primes else found
        case t.Norm(of, subscript):
            m.expect_layers(of)
            value = elaborate(scope, of)
            if subscript in ("1", "2") and not (m.is_one(value.columns) or m.is_one(value.rows)):
                raise Unfit("a norm of a matrix as a map: for the Euclidean one write _F", node)
            if subscript == "1":
                return m.total(scope.names, value.map(lambda entry: apply("abs", entry)))
            return ops.squares(scope, value).map(lambda entry: apply("sqrt", entry))
        case t.Absolute(of):
            value = elaborate(scope, of)
            if not value.is_number:
                raise Unfit(r"a norm is \lVert x \rVert; of each entry, write |x_i|", node)
            return value.map(lambda entry: apply("abs", entry))
    raise Unfit("this stands only inside of another formula", node)


def quantity(scope: Scope, node: t.Name) -> Matrix:
    """A whole quantity of the network, or its loss by the displayed equation."""
    if ops.is_free(node):
        return m.scalar(lambda: free(node.base))
    kind, layer = scope.place(node)
    if kind == "ell":
        loss = scope.case.loss
        if node.variant and loss is None:
            raise NoRule("a loss of which nothing is known")
        if node.variant and loss and node.variant != loss.name:
            raise Unfit("the loss of another network", node)
        return elaborate(scope, loss.tree) if loss else m.scalar(lambda: a.quantity("ell", 0))
    if kind == "delta":
        s = t.Name("s", t.Layer("", layer))
        return elaborate(scope, t.Gradient(t.Name("ell", None), s))
    shape, count = scope.case.shape((kind, layer)), 2 if kind == "W" else 1
    return Matrix(*shape, lambda i, j: a.quantity(kind, layer, *(i, j)[:count]))


# -- what is written out


def written(scope: Scope, node: t.Written) -> Matrix:
    """A written-out matrix; with dots, by its entries, by its rows or by its columns."""
    if not any(isinstance(cell, t.Dots | t.Blank) for row in node.rows for cell in row):
        return cell_matrix(scope, node.rows)
    found = template(node)
    row, column, cell = _continued(scope, found, node)
    by_rows = m.is_one(cell.rows) and found.down and not found.across
    by_columns = m.is_one(cell.columns) and found.across and not found.down
    if not (cell.is_number or by_rows or by_columns):
        raise Unfit("rows stand one below the other, columns side by side", node)

    def entry(i: Index, j: Index) -> Term:
        with scope.binding(column, j), scope.binding(row, i):
            value = cell.entry(i, j)
            return delta(i, j) * value if found.diagonal else value

    rows = row.sort if m.is_one(cell.rows) else cell.rows
    return Matrix(rows, column.sort if m.is_one(cell.columns) else cell.columns, entry)


def _continued(scope: Scope, found: Template, node: t.Node) -> tuple[Letter, Letter, Matrix]:
    """What dots continue: the letters of row and column, and the cell that they are bound in."""
    row = Letter("row", Unknown() if found.down else ONE)
    column = row if found.diagonal else Letter("column", Unknown() if found.across else ONE)
    with scope.meaning({ROW: row, COLUMN: column}):
        cell = elaborate(scope, found.cell)
    for place, size in found.lengths:
        if isinstance(place, t.Index):
            here = (row if place.letter == ROW else column).sort
        else:
            here = scope.sort_of_length(place)
        m.unify(here, scope.sort_of_length(size), "dots of another length", node)
    scope.places += [len(places) - 1 for places in (found.down, found.across) if places]

    def entry(i: Index, j: Index) -> Term:
        for letter, places in ((row, found.down), (column, found.across)):
            for at in places:
                entry_at(at, m.known(letter.sort), node)
        return cell.entry(i, j)

    return row, column, Matrix(cell.rows, cell.columns, entry)


def cell_matrix(scope: Scope, rows: tuple[tuple[t.Expr, ...], ...]) -> Matrix:
    """A matrix of a fixed size, each entry written."""
    cells = [_all(scope, row) for row in rows]
    if not all(cell.is_number for row in cells for cell in row):
        raise Unfit("a matrix whose entries are matrices", rows[0][0])

    def entry(i: Index, j: Index) -> Term:
        if i.at is None or j.at is None:
            raise NoRule("a matrix of a fixed size beside one of any size")
        return cells[i.at][j.at].value

    return Matrix(a.fixed(len(cells)), a.fixed(len(cells[0])), entry)


def dotted_sum(scope: Scope, node: t.Add) -> Matrix:
    """A sum with dots. Its pattern begins as early as it can; terms around it are added."""
    at = [isinstance(term, t.Dots) for term in node.terms].index(True)
    for start in range(at):
        spend(20 * (at - start))
        column = t.Written(tuple((term,) for term in node.terms[start : at + 2]))
        try:
            template(column)
        except (IllSorted, NoRule):
            continue
        others = (*node.terms[:start], *node.terms[at + 2 :])
        if _form(node.terms[at - 1]) in map(_form, node.terms[:start]):  # x_1 + x_0 + …
            break
        values = [_sum_continued(scope, column), *_all(scope, others)]
        return m.zip_entries(ops.sum_of, node, *values)
    raise NoRule("a sum whose dots cannot be continued in one way")


def _sum_continued(scope: Scope, node: t.Written) -> Matrix:
    """The sum of a column's entries, which may be matrices."""
    row, _, cell = _continued(scope, template(node), node)

    def entry(i: Index, j: Index) -> Term:
        def term(k: Index) -> Term:
            with scope.binding(row, k):
                return cell.entry(i, j)

        return m.sum_entries(scope.names, row.sort, term)

    return Matrix(cell.rows, cell.columns, entry)


def _form(node: t.Expr) -> list[object]:
    """What terms of one pattern have in common: all but their numbers."""
    parts = [part for part in t.walk(node) if not isinstance(part, t.Number)]
    return [(type(part), getattr(part, "base", "")) for part in parts]


# -- sums, powers, derivatives, functions


def reciprocal(scope: Scope, node: t.Expr) -> Matrix:
    """1 over a number, factor by factor: so no sum has to be taken apart into factors."""
    value = elaborate(scope, node)
    match node:
        case t.Product(factors) if all(one.is_number for one in _all(scope, factors)):
            parts = [reciprocal(scope, factor) for factor in factors]
            return m.scalar(lambda: reduce(mul, (part.value for part in parts)))
        case t.Power(of, t.Number(n)) if n.denominator == 1 and n > 0:
            base = reciprocal(scope, of)
            return m.scalar(lambda: base.value ** int(n))
    return value.map(partial(ops.inverted, scope))


def powered(scope: Scope, node: t.Power) -> Matrix:
    """A power; an even one of a norm is one of the sum of the squares, with no root."""
    inside = list(t.walk(node.exponent))
    if any(isinstance(part, t.LayerCount) for part in inside):
        raise IllSorted("a power by the number of a layer; a layer stands in brackets", node)
    if not all(isinstance(part, t.Number | t.Negative | t.Quotient | t.Add) for part in inside):
        raise NoRule("an exponent that is not a number")
    exponent, value = _all(scope, (node.exponent, node.of))
    n = exponent.value.constant
    if isinstance(node.of, t.Norm) and node.of.subscript != "1" and n in (2, 4, 6):
        norm = ops.squares(scope, elaborate(scope, node.of.of))
        return norm.map(lambda entry: entry ** (int(n) // 2))
    return ops.power(scope, value, n, node)


def summed(scope: Scope, node: t.Sum) -> Matrix:
    """A sum over indices, over all their values or from one to another."""
    letters = [Letter(letter, Unknown()) for letter in node.letters]
    with scope.meaning(dict(zip(node.letters, letters, strict=True))):
        body = elaborate(scope, node.body)
        for condition in node.conditions:
            body = m.product(scope.names, elaborate(scope, condition), body, node)
    missing = ops.bounds(scope, node, letters[0])

    def entry(i: Index, j: Index, letters: list[Letter] = letters) -> Term:
        if not letters:
            return body.entry(i, j)
        first, *rest = letters

        def at(index: Index) -> Term:
            with scope.binding(first, index):
                return ops.none_of(scope, first, missing) * entry(i, j, rest)

        before = len(scope.demands)
        unfixed = isinstance(m.resolved(first.sort), Unknown)
        sort = scope.default.get(first.name, first.sort) if unfixed else first.sort
        whole = m.sum_entries(scope.names, sort, at)
        if missing or node.conditions:
            ops.expect_defined(scope, before, "a sum over some of the values of what")
        return whole

    return Matrix(body.rows, body.columns, entry)


def differentiated(scope: Scope, of: t.Expr, by: t.Name, node: t.Node) -> Matrix:
    parts = t.outside_lengths(of)
    if any(isinstance(part, t.LayerCount) for part in parts):
        raise IllSorted(r"the number of a layer depends on nothing: the loss is $\ell$", of)
    names = [part for part in parts if isinstance(part, t.Name) and part.base not in t.FREE]
    if not names and any(isinstance(p, t.Identity | t.Constant | t.Unit) for p in parts):
        raise Unfit("expected a quantity of the network where it is differentiated", of)
    if len({name == t.BARE_S for name in (*names, by)}) > 1:
        raise Unfit(layer_needed(t.BARE_S), by)
    scope.inside += 1
    value = elaborate(scope, of)
    scope.inside -= 1
    return ops.refuse_jump(scope, calculus.differentiated(scope, value, by, node))


def apply_function(scope: Scope, node: t.Apply) -> Matrix:
    function, name = node.function, node.function.name
    if name == "diag" and len(node.arguments) > 1:
        column = t.Written(tuple((cell,) for cell in node.arguments))
        return m.diagonal(written(scope, column), node)
    values = _all(scope, node.arguments)
    if name in ("diag", "tr"):
        m.expect_layers(node)
    special = name in ("max", "min", "MSE", "BCE", "loss", "diag", "tr", "Linear")
    if special and (function.primes or (function.layer and name != "Linear")):
        raise Unfit("dashes and layers stand on activations alone", node)
    match name:
        case "max" | "min":
            return calculus.extreme(scope, ops.spread_literals(node.arguments, values), node)
        case "MSE" | "BCE" | "loss":
            return loss_of(scope, node)
        case "diag":
            result = m.diagonal(values[0], node)
            return result if result.square else ops.part_of(scope, values[0], result)
        case "tr":
            (one,) = values
            m.unify(one.rows, one.columns, "the trace of a matrix that is not square", node)
            kept = one if one.is_number else ops.part_of(scope, one, m.diagonal(one, node))
            return m.total(scope.names, kept)
        case "Linear":
            layer, v = function.layer or t.Layer("", 1), node.arguments[0]
            ops.as_column(values[0], node)
            image = t.Product((t.Name("W", layer), v))
            return elaborate(scope, t.Add((image, t.Name("b", layer))))
    (of,) = values
    if name in ("exp", "log", "sqrt") and not (of.is_number or of.is_vector):
        raise Unfit(f"{name} of a matrix", node)  # e^A is not that of each entry
    found = of.map(lambda entry: calculus.applied(scope, function, entry, node.arguments))
    return ops.refuse_jump(scope, found) if function.primes or name == "sign" else found


def loss_of(scope: Scope, node: t.Apply) -> Matrix:
    """A loss of y_hat and y: the one that is named, or the network's."""
    if node.arguments != (t.Name("y_hat", None), t.Name("y", None)):
        raise Unfit(r"expected the loss of \hat y and y", node)
    named = scope.losses.get(node.function.name)
    return elaborate(scope, named.tree if named else t.Name("ell", None))
