"""Judges mse_loss and bce_loss: the loss, its gradient, and both where y_hat is 0 or 1."""

from typing import Any

import numpy as np

from mlpcheck import search
from mlpcheck.judge.findings import CALLS, Verdict, problem_found, raised_together, show
from mlpcheck.judge.quantity import Quantity, unlike
from mlpcheck.mistakes import Explained, Found, at
from mlpcheck.run.records import Run, numbers
from mlpcheck.search import Explanation, Sizes, Tolerance
from mlpcheck.truth import cases
from mlpcheck.truth.cases import Array


class Loss:
    """One loss: its two quantities, and what concerns both."""

    def __init__(self, function: str, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.function, self.run, self.verdict = function, run, verdict
        self.tolerance, self.call = tolerance, (CALLS[function],)
        of = {k: c for k, c in cases.losses().items() if c.function == function}
        self.cases = {k: c for k, c in of.items() if not c.twin}
        self.twins = {c.twin: k for k, c in of.items() if c.twin}
        self.quantities = {"loss": self._quantity("loss"), "dJdy_hat": self._quantity("dJdy_hat")}
        self.swapped = self._swapped()

    def _quantity(self, name: str) -> Quantity:
        def example(case: str, value: Array, _: bool) -> list[str]:
            loss = self.cases[case]
            return [
                f"for y = {show(loss.y)}, y_hat = {show(loss.y_hat)}",
                f"expected {show(loss.truth[name])}", f"yours    {show(value)}",
            ]  # fmt: skip

        what = f"the loss of {self.function}" if name == "loss" else f"dJdy_hat of {self.function}"
        truth = {case: loss.truth[name] for case, loss in self.cases.items()}
        sizes = {case: Sizes(*loss.y.shape) for case, loss in self.cases.items()}
        hand = frozenset(case for case in self.cases if case.endswith("-hand"))
        return Quantity(name, what, truth, sizes, self.tolerance, example, hand, plain_number=True)

    def judge(self) -> None:
        self._take()
        used = any(n.kind == "autograd" and n.call == self.function for n in self.run.notes)
        for case, loss in self.cases.items():
            for name, quantity in self.quantities.items():
                group = self.function if name == "loss" else f"{self.function} dJdy_hat"
                group = "bce_loss at 0 and 1" if loss.saturated else group
                fine = case in quantity.held and not used and not self.swapped
                self.verdict.groups[group].count(fine)
        for case, twin in self.twins.items():
            one, other = (self.run.returned.get((c, self.function, 0), ()) for c in (case, twin))
            if unlike(one, other):
                self.verdict.add("random", self.call, self.function)
                return
        for quantity in self.quantities.values():
            self._explain(quantity)

    def _take(self) -> None:
        """Sort what was returned; findings for wrong numbers of values, and for what was raised."""
        raised = {c: p for (c, call, _), p in self.run.raised.items()
                  if call == self.function and c in self.cases}  # fmt: skip
        for case in self.cases:
            if returned := self.run.returned.get((case, self.function, 0)):
                self._take_pair(case, returned)
            elif case in raised and raised[case].code == "exception":
                for quantity in self.quantities.values():
                    quantity.results[case] = None
        loss = self.quantities["loss"]
        if raised and (size := loss.pattern(self.run.integers, loss.values)):
            self.verdict.add(size.code, self.call, size.value)
            return
        for problem, found in raised_together(raised):
            where = ""
            if problem.code == "exception" and len(found) < len(self.cases):
                if any(self._best(q, [self.tolerance]) for q in self.quantities.values()):
                    continue  # a hypothesis that raises there, too, explains it
                where = f", in {len(found)} of {len(self.cases)} cases"
            problem_found(self.verdict, problem, *self.call, where)

    def _take_pair(self, case: str, returned: list[Any]) -> None:
        if len(returned) != 2:
            nothing = returned == [{"type": "NoneType"}]
            found = "one value" if len(returned) == 1 else "more than two values"
            text = f"returns {found}, not the pair (loss, dJdy_hat)"
            text = "returns None. Is a return missing" if nothing else text
            self.verdict.add("wrong-type", self.call, text)
            if len(returned) > 2 or nothing:
                return
        names = ("dJdy_hat", "loss") if self.swapped else ("loss", "dJdy_hat")
        for name, encoded in zip(names, returned, strict=False):
            self.quantities[name].take(case, encoded, self.verdict)

    def _swapped(self) -> bool:
        """Whether the gradient is returned first; it shows where y_hat has several elements."""
        for case, loss in self.cases.items():
            arrays = [numbers(v) for v in self.run.returned.get((case, self.function, 0), ())]
            shapes = [a.shape for a in arrays if isinstance(a, np.ndarray)]
            if loss.y.size > 1 and len(shapes) == 2:
                if swapped := shapes[0] == loss.y.shape and shapes[1] in ((), (1,)):
                    self.verdict.add("loss-values-swapped", self.call)
                return swapped
        return False

    # -------------------------------------------------------------------------- explaining

    def _explain(self, quantity: Quantity) -> None:
        if len(quantity.right) == len(quantity.results):
            return
        tolerances = [self.tolerance]
        if self.tolerance == search.DOUBLE:  # some hypotheses differ by 1e-10 alone
            tolerances.insert(0, search.EXACT)
        best = self._best(quantity, tolerances)
        # What is wrong at 0 and 1 alone may come on top of a mistake elsewhere.
        usual = {c: r for c, r in quantity.results.items() if not self.cases[c].saturated}
        found = best or (self._fewest(quantity, usual, self.tolerance) if usual else None)
        if found is None:
            if size := quantity.pattern(self.run.integers):
                quantity.explained((size,), self.verdict)
            elif quantity.wrong:
                quantity.differs(self.verdict)
            return
        quantity.explained(self._named(found.mistakes), self.verdict)
        bounds = {c: v for c, v in quantity.wrong.items() if self.cases[c].saturated}
        if best is None and any(not np.isfinite(v).all() for v in bounds.values()):
            self.verdict.add("bce-saturated", (quantity.what,), "", *quantity.shown(bounds))
        elif best is None and bounds and not found.mistakes:
            text = "in another way than the checker knows; see the numbers"
            self.verdict.add("bce-epsilon", (quantity.what,), text, *quantity.shown(bounds))

    def _best(self, quantity: Quantity, tolerances: list[Tolerance]) -> Explanation | None:
        """The fewest mistakes that reproduce all cases, as exactly as any do."""
        for tolerance in tolerances:
            found = self._fewest(quantity, quantity.results, tolerance)
            if found is not None and found.mistakes:
                return found
        return None

    def _fewest(
        self, quantity: Quantity, results: search.Results, tolerance: Tolerance
    ) -> Explanation | None:
        """The fewest mistakes that reproduce these results, the first among equals."""
        raised = {case for case, value in results.items() if value is None}
        found = []
        for run, mistakes in at(f"{self.function} {quantity.name}"):

            def predict(case: str, run: Any = run) -> Array:
                loss = self.cases[case]
                value = np.asarray(run(loss.y, loss.y_hat))
                return value if quantity.name == "loss" else value / loss.y.size

            def compare(case: str, predict: Any = predict) -> search.Ratio:
                return search.ratio(lambda: predict(case), results[case], tolerance)

            sizes, name = quantity.sizes, quantity.name
            one = search.explain(compare, mistakes, results, sizes, tolerance, name)
            if one is not None and one.raises == raised:
                found.append(one)
        return min(found, key=lambda e: len(e.mistakes), default=None)

    def _named(self, mistakes: Explained) -> Explained:
        """The mistakes as they are called in this loss.

        A squared error with swapped arguments has a flipped sign; the names tell them apart.
        """
        names = (self.run.names.get(self.function) or [])[:2]
        hat = ["hat" in str(n).lower() or "pred" in str(n).lower() for n in names]
        if hat == [True, False]:
            return tuple(Found("swapped-arguments") if m.code == "sign" else m for m in mistakes)
        return mistakes
