"""The items of a sentence: what is claimed, defined or said of an index, and what joins them.

Here is only said what stands where; whether a claim is a condition, `statements` decides.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import Any, NamedTuple, TypeAlias

from .. import syntax as t
from . import claims, matrices, names, numbers, own_letters, spelling
from .cursor import FACTOR, Cursor, at
from .rows import speaks
from .tokens import Token

_DEFINED = re.compile(r"(_([a-z]|\{[a-z](,?[a-z])?\}))?=")  # what stands behind a letter
_COUNTERS = (t.Index, t.LayerCount)
_REASONS = spelling.GROUND - spelling.GIVEN
# What a line that begins with = goes on from: a side, and the claim that ends with it, if any.
Sides: TypeAlias = tuple[t.Expr, t.Statement | None]


@dataclass
class Joint:
    """What stands in front of an item."""

    word: str = ""  # the last one, or a semicolon, or a comma without a gap
    comma: bool = False  # the last mark is one
    gap: int = 0  # 1: beside a comma; 2: alone, or a word but `and`; 3: an arrow or a word like so
    follows: bool = False  # what comes follows from what stands before
    conditional: bool | None = None  # whether it is a condition; None: as the item before


class Item(NamedTuple):
    """What stands between two joints, with the one in front."""

    joint: Joint
    claims: Sequence[t.Statement] = ()
    ranges: Sequence[t.Range] = ()
    sides: Sides | None = None
    arrow: Token | None = None  # behind a chain


def sentence(c: Cursor, joint: Joint, before: Sides | None) -> list[Item]:
    """The items up to a full stop or the end of the line; the last one is a joint alone.

    With the sides of the line before, the first one is a chain that goes on from there.
    """
    found, end = list[Item](), -1  # of the last item
    while c.token.kind != "end":
        item = None
        words = {one.joint.word for one in found}
        plain = found and words.isdisjoint(spelling.GROUND | spelling.CONDITION)
        plain = plain and not c.shared.reasons
        if plain and joint.word.strip(",") == "" and joint.gap < 3 and c.sees("("):
            _open_remark(c, joint)
        word = c.token.kind == "text" and c.token.text not in spelling.FUNCTIONS
        if mark := c.take(".", ",", ";"):
            gap = c.token.quad or mark.text != "." or c.token.kind in ("text", "end")
            c.require(gap, "expected a gap or a word between two statements", at=mark)
            c.require(not joint.conditional, f"expected a condition behind {joint.word}", at=mark)
            joint.comma = mark.text == ","
            joint.gap = max(joint.gap, 2 * (mark.quad or mark.text == ";"), c.token.quad)
            if mark.text == ";":
                joint.follows, joint.conditional = True, False
            joint.word = joint.word.strip(",") or mark.text * (mark.text == ";" or not joint.gap)
            if mark.text == ".":
                break
        elif any(one.joint.conditional for one in found) and c.take(":"):  # if i = 0: ...
            joint = Joint("then", gap=3, follows=True, conditional=False)
        elif word or c.sees("forall"):
            item = _word(c, joint)
        else:
            alone = c.at == end
            separate = not alone or c.token.quad or joint.gap or c.sees("Rightarrow", ")", "]")
            c.require(separate, "expected a comma or a gap between two statements")
            # 0, 5 may be a decimal number.
            number = end > 0 and {c.tokens[end - 1].kind, c.token.kind} == {"digit"}
            comma = not c.token.quad and all(x.text in ("", ",") for x in c.tokens[end : c.at])
            clear = "expected a wide gap behind the comma between two numbers"
            c.require(not (number and comma), clear)
            joint.gap = max(joint.gap, 2 * alone)
            item = _chain(c, joint, before) if before and not found else _item(c, joint)
            end = c.at
        if item:
            found.append(item)
            arrow = Joint(gap=3, follows=True, conditional=False)
            joint = arrow if item.arrow else Joint()
    c.require(not joint.conditional, f"expected a condition behind {joint.word}")
    return [*found, Item(joint)]


def _open_remark(c: Cursor, joint: Joint) -> None:
    """Takes the brackets from a condition or a range behind a statement, as (i \\ne j)."""
    *inside, (closing, last) = c.flat(1)
    signs = {one.text for _, one in inside} & {"in", *spelling.COMPARISONS}
    after = c.tokens[min(closing + 1, len(c.tokens) - 1)]
    ends = last.text == ")" and (after.kind == "end" or after.text in (".", ",", ";"))
    first, *more = c.tokens[c.at + 1 : closing + 1]
    word = first.text.lower() if first.kind == "text" else "if"
    if signs and ends and word in spelling.CONDITION | spelling.FOR_ALL:
        c.tokens[c.at : closing + 1] = [first._replace(quad=True), *more[:-1]]
        ranges = "in" in signs or any(_is_range(c, n) for n, one in c.flat() if one.text == "=")
        if first.kind != "text" and not ranges:
            joint.conditional, joint.word = True, "if"


def _word(c: Cursor, joint: Joint) -> Item | None:
    """A word between two items, or `for all` with its letters, unless a range or a set follows."""
    word, start = c.token.text.lower(), c.token
    expected = "expected a word such as and, with or for"
    c.require(word in spelling.CONNECTING, expected, "other text belongs outside the formula")
    gap = joint.comma or start.quad or c.ahead().quad
    c.shared.reasons |= word in _REASONS
    c.advance()
    if word not in spelling.FOR_ALL:
        if word in spelling.CONDITION:
            joint.conditional = True
        elif word not in ("", "and") or gap:
            joint.conditional = False
        leads = word not in spelling.CONDITION | spelling.GROUND | {"", "and"}
        joint.gap = max(joint.gap, 3 * leads, 2 * (word in spelling.GROUND | {""}))
        if word and joint.word not in spelling.GROUND - spelling.GIVEN:
            joint.word, joint.follows = word, word not in spelling.CONDITION | spelling.GROUND
        return None
    behind = c.at
    found = [c.read(FACTOR)]
    while (c.sees(",") or c.token.text == "and") and _letter_follows(c):
        c.advance()
        found.append(c.read(FACTOR))
    kinds = (*_COUNTERS, t.Name) if c.sees("in") else _COUNTERS
    for one in found:
        c.require(isinstance(one, kinds), "expected an index after `for all`", at=one)
    if c.sees("in", *spelling.COMPARISONS):
        c.at, joint.word, joint.conditional = behind, word, True
        return None
    c.require(not joint.conditional, f"expected a condition behind {joint.word}", at=start)
    c.take(":")
    last = t.LayerCount(t.Layer("L_max", 0))
    ranges = [
        t.Range(one.letter, t.ZERO, None, **at(one)) if isinstance(one, t.Index)
        else t.Range("L", t.ONE, last, **at(one)) for one in found
    ]  # fmt: skip
    return Item(joint, ranges=ranges)


def _letter_follows(c: Cursor) -> bool:
    """Whether one more letter of a list stands behind this comma or `and`, and no formula."""
    one, after = c.ahead(), c.ahead(2)
    alone = after.quad or after.kind in ("text", "end") or after.text in (",", ":", "in", "=", ".")
    free = one.kind == "letter" and one.text not in c.names.quantities
    return alone and free and not one.quad


def _item(c: Cursor, joint: Joint) -> Item:
    if c.take("Rightarrow"):
        joint.conditional, joint.follows, joint.gap, joint.word = False, True, 3, "Rightarrow"
    if _defines(c) and (found := _definition(c, joint)):
        return found
    left = [c.read()]
    while c.sees(",") and _lists(c):
        c.advance()
        left.append(c.read())
    if c.sees(":", "in"):
        return _belongs(c, joint, left)
    if len(left) > 1:
        c.expect("=")
        return Item(joint, ranges=_ranges(c, left))
    if c.sees(*spelling.COMPARISONS):
        return _chain(c, joint, (left[0], None))
    if c.sees("leftarrow", "rightarrow"):
        return _arrow(c, joint, left[0])
    number = r"the number of an equation stands in \tag{1}" * (c.sees("(") and c.token.quad)
    other = spelling.INSTEAD.get(c.token.text, "no other relation is read")
    instead = {"end": "a formula alone claims nothing", "command": other}
    raise c.error("expected =", instead.get(c.token.kind, number))


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


def _chain(c: Cursor, joint: Joint, sides: Sides) -> Item:
    """a = b = c: a claim for each sign; behind them perhaps a shape, or an arrow.

    What a middle side means may depend on its neighbours, as the size of I: so what follows for
    them is claimed too.
    """
    new: list[t.Statement] = []
    left, last = sides
    while c.sees(*spelling.COMPARISONS):
        counter = isinstance(left, _COUNTERS)
        sign = c.advance()
        if sign.text == "=" and counter and not new and _is_range(c, c.at):
            return Item(joint, ranges=_ranges(c, [left]))
        right = c.read()
        new.append(claims.claim(sign, left, right))
        if last and not counter and claims.depends_on_its_place(left):
            if not isinstance(last, t.Equation) or sign.text != "=":
                raise c.error("expected a middle side that says its size", at=left)
            new.append(claims.claim(sign._replace(kind="symbol"), last.left, right))
        left, last = right, new[-1]
    shape = _belongs(c, joint, [left]) if c.sees("in") else Item(joint)
    end = None if shape.claims else (left, last)
    arrow = c.take("Rightarrow", "rightarrow")
    return Item(joint, [*new, *shape.claims], shape.ranges, end, arrow)


def _belongs(c: Cursor, joint: Joint, left: Sequence[t.Expr]) -> Item:
    """x : a \\times b, x \\in R^{a \\times b}, or i \\in {0, \\dots, n}."""
    sign = c.advance()
    if sign.text == "in" and c.take("lbrace"):
        return Item(joint, ranges=_ranges(c, left, "rbrace"))
    shape = (matrices.shape if sign.text == ":" else matrices.space)(c)
    place: Any = {"at": sign.start, "end": c.before()}
    return Item(joint, [t.ShapeClaim(one, *shape, start=one.start, **place) for one in left])


def _arrow(c: Cursor, joint: Joint, left: t.Expr) -> Item:
    """A change of notation, or a step of gradient descent."""
    sign = c.advance()
    right = c.read()
    place: Any = {"at": sign.start, "start": left.start, "end": right.end}
    if sign.text == "leftarrow":
        if not isinstance(left, t.Name) or left.base not in ("W", "b"):
            raise c.error("expected a parameter that the step changes", at=left)
        return Item(joint, [t.Update(left, right, **place)])
    for side in (left, right):
        renames = isinstance(side, t.Name | t.Derivative)
        c.require(renames, r"expected =: \rightarrow only renames a quantity", at=side)
    return Item(joint, [t.Notation(left, right, **place)])


def define_ahead(display: Sequence[Cursor]) -> None:
    """Keeps what letters stand for that are used before the display defines them, the last first:
    y = D x, \\quad D = diag(...). What may be a conclusion defines nothing."""
    every = [replace(line, at=number) for line in display for number in range(len(line.tokens))]
    letters = {c.token for c in every if c.token.kind in ("letter", "word")}
    looks = Counter(text for text, *_ in {(one.text, one.bold, one.kind) for one in letters})
    for c in every:
        text, below = c.token.text, c.shared.below
        if looks[text] > 1:
            below.add(text)
        if c.sees("_"):
            group = c.group(2) if c.ahead().text == "{" else [c.ahead()]
            pairs = zip_longest(group, group[1:])  # r is none in 1_{r_i > 0}
            below.update(x.text for x, after in pairs if getattr(after, "text", "") != "_")
    es = [c for c in every if c.token.text == "e" and c.ahead().text in ("_", "=")]
    own = [c for c in es if _begins(c) and _defines(c)]
    if es and es[0] not in own and all(c.ahead().text == "=" for c in own):
        below.add("e")  # a unit vector
    # Whether a word or an arrow stood before, in this line or above, or a reason stands anywhere.
    led = any(c.token.kind == "text" and c.token.text.lower() in _REASONS for c in every)
    known, behind = dict[str, bool](), list[Cursor]()  # whether a letter's definition was seen
    for c in every:
        before = c.tokens[c.at - 1]
        defines = _begins(c) and _defines(c)
        if not known.setdefault(c.token.text, defines) and defines and c.at:
            listed = before.text == "," and not led
            alone = c.at < 2 or c.tokens[c.at - 2].kind != "text"  # and not so, where
            if listed or (before.text.lower() in spelling.GIVEN and alone):
                known[c.token.text] = True
                behind.append(c)
        led = led or _leads(c.token)
    for c in reversed(behind):
        c.shared.ahead.add(c.token.start)
        _definition(c, Joint())
        c.shared.braced.clear()  # they are read again where they stand
    for c in es[:1]:
        c.require(c in own or not own or "e" in c.shared.locals, "expected what e is before it")


def _begins(c: Cursor) -> bool:
    """Whether a claim may begin here."""
    before = c.tokens[c.at - 1]
    return not c.at or c.token.quad > 0 or before.text in (",", ":") or _leads(before)


def _leads(one: Token) -> bool:
    """Whether a claim behind it may follow from one before: a word, an arrow, a full stop."""
    return speaks(one) or one.text in (".", ";", "rightarrow")


def _defines(c: Cursor) -> bool:
    """Whether the display defines a letter here, as in D = diag(...) or m_i = ..."""
    behind = "".join(one.text for one in c.tokens[c.at + 1 : c.at + 8])
    symbol = c.token.kind in ("letter", "command") and str(c.token) in spelling.DEFINABLE
    found = _DEFINED.match(behind) if symbol else None
    if not found or (found[3] and c.token.kind == "command"):  # \\delta_{ij} is Kronecker's
        return False
    taken = {*c.names.quantities, *c.names.functions, *c.shared.locals, *c.shared.below}
    return str(c.token) not in taken or c.token.start in c.shared.ahead


def _definition(c: Cursor, joint: Joint) -> Item | None:
    """What the letter stands for, and what else it is equal to. None for a unit vector e_k."""
    begin, braces = c.at, len(c.shared.braced)
    letter = c.advance()
    indices = names.indices(c, "W") if c.take("_") else ()
    c.require(len({*indices}) == len(indices), "expected two indices", at=letter)
    sign = c.expect("=")
    value = c.read()
    if letter.text == "e" and indices and not own_letters.is_number(value):
        c.at, c.shared.braced[braces:] = begin, []
        return None
    what = "expected a letter with one meaning"  # and not e, if e^2 stands in it
    c.require(letter.text not in c.shared.below or letter.start in c.shared.ahead, what, at=letter)
    for index in t.free_indices(value):
        instead = spelling.INSTEAD.get(index.letter, "")
        c.require(index in indices, "expected a definition without a free index", instead, at=index)
    left = t.Local(str(letter), value, indices, start=letter.start, end=letter.end)
    c.shared.locals[str(letter)] = left
    here = t.Notation(left, value, at=sign.start, start=letter.start, end=value.end)
    more = _chain(c, joint, (value, None)) if c.sees("=") else Item(joint, sides=(value, None))
    return more._replace(claims=[here, *more.claims])


def _is_range(c: Cursor, number: int) -> bool:
    """Whether dots follow, from token `number` on, behind a first value and commas."""
    ahead, stops = c.tokens[number:], ("dots", "=", "in")
    seen = [x.quad or x.text in stops or x.kind in ("end", "text") for x in ahead].index(True)
    return ahead[seen].text == "dots" and any(x.text == "," for x in ahead[:seen])


def _ranges(c: Cursor, counters: Sequence[t.Expr], closing: str = "") -> list[t.Range]:
    """What follows `i =` or `i \\in {`: `0, 1, \\dots, d - 1`."""
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
    span = c.span(counters[0].start)
    return [t.Range(getattr(one, "letter", "L"), written[0], last, **span) for one in counters]
