"""Cuts the TeX of a display into tokens; what only changes the look (bold, spaces) is gone.

Every token keeps its span. Braces that only group stay, as tokens: what they enclose must be what
is seen without them (`primaries`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from . import spelling

MOST_CHARACTERS = 10_000
# What may follow a display on a page: a point, a label.
_AFTER_DISPLAY = re.compile(r"[.,;]?\s*(\([\w-]+:[\w:.-]+\))?\s*\Z")
_TAG = re.compile(r"\*|[A-Za-z]?[\d.-]*[a-z]?'*")  # what \tag may show: a number, no formula
_BLANK = re.compile(r"(?:[ \t\n\r~\xa0\ufeff]|%[^\n]*)*")
_COMMAND = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_ARGUMENT = re.compile(r"[ \t\n]*(?:\{([^}]*)\}|([A-Za-z0-9]))")
_BRACE, _DOT = re.compile(r"[ \t\n]*\{"), re.compile(r"[ \t\n]*\.")
_BOLD_NUMBER = re.compile(r"[ \t\n]*(?:\{([01])\}|([01]))")
_LENGTH = re.compile(r"\[\s*-?[\d.]+\s*(em|ex|pt|mm|cm)\s*\]")  # as in \\[2mm]
_CHARACTER = re.compile(r":=|\|\||ŷ|[()\[\]+\-=*/^_,.;:&'!<>|]|[0-9]|[^\W\d_]")
_WITH_WORD = spelling.UPRIGHT | spelling.BLACKBOARD | spelling.SCRIPT | {"begin", "end"}
_AROUND_BOX = {"end", "=", "&", ",", ".", ";", "newline", "Rightarrow"}


class CannotRead(Exception):
    """What is not in the dialect: from where to where, what was expected, what to write instead."""

    def __init__(self, expected: str, start: int, end: int, instead: str = "") -> None:
        super().__init__(f"{expected}: {instead}" if instead else expected)
        self.expected, self.instead, self.start, self.end = expected, instead, start, end


class Token(NamedTuple):
    """A token. `kind`: command word text letter digit symbol blackboard begin close newline end."""

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
    while blank := _BLANK.match(scanner.tex, scanner.at):
        scanner.at = blank.end()
        if scanner.at >= last:
            break
        _one(scanner)
    if scanner.braces:
        at = scanner.braces[-1][0]
        raise CannotRead("this brace is never closed: expected }", at, at + 1)
    scanner.found.append(Token("end", "", last, last, scanner.quad))
    for inside, after in scanner.boxes:
        for token in (scanner.found[inside - 1], scanner.found[after]):
            if not {token.kind, token.text} & _AROUND_BOX:  # a box shows a side and groups nothing
                expected = "expected a box around a whole side"
                raise CannotRead(expected, token.start, token.end, "write brackets")
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


def _one(scanner: _Scanner) -> None:
    """Reads what stands at the scanner's place: a token, or what makes none."""
    tex, at = scanner.tex, scanner.at
    char = tex[at]
    if char == "\\":
        _command(scanner)
    elif char == "{":
        scanner.braces.append((at, -1, 0, False))
        scanner.add("symbol", "{", at + 1)
    elif char == "}":
        _closing_brace(scanner)
    elif char in spelling.UNICODE:
        scanner.add("command", spelling.UNICODE[char], at + 1)
    elif char in spelling.CHARACTERS:
        scanner.add("symbol", spelling.CHARACTERS[char], at + 1)
    elif (char.isascii() or char.isalpha()) and (found := _CHARACTER.match(tex, at)):
        _character(scanner, found.group(), found.end())
    else:
        instead = spelling.INSTEAD.get(char, "")
        raise CannotRead(f"unexpected character {char!r}", at, at + 1, instead)


def _character(scanner: _Scanner, text: str, end: int) -> None:
    if text == "ŷ":
        scanner.add("command", "hat", scanner.at)
        scanner.add("letter", "y", end)
    elif text in spelling.PAIRS:
        scanner.add(*spelling.PAIRS[text], end)
    else:
        kind = "digit" if text.isdigit() else "letter" if text.isalpha() else "symbol"
        scanner.add(kind, text, end)


