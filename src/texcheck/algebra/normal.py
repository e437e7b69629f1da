"""The normal form of a term: what is put in its place does not change its value anywhere.

Invariants:

- I3 `normal(normal(t)) == normal(t)`; terms that are equal up to the names of bound indices have
  one normal form.
- I4 A normal form has no delta with a bound index, and nothing that `eliminate` replaces.
- Every law used here holds for the values; no slope is ever taken of a normal form.
- step(u) and step(-u) are kept apart, with product 0, so that u = 0 is treated exactly.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from . import naming
from . import terms as a
from .budget import NoRule, spend
from .functions import apply
from .terms import UNIT, ZERO, Atom, Change, Monomial, Rational, Term, number


def normal(term: Term, eliminate: Change) -> Term:
    """The normal form. `eliminate` gives for an atom what it stands for, or None."""
    return normals([term], eliminate)[0]


def normals(terms: Iterable[Term], eliminate: Change) -> list[Term]:
    """The normal form of each term; what they have in common is made once."""

    @cache
    def change(atom: Atom) -> Term | None:
        if atom.argument is not None:
            return _applied(str(atom.label), made(atom.argument))
        new = eliminate(atom)
        return None if new is None else made(new)

    def made(inner: Term) -> Term:
        return canonical(reduced(substituted(inner, change)))

    return [made(term) for term in terms]


def substituted(term: Term, change: Change) -> Term:
    """Every atom replaced by what `change` gives for it (None: as it is)."""

    def replaced(mono: Monomial) -> Term:
        changed = [(change(atom), n) for atom, n in mono.atoms]
        kept = [pair for pair, (new, _) in zip(mono.atoms, changed, strict=True) if new is None]
        if len(kept) == len(changed):
            return Term({mono: 1})
        part = a.product_of(tuple(kept))
        for new, n in changed:
            if new is not None:
                part = part * (new**n if n >= 0 else apply("inverse", new) ** -n)
        return a.sum_over(part, *mono.bound)

    return a.collected(
        (new, factor * inner)
        for mono, factor in term.parts.items()
        for new, inner in replaced(mono).parts.items()
    )


def put(term: Term, change: Change, join: Callable[[str, Term], Term] = apply) -> Term:
    """Every atom replaced, those inside of functions too; else the term stays as it is written."""

    def inside(atom: Atom) -> Term | None:
        new = change(atom)
        if new is None and atom.argument is not None:
            return join(str(atom.label), put(atom.argument, change, join))
        return new

    return substituted(term, inside)


def _applied(name: str, term: Term) -> Term:
    """A function of a normal form, with the laws that hold for its values alone."""
    if name == "sqrt" and len(term.parts) == 1:
        ((mono, factor),) = term.key
        if mono.atoms and not mono.bound and all(n % 2 == 0 for _, n in mono.atoms):
            root = a.product_of(tuple((atom, n // 2) for atom, n in mono.atoms))
            return apply("abs", root) * apply("sqrt", number(factor))
    return apply(name, term)


# -- laws that join two atoms


def reduced(term: Term) -> Term:
    """The laws that join two atoms of a monomial, until none applies."""
    waiting, done = dict(term.parts), dict[Monomial, Rational]()
    while waiting:
        mono, factor = waiting.popitem()
        new = _reduced(mono)
        parts: Mapping[Monomial, Rational] = {mono: 1} if new is None else new.parts
        into = done if new is None else waiting
        spend(len(parts))
        for part, value in parts.items():
            into[part] = into.get(part, 0) + value * factor
    return Term(done)


def _reduced(mono: Monomial) -> Term | None:
    for atom, n in mono.atoms:
        found, inner = None, atom.argument
        if atom.kind == "entry":
            found = _numbers_added(mono, atom, n)
        elif inner is None:
            continue
        elif atom.label == "sqrt" and not 0 <= n <= 1:
            base = inner if n > 0 else apply("inverse", inner)
            found = _under(mono, {atom: n % 2}, base ** abs(n // 2))
        elif atom.label == "step":
            found = _step_law(mono, atom, inner)
        elif atom.label == "inverse":
            found = _partial_fractions(mono, atom, n, inner)
        if found is not None:
            return found
    return None


def _under(mono: Monomial, changes: dict[Atom, int], inner: Term) -> Term:
    """The changed monomial times a term, which may hold its bound indices."""
    bare = _changed(Monomial(mono.atoms, ()), changes)
    return a.sum_over(bare * inner, *mono.bound)


def _changed(mono: Monomial, changes: dict[Atom, int]) -> Term:
    """The monomial with other exponents for some atoms."""
    return a.product_of(tuple({**dict(mono.atoms), **changes}.items()), mono.bound)


def _step_law(mono: Monomial, atom: Atom, argument: Term) -> Term | None:
    """step(u) step(-u) = 0, and s step(-s) = s - s step(s) for an atom s."""
    exponents = dict(mono.atoms)
    other = Atom("function", "step", (), -argument)
    if other in exponents:
        return ZERO
    if len(argument.parts) == 1:
        ((inner, factor),) = argument.key
        if factor < 0 and inner.lone and exponents.get(inner.lone, 0) > 0:
            return _changed(mono, {atom: 0}) - _changed(mono, {atom: 0, other: 1})
    return None


def _numbers_added(mono: Monomial, atom: Atom, n: int) -> Term | None:
    """An entry's own number: known where the entry is; the sum of all is d (d - 1) / 2."""
    (index,) = atom.indices
    if index.at is not None:
        return _under(mono, {atom: 0}, a.entry_number(index) ** n) if n > 0 else None
    others = [one for one, _ in mono.atoms if one != atom and index in a.free_indices(one)]
    if index not in mono.bound or others or n not in (1, 2):
        return None
    rest = mono._replace(bound=tuple(one for one in mono.bound if one != index))
    size = a.length(index.sort)
    total = size * (size - number(1)) * a.HALF
    if n == 2:
        total = total * (size * 2 - number(1)) / 3
    return _under(rest, {atom: 0}, total)


