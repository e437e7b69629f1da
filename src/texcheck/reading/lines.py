"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, takewhile

from . import spelling
from .cursor import DEPTH, NESTING
from .tokens import CannotRead, Token, require

_SIGNS = spelling.JOINING | {"-"}
_CONTINUING = spelling.RELATIONS | _SIGNS | {","}
_BEFORE_SIGN = {"&", "{", "underbrace", "overbrace", "left."} | spelling.WITHOUT_BRACKETS
_ENDS = ("newline", "end", "close")
_ENDING = spelling.RELATIONS | {","}
_ASIDE = spelling.GROUND | spelling.CONDITION | spelling.FOR_ALL


def _parts(one: Token) -> bool:
    """Whether a token is a word or an arrow between claims."""
    return one.text == "Rightarrow" or (one.kind == "text" and one.text not in spelling.FUNCTIONS)


def _row(tokens: Iterable[Token]) -> Iterator[tuple[Token, bool]]:
    """The tokens of a row in no environment, and whether a bracket is open at each."""
    depth = nested = 0
    for one in tokens:
        depth += DEPTH.get(one.kind, 0)
        nested += NESTING.get(one.text, 0)
        if depth < 0 or (depth == 0 and one.kind in ("newline", "end")):
            return
        if depth == 0:
            yield one, nested > 0


def lines_of(found: list[Token]) -> list[list[Token]]:
    """The tokens of each line, each with an `end`. Raises `CannotRead`."""
    layout = _Layout(found)
    number = 0
    while number < len(layout.found) - 1:
        number = layout.take(number)
    for token in layout.open:
        raise CannotRead(f"expected \\end{{{token.text}}}", token.start, token.end)
    end, lines = found[-1], filter(None, layout.lines)
    return [[*line, end._replace(start=line[-1].end, end=line[-1].end)] for line in lines]


