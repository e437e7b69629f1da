"""Derivatives and functions, elaborated.

Invariants:

- Numerator layout: the derivative of a number by a quantity has the transposed shape of that
  quantity, that of a column by a column has a row for each entry of the numerator. Nothing else is
  a matrix.
- What is differentiated is the written form; no law of values alone has touched it.
"""

from __future__ import annotations

from texcheck import syntax as t
from texcheck.algebra.functions import apply, is_any, row, slope
from texcheck.algebra.normal import put
from texcheck.algebra.terms import ONE, Atom, Index, NoRule, Term, free
from texcheck.networks.derivative import Source, derivative, independent
from texcheck.networks.network import Case

from .matrix import FIRST, Matrix, is_column, unify_shapes
from .scope import Scope
from .sorts import IllSorted, Unfit, is_one

ACTIVATIONS = ("sigma", "ReLU", "tanh", "I")
ELEMENTWISE = (*ACTIVATIONS, "exp", "log", "sqrt", "sign")


def differentiated(scope: Scope, value: Matrix, by: t.Name, node: t.Node) -> Matrix:
    """The derivative of a value by a quantity, in numerator layout. Raises Unfit."""
    if by.base == "s" and by.layer is None and not by.indices:
        return value.map(lambda entry: _derivative(scope, entry, Source(("free", 0), (), "s")))
    if by.base in ("delta", "ell", "eta") or by.base in scope.given:
        raise Unfit("a derivative by what is no quantity that others are computed from", node)
    place = scope.place(by)
    rows, columns = scope.case.shape(place)
    if by.indices:
        if any(isinstance(index, t.Whole) for index in by.indices):
            raise Unfit("a derivative by a row or a column of a matrix", node)
        ends = [sort for sort in (rows, columns) if sort != ONE]
        if len(ends) != len(by.indices):
            raise IllSorted("another number of indices", by)
        at = [scope.index(index, sort) for index, sort in zip(by.indices, ends, strict=True)]
        return value.map(
            lambda entry: _derivative(scope, entry, Source(place, tuple(one() for one in at)))
        )
    if value.is_number:

        def gradient(i: Index, j: Index) -> Term:
            at = (j,) if is_one(columns) else (j, i)
            return _derivative(scope, value.value, Source(place, at))

        return Matrix(columns, rows, gradient)
    if is_column(value) and is_one(columns):
        return Matrix(
            value.rows,
            rows,
            lambda i, j: _derivative(scope, value.entry(i, FIRST), Source(place, (j,))),
        )
    raise Unfit("a derivative that is no matrix", node)


def _derivative(scope: Scope, term: Term, source: Source) -> Term:
    return derivative(scope.case, term, source, scope.demands)


def restricted(scope: Scope, value: Matrix, by: t.Name, at: Matrix, node: t.Node) -> Matrix:
    """A value where a column is another one. Raises NoRule if more than that follows from it."""
    if by.indices or by.base in ("delta", "ell", "W"):
        raise Unfit("expected a whole vector that has a value", node)
    place = scope.place(by)
    unify_shapes(Matrix(*scope.case.shape(place), at.entry), at, node)

    def change(atom: Atom) -> Term | None:
        if (atom.kind, atom.label) == place:
            return at.entry(atom.indices[0], FIRST)
        if not independent(atom, place):
            raise NoRule("what is computed from a quantity, where that quantity is given")
        return None

    def entry(i: Index, j: Index) -> Term:
        before = len(scope.demands)
        found = value.entry(i, j)
        inner = scope.demands[before:]
        del scope.demands[before:]
        scope.demands += [demand._replace(term=put(demand.term, change)) for demand in inner]
        return put(found, change)

    return Matrix(value.rows, value.columns, entry)


# -- functions


def activation(scope: Scope, function: t.Function, of: tuple[t.Expr, ...] = ()) -> str:
    """The name of a function; f, g and f^{(L)} stand for those of the network, and f alone for
    that of the layer it is applied `of`, or of the first of two layers. Raises Unfit."""
    if function.name not in ("f", "g"):
        if function.layer is not None:
            raise Unfit("a layer on a function that is no activation of the network", function)
        return function.name
    case = scope.case
    if function.layer is not None:
        return case.activation(scope.layer(function.layer, 1, function))
    if function.name == "g":
        return case.activation(case.depth)
    named = {part.layer for side in of for part in t.walk(side) if isinstance(part, t.Name)}
    if case.depth == 2 and case.L is None:
        return case.activation(1)
    layer = named.pop() if len(named) == 1 else None
    if layer is None:
        raise Unfit("f needs a layer", function)
    return case.activation(scope.layer(layer, 1, function))


def applied(scope: Scope, function: t.Function, term: Term, of: tuple[t.Expr, ...] = ()) -> Term:
    """A function, or its first, second, ... derivative, of a term. Adds what that demands."""
    name = activation(scope, function, of)
    if function.primes and name not in ACTIVATIONS and not is_any(name):
        raise Unfit("dashes stand on activations alone", function)
    if is_any(name):
        return apply(name + "'" * function.primes, term)
    kind = row(name).slope_demand if function.primes else row(name).demand
    if kind:
        scope.demand(kind, term)
    if function.primes < 2:
        return slope(name, term) if function.primes else apply(name, term)
    if function.primes > 3:
        raise NoRule("a fourth derivative")
    found = slope(name, free("u"))
    for _ in range(function.primes - 1):
        found = derivative(Case(1), found, Source(("free", 0), (), "u"), scope.demands)
    return put(found, lambda atom: term if atom == Atom("free", "u") else None)


def extreme(scope: Scope, name: str, values: list[Matrix], node: t.Apply) -> Matrix:
    """The larger or smaller of two values; a written number is spread over the other."""
    one, other = values
    zero = [isinstance(a, t.Number) and not a.value for a in node.arguments]
    if scope.inside and (name == "min" or not any(zero)):
        raise NoRule("the derivative of a maximum of two values that may be equal")
    if zero[1]:
        one, other = other, one
    unify_shapes(one, other, node)
    side = 1 if name == "max" else -1

    def larger(a: Term, b: Term) -> Term:
        return (a * side + apply("ReLU", b * side - a * side)) * side

    return Matrix(one.rows, one.columns, lambda i, j: larger(one.entry(i, j), other.entry(i, j)))
