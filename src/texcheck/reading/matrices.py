"""Reads matrices and rows cell by cell, cases with their comparisons, and shapes."""

from dataclasses import replace

from .. import syntax as t
from . import names, numbers, spelling
from .cursor import CLOSING, Cursor
from .tokens import Token

OF_INDICES = (t.Index, t.Number, t.Length, t.LayerCount, t.Add, t.Negative)
_SEEN = {opening: closing for opening, closing in CLOSING.items() if opening != "{"}
_OTHERS = spelling.CONDITION | spelling.OTHERWISE | {""}

# -- comparisons


def condition(c: Cursor) -> t.Expr:
    """Comparisons joined by `and`: a number that is 1 where they all hold, and else 0."""
    start = c.token.start
    found = comparison(c, c.read())
    while c.sees("wedge", ",") or (c.token.kind == "text" and c.token.text == "and"):
        following = c.ahead()
        if following.kind in ("text", "end") or following.text in (".", ",", ";"):
            break
        c.advance()
        found = t.Elementwise(found, comparison(c, c.read()), **c.span(start))
    return found


def comparison(c: Cursor, left: t.Expr) -> t.Expr:
    """What follows the left side of a comparison; 0 < s < 1 is two of them."""
    start = left.start
    found: t.Expr | None = None
    while sign := c.take(*spelling.COMPARISONS):
        right = c.read()
        if sign.text in ("=", "neq"):
            what = "expected indices on both sides of = and \\ne in a condition"
            instead = "quantities are compared by > and <"
            numbers.expect_only(c, OF_INDICES, what, instead, left, right)
        one = t.Indicator(sign.text, left, right, start=left.start, end=right.end)
        found = one if found is None else t.Elementwise(found, one, **c.span(start))
        left = right
    if found is None:
        raise c.error("expected a comparison such as s_i > 0 or i = j")
    return found


def condition_follows(c: Cursor, ahead: int = 1) -> bool:
    """Whether a comparison stands in the subscript or in the brackets that follow a symbol."""
    if [c.ahead(ahead).text, c.ahead(ahead + 1).text] == ["_", "{"]:
        return any(token.text in spelling.COMPARISONS for token in c.group(ahead + 2))
    return c.ahead(ahead).text in CLOSING and any(
        token.text in spelling.COMPARISONS for _, token in c.flat(ahead + 1)
    )


def indicator(c: Cursor) -> t.Expr:
    """The 1 of an indicator function, and what follows: _{i = j}, [s > 0] or {s > 0}."""
    start = c.advance().start
    opening = c.expect("{", " and a condition") if c.take("_") else c.advance()
    inside = c.take("[", "lbrace") if condition_follows(c, 0) else None
    with c.within():
        inner = condition(c)
    for one in (inside, opening):
        if one:
            c.expect(CLOSING[one.text], " after the condition")
    return replace(inner, **c.span(start))


# -- matrices


def matrix(c: Cursor) -> t.Expr:
    """A written-out matrix, or cases, from \\begin to \\end."""
    opening = c.advance()
    before = c.tokens[c.at - 2] if c.at > 1 else None
    if opening.text in spelling.CASES:
        found = cases(c, opening)
        c.require(_ends(c.token), "expected brackets around cases in a formula", at=opening)
        return found
    rows = _rows(c, opening, cases=False)
    width = max(map(len, rows))
    filled = [
        (*row, *[t.Blank(start=row[-1].end, end=row[-1].end)] * (width - len(row))) for row in rows
    ]
    if opening.text in spelling.WITHOUT_BRACKETS:
        alone = before is None or _ends(before) or before.text in _SEEN
        c.require(alone and _ends(c.token), "expected brackets around this matrix", at=opening)
    return t.Written(tuple(filled), **c.span(opening.start))


def _ends(token: Token) -> bool:
    """Whether a token is none that a formula goes on across."""
    apart = spelling.COMPARISONS | {*_SEEN.values(), ",", ".", ";", "&"}
    return token.text in apart or token.kind in ("newline", "end", "close", "text")


def cases(c: Cursor, opening: Token) -> t.Cases:
    """The values and their conditions, up to \\end."""
    rows = _rows(c, opening, cases=True)
    pairs = all(len(row) == 2 and not isinstance(row[0], t.Blank) for row in rows)
    c.require(pairs, r"expected `value & condition \\` in each row", at=opening)
    conditions = [None if isinstance(row[1], t.Blank) else row[1] for row in rows]
    c.require(None not in conditions[:-1], "expected otherwise in the last row alone", at=opening)
    return t.Cases(tuple(row[0] for row in rows), tuple(conditions), **c.span(opening.start))


