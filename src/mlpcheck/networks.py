"""Judges the class MLP: the forward pass, the four gradients, and clearing."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from mlpcheck import cases, search
from mlpcheck import hypotheses as h
from mlpcheck.cases import GRADIENTS, Array, Network, Point
from mlpcheck.clearing import Clearing
from mlpcheck.hypotheses import Mistakes
from mlpcheck.search import EXACT, Sized, Tolerance, squeezed
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
        Clearing(self.run, self.verdict, self.tolerance, self.all).judge(right)

    def _ordered(self, chosen: set[str]) -> list[str]:
        """These cases in the order of all, since a set has another order in each process."""
        return [case for case in self.points if case in chosen]

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
                # A saturated sigmoid hides what is wrong before it.
                and not (self.all[case].role == "large" and self.points[case].g == "sigmoid")
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
        for case in self._ordered(raised):
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
        for case in self._ordered(right):
            if problem := self.run.raised.get((case, "backward", 0)):
                if problem.code == "exception":
                    raised.add(case)
                else:
                    problem_found(self.verdict, problem, (CALLS["backward"],))
        judged = {c for c in right if (c, 0) in self.run.grads} | raised
        results: dict[str, dict[str, Sized]] = {q: {} for q in GRADIENTS}
        for case in self._ordered(judged):
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
        chosen, rest = search.choose({q: e for q, e in possible.items() if e}, frozenset(raised))
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
        for mistake, quantities in search.collect(chosen):
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
