"""Compares two sides in real numbers: floats on ordinary networks and at edges, or decimals."""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .indices import ranges
from .network import World, real_world
from .numbers import NoValue, Real, TooLarge
from .pairs import Difference, Outcome, evaluator_of, in_words, pairs, value_shape
from .places import Setting
from .syntax import Equation

# The floating-point engine calls two numbers equal when they differ by less than this part of
# the larger one (and of the largest entry beside it).
TOLERANCE = 1e-9
REAL_POINTS = 12
SLACK = 1e-13  # rounding of a value of size 1 that vanishes exactly
DIGITS = 120  # of the decimals that decide what the exact engine cannot
PRECISION = 1e-100
TINY = 1e-200
_WIDE_NETWORKS = 16


def compare_numerically(
    equation: Equation,
    setting: Setting,
    tex: str,
    points: int = REAL_POINTS,
    seed: int = 0,
    slack: float = SLACK,
    tolerance: float = TOLERANCE,
    kind: str = "real",
) -> Outcome:
    """Both sides in floating point on ordinary random networks. Errors as `compare_exactly`.

    `slack` is how far apart two values may be however small they are: for rounding.
    """
    found = ranges((equation.left, equation.right), setting)
    world = real_world(setting.architecture, points, seed, kind)
    evaluator = evaluator_of(equation, setting, found, world, tex)
    outcome = Outcome(points=points)
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        entries = [
            (entry, _values(a, world), _values(b, world))
            for entry, a, b in pairs(left, right, equation)
        ]
        scale = [
            max(max(abs(a[point]), abs(b[point])) for _, a, b in entries) for point in range(points)
        ]
        for size in scale:
            if 0 < size < outcome.smallest:
                outcome.smallest = size
        for entry, a, b in entries:
            outcome.entries += 1
            for point in range(points):
                if math.isnan(a[point]) and math.isnan(b[point]):
                    continue  # both sides have no value here
                outcome.valued = True
                # Written so that a value that is not a number counts as a difference.
                gap = a[point] - b[point]
                if not abs(gap) <= type(gap)(tolerance) * scale[point] + type(gap)(slack):
                    where = ", ".join(part for part in (in_words(environment), entry) if part)
                    outcome.difference = Difference(
                        where,
                        float(a[point]) + 0.0,  # no -0
                        float(b[point]) + 0.0,
                        value_shape(left),
                        value_shape(right),
                        point,
                    )
                    return outcome
    return outcome


def compare_precisely(equation: Equation, setting: Setting, tex: str) -> Outcome:
    """Both sides in decimals of many digits on the same networks. Errors as `compare_exactly`."""
    outcome = _in_decimals(equation, setting, tex, DIGITS, 0)
    if outcome.difference is None and outcome.smallest < PRECISION:
        # Rounding shrinks with more digits, a small number does not.
        again = _in_decimals(equation, setting, tex, 2 * DIGITS, 1)
        if outcome.smallest < TINY or again.smallest > TINY:
            raise TooLarge("the numbers in it are too small to compare")
    if not outcome.valued:
        raise NoValue("neither side has a value on any of the random networks")
    return outcome


def _in_decimals(equation: Equation, setting: Setting, tex: str, digits: int, seed: int) -> Outcome:
    with _many_digits(digits):
        try:
            return compare_numerically(
                equation, setting, tex, slack=PRECISION, tolerance=PRECISION,
                seed=seed, kind="precise",
            )  # fmt: skip
        except decimal.DecimalException:
            raise TooLarge("the numbers in it are too large or too small to compare") from None


@contextmanager
def _many_digits(digits: int) -> Iterator[None]:
    with decimal.localcontext() as context:
        context.prec, context.Emax, context.Emin = digits, decimal.MAX_EMAX, decimal.MIN_EMIN
        context.traps[decimal.InvalidOperation] = False  # gives no number, as for floats
        context.traps[decimal.Underflow] = True
        yield


def compare_widely(equation: Equation, setting: Setting, tex: str) -> Outcome:
    """Both sides in decimals at very small and very large inputs, where both have a value."""
    for seed in range(_WIDE_NETWORKS):
        with _many_digits(DIGITS):
            try:
                outcome = compare_numerically(
                    equation, setting, tex, points=1, seed=seed, slack=PRECISION,
                    tolerance=PRECISION * 1e20, kind=f"wide {setting.architecture.loss}",
                )  # fmt: skip
            except (decimal.DecimalException, NoValue, TooLarge):
                continue
        found = outcome.difference
        if found and math.isfinite(found.left) and math.isfinite(found.right):
            return outcome
    return Outcome()


def compare_at_edges(equation: Equation, setting: Setting, tex: str, slack: float) -> Outcome:
    """Both sides where units and arguments are exactly zero, which no random point is."""
    try:
        return compare_numerically(equation, setting, tex, points=1, slack=slack, kind="edge")
    except NoValue:  # as s/s at s = 0
        return Outcome()


def _values(value: Any, world: World) -> list[Any]:
    number = value if isinstance(value, Real) else world.arithmetic.constant(value)
    return number.values
