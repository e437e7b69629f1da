"""Reads TeX into statements: equations, chains of them, shapes, ranges, conditions, notation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from .. import syntax as t
from . import claims, lines, names, numbers, spelling
from .cursor import BOOK, FACTOR, Cursor, Names, Shared
from .formulas import formula, free_indices
from .tokens import CannotRead, Token, tokens

DEEPEST_TREE = 150


@dataclass
class _Display:
    """What is known of a display while its lines are read."""

    shared: Shared
    found: list[t.Statement] = field(default_factory=list)
    previous: t.Expr | None = None  # the last side, which a line that begins with = goes on from
    conditions: tuple[t.Condition, ...] = ()


@dataclass
class _Line:
    """A line while it is read: its first statement's number, and what its words have said."""

    c: Cursor
    display: _Display
    first: int
    conditional: bool = False
    ranges: list[t.Range] = field(default_factory=list)
    letters: list[t.Expr] = field(default_factory=list)  # of `for all i`

    def add(self, statement: t.Statement) -> None:
        self.display.found.append(statement)

    def here(self) -> list[t.Statement]:
        return self.display.found[self.first :]


def read(tex: str, names: Names = BOOK) -> list[t.Statement]:
    """All statements of a display. Raises `CannotRead`."""
    display = _Display(Shared(names))
    for tokens_of_line in lines.lines_of(tokens(tex)):
        _read_line(display, tokens_of_line)
    if not display.found:
        raise CannotRead("expected a statement such as a = b", 0, len(tex))
    for left, right in display.shared.braced:
        claim = t.Equation(left, right, start=left.start, end=right.end, at=right.start)
        display.found.append(replace(claim, conditions=display.conditions))
    _expect_definitions_used(display)
    found = [claims.checked(statement) for statement in display.found]
    claims.expect_layers(found)
    claims.expect_fitting(found)
    return found


def cell(tex: str, names: Names = BOOK) -> tuple[t.Expr, ...]:
    """The sides of a table cell: `a`, a chain `a = b`, or values separated by commas."""
    c = _alone(tex, names, "a table cell")
    sides = [_listing(c)]
    while c.take("="):
        sides.append(_listing(c))
    _end(c)
    for side in sides:
        claims.expect_flat(side)
    return tuple(sides)


def shape(tex: str, names: Names = BOOK) -> tuple[t.Expr, t.Expr]:
    """The two lengths of a shape `a \\times b`."""
    c = _alone(tex, names, "a shape")
    c.take(":")
    result = _shape(c)
    _end(c)
    return result


def expression(tex: str, names: Names = BOOK) -> t.Expr:
    """One expression."""
    sides = cell(tex, names)
    if len(sides) != 1:
        raise CannotRead("expected one expression without =", 0, len(tex))
    return sides[0]


def _alone(tex: str, names: Names, what: str) -> Cursor:
    found = lines.lines_of(tokens(tex))
    if len(found) != 1:
        raise CannotRead(f"expected one line in {what}", 0, len(tex))
    return Cursor(found[0], Shared(names), formula)


def _listing(c: Cursor) -> t.Expr:
    start = c.token.start
    items = [c.read()]
    while c.sees(",") and c.ahead().kind != "end":
        c.advance()
        items.append(c.read())
    return items[0] if len(items) == 1 else t.Listing(tuple(items), **c.span(start))


def _end(c: Cursor) -> None:
    while c.take(".", ",", ";"):
        pass
    c.expect_end()


# -- lines


def _read_line(display: _Display, found: list[Token]) -> None:
    c = Cursor(found, display.shared, formula)
    line = _Line(c, display, len(display.found))
    if c.sees(*spelling.COMPARISONS):
        if display.previous is None:
            raise c.error("expected a left side before the sign")
        _chain(line, display.previous)
    else:
        display.conditions = ()
    while True:
        while c.take(",", ".", ";") or _separator(line):
            pass
        if c.token.kind == "end":
            break
        _item(line)
    _bind_ranges(line)


def _separator(line: _Line) -> bool:
    """Whether a word or a sign between statements stands here; it is taken."""
    c = line.c
    if c.token.kind == "text" and c.token.text not in spelling.FUNCTIONS:
        word = c.token.text.lower()
        if word not in spelling.CONNECTING:
            expected = "expected a word such as and, with or for"
            raise c.error(expected, "other text belongs outside the formula")
        c.advance()
        line.conditional = word in spelling.CONDITION or (line.conditional and word in ("", "and"))
        if word in spelling.FOR_ALL:
            _for_all(line)
        return True
    if c.take("forall"):
        _for_all(line)
        return True
    return False


def _for_all(line: _Line) -> None:
    """The letters behind `for all`, unless a range or a set follows them."""
    c = line.c
    start = c.at
    found = [c.read(FACTOR)]
    while c.take(","):
        found.append(c.read(FACTOR))
    ranges = c.sees("=", "in", "neq", "<", ">", "le", "ge")
    for one in found:
        space = c.sees("in") and isinstance(one, t.Name)
        if not space and not isinstance(one, t.Index | t.LayerCount):
            raise c.error("expected an index after `for all`", at=one)
    if ranges:
        c.at, line.conditional = start, True
        return
    line.letters += found
    c.take(":")


