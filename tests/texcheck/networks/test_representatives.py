"""The lemma: every network that a statement is about is an instance of one of its cases."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from texcheck import syntax as t
from texcheck.algebra.budget import NoRule
from texcheck.elaborate.definitions import network_named
from texcheck.networks.network import Case
from texcheck.networks.representatives import cases, layer_range, least_layer, named_layers

DEEP = network_named("deep")
ANY = replace(DEEP, numbered=0)


def statement(here: tuple[int, ...], last: tuple[int, ...], base: str = "W") -> t.Equation:
    names = [t.Name(base, t.Layer("L", n)) for n in here]
    names += [t.Name("W", t.Layer("L_max", n)) for n in last]
    return t.Equation(t.Listing(tuple(names)), t.Number(Fraction(0)))


def stands_for(
    least: int, case: Case, depth: int, L: int, here: tuple[int, ...], last: tuple[int, ...]
) -> bool:
    """Whether a network with a certain L is what a case says, gaps filled in."""
    bottom, top, down = min(here), max(here), min((0, *last))
    assert case.L is not None
    lowest = min([case.L + bottom, *(case.depth + n for n in last)])
    below = (0, lowest) in case.gaps and least < case.L
    between = any(low == case.L + top for low, _ in case.gaps)
    lower = least < L if below else case.L == L
    upper = (depth + down) - (L + top) >= 2 if between else depth - L == case.depth - case.L
    return lower and upper


OFFSETS = [(0,), (0, 1), (-1, 0), (-1, 0, 1), (1,), (0, 2), (-2, 0)]


@pytest.mark.parametrize(
    ("here", "last"), list(product(OFFSETS, [(), (0,), (-1, 0), (-2,), (-3, 0), (-7,), (-9, -2)]))
)
def test_every_depth_and_layer_has_its_case(here: tuple[int, ...], last: tuple[int, ...]) -> None:
    claim = statement(here, last)
    found = list(cases(claim, DEEP))
    least = least_layer(named_layers(claim))
    assert all(case.L is not None and case.L >= least >= 1 - min(here) for case in found)
    for L, depth in product(range(least, 18), range(1, 25)):
        if L + max(here) <= depth and depth + min((0, *last)) >= (1 if last else 0):
            assert any(stands_for(least, case, depth, L, here, last) for case in found), (L, depth)
    for case in found:
        named = {(case.L or 0) + n for n in here} | {case.depth + n for n in last}
        assert min(named) >= 1
        assert max(named) <= case.depth
        assert not any(low < layer < high for low, high in case.gaps for layer in named)


def test_L_begins_where_all_the_named_layers_exist() -> None:
    """Condition 4: z^(L) may be x, and nothing else of a layer L is there for L = 0."""
    z = t.Name("z", t.Layer("L", 0))
    assert least_layer(named_layers(t.Equation(z, z))) == 0
    assert least_layer(named_layers(t.Equation(z, t.Name("s", t.Layer("L", 0))))) == 1
    assert least_layer(named_layers(statement((1,), ()))) == 0
    assert least_layer(named_layers(statement((2,), ()))) == 0
    inside = t.Derivative(t.Name("W", t.Layer("L", 0)), t.Name("x", None))
    assert least_layer(named_layers(t.Equation(inside, z))) == 1


def test_a_number_beside_L_is_no_case() -> None:
    claim = t.Equation(t.Name("W", t.Layer("", 1)), t.Name("W", t.Layer("L", 0)))
    with pytest.raises(NoRule, match="a numbered layer beside"):
        list(cases(claim, DEEP))


@pytest.mark.parametrize(
    ("top", "last"), list(product((1, 2, 4), [(), (0,), (-1, 0), (-2,), (-3, 0)]))
)
def test_every_depth_with_the_numbered_layers_has_its_case(top: int, last: tuple[int, ...]) -> None:
    numbered = t.Name("W", t.Layer("", top))
    found = list(cases(replace(statement((), last), right=numbered), ANY))
    down = min((0, *last))
    for depth in range(max(top, 1 - down), 20):
        between = depth + down - top - 1  # layers that are not named
        same = [case for case in found if case.depth == depth and not case.gaps]
        with_gap = [case for case in found if case.gaps == ((top, case.depth + down),)]
        assert same or (between > 0 and with_gap), depth
    assert all(case.L is None and case.depth >= top for case in found)


def test_a_network_with_two_layers_keeps_its_own_L() -> None:
    two = network_named("regression")
    found = list(cases(statement((0,), ()), two))
    assert [(case.L, case.activations) for case in found] == [
        (1, ("ReLU", "I")),
        (2, ("ReLU", "I")),
    ]
    with pytest.raises(NoRule, match="no layer L"):
        list(cases(statement((2,), ()), two))


def test_a_range_of_layers_ends_with_L_max() -> None:
    last = t.LayerCount(t.Layer("L_max", -1))
    assert (
        layer_range(t.Number(Fraction(1)), last)
        == layer_range(last, t.Number(Fraction(1)))
        == (1, -1)
    )
    with pytest.raises(NoRule):
        layer_range(t.Number(Fraction(1)), t.Length(t.Name("x", None)))
