"""The numbers that formulas are evaluated with, each a batch of random points at once.

`Exact`: integers modulo the prime 2^61 - 1. `Real`: floats. `Dual`: a value with its derivatives,
over either. Plain `int` and `Fraction` are constants, so that zeros cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

PRIME = 2**61 - 1
LARGEST = 10**15  # no constant may come near the prime
HIGHEST = 1000  # nor a power the degrees for which chance is negligible


class NoValue(Exception):
    """The formula has no value at a point: a division by zero."""


class TooLarge(Exception):
    """A constant or a degree that comes near the prime: the exact engine would be blind to it."""


class Undecided(Exception):
    """The exact engine does not know the function; the message says which."""


class Exact:
    """Field elements at the points of a batch, as the value of a rational function of the inputs.

    `top`, `bottom`: upper bounds of the degrees of the function's numerator and denominator.
    `signs`: what is assumed beyond algebra: bit 0 for the value of an unknown function, a further
    bit for each assigned sign that is not one of the network's regions.
    """

    __slots__ = ("bottom", "signs", "top", "values")

    def __init__(self, values: list[int], top: int = 1, bottom: int = 0, signs: int = 0) -> None:
        self.values = values
        self.top = top
        self.bottom = bottom
        self.signs = signs

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Exact):
            values = [(a + b) % PRIME for a, b in zip(self.values, other.values, strict=True)]
            top = max(self.top + other.bottom, other.top + self.bottom)
            return Exact(values, top, self.bottom + other.bottom, self.signs | other.signs)
        if isinstance(other, int | Fraction):
            if not other:
                return self
            constant = residue(other)
            top = max(self.top, self.bottom)
            values = [(a + constant) % PRIME for a in self.values]
            return Exact(values, top, self.bottom, self.signs)
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Exact:
        values = [PRIME - a if a else 0 for a in self.values]
        return Exact(values, self.top, self.bottom, self.signs)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            return NotImplemented
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Exact):
            values = [a * b % PRIME for a, b in zip(self.values, other.values, strict=True)]
            top, bottom = self.top + other.top, self.bottom + other.bottom
            return Exact(values, top, bottom, self.signs | other.signs)
        if isinstance(other, int | Fraction):
            if not other:
                return 0
            if other == 1:
                return self
            constant = residue(other)
            values = [a * constant % PRIME for a in self.values]
            return Exact(values, self.top, self.bottom, self.signs)
        return NotImplemented

    __rmul__ = __mul__

    def inverse(self) -> Exact:
        """One over the values, by one modular inverse for the whole batch."""
        products, running = [], 1
        for value in self.values:
            products.append(running)
            running = running * value % PRIME
        if running == 0:
            raise NoValue("division by zero")
        running = pow(running, -1, PRIME)
        result = [0] * len(products)
        for at in range(len(products) - 1, -1, -1):
            result[at] = running * products[at] % PRIME
            running = running * self.values[at] % PRIME
        return Exact(result, self.bottom, self.top, self.signs)


class Real:
    """Floats at the points of a batch."""

    __slots__ = ("values",)

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Real):
            return Real([a + b for a, b in zip(self.values, other.values, strict=True)])
        if isinstance(other, int | Fraction):
            if not other:
                return self
            constant = float(other)
            return Real([a + constant for a in self.values])
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Real:
        return Real([-a for a in self.values])

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            return NotImplemented
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Real):
            return Real([a * b for a, b in zip(self.values, other.values, strict=True)])
        if isinstance(other, int | Fraction):
            if not other:
                return 0
            if other == 1:
                return self
            constant = float(other)
            return Real([a * constant for a in self.values])
        return NotImplemented

    __rmul__ = __mul__

    def inverse(self) -> Real:
        """One over the values."""
        if not all(self.values):
            raise NoValue("division by zero")
        return Real([1 / a for a in self.values])


class Dual:
    """A value and its derivatives by the components of one quantity (those that are not zero)."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Any, slopes: dict[int, Any]) -> None:
        self.value = value
        self.slopes = slopes

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.slopes)
        slopes = dict(self.slopes)
        for key, slope in other.slopes.items():
            slopes[key] = slopes[key] + slope if key in slopes else slope
        return Dual(self.value + other.value, slopes)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, {key: -slope for key, slope in self.slopes.items()})

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Dual):
            if isinstance(other, int | Fraction) and not other:
                return 0
            slopes = {key: slope * other for key, slope in self.slopes.items()}
            return Dual(self.value * other, slopes)
        slopes = {key: slope * other.value for key, slope in self.slopes.items()}
        for key, slope in other.slopes.items():
            scaled = slope * self.value
            slopes[key] = slopes[key] + scaled if key in slopes else scaled
        return Dual(self.value * other.value, slopes)

    __rmul__ = __mul__

    def inverse(self) -> Dual:
        """One over the value; its derivative is minus the square of that times the slope."""
        inverse = reciprocal(self.value)
        return self.through(inverse, -(inverse * inverse))

    def through(self, value: Any, slope: Any) -> Dual:
        """The chain rule: a function's value and its derivative at this value."""
        return Dual(value, {key: inner * slope for key, inner in self.slopes.items()})