def _closing_brace(scanner: _Scanner) -> None:
    at, found = scanner.at, scanner.found
    if not scanner.braces:
        raise CannotRead("this brace closes nothing", at, at + 1)
    _, opened, first, box = scanner.braces.pop()
    if opened < 0:
        scanner.add("symbol", "}", at + 1)
        return
    if first < len(found):
        found[first] = found[first]._replace(start=opened)
        found[-1] = found[-1]._replace(end=at + 1)
    if box:
        scanner.boxes.append((first, len(found)))
    scanner.at += 1


def _command(scanner: _Scanner) -> None:
    """Reads the command at the scanner's place."""
    start = scanner.at
    found = _COMMAND.match(scanner.tex, start)
    if found is None:
        raise CannotRead("expected a command behind the backslash", start, start + 1)
    name, end = found.group(1), found.end()
    if name in spelling.WIDE_SPACES:
        scanner.quad, scanner.at = True, end
    elif name in spelling.SPACES:
        scanner.at = end
    elif name in spelling.LOOK:
        _look(scanner, name, end)
    elif name in spelling.WITH_ARGUMENT_DROPPED or name in _WITH_WORD:
        _with_word(scanner, name, end)
    elif name in spelling.ALONE:
        scanner.add(*spelling.ALONE[name], end)
    elif name == "\\":
        length = _LENGTH.match(scanner.tex, end)
        scanner.add("newline", "\\\\", length.end() if length else end)
    elif name in "[]()":
        raise CannotRead(f"expected no \\{name} here", start, end, spelling.INSTEAD["("])
    else:
        name = spelling.SAME.get(name, name)
        scanner.add("symbol" if name in spelling.SYMBOLS else "command", name, end)


def _with_word(scanner: _Scanner, name: str, end: int) -> None:
    """Reads a command with its argument: an upright name, text, an environment, a label."""
    start = scanner.at
    found = _ARGUMENT.match(scanner.tex, end)
    if found is None:
        raise CannotRead(f"expected an argument in braces behind \\{name}", start, end)
    word, end = found.group(1) or found.group(2) or "", found.end()
    text = re.sub(r"[\\ ,;~\n\t]", "", word)
    if name in spelling.WITH_ARGUMENT_DROPPED:
        if name == "tag" and not _TAG.fullmatch(word):
            raise CannotRead(r"expected the number of the equation in \tag", start, end)
        scanner.at = end
    elif name in ("begin", "end"):
        scanner.add("begin" if name == "begin" else "close", word.rstrip("*"), end)
    elif name in spelling.SCRIPT:
        if word not in ("L", r"\ell"):
            raise CannotRead(r"expected \ell or \mathcal{L}, the loss", start, end)
        scanner.add("command", "ell", end)
    elif name in spelling.BLACKBOARD:
        scanner.add("blackboard", text, end)
    else:
        upright = not name.startswith("text") or text in spelling.TRANSPOSE
        scanner.add("word" if upright else "text", text, end)


def _look(scanner: _Scanner, name: str, end: int) -> None:
    """Reads a command that changes the look: it goes, and the braces behind it."""
    tex = scanner.tex
    sided = name in ("left", "right", "middle")
    if sided and (dot := _DOT.match(tex, end)):
        scanner.add("symbol", f"{name}.", dot.end())
    elif name in spelling.BOLD and (bold := _BOLD_NUMBER.match(tex, end)):
        value = bold.group(1) or bold.group(2)
        scanner.add("command", "ones" if value == "1" else "zeros", bold.end())
    elif not sided and (brace := _BRACE.match(tex, end)):
        box = name == "boxed"
        scanner.braces.append((brace.end() - 1, scanner.at, len(scanner.found), box))
        scanner.at = brace.end()
    else:
        scanner.look = scanner.at if scanner.look < 0 else scanner.look
        scanner.at = end
