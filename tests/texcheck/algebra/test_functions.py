"""Each row of functions, and each law of the normal form, in numbers."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from brute import Brute

from texcheck.algebra.demands import Nowhere, simplest, unmatched
from texcheck.algebra.functions import (
    FUNCTIONS,
    Demand,
    apply,
    is_nonnegative,
    is_positive,
    slope,
)
from texcheck.algebra.normal import normal, split_at
from texcheck.algebra.terms import (
    Atom,
    Index,
    Sort,
    Term,
    free,
    number,
    power,
    quantity,
    rename,
    sum_over,
)

TRUE = {
    "I": lambda v: v,
    "ReLU": lambda v: max(0.0, v),
    "step": lambda v: float(v > 0),
    "sign": lambda v: float((v > 0) - (v < 0)),
    "abs": abs,
    "sigma": lambda v: 1 / (1 + math.exp(-v)),
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "inverse": lambda v: 1 / v,
}
AT_KINK = {"ReLU": 0.0, "step": 0.0, "sign": 0.0, "abs": 0.0}
U = free("u")


def keep(atom: Atom) -> None:
    return None


class At(Brute):
    """The free number u has a value, all else as ever."""

    def __init__(self, u: float) -> None:
        super().__init__({0: 3, 1: 2}, 0)
        self.u = u

    def atom(self, atom: Atom, env: object) -> float:  # type: ignore[override]
        return self.u if atom == Atom("free", "u") else super().atom(atom, env)  # type: ignore[arg-type]


def points(name: str) -> list[float]:
    found = [0.25, 1.0, 1.5, 3.0]
    return found if name in ("log", "sqrt", "inverse") else [*found, -0.75, -2.0, 0.0]


def test_every_row_is_tested() -> None:
    assert FUNCTIONS.keys() == TRUE.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_row_has_the_value_and_the_slope_of_its_function(name: str) -> None:
    for u in points(name):
        wanted = TRUE[name](u)
        assert At(u).value(apply(name, U), {}) == pytest.approx(wanted, rel=1e-12, abs=1e-12)
        assert At(u).value(normal(apply(name, U), keep), {}) == pytest.approx(wanted, abs=1e-12)
        found = At(u).value(slope(name, U), {})
        if u == 0.0 and name in AT_KINK:
            assert found == AT_KINK[name]
        else:
            h = 1e-6
            numeric = (TRUE[name](u + h) - TRUE[name](u - h)) / (2 * h)
            assert found == pytest.approx(numeric, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if FUNCTIONS[name].demand])
def test_a_demand_says_where_a_function_is_defined(name: str) -> None:
    wanted = {
        "log": (False, False, True),
        "sqrt": (False, True, True),
        "inverse": (True, False, True),
    }
    kinds = {"positive": lambda v: v > 0, "nonnegative": lambda v: v >= 0, "nonzero": bool}
    assert tuple(kinds[str(FUNCTIONS[name].demand)](v) for v in (-1, 0, 1)) == wanted[name]


def arguments(chance: random.Random) -> Term:
    """A term at whose arguments laws apply: signs, squares, products of positive factors, sums."""
    i = Index("i", Sort(0))
    x, s = quantity("z", 0, i), quantity("s", 1, Index("k", Sort(1)))
    made = [x, -x, s, x * x, s * 2, number(1) - apply("sigma", s), apply("sigma", -s), number(-3),
            apply("step", s) * x, apply("ReLU", s), apply("sign", x), sum_over(x * x, i),
            x * x * s * s,
            number(0), apply("tanh", s), apply("exp", x), apply("abs", s) - s]  # fmt: skip
    return chance.choice(made)


@pytest.mark.parametrize("seed", range(120))
def test_laws_keep_the_value(seed: int) -> None:
    """I3, I4: the normal form has the value of the term, is its own, and is blind to names."""
    chance = random.Random(seed)
    term = number(1)
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(["ReLU", "step", "sign", "abs", "sigma", "tanh", "exp", "I", "f1"])
        term = term * (apply(name, arguments(chance)) + number(chance.randint(-1, 1)))
    found = normal(term, keep)
    assert normal(found, keep) == found
    other = rename(term, {Index("i", Sort(0)): Index("m", Sort(0))})
    assert rename(normal(other, keep), {Index("m", Sort(0)): Index("i", Sort(0))}) == found
    for values in range(4):
        brute = Brute({0: 3, 1: 2}, 10 * seed + values)
        env = {Index("i", Sort(0)): values % 3, Index("k", Sort(1)): values % 2}
        wanted = brute.value(term, env)
        assert brute.value(found, env) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
        if cases := split_at(found):  # u > 0, u < 0 and u = 0: one of them is the case
            assert any(
                brute.value(case(found), env) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
                for case in cases
            )


@pytest.mark.parametrize("seed", range(150))
def test_a_sign_that_is_seen_is_right(seed: int) -> None:
    """Squares of differences, with what makes them positive or spoils them, at many values."""
    chance = random.Random(seed)
    i, k = Index("i", Sort(0)), Index("k", Sort(1))
    x, y, s = quantity("z", 0, i), quantity("y", 0, i), quantity("s", 1, k)
    parts = [x, y, s, number(1), apply("step", s), apply("sigma", s), x * apply("step", x)]
    term = number(chance.randint(-2, 2) if chance.random() < 0.5 else 0)
    for _ in range(chance.randint(1, 3)):
        one, other = chance.sample(parts, 2)
        square = (one * chance.randint(1, 3) - other * chance.randint(-2, 3)) ** 2
        term = term + (sum_over(square, i) if chance.random() < 0.3 else square)
    if chance.random() < 0.3:
        term = term - chance.choice(parts) * chance.choice(parts)
    values = [
        Brute({0: 3, 1: 2}, 100 * seed + at).value(term, {i: at % 3, k: at % 2}) for at in range(60)
    ]
    assert not is_nonnegative(term) or min(values) > -1e-9
    assert not is_positive(term) or min(values) > 1e-9


def test_signs_are_seen() -> None:
    x, y = (quantity("z", 0, Index(name, Sort(0))) for name in "ij")
    sigma = apply("sigma", x)
    assert is_nonnegative((x - y) ** 2)
    assert is_nonnegative(sum_over((x - y) ** 2, Index("i", Sort(0))))
    assert is_nonnegative(number(Fraction(1, 4)) - sigma + sigma * sigma)
    assert is_positive(x * x + y * y - x * y + number(1))
    assert not is_positive((x - number(1)) ** 2)
    assert not is_nonnegative(x * x + y * y - x * y * 3)
    assert apply("step", sigma - sigma * sigma) == number(1)


@pytest.mark.parametrize("seed", range(60))
def test_sums_that_are_equal_up_to_names_have_one_normal_form(seed: int) -> None:
    chance = random.Random(seed)
    names = [Index(name, Sort(0)) for name in "abcd"]
    factors = [tuple(chance.choices(names, k=2)) for _ in range(4)]

    def summed(order: list[Index]) -> Term:
        new = dict(zip(names, order, strict=True))
        term = number(1)
        for i, j in factors:
            term = term * quantity("W", 1, new[i], new[j])
        return sum_over(term + number(chance.randint(0, 0)), *order)

    assert normal(summed(names), keep) == normal(summed(chance.sample(names, 4)), keep)


def test_demands_are_simplified_and_compared() -> None:
    x = quantity("z", 0, Index("i", Sort(0)))
    sigma = apply("sigma", x)
    assert simplest(Demand("nonzero", sigma * (number(1) - sigma)), keep) == []
    assert simplest(Demand("positive", x * x + number(1)), keep) == []
    assert simplest(Demand("nonnegative", x * x), keep) == []
    assert simplest(Demand("nonzero", x * x * 3), keep) == [Demand("nonzero", x)]
    for demand in (Demand("nonzero", number(0)), Demand("positive", -(x * x))):
        with pytest.raises(Nowhere):
            simplest(demand, keep)
    with pytest.raises(Nowhere):
        simplest(Demand("nonnegative", number(-1)), keep)
    assert unmatched([Demand("nonzero", x)], [Demand("positive", x)], keep) is not None
    assert unmatched([Demand("nonzero", x)], [Demand("nonzero", -x)], keep) is None


def test_a_demand_on_all_values_is_not_one_on_a_single_one() -> None:
    free_, bound = (quantity("z", 0, Index(name, Sort(0))) for name in ("i", "$1"))
    assert unmatched([Demand("nonzero", free_)], [Demand("nonzero", bound)], keep) is not None
    other = quantity("z", 0, Index("$7", Sort(0)))
    assert unmatched([Demand("nonzero", other)], [Demand("nonzero", bound)], keep) is None
    assert power(Atom("z", 0, (Index("$7", Sort(0)),))) == other
