"""A place in the tokens of a line: what every part of the parser reads with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TypeVar

from .latex import ReadingError, Token
from .syntax import Expr, Function

N = TypeVar("N", bound=Expr)
CLOSING = {"(": ")", "[": "]", "{": "}"}
# What opens and what closes a bracket.
NESTING = {"(": 1, "[": 1, "{": 1, "langle": 1, ")": -1, "]": -1, "}": -1, "rangle": -1}


class Cursor(ABC):
    """Goes through the tokens of one line; the parser's parts build on it, one on the other."""

    def __init__(self, tex: str, line: list[Token]) -> None:
        self.tex = tex
        self.tokens = line
        self.at = 0
        self.no_times = False
        self.bars = 0
        self.depth = 0
        self.last: Expr | None = None
        self.conditions: tuple[tuple[Expr, Expr], ...] = ()
        self.any_layer: set[str] = set()  # the letters that stand for any layer

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def take(self, *texts: str) -> Token | None:
        if self.token.kind in ("symbol", "command") and self.token.text in texts:
            return self.advance()
        return None

    def expect(self, text: str, why: str = "") -> Token:
        token = self.take(text)
        if token is None:
            raise self.error(f"expected {text}{why}, found {self.token}")
        return token

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.error(f"expected the end or an operator, found {self.token}")

    def error(self, message: str, at: int | None = None) -> ReadingError:
        return ReadingError(message, self.token.start if at is None else at)

    @property
    def before(self) -> int:
        """The end of the token before this one."""
        return self.tokens[self.at - 1].end if self.at else self.token.start

    def place(self, node: N, start: int) -> N:
        return replace(node, start=start, end=self.before)

    @abstractmethod
    def expression(self) -> Expr:
        """A sum of terms."""

    @abstractmethod
    def factor(self) -> Expr:
        """A factor with everything raised behind it."""

    @abstractmethod
    def primary(self) -> Expr:
        """The smallest part of a formula."""

    @abstractmethod
    def application(self, function: Function, start: int) -> Expr:
        """A function with its arguments."""

    def unbraced(self) -> Expr:
        """A superscript without braces: TeX raises one token alone."""
        token = self.token
        if (token.kind == "digit" and self.ahead().kind == "digit") or token.text in ("-", "+"):
            raise self.error("expected braces around what is raised")
        return self.primary()
