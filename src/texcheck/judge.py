"""Judges statements: both engines, lengths, and the diagnosis of what is refuted."""

from __future__ import annotations

import math
from dataclasses import replace

from .diagnose import diagnosis, shape_diagnosis
from .equations import EnginesDisagree, judge_equation
from .latex import ReadingError, place
from .lengths import judge_range, wrong_shape
from .network import NETWORKS
from .numbers import NoValue, TooLarge
from .pairs import ShapesDiffer
from .places import Setting, settings
from .syntax import Equation, Notation, RangeClaim, ShapeClaim, Statement
from .tasks import Claim, Task, tasks
from .values import ClaimError, show_shape
from .verdict import Counterexample, Verdict, example_at, unreadable

# A third of the book's statements stand on two pages or more; what is proved is proved once.
_proved: dict[tuple[Statement, str], Verdict] = {}
_MOST_KEPT = 5000
_TOO_DEEP = ReadingError("the formula is nested too deeply", 0)


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
    key = task.statement, task.network
    try:
        known = _proved.get(key)
    except RecursionError:
        return unreadable(task.tex, _TOO_DEEP, task.network)
    if known is not None:
        return known
    verdict = _judge(task, diagnose)
    if verdict.status == "proved":
        if len(_proved) >= _MOST_KEPT:
            _proved.clear()
        _proved[key] = verdict
    return verdict


def _judge(task: Task, diagnose: bool) -> Verdict:
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
        verdict = judge_equation(task, statement, places)
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
    told = verdict.status != "refuted" or (verdict.diagnosis and fault is None)
    if diagnose and not told and isinstance(statement, Equation):
        try:
            verdict = replace(verdict, diagnosis=diagnosis(task, statement, fault))
        except RecursionError:
            return unreadable(task.tex, _TOO_DEEP, task.network)
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


def _judge_shape(task: Task, claim: ShapeClaim, places: list[Setting], diagnose: bool) -> Verdict:
    wrong = wrong_shape(claim, places, task.tex)
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
