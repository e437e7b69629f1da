"""Judges what can be told before any number is compared: loading, names, types, and conduct."""

from collections.abc import Mapping

import numpy as np

from mlpcheck.judge.findings import BEHAVIOUR, CALLS, NETWORK, POINTS, Verdict, gathered, listed
from mlpcheck.judge.judges import Loss, Networks
from mlpcheck.judge.quantity import Judge, Quantity
from mlpcheck.run.records import Record, Run
from mlpcheck.search import Tolerance
from mlpcheck.truth.cases import PARAMETERS, networks

GUARD = 'Put what runs outside functions under if __name__ == "__main__":, or remove it'


def judge(run: Run, tolerance: Tolerance, weights: Mapping[str, float] = POINTS) -> Verdict:
    """The verdict on a run of `cases.requests()`."""
    verdict = Verdict(weights)
    with np.errstate(all="ignore"):  # large numbers are meant to overflow
        if _loaded(run, verdict):
            # What the code does beside computing: one finding for each kind and call.
            notes = gathered(((n.code, CALLS.get(call, call)), n.value) for _, call, n in run.notes)
            for (code, call), texts in notes.items():
                verdict.add(code, (call,), listed(sorted(texts, key=[*PARAMETERS, *texts].index)))
            for function in ("mse_loss", "bce_loss"):
                Loss(function, run, verdict, tolerance).judge()
            if run.names.get("MLP") is not None and _interface(run, verdict, tolerance):
                Networks(run, verdict, tolerance).judge()
    if run.absent and not verdict.has("import-error"):
        tops = dict.fromkeys(name.partition(".")[0] for name in run.absent)
        verdict.add("missing-import", (), listed([*tops]))
    if run.suspects:
        verdict.add("to-be-read", (), listed(run.suspects))
    verdict.finish(run.lines, run.others)
    return verdict


def _loaded(run: Run, verdict: Verdict) -> bool:
    if run.syntax:
        shown = map(str, run.syntax.get("shown", ()))
        verdict.add("syntax-error", (), str(run.syntax.get("reason")), *shown)
    elif problem := run.raised.get(("load", "load", 0)):
        code, text = problem
        hint = "This line comes from a notebook; remove it" if "get_ipython" in text else GUARD
        if text.startswith(("ModuleNotFoundError", "ImportError")):
            hint = "The checker has PyTorch, NumPy and the files that were handed in"
        if code == "exception":
            verdict.add("import-error", (), f"{text}. {hint}")
        else:
            hint = f". {GUARD}" if code in ("timeout", "forbidden") else ""
            verdict.add(code, (CALLS["load"],), text + hint)
    elif not run.names:
        verdict.add("crash", (CALLS["load"],), "nothing was heard of it")
    loaded = not verdict.findings
    for name in ("MLP", "mse_loss", "bce_loss") if loaded else ():
        if run.names.get(name) is None:
            kind = "class" if name == "MLP" else "function outside of the class"
            verdict.add("missing-name", (name,), f"The task asks for such a {kind}.")
    return loaded


def _interface(run: Run, verdict: Verdict, tolerance: Tolerance) -> bool:
    """Judge the new networks: parameters of the right shapes. False if they cannot be used."""
    group, usable = verdict.groups["interface"], bool(run.parameters)
    judge = Judge(run, verdict, tolerance, {c: one.points[0] for c, one in networks().items()})
    parameters = {name: Quantity(judge, name, "interface", *2 * (f'parameters["{name}"]',))
                  for name in PARAMETERS}  # fmt: skip
    for (case, call, _), problem in run.raised.items():
        if call == "MLP" and case in networks():
            group.count(False)
            verdict.problem(problem, "MLP")
    for case, record in run.parameters:
        if case in networks():  # a submission may make records up
            fine, can_be_used = _parameters(record, case, parameters)
            usable = usable and can_be_used
            group.count(fine and not verdict.has(*BEHAVIOUR))
    for one in parameters.values():
        one.wrong_shape([c for c, v in one.values.items() if v.shape != one.truth[c].shape])
    for name in () if usable else NETWORK:
        verdict.groups[name].note = "not judged until a network can be made as the task says"
    return usable


def _parameters(record: Record, case: str, parameters: Mapping[str, Quantity]) -> tuple[bool, bool]:
    """Whether a new network is as the task says, and whether it can be used at least."""
    verdict = parameters["W1"].judge.verdict
    held, odd = record["parameters"], [f"self.{name}" for name in record["missing"]]
    for attribute in odd:
        verdict.add("missing-name", (attribute,), "The task asks for this attribute.")
    if "W1" not in held:
        if "self.parameters" not in odd:
            verdict.add("wrong-type", ("self.parameters",), f"a {held.get('type')}, not a dict")
        return False, False
    usable = True
    for name, quantity in parameters.items():
        value, wanted = held.get(name), quantity.truth[case]
        found = quantity.take(case, value, "missing, or None")
        if found is None:
            usable &= isinstance(value, dict) and "int" in str(value.get("dtype"))
        elif found.shape != wanted.shape:
            usable &= found.squeeze().shape == wanted.squeeze().shape
        elif value.get("requires_grad"):
            text = "requires_grad is True, as torch.nn.Parameter sets it unless told otherwise"
            verdict.add("autograd", (quantity.what,), text)
        else:
            continue
        odd.append(name)
    return not odd, usable