Scalar: TypeAlias = int | Fraction | Exact | Real | Dual


def residue(constant: int | Fraction) -> int:
    """A constant as an element of the field. Errors: `TooLarge`."""
    if abs(constant.numerator) > LARGEST or constant.denominator > LARGEST:
        raise TooLarge("the constants are too large for an exact test")
    if isinstance(constant, int):
        return constant % PRIME
    return constant.numerator * pow(constant.denominator, -1, PRIME) % PRIME


def reciprocal(value: Any) -> Any:
    """One over a number of any kind. Errors: `NoValue` for zero."""
    if isinstance(value, int | Fraction):
        if not value:
            raise NoValue("division by zero")
        return Fraction(1) / value
    return value.inverse()


def power(value: Any, exponent: int) -> Any:
    """A whole power, at least the zeroth. Errors: `TooLarge`."""
    inner = plain(value)
    if isinstance(inner, Exact):
        high = (inner.top + inner.bottom) * exponent > HIGHEST
    else:
        size = max(abs(inner.numerator), inner.denominator) if _is_rational(inner) else 1
        high = size**exponent > LARGEST
    if high:
        raise TooLarge("this power is too high for an exact test")
    result: Any = 1
    for _ in range(exponent):
        result = value * result
    return result


def _is_rational(value: Any) -> bool:
    return isinstance(value, int | Fraction)


def slope(value: Any, component: int) -> Any:
    """The derivative of a value by a component; 0 for what is no dual number."""
    return value.slopes.get(component, 0) if isinstance(value, Dual) else 0


def plain(value: Any) -> Any:
    """The value without its derivatives."""
    return value.value if isinstance(value, Dual) else value


class Arithmetic(Protocol):
    """What differs between the engines: random values and the functions of one number."""

    points: int

    def random(self, name: str) -> Any:
        """A random value for an input of this name."""

    def constant(self, value: int | Fraction) -> Any:
        """A constant at all points."""

    def exp(self, value: Any) -> Any:
        """The exponential function."""

    def log(self, value: Any) -> Any:
        """The natural logarithm."""

    def sqrt(self, value: Any) -> Any:
        """The square root."""

    def tanh(self, value: Any) -> Any:
        """The hyperbolic tangent."""

    def sign(self, value: Any) -> Any:
        """-1, 0 or 1."""

    def set_sign(self, value: Any, unit: int) -> None:
        """Makes a value the pre-activation of ReLU unit number `unit`."""


