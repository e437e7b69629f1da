"""Judges the class MLP: the forward pass, the four gradients, and clearing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from mlpcheck import search
from mlpcheck.judge.findings import (
    CALLS,
    Verdict,
    listed,
    pattern,
    problem_found,
    raised_together,
    show,
)
from mlpcheck.judge.quantity import Example, Quantity, differ
from mlpcheck.judge.state import judge_clearing
from mlpcheck.mistakes import Explained, Found
from mlpcheck.run.records import Raised, Run, numbers
from mlpcheck.search import EXACT, Sizes, Tolerance
from mlpcheck.truth import cases, passes
from mlpcheck.truth.cases import GRADIENTS, Array, Network, Point


class Networks:
    """Judges MLP: forward, the four gradients, and clearing."""

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.run, self.verdict, self.tolerance = run, verdict, tolerance
        probed = {case for case, _, _ in (*run.returned, *run.raised) if "-probe-" in case}
        probes = cases.probes(sorted({int(case.rsplit("-", 1)[1]) for case in probed}))
        self.all: dict[str, Network] = {**cases.networks(), **probes}
        self.points: dict[str, Point] = {
            key: case.points[0]
            for key, case in self.all.items()
            if case.role not in ("again", "two", "repeat")
        }
        self.sizes = {
            case: Sizes(len(p.d), len(p.b2), *p.W1.shape) for case, p in self.points.items()
        }
        self.counted = [case for case in self.points if self.all[case].role != "probe"]
        self.y_hat = self._quantity("y_hat")
        self.gradients = {name: self._quantity(name) for name in GRADIENTS}
        self.backward = search.Backward(self.points, tolerance)
        self.autograd: dict[str, set[str]] = {"forward": set(), "backward": set()}
        for note in run.notes:
            if note.kind == "autograd" and note.call in self.autograd:
                self.autograd[note.call].add(note.case)
        self.autograd["backward"] |= self.autograd["forward"]

    def _quantity(self, name: str) -> Quantity:
        truth = {case: point.truth[name] for case, point in self.points.items()}
        hand = frozenset(case for case in self.points if self.all[case].role == "hand")
        stored = "" if name == "y_hat" else f'grads["{name}"]'
        return Quantity(
            name, name, truth, self.sizes, self.tolerance, self._example(name), hand, stored
        )

    def _example(self, name: str) -> Example:
        """What leads to the quantity in a case, in numbers, and the quantity itself."""

        def example(case: str, value: Array, steps: bool) -> list[str]:
            p = self.points[case]
            s1, z1, s2, _ = passes.forward(p)
            lines = [
                f"f = {p.f}, g = {p.g}, x = {show(p.x)}, dJdy_hat = {show(p.d)}",
                f"W1 = {show(p.W1)}, b1 = {show(p.b1)}", f"W2 = {show(p.W2)}, b2 = {show(p.b2)}",
            ]  # fmt: skip
            if steps:
                lines.append(f"expected s1 = {show(s1)}, z1 = {show(z1)}")
                lines.append(f"expected s2 = {show(s2)}")
            if steps and name == "y_hat":
                lines += self._cached(case, {"s1": s1, "z1": z1, "s2": s2})
            elif steps:
                lines.append(f"expected error of layer 2 = {show(self.backward.delta2(case, 0))}")
            if steps and name.endswith("1"):
                error = self.backward.delta1(case, 0, 0, 0)
                lines.append(f"expected error of layer 1 = {show(error)}")
            return [*lines, f"expected {name} = {show(p.truth[name])}",
                    f"yours    {name} = {show(value)}"]  # fmt: skip

        return example

    def judge(self) -> None:
        right = self._forward(self._random())
        self._backward(right)
        judge_clearing(self.run, self.verdict, self.tolerance, self.all, right)

    def _random(self) -> bool:
        """Whether forward gives something else for the same input a second time; the finding."""
        for case, network in self.all.items():
            if network.role == "repeat":
                both = [self.run.returned.get((case, "forward", i), [None])[0] for i in (0, 1)]
                if differ(*(numbers(value) for value in both)):
                    self.verdict.add("random", ("y_hat",), CALLS["forward"])
                    return True
        return False

    # -------------------------------------------------------------------------- forward

    def _forward(self, noisy: bool) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        for case in self.points:
            key = case, "forward", 0
            if key in self.run.raised and self.run.raised[key].code != "exception":
                problem_found(self.verdict, self.run.raised[key], (CALLS["forward"],))
            elif key in self.run.raised:
                self.y_hat.failed(case)
            elif key in self.run.returned:
                encoded = self.run.returned[key][0]
                self.y_hat.take(case, encoded, self.verdict, ". Is a return missing?")
        for case in self.counted:
            fine = self.y_hat.shaped(case) if case in self.y_hat.results else False
            self.verdict.groups["forward"].count(fine and case not in self.autograd["forward"])
        if noisy:
            return set()
        if len(self.y_hat.right) == len(self.y_hat.results):
            self.y_hat.shapes(self.verdict)
            return self.y_hat.right
        self._explain_forward()
        # A wrong step may change a y_hat too little to be seen, but not its gradients.
        exact = EXACT if self.tolerance == search.DOUBLE else self.tolerance
        return {
            case
            for case in self.y_hat.right
            if self.y_hat.holds(case, exact)
            # A saturated sigmoid hides what is wrong before it.
            and not (self.all[case].role == "large" and self.points[case].g == "sigmoid")
        }

    def _explain_forward(self) -> None:
        y_hat = self.y_hat
        wrong = {case for case in y_hat.results if case not in y_hat.right}
        found = search.explain_forward(self.points, y_hat.ordered, self.tolerance)
        if found is not None:
            y_hat.explained(found.mistakes, self.verdict)
        elif self._overflow(y_hat, wrong):
            y_hat.explained((Found("sigmoid-overflow"),), self.verdict)
        elif copied := self._copied():
            y_hat.explained((Found("parameters-copied", copied),), self.verdict)
        elif same := y_hat.pattern(self.run.integers):
            self.verdict.add(same.code, (CALLS["forward"],), same.value)
        else:
            raised = {case for case in wrong if y_hat.results[case].value is None}
            self._raised("forward", raised, set(y_hat.results))
            if y_hat.wrong:
                self._differs(y_hat)

    def _copied(self) -> str:
        """The parameters whose first values explain y_hat; empty if none do."""
        results = self.y_hat.results
        made: dict[str, dict[str, Any]] = {}
        for case, record in self.run.parameters:
            if case in results and record.get("network") == 0:
                made[case] = {n: numbers(record["parameters"].get(n)) for n in cases.PARAMETERS}
        if not results.keys() <= made.keys() or any(r.value is None for r in results.values()):
            return ""
        for count in range(1, len(cases.PARAMETERS) + 1):
            for names in combinations(cases.PARAMETERS, count):

                def predict(case: str, names: Sequence[str] = names) -> Array:
                    first = {name: made[case][name] for name in names}
                    return passes.forward(self.points[case]._replace(**first))[3]

                if search.fits(predict, results, self.tolerance) is not None:
                    return listed(names)
        return ""

    def _overflow(self, quantity: Quantity, wrong: Iterable[str]) -> bool:
        """Whether all that is wrong is not a number, where a sigmoid has large arguments."""
        for case in wrong:
            value, point = quantity.results[case].value, self.points[case]
            if self.all[case].role != "large" or "sigmoid" not in (point.f, point.g):
                return False
            if value is None or value.shape != quantity.truth[case].shape:
                return False
            finite = np.isfinite(value)
            if finite.all() or not np.allclose(value[finite], quantity.truth[case][finite]):
                return False
        return True

    def _raised(self, call: str, raised: set[str], judged: set[str]) -> None:
        """One finding for each kind of error that the call raises, saying when."""
        problems: dict[str, Raised] = {
            case: self.run.raised[case, call, 0] for case in self.points if case in raised
        }
        for problem, found in raised_together(problems):
            when = self._when(found, judged)
            if not when and len(found) < len(judged):
                when = f", in {len(found)} of {len(judged)} cases"
            problem_found(self.verdict, problem, (CALLS[call],), when)

    def _when(self, found: set[str], judged: set[str]) -> str:
        """For which cases alone this happens, if a single property tells."""
        roles = {self.all[case].role for case in found}
        if roles == {"kink"}:
            return ", where s is 0"
        if roles == {"large"}:
            return ", for large activations"
        for name in ("f", "g"):
            values = {getattr(self.points[case], name) for case in found}
            same = {case for case in judged if getattr(self.points[case], name) in values}
            if same == found and same != judged:
                return f", for {name} = {' or '.join(sorted(values))}"
        if when := self._when_sizes(found, judged):
            return when
        for name in cases.ACTIVATIONS:
            if found == {c for c in judged if name in (self.points[c].f, self.points[c].g)}:
                return f", for f or g = {name}"
        return ""

    def _when_sizes(self, found: set[str], judged: set[str]) -> str:
        sizes = {self.sizes[case].N for case in found}
        others = {self.sizes[case].N for case in judged - found}
        if others and not sizes & others:
            if len(sizes) == 1:
                return f", for a batch of {min(sizes)}"
            if max(sizes) < min(others):
                return f", for a batch of at most {max(sizes)}"
            if min(sizes) > max(others):
                return f", for a batch of at least {min(sizes)}"
        return ""

    # -------------------------------------------------------------------------- backward

    def _backward(self, right: set[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        ordered = [case for case in self.points if case in right]
        raised = set[str]()
        for case in ordered:
            problem = self.run.raised.get((case, "backward", 0))
            if problem is not None and problem.code == "exception":
                raised.add(case)
            elif problem is not None:
                problem_found(self.verdict, problem, (CALLS["backward"],))
        judged = [case for case in ordered if (case, 0) in self.run.grads or case in raised]
        if judged and self._not_stored(judged, raised):
            for name in GRADIENTS:
                for _ in self.counted:
                    self.verdict.groups[name].count(False)
            return
        keys = listed(self.run.keys) or "nothing"
        missing = f"missing, or None, after backward; in grads there is {keys}"
        forward = self.verdict.groups["forward"]
        for name, quantity in self.gradients.items():
            for case in judged:
                if case in raised:
                    quantity.failed(case)
                else:
                    quantity.take(case, self.run.grads[case, 0].get(name), self.verdict, missing)
            for case in self.counted:
                fine = case in quantity.results and case not in self.autograd["backward"]
                self.verdict.groups[name].count(fine and quantity.shaped(case))
            if not forward.full:
                some = "judged only where the forward pass is right"
                note = some if judged else "checked once the forward pass is right"
                self.verdict.groups[name].note = note
        if judged:
            self._explain_backward(raised)

    def _not_stored(self, judged: Sequence[str], raised: set[str]) -> bool:
        """Whether backward clears its own gradients or cache, or returns them; the finding."""
        returned = [self.run.grads[case, 0] for case in judged if case not in raised]
        arrays = [numbers(grads.get(name)) for grads in returned for name in GRADIENTS]
        empty = all(isinstance(a, str) or not a.any() for a in arrays)
        if not empty:
            return False
        if returned and self.run.backward_returns and not self.run.clears:
            self.verdict.add("gradients-returned", GRADIENTS, self.run.backward_returns[0])
        elif self.run.clears and (returned or self._lacks_cache(raised)):
            self.verdict.add("cleared-at-once", GRADIENTS, self.run.clears)
        else:
            return False
        return True

    def _lacks_cache(self, raised: set[str]) -> bool:
        texts = [self.run.raised[case, "backward", 0].text for case in raised]
        return all(text.startswith(("KeyError", "TypeError: 'NoneType'")) for text in texts)

    def _explain_backward(self, raised: set[str]) -> None:
        gradients = self.gradients
        overflown = self._overflown()
        kept = {name: dict(quantity.results) for name, quantity in gradients.items()}
        for quantity in gradients.values():
            for case in set().union(*overflown.values()):
                quantity.results.pop(case, None)
        given = [
            n for n, q in gradients.items() if any(r.value is not None for r in q.results.values())
        ]
        scaled = self._scaled(given)
        possible = {
            name: self.backward.explanations(name, gradients[name].ordered)
            for name in given
            if name not in scaled
        }
        known = {name: found for name, found in possible.items() if found}
        chosen, rest = search.choose(known, frozenset(raised))
        if rest and self._backward_sizes(chosen, raised, given):
            return
        if rest:
            self._raised("backward", set(rest), set(gradients[GRADIENTS[0]].results))
        for mistake, names in search.collect({**chosen, **scaled}):
            quantity = gradients[names[0]]
            self.verdict.add(mistake.code, names, mistake.value, *quantity.shown(quantity.wrong))
        for name in (*chosen, *scaled):
            if not {m.code for m in chosen.get(name, ())} & {"transposed", "bias-not-summed"}:
                gradients[name].shapes(self.verdict)
        # Where most calls raise an error, what the others return is by chance.
        blocked = bool(rest) and 2 * len(raised) > len(gradients[GRADIENTS[0]].results)
        unknown = [n for n in given if n not in chosen and n not in scaled]
        for name, cases_ in overflown.items():
            gradients[name].results = kept[name]
            if name not in unknown:
                shown = gradients[name].shown(cases_)
                self.verdict.add("sigmoid-overflow", (name,), "", *shown)
        self._unexplained(unknown, blocked)

    def _overflown(self) -> dict[str, set[str]]:
        """The cases in which a sigmoid's derivative overflows and nothing else is wrong there."""
        found: dict[str, set[str]] = {}
        for name, quantity in self.gradients.items():
            wrong = {c for c, v in quantity.wrong.items() if not np.isfinite(v).all()}
            if wrong and self._overflow(quantity, wrong):
                found[name] = wrong
        return found

    def _backward_sizes(
        self, chosen: Mapping[str, Explained], raised: set[str], given: Sequence[str]
    ) -> bool:
        """Whether backward works for some sizes alone; the finding."""
        if any(chosen.values()):
            return False
        results = self.gradients[GRADIENTS[0]].results
        returned = {case for case in results if case not in raised}
        right = returned.intersection(*(self.gradients[q].right for q in given))
        for works in (right, returned):
            sizes = {c: (r.sizes.N, r.sizes.K, c in works) for c, r in results.items()}
            if found := pattern(sizes, self.run.integers):
                self.verdict.add(found.code, (CALLS["backward"],), found.value)
                return True
        return False

    def _scaled(self, given: Sequence[str]) -> dict[str, Explained]:
        """The gradients that are right but normalised or clipped, and how."""
        found: dict[str, Explained] = {}
        for name in given:
            quantity = self.gradients[name]
            values = {c: r.value for c, r in quantity.results.items() if r.value is not None}
            nonzero = any(value.any() for value in values.values())
            if quantity.wrong and nonzero and len(values) == len(quantity.results):
                for text, scaled in scalings(name, values, self.points).items():
                    close = self.tolerance.close
                    if all(close(value, scaled[case]) for case, value in values.items()):
                        found[name] = (Found("gradient-scaled", text),)
                        break
        return found

    def _unexplained(self, names: Sequence[str], blocked: bool) -> None:
        first = "error" if blocked else "difference"
        for name in names:
            quantity = self.gradients[name]
            if found := quantity.pattern(self.run.integers):
                quantity.explained((found,), self.verdict)
            elif not blocked and quantity.wrong:
                self._differs(quantity)
                blocked = True
            elif blocked:
                note = f"wrong as well; to be looked at again once the {first} is gone"
                self.verdict.groups[name].note = note

    def _differs(self, quantity: Quantity) -> None:
        when = self._when(set(quantity.wrong), set(quantity.results))
        quantity.differs(self.verdict, when, " It is the first to differ.")

    def _cached(self, case: str, expected: Mapping[str, Array]) -> list[str]:
        """Which of s1, z1 and s2 the student's cache holds, as far as it holds tensors."""
        held = [(str(key), numbers(encoded)) for key, encoded in self.run.cache.get(case, [])]
        found = {
            name: key
            for name, value in expected.items()
            for key, array in held
            if isinstance(array, np.ndarray) and self.tolerance.close(array, value)
        }
        if not found:
            return []
        shown = ", ".join(f'{name} is right (cache["{key}"])' for name, key in found.items())
        return [f"in your cache, {shown}"]


