"""The arithmetic of each engine: its random values and its functions of one number."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import Any

from .numbers import PRIME, Exact, MoreSigns, Precise, Real, Undecided, residue

_FIRST_ROW = re.compile(r"W\d+_0_\d+|b\d+_0_0")


class ExactArithmetic:
    """Random field elements; exp and log are unknown functions, signs are assigned by region.

    The points visit all `2**(units + extra)` regions, `repeats` points each: the regions of the
    network's ReLU units, and those of `extra` further signs, which the other arguments of sign and
    ReLU take in turn. With `counted`, a length is the number of entries that it counts; without, it
    is an unknown as well: what holds for every value does not rest on the widths of the network.
    """

    def __init__(
        self, seed: str, units: int, extra: int, repeats: int, counted: bool = True
    ) -> None:
        self.seed = seed
        self.units = units
        self.extra = extra
        self.repeats = repeats
        self.counted = counted
        self.points = repeats << (units + extra)
        self._lengths: dict[int, Exact] = {}
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

    def length(self, length: int) -> int | Exact:
        if self.counted:
            return length
        if length not in self._lengths:
            self._lengths[length] = self.random(f"length {length}")
        return self._lengths[length]

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

    def length(self, length: int) -> int | Real:
        return length

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
        return type(value)([type(v)((v > 0) - (v < 0)) for v in value.values])


class EdgeArithmetic(RealArithmetic):
    """Numbers at which the first unit of each layer, and a function's argument, is exactly zero."""

    def random(self, name: str) -> Real:
        if name == "x_0_0" or name.startswith("free") or _FIRST_ROW.fullmatch(name):
            return Real([0.0] * self.points)
        return super().random(name)


class PreciseArithmetic(RealArithmetic):
    """The numbers of `RealArithmetic` in decimals of many digits, without rounding to floats."""

    def random(self, name: str) -> Precise:
        return Precise([Decimal(value) for value in super().random(name).values])

    def constant(self, value: int | Fraction) -> Precise:
        return Precise([Precise.constant(value)] * self.points)

    def exp(self, value: Real) -> Precise:
        return Precise([v.exp() for v in value.values])

    def log(self, value: Real) -> Precise:
        return Precise([v.ln() if v > 0 else Decimal("NaN") for v in value.values])

    def sqrt(self, value: Real) -> Precise:
        return Precise([v.sqrt() if v >= 0 else Decimal("NaN") for v in value.values])

    def tanh(self, value: Real) -> Any:
        shrunk = Precise([(-2 * abs(v)).exp() for v in value.values])
        return self.sign(value) * (1 - shrunk) * (1 + shrunk).inverse()


class WideArithmetic(PreciseArithmetic):
    """Numbers of any size and sign, from 1e-2 to 1e17, the same size at one point."""

    def random(self, name: str) -> Precise:
        drawn = super().random(name).values
        powers = [int(20 * self._draw("size", point) ** 2) - 2 for point in range(self.points)]
        signs = [1 if self._draw("sign", name, point) < 0.5 else -1 for point in range(self.points)]
        return Precise(
            [v * s * Decimal(10) ** p for v, s, p in zip(drawn, signs, powers, strict=True)]
        )


class WideInputs(WideArithmetic):
    """The same, but for the targets, which are probabilities."""

    def random(self, name: str) -> Precise:
        return (
            PreciseArithmetic.random(self, name) if name.startswith("y") else super().random(name)
        )


REAL_ARITHMETICS: dict[str, type[RealArithmetic]] = {
    "real": RealArithmetic,
    "edge": EdgeArithmetic,
    "precise": PreciseArithmetic,
    "wide MSE": WideArithmetic,
    "wide BCE": WideInputs,
}
