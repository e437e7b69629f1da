"""The two engines agree, and the exact one's numbers are what its error bound rests on."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from texcheck import numbers
from texcheck.arithmetic import ExactArithmetic, RealArithmetic
from texcheck.exact import LOG10_ERROR, compare_exactly
from texcheck.judge import judge
from texcheck.numbers import PRIME, Dual, Exact, NoValue
from texcheck.numerical import compare_numerically
from texcheck.places import settings as settings_of
from texcheck.reader import read
from texcheck.syntax import Equation
from texcheck.tasks import tasks

BOOK = Path(__file__).parents[2] / "book"
NETWORKS = 20  # random networks for each statement; `benchmarks/texcheck_networks.py` takes 1,000

# Expressions as nested tuples over the variables 0, 1, 2.
expressions = st.recursive(
    st.integers(0, 2) | st.fractions(-3, 3, max_denominator=4),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner),
    max_leaves=12,
)


def evaluate(expression: object, variables: list[object]) -> object:
    if isinstance(expression, int):
        return variables[expression]
    if isinstance(expression, Fraction):
        return expression
    sign, left, right = expression
    a, b = evaluate(left, variables), evaluate(right, variables)
    if sign == "/":
        return a * numbers.reciprocal(b)
    return a + b if sign == "+" else a - b if sign == "-" else a * b


def interpolated_degree(values: list[int]) -> int:
    """The degree of the polynomial that has these values at 0, 1, 2, …."""
    degree = -1
    differences, order = values, 0
    while differences:
        if differences[0] % PRIME:
            degree = order
        differences = [(b - a) % PRIME for a, b in pairwise(differences)]
        order += 1
    return degree


@settings(max_examples=200, deadline=None)
@given(expressions.filter(lambda e: "/" not in repr(e).replace("Fraction", "")))
def test_the_degree_that_a_value_carries_bounds_the_true_degree(expression: object) -> None:
    # Along a line in the space of variables: v_k = a_k + t b_k for t = 0, 1, 2, ….
    steps = range(30)
    lines = [(3, 7), (11, 5), (2, 13)]
    variables = [Exact([(a + t * b) % PRIME for t in steps]) for a, b in lines]
    value = evaluate(expression, variables)
    if isinstance(value, Exact):
        assert value.bottom == 0
        assert interpolated_degree(value.values) <= value.top


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_a_fraction_times_its_denominator_has_the_degree_that_it_carries(
    expression: object,
) -> None:
    point = [Fraction(3, 7), Fraction(11, 5), Fraction(2, 13)]
    try:
        exact = evaluate(expression, [Exact([numbers.residue(v)]) for v in point])
        true = evaluate(expression, point)
    except (NoValue, ZeroDivisionError):
        return
    found = exact.values[0] if isinstance(exact, Exact) else numbers.residue(exact)
    assert found == numbers.residue(true)


@settings(max_examples=100, deadline=None)
@given(expressions, st.integers(0, 2))
def test_the_slope_of_a_dual_number_is_the_derivative(expression: object, by: int) -> None:
    point = [Fraction(3, 7), Fraction(11, 5), Fraction(2, 13)]
    step = Fraction(1, 10**9)
    moved = [value + step * (k == by) for k, value in enumerate(point)]
    try:
        dual = evaluate(expression, [Dual(v, {k: 1}) for k, v in enumerate(point)])
        before, after = evaluate(expression, point), evaluate(expression, moved)
    except NoValue:
        return
    difference = (after - before) / step
    scale = max(1, abs(difference), abs(before)) ** 3
    assert abs(numbers.slope(dual, by) - difference) < Fraction(1, 10**5) * scale


def test_an_unknown_function_is_random_and_the_same_for_the_same_argument() -> None:
    arithmetic = ExactArithmetic("seed", 0, 0, 4)
    x = arithmetic.random("x")
    assert numbers.exp(arithmetic, x).values == numbers.exp(arithmetic, x + 1 - 1).values
    assert numbers.exp(arithmetic, x).values != numbers.exp(arithmetic, x + 1).values
    assert numbers.log(arithmetic, 1) == 0
    assert numbers.exp(arithmetic, 0) == 1


def test_sigma_is_derived_from_exp_and_not_assumed() -> None:
    arithmetic = ExactArithmetic("seed", 0, 0, 4)
    s = arithmetic.random("s")
    value = numbers.sigma(arithmetic, Dual(s, {0: 1}))
    gap = numbers.slope(value, 0) - value.value * (1 - value.value)
    assert not any(gap.values)


def test_the_signs_of_the_units_visit_all_regions() -> None:
    arithmetic = ExactArithmetic("seed", 3, 0, 2)
    units = [arithmetic.random(f"s{k}") for k in range(3)]
    for unit, value in enumerate(units):
        arithmetic.set_sign(value, unit)
    found = list(zip(*(numbers.step(arithmetic, value).values for value in units), strict=True))
    assert len(set(found)) == 8
    assert len(found) == 16
    assert numbers.relu(arithmetic, units[0]).values == [
        value if on else 0 for value, (on, _, _) in zip(units[0].values, found, strict=True)
    ]


def test_relu_has_the_derivative_0_at_0() -> None:
    for arithmetic in (ExactArithmetic("seed", 0, 0, 1), RealArithmetic("seed", 1)):
        assert numbers.slope(numbers.relu(arithmetic, Dual(0, {0: 1})), 0) == 0


def statements() -> list[tuple[str, object]]:
    found = {}
    for item in read(BOOK):
        if item.expect == "true":
            for task in tasks(item.tex, item.network, item.subject, item.kind):
                if isinstance(task.statement, Equation):
                    found.setdefault((task.statement, task.network), task)
    return list(found.values())


def test_no_statement_of_the_book_is_refuted_on_ordinary_random_networks() -> None:
    checked = 0
    for task in statements():
        for setting in settings_of(task.statement, task.network):
            outcome = compare_numerically(task.statement, setting, task.tex, NETWORKS, seed=1)
            assert outcome.difference is None, (task.claim, setting, outcome.difference)
            checked += 1
    assert checked > 300


def test_every_exact_proof_of_the_book_has_its_error_bound() -> None:
    for task in statements():
        verdict = judge(task)
        if verdict.engine == "exact":
            assert verdict.log10_error < LOG10_ERROR
            bound = math.log10(max(verdict.degree, 1)) - math.log10(PRIME - 1)
            assert verdict.log10_error == -math.inf or verdict.log10_error >= 8 * bound


@pytest.mark.parametrize(
    "tex", [r"x_i = x_i + \frac{1}{1000000000000} x_i", r"\ell = (1 + 2^{-20} 2^{-20}) \ell"]
)
def test_the_exact_engine_has_no_tolerance(tex: str) -> None:
    (task,) = tasks(tex, "regression")
    (setting, _) = settings_of(task.statement, "regression")
    assert compare_numerically(task.statement, setting, tex).difference is None
    assert compare_exactly(task.statement, setting, tex).difference is not None
    assert judge(task).status == "refuted"
