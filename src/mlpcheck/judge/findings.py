"""The verdict on a submission: its findings, and the points of its groups."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

import numpy as np

from mlpcheck.mistakes import ALONE, STATE, Found
from mlpcheck.run.records import printable
from mlpcheck.truth.cases import GRADIENTS, Array

Key = TypeVar("Key")
Value = TypeVar("Value")

# The rubric: a group earns its points in proportion to the cases that hold.
POINTS: dict[str, float] = {
    "interface": 5, "forward": 20, "dJdW2": 10, "dJdb2": 10, "dJdW1": 15, "dJdb1": 10,
    "mse_loss": 5, "mse_loss dJdy_hat": 5, "bce_loss": 5, "bce_loss dJdy_hat": 5,
    "bce_loss at 0 and 1": 5, "clearing": 5,
}  # fmt: skip

CALLS = {
    "load": "loading the file", "MLP": "MLP(...)", "forward": "forward(x)",
    "backward": "backward(dJdy_hat)", "clear_grad_and_cache": "clear_grad_and_cache()",
    "mse_loss": "mse_loss(y, y_hat)", "bce_loss": "bce_loss(y, y_hat)",
}  # fmt: skip
ASKED = {*CALLS, "activation", "activation_derivative", "parameters", "grads", "cache"}
NETWORK = ("forward", *GRADIENTS, "clearing")
BEHAVIOUR = ("autograd", "forbidden", "changes-input", "changes-parameters")
UNTRIED = "a call failed or was ended, so some cases were not tried, and count as wrong"
FREE = ("missing-import", "to-be-read")
LENGTHS = {  # of a quantity, or of what the quantity is the gradient of
    "W1": "(out1, in1)", "b1": "(out1,)", "W2": "(out2, in2)", "b2": "(out2,)",
    "y_hat": "(N, out2)", "mse_loss dJdy_hat": "(N, K)", "bce_loss dJdy_hat": "(N, K)",
}  # fmt: skip

# What a finding is seen in: the student's function that makes it, and the groups that it costs.
PLACES: dict[str, tuple[str, set[str]]] = {
    CALLS["load"]: ("", {*POINTS}), "y_hat": ("forward", {"forward"}),
    CALLS["forward"]: ("forward", {*NETWORK}),
    CALLS["backward"]: ("backward", {*GRADIENTS, "clearing"}),
    CALLS["clear_grad_and_cache"]: ("clear_grad_and_cache", {"clearing"}),
    **{what: ("backward", {name}) for name in GRADIENTS for what in (name, f'grads["{name}"]')},
    **{what: (loss, {group for group in POINTS if re.fullmatch(loss + groups, group)})
       for loss in ("mse_loss", "bce_loss") for what, groups in (
           (f"the loss of {loss}", "( at 0 and 1)?"), (f"dJdy_hat of {loss}", " .*"),
           (loss, ".*"), (CALLS[loss], ".*"))},
}  # fmt: skip
ELSEWHERE = ("", {"interface", *NETWORK})  # MLP itself, and its attributes


@dataclass
class Finding:
    """Something that is wrong: a code, the quantities or calls it is seen in, and more lines.

    `line` is where in the student's file to look, if that can be told; `shares` has by group which
    part of the wrong cases shows it, if not all do.
    """

    code: str
    what: tuple[str, ...] = ()
    value: str = ""
    detail: tuple[str, ...] = ()
    line: str = ""
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def groups(self) -> set[str]:
        """The groups of the rubric in which it costs points."""
        if self.code in STATE or self.code in FREE:
            return {"clearing"} if self.code in STATE else set()
        places = [PLACES.get(one, ELSEWHERE)[1] for one in self.what] or [{*POINTS}]
        return set[str]().union(*places, {"interface"} if self.code in BEHAVIOUR else ())


@dataclass
class Group:
    """What it is worth, and how many of its cases hold; `note` says why some were not judged."""

    weight: float
    held: int = 0
    total: int = 0
    note: str = ""

    def count(self, holds: bool) -> None:
        self.held += holds
        self.total += 1

    @property
    def full(self) -> bool:
        return bool(self.total) and self.held == self.total

    @property
    def points(self) -> float:
        return round(self.weight * self.held / self.total, 1) if self.total else 0.0


class Verdict:
    """All findings and groups of a submission."""

    def __init__(self, weights: Mapping[str, float] = POINTS) -> None:
        self.findings: list[Finding] = []
        self.groups = {name: Group(weight) for name, weight in weights.items()}

    @property
    def score(self) -> float:
        return round(sum(group.points for group in self.groups.values()), 1)

    @property
    def most(self) -> float:
        return sum(group.weight for group in self.groups.values())

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, each once."""
        return list(dict.fromkeys(finding.code for finding in self.findings))

    @property
    def told(self) -> set[str]:
        """The groups that a finding costs."""
        return set[str]().union(*(finding.groups for finding in self.findings))

    def add(self, code: str, what: Iterable[str], value: str = "", *detail: str) -> Finding:
        """Add a finding, in printable texts, or its quantities to the same finding."""
        what, value, shown = (*map(printable, what),), printable(value), (*map(printable, detail),)
        for old in self.findings:
            if (old.code, old.value) == (code, value):
                old.what = tuple(dict.fromkeys((*old.what, *what)))
                old.detail = old.detail or shown
                return old
        self.findings.append(Finding(code, what, value, shown))
        return self.findings[-1]

    def has(self, *codes: str) -> bool:
        return any(finding.code in codes for finding in self.findings)

    def problem(self, problem: Found, call: str, where: str = "") -> None:
        """Add the finding for a call that did not return, unless there is one already."""
        code, text = problem
        own = "(line" not in text  # raised by the call itself, not in the student's code
        if code == "exception" and own and text.startswith("TypeError") and "argument" in text:
            code = "wrong-arguments"
        elif code in ("autograd", "forbidden"):
            if self.has(code):  # with the line
                return
        elif code not in ("missing-name", "output-flood") and "whole run" not in text:
            text += where
        self.add(code, (CALLS[call],), text)

    def finish(self, lines: Mapping[str, int], others: Sequence[str]) -> None:
        """Say where to look, put what costs most first, and leave no point lost in silence.

        `lines` are those of the functions, of the gradients' assignments, and of the calls;
        `others` are names, of which one may be meant for a missing one.
        """
        alike = {name.lower(): name for name in others if name not in ASKED}
        for finding in self.findings:
            if finding.code == "missing-name":
                missing = finding.what[0].removeprefix("self.").partition("(")[0]
                for near in get_close_matches(missing.lower(), alike, n=1):
                    finding.value += f" There is one called {printable(alike[near])}."
            name, groups = PLACES.get(finding.what[0] if finding.what else "", ELSEWHERE)
            told = "(line" in finding.value or finding.code in ("stale-cache", "shared-state")
            if name in lines and not told:
                (gradient,) = groups if len(finding.what) == len(groups) == 1 else ("",)
                stored = gradient in GRADIENTS and lines.get(gradient)
                helper = "activation" if name == "forward" else "activation_derivative"
                more = f", which stores {gradient} in line {stored}" if stored else ""
                if finding.code in ALONE and f"{name} {helper}" in lines:
                    more = f", which calls {helper}, line {lines[helper]}"
                finding.line = f"{name}, line {lines[name]}{more}"
        lost = {name: group.weight - group.points for name, group in self.groups.items()}
        self.findings.sort(key=lambda f: -sum(lost[n] * f.shares.get(n, 1) for n in f.groups))
        for name, group in self.groups.items():
            if not (group.full or name in self.told or group.note):
                hidden = "in the others backward fails before storing it"
                rest = hidden if name in GRADIENTS else "the rest is hidden"
                group.note = f"{group.held} of {group.total} cases hold; {rest}"


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def gathered(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    """The values of each key, in their order, each once."""
    found: dict[Key, dict[Value, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: [*values] for key, values in found.items()}


def show(array: Array) -> str:
    """The numbers for a report, rounded: [[1, -0.5], [2, 0.333333]]."""
    rounded = np.round(np.asarray(array, dtype=np.float64), 6) + 0.0  # no -0
    if rounded.ndim == 0:
        return f"{rounded:.15g}"
    return "[" + ", ".join(show(part) for part in rounded) + "]"
