"""What a page asks the prover, as JSON: a verdict on a formula, or whether it is the wanted one."""

from __future__ import annotations

import json
from functools import cache
from typing import TypedDict

from . import report
from .check import check
from .reading import CannotRead, expression
from .syntax import Derivative, Expr, Name
from .verdict import Refuted, Unreadable, Verdict


class Wanted(TypedDict):
    """A question for a formula: `left` = answer, made of the quantities in `allow`."""

    network: str
    left: str
    allow: list[str]
    answers: list[str]  # the right one first, then those that a wrong reader writes


class Reply(TypedDict):
    """`wrong` is the number of the foreseen wrong answer that this is, else None."""

    right: bool
    wrong: int | None
    says: str


def judge(wanted: Wanted, answer: str) -> Reply:
    """Whether an answer is the wanted formula, in any spelling, and what is wrong if it is not."""
    try:
        stranger = _stranger(expression(answer), wanted["allow"])
    except CannotRead as error:
        return Reply(right=False, wrong=None, says=str(error))
    status, says = _verdict(f"{wanted['left']} = {answer}", wanted["network"])
    right = status == "proved" and not stranger
    if right:
        return Reply(right=True, wrong=None, says="")
    if status == "proved":
        says = f"that is true, but {stranger} may not stand in the answer"
    return Reply(right=False, wrong=_foreseen(wanted, answer), says=says)


def _stranger(answer: Expr, allow: list[str]) -> str:
    """The first quantity of an answer that it may not be made of, in words; "" if there is none."""
    if not allow:
        return ""
    allowed = set(map(_expression, allow))
    left = [answer]
    while left:
        node = left.pop()
        if node in allowed:
            continue
        if isinstance(node, Derivative):
            return "a derivative"
        if isinstance(node, Name):
            return f"{node.base}{f'^({node.layer})' if node.layer else ''}"
        left += reversed(node.parts)
    return ""


@cache
def _expression(tex: str) -> Expr:
    return expression(tex)


def _foreseen(wanted: Wanted, answer: str) -> int | None:
    """Which of the foreseen wrong answers is equal to this one."""
    for number, wrong in enumerate(wanted["answers"][1:]):
        if "".join(wrong.split()) == "".join(answer.split()):
            return number
    for number, wrong in enumerate(wanted["answers"][1:]):
        if _verdict(f"{answer} = {wrong}", wanted["network"])[0] == "proved":
            return number
    return None


def _verdict(tex: str, network: str) -> tuple[str, str]:
    results = check(tex, network)
    (_, verdict), *others = results
    if others:
        return "unreadable", "expected one formula without ="
    return verdict.status, _says(verdict)


def _says(verdict: Verdict) -> str:
    """The diagnosis of a refutation, what to write instead, or the verdict's words."""
    if isinstance(verdict, Refuted) and verdict.diagnosis:
        return verdict.diagnosis
    return verdict.message if isinstance(verdict, Unreadable) else " ".join(report.text(verdict))


def answer(question: str) -> str:
    """The reply to a question of the page, both as JSON."""
    asked = json.loads(question)
    if asked["ask"] == "judge":
        return json.dumps(judge(asked["wanted"], asked["answer"]))
    return json.dumps(verdicts(asked["tex"], asked["network"]))


def verdicts(tex: str, network: str) -> dict[str, object]:
    """The verdict on each statement of a display."""
    return {
        "statements": [
            {
                "tex": claim.tex,
                "line": claim.line,
                "column": claim.column,
                "status": verdict.status,
                "says": "\n".join(report.text(verdict)),
            }
            for claim, verdict in check(tex, network)
        ]
    }


def warm() -> None:
    """Asks for a verdict of each kind, so that whatever they import has been imported."""
    for tex in ("s^{(1)} = W^{(1)} x + b^{(1)}", "s^{(1)} = W^{(1)T} x", "x = ("):
        _verdict(tex, "regression")
