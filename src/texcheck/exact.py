"""Compares two sides exactly: modulo a prime, at random points of every region."""

from __future__ import annotations

import math

from .arithmetic import ExactArithmetic
from .indices import Ranges, ranges
from .network import World, exact_world
from .numbers import PRIME, Exact, MoreSigns, TooLarge, Undecided
from .pairs import Difference, Outcome, evaluator_of, in_words, pairs, value_shape
from .places import Setting
from .syntax import Equation
from .values import ClaimError

REPEATS = 4  # exact points in each region; more where the degree asks for it
MOST_REPEATS = 16
LOG10_ERROR = -50.0
_MOST_FURTHER_SIGNS = 6


def compare_exactly(
    equation: Equation, setting: Setting, tex: str, counted: bool = False
) -> Outcome:
    """Both sides modulo the prime, at random points of every region.

    `counted`: whether a length is the number of entries that it counts, or as unknown as a weight.
    Errors: `ClaimError`, `Undecided`, `ReadingError`.
    """
    found = ranges((equation.left, equation.right), setting)
    extra, repeats = 0, REPEATS
    while True:
        world = exact_world(setting.architecture, extra, repeats, counted)
        try:
            outcome = _compare_exactly(equation, setting, found, world, tex)
        except MoreSigns:
            extra += 1
            if extra > _MOST_FURTHER_SIGNS:
                raise Undecided("more signs than the exact engine visits regions for") from None
            continue
        if not outcome.entries:
            raise ClaimError("sides", "nothing is compared here", equation.right)
        if outcome.difference is None and outcome.log10_error >= LOG10_ERROR:
            if repeats > MOST_REPEATS:
                raise TooLarge("the degree is too high for an exact test")
            repeats *= 2
            continue
        return outcome


def _compare_exactly(
    equation: Equation, setting: Setting, found: Ranges, world: World, tex: str
) -> Outcome:
    arithmetic = world.arithmetic
    assert isinstance(arithmetic, ExactArithmetic)
    arithmetic.start_statement()
    evaluator = evaluator_of(equation, setting, found, world, tex)
    outcome = Outcome()
    random = False
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        for entry, a, b in pairs(left, right, equation):
            outcome.entries += 1
            gap = a - b
            point = None
            if gap.__class__ is int:
                point = 0 if gap else None
            else:
                random = True
                if isinstance(gap, Exact):
                    point = next((at for at, value in enumerate(gap.values) if value), None)
                    outcome.degree = max(outcome.degree, gap.top + gap.bottom)
                    if point is None and gap.signs and not arithmetic.visited(gap):
                        raise MoreSigns
                elif gap:
                    point = 0
            if point is not None:
                where = ", ".join(part for part in (in_words(environment), entry) if part)
                outcome.difference = Difference(
                    where, a, b, value_shape(left), value_shape(right), point
                )
                outcome.certain = not isinstance(gap, Exact) or not gap.signs
                outcome.by_sign = isinstance(gap, Exact) and gap.signs > 1
                return outcome
    if random:
        outcome.points = arithmetic.points
        outcome.degree = max(outcome.degree, 1) + arithmetic.collisions()
        # Inputs are drawn from the p - 1 elements of the field that are not zero.
        chance = math.log10(outcome.degree) - math.log10(PRIME - 1)
        outcome.log10_error = arithmetic.repeats * chance
    return outcome