def scalings(
    name: str, values: Mapping[str, Array], points: Mapping[str, Point]
) -> dict[str, dict[str, Array]]:
    """What the gradient would be, normalised or clipped, by what is said about it."""
    truth = {case: points[case].truth[name] for case in values}
    norms = {case: np.linalg.norm(t) for case, t in truth.items()}
    totals = {
        c: np.sqrt(sum(np.sum(points[c].truth[q] ** 2) for q in GRADIENTS)) for c in values
    }
    largest = {case: np.max(np.abs(t)) for case, t in truth.items()}
    found = {
        "divided by its norm": {c: t / norms[c] for c, t in truth.items()},
        "divided by its largest element": {c: t / largest[c] for c, t in truth.items()},
        "divided by the norm of all gradients": {c: t / totals[c] for c, t in truth.items()},
    }
    most = max(np.max(np.abs(v)) for v in values.values())
    found[f"clipped to {most:.6g}"] = {c: np.clip(t, -most, most) for c, t in truth.items()}
    for text, lengths in (("", norms), (" of all gradients", totals)):
        reached = {c: np.linalg.norm(v) * lengths[c] / (norms[c] or 1) for c, v in values.items()}
        most = float(max(reached.values()))
        found[f"clipped to the norm {most:.6g}{text}"] = {
            c: t * min(1.0, float(most / (lengths[c] or 1))) for c, t in truth.items()
        }
    return found
