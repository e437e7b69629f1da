"""From the records of a run to the verdict: what holds, what does not, and why."""

from collections.abc import Sequence

import numpy as np

from mlpcheck import cases
from mlpcheck.cases import GRADIENTS
from mlpcheck.losses import Losses
from mlpcheck.networks import Networks
from mlpcheck.sandbox import Record
from mlpcheck.search import Tolerance
from mlpcheck.verdict import CALLS, Run, Verdict, numbers, problem_found, wrong_shape


def judge(records: Sequence[Record], tolerance: Tolerance) -> Verdict:
    """The verdict on a run of `cases.requests()` (and of probes, if there were any)."""
    verdict, run = Verdict(), Run(records)
    with np.errstate(all="ignore"):
        if not _loaded(run, verdict):
            return verdict
        _conduct(run, verdict)
        for function in ("mse_loss", "bce_loss"):
            Losses(function, run, verdict, tolerance).judge()
        if run.names.get("MLP") is not None and _interface(run, verdict):
            Networks(run, verdict, tolerance).judge()
    return verdict


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
            problem_found(verdict, problem, ("MLP(...)",))
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
            array = numbers(value)
            if isinstance(array, str):
                code = "missing-key" if array == "is None" else "wrong-type"
                shown = "is missing or None" if array == "is None" else array
                verdict.add(code, (f'parameters["{name}"]',), shown)
                fine = usable = False
            elif array.shape != wanted:
                wrong_shape(verdict, f'parameters["{name}"]', name, array.shape, wanted)
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
