"""Random statements about numbers, half of them false by a hair: none that is false is proved.

Both sides are evaluated with their slopes, by a few lines that know no terms: at kinks as PyTorch
does, and with no value where a formula has none.
"""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest

from texcheck import syntax as t
from texcheck.judge.decide import decide
from texcheck.verdict import Proved, Refuted
from texcheck.writing import tex

POINTS = list(itertools.product((0, 1, -1, 2, -0.5), (0, 1, -2, 0.5), (0, -1, 1, 0.75)))
ACROSS = {">": "<", "<": ">", "ge": "le", "le": "ge"}
ALMOST = {">": "ge", "ge": ">", "<": "le", "le": "<"}
AGAINST = {">": "le", "<": "ge", "ge": "<", "le": ">"}
Value = tuple[float, float]


class NoValue(Exception):
    """A formula has no value, or no slope, at a point."""


class TooClose(Exception):
    """Floats cannot tell on which side of a kink a point lies."""


def number(value: int) -> t.Number:
    return t.Number(Fraction(value))


def apply(name: str, *arguments: t.Expr) -> t.Expr:
    return t.Apply(t.Function(name), arguments)


def add(a: t.Expr, b: t.Expr) -> t.Expr:
    return t.Add((a, b))


def times(a: t.Expr, b: t.Expr) -> t.Expr:
    return t.Product((a, b))


ZERO, ONE, TWO, X = number(0), number(1), number(2), t.Name("x", None, (number(0),))
LEAVES = [X, t.Name("x", None, (number(1),)), t.Name("s", None), *map(number, (0, 1, 2, -1, 3))]


def formula(chance: random.Random, depth: int) -> t.Expr:
    """A random formula of numbers."""
    if not depth or chance.random() < 0.15:
        return chance.choice(LEAVES)
    a, b = formula(chance, depth - 1), formula(chance, depth - 1)
    names = ("ReLU", "sign", "sigma", "sqrt", "log", "exp", "tanh")
    made = [add(a, b), times(a, b), t.Negative(a), t.Absolute(a), t.Power(a, TWO), t.Quotient(a, b),
            t.Indicator(chance.choice(list(ACROSS)), a, b), apply("max", a, b), apply("min", a, b),
            *(apply(name, a) for name in names)]  # fmt: skip
    return chance.choice(made)


def others(node: t.Expr) -> list[t.Expr]:
    """What a formula is equal to, and what it is not quite equal to."""
    match node:
        case t.Absolute(a):
            relus = add(apply("ReLU", a), apply("ReLU", t.Negative(a)))
            return [times(a, apply("sign", a)), a, apply("sqrt", t.Power(a, TWO)), relus]
        case t.Apply(t.Function("ReLU"), (a,)):
            steps = [times(a, t.Indicator(relation, a, ZERO)) for relation in (">", "ge")]
            return [*steps, apply("max", ZERO, a), t.Quotient(add(a, t.Absolute(a)), TWO), a]
        case t.Apply(t.Function("sign"), (a,)):
            step = t.Indicator(">", a, ZERO)
            both = add(step, t.Negative(t.Indicator("<", a, ZERO)))
            return [both, t.Quotient(a, t.Absolute(a)), add(times(TWO, step), number(-1))]
        case t.Apply(t.Function("sigma"), (a,)):
            exp = apply("exp", a)
            other = add(ONE, t.Negative(apply("sigma", t.Negative(a))))
            return [t.Quotient(exp, add(ONE, exp)), other]
        case t.Indicator(relation, a, b):
            against = add(ONE, t.Negative(t.Indicator(AGAINST[relation], a, b)))
            almost = t.Indicator(ALMOST[relation], a, b)
            return [t.Indicator(ACROSS[relation], b, a), almost, against]
        case t.Apply(t.Function("max"), (a, b)):
            return [apply("max", b, a), add(b, apply("ReLU", add(a, t.Negative(b))))]
        case t.Apply(t.Function("sqrt"), (a,)):
            return [t.Quotient(a, node)]
        case t.Power(a, _):
            return [times(a, a), t.Power(t.Absolute(a), TWO)]
        case t.Apply(t.Function("log"), (a,)):
            square = apply("log", t.Power(a, TWO))
            return [t.Quotient(square, TWO), t.Negative(apply("log", t.Quotient(ONE, a)))]
        case t.Apply(t.Function("exp"), (a,)):
            half = apply("exp", t.Quotient(a, TWO))
            found = [
                t.Quotient(ONE, apply("exp", t.Negative(a))),
                times(half, half),
                times(half, a),
            ]
            if isinstance(a, t.Add):
                parts = [apply("exp", part) for part in a.terms]
                return [*found, times(*parts), add(*parts)]
            return [*found, a.arguments[0]] if isinstance(a, t.Apply) else found
        case t.Apply(t.Function("tanh"), (a,)):
            up, down = apply("exp", a), apply("exp", t.Negative(a))
            slope = t.Quotient(add(up, t.Negative(down)), add(up, down))
            return [slope, add(times(TWO, apply("sigma", times(TWO, a))), number(-1))]
        case t.Quotient(a, b):
            return [times(a, t.Quotient(ONE, b)), t.Quotient(times(a, a), times(a, b))]
    return []


