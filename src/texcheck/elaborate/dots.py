"""Written-out matrices with dots: one cell as a template, its places filled in for all others.

Invariants:

- Every written cell, the first and the last in each direction among them, is what the template says
  there. It has letters for row and column at the places of indices alone: so nothing else may
  differ, what runs does so from 0 to a length - 1, and the dots continue in the only way.
- Trees alone are compared here; sorts are inferred when the template is elaborated.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from .. import syntax as t
from ..algebra.budget import NoRule
from .matrix import IllSorted
from .pattern import COLUMN, ROW, running
from .scope import Numbered, counted, indices, rebuilt

Lines: TypeAlias = Sequence[Sequence[t.Expr]]
Places: TypeAlias = dict[int, int]
Cells: TypeAlias = dict[tuple[int, int], t.Expr]


class Template(NamedTuple):
    """`cell` with the letters `ROW` and `COLUMN` in it, no letters that a text could have.

    `down`, `across`: the places that are written, -1 the last; none on a side without dots, which
    is 1. `lengths`: of which length a row, a column, or an end that does not move, must be.
    `diagonal`: entries off the diagonal are 0.
    """

    cell: t.Expr
    down: tuple[int, ...] = ()
    across: tuple[int, ...] = ()
    lengths: Sequence[tuple[t.Expr, t.Expr]] = ()
    diagonal: bool = False


def template(node: t.Written) -> Template:
    """The matrix that a written one stands for. Raises NoRule where the dots say nothing."""
    rows = tuple(tuple(map(without_letters, row)) for row in node.rows)
    inner = [part for row in rows for cell in row for part in t.walk(cell) if part is not cell]
    if any(isinstance(part, t.Dots) for part in inner):
        raise NoRule("dots within a part that dots continue")
    columns = tuple(zip(*rows, strict=True))
    down, across = _places(rows, "dots"), _places(columns, "vdots")
    cells = {(i, j): _counted(rows[at][to]) for at, i in down.items() for to, j in across.items()}
    tall, wide = _has_dots(down, rows), _has_dots(across, columns)
    places = tuple(down.values()) if tall else (), tuple(across.values()) if wide else ()
    off = [cell for (i, j), cell in cells.items() if i != j]
    diagonal = tall and wide and all(map(_is_zero, off)) and not all(map(_is_zero, cells.values()))
    if diagonal and {*down.values()} != {*across.values()}:
        raise NoRule("a row or a column whose entry on the diagonal is left out")
    _expect_dots(rows, down, across, diagonal)
    cell, own = cells[0, 0], any(isinstance(part, t.Local) for part in t.walk(node))
    if diagonal:
        cells = {(i, j): found for (i, j), found in cells.items() if i == j}
        cell = running(cell, cells[-1, -1], ROW)
        return Template(cell, *places, _lengths(cell, cells, own), diagonal=True)
    if tall:
        cell = running(cell, cells[-1, 0], ROW)
    if wide:  # the rows' places in the last column are those of the first one
        last = running(cells[0, -1], cells[-1, -1], ROW) if tall else cells[0, -1]
        cell = running(cell, last, COLUMN)
    return Template(cell, *places, _lengths(cell, cells, own))


def without_letters(node: t.Node) -> t.Node:
    """With what they stand for in place of letters that the display defines."""
    if isinstance(node, t.Local):
        return without_letters(node.of)
    return t.rebuilt(node, without_letters)


def _expect_dots(rows: Lines, down: Places, across: Places, diagonal: bool) -> None:
    """Raises NoRule unless dots stand where no entry does: beside a diagonal a zero may, and
    elsewhere nothing where the dots of a row and of a column would cross."""
    for at, row in enumerate(rows):
        for to, written in enumerate(row):
            entry, dots = at in down and to in across, isinstance(written, t.Dots)
            beside = at in down or to in across
            left_out = _is_zero(written) if diagonal else isinstance(written, t.Blank)
            if dots == entry and (dots or not left_out or beside != diagonal):
                raise NoRule("dots where an entry should stand, or an entry among dots")


def _is_zero(cell: t.Expr) -> bool:
    return cell == t.ZERO or isinstance(cell, t.Blank)


def _places(lines: Lines, along: str) -> Places:
    """The lines that hold entries, by place: 0, 1, ... before the dots, ..., -2, -1 after them."""
    if len(lines) == 1:
        return {0: 0}
    gaps = []
    for line in lines:
        kinds = [cell.kind for cell in line if isinstance(cell, t.Dots)]
        gaps.append(any(kind != along for kind in kinds) or len(kinds) == len(line))
    if gaps.count(True) > 1:
        raise NoRule("dots that stand twice in one direction")
    first = gaps.index(True) if True in gaps else len(gaps)
    return {at: at if at < first else at - len(gaps) for at, gap in enumerate(gaps) if not gap}


def _has_dots(places: Places, lines: Lines) -> bool:
    """Whether a side of a matrix runs through dots; if not, it must be 1."""
    if len(places) == len(lines) > 1:
        raise NoRule("a matrix that has dots in one direction and a fixed size in the other")
    if len(lines) > 1 and not {0, -1} <= set(places.values()):
        raise NoRule("dots stand between a first and a last entry")
    return len(lines) > 1


def _lengths(cell: t.Expr, cells: Cells, own: bool) -> list[tuple[t.Expr, t.Expr]]:
    """Which lengths must agree. Raises IllSorted if a cell is not what the template says, NoRule if
    it may be so in other words: one of a letter of its `own`, of a length, of a power."""
    found = []
    for (i, j), written in cells.items():
        if written != _filled(cell, {ROW: i, COLUMN: j}):
            message = "the dots of this matrix cannot be continued in one way"
            parts = (part for one in cells.values() for part in t.walk(one))
            unlike = own or any(isinstance(part, t.Length | t.Power) for part in parts)
            vector = any(len({*along}) == 1 for along in zip(*cells, strict=True))
            if unlike or (vector and not indices(written)):  # 1, 0, ..., 0
                raise NoRule(message)
            raise IllSorted(message, written)
        for place, index in zip(indices(cell), indices(written), strict=True):
            if isinstance(index, Numbered) and index.base is not None:
                end = place.base if isinstance(place, Numbered) else None
                found.append((end or place, index.base))
    return found


# -- trees with numbered entries


def _filled(cell: t.Expr, places: dict[str, int]) -> t.Expr:
    """The cell at a place."""

    def change(index: t.Expr) -> t.Expr:
        at = places.get(index.letter) if isinstance(index, t.Index) else None
        return index if at is None else Numbered(None, at, at < 0)

    return rebuilt(cell, change)


def _counted(cell: t.Expr) -> t.Expr:
    """The cell with its numbered entries as such."""

    def change(index: t.Expr) -> t.Expr:
        if isinstance(index, t.Index | t.Whole):
            return index
        base, offset = counted(index)
        return Numbered(base, offset, base is not None)

    return rebuilt(cell, change)
