"""From the records of a run to findings and points: what holds, what does not, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck import cases, search
from mlpcheck import hypotheses as h
from mlpcheck.cases import GRADIENTS, Array, Network, Point
from mlpcheck.hypotheses import Mistake, Mistakes
from mlpcheck.sandbox import Record
from mlpcheck.search import EXACT, Explanation, Sized, Tolerance, squeezed

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


def judge(records: Sequence[Record], tolerance: Tolerance) -> Verdict:
    """The verdict on a run of `cases.requests()` (and of probes, if there were any)."""
    verdict, run = Verdict(), Run(records)
    with np.errstate(all="ignore"):
        if not _loaded(run, verdict):
            return verdict
        _conduct(run, verdict)
        for function in ("mse_loss", "bce_loss"):
            _Losses(function, run, verdict, tolerance).judge()
        if run.names.get("MLP") is not None and _interface(run, verdict):
            _Networks(run, verdict, tolerance).judge()
    return verdict


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
        elif "syntax" in record:
            self.syntax = record["syntax"]
        elif "unloaded" in record:
            self.unloaded = _raised(record["unloaded"])
        if "case" not in record:
            return
        case, call, step = str(record["case"]), str(record["call"]), int(record.get("step", 0))
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
        if "cache" in record:
            self.cache[case] = list(record["cache"])
        del step

    def _pass(self, case: str, call: str) -> int:
        """The number of the call within its case: 0 for the first forward, 1 for the second."""
        if call == "backward":
            return sum(1 for c, _ in self.grads if c == case)
        return sum(1 for c, name, _ in self.returned if (c, name) == (case, call))


def _raised(problem: Record) -> Raised:
    return Raised(str(problem["code"]), str(problem["text"]))


def _array(encoded: Any) -> Array | str:
    """The numbers of what was returned, or what is wrong with its type."""
    if not isinstance(encoded, dict):
        return "is not there"
    if "number" in encoded:
        return np.array(encoded["number"], dtype=np.float64)
    if "tensor" not in encoded:
        kind = str(encoded.get("type"))
        return "is None" if kind == "NoneType" else f"is a {kind}, not a torch.Tensor"
    if "data" not in encoded:
        return f"has the shape {_shape(encoded['tensor'])}, far too large"
    return np.array(encoded["data"], dtype=np.float64).reshape(encoded["tensor"])


def _shape(shape: Iterable[int]) -> str:
    return str(tuple(shape))


def _loaded(run: Run, verdict: Verdict) -> bool:
    if run.syntax:
        line, column = run.syntax.get("line"), run.syntax.get("column", 1)
        source = str(run.syntax.get("source", ""))
        lead = len(source) - len(source.lstrip())
        caret = " " * max(0, int(column) - 1 - lead) + "^"
        text = f"The file is not valid Python: {run.syntax.get('message')}, in line {line}."
        verdict.add("syntax-error", (), text, source.strip(), caret)
        return False
    if run.unloaded is not None:
        code, text = run.unloaded
        if code == "exception":
            verdict.add("import-error", (), text)
        else:
            verdict.add(code, (CALLS["load"],), text)
        return False
    if not run.names:
        verdict.add("crash", (CALLS["load"],), "nothing was heard of it")
        return False
    for name in ("MLP", "mse_loss", "bce_loss"):
        if run.names.get(name) is None:
            kind = "class" if name == "MLP" else "function"
            verdict.add("missing-name", (name,), f"The task asks for a {kind} of this name.")
    return True


def _conduct(run: Run, verdict: Verdict) -> None:
    """Findings about what the code does beside computing."""
    for kind, call, _, text in run.notes:
        what = (CALLS.get(call, call),)
        if kind == "autograd":
            verdict.add("autograd", what, text)
        elif kind == "forbidden":
            verdict.add("forbidden", what, text)
        elif text in cases.PARAMETERS:
            verdict.add("changes-parameters", what, f"the parameter {text}")
        else:
            verdict.add("changes-input", what, text)


def _interface(run: Run, verdict: Verdict) -> bool:
    """Judge the new networks: parameters of the right shapes. False if they cannot be used."""
    group, usable = verdict.groups["interface"], bool(run.parameters)
    for (case, call, _), problem in run.raised.items():
        if call == "MLP" and case in cases.networks():
            group.count(False)
            _problem(verdict, problem, ("MLP(...)",))
    for case, record in run.parameters:
        point = cases.networks()[case].points[0] if case in cases.networks() else None
        held = record["parameters"]
        if point is None:
            continue
        if "W1" not in held:
            verdict.add("wrong-type", ("parameters",), f"is a {held.get('type')}, not a dict")
            group.count(False)
            usable = False
            continue
        fine = True
        for name in record["missing"]:
            verdict.add("missing-name", (f"self.{name}",), "The task asks for this attribute.")
            fine = False
        for name in cases.PARAMETERS:
            value, wanted = held.get(name), getattr(point, name).shape
            array = _array(value)
            if isinstance(array, str):
                code = "missing-key" if array == "is None" else "wrong-type"
                shown = "is missing or None" if array == "is None" else array
                verdict.add(code, (f'parameters["{name}"]',), shown)
                fine = usable = False
            elif array.shape != wanted:
                _wrong_shape(verdict, f'parameters["{name}"]', name, array.shape, wanted)
                fine = False
                usable &= [n for n in array.shape if n != 1] == [n for n in wanted if n != 1]
            elif "int" in str(value.get("dtype")):
                verdict.add("wrong-dtype", (f'parameters["{name}"]',), f"is {value['dtype']}")
                fine = False
            elif value.get("requires_grad"):
                verdict.add("autograd", (f'parameters["{name}"]',), "has requires_grad=True")
                fine = False
        kinds = ("changes-parameters", "changes-input", "forbidden", "autograd")
        group.count(fine and not any(f.code in kinds for f in verdict.findings))
    if not usable:
        for name in ("forward", *GRADIENTS, "clearing"):
            verdict.groups[name].note = "not judged until a network can be made as the task says"
    return usable


LENGTHS = {"W1": "(out1, in1)", "b1": "(out1,)", "W2": "(out2, in2)", "b2": "(out2,)"}


def _wrong_shape(
    verdict: Verdict, what: str, parameter: str, found: Sequence[int], wanted: Sequence[int]
) -> None:
    if any(f.code == "wrong-shape" and what in f.what for f in verdict.findings):
        return
    named = LENGTHS.get(parameter, "")
    shown = f"has the shape {_shape(found)}, not {_shape(wanted)}" + (named and f", {named}")
    verdict.add("wrong-shape", (what,), shown)


def _problem(verdict: Verdict, problem: Raised, what: tuple[str, ...], where: str = "") -> None:
    code, text = problem
    if code == "exception" and text.startswith("TypeError") and "argument" in text and (
        "positional" in text or "unexpected keyword" in text
    ) and "line" not in text:
        verdict.add("wrong-arguments", what, text)
    elif code == "missing-name":
        verdict.add(code, what, "The task asks for a method of this name.")
    elif code == "autograd":
        pass  # has its finding, with the line
    elif code == "forbidden" and any(f.code == "forbidden" for f in verdict.findings):
        pass
    else:
        verdict.add(code, what, text + where)


# ------------------------------------------------------------------------------ losses


class _Losses:
    """Judges one of the two losses."""

    def __init__(self, function: str, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.function, self.run, self.verdict = function, run, verdict
        self.tolerance = tolerance
        self.cases = {k: c for k, c in cases.losses().items() if c.function == function}
        self.groups = {"loss": function, "dJdy_hat": f"{function} dJdy_hat"}
        self.shown = {"loss": f"the loss of {function}", "dJdy_hat": f"dJdy_hat of {function}"}

    def judge(self) -> None:
        results: dict[str, dict[str, Array]] = {"loss": {}, "dJdy_hat": {}}
        problems: dict[str, Raised] = {}
        self.swapped = self._swapped()
        for case in self.cases:
            key = case, self.function, 0
            if key in self.run.raised:
                problems[case] = self.run.raised[key]
            elif key in self.run.returned:
                self._decode(case, self.run.returned[key], results)
        for problem in problems.values():
            _problem(self.verdict, problem, (CALLS[self.function],))
        used = any(n[0] == "autograd" and n[1] == self.function for n in self.run.notes)
        right = {
            quantity: {
                case: self.tolerance.close(value, self.cases[case].truth[quantity])
                for case, value in found.items()
            }
            for quantity, found in results.items()
        }
        for case, loss in self.cases.items():
            for quantity, holds in right.items():
                name = "bce_loss at 0 and 1" if loss.saturated else self.groups[quantity]
                self.verdict.groups[name].count(holds.get(case, False) and not used)
        for quantity in results:
            self._explain(quantity, results[quantity], right[quantity])

    def _decode(
        self, case: str, returned: list[Any], results: dict[str, dict[str, Array]]
    ) -> None:
        if len(returned) != 2:
            found = "one value" if len(returned) == 1 else "more than two values"
            value = f"returns {found}, not the pair (loss, dJdy_hat)"
            self.verdict.add("wrong-type", (CALLS[self.function],), value)
            if len(returned) > 2:
                return
        names = ("dJdy_hat", "loss") if self.swapped else ("loss", "dJdy_hat")
        pair = {name: _array(value) for name, value in zip(names, returned, strict=False)}
        for (quantity, array), encoded in zip(pair.items(), returned, strict=False):
            if isinstance(array, str):
                self.verdict.add("wrong-type", (self.shown[quantity],), array)
            elif "int" in str(encoded.get("dtype")):
                self.verdict.add("wrong-dtype", (self.shown[quantity],), f"is {encoded['dtype']}")
            else:
                results[quantity][case] = array

    def _swapped(self) -> bool:
        """Whether the gradient is returned first; it shows where y_hat has several elements."""
        for case, loss in self.cases.items():
            returned = self.run.returned.get((case, self.function, 0), [])
            arrays = [_array(value) for value in returned]
            shapes = [a.shape for a in arrays if isinstance(a, np.ndarray)]
            if loss.y.size > 1 and len(shapes) == 2:
                if shapes[0] == loss.y.shape and shapes[1] in ((), (1,)):
                    self.verdict.add("loss-values-swapped", (CALLS[self.function],))
                    return True
                return False
        return False

    def _explain(self, quantity: str, found: dict[str, Array], right: dict[str, bool]) -> None:
        options = (h.LOSS if quantity == "loss" else h.SLOPE)[self.function]
        evaluate = h.loss_value if quantity == "loss" else h.loss_slope
        usual = {case: v for case, v in found.items() if not self.cases[case].saturated}
        bounds = {case: v for case, v in found.items() if self.cases[case].saturated}
        what = (self.shown[quantity],)
        explained: Mistakes = ()
        if usual and not all(right[case] for case in usual):
            explanation = None
            sized = {c: Sized(v, *self.cases[c].y.shape) for c, v in usual.items()}
            for option, mistakes in options:
                def predict(case: str, option: h.Pair = option) -> Array:
                    return evaluate(self.cases[case], option)

                found_one = list(
                    search.explain(predict, mistakes, sized, self.tolerance, quantity)
                )
                if found_one and (
                    explanation is None or len(found_one[0].mistakes) < len(explanation.mistakes)
                ):
                    explanation = found_one[0]
            if explanation is None:
                self._differs(quantity, usual, right)
                return
            explained = explanation.mistakes
            for mistake in self._by_name(explained):
                self.verdict.add(mistake.code, what, mistake.value)
        if not bounds or any(m.code == "bce-epsilon" for m in explained):
            return
        if any(not np.all(np.isfinite(v)) for v in bounds.values()):
            self.verdict.add("bce-saturated", what)
        elif not explained and not all(right[case] for case in bounds):
            self._epsilon(quantity, found, options, right)

    def _by_name(self, mistakes: Mistakes) -> Mistakes:
        """For the squared error, swapped arguments are a flipped sign; the names tell them apart."""
        names = (self.run.names.get(self.function) or [])[:2]
        hat = ["hat" in str(n).lower() or "pred" in str(n).lower() for n in names]
        if hat == [True, False]:
            return tuple(Mistake("swapped-arguments") if m.code == "sign" else m for m in mistakes)
        return mistakes

    def _epsilon(
        self, quantity: str, found: dict[str, Array], options: list[tuple[h.Pair, Mistakes]],
        right: dict[str, bool],
    ) -> None:  # fmt: skip
        evaluate = h.loss_value if quantity == "loss" else h.loss_slope
        sized = {c: Sized(v, *self.cases[c].y.shape) for c, v in found.items()}
        for option, mistakes in options:
            if mistakes and mistakes[0].code == "bce-epsilon":
                def predict(case: str, option: h.Pair = option) -> Array:
                    return evaluate(self.cases[case], option)

                if search.fits(predict, sized, self.tolerance) is not None:
                    self.verdict.add("bce-epsilon", (self.shown[quantity],), mistakes[0].value)
                    return
        case = next(c for c in found if self.cases[c].saturated and not right[c])
        truth = self.cases[case].truth[quantity]
        value = f"y = {_show(self.cases[case].y)}, y_hat = {_show(self.cases[case].y_hat)}"
        self.verdict.add(
            "bce-epsilon", (self.shown[quantity],), "see below", f"for {value}",
            f"expected {_show(truth)}", f"yours    {_show(found[case])}",
        )  # fmt: skip

    def _differs(self, quantity: str, found: dict[str, Array], right: dict[str, bool]) -> None:
        wrong = [case for case in found if not right[case]]
        case = next((c for c in wrong if c.endswith("-hand")), wrong[0])
        loss, value = self.cases[case], found[case]
        truth = loss.truth[quantity]
        what = self.shown[quantity]
        if quantity == "dJdy_hat" and value.shape != truth.shape and all(
            found[c].shape != self.cases[c].y.shape for c in wrong
        ):
            shown = f"has the shape {_shape(value.shape)}, not {_shape(truth.shape)}, y_hat's"
            self.verdict.add("wrong-shape", (what,), shown)
            return
        sizes = {c: (self.cases[c].y.shape[0], right[c]) for c in found}
        pattern = _hardcoded(sizes, self.run.integers)
        if pattern:
            self.verdict.add(pattern.code, (what,), pattern.value)
            return
        self.verdict.add(
            "differs", (what,), "is wrong, and no known mistake explains it.",
            f"for y = {_show(loss.y)}, y_hat = {_show(loss.y_hat)}",
            f"expected {_show(truth)}", f"yours    {_show(value)}",
        )  # fmt: skip


def _show(array: Array) -> str:
    return str(np.round(np.asarray(array, dtype=np.float64), 6).tolist())


def _hardcoded(
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


# ------------------------------------------------------------------------------ networks


class _Networks:
    """Judges MLP: forward, the four gradients, and clearing."""

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.run, self.verdict, self.tolerance = run, verdict, tolerance
        probed = {case for case, _, _ in (*run.returned, *run.raised) if "-probe-" in case}
        sizes = sorted({int(case.rsplit("-", 1)[1]) for case in probed})
        self.all: dict[str, Network] = {**cases.networks(), **cases.probes(sizes)}
        self.points: dict[str, Point] = {
            key: case.points[0] for key, case in self.all.items() if case.role != "again"
        }
        used = {(n[1], n[2]) for n in run.notes if n[0] == "autograd"}
        self.autograd = {case for call, case in used if call in ("forward", "backward")}

    def judge(self) -> None:
        right = self._forward()
        self._backward(right)
        self._clearing(right)

    def _read(self, encoded: Any, what: str) -> Array | None:
        """The numbers of a tensor, or a finding about its type."""
        array = _array(encoded)
        if isinstance(array, str):
            if array == "is None" and what.startswith("grads"):
                self.verdict.add("missing-key", (what,), "is missing or None after backward")
            else:
                self.verdict.add("wrong-type", (what,), array)
            return None
        if "tensor" not in encoded:
            self.verdict.add("wrong-type", (what,), "is a number, not a torch.Tensor")
        elif not str(encoded.get("dtype")).startswith(("float", "bfloat")):
            self.verdict.add("wrong-dtype", (what,), f"is {encoded.get('dtype')}")
        else:
            return array
        return None

    # -------------------------------------------------------------------------- forward

    def _forward(self) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        results: dict[str, Sized] = {}
        for case, point in self.points.items():
            key, size = (case, "forward", 0), point.d.shape
            if key in self.run.raised and self.run.raised[key].code != "exception":
                _problem(self.verdict, self.run.raised[key], (CALLS["forward"],))
            elif key in self.run.raised:
                results[case] = Sized(None, *size)
            elif key in self.run.returned:
                array = self._read(self.run.returned[key][0], "y_hat")
                if array is not None:
                    results[case] = Sized(array, *size)
        group, right = self.verdict.groups["forward"], set[str]()
        for case, result in results.items():
            truth = self.points[case].truth["y_hat"]
            fine = result.value is not None and self.tolerance.close(result.value, truth)
            if fine:
                right.add(case)
            if self.all[case].role != "probe":
                group.count(fine and case not in self.autograd)
        for case in self.points:
            if case not in results and self.all[case].role != "probe":
                group.count(False)
        wrong = {case: result for case, result in results.items() if case not in right}
        if wrong:
            self._explain_forward(results, wrong, right)
            # A wrong step may change a y_hat too little to be seen, but not its gradients.
            exact = EXACT if self.tolerance == search.DOUBLE else self.tolerance
            right = {
                case
                for case in right
                if (value := results[case].value) is not None
                and exact.close(value, self.points[case].truth["y_hat"])
            }
        else:
            self._shapes("y_hat", results, {})
        return right

    def _explain_forward(
        self, results: dict[str, Sized], wrong: dict[str, Sized], right: set[str]
    ) -> None:
        sizes = {case: (r.N, case in right) for case, r in results.items()}
        found = search.explain_forward(self.points, results, self.tolerance)
        if found is not None:
            for mistake in found.mistakes:
                self.verdict.add(mistake.code, ("y_hat",), mistake.value)
        elif self._overflow(wrong):
            self.verdict.add("sigmoid-overflow", ("y_hat",))
        elif pattern := _hardcoded(sizes, self.run.integers):
            self.verdict.add(pattern.code, (CALLS["forward"],), pattern.value)
        else:
            self._raised("forward", {c for c, r in wrong.items() if r.value is None}, set(results))
            values = {c: r.value for c, r in wrong.items() if r.value is not None}
            if values:
                self._differs("y_hat", values, set(results))

    def _overflow(self, wrong: Mapping[str, Sized]) -> bool:
        """Whether all that is wrong is not a number, where a sigmoid has large arguments."""
        return all(
            self.all[case].role == "large"
            and "sigmoid" in (self.points[case].f, self.points[case].g)
            and result.value is not None
            and bool(np.isnan(result.value).any())
            for case, result in wrong.items()
        )

    def _raised(self, call: str, raised: set[str], judged: set[str]) -> None:
        """One finding for each kind of error that the call raises, saying when."""
        kinds: dict[Raised, set[str]] = {}
        for case in raised:
            problem = self.run.raised[case, call, 0]
            kinds.setdefault(problem, set()).add(case)
        # The same error in other sizes has other numbers in its text: the most frequent stands
        # for all that come from the same line.
        lines: dict[str, list[tuple[Raised, set[str]]]] = {}
        for problem, found in kinds.items():
            line = problem.text.rsplit("(line", 1)[-1]
            lines.setdefault(problem.code + line, []).append((problem, found))
        for group in lines.values():
            problem = max(group, key=lambda pair: (len(pair[1]), pair[0].text))[0]
            found = set().union(*(cases_ for _, cases_ in group))
            _problem(self.verdict, problem, (CALLS[call],), self._when(found, judged))

    def _when(self, found: set[str], judged: set[str]) -> str:
        """For which cases alone this happens, if a single property tells."""
        properties = {
            "f": lambda case: self.points[case].f,
            "g": lambda case: self.points[case].g,
            "a batch of": lambda case: len(self.points[case].x),
        }
        for name, read in properties.items():
            values = {read(case) for case in found}
            if len(values) < len({read(case) for case in judged}):
                if found == {case for case in judged if read(case) in values}:
                    shown = " or ".join(sorted(map(str, values)))
                    return f", for {name} {shown}" if " " in name else f", for {name} = {shown}"
        if all(self.all[case].role == "large" for case in found):
            return ", for large activations"
        return ""

    # -------------------------------------------------------------------------- backward

    def _backward(self, right: set[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        cases_ = {c for c in right if self.all[c].role != "two"}
        raised = set[str]()
        for case in cases_:
            if problem := self.run.raised.get((case, "backward", 0)):
                if problem.code == "exception":
                    raised.add(case)
                else:
                    _problem(self.verdict, problem, (CALLS["backward"],))
        judged = {c for c in cases_ if (c, 0) in self.run.grads} | raised
        results: dict[str, dict[str, Sized]] = {q: {} for q in GRADIENTS}
        for case in sorted(judged, key=list(self.points).index):
            size = self.points[case].d.shape
            for quantity in GRADIENTS:
                if case in raised:
                    results[quantity][case] = Sized(None, *size)
                    continue
                encoded = self.run.grads[case, 0].get(quantity)
                array = self._read(encoded, f'grads["{quantity}"]')
                if array is not None:
                    results[quantity][case] = Sized(array, *size)
        holds: dict[str, set[str]] = {}
        for quantity in GRADIENTS:
            group = self.verdict.groups[quantity]
            truth = {c: self.points[c].truth[quantity] for c in self.points}
            holds[quantity] = {
                case
                for case, r in results[quantity].items()
                if r.value is not None and self.tolerance.close(r.value, truth[case])
            }
            for case in self.points:
                if self.all[case].role not in ("probe", "two"):
                    group.count(case in holds[quantity] and case not in self.autograd)
            if not judged and not self.autograd:
                group.note = "checked once the forward pass is right"
        if judged:
            self._explain_backward(results, holds, raised)

    def _explain_backward(
        self, results: dict[str, dict[str, Sized]], holds: dict[str, set[str]], raised: set[str]
    ) -> None:
        overflown = set[str]()
        for quantity, found in results.items():
            wrong = {
                c: r
                for c, r in found.items()
                if c not in holds[quantity] and self.all[c].role == "large"
                and r.value is not None and not np.isfinite(r.value).all()
            }  # fmt: skip
            if wrong and self._overflow(wrong):
                self.verdict.add("sigmoid-overflow", (quantity,))
                overflown |= set(wrong)
        for quantity in results:
            results[quantity] = {c: r for c, r in results[quantity].items() if c not in overflown}
        backward = search.Backward(self.points, self.tolerance)
        given = [q for q in GRADIENTS if any(r.value is not None for r in results[q].values())]
        possible = {q: backward.explanations(q, results[q]) for q in given}
        chosen, rest = _choose({q: e for q, e in possible.items() if e}, frozenset(raised))
        if rest:
            sizes = {
                case: (len(self.points[case].x), case not in raised)
                for case in results[GRADIENTS[0]]
            }
            pattern = _hardcoded(sizes, self.run.integers)
            if pattern and not any(chosen.values()):
                self.verdict.add(pattern.code, (CALLS["backward"],), pattern.value)
            else:
                self._raised("backward", set(rest), set(results[GRADIENTS[0]]))
        for mistake, quantities in _collect(chosen):
            self.verdict.add(mistake.code, quantities, mistake.value)
        unknown = [q for q in given if q not in chosen]
        for quantity in given:
            self._shapes(quantity, results[quantity], chosen)
        blocked = False
        for quantity in unknown:
            sizes = {c: (r.N, c in holds[quantity]) for c, r in results[quantity].items()}
            if pattern := _hardcoded(sizes, self.run.integers):
                self.verdict.add(pattern.code, (quantity,), pattern.value)
            elif not blocked:
                values = {
                    c: r.value
                    for c, r in results[quantity].items()
                    if c not in holds[quantity] and r.value is not None
                }
                self._differs(quantity, values, set(results[quantity]))
                blocked = True
            else:
                note = "differs as well; look at it again once the first difference is gone"
                self.verdict.groups[quantity].note = note

    def _shapes(
        self, quantity: str, results: Mapping[str, Sized], chosen: Mapping[str, Mistakes]
    ) -> None:
        """Values that are right but for axes of length 1 too many or too few."""
        if any(m.code in ("transposed", "bias-not-summed") for m in chosen.get(quantity, ())):
            return
        truth = {case: self.points[case].truth[quantity] for case in results}
        odd = {
            case: r.value.shape
            for case, r in results.items()
            if r.value is not None
            and r.value.shape != truth[case].shape
            and squeezed(r.value) == squeezed(truth[case])
        }
        if odd and (quantity not in GRADIENTS or quantity in chosen):
            case = next(iter(odd))
            what = quantity if quantity == "y_hat" else f'grads["{quantity}"]'
            _wrong_shape(self.verdict, what, "", odd[case], truth[case].shape)
            if quantity in GRADIENTS:
                self.verdict.groups[quantity].held = max(
                    0, self.verdict.groups[quantity].held - len(odd)
                )

    def _differs(self, quantity: str, values: Mapping[str, Array], judged: set[str]) -> None:
        """The first difference on the way, in numbers small enough to check by hand."""
        case = min(values, key=lambda c: (self.all[c].role != "hand", self.points[c].x.size))
        p, value = self.points[case], values[case]
        s1, z1, s2, _ = h.forward(p)
        when = self._when(set(values), judged)
        truth = p.truth[quantity]
        if all(v.shape != self.points[c].truth[quantity].shape for c, v in values.items()):
            what = quantity if quantity == "y_hat" else f'grads["{quantity}"]'
            _wrong_shape(self.verdict, what, "", value.shape, truth.shape)
            return
        lines = [
            f"f = {p.f}, g = {p.g}, W1 = {_show(p.W1)}, b1 = {_show(p.b1)}, W2 = {_show(p.W2)}, "
            f"b2 = {_show(p.b2)}, x = {_show(p.x)}",
            f"expected on the way: s1 = {_show(s1)}, z1 = {_show(z1)}, s2 = {_show(s2)}",
        ]
        if quantity == "y_hat":
            lines += self._cached(case, {"s1": s1, "z1": z1, "s2": s2})
        else:
            error = search.Backward(self.points, self.tolerance)
            lines.append(
                f"dJdy_hat = {_show(p.d)}, error of layer 2 = {_show(error.delta2(case, 0))}"
                + (f", of layer 1 = {_show(error.delta1(case, 0, 0, 0))}" if "1" in quantity else "")
            )
        lines += [f"expected {quantity} = {_show(truth)}", f"yours    {quantity} = {_show(value)}"]
        text = f"is wrong, and no known mistake explains it{when}. It is the first to differ."
        self.verdict.add("differs", (quantity,), text, *lines)

    def _cached(self, case: str, expected: Mapping[str, Array]) -> list[str]:
        """Which of s1, z1 and s2 the student's cache holds, as far as it holds tensors."""
        held = [(str(key), _array(encoded)) for key, encoded in self.run.cache.get(case, [])]
        found = {
            name: key
            for name, value in expected.items()
            for key, array in held
            if isinstance(array, np.ndarray) and self.tolerance.close(array, value)
        }
        if not found:
            return []
        shown = ", ".join(f'{name} is right (cache["{key}"])' for name, key in found.items())
        return [f"in your cache, {shown}"]

    # -------------------------------------------------------------------------- clearing

    def _clearing(self, right: set[str]) -> None:
        """Compare a second pass, and a pass beside another network, with a fresh network's."""
        group = self.verdict.groups["clearing"]
        raised: list[tuple[Raised, str, str]] = []
        for case, network in self.all.items():
            if network.role not in ("again", "two"):
                continue
            twins = [self._grads(twin, 0) for twin in network.twins]
            fresh = 1 if network.role == "again" else 0
            if network.twins[fresh] not in right or not twins[fresh]:
                group.count(False)
                group.note = "checked once the first pass is right"
                continue
            problems = [(p, call) for (c, call, _), p in self.run.raised.items() if c == case]
            if problems:
                when = "in a second pass" if network.role == "again" else "beside a second network"
                raised.append((*problems[0], f", {when}"))
                group.count(False)
                continue
            last = len(network.points) - 1 if network.role == "again" else 0
            group.count(self._second(network, self._grads(case, last), twins, fresh))
        codes = ("accumulates", "stale-cache", "shared-state")
        if not any(f.code in codes for f in self.verdict.findings):
            for problem, call, when in raised:
                _problem(self.verdict, problem, (CALLS[call],), when)

    def _second(
        self, network: Network, found: dict[str, Array], twins: list[dict[str, Array]], fresh: int
    ) -> bool:
        """Whether the second pass equals that of a fresh network; if not, the finding."""
        close = self.tolerance.close
        keys = [q for q in GRADIENTS if q in twins[fresh]]
        wrong = [q for q in keys if q not in found or not close(found[q], twins[fresh][q])]
        if not wrong:
            return True
        if network.role == "two":
            self.verdict.add("shared-state", wrong)
            return False
        first = twins[0]
        sums = [q for q in wrong if q in found and q in first and first[q].shape == found[q].shape
                and close(found[q], first[q] + twins[fresh][q])]  # fmt: skip
        if sums:
            self.verdict.add("accumulates", sums)
        others = [q for q in wrong if q not in sums]
        old = [first, *twins[2:]]
        stale = [
            q for q in others if q in found and any(q in t and close(found[q], t[q]) for t in old)
        ]
        if stale:
            self.verdict.add("stale-cache", stale)
        rest = [q for q in others if q not in stale]
        if rest and not any(f.code in ("accumulates", "stale-cache") for f in self.verdict.findings):
            text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
            self.verdict.add("differs", rest[:1], text)
        return False

    def _grads(self, case: str, number: int) -> dict[str, Array]:
        found = {q: _array(v) for q, v in self.run.grads.get((case, number), {}).items()}
        return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}


