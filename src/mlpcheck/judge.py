"""From the records of a run to the verdict: what holds, what does not, and why."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from mlpcheck import cases
from mlpcheck.cases import GRADIENTS
from mlpcheck.losses import Losses
from mlpcheck.networks import Networks
from mlpcheck.sandbox import Record
from mlpcheck.search import Tolerance
from mlpcheck.verdict import (
    CALLS,
    Run,
    Verdict,
    listed,
    numbers,
    problem_found,
    wrong_shape,
)


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
        if source.lstrip()[:1] in ("%", "!"):
            text += " Lines that begin with % or ! are for notebooks alone."
        verdict.add("syntax-error", (), text, source.strip(), caret)
        return False
    if run.unloaded is not None:
        code, text = run.unloaded
        if code == "exception":
            verdict.add("import-error", (), f"{text}. {_hint(text)}")
        elif code == "timeout":
            verdict.add(code, (CALLS["load"],), f"{text} {GUARD}.")
        else:
            verdict.add(code, (CALLS["load"],), text)
        return False
    if not run.names:
        verdict.add("crash", (CALLS["load"],), "nothing was heard of it")
        return False
    for name in ("MLP", "mse_loss", "bce_loss"):
        if run.names.get(name) is None:
            kind = "class" if name == "MLP" else "function"
            alike = {other.lower(): other for other in run.others}
            near = get_close_matches(name.lower(), alike, n=1)
            there = f" There is one called {alike[near[0]]}." if near else ""
            verdict.add("missing-name", (name,), f"The task asks for a {kind} of this name.{there}")
    return True


# What runs while the file is loaded and should not.
GUARD = 'Put what runs outside functions under if __name__ == "__main__":, or remove it'


def _hint(text: str) -> str:
    """What to do about an error while the file is loaded."""
    if text.startswith(("ModuleNotFoundError", "ImportError")):
        return "The checker has PyTorch, NumPy and the files that were handed in"
    return "This line comes from a notebook; remove it" if "get_ipython" in text else GUARD


def _conduct(run: Run, verdict: Verdict) -> None:
    """Findings about what the code does beside computing, one for each kind and call."""
    seen: dict[tuple[str, str], list[str]] = {}
    for kind, call, _, text in run.notes:
        if kind == "changed":
            kind = "changes-parameters" if text in cases.PARAMETERS else "changes-input"
        texts = seen.setdefault((kind, CALLS.get(call, call)), [])
        if text not in texts:
            texts.append(text)
    for (code, call), texts in seen.items():
        if code == "changes-parameters":
            texts.sort(key=cases.PARAMETERS.index)
        verdict.add(code, (call,), listed(texts))


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
            verdict.add("wrong-type", ("parameters",), f"expected a dict, given {held.get('type')}")
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
                code = "missing-key" if array.endswith("None") else "wrong-type"
                shown = "missing, or None" if array.endswith("None") else array
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
                text = "requires_grad is True, as torch.nn.Parameter sets it unless told otherwise"
                verdict.add("autograd", (f'parameters["{name}"]',), text)
                fine = False
        kinds = ("changes-parameters", "changes-input", "forbidden", "autograd")
        group.count(fine and not any(f.code in kinds for f in verdict.findings))
    if not usable:
        for name in ("forward", *GRADIENTS, "clearing"):
            verdict.groups[name].note = "not judged until a network can be made as the task says"
    return usable