def _partial_fractions(mono: Monomial, atom: Atom, n: int, argument: Term) -> Term | None:
    """u / (c + d u) = 1/d - c/d / (c + d u)."""
    c = argument.constant
    rest = [(inner.lone, d) for inner, d in argument.parts.items() if inner != UNIT]
    base, d = rest[0]
    if not c or len(rest) != 1 or base is None:
        return None
    m = dict(mono.atoms).get(base, 0)
    if m > 0:
        return (_changed(mono, {base: m - 1, atom: n - 1}) - _changed(mono, {base: m - 1}) * c) / d
    return None


# -- names of bound indices


def canonical(term: Term) -> Term:
    """The bound indices named in turn, in an order that does not depend on their names."""
    if not any(mono.bound for mono in term.parts):
        return term
    level = _depth(term)
    return a.collected((_named(mono, level), factor) for mono, factor in term.key)


def _depth(term: Term) -> int:
    """How deeply sums stand in functions of sums."""
    inner = [_depth(one.argument) for mono in term.parts for one, _ in mono.atoms if one.argument]
    return 1 + max(inner, default=-1)


def _named(mono: Monomial, level: int) -> Monomial:
    """A name for each bound index, one that no other index here has."""
    order = naming.order(mono)
    new = {name: name._replace(name=f"%{level}.{at:02}") for at, name in enumerate(order)}
    if sorted(new) != sorted(mono.bound):
        raise NoRule("bound indices that have no order")
    atoms = sorted((a.renamed(atom, new), n) for atom, n in mono.atoms)
    return Monomial(tuple(atoms), tuple(sorted(new.values())))


# -- cases


def split_at(term: Term, bound: frozenset[a.Index] = frozenset()) -> list[Callable[[Term], Term]]:
    """Whatever holds a step of a term u with no bound index: the cases u > 0, u < 0 and u = 0."""
    for mono in term.parts:
        within = bound.union(mono.bound)
        for atom, _ in mono.atoms:
            if atom.argument is None:
                continue
            if found := split_at(atom.argument, within):
                return found
            if atom.label == "step" and a.free_indices(atom).isdisjoint(within):
                return [_case(atom.argument, side) for side in (1, -1, 0)]
    return []


def _case(u: Term, side: int) -> Callable[[Term], Term]:
    known = {Atom("function", "step", (), u * way): number(side * way > 0) for way in (1, -1)}
    atoms = [atom for mono in u.parts for atom, _ in mono.atoms]
    plain = not (side or any(atom.argument for atom in atoms))
    alone = (mono for mono in u.parts if plain and mono.lone and atoms.count(mono.lone) == 1)
    if mono := next(alone, None):  # what u = 0 says of an atom
        known[mono.atoms[0][0]] = Term({mono: 1}) - u / u.parts[mono]

    def within(term: Term) -> Term:
        new = canonical(reduced(put(term, known.get, _applied)))
        return term if new == term else within(new)

    return within
