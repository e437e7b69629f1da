"""The verdict on a submission: its findings, and the points of its groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mlpcheck.mistakes import STATE, Found
from mlpcheck.run.records import Raised, shaped
from mlpcheck.truth.cases import GRADIENTS, Array

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
NETWORK = ("forward", *GRADIENTS, "clearing")
BEHAVIOUR = ("autograd", "forbidden", "changes-input", "changes-parameters")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: a code, the quantities or calls it is seen in, and more lines.

    `line` is where in the student's file to look, if that can be told.
    """

    code: str
    what: tuple[str, ...] = ()
    value: str = ""
    detail: tuple[str, ...] = ()
    line: str = ""

    @property
    def groups(self) -> set[str]:
        """The groups of the rubric in which it costs points."""
        if self.code in STATE:
            return {"clearing"}
        if self.code == "missing-import" or self.code == "to-be-read":
            return set()
        found = set[str]().union(*(_groups(one) for one in self.what)) if self.what else {*POINTS}
        return found | {"interface"} if self.code in BEHAVIOUR else found


def _groups(what: str) -> set[str]:
    """The groups that a quantity, a call or a part of the network belongs to."""
    for loss in ("mse_loss", "bce_loss"):
        if loss in what:
            names = {loss: not what.startswith("dJdy_hat"),
                     f"{loss} dJdy_hat": not what.startswith("the loss"),
                     "bce_loss at 0 and 1": loss == "bce_loss"}  # fmt: skip
            return {name for name, holds in names.items() if holds}
    for gradient in GRADIENTS:
        if gradient in what:
            return {gradient}
    if what == "y_hat":
        return {"forward"}
    if what == CALLS["backward"]:
        return {*GRADIENTS, "clearing"}
    if what == CALLS["clear_grad_and_cache"]:
        return {"clearing"}
    if what == CALLS["forward"]:
        return {*NETWORK}
    return {*POINTS} if what == CALLS["load"] else {"interface", *NETWORK}


@dataclass
class Group:
    """How many of its cases hold; `note` says why some could not be judged."""

    held: int = 0
    total: int = 0
    note: str = ""

    def count(self, holds: bool) -> None:
        self.held += holds
        self.total += 1

    @property
    def full(self) -> bool:
        return bool(self.total) and self.held == self.total


