"""Rows are read as a reader sees them, whatever the widths of what stands in them."""

from __future__ import annotations

from itertools import accumulate, zip_longest
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from texcheck.reading import CannotRead, lines
from texcheck.reading.tokens import tokens

LEFT = ["", "x", "x + y", "- x", "+ x", "x -", "& x", r"\quad x", r"& \quad x", "x & y", "-"]
RELATION = ["&", "= &", "& =", "&", "= &", "& =", "=", "& = &", "", "& &"]
RIGHT = ["x", "x + y", "- x", "x -", "", "& x", "x = y", r"\quad - x"]
PARTS = tuple(map(st.sampled_from, (LEFT, RELATION, RIGHT)))
ROW = st.tuples(*PARTS).map(" ".join).filter(str.split).map(str.split)
UNSEEN = ("&", r"\quad")


class Seen(NamedTuple):
    """A row on the page: what stands first, in which cell and where, and where its = stands."""

    first: str
    new: bool  # a line was read to begin here
    cell: int
    place: int
    marked: bool  # a mark stands behind
    equal: int | None


def places(rows: list[list[str]], seed: int) -> list[list[int]]:
    """Where each sign stands: even cells are aligned on the right, the others on the left."""
    known, random = {"=": 1, "+": 1, "-": 1, r"\quad": 2}, Random(seed)
    cells = [[cell.split() for cell in " ".join(row).split("&")] for row in rows]
    sizes = [[[known.get(s) or random.choice((1, 3, 9)) for s in c] for c in r] for r in cells]
    wide = [max(map(sum, column)) for column in zip_longest(*sizes, fillvalue=[])]
    edges = [0, *accumulate(wide)]
    found = []
    for row in sizes:
        here: list[int] = []
        for at, cell in enumerate(row):
            start = edges[at] + (wide[at] - sum(cell)) * (at % 2 == 0)
            here += [edges[at]] * (at > 0) + [*accumulate(cell, initial=start)][:-1]
        found.append(here)
    return found


def seen(rows: list[list[str]], seed: int) -> list[Seen]:
    """The rows in which anything is seen. Raises `CannotRead`."""
    tex, found = "", []
    begun = {line[0].start for line in lines.lines_of(tokens(r" \\ ".join(map(" ".join, rows))))}
    for row, place in zip(rows, places(rows, seed), strict=True):
        ink = [at for at, sign in enumerate(row) if sign not in UNSEEN]
        if ink:
            at = ink[0]
            start = len(tex) + sum(len(sign) + 1 for sign in row[:at])
            equal = next((place[at] for at in ink if row[at] == "="), None)
            marks = row[:at].count("&"), place[at], "&" in row[at:]
            found.append(Seen(row[at], start in begun, *marks, equal))
        tex += " ".join(row) + r" \\ "
    return found


def is_seen(one: Seen, above: Seen) -> bool:
    """Whether a row is read as it is seen below the one that brought the relation, if any did."""
    beside = one.cell == above.cell and not above.marked  # so nobody knows who is further right
    alike = beside and not one.marked
    if one.first == "=":
        return above.equal in (None, one.place) or alike
    if one.new:
        right = above.equal is None or one.place >= above.equal
        return one.first != "+" and not (one.first == "-" and right)
    if above.equal is None:
        return one.place >= above.place or alike
    return one.equal is None and (one.place >= above.equal or beside)


@given(st.lists(ROW, min_size=2, max_size=4), st.integers(0, 2**20))
@settings(max_examples=3000)
def test_a_row_goes_on_where_it_is_seen_right_of_the_relation(
    rows: list[list[str]], seed: int
) -> None:
    try:
        found = seen(rows, seed)
    except CannotRead:
        return
    above: Seen | None = None
    for one in found:
        assert above is None or is_seen(one, above)
        if above is None or above.equal is None or (one.new and one.first != "="):
            above = one
