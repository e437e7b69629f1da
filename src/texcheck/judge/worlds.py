"""Small networks with numbers, on which a statement is computed: the running one, then others.

Terms are evaluated as they are written, without the normal form: s from W, b and z, z from s.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from random import Random

from ..algebra.budget import spend
from ..algebra.functions import Demand
from ..algebra.terms import Atom, Index, Pairs, Sort, Term, term_indices
from ..elaborate.definitions import network_named
from ..networks.network import Case
from .intervals import FUNCTIONS, Doubtful, Interval, Number, add, power, sign, times

Point = dict[tuple[str, int, tuple[int, ...]], Fraction]
NARROW, WIDE = (0, 6, 7, 8), (1, 2, 3, 4, 5)  # seeds: the cheap worlds, then the others


class Undefined(Exception):
    """A formula has no value here."""


@dataclass
class World:
    """A case with widths, and a value for each entry of x, y, W and b."""

    case: Case
    widths: tuple[int, ...]
    point: Point
    free: dict[str, Fraction]
    running: bool = False
    known: dict[tuple[str, int, int], Number] = field(default_factory=dict)

    def size(self, sort: Sort) -> int:
        """How many values an index that runs has; 3 where its length is nobody's."""
        return self.widths[sort.layer] if sort.layer >= 0 else 3

    def forward(self, kind: str, layer: int, i: int) -> Number:
        """An entry of s or z."""
        if not layer:
            return self.point["z", 0, (i,)]
        if (key := (kind, layer, i)) in self.known:
            return self.known[key]
        if kind == "z":
            found = FUNCTIONS[self.case.activation(layer)](self.forward("s", layer, i))
        else:
            found = self.point["b", layer, (i,)]
            for j in range(self.widths[layer - 1]):
                if weight := self.point["W", layer, (i, j)]:
                    found = add(found, times(weight, self.forward("z", layer - 1, j)))
        self.known[key] = found
        return found

    def value(self, term: Term, env: dict[Index, int]) -> Number:
        """The value of a term. Raises Doubtful."""
        result: Number = Fraction(0)
        for mono, factor in term.parts.items():
            for here in self.values(mono.bound):
                result = add(result, self._product(mono.atoms, Fraction(factor), env | here))
        return result

    def values(self, indices: Iterable[Index]) -> Iterator[dict[Index, int]]:
        """All the values that indices have."""
        found = tuple(indices)
        for values in product(*(range(self.size(index.sort)) for index in found)):
            yield dict(zip(found, values, strict=True))

    def _product(self, atoms: Pairs, factor: Number, env: dict[Index, int]) -> Number:
        for atom, n in atoms:
            spend(10 + abs(n) // 10)  # a high power has long numbers
            factor = times(factor, power(self._atom(atom, env), n))
            if factor == Fraction(0):
                break
        return factor

    def _atom(self, atom: Atom, env: dict[Index, int]) -> Number:
        places = tuple(self._place(index, env) for index in atom.indices)
        match atom.kind:
            case "s" | "z":
                return self.forward(atom.kind, int(str(atom.label)), places[0])
            case "function":
                return FUNCTIONS[str(atom.label)](self.value(atom.argument or Term({}), env))
            case "length":
                return Fraction(self.size(Sort(int(str(atom.label)))))
            case "free":
                return self.free[str(atom.label)]
            case "delta":
                return Fraction(int(places[0] == places[1]))
            case "entry":
                return Fraction(places[0])
        return self.point[atom.kind, int(str(atom.label)), places]  # of W, b or y

    def _place(self, index: Index, env: dict[Index, int]) -> int:
        if index.at is None:
            return env[index]
        return index.at if index.at >= 0 else self.size(index.sort) + index.at

    def check(self, demands: list[Demand], env: dict[Index, int]) -> None:
        """Raises Undefined where a demand is not met, Doubtful where only a slope demands it."""
        for demand in demands:
            for here in self.values(sorted(term_indices(demand.term).difference(env))):
                found = sign(self.value(demand.term, env | here))
                if not {"nonzero": found != 0, "positive": found > 0}.get(demand.kind, found >= 0):
                    raise Doubtful if demand.slope and not found else Undefined


def worlds(case: Case, least: int, seeds: tuple[int, ...]) -> Iterator[World]:
    """Worlds for a case: the running network first, then narrow ones; kinks are among the wide."""
    if seeds == NARROW and (case.network.values or (case.depth == 2 and least <= 2)):
        values = case.network.values or network_named("running").values
        point = {
            (kind, layer, (i, j)[: 2 if kind == "W" else 1]): entry
            for (kind, layer), rows in values.items()
            for i, row in enumerate(rows)
            for j, entry in enumerate(row)
        }
        yield World(case, (2, 3, 4), point, _free(Random("running")), True)
    for seed in () if case.network.values else seeds:
        random = Random(f"witness {seed}")
        widths = _widths(case.depth, least if seed in NARROW else max(least, 1 + seed % 3), seed)
        point = _point(case, widths, random, seed)
        yield World(case, widths, point, _free(random, seed))


def _free(random: Random, seed: int = 0) -> dict[str, Fraction]:
    s = Fraction((random.choice((-3, 2, 3, 5)), 0, 4, -4)[seed % 4], 4)
    return {"s": s, "t": s, "eta": Fraction(1, 10), "lambda": Fraction(1, 5)}


def _widths(depth: int, least: int, seed: int) -> tuple[int, ...]:
    """At first as narrow as can be; then neighbouring layers differ, as do x and the output."""
    if seed in NARROW:
        return tuple(least + (seed == 7 and layer % 2 == 0) for layer in range(depth + 1))
    return tuple(least + (layer + seed) % (3 if depth != 3 else 4) for layer in range(depth + 1))


def _point(case: Case, widths: tuple[int, ...], random: Random, seed: int) -> Point:
    """Random quarters; or all zeros; or y = y_hat with every s at its kink, as far as it goes."""
    spend(sum(widths))
    zero, kinks, still = seed == 3, seed in (1, 5), seed in (3, 5)

    def some() -> Fraction:
        return Fraction(0 if zero else random.choice((-7, -5, -3, -2, -1, 1, 2, 3, 4, 6)), 4)

    point: Point = {("z", 0, (i,)): some() for i in range(widths[0])}
    point |= {("y", 0, (k,)): some() for k in range(widths[-1])}
    if seed == 4:  # some of x and y are 0, others not
        point |= {key: Fraction(0) for key in point if not key[2][0] % 2}
    if seed in (2, 6):  # x and y are negative
        point = {key: -abs(value) for key, value in point.items()}
    world = World(case, widths, point, {})
    for layer, i in [(n, i) for n, size in enumerate(widths) if n for i in range(size)]:
        spend(10 * widths[layer - 1])  # to draw a weight takes as long as some factors
        weights = {("W", layer, (i, j)): some() for j in range(widths[layer - 1])}
        point |= {key: Fraction(0) if still else value for key, value in weights.items()}
        point["b", layer, (i,)] = some()
        if seed == 8 and layer == 1:  # the first units are dead, though their biases are positive
            point |= {key: -8 * point["z", 0, key[2][1:]] for key in weights}
            point["b", layer, (i,)] = Fraction(1, 4)
        if kinks and not (still and i % 2):
            _move(world, layer, i, 1)
        elif seed in (0, 7):  # no unit is dead
            _move(world, layer, i, 2)
    if kinks and still:
        for k in range(widths[-1]):
            y_hat = world.forward("z", case.depth, k)
            point["y", 0, (k,)] = y_hat if isinstance(y_hat, Fraction) else some()
    return point


def _move(world: World, layer: int, i: int, times: int) -> None:
    """Moves a bias so that s is 0, if s is exact (once); or about -s, if s is negative (twice)."""
    s = world.forward("s", layer, i)
    if isinstance(s, Interval):
        s = Fraction(math.floor(s.high) if times == 2 else 0)
    if times == 1 or s < 0:
        world.point["b", layer, (i,)] -= times * s
    del world.known["s", layer, i]