def _choose(
    possible: Mapping[str, list[Explanation]], raised: frozenset[str]
) -> tuple[dict[str, Mistakes], frozenset[str]]:
    """One explanation for each gradient, with the fewest different mistakes in all.

    Explanations that disagree about an error of the same layer are taken only if none agree; those
    that leave a raised error unexplained only if none explain it. Also returns what is left of it.
    """
    names = list(possible)
    short = {
        q: [e for e in found if len(e.mistakes) <= len(found[0].mistakes) + bool(raised)][:8]
        for q, found in possible.items()
    }
    best, best_cost = None, float("inf")
    for combination in product(*(short[q] for q in names)):
        cost = _cost(names, combination, raised)
        if cost < best_cost:
            best, best_cost = combination, cost
    if best is None:
        return {}, raised
    explained = frozenset[str]().union(*(e.raises for e in best))
    return {q: e.mistakes for q, e in zip(names, best, strict=True)}, raised - explained


def _cost(
    names: Sequence[str], combination: Sequence[Explanation], raised: frozenset[str]
) -> float:
    distinct = {m for e in combination for m in e.mistakes}
    explained = frozenset[str]().union(*(e.raises for e in combination))
    second = {e.path[:1] for e in combination}
    first = {e.path for q, e in zip(names, combination, strict=True) if q.endswith("1")}
    disagreements = max(0, len(second) - 1) + max(0, len(first) - 1)
    return len(distinct) + 0.5 * disagreements + (4 if raised - explained else 0)


def _collect(chosen: Mapping[str, Mistakes]) -> list[tuple[Mistake, list[str]]]:
    """Each mistake with the gradients that have it, renamed where only the biases have it."""
    found: dict[Mistake, list[str]] = {}
    for quantity, mistakes in chosen.items():
        for mistake in mistakes:
            found.setdefault(mistake, []).append(quantity)
    collected = []
    for mistake, quantities in found.items():
        if mistake.code == "mean-again" and all("b" in q for q in quantities):
            mistake = Mistake("bias-mean")
        collected.append((mistake, quantities))
    return collected
