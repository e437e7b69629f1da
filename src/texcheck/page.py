"""What a page asks the prover, as JSON: a verdict on a formula, or whether it is the wanted one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypedDict

from . import report
from .check import Claim, check
from .indexed import indexed
from .reading import BOOK, CannotRead, Names, expression, names_of
from .syntax import (
    Derivative,
    Equation,
    Expr,
    Function,
    Gradient,
    Index,
    Kronecker,
    Name,
    Node,
    Sum,
)
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
    for node in _beside(answer, allow):
        if isinstance(node, Derivative):
            return "a derivative"
        if isinstance(node, Function) and node.name in ("Linear", "MSE", "BCE", "loss"):
            return f"the function {node.name}"
        if isinstance(node, Name):
            return f"{node.base}{f'^({node.layer})' if node.layer else ''}"
    return ""


def _beside(formula: Expr, given: Iterable[str]) -> Iterator[Node]:
    """The parts of a formula but those that are given, as they are."""
    known = set(map(_expression, given))
    left: list[Node] = [formula]
    while left:
        node = left.pop()
        if node not in known:
            yield node
            left += reversed(node.parts)


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
    names = notation(asked["notation"])
    # Another course's letters are declared for any number of layers.
    network = asked["network"] if names is BOOK else "deep"
    found = check(asked["tex"], network, names=names)
    reason = _beyond_the_assignment(found) if asked["assignment"] else ""
    if reason:
        return json.dumps({"statements": [], "refused": reason})
    return json.dumps({"statements": [_shown(claim, verdict, network) for claim, verdict in found]})


# Other courses' letters, as their schema lines: a layer, its activation, the loss.
NOTATIONS = {
    "course": (
        r"z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}",
        r"a^{[l]} = g^{[l]}(z^{[l]})",
        r"J = \ell",
    ),
}


@cache
def notation(name: str) -> Names:
    """The letters of this book (""), or of another course. Raises KeyError for an unknown one."""
    return names_of(NOTATIONS[name]) if name else BOOK


def _shown(claim: Claim, verdict: Verdict, network: str) -> dict[str, str]:
    return {
        "tex": claim.tex,
        "status": verdict.status,
        "says": "\n".join(report.text(verdict)),
        "read": "\n".join(indexed(claim, network)),
    }


# What an answer of the assignment may be made of, beside the parameters and the point.
_GIVEN = (
    r"\frac{\partial \ell}{\partial \hat y}",
    r"\frac{\partial z^{(1)}}{\partial s^{(1)}}",
    r"\frac{\partial \hat y}{\partial s^{(2)}}",
)


def _beyond_the_assignment(found: list[tuple[Claim, Verdict]]) -> str:
    """Why a right side is no answer to the assignment: what it holds that is not allowed there."""
    for claim, _ in found:
        if isinstance(claim.statement, Equation) and (reason := _not_given(claim.statement.right)):
            return f"Not allowed in the assignment: {reason}."
    return ""


def _not_given(formula: Expr) -> str:
    for node in _beside(formula, _GIVEN):
        if isinstance(node, Index | Kronecker | Sum) or (isinstance(node, Name) and node.indices):
            return "a component; write vectors and matrices as a whole"
        if isinstance(node, Derivative | Gradient):
            return "this derivative; given are those of the loss by the prediction, and of f and g"
        if isinstance(node, Name) and node.base not in ("x", "y", "W", "b"):
            return f"{node.base}; use the input, the target and the parameters"
    return ""


def warm() -> None:
    """Asks for a verdict of each kind, so that whatever they import has been imported."""
    judge({"network": "any", "left": "x", "allow": ["x"], "answers": ["x"]}, "x")
    for network in ("regression", "sigmoid-bce", "any", "deep"):
        for tex in (
            "s^{(1)} = W^{(1)} x + b^{(1)}",
            "s^{(1)} = W^{(1)T} x",
            r"\frac{\partial \ell}{\partial \hat y} = (\hat y - y)^T",
            r"\lVert x \rVert = \exp(\log \sigma(x_0))",
            "2^{d_x} = d_x^2",
            "x = (",
        ):
            for name in ("", *NOTATIONS):
                asked = {"ask": "check", "tex": tex, "network": network, "notation": name}
                answer(json.dumps({**asked, "assignment": not name}))
                answer(json.dumps({**asked, "assignment": False}))
