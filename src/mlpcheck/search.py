"""Finds the mistakes that reproduce a student's numbers in every case, if there are any.

A hypothesis is a choice of one option for each step of the passes, perhaps with a factor. It holds
if it gives the student's number in all cases, within the tolerance, and raises where the student's
code raised. Hypotheses with fewer mistakes come first.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.mistakes import Explained, Found, at
from mlpcheck.truth import passes
from mlpcheck.truth.cases import Array, Loss, Point, Sizes, points

MOST_MISTAKES = 2  # in one quantity; more of them would fit by accident


@dataclass(frozen=True)
class Tolerance:
    """|a - b| may be relative * max |b| + absolute."""

    relative: float
    absolute: float

    def close(self, a: Array, b: Array) -> bool:
        """Whether the arrays agree; NaN agrees with NaN, and shapes but for axes of length 1."""
        if a.shape != b.shape and squeezed(a) != squeezed(b):
            return False
        a, largest = a.reshape(b.shape), np.abs(b).max(initial=0)
        if np.isfinite(largest):  # the usual case, quicker
            return bool((np.abs(a - b) <= self.relative * largest + self.absolute).all())
        bound = self.relative * np.abs(b[np.isfinite(b)]).max(initial=0) + self.absolute
        return np.allclose(a, b, rtol=0, atol=bound, equal_nan=True)


# SINGLE is for code that computes in single precision. EXACT tells hypotheses apart that differ
# little, and the cases that a wrong forward pass leaves alone from those that it hardly changes.
DOUBLE, SINGLE, EXACT = Tolerance(1e-6, 1e-13), Tolerance(1e-5, 1e-6), Tolerance(1e-12, 1e-15)


def squeezed(a: Array) -> tuple[int, ...]:
    return tuple(n for n in a.shape if n != 1)


class Explanation(NamedTuple):
    """Mistakes that reproduce a quantity, the cases in which they raise, and the errors used."""

    mistakes: Explained
    raises: frozenset[str]
    path: tuple[int, ...] = ()


Results = Mapping[str, Array | None]  # by case; None where the call raised an error


class Given(NamedTuple):
    """What is to be explained: a quantity, its results, their cases, and how near is equal."""

    quantity: str
    results: Results
    cases: Mapping[str, Point] | Mapping[str, Loss]
    tolerance: Tolerance

    @property
    def raised(self) -> set[str]:
        return {case for case, value in self.results.items() if value is None}


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
    if value.shape != predicted.shape and squeezed(value) != squeezed(predicted):
        return None
    value, largest = value.reshape(predicted.shape), np.abs(predicted).argmax()
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
    found, sizes = np.array([f for f, _ in ratios]), np.array([s for _, s in ratios], dtype=float)
    for powers in POWERS if ratios else ():
        constants = found / np.prod(sizes**powers, axis=1)
        first = float(constants[0])  # 0 for a power of a length that there is not
        if first and (np.abs(constants - first) <= 10 * tolerance.relative * abs(first)).all():
            return first, powers
    return None


# What a power of a length, and a number, say about the student's code.
LOSS_POWERS: dict[tuple[int, int], Explained] = {  # of N and K
    (0, 0): (), (0, 1): (Found("over-n"),), (1, 0): (Found("over-k"),),
    (1, 1): (Found("not-averaged"),), (-1, 0): (Found("averaged-twice", "N"),),
    (0, -1): (Found("averaged-twice", "K"),), (-1, -1): (Found("averaged-twice", "N K"),),
}  # fmt: skip
GRADIENT_POWERS = {
    ("N", -1): Found("mean-again"), ("N", 1): Found("batch-factor"),
    ("K", -1): Found("outputs-factor", "small"), ("K", 1): Found("outputs-factor", "large"),
    **{(length, power): Found("width-factor", f"{done} by {length}")
       for length in ("out1", "in1") for power, done in ((-1, "divided"), (1, "multiplied"))},
}  # fmt: skip
NUMBERS: dict[float, Explained] = {
    1.0: (), 2.0: (Found("factor-two-extra"),), 0.5: (Found("factor-two-missing"),),
}  # fmt: skip
BASES = {1 / math.log(base): (Found("bce-base", str(base)),) for base in (2, 10)}


def factor_mistakes(c: float, powers: Sizes, quantity: str) -> Explained:
    """What a factor says about the student's code; empty if nothing is known."""
    found = [Found("sign")] if c < 0 else []
    loss, c = quantity in ("loss", "dJdy_hat"), abs(c)
    N, K, inverse = powers.N, powers.K, round(1 / c)
    if abs(1 / c - inverse) < 1e-4 and inverse >= 3 and 1 in (N, K):
        c = 1.0
        if N == 1:
            found, N = [*found, Found("batch-hardcoded", str(inverse))], 0
        else:
            found, K = [*found, Found("width-hardcoded", f"K = {inverse}")], 0
    if not loss:
        left = powers._replace(N=N, K=K)._asdict()
        found += [GRADIENT_POWERS[one] for one in left.items() if one[1]]
    elif (N, K) in LOSS_POWERS:
        found += LOSS_POWERS[N, K]
    else:
        return ()
    for number, said in (NUMBERS | BASES if quantity == "loss" else NUMBERS).items():
        if math.isclose(c, number, rel_tol=1e-4):
            return (*found, *said)
    return () if any(powers) else (*found, Found("constant-factor", f"{c:.6g}"))


