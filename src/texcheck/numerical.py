"""Compares two sides in floating point, on ordinary random networks."""

from __future__ import annotations

import math
from typing import Any

from .indices import ranges
from .network import real_world
from .numbers import Real
from .pairs import Difference, Outcome, evaluator_of, in_words, pairs, value_shape
from .places import Setting
from .syntax import Equation

# The floating-point engine calls two numbers equal when they differ by less than this part of
# the larger one (and of the largest entry beside it).
TOLERANCE = 1e-9
REAL_POINTS = 12
SLACK = 1e-13  # rounding of a value of size 1 that vanishes exactly


def compare_numerically(
    equation: Equation,
    setting: Setting,
    tex: str,
    points: int = REAL_POINTS,
    seed: int = 0,
    slack: float = SLACK,
) -> Outcome:
    """Both sides in floating point on ordinary random networks. Errors as `compare_exactly`.

    `slack` is how far apart two values may be however small they are: for rounding.
    """
    found = ranges((equation.left, equation.right), setting)
    world = real_world(setting.architecture, points, seed)
    evaluator = evaluator_of(equation, setting, found, world, tex)
    outcome = Outcome(points=points)
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        entries = [
            (entry, _floats(a, points), _floats(b, points))
            for entry, a, b in pairs(left, right, equation)
        ]
        scale = [
            max(max(abs(a[point]), abs(b[point])) for _, a, b in entries) for point in range(points)
        ]
        for entry, a, b in entries:
            outcome.entries += 1
            for point in range(points):
                if math.isnan(a[point]) and math.isnan(b[point]):
                    continue  # both sides have no value here
                # Written so that a value that is not a number counts as a difference.
                if not abs(a[point] - b[point]) <= TOLERANCE * scale[point] + slack:
                    where = ", ".join(part for part in (in_words(environment), entry) if part)
                    outcome.difference = Difference(
                        where, a[point], b[point], value_shape(left), value_shape(right), point
                    )
                    return outcome
    return outcome


def _floats(value: Any, points: int) -> list[float]:
    return value.values if isinstance(value, Real) else [float(value)] * points
