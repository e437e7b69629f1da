"""Compares lengths: claims about shapes and about the ranges of indices."""

from __future__ import annotations

import math

from .evaluate import Evaluator
from .indices import Ranges, ranges
from .latex import ReadingError
from .network import real_world
from .pairs import Shape, value_shape
from .places import Setting, further_settings
from .syntax import RangeClaim, ShapeClaim
from .tasks import Task
from .values import ClaimError
from .verdict import Verdict, example_at


def wrong_shape(
    claim: ShapeClaim, places: list[Setting], tex: str
) -> tuple[Setting, Shape, Shape] | None:
    """Where a claim about a shape fails, with the shape there and the claimed one."""
    for setting in places:
        found = ranges((claim.value,), setting)
        evaluator = Evaluator(real_world(setting.architecture, 1, 0), setting, found, tex)
        evaluator.at(next(found.environments()))
        actual = value_shape(evaluator.value(claim.value))
        evaluator.at({})
        claimed = evaluator.value(claim.rows), evaluator.value(claim.columns)
        if actual != claimed:
            return setting, actual, claimed
    return None


def judge_range(task: Task, claim: RangeClaim, places: list[Setting]) -> Verdict:
    """The verdict on the range of an index of the equation before it."""
    if claim.about is None:
        raise ReadingError("expected an equation before the range of its index", claim.first.start)
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
        first, last = evaluator.value(claim.first), evaluator.value(claim.last)
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
    return Verdict("proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf)
