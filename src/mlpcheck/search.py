"""Finds the mistakes that reproduce a student's numbers in every case, if there are any.

A hypothesis is a choice of one option for each step (mlpcheck.hypotheses), perhaps with a factor.
It holds if it gives the student's number in each case that is not already right by accident: in
all of them, within the tolerance. Hypotheses with fewer mistakes come first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck import hypotheses as h
from mlpcheck.cases import Array, Point
from mlpcheck.diagnoses import HALF, SIGN
from mlpcheck.hypotheses import Mistake, Mistakes

MOST_MISTAKES = 2  # in one quantity; more of them would fit by accident


@dataclass(frozen=True)
class Tolerance:
    """|a - b| may be relative * max |b| + absolute."""

    relative: float
    absolute: float

    def close(self, a: Array, b: Array) -> bool:
        """Whether the arrays agree; NaN agrees with NaN, and shapes but for axes of length 1."""
        if a.shape != b.shape:
            if squeezed(a) != squeezed(b):
                return False
            a = a.reshape(b.shape)
        finite = np.abs(b[np.isfinite(b)])
        bound = self.relative * (finite.max() if finite.size else 0.0) + self.absolute
        with np.errstate(invalid="ignore"):
            return bool(np.all((np.abs(a - b) <= bound) | (a == b) | (np.isnan(a) & np.isnan(b))))


# SINGLE is for code that computes in single precision. EXACT tells the cases that a wrong forward
# pass does not touch from those that it changes a little.
DOUBLE, SINGLE, EXACT = Tolerance(1e-6, 1e-13), Tolerance(1e-5, 1e-6), Tolerance(1e-12, 1e-15)


def squeezed(a: Array) -> tuple[int, ...]:
    return tuple(n for n in a.shape if n != 1)


class Sized(NamedTuple):
    """A student's result in one case, None if the call raised an error; N and K of the case."""

    value: Array | None
    N: int
    K: int


class Explanation(NamedTuple):
    """Mistakes that reproduce a quantity, the cases in which they raise, and the errors used."""

    mistakes: Mistakes
    raises: frozenset[str]
    path: tuple[int, ...] = ()


Predict = Callable[[str], Array]  # of a case's id; ValueError if the shapes do not fit


def fits(
    predict: Predict, results: Mapping[str, Sized], tolerance: Tolerance
) -> frozenset[str] | None:
    """The cases in which the hypothesis raises, if it reproduces all results, else None."""
    raises = set()
    for case, result in results.items():
        try:
            predicted = predict(case)
        except (ValueError, IndexError):
            if result.value is not None:
                return None
            raises.add(case)
            continue
        if result.value is not None and not tolerance.close(result.value, predicted):
            return None
    return frozenset(raises)


