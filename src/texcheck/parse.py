"""Reads TeX into statements: equations, chains of them, shapes, ranges and notation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from .conditions import COMPARISONS
from .expressions import Expressions
from .latex import ReadingError, tokens
from .lines import lines_of
from .quantities import FUNCTIONS, expect_lengths
from .syntax import (
    Derivative,
    Equation,
    Expr,
    Function,
    Index,
    LayerCount,
    Name,
    Notation,
    Number,
    RangeClaim,
    ShapeClaim,
    Statement,
)

# Words that may stand between two statements; any other might deny what it stands beside.
_FOR_ALL = {"forall", "forevery", "foreach", "forany"}
_CONDITION = {"for", "if", "when"}
_CONNECTING = _FOR_ALL | _CONDITION | {
    "", "and", "with", "where", "so", "since", "hence", "thus", "because", "then", "therefore",
    "here", "also", "finally", "similarly", "now", "let", "weget", "weobtain", "wehave", "sothat",
    "andso", "andthus", "andhence", "andtherefore", "itfollowsthat", "whichgives", "i.e.", "thatis",
}  # fmt: skip
_RELATIONS = ("=",)


@dataclass(frozen=True)
class Located:
    """A statement with its place: offsets of its TeX and of the relation sign in it."""

    statement: Statement
    tex: str
    position: int


def statements(tex: str) -> list[Located]:
    """All statements of a display. Errors: `ReadingError` with the offset."""
    found: list[Located] = []
    previous: Expr | None = None
    conditions: tuple[tuple[Expr, Expr], ...] = ()
    any_layer: set[str] = set()
    for line in lines_of(tokens(tex)):
        parser = _Statements(tex, line)
        parser.any_layer = any_layer
        parser.statement_line(found, previous, conditions)
        previous, conditions = parser.last, parser.conditions
    if not found:
        raise ReadingError("expected a statement such as a = b", 0)
    return found


def cell(tex: str) -> tuple[Expr, ...]:
    """The sides of a table cell: `a`, a chain `a = b`, or values separated by commas."""
    lines = lines_of(tokens(tex))
    if len(lines) != 1:
        raise ReadingError("expected one line in a table cell", 0)
    parser = _Statements(tex, lines[0])
    sides = [parser.listing()]
    while parser.take("="):
        sides.append(parser.listing())
    while parser.take(".", ",", ";"):
        pass
    parser.expect_end()
    return tuple(sides)


def shape(tex: str) -> tuple[Expr, Expr]:
    """The two lengths of a shape `a \\times b`."""
    lines = lines_of(tokens(tex))
    if len(lines) != 1:
        raise ReadingError("expected a shape such as d_x \\times 1", 0)
    parser = _Statements(tex, lines[0])
    parser.take(":")
    result = parser.shape()
    while parser.take(".", ",", ";"):
        pass
    parser.expect_end()
    return result


def expression(tex: str) -> Expr:
    """One expression."""
    sides = cell(tex)
    if len(sides) != 1:
        raise ReadingError("expected one expression without =", 0)
    return sides[0]


class _Statements(Expressions):
    """One line of a display as statements."""

    first = 0  # the number of the line's first statement
    word_before = ""

    def statement_line(
        self,
        found: list[Located],
        previous: Expr | None,
        conditions: tuple[tuple[Expr, Expr], ...],
    ) -> None:
        self.first = len(found)
        self.last = previous
        self.conditions = conditions if self.token.text in _RELATIONS else ()
        if self.token.text in _RELATIONS and self.token.kind == "symbol":
            if previous is None:
                raise self.error("expected a left side before =")
            self.chain(found, previous)
        while True:
            while self.take(",", ".", ";") or self.separator():
                pass
            if self.token.kind == "end":
                return
            self.item(found)

    def separator(self) -> bool:
        if self.token.kind == "text" and self.token.text not in FUNCTIONS:
            self.word_before = self.token.text.strip().lower()
            if self.word_before not in _CONNECTING:
                raise self.error(
                    f"expected a word such as and, with or for, found {self.token}: "
                    "other text is not read, it belongs outside of the formula"
                )
            self.advance()
            if self.word_before in _FOR_ALL:
                self.for_all()
            return True
        if self.take("forall"):
            self.for_all()
            return True
        return False

    def for_all(self) -> None:
        """The letters behind `for all`, unless a range or a set follows them."""
        start = self.at
        while self.token.kind == "letter":
            self.advance()
            self.take(",")
        if self.token.text in ("=", "in"):
            self.at = start
        else:
            self.take(":")

    def item(self, found: list[Located]) -> None:
        start = self.token.start
        word, self.word_before = self.word_before, ""
        self.take("Rightarrow")
        left = self.expression()
        if self.token.text == "=":
            first = len(found)
            self.chain(found, left)
            if self.token.text in ("Rightarrow", "rightarrow"):
                arrow = self.advance()
                claims = [one.statement for one in found[first:]]
                if all(isinstance(c, Equation) and _is_function(c.left) for c in claims):
                    del found[first:]
                    self.conditions = (
                        *self.conditions,
                        *((c.left, c.right) for c in claims if isinstance(c, Equation)),
                    )
                    if self.token.kind == "end":
                        raise self.error("expected the statement that follows from the condition")
                elif arrow.text == "rightarrow":
                    raise self.error("expected = or \\Rightarrow, found \\rightarrow", arrow.start)
            elif word in _CONDITION:
                self.condition_on(found, first)
        elif self.take(":"):
            rows, columns = self.shape()
            self.add(found, ShapeClaim(left, rows, columns, self.conditions), start, start)
            self.last = None
        elif self.token.kind == "command" and self.token.text == "in":
            self.membership(found, left, start)
            self.last = None
        elif self.take("rightarrow"):
            right = self.expression()
            for side in (left, right):
                if not isinstance(side, Name | Derivative):
                    raise self.error(r"expected =: \rightarrow only renames a quantity", side.start)
            self.add(found, Notation(left, right, self.conditions), start, start)
            self.last = None
        else:
            raise self.error(f"expected =, found {self.token}{self.why_not()}")

    def why_not(self) -> str:
        """What to write in place of the token here, where = is expected."""
        if self.token.kind == "end":
            return ": a formula alone claims nothing"
        if self.token.text in COMPARISONS:
            return r": a condition stands in \begin{cases} or in \mathbb{1}[s_i > 0]"
        if self.token.kind == "command":
            return ": no other relation is read"
        if self.token.text == "(" and self.token.quad:
            return r": the number of an equation stands in \tag{1}"
        return ""

    def condition_on(self, found: list[Located], first: int) -> None:
        """`a = b if f = ReLU`: the condition belongs to what stands before it in the line."""
        claims = [one.statement for one in found[first:]]
        pairs = [(c.left, c.right) for c in claims if isinstance(c, Equation)]
        if not pairs or not all(_is_function(left) for left, _ in pairs):
            return
        del found[first:]
        self.conditions = (*self.conditions, *pairs)
        for at in range(self.first, first):
            one = found[at]
            if isinstance(one.statement, Equation | ShapeClaim):
                joined = (*one.statement.conditions, *pairs)
                found[at] = replace(one, statement=replace(one.statement, conditions=joined))

    def chain(self, found: list[Located], left: Expr) -> None:
        while self.token.text == "=" and self.token.kind == "symbol":
            sign = self.advance()
            right = self.expression()
            equation = Equation(left, right, self.conditions)
            if isinstance(left, Index | LayerCount) and self.is_range():
                self.range(found, left, right)
                return
            text = f"{self.tex[left.start : left.end]} = {self.tex[right.start : right.end]}"
            found.append(Located(equation, text, sign.start))
            left = right
        self.last = left

    def is_range(self) -> bool:
        at = 0
        while self.ahead(at).text == "," or self.ahead(at).kind == "digit":
            at += 1
        return self.ahead(at).text == "dots"

    def range(self, found: list[Located], counter: Index | LayerCount, first: Expr) -> None:
        """What follows `i = 0`: `, 1, \\dots, d - 1`."""
        expected = first.value if isinstance(first, Number) else Fraction(-1)
        while self.take(","):
            if self.token.kind == "digit":
                expected += 1
                number = self.number()
                if number.value != expected:
                    raise self.error(f"expected {expected} before the dots", number.start)
        self.expect("dots")
        self.take(",")
        last = self.expression()
        expect_lengths(first, last)
        about = next(
            (one.statement for one in reversed(found) if isinstance(one.statement, Equation)), None
        )
        letter = counter.letter if isinstance(counter, Index) else "L"
        claim = RangeClaim(letter, first, last, about, self.conditions)
        self.add(found, claim, counter.start, counter.start)

    def membership(self, found: list[Located], left: Expr, start: int) -> None:
        self.advance()
        if isinstance(left, Index | LayerCount) and self.take("{"):
            self.range(found, left, self.expression())
            self.expect("}")
            return
        if self.token.kind != "blackboard" or self.token.text != "R":
            raise self.error(f"expected \\mathbb{{R}} with a shape, found {self.token}")
        self.advance()
        rows: Expr
        columns: Expr
        rows = columns = Number(Fraction(1))
        if self.take("^"):
            if self.take("{"):
                rows, columns = self.shape(one_is_column=True)
                self.expect("}")
            else:
                rows = self.unbraced()
        self.add(found, ShapeClaim(left, rows, columns, self.conditions), start, start)

    def add(self, found: list[Located], statement: Statement, start: int, position: int) -> None:
        found.append(Located(statement, self.tex[start : self.before], position))

    def shape(self, one_is_column: bool = False) -> tuple[Expr, Expr]:
        outer, self.no_times = self.no_times, True
        rows = self.expression()
        if self.take("times") or (not one_is_column and self.take("cdot")):
            columns = self.expression()
        elif one_is_column:
            columns = Number(Fraction(1))
        else:
            raise self.error(f"expected \\times and the number of columns, found {self.token}")
        self.no_times = outer
        expect_lengths(rows, columns)
        return rows, columns


def _is_function(node: Expr) -> bool:
    return isinstance(node, Function)