def changed(chance: random.Random, node: t.Expr) -> t.Expr:
    """The formula with some of its parts put in another way."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        parts = [part for part in t.walk(node) if others(part)]
        if parts:
            part = chance.choice(parts)
            node = t.replaced(node, [(part, chance.choice(others(part)))])
    return node


def side(value: float) -> int:
    if 0 < abs(value) < 1e-11:
        raise TooClose
    return (value > 0) - (value < 0)


def value(node: t.Expr, at: tuple[float, ...]) -> Value:
    """The value of a formula and its slope by x_0."""
    match node:
        case t.Number(constant):
            return float(constant), 0.0
        case t.Name("x", _, (t.Number(i),)):
            return at[int(i)], float(i == 0)
        case t.Name():
            return at[2], 0.0
        case t.Indicator(relation, left, right):
            gap = side(value(left, at)[0] - value(right, at)[0])
            return float(
                {">": gap > 0, "<": gap < 0, "ge": gap >= 0, "le": gap <= 0}[relation]
            ), 0.0
        case t.Power(a, t.Number(n)):
            u, du = value(a, at)
            return u ** int(n), int(n) * u ** (int(n) - 1) * du
        case t.Add((a, b)) | t.Product((a, b)) | t.Quotient(a, b):
            return joined(node, value(a, at), value(b, at))
        case t.Negative(a) | t.Absolute(a):
            u, du = value(a, at)
            sign = side(u) if isinstance(node, t.Absolute) else -1
            return sign * u, sign * du
        case t.Apply(t.Function(name), (a,)):
            return function(name, *value(a, at))
        case t.Apply(t.Function(name), (a, b)):
            pair = value(a, at), value(b, at)
            side(pair[0][0] - pair[1][0])
            return (max if name == "max" else min)(pair, key=lambda one: one[0])
    raise TypeError(node)


def joined(node: t.Expr, a: Value, b: Value) -> Value:
    (u, du), (v, dv) = a, b
    match node:
        case t.Add():
            return u + v, du + dv
        case t.Product():
            return u * v, du * v + u * dv
    if not side(v):
        raise NoValue
    return u / v, du / v - u * dv / v**2


def function(name: str, u: float, du: float) -> Value:
    if name in ("log", "sqrt") and side(u) < (1 if name == "log" else 0):
        raise NoValue
    match name:
        case "ReLU":
            return max(0.0, u), du * (side(u) > 0)
        case "sign":
            return float(side(u)), 0.0
        case "sigma":
            found = 1 / (1 + math.exp(-u))
            return found, found * (1 - found) * du
        case "tanh":
            return math.tanh(u), (1 - math.tanh(u) ** 2) * du
        case "exp":
            return math.exp(u), math.exp(u) * du
        case "log":
            return math.log(u), du / u
    return math.sqrt(u), du / 2 / math.sqrt(u) if u else math.nan


def both(left: t.Expr, right: t.Expr, at: tuple[float, ...]) -> list[Value | None] | None:
    """Values and slopes of both sides, None for a side without; None where floats cannot tell."""
    found: list[Value | None] = []
    for node in (left, right):
        try:
            found.append(value(node, at))
        except NoValue:
            found.append(None)
        except (TooClose, OverflowError):
            return None
    return found


def agree(left: t.Expr, right: t.Expr, slopes: bool) -> bool:
    """Whether two sides are equal, and defined alike, at all points that floats can tell."""
    for at in POINTS:
        found = both(left, right, at)
        if found is None or found == [None, None]:
            continue
        if slopes and any(pair is not None and math.isnan(pair[1]) for pair in found):
            continue  # a root of 0
        if None in found:
            return False
        one, other = (pair[slopes] for pair in found if pair is not None)
        if abs(one - other) > 1e-6 * (1 + abs(one)):
            return False
    return True


@pytest.mark.parametrize("seed", range(12))
def test_nothing_false_is_proved_at_kinks_and_edges(seed: int) -> None:
    chance = random.Random(seed)
    proved = 0
    for _ in range(40):
        left = formula(chance, chance.choice((1, 2, 2, 3)))
        right = changed(chance, left)
        verdict = decide(t.Equation(left, right), "any", witness=False)
        if isinstance(verdict, Proved):
            proved += left != right
            assert agree(left, right, slopes=False), f"{tex(left)} = {tex(right)}"
    assert proved > 2


@pytest.mark.parametrize("seed", range(8))
def test_no_false_derivative_is_proved_at_kinks(seed: int) -> None:
    chance = random.Random(100 + seed)
    for _ in range(40):
        left = formula(chance, chance.choice((1, 2, 2, 3)))
        right = changed(chance, left)
        claim = t.Equation(t.Derivative(left, X), t.Derivative(right, X))
        if isinstance(decide(claim, "any", witness=False), Proved):
            assert agree(left, right, slopes=True), f"{tex(left)} = {tex(right)}"


@pytest.mark.parametrize("seed", range(4))
def test_what_is_refuted_is_false(seed: int) -> None:
    """The two values of a witness differ, or one of them is missing."""
    chance = random.Random(200 + seed)
    for _ in range(20):
        left = formula(chance, 2)
        verdict = decide(t.Equation(left, changed(chance, left)), "any")
        if isinstance(verdict, Refuted) and verdict.witness is not None:
            assert verdict.witness.left != verdict.witness.right
