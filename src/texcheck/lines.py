"""The lines of a display: layout environments, alignment marks and brackets are resolved."""

from __future__ import annotations

from dataclasses import replace

from .latex import ReadingError, Token

_LAYOUT = {"aligned", "align", "split", "gathered", "gather", "equation", "alignedat", "eqnarray",
           "multline", "flalign", "displaymath", "math"}  # fmt: skip
CASES = {"cases", "dcases"}
MATRIX = CASES | {
    "pmatrix",
    "bmatrix",
    "matrix",
    "array",
    "smallmatrix",
    "Bmatrix",
    "psmallmatrix",
}


def lines_of(found: list[Token]) -> list[list[Token]]:
    """The display's lines: layout environments and alignment marks are resolved."""
    lines: list[list[Token]] = [[]]
    marks = depth = brackets = 0
    skip_until = -1
    for number, token in enumerate(found[:-1]):
        if number <= skip_until:
            continue
        following = found[number + 1]
        if token.kind in ("begin", "close"):
            layout = token.text in _LAYOUT or (
                token.text == "array" and depth == 0 and brackets == 0 and not lines[-1]
            )
            if layout and token.kind == "begin" and token.text in ("array", "alignedat"):
                skip_until = _group_end(found, number + 1)
            if layout or (token.kind == "close" and token.text == "array" and depth == 0):
                continue
            if token.text not in MATRIX:
                raise ReadingError(f"unknown environment {token.text}", token.start)
            depth += 1 if token.kind == "begin" else -1
        if depth == 0:
            if token.text in ("(", "["):
                brackets += 1
            elif token.text in (")", "]"):
                brackets = max(0, brackets - 1)
        if depth == 0 and token.kind == "newline":
            after = next((t for t in found[number + 1 :] if t.text != "&"), found[-1])
            line = lines[-1]
            joined = after.text in ("cdot", "times", "odot", "+") or (
                after.text == "-" and not any(t.text == "=" for t in _rest_of_line(found, number))
            )
            marks = 0
            if not brackets and not (joined and line):
                lines.append([])
            continue
        if depth == 0 and token.text == "&" and token.kind == "symbol":
            marks += 1
            line = lines[-1]
            if (
                marks % 2 == 0
                and line
                and line[-1].text not in ("=", ":", "+", "-", ",", "Rightarrow", "rightarrow")
                and following.text not in ("=", ":", "Rightarrow", "rightarrow", "&")
            ):
                line.append(Token("symbol", ",", token.start, token.end))
            continue
        lines[-1].append(token)
    end = found[-1]
    return [[*line, replace(end, start=line[-1].end)] for line in lines if line]


def _rest_of_line(found: list[Token], number: int) -> list[Token]:
    rest = []
    for token in found[number + 1 :]:
        if token.kind == "newline":
            break
        rest.append(token)
    return rest


def _group_end(found: list[Token], number: int) -> int:
    """The number of the token that closes the group opening at `number`."""
    depth = 0
    for at in range(number, len(found)):
        depth += {"{": 1, "}": -1}.get(found[at].text, 0)
        if depth == 0:
            return at
    return number - 1
