"""Finds the mistakes that reproduce a student's numbers in every case, if there are any.

A hypothesis is a choice of one option for each step of the passes, perhaps with a factor. It holds
if it gives the student's number in all cases, within the tolerance, and raises where the student's
code raised. Hypotheses with fewer mistakes come first.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from mlpcheck.mistakes import Explained, Found, at
from mlpcheck.truth import passes
from mlpcheck.truth.cases import Array, Loss, Point, Sizes

MOST_MISTAKES = 2  # in one quantity; more of them would fit by accident


@dataclass(frozen=True)
class Tolerance:
    """|a - b| may be relative * max |b| + absolute."""

    relative: float
    absolute: float

    def close(self, a: Array, b: Array) -> bool:
        """Whether the arrays agree; NaN agrees with NaN, and shapes but for axes of length 1."""
        if a.shape != b.shape and a.squeeze().shape != b.squeeze().shape:
            return False
        a, largest = a.reshape(b.shape), np.abs(b).max(initial=0)
        if np.isfinite(largest):  # the usual case, quicker
            return bool((np.abs(a - b) <= self.relative * largest + self.absolute).all())
        bound = self.relative * np.abs(b[np.isfinite(b)]).max(initial=0) + self.absolute
        return np.allclose(a, b, rtol=0, atol=bound, equal_nan=True)


# SINGLE is for code that computes in single precision. EXACT tells hypotheses apart that differ
# little, and the cases that a wrong forward pass leaves alone from those that it hardly changes.
DOUBLE, SINGLE, EXACT = Tolerance(1e-6, 1e-13), Tolerance(1e-5, 1e-6), Tolerance(1e-12, 1e-15)


class Hypothesis(NamedTuple):
    """The kinds of its mistakes (the same in both layers is one), these, and what was chosen.

    As an explanation it has the cases in which it says why a call raised an error.
    """

    kinds: frozenset[Found]
    mistakes: Explained
    chosen: tuple[Any, ...]
    raises: frozenset[str] = frozenset()


Cases = Mapping[str, Point] | Mapping[str, Loss]

# What a result is times a hypothesis: RAISES if both raise, ANY if that cannot be told, None if it
# is no multiple.
Ratio = float | None
RAISES, ANY = 0.0, float("nan")
EQUAL = (1.0, RAISES, ANY)


def ratio(predict: Callable[[], Array], value: Array | None, tolerance: Tolerance) -> Ratio:
    """The ratio of a student's value, None if the call raised, and what a hypothesis predicts."""
    try:
        predicted = predict()
    except (ValueError, IndexError):
        return RAISES if value is None else None
    if value is None:
        return ANY
    if value.shape != predicted.shape and value.squeeze().shape != predicted.squeeze().shape:
        return None
    largest = np.abs(predicted).argmax()
    base, given = float(predicted.flat[largest]), float(value.flat[largest])
    bound = tolerance.relative * abs(base)
    equal = not math.isfinite(base) or abs(given - base) <= bound + tolerance.absolute
    found = 1.0 if equal else given / (base or math.inf)
    if not (found and math.isfinite(found) and tolerance.close(value, found * predicted)):
        return None
    return ANY if equal and bound <= tolerance.absolute else found  # too small for a ratio


# A factor with the lengths of a case, or with powers of them; and the powers that it may have.
Scale = tuple[float, Sizes]
MORE = ((0, 0, 1), (0, 0, -1), (0, 0, 0, 1), (0, 0, 0, -1), (0, 2), (2, 0))
POWERS = [Sizes(*powers) for powers in (*product((0, -1, 1), repeat=2), *MORE)]
# What a power of a length, and a number, say about the student's code.
DONE: dict[tuple[Any, int], Found] = {  # of N and K in a loss, of a single length in a gradient
    (1, 1): Found("not-averaged"), **{powers: Found("wrong-divisor", by) for powers, by in {
        (0, 1): "N alone", (1, 0): "K alone", (-1, 1): "N^2", (1, -1): "K^2",
        (-1, 0): "N K and again by N", (0, -1): "N K and again by K", (-1, -1): "N K twice",
        (0, 2): "N and then multiplied by K, where a bracket is missing",
        (2, 0): "K and then multiplied by N, where a bracket is missing",
    }.items()},
    ("N", -1): Found("mean-again"), ("N", 1): Found("batch-factor"),
    **{(length, power): Found("width-factor", f"{done} by {length}")
       for length in ("K", "out1", "in1") for power, done in ((-1, "divided"), (1, "multiplied"))},
}  # fmt: skip
TWO, HALF = (Found("factor-two-extra"),), (Found("factor-two-missing"),)
NUMBERS: dict[float, Explained] = {1.0: (), 2.0: TWO, 0.5: HALF}
NUMBERS |= {1 / math.log(base): (Found("bce-base", str(base)),) for base in (2, 10)}


def factor(ratios: Sequence[Scale], tolerance: Tolerance) -> Scale | None:
    """A number and powers of the lengths whose product is the ratio in every case, or None."""
    found, sizes = np.array([f for f, _ in ratios]), np.array([s for _, s in ratios], dtype=float)
    for powers in POWERS if ratios else ():
        constants = found / np.prod(sizes**powers, axis=1)
        first = float(constants[0])  # 0 for a power of a length that there is not
        if first and (np.abs(constants - first) <= 10 * tolerance.relative * abs(first)).all():
            return first, powers
    return None


