"""Cuts the TeX of a display into tokens; what only changes the look (bold, spaces) is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# Commands that only change the look: the command goes, a braced argument stays.
_LOOK = {
    "boldsymbol", "mathbf", "bm", "vec", "mathit", "bold", "boldmath", "pmb", "left", "right",
    "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl",
    "Biggr", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber",
    "notag", "mathstrut", "strut", "middle", "mathord", "mathop", "boxed",
}  # fmt: skip
_BOLD = {"boldsymbol", "mathbf", "bm", "pmb", "bold"}
_SPACES = {",", ";", ":", "!", " ", ">", "enspace", "thinspace", "medspace", "thickspace", "hfill"}
_WITH_ARGUMENT_DROPPED = {"label", "tag", "hspace", "vspace", "phantom", "hphantom", "vphantom"}
# What a display may stand between, and the label that may follow it on a page.
_DELIMITERS = (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$"))
_AFTER_DISPLAY = re.compile(r"[.,;]?\s*(\([\w-]+:[\w:.-]+\))?\s*\Z")
_TAG = re.compile(r"\*|[A-Za-z]?[\d.-]*[a-z]?'*")  # what \tag may show: a number, no formula
# One spelling for each of the commands that mean the same.
_SAME = {
    "tfrac": "frac", "dfrac": "frac", "cfrac": "frac", "top": "intercal", "to": "rightarrow",
    "longrightarrow": "rightarrow", "mapsto": "rightarrow", "implies": "Rightarrow",
    "Longrightarrow": "Rightarrow", "ldots": "dots", "dotsc": "dots", "dotsb": "dots",
    "hdots": "dots", "cdots": "dots", "|": "Vert",
    "lbrack": "[", "rbrack": "]",
    "lbrace": "{", "rbrace": "}", "ne": "neq", "leq": "le", "geq": "ge", "colon": ":",
    "prime": "'", "ln": "log", "widehat": "hat", "gt": ">", "lt": "<", "geqslant": "ge",
    "leqslant": "le", "land": "wedge", "coloneqq": "=", "triangleq": "=", "equiv": "=",
    "therefore": "Rightarrow",
}  # fmt: skip
# Symbols that are typed as one character.
_UNICODE = {
    "∂": "partial", "ℓ": "ell", "δ": "delta", "σ": "sigma", "∑": "sum", "Σ": "sum", "⊙": "odot",
    "∘": "circ", "·": "cdot", "⋅": "cdot", "×": "times", "∇": "nabla", "‖": "Vert", "⊤": "intercal",
    "→": "rightarrow", "⇒": "Rightarrow", "≤": "le", "≥": "ge", "≠": "neq", "∈": "in", "…": "dots",
    "⋯": "dots", "⋮": "vdots", "⋱": "ddots", "√": "sqrt", "∀": "forall",
}  # fmt: skip
_SYMBOLS = ("[", "]", ":", "'", "=", "<", ">")
# Words set upright: their letters are one name.
UPRIGHT = {"operatorname", "mathrm", "text", "mathsf", "textrm", "textup", "mathtt", "texttt",
           "textnormal", "operatorname*"}  # fmt: skip


# What a formula speaks of, for messages.
SYMBOLS = (
    r"the symbols are x, y, \hat y and \ell, and with a layer, as in W^{(1)}, W, b, s, z and \delta"
)
_BLACKBOARD = {"mathbb", "mathds", "mathbbm"}


class ReadingError(Exception):
    """What cannot be read, with its offset in the TeX and what was expected there."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Token:
    """One token: `kind` is command, word, letter, number, symbol or end."""

    kind: str
    text: str
    start: int
    end: int
    quad: bool = False  # a wide space stands before it

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return f"\\{self.text}" if self.kind == "command" and self.text.isalpha() else self.text


def _word_after(tex: str, at: int) -> tuple[str, int, int] | None:
    """The upright word at `at`: `{ReLU}` or a single letter, with its span."""
    while at < len(tex) and tex[at] in " \t\n":
        at += 1
    if at >= len(tex):
        return None
    if tex[at] != "{":
        return (tex[at], at, at + 1) if tex[at].isalpha() else None
    close = tex.find("}", at)
    if close < 0:
        raise ReadingError("this brace is never closed: expected }", at)
    return tex[at + 1 : close], at, close + 1


def _command(tex: str, at: int) -> tuple[str, int]:
    end = at + 1
    while end < len(tex) and tex[end].isascii() and tex[end].isalpha():
        end += 1
    if end == at + 1:
        if end >= len(tex):
            raise ReadingError("a backslash at the end: expected a command", at)
        end += 1
    name = tex[at + 1 : end]
    if name == "operatorname" and tex[end : end + 1] == "*":
        end += 1
    return name, end


