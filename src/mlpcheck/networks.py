"""Judges the class MLP: the forward pass, the four gradients, and clearing."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from mlpcheck import cases, search
from mlpcheck import hypotheses as h
from mlpcheck.cases import GRADIENTS, Array, Network, Point
from mlpcheck.hypotheses import Mistake, Mistakes
from mlpcheck.search import EXACT, Explanation, Sized, Tolerance, squeezed
from mlpcheck.verdict import (
    CALLS,
    Raised,
    Run,
    Verdict,
    hardcoded,
    listed,
    numbers,
    problem_found,
    show,
    wrong_shape,
)


class Networks:
    """Judges MLP: forward, the four gradients, and clearing."""

    def __init__(self, run: Run, verdict: Verdict, tolerance: Tolerance) -> None:
        self.run, self.verdict, self.tolerance = run, verdict, tolerance
        probed = {case for case, _, _ in (*run.returned, *run.raised) if "-probe-" in case}
        sizes = sorted({int(case.rsplit("-", 1)[1]) for case in probed})
        self.all: dict[str, Network] = {**cases.networks(), **cases.probes(sizes)}
        self.points: dict[str, Point] = {
            key: case.points[0]
            for key, case in self.all.items()
            if case.role not in ("again", "two")
        }
        self.autograd: dict[str, set[str]] = {"forward": set(), "backward": set()}
        for kind, call, case, _ in run.notes:
            if kind == "autograd" and call in self.autograd:
                self.autograd[call].add(case)
        self.autograd["backward"] |= self.autograd["forward"]

    def judge(self) -> None:
        right = self._forward()
        self._backward(right)
        self._clearing(right)

    def _read(self, encoded: Any, what: str) -> Array | None:
        """The numbers of a tensor, or a finding about its type."""
        array = numbers(encoded)
        if isinstance(array, str):
            if array.endswith("None") and what.startswith("grads"):
                keys = listed(self.run.keys) or "nothing"
                text = f"missing, or None, after backward; in grads there is {keys}"
                self.verdict.add("missing-key", (what,), text)
            else:
                there = ". Is a return missing?" if array.endswith("None") else ""
                self.verdict.add("wrong-type", (what,), array + there)
            return None
        if "tensor" not in encoded:
            self.verdict.add("wrong-type", (what,), "expected a torch.Tensor, given a number")
        elif not str(encoded.get("dtype")).startswith(("float", "bfloat")):
            self.verdict.add("wrong-dtype", (what,), f"is {encoded.get('dtype')}")
        else:
            return array
        return None

    # -------------------------------------------------------------------------- forward

    def _forward(self) -> set[str]:
        """Judge y_hat; the cases in which it is right."""
        results: dict[str, Sized] = {}
        for case, point in self.points.items():
            key, size = (case, "forward", 0), point.d.shape
            if key in self.run.raised and self.run.raised[key].code != "exception":
                problem_found(self.verdict, self.run.raised[key], (CALLS["forward"],))
            elif key in self.run.raised:
                results[case] = Sized(None, *size)
            elif key in self.run.returned:
                array = self._read(self.run.returned[key][0], "y_hat")
                if array is not None:
                    results[case] = Sized(array, *size)
        group, right = self.verdict.groups["forward"], set[str]()
        for case, result in results.items():
            truth = self.points[case].truth["y_hat"]
            fine = result.value is not None and self.tolerance.close(result.value, truth)
            if fine:
                right.add(case)
            if self.all[case].role != "probe":
                shaped = result.value is not None and result.value.shape == truth.shape
                group.count(fine and shaped and case not in self.autograd["forward"])
        for case in self.points:
            if case not in results and self.all[case].role != "probe":
                group.count(False)
        wrong = {case: result for case, result in results.items() if case not in right}
        if wrong:
            self._explain_forward(results, wrong, right)
            # A wrong step may change a y_hat too little to be seen, but not its gradients.
            exact = EXACT if self.tolerance == search.DOUBLE else self.tolerance
            right = {
                case
                for case in right
                if (value := results[case].value) is not None
                and exact.close(value, self.points[case].truth["y_hat"])
                and self.all[case].role != "large"  # a saturated sigmoid hides what is before it
            }
        else:
            self._shapes("y_hat", results, {})
        return right

    def _explain_forward(
        self, results: dict[str, Sized], wrong: dict[str, Sized], right: set[str]
    ) -> None:
        sizes = {case: (r.N, case in right) for case, r in results.items()}
        found = search.explain_forward(self.points, results, self.tolerance)
        if found is not None:
            for mistake in found.mistakes:
                self.verdict.add(mistake.code, ("y_hat",), mistake.value)
        elif self._overflow(wrong):
            self.verdict.add("sigmoid-overflow", ("y_hat",))
        elif copied := self._copied(results):
            self.verdict.add("parameters-copied", ("y_hat",), copied)
        elif pattern := hardcoded(sizes, self.run.integers):
            self.verdict.add(pattern.code, (CALLS["forward"],), pattern.value)
        else:
            self._raised("forward", {c for c, r in wrong.items() if r.value is None}, set(results))
            values = {c: r.value for c, r in wrong.items() if r.value is not None}
            if values:
                self._differs("y_hat", values, set(results))

    def _copied(self, results: Mapping[str, Sized]) -> str:
        """The parameters whose first values explain y_hat; empty if none do."""
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
                    return h.forward(self.points[case]._replace(**first))[3]

                if search.fits(predict, results, self.tolerance) is not None:
                    return listed(names)
        return ""

    def _overflow(self, wrong: Mapping[str, Sized]) -> bool:
        """Whether all that is wrong is not a number, where a sigmoid has large arguments."""
        return all(
            self.all[case].role == "large"
            and "sigmoid" in (self.points[case].f, self.points[case].g)
            and result.value is not None
            and bool(np.isnan(result.value).any())
            for case, result in wrong.items()
        )

    def _raised(self, call: str, raised: set[str], judged: set[str]) -> None:
        """One finding for each kind of error that the call raises, saying when."""
        kinds: dict[Raised, set[str]] = {}
        for case in raised:
            problem = self.run.raised[case, call, 0]
            kinds.setdefault(problem, set()).add(case)
        # The same error in other sizes has other numbers in its text: the most frequent stands
        # for all that come from the same line.
        lines: dict[str, list[tuple[Raised, set[str]]]] = {}
        for problem, found in kinds.items():
            line = problem.text.rsplit("(line", 1)[-1]
            lines.setdefault(problem.code + line, []).append((problem, found))
        for group in lines.values():
            problem = max(group, key=lambda pair: (len(pair[1]), pair[0].text))[0]
            found = set().union(*(cases_ for _, cases_ in group))
            problem_found(self.verdict, problem, (CALLS[call],), self._when(found, judged))

    def _when(self, found: set[str], judged: set[str]) -> str:
        """For which cases alone this happens, if a single property tells."""
        properties: dict[str, Callable[[str], str]] = {
            "f =": lambda case: self.points[case].f,
            "g =": lambda case: self.points[case].g,
        }
        roles = {self.all[case].role for case in found}
        if roles == {"kink"}:
            return ", where s is 0"
        if roles == {"large"}:
            return ", for large activations"
        for name, read in properties.items():
            values = {read(case) for case in found}
            same = {case for case in judged if read(case) in values}
            if same == found and same != judged:
                return f", for {name} {' or '.join(sorted(values))}"
        sizes = {len(self.points[case].x) for case in found}
        others = {len(self.points[case].x) for case in judged - found}
        if others and not sizes & others:
            if len(sizes) == 1:
                return f", for a batch of {min(sizes)}"
            if max(sizes) < min(others):
                return f", for a batch of at most {max(sizes)}"
            if min(sizes) > max(others):
                return f", for a batch of at least {min(sizes)}"
        for name in cases.ACTIVATIONS:
            if found == {c for c in judged if name in (self.points[c].f, self.points[c].g)}:
                return f", for f or g = {name}"
        return ""

    # -------------------------------------------------------------------------- backward

    def _backward(self, right: set[str]) -> None:
        """Judge the gradients in the cases whose forward pass is right."""
        raised = set[str]()
        for case in right:
            if problem := self.run.raised.get((case, "backward", 0)):
                if problem.code == "exception":
                    raised.add(case)
                else:
                    problem_found(self.verdict, problem, (CALLS["backward"],))
        judged = {c for c in right if (c, 0) in self.run.grads} | raised
        results: dict[str, dict[str, Sized]] = {q: {} for q in GRADIENTS}
        for case in sorted(judged, key=list(self.points).index):
            size = self.points[case].d.shape
            for quantity in GRADIENTS:
                if case in raised:
                    results[quantity][case] = Sized(None, *size)
                    continue
                encoded = self.run.grads[case, 0].get(quantity)
                array = self._read(encoded, f'grads["{quantity}"]')
                if array is not None:
                    results[quantity][case] = Sized(array, *size)
        holds: dict[str, set[str]] = {}
        for quantity in GRADIENTS:
            group = self.verdict.groups[quantity]
            truth = {c: self.points[c].truth[quantity] for c in self.points}
            holds[quantity] = {
                case
                for case, r in results[quantity].items()
                if r.value is not None and self.tolerance.close(r.value, truth[case])
            }
            for case in self.points:
                if self.all[case].role != "probe":
                    fine = case in holds[quantity] and case not in self.autograd["backward"]
                    value = results[quantity][case].value if fine else None
                    group.count(value is not None and value.shape == truth[case].shape)
            if self.verdict.groups["forward"].held < self.verdict.groups["forward"].total:
                some = "judged only where the forward pass is right"
                group.note = some if judged else "checked once the forward pass is right"
        if judged:
            self._explain_backward(results, holds, raised)

    def _explain_backward(
        self, results: dict[str, dict[str, Sized]], holds: dict[str, set[str]], raised: set[str]
    ) -> None:
        overflown = set[str]()
        for quantity, found in results.items():
            wrong = {
                c: r
                for c, r in found.items()
                if c not in holds[quantity] and self.all[c].role == "large"
                and r.value is not None and not np.isfinite(r.value).all()
            }  # fmt: skip
            if wrong and self._overflow(wrong):
                self.verdict.add("sigmoid-overflow", (quantity,))
                overflown |= set(wrong)
        for quantity in results:
            results[quantity] = {c: r for c, r in results[quantity].items() if c not in overflown}
        backward = search.Backward(self.points, self.tolerance)
        given = [q for q in GRADIENTS if any(r.value is not None for r in results[q].values())]
        possible = {q: backward.explanations(q, results[q]) for q in given}
        chosen, rest = _choose({q: e for q, e in possible.items() if e}, frozenset(raised))
        if rest:
            returned = {case for case in results[GRADIENTS[0]] if case not in raised}
            right = returned.intersection(*(holds[q] for q in given))
            pattern = None
            for works in (right, returned):
                sizes = {c: (len(self.points[c].x), c in works) for c in results[GRADIENTS[0]]}
                pattern = pattern or hardcoded(sizes, self.run.integers)
            if pattern and not any(chosen.values()):
                self.verdict.add(pattern.code, (CALLS["backward"],), pattern.value)
                return
            self._raised("backward", set(rest), set(results[GRADIENTS[0]]))
        for mistake, quantities in _collect(chosen):
            self.verdict.add(mistake.code, quantities, mistake.value)
        unknown = [q for q in given if q not in chosen]
        for quantity in given:
            self._shapes(quantity, results[quantity], chosen)
        # Where most calls raise an error, what the others return is by chance.
        blocked = bool(rest) and 2 * len(raised) > len(results[GRADIENTS[0]])
        first = "error" if blocked else "difference"
        for quantity in unknown:
            sizes = {c: (r.N, c in holds[quantity]) for c, r in results[quantity].items()}
            if pattern := hardcoded(sizes, self.run.integers):
                self.verdict.add(pattern.code, (quantity,), pattern.value)
            elif not blocked:
                values = {
                    c: r.value
                    for c, r in results[quantity].items()
                    if c not in holds[quantity] and r.value is not None
                }
                if not values:
                    continue
                self._differs(quantity, values, set(results[quantity]))
                blocked = True
            else:
                note = f"wrong as well; to be looked at again once the {first} is gone"
                self.verdict.groups[quantity].note = note

    def _shapes(
        self, quantity: str, results: Mapping[str, Sized], chosen: Mapping[str, Mistakes]
    ) -> None:
        """Values that are right but for axes of length 1 too many or too few."""
        if any(m.code in ("transposed", "bias-not-summed") for m in chosen.get(quantity, ())):
            return
        truth = {case: self.points[case].truth[quantity] for case in results}
        odd = {
            case: r.value.shape
            for case, r in results.items()
            if r.value is not None
            and r.value.shape != truth[case].shape
            and squeezed(r.value) == squeezed(truth[case])
        }
        if odd and (quantity not in GRADIENTS or quantity in chosen):
            case = max(odd, key=lambda case: truth[case].size)
            what = quantity if quantity == "y_hat" else f'grads["{quantity}"]'
            wrong_shape(self.verdict, what, quantity, odd[case], truth[case].shape)

    def _differs(self, quantity: str, values: Mapping[str, Array], judged: set[str]) -> None:
        """The first difference on the way, in numbers small enough to check by hand."""
        case = min(values, key=lambda c: (self.all[c].role != "hand", self.points[c].x.size))
        p, value = self.points[case], values[case]
        s1, z1, s2, _ = h.forward(p)
        when = self._when(set(values), judged)
        truth = p.truth[quantity]
        odd = [c for c, v in values.items() if v.shape != self.points[c].truth[quantity].shape]
        if 2 * len(odd) > len(values):
            case = min(odd, key=lambda c: self.points[c].x.size)
            value, truth = values[case], self.points[case].truth[quantity]
            what = quantity if quantity == "y_hat" else f'grads["{quantity}"]'
            wrong_shape(self.verdict, what, quantity, value.shape, truth.shape)
            return
        lines = [
            f"f = {p.f}, g = {p.g}, x = {show(p.x)}",
            f"W1 = {show(p.W1)}, b1 = {show(p.b1)}",
            f"W2 = {show(p.W2)}, b2 = {show(p.b2)}",
            f"expected s1 = {show(s1)}, z1 = {show(z1)}",
            f"expected s2 = {show(s2)}",
        ]
        if quantity == "y_hat":
            lines += self._cached(case, {"s1": s1, "z1": z1, "s2": s2})
        else:
            error = search.Backward(self.points, self.tolerance)
            lines.append(f"dJdy_hat = {show(p.d)}")
            lines.append(f"expected error of layer 2 = {show(error.delta2(case, 0))}")
            if quantity.endswith("1"):
                lines.append(f"expected error of layer 1 = {show(error.delta1(case, 0, 0, 0))}")
        lines += [f"expected {quantity} = {show(truth)}", f"yours    {quantity} = {show(value)}"]
        if not all(np.isfinite(v).all() for v in values.values()):
            text = f"has elements that are NaN or infinite{when}"
            self.verdict.add("not-finite", (quantity,), text, *lines)
            return
        text = f"is wrong, and no known mistake explains it{when}. It is the first to differ."
        self.verdict.add("differs", (quantity,), text, *lines)

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

    # -------------------------------------------------------------------------- clearing

    def _clearing(self, right: set[str]) -> None:
        """Compare a second pass, and a pass beside another network, with a fresh network's."""
        group = self.verdict.groups["clearing"]
        raised: list[tuple[Raised, str, str]] = []
        for case, network in self.all.items():
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


