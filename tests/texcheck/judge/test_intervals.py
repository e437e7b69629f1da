"""Certified numbers hold the true value, which a hundred digits tell."""

from __future__ import annotations

import random
from decimal import Context, Decimal
from fractions import Fraction

import pytest

from texcheck.judge import intervals
from texcheck.judge.intervals import Doubtful, Interval, Number, between

FINE = Context(prec=100)


def true(value: Fraction) -> Decimal:
    return FINE.divide(Decimal(value.numerator), Decimal(value.denominator))


def holds(found: Number, wanted: Decimal) -> bool:
    """Whether an interval holds a value that is known to 100 digits, and is narrow."""
    low, high = between(found)
    below, above, width = (
        FINE.subtract(*pair) for pair in ((low, wanted), (wanted, high), (high, low))
    )
    tiny, size = Decimal("1e-95"), max(high.copy_abs(), Decimal("1e-30"))
    return max(below, above) <= FINE.multiply(tiny, size) and width <= FINE.multiply(
        Decimal("1e-45"), size
    )


@pytest.mark.parametrize("seed", range(60))
def test_functions_hold_the_true_value(seed: int) -> None:
    value = Fraction(random.Random(seed).randint(-400, 400), random.Random(seed + 1).randint(1, 90))
    one, exact = Decimal(1), true(value)
    negative = FINE.exp(exact.copy_negate())
    assert holds(intervals.sigma(value), FINE.divide(one, FINE.add(one, negative)))
    assert holds(intervals.add(value, Fraction(1, 7)), FINE.add(exact, true(Fraction(1, 7))))
    squared = (
        intervals.times(intervals.sqrt(abs(value)), intervals.sqrt(abs(value))) if value else 0
    )
    if value:
        assert holds(squared, exact.copy_abs())
        assert holds(intervals.inverse(value), FINE.divide(one, exact))
    if value > 0:
        assert holds(intervals.log(value), FINE.ln(exact))


def test_a_sign_is_certain_or_doubtful() -> None:
    assert [intervals.sign(Fraction(n)) for n in (-2, 0, 2)] == [-1, 0, 1]
    assert intervals.sign(Interval(Decimal(1), Decimal(2))) == 1
    nearly = intervals.add(intervals.sigma(Fraction(1)), intervals.sigma(Fraction(-1)))
    with pytest.raises(Doubtful):
        intervals.sign(intervals.add(nearly, Fraction(-1)))
    with pytest.raises(Doubtful):
        intervals.inverse(Interval(Decimal(-1), Decimal(1)))
    with pytest.raises(Doubtful):
        intervals.sigma(Fraction(10**9))


def test_what_is_exact_stays_so() -> None:
    assert intervals.sigma(Fraction(0)) == Fraction(1, 2)
    assert intervals.sqrt(Fraction(9, 4)) == Fraction(3, 2)
    assert intervals.log(Fraction(1)) == 0
