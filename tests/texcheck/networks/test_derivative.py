"""The chain rule, against differences of a small network; and what it refuses."""

from __future__ import annotations

import random
from contextlib import nullcontext, suppress
from fractions import Fraction
from itertools import product

import pytest
from brute import Brute

from texcheck.algebra.budget import NoRule
from texcheck.algebra.functions import Demand, apply
from texcheck.algebra.normal import normal
from texcheck.algebra.terms import (
    Atom,
    Index,
    Sort,
    Term,
    length,
    number,
    numbered,
    power,
    quantity,
    sum_over,
)
from texcheck.judge.intervals import add, approximate, times
from texcheck.judge.worlds import World
from texcheck.networks.derivative import Source, derivative
from texcheck.networks.network import Case, precedes

WIDTHS = (2, 3, 2, 4)
CASE = Case(3, ("sigma", "ReLU", "tanh"))
H = Fraction(1, 10**9)


def world(seed: int) -> World:
    chance = random.Random(seed)

    def some() -> Fraction:
        return Fraction(chance.choice((-5, -3, -2, -1, 1, 2, 4)), 4)

    point = {("z", 0, (i,)): some() for i in range(WIDTHS[0])}
    for layer in (1, 2, 3):
        for i in range(WIDTHS[layer]):
            point["b", layer, (i,)] = some()
            for j in range(WIDTHS[layer - 1]):
                point["W", layer, (i, j)] = some()
    return World(CASE, WIDTHS, point, {})


def moved(seed: int, place: tuple[str, int], at: tuple[int, ...], step: Fraction) -> World:
    """The world with one component of a quantity moved, and held."""
    found = world(seed)
    if place[0] in ("s", "z") and place != ("z", 0):
        found.known[(*place, at[0])] = add(found.forward(*place, at[0]), step)
    else:
        key = (*place, at)
        found.point[key] = found.point[key] + step
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "place",
    [("z", 0), ("W", 1), ("b", 1), ("s", 1), ("z", 1), ("W", 2), ("s", 2), ("z", 2), ("W", 3)],
)
def test_a_derivative_is_the_limit_of_differences(place: tuple[str, int], seed: int) -> None:
    k = Index("k", Sort(3))
    sorts = CASE.shape(place)[: 2 if place[0] == "W" else 1]
    at = tuple(Index(f"i{n}", sort) for n, sort in enumerate(sorts))
    term = quantity("z", 3, k) * quantity("z", 3, k)
    found = derivative(CASE, term, Source(place, at), [])
    for values in ((0, 0), (1, 1)):
        places = values[: len(at)]
        for unit in range(WIDTHS[3]):
            env = {k: unit, **dict(zip(at, places, strict=True))}
            ends = [moved(seed, place, places, step).value(term, env) for step in (H, -H)]
            wanted = times(add(ends[0], times(Fraction(-1), ends[1])), 1 / (2 * H))
            value = approximate(world(seed).value(found, env))
            assert value == pytest.approx(approximate(wanted), rel=1e-10, abs=1e-10)


def test_what_does_not_depend_on_the_source_has_the_derivative_0() -> None:
    j = Index("j", Sort(2))
    for term in (
        quantity("y", 0, Index("k", Sort(3))),
        quantity("s", 1, Index("i", Sort(1))),
        number(7),
    ):
        assert not derivative(CASE, term, Source(("b", 2), (j,)), [])


def test_what_the_source_is_computed_from_is_refused() -> None:
    z = Source(("z", 1), (Index("j", Sort(1)),))
    for term in (quantity("s", 1, Index("i", Sort(1))), quantity("z", 0, Index("i", Sort(0)))):
        with pytest.raises(NoRule, match="computed from"):
            derivative(CASE, quantity("s", 2, Index("i", Sort(2))) + apply("sigma", term), z, [])


def test_a_root_demands_more_of_its_slope() -> None:
    x = quantity("z", 0, Index("i", Sort(0)))
    demands: list[Demand] = []
    derivative(CASE, apply("sqrt", x), Source(("z", 0), (Index("i", Sort(0)),)), demands)
    assert demands == [Demand("nonzero", x, slope=True)]


def test_a_root_at_another_index_demands_it_of_some_entries_alone() -> None:
    """Where i is not j the root does not depend on x_j, and nothing is demanded."""
    x, j = quantity("z", 0, Index("i", Sort(0))), Index("j", Sort(0))
    with pytest.raises(NoRule, match="constant at some indices"):
        derivative(CASE, apply("sqrt", x), Source(("z", 0), (j,)), [])
    one = apply("sqrt", x * x + number(1))
    assert derivative(CASE, one, Source(("z", 0), (j,)), [])


X, FIRST_X = (quantity("z", 0, index) for index in (Index("i", Sort(0)), numbered(0, Sort(0))))
W = quantity("W", 1, numbered(0, Sort(1)), Index("i", Sort(0)))
SUM = sum_over(quantity("z", 0, Index("k", Sort(0))), Index("k", Sort(0)))
SOURCE = Source(("y", 0), (numbered(0, Sort(3)),))


