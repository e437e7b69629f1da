"""Judges mse_loss and bce_loss: the loss, its gradient, and both where y_hat is 0 or 1."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlpcheck.judge.findings import CALLS, Verdict, show
from mlpcheck.judge.quantity import Judge, Quantity
from mlpcheck.mistakes import Found
from mlpcheck.run.records import Run, numbers
from mlpcheck.search import DOUBLE, EXACT, Tolerance
from mlpcheck.truth import cases
from mlpcheck.truth.cases import Array


class Loss(Judge):
    """One loss: its two quantities, and what concerns both."""

    cases: Mapping[str, cases.Loss]
    infinite = "bce-saturated"

    def __init__(self, function: str, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        of = {k: c for k, c in cases.losses().items() if c.function == function}
        exact = (EXACT,) if tolerance == DOUBLE else ()  # some hypotheses differ by 1e-10 alone
        super().__init__(run, verdict, tolerance, of, exact)
        self.function, self.call = function, (CALLS[function],)
        slope = f"{function} dJdy_hat"
        self.quantities = (
            Quantity(self, f"{function} loss", function, f"the loss of {function}"),
            Quantity(self, slope, slope, f"dJdy_hat of {function}"),
        )
        self.swapped = self._swapped()

    def example(self, name: str, case: str, value: Array, steps: bool) -> Sequence[str]:
        loss = self.cases[case]
        return (f"for y = {show(loss.y)}, y_hat = {show(loss.y_hat)}",
                f"expected {show(loss.truth[name])}", f"yours    {show(value)}")  # fmt: skip

    def judge(self) -> None:
        raised = self.raised(self.function, self.cases)
        for quantity in self.quantities:
            quantity.results |= dict.fromkeys(raised)
        for case in self.cases:
            if returned := self.run.returned.get((case, self.function, 0)):
                self._take_pair(case, returned)
        for quantity in self.quantities:
            quantity.count(self.function, spoiled=self.swapped)
        if self.random(self.function, self.cases):
            self.verdict.add("random", self.call, self.function)
        else:
            self.explain(self.function, *self.quantities)

    def _take_pair(self, case: str, returned: list[Any]) -> None:
        if len(returned) != 2:
            nothing = returned == [{"type": "NoneType"}]
            found = "one value" if len(returned) == 1 else "more than two values"
            text = f"returns {found}, not the pair (loss, dJdy_hat)"
            text = "returns None; a return may be missing" if nothing else text
            self.verdict.add("wrong-type", self.call, text)
            if len(returned) > 2 or nothing:
                return
        ordered = reversed(returned) if self.swapped else returned
        for quantity, encoded in zip(self.quantities, ordered, strict=False):
            quantity.take(case, encoded)

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

    def hard(self, quantity: Quantity) -> set[str]:
        return {c for c in quantity.results if self.cases[c].saturated}

    def named(self, mistake: Found) -> Found:
        # A squared error with swapped arguments has a flipped sign; the names tell them apart.
        names = [str(name).lower() for name in (self.run.names.get(self.function) or [])[:2]]
        swapped = ["hat" in name or "pred" in name for name in names] == [True, False]
        return Found("swapped-arguments") if swapped and mistake.code == "sign" else mistake