def _item(line: _Line) -> None:
    """One statement, or what a statement before or behind holds under."""
    c = line.c
    if c.take("Rightarrow"):
        line.conditional = False
    if _defines(c):
        return _definition(line)
    if c.token.text == "l" and c.ahead().text == "=" and _is_range(c, 2):
        c.shared.layer_letter = c.shared.layer_letter or "l"
    left = [c.read()]
    while c.sees(",") and _lists(c):
        c.advance()
        left.append(c.read())
    if c.sees(":", "in"):
        return _belongs(line, left)
    if len(left) > 1:
        c.expect("=")
        return _range(line, left)
    if c.sees(*spelling.COMPARISONS):
        return _chain(line, left[0])
    if c.sees("leftarrow", "rightarrow"):
        return _arrow(line, left[0])
    raise c.error("expected =", _why_not(c))


def _lists(c: Cursor) -> bool:
    """Whether more letters follow for which one shape or range is said: x, y \\in R^K."""
    for number in range(c.at + 1, len(c.tokens)):
        token = c.tokens[number]
        if token.text in ("in", ":"):
            return token.kind != "letter"
        if token.text == "=":
            return _is_range(c, number + 1 - c.at)
        if token.kind in ("text", "end", "begin") or token.text in spelling.COMPARISONS:
            return False
    return False


def _why_not(c: Cursor) -> str:
    """What to write in place of the token here, where = is expected."""
    if c.token.kind == "end":
        return "a formula alone claims nothing"
    if c.token.text == "(" and c.token.quad:
        return r"the number of an equation stands in \tag{1}"
    if c.token.kind == "command":
        return spelling.INSTEAD.get(c.token.text, "no other relation is read")
    return ""


# -- claims


def _chain(line: _Line, left: t.Expr) -> None:
    """a = b = c: a claim for each sign; behind them perhaps a shape, or what follows from them."""
    c, display = line.c, line.display
    first = len(display.found)
    while c.sees(*spelling.COMPARISONS):
        counter = isinstance(left, t.Index | t.LayerCount) and len(display.found) == first
        sign = c.advance()
        if sign.text == "=" and counter and _is_range(c, 0):
            return _range(line, [left])
        right = c.read()
        line.add(claims.claim(sign, left, right, display.conditions))
        left = right
    display.previous = left
    if c.sees("in"):
        _belongs(line, [left])
    new = display.found[first:]
    conditions = [claims.as_condition(claim) for claim in new]
    if c.sees("Rightarrow", "rightarrow"):
        arrow = c.advance()
        if all(isinstance(one, t.Assume) for one in conditions):
            del display.found[first:]
            display.conditions += tuple(one for one in conditions if one)
            if c.token.kind == "end":
                raise c.error("expected the statement that follows from the condition")
        elif arrow.text == "rightarrow":
            raise c.error("expected = or \\Rightarrow", at=arrow)
        line.conditional = False
        return None
    return _behind(line, first, new, conditions)


def _behind(
    line: _Line, first: int, new: list[t.Statement], conditions: list[t.Condition | None]
) -> None:
    """Makes claims the conditions of the statements before them, where they are meant so."""
    display = line.display
    before = first > line.first
    of_indices = before and all(map(claims.compares_indices, new))
    if not line.conditional and not of_indices:
        return
    if not all(conditions):
        if before:
            expected = "expected a condition on an activation or on indices, or with > or <"
            raise line.c.error(expected, at=new[0])
        line.conditional = False  # if f = I, then this
        return
    del display.found[first:]
    found = tuple(one for one in conditions if one)
    display.conditions += found
    for number in range(line.first, first):
        statement = display.found[number]
        display.found[number] = replace(statement, conditions=(*statement.conditions, *found))


def _belongs(line: _Line, left: list[t.Expr]) -> None:
    """x : a \\times b, x \\in R^{a \\times b}, or i \\in {0, \\dots, n}."""
    c, display = line.c, line.display
    sign = c.advance()
    if sign.text == ":":
        rows, columns = _shape(c)
    elif c.take("lbrace"):
        _range(line, left)
        c.expect("rbrace")
        return
    else:
        rows, columns = _space(c)
    for value in left:
        claim = t.ShapeClaim(value, rows, columns, at=sign.start, **c.span(value.start))
        line.add(replace(claim, conditions=display.conditions))
    display.previous = None


def _space(c: Cursor) -> tuple[t.Expr, t.Expr]:
    """The shape that R, R^n or R^{a \\times b} says."""
    if c.token.kind != "blackboard" or c.token.text != "R":
        raise c.error(r"expected \mathbb{R} with a shape")
    end = c.advance().end
    one = t.Number(Fraction(1), start=end, end=end)
    if not c.take("^"):
        return one, one
    if c.take("{"):
        found = _shape(c, one)
        c.expect("}")
        return found
    rows = names.single(c)
    numbers.expect_lengths(c, rows)
    return rows, one


