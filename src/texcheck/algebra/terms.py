"""Polynomials in indexed atoms: the one kind of term that every formula becomes.

Invariants:

- I1 An index carries its sort, and a delta joins two indices of one sort.
- I2 A bound index is bound once: a product renames apart, and a renaming captures nothing.
- Contraction: the sum over j of delta[i, j] a[j] is a[i], where i and j have one sort. A bound
  index that no atom has is the number of its values.
- Two numbered places count as different only if they differ at every width from `LEAST` on; an
  index that is numbered, a from the first or b before the end, needs a width of a + 1 or b, and
  the statement is about no smaller one.
- A term depends on nothing but what it is made of: no counter, no order of creation, no hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from itertools import count
from operator import mul
from typing import NamedTuple, TypeAlias

from .budget import NoRule, spend

LEAST = 3  # the width that every layer has if the statement names an entry by its number
HIGHEST = 100  # exponents, and digits of a number
LARGEST = 2000  # atoms of a term that a function is taken of


class Sort(NamedTuple):
    """How far an index runs: the width of a layer (0 is x), or a fixed number of values."""

    layer: int
    size: int = 0


def fixed(size: int) -> Sort:
    """The sort of so many values."""
    return Sort(-1, size)


ONE = fixed(1)


class Index(NamedTuple):
    """An index: a name that runs over a sort, or (name "") the place `at` counted from the first
    one, 0, 1, ..., or from the end, ..., -2, -1."""

    name: str
    sort: Sort
    at: int | None = None


def numbered(at: int, sort: Sort) -> Index:
    """The index that is a number."""
    return Index("", sort, at % sort.size if sort.size else at)


class Atom(NamedTuple):
    """What a polynomial is made of.

    `kind`: W b s z y (entries), g (slope of an unknown loss), ell (an unknown loss), J (Jacobian
    across a gap), delta, entry (an index as a number), length (of a layer), free (a number
    without a network), function (`label` names it, of `argument`).
    """

    kind: str
    label: int | str | tuple[int, int]
    indices: tuple[Index, ...] = ()
    argument: Term | None = None


Pairs: TypeAlias = tuple[tuple[Atom, int], ...]  # atoms with their exponents


class Monomial(NamedTuple):
    """Atoms with their exponents, in order, and the indices that the product is summed over."""

    atoms: Pairs
    bound: tuple[Index, ...]

    @property
    def lone(self) -> Atom | None:
        """The atom, if the monomial is one and nothing else."""
        alone = not self.bound and len(self.atoms) == 1 and self.atoms[0][1] == 1
        return self.atoms[0][0] if alone else None


UNIT = Monomial((), ())
Rational: TypeAlias = Fraction | int  # a whole number stays an int: it is faster
Change: TypeAlias = Callable[[Atom], "Term | None"]


class Term:
    """A polynomial: rational factors of monomials."""

    _hash: int | None = None  # when it is known

    def __init__(self, parts: Mapping[Monomial, Rational]):
        zero = not all(parts.values())
        self.parts = {mono: n for mono, n in parts.items() if n} if zero else parts

    @cached_property
    def size(self) -> int:
        """How many atoms the term has, those inside of functions too."""
        atoms = [atom for mono in self.parts for atom, _ in mono.atoms]
        return 1 + sum(atom.argument.size for atom in atoms if atom.argument) + len(atoms)

    @cached_property
    def key(self) -> tuple[tuple[Monomial, Rational], ...]:
        """The monomials and factors in order."""
        return tuple(sorted(self.parts.items()))

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.parts.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and self.parts == other.parts

    def __lt__(self, other: Term) -> bool:
        return self.key < other.key

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __add__(self, other: Term) -> Term:
        spend(len(self.parts) + len(other.parts))
        return collected([*self.parts.items(), *other.parts.items()])

    def __sub__(self, other: Term) -> Term:
        return self + -other

    def __neg__(self) -> Term:
        return self * -1

    def __mul__(self, other: Term | Rational) -> Term:
        if isinstance(other, Term) and other.is_constant:
            other = other.parts.get(UNIT, 0)
        if not isinstance(other, Term):
            return self if other == 1 else Term({m: n * other for m, n in self.parts.items()})
        if self.is_constant:
            return other * self.parts.get(UNIT, 0)
        return collected(
            (_product(left, right), a * b)
            for left, a in self.parts.items()
            for right, b in other.parts.items()
        )

    def __truediv__(self, other: Rational) -> Term:
        return self * number(Fraction(1, other))

    def __pow__(self, n: int) -> Term:
        """A power with a whole exponent that is not negative."""
        if n == 1:
            return self
        if self.is_constant and self.constant in (0, 1, -1):
            n = min(n, 2 - n % 2)
        sizes = [1, *(abs(m) for mono in self.parts for _, m in mono.atoms)]
        numbers = [one for factor in self.parts.values() for one in factor.as_integer_ratio()]
        if (size := n * max([*sizes, *(one.bit_length() // 3 for one in numbers)])) > HIGHEST:
            raise NoRule("a power that is too high")
        spend(10 * size * self.is_constant)  # products of long numbers take long
        return reduce(mul, [self] * n) if n else number(1)

    @property
    def constant(self) -> Fraction:
        """The factor of 1."""
        return Fraction(self.parts.get(UNIT, 0))

    @property
    def is_constant(self) -> bool:
        """Whether the term is a rational number."""
        return not self.parts or (len(self.parts) == 1 and UNIT in self.parts)


def number(value: Rational) -> Term:
    return Term({UNIT: value.numerator if value.denominator == 1 else value})


ZERO, HALF = number(0), number(Fraction(1, 2))


def product_of(atoms: Pairs, bound: tuple[Index, ...] = ()) -> Term:
    """A product of atoms, summed over the bound indices."""
    return collected([(contracted(atoms, bound), 1)])


def power(atom: Atom, n: int = 1) -> Term:
    """An atom with any whole exponent."""
    return product_of(((atom, n),))


def quantity(kind: str, label: int, *indices: Index) -> Term:
    """An entry of a quantity of the network."""
    return power(Atom(kind, label, indices))


def function_of(name: str, argument: Term) -> Term:
    """A function of a term, no law applied."""
    if argument.size > LARGEST:
        raise NoRule("a formula that grows too large")
    return power(Atom("function", name, (), argument))


def free(name: str) -> Term:
    """A number that belongs to no network."""
    return power(Atom("free", name))


def length(sort: Sort) -> Term:
    """How many values an index of the sort has."""
    return number(sort.size) if sort.size else power(Atom("length", sort.layer))


def entry_number(index: Index) -> Term:
    if index.at is None:
        return power(Atom("entry", "", (index,)))
    return number(index.at) if index.at >= 0 else length(index.sort) + number(index.at)


def delta(i: Index, j: Index) -> Term:
    """Kronecker's delta of two indices of one sort."""
    if i.sort != j.sort:
        raise ValueError(f"a delta of {i} and {j}")
    if i.sort.size and not (i.name or j.name):
        return number(i == j)
    return number(1) if i == j else power(Atom("delta", "", (min(i, j), max(i, j))))