@pytest.mark.parametrize(
    ("factor", "stays"),
    [
        (X, True), (X - W, True), (X * X + FIRST_X * FIRST_X, True), (length(Sort(0)), True),
        (apply("f1'", X), True), (apply("step", X) * X - apply("step", FIRST_X) * W, True),
        # 0 for i = 0, for some width, or for a numbered entry.
        (X - FIRST_X, False), (X * FIRST_X - X * X, False), (length(Sort(0)) - number(2), False),
        (apply("log", length(Sort(0))), False), (apply("log", number(1) + X - FIRST_X), False),
        (apply("step", X) * apply("step", -FIRST_X), False),
        (apply("step", -X * FIRST_X), False),
        (apply("log", X * apply("inverse", FIRST_X)), False),
        (apply("sqrt", X) * apply("sqrt", FIRST_X) - X, False),
        (apply("step", X) * apply("step", FIRST_X) - apply("step", X), False),
        (power(Atom("entry", "", (Index("i", Sort(0)),))), False),
    ],
)  # fmt: skip
def test_a_root_has_no_slope_where_its_argument_may_be_constant(factor: Term, stays: bool) -> None:
    """Of the root of factor * y_0^2, by y_0: it has one if the factor is 0 at no i and width."""
    y = quantity("y", 0, numbered(0, Sort(3)))
    expected = nullcontext() if stays else pytest.raises(NoRule, match="constant at some indices")
    with expected:
        derivative(CASE, apply("sqrt", factor * y * y), SOURCE, [])


def some_factor(chance: random.Random) -> Term:
    """A sum of products of entries, of which some coincide where indices do, or at width 1."""
    other, unit = quantity("z", 0, Index("j", Sort(0))), number(1)

    def one() -> Term:
        found = chance.choice((X, other, FIRST_X, W, SUM))
        name = chance.choice(("", "", "", "", "step", "step", "f1'", "sigma", "sqrt"))
        return (
            apply(name, found * chance.choice((unit, unit, unit, -unit, other))) if name else found
        )

    def some() -> Term:
        return one() * chance.choice((unit, one())) * chance.choice((-2, -1, 1, 1, 2))

    return some() + chance.choice((some(), length(Sort(0)) * some(), number(0)))


def test_where_a_root_has_a_slope_its_argument_is_constant_at_no_index_and_width() -> None:
    """Wherever i and j are, at widths 1 to 3, some values of the entries make the factor no 0."""
    chance, y, held = random.Random(1), quantity("y", 0, numbered(0, Sort(3))), 0
    for _ in range(1500):
        if not (factor := some_factor(chance)):
            continue
        try:
            derivative(CASE, apply("sqrt", factor * y * y), SOURCE, [])
        except NoRule:
            continue
        held += 1
        for width, i, j in product(range(1, 4), range(3), range(3)):
            here = {Index("i", Sort(0)): i % width, Index("j", Sort(0)): j % width}
            worlds = (Brute({0: width, 1: 1}, seed) for seed in range(60))
            assert any(nonzero(one, factor, here) for one in worlds), (factor.key, width, i, j)
    assert held > 150


def nonzero(world: Brute, term: Term, places: dict[Index, int]) -> bool:
    with suppress(ValueError):  # of a root
        return abs(world.value(term, places)) > 1e-9
    return False


def test_the_jacobian_across_a_gap_is_that_by_z() -> None:
    """Condition 3: by z it is J itself, by s it is J times the slope; inside there is no rule."""
    gap = Case(9, gaps=((1, 7),))
    i, j = Index("i", Sort(7)), Index("j", Sort(1))
    s = quantity("s", 7, i)
    across = power(Atom("J", (1, 7), (i, j)))
    assert derivative(gap, s, Source(("z", 1), (j,)), []) == across
    by_s = derivative(gap, s, Source(("s", 1), (j,)), [])
    assert by_s == across * apply("f1'", quantity("s", 1, j))
    for inside in (("s", 4), ("z", 6)):
        with pytest.raises(NoRule, match="between those that the statement names"):
            derivative(gap, s, Source(inside, (Index("j", Sort(inside[1])),)), [])
    with pytest.raises(NoRule, match="derivative of a derivative"):
        derivative(gap, by_s, Source(("z", 0), (Index("p", Sort(0)),)), [])


def test_order_of_computation() -> None:
    places = [("z", 0), ("W", 1), ("b", 1), ("s", 1), ("z", 1), ("W", 2), ("s", 2), ("ell", 0)]
    before = {(a, b) for a in places for b in places if precedes(a, b)}
    for a, b in before:
        assert (b, a) not in before
        assert all((a, c) in before for x, c in before if x == b)
    assert (("W", 2), ("s", 1)) not in before
    assert (("W", 1), ("W", 2)) not in before
    assert (("z", 0), ("ell", 0)) in before


def test_b_and_z_are_eliminated() -> None:
    i = Index("i", Sort(2))
    term = quantity("b", 2, i) + quantity("z", 2, i)

    def kinds(term: Term) -> set[str]:
        found = set()
        for mono in term.parts:
            for atom, _ in mono.atoms:
                found |= {atom.kind if atom.label else "x"} | kinds(atom.argument or Term({}))
        return found

    assert kinds(normal(term, CASE.eliminate)) <= {"W", "s", "x", "function"}
