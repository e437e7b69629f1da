"""Judges the two losses, and the class MLP: forward, the four gradients, and clearing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from operator import attrgetter
from typing import Any

import numpy as np

from mlpcheck.judge.findings import CALLS, UNTRIED, Verdict, gathered, listed, show
from mlpcheck.judge.quantity import Judge, Quantity
from mlpcheck.mistakes import Found
from mlpcheck.run.records import Run, numbers
from mlpcheck.search import ANY, DOUBLE, EQUAL, EXACT, Tolerance, ratio
from mlpcheck.truth import cases, passes
from mlpcheck.truth.cases import GRADIENTS, PARAMETERS, Array, Point


class Loss(Judge):
    """One loss: its two quantities, and what concerns both."""

    cases: Mapping[str, cases.Loss]
    infinite = "bce-saturated"

    def __init__(self, function: str, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        of = {k: c for k, c in cases.losses().items() if c.function == function}
        exact = (EXACT,) if tolerance == DOUBLE else ()  # some hypotheses differ by 1e-10 alone
        super().__init__(run, verdict, tolerance, of, exact)
        self.function, self.call = function, (CALLS[function],)
        loss = Quantity(self, f"{function} loss", function, f"the loss of {function}")
        slope = f"{function} dJdy_hat"
        self.quantities = (loss, Quantity(self, slope, slope, f"dJdy_hat of {function}"))

    def example(self, name: str, case: str, value: Array, steps: bool) -> Sequence[str]:
        loss = self.cases[case]
        return (f"for y = {show(loss.y)}, y_hat = {show(loss.y_hat)}",
                f"expected {show(loss.truth[name])}", f"yours    {show(value)}")  # fmt: skip

    def judge(self) -> None:
        swapped = self._swapped()
        raised = self.raised(self.function, self.cases)
        for quantity in self.quantities:
            quantity.results |= dict.fromkeys(raised)
        for case in self.cases:
            if returned := self.run.returned.get((case, self.function, 0)):
                self._take_pair(case, returned[::-1] if swapped else returned)
        for quantity in self.quantities:
            quantity.count(self.function, spoiled=swapped)
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
        for quantity, encoded in zip(self.quantities, returned, strict=False):
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

    def named(self, mistake: Found) -> Found:
        # A squared error with swapped arguments has a flipped sign; the names tell them apart.
        names = [str(name).lower() for name in (self.run.names.get(self.function) or [])[:2]]
        swapped = ["hat" in name or "pred" in name for name in names] == [True, False]
        return Found("swapped-arguments") if swapped and mistake.code == "sign" else mistake


class Networks(Judge):
    """Judges MLP: forward, the four gradients, and clearing."""

    cases: Mapping[str, Point]
    first, infinite = " It is the first to differ.", "sigmoid-overflow"

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.all = cases.networks()
        # Those with steps of their own are judged by themselves.
        points = {c: n.points[0] for c, n in self.all.items() if n.role not in cases.STEPS}
        super().__init__(run, verdict, tolerance, points)
        self.y_hat = Quantity(self, "y_hat", "forward", "y_hat", special=self._copied)
        self.gradients = {n: Quantity(self, n, n, n, f'grads["{n}"]', self._scaled)
                          for n in GRADIENTS}  # fmt: skip

    def example(self, name: str, case: str, value: Array, steps: bool) -> Sequence[str]:
        p = self.cases[case]
        lines = [
            f"f = {p.f}, g = {p.g}, x = {show(p.x)}, dJdy_hat = {show(p.d)}",
            f"W1 = {show(p.W1)}, b1 = {show(p.b1)}", f"W2 = {show(p.W2)}, b2 = {show(p.b2)}",
        ]  # fmt: skip
        if steps:
            s1, z1, s2 = map(show, passes.values(p)[:3])
            lines += [f"expected s1 = {s1}, z1 = {z1}", f"expected s2 = {s2}"]
            if name != "y_hat":
                lines.append(f"expected error of layer 2 = {show(passes.delta2(p))}")
            if name.endswith("1"):
                lines.append(f"expected error of layer 1 = {show(passes.delta1(p))}")
        both = f"expected {name} = {show(p.truth[name])}", f"yours    {name} = {show(value)}"
        return [*lines, *both]

    def judge(self) -> None:
        right = self._forward()
        self._backward([case for case in self.cases if case in right])
        self._clearing(right)

    def _forward(self) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        y_hat, returned = self.y_hat, self.run.returned
        y_hat.results |= dict.fromkeys(self.raised("forward", self.cases))
        for case in self.cases:
            if values := returned.get((case, "forward", 0)):
                y_hat.take(case, values[0], "; a return may be missing")
        y_hat.count("forward")
        if self.random("forward", (c for c, n in self.all.items() if n.role == "repeat")):
            self.verdict.add("random", ("y_hat",), CALLS["forward"])
            return set()
        self.explain("forward", y_hat)
        if y_hat.held == y_hat.results.keys():
            return y_hat.held
        # A wrong step may change a y_hat too little to be seen, but not its gradients; and a
        # saturated sigmoid hides what is wrong before it.
        exact = EXACT if self.tolerance == DOUBLE else self.tolerance
        return {
            case for case in y_hat.held
            if exact.close(y_hat.values[case], y_hat.truth[case])
            and not (self.all[case].role == "large" and self.cases[case].g == "sigmoid")
        }  # fmt: skip

    def _backward(self, right: Sequence[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        raised = self.raised("backward", right)
        judged = [case for case in right if (case, 0) in self.run.grads or case in raised]
        if judged and (found := self._not_stored(judged, raised)):
            self.verdict.add(found.code, GRADIENTS, found.value)
            judged, raised = [], set()
        elif not self.verdict.groups["forward"].full:
            when = "judged only where" if judged else "checked once"
            for group in map(self.verdict.groups.__getitem__, GRADIENTS):
                group.note = group.note or f"{when} the forward pass is right"
        tried = [case for case in judged if case in raised and (case, -1) in self.run.grads]
        keys = listed(self.run.keys) or "nothing"
        missing = f"missing, or None, after backward; in grads there is {keys}"
        for name, quantity in self.gradients.items():
            quantity.results |= {case: None for case in judged if case in raised}
            for case in judged:
                if case not in raised:
                    quantity.take(case, self.run.grads[case, 0].get(name), missing)
            quantity.count("forward", "backward")
            for case in tried:  # which explains the error, and costs no less
                quantity.take(case, self.run.grads[case, -1].get(name), missing)
        self.raised_when("backward", tried, {*judged})
        if judged:
            self.explain("backward", *self.gradients.values())

    def _not_stored(self, judged: Sequence[str], raised: set[str]) -> Found | None:
        """Whether backward clears its own gradients or cache, or returns them."""
        grads = [self._grads(case, 0) for case in judged if case not in raised]
        if not grads or any(array.any() for one in grads for array in one.values()):
            return None
        stored = max(self.run.lines.get(name, 0) for name in GRADIENTS)
        for name in ("clear_grad_and_cache", "zero_grad"):
            if 0 < stored < self.run.lines.get(f"backward {name}", 0):
                return Found("cleared-at-once", f"{name}()")
        returns = self.run.backward_returns
        return Found("gradients-returned", returns[0]) if returns else None

    def hard(self, quantity: Quantity) -> set[str]:
        """Those that are no numbers, if all are so where a sigmoid has large arguments."""
        infinite = {case: v for case, v in quantity.wrong.items() if not np.isfinite(v).all()}
        for case, value in infinite.items():
            truth, point, finite = quantity.truth[case], self.cases[case], np.isfinite(value)
            expected = self.all[case].role == "large" and "sigmoid" in (point.f, point.g)
            if not (expected and value.shape == truth.shape
                    and np.allclose(value[finite], truth[finite])):  # fmt: skip
                return set()
        return {*infinite}

    def named(self, mistake: Found) -> Found:
        strange = [key for key in self.run.keys if key not in GRADIENTS]
        zero = Found("gradient-zero", f" What it stores as {listed(strange)}, nothing reads.")
        return zero if mistake.code == "gradient-zero" and strange else mistake

    def _copied(self, y_hat: Quantity) -> Iterator[Found]:
        """Parameters that explain y_hat if they are as they were when the network was made."""
        made = {case: record["parameters"] for case, record in reversed(self.run.parameters)}

        def predicted(names: Sequence[str], case: str) -> Array:
            first: dict[str, Any] = {name: numbers(made[case][name]) for name in names}
            return passes.forward(replace(self.cases[case], **first))[3]

        for names in (names for n in (1, 2, 3, 4) for names in combinations(PARAMETERS, n)):
            if all(ratio(partial(predicted, names, case), value, self.tolerance) in EQUAL
                   for case, value in y_hat.values.items()):  # fmt: skip
                yield Found("parameters-copied", listed(names))

    def _scaled(self, quantity: Quantity) -> Iterator[Found]:
        """How a gradient was normalised or clipped, by its ratio to the right one in each case."""
        truth, values, close = quantity.truth, quantity.values, self.tolerance.close
        top = max(np.abs(value).max() for value in values.values())
        if all(close(value, np.clip(truth[c], -top, top)) for c, value in values.items()):
            yield Found("gradient-scaled", f"clipped to {top:.6g}")
        found = {c: ratio(partial(truth.__getitem__, c), values[c], self.tolerance) for c in values}
        ratios = {c: r for c, r in found.items() if r is not ANY  # nor 0 / 0, which is NaN
                  and (np.linalg.norm(truth[c]) or np.isfinite(values[c]).any())}  # fmt: skip
        whole = {c: np.concatenate([self.cases[c].truth[n].ravel() for n in GRADIENTS])
                 for c in ratios}  # fmt: skip
        lengths = (("its norm", truth, 2), ("its largest element", truth, np.inf),
                   ("the norm of all gradients", whole, 2))  # fmt: skip
        for text, of, order in lengths if ratios else ():
            before = np.array([np.linalg.norm(of[c].ravel(), order) for c in ratios])
            after = before * np.array([*ratios.values()], dtype=float)
            if np.allclose(after, 1, self.tolerance.relative):
                yield Found("gradient-scaled", f"divided by {text}")
            elif order == 2 and np.allclose(after, np.minimum(before, after.max())):
                of_all = " of all gradients" if of is whole else ""
                yield Found("gradient-scaled", f"clipped to the norm {after.max():.6g}{of_all}")

    def alone(self, found: set[str], judged: set[str]) -> str:
        roles = {self.all[case].role for case in found}
        for role, text in (("kink", ", where s is 0"), ("large", ", for large activations")):
            if roles == {role}:
                return text
        for what, name in (("f =", "f"), ("g =", "g"), ("a batch of", "sizes.N"),
                           ("an output of length", "sizes.K")):  # fmt: skip
            values, others = ({attrgetter(name)(self.cases[c]) for c in some}
                              for some in (found, judged - found))  # fmt: skip
            if not others or values & others:
                continue
            said = " or ".join(map(str, sorted(values)))
            if len(values) > 2 and max(values) < min(others):
                said = f"at most {max(values)}"
            elif len(values) > 2 and min(values) > max(others):
                said = f"at least {min(values)}"
            return f", for {what} {said}"
        for name in cases.ACTIVATIONS:
            if found == {c for c in judged if name in (self.cases[c].f, self.cases[c].g)}:
                return f", for f or g = {name}"
        return ""

    def _clearing(self, right: set[str]) -> None:
        """Compare with a fresh network's pass, where that is right in the forward pass."""
        group, raised = self.verdict.groups["clearing"], list[tuple[Found, str, str]]()
        for case, network in self.all.items():
            if not network.twins:
                continue
            again, holds = network.role == "again", False
            problems = [(p, call) for (c, call, _), p in self.run.raised.items() if c == case]
            if network.twins[again] not in right or not self._grads(network.twins[again], 0):
                group.note = group.note or "checked once the first pass is right"
            elif problems:
                when = "in a second pass" if again else "beside a second network"
                raised.append((*problems[0], f", {when}"))
            elif (case, int(again)) not in self.run.grads:
                group.note = group.note or UNTRIED
            else:
                holds = self._second(again, self._grads(case, int(again)), network.twins)
            group.count(holds)
        if self.verdict.has("accumulates", "stale-cache", "shared-state"):
            return
        if left := [name for name in (*GRADIENTS, "cache") if name in self.run.left]:
            self.verdict.add("not-cleared", (CALLS["clear_grad_and_cache"],), listed(left))
            group.held = 0
        for problem, call, when in raised:
            self.verdict.problem(problem, call, when)

    def _second(self, again: bool, found: dict[str, Array], like: Sequence[str]) -> bool:
        """Whether the second pass equals that of a fresh network; if not, the finding."""
        twins = [self._grads(twin, 0) for twin in like]
        right, first, otherwise = twins[again], twins[0], "differs" if again else "shared-state"
        # Of a gradient that is wrong in a first pass nobody knows why it differs in a second.
        held = {name for name, one in self.gradients.items() if like[again] in one.held}
        sums = {name: first[name] + array for name, array in right.items()
                if name in first and first[name].shape == array.shape}  # fmt: skip
        known: list[tuple[str, Mapping[str, Array]]] = [("", right), ("accumulates", sums)]
        known += [("stale-cache", one) for one in (first, *twins[2:])]

        def kind(name: str) -> str:
            fits = (code for code, one in known if name in one and name in found
                    and self.tolerance.close(found[name], one[name]))  # fmt: skip
            return next(fits, otherwise if name in held else "unknown")

        said = gathered((kind(name), name) for name in right)
        for code in ("shared-state", "accumulates", "stale-cache"):
            if code in said:
                self.verdict.add(code, said[code])
        if "differs" in said and not self.verdict.has("accumulates", "stale-cache"):
            text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
            self.verdict.add("differs", said["differs"][:1], text)
        if "unknown" in said:
            self.verdict.groups["clearing"].note = "checked once the gradients are right"
        return said.keys() <= {""}

    def _grads(self, case: str, number: int) -> dict[str, Array]:
        """The gradients after a backward pass, the first or the second of the case."""
        found = {q: numbers(self.run.grads.get((case, number), {}).get(q)) for q in GRADIENTS}
        return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}