def _rows(c: Cursor, opening: Token, cases: bool) -> list[tuple[t.Expr, ...]]:
    """The rows up to \\end; of cases each is a value and a condition (`Blank` for otherwise)."""
    if opening.text == "array" and c.take("{"):
        while not c.take("}"):
            c.pick(("l", "c", "r"), "expected l, c or r for each column of the array")
    rows: list[tuple[t.Expr, ...]] = []
    cells: list[t.Expr] = []
    end = opening
    while end.kind != "close":
        flat = c.flat(brackets=False)
        ends = (n for n, one in flat if one.text == "&" or one.kind in ("newline", "close"))
        stop = next(ends, 0)
        c.require(stop, f"expected \\end{{{opening.text}}}", at=opening)
        part = c.part(stop)
        cells.append(_case(part) if cases and cells else _cell(part, comma=cases))
        end = c.advance()
        if end.text != "&":
            rows.append(tuple(cells))
            cells = []
    c.require(end.text == opening.text, f"expected \\end{{{opening.text}}}", at=end)
    if len(rows) > 1 and all(isinstance(cell, t.Blank) for cell in rows[-1]):
        rows.pop()
    return rows


def _cell(c: Cursor, comma: bool = False) -> t.Expr:
    """The entry that a cursor goes through; of cases a comma may stand behind it."""
    start, equal = c.token.start, next((one for _, one in c.flat() if one.text == "="), None)
    c.require(comma or not equal, "found = in a cell", "write a derivation with aligned", at=equal)
    if dots := c.take("dots", "vdots", "ddots"):
        result: t.Expr = t.Dots(dots.text, **c.span(start))
    else:
        result = c.read() if c.token.kind != "end" else t.Blank(start=start, end=start)
    c.expect_end(*[","] * comma)
    return result


def _case(c: Cursor) -> t.Expr:
    """The condition of a case that a cursor goes through; `Blank` for all other cases."""
    start, words = c.token.start, set[str]()
    while c.token.kind == "text":
        words.add(c.token.text.lower().rstrip(".,"))
        c.require(words <= _OTHERS, "expected if, otherwise or a condition such as s_i > 0")
        c.advance()
    result = t.Blank(**c.span(start)) if words & spelling.OTHERWISE else condition(c)
    c.expect_end(",", ".", ";")
    return result


# -- rows


def row_follows(c: Cursor, closing: str) -> bool:
    """Whether a row follows: (a_0 \\quad \\dots \\quad a_n), or (a_0, \\dots, a_n)^T."""
    commas = False
    for number, token in c.flat():
        if token.text == closing:
            after = [one.text for one in c.tokens[number + 1 : number + 4] if one.text != "{"]
            return commas and after[:1] == ["^"] and after[1] in spelling.TRANSPOSE
        commas = commas or token.text == ","
        if token.text == "dots" and token.quad:
            return True
    return False


def row(c: Cursor, closing: str) -> t.Expr:
    """The row's cells, separated by commas or wide spaces, up to the closing bracket."""
    start = c.token.start
    cells: list[t.Expr] = []
    while not c.sees(closing):
        ends = (n for n, one in c.flat() if (one.quad and n > c.at) or one.text in (closing, ","))
        cells.append(_cell(c.part(next(ends, len(c.tokens) - 1))))
        c.require(c.token.kind != "end", f"expected {closing} after the row")
        c.take(",")
    return t.Written((tuple(cells),), **c.span(start))


# -- shapes


def space(c: Cursor) -> tuple[t.Expr, t.Expr]:
    """The shape that R, R^n or R^{a \\times b} says."""
    real = c.token.kind == "blackboard" and c.token.text == "R"
    c.require(real, r"expected \mathbb{R} with a shape")
    end = c.advance().end
    one = replace(t.ONE, start=end, end=end)
    if not c.take("^"):
        return one, one
    single = not c.sees("{")
    rows, columns = c.braced(lambda c: (names.argument(c), one) if single else shape(c, one))
    numbers.expect_lengths(c, rows)
    return rows, columns


def shape(c: Cursor, otherwise: t.Expr | None = None) -> tuple[t.Expr, t.Expr]:
    """Two lengths a \\times b; with `otherwise` the second may be left out."""
    with c.within(no_times=True):
        rows = c.read()
        if otherwise is None or c.sees("times"):
            c.expect("times", " and the number of columns")
            otherwise = c.read()
    numbers.expect_lengths(c, rows, otherwise)
    return rows, otherwise
