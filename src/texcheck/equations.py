"""Judges equations: exactly, in real numbers, at further widths and at the edges of regions."""

from __future__ import annotations

import math
from dataclasses import replace

from .exact import compare_exactly
from .latex import ReadingError
from .numbers import NoValue, Undecided
from .numerical import (
    SLACK,
    compare_at_edges,
    compare_numerically,
    compare_precisely,
    compare_widely,
)
from .pairs import Difference, Outcome
from .places import Setting, edges, further_settings
from .syntax import Absolute, Apply, Equation, Indicator, Length, Number, walk
from .tasks import Task
from .values import show_shape
from .verdict import Verdict, example_at

_COUNTED = "it counts entries, and is compared for some widths of the layers alone"
_BY_SIGN = (
    "it rests on the sign of something other than a unit, which random networks cannot decide"
)
_AT_EDGE = "it fails where an argument is exactly 0: there sign and the derivative of ReLU are 0"


class EnginesDisagree(Exception):
    """The exact engine proves what the floating-point engine refutes: a fault of texcheck."""


def _refuted_at(task: Task, setting: Setting, difference: Difference) -> Verdict:
    """Refuted by an ordinary network of these widths."""
    return Verdict(
        "refuted",
        "exact",
        task.network,
        counterexample=example_at(
            setting,
            difference.entry,
            difference.left,
            difference.right,
            show_shape(difference.left_shape),
            show_shape(difference.right_shape),
            difference.point,
        ),
    )


def judge_equation(task: Task, equation: Equation, places: list[Setting]) -> Verdict:
    tex, network = task.tex, task.network
    exact, undecided = _compare_exactly(equation, places, tex)
    if undecided and _has_threshold(equation):
        raise ReadingError(_BY_SIGN, 0)
    found = exact[-1].difference if exact else None
    # A difference at one setting is looked for there first, so that the example fits it.
    order = [places[len(exact) - 1], *places] if found else places
    # What the exact engine refutes is not saved by rounding; what it proves is not lost to it.
    slack = 0.0 if found else SLACK * _largest(equation)
    real: list[Outcome] = []
    for setting in order:
        real.append(compare_numerically(equation, setting, tex, slack=slack))
        difference = real[-1].difference
        if difference is None:
            continue
        if math.isnan(difference.left) or math.isnan(difference.right):
            raise NoValue("one side has no value where the other has one")
        if not found and not undecided:
            if compare_precisely(equation, setting, tex).difference is None:
                continue  # rounding
            raise EnginesDisagree(
                f"{task.claim.tex}: exactly equal, but {difference.left} and "
                f"{difference.right} in floating point ({difference.entry}, {setting})"
            )
        engine = "numerical" if undecided else "exact"
        points, entries = sum(o.points for o in real), sum(o.entries for o in real)
        verdict = _refuted_at(task, setting, difference)
        return replace(verdict, engine=engine, points=points, entries=entries)
    reason = undecided
    if found:
        # Perhaps the statement counts entries, such as the sum of K ones.
        again: list[Outcome] = []
        if not exact[-1].by_sign and not _compares_lengths(equation):
            again, _ = _compare_exactly(equation, places, tex, counted=True)
        if len(again) == len(places) and again[-1].difference is None:
            exact, reason = again, _COUNTED
        elif exact[-1].certain:
            # An identity of polynomials that fails somewhere is false, however little it fails.
            shapes = show_shape(found.left_shape), show_shape(found.right_shape)
            example = example_at(order[0], found.entry, None, None, *shapes)
            return Verdict("refuted", "exact", network, counterexample=example)
        elif exact[-1].by_sign:
            raise ReadingError(_BY_SIGN, 0)
        else:
            reason = "it rests on a property of the functions beyond what the exact engine knows"
    for setting in further_settings(places, equation):
        slack = SLACK * _largest(equation)
        outcome = compare_numerically(equation, setting, tex, points=2, slack=slack)
        if outcome.difference is not None:
            return _refuted_at(task, setting, outcome.difference)
    for setting in edges(places, equation):
        outcome = compare_at_edges(equation, setting, tex, SLACK * _largest(equation))
        if outcome.difference is not None:
            verdict = _refuted_at(task, setting, outcome.difference)
            return replace(verdict, diagnosis=_AT_EDGE)
    if reason:
        if reason != _COUNTED:
            for setting in places:
                outcome = compare_precisely(equation, setting, tex)
                if outcome.difference is None:
                    outcome = compare_widely(equation, setting, tex)
                if outcome.difference is not None:
                    return _refuted_at(task, setting, outcome.difference)
        points, entries = sum(o.points for o in real), sum(o.entries for o in real)
        return Verdict("proved", "numerical", network, points, entries, reason=reason)
    return Verdict(
        "proved",
        "exact",
        network,
        points=sum(o.points for o in exact),
        entries=sum(o.entries for o in exact),
        degree=max(o.degree for o in exact),
        log10_error=max(o.log10_error for o in exact),
    )


def _compare_exactly(
    equation: Equation, places: list[Setting], tex: str, counted: bool = False
) -> tuple[list[Outcome], str]:
    """The outcomes up to the first difference, or until the exact engine cannot decide, and why."""
    outcomes: list[Outcome] = []
    for setting in places:
        try:
            outcomes.append(compare_exactly(equation, setting, tex, counted))
        except Undecided as reason:
            return [], str(reason)
        if outcomes[-1].difference is not None:
            break
    return outcomes, ""


def _compares_lengths(equation: Equation) -> bool:
    """Whether a length stands in something that jumps."""
    return any(
        isinstance(part, Indicator | Absolute | Apply)
        and any(isinstance(inner, Length) for inner in walk(part))
        for side in (equation.left, equation.right)
        for part in walk(side)
    )


def _has_threshold(equation: Equation) -> bool:
    """Whether something jumps elsewhere than at 0 or 1, perhaps where no random point is."""
    for side in (equation.left, equation.right):
        for part in walk(side):
            jumps = isinstance(part, Indicator | Absolute) or (
                isinstance(part, Apply) and part.function.name in ("max", "sign", "ReLU", "f", "g")
            )
            inner = [one.value for one in walk(part) if isinstance(one, Number)] if jumps else []
            if sum(map(abs, inner)) > 1 or any(value.denominator > 1 for value in inner):
                return True
    return False


def _largest(equation: Equation) -> float:
    """The largest number written in an equation, at least 1."""
    parts = [*walk(equation.left), *walk(equation.right)]
    return max([1.0, *(float(part.value) for part in parts if isinstance(part, Number))])
