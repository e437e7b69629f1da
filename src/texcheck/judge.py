"""Judges statements: both engines, lengths, and the diagnosis of what is refuted."""

from __future__ import annotations

import math
from dataclasses import replace

from .diagnose import diagnosis, shape_diagnosis
from .exact import compare_exactly
from .latex import ReadingError, place
from .lengths import judge_range, wrong_shape
from .network import NETWORKS
from .numbers import NoValue, TooLarge, Undecided
from .numerical import SLACK, compare_numerically
from .pairs import Difference, Outcome, ShapesDiffer
from .places import Setting, further_settings, settings
from .syntax import Equation, Notation, Number, RangeClaim, ShapeClaim, walk
from .tasks import Claim, Task, tasks
from .values import ClaimError, show_shape
from .verdict import Counterexample, Verdict, example_at, unreadable

_TOO_DEEP = ReadingError("the formula is nested too deeply", 0)


class EnginesDisagree(Exception):
    """The exact engine proves what the floating-point engine refutes: a fault of texcheck."""


def check(
    tex: str,
    network: str,
    *,
    subject: str | None = None,
    kind: str = "value",
    diagnose: bool = True,
) -> list[tuple[Claim, Verdict]]:
    """The verdict on every statement of one display or table cell.

    `tex`: the content of a display, or of a table cell if `subject` is given: the TeX of the
    quantity that the cell claims to equal, or (kind "shape") to have the shape of.
    `network`: one of `NETWORKS`. Never raises on any `tex`: what cannot be read has that verdict.
    """
    if network not in NETWORKS:
        raise ValueError(f"expected a network out of {', '.join(NETWORKS)}, got {network!r}")
    try:
        found = tasks(tex, network, subject, kind)
    except ReadingError as fault:
        line, column, _ = place(tex, fault.position)
        return [(Claim(tex.strip(), line, column), unreadable(tex, fault, network))]
    except RecursionError:
        return [(Claim(tex.strip(), 0, 0), unreadable(tex, _TOO_DEEP, network))]
    results = []
    for task in found:
        try:
            verdict = judge(task, diagnose)
        except EnginesDisagree as fault_:
            verdict = Verdict(
                "refuted", "exact", network, diagnosis=f"the two engines disagree: {fault_}"
            )
        results.append((task.claim, verdict))
    return results


def judge(task: Task, diagnose: bool = True) -> Verdict:
    """The verdict on one statement. Never raises but `EnginesDisagree`."""
    statement = task.statement
    fault: ClaimError | None = None
    try:
        if isinstance(statement, Notation):
            return Verdict(
                "definition",
                network=task.network,
                reason="a change of notation: it names things and claims nothing",
            )
        places = settings(statement, task.network)
        if isinstance(statement, ShapeClaim):
            return _judge_shape(task, statement, places, diagnose)
        if isinstance(statement, RangeClaim):
            return judge_range(task, statement, places)
        verdict = _judge_equation(task, statement, places)
    except ClaimError as error:
        fault = error
        verdict = _refuted(task, error)
    except NoValue as error:
        return Verdict("refuted", "exact", task.network, diagnosis=str(error))
    except (TooLarge, OverflowError) as error:
        return unreadable(task.tex, ReadingError(str(error), 0), task.network)
    except ReadingError as error:
        return unreadable(task.tex, error, task.network)
    except RecursionError:
        return unreadable(task.tex, _TOO_DEEP, task.network)
    if verdict.status == "refuted" and diagnose and isinstance(statement, Equation):
        verdict = replace(verdict, diagnosis=diagnosis(task, statement, fault))
    return verdict


def _refuted(task: Task, fault: ClaimError) -> Verdict:
    counterexample = None
    if isinstance(fault, ShapesDiffer):
        counterexample = Counterexample(
            "",
            None,
            None,
            show_shape(fault.left),
            show_shape(fault.right),
            task.network,
            (),
            None,
            0,
            0,
        )
    return Verdict(
        "refuted",
        "exact",
        task.network,
        diagnosis=fault.message,
        counterexample=counterexample,
    )


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


def _judge_equation(task: Task, equation: Equation, places: list[Setting]) -> Verdict:
    exact: list[Outcome] = []
    undecided = ""
    for setting in places:
        try:
            exact.append(compare_exactly(equation, setting, task.tex))
        except Undecided as reason:
            undecided = str(reason)
            break
        if exact[-1].difference is not None:
            break
    differs = bool(exact) and exact[-1].difference is not None
    # A difference at one setting is looked for there first, so that the example fits it.
    order = [places[len(exact) - 1], *places] if differs else places
    real: list[Outcome] = []
    for setting in order:
        # What the exact engine refutes is not saved by rounding; what it proves is not lost to it.
        slack = 0.0 if differs else SLACK * _largest(equation)
        real.append(compare_numerically(equation, setting, task.tex, slack=slack))
        difference = real[-1].difference
        if difference is not None:
            if not differs and not undecided:
                raise EnginesDisagree(
                    f"{task.claim.tex}: exactly equal, but {difference.left} and "
                    f"{difference.right} in floating point ({difference.entry}, {setting})"
                )
            return Verdict(
                "refuted",
                "numerical" if undecided else "exact",
                task.network,
                points=sum(o.points for o in real),
                entries=sum(o.entries for o in real),
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
    found = exact[-1].difference if exact else None
    if found is not None and exact[-1].certain:
        # An identity of polynomials that fails somewhere is false, however little it fails.
        shapes = show_shape(found.left_shape), show_shape(found.right_shape)
        return Verdict(
            "refuted",
            "exact",
            task.network,
            counterexample=example_at(order[0], found.entry, None, None, *shapes),
        )
    most = 3 if any(outcome.points for outcome in exact) else 6
    for setting in [] if differs else further_settings(places, equation, most):
        slack = SLACK * _largest(equation)
        outcome = compare_numerically(equation, setting, task.tex, points=2, slack=slack)
        if outcome.difference is not None:
            return _refuted_at(task, setting, outcome.difference)
    if differs or undecided:
        return Verdict(
            "proved",
            "numerical",
            task.network,
            points=sum(o.points for o in real),
            entries=sum(o.entries for o in real),
            reason=undecided
            or "it rests on a property of the functions beyond what the exact engine knows",
        )
    return Verdict(
        "proved",
        "exact",
        task.network,
        points=sum(o.points for o in exact),
        entries=sum(o.entries for o in exact),
        degree=max(o.degree for o in exact),
        log10_error=max(o.log10_error for o in exact),
    )


def _largest(equation: Equation) -> float:
    """The largest number written in an equation, at least 1."""
    parts = [*walk(equation.left), *walk(equation.right)]
    return max([1.0, *(float(part.value) for part in parts if isinstance(part, Number))])


def _judge_shape(task: Task, claim: ShapeClaim, places: list[Setting], diagnose: bool) -> Verdict:
    wrong = wrong_shape(claim, [*places, *further_settings(places, claim)], task.tex)
    if wrong is None:
        return Verdict(
            "proved", "exact", task.network, entries=2 * len(places), log10_error=-math.inf
        )
    setting, *both = wrong
    actual, claimed = (" × ".join(str(length) for length in shape) for shape in both)
    words = f"the shape is {actual}, not {claimed}"
    if diagnose:
        repair = shape_diagnosis(task, claim)
        words = f"{words}: {repair}" if repair else words
    return Verdict(
        "refuted",
        "exact",
        task.network,
        entries=1,
        counterexample=example_at(setting, "the shape", None, None, actual, claimed),
        diagnosis=words,
    )