def factor(
    predict: Predict, results: Mapping[str, Sized], tolerance: Tolerance
) -> tuple[float, int, int] | None:
    """(c, a, b) if each result is c N^a K^b times the hypothesis, in all cases, else None."""
    ratios: list[tuple[float, int, int]] = []
    for case, result in results.items():
        if result.value is None:
            continue
        try:
            predicted = predict(case)
        except (ValueError, IndexError):
            return None
        if result.value.shape != predicted.shape and squeezed(result.value) != squeezed(predicted):
            return None
        largest = np.argmax(np.abs(predicted))
        base = predicted.flat[largest]
        if base == 0:
            if np.any(result.value):
                return None
            continue
        ratio = result.value.reshape(predicted.shape).flat[largest] / base
        if ratio == 0 or not np.isfinite(ratio):
            return None
        if not tolerance.close(result.value, ratio * predicted):
            return None
        ratios.append((float(ratio), result.N, result.K))
    if not ratios:
        return None
    for a, b in ((0, 0), (-1, 0), (1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (-1, 1), (1, -1)):
        constants = [ratio / (N**a * K**b) for ratio, N, K in ratios]
        c = constants[0]
        if np.allclose(constants, c, rtol=10 * tolerance.relative, atol=0):
            return c, a, b
    return None


def factor_mistakes(c: float, a: int, b: int, quantity: str) -> Mistakes:
    """What the factor c N^a K^b says about the student's code; empty if nothing is known."""
    found: list[Mistake] = []
    loss = quantity in ("loss", "dJdy_hat")
    if c < 0:
        found, c = [Mistake("sign", SIGN[quantity if loss else ""])], -c
    inverse = round(1 / c)
    if abs(1 / c - inverse) < 1e-4 and inverse >= 3 and (a == 1 or b == 1):
        if a == 1:
            found.append(Mistake("batch-hardcoded", str(inverse)))
            a = 0
            if loss and b == 1:
                return (*found, Mistake("over-n"))
        else:
            found.append(Mistake("width-hardcoded", f"K = {inverse}"))
            b = 0
        c = 1.0
    if loss:
        powers = {(0, 0): (), (0, 1): (Mistake("over-n"),), (1, 0): (Mistake("over-k"),),
                  (1, 1): (Mistake("not-averaged"),), (-1, 0): (Mistake("averaged-twice", "N"),),
                  (0, -1): (Mistake("averaged-twice", "K"),),
                  (-1, -1): (Mistake("averaged-twice", "N K"),)}  # fmt: skip
        if (a, b) not in powers:
            return ()
        found += powers[a, b]
    else:
        if a:
            found.append(Mistake("mean-again" if a < 0 else "batch-factor"))
        if b:
            found.append(Mistake("outputs-factor", "large" if b > 0 else "small"))
    if abs(c - 2) < 2e-4:
        return (*found, Mistake("factor-two-extra"))
    if abs(c - 0.5) < 5e-5:
        return (*found, Mistake("factor-two-missing", HALF[""]))
    if abs(c - 1) < 1e-4:
        return tuple(found)
    if (a, b) == (0, 0) or loss:
        for base in (2, 10):
            if quantity == "loss" and abs(c * np.log(base) - 1) < 1e-4:
                return (*found, Mistake("bce-base", str(base)))
        if (a, b) == (0, 0):
            return (*found, Mistake("constant-factor", f"{c:.6g}"))
    return ()


def explain(
    predict: Predict,
    mistakes: Mistakes,
    results: Mapping[str, Sized],
    tolerance: Tolerance,
    quantity: str,
    path: tuple[int, ...] = (),
) -> Iterator[Explanation]:
    """The hypothesis as it is and, if there is room for it, with a factor."""
    raises = fits(predict, results, tolerance)
    if raises is not None:
        yield Explanation(mistakes, raises, path)
    elif _cost(mistakes) < MOST_MISTAKES:
        found = factor(predict, results, tolerance)
        more = factor_mistakes(*found, quantity) if found else ()
        if more:
            yield Explanation((*mistakes, *more), frozenset(), path)


def explain_forward(
    points: Mapping[str, Point], results: Mapping[str, Sized], tolerance: Tolerance
) -> Explanation | None:
    """The fewest mistakes of the forward pass that reproduce y_hat in all cases."""
    raised = frozenset(case for case, result in results.items() if result.value is None)
    for chosen in _forward_choices():
        mistakes = tuple(m for _, ms in chosen for m in ms)
        options = [run for run, _ in chosen]

        def predict(case: str, options: list[Any] = options) -> Array:
            return h.forward(points[case], *options)[3]

        for found in explain(predict, mistakes, results, tolerance, "y_hat"):
            if found.raises == raised:
                return found
    return None


@cache
def _forward_choices() -> list[tuple[tuple[Any, Mistakes], ...]]:
    """All choices of one option for each step with at most MOST_MISTAKES, fewest first."""
    right = [options[0] for options in h.FORWARD]
    found = []
    for count in range(MOST_MISTAKES + 1):
        for places in combinations(range(len(right)), count):
            for wrong in product(*(h.FORWARD[place][1:] for place in places)):
                chosen = right.copy()
                for place, option in zip(places, wrong, strict=True):
                    chosen[place] = option
                found.append(tuple(chosen))
    return found


class Backward:
    """The right values of the cases, and hypotheses for the four gradients built on them."""

    def __init__(self, points: Mapping[str, Point], tolerance: Tolerance) -> None:
        self.points, self.tolerance = points, tolerance
        self.values = {case: h.forward(point) for case, point in points.items()}
        self.second: dict[tuple[str, int], Array] = {}
        self.first: dict[tuple[str, int, int, int], Array] = {}

    def delta2(self, case: str, error: int) -> Array:
        """The error of layer 2, by one of h.ERRORS: eq:c18-4."""
        key = case, error
        if key not in self.second:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            layer = h.Layer(p.g, p.f, s2, y_hat, p.d, s1, z1, p.x)
            self.second[key] = h.ERRORS[error][0](layer)
        return self.second[key]

    def delta1(self, case: str, error2: int, back: int, error1: int) -> Array:
        """The error of layer 1, by h.ERRORS, h.BACK and h.ERRORS: eq:c18-2."""
        key = case, error2, back, error1
        if key not in self.first:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            way = h.Way(self.delta2(case, error2), p.d, p.W1, p.W2)
            layer = h.Layer(p.f, p.g, s1, z1, h.BACK[back][0](way), s2, y_hat, p.x)
            self.first[key] = h.ERRORS[error1][0](layer)
        return self.first[key]

    def explanations(self, quantity: str, results: Mapping[str, Sized]) -> list[Explanation]:
        """All hypotheses that reproduce the gradient with as few mistakes as possible.

        With more than that if a call raised an error, which only some hypotheses explain.
        """
        L, kind = int(quantity[-1]), quantity[-2]
        raised = any(result.value is None for result in results.values())
        found: list[Explanation] = []
        for path, final, mistakes in self._candidates(L, kind):
            # A mistake of two layers costs once, so two mistakes of one layer are as likely.
            if found and not raised and _cost(mistakes) > len(found[0].mistakes):
                break

            def predict(case: str, path: tuple[int, ...] = path, final: h.Final = final) -> Array:
                p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
                delta = self.delta2(case, *path) if L == 2 else self.delta1(case, *path)
                other = p.truth[f"dJd{kind}{3 - L}"]
                right = z1 if L == 2 else p.x
                return np.asarray(final(h.End(delta, right, p.x, s1, z1, s2, y_hat, other)))

            found += explain(predict, mistakes, results, self.tolerance, quantity, path)
        return found

    @staticmethod
    @cache
    def _candidates(L: int, kind: str) -> list[tuple[tuple[int, ...], h.Final, Mistakes]]:
        """The choices of options with at most MOST_MISTAKES mistakes, fewest first."""
        finals = h.BIASES if kind == "b" else h.WEIGHTS_2 if L == 2 else h.WEIGHTS_1
        found: list[tuple[tuple[int, ...], h.Final, Mistakes]] = []
        for error2, (_, wrong2) in enumerate(h.ERRORS):
            second = _named(wrong2, "g")
            if L == 2:
                found += [((error2,), final, (*second, *ms)) for final, ms in finals]
                continue
            for error1, (_, wrong1) in enumerate(h.ERRORS):
                # A shared function for the derivative makes the same mistake in both layers.
                errors = (*second, *_named(wrong1, "f"))
                if _cost(errors) > MOST_MISTAKES:
                    continue
                for back, (_, wrong) in enumerate(h.BACK):
                    for final, ms in finals:
                        mistakes = (*errors, *wrong, *ms)
                        if _cost(mistakes) <= MOST_MISTAKES:
                            found.append(((error2, back, error1), final, mistakes))
        return sorted((c for c in found if _cost(c[2]) <= MOST_MISTAKES), key=lambda c: _cost(c[2]))


def _cost(mistakes: Mistakes) -> int:
    """How many different mistakes: a shared function makes the same one in both layers."""
    return len({(m.code, m.value in ("f", "g") or m.value) for m in mistakes})


def _named(mistakes: Mistakes, layer: str) -> Mistakes:
    return tuple(Mistake(m.code, m.value.replace("{layer}", layer)) for m in mistakes)


def choose(
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
        cost = _common_cost(names, combination, raised)
        if cost < best_cost:
            best, best_cost = combination, cost
    if best is None:
        return {}, raised
    explained = frozenset[str]().union(*(e.raises for e in best))
    return {q: e.mistakes for q, e in zip(names, best, strict=True)}, raised - explained


def _common_cost(
    names: Sequence[str], combination: Sequence[Explanation], raised: frozenset[str]
) -> float:
    """What explanations cost together: mistakes, disagreements, and errors left unexplained."""
    distinct = {m for e in combination for m in e.mistakes}
    explained = frozenset[str]().union(*(e.raises for e in combination))
    second = {e.path[:1] for e in combination}
    first = {e.path for q, e in zip(names, combination, strict=True) if q.endswith("1")}
    disagreements = max(0, len(second) - 1) + max(0, len(first) - 1)
    return len(distinct) + 0.5 * disagreements + (4 if raised - explained else 0)


def collect(chosen: Mapping[str, Mistakes]) -> list[tuple[Mistake, list[str]]]:
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
