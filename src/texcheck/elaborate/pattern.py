"""What dots continue: a letter in place of each index that runs.

No proof depends on this file: `dots` compares what is found here with every written cell, the first
and the last among them, and these fix it. `rebuilt` and `indices` only walk through a tree.
"""

from .. import syntax as t
from ..algebra.budget import NoRule
from .matrix import IllSorted
from .scope import Numbered, indices, rebuilt

ROW, COLUMN = " row", " column"


def running(first: t.Expr, last: t.Expr, letter: str) -> t.Expr:
    """The first cell with a letter at each place that runs to the last one's."""
    left = iter(indices(last))

    def change(index: t.Expr) -> t.Expr:
        end = next(left, None)
        if end is None or index == end:
            return index
        if isinstance(end, Numbered) and end.base is None:
            raise NoRule("dots that run to a numbered entry, not to a length - 1")
        if index == Numbered(None, 0, False) and isinstance(end, Numbered) and end.base is not None:
            if end.offset >= 0:
                raise IllSorted("an entry that does not exist: the last one is a length - 1", last)
            if end.offset == -1:
                return t.Index(letter, start=index.start, end=index.end)
        raise NoRule("dots that do not run from 0 to a length - 1")

    return rebuilt(first, change)
