"""Finds the mistakes that reproduce a student's numbers in every case, if there are any.

A hypothesis is a choice of one option for each step of the passes, perhaps with a factor. It holds
if it gives the student's number in all cases, within the tolerance, and raises where the student's
code raised. Hypotheses with fewer mistakes come first.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.mistakes import Explained, Found, at
from mlpcheck.truth import passes
from mlpcheck.truth.cases import Array, Point, points

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
        largest = np.abs(b).max(initial=0)
        if np.isfinite(largest):
            return bool((np.abs(a - b) <= self.relative * largest + self.absolute).all())
        bound = self.relative * np.abs(b[np.isfinite(b)]).max(initial=0) + self.absolute
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


Results = Mapping[str, Sized]
# What a result is times a hypothesis: RAISES if both raise, ANY if that cannot be told, None if it
# is no multiple.
Ratio = float | None
RAISES, ANY = 0.0, float("nan")


def ratio(predict: Callable[[], Array], value: Array | None, tolerance: Tolerance) -> Ratio:
    """The ratio of a student's value, None if the call raised, and what a hypothesis predicts."""
    try:
        predicted = predict()
    except (ValueError, IndexError):
        return RAISES if value is None else None
    if value is None:
        return ANY
    if value.shape != predicted.shape:
        if squeezed(value) != squeezed(predicted):
            return None
        value = value.reshape(predicted.shape)
    sizes = np.abs(predicted)
    largest = sizes.argmax()
    base, given = float(predicted.flat[largest]), float(value.flat[largest])
    if not math.isfinite(base):
        return 1.0 if tolerance.close(value, predicted) else None
    # One element tells of most hypotheses that they do not fit, sooner than all of them.
    bound = tolerance.relative * abs(base)
    equal = abs(given - base) <= bound + tolerance.absolute
    if equal and np.abs(value - predicted).max() <= bound + tolerance.absolute:
        return 1.0 if bound > tolerance.absolute else ANY  # too small for a ratio
    found = given / base if base else 0.0
    if not (found and math.isfinite(found)):
        return None
    bound = tolerance.relative * abs(given) + tolerance.absolute
    other = 0 if largest else -1
    if not abs(value.flat[other] - found * predicted.flat[other]) <= bound:
        return None
    return found if np.abs(value - found * predicted).max() <= bound else None


# The powers of the lengths that a factor may have.
POWERS = [Sizes(*p) for p in (
    (0, 0), (-1, 0), (1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (-1, 1), (1, -1), (0, 0, 1),
    (0, 0, -1), (0, 0, 0, 1), (0, 0, 0, -1),
)]  # fmt: skip


def factor(
    ratios: Sequence[tuple[float, Sizes]], tolerance: Tolerance
) -> tuple[float, Sizes] | None:
    """A number and powers of the lengths whose product is the ratio in every case, or None."""
    for powers in POWERS if ratios else ():
        used = [(n, p) for n, p in enumerate(powers) if p]
        if any(sizes[n] == 0 for _, sizes in ratios for n, _ in used):
            continue
        constants = [found / math.prod(float(sizes[n]) ** p for n, p in used)
                     for found, sizes in ratios]  # fmt: skip
        first, bound = constants[0], 10 * tolerance.relative * abs(constants[0])
        if all(abs(one - first) <= bound for one in constants):
            return first, powers
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
    compare: Callable[[str], Ratio], mistakes: Explained, results: Results, tolerance: Tolerance,
    quantity: str, path: tuple[int, ...] = (),
) -> Explanation | None:  # fmt: skip
    """The hypothesis as an explanation: as it is or, if there is room for it, with a factor.

    `compare` gives the ratio in a case; the first one that does not fit ends the search.
    """
    raises, ratios, equal = set[str](), list[tuple[float, Sizes]](), True
    for case, result in results.items():
        found = compare(case)
        if found is None:
            return None
        if found == RAISES:
            raises.add(case)
        elif found == found:  # not ANY
            if equal and found != 1:
                equal = False
                if cost(mistakes) == MOST_MISTAKES:
                    return None
            ratios.append((found, result.sizes))
    if not equal:
        scaled = factor(ratios, tolerance)
        more = factor_mistakes(*scaled, quantity) if scaled else ()
        if not more:
            return None
        mistakes = (*mistakes, *more)
    return Explanation(mistakes, frozenset(raises), path)


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
    for steps, mistakes in _forward_choices():

        def compare(case: str, steps: dict[str, Any] = steps) -> Ratio:
            value = results[case].value
            return ratio(lambda: passes.forward(points[case], steps)[3], value, tolerance)

        found = explain(compare, mistakes, results, tolerance, "y_hat")
        if found is not None and found.raises == raised:
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
Errors = Mapping[str, Error]  # by the activation of the layer
SLOPES = ("sigmoid", "relu", "identity")
RIGHT_ERROR: Error = passes.RIGHT["error"]
RIGHT_BACK = passes.RIGHT["back"]


def _times(slope: Error) -> Error:
    return lambda a: np.asarray(a.dz * slope(a))