def explain(
    given: Given, compare: Callable[[str], Ratio], mistakes: Explained, count: int,
    path: tuple[int, ...] = (),
) -> Explanation | None:  # fmt: skip
    """The hypothesis as an explanation: as it is or, below MOST_MISTAKES, with a factor.

    `compare` gives the ratio in a case; the first one that does not fit ends the search.
    """
    raises, ratios, equal = set[str](), list[tuple[float, Sizes]](), True
    for case in given.results:
        found = compare(case)
        if found is None:
            return None
        equal = equal and (found != found or found in (RAISES, 1))  # or ANY
        if not equal and count >= MOST_MISTAKES:
            return None
        if found == RAISES:
            raises.add(case)
        elif found == found:
            ratios.append((found, given.cases[case].sizes))
    if not equal:
        scaled = factor(ratios, given.tolerance)
        more = factor_mistakes(*scaled, given.quantity) if scaled else ()
        if not more:
            return None
        mistakes = (*mistakes, *more)
    return Explanation(mistakes, frozenset(raises), path)


def explain_forward(given: Given) -> Explanation | None:
    """The fewest mistakes of the forward pass that reproduce y_hat in all cases."""
    for steps, mistakes in _forward_choices() if len(given.raised) < len(given.results) else ():

        def compare(case: str, steps: dict[str, Any] = steps) -> Ratio:
            point: Any = given.cases[case]
            value = given.results[case]
            return ratio(lambda: passes.forward(point, steps)[3], value, given.tolerance)

        found = explain(given, compare, mistakes, len(mistakes))
        if found is not None and found.raises == given.raised:
            return found
    return None


@cache
def _forward_choices() -> list[tuple[dict[str, Any], Explained]]:
    """All choices of other options for at most MOST_MISTAKES steps, fewest first."""
    return [
        (dict(zip(steps, (run for run, _ in chosen), strict=True)),
         tuple(mistake for _, mistakes in chosen for mistake in mistakes))
        for count in range(MOST_MISTAKES + 1)
        for steps in combinations(passes.FORWARD, count)
        for chosen in product(*(at(step)[1:] for step in steps))
    ]  # fmt: skip


# ------------------------------------------------------------------------------ backward

Error = Callable[[passes.Layer], Array]
Errors = Mapping[str, Error]  # by the activation of the layer
SLOPES = ("sigmoid", "relu", "identity")
RIGHT_ERROR: Error = passes.RIGHT["error"]
RIGHT_BACK = passes.RIGHT["back"]


