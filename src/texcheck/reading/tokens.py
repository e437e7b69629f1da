"""Cuts the TeX of a display into tokens; what only changes the look (bold, spaces) is gone.

Every token keeps its span. Braces around the argument of a command or a script stay, as tokens.
All others are not seen, so they go: a text is read as what its page shows.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from ..syntax import Node
from . import spelling

MOST_CHARACTERS = 10_000
# What may follow a display on a page: a point, a label.
_AFTER_DISPLAY = re.compile(r"[.,;]?\s*(\([\w-]+:[\w:.-]+\))?\s*\Z")
# What \tag may show: a number, no formula.
_TAG = re.compile(r"\*|([A-Za-z]?|[A-Z]{2,3}(?=\d))[\d.-]*[a-z]?'*")
_LABEL = re.compile(r"\([A-Z]{1,3}\d[\d.]*[a-z]?\)")  # such as (BP1)
_BLANK = re.compile(r"(?:[ \t\n\r~\xa0\ufeff]|%[^\n]*)+")
_COMMAND = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_ARGUMENT = re.compile(r"[ \t\n]*(?:\{([^}]*)\}|([A-Za-z0-9]))")
_SIDE = re.compile(
    r"[ \t\n{]*([()\[\]|/‖]|\\([{}|]|([lr]?[vV]ert|[lr](angle|brace|brack))(?![A-Za-z])))"
)
_BRACE, _DOT = re.compile(r"[ \t\n]*\{"), re.compile(r"[ \t\n]*\.")
_BOLD_NUMBER = re.compile(r"[ \t\n]*(?:\{[ \t\n]*([01])[ \t\n]*\}|([01]))")
# What a line break takes along, as in \\*[2mm].
_BREAK = re.compile(r"\*?(\[\s*-?[\d.]+\s*(em|ex|pt|mm|cm)\s*\])?")
_CHARACTER = re.compile(r":=|\|\||[()\[\]+\-=*/^_,.;:&'!<>|]|[0-9]|[^\W\d_]")
_WITH_WORD = spelling.UPRIGHT | spelling.BLACKBOARD | spelling.SCRIPT | {"begin", "end"}
_SYMBOL = re.compile(r"\s*\{\s*(\\[A-Za-z]+\s*)?[A-Za-z]?\s*\}")
_ARGUMENTS = {"^": 1, "_": 1, "hat": 1, "frac": 2, "sqrt": 1, "underbrace": 1, "overbrace": 1}
_LINE_ENDS = re.compile(r"[.,;]?\s*(\\label\{[^}]*\}\s*)?(\\\\|\\end\b|\\\]|\$|$)")
_AROUND_BOX = {"begin", "end", "=", ",", ".", ";", "newline", "Rightarrow"}
_WIDE = 9  # eighteenths of an em
_BOLD = "expected a bold 1 or 0 by itself"


class CannotRead(Exception):
    """What is not in the dialect: from where to where, what was expected, what to write instead."""

    def __init__(self, expected: str, start: int, end: int, instead: str = "") -> None:
        super().__init__(f"{expected}: {instead}" if instead else expected)
        self.expected, self.instead, self.start, self.end = expected, instead, start, end


class Token(NamedTuple):
    """A token: command word text letter digit symbol blackboard bold begin close newline end."""

    kind: str
    text: str
    start: int
    end: int
    quad: bool = False  # a wide space stands before it
    apart: bool = False  # a brace that is not seen closes before it
    bold: bool = False
    spaced: bool = False  # a command for a space stands before it

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return f"\\{self.text}" if self.kind == "command" and self.text.isalpha() else self.text


def require(holds: object, expected: str, at: Token | Node, instead: str = "") -> None:
    """Raises `CannotRead` at a place unless something holds."""
    if not holds:
        raise CannotRead(expected, at.start, at.end, instead)


def tokens(tex: str) -> list[Token]:
    """All tokens of `tex`, an `end` token last. Raises `CannotRead`."""
    if len(tex) > MOST_CHARACTERS:
        raise CannotRead(f"expected at most {MOST_CHARACTERS} characters", 0, 1)
    first, last = _between_delimiters(tex)
    scanner = _Scanner(tex[:last], first)
    while (at := scanner.skip_blanks()) < last:
        scanner.command() if tex[at] == "\\" else scanner.character(tex[at])
    if scanner.braces:
        at = scanner.braces[-1][0]
        raise CannotRead("this brace is never closed: expected }", at, at + 1)
    scanner.found.append(Token("end", "", last, last, scanner.quad))
    for inside, after in scanner.boxes:
        for some in (scanner.found[inside - 1 :: -1] if inside else (), scanner.found[after:]):
            token = next((one for one in some if one.text != "&"), scanner.found[-1])
            alone = {token.kind, token.text} & _AROUND_BOX  # a box shows a side and groups nothing
            require(alone, "expected a box around a whole side", token, "write brackets")
    return _as_seen(scanner.found, scanner.arrows)


class _Brace(NamedTuple):
    """An open brace: where it stands, what was open before, the number of its first token."""

    start: int
    wanted: int
    symbols: int
    first: int
    arrow: bool


def _as_seen(found: list[Token], arrows: set[int]) -> list[Token]:
    """The tokens without the braces that are no argument. Raises `CannotRead` for a script behind
    several symbols in such braces, as it is seen on the last one, and for an arrow over several."""
    kept: list[Token] = []
    open_: list[_Brace] = []
    wanted = 0  # arguments to come
    symbols = inner = 0  # what bears scripts: in this brace, and in the one closed last
    quad = apart = False
    for number, token in enumerate(found):
        brace = token.text if token.kind == "symbol" and token.text in "{}" else ""
        unseen = False
        what = "expected braces: the space before this would be the argument"
        require(not (wanted and token.spaced), what, token)
        if brace == "{":
            open_.append(_Brace(token.start, wanted, symbols, len(kept), number in arrows))
            unseen, wanted, symbols = not wanted, 0, 0
        elif brace:
            one = open_.pop()
            if one.arrow and symbols > 1:
                raise CannotRead("expected one symbol under the arrow", one.start, token.end)
            unseen = not one.wanted
            inner = symbols * (not kept or kept[-1].text not in (")", "]"))
            wanted, symbols = max(0, one.wanted - 1), one.symbols + unseen * symbols
            if unseen and one.first < len(kept):  # the braces belong to what they enclose
                kept[one.first] = kept[one.first]._replace(start=one.start)
                kept[-1] = kept[-1]._replace(end=token.end)
        else:
            script = token.text in ("^", "_", "'")
            if script and apart and inner > 1:
                raise CannotRead("braces are not seen", token.start, token.end, "write brackets")
            symbols += not wanted and not script
            wanted = max(0, wanted - 1) + _ARGUMENTS.get(token.text, 0)
            wanted += token.kind == "begin" and token.text == "array"
        quad = quad or token.quad
        if unseen:
            apart = apart or brace == "}"
        else:
            kept.append(token._replace(quad=quad, apart=apart) if quad or apart else token)
            quad = apart = False
    return kept


def _between_delimiters(tex: str) -> tuple[int, int]:
    """Where the formula in `tex` begins and ends, without $ … $ or the like around it."""
    start = len(tex) - len(tex.lstrip())
    for opening, closing in spelling.DELIMITERS:
        if tex.startswith(opening, start):
            first = start + len(opening)
            last = tex.rfind(closing, first)
            if last >= first and _AFTER_DISPLAY.match(tex, last + len(closing)):
                return first, last
    return 0, len(tex)


@dataclass
class _Scanner:
    tex: str
    at: int
    found: list[Token] = field(default_factory=list)
    quad: bool = False
    space: int = 0  # the width of the small ones in a row
    spaced: bool = False
    bold: bool = False  # that command is bold
    look: int = -1  # where a command stands that changes the look of the next token
    # Open braces: offset and, for a brace that only changes the look, its command's offset, the
    # number of the next token, and the command.
    braces: list[tuple[int, int, int, str]] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)
    arrows: set[int] = field(default_factory=set)  # numbers of the braces under an arrow

    def skip_blanks(self) -> int:
        if blank := _BLANK.match(self.tex, self.at):
            self.at = blank.end()
            if spaces := blank.group().count("~"):
                self.space, self.spaced = self.space + spaces * spelling.SPACES[" "], True
        return self.at

    def add(self, kind: str, text: str, end: int) -> None:
        start = self.at if self.look < 0 else self.look
        brace = kind == "symbol" and text in "{}"  # the space goes on in a brace
        quad = self.quad or (self.space >= _WIDE and not brace)
        token = Token(kind, text, start, end, quad, False, self.bold, self.spaced)
        if self.braces and (kind == "newline" or text == "&"):
            kinds = [one.kind for one in self.found[self.braces[-1][2] :]]
            require(kinds.count("begin") > kinds.count("close"), "expected one line in { }", token)
        if self.bold:
            require(text != "{", _BOLD, token)
            _expect_no_bold_number([token])
        self.found.append(token)
        self.space *= brace
        self.quad, self.look, self.bold, self.spaced, self.at = False, -1, False, False, end

    def character(self, char: str) -> None:
        """Reads what begins with no backslash."""
        at = self.at
        found = _CHARACTER.match(self.tex, at) if char.isascii() or char.isalpha() else None
        text = found.group() if found else char
        if text == "{":
            self.braces.append((at, -1, len(self.found), ""))
            self.add("symbol", "{", at + 1)
        elif text == "}":
            self.close_brace()
        elif text in spelling.TYPED:
            self.add(*spelling.TYPED[text], at + len(text))
        elif found:
            kind = "digit" if text.isdigit() else "letter" if text.isalpha() else "symbol"
            self.add(kind, text, at + len(text))
        else:
            instead = spelling.INSTEAD.get(char, "")
            raise CannotRead(f"unexpected character {char!r}", at, at + 1, instead)

    def close_brace(self) -> None:
        if not self.braces:
            raise CannotRead("this brace closes nothing", self.at, self.at + 1)
        _, opened, first, look = self.braces.pop()
        if opened < 0:
            self.add("symbol", "}", self.at + 1)
            return
        self.at += 1
        if first < len(self.found):
            self.found[first] = self.found[first]._replace(start=opened)
            self.found[-1] = self.found[-1]._replace(end=self.at)
        if look == "boxed":
            self.boxes.append((first, len(self.found)))
        elif look in spelling.BOLD:
            _expect_no_bold_number(self.found[first:])
            self.found[first:] = [token._replace(bold=True) for token in self.found[first:]]

    def command(self) -> None:
        """Reads what begins with a backslash."""
        start = self.at
        found = _COMMAND.match(self.tex, start)
        if found is None:
            raise CannotRead("expected a command behind the backslash", start, start + 1)
        name, end = found.group(1), found.end()
        if name in spelling.SPACES:
            self.space, self.spaced, self.at = self.space + spelling.SPACES[name], True, end
        elif name in spelling.LOOK:
            self.change_look(name, end)
        elif name in spelling.WITH_ARGUMENT_DROPPED or name in _WITH_WORD:
            self.word(name, end)
        elif name in spelling.ALONE:
            self.add(*spelling.ALONE[name], end)
        elif name == "\\" and (taken := _BREAK.match(self.tex, end)):
            self.add("newline", "\\\\", taken.end())
        elif name in "[]()":
            raise CannotRead(f"expected no \\{name} here", start, end, spelling.INSTEAD["("])
        elif not name[0].isalpha() and name not in spelling.SAME:  # an escaped character is itself
            raise CannotRead(f"unknown command \\{name}", start, end)
        else:
            name = spelling.SAME.get(name, name)
            self.add("symbol" if name in spelling.SYMBOLS else "command", name, end)

    def word(self, name: str, end: int) -> None:
        """Reads a command's argument: an upright name, text, an environment, a label."""
        start = self.at
        found = _ARGUMENT.match(self.tex, end)
        if found is None:
            raise CannotRead(f"expected an argument in braces behind \\{name}", start, end)
        word, end = re.sub(r"\\[,;:!> ]", " ", found.group(1) or found.group(2) or ""), found.end()
        text = re.sub(r"[\\ ~\n\t]", "", word)
        text = text if text.strip(",;") in spelling.FUNCTIONS else text.strip(",;:")
        if name in spelling.WITH_ARGUMENT_DROPPED:
            self.dropped(name, word, end)
        elif name in ("begin", "end"):
            self.add("begin" if name == "begin" else "close", word.rstrip("*"), end)
        elif name in spelling.SCRIPT:
            if word not in ("L", r"\ell"):
                raise CannotRead(r"expected \ell or \mathcal{L}, the loss", start, end)
            self.add("command", "mathcal", end)
        elif name in spelling.BLACKBOARD:
            self.add("blackboard", text, end)
        elif name.startswith("text") and not word.strip("\\ ~\n\t"):
            self.at, self.spaced = end, True
            self.space += len(word) * spelling.SPACES[" "]
        elif self.line_ends(end) and (
            text.lower().strip("().") in spelling.REASONS or _LABEL.fullmatch(text)
        ):  # it says why a step is right, or bears the name of an equation
            self.at, self.spaced, self.quad = end, True, True
        else:
            upright = not name.startswith("text") or text in spelling.TRANSPOSE
            self.add("word" if upright else "text", text, end)

    def line_ends(self, at: int) -> bool:
        """Whether nothing follows in the line, and it is none of a matrix."""
        matrices = [one.kind for one in self.found if one.text in spelling.MATRIX]
        open_ = matrices.count("begin") > matrices.count("close")
        return not open_ and _LINE_ENDS.match(self.tex, at) is not None

    def dropped(self, name: str, word: str, end: int) -> None:
        """Passes over a command whose argument is not read; a tag leaves a gap."""
        start, self.at, self.spaced = self.at, end, True
        before = {self.found[-1].kind, self.found[-1].text} if self.found else {"begin"}
        if name == "tag":
            if not _TAG.fullmatch(word):
                raise CannotRead(r"expected the number of the equation in \tag", start, end)
            if not (before & {"begin", "newline"} or _LINE_ENDS.match(self.tex, end)):
                raise CannotRead(r"expected \tag at the end of its line", start, end)
            self.quad = True

    def change_look(self, name: str, end: int) -> None:
        """Reads a command that changes the look: it goes, and the braces behind it."""
        sided = name in ("left", "right", "middle")
        self.spaced |= name in spelling.SETS_NOTHING
        dot = _DOT.match(self.tex, end) if sided else None
        if (sided or name.lower().startswith("big")) and not (dot or _SIDE.match(self.tex, end)):
            what = f"expected a bracket behind \\{name}, such as ( or \\langle"
            raise CannotRead(what, self.at, end)
        if dot:
            self.add("symbol", f"{name}.", dot.end())
        elif name in spelling.BOLD and (bold := _BOLD_NUMBER.match(self.tex, end)):
            self.add("bold", bold[1] or bold[2], bold.end())
        elif not sided and (brace := _BRACE.match(self.tex, end)):
            under_arrow = name == "vec" and not _SYMBOL.match(self.tex, end)
            if under_arrow or (self.found and self.found[-1].text in _ARGUMENTS):
                self.arrows |= {len(self.found)} if under_arrow else set()
                self.at = brace.end() - 1
                return  # the braces of an argument stay
            name = "bm" if self.bold else name
            self.braces.append((brace.end() - 1, self.at, len(self.found), name))
            self.at, self.bold = brace.end(), False
        else:
            self.bold = self.bold or name in spelling.BOLD
            self.look, self.at = self.at if self.look < 0 else self.look, end


def _expect_no_bold_number(found: list[Token]) -> None:
    """Raises `CannotRead` for a number among what is bold: it would be seen as a vector."""
    scripts = 0
    for before, token in pairwise([Token("end", "", 0, 0), *found]):
        if scripts or before.text in ("_", "^"):
            scripts += {"{": 1, "}": -1}.get(token.text, 0)
        else:
            require(token.kind != "digit", _BOLD, token)
            what = f"expected no bold {token}: a number"
            require(token.text not in spelling.NUMBERS, what, token)
