"""Numbers that are exact, or certain to lie between two decimals: for witnesses.

Law: the result of every operation is a fraction that is exact, or an interval that holds the true
value; what cannot be told for certain raises `Doubtful`.
"""

import decimal
import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

DIGITS = 50
LARGEST = 10_000  # the exponent of e up to which a sigmoid is computed
TWO = Fraction(2)
_TRAPS = [decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow]
DOWN = Context(prec=DIGITS, rounding=decimal.ROUND_FLOOR, traps=_TRAPS)
UP = Context(prec=DIGITS, rounding=decimal.ROUND_CEILING, traps=_TRAPS)


class Doubtful(ArithmeticError):
    """The digits do not suffice to tell."""


class Interval(NamedTuple):
    """The true value is at least `low` and at most `high`."""

    low: Decimal
    high: Decimal


Number: TypeAlias = Fraction | Interval


def between(value: Number) -> Interval:
    """An interval that holds a number."""
    if isinstance(value, Interval):
        return value
    top, bottom = Decimal(value.numerator), Decimal(value.denominator)
    return Interval(DOWN.divide(top, bottom), UP.divide(top, bottom))


def add(a: Number, b: Number) -> Number:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a + b
    a, b = between(a), between(b)
    return Interval(DOWN.add(a.low, b.low), UP.add(a.high, b.high))


def times(a: Number, b: Number) -> Number:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a * b
    if a == Fraction(0) or b == Fraction(0):
        return Fraction(0)
    a, b = between(a), between(b)
    ends = [(x, y) for x in a for y in b]
    low = min(DOWN.multiply(x, y) for x, y in ends)
    return Interval(low, max(UP.multiply(x, y) for x, y in ends))


def sign(value: Number) -> int:
    """1, 0 or -1. Raises Doubtful where an interval holds 0."""
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    if value.low > 0 or value.high < 0:
        return 1 if value.low > 0 else -1
    raise Doubtful


def inverse(value: Number) -> Number:
    if not sign(value):
        raise Doubtful
    if isinstance(value, Fraction):
        return 1 / value
    return Interval(DOWN.divide(1, value.high), UP.divide(1, value.low))


def power(value: Number, n: int) -> Number:
    if n < 0:
        return power(inverse(value), -n)
    if not n:
        return Fraction(1)
    half = power(value, n // 2)
    return times(times(half, half), value if n % 2 else Fraction(1))


def _outward(function: Callable[[Decimal, Context], Decimal], value: Number) -> Interval:
    """A function that grows, right to half a unit of the last digit as those of Decimal are."""
    low, high = between(value)
    return Interval(function(low, DOWN).next_minus(DOWN), function(high, UP).next_plus(UP))


def sigma(value: Number) -> Number:
    if value == Fraction(0):
        return Fraction(1, 2)
    opposite = between(times(Fraction(-1), value))
    if max(map(abs, opposite)) > LARGEST:
        raise Doubtful
    return inverse(add(Fraction(1), _outward(Decimal.exp, opposite)))


def log(value: Number) -> Number:
    if sign(value) < 1:
        raise Doubtful
    if value == Fraction(1):
        return Fraction(0)
    return _outward(Decimal.ln, value)


def sqrt(value: Number) -> Number:
    if isinstance(value, Fraction) and value >= 0:
        root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
        if root * root == value:
            return root
    if sign(value) < 1:
        raise Doubtful
    return _outward(Decimal.sqrt, value)


# Each by its own definition, not by the laws of the algebra.
FUNCTIONS: dict[str, Callable[[Number], Number]] = {
    "I": lambda value: value,
    "ReLU": lambda value: value if sign(value) > 0 else Fraction(0),
    "step": lambda value: Fraction(int(sign(value) > 0)),
    "sigma": sigma,
    "tanh": lambda value: add(times(TWO, sigma(times(TWO, value))), Fraction(-1)),
    "log": log,
    "sqrt": sqrt,
    "inverse": inverse,
}


def approximate(value: Number) -> float:
    """A float near a number. Raises OverflowError for one beyond all floats."""
    return float(value if isinstance(value, Fraction) else Fraction(value.low + value.high) / 2)
