"""Terms in numbers, by brute force: every atom has a value of its own, every sum is written out."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Mapping
from functools import cache

from texcheck.algebra.terms import Atom, Index, Sort, Term

FUNCTIONS = {
    "step": lambda v: float(v > 0),
    "sigma": lambda v: 1 / (1 + math.exp(-v)),
    "log": math.log,
    "sqrt": math.sqrt,
    "inverse": lambda v: 1 / v,
    "f1": lambda v: math.sin(1.3 * v) + v * v / 3,
    "f1'": lambda v: 1.3 * math.cos(1.3 * v) + 2 * v / 3,
}


@cache
def entry(kind: str, label: object, places: tuple[int, ...], seed: int) -> float:
    """The value of an entry; every third one is 0, where the kinks are."""
    chance = random.Random(f"{kind} {label} {places} {seed}")
    return 0.0 if chance.random() < 0.3 else chance.choice((-2, -1, 1, 2, 3)) / 2


class Brute:
    """Widths by layer, and a seed for the values of the entries."""

    def __init__(self, widths: Mapping[int, int], seed: int) -> None:
        self.widths, self.seed = widths, seed

    def size(self, sort: Sort) -> int:
        return sort.size or self.widths[sort.layer]

    def value(self, term: Term, env: Mapping[Index, int]) -> float:
        return sum(
            float(factor) * self.monomial(mono.atoms, mono.bound, env)
            for mono, factor in term.parts.items()
        )

    def monomial(
        self, atoms: Iterable[tuple[Atom, int]], bound: Iterable[Index], env: Mapping[Index, int]
    ) -> float:
        """The sum over all values of the bound indices, each written out."""
        bound, pairs = list(bound), list(atoms)
        total = 0.0
        for values in itertools.product(*(range(self.size(index.sort)) for index in bound)):
            here = {**env, **dict(zip(bound, values, strict=True))}
            total += math.prod(self.atom(atom, here) ** n for atom, n in pairs)
        return total

    def atom(self, atom: Atom, env: Mapping[Index, int]) -> float:
        at = tuple(self.place(index, env) for index in atom.indices)
        match atom.kind:
            case "function":
                return FUNCTIONS[str(atom.label)](self.value(atom.argument or Term({}), env))
            case "delta":
                return float(at[0] == at[1])
            case "entry":
                return float(at[0])
            case "length":
                return float(self.widths[int(str(atom.label))])
        return entry(atom.kind, atom.label, at, self.seed)

    def place(self, index: Index, env: Mapping[Index, int]) -> int:
        if index.at is None:
            return env[index]
        return index.at if index.at >= 0 else self.size(index.sort) + index.at
