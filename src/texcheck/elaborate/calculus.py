"""Derivatives and functions, elaborated.

Invariants:

- Numerator layout: the derivative of a number by a quantity has the transposed shape of that
  quantity, that of a column by a column has a row for each entry of the numerator. Nothing else is
  a matrix.
- What is differentiated is the written form; no law of values alone has touched it, and each root
  that has an end is still in it.
"""

from collections.abc import Sequence

from .. import syntax as t
from ..algebra.budget import NoRule
from ..algebra.demands import holds_everywhere
from ..algebra.functions import FUNCTIONS, Demand, apply, is_any, slope
from ..algebra.normal import put
from ..algebra.terms import ONE, Atom, Index, Term, atoms_of, free, has_step
from ..networks.derivative import Source, derivative, independent
from ..networks.network import Case
from .matrix import FIRST, Matrix, Unfit, is_one, unify_shapes, zip_entries
from .scope import Scope
from .words import layer_needed


def differentiated(scope: Scope, value: Matrix, by: t.Name, node: t.Node) -> Matrix:
    """The derivative of a value by a quantity, in numerator layout. Raises Unfit."""

    def slope_of(i: Index, j: Index, source: Source) -> Term:
        before = len(scope.demands)
        term = value.entry(i, j)
        _expect_roots(term, scope.demands[before:])
        return derivative(scope.case, term, source, scope.demands)

    if by == t.BARE_S:
        number = Source(("free", 0), (), "s")
        return value._replace(entry=lambda i, j: slope_of(i, j, number))
    if by.base in ("delta", "ell", *t.FREE):
        raise Unfit("a derivative by what is no quantity that others are computed from", node)
    place = scope.place(by)
    rows, columns = scope.case.shape(place)
    if by.indices:
        if any(isinstance(index, t.Whole) for index in by.indices):
            raise Unfit("a derivative by a row or a column of a matrix", node)
        ends = [sort for sort in (rows, columns) if sort != ONE]
        at = [scope.index(index, sort) for index, sort in zip(by.indices, ends, strict=True)]
        return value._replace(
            entry=lambda i, j: slope_of(i, j, Source(place, tuple(one() for one in at)))
        )

    if not value.is_number and not (value.is_column and is_one(columns)):
        raise Unfit(r"a derivative that is no matrix: write that of its entries, by W_{ij}", node)

    def entry(i: Index, j: Index) -> Term:
        at = (j,) if is_one(columns) else (j, i)  # by W, of a number: which ignores its row
        return slope_of(i, FIRST, Source(place, at))

    return Matrix(columns if value.is_number else value.rows, rows, entry)


def _expect_roots(term: Term, demands: Sequence[Demand]) -> None:
    """Raises NoRule where a root is gone from a term: it has a value at the end of where the root
    has one, but no slope, which nothing would ask for."""
    inside = {*atoms_of(term)}
    for demand in demands:
        counts = demand.kind == "nonnegative" and not holds_everywhere(demand)
        if counts and not inside.issuperset(atoms_of(apply("sqrt", demand.term))):
            raise NoRule("the slope of what has a root in it that makes no difference")


def restricted(scope: Scope, value: Matrix, by: t.Name, at: Matrix, node: t.Node) -> Matrix:
    """A value where a column, or s, is another one. Raises NoRule if more follows from it."""
    if by.indices or by.base in ("delta", "ell", "W"):
        raise Unfit("expected a whole vector that has a value", node)
    place = ("free", 0) if by == t.BARE_S else scope.place(by)
    if by == t.BARE_S and not at.is_number:
        raise Unfit("s by itself is a number: for each entry, write f'(s^{(1)})", node)
    unify_shapes(Matrix(*scope.case.shape(place), at.entry), at, node)

    def change(atom: Atom) -> Term | None:
        if atom == Atom("free", "s") and place[0] == "free":
            return at.value
        if (atom.kind, atom.label) == place:
            return at.entry(atom.indices[0], FIRST)
        if not independent(atom, place):
            raise NoRule("what is computed from a quantity, where that quantity is given")
        return None

    def entry(i: Index, j: Index) -> Term:
        outer, scope.demands = scope.demands, []
        found, inner = value.entry(i, j), scope.demands
        scope.demands = outer
        scope.demand_all(at)
        scope.demands += [demand._replace(term=put(demand.term, change)) for demand in inner]
        return put(found, change)

    return Matrix(value.rows, value.columns, entry)


# -- functions


def activation(scope: Scope, function: t.Function, of: tuple[t.Expr, ...] = ()) -> str:
    """The name of a function; f, g and f^{(L)} are those of the network, f alone that of all
    layers, of the first of two, or of the hidden layer it is applied `of`. Raises Unfit."""
    case, layer = scope.case, function.layer
    if layer is not None and (case.network.shared or function.name not in ("f", "g")):
        raise Unfit("a layer on a function that has none in this network", function)
    if function.name not in ("f", "g"):
        return function.name
    if layer is None:
        if function.name == "g":
            return case.activation(case.depth)
        if case.network.shared or (case.network.depth == 2 and not case.network.layered):
            return case.activation(1)
        named = {part.layer for side in of for part in t.walk(side) if isinstance(part, t.Name)}
        layer = named.pop() if len(named) == 1 else None
    at = case.depth if layer is None else scope.layer(layer, 1, function)
    declared = case.network.of_depth(case.depth).activation(at)
    if function.layer is None and (at == case.depth or not is_any(declared)):  # these have names
        raise Unfit(layer_needed(function), function)
    if function.name == "g" and at != case.depth:
        raise Unfit("g is the activation of the last layer", function)
    return case.activation(at)


def applied(scope: Scope, function: t.Function, term: Term, of: tuple[t.Expr, ...] = ()) -> Term:
    """A function, or its first, second, ... derivative, of a term. Adds what that demands."""
    name, primes = activation(scope, function, of), function.primes
    if is_any(name):
        return apply(name + "'" * primes, term)
    known = FUNCTIONS[name]
    kind = known.slope_demand if primes else known.demand
    if kind:
        scope.demands.append(Demand(kind, term))
    if primes < 2:
        return slope(name, term) if primes else apply(name, term)
    found = slope(name, free("u"))
    if has_step(found):
        raise NoRule("the slope of what jumps at 0")
    for _ in range(primes - 1):
        found = derivative(Case(1), found, Source(("free", 0), (), "u"), scope.demands)
    return put(found, lambda atom: term if atom == Atom("free", "u") else None)


def extreme(scope: Scope, values: list[Matrix], node: t.Apply) -> Matrix:
    """The larger or smaller of two values; a written number is spread over the other."""
    side = 1 if node.function.name == "max" else -1
    if scope.inside and (side < 0 or t.ZERO not in node.arguments):
        raise NoRule("the derivative of a maximum of two values that may be equal")
    # 0 + ReLU(s), whose slope at 0 is ReLU's: that of s + ReLU(-s) is 1.
    one, other = values[::-1] if node.arguments[1] == t.ZERO else values
    return zip_entries(lambda a, b: a + apply("ReLU", (b - a) * side) * side, node, one, other)