def sum_over(term: Term, *indices: Index) -> Term:
    """The sum over indices that run over a width."""
    found: list[tuple[Monomial | None, Rational]] = []
    for mono, factor in term.parts.items():
        if not set(mono.bound).isdisjoint(indices):
            mono = _apart(mono, _indices(mono.atoms) | set(indices))
        found.append((contracted(mono.atoms, (*mono.bound, *indices)), factor))
    return collected(found)


def total(sort: Sort, name: str, entry: Callable[[Index], Term]) -> Term:
    """The sum of an entry over all values of an index: one that runs, of this name, or each."""
    if sort.size:
        return sum((entry(numbered(at, sort)) for at in range(sort.size)), ZERO)
    index = Index(name, sort)
    return sum_over(entry(index), index)


def collected(pairs: Iterable[tuple[Monomial | None, Rational]]) -> Term:
    """The sum of rational factors of monomials, None being 0."""
    found: dict[Monomial, Rational] = {}
    for mono, factor in pairs:
        if mono is not None:
            found[mono] = found.get(mono, 0) + factor
    return Term(found)


# -- names


@lru_cache(maxsize=100_000)
def free_indices(atom: Atom) -> frozenset[Index]:
    """The indices of an atom that run and are not bound inside of it."""
    inside = term_indices(atom.argument) if atom.argument is not None else ()
    return frozenset((*(index for index in atom.indices if index.name), *inside))


def term_indices(term: Term) -> set[Index]:
    """The free indices of a term."""
    return set().union(*(_indices(mono.atoms).difference(mono.bound) for mono in term.parts))


def atoms_of(term: Term) -> Iterator[Atom]:
    """The atoms of a term, and of all that a function is taken of."""
    for atom in (atom for mono in term.parts for atom, _ in mono.atoms):
        yield atom
        yield from atoms_of(atom.argument) if atom.argument is not None else ()


def has_step(term: Term) -> bool:
    """Whether a step stands in a term, or in what a function is taken of."""
    return any(atom.label == "step" for atom in atoms_of(term))


def _indices(atoms: Pairs) -> set[Index]:
    return set().union(*(free_indices(atom) for atom, _ in atoms))


def rename(term: Term, new: Mapping[Index, Index]) -> Term:
    """Free indices renamed, or numbered."""
    if all(old == now for old, now in new.items()) or not term_indices(term) & new.keys():
        return term
    return collected((_renamed_monomial(mono, new), factor) for mono, factor in term.parts.items())


