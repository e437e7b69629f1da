"""Partial derivatives of terms by the chain rule.

Invariants:

- A derivative is taken of a term as it is written, like terms collected, never of a normal form: at
  a kink it depends on the form, as in PyTorch, with step' = 0.
- The source is held as independent: what is computed from it follows by the chain rule, what is not
  computed from it is constant. What the source itself is computed from must not be in the term:
  there the derivative would depend on what else is held.
- No rule reaches into a gap; across it the Jacobian of s^(high) by z^(low) is an unknown matrix.
- Where a slope asks more of its argument than the function does (a root, at 0), it is demanded. Of
  two such roots in a term there is no rule: at some indices they may be one, and leave nothing.
"""

from collections import Counter
from collections.abc import Callable
from functools import reduce
from operator import mul
from typing import NamedTuple

from ..algebra import terms as a
from ..algebra.budget import NoRule
from ..algebra.functions import FUNCTIONS, Demand, is_any, is_positive, slope
from .network import Case, Place, precedes


class Source(NamedTuple):
    """What a derivative is taken by: a component of a quantity, or the free number `name`."""

    place: Place
    at: tuple[a.Index, ...] = ()
    name: str = ""


def derivative(case: Case, term: a.Term, source: Source, demands: list[Demand]) -> a.Term:
    """The partial derivative of a term. Adds what its slopes demand. Raises NoRule."""
    found: list[tuple[a.Monomial, a.Rational]] = []
    first = len(demands)
    for mono, factor in term.parts.items():
        for atom, n in mono.atoms:
            before = len(demands)
            slope_ = _slope(case, atom, source, demands)
            if n != 1 or len(mono.atoms) > 1:
                _refuse_roots(demands[before:])
            if any(demand.slope for demand in demands[before:]):
                _refuse_roots(demands[first:before])
            if not slope_:
                continue
            less = tuple((other, m - (other == atom)) for other, m in mono.atoms)
            rest = a.product_of(less) * (factor * n)
            found += a.sum_over(rest * slope_, *mono.bound).parts.items()
    return a.collected(found)


def independent(atom: a.Atom, place: Place) -> bool:
    """Whether an atom neither follows from a quantity nor is what that is computed from."""
    if atom.kind in ("J", "g", "ell"):
        return False
    if atom.kind not in ("W", "b", "s", "z", "y"):
        return True
    other = atom.kind, int(str(atom.label))
    return not precedes(place, other) and not precedes(other, place)


def _refuse_roots(demands: list[Demand]) -> None:
    """Raises NoRule for the slope of a root where the whole may have one without it."""
    if any(demand.slope for demand in demands):
        raise NoRule("the slope of a root beside another, in a product, a power or a function")


def _slope(case: Case, atom: a.Atom, source: Source, demands: list[Demand]) -> a.Term:
    """The derivative of one atom."""
    match atom.kind:
        case "function":
            return _chain(case, atom, source, demands)
        case "free":
            return a.number(atom.label == source.name)
        case "J" | "g":
            raise NoRule("a derivative of a derivative across layers that are not named")
        case "s" | "z" | "W" | "b" | "y" | "ell":
            return _of_quantity(case, (atom.kind, int(str(atom.label))), atom.indices, source)
    return a.ZERO


def _chain(case: Case, atom: a.Atom, source: Source, demands: list[Demand]) -> a.Term:
    name, argument = str(atom.label), atom.argument or a.ZERO
    before = len(demands)
    inner = derivative(case, argument, source, demands)
    _refuse_roots(demands[before:])
    if not inner:
        return a.ZERO
    if not is_any(name) and (kind := FUNCTIONS[name].slope_demand):
        alone = kind != FUNCTIONS[name].demand
        if alone and not (is_positive(argument) or _stays(inner)):
            raise NoRule("the slope of a root that may be constant at some indices or widths")
        demands.append(Demand(kind, argument, alone))
    return slope(name, argument) * inner


def _stays(term: a.Term) -> bool:
    """Whether no choice of indices and widths makes a term 0: it is a polynomial of quantities, the
    same slopes beside each product, in which what may become alike has the same sign."""
    signs: dict[frozenset[tuple[tuple[str, object], int]], bool] = {}
    slopes = set()
    for mono, factor in term.parts.items():
        alike = Counter[tuple[str, object]]()
        for atom, n in mono.atoms:
            if atom.kind in ("delta", "entry") or not (atom.argument is None or _is_slope(atom)):
                return False
            kind = "s" if atom.kind in ("b", "z") and atom.label else atom.kind  # one is the other
            alike[kind, atom.label] += n * (kind != "length")
        shape = frozenset((what, n) for what, n in alike.items() if n)
        slopes.add(frozenset((what, n) for what, n in shape if what[0] == "function"))
        if len(slopes) > 1 or signs.setdefault(shape, factor > 0) != (factor > 0):
            return False
    return True


def _is_slope(atom: a.Atom) -> bool:
    """Whether an atom is any function, or a step, of a quantity: 0 for all values at no index."""
    name, ((mono, factor), *others) = str(atom.label), (atom.argument or a.ZERO).key
    lone = mono.lone if not others and factor > 0 and (is_any(name) or name == "step") else None
    return lone is not None and lone.kind in ("W", "b", "s", "z", "y")


def _of_quantity(case: Case, place: Place, at: tuple[a.Index, ...], source: Source) -> a.Term:
    """The derivative of an entry of a quantity."""
    kind, layer = place
    if place == source.place:
        return reduce(mul, map(a.delta, at, source.at), a.number(1))
    if precedes(place, source.place):
        raise NoRule("a derivative by what is computed from the rest of the formula")
    if not precedes(source.place, place):
        return a.ZERO
    if kind != "ell":
        return _of_layer(case, kind, layer, at[0], source)
    # Any loss: its slope by y_hat[k] is an unknown g[k], by y[k] another one.
    if source.place[0] == "y":
        return a.power(a.Atom("g", "y", source.at))
    return _through(case, case.depth, source, lambda k: a.power(a.Atom("g", "y_hat", (k,))))


def _through(case: Case, layer: int, source: Source, outer: Callable[[a.Index], a.Term]) -> a.Term:
    """The sum over k of an outer derivative by z[k] of a layer times the derivative of z[k]."""
    return a.total(
        case.sort(layer), "~k", lambda k: outer(k) * _of_quantity(case, ("z", layer), (k,), source)
    )


def _of_layer(case: Case, kind: str, layer: int, i: a.Index, source: Source) -> a.Term:
    """The derivative of s or z of a layer by what it is computed from."""
    origin, low = source.place
    if case.inside_gap(layer) or case.inside_gap(low):
        raise NoRule("a layer between those that the statement names")
    if kind == "z":
        inner = _of_quantity(case, ("s", layer), (i,), source)
        return slope(case.activation(layer), a.quantity("s", layer, i)) * inner
    if low == layer:  # the source is W or b of this layer
        value = a.number(1) if origin == "b" else a.quantity("z", layer - 1, source.at[1])
        return a.delta(i, source.at[0]) * value
    if crossed := [(bottom, top) for bottom, top in case.gaps if layer == top and low <= bottom]:
        gap, *_ = crossed
        return _through(case, gap[0], source, lambda k: a.power(a.Atom("J", gap, (i, k))))
    return _through(case, layer - 1, source, lambda j: a.quantity("W", layer, i, j))
