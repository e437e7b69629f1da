"""Reads written-out matrices, rows and cases cell by cell."""

from __future__ import annotations

from .conditions import Conditions
from .cursor import NESTING
from .latex import Token
from .lines import CASES, MATRIX
from .syntax import Blank, Cases, Dots, Expr, Written


class Matrices(Conditions):
    """Written-out vectors and matrices, and values by cases."""

    def matrix(self) -> Expr:
        opening = self.advance()
        if opening.text not in MATRIX:
            raise self.error(f"unknown environment {opening.text}", opening.start)
        if opening.text == "array" and self.token.text == "{":
            while not self.take("}"):
                if self.token.kind == "end":
                    raise self.error("expected } after the columns of the array")
                self.advance()
        rows: list[tuple[Expr, ...]] = []
        cells: list[Expr] = []
        conditions: list[Expr | None] = []
        while True:
            stop = self.cell_end(opening)
            token = self.tokens[stop]
            if opening.text in CASES and len(cells) == 1:
                conditions.append(self.case(stop))
                cells.append(Blank())
            elif stop == self.at:
                here = self.token.start
                cells.append(Blank(start=here, end=here))
            else:
                cells.append(self.cell(stop, comma=opening.text in CASES))
            if token.text == "&" and token.kind == "symbol":
                self.advance()
                continue
            rows.append(tuple(cells))
            cells = []
            self.advance()
            if token.kind == "close":
                break
        if token.text != opening.text:
            raise self.error(f"expected \\end{{{opening.text}}}, found \\end{{{token.text}}}")
        if len(rows) > 1 and all(isinstance(cell, Blank) for cell in rows[-1]):
            rows.pop()
        if opening.text in CASES:
            if len(conditions) != len(rows) or any(len(row) != 2 for row in rows):
                raise self.error(r"expected `value & condition \\` in each row", opening.start)
            values = tuple(row[0] for row in rows)
            return self.place(Cases(values, tuple(conditions)), opening.start)
        width = max(len(row) for row in rows)
        filled = [
            (*row, *(Blank(start=row[-1].end, end=row[-1].end) for _ in range(width - len(row))))
            for row in rows
        ]
        return self.place(Written(tuple(filled)), opening.start)

    def cell_end(self, opening: Token) -> int:
        """The number of the token behind this cell: &, a new line or the environment's end."""
        depth = 0
        for number, token in enumerate(self.tokens[self.at :], self.at):
            if token.kind == "end":
                break
            ends = token.text == "&" or token.kind in ("newline", "close")
            if depth == 0 and ends:
                return number
            depth += {"begin": 1, "close": -1}.get(token.kind, 0)
        raise self.error(f"expected \\end{{{opening.text}}}", opening.start)

    def row_follows(self, closing: str) -> bool:
        """Whether a row follows: (a_0 \\quad \\dots \\quad a_n), or (a_0, \\dots, a_n)^T."""
        depth, commas = 0, False
        for number, token in enumerate(self.tokens[self.at :], self.at):
            if depth == 0 and token.text == closing:
                after = [t.text for t in self.tokens[number + 1 : number + 4] if t.text != "{"]
                return commas and after[:1] == ["^"] and after[1] in ("T", "intercal", "t")
            commas = commas or (depth == 0 and token.text == ",")
            if depth == 0 and token.text == "dots" and token.quad:
                return True
            depth += NESTING.get(token.text, 0)
            depth += {"begin": 1, "close": -1}.get(token.kind, 0)
        return False

    def row(self, closing: str) -> Expr:
        start = self.token.start
        cells: list[Expr] = []
        while self.token.text != closing:
            stop = self.at + 1
            while not self.tokens[stop].quad and self.tokens[stop].kind != "end":
                if self.tokens[stop].text in (closing, ",") and self.balanced(stop):
                    break
                stop += 1
            cells.append(self.cell(stop))
            self.take(",")
        return self.place(Written((tuple(cells),)), start)

    def balanced(self, stop: int) -> bool:
        depth = 0
        for token in self.tokens[self.at : stop]:
            depth += NESTING.get(token.text, 0)
        return depth == 0

    def part(self, stop: int) -> Matrices:
        """A cursor over the tokens from here to token `stop`."""
        end = self.tokens[stop - 1].end if stop > self.at else self.token.start
        part = type(self)(self.tex, [*self.tokens[self.at : stop], Token("end", "", end, end)])
        part.depth, part.any_layer = self.depth, self.any_layer
        return part

    def case(self, stop: int) -> Expr | None:
        """The condition of a case from here to token `stop`; None for all other cases."""
        part = self.part(stop)
        words = []
        while part.token.kind == "text":
            words.append(part.advance().text.lower())
        if any(word not in ("", "if", "for", "when", "otherwise", "else") for word in words):
            raise self.error("expected if, otherwise or a condition such as s_i > 0")
        result = None if {"otherwise", "else"} & {*words} else part.condition()
        while part.take(",", ".", ";"):
            pass
        part.expect_end()
        self.at = stop
        return result

    def cell(self, stop: int, comma: bool = False) -> Expr:
        """The entry from here to token `stop`."""
        part = self.part(stop)
        start = self.token.start
        if part.token.text in ("dots", "vdots", "ddots"):
            kind = part.advance().text
            result: Expr = Dots(kind, start=start, end=part.before)
        elif part.token.kind == "end":
            result = Blank(start=start, end=start)
        else:
            result = part.expression()
        if comma:
            part.take(",")
        part.expect_end()
        self.at = stop
        return result
