"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from dataclasses import dataclass, field

from . import spelling
from .cursor import DEPTH, NESTING
from .rows import Row, outside, speaks
from .tokens import CannotRead, Token, require

_SIGNS = spelling.JOINING | {"-"}
_CONTINUING = spelling.RELATIONS | _SIGNS | {","}
_ENDS = ("newline", "end", "close")
_ASIDE = spelling.GROUND | spelling.CONDITION | spelling.FOR_ALL


def lines_of(found: list[Token]) -> list[list[Token]]:
    """The tokens of each line, each with an `end`. Raises `CannotRead`."""
    layout = _Layout(found, Row.of(found, 0))
    for number in range(len(found) - 1):
        layout.take(number)
    for token in layout.open:
        raise CannotRead(f"expected \\end{{{token.text}}}", token.start, token.end)
    end, lines = found[-1], filter(None, layout.lines)
    return [[*line, end._replace(start=line[-1].end, end=line[-1].end)] for line in lines]


@dataclass
class _Layout:
    found: list[Token]
    above: Row  # that with which the line began which the next may go on from
    lines: list[list[Token]] = field(default_factory=lambda: [[]])
    open: list[Token] = field(default_factory=list)  # layout environments
    inner: int = 0  # how many matrices are open
    brackets: int = 0
    marks: int = 0  # alignment marks in this line
    begun: bool = False  # more than alignment marks stands in this line

    def take(self, number: int) -> None:
        """Takes token `number` into the lines."""
        token = self.found[number]
        outside = self.inner == 0 and token.kind not in DEPTH
        if outside and token.kind == "newline":
            self.new_line(number + 1)
        elif outside and token.text == "&":
            self.mark(token, number + 1)
        elif token.kind not in DEPTH or not self.lays_out(token, number):
            self.lines[-1].append(token)
            self.begun = True
            if outside and token.text not in ("lbrace", "rbrace"):
                self.brackets = max(0, self.brackets + NESTING.get(token.text, 0))

    def lays_out(self, token: Token, number: int) -> bool:
        """Takes the mark of an environment; whether it is for layout, and belongs to no matrix."""
        opens = token.kind == "begin"
        if opens and token.text in spelling.LAYOUT:
            require(not (self.inner or self.brackets), f"{token.text} stands in a formula", token)
            require(not self.lines[-1], "expected a new line before this", token)
            self.open.append(token)
            self.marks, self.begun, self.above = 0, False, Row.of(self.found, number + 1)
            return True
        if not opens and self.inner == 0:
            opened = self.open and self.open.pop().text == token.text
            require(opened, f"\\end{{{token.text}}} closes nothing", token)
            after = self.found[number + 1]
            ends = after.text in (".", ",", ";") or after.kind in _ENDS[1:]
            require(ends, f"expected nothing behind \\end{{{token.text}}}", after)
            return True
        known, instead = spelling.MATRIX | spelling.LAYOUT, spelling.INSTEAD.get(token.text, "")
        require(token.text in known, f"unknown environment {token.text}", token, instead)
        self.inner += DEPTH[token.kind]
        return False

    def new_line(self, number: int) -> None:
        """Begins a new line at a token, unless what follows continues the one before."""
        above, this = self.above, Row.of(self.found, number)
        first, line = this.first, next((one for one in reversed(self.lines) if one), [])
        plain = [one for one in outside(line) if one]
        related = any(one.text in spelling.RELATIONS for one in plain)
        # A gap, a condition or a second claim, an empty line.
        parts = [one for one in plain if speaks(one) or one.text in (",", ";", "forall")]
        gap = self.found[number - 1].quad or any(one.quad and one != line[0] for one in plain)
        ended = gap or parts or not self.lines[-1]
        led = first.text in spelling.COMPARISONS
        open_end = (led and not related) or bool(line and line[-1].text in _SIGNS | {"="})
        own = this.marked and this.stands_like(above)  # as -x &= -y is
        joined = open_end or (first.text in _SIGNS and not (own and first.text == "-"))
        claims = not (joined or led or speaks(first) or first.kind in _ENDS)
        if led and related:
            word = line[0]  # a claim behind it may go on if its row is the one above
            fresh = above.side == 1 and word == above.first and word.text.lower() not in _ASIDE
            below = this.relates_like(above) and (fresh or not speaks(word))
            require(below, "expected no = below this", first)
        elif joined and not led:
            fits = this.goes_on(above) if related else this.inside(above)
            what = "expected a line that begins with no sign, or further right and with no relation"
            require(fits and not (ended and line), what, first)
        elif claims and related:
            split = bool(self.open) and self.open[-1].text == "split"
            clear = own or (this.stands_like(above) and not split and this.relates)
            require(clear, "expected a line that begins where the one before does", first)
        self.marks, self.begun = 0, False
        remark = speaks(first) and above.side == 1 and this.behind(above)
        if not related or claims or (speaks(first) and not remark):
            self.above = this._replace(moved=this.moved or joined)
        if not (joined and self.lines[-1]):
            self.lines.append([])

    def mark(self, token: Token, number: int) -> None:
        """An alignment mark: a gap stands before every second one, and a comma is put there."""
        self.marks += 1
        line = self.lines[-1]
        gap = self.open and self.open[-1].text in spelling.SPACED and self.marks % 2 == 0
        if token.quad:
            self.found[number] = self.found[number]._replace(quad=True)
        at = next(n for n in range(number, len(self.found)) if self.found[n].text != "&")
        following = self.found[at]
        if not (gap and self.begun):
            return
        if following.text == "," and not self.brackets:
            self.found[at] = following._replace(quad=True)
        if line[-1].text == "," and not self.brackets:
            line[-1] = line[-1]._replace(quad=True)
        if line[-1].text in _CONTINUING:
            return
        hidden = Row.of(self.found, number)
        claims = hidden.first.text in _SIGNS and hidden.relates
        require(not claims, "expected no sign in front of a claim in a column", following)
        if following.text not in _CONTINUING and following.kind not in _ENDS:
            if not self.brackets:
                line.append(Token("symbol", ",", token.start, token.end, quad=True))
            self.found[number] = self.found[number]._replace(quad=True)
