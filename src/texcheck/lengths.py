"""Compares lengths: claims about shapes and about the ranges of indices.

Both are compared at the widths of all networks, and then for lengths that are unknowns: what does
not hold for these holds by accident of the widths.
"""

from __future__ import annotations

import math
from fractions import Fraction

from .evaluate import Evaluator
from .exact import REPEATS
from .indices import Ranges, ranges
from .latex import ReadingError
from .network import exact_world, real_world
from .numbers import Exact
from .pairs import Shape, value_shape
from .places import Setting, further_settings
from .syntax import Add, Expr, Number, RangeClaim, ShapeClaim
from .tasks import Task
from .values import ClaimError
from .verdict import Verdict, example_at

_ONE = Number(Fraction(1))


def wrong_shape(
    claim: ShapeClaim, places: list[Setting], tex: str
) -> tuple[Setting, Shape, Shape] | None:
    """Where a claim about a shape fails, with the shape there and the claimed one."""
    for setting in [*places, *further_settings(places, claim)]:
        found = ranges((claim.value,), setting)
        evaluator = Evaluator(real_world(setting.architecture, 1, 0), setting, found, tex)
        evaluator.at(next(found.environments()))
        actual = value_shape(evaluator.value(claim.value))
        evaluator.at({})
        claimed = evaluator.whole(claim.rows), evaluator.whole(claim.columns)
        if actual != claimed:
            return setting, actual, claimed
        if setting in places:
            _expect_length(claim.rows, actual[0], setting, tex)
            _expect_length(claim.columns, actual[1], setting, tex)
    return None


def _expect_length(formula: Expr, length: int | None, setting: Setting, tex: str) -> None:
    """Errors: `ClaimError` for a formula that has this value at these widths alone."""
    world = exact_world(setting.architecture, 0, REPEATS, counted=False)
    value = Evaluator(world, setting, Ranges({}, {}), tex).value(formula)
    gap = value - (1 if length == 1 else world.arithmetic.length(length or 0))
    if any(gap.values) if isinstance(gap, Exact) else gap:
        raise ClaimError("lengths", f"this is {length} at the widths of some networks", formula)


def judge_range(task: Task, claim: RangeClaim, places: list[Setting]) -> Verdict:
    """The verdict on the range of an index of the equation before it."""
    if claim.about is None:
        raise ReadingError("expected an equation before the range of its index", claim.first.start)
    if claim.letter == "L":
        return _judge_layers(task, claim, places)
    for setting in [*places, *further_settings(places, claim)]:
        found = ranges((claim.about.left, claim.about.right), setting)
        lengths = {
            length for (_, letter), length in found.sums.items() if letter == claim.letter
        } | {length for letter, length in found.free.items() if letter == claim.letter}
        if not lengths:
            raise ClaimError(
                "index range", f"the equation has no index {claim.letter}", claim.first
            )
        evaluator = Evaluator(
            real_world(setting.architecture, 1, 0), setting, Ranges({}, {}), task.tex
        )
        first, last = evaluator.whole(claim.first), evaluator.whole(claim.last)
        for length in lengths:
            if (first, last) != (0, length - 1):
                hint = (
                    "indices start at 0, so the last is d - 1"
                    if last == length
                    else f"index {claim.letter} runs from 0 to {length - 1}"
                )
                return Verdict(
                    "refuted",
                    "exact",
                    task.network,
                    entries=1,
                    diagnosis=hint,
                    counterexample=example_at(
                        setting,
                        f"the last {claim.letter}",
                        float(length - 1),
                        float(last),
                        "1 × 1",
                        "1 × 1",
                    ),
                )
            if setting in places:
                _expect_length(Add((claim.last, _ONE)), length, setting, task.tex)
    return Verdict("proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf)


def _judge_layers(task: Task, claim: RangeClaim, places: list[Setting]) -> Verdict:
    """The verdict on `L = 1, ..., L_max`: whether the equation before has all these layers."""
    for setting in places:
        evaluator = Evaluator(
            real_world(setting.architecture, 1, 0), setting, Ranges({}, {}), task.tex
        )
        low, high = sorted((evaluator.whole(claim.first), evaluator.whole(claim.last)))
        there = [one.layer for one in places if one.architecture == setting.architecture]
        if there == [0]:
            raise ClaimError("index range", "the equation names no layer L", claim.first)
        if low < min(there) or high > max(there):
            depth = setting.architecture.depth
            said = f"of {depth} layers, the equation has L = {min(there)} to {max(there)}"
            return Verdict("refuted", "exact", task.network, entries=1, diagnosis=said)
    return Verdict("proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf)