class ExactArithmetic:
    """Random field elements; exp and log are unknown functions, signs are assigned by region.

    The points visit all `2**(units + extra)` regions, `repeats` points each: the regions of the
    network's ReLU units, and those of `extra` further signs, which the other arguments of sign and
    ReLU take in turn.
    """

    def __init__(self, seed: str, units: int, extra: int, repeats: int) -> None:
        self.seed = seed
        self.units = units
        self.extra = extra
        self.repeats = repeats
        self.points = repeats << (units + extra)
        self._functions: dict[tuple[str, tuple[int, ...]], Exact] = {}
        # For each point: an argument's sign, and the bit of its further sign.
        self._signs: list[dict[int, tuple[int, int]]] = [
            {0: (0, 0), 1: (1, 0), PRIME - 1: (-1, 0)} for _ in range(self.points)
        ]
        self._sign_values: dict[tuple[int, ...], Exact] = {}
        self._further = 0
        # The arguments that functions were asked for, each with a bound of its degree.
        self.arguments: dict[tuple[str, tuple[int, ...]], int] = {}
        self._own: dict[tuple[str, tuple[int, ...]], int] | None = None

    def _draw(self, *what: object) -> int:
        digest = blake2b(repr((self.seed, *what)).encode(), digest_size=16).digest()
        return int.from_bytes(digest, "big") % (PRIME - 1) + 1

    def random(self, name: str) -> Exact:
        return Exact([self._draw(name, point) for point in range(self.points)])

    def constant(self, value: int | Fraction) -> Exact:
        return Exact([residue(value)] * self.points, 0)

    def start_statement(self) -> None:
        """Forgets the arguments of functions that earlier statements brought."""
        if self._own is None:
            self._own = dict(self.arguments)
        self.arguments = dict(self._own)

    def collisions(self) -> int:
        """A bound of the degree by which two different arguments of a function may be equal."""
        total = 0
        for name in ("exp", "log", "sign"):
            degrees = [
                degree for (function, _), degree in self.arguments.items() if function == name
            ]
            count = len(degrees)
            # Two signs collide when their arguments are equal, opposite, or one of 0, 1 and -1.
            twice = 2 * count * (count - 1) + 3 * count if name == "sign" else count * (count - 1)
            total += twice * max(degrees, default=0)
        return total

    def _unknown(self, name: str, value: Exact) -> Exact:
        """An unknown function: random for each argument, the same for the same argument."""
        key = (name, tuple(value.values))
        self.arguments[key] = value.top + value.bottom
        if key not in self._functions:
            drawn = [
                self._draw(name, point, argument) for point, argument in enumerate(value.values)
            ]
            self._functions[key] = Exact(drawn, signs=value.signs | 1)
        return self._functions[key]

    def exp(self, value: Exact) -> Exact:
        # Counted in v = 1 / (1 + exp), which is as random: exp = (1 - v) / v.
        drawn = self._unknown("exp", value)
        return Exact(drawn.values, 1, 1, drawn.signs)

    def log(self, value: Exact) -> Exact:
        return self._unknown("log", value)

    def sqrt(self, value: Exact) -> Exact:
        raise Undecided("a square root is no rational function")

    def tanh(self, value: Exact) -> Exact:
        raise Undecided("tanh is no function that the exact engine knows")

    def set_sign(self, value: Exact, unit: int) -> None:
        self._assign(value, unit, 0)

    def _assign(self, value: Exact, region: int, bit: int) -> None:
        for point, element in enumerate(value.values):
            sign = 1 if (point // self.repeats) >> region & 1 else -1
            self._signs[point].setdefault(element, (sign, bit))
            self._signs[point].setdefault(PRIME - element, (-sign, bit))

    def sign(self, value: Exact) -> Exact:
        key = tuple(value.values)
        self.arguments["sign", key] = value.top + value.bottom
        if key not in self._sign_values:
            if any(v not in self._signs[point] for point, v in enumerate(key)):
                if not self.extra:
                    raise MoreSigns
                self._assign(value, self.units + self._further % self.extra, 2 << self._further)
                self._further += 1
            found = [self._signs[point][v] for point, v in enumerate(key)]
            bits = 0
            for _, bit in found:
                bits |= bit
            # A sign is constant within a region: degree 0.
            self._sign_values[key] = Exact([sign % PRIME for sign, _ in found], 0, 0, bits)
        known = self._sign_values[key]
        return Exact(known.values, 0, 0, known.signs | value.signs)

    def visited(self, value: Exact) -> bool:
        """Whether the points visit all combinations of the further signs in a value."""
        further = [number for number in range(self._further) if value.signs >> number & 2]
        return len({number % self.extra for number in further}) == len(further)


class MoreSigns(Exception):
    """The points visit too few combinations of signs: more regions are needed."""


class RealArithmetic:
    """Ordinary random numbers and the real functions."""

    def __init__(self, seed: str, points: int) -> None:
        self.seed = seed
        self.points = points

    def _draw(self, *what: object) -> float:
        digest = blake2b(repr((self.seed, *what)).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def random(self, name: str) -> Real:
        """Uniform in [-1.2, 1.2], targets in [0.1, 0.9]; never close to zero."""
        drawn = [self._draw(name, point) for point in range(self.points)]
        if name.startswith("y"):
            return Real([0.1 + 0.8 * u for u in drawn])
        return Real([math.copysign(0.2 + 2 * abs(u - 0.5), u - 0.5) for u in drawn])

    def constant(self, value: int | Fraction) -> Real:
        return Real([float(value)] * self.points)

    def exp(self, value: Real) -> Real:
        return Real([math.exp(min(v, 700.0)) for v in value.values])

    def log(self, value: Real) -> Real:
        return Real([math.log(v) if v > 0 else math.nan for v in value.values])

    def sqrt(self, value: Real) -> Real:
        return Real([math.sqrt(v) if v >= 0 else math.nan for v in value.values])

    def tanh(self, value: Real) -> Real:
        return Real([math.tanh(v) for v in value.values])

    def set_sign(self, value: Real, unit: int) -> None:
        """Real numbers have their signs."""

    def sign(self, value: Real) -> Real:
        return Real([float((v > 0) - (v < 0)) for v in value.values])


# -- functions of one number, generic over the kind of number --------------------------------------


def _lift(function: Callable[[Any], Any], arithmetic: Arithmetic, value: Any) -> Any:
    if isinstance(value, int | Fraction):
        value = arithmetic.constant(value)
    return function(value)


def exp(arithmetic: Arithmetic, value: Any) -> Any:
    """exp, with exp' = exp."""
    if isinstance(value, Dual):
        result = exp(arithmetic, value.value)
        return value.through(result, result)
    return 1 if _is_zero(value) else _lift(arithmetic.exp, arithmetic, value)


def log(arithmetic: Arithmetic, value: Any) -> Any:
    """The logarithm, with log' = 1/x."""
    if isinstance(value, Dual):
        return value.through(log(arithmetic, value.value), reciprocal(value.value))
    return 0 if _is_constant(value, 1) else _lift(arithmetic.log, arithmetic, value)


def sqrt(arithmetic: Arithmetic, value: Any) -> Any:
    """The square root."""
    if isinstance(value, Dual):
        root = sqrt(arithmetic, value.value)
        return value.through(root, reciprocal(root * 2))
    return 0 if _is_zero(value) else _lift(arithmetic.sqrt, arithmetic, value)


def tanh(arithmetic: Arithmetic, value: Any) -> Any:
    """The hyperbolic tangent, with tanh' = 1 - tanh^2."""
    if isinstance(value, Dual):
        result = tanh(arithmetic, value.value)
        return value.through(result, 1 - result * result)
    return _lift(arithmetic.tanh, arithmetic, value)


def sigma(arithmetic: Arithmetic, value: Any) -> Any:
    """The logistic function 1 / (1 + exp(-s)); its derivative follows from exp' = exp."""
    bottom = 1 + exp(arithmetic, -value)
    if isinstance(value, Dual):
        result = sigma(arithmetic, value.value)
        return bottom.through(result, -(result * result))
    result = reciprocal(bottom)
    # The value v of sigma is what degrees are counted in, see `ExactArithmetic.exp`.
    return Exact(result.values, 1, 0, result.signs) if isinstance(result, Exact) else result


def sign(arithmetic: Arithmetic, value: Any) -> Any:
    """-1, 0 or 1; the derivative is 0."""
    value = plain(value)
    if isinstance(value, int | Fraction):
        return (value > 0) - (value < 0)
    return arithmetic.sign(value)


def step(arithmetic: Arithmetic, value: Any) -> Any:
    """1 for a positive value, else 0: the derivative of ReLU, with ReLU'(0) = 0."""
    found = sign(arithmetic, value)
    if isinstance(found, int):
        return 1 if found > 0 else 0
    return found * (found + 1) * Fraction(1, 2)


def relu(arithmetic: Arithmetic, value: Any) -> Any:
    """max(0, s)."""
    active = step(arithmetic, value)
    if isinstance(value, Dual):
        return value.through(value.value * active, active)
    return value * active


def identity(arithmetic: Arithmetic, value: Any) -> Any:
    """The identity function."""
    return value


FUNCTIONS: dict[str, Callable[[Arithmetic, Any], Any]] = {
    "ReLU": relu, "sigma": sigma, "I": identity, "log": log, "exp": exp, "sign": sign,
    "tanh": tanh, "sqrt": sqrt,
}  # fmt: skip


def _is_constant(value: Any, constant: int) -> bool:
    return isinstance(value, int | Fraction) and value == constant


def _is_zero(value: Any) -> bool:
    return _is_constant(value, 0)
