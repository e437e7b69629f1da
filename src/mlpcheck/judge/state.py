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
    close = tolerance.close
    keys = [q for q in GRADIENTS if q in twins[fresh]]
    wrong = [q for q in keys if q not in found or not close(found[q], twins[fresh][q])]
    if not wrong:
        return True
    if role == "two":
        verdict.add("shared-state", wrong)
        return False
    first = twins[0]
    sums = [q for q in wrong if q in found and q in first and first[q].shape == found[q].shape
            and close(found[q], first[q] + twins[fresh][q])]  # fmt: skip
    if sums:
        verdict.add("accumulates", sums)
    others = [q for q in wrong if q not in sums]
    old = [first, *twins[2:]]
    stale = [q for q in others if q in found and any(q in t and close(found[q], t[q]) for t in old)]
    if stale:
        verdict.add("stale-cache", stale)
    rest = [q for q in others if q not in stale]
    if rest and not verdict.has("accumulates", "stale-cache"):
        text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
        verdict.add("differs", rest[:1], text)
    return False


def _grads(run: Run, case: str, number: int) -> dict[str, Array]:
    found = {q: numbers(v) for q, v in run.grads.get((case, number), {}).items()}
    return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}
