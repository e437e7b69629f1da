"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import spelling
from .tokens import CannotRead, Token

_RELATIONS = {"=", ":", "Rightarrow", "rightarrow", "leftarrow", "in"} | spelling.COMPARISONS
_CONTINUING = _RELATIONS | {"+", "-", ","} | spelling.JOINING


@dataclass
class _Layout:
    found: list[Token]
    lines: list[list[Token]] = field(default_factory=lambda: [[]])
    open: list[Token] = field(default_factory=list)  # layout environments
    inner: int = 0  # how many matrices are open
    brackets: int = 0
    marks: int = 0  # alignment marks in this line


def lines_of(found: list[Token]) -> list[list[Token]]:
    """The tokens of each line, each with an `end`. Raises `CannotRead`."""
    found = _without_split_brackets(found)
    layout = _Layout(found)
    number = 0
    while number < len(found) - 1:
        number = _one(layout, number)
    for token in layout.open:
        raise CannotRead(f"expected \\end{{{token.text}}}", token.start, token.end)
    end = found[-1]
    return [
        [*line, end._replace(start=line[-1].end, end=line[-1].end)] for line in layout.lines if line
    ]


def _one(layout: _Layout, number: int) -> int:
    """Takes token `number` into the lines; the number of the next one to take."""
    token = layout.found[number]
    if token.kind in ("begin", "close"):
        following = _environment(layout, token, number)
        if following:
            return following
    elif layout.inner == 0:
        layout.brackets += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        layout.brackets = max(0, layout.brackets)
        if token.kind == "newline":
            _new_line(layout, number)
            return number + 1
        if token.text == "&":
            _mark(layout, token, layout.found[number + 1])
            return number + 1
    layout.lines[-1].append(token)
    return number + 1


def _environment(layout: _Layout, token: Token, number: int) -> int:
    """What follows an environment's mark if it is for layout; 0 if it belongs to a matrix."""
    opens = token.kind == "begin"
    outermost = layout.inner == 0 and layout.brackets == 0
    array = token.text == "array" and outermost and not layout.lines[-1]
    if opens and (token.text in spelling.LAYOUT or array):
        if not outermost:
            raise CannotRead(f"{token.text} stands inside of a formula", token.start, token.end)
        layout.open.append(token)
        if token.text in ("array", "alignedat", "alignat"):
            return _group_end(layout.found, number + 1) + 1
        return number + 1
    if not opens and layout.inner == 0:
        if not layout.open or layout.open[-1].text != token.text:
            raise CannotRead(f"\\end{{{token.text}}} closes nothing", token.start, token.end)
        layout.open.pop()
        return number + 1
    if token.text not in spelling.MATRIX | spelling.LAYOUT:
        instead = spelling.INSTEAD.get(token.text, "")
        raise CannotRead(f"unknown environment {token.text}", token.start, token.end, instead)
    layout.inner += 1 if opens else -1
    return 0


def _new_line(layout: _Layout, number: int) -> None:
    """Begins a new line, unless what follows continues the one before."""
    rest = _line_from(layout.found, number + 1)
    marked = bool(rest) and rest[0].text == "&"
    after = next((token.text for token in rest if token.text != "&"), "")
    claims = any(token.text in _RELATIONS for token in rest)
    joined = after in spelling.JOINING or (after == "-" and (marked or not claims))
    layout.marks = 0
    if not layout.brackets and not (joined and layout.lines[-1]):
        layout.lines.append([])


def _line_from(found: list[Token], number: int) -> list[Token]:
    """The tokens from `number` to the next new line that is in no matrix."""
    depth = 0
    for at in range(number, len(found)):
        depth += {"begin": 1, "close": -1}.get(found[at].kind, 0)
        if depth <= 0 and found[at].kind == "newline":
            return found[number:at]
    return found[number:]


def _mark(layout: _Layout, token: Token, following: Token) -> None:
    """An alignment mark: a gap stands before every second one, and a comma is put there."""
    layout.marks += 1
    line = layout.lines[-1]
    environment = layout.open[-1].text if layout.open else ""
    if (
        layout.marks % 2 == 0
        and environment in spelling.SPACED
        and line
        and line[-1].text not in _CONTINUING
        and following.text not in _CONTINUING | {"&"}
    ):
        line.append(Token("symbol", ",", token.start, token.end))


def _without_split_brackets(found: list[Token]) -> list[Token]:
    r"""Without the invisible `\right. \\ \left.` that lets a bracket go on in the next line."""
    kept: list[Token] = []
    waiting = -1
    for token in found:
        if token.text == "right.":
            waiting = len(kept)
        elif token.text == "left." and waiting >= 0:
            del kept[waiting]
            waiting = -1
            continue
        elif token.kind != "newline" and token.text != "&":
            waiting = -1
        kept.append(token)
    return kept


def _group_end(found: list[Token], number: int) -> int:
    """The number of the token that closes the group opening at `number`."""
    depth = 0
    for at in range(number, len(found)):
        depth += {"{": 1, "}": -1}.get(found[at].text, 0)
        if depth == 0:
            return at if found[at].text == "}" else number - 1
    return number - 1
