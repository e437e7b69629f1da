"""Uses a letter that the display itself defines, whole or by its entries."""

from dataclasses import replace
from typing import Any

from .. import syntax as t
from . import spelling
from .cursor import Cursor, at

MOST_NODES = 5_000  # of what all letters of a display stand for


def used(c: Cursor, own: t.Local, given: tuple[t.Expr, ...], start: int) -> t.Local:
    """A letter of the display; one that is defined by its entries, at indices."""
    count = ("no index", "an index", "two indices")[len(own.indices)]
    what = f"expected {count} of {own.letter}, as it is defined"
    fits = len(given) == len(own.indices) and t.Whole() not in given
    c.require(fits, what, at=given[0] if given else start)
    taken = {one.letter for one in t.free_indices(*given)}
    of = _with_others_bound(c, own.of, taken)
    pairs = [
        (one, new)
        for old, new in zip(own.indices, given, strict=True)
        for one in t.free_indices(of)
        if one == old
    ]
    shared = c.shared
    shared.used.add(own.letter)
    shared.written_out += len(own.of.nodes)
    what = f"expected shorter definitions: written out they have over {MOST_NODES} parts"
    c.require(shared.written_out <= MOST_NODES, what, at=start)
    return replace(own, of=t.replaced(of, pairs), indices=given, **c.span(start))


def _with_others_bound(c: Cursor, node: Any, taken: set[str]) -> Any:
    """With another letter in each sum over one of these."""
    node = t.rebuilt(node, lambda part: _with_others_bound(c, part, taken))
    for letter in (one for one in getattr(node, "letters", ()) if one in taken):
        sums = [part.letters for part in node.nodes if isinstance(part, t.Sum)]
        used = taken.union({x.letter for x in node.nodes if isinstance(x, t.Index)}, *sums)
        other = next((one for one in spelling.SPARE if one not in used), "")
        c.require(other, f"expected another letter: there is a sum over {letter}")
        inside = [one for one in t.free_indices(*node.parts) if one.letter == letter]
        changed: Any = t.replaced(node, [(one, t.Index(other, **at(one))) for one in inside])
        node = replace(changed, letters=tuple(other if x == letter else x for x in node.letters))
    return node


def is_matrix_entry(node: t.Expr) -> bool:
    """Whether a formula is seen to be a number by two indices, as 2 W_{ij} and x_i y_j are."""
    free = {one.letter for one in t.free_indices(node)}
    pairs = len(free) > 1 or any(len(t.indices_of(one)) == 2 for one in node.nodes)
    return pairs and is_number(node)


def is_number(node: t.Node) -> bool:
    """Whether a formula is seen to be a number, by the entries in it, as \\hat y_k - y_k is."""
    match node:
        case t.Name(base, indices=inside) | t.Component(t.Node() as base, inside):
            return base == "ell" or (len(inside) > 0 and t.Whole() not in inside)
        case t.Norm() | t.Length():
            return True
        case t.Unit() | t.Constant() | t.Identity() | t.Written():
            return False
    return all(map(is_number, node.parts))