@cache
def errors() -> list[tuple[Errors, Explained]]:
    """What an error may be: right, wrong, with a wrong derivative of one activation or of two."""
    wrong = {
        name: [({name: lambda a, slope=slope: np.asarray(a.dz * slope(a))}, mistakes)
               for slope, mistakes in at(f"slope of {name}")[1:]]
        for name in SLOPES
    }  # fmt: skip
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
        self.delta1, self.delta2 = cache(self._delta1), cache(self._delta2)
        self.gradient = cache(self._gradient)

    def _delta2(self, case: str, error: Error = RIGHT_ERROR) -> Array:
        """The error of layer 2, computed in this way: eq:c18-4."""
        p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
        return error(passes.Layer(p.g, p.f, s2, y_hat, p.d, s1, z1, p.x))

    def _delta1(
        self, case: str, error2: Error = RIGHT_ERROR, back: Any = RIGHT_BACK,
        error1: Error = RIGHT_ERROR,
    ) -> Array:  # fmt: skip
        """The error of layer 1, by the error of layer 2 and the way back from it: eq:c18-2."""
        p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
        dz = back(self.delta2(case, error2), p)
        return error1(passes.Layer(p.f, p.g, s1, z1, dz, s2, y_hat, p.x))

    def _gradient(self, quantity: str, case: str, steps: tuple[Any, ...], final: Any) -> Array:
        """A gradient by these steps: eq:c18-1, eq:c26-1."""
        p, (s1, z1, s2, y_hat) = self.points[case], self.values[case]
        L, kind = int(quantity[-1]), quantity[-2]
        delta = self.delta2(case, *steps) if L == 2 else self.delta1(case, *steps)
        other = p.truth[f"dJd{kind}{3 - L}"]
        end = passes.End(delta, z1 if L == 2 else p.x, p.x, s1, z1, s2, y_hat, other)
        return np.asarray(final(end))

    def steps(self, case: str, path: tuple[int, ...]) -> tuple[Any, ...]:
        """The steps of a hypothesis, by their numbers, as they are taken in this case."""
        p, error2, rest = self.points[case], errors()[path[0]][0], path[1:]
        first = (at("back")[rest[0]][0], errors()[rest[1]][0][p.f]) if rest else ()
        return error2[p.g], *first

    def explanations(self, given: Given) -> list[Explanation]:
        """All hypotheses that reproduce the gradient with as few mistakes as possible.

        With more than that if a call raised an error, which only some hypotheses explain.
        """
        quantity, raised, found = given.quantity, given.raised, list[Explanation]()

        @cache
        def compared(case: str, steps: tuple[Any, ...], final: Any) -> Ratio:
            gradient = partial(self.gradient, quantity, case, steps, final)
            return ratio(gradient, given.results[case], given.tolerance)

        for count, path, final, mistakes in _candidates(int(quantity[-1]), quantity[-2]):
            # A mistake of two layers costs once, so two mistakes of one layer are as likely.
            if found and not raised and count > len(found[0].mistakes):
                break

            def compare(case: str, path: tuple[int, ...] = path, final: Any = final) -> Ratio:
                return compared(case, self.steps(case, path), final)

            if one := explain(given, compare, mistakes, count, path):
                found.append(one)
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

    def end(n: int, path: tuple[int, ...], before: Explained) -> None:
        for final, mistakes in finals if n < MOST_MISTAKES else finals[:1]:
            found.append((n + len(mistakes), path, final, (*before, *mistakes)))

    def of(layer: str, mistakes: Explained) -> Explained:
        return tuple(Found(m.code, m.value.replace("{layer}", layer)) for m in mistakes)

    for error2, (_, second) in enumerate(errors()):
        if L == 2:
            end(len(kinds[error2]), (error2,), of("g", second))
        for error1, (_, first) in enumerate(errors() if L == 1 else ()):
            # A shared function for the derivative makes the same mistake in both layers.
            n = len(kinds[error2] | kinds[error1])
            for back, (_, wrong) in enumerate(at("back") if n <= MOST_MISTAKES else ()):
                if n + len(wrong) <= MOST_MISTAKES:
                    mistakes = (*of("g", second), *of("f", first), *wrong)
                    end(n + len(wrong), (error2, back, error1), mistakes)
    return sorted(found, key=lambda one: one[0])


def choose(
    possible: Mapping[str, list[Explanation]], raised: set[str]
) -> tuple[dict[str, Explained], set[str]]:
    """One explanation for each gradient, with the fewest different mistakes in all.

    Explanations that disagree about an error of the same layer are taken only if none agree; those
    that leave a raised error unexplained only if none explain it. Also returns what is left of it.
    """
    short = [
        [e for e in found if len(e.mistakes) <= len(found[0].mistakes) + bool(raised)][:8]
        for found in possible.values()
    ]

    def left(chosen: Sequence[Explanation]) -> set[str]:
        return raised.difference(*(e.raises for e in chosen))

    def cost(chosen: Sequence[Explanation]) -> float:
        distinct = {mistake for e in chosen for mistake in e.mistakes}
        errors = {e.path[:1] for e in chosen} | {e.path for e in chosen}  # of layer 2, and of both
        return len(distinct) + 0.5 * len(errors) + (4 if left(chosen) else 0)

    best = min(product(*short), key=cost)
    return {q: e.mistakes for q, e in zip(possible, best, strict=True)}, left(best)
