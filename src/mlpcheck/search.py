"""Finds the mistakes that reproduce a student's numbers in every case, if there are any.

A hypothesis is a choice of one option for each step of the passes, perhaps with a factor. It holds
if it gives the student's number in all cases, within the tolerance, and raises where the student's
code raised. Hypotheses with fewer mistakes come first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.mistakes import Explained, Found, at
from mlpcheck.truth import passes
from mlpcheck.truth.cases import Array, Point

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


# SINGLE is for code that computes in single precision. EXACT tells hypotheses apart that differ
# little, and the cases that a wrong forward pass leaves alone from those that it hardly changes.
DOUBLE, SINGLE, EXACT = Tolerance(1e-6, 1e-13), Tolerance(1e-5, 1e-6), Tolerance(1e-12, 1e-15)


def squeezed(a: Array) -> tuple[int, ...]:
    return tuple(n for n in a.shape if n != 1)


class Sizes(NamedTuple):
    """The lengths of a case: points, outputs, and for a network its other widths."""

    N: int
    K: int
    out1: int = 0
    in1: int = 0


class Sized(NamedTuple):
    """A student's result in one case, None if the call raised an error; and the case's lengths."""

    value: Array | None
    sizes: Sizes


class Explanation(NamedTuple):
    """Mistakes that reproduce a quantity, the cases in which they raise, and the errors used."""

    mistakes: Explained
    raises: frozenset[str]
    path: tuple[int, ...] = ()


Predict = Callable[[str], Array]  # of a case's id; ValueError if the shapes do not fit
Results = Mapping[str, Sized]


def fits(predict: Predict, results: Results, tolerance: Tolerance) -> frozenset[str] | None:
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


# The powers of the lengths that a factor may have.
POWERS = [Sizes(*p) for p in (
    (0, 0), (-1, 0), (1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (-1, 1), (1, -1), (0, 0, 1),
    (0, 0, -1), (0, 0, 0, 1), (0, 0, 0, -1),
)]  # fmt: skip


def factor(
    predict: Predict, results: Results, tolerance: Tolerance
) -> tuple[float, Sizes] | None:
    """A number and powers of the lengths that each result is times the hypothesis, or None."""
    ratios: list[tuple[float, Sizes]] = []
    for case, result in results.items():
        if result.value is None:
            continue
        try:
            predicted = predict(case)
        except (ValueError, IndexError):
            return None
        if squeezed(result.value) != squeezed(predicted):
            return None
        largest = np.argmax(np.abs(predicted))
        base, given = predicted.flat[largest], result.value.reshape(predicted.shape).flat[largest]
        if base == 0 and not np.any(result.value):
            continue
        ratio = given / base if base else 0
        if not (ratio and np.isfinite(ratio) and tolerance.close(result.value, ratio * predicted)):
            return None
        ratios.append((float(ratio), result.sizes))
    for powers in POWERS if ratios else ():
        constants = [
            ratio / np.prod([float(n) ** p for n, p in zip(sizes, powers, strict=True) if p])
            for ratio, sizes in ratios
            if all(n or not p for n, p in zip(sizes, powers, strict=True))
        ]
        close = np.allclose(constants, constants[:1], rtol=10 * tolerance.relative, atol=0)
        if len(constants) == len(ratios) and close:
            return float(constants[0]), powers
    return None


LOSS_POWERS: dict[tuple[int, int], Explained] = {  # of N and K
    (0, 0): (), (0, 1): (Found("over-n"),), (1, 0): (Found("over-k"),),
    (1, 1): (Found("not-averaged"),), (-1, 0): (Found("averaged-twice", "N"),),
    (0, -1): (Found("averaged-twice", "K"),), (-1, -1): (Found("averaged-twice", "N K"),),
}  # fmt: skip


def factor_mistakes(c: float, powers: Sizes, quantity: str) -> Explained:
    """What a factor says about the student's code; empty if nothing is known."""
    found: list[Found] = []
    loss = quantity in ("loss", "dJdy_hat")
    a, b = powers[:2]
    if c < 0:
        found, c = [Found("sign")], -c
    inverse = round(1 / c)
    if abs(1 / c - inverse) < 1e-4 and inverse >= 3 and (a == 1 or b == 1):
        c = 1.0
        if a == 1:
            found.append(Found("batch-hardcoded", str(inverse)))
            if loss and b == 1:
                return (*found, Found("over-n"))
            a = 0
        else:
            found.append(Found("width-hardcoded", f"K = {inverse}"))
            b = 0
    if loss:
        if (a, b) not in LOSS_POWERS:
            return ()
        found += LOSS_POWERS[a, b]
    else:
        found += _gradient_powers(Sizes(a, b, *powers[2:]))
    if abs(c - 2) < 2e-4:
        return (*found, Found("factor-two-extra"))
    if abs(c - 0.5) < 5e-5:
        return (*found, Found("factor-two-missing"))
    if abs(c - 1) < 1e-4:
        return tuple(found)
    if quantity == "loss":
        for base in (2, 10):
            if abs(c * np.log(base) - 1) < 1e-4:
                return (*found, Found("bce-base", str(base)))
    return () if any(powers) else (*found, Found("constant-factor", f"{c:.6g}"))


