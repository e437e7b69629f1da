"""Reads written-out matrices and rows cell by cell, cases, and the comparisons in them."""

from __future__ import annotations

from .. import syntax as t
from . import spelling
from .cursor import CLOSING, NESTING, Cursor, at, spot
from .tokens import Token

# -- comparisons


def condition(c: Cursor) -> t.Expr:
    """Comparisons joined by `and`: a number that is 1 where they all hold, and else 0."""
    start = c.token.start
    found = comparison(c, c.expression())
    while c.sees("wedge", ",") or (c.token.kind == "text" and c.token.text == "and"):
        mark = c.at
        c.advance()
        if c.token.kind in ("text", "end") or c.sees(".", ",", ";"):
            c.at = mark
            break
        right = comparison(c, c.expression())
        found = t.Elementwise(found, right, **c.span(start))
    return found


def comparison(c: Cursor, left: t.Expr) -> t.Expr:
    """What follows the left side of a comparison; 0 < s < 1 is two of them."""
    start = left.start
    found: t.Expr | None = None
    while sign := c.take(*spelling.COMPARISONS):
        right = c.expression()
        if sign.text in ("=", "neq"):
            for side in (left, right):
                expect_index(c, side)
        one = t.Indicator(sign.text, left, right, start=left.start, end=right.end)
        found = one if found is None else t.Elementwise(found, one, **c.span(start))
        left = right
    if found is None:
        raise c.error("expected a comparison such as s_i > 0 or i = j")
    return found


def expect_index(c: Cursor, side: t.Expr) -> None:
    """Raises `CannotRead` for what is neither an index nor a length: = compares these alone."""
    kinds = (t.Index, t.Number, t.Length, t.LayerCount, t.Add, t.Negative)
    left = [side]
    while left:
        part = left.pop()
        if not isinstance(part, kinds):
            raise c.error(
                "expected indices on both sides of = and \\ne in a condition",
                "quantities are compared by > and <",
                node=at(part),
            )
        if not isinstance(part, t.Length | t.LayerCount):
            left += part.parts


def compared(c: Cursor) -> bool:
    """Whether a comparison stands in the brackets that follow."""
    if not c.sees(*CLOSING):
        return False
    depth = 0
    for number in range(c.at, len(c.tokens)):
        text = c.tokens[number].text
        if depth == 1 and text in spelling.COMPARISONS:
            return True
        depth += NESTING.get(text, 0)
        if depth == 0:
            return False
    return False


def indicator(c: Cursor, start: int) -> t.Expr:
    """What follows the 1 of an indicator function: _{i = j}, [s > 0] or {s > 0}."""
    if c.take("_"):
        c.expect("{", " and a condition")
        inner = condition_in(c, "}")
        return c.spread(inner, start)
    opening = c.advance()
    inner = condition_in(c, CLOSING[opening.text])
    return c.spread(inner, start)


def condition_in(c: Cursor, closing: str) -> t.Expr:
    """A condition in brackets that are open, perhaps in one more pair, and the closing one."""
    opening = c.take("[", "lbrace") if compared(c) else None
    outer = c.no_times, c.bars
    c.no_times, c.bars = False, 0
    inner = condition(c)
    c.no_times, c.bars = outer
    if opening:
        c.expect(CLOSING[opening.text], " after the condition")
    c.expect(closing, " after the condition")
    return inner


# -- matrices


def matrix(c: Cursor) -> t.Expr:
    """A written-out matrix, or cases, from \\begin to \\end."""
    opening = c.advance()
    if opening.text not in spelling.MATRIX:
        raise c.error(f"unknown environment {opening.text}", node=spot(opening))
    _columns(c, opening)
    c.depth += 1
    if c.depth > 60:
        raise c.error("the formula is nested too deeply")
    cases = opening.text in spelling.CASES
    rows = _rows(c, opening, cases)
    c.depth -= 1
    if cases:
        return _cases(c, rows, opening)
    width = max(map(len, rows))
    filled = [
        (*row, *[t.Blank(start=row[-1].end, end=row[-1].end)] * (width - len(row))) for row in rows
    ]
    return t.Written(tuple(filled), **c.span(opening.start))


def braced_cases(c: Cursor, start: int) -> t.Expr:
    r"""Cases in an array behind \left\{, whose right bracket is invisible."""
    opening = c.advance()
    _columns(c, opening)
    rows = _rows(c, opening, cases=True)
    c.expect("right.")
    return c.spread(_cases(c, rows, opening), start)


def _columns(c: Cursor, opening: Token) -> None:
    """Passes over what says how the columns of an array are set."""
    if opening.text == "array" and c.take("{"):
        while not c.take("}"):
            if c.token.text not in ("l", "c", "r"):
                raise c.error("expected l, c or r for each column of the array")
            c.advance()