@dataclass
class Verdict:
    """All findings and groups of a submission. `weights` are what a group is worth."""

    weights: Mapping[str, float] = field(default_factory=lambda: POINTS)
    findings: list[Finding] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=lambda: {name: Group() for name in POINTS})

    def points(self, name: str) -> float:
        group = self.groups[name]
        return round(self.weights[name] * group.held / group.total, 1) if group.total else 0.0

    @property
    def score(self) -> float:
        return round(sum(self.points(name) for name in POINTS), 1)

    @property
    def most(self) -> float:
        return sum(self.weights.values())

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, each once."""
        return list(dict.fromkeys(finding.code for finding in self.findings))

    def add(self, code: str, what: Iterable[str], value: str = "", *detail: str) -> None:
        """Add a finding, or its quantities to the same finding."""
        new = Finding(code, tuple(what), value, detail)
        for i, old in enumerate(self.findings):
            if (old.code, old.value) == (code, value):
                merged = tuple(dict.fromkeys((*old.what, *new.what)))
                self.findings[i] = Finding(code, merged, value, old.detail or detail)
                return
        self.findings.append(new)

    def has(self, *codes: str) -> bool:
        return any(finding.code in codes for finding in self.findings)

    def finish(self, lines: Mapping[str, int]) -> None:
        """Say where to look, put what costs most first, and leave no point lost in silence."""
        self.findings = [replace(f, line=_where(f, lines)) for f in self.findings]
        lost = {name: self.weights[name] - self.points(name) for name in POINTS}
        self.findings.sort(key=lambda f: -sum(lost[name] for name in f.groups))
        told = set[str]().union(*(finding.groups for finding in self.findings))
        for name, group in self.groups.items():
            if not group.full and name not in told and not group.note:
                group.note = f"{group.held} of {group.total} cases hold; the rest is hidden"


def _where(finding: Finding, lines: Mapping[str, int]) -> str:
    """The function, or the assignment of a gradient, in which the first quantity is made."""
    if "(line" in finding.value or not finding.what:
        return ""
    what = finding.what[0]
    gradient = next((name for name in GRADIENTS if name in what), "")
    names = {
        "y_hat": "forward", "the loss of mse_loss": "mse_loss", "dJdy_hat of mse_loss": "mse_loss",
        "the loss of bce_loss": "bce_loss", "dJdy_hat of bce_loss": "bce_loss",
        **{shown: name for name, shown in CALLS.items()},
    }  # fmt: skip
    name = names.get(what, "backward" if gradient else "")
    if name not in lines:
        return ""
    stored = gradient and len(finding.what) == 1 and lines.get(gradient)
    more = f", which stores {gradient} in line {stored}" if stored else ""
    return f"{name}, line {lines[name]}{more}"


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


LENGTHS = {
    "W1": "(out1, in1)", "b1": "(out1,)", "W2": "(out2, in2)", "b2": "(out2,)",
    "y_hat": "(N, out2)", "dJdy_hat": "(N, K)",
}  # fmt: skip


def wrong_shape(
    verdict: Verdict, what: str, quantity: str, found: Sequence[int], wanted: Sequence[int]
) -> None:
    """Add the finding, once for each `what`; `quantity` is a name in LENGTHS or its gradient."""
    if any(f.code == "wrong-shape" and what in f.what for f in verdict.findings):
        return
    named = LENGTHS.get(quantity) or LENGTHS[quantity.removeprefix("dJd")]
    shown = f"expected the shape {named} = {shaped(wanted)}, given {shaped(found)}"
    verdict.add("wrong-shape", (what,), shown)


def problem_found(
    verdict: Verdict, problem: Raised, what: tuple[str, ...], where: str = ""
) -> None:
    """Add the finding for a call that did not return, unless there is one already."""
    code, text = problem
    own = "(line" not in text  # raised by the call itself, not in the student's code
    if code == "exception" and own and text.startswith("TypeError") and "argument" in text:
        verdict.add("wrong-arguments", what, text)
    elif code == "exception" and text.startswith("ModuleNotFoundError"):
        verdict.add("import-error", what, text)
    elif code == "missing-name":
        verdict.add(code, what, "The task asks for a method of this name.")
    elif code not in ("autograd", "forbidden"):  # these have theirs, with the line
        verdict.add(code, what, text + where)
    elif not verdict.has(code):
        verdict.add(code, what, text)


def raised_together(problems: Mapping[str, Raised]) -> list[tuple[Raised, set[str]]]:
    """The different problems, each with its cases.

    The same error in other sizes has other numbers in its text: the most frequent text stands for
    all that come from the same line.
    """
    kinds: dict[Raised, set[str]] = {}
    for case, problem in problems.items():
        kinds.setdefault(problem, set()).add(case)
    lines: dict[str, list[tuple[Raised, set[str]]]] = {}
    for problem, cases in kinds.items():
        key = problem.code + problem.text.split(":")[0] + problem.text.rsplit("(line", 1)[-1]
        lines.setdefault(key, []).append((problem, cases))
    return [
        (max(group, key=lambda pair: (len(pair[1]), pair[0].text))[0],
         set[str]().union(*(cases for _, cases in group)))
        for group in lines.values()
    ]  # fmt: skip


def show(array: Array) -> str:
    """The numbers for a report, rounded: [[1, -0.5], [2, 0.333333]]."""
    rounded = np.round(np.asarray(array, dtype=np.float64), 6) + 0.0  # no -0
    if rounded.ndim == 0:
        return f"{rounded:.15g}"
    return "[" + ", ".join(show(part) for part in rounded) + "]"


def pattern(
    outcomes: Mapping[str, tuple[int, int, bool]], integers: Sequence[int] = ()
) -> Found | None:
    """What works for one size alone, from {case: (N, K, right)}; `integers` stand in the code."""
    found = _one_size({case: (N, right) for case, (N, _, right) in outcomes.items()}, integers)
    if found is not None:
        return found
    outputs = {K for _, K, right in outcomes.values() if right}
    others = {K for _, K, right in outcomes.values() if not right}
    if outputs == {1} and len(others) > 1 and 1 not in others:
        return Found("one-output-only")
    return None


def _one_size(outcomes: Mapping[str, tuple[int, bool]], integers: Sequence[int]) -> Found | None:
    """A batch size that works while no other does, or no larger one."""
    works = {N for N, right in outcomes.values() if right}
    fails = {N for N, right in outcomes.values() if not right}
    if not works or not fails or works & fails:
        return None
    most = max(works)
    if len(works) > 1:
        named = [n for n in integers if most <= n < min(fails)]
        return Found("batch-hardcoded", f"at most {named[0]}") if named else None
    if len(fails) < 2:
        return None
    return Found("one-point-only") if most == 1 else Found("batch-hardcoded", str(most))