def _shape(c: Cursor, otherwise: t.Expr | None = None) -> tuple[t.Expr, t.Expr]:
    """Two lengths a \\times b; with `otherwise` the second may be left out."""
    outer, c.no_times = c.no_times, True
    rows = c.read()
    if otherwise is None or c.sees("times"):
        c.expect("times", " and the number of columns")
        otherwise = c.read()
    c.no_times = outer
    numbers.expect_lengths(c, rows, otherwise)
    return rows, otherwise


def _arrow(line: _Line, left: t.Expr) -> None:
    """A change of notation, or a step of gradient descent."""
    c, display = line.c, line.display
    sign = c.advance()
    right = c.read()
    place = {"at": sign.start, "start": left.start, "end": right.end}
    display.previous = None
    if sign.text == "leftarrow":
        if not isinstance(left, t.Name) or left.base not in ("W", "b"):
            raise c.error("expected a parameter that the step changes", at=left)
        line.add(t.Update(left, right, conditions=display.conditions, **place))
        return
    for side in (left, right):
        if not isinstance(side, t.Name | t.Derivative):
            raise c.error(r"expected =: \rightarrow only renames a quantity", at=side)
    line.add(t.Notation(left, right, conditions=display.conditions, **place))


# -- definitions


def _defines(c: Cursor) -> bool:
    """Whether the display defines a letter here, as in D = diag(...)."""
    known = c.token.text in c.names.quantities or c.token.text in c.names.functions
    letter = c.token.kind == "letter" and c.token.text in spelling.DEFINABLE and not known
    return letter and c.ahead().text == "=" and c.token.text not in c.shared.locals


def _definition(line: _Line) -> None:
    c, display = line.c, line.display
    letter = c.advance()
    sign = c.expect("=")
    value = c.read()
    free = free_indices(value)
    if free:
        raise c.error("expected a definition without a free index", at=free[0])
    c.shared.locals[letter.text] = value
    left = t.Local(letter.text, value, start=letter.start, end=letter.end)
    line.add(t.Notation(left, value, at=sign.start, start=letter.start, end=value.end))
    display.previous = value
    if c.sees("="):
        _chain(line, left=value)


def _expect_definitions_used(display: _Display) -> None:
    for statement in display.found:
        match statement:
            case t.Notation(t.Local(letter) as left, _) if letter not in display.shared.used:
                instead = spelling.INSTEAD.get(letter, "")
                raise CannotRead(f"{letter} is never used", left.start, left.end, instead)


# -- ranges


def _is_range(c: Cursor, ahead: int) -> bool:
    """Whether dots follow, `ahead` tokens from here, behind a first value and commas."""
    commas = False
    for token in c.tokens[c.at + ahead :]:
        if token.text == "dots":
            return commas
        if token.kind in ("end", "text") or token.text in ("=", "in") or token.quad:
            return False
        commas = commas or token.text == ","
    return False


def _range(line: _Line, counters: list[t.Expr]) -> None:
    """What follows `i =`: `0, 1, \\dots, d - 1`."""
    c = line.c
    written = [c.read()]
    while c.take(",") and not c.sees("dots"):
        written.append(c.read())
    c.expect("dots")
    c.take(",")
    last = c.read()
    numbers.expect_lengths(c, last, *written)
    for before, after in pairwise(written):
        if t.Number(getattr(before, "value", -2) + Fraction(1)) != after:
            raise c.error("expected the next number before the dots", at=after)
    for counter in counters:
        if not isinstance(counter, t.Index | t.LayerCount):
            raise c.error("expected an index or a layer before its range", at=counter)
        letter = counter.letter if isinstance(counter, t.Index) else "L"
        line.ranges.append(t.Range(letter, written[0], last, **c.span(counters[0].start)))


def _bind_ranges(line: _Line) -> None:
    """Gives each range to the statements that have its letter, and makes it a claim."""
    display = line.display
    for letter in line.letters:
        name = letter.letter if isinstance(letter, t.Index) else "L"
        _statements_with(line, name, letter)
    found = []
    for one in line.ranges:
        numbers = _statements_with(line, one.letter, one)
        about = tuple(display.found[number] for number in numbers)
        found.append(t.RangeClaim(one, about, at=one.start, start=one.start, end=one.end))
        for number in numbers:
            statement = display.found[number]
            joined = (*statement.conditions, one)
            display.found[number] = replace(statement, conditions=joined)
    display.found += found


def _statements_with(line: _Line, letter: str, node: t.Node) -> list[int]:
    """The numbers of the line's statements that have a letter, or else of the display's."""
    for first in (line.first, 0):
        numbers = [
            number
            for number, statement in enumerate(line.display.found)
            if number >= first and letter in claims.letters(*claims.sides(statement))
        ]
        if numbers:
            return numbers
    raise line.c.error(f"{letter} stands in no statement before", at=node)
