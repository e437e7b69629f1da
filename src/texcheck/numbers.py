"""The numbers that formulas are evaluated with, each a batch of random points at once.

`Exact`: integers modulo the prime 2^61 - 1. `Real`: floats; `Precise`: decimals of many digits.
`Dual`: a value with its derivatives, over any of these. Plain `int` and `Fraction` are constants,
so that zeros cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
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


class MoreSigns(Exception):
    """The points visit too few combinations of signs: more regions are needed."""


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

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    @staticmethod
    def constant(value: int | Fraction) -> Any:
        """A constant as one of these numbers."""
        return float(value)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Real):
            return type(self)([a + b for a, b in zip(self.values, other.values, strict=True)])
        if isinstance(other, int | Fraction):
            if not other:
                return self
            constant = self.constant(other)
            return type(self)([a + constant for a in self.values])
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Real:
        return type(self)([-a for a in self.values])

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            return NotImplemented
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Real):
            return type(self)([a * b for a, b in zip(self.values, other.values, strict=True)])
        if isinstance(other, int | Fraction):
            if not other:
                return 0
            if other == 1:
                return self
            constant = self.constant(other)
            return type(self)([a * constant for a in self.values])
        return NotImplemented

    __rmul__ = __mul__

    def inverse(self) -> Real:
        """One over the values."""
        if not all(self.values):
            raise NoValue("division by zero")
        return type(self)([1 / a for a in self.values])


class Precise(Real):
    """Decimals at the points of a batch, of as many digits as the context has."""

    __slots__ = ()

    @staticmethod
    def constant(value: int | Fraction) -> Decimal:
        return Decimal(value.numerator) / Decimal(value.denominator)

    def __add__(self, other: Any) -> Any:
        """The sum. Errors: `TooLarge` where a number is lost beside a much larger one."""
        result = super().__add__(other)
        if result is NotImplemented or result is self:
            return result
        others = other.values if isinstance(other, Real) else [other] * len(self.values)
        for a, b, total in zip(self.values, others, result.values, strict=True):
            if (total == a and b) or (total == b and a):
                raise TooLarge("the sizes of these numbers are too different to compare them")
        return result

    __radd__ = __add__


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

    def length(self, length: int) -> Any:
        """A length where it stands as a number, as K in 1/K."""

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
