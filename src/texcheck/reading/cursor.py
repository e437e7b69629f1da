"""A place in the tokens of a line: what every function of the parser reads with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypedDict, TypeVar

from .. import syntax as t
from . import spelling
from .tokens import CannotRead, Token

CLOSING = {"(": ")", "[": "]", "{": "}", "lbrace": "rbrace"}
# What opens and what closes a bracket.
NESTING = dict.fromkeys(CLOSING, 1) | dict.fromkeys(CLOSING.values(), -1)
NESTING |= {"langle": 1, "rangle": -1}
DEPTH = {"begin": 1, "close": -1}  # the same of an environment, by the kind of token
RAISED = "expected braces around what is raised"
DEEPEST = 60  # of brackets in brackets; so no tree is too deep to be walked by recursion
# How tightly a formula that is read hangs together; `Cursor.read` reads one of a level.
SUM, TERM, PRODUCT, SIDE, FACTOR = range(5)
Place: TypeAlias = t.Node | Token | int | None
T = TypeVar("T")


class Span(TypedDict):
    """The offsets of a node."""

    start: int
    end: int


@dataclass(frozen=True)
class Names:
    """What the letters of a page stand for: the role of each (`s` is the pre-activation)."""

    quantities: dict[str, str] = field(default_factory=lambda: dict(spelling.QUANTITIES))
    functions: dict[str, str] = field(default_factory=lambda: {"f": "f", "g": "g"})
    any_layer: str = ""  # the letter of a layer; empty: L or l
    last_layer: str = ""  # that of the last one; empty: L_max
    bare: bool = False  # a layer stands raised without parentheses
    square: bool = False  # it stands in square brackets

    @property
    def letters(self) -> dict[str, str]:
        """The TeX of what has another letter than in the book."""
        own, book = ({**one.quantities, **one.functions} for one in (self, BOOK))
        changed = {role: key for key, role in own.items() if book.get(key) != role}
        changed |= {"L": self.any_layer, "L_max": self.last_layer}
        changed |= {"(": "[", ")": "]"} if self.square else {}
        return {role: f"\\{key}" if len(key) > 1 else key for role, key in changed.items() if key}

    @property
    def speaks_of(self) -> str:
        """What a formula speaks of, in these letters."""
        own = {"ell": r"\ell", "delta": r"\delta", "(": "(", ")": ")"} | self.letters
        ell, W, b, s, z, delta = (own.get(role, role) for role in ("ell", *"Wbsz", "delta"))
        first = f"{W}^1" if self.bare else f"{W}^{{{own['(']}1{own[')']}}}"
        layered = f"with a layer, as in {first}, {W}, {b}, {s}, {z} and {delta}"
        return rf"the symbols are x, y, \hat y and {ell}, and {layered}"


BOOK = Names()


@dataclass
class Shared:
    """What the lines of one display have in common."""

    names: Names
    layer_letter: str = ""  # the letter that stands for any layer
    locals: dict[str, t.Local] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)  # what is defined under a condition alone
    ahead: set[int] = field(default_factory=set)  # where a letter is defined that stood before
    reasons: bool = False  # whether since, because or let was read: what follows is no condition
    below: set[str] = field(default_factory=set)  # what stands in subscripts: it may be an index
    written_out: int = 0  # the parts of all letters of `locals`, wherever one of them stands
    bold: set[int] = field(default_factory=set)  # where a bold quantity begins
    meanings: dict[str, str] = field(default_factory=dict)  # of l and \ell
    braced: list[tuple[t.Expr, t.Expr]] = field(default_factory=list)  # what braces say is equal
    open_operands: list[t.Expr] = field(default_factory=list)  # differentiated, without brackets
    open_losses: list[t.Expr] = field(default_factory=list)  # behind \\nabla or \\partial


@dataclass
class Cursor:
    """Goes through the tokens of one line.

    `form` says how what was read last would look without brackets: primary, bracket, factor (a
    primary with scripts), product or sum.
    """

    tokens: list[Token]
    shared: Shared
    formula: Callable[[Cursor, int], t.Expr]
    at: int = 0
    form: str = "primary"
    no_times: bool = False  # \times stands between the lengths of a shape here
    bars: int = 0  # how many bars are open that the next one may close
    depth: int = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def names(self) -> Names:
        return self.shared.names

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether one of these signs stands here."""
        token = self.tokens[self.at]
        return token.text in texts and token.kind in ("symbol", "command")

    def take(self, *texts: str) -> Token | None:
        return self.advance() if self.sees(*texts) else None

    def take_sign(self, *texts: str) -> Token | None:
        """A sign between two formulas. Raises `error` for one behind a gap, where a claim follows:
        it would belong to a second one."""
        token = self.take(*texts)
        if token and token.quad and self.at > 1:
            second = any(one.text in spelling.RELATIONS for _, one in self.flat())
            self.require(not second, "expected a comma between two statements", at=token)
        return token

    def expect(self, text: str, why: str = "") -> Token:
        self.require(self.sees(text), f"expected {text}{why}")
        return self.advance()

    def pick(self, texts: tuple[str, ...], what: str) -> str:
        """One of these texts, which is taken."""
        self.require(self.token.text in texts, what)
        return self.advance().text

    def expect_end(self, *marks: str) -> None:
        """Raises `CannotRead` unless nothing but such marks follows."""
        while self.take(*marks):
            pass
        self.require(self.token.kind == "end", "expected the end or an operator")

    def error(self, expected: str, instead: str = "", at: Place = None) -> CannotRead:
        """What is wrong here, at a place already read, or from an offset to here."""
        if at is None:
            expected, at = f"{expected}, found {self.token}", self.token
        start, end = (at, self.span(at)["end"]) if isinstance(at, int) else (at.start, at.end)
        return CannotRead(expected, start, end, instead)

    def require(self, holds: object, expected: str, instead: str = "", at: Place = None) -> None:
        """Raises `error` unless something holds."""
        if not holds:
            raise self.error(expected, instead, at)

    def expect_one_meaning(self, token: Token, meaning: str) -> None:
        """Raises `error` if two letters mean the same in the display, or one of them two things."""
        known = self.shared.meanings
        first = known.setdefault(str(token), meaning)
        self.require(first == meaning, f"expected another letter: {token} is {first}", at=token)
        alike = [text for text, one in known.items() if one == meaning]
        said = f"expected one letter for {meaning}, out of {' and '.join(alike)}"
        self.require(len(alike) == 1, said, at=token)

    def before(self) -> int:
        """The end of the token before this one."""
        return self.tokens[self.at - 1].end if self.at else self.token.start

    def span(self, start: int) -> Span:
        """From `start` to the end of what was read last."""
        return {"start": start, "end": max(start, self.before())}

    def read(self, level: int = SUM) -> t.Expr:
        """A formula that hangs together at least as tightly as `level` says."""
        return self.formula(self, level)

    def inside(self, closing: str) -> t.Expr:
        """A formula in brackets that are open already, and their closing one."""
        with self.within():
            inner = self.read()
        self.expect(closing, " or an operator")
        return inner

    def braced(self, read: Callable[[Cursor], T]) -> T:
        """What `read` reads here, in braces or without."""
        group = self.take("{")
        found = read(self)
        if group:
            self.expect("}")
        return found

    @contextmanager
    def within(self, *, bars: int = 0, no_times: bool = False) -> Iterator[None]:
        """In brackets of any kind, where bars and \\times have their own meaning."""
        outer = self.bars, self.no_times
        self.bars, self.no_times = bars, no_times
        yield
        self.bars, self.no_times = outer

    def continues(self) -> bool:
        """Whether a product goes on here without a sign; what is unknown does, to be seen."""
        kind, text, quad = self.token.kind, self.token.text, self.token.quad
        bar = text in ("Vert", "vert") and (self.bars > 0 or self.ahead().text == "_")
        begins = {
            "text": text in spelling.FUNCTIONS or text in self.names.quantities,
            "symbol": text in ("(", "[", "left."),
            "command": text not in spelling.NO_FACTOR and not bar,
        }
        return begins.get(kind, kind not in ("close", "newline", "end")) and not quad

    def ends(self) -> bool:
        """Whether a product ends here, with a sign or without: what stands behind a ∂ or a log."""
        return not self.continues() and not self.sees("/", *spelling.JOINING - {"+"})

    def part(self, stop: int) -> Cursor:
        """A cursor over the tokens from here to token `stop`, where this one goes on."""
        end = self.tokens[stop - 1].end if stop > self.at else self.token.start
        tokens = [*self.tokens[self.at : stop], Token("end", "", end, end)]
        self.at = stop
        return replace(self, tokens=tokens, at=0, no_times=False, bars=0)

    def flat(self, ahead: int = 0, brackets: bool = True) -> Iterator[tuple[int, Token]]:
        """The tokens in no environment and, if they count, in no bracket, with their numbers, up to
        what closes the one here."""
        depth = 0
        for number in range(self.at + ahead, len(self.tokens)):
            token = self.tokens[number]
            if depth == 0:
                yield number, token
            depth += NESTING.get(token.text, 0) * brackets + DEPTH.get(token.kind, 0)
            if depth < 0:
                return

    def group(self, ahead: int = 0) -> list[Token]:
        """The tokens from there to the end of the bracket that is open there."""
        last = max((number for number, _ in self.flat(ahead)), default=self.at)
        return self.tokens[self.at + ahead : last]


def at(node: t.Node) -> Span:
    """Where a node stands."""
    return {"start": node.start, "end": node.end}
