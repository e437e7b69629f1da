"""Judges the class MLP: the forward pass, the four gradients, and clearing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from mlpcheck import search
from mlpcheck.judge import findings
from mlpcheck.judge.findings import CALLS, Verdict, listed, problem_found, show
from mlpcheck.judge.quantity import Quantity, unlike
from mlpcheck.judge.state import judge_clearing
from mlpcheck.mistakes import Explained, Found
from mlpcheck.run.records import Run, numbers
from mlpcheck.search import EXACT, Sizes, Tolerance
from mlpcheck.truth import cases, passes
from mlpcheck.truth.cases import GRADIENTS, Array, Point


class Networks:
    """Judges MLP: forward, the four gradients, and clearing."""

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.run, self.verdict, self.tolerance = run, verdict, tolerance
        self.all, self.points = cases.networks(run.probed), cases.points(run.probed)
        self.sizes = {
            case: Sizes(len(p.d), len(p.b2), *p.W1.shape) for case, p in self.points.items()
        }
        self.counted = [case for case in self.points if self.all[case].role != "probe"]
        self.y_hat = self._quantity("y_hat")
        self.gradients = {name: self._quantity(name) for name in GRADIENTS}
        self.backward = search.backward(run.probed)
        used = {call: {n.case for n in run.notes if (n.kind, n.call) == ("autograd", call)}
                for call in ("forward", "backward")}  # fmt: skip
        self.autograd = {**used, "backward": used["forward"] | used["backward"]}

    def _quantity(self, name: str) -> Quantity:
        def example(case: str, value: Array, steps: bool) -> list[str]:
            return [*self._steps(name, case, steps),
                    f"expected {name} = {show(self.points[case].truth[name])}",
                    f"yours    {name} = {show(value)}"]  # fmt: skip

        truth = {case: point.truth[name] for case, point in self.points.items()}
        hand = frozenset(case for case in self.points if self.all[case].role == "hand")
        stored = "" if name == "y_hat" else f'grads["{name}"]'
        return Quantity(name, name, truth, self.sizes, self.tolerance, example, hand, stored)

    def _steps(self, name: str, case: str, steps: bool) -> list[str]:
        """What leads to the quantity in a case, in numbers; the input alone without `steps`."""
        p = self.points[case]
        right = dict(zip(("s1", "z1", "s2"), passes.forward(p), strict=False))
        lines = [
            f"f = {p.f}, g = {p.g}, x = {show(p.x)}, dJdy_hat = {show(p.d)}",
            f"W1 = {show(p.W1)}, b1 = {show(p.b1)}", f"W2 = {show(p.W2)}, b2 = {show(p.b2)}",
        ]  # fmt: skip
        if not steps:
            return lines
        s1, z1, s2 = (f"{one} = {show(value)}" for one, value in right.items())
        lines += [f"expected {s1}, {z1}", f"expected {s2}"]
        if name == "y_hat":
            return lines + self._cached(case, right)
        lines.append(f"expected error of layer 2 = {show(self.backward.delta2(case))}")
        if name.endswith("1"):
            lines.append(f"expected error of layer 1 = {show(self.backward.delta1(case))}")
        return lines

    def _cached(self, case: str, expected: Mapping[str, Array]) -> list[str]:
        """Which of s1, z1 and s2 the student's cache holds, as far as it holds tensors."""
        kept = [(str(key), numbers(encoded)) for key, encoded in self.run.cache.get(case, [])]
        arrays = [(key, array) for key, array in kept if not isinstance(array, str)]
        found = {n: k for n, v in expected.items() for k, a in arrays if self.tolerance.close(a, v)}
        shown = ", ".join(f'{name} is right (cache["{key}"])' for name, key in found.items())
        return [f"in your cache, {shown}"] if found else []

    def judge(self) -> None:
        right = self._forward(self._random())
        self._backward([case for case in self.points if case in right])
        judge_clearing(self.run, self.verdict, self.tolerance, self.all, right)

    def _random(self) -> bool:
        """Whether forward gives something else for the same input a second time; the finding."""
        for case, network in self.all.items():
            if network.role == "repeat":
                one, other = (self.run.returned.get((case, "forward", i), ()) for i in (0, 1))
                if unlike(one, other):
                    self.verdict.add("random", ("y_hat",), CALLS["forward"])
                    return True
        return False

    def _raised(self, call: str, among: Iterable[str]) -> set[str]:
        """The cases in which the call raised an exception; findings for its other ends."""
        found = set()
        for case in among:
            problem = self.run.raised.get((case, call, 0))
            if problem is not None and problem.code == "exception":
                found.add(case)
            elif problem is not None:
                problem_found(self.verdict, problem, CALLS[call])
        return found

    def _large(self, case: str) -> bool:
        return self.all[case].role == "large"

    # -------------------------------------------------------------------------- forward

    def _forward(self, noisy: bool) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        y_hat = self.y_hat
        raised = self._raised("forward", self.points)
        for case in self.points:
            if case in raised:
                y_hat.results[case] = None
            elif returned := self.run.returned.get((case, "forward", 0)):
                y_hat.take(case, returned[0], self.verdict, ". Is a return missing?")
        for case in self.counted:
            fine = y_hat.shaped(case) and case not in self.autograd["forward"]
            self.verdict.groups["forward"].count(fine)
        if noisy:
            return set()
        if len(y_hat.right) == len(y_hat.results):
            y_hat.shapes(self.verdict)
            return y_hat.right
        self._explain_forward()
        # A wrong step may change a y_hat too little to be seen, but not its gradients; and a
        # saturated sigmoid hides what is wrong before it.
        exact = EXACT if self.tolerance == search.DOUBLE else self.tolerance
        hidden = {c for c in y_hat.right if self._large(c) and self.points[c].g == "sigmoid"}
        return {case for case in y_hat.right - hidden
                if exact.close(y_hat.values[case], y_hat.truth[case])}  # fmt: skip

    def _explain_forward(self) -> None:
        y_hat = self.y_hat
        wrong = y_hat.results.keys() - y_hat.right
        explanation = search.explain_forward(self.points, y_hat.ordered, self.sizes, self.tolerance)
        if explanation is not None:
            y_hat.explained(explanation.mistakes, self.verdict)
        elif self._overflow(y_hat, wrong):
            y_hat.explained((Found("sigmoid-overflow"),), self.verdict)
        elif copied := self._copied():
            y_hat.explained((Found("parameters-copied", copied),), self.verdict)
        elif same := y_hat.pattern(self.run.integers):
            self.verdict.add(same.code, (CALLS["forward"],), same.value)
        else:
            self._raised_when("forward", y_hat.results.keys() - y_hat.values)
            if y_hat.wrong:
                self._differs(y_hat)

    def _copied(self) -> str:
        """The parameters whose first values explain y_hat; empty if none do."""
        results = self.y_hat.results
        made: dict[str, dict[str, Any]] = {
            case: {n: numbers(record["parameters"].get(n)) for n in cases.PARAMETERS}
            for case, record in self.run.parameters
            if case in results and record.get("network") == 0
        }
        if not results.keys() <= made.keys() & self.y_hat.values.keys():
            return ""
        for count in range(1, len(cases.PARAMETERS) + 1):
            for names in combinations(cases.PARAMETERS, count):

                def predict(case: str, names: Sequence[str] = names) -> Array:
                    first = {name: made[case][name] for name in names}
                    return passes.forward(self.points[case]._replace(**first))[3]

                if all(self.tolerance.close(v, predict(c)) for c, v in self.y_hat.values.items()):
                    return listed(names)
        return ""

    def _overflow(self, quantity: Quantity, wrong: Iterable[str]) -> bool:
        """Whether all that is wrong is not a number, where a sigmoid has large arguments."""
        for case in wrong:
            value, truth = quantity.values.get(case), quantity.truth[case]
            sigmoid = "sigmoid" in (self.points[case].f, self.points[case].g)
            if not (self._large(case) and sigmoid) or value is None or value.shape != truth.shape:
                return False
            finite = np.isfinite(value)
            if finite.all() or not np.allclose(value[finite], truth[finite]):
                return False
        return True

    # -------------------------------------------------------------------------- backward

    def _backward(self, right: Sequence[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        raised = self._raised("backward", right)
        judged = [case for case in right if (case, 0) in self.run.grads or case in raised]
        if judged and self._not_stored(judged, raised):
            judged, raised = [], set()
        elif not self.verdict.groups["forward"].full:
            some = "judged only where the forward pass is right"
            for name in GRADIENTS:
                self.verdict.groups[name].note = some if judged else NOT_YET
        keys = listed(self.run.keys) or "nothing"
        missing = f"missing, or None, after backward; in grads there is {keys}"
        for name, quantity in self.gradients.items():
            for case in judged:
                if case in raised:
                    quantity.results[case] = None
                else:
                    quantity.take(case, self.run.grads[case, 0].get(name), self.verdict, missing)
            for case in self.counted:
                fine = quantity.shaped(case) and case not in self.autograd["backward"]
                self.verdict.groups[name].count(fine)
        if judged:
            self._explain_backward(raised)

    def _not_stored(self, judged: Sequence[str], raised: set[str]) -> bool:
        """Whether backward clears its own gradients or cache, or returns them; the finding."""
        grads = [self.run.grads[case, 0] for case in judged if case not in raised]
        arrays = [numbers(one.get(name)) for one in grads for name in GRADIENTS]
        texts = [self.run.raised[case, "backward", 0].text for case in raised]
        lacks_cache = all(t.startswith(("KeyError", "TypeError: 'NoneType'")) for t in texts)
        clears, returns = self.run.clears, self.run.backward_returns
        if not all(isinstance(a, str) or not a.any() for a in arrays):
            return False
        if clears and (grads or lacks_cache):
            self.verdict.add("cleared-at-once", GRADIENTS, clears)
        elif grads and returns and not clears:
            self.verdict.add("gradients-returned", GRADIENTS, returns[0])
        else:
            return False
        return True

    def _explain_backward(self, raised: set[str]) -> None:
        gradients, first = self.gradients, self.gradients[GRADIENTS[0]]
        overflown = self._overflown()
        kept = {name: dict(quantity.results) for name, quantity in gradients.items()}
        for quantity in gradients.values():
            for case in set().union(*overflown.values()):
                quantity.results.pop(case, None)
        given = [name for name, quantity in gradients.items() if quantity.values]
        scaled = self._scaled(given)
        possible = {
            name: found for name in given if name not in scaled
            if (found := self.backward.explanations(
                name, gradients[name].ordered, self.sizes, self.tolerance))
        }  # fmt: skip
        chosen, rest = search.choose(possible, frozenset(raised))
        if rest and self._backward_sizes(chosen, raised, given):
            return
        self._raised_when("backward", set(rest))
        for mistake, names in search.collect({**chosen, **scaled}):
            quantity = gradients[names[0]]
            self.verdict.add(mistake.code, names, mistake.value, *quantity.shown(quantity.wrong))
        for name in (*chosen, *scaled):
            if not {m.code for m in chosen.get(name, ())} & {"transposed", "bias-not-summed"}:
                gradients[name].shapes(self.verdict)
        # Where most calls raise an error, what the others return is by chance.
        blocked = bool(rest) and 2 * len(raised) > len(first.results)
        unknown = [n for n in given if n not in chosen and n not in scaled]
        for name, cases_ in overflown.items():
            gradients[name].results = kept[name]
            if name not in unknown:
                shown = gradients[name].shown(cases_)
                self.verdict.add("sigmoid-overflow", (name,), "", *shown)
        self._unexplained(unknown, blocked)

    def _overflown(self) -> dict[str, set[str]]:
        """The cases in which a sigmoid's derivative overflows and nothing else is wrong there."""
        infinite = {name: {c for c, v in quantity.wrong.items() if not np.isfinite(v).all()}
                    for name, quantity in self.gradients.items()}  # fmt: skip
        return {n: w for n, w in infinite.items() if w and self._overflow(self.gradients[n], w)}

    def _backward_sizes(
        self, chosen: Mapping[str, Explained], raised: set[str], given: Sequence[str]
    ) -> bool:
        """Whether backward works for some sizes alone; the finding."""
        if any(chosen.values()):
            return False
        first = self.gradients[GRADIENTS[0]]
        returned = first.results.keys() - raised
        right = returned.intersection(*(self.gradients[q].right for q in given))
        for works in (right, returned):
            if found := first.pattern(self.run.integers, works):
                self.verdict.add(found.code, (CALLS["backward"],), found.value)
                return True
        return False

    def _scaled(self, given: Sequence[str]) -> dict[str, Explained]:
        """The gradients that are right but normalised or clipped, and how."""
        found: dict[str, Explained] = {}
        for name in given:
            quantity = self.gradients[name]
            values = quantity.values
            nonzero = any(value.any() for value in values.values())
            if quantity.wrong and nonzero and len(values) == len(quantity.results):
                for text, scaled in scalings(name, values, self.points):
                    if all(self.tolerance.close(v, scaled[case]) for case, v in values.items()):
                        found[name] = (Found("gradient-scaled", text),)
                        break
        return found

    def _unexplained(self, names: Sequence[str], blocked: bool) -> None:
        first = "error" if blocked else "difference"
        for name in names:
            quantity = self.gradients[name]
            if found := quantity.pattern(self.run.integers):
                quantity.explained((found,), self.verdict)
            elif blocked:
                note = f"wrong as well; to be looked at again once the {first} is gone"
                self.verdict.groups[name].note = note
            elif quantity.wrong:
                self._differs(quantity)
                blocked = True

    # -------------------------------------------------------------------------- when

    def _differs(self, quantity: Quantity) -> None:
        when = self._when(set(quantity.wrong), set(quantity.results))
        quantity.differs(self.verdict, when, " It is the first to differ.")

    def _raised_when(self, call: str, raised: set[str]) -> None:
        """One finding for each kind of error that the call raises, saying when."""
        quantity = self.y_hat if call == "forward" else self.gradients[GRADIENTS[0]]
        judged = set(quantity.results)
        problems = {c: self.run.raised[c, call, 0] for c in self.points if c in raised}
        for problem, found in findings.raised_together(problems):
            some = f", in {len(found)} of {len(judged)} cases" if len(found) < len(judged) else ""
            problem_found(self.verdict, problem, CALLS[call], self._when(found, judged) or some)

    def _when(self, found: set[str], judged: set[str]) -> str:
        """For which cases alone this happens, if a single property tells."""
        roles = {self.all[case].role for case in found}
        for role, text in (("kink", ", where s is 0"), ("large", ", for large activations")):
            if roles == {role}:
                return text
        for name in ("f", "g"):
            values = {getattr(self.points[case], name) for case in found}
            same = {case for case in judged if getattr(self.points[case], name) in values}
            if same == found != judged:
                return f", for {name} = {' or '.join(sorted(values))}"
        sizes, others = ({self.sizes[c].N for c in some} for some in (found, judged - found))
        for text, holds in (
            (str(max(sizes)), len(sizes) == 1 and not sizes & others),
            (f"at most {max(sizes)}", max(sizes) < min(others, default=0)),
            (f"at least {min(sizes)}", min(sizes) > max(others, default=max(sizes))),
        ):
            if others and holds:
                return f", for a batch of {text}"
        for name in cases.ACTIVATIONS:
            if found == {c for c in judged if name in (self.points[c].f, self.points[c].g)}:
                return f", for f or g = {name}"
        return ""


NOT_YET = "checked once the forward pass is right"


def scalings(
    name: str, values: Mapping[str, Array], points: Mapping[str, Point]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """What the gradient would be, normalised or clipped, after what is said about it."""
    truth = {case: points[case].truth[name] for case in values}
    every = {c: np.concatenate([points[c].truth[q].ravel() for q in GRADIENTS]) for c in values}
    norms = {case: float(np.linalg.norm(t)) for case, t in truth.items()}
    totals = {case: float(np.linalg.norm(t)) for case, t in every.items()}
    largest = {case: float(np.max(np.abs(t))) for case, t in truth.items()}
    for what, lengths in {"its norm": norms, "its largest element": largest,
                          "the norm of all gradients": totals}.items():  # fmt: skip
        yield f"divided by {what}", {case: t / lengths[case] for case, t in truth.items()}
    most = max(np.max(np.abs(v)) for v in values.values())
    yield f"clipped to {most:.6g}", {c: np.clip(t, -most, most) for c, t in truth.items()}
    for text, lengths in (("", norms), (" of all gradients", totals)):
        reached = [np.linalg.norm(v) * lengths[c] / (norms[c] or 1) for c, v in values.items()]
        most = float(max(reached))
        shrunk = {c: t * min(1.0, most / (lengths[c] or 1)) for c, t in truth.items()}
        yield f"clipped to the norm {most:.6g}{text}", shrunk
