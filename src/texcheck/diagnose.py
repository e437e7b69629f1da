"""Why a statement is refuted: small changes are tried, one at a time, until one makes it true."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from .changes import ATTEMPTS, everywhere, lengths, show
from .equations import EnginesDisagree, judge_equation
from .evaluate import Evaluator
from .indices import ranges
from .latex import ReadingError
from .lengths import wrong_shape
from .network import NETWORKS, real_world
from .numbers import NoValue, Real, TooLarge
from .numerical import compare_numerically
from .pairs import pairs, pointwise, work
from .places import Setting, settings
from .syntax import (
    Add,
    Equation,
    Length,
    Negative,
    Number,
    Product,
    ShapeClaim,
)
from .tasks import Task
from .values import ClaimError

LONG = 30_000  # parts to evaluate, beyond which no changes are tried
# The faults whose message says all that can be said.
_TELLS_ALL = (
    "condition", "index count", "last index", "loss", "power", "tensor", "unknown name",
)  # fmt: skip
NOTHING_FITS = "no single small change makes it true"


def diagnosis(task: Task, equation: Equation, fault: ClaimError | None) -> str:
    """What is wrong with a refuted equation, in words.

    `fault` is what made it meaningless, if it was that. Every repair named here has been tried:
    with it the equation is proved.
    """
    told, kind = (fault.message, fault.kind) if fault is not None else ("", "")
    if kind in _TELLS_ALL:
        return told
    if kind == "free index" and _holds_for_all(task, equation):
        return f"{told}; it is true for every value, but both sides must name the same indices"
    repair = _repair(task, equation, fault)
    if isinstance(equation.right, Product) and all(
        isinstance(factor, Number | Length) for factor in equation.right.factors
    ):
        repair = repair or "a shape stands behind a colon, not behind ="
    if not repair and kind not in ("downstream", "layer"):
        repair = NOTHING_FITS
    return "; ".join(part for part in (told, repair) if part)


def shape_diagnosis(task: Task, claim: ShapeClaim) -> str:
    """What is wrong with a refuted shape: the layer of a length, or its order."""
    for message, changed in lengths(claim.rows, task):
        if _has_shape(replace(claim, rows=changed), task):
            return message
    for message, changed in lengths(claim.columns, task):
        if _has_shape(replace(claim, columns=changed), task):
            return message
    if _has_shape(replace(claim, rows=claim.columns, columns=claim.rows), task):
        return "the transpose of the right shape"
    return ""


def _has_shape(claim: ShapeClaim, task: Task) -> bool:
    try:
        return wrong_shape(claim, settings(claim, task.network), task.tex) is None
    except (ClaimError, ReadingError):
        return False


def _repair(task: Task, equation: Equation, fault: ClaimError | None) -> str:
    if fault is None and (factor := _factor(task, equation)):
        return factor
    if _is_long(task, equation):
        return ""
    for attempt in ATTEMPTS:
        for message, changed in attempt(equation.right, task):
            if holds(replace(equation, right=changed), task):
                return message
    for attempt in ATTEMPTS:
        for message, changed in attempt(equation.left, task):
            if holds(replace(equation, left=changed), task):
                return message
    for side in (equation.right, equation.left):
        for part in everywhere(side, Add):
            first, *others = part.terms
            other = others[0] if len(others) == 1 else None
            if isinstance(other, Negative) and holds(Equation(first, other.of), task):
                return f"{show(part, task)} is zero: both terms are the same"
    for network in NETWORKS[:3] if task.network in NETWORKS[:3] else ():
        if network != task.network and holds(equation, replace(task, network=network)):
            return f"it is true of the network {network}, not of {task.network}"
    return ""


def _is_long(task: Task, equation: Equation) -> bool:
    """Whether it would take seconds to try changes."""
    try:
        place = settings(equation, task.network)[0]
        return work(equation, ranges((equation.left, equation.right), place)) > LONG
    except (ClaimError, ReadingError):
        return False


def _holds_for_all(task: Task, equation: Equation) -> bool:
    """Whether a statement is true for every value of an index that one side alone has."""
    left, right = equation.left, equation.right
    padded = (
        Add((side, Product((Number(Fraction(0)), other))))
        for side, other in ((left, right), (right, left))
    )
    return holds(replace(equation, left=next(padded), right=next(padded)), task)


def holds(equation: Equation, task: Task) -> bool:
    """Whether an equation is proved; two floating-point points tell most of those that are not."""
    try:
        places = settings(equation, task.network)
        quick = places if len(places) < 3 else [places[0], places[-1]]
        for setting in quick:
            if compare_numerically(equation, setting, task.tex, points=2).difference:
                return False
        return judge_equation(task, equation, places).status == "proved"
    except (ClaimError, EnginesDisagree, ReadingError, NoValue, TooLarge, OverflowError):
        return False


# -- a constant factor -----------------------------------------------------------------------------


def _factor(task: Task, equation: Equation) -> str:
    """The constant by which the sides differ, if they do by a constant."""
    try:
        places = settings(equation, task.network)
        found = [(setting, _ratio(task, equation, setting)) for setting in places]
    except (ClaimError, ReadingError, NoValue, TooLarge, OverflowError):
        return ""
    if any(math.isnan(ratio) for _, ratio in found) or all(ratio == 1 for _, ratio in found):
        return ""
    for name, value in _constants(task):
        if all(abs(ratio - value(setting)) < 1e-8 * abs(ratio) for setting, ratio in found):
            return f"off by the factor {name}: the left side is {name} times the right side"
    return ""


def _constants(task: Task) -> Iterator[tuple[str, Callable[[Setting], float]]]:
    def number(value: Fraction) -> Callable[[Setting], float]:
        return lambda setting: float(value)

    def outputs(power: int, times: Fraction) -> Callable[[Setting], float]:
        return lambda setting: float(times) * float(setting.architecture.widths[-1]) ** power

    for value in (-1, 2, Fraction(1, 2), -2, Fraction(-1, 2)):
        yield str(value), number(Fraction(value))
    yield "K", outputs(1, Fraction(1))
    yield "1/K", outputs(-1, Fraction(1))
    yield "-K", outputs(1, Fraction(-1))
    yield "-1/K", outputs(-1, Fraction(-1))
    yield "K/2", outputs(1, Fraction(1, 2))
    yield "2/K", outputs(-1, Fraction(2))
    for value in (4, Fraction(1, 4), 3, Fraction(1, 3)):
        yield str(value), number(Fraction(value))

    def width(layer: int, power: int) -> Callable[[Setting], float]:
        return lambda setting: float(setting.architecture.widths[layer]) ** power

    for layer, name in ((0, "d_x"), (1, "d_{s^{(1)}}")):
        yield name, width(layer, 1)
        yield f"1/{name}", width(layer, -1)


def _ratio(task: Task, equation: Equation, setting: Setting) -> float:
    """left / right if it is the same everywhere; 1 where both vanish, else not a number."""
    found = ranges((equation.left, equation.right), setting)
    world = real_world(setting.architecture, 6, 1)
    evaluator = Evaluator(world, setting, found, task.tex, pointwise=pointwise(equation))
    ratios: list[float] = []
    for environment in found.environments():
        evaluator.at(environment)
        left, right = evaluator.value(equation.left), evaluator.value(equation.right)
        for _, a, b in pairs(left, right, equation):
            for p, q in zip(_list(a), _list(b), strict=True):
                if abs(p) < 1e-12 and abs(q) < 1e-12:
                    continue
                if abs(q) < 1e-12:
                    return math.nan
                ratios.append(p / q)
    if not ratios:
        return math.nan
    return ratios[0] if max(ratios) - min(ratios) <= 1e-8 * abs(ratios[0]) else math.nan


def _list(value: Any) -> list[float]:
    return value.values if isinstance(value, Real) else [float(value)] * 6