def _renamed_monomial(mono: Monomial, new: Mapping[Index, Index]) -> Monomial | None:
    here = {old: now for old, now in new.items() if old not in mono.bound}
    if here.keys().isdisjoint(_indices(mono.atoms)):
        return mono
    if not set(here.values()).isdisjoint(mono.bound):
        mono = _apart(mono, _indices(mono.atoms) | set(here.values()) | set(here))
    return contracted(tuple((renamed(atom, here), n) for atom, n in mono.atoms), mono.bound)


def _apart(mono: Monomial, taken: set[Index]) -> Monomial:
    """The same monomial, its bound indices named by what is not taken: the least such names."""
    spend(len(mono.atoms))
    names = {index.name for index in taken.union(mono.bound)}
    free = (f"~{at}" for at in count() if f"~{at}" not in names)
    new = {index: index._replace(name=next(free)) for index in mono.bound}
    return Monomial(tuple((renamed(atom, new), n) for atom, n in mono.atoms), tuple(new.values()))


def renamed(atom: Atom, new: Mapping[Index, Index]) -> Atom:
    """The atom with its free indices renamed."""
    if new.keys().isdisjoint(free_indices(atom)):
        return atom
    indices = tuple(new.get(index, index) for index in atom.indices)
    if atom.kind == "delta":
        indices = tuple(sorted(indices))
    argument = None if atom.argument is None else rename(atom.argument, new)
    return Atom(atom.kind, atom.label, indices, argument)


# -- monomials


def _product(left: Monomial, right: Monomial) -> Monomial | None:
    if left.bound or right.bound:
        mine, theirs = _indices(left.atoms), _indices(right.atoms)
        if not mine.isdisjoint(right.bound):
            right = _apart(right, mine | theirs | set(left.bound))
            theirs = _indices(right.atoms)
        if not theirs.isdisjoint(left.bound):
            left = _apart(left, mine | theirs | set(right.bound))
    return contracted((*left.atoms, *right.atoms), (*left.bound, *right.bound))


def contracted(atoms: Pairs, bound: tuple[Index, ...]) -> Monomial | None:
    """The monomial of these factors with its deltas contracted; None where it is 0.

    The indices that deltas make equal form classes. One of each (a number, else a free one) takes
    the place of the others; a bound one is gone, a free one leaves its delta behind.
    """
    spend(2 + len(atoms) + sum([a.argument.size for a, _ in atoms if a.argument is not None]))
    return _contracted(atoms, bound)


@lru_cache(maxsize=20_000)  # of six products one is new; the book has five thousand
def _contracted(atoms: Pairs, bound: tuple[Index, ...]) -> Monomial | None:
    exponents = _gathered(atoms)
    held = set(bound)
    leaders = _classes(exponents, held)
    if leaders is None:
        return None
    if leaders:
        exponents = _gathered((renamed(atom, leaders), n) for atom, n in exponents.items())
        for index, leader in leaders.items():
            if index not in held:
                exponents[Atom("delta", "", (min(index, leader), max(index, leader)))] = 1
        held.difference_update(leaders)
    if held:
        used = set().union(*(free_indices(atom) for atom, n in exponents.items() if n))
        lengths = ((Atom("length", index.sort.layer), 1) for index in held - used)
        exponents = _gathered([*exponents.items(), *lengths])
        held &= used
    pairs = [_switched(atom, n) for atom, n in exponents.items() if n]
    return Monomial(tuple(sorted(pairs)), tuple(sorted(held)))


def _gathered(atoms: Iterable[tuple[Atom, int]]) -> dict[Atom, int]:
    exponents: dict[Atom, int] = {}
    for atom, n in atoms:
        exponents[atom] = exponents.get(atom, 0) + n
    return exponents


def _switched(atom: Atom, n: int) -> tuple[Atom, int]:
    """An atom with its exponent; a delta or a step is 0 or 1, so it is its own square."""
    if n == 1 or not (atom.kind == "delta" or atom.label == "step"):
        return atom, n
    if n < 0:
        raise NoRule("a division by what may be 0")
    return atom, 1


def _classes(exponents: dict[Atom, int], bound: set[Index]) -> dict[Index, Index] | None:
    """Takes the deltas out: each index that one makes equal to another, with that; None for 0."""
    leaders: dict[Index, Index] = {}

    def find(index: Index) -> Index:
        while index in leaders:
            index = leaders[index]
        return index

    for atom in [atom for atom, n in exponents.items() if n and atom.kind == "delta"]:
        if exponents.pop(atom) < 0:
            raise NoRule("a division by what may be 0")
        ends = [find(index) for index in atom.indices]
        first, second = sorted(ends, key=lambda index: (index in bound, index.name != "", index))
        if first == second:
            continue
        if not second.name:
            low, high = sorted((first.at or 0, second.at or 0))
            if low >= 0 or high < 0 or high - low < LEAST:  # different at every width from LEAST on
                return None
            raise NoRule("two numbered entries that are the same at some widths")
        leaders[second] = first
    return {index: find(index) for index in leaders}
