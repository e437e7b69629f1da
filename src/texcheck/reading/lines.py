"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import dropwhile, takewhile

from . import spelling
from .cursor import DEPTH, NESTING
from .tokens import CannotRead, Token, require

_SIGNS = spelling.JOINING | {"-"}
_CONTINUING = spelling.RELATIONS | _SIGNS | {","}
_BEFORE_SIGN = {"&", "{", "underbrace", "overbrace", "left."}
_ENDS = ("newline", "end", "close")
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
    start: int = 0  # the number of the token with which the line began that this one goes on from
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
            require(not any(self.lines), "expected one environment in a display", token)
            self.open.append(token)
            self.start = number + 1
            if token.text not in spelling.WITH_COLUMNS:
                return self.start
            require(self.found[number + 1].text == "{", "expected the columns in braces", token)
            columns = [*takewhile(lambda one: one.text != "}", self.found[number + 2 :])]
            for one in columns:
                plain = one.text in ("l", "c", "r") or one.kind == "digit"
                require(plain, "expected l, c or r for each column", one)
            self.start += len(columns) + 2
            return self.start
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
        line = next((one for one in reversed(self.lines) if one), [])
        begins = any(token.text in spelling.RELATIONS for token in line)
        first = next(one for one in self.found[number:] if one.text not in _BEFORE_SIGN)
        after, inside = first.text, self.open[-1].text if self.open else ""
        here, before = self.beginning(number), self.beginning(self.start)
        alike, relates = here[0] == before[0] and not first.quad, self.relates(number)
        own = alike and here[1] and before[1]  # -x &= -y
        joined = after in _SIGNS and not (own and after == "-")
        ended = self.found[number - 1].quad or self.several or not self.lines[-1]
        what = "expected a line that begins with no sign, or that has no relation of its own"
        require(not (joined and line and (ended or (begins and relates))), what, first)
        ends = joined or after in spelling.RELATIONS or first.kind in (*_ENDS, "text")
        open_end = after in spelling.COMPARISONS and not begins
        open_end = open_end or (bool(line) and line[-1].text in spelling.JOINING | {"=", "-"})
        joined = joined or (open_end and not ended)
        require(joined or not self.brackets, "expected a sign: a bracket is open", first)
        self.marks, self.begun = 0, False
        if not (joined and self.lines[-1]):
            clear = ends or not begins or (relates and (own or (alike and inside != "split")))
            require(clear, "expected a line that begins where the one before does", first)
            self.start = self.start if ends else number
            self.lines.append([])
            self.several = False
        return number

    def beginning(self, number: int) -> tuple[int, bool]:
        """How many marks a line begins with, and whether the next one stands before a relation."""
        row = [*takewhile(lambda one: one.kind not in ("newline", "end"), self.found[number:])]
        led = len(row) - len([*dropwhile(lambda one: one.text == "&", row)])
        _, *after = dropwhile(lambda one: one.text != "&", [*row[led:], Token("", "&", 0, 0)])
        return led, bool(after) and after[0].text in spelling.RELATIONS

    def relates(self, number: int) -> bool:
        """Whether a relation stands in the line from a token on, up to a word or a comma."""
        depth = nested = 0
        for token in self.found[number:]:
            depth += DEPTH.get(token.kind, 0)
            nested += NESTING.get(token.text, 0)
            word = token.kind == "text" and token.text not in spelling.FUNCTIONS
            parted = nested <= 0 and (word or token.text == ",")
            if depth < 0 or (depth == 0 and (token.kind in ("newline", "end") or parted)):
                return False
            if depth == 0 and nested <= 0 and token.text in spelling.RELATIONS:
                return True
        return False

    def mark(self, token: Token, number: int) -> int:
        """An alignment mark: a comma is put where it is a gap, as every second one, or each, is."""
        self.marks += 1
        line = self.lines[-1]
        inside = self.open[-1].text if self.open else ""
        gap = inside not in _WITHOUT_GAPS and (self.marks % 2 == 0 or inside not in spelling.SPACED)
        if token.quad:
            self.found[number] = self.found[number]._replace(quad=True)
        following = next(one for one in self.found[number:] if one.text != "&")
        goes_on = following.text in _CONTINUING or following.kind in _ENDS
        if not (gap and self.begun) or line[-1].text in _CONTINUING:
            return number
        claims = following.text in _SIGNS and self.relates(number)
        require(not claims, "expected no sign in front of a claim in a column", following)
        if not goes_on:
            plain = inside in spelling.SPACED or following.kind == "text"
            require(plain, "expected a comma between two statements", following)
            if not self.brackets:
                line.append(Token("symbol", ",", token.start, token.end, quad=True))
                self.several = True
            self.found[number] = self.found[number]._replace(quad=True)
        return number
