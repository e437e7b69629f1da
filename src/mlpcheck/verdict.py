"""What a run brought to light: its records, sorted, and the findings and points of the verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.cases import Array
from mlpcheck.hypotheses import Mistake
from mlpcheck.sandbox import Record

# The rubric: a group earns its points in proportion to the cases that hold.
POINTS = {
    "interface": 5, "forward": 20, "dJdW2": 10, "dJdb2": 10, "dJdW1": 15, "dJdb1": 10,
    "mse_loss": 5, "mse_loss dJdy_hat": 5, "bce_loss": 5, "bce_loss dJdy_hat": 5,
    "bce_loss at 0 and 1": 5, "clearing": 5,
}  # fmt: skip

CALLS = {
    "load": "loading the file", "MLP": "MLP(...)", "forward": "forward(x)",
    "backward": "backward(dJdy_hat)", "clear_grad_and_cache": "clear_grad_and_cache()",
    "mse_loss": "mse_loss(y, y_hat)", "bce_loss": "bce_loss(y, y_hat)",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: a code, the quantities or calls it is seen in, and more lines."""

    code: str
    what: tuple[str, ...] = ()
    value: str = ""
    detail: tuple[str, ...] = ()


@dataclass
class Group:
    """How many of its cases hold; `note` says why some could not be judged."""

    held: int = 0
    total: int = 0
    note: str = ""

    def count(self, holds: bool) -> None:
        self.held += holds
        self.total += 1


@dataclass
class Verdict:
    """All findings and groups of a submission."""

    findings: list[Finding] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=lambda: {name: Group() for name in POINTS})

    def points(self, name: str) -> float:
        group = self.groups[name]
        return round(POINTS[name] * group.held / group.total, 1) if group.total else 0.0

    @property
    def score(self) -> float:
        return round(sum(self.points(name) for name in POINTS), 1)

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


class Raised(NamedTuple):
    """A call that did not return: the code and the text of the problem."""

    code: str
    text: str


class Run:
    """The records, sorted: they come from the student's process and are not trusted."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.names: dict[str, Any] = {}
        self.integers: list[int] = []
        self.syntax: Record = {}
        self.unloaded: Raised | None = None
        self.returned: dict[tuple[str, str, int], list[Any]] = {}
        self.grads: dict[tuple[str, int], dict[str, Any]] = {}
        self.cache: dict[str, list[Any]] = {}
        self.others: list[str] = []  # the names of further functions and classes
        self.keys: list[str] = []  # those of the first grads
        self.left: set[str] = set()  # what clear_grad_and_cache() did not clear
        self.raised: dict[tuple[str, str, int], Raised] = {}
        self.notes: list[tuple[str, str, str, str]] = []  # kind, call, case, text
        self.parameters: list[tuple[str, Record]] = []
        for record in records:
            try:
                self._sort(record)
            except (KeyError, TypeError, ValueError, IndexError, AttributeError):
                continue

    def _sort(self, record: Record) -> None:
        if "loaded" in record:
            self.names = dict(record["loaded"])
            self.integers = [int(n) for n in record["integers"]]
            self.others = [str(name) for name in record["others"]]
        elif "syntax" in record:
            self.syntax = record["syntax"]
        elif "unloaded" in record:
            self.unloaded = _raised(record["unloaded"])
        if "case" not in record:
            return
        case, call = str(record["case"]), str(record["call"])
        if "problem" in record:
            problem = _raised(record["problem"])
            if call == "load":
                self.unloaded = problem
            self.raised[case, call, self._pass(case, call)] = problem
        for kind in ("autograd", "forbidden", "changed"):
            if kind in record:
                self.notes.append((kind, call, case, str(record[kind])))
        if "parameters" in record:
            self.parameters.append((case, record))
        if "returned" in record:
            self.returned[case, call, self._pass(case, call)] = list(record["returned"])
        if "grads" in record:
            self.grads[case, self._pass(case, call)] = dict(record["grads"])
            self.keys = self.keys or [str(key) for key in record["keys"]]
        if "left" in record:
            self.left |= {str(name) for name in record["left"]}
        if "cache" in record:
            self.cache[case] = list(record["cache"])

    def _pass(self, case: str, call: str) -> int:
        """The number of the call within its case: 0 for the first forward, 1 for the second."""
        if call == "backward":
            return sum(1 for c, _ in self.grads if c == case)
        return sum(1 for c, name, _ in self.returned if (c, name) == (case, call))


def _raised(problem: Record) -> Raised:
    return Raised(str(problem["code"]), str(problem["text"]))


def numbers(encoded: Any) -> Array | str:
    """The numbers of what was returned, or what is wrong with its type."""
    if not isinstance(encoded, dict):
        return "expected a torch.Tensor, given nothing"
    if "number" in encoded:
        return np.array(encoded["number"], dtype=np.float64)
    if "tensor" not in encoded:
        kind = str(encoded.get("type"))
        return f"expected a torch.Tensor, given {'None' if kind == 'NoneType' else kind}"
    if "data" not in encoded:
        return f"given the shape {shaped(encoded['tensor'])}, far too large"
    return np.array(encoded["data"], dtype=np.float64).reshape(encoded["tensor"])


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def shaped(shape: Iterable[int]) -> str:
    return str(tuple(shape))


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
    elif code == "missing-name":
        verdict.add(code, what, "The task asks for a method of this name.")
    elif code not in ("autograd", "forbidden"):  # these have theirs, with the line
        verdict.add(code, what, text + where)
    elif not any(finding.code == code for finding in verdict.findings):
        verdict.add(code, what, text)


def show(array: Array) -> str:
    """The numbers for a report, rounded: [[1, -0.5], [2, 0.333333]]."""
    rounded = np.round(np.asarray(array, dtype=np.float64), 6) + 0.0  # no -0
    if rounded.ndim == 0:
        return f"{rounded:.15g}"
    return "[" + ", ".join(show(part) for part in rounded) + "]"


def hardcoded(
    outcomes: Mapping[str, tuple[int, bool]], integers: Sequence[int] = ()
) -> Mistake | None:
    """A batch size that works while no other does, or no larger one, from {case: (N, right)}.

    `integers` are those that stand in the code.
    """
    works = {N for N, right in outcomes.values() if right}
    fails = {N for N, right in outcomes.values() if not right}
    if not works or not fails or works & fails:
        return None
    most = max(works)
    if len(works) > 1:
        named = [n for n in integers if most <= n < min(fails)]
        if most < min(fails) and named:
            return Mistake("batch-hardcoded", f"at most {named[0]}")
        return None
    if len(fails) < 2:
        return None
    return Mistake("one-point-only") if most == 1 else Mistake("batch-hardcoded", str(most))