@cache
def errors() -> list[tuple[Errors, Explained]]:
    """What an error may be: right, wrong, with a wrong derivative of one activation or of two."""
    wrong = {
        name: [({name: _times(run)}, mistakes) for run, mistakes in at(f"slope of {name}")[1:]]
        for name in SLOPES
    }
    missing = {(Found("derivative-missing", "the sigmoid"),),
               (Found("relu-derivative", "1 everywhere"),)}  # fmt: skip
    twos = [
        (one | two, (*ms, *more))
        for name, other in combinations(SLOPES, 2)
        for one, ms in wrong[name]
        for two, more in wrong[other]
        if {ms, more} != missing  # that is no derivative at all
    ]
    whole = [(dict.fromkeys(SLOPES, run), mistakes) for run, mistakes in at("error")]
    ones = [one for name in SLOPES for one in wrong[name]]
    right = dict.fromkeys(SLOPES, RIGHT_ERROR)
    return [*whole, *((right | runs, mistakes) for runs, mistakes in (*ones, *twos))]


class Backward:
    """The right values of the cases, and hypotheses for the four gradients built on them.

    What a hypothesis gives in a case depends on few of its steps: those of the two activations. So
    errors are kept by these, and serve many hypotheses, and every submission.
    """

    def __init__(self, points: Mapping[str, Point]) -> None:
        self.points = points
        with np.errstate(all="ignore"):  # large numbers are meant to overflow
            self.values = {case: passes.forward(point) for case, point in points.items()}
        self.second: dict[Any, Array] = {}
        self.first: dict[Any, Array] = {}
        self.last: dict[Any, Array] = {}

    def delta2(self, case: str, error: Error = RIGHT_ERROR) -> Array:
        """The error of layer 2, computed in this way: eq:c18-4."""
        key = case, error
        if key not in self.second:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            self.second[key] = error(passes.Layer(p.g, p.f, s2, y_hat, p.d, s1, z1, p.x))
        return self.second[key]

    def delta1(
        self, case: str, error2: Error = RIGHT_ERROR, back: Any = RIGHT_BACK,
        error1: Error = RIGHT_ERROR,
    ) -> Array:  # fmt: skip
        """The error of layer 1, by the error of layer 2 and the way back from it: eq:c18-2."""
        key = case, error2, back, error1
        if key not in self.first:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            dz = back(passes.Way(self.delta2(case, error2), p.d, p.W1, p.W2))
            self.first[key] = error1(passes.Layer(p.f, p.g, s1, z1, dz, s2, y_hat, p.x))
        return self.first[key]

    def steps(self, case: str, path: tuple[int, ...]) -> tuple[Any, ...]:
        """The steps of a hypothesis, by their numbers, as they are taken in this case."""
        error2 = errors()[path[0]][0][self.points[case].g]
        if len(path) == 1:
            return (error2,)
        return error2, at("back")[path[1]][0], errors()[path[2]][0][self.points[case].f]

    def gradient(self, quantity: str, case: str, steps: tuple[Any, ...], final: Any) -> Array:
        """A gradient by these steps: eq:c18-1, eq:c26-1."""
        key = quantity, case, steps, final
        if key not in self.last:
            p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
            L, kind = int(quantity[-1]), quantity[-2]
            delta = self.delta2(case, *steps) if L == 2 else self.delta1(case, *steps)
            right = z1 if L == 2 else p.x
            other = p.truth[f"dJd{kind}{3 - L}"]
            end = passes.End(delta, right, p.x, s1, z1, s2, y_hat, other)
            self.last[key] = np.asarray(final(end))
        return self.last[key]

    def explanations(
        self, quantity: str, results: Results, tolerance: Tolerance
    ) -> list[Explanation]:
        """All hypotheses that reproduce the gradient with as few mistakes as possible.

        With more than that if a call raised an error, which only some hypotheses explain.
        """
        L = int(quantity[-1])
        raised = any(result.value is None for result in results.values())
        found: list[Explanation] = []
        seen: dict[Any, Ratio] = {}
        for count, path, final, mistakes in _candidates(L, quantity[-2]):
            # A mistake of two layers costs once, so two mistakes of one layer are as likely.
            if found and not raised and count > len(found[0].mistakes):
                break

            def compare(case: str, path: tuple[int, ...] = path, final: Any = final) -> Ratio:
                steps = self.steps(case, path)
                key = case, steps, final
                if key not in seen:
                    seen[key] = ratio(
                        lambda: self.gradient(quantity, case, steps, final),
                        results[case].value, tolerance,
                    )  # fmt: skip
                return seen[key]

            if (one := explain(compare, mistakes, results, tolerance, quantity, path)) is not None:
                found.append(one._replace(mistakes=_named(one, L)))
        return found


@lru_cache(maxsize=2)
def backward(probed: tuple[int, ...]) -> Backward:
    """That of the cases, with probes of these batch sizes."""
    return Backward(points(probed))


@cache
def _candidates(L: int, kind: str) -> list[tuple[int, tuple[int, ...], Any, Explained]]:
    """The choices of options with at most MOST_MISTAKES mistakes, fewest first, and how many."""
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
    return sorted(found, key=lambda one: one[0])


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
