"""Reads comparisons: the conditions of cases and of indicator functions."""

from __future__ import annotations

from fractions import Fraction

from .cursor import CLOSING, NESTING
from .quantities import Quantities
from .syntax import Add, Expr, Index, Indicator, Kronecker, Length, Negative, Number, Product

COMPARISONS = (">", "<", "ge", "le", "=", "neq")
_ONE = Number(Fraction(1))


class Conditions(Quantities):
    """Comparisons of values and of indices."""

    def condition(self) -> Expr:
        """Comparisons joined by `and`: a number that is 1 where they hold, and else 0."""
        start = self.token.start
        found = [self.comparison(self.expression())]
        while self.take("wedge", ",") or self.word_and():
            found.append(self.comparison(self.expression()))
        return found[0] if len(found) == 1 else self.place(Product(tuple(found)), start)

    def word_and(self) -> bool:
        if self.token.kind == "text" and self.token.text in ("and", "und"):
            self.advance()
            return True
        return False

    def comparison(self, left: Expr) -> Expr:
        """What follows the left side of a comparison."""
        if isinstance(left, Indicator):
            return left
        sign = self.take(*COMPARISONS)
        if sign is None:
            raise self.error(f"expected a comparison such as s_i > 0 or i = j, found {self.token}")
        right = self.expression()
        if sign.text not in ("=", "neq"):
            return self.place(Indicator(sign.text, left, right), left.start)
        if not all(isinstance(side, Index | Number | Length | Add) for side in (left, right)):
            raise self.error("expected indices on both sides of this sign", sign.start)
        equal = self.place(Kronecker(left, right), left.start)
        return equal if sign.text == "=" else self.place(Add((_ONE, Negative(equal))), left.start)

    def compared(self) -> bool:
        """Whether a comparison stands in the brackets that follow."""
        depth = 0
        if self.token.text not in CLOSING:
            return False
        for token in self.tokens[self.at :]:
            if depth == 1 and token.text in COMPARISONS:
                return True
            depth += NESTING.get(token.text, 0)
            if depth == 0:
                return False
        return False

    def indicator(self, start: int) -> Expr:
        """What follows the 1 of an indicator function: _{i = j}, [s > 0] or {s > 0}."""
        if self.take("_"):
            self.expect("{", " and a condition")
            inner_braces = self.token.text == "{" and self.compared()
            inner = self.primary() if inner_braces else self.condition()
            self.expect("}", " after the condition")
            return self.place(inner, start)
        if not self.compared():
            raise self.error(
                r"expected a condition, as in \mathbb{1}[s > 0]; the identity matrix is I, "
                r"a vector of ones \boldsymbol{1}"
            )
        opening = self.advance()
        inner = self.condition()
        self.expect(CLOSING[opening.text], " after the condition")
        return self.place(inner, start)
