"""What is written as TeX reads back as the same tree."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

from texcheck.reading import CannotRead, expression, read
from texcheck.syntax import Equation, Layer, Local, Name
from texcheck.writing import lettering, tex

PROVED = Path(__file__).parent / "statements" / "proved.toml"


def test_a_formula_reads_back_as_itself() -> None:
    rows = tomllib.loads(PROVED.read_text(encoding="utf-8"))["rows"]
    sides = [
        side
        for row in rows
        if "subject" not in row
        for one in read(row["tex"])
        if isinstance(one, Equation)
        for side in (one.left, one.right)
        # a letter that the display defines has no meaning without it
        if not any(isinstance(part, Local) for part in side.nodes)
    ]
    same = 0
    for side in sides:
        try:
            same += expression(tex(side)) == side
        except CannotRead:
            continue
    # the rest: decimals, d_y for K, I as an activation, brackets that the tree does not need
    assert same >= 0.99 * len(sides)
    assert len(sides) > 900


def test_the_letters_of_another_course_end_with_their_block_whatever_ends_it() -> None:
    s = Name("s", Layer("L", 0))
    with suppress(KeyError), lettering({"s": "z", "L": "l"}):
        assert tex(s) == "z^{(l)}"
        raise KeyError
    assert tex(s) == "s^{(L)}"