def _rows(c: Cursor, opening: Token, cases: bool) -> list[tuple[t.Expr, ...]]:
    """The rows up to \\end; of cases each is a value and a condition (`Blank` for otherwise)."""
    rows: list[tuple[t.Expr, ...]] = []
    cells: list[t.Expr] = []
    while True:
        stop = _cell_end(c, opening)
        end = c.tokens[stop]
        cells.append(_case(c, stop) if cases and cells else _cell(c, stop, comma=cases))
        c.advance()
        if end.text == "&" and end.kind == "symbol":
            continue
        rows.append(tuple(cells))
        cells = []
        if end.kind == "close":
            break
    if end.text != opening.text:
        raise c.error(f"expected \\end{{{opening.text}}}", node=spot(end))
    if len(rows) > 1 and all(isinstance(cell, t.Blank) for cell in rows[-1]):
        rows.pop()
    return rows


def _cases(c: Cursor, rows: list[tuple[t.Expr, ...]], opening: Token) -> t.Cases:
    if any(len(row) != 2 or isinstance(row[0], t.Blank) for row in rows):
        raise c.error(r"expected `value & condition \\` in each row", node=spot(opening))
    conditions = [None if isinstance(row[1], t.Blank) else row[1] for row in rows]
    if None in conditions[:-1]:
        raise c.error("expected otherwise in the last row alone", node=spot(opening))
    values = tuple(row[0] for row in rows)
    return t.Cases(values, tuple(conditions), **c.span(opening.start))


def _cell_end(c: Cursor, opening: Token) -> int:
    """The number of the token behind this cell: &, a new line or the environment's end."""
    depth = 0
    for number in range(c.at, len(c.tokens) - 1):
        token = c.tokens[number]
        if depth == 0 and (token.text == "&" or token.kind in ("newline", "close")):
            return number
        depth += {"begin": 1, "close": -1}.get(token.kind, 0)
    raise c.error(f"expected \\end{{{opening.text}}}", node=spot(opening))


def _cell(c: Cursor, stop: int, comma: bool) -> t.Expr:
    """The entry from here to token `stop`; of cases a comma may stand behind it."""
    part = c.part(stop)
    start = c.token.start
    if part.token.text in ("dots", "vdots", "ddots"):
        kind = part.advance().text
        result: t.Expr = t.Dots(kind, **part.span(start))
    elif part.token.kind == "end":
        result = t.Blank(start=start, end=start)
    else:
        result = part.expression()
    if comma:
        part.take(",")
    part.expect_end()
    c.at = stop
    return result


def _case(c: Cursor, stop: int) -> t.Expr:
    """The condition of a case from here to token `stop`; `Blank` for all other cases."""
    part = c.part(stop)
    start = part.token.start
    words = []
    while part.token.kind == "text":
        words.append(part.advance().text.lower().rstrip(".,"))
    known = spelling.CONDITION | spelling.OTHERWISE | {""}
    if not known.issuperset(words):
        raise c.error("expected if, otherwise or a condition such as s_i > 0")
    others = bool(spelling.OTHERWISE & {*words})
    result = t.Blank(**part.span(start)) if others else condition(part)
    while part.take(",", ".", ";"):
        pass
    part.expect_end()
    c.at = stop
    return result


# -- rows


def row_follows(c: Cursor, closing: str) -> bool:
    """Whether a row follows: (a_0 \\quad \\dots \\quad a_n), or (a_0, \\dots, a_n)^T."""
    depth, commas = 0, False
    for number in range(c.at, len(c.tokens) - 1):
        token = c.tokens[number]
        if depth == 0 and token.text == closing:
            after = [one.text for one in c.tokens[number + 1 : number + 4] if one.text != "{"]
            return commas and after[:1] == ["^"] and after[1] in spelling.TRANSPOSE
        commas = commas or (depth == 0 and token.text == ",")
        if depth == 0 and token.text == "dots" and token.quad:
            return True
        depth += NESTING.get(token.text, 0)
        depth += {"begin": 1, "close": -1}.get(token.kind, 0)
    return False


def row(c: Cursor, closing: str) -> t.Expr:
    """The row's cells, separated by commas or wide spaces, up to the closing bracket."""
    start = c.token.start
    cells: list[t.Expr] = []
    while not c.sees(closing):
        stop = c.at + 1
        depth = NESTING.get(c.token.text, 0)
        while c.tokens[stop].kind != "end":
            token = c.tokens[stop]
            if depth == 0 and (token.quad or token.text in (closing, ",")):
                break
            depth += NESTING.get(token.text, 0)
            stop += 1
        cells.append(_cell(c, stop, comma=False))
        if c.token.kind == "end":
            raise c.error(f"expected {closing} after the row")
        c.take(",")
    return t.Written((tuple(cells),), **c.span(start))
