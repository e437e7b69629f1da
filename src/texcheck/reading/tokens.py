"""Cuts the TeX of a display into tokens; what only changes the look (bold, spaces) is gone.

Every token keeps its span. Braces that only group stay, as tokens: what they enclose must be what
is seen without them (`expressions`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from . import spelling

MOST_CHARACTERS = 10_000
_BLANK = " \t\n\r~\xa0\ufeff"
_SINGLE = "()[]+-=*/^_,.;:&'!<>"
# What may follow a display on a page: a point, a label.
_AFTER_DISPLAY = re.compile(r"[.,;]?\s*(\([\w-]+:[\w:.-]+\))?\s*\Z")
_TAG = re.compile(r"\*|[A-Za-z]?[\d.-]*[a-z]?'*")  # what \tag may show: a number, no formula
_LENGTH = re.compile(r"\[\s*-?[\d.]+\s*(em|ex|pt|mm|cm)\s*\]")  # as in \\[2mm]
_WITH_WORD = spelling.UPRIGHT | spelling.BLACKBOARD | spelling.SCRIPT | {"begin", "end"}
_BOLD_NUMBER = re.compile(r"\{([01])\}|([01])")
_BEFORE_BOX = {"=", "&", ",", "newline", "Rightarrow"}
_AFTER_BOX = {"=", "&", ",", ".", ";", "newline", "Rightarrow"}


class CannotRead(Exception):
    """What is not in the dialect: from where to where, what was expected, what to write instead."""

    def __init__(self, expected: str, start: int, end: int, instead: str = "") -> None:
        super().__init__(f"{expected}: {instead}" if instead else expected)
        self.expected = expected
        self.instead = instead
        self.start = start
        self.end = end


@dataclass(frozen=True)
class Token:
    """One token: `kind` is command, word, text, letter, digit, symbol, blackboard, begin, close,
    newline or end."""

    kind: str
    text: str
    start: int
    end: int
    quad: bool = False  # a wide space stands before it

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return f"\\{self.text}" if self.kind == "command" and self.text.isalpha() else self.text


@dataclass
class _Scanner:
    tex: str
    at: int
    found: list[Token] = field(default_factory=list)
    quad: bool = False
    look: int = -1  # where a command stands that changes the look of the next token
    # Open braces: offset and, for a brace that only changes the look, its command's offset, the
    # number of the next token, and whether it is a box.
    braces: list[tuple[int, int, int, bool]] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)

    def add(self, kind: str, text: str, end: int) -> None:
        start = self.at if self.look < 0 else self.look
        self.found.append(Token(kind, text, start, end, self.quad))
        self.quad, self.look, self.at = False, -1, end


def tokens(tex: str) -> list[Token]:
    """All tokens of `tex`, an `end` token last. Raises `CannotRead`."""
    if len(tex) > MOST_CHARACTERS:
        raise CannotRead(f"expected at most {MOST_CHARACTERS} characters", 0, 1)
    first, last = _between_delimiters(tex)
    scanner = _Scanner(tex[:last], first)
    while scanner.at < last:
        _one(scanner)
    if scanner.braces:
        at = scanner.braces[-1][0]
        raise CannotRead("this brace is never closed: expected }", at, at + 1)
    scanner.found.append(Token("end", "", last, last, scanner.quad))
    for first, after in scanner.boxes:
        _expect_whole(scanner.found, first, after)
    return scanner.found


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


def _expect_whole(found: list[Token], first: int, after: int) -> None:
    """A box stands around a whole side: it shows what belongs together, but groups nothing."""
    before = found[first - 1] if first else found[-1]
    following = found[after]
    for token, allowed in ((before, _BEFORE_BOX), (following, _AFTER_BOX)):
        if token.kind != "end" and not {token.kind, token.text} & allowed:
            raise CannotRead(
                "expected a box around a whole side", token.start, token.end, "write brackets"
            )


def _one(scanner: _Scanner) -> None:
    """Reads what stands at the scanner's place: a token, or what makes none."""
    tex, at = scanner.tex, scanner.at
    char = tex[at]
    if char in _BLANK:
        scanner.at += 1
    elif char == "%":
        stop = tex.find("\n", at)
        scanner.at = len(tex) if stop < 0 else stop
    elif char == "\\":
        _command(scanner)
    elif char == "{":
        scanner.braces.append((at, -1, 0, False))
        scanner.add("symbol", "{", at + 1)
    elif char == "}":
        _closing_brace(scanner)
    else:
        _character(scanner, char)


def _character(scanner: _Scanner, char: str) -> None:
    at = scanner.at
    pair = scanner.tex[at : at + 2]
    if pair in (":=", "||"):
        scanner.add(*(("symbol", "=") if pair == ":=" else ("command", "Vert")), at + 2)
    elif char == "|":
        scanner.add("command", "vert", at + 1)
    elif char == "ŷ":
        scanner.add("command", "hat", at)
        scanner.add("letter", "y", at + 1)
    elif char in spelling.UNICODE:
        scanner.add("command", spelling.UNICODE[char], at + 1)
    elif char in spelling.CHARACTERS:
        scanner.add("symbol", spelling.CHARACTERS[char], at + 1)
    elif char.isascii() and char.isdigit():
        scanner.add("digit", char, at + 1)
    elif char.isalpha():
        scanner.add("letter", char, at + 1)
    elif char in _SINGLE:
        scanner.add("symbol", char, at + 1)
    else:
        instead = spelling.INSTEAD.get(char, "")
        raise CannotRead(f"unexpected character {char!r}", at, at + 1, instead)


