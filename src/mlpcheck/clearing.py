"""Judges clear_grad_and_cache(): what it leaves behind, a second pass, and a second network."""

from collections.abc import Mapping

import numpy as np

from mlpcheck.cases import GRADIENTS, Array, Network
from mlpcheck.search import Tolerance
from mlpcheck.verdict import CALLS, Raised, Run, Verdict, listed, numbers, problem_found


class Clearing:
    """Judges the cases with two passes or two networks."""

    def __init__(
        self, run: Run, verdict: Verdict, tolerance: Tolerance, networks: Mapping[str, Network]
    ) -> None:
        self.run, self.verdict, self.tolerance = run, verdict, tolerance
        self.networks = networks

    def judge(self, right: set[str]) -> None:
        """Compare with a fresh network's pass, where that is right in the forward pass."""
        group = self.verdict.groups["clearing"]
        raised: list[tuple[Raised, str, str]] = []
        for case, network in self.networks.items():
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
        if self.run.left and not any(f.code in codes for f in self.verdict.findings):
            left = [name for name in (*GRADIENTS, "cache") if name in self.run.left]
            self.verdict.add("not-cleared", (), listed(left))
            group.held = 0
        if not any(f.code in codes for f in self.verdict.findings):
            for problem, call, when in raised:
                problem_found(self.verdict, problem, (CALLS[call],), when)

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
        if rest and not any(
            f.code in ("accumulates", "stale-cache") for f in self.verdict.findings
        ):
            text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
            self.verdict.add("differs", rest[:1], text)
        return False

    def _grads(self, case: str, number: int) -> dict[str, Array]:
        found = {q: numbers(v) for q, v in self.run.grads.get((case, number), {}).items()}
        return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}