def tokens(tex: str) -> list[Token]:
    """All tokens of `tex`, an `end` token last. Errors: `ReadingError` with the offset."""
    found: list[Token] = []
    first, last = _between_delimiters(tex)
    at, quad, look = first, False, -1
    tex = tex[:last]
    # Open braces: offset, and for a brace that only changes the look the next token's number.
    braces: list[tuple[int, int, int]] = []

    def add(kind: str, text: str, start: int, end: int) -> None:
        nonlocal quad, look
        found.append(Token(kind, text, start if look < 0 else look, end, quad))
        quad, look = False, -1

    while at < len(tex):
        char = tex[at]
        if char in " \t\n\r~\xa0":
            at += 1
        elif char == "%":
            stop = tex.find("\n", at)
            at = len(tex) if stop < 0 else stop
        elif char == "\\":
            name, end = _command(tex, at)
            if name in ("quad", "qquad"):
                quad = True
            elif name in _SPACES or name in ("rm", "sf", "bf", "it"):
                pass
            elif name in _LOOK:
                inner = end
                while inner < len(tex) and tex[inner] in " \t\n":
                    inner += 1
                if name in ("left", "right", "middle") and tex[inner : inner + 1] == ".":
                    end = inner + 1
                elif name in _BOLD and tex[inner : inner + 3] in ("{1}", "{0}"):
                    add("command", "ones" if tex[inner + 1] == "1" else "zeros", at, inner + 3)
                    end = inner + 3
                elif name in _BOLD and tex[inner : inner + 1] in ("0", "1"):
                    add("command", "ones" if tex[inner] == "1" else "zeros", at, inner + 1)
                    end = inner + 1
                elif tex[inner : inner + 1] == "{" and name not in ("left", "right"):
                    braces.append((inner, at, len(found)))
                    end = inner + 1
                elif look < 0:
                    look = at
            elif name in _WITH_ARGUMENT_DROPPED:
                word = _word_after(tex, end)
                if name == "tag" and not (word and _TAG.fullmatch(word[0])):
                    raise ReadingError(r"expected the number of the equation in \tag", at)
                end = word[2] if word else end
            elif name in ("mathcal", "mathscr"):
                word = _word_after(tex, end)
                if word is None or word[0] not in ("L", r"\ell"):
                    raise ReadingError(r"expected \ell or \mathcal{L}, the loss", at)
                add("command", "ell", at, word[2])
                end = word[2]
            elif name == "R":
                add("blackboard", "R", at, end)
            elif name in ("blacksquare", "square", "qed", "Box"):
                add("text", "", at, end)
            elif name in UPRIGHT or name in _BLACKBOARD:
                word = _word_after(tex, end)
                if word is None:
                    raise ReadingError(f"expected a word in braces after \\{name}", at)
                text = "".join(c for c in word[0] if c not in "\\ ,;~") or " "
                kind = "text" if name.startswith("text") and word[0].strip() != "T" else "word"
                add("blackboard" if name in _BLACKBOARD else kind, text, at, word[2])
                end = word[2]
            elif name in ("begin", "end"):
                word = _word_after(tex, end)
                if word is None:
                    raise ReadingError(f"expected an environment after \\{name}", at)
                add("begin" if name == "begin" else "close", word[0].rstrip("*"), at, word[2])
                end = word[2]
            elif name == "\\":
                add("newline", "\\\\", at, end)
                if (
                    tex[end : end + 1] == "["
                    and tex.find("]", end) > 0
                    and tex[end + 1 : tex.find("]", end)]
                    .strip()
                    .endswith(("em", "ex", "pt", "mm", "cm"))
                ):
                    end = tex.find("]", end) + 1
            else:
                if name in ("[", "]", "(", ")"):
                    raise ReadingError(f"expected \\{name} around the whole formula alone", at)
                name = _SAME.get(name, name)
                add("symbol" if name in _SYMBOLS else "command", name, at, end)
            at = end
        elif char == "{":
            braces.append((at, -1, 0))
            add("symbol", "{", at, at + 1)
            at += 1
        elif char == "}":
            if not braces:
                raise ReadingError("this brace closes nothing", at)
            _, opened, first = braces.pop()
            if opened < 0:
                add("symbol", "}", at, at + 1)
            elif first < len(found):
                found[first] = replace(found[first], start=opened)
                found[-1] = replace(found[-1], end=at + 1)
            at += 1
        elif char == ":" and tex[at : at + 2] == ":=":
            add("symbol", "=", at, at + 2)
            at += 2
        elif char == "ŷ":
            add("command", "hat", at, at + 1)
            add("letter", "y", at, at + 1)
            at += 1
        elif char in _UNICODE:
            add("command", _UNICODE[char], at, at + 1)
            at += 1
        elif char in "−’′":
            add("symbol", "-" if char == "−" else "'", at, at + 1)
            at += 1
        elif char.isdigit() and char.isascii():
            add("digit", char, at, at + 1)
            at += 1
        elif char.isalpha():
            add("letter", char, at, at + 1)
            at += 1
        elif char == "|" and tex[at : at + 2] == "||":
            add("command", "Vert", at, at + 2)
            at += 2
        elif char == "|":
            add("command", "vert", at, at + 1)
            at += 1
        elif char in "()[]+-=*/^_,.;:&'!<>":
            add("symbol", char, at, at + 1)
            at += 1
        else:
            hint = ": expected one pair of $ around the whole formula" if char == "$" else ""
            raise ReadingError(f"unexpected character {char!r}{hint}", at)
    if braces:
        raise ReadingError("this brace is never closed: expected }", braces[-1][0])
    found.append(Token("end", "", len(tex), len(tex), quad))
    return found


def _between_delimiters(tex: str) -> tuple[int, int]:
    """Where the formula in `tex` begins and ends, without $ … $ or the like around it."""
    start = len(tex) - len(tex.lstrip())
    for opening, closing in _DELIMITERS:
        if tex.startswith(opening, start):
            first = start + len(opening)
            last = tex.rfind(closing, first)
            if last >= first and _AFTER_DISPLAY.match(tex, last + len(closing)):
                return first, last
    return 0, len(tex)


def place(tex: str, position: int) -> tuple[int, int, str]:
    """Line and column (from 0) of an offset, and the line's text."""
    position = min(position, len(tex))
    line = tex.count("\n", 0, position)
    start = tex.rfind("\n", 0, position) + 1
    stop = tex.find("\n", position)
    return line, position - start, tex[start : len(tex) if stop < 0 else stop]