def _gradient_powers(powers: Sizes) -> Iterator[Found]:
    if powers.N:
        yield Found("mean-again" if powers.N < 0 else "batch-factor")
    if powers.K:
        yield Found("outputs-factor", "large" if powers.K > 0 else "small")
    for name in ("out1", "in1"):
        if power := getattr(powers, name):
            yield Found("width-factor", f"{'divided' if power < 0 else 'multiplied'} by {name}")


def explain(
    predict: Predict, mistakes: Explained, results: Results, tolerance: Tolerance, quantity: str,
    path: tuple[int, ...] = (), probe: tuple[str, list[float]] | None = None,
) -> Iterator[Explanation]:  # fmt: skip
    """The hypothesis as it is and, if there is room for it, with a factor."""
    if probe is not None and not _proportional(predict, *probe):
        return
    raises = fits(predict, results, tolerance)
    if raises is not None:
        yield Explanation(mistakes, raises, path)
    elif cost(mistakes) < MOST_MISTAKES:
        found = factor(predict, results, tolerance)
        more = factor_mistakes(*found, quantity) if found else ()
        if more:
            yield Explanation((*mistakes, *more), frozenset(), path)


def probing(results: Results) -> tuple[str, list[float]] | None:
    """A case with enough numbers that most hypotheses fail on it at once; None if there is none."""
    for case, result in results.items():
        value = result.value
        if value is not None and np.isfinite(value).all() and (np.abs(value) > 1e-6).sum() > 2:
            return case, value.ravel().tolist()
    return None


def _proportional(predict: Predict, case: str, value: list[float]) -> bool:
    """Whether the hypothesis may give this value or a multiple of it; it is quick."""
    try:
        predicted = predict(case).ravel().tolist()
    except (ValueError, IndexError):
        return False
    if len(predicted) != len(value):
        return False
    largest = max(range(len(value)), key=lambda i: abs(value[i]))
    ratio = predicted[largest] / value[largest]
    bound = 1e-4 * abs(predicted[largest])
    return all(abs(p - ratio * v) <= bound for p, v in zip(predicted, value, strict=True))


def fewest(explanations: Iterable[Explanation]) -> Explanation | None:
    """The explanation with the fewest mistakes, the first among equals."""
    return min(explanations, key=lambda e: len(e.mistakes), default=None)


def cost(mistakes: Explained) -> int:
    """How many different mistakes: a shared function makes the same one in both layers."""
    return len(set(mistakes))


# ------------------------------------------------------------------------------ forward


def explain_forward(
    points: Mapping[str, Point], results: Results, tolerance: Tolerance
) -> Explanation | None:
    """The fewest mistakes of the forward pass that reproduce y_hat in all cases."""
    raised = frozenset(case for case, result in results.items() if result.value is None)
    if len(raised) == len(results):
        return None
    probe = probing(results)
    for steps, mistakes in _forward_choices():

        def predict(case: str, steps: dict[str, Any] = steps) -> Array:
            return passes.forward(points[case], steps)[3]

        for found in explain(predict, mistakes, results, tolerance, "y_hat", probe=probe):
            if found.raises == raised:
                return found
    return None


@cache
def _forward_choices() -> list[tuple[dict[str, Any], Explained]]:
    """All choices of other options for at most MOST_MISTAKES steps, fewest first."""
    found = []
    for count in range(MOST_MISTAKES + 1):
        for steps in combinations(passes.FORWARD, count):
            for chosen in product(*(at(step)[1:] for step in steps)):
                mistakes = tuple(m for _, ms in chosen for m in ms)
                found.append((dict(zip(steps, (r for r, _ in chosen), strict=True)), mistakes))
    return found


# ------------------------------------------------------------------------------ backward

Error = Callable[[passes.Layer], Array]
SLOPES = ("sigmoid", "relu", "identity")


def _by_name(**factors: Callable[[passes.Layer], Array]) -> Error:
    """The right error, but for the activations that have another derivative here."""
    return lambda a: a.dz * (
        factors[a.name](a) if a.name in factors else passes.slope(a.name, a.s)
    )


@cache
def errors() -> list[tuple[Error, Explained]]:
    """What an error may be: right, wrong, with a wrong derivative of one activation or of two."""
    wrong = {name: at(f"slope of {name}")[1:] for name in SLOPES}
    ones = [(_by_name(**{name: run}), ms) for name in SLOPES for run, ms in wrong[name]]
    missing = {(Found("derivative-missing", "the sigmoid"),),
               (Found("relu-derivative", "1 everywhere"),)}  # fmt: skip
    twos = [
        (_by_name(**{name: run, other: second}), (*ms, *more))
        for name, other in combinations(SLOPES, 2)
        for run, ms in wrong[name]
        for second, more in wrong[other]
        if {ms, more} != missing  # that is no derivative at all
    ]
    return [*at("error"), *ones, *twos]


