"""What a page asks the prover, as JSON: the verdict comes first, then its cause."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypedDict

from . import report, writing
from . import syntax as t
from .check import Checked, check, explained
from .indexed import indexed
from .judge.edits import ASSIGNED, THIRD
from .reading import BOOK, CannotRead, expression, names_of
from .verdict import Refuted, Unreadable, Verdict


class Wanted(TypedDict):
    """A question for a formula: `left` = answer, made of the quantities in `allow`."""

    network: str
    left: str
    allow: list[str]
    answers: list[str]  # the right one first, then those that a wrong reader writes


class Reply(TypedDict):
    """`none`: nothing is judged, and `says` tells why. `wrong` is the number of the foreseen wrong
    answer that this is, else None."""

    right: bool
    none: bool
    wrong: int | None
    says: str
    more: bool


def judge(wanted: Wanted, answer: str) -> Iterator[Reply]:
    """Whether an answer is the wanted formula, in any spelling; then what is wrong if it is not."""
    answer = answer.strip().strip("$")
    reply = Reply(right=False, none=True, wrong=None, says="", more=False)
    try:
        stranger = _stranger(expression(answer), wanted["allow"])
    except CannotRead as error:
        yield {**reply, "says": str(error)}
        return
    tex, network = f"{wanted['left']} = {answer}", wanted["network"]
    (_, verdict), *others = found = check(tex, network, diagnose=False)
    if verdict.status == "proved" and not stranger and not others:
        yield {**reply, "right": True, "none": False}
        return
    reply["wrong"] = _foreseen(wanted, answer)
    reply["none"] = reply["wrong"] is None and verdict.status != "refuted"
    if verdict.status == "proved":
        reply["says"] = f"that is true, but {stranger or 'a claim'} may not stand in the answer"
    elif verdict.status == "refuted":
        yield {**reply, "more": True}
    also = f"\nmoreover, {stranger} may not stand in the answer"  # which may be all that is wrong
    also *= bool(stranger) and verdict.status == "refuted" and reply["wrong"] is None
    yield {**reply, "says": (reply["says"] or _says(explained(tex, found, network)[0][1])) + also}


def _stranger(answer: t.Expr, allow: list[str]) -> str:
    """The first quantity of an answer that it may not be made of, in words; "" if there is none."""
    if not allow:
        return ""
    for node in _beside(answer, allow):
        if isinstance(node, t.Derivative | t.Gradient | t.Restricted):
            return "a derivative"
        if isinstance(node, t.Function) and node.name in ("Linear", "MSE", "BCE", "loss"):
            return f"the function {node.name}"
        if isinstance(node, t.Name):
            return f"${writing.tex(node)}$"
    return ""


def _beside(formula: t.Expr, given: Iterable[str]) -> Iterator[t.Node]:
    """The parts of a formula but those that are given, their components and lengths."""
    known = set(map(expression, given))

    def is_given(node: t.Node) -> bool:
        whole = replace(node, indices=()) if isinstance(node, t.Name) else node
        return whole in known or isinstance(node, t.Length)

    parts = t.walk(formula, lambda node: () if is_given(node) else node.parts)
    return (node for node in parts if not is_given(node))


def _foreseen(wanted: Wanted, answer: str) -> int | None:
    """Which of the foreseen wrong answers is equal to this one."""
    for number, wrong in enumerate(wanted["answers"][1:]):
        if "".join(wrong.split()) == "".join(answer.split()):
            return number
        found = check(f"{answer} = {wrong}", wanted["network"], diagnose=False)
        if [verdict.status for _, verdict in found] == ["proved"]:
            return number
    return None


def _says(verdict: Verdict) -> str:
    """The diagnosis of a refutation, what to write instead, or the verdict's words."""
    if isinstance(verdict, Refuted) and verdict.diagnosis:
        return verdict.diagnosis
    return verdict.message if isinstance(verdict, Unreadable) else " ".join(report.text(verdict))


def replies(question: str) -> Iterator[str]:
    """The replies to a question of the page, all JSON: the last one has no `more` to come."""
    asked = json.loads(question)
    found = judge(asked["wanted"], asked["answer"]) if asked["ask"] == "judge" else _checked(asked)
    yield from map(json.dumps, found)


def _checked(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The verdicts on a text; then what the statements say once their causes are found."""
    tex, names = asked["tex"], NOTATIONS[asked["notation"]]
    # Another course's letters are declared for any number of layers.
    network = asked["network"] if names is BOOK else "deep"
    found = check(tex, network, names=names, diagnose=False)
    if asked["assignment"] and (reason := _beyond_the_assignment(found)):
        yield {"statements": [], "refused": reason, "more": False}
        return
    more = any(one.statement and isinstance(two, Refuted | Unreadable) for one, two in found)
    shown = [
        {"tex": claim.tex, "status": verdict.status, "says": "\n".join(report.text(verdict)),
         "read": "\n".join(indexed(claim, network, names))} for claim, verdict in found
    ]  # fmt: skip
    yield {"statements": shown, "more": more}
    if more:
        said = ["\n".join(report.text(one)) for _, one in explained(tex, found, network, names)]
        yield {"says": said, "more": False}


# Another course's letters, by its schema lines: a layer, its activation, the loss.
_COURSE = r"z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}", r"a^{[l]} = g^{[l]}(z^{[l]})", r"J = \ell"
NOTATIONS = {"": BOOK, "course": names_of(_COURSE)}

# What an answer of the assignment may be made of, beside the parameters and the point.
_GIVEN = (
    r"\frac{\partial \ell}{\partial \hat y}",
    r"\frac{\partial z^{(1)}}{\partial s^{(1)}}",
    r"\frac{\partial \hat y}{\partial s^{(2)}}",
)


def _beyond_the_assignment(found: Checked) -> str:
    """Why a right side is no answer to the assignment: what it holds that is not allowed there."""
    for one in (claim.statement for claim, _ in found):
        if isinstance(one, t.Equation):
            if t.Name("z", THIRD) in t.walk(one):
                return f"Not in the names of this book: {ASSIGNED}."
            reason = "a condition" if one.conditions else _not_given(one.right)
            if reason:
                return f"Not allowed in the assignment: {reason}."
    return ""


def _not_given(formula: t.Expr) -> str:
    for node in _beside(formula, _GIVEN):
        entry = isinstance(node, t.Name) and node.indices
        if entry or isinstance(node, t.Index | t.Kronecker | t.Sum):
            return "a component; write vectors and matrices as a whole"
        if isinstance(node, t.Derivative | t.Gradient):
            return "this derivative; given are those of the loss by the prediction, and of f and g"
        if isinstance(node, t.Name) and node.base not in ("x", "y", "W", "b"):
            return f"${writing.tex(node)}$; use $x$, $y$, the parameters and the derivatives of c)"
    return ""