def factor_mistakes(c: float, powers: Sizes, quantity: str) -> Explained:
    """What a factor says about the student's code; empty if nothing is known."""
    found = [Found("sign")] if c < 0 else []
    if quantity == "y_hat":  # there the reasons for a factor are not those of a gradient
        return () if any(powers) else (Found("constant-factor", f"{c:.6g}"),)
    loss, c = "_loss " in quantity, abs(c)
    N, K, inverse = powers.N, powers.K, round(1 / c)
    if abs(1 / c - inverse) < 1e-4 and inverse >= 3 and 1 in (N, K):
        what = "a batch of" if N == 1 else "K ="
        found, c = [*found, Found("size-hardcoded", f"{what} {inverse}")], 1.0
        N, K = (0, K) if N == 1 else (N, 0)
    lengths = powers._replace(N=N, K=K)._asdict().items()
    left: list[Any] = [(N, K)] * any((N, K)) if loss else [one for one in lengths if one[1]]
    if not DONE.keys() >= {*left}:
        return ()
    found += [DONE[one] for one in left]
    for number, said in NUMBERS.items():
        if math.isclose(c, number, rel_tol=1e-4):
            return (*found, *said)
    return () if any(powers) else (*found, Found("constant-factor", f"{c:.6g}"))


@cache
def errors(layer: str) -> list[tuple[passes.Errors, Explained]]:
    """What an error may be: right, wrong, with a wrong derivative of one activation or of two."""

    def by(slope: Any) -> passes.Error:
        return lambda a: np.asarray(a.dz * slope(a))

    missing = {Found("derivative-missing", "the sigmoid"), Found("relu-derivative", "1 everywhere")}
    found = [(passes.Errors(layer, run, run, run), wrong) for run, wrong in at("error")[1:]]
    slopes = [f"slope of {name}" for name in passes.Errors._fields[1:]]
    for chosen in product(*([(by(run), wrong) for run, wrong in at(step)] for step in slopes)):
        wrong = tuple(mistake for _, mistakes in chosen for mistake in mistakes)
        if len(wrong) <= MOST_MISTAKES and {*wrong} != missing:  # that is no derivative at all
            found.append((passes.Errors(layer, *(run for run, _ in chosen)), wrong))
    return sorted(found, key=lambda one: len(one[1]))


@cache
def known(quantity: str) -> list[Hypothesis]:
    """All hypotheses of the registry about a quantity, the right one first.

    Each has an option for each step, with at most MOST_MISTAKES mistakes; fewest come first.
    """
    found = [Hypothesis(frozenset(), (), ())]
    for step in passes.STEPS.get(quantity, (quantity,)):
        layer = {"error 1": "f", "error 2": "g"}.get(step, "")
        options = [
            (run, wrong, [Found(m.code, m.value.replace("{layer}", layer)) for m in wrong])
            for run, wrong in (errors(layer) if layer else at(step))
        ]
        found = [
            # A shared function for the derivative makes the same mistake in both layers.
            Hypothesis(one.kinds.union(wrong), (*one.mistakes, *more), (*one.chosen, run))
            for one in found
            for run, wrong, more in options
            if len(one.kinds.union(wrong)) <= MOST_MISTAKES
        ]
    return sorted(found, key=lambda one: len(one.kinds))


def explanations(
    name: str, results: Mapping[str, Array | None], cases: Cases, tolerance: Tolerance
) -> Iterator[Hypothesis]:
    """All hypotheses that reproduce the quantity of this name with as few mistakes as possible.

    As they are or, below MOST_MISTAKES, with a factor; with more mistakes than needed if a call
    raised an error (its result is None), which only some hypotheses explain.
    """
    raised, fewest = sum(value is None for value in results.values()), MOST_MISTAKES

    @cache
    def compared(case: str, steps: tuple[Any, ...]) -> Ratio:
        predict = partial(passes.predicted, name, cases[case], *steps)
        return ratio(predict, results[case], tolerance)

    for one in known(name) if raised < len(results) else ():
        # A mistake of two layers costs once, so two mistakes of one layer are as likely.
        if len(one.kinds) > fewest and not raised:
            return
        found, mistakes = dict[str, float](), one.mistakes
        for case in results:
            fits = compared(case, passes.used(one.chosen, cases[case]))
            if fits is None or (len(one.kinds) >= MOST_MISTAKES and fits not in EQUAL):
                break
            found[case] = fits
        if len(found) < len(results):
            continue
        if not all(fits in EQUAL for fits in found.values()):
            scales = [(f, cases[case].sizes) for case, f in found.items() if f not in (RAISES, ANY)]
            scaled = factor(scales, tolerance)
            if not (more := factor_mistakes(*scaled, name) if scaled else ()):
                continue
            mistakes = (*mistakes, *more)
        fewest = min(fewest, len(mistakes))
        raises = frozenset(case for case, fits in found.items() if fits == RAISES)
        yield one._replace(mistakes=mistakes, raises=raises)


def choose(
    possible: Mapping[str, list[Hypothesis]], raised: set[str]
) -> tuple[dict[str, Hypothesis], set[str]]:
    """One explanation for each gradient, with the fewest different mistakes in all.

    Explanations that disagree about an error of the same layer are taken only if none agree; those
    that leave a raised error unexplained only if none explain it. Also returns what is left of it.
    """
    short = [
        [e for e in found if len(e.mistakes) <= len(found[0].mistakes) + bool(raised)][:8]
        for found in possible.values()
    ]

    def left(chosen: Sequence[Hypothesis]) -> set[str]:
        return raised.difference(*(e.raises for e in chosen))

    def cost(chosen: Sequence[Hypothesis]) -> float:
        distinct = {mistake for e in chosen for mistake in e.mistakes}
        paths = {e.chosen[:1] for e in chosen} | {e.chosen[:-1] for e in chosen}  # of layer 2, of 1
        return len(distinct) + 0.5 * len(paths) + (4 if left(chosen) else 0)

    fewest = min(product(*short), key=cost)
    return dict(zip(possible, fewest, strict=True)), left(fewest)