class Backward:
    """The right values of the cases, and hypotheses for the four gradients built on them."""

    def __init__(self, points: Mapping[str, Point], tolerance: Tolerance) -> None:
        self.points, self.tolerance = points, tolerance
        self.values = {case: passes.forward(point) for case, point in points.items()}
        self.second: dict[tuple[str, int], Array] = {}
        self.first: dict[tuple[str, int, int, int], Array] = {}

    def delta2(self, case: str, error: int) -> Array:
        """The error of layer 2, by one of errors(): eq:c18-4."""
        key = case, error
        if key not in self.second:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            layer = passes.Layer(p.g, p.f, s2, y_hat, p.d, s1, z1, p.x)
            self.second[key] = errors()[error][0](layer)
        return self.second[key]

    def delta1(self, case: str, error2: int, back: int, error1: int) -> Array:
        """The error of layer 1, by errors(), the step back and errors(): eq:c18-2."""
        key = case, error2, back, error1
        if key not in self.first:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            way = passes.Way(self.delta2(case, error2), p.d, p.W1, p.W2)
            layer = passes.Layer(p.f, p.g, s1, z1, at("back")[back][0](way), s2, y_hat, p.x)
            self.first[key] = errors()[error1][0](layer)
        return self.first[key]

    def explanations(self, quantity: str, results: Results) -> list[Explanation]:
        """All hypotheses that reproduce the gradient with as few mistakes as possible.

        With more than that if a call raised an error, which only some hypotheses explain.
        """
        L, kind = int(quantity[-1]), quantity[-2]
        raised = any(result.value is None for result in results.values())
        found: list[Explanation] = []
        probe = probing(results)
        for path, final, mistakes in _candidates(L, kind):
            # A mistake of two layers costs once, so two mistakes of one layer are as likely.
            if found and not raised and cost(mistakes) > len(found[0].mistakes):
                break

            def predict(case: str, path: tuple[int, ...] = path, final: Any = final) -> Array:
                p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
                delta = self.delta2(case, *path) if L == 2 else self.delta1(case, *path)
                other = p.truth[f"dJd{kind}{3 - L}"]
                right = z1 if L == 2 else p.x
                return np.asarray(final(passes.End(delta, right, p.x, s1, z1, s2, y_hat, other)))

            found += explain(predict, mistakes, results, self.tolerance, quantity, path, probe)
        return [e._replace(mistakes=_named(e, L)) for e in found]


@cache
def _candidates(L: int, kind: str) -> list[tuple[tuple[int, ...], Any, Explained]]:
    """The choices of options with at most MOST_MISTAKES mistakes, fewest first."""
    finals = at("bias" if kind == "b" else f"weights {L}")
    kinds = [frozenset(mistakes) for _, mistakes in errors()]
    found: list[tuple[int, tuple[int, ...], Any, Explained]] = []

    def end(path: tuple[int, ...], before: Explained) -> None:
        n = cost(before)
        for final, mistakes in finals if n < MOST_MISTAKES else finals[:1]:
            found.append((n + len(mistakes), path, final, (*before, *mistakes)))

    for error2, (_, second) in enumerate(errors()):
        if L == 2:
            end((error2,), second)
            continue
        for error1, (_, first) in enumerate(errors()):
            # A shared function for the derivative makes the same mistake in both layers.
            if (n := len(kinds[error2] | kinds[error1])) <= MOST_MISTAKES:
                for back, (_, wrong) in enumerate(at("back")):
                    if n + len(wrong) <= MOST_MISTAKES:
                        end((error2, back, error1), (*second, *first, *wrong))
    return [(path, run, ms) for _, path, run, ms in sorted(found, key=lambda c: c[0])]


def _named(found: Explanation, L: int) -> Explained:
    """The mistakes with the names of the layers, g for the error of layer 2 and f for that of 1."""
    second = len(errors()[found.path[0]][1])
    return tuple(
        m._replace(value=m.value.replace("{layer}", "g" if L == 2 or i < second else "f"))
        for i, m in enumerate(found.mistakes)
    )


def choose(
    possible: Mapping[str, list[Explanation]], raised: frozenset[str]
) -> tuple[dict[str, Explained], frozenset[str]]:
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
        common = _common_cost(names, combination, raised)
        if common < best_cost:
            best, best_cost = combination, common
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


def collect(chosen: Mapping[str, Explained]) -> list[tuple[Found, list[str]]]:
    """Each mistake with the gradients that have it, renamed where only the biases have it."""
    found: dict[Found, list[str]] = {}
    for quantity, mistakes in chosen.items():
        for mistake in mistakes:
            names = found.setdefault(mistake, [])
            if quantity not in names:  # a shared function makes it in both layers
                names.append(quantity)
    biases = {m for m, names in found.items() if all("b" in name for name in names)}
    return [
        (Found("bias-mean") if m.code == "mean-again" and m in biases else m, names)
        for m, names in found.items()
    ]
