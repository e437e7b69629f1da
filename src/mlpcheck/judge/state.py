"""Judges clear_grad_and_cache(): what it leaves behind, a second pass, and a second network."""

from collections.abc import Mapping

import numpy as np

from mlpcheck.judge.findings import CALLS, Verdict, listed, problem_found
from mlpcheck.run.records import Raised, Run, numbers
from mlpcheck.search import Tolerance
from mlpcheck.truth.cases import GRADIENTS, Array, Network

SHOWN = ("accumulates", "stale-cache", "shared-state")


def judge_clearing(
    run: Run, verdict: Verdict, tolerance: Tolerance, networks: Mapping[str, Network],
    right: set[str],
) -> None:  # fmt: skip
    """Compare with a fresh network's pass, where that is right in the forward pass."""
    group = verdict.groups["clearing"]
    raised: list[tuple[Raised, str, str]] = []
    for case, network in networks.items():
        if network.role not in ("again", "two"):
            continue
        twins = [_grads(run, twin, 0) for twin in network.twins]
        fresh = 1 if network.role == "again" else 0
        if network.twins[fresh] not in right or not twins[fresh]:
            group.count(False)
            group.note = "checked once the first pass is right"
            continue
        problems = [(p, call) for (c, call, _), p in run.raised.items() if c == case]
        if problems:
            when = "in a second pass" if network.role == "again" else "beside a second network"
            raised.append((*problems[0], f", {when}"))
            group.count(False)
            continue
        last = len(network.points) - 1 if network.role == "again" else 0
        found = _grads(run, case, last)
        group.count(_second(verdict, tolerance, network.role, found, twins, fresh))
    if run.left and not verdict.has(*SHOWN):
        left = [name for name in (*GRADIENTS, "cache") if name in run.left]
        verdict.add("not-cleared", (), listed(left))
        group.held = 0
    if not verdict.has(*SHOWN):
        for problem, call, when in raised:
            problem_found(verdict, problem, CALLS[call], when)


def _second(
    verdict: Verdict, tolerance: Tolerance, role: str, found: dict[str, Array],
    twins: list[dict[str, Array]], fresh: int,
) -> bool:  # fmt: skip
    """Whether the second pass equals that of a fresh network; if not, the finding."""
    right, first = twins[fresh], twins[0]

    def is_(quantity: str, *values: Array | None) -> bool:
        """Whether the quantity was found, and is one of the values."""
        value = found.get(quantity)
        return value is not None and any(
            one is not None and tolerance.close(value, one) for one in values
        )

    wrong = [q for q in GRADIENTS if q in right and not is_(q, right[q])]
    if role == "two" and wrong:
        verdict.add("shared-state", wrong)
    if role == "two" or not wrong:
        return not wrong
    alike = [q for q in wrong if q in first and first[q].shape == right[q].shape]
    sums = [q for q in alike if is_(q, first[q] + right[q])]
    others = [q for q in wrong if q not in sums]
    stale = [q for q in others if is_(q, *(twin.get(q) for twin in (first, *twins[2:])))]
    for code, names in (("accumulates", sums), ("stale-cache", stale)):
        if names:
            verdict.add(code, names)
    if len(sums) + len(stale) < len(wrong) and not verdict.has("accumulates", "stale-cache"):
        text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
        verdict.add("differs", wrong[:1], text)
    return False


def _grads(run: Run, case: str, number: int) -> dict[str, Array]:
    found = {q: numbers(v) for q, v in run.grads.get((case, number), {}).items()}
    return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}
