"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

from . import spelling
from .cursor import DEPTH, NESTING
from .tokens import CannotRead, Token, require

_RELATIONS = {"=", ":", "Rightarrow", "rightarrow", "leftarrow", "in"} | spelling.COMPARISONS
_SIGNS = spelling.JOINING | {"-"}
_CONTINUING = _RELATIONS | _SIGNS | {","}
_BEFORE_SIGN = {"&", "{", "underbrace", "overbrace"}
_WITHOUT_GAPS = ("", "alignedat", "alignat")


def lines_of(found: list[Token]) -> list[list[Token]]:
    """The tokens of each line, each with an `end`. Raises `CannotRead`."""
    layout = _Layout(found)
    number = 0
    while number < len(layout.found) - 1:
        number = layout.take(number)
    for token in layout.open:
        raise CannotRead(f"expected \\end{{{token.text}}}", token.start, token.end)
    end = found[-1]
    return [
        [*line, end._replace(start=line[-1].end, end=line[-1].end)] for line in layout.lines if line
    ]


@dataclass
class _Layout:
    found: list[Token]
    lines: list[list[Token]] = field(default_factory=lambda: [[]])
    open: list[Token] = field(default_factory=list)  # layout environments
    inner: int = 0  # how many matrices are open
    brackets: int = 0
    marks: int = 0  # alignment marks in this line
    begun: bool = False  # more than alignment marks stands in this line
    several: bool = False  # it has more than one claim, or a condition

    def take(self, number: int) -> int:
        """Takes token `number` into the lines; the number of the next one to take."""
        token = self.found[number]
        if token.kind in DEPTH:
            if following := self.environment(token, number):
                return following
        elif self.inner == 0:
            word = token.kind == "text" and token.text not in spelling.FUNCTIONS
            listed = token.text in (",", ";") and not self.brackets
            apart = token.quad and bool(self.lines[-1])
            self.several |= word or listed or apart or token.text in ("forall", "Rightarrow")
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
        outermost = self.inner == 0 and self.brackets == 0
        array = token.text == "array" and outermost and not self.lines[-1]
        if opens and (token.text in spelling.LAYOUT or array):
            require(outermost, f"{token.text} stands inside of a formula", token)
            require(not self.lines[-1], "expected a new line before this", token)
            self.open.append(token)
            if token.text not in spelling.WITH_COLUMNS:
                return number + 1
            require(self.found[number + 1].text == "{", "expected the columns in braces", token)
            columns = [*takewhile(lambda one: one.text != "}", self.found[number + 2 :])]
            for one in columns:
                plain = one.text in ("l", "c", "r") or one.kind == "digit"
                require(plain, "expected l, c or r for each column", one)
            return number + len(columns) + 3
        if not opens and self.inner == 0:
            opened = self.open and self.open.pop().text == token.text
            require(opened, f"\\end{{{token.text}}} closes nothing", token)
            after = self.found[number + 1]
            ends = after.text in (".", ",", ";") or after.kind in ("newline", "close", "end")
            require(ends, "expected a new line before this", after)
            return number + 1
        known, instead = spelling.MATRIX | spelling.LAYOUT, spelling.INSTEAD.get(token.text, "")
        require(token.text in known, f"unknown environment {token.text}", token, instead)
        self.inner += DEPTH[token.kind]
        return 0

    def new_line(self, number: int) -> int:
        """Begins a new line at a token, unless what follows continues the one before."""
        rest = self.found[number:]
        line = next((one for one in reversed(self.lines) if one), [])
        begins = any(token.text in _RELATIONS for token in line)
        first = next(token for token in rest if token.text not in _BEFORE_SIGN)
        after, inside = first.text, self.open[-1].text if self.open else ""
        following = list(self.following(number))
        one = inside in ("multline", "split") and "&" not in following  # one formula
        apart = begins and inside != "multline" and not _RELATIONS.isdisjoint(following)
        own = rest[0].text != "&" and "&" in following  # -x &= -y, a claim of its own
        joined = after in _SIGNS and not (own and after == "-")
        ended = self.found[number - 1].quad or self.several  # a gap, a condition, a second claim
        what = "expected a line that begins with no sign, or that has no relation of its own"
        require(not (joined and line and (ended or apart)), what, first)
        ends = joined or after in _RELATIONS or rest[0].kind in ("close", "newline", "end", "text")
        require(ends or not (one and begins), f"{inside} holds one formula", rest[0])
        open_end = after in spelling.COMPARISONS and not begins
        open_end = open_end or (bool(line) and line[-1].text in spelling.JOINING | {"=", "-"})
        joined = joined or (open_end and not ended)
        require(joined or not self.brackets, "expected a sign: a bracket is open", first)
        self.marks, self.begun = 0, False
        if not (joined and self.lines[-1]):
            self.lines.append([])
            self.several = False
        return number

    def following(self, number: int) -> Iterator[str]:
        """What stands in the line from a token on, up to a word or a comma."""
        depth, nested, begun, marked = 0, 0, False, False
        for token in islice(self.found, number, None):
            depth += DEPTH.get(token.kind, 0)
            if depth < 0 or (token.kind == "newline" and depth == 0):
                return
            if token.text == "&":
                marked = True
                continue
            nested += NESTING.get(token.text, 0)
            word = token.kind == "text" and token.text not in spelling.FUNCTIONS
            if begun and nested <= 0 and (word or token.text == ","):
                return
            if marked:  # a mark with nothing behind it does not count
                yield "&"
            begun, marked = True, False
            yield "" if depth or nested > 0 else token.text

    def mark(self, token: Token, number: int) -> int:
        """An alignment mark: a gap stands before every second one, and a comma is put there; before
        each where columns stand apart, as in an array."""
        self.marks += 1
        line = self.lines[-1]
        inside = self.open[-1].text if self.open else ""
        gap = inside not in _WITHOUT_GAPS and (self.marks % 2 == 0 or inside not in spelling.SPACED)
        if token.quad:
            self.found[number] = self.found[number]._replace(quad=True)
        following = next(one for one in self.found[number:] if one.text != "&")
        goes_on = following.text in _CONTINUING or following.kind in ("newline", "end", "close")
        if not (gap and self.begun) or line[-1].text in _CONTINUING:
            return number
        claims = following.text in _SIGNS and not _RELATIONS.isdisjoint(self.following(number))
        require(not claims, "expected no sign in front of a claim in a column", following)
        if not goes_on:
            plain = inside in spelling.SPACED or following.kind == "text"
            require(plain, "expected a comma between two statements", following)
            if not self.brackets:
                line.append(Token("symbol", ",", token.start, token.end, quad=True))
                self.several = True
            self.found[number] = self.found[number]._replace(quad=True)
        return number