@dataclass
class _Layout:
    found: list[Token]
    lines: list[list[Token]] = field(default_factory=lambda: [[]])
    open: list[Token] = field(default_factory=list)  # layout environments
    inner: int = 0  # how many matrices are open
    brackets: int = 0
    marks: int = 0  # alignment marks in this line
    begun: bool = False  # more than alignment marks stands in this line
    start: int = 0  # the number of the token with which the line began that this one goes on from
    several: bool = False  # it has more than one claim, or a condition
    joined: bool = False  # what begins there goes on from the row before

    def take(self, number: int) -> int:
        """Takes token `number` into the lines; the number of the next one to take."""
        token = self.found[number]
        if token.kind in DEPTH:
            if following := self.environment(token, number):
                return following
        elif self.inner == 0:
            listed = token.text in (",", ";") and not self.brackets
            apart = token.quad and bool(self.lines[-1])
            self.several |= _parts(token) or listed or apart or token.text == "forall"
            self.brackets += NESTING.get(token.text, 0) * (token.text not in ("lbrace", "rbrace"))
            self.brackets = max(0, self.brackets)
            if token.kind == "newline":
                return self.new_line(number + 1)
            if token.text == "&":
                return self.mark(token, number + 1)
        self.lines[-1].append(token)
        self.begun = True
        return number + 1

    def environment(self, token: Token, number: int) -> int:
        """What follows an environment's mark if it is for layout; 0 if it belongs to a matrix."""
        opens = token.kind == "begin"
        if opens and token.text in spelling.LAYOUT:
            require(not (self.inner or self.brackets), f"{token.text} stands in a formula", token)
            require(not self.lines[-1], "expected a new line before this", token)
            self.open.append(token)
            self.marks, self.begun, self.start = 0, False, number + 1
            return self.start
        if not opens and self.inner == 0:
            opened = self.open and self.open.pop().text == token.text
            require(opened, f"\\end{{{token.text}}} closes nothing", token)
            after = self.found[number + 1]
            ends = after.text in (".", ",", ";") or after.kind in _ENDS[1:]
            require(ends, f"expected nothing behind \\end{{{token.text}}}", after)
            return number + 1
        known, instead = spelling.MATRIX | spelling.LAYOUT, spelling.INSTEAD.get(token.text, "")
        require(token.text in known, f"unknown environment {token.text}", token, instead)
        self.inner += DEPTH[token.kind]
        return 0

    def new_line(self, number: int) -> int:
        """Begins a new line at a token, unless what follows continues the one before."""
        line = next((one for one in reversed(self.lines) if one), [])
        begins = any(one.text in spelling.RELATIONS and not inner for one, inner in _row(line))
        unseen = [*takewhile(lambda one: one.text in _BEFORE_SIGN, self.found[number:])]
        first = self.found[number + len(unseen)]
        after, split = first.text, bool(self.open) and self.open[-1].text == "split"
        here, before = self.beginning(number), self.beginning(self.start)
        gap = any(one.quad or one.text == "array" for one in (*unseen, first))
        alike = here == before and here[1] != 0 and not gap
        own = alike and here[1] is not None and not self.joined  # as -x &= -y is
        joined = after in _SIGNS and not (own and after == "-")
        # A gap, a condition or a second claim, an empty line.
        ended = self.found[number - 1].quad or self.several or not self.lines[-1]
        led = after in spelling.COMPARISONS
        marked = before[1] == 1  # the relation stands behind a mark, so the next one does
        start = next(one for one in self.found[self.start :] if one.text != "&")
        goes_on = marked and start in line[:1] and start.text.lower() not in _ASIDE
        remark = line and _parts(line[0]) and not goes_on
        below = here[0] == before[0] + marked and (marked or here[1] == before[1] != 0)
        require(not led or not begins or (below and not remark), "expected no = below this", first)
        ends = joined or after in spelling.RELATIONS or _parts(first) or first.kind in _ENDS
        open_end = (led and not begins) or (line and line[-1].text in _SIGNS | {"="})
        joined = joined or bool(open_end and not ended)
        inner = here[0] > before[0]  # further right
        apart = (inner or before[1] is None) and not self.relates(number)
        fits = apart if begins else inner or here[0] == before[0]
        what = "expected a line that begins with no sign, or further right and with no relation"
        require(not joined or led or (fits and not (ended and line)), what, first)
        self.marks, self.begun = 0, False
        keeps = begins and (joined or ends) and ((marked and inner) or not _parts(first))
        self.start, self.joined = (self.start, self.joined) if keeps else (number, joined)
        if not (joined and self.lines[-1]):
            clear = ends or not begins or own or (alike and not split and self.relates(number))
            require(clear, "expected a line that begins where the one before does", first)
            self.lines.append([])
            self.several = False
        return number

    def beginning(self, number: int) -> tuple[int, int | None]:
        """Marks in front, and where the next is: 1 before the relation, -1 behind, 0 elsewhere."""
        row = [t.text * (t.text == "&" or not inner) for t, inner in _row(self.found[number:])]
        texts = [*dropwhile(lambda one: one in ("&", "Rightarrow"), row)]
        led = row[: len(row) - len(texts)].count("&")
        if "&" not in texts:
            return led, None
        at = texts.index("&")
        since = max((n for n in range(at) if texts[n] == "Rightarrow"), default=-1)
        near = [n for n in range(since + 1, len(texts[: at + 2])) if texts[n] in spelling.RELATIONS]
        return led, near[0] - at if len(near) == 1 and near[0] in (at - 1, at + 1) else 0

    def relates(self, number: int) -> bool:
        """Whether a relation stands in the line from a token on, up to a word or a comma."""
        row = (one for one, inner in _row(self.found[number:]) if not inner)
        ends = (one.text in spelling.RELATIONS for one in row if _parts(one) or one.text in _ENDING)
        return next(ends, False)

    def mark(self, token: Token, number: int) -> int:
        """An alignment mark: a gap stands before every second one, and a comma is put there."""
        self.marks += 1
        line = self.lines[-1]
        gap = self.open and self.open[-1].text in spelling.SPACED and self.marks % 2 == 0
        if token.quad:
            self.found[number] = self.found[number]._replace(quad=True)
        following = next(one for one in self.found[number:] if one.text != "&")
        goes_on = following.text in _CONTINUING or following.kind in _ENDS
        if not (gap and self.begun) or line[-1].text in _CONTINUING:
            return number
        hidden = next(one for one in self.found[number:] if one.text not in _BEFORE_SIGN)
        claims = hidden.text in _SIGNS and self.relates(number)
        require(not claims, "expected no sign in front of a claim in a column", following)
        if not goes_on:
            if not self.brackets:
                line.append(Token("symbol", ",", token.start, token.end, quad=True))
                self.several = True
            self.found[number] = self.found[number]._replace(quad=True)
        return number
