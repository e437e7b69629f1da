"""Uses a letter that the display itself defines, whole or by its entries."""

from dataclasses import replace

from .. import syntax as t
from .cursor import Cursor

MOST_NODES = 5_000  # of what all letters of a display stand for


def used(c: Cursor, own: t.Local, given: tuple[t.Expr, ...], start: int) -> t.Local:
    """A letter of the display; one that is defined by its entries, at indices."""
    count = ("no index", "an index", "two indices")[len(own.indices)]
    what = f"expected {count} of {own.letter}, as it is defined"
    fits = len(given) == len(own.indices) and t.Whole() not in given
    c.require(fits, what, at=given[0] if given else start)
    bound = {x for one in own.of.nodes if isinstance(one, t.Sum) for x in one.letters}
    for one in t.free_indices(*given):
        what = f"expected another letter: {own.letter} is a sum over {one.letter}"
        c.require(one.letter not in bound, what, at=one)
    pairs = [
        (one, new)
        for old, new in zip(own.indices, given, strict=True)
        for one in t.free_indices(own.of)
        if one == old
    ]
    shared = c.shared
    shared.used.add(own.letter)
    shared.written_out += len(own.of.nodes)
    what = f"expected shorter definitions: written out they have over {MOST_NODES} parts"
    c.require(shared.written_out <= MOST_NODES, what, at=start)
    return replace(own, of=t.replaced(own.of, pairs), indices=given, **c.span(start))
