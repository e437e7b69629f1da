"""A place in the tokens of a line: what every function of the parser reads with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypedDict, TypeVar

from .. import syntax as t
from . import spelling
from .tokens import CannotRead, Token

CLOSING = {"(": ")", "[": "]", "{": "}", "lbrace": "rbrace"}
# What opens and what closes a bracket.
NESTING = dict.fromkeys(CLOSING, 1) | dict.fromkeys(CLOSING.values(), -1)
NESTING |= {"langle": 1, "rangle": -1}
DEEPEST = 60  # of brackets in brackets; so no tree is too deep to be walked by recursion
N = TypeVar("N", bound=t.Node)


class Span(TypedDict):
    """The offsets of a node."""

    start: int
    end: int


@dataclass(frozen=True)
class Names:
    """What the letters of a page stand for.

    `quantities`: the role of each letter (`s` is the pre-activation), `functions` likewise.
    `any_layer`, `last_layer`: the letters of a layer, and of the last; empty: L or l, and
    L_max. `bare`: a layer stands raised without parentheses.
    """

    quantities: dict[str, str] = field(default_factory=lambda: dict(spelling.QUANTITIES))
    functions: dict[str, str] = field(default_factory=lambda: {"f": "f", "g": "g"})
    any_layer: str = ""
    last_layer: str = ""
    bare: bool = False


BOOK = Names()


@dataclass
class Shared:
    """What the lines of one display have in common."""

    names: Names
    layer_letter: str = ""  # the letter that stands for any layer
    locals: dict[str, t.Expr] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    braced: list[tuple[t.Expr, t.Expr]] = field(default_factory=list)  # what braces say is equal


@dataclass(frozen=True)
class Grammar:
    """The functions that read a formula, each what binds tighter than the one before."""

    expression: Callable[[Cursor], t.Expr]
    term: Callable[[Cursor], t.Expr]
    product: Callable[[Cursor], t.Expr]
    factor: Callable[[Cursor], t.Expr]
    quantity: Callable[[Cursor], t.Name | None]


@dataclass
class Cursor:
    """Goes through the tokens of one line.

    `form` says how what was read last would look without brackets: a primary, a factor (a primary
    with scripts), a product or a sum.
    """

    tokens: list[Token]
    shared: Shared
    grammar: Grammar
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

    def expect(self, text: str, why: str = "") -> Token:
        token = self.take(text)
        if token is None:
            raise self.error(f"expected {text}{why}")
        return token

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.error("expected the end or an operator")

    def error(self, expected: str, instead: str = "", *, node: Span | None = None) -> CannotRead:
        """What is wrong here, or at a place already read."""
        if node is not None:
            return CannotRead(expected, node["start"], node["end"], instead)
        found = f"{expected}, found {self.token}"
        return CannotRead(found, self.token.start, max(self.token.end, self.token.start), instead)

    def before(self) -> int:
        """The end of the token before this one."""
        return self.tokens[self.at - 1].end if self.at else self.token.start

    def span(self, start: int) -> Span:
        """From `start` to the end of what was read last."""
        return {"start": start, "end": max(start, self.before())}

    def spread(self, node: N, start: int) -> N:
        """The node with brackets or what else stands around it."""
        return replace(node, **self.span(start))

    def expression(self) -> t.Expr:
        """A sum of terms."""
        return self.grammar.expression(self)

    def term(self) -> t.Expr:
        """Products with \\odot between them."""
        return self.grammar.term(self)

    def product(self) -> t.Expr:
        """Factors side by side or with a sign between them."""
        return self.grammar.product(self)

    def factor(self) -> t.Expr:
        """A factor with its scripts."""
        return self.grammar.factor(self)

    def quantity(self) -> t.Name | None:
        """A quantity with its layer and its indices; None if there is none."""
        return self.grammar.quantity(self)

    def inside(self, closing: str) -> t.Expr:
        """An expression in brackets that are open already, and their closing one."""
        outer = self.no_times, self.bars
        self.no_times, self.bars = False, 0
        inner = self.expression()
        self.no_times, self.bars = outer
        self.expect(closing, " or an operator")
        return inner

    def part(self, stop: int) -> Cursor:
        """A cursor over the tokens from here to token `stop`."""
        end = self.tokens[stop - 1].end if stop > self.at else self.token.start
        tokens = [*self.tokens[self.at : stop], Token("end", "", end, end)]
        return replace(self, tokens=tokens, at=0, no_times=False, bars=0)

    def balanced(self) -> range:
        """The numbers of the tokens from here to the end of what is open here."""
        depth = 0
        for number in range(self.at, len(self.tokens)):
            token = self.tokens[number]
            depth += NESTING.get(token.text, 0)
            depth += {"begin": 1, "close": -1}.get(token.kind, 0)
            if depth < 0:
                return range(self.at, number)
        return range(self.at, len(self.tokens) - 1)


def spot(token: Token) -> Span:
    """Where a token stands."""
    return {"start": token.start, "end": token.end}


def at(node: t.Node) -> Span:
    """Where a node stands."""
    return {"start": node.start, "end": node.end}
