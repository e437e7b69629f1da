"""Reads written-out matrices and rows cell by cell."""

from __future__ import annotations

from .latex import Token
from .lines import MATRIX
from .quantities import Quantities
from .syntax import Blank, Dots, Expr, Written


class Matrices(Quantities):
    """Written-out vectors and matrices."""

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
        while True:
            stop, depth = self.at, 0
            while True:
                token = self.tokens[stop]
                if token.kind == "end":
                    raise self.error(f"expected \\end{{{opening.text}}}", opening.start)
                if token.kind == "begin":
                    depth += 1
                elif token.kind == "close":
                    if depth == 0:
                        break
                    depth -= 1
                elif depth == 0 and (token.text == "&" or token.kind == "newline"):
                    break
                stop += 1
            if stop == self.at:
                here = self.token.start
                cells.append(Blank(start=here, end=here))
            else:
                cells.append(self.cell(stop))
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
        width = max(len(row) for row in rows)
        filled = [
            (*row, *(Blank(start=row[-1].end, end=row[-1].end) for _ in range(width - len(row))))
            for row in rows
        ]
        return self.place(Written(tuple(filled)), opening.start)

    def row_follows(self, closing: str) -> bool:
        """Whether a bracket holds a row set with wide spaces: (a_0 \\quad \\dots \\quad a_n)."""
        depth = 0
        for token in self.tokens[self.at :]:
            if depth == 0 and token.text == closing:
                return False
            if depth == 0 and token.text == "dots" and token.quad:
                return True
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
            depth += {"begin": 1, "close": -1}.get(token.kind, 0)
        return False

    def row(self, closing: str) -> Expr:
        start = self.token.start
        cells: list[Expr] = []
        while self.token.text != closing:
            stop = self.at + 1
            while not self.tokens[stop].quad and self.tokens[stop].kind != "end":
                if self.tokens[stop].text == closing and self.balanced(stop):
                    break
                stop += 1
            cells.append(self.cell(stop))
        return self.place(Written((tuple(cells),)), start)

    def balanced(self, stop: int) -> bool:
        depth = 0
        for token in self.tokens[self.at : stop]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
        return depth == 0

    def cell(self, stop: int) -> Expr:
        """The entry from here to token `stop`."""
        part = type(self)(
            self.tex,
            [
                *self.tokens[self.at : stop],
                Token("end", "", self.tokens[stop - 1].end, self.tokens[stop - 1].end),
            ],
        )
        part.depth = self.depth
        start = self.token.start
        if part.token.text in ("dots", "vdots", "ddots"):
            kind = part.advance().text
            result: Expr = Dots(kind, start=start, end=part.before)
        elif part.token.kind == "end":
            result = Blank(start=start, end=start)
        else:
            result = part.expression()
        part.expect_end()
        self.at = stop
        return result
