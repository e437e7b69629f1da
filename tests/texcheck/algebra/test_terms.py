"""The invariants of terms, by brute force at widths 1 to 5."""

from __future__ import annotations

import random
from functools import reduce
from itertools import product

import pytest
from brute import Brute

from texcheck.algebra import terms
from texcheck.algebra.budget import at_most
from texcheck.algebra.terms import (
    Atom,
    Index,
    NoRule,
    Sort,
    Term,
    contracted,
    delta,
    fixed,
    number,
    numbered,
    power,
    quantity,
    rename,
    sum_over,
    term_indices,
)

LAYERS = (Sort(0), Sort(1))
LETTERS = [Index(name, sort) for sort in LAYERS for name in "ijkl"]


def atoms(chance: random.Random) -> list[tuple[Atom, int]]:
    """Some factors: entries, deltas, numbers of entries, functions of sums."""
    found: list[tuple[Atom, int]] = []
    for _ in range(chance.randint(1, 5)):
        sort = chance.choice(LAYERS)
        i, j = (chance.choice([x for x in LETTERS if x.sort == sort]) for _ in range(2))
        inner = quantity("z", sort.layer, i) * quantity("z", sort.layer, j) + number(1)
        made = [
            Atom("delta", "", (min(i, j), max(i, j))),
            Atom("z", sort.layer, (i,)),
            Atom("W", 9, (i, j)),
            Atom("entry", "", (i,)),
            Atom("function", "sigma", (), sum_over(inner, j)),
        ]
        weights = (5, 2, 2, 1, 2) if i != j else (0, 2, 2, 1, 2)
        found.append((chance.choices(made, weights)[0], chance.choice((1, 1, 2))))
    return found


def same(left: Term, right: Term, widths: tuple[int, int], seed: int) -> None:
    brute = Brute(dict(enumerate(widths)), seed)
    free = sorted(term_indices(left) | term_indices(right))
    for values in list(product(*(range(brute.size(index.sort)) for index in free)))[:40]:
        env = dict(zip(free, values, strict=True))
        assert brute.value(left, env) == pytest.approx(
            brute.value(right, env), rel=1e-10, abs=1e-10
        )


@pytest.mark.parametrize("seed", range(120))
def test_contraction_keeps_the_value(seed: int) -> None:
    chance = random.Random(seed)
    factors = atoms(chance)
    used = sorted({index for atom, _ in factors for index in terms.free_indices(atom)})
    bound = [index for index in [*used, LETTERS[0]] if chance.random() < 0.6]
    bound = list(dict.fromkeys(bound))
    found = contracted(tuple(factors), tuple(bound))
    term = Term({}) if found is None else Term({found: 1})
    widths = chance.randint(1, 5), chance.randint(1, 5)
    brute = Brute(dict(enumerate(widths)), seed)
    free = [index for index in used if index not in bound]
    for values in list(product(*(range(brute.size(index.sort)) for index in free)))[:20]:
        env = dict(zip(free, values, strict=True))
        wanted = brute.monomial(factors, bound, env)
        assert brute.value(term, env) == pytest.approx(wanted, rel=1e-10, abs=1e-10)
    if found is not None:
        deltas = [atom for atom, _ in found.atoms if atom.kind == "delta"]
        assert not any(index in found.bound for atom in deltas for index in atom.indices)


@pytest.mark.parametrize("seed", range(50))
def test_products_bind_apart(seed: int) -> None:
    """I2: the product of two sums has the product of their values, whatever their indices."""
    chance = random.Random(seed)
    sides = []
    for _ in range(2):
        mono = contracted(tuple(atoms(chance)), tuple(chance.sample(LETTERS, 3)))
        sides.append(Term({} if mono is None else {mono: 1}))
    left, right = sides
    brute = Brute({0: chance.randint(1, 3), 1: chance.randint(1, 3)}, seed)
    free = sorted(term_indices(left) | term_indices(right))
    for values in list(product(*(range(brute.size(index.sort)) for index in free)))[:12]:
        env = dict(zip(free, values, strict=True))
        wanted = brute.value(left, env) * brute.value(right, env)
        assert brute.value(left * right, env) == pytest.approx(wanted, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("seed", range(50))
def test_a_renaming_captures_nothing(seed: int) -> None:
    """A free index renamed to one that is bound inside, or numbered, keeps its own meaning."""
    chance = random.Random(seed)
    mono = contracted(tuple(atoms(chance)), tuple(chance.sample(LETTERS, 3)))
    term = Term({} if mono is None else {mono: 1})
    for old in sorted(term_indices(term)):
        for new in (
            chance.choice([x for x in LETTERS if x.sort == old.sort]),
            numbered(0, old.sort),
        ):
            brute = Brute({0: 3, 1: 2}, seed)
            for values in list(product(*(range(brute.size(x.sort)) for x in LETTERS)))[::37]:
                env = dict(zip(LETTERS, values, strict=True))
                wanted = brute.value(term, {**env, old: brute.place(new, env)})
                found = brute.value(rename(term, {old: new}), env)
                assert found == pytest.approx(wanted, rel=1e-10, abs=1e-10)


def test_an_index_carries_its_sort() -> None:
    """I1: the sums over two lengths of the same function differ."""
    with pytest.raises(ValueError, match="a delta of"):
        delta(Index("i", Sort(0)), Index("i", Sort(1)))
    sums = [
        sum_over(power(Atom("entry", "", (Index("i", sort),))), Index("i", sort)) for sort in LAYERS
    ]
    assert sums[0] != sums[1]


def test_a_bound_index_that_nothing_has_counts() -> None:
    i = Index("i", Sort(0))
    assert sum_over(number(1), i) == terms.length(Sort(0))
    assert sum_over(sum_over(number(1), i), i) == terms.length(Sort(0)) ** 2
    x = quantity("z", 0, i)
    assert sum_over(x * power(Atom("z", 0, (i,)), -1), i) == terms.length(Sort(0))


def test_numbered_entries_are_different_only_at_every_width() -> None:
    sort = Sort(0)
    assert not delta(numbered(0, sort), numbered(1, sort))
    assert not delta(numbered(0, sort), numbered(-1, sort))
    assert not delta(numbered(-1, sort), numbered(-2, sort))
    with pytest.raises(NoRule):
        delta(numbered(1, sort), numbered(-2, sort))
    assert not delta(numbered(1, fixed(3)), numbered(-1, fixed(3)))
    assert delta(numbered(2, fixed(3)), numbered(-1, fixed(3))) == number(1)


def test_steps_are_counted_and_end() -> None:
    x = quantity("z", 0, Index("i", Sort(0))) + number(1)
    with pytest.raises(NoRule, match="too many steps"), at_most(100):
        x**50
    assert x**50  # the budget ended with its block
    with pytest.raises(NoRule, match="too high"):
        x**100_000
    assert number(-1) ** 1_000_001 == number(-1)
    with pytest.raises(NoRule, match="too many steps"), at_most(1000):
        sum((x * 1 for _ in range(1000)), x)  # to add is work as well
    tower = sum_over(x, Index("i", Sort(0)))
    with pytest.raises(NoRule, match="too many steps"), at_most(100_000):
        reduce(lambda term, _: term**3, range(30), tower)