def _choose(
    possible: Mapping[str, list[Explanation]], raised: frozenset[str]
) -> tuple[dict[str, Mistakes], frozenset[str]]:
    """One explanation for each gradient, with the fewest different mistakes in all.

    Explanations that disagree about an error of the same layer are taken only if none agree; those
    that leave a raised error unexplained only if none explain it. Also returns what is left of it.
    """
    names = list(possible)
    short = {
        q: [e for e in found if len(e.mistakes) <= len(found[0].mistakes) + bool(raised)][:8]
        for q, found in possible.items()
    }
    best, best_cost = None, float("inf")
    for combination in product(*(short[q] for q in names)):
        cost = _cost(names, combination, raised)
        if cost < best_cost:
            best, best_cost = combination, cost
    if best is None:
        return {}, raised
    explained = frozenset[str]().union(*(e.raises for e in best))
    return {q: e.mistakes for q, e in zip(names, best, strict=True)}, raised - explained


def _cost(
    names: Sequence[str], combination: Sequence[Explanation], raised: frozenset[str]
) -> float:
    distinct = {m for e in combination for m in e.mistakes}
    explained = frozenset[str]().union(*(e.raises for e in combination))
    second = {e.path[:1] for e in combination}
    first = {e.path for q, e in zip(names, combination, strict=True) if q.endswith("1")}
    disagreements = max(0, len(second) - 1) + max(0, len(first) - 1)
    return len(distinct) + 0.5 * disagreements + (4 if raised - explained else 0)


def _collect(chosen: Mapping[str, Mistakes]) -> list[tuple[Mistake, list[str]]]:
    """Each mistake with the gradients that have it, renamed where only the biases have it."""
    found: dict[Mistake, list[str]] = {}
    for quantity, mistakes in chosen.items():
        for mistake in mistakes:
            names = found.setdefault(mistake, [])
            if quantity not in names:  # a shared function makes it in both layers
                names.append(quantity)
    collected = []
    for mistake, quantities in found.items():
        if mistake.code == "mean-again" and all("b" in q for q in quantities):
            mistake = Mistake("bias-mean")
        collected.append((mistake, quantities))
    return collected
