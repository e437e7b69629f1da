"""Reads TeX into statements: equations, chains of them, shapes, ranges, conditions, notation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from .. import syntax as t
from . import claims, lines, matrices, numbers, spelling
from .cursor import BOOK, FACTOR, Cursor, Names, Shared, at
from .formulas import formula
from .tokens import CannotRead, Token, tokens

MOST_NODES = 1000  # of what a letter stands for
_COUNTERS = (t.Index, t.LayerCount)


@dataclass
class _Display:
    """What is known of a display while it is read, and of the line that is read."""

    shared: Shared
    c: Cursor
    found: list[t.Statement] = field(default_factory=list)
    previous: t.Expr | None = None  # the last side, which a line that begins with = goes on from
    earlier: tuple[t.Expr, str] | None = None  # a side before it that says its size, and the sign
    conditions: tuple[t.Condition, ...] = ()
    behind: bool = False  # ... which stood behind the statements of the line before
    # Of the line: its first statement's number, that of its last sentence, what its words say.
    begun: int = 0
    first: int = 0
    conditional: bool = False
    listed: bool = False  # a comma stands before this statement
    apart: bool = False  # more than a comma or `and` stands before this statement
    between: bool = False  # ... or before one that is not the first
    word: str = ""  # or a comma without a gap, that stands before this statement
    consequence: bool = False  # this statement follows from the one before
    closed: int = 0  # how many statements there were when a condition stood behind them
    ranges: list[t.Range] = field(default_factory=list)
    free: list[t.Range] = field(default_factory=list)  # of `for all i`, though a sum has conditions

    def add(self, one: t.Statement, at: int, start: int, end: int) -> None:
        self.between |= self.apart and len(self.found) > self.first
        self.apart = False
        self.found.append(replace(one, at=at, start=start, end=end))

    def close(self) -> None:
        """A condition stands here: behind statements, if there are any in the sentence."""
        if len(self.found) > self.first:
            self.closed = self.closed or len(self.found)


def read(tex: str, names: Names = BOOK) -> list[t.Statement]:
    """All statements of a display. Raises `CannotRead`."""
    shared = Shared(names)
    d = _Display(shared, Cursor([], shared, formula))
    for line in lines.lines_of(tokens(tex)):
        _read_line(d, line)
    if not d.found:
        raise CannotRead("expected a statement such as a = b", 0, len(tex))
    for one in d.found:
        if isinstance(one, t.Notation) and isinstance(letter := one.left, t.Local):
            instead = spelling.INSTEAD.get(letter.letter, "")
            used = letter.letter in shared.used
            d.c.require(used, f"{letter.letter} is never used", instead, at=letter)
    return claims.checked(d.found, names.any_layer or shared.layer_letter, shared.bold)


# -- lines


def _read_line(d: _Display, line: list[Token]) -> None:
    c = d.c = Cursor(line, d.shared, formula)
    d.begun, d.first, d.listed = len(d.found), len(d.found), False
    if c.sees(*spelling.COMPARISONS):
        if d.previous is None:
            raise c.error("expected a left side before the sign")
        c.require(not (d.behind and d.conditions), "expected the condition behind the last line")
        _chain(d, d.previous, d.earlier)
        d.closed = len(d.found) if d.conditions else 0
    else:
        whole = not d.conditions or c.token.text.lower() != "and"
        c.require(whole, "expected the whole condition in one line")
        d.conditions, d.previous, d.earlier = (), None, None
    before, number = len(d.conditions), -1  # of the token behind the last statement
    while c.token.kind != "end":
        if mark := c.take(".", ",", ";"):
            ends = mark.text == "." and c.token.kind not in ("text", "end")
            gap = c.token.quad or not ends
            c.require(gap, "expected a gap or a word between two statements", at=mark)
            d.listed, d.apart = mark.text == ",", d.apart or mark.quad or mark.text == ";"
            d.consequence = d.consequence or mark.text == ";"
            d.word = "," * (d.listed and not (mark.quad or c.token.quad))
        if mark and mark.text == ".":  # conditions end at a full stop
            _end_sentence(d)
        elif not (mark or _separator(d)):
            separate = c.at != number or c.token.quad or d.apart or c.sees("Rightarrow", ")", "]")
            c.require(separate, "expected a comma or a gap between two statements")
            d.apart = d.apart or c.at == number  # a gap alone
            clear = c.token.quad or any(x.text not in ("", ",") for x in c.tokens[number : c.at])
            clear = clear or number < 1 or {c.tokens[number - 1].kind, c.token.kind} != {"digit"}
            c.require(clear, "expected a wide gap behind the comma between two numbers")
            _item(d)
            d.listed, d.word, number = False, "", c.at
            d.consequence = d.apart = c.tokens[c.at - 1].text in ("Rightarrow", "rightarrow")
    one_case = not before or len(d.conditions) <= before
    c.require(one_case, "expected one condition in a chain", r"write \begin{cases}")
    _end_sentence(d, goes_on=True)


def _end_sentence(d: _Display, *, goes_on: bool = False) -> None:
    """Ends what conditions and ranges are said of; a line that begins with = may go on."""
    for late in d.found[d.closed :] if d.closed else ():
        raise d.c.error("expected a new line for a statement behind a condition", at=late)
    if d.conditions and d.between:
        raise d.c.error("expected the condition behind each statement", at=d.conditions[0])
    _bind(d)
    d.conditional, d.behind, d.closed, d.first = False, d.closed > 0, 0, len(d.found)
    d.ranges, d.free, d.apart, d.between, d.word = [], [], False, False, ""
    d.conditions = d.conditions if goes_on else ()


def _separator(d: _Display) -> bool:
    """Whether a word or a sign between statements stands here; it is taken."""
    c = d.c
    word = c.token.text.lower()
    if c.token.kind == "text" and c.token.text not in spelling.FUNCTIONS:
        expected = "expected a word such as and, with or for"
        c.require(word in spelling.CONNECTING, expected, "other text belongs outside the formula")
        gap = d.listed or c.token.quad or c.ahead().quad
        goes_on = word in ("", "and") and not gap
        d.conditional = word in spelling.CONDITION or (d.conditional and goes_on)
    elif not c.sees("forall"):
        return False
    c.advance()
    d.apart = d.apart or word not in spelling.CONDITION | spelling.FOR_ALL | {"and"}
    if word:
        d.word = word
        d.consequence = word not in spelling.CONDITION | spelling.GROUND
    if word in spelling.CONDITION | spelling.FOR_ALL or (word == "and" and d.conditions):
        c.require(c.token.kind != "end", f"expected a condition behind {word}")
    if word in spelling.FOR_ALL:
        _for_all(d)
    return True


def _for_all(d: _Display) -> None:
    """The letters behind `for all`, unless a range or a set follows them."""
    c = d.c
    start = c.at
    found = [c.read(FACTOR)]
    while (c.sees(",") or c.token.text == "and") and _letter_follows(c):
        c.advance()
        found.append(c.read(FACTOR))
    for one in found:
        space = c.sees("in") and isinstance(one, t.Name)
        known = space or isinstance(one, _COUNTERS)
        c.require(known, "expected an index after `for all`", at=one)
    if c.sees("in", *spelling.COMPARISONS):
        c.at, d.conditional = start, True
    else:
        d.close()
        last = t.LayerCount(t.Layer("L_max", 0))
        for one in found:
            if isinstance(one, t.Index):
                d.free.append(t.Range(one.letter, t.ZERO, None, **at(one)))
            else:
                d.ranges.append(t.Range("L", t.ONE, last, **at(one)))
        c.take(":")


def _letter_follows(c: Cursor) -> bool:
    """Whether one more letter of a list stands behind this comma or `and`, and no formula."""
    one, after = c.ahead(), c.ahead(2)
    alone = after.quad or after.kind in ("text", "end") or after.text in (",", ":", "in", "=", ".")
    free = one.kind == "letter" and one.text not in c.names.quantities
    return alone and free and not one.quad


def _item(d: _Display) -> None:
    """One statement, or what a statement before or behind holds under."""
    c = d.c
    if c.take("Rightarrow"):
        d.conditional, d.consequence, d.apart = False, True, True
    if _defines(c):
        return _definition(d)
    left = [c.read()]
    while c.sees(",") and _lists(c):
        c.advance()
        left.append(c.read())
    if c.sees(":", "in"):
        return _belongs(d, left)
    if len(left) > 1:
        c.expect("=")
        return _range(d, left)
    if c.sees(*spelling.COMPARISONS):
        return _chain(d, left[0])
    if c.sees("leftarrow", "rightarrow"):
        return _arrow(d, left[0])
    raise c.error("expected =", _why_not(c))


def _why_not(c: Cursor) -> str:
    """What to write in place of the token here, where = is expected."""
    if c.token.kind == "end":
        return "a formula alone claims nothing"
    if c.token.text == "(" and c.token.quad:
        return r"the number of an equation stands in \tag{1}"
    other = spelling.INSTEAD.get(c.token.text, "no other relation is read")
    return other if c.token.kind == "command" else ""


def _lists(c: Cursor) -> bool:
    """Whether more letters follow for which one shape or range is said: x, y \\in R^K."""
    stops = {"in", ":"} | spelling.COMPARISONS
    behind = enumerate(c.tokens[c.at + 1 :], c.at + 2)
    number, token = next(
        (n, one) for n, one in behind if one.text in stops or one.kind in ("text", "end", "begin")
    )
    if token.text in ("in", ":"):
        return token.kind != "letter"
    return token.text == "=" and _is_range(c, number)


# -- claims


def _chain(d: _Display, left: t.Expr, earlier: tuple[t.Expr, str] | None = None) -> None:
    """a = b = c: a claim for each sign; behind them perhaps a shape, or what follows from them.

    Where a line has several chains, the next one says from which it goes on. What a middle side
    means may depend on its neighbours, as the size of I: so what follows for them is claimed too.
    """
    c, first = d.c, len(d.found)
    kept = d.previous, d.earlier, d.between
    while c.sees(*spelling.COMPARISONS):
        counter = isinstance(left, _COUNTERS)
        sign = c.advance()
        if sign.text == "=" and counter and len(d.found) == first and _is_range(c, c.at):
            _range(d, [left])
            return
        right = c.read()
        start = min(left.start, right.start)
        one = claims.step(sign, left, right) or claims.claim(sign.text, left, right)
        d.add(one, sign.start, start, right.end)
        if earlier and not counter and claims.depends_on_its_place(left):
            follows = claims.joined(earlier[1], sign.text)
            c.require(follows, "expected a middle side that says its size", at=left)
            d.add(claims.claim(follows, earlier[0], right), sign.start, start, right.end)
            earlier = earlier[0], follows
        else:
            earlier = left, sign.text
        left = right
    d.previous, d.earlier = (left, earlier) if first == d.begun else (None, None)
    if c.sees("in"):
        _belongs(d, [left])
    new = d.found[first:]
    conditions = [one for one in map(claims.as_condition, claims.with_one_end(new)) if one]
    if arrow := c.take("Rightarrow", "rightarrow"):
        if len(conditions) == len(new) and all(isinstance(one, t.Assume) for one in conditions):
            begins = first == d.first and not d.consequence
            c.require(begins, "expected a new line for what follows", at=new[0])
            del d.found[first:]
            d.conditions += tuple(dict.fromkeys(conditions))
            what = "expected the statement that follows from the condition"
            c.require(c.token.kind != "end", what)
        else:
            c.require(arrow.text == "Rightarrow", "expected = or \\Rightarrow", at=arrow)
            claimed = (one for one in new if not claims.compares_indices(one))
            equal = any(isinstance(one, t.Equation) for one in claimed)
            c.require(equal, "expected `if` before a condition", at=new[0])
        d.conditional = False
    else:
        _as_conditions(d, first, new, tuple(conditions))
    if len(d.found) == first:
        d.previous, d.earlier, d.between = kept


def _as_conditions(
    d: _Display, first: int, new: list[t.Statement], found: tuple[t.Condition, ...]
) -> None:
    """Makes claims the conditions of the statements before them, where they are meant so."""
    before, indices = first > d.first, all(map(claims.compares_indices, new))
    said = d.conditional or not (d.consequence and indices)
    d.c.require(said, "expected `if` or a comma before a condition on indices", at=new[0])
    whole = len(found) == len(new)
    named = whole and all(isinstance(one, t.Assume) for one in found)
    given = named and d.word in spelling.GIVEN  # with f = ReLU
    doubt = d.word in spelling.GROUND and whole and not (indices or given)
    beside = before and isinstance(d.found[first - 1], t.Equation) and d.word in ("", ",")
    doubt = doubt or (beside and not indices and isinstance(new[-1], t.Comparison))
    other = "or `and` before one more statement"
    d.c.require(d.conditional or not doubt, "expected `if` before a condition", other, at=new[0])
    if not (d.conditional or given or (before and indices)):
        return
    if len(found) < len(new):
        expected = "expected a condition on an activation or on indices, or with > or <"
        d.c.require(d.conditions and d.listed and not before, expected, at=new[0])
        d.conditional = False  # if f = I, then this
        return
    words = [token.text.lower() for token in d.c.tokens[d.c.at :] if token.text not in (",", ";")]
    own = d.word == "and" and words[0] in spelling.CONDITION | spelling.GIVEN
    expected = "expected `and` before this condition, or a new line before this statement"
    joined = d.word and (named or d.word != ",") and not own  # f = I, g = I
    d.c.require(indices or joined, expected, at=new[0])
    apart = [getattr(one, "relation", "") for one in new].count("neq") < 2  # i, k in i != j != k
    d.c.require(apart, "expected a condition for each pair of indices", at=new[0])
    del d.found[first:]
    alone = not before or d.closed or not d.conditions
    d.c.require(alone, "expected a condition in front or behind, not both", at=new[0])
    d.close()
    d.conditional = d.conditional or given
    d.conditions += tuple(dict.fromkeys(found))


def _belongs(d: _Display, left: list[t.Expr]) -> None:
    """x : a \\times b, x \\in R^{a \\times b}, or i \\in {0, \\dots, n}."""
    c = d.c
    sign = c.advance()
    if sign.text == "in" and c.take("lbrace"):
        _range(d, left, "rbrace")
        return
    rows, columns = (matrices.shape if sign.text == ":" else matrices.space)(c)
    for value in left:
        d.add(t.ShapeClaim(value, rows, columns), sign.start, value.start, c.before())
    d.previous = None


def _arrow(d: _Display, left: t.Expr) -> None:
    """A change of notation, or a step of gradient descent."""
    c = d.c
    sign = c.advance()
    right = c.read()
    d.previous = None
    if sign.text == "leftarrow":
        if not isinstance(left, t.Name) or left.base not in ("W", "b"):
            raise c.error("expected a parameter that the step changes", at=left)
        d.add(t.Update(left, right), sign.start, left.start, right.end)
    else:
        for side in (left, right):
            renames = isinstance(side, t.Name | t.Derivative)
            c.require(renames, r"expected =: \rightarrow only renames a quantity", at=side)
        d.add(t.Notation(left, right), sign.start, left.start, right.end)


# -- definitions


def _defines(c: Cursor) -> bool:
    """Whether the display defines a letter here, as in D = diag(...)."""
    text = c.token.text
    free = text not in c.names.quantities and text not in c.names.functions
    free = free and c.token.kind == "letter" and text in spelling.DEFINABLE
    return free and c.ahead().text == "=" and text not in c.shared.locals


def _definition(d: _Display) -> None:
    c = d.c
    letter = c.advance()
    sign = c.expect("=")
    value = c.read()
    long = next(islice(t.walk(value), MOST_NODES, None), None)  # with its letters written out
    c.require(long is None, "expected a shorter definition", at=letter)
    for index in t.free_indices(value):
        raise c.error("expected a definition without a free index", at=index)
    c.shared.locals[letter.text] = value
    left = t.Local(letter.text, value, start=letter.start, end=letter.end)
    d.add(t.Notation(left, value), sign.start, letter.start, value.end)
    d.previous, d.earlier = value if len(d.found) == d.begun + 1 else None, None
    if c.sees("="):
        _chain(d, value)


# -- ranges


def _is_range(c: Cursor, number: int) -> bool:
    """Whether dots follow, from token `number` on, behind a first value and commas."""
    commas = False
    for token in c.tokens[number:]:
        if token.text == "dots":
            return commas
        if token.kind in ("end", "text") or token.text in ("=", "in") or token.quad:
            return False
        commas = commas or token.text == ","
    return False


def _range(d: _Display, counters: list[t.Expr], closing: str = "") -> None:
    """What follows `i =` or `i \\in {`: `0, 1, \\dots, d - 1`."""
    c = d.c
    written = [c.read()]
    while c.take(",") and not c.sees("dots"):
        written.append(c.read())
    c.expect("dots")
    c.take(",")
    last = c.read()
    if closing:
        c.expect(closing)
    numbers.expect_lengths(c, last, *written)
    for before, after in pairwise(written):
        follows = t.Number(getattr(before, "value", -2) + t.ONE.value) == after
        c.require(follows, "expected the next number before the dots", at=after)
    for one in counters:
        known = isinstance(one, _COUNTERS)
        c.require(known, "expected an index or a layer before its range", at=one)
        d.close()
        letter = getattr(one, "letter", "L")
        d.ranges.append(t.Range(letter, written[0], last, **c.span(counters[0].start)))


def _bind(d: _Display) -> None:
    """Gives each condition to the statements that have its letters; a range is a claim as well."""
    parts = (part for one in d.found[d.first :] for part in one.nodes)
    bound = {letter for part in parts if isinstance(part, t.Sum) for letter in part.letters}
    free = all(bound.isdisjoint(claims.letters(one)) for one in (*d.conditions, *d.ranges))
    for left, right in d.shared.braced:
        d.c.require(free, "expected no condition on what the sum around this brace binds", at=left)
        d.add(claims.braced(left, right), right.start, left.start, right.end)
    d.shared.braced.clear()
    for condition in d.conditions:
        _restrict(d, condition, d.first)
    for one in d.free:
        _restrict(d, one)
    ranges = [(one, tuple(_restrict(d, one))) for one in d.ranges]
    for one, about in ranges:
        d.add(t.RangeClaim(one, about), one.start, one.start, one.end)


def _restrict(d: _Display, one: t.Condition, since: int = 0) -> list[t.Statement]:
    """Gives a condition to the statements that have its letters; these, as they were."""
    members = _with_letters(d, one, since)
    about = [d.found[number] for number in members]
    for number, statement in zip(members, about, strict=True):
        d.found[number] = replace(statement, conditions=(*statement.conditions, one))
    return about


def _with_letters(d: _Display, node: t.Node, since: int = 0) -> list[int]:
    """The numbers of the line's claims with a node's letters, or else of the display's."""
    own, members = claims.letters(node), []
    without = t.Notation if isinstance(node, t.Range) else t.Notation | t.ShapeClaim
    for number, one in enumerate(d.found[since:], since):
        if not isinstance(one, without) and own <= claims.letters(*claims.sides(one)):
            members.append(number)
    here = [number for number in members if number >= d.first]
    known = here or (members and d.first == len(d.found))  # a line of its own
    missing = f"{', '.join(sorted(own))} stands in no statement"
    d.c.require(known, missing if own else "expected a statement with this condition", at=node)
    return here or members
