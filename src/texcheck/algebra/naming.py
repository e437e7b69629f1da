"""An order of a monomial's bound indices, the same whatever they are called.

No proof depends on this file: whatever order it gives, `normal` names the indices in turn, which
changes no value. If the order depended on the names, equal sums would go unseen.
"""

from itertools import groupby, permutations, product
from operator import itemgetter
from typing import Any

from .budget import NoRule, spend
from .terms import Atom, Index, Monomial, Pairs, free_indices, renamed

LOOK_ALIKES = 6  # bound indices that look the same: all their orders are tried


def order(mono: Monomial) -> list[Index]:
    """The bound indices in order: parts that share none are ordered one by one."""
    parts: list[tuple[list[tuple[Atom, int]], set[Index]]] = []
    bound = set(mono.bound)
    for atom, n in mono.atoms:
        spend(1 + len(parts) // 10)
        inside, names = [(atom, n)], bound & free_indices(atom)
        if not names:
            continue
        for part in [part for part in parts if part[1] & names]:
            parts.remove(part)
            inside, names = part[0] + inside, part[1] | names
        parts.append((inside, names))
    least = [_least(inside, sorted(names)) for inside, names in parts]
    return [name for _, names in sorted(least, key=itemgetter(0)) for name in names]


def _least(atoms: list[tuple[Atom, int]], bound: list[Index]) -> tuple[Pairs, list[Index]]:
    """Of all orders of the indices that look different from each other, the least."""
    found = []
    for choice in product(*map(permutations, _look_alikes(atoms, bound))):
        spend(8 * len(atoms))
        names = [name for group in choice for name in group]
        new = {name: name._replace(name=f"%:{at:02}") for at, name in enumerate(names)}
        found.append((tuple(sorted((renamed(atom, new), n) for atom, n in atoms)), names))
    return min(found, key=itemgetter(0))


def _look_alikes(atoms: list[tuple[Atom, int]], bound: list[Index]) -> list[list[Index]]:
    """The bound indices in classes, those of one class alike as far as three looks can tell."""
    seen: dict[Index, tuple[Any, ...]] = {name: name.sort for name in bound}
    for _ in range(4):
        ranks = sorted(set(seen.values()))
        look = {name: ranks.index(seen[name]) for name in bound}
        if len(ranks) == len(bound):
            break
        seen = {name: (look[name], _marked(atoms, name, look)) for name in bound}
        spend(2 * len(atoms) * len(bound))
    by_look = sorted(bound, key=look.__getitem__)
    classes = [list(alike) for _, alike in groupby(by_look, look.__getitem__)]
    if max(map(len, classes)) > LOOK_ALIKES:
        raise NoRule("too many indices that look the same")
    return classes


def _marked(atoms: list[tuple[Atom, int]], name: Index, look: dict[Index, int]) -> Pairs:
    """The atoms that hold an index, as seen from it."""
    marks = {other: other._replace(name=f"*{at:02}") for other, at in look.items()}
    marks[name] = name._replace(name="*")
    return tuple(sorted((renamed(a, marks), n) for a, n in atoms if name in free_indices(a)))