def _closing_brace(scanner: _Scanner) -> None:
    at, found = scanner.at, scanner.found
    if not scanner.braces:
        raise CannotRead("this brace closes nothing", at, at + 1)
    _, opened, first, box = scanner.braces.pop()
    if opened < 0:
        scanner.add("symbol", "}", at + 1)
        return
    if first < len(found):
        found[first] = replace(found[first], start=opened)
        found[-1] = replace(found[-1], end=at + 1)
    if box:
        scanner.boxes.append((first, len(found)))
    scanner.at += 1


def _name(tex: str, at: int) -> tuple[str, int]:
    """The command at `at` without its backslash, and where it ends."""
    end = at + 1
    while end < len(tex) and tex[end].isascii() and tex[end].isalpha():
        end += 1
    if end == at + 1:
        if end >= len(tex):
            raise CannotRead("expected a command behind the backslash", at, at + 1)
        return tex[end], end + 1
    if tex[at + 1 : end] == "operatorname" and tex[end : end + 1] == "*":
        end += 1
    return tex[at + 1 : end], end


def _skip_blanks(tex: str, at: int) -> int:
    while at < len(tex) and tex[at] in " \t\n":
        at += 1
    return at


def _argument(scanner: _Scanner, name: str, end: int) -> tuple[str, int]:
    """The text behind a command: `{ReLU}` or a single letter, and where it ends."""
    tex, at = scanner.tex, _skip_blanks(scanner.tex, end)
    if tex[at : at + 1] == "{":
        close = tex.find("}", at)
        if close < 0:
            raise CannotRead("this brace is never closed: expected }", at, at + 1)
        return tex[at + 1 : close], close + 1
    if not tex[at : at + 1].isalnum():
        raise CannotRead(f"expected braces after \\{name}", scanner.at, end)
    return tex[at], at + 1


def _command(scanner: _Scanner) -> None:
    """Reads the command at the scanner's place."""
    name, end = _name(scanner.tex, scanner.at)
    if name in spelling.WIDE_SPACES:
        scanner.quad, scanner.at = True, end
    elif name in spelling.SPACES:
        scanner.at = end
    elif name in spelling.LOOK:
        _look(scanner, name, end)
    elif name in spelling.WITH_ARGUMENT_DROPPED:
        text, scanner.at = _argument(scanner, name, end)
        if name == "tag" and not _TAG.fullmatch(text):
            raise CannotRead(r"expected the number of the equation in \tag", end, scanner.at)
    elif name in _WITH_WORD:
        _with_word(scanner, name, end)
    elif name in spelling.ALONE:
        scanner.add(*spelling.ALONE[name], end)
    elif name == "\\":
        length = _LENGTH.match(scanner.tex, end)
        scanner.add("newline", "\\\\", length.end() if length else end)
    else:
        if name in "[]()":
            raise CannotRead(f"expected no \\{name} here", scanner.at, end, spelling.INSTEAD["("])
        name = spelling.SAME.get(name, name)
        scanner.add("symbol" if name in spelling.SYMBOLS else "command", name, end)


def _with_word(scanner: _Scanner, name: str, end: int) -> None:
    """Reads a command whose argument is a word: an upright name, text, an environment."""
    start = scanner.at
    word, end = _argument(scanner, name, end)
    if name in ("begin", "end"):
        scanner.add("begin" if name == "begin" else "close", word.rstrip("*"), end)
        return
    if name in spelling.SCRIPT:
        if word not in ("L", r"\ell"):
            raise CannotRead(r"expected \ell or \mathcal{L}, the loss", start, end)
        scanner.add("command", "ell", end)
        return
    text = "".join(char for char in word if char not in "\\ ,;~\n\t")
    if name in spelling.BLACKBOARD:
        scanner.add("blackboard", text, end)
    elif name.startswith("text") and text not in spelling.TRANSPOSE:
        scanner.add("text", text, end)
    else:
        scanner.add("word", text, end)


def _look(scanner: _Scanner, name: str, end: int) -> None:
    """Reads a command that changes the look: it goes, and the braces behind it."""
    tex = scanner.tex
    inner = _skip_blanks(tex, end)
    sided = name in ("left", "right", "middle")
    bold = _BOLD_NUMBER.match(tex, inner) if name in spelling.BOLD else None
    if sided and tex[inner : inner + 1] == ".":
        scanner.add("symbol", f"{name}.", inner + 1)
    elif bold:
        value = bold.group(1) or bold.group(2)
        scanner.add("command", "ones" if value == "1" else "zeros", bold.end())
    elif tex[inner : inner + 1] == "{" and not sided:
        scanner.braces.append((inner, scanner.at, len(scanner.found), name == "boxed"))
        scanner.at = inner + 1
    else:
        scanner.look = scanner.at if scanner.look < 0 else scanner.look
        scanner.at = end
