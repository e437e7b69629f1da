"""Judges mse_loss and bce_loss: the loss, its gradient, and both where y_hat is 0 or 1."""

from typing import Any

import numpy as np

from mlpcheck import cases, search
from mlpcheck import hypotheses as h
from mlpcheck.cases import Array
from mlpcheck.diagnoses import HALF
from mlpcheck.hypotheses import Mistake, Mistakes
from mlpcheck.search import Sized, Tolerance
from mlpcheck.verdict import (
    CALLS,
    Raised,
    Run,
    Verdict,
    hardcoded,
    numbers,
    problem_found,
    show,
    wrong_shape,
)


class Losses:
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
        self._problems(problems, results)
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
                fine = holds.get(case, False) and not used and not self.swapped
                self.verdict.groups[name].count(fine)
        for quantity in results:
            self._explain(quantity, results[quantity], right[quantity])

    def _problems(self, problems: dict[str, Raised], results: dict[str, dict[str, Array]]) -> None:
        """Findings for the calls that did not return: one, if it is the batch size."""
        sizes = {c: (self.cases[c].y.shape[0], c in results["loss"]) for c in self.cases}
        pattern = hardcoded(sizes, self.run.integers)
        if pattern and all(p.code == "exception" for p in problems.values()):
            self.verdict.add(pattern.code, (CALLS[self.function],), pattern.value)
            return
        for problem in problems.values():
            problem_found(self.verdict, problem, (CALLS[self.function],))

    def _decode(self, case: str, returned: list[Any], results: dict[str, dict[str, Array]]) -> None:
        if len(returned) != 2:
            found = "one value" if len(returned) == 1 else "more than two values"
            value = f"returns {found}, not the pair (loss, dJdy_hat)"
            self.verdict.add("wrong-type", (CALLS[self.function],), value)
            if len(returned) > 2:
                return
        names = ("dJdy_hat", "loss") if self.swapped else ("loss", "dJdy_hat")
        pair = {name: numbers(value) for name, value in zip(names, returned, strict=False)}
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
            arrays = [numbers(value) for value in returned]
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

                found_one = list(search.explain(predict, mistakes, sized, self.tolerance, quantity))
                if found_one and (
                    explanation is None or len(found_one[0].mistakes) < len(explanation.mistakes)
                ):
                    explanation = found_one[0]
            if explanation is None:
                self._differs(quantity, usual, right)
                return
            explained = explanation.mistakes
            for mistake in self._named(explained):
                self.verdict.add(mistake.code, what, mistake.value)
        if not bounds or any(m.code == "bce-epsilon" for m in explained):
            return
        if any(not np.all(np.isfinite(v)) for v in bounds.values()):
            self.verdict.add("bce-saturated", what)
        elif not explained and not all(right[case] for case in bounds):
            self._epsilon(quantity, found, options, right)

    def _named(self, mistakes: Mistakes) -> Mistakes:
        """The mistakes as they are called in this loss.

        A squared error with swapped arguments has a flipped sign; the names tell them apart.
        """
        if self.function == "mse_loss":
            half = Mistake("factor-two-missing", HALF["mse_loss"])
            mistakes = tuple(half if m.code == half.code else m for m in mistakes)
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
        value = f"y = {show(self.cases[case].y)}, y_hat = {show(self.cases[case].y_hat)}"
        self.verdict.add(
            "bce-epsilon", (self.shown[quantity],), "see below", f"for {value}",
            f"expected {show(truth)}", f"yours    {show(found[case])}",
        )  # fmt: skip

    def _differs(self, quantity: str, found: dict[str, Array], right: dict[str, bool]) -> None:
        wrong = [case for case in found if not right[case]]
        case = next((c for c in wrong if c.endswith("-hand")), wrong[0])
        loss, value = self.cases[case], found[case]
        truth = loss.truth[quantity]
        what = self.shown[quantity]
        if (
            quantity == "dJdy_hat"
            and value.shape != truth.shape
            and all(found[c].shape != self.cases[c].y.shape for c in wrong)
        ):
            wrong_shape(self.verdict, what, "dJdy_hat", value.shape, truth.shape)
            return
        sizes = {c: (self.cases[c].y.shape[0], right[c]) for c in found}
        pattern = hardcoded(sizes, self.run.integers)
        if pattern:
            self.verdict.add(pattern.code, (what,), pattern.value)
            return
        if all(np.isfinite(found[c]).all() for c in wrong):
            code, text = "differs", "is wrong, and no known mistake explains it."
        else:
            code, text = "not-finite", "has elements that are NaN or infinite"
        self.verdict.add(
            code, (what,), text,
            f"for y = {show(loss.y)}, y_hat = {show(loss.y_hat)}",
            f"expected {show(truth)}", f"yours    {show(value)}",
        )  # fmt: skip
