"""A row of a display as its reader sees it: where it begins, and where its relation stands.

Alignment marks divide rows into cells, numbered from 0. The even cells end, and the odd ones
begin, at the same place in every row; where else in a cell something stands, nobody knows here.
"""

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import NamedTuple, Self

from . import spelling
from .cursor import DEPTH, NESTING
from .tokens import Token

_BEFORE_SIGN = {"&", "{", "underbrace", "overbrace", "left."} | spelling.WITHOUT_BRACKETS
_ENDING = spelling.RELATIONS | {","}


def speaks(one: Token) -> bool:
    """Whether a token is a word or an arrow between claims."""
    return one.text == "Rightarrow" or (one.kind == "text" and one.text not in spelling.FUNCTIONS)


def outside(tokens: list[Token], number: int = 0) -> Iterator[Token | None]:
    """The marks of a row, from a number on, and its tokens outside of brackets; None inside."""
    depth = nested = 0
    for one in islice(tokens, number, None):
        depth += DEPTH.get(one.kind, 0)
        nested += NESTING.get(one.text, 0)
        if depth < 0 or (depth == 0 and one.kind in ("newline", "end")):
            return
        if depth == 0:
            yield None if nested > 0 and one.text != "&" else one


class Row(NamedTuple):
    """A row: what is seen first, and in which cells that and the first relation stand."""

    first: Token
    cell: int  # where it begins; an arrow alone in a cell is not counted
    moved: bool  # a gap may stand in front, or the row before
    marked: bool  # a mark stands behind what it begins with
    relation: int  # the cell of the first relation; -1: there is none
    side: int  # 1: the relation begins its cell; -1: it ends it; 0: it stands within
    relates: bool  # the relation stands before any word or comma

    @classmethod
    def of(cls, tokens: list[Token], number: int) -> Self:
        """The row that begins with token `number`."""
        unseen = [*takewhile(lambda one: one.text in _BEFORE_SIGN, islice(tokens, number, None))]
        first = tokens[number + len(unseen)]
        moved = any(one.quad or one.text == "array" for one in (*unseen, first))
        cells: list[list[str]] = [[]]
        relates: bool | None = None
        for one in outside(tokens, number):
            mark = one and one.text == "&"
            cells.append([]) if mark else cells[-1].append(one.text if one else "")
            if relates is None and one and (speaks(one) or one.text in _ENDING):
                relates = one.text in spelling.RELATIONS
        last = len(cells) - 1
        cell = next((at for at, one in enumerate(cells) if {*one} - {"Rightarrow"}), last)
        while "Rightarrow" in cells[cell]:  # what it leads to is aligned
            del cells[cell][0]
        relation, side = -1, 0
        for at, texts in reversed([*enumerate(cells)]):
            if found := [place for place, text in enumerate(texts) if text in spelling.RELATIONS]:
                begins, ends = found[0] == 0, found[0] == len(texts) - 1
                relation, side = at, begins - ends or begins * (1 if at % 2 else -1)
        return cls(first, cell, moved, cell < last, relation, side, bool(relates))

    def behind(self, other: Self) -> bool:
        """Whether it begins right of the relation of another row, or below, as far as is known."""
        below = other.side == 1 and other.relation % 2 == 1
        return self.cell > other.relation or (self.cell == other.relation and below)

    def inside(self, other: Self) -> bool:
        """Whether it begins right of the beginning of another row, or below."""
        known = self.cell % 2 == 1 and not other.moved
        alone = not (self.marked or other.marked)
        return self.cell > other.cell or (self.cell == other.cell and (known or alone))

    def goes_on(self, other: Self) -> bool:
        """Whether it may go on from the right side of another: it claims nothing itself."""
        alone = not other.marked and self.cell == other.cell
        return not self.relates and (alone or self.behind(other))

    def relates_like(self, other: Self) -> bool:
        """Whether its relation stands below that of another row."""
        below = (self.relation, self.side) == (other.relation, other.side) and self.side != 0
        unmarked = self.cell == other.cell and not (self.marked or other.marked)
        return below or unmarked

    def stands_like(self, other: Self) -> bool:
        """Whether it begins in the same cell as another row, and its relation stands below."""
        moved = self.moved or other.moved
        return self.cell == other.cell and not moved and self.relates_like(other)
