"""Judges the class MLP: the forward pass, the four gradients, and clearing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from mlpcheck import search
from mlpcheck.judge.findings import CALLS, Verdict, gathered, listed, show
from mlpcheck.judge.quantity import Judge, Quantity, unlike
from mlpcheck.mistakes import Found
from mlpcheck.run.records import Raised, Run, numbers
from mlpcheck.search import EXACT, MOST_MISTAKES, Hypothesis, Tolerance
from mlpcheck.truth import cases, passes
from mlpcheck.truth.cases import GRADIENTS, PARAMETERS, Array, Point


class Networks(Judge):
    """Judges MLP: forward, the four gradients, and clearing."""

    cases: Mapping[str, Point]

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.all = cases.networks(run.probed)
        super().__init__(run, verdict, tolerance, cases.points(run.probed))
        self.y_hat = Quantity(self, "y_hat", "y_hat")
        self.gradients = {n: Quantity(self, n, n, f'grads["{n}"]') for n in GRADIENTS}

    def example(self, name: str, case: str, value: Array, steps: bool) -> Sequence[str]:
        p = self.cases[case]
        lines = [
            f"f = {p.f}, g = {p.g}, x = {show(p.x)}, dJdy_hat = {show(p.d)}",
            f"W1 = {show(p.W1)}, b1 = {show(p.b1)}", f"W2 = {show(p.W2)}, b2 = {show(p.b2)}",
        ]  # fmt: skip
        if steps:
            right = dict(zip(("s1", "z1", "s2"), passes.values(p), strict=False))
            s1, z1, s2 = (f"{one} = {show(array)}" for one, array in right.items())
            lines += [f"expected {s1}, {z1}", f"expected {s2}"]
            if name == "y_hat":
                lines += self._cached(case, right)
            else:
                lines.append(f"expected error of layer 2 = {show(passes.delta2(p))}")
            if name.endswith("1"):
                lines.append(f"expected error of layer 1 = {show(passes.delta1(p))}")
        both = f"expected {name} = {show(p.truth[name])}", f"yours    {name} = {show(value)}"
        return [*lines, *both]

    def _cached(self, case: str, expected: Mapping[str, Array]) -> list[str]:
        """Which of s1, z1 and s2 the student's cache holds, as far as it holds tensors."""
        kept = [(str(key), numbers(encoded)) for key, encoded in self.run.cache.get(case, [])]
        arrays = [(key, array) for key, array in kept if not isinstance(array, str)]
        found = {n: k for n, v in expected.items() for k, a in arrays if self.tolerance.close(a, v)}
        shown = ", ".join(f'{name} is right (cache["{key}"])' for name, key in found.items())
        return [f"in your cache, {shown}"] if found else []

    def judge(self) -> None:
        right = self._forward()
        self._backward([case for case in self.cases if case in right])
        self._clearing(right)

    def _count(self, group: str, quantity: Quantity, *calls: str) -> None:
        """Count the cases in which a quantity is right, and none of the calls used autograd."""
        used = {n.case for n in self.run.notes if n.kind == "autograd" and n.call in calls}
        values, truth = quantity.values, quantity.truth
        fine = {c for c in quantity.right - used if values[c].shape == truth[c].shape}
        for case in self.cases:
            if self.all[case].role != "probe":
                self.verdict.groups[group].count(case in fine)

    # -------------------------------------------------------------------------- forward

    def _forward(self) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        y_hat, returned = self.y_hat, self.run.returned
        noisy = any(
            unlike(*(returned.get((case, "forward", i), ()) for i in (0, 1)))
            for case, network in self.all.items() if network.role == "repeat"
        )  # fmt: skip
        if noisy:
            self.verdict.add("random", ("y_hat",), CALLS["forward"])
        y_hat.results |= dict.fromkeys(self.raised("forward", self.cases))
        for case in self.cases:
            if values := returned.get((case, "forward", 0)):
                y_hat.take(case, values[0], ". Is a return missing?")
        self._count("forward", y_hat, "forward")
        if noisy:
            return set()
        if len(y_hat.right) == len(y_hat.results):
            y_hat.shapes()
            return y_hat.right
        self._explain_forward()
        # A wrong step may change a y_hat too little to be seen, but not its gradients; and a
        # saturated sigmoid hides what is wrong before it.
        exact = EXACT if self.tolerance == search.DOUBLE else self.tolerance
        return {
            case for case in y_hat.right
            if exact.close(y_hat.values[case], y_hat.truth[case])
            and not (self.all[case].role == "large" and self.cases[case].g == "sigmoid")
        }  # fmt: skip

    def _explain_forward(self) -> None:
        y_hat = self.y_hat
        if explanation := search.best(y_hat.given()) or next(self._copied(), None):
            y_hat.explained(*explanation.mistakes)
        elif self._overflow(y_hat, y_hat.results.keys() - y_hat.right):
            y_hat.explained(Found("sigmoid-overflow"))
        elif same := y_hat.pattern():
            self.verdict.add(same.code, (CALLS["forward"],), same.value)
        else:
            self.raised_when("forward", y_hat.given().raised, {*y_hat.results})
            y_hat.differs(FIRST)

    def _copied(self) -> Iterator[Hypothesis]:
        """The parameters whose first values explain y_hat."""
        made: dict[str, dict[str, Any]] = {
            case: {n: numbers(record["parameters"].get(n)) for n in PARAMETERS}
            for case, record in self.run.parameters if record.get("network") == 0
        }  # fmt: skip

        def predict(case: str, *names: str) -> Array:
            first = {name: made[case][name] for name in names}
            return passes.forward(replace(self.cases[case], **first))[3]

        every = [names for count in (1, 2, 3, 4) for names in combinations(PARAMETERS, count)]
        if self.y_hat.results.keys() <= made.keys() & self.y_hat.values.keys():
            said = ((Found("parameters-copied", listed(names)),) for names in every)
            yield from search.explanations(self.y_hat.given(), map(single, said, every), predict)

    def _overflow(self, quantity: Quantity, wrong: Iterable[str]) -> bool:
        """Whether all that is wrong is not a number, where a sigmoid has large arguments."""
        for case in wrong:
            value, truth = quantity.values.get(case), quantity.truth[case]
            sigmoid = "sigmoid" in (self.cases[case].f, self.cases[case].g)
            large = self.all[case].role == "large"
            if not (large and sigmoid) or value is None or value.shape != truth.shape:
                return False
            finite = np.isfinite(value)
            if finite.all() or not np.allclose(value[finite], truth[finite]):
                return False
        return True

    # -------------------------------------------------------------------------- backward

    def _backward(self, right: Sequence[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        raised = self.raised("backward", right)
        judged = [case for case in right if (case, 0) in self.run.grads or case in raised]
        if judged and (found := self._not_stored(judged, raised)):
            self.verdict.add(found.code, GRADIENTS, found.value)
            judged, raised = [], set()
        elif not self.verdict.groups["forward"].full:
            when = "judged only where" if judged else "checked once"
            for name in GRADIENTS:
                self.verdict.groups[name].note = f"{when} the forward pass is right"
        keys = listed(self.run.keys) or "nothing"
        missing = f"missing, or None, after backward; in grads there is {keys}"
        for name, quantity in self.gradients.items():
            quantity.results |= dict.fromkeys(raised)
            for case in judged:
                if case not in raised:
                    quantity.take(case, self.run.grads[case, 0].get(name), missing)
            self._count(name, quantity, "forward", "backward")
        if judged:
            self._explain_backward(raised)

    def _not_stored(self, judged: Sequence[str], raised: set[str]) -> Found | None:
        """Whether backward clears its own gradients or cache, or returns them."""
        grads = [self.run.grads[case, 0] for case in judged if case not in raised]
        arrays = [numbers(one.get(name)) for one in grads for name in GRADIENTS]
        texts = [self.run.raised[case, "backward", 0].text for case in raised]
        lacks_cache = all(t.startswith(("KeyError", "TypeError: 'NoneType'")) for t in texts)
        clears, returns = self.run.clears, self.run.backward_returns
        if any(isinstance(a, np.ndarray) and a.any() for a in arrays):
            return None
        if clears:
            return Found("cleared-at-once", clears) if grads or lacks_cache else None
        return Found("gradients-returned", returns[0]) if grads and returns else None

    def _explain_backward(self, raised: set[str]) -> None:
        gradients, first = self.gradients, self.gradients[GRADIENTS[0]]
        # The cases in which a sigmoid's derivative overflows and nothing else is wrong there.
        infinite = {name: {c for c, v in quantity.wrong.items() if not np.isfinite(v).all()}
                    for name, quantity in gradients.items()}  # fmt: skip
        overflown = {n: w for n, w in infinite.items() if w and self._overflow(gradients[n], w)}
        kept = {name: dict(quantity.results) for name, quantity in gradients.items()}
        for quantity in gradients.values():
            for case in set().union(*overflown.values()):
                quantity.results.pop(case, None)
        given = [name for name, quantity in gradients.items() if quantity.values]
        possible = {
            name: found for name in given
            if (found := self._scaled(name) or [*search.explanations(gradients[name].given())])
        }  # fmt: skip
        explained, rest = search.choose(possible, raised)
        size = self._backward_sizes(raised, given) if rest and not any(explained.values()) else None
        if size:
            self.verdict.add(size.code, (CALLS["backward"],), size.value)
            return
        self.raised_when("backward", rest, {*first.results})
        pairs = ((mistake, name) for name, mistakes in explained.items() for mistake in mistakes)
        for mistake, names in gathered(pairs).items():
            biases = mistake.code == "mean-again" and all("b" in name for name in names)
            one = Found("bias-mean") if biases else mistake
            gradients[names[0]].explained(one, names=names)
        for name, mistakes in explained.items():
            if not {m.code for m in mistakes} & {"transposed", "bias-not-summed"}:
                gradients[name].shapes()
        unknown = [name for name in given if name not in explained]
        for name, cases_ in overflown.items():
            gradients[name].results = kept[name]
            if name not in unknown:
                shown = gradients[name].shown(cases_)
                self.verdict.add("sigmoid-overflow", (name,), "", *shown)
        # Where most calls raise an error, what the others return is by chance.
        self._unexplained(unknown, bool(rest) and 2 * len(raised) > len(first.results))

    def _backward_sizes(self, raised: set[str], given: Sequence[str]) -> Found | None:
        """For which sizes alone backward works, or returns."""
        first = self.gradients[GRADIENTS[0]]
        returned = first.results.keys() - raised
        right = returned.intersection(*(self.gradients[q].right for q in given))
        return first.pattern(right) or first.pattern(returned)

    def _scaled(self, name: str) -> list[Hypothesis]:
        """How the gradient was normalised or clipped, if it is right but for that."""
        quantity, values = self.gradients[name], self.gradients[name].values
        whole = len(values) == len(quantity.results)
        if not (quantity.wrong and whole and any(value.any() for value in values.values())):
            return []
        every = dict(scalings(name, values, self.cases))
        said = [single((Found("gradient-scaled", text),), (text,)) for text in every]
        return [*search.explanations(quantity.given(), said, lambda case, text: every[text][case])]

    def _unexplained(self, names: Sequence[str], blocked: bool) -> None:
        first = "error" if blocked else "difference"
        for name in names:
            quantity = self.gradients[name]
            if found := quantity.pattern():
                quantity.explained(found)
            elif blocked:
                note = f"wrong as well; to be looked at again once the {first} is gone"
                self.verdict.groups[name].note = note
            elif quantity.wrong:
                quantity.differs(FIRST)
                blocked = True

    # -------------------------------------------------------------------------- when

    def alone(self, found: set[str], judged: set[str]) -> str:
        roles = {self.all[case].role for case in found}
        for role, text in (("kink", ", where s is 0"), ("large", ", for large activations")):
            if roles == {role}:
                return text
        points, others = ([self.cases[c] for c in some] for some in (found, judged - found))
        for name in ("f", "g"):
            values = {getattr(p, name) for p in points}
            if others and not values & {getattr(p, name) for p in others}:
                return f", for {name} = {' or '.join(sorted(values))}"
        sizes, rest = ({p.sizes.N for p in some} for some in (points, others))
        for text, holds in (
            (str(max(sizes)), len(sizes) == 1 and not sizes & rest),
            (f"at most {max(sizes)}", max(sizes) < min(rest, default=0)),
            (f"at least {min(sizes)}", min(sizes) > max(rest, default=max(sizes))),
        ):
            if others and holds:
                return f", for a batch of {text}"
        for name in cases.ACTIVATIONS:
            if found == {c for c in judged if name in (self.cases[c].f, self.cases[c].g)}:
                return f", for f or g = {name}"
        return ""

    # -------------------------------------------------------------------------- clearing

    def _clearing(self, right: set[str]) -> None:
        """Compare with a fresh network's pass, where that is right in the forward pass."""
        group, raised = self.verdict.groups["clearing"], list[tuple[Raised, str, str]]()
        for case, network in self.all.items():
            if not network.twins:
                continue
            again, holds = network.role == "again", False
            twins = [self._grads(twin, 0) for twin in network.twins]
            problems = [(p, call) for (c, call, _), p in self.run.raised.items() if c == case]
            if network.twins[again] not in right or not twins[again]:
                group.note = "checked once the first pass is right"
            elif problems:
                when = "in a second pass" if again else "beside a second network"
                raised.append((*problems[0], f", {when}"))
            else:
                holds = self._second(again, self._grads(case, int(again)), twins)
            group.count(holds)
        if self.verdict.has("accumulates", "stale-cache", "shared-state"):
            return
        if left := [name for name in (*GRADIENTS, "cache") if name in self.run.left]:
            self.verdict.add("not-cleared", (), listed(left))
            group.held = 0
        for problem, call, when in raised:
            self.verdict.problem(problem, call, when)

    def _second(self, again: bool, found: dict[str, Array], twins: list[dict[str, Array]]) -> bool:
        """Whether the second pass equals that of a fresh network; if not, the finding."""
        right, first, add = twins[again], twins[0], self.verdict.add

        def is_(quantity: str, *values: Array | None) -> bool:
            """Whether the quantity was found, and is one of the values."""
            value, close = found.get(quantity), self.tolerance.close
            return value is not None and any(v is not None and close(value, v) for v in values)

        wrong = [q for q in GRADIENTS if q in right and not is_(q, right[q])]
        if not (again and wrong):
            if wrong:
                add("shared-state", wrong)
            return not wrong
        alike = [q for q in wrong if q in first and first[q].shape == right[q].shape]
        sums = [q for q in alike if is_(q, first[q] + right[q])]
        others = [q for q in wrong if q not in sums]
        stale = [q for q in others if is_(q, *(twin.get(q) for twin in (first, *twins[2:])))]
        for code, names in (("accumulates", sums), ("stale-cache", stale)):
            if names:
                add(code, names)
        if len(stale) < len(others) and not self.verdict.has("accumulates", "stale-cache"):
            text = "in a second pass, after clear_grad_and_cache(), differs from a new network's."
            add("differs", wrong[:1], text)
        return False

    def _grads(self, case: str, number: int) -> dict[str, Array]:
        found = {q: numbers(v) for q, v in self.run.grads.get((case, number), {}).items()}
        return {q: a for q, a in found.items() if isinstance(a, np.ndarray)}


single = partial(Hypothesis, MOST_MISTAKES)  # which nothing else goes with
FIRST = " It is the first to differ."


def scalings(
    name: str, values: Mapping[str, Array], points: Mapping[str, Point]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """What the gradient would be, normalised or clipped, after what is said about it."""
    truth = {case: points[case].truth[name] for case in values}
    every = {c: np.concatenate([points[c].truth[q].ravel() for q in GRADIENTS]) for c in values}
    norms, totals = ({c: float(np.linalg.norm(t)) for c, t in of.items()} for of in (truth, every))
    largest = {case: float(np.max(np.abs(t))) for case, t in truth.items()}
    for what, lengths in {"its norm": norms, "its largest element": largest,
                          "the norm of all gradients": totals}.items():  # fmt: skip
        yield f"divided by {what}", {case: t / lengths[case] for case, t in truth.items()}
    most = max(np.max(np.abs(v)) for v in values.values())
    yield f"clipped to {most:.6g}", {c: np.clip(t, -most, most) for c, t in truth.items()}
    for text, lengths in (("", norms), (" of all gradients", totals)):
        found = {c: np.linalg.norm(v) * lengths[c] / (norms[c] or 1) for c, v in values.items()}
        most = float(max(found.values()))
        shrunk = {c: t * min(1.0, most / (lengths[c] or 1)) for c, t in truth.items()}
        yield f"clipped to the norm {most:.6g}{text}", shrunk
