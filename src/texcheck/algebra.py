"""Sums, products, quotients and powers of numbers and matrices."""

from __future__ import annotations

from fractions import Fraction
from operator import add, mul
from typing import Any

from . import numbers
from .latex import ReadingError
from .leaves import Leaves
from .syntax import (
    Absolute,
    Add,
    Apply,
    Component,
    Derivative,
    Elementwise,
    Expr,
    Fraction_,
    Index,
    Kronecker,
    LayerCount,
    Length,
    Name,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
    is_literal,
)
from .values import ClaimError, Flexible, Grid, Partial, show_shape

_TWO = Number(Fraction(2))


class Algebra(Leaves):
    """The operations on numbers and matrices, with their rules about shapes."""

    def _add(self, node: Add) -> Any:
        total = self.value(node.terms[0])
        literal = is_literal(node.terms[0])
        before = node.terms[0]
        for term in node.terms[1:]:
            value = self.value(term)
            total = self.added(total, value, literal, is_literal(term), before, term)
            literal = literal and is_literal(term)
            before = term
        return total

    def added(
        self, left: Any, right: Any, left_literal: bool, right_literal: bool, a: Expr, b: Expr
    ) -> Any:
        """The sum of two values; a literal number is added to every entry of a vector."""
        if isinstance(left, Grid) and isinstance(right, Grid):
            if left.shape == right.shape:
                return left.joined(right, add)
        elif isinstance(left, Grid):
            if isinstance(right, Flexible):
                return self.added(left, self.fit(right, left.shape, b), False, False, a, b)
            if not isinstance(right, Partial | list):
                if left.shape == (1, 1):
                    return left.rows[0][0] + right
                if right_literal and 1 in left.shape:
                    return left.map(lambda entry: entry + right)
        elif isinstance(right, Grid):
            if isinstance(left, Flexible):
                return self.added(self.fit(left, right.shape, a), right, False, False, a, b)
            if not isinstance(left, Partial | list):
                if right.shape == (1, 1):
                    return left + right.rows[0][0]
                if left_literal and 1 in right.shape:
                    return right.map(lambda entry: left + entry)
        elif (
            isinstance(left, Flexible)
            and isinstance(right, Flexible)
            and (left.height, left.width) == (right.height, right.width)
        ):
            height, width = left.height, left.width
            return Flexible(
                height, width, lambda i, j, m, n: left.entry(i, j, m, n) + right.entry(i, j, m, n)
            )
        elif not isinstance(left, Flexible | Partial | list) and not isinstance(
            right, Flexible | Partial | list
        ):
            return left + right
        raise ClaimError(
            "shapes",
            f"{self.show(a)} is {self.shape_words(left)} and {self.show(b)} is "
            f"{self.shape_words(right)}: they cannot be added",
            b,
        )

    def shape_words(self, value: Any) -> str:
        """The shape of a value in words."""
        if isinstance(value, Grid):
            return show_shape(value.shape)
        if isinstance(value, Flexible | Partial):
            return show_shape((value.height, value.width))
        return "several values" if isinstance(value, list) else "a number"

    def fit(self, value: Flexible, shape: tuple[int, int], node: Expr) -> Grid:
        """A value of open size at this size."""
        if value.height not in (None, shape[0]) or value.width not in (None, shape[1]):
            raise ClaimError(
                "shapes",
                f"{self.show(node)} is {self.shape_words(value)}, "
                f"here {show_shape(shape)} is needed",
                node,
            )
        return value.settle(*shape)

    def _negative(self, node: Negative) -> Any:
        return self.scaled(-1, self.value(node.of), node)

    def scaled(self, factor: Any, value: Any, node: Expr) -> Any:
        if isinstance(value, Grid | Flexible | Partial):
            return value.map(lambda entry: entry * factor)
        if isinstance(value, list):
            raise ClaimError("shapes", "several values cannot be multiplied", node)
        return value * factor

    def is_number(self, node: Expr) -> bool:
        """Whether the formula is a number by its form alone, so that 0 times it is 0."""
        known = self._scalars.get(id(node))
        if known is None:
            match node:
                case Name():
                    known = bool(node.indices) or node.base == "ell"
                case (
                    Number()
                    | Kronecker()
                    | Length()
                    | LayerCount()
                    | Index()
                    | Norm()
                    | Component()
                ):
                    known = True
                case Derivative():
                    whole = isinstance(node.of, Name) and self.is_number(node.of)
                    known = whole and bool(node.by.indices)
                case Product() | Add() | Sum() | Negative() | Power() | Fraction_():
                    known = all(self.is_number(child) for child in node.parts)
                case Apply():
                    known = node.function.name not in ("diag", "Linear") and all(
                        self.is_number(argument) for argument in node.arguments
                    )
                case _:
                    known = False
            self._scalars[id(node)] = known
            self._alive.append(node)
        return known

    def _product(self, node: Product) -> Any:
        factors = node.factors
        total = self.value(factors[0])
        for number in range(1, len(factors)):
            if total.__class__ is int and total == 0 and self.is_number(factors[number]):
                continue
            right = self.value(factors[number])
            total = self.multiplied(total, right, node, number)
        return total

    def multiplied(self, left: Any, right: Any, node: Product, number: int) -> Any:
        """left times right: as matrices, or a number times anything."""
        before = Product(node.factors[:number]) if number > 1 else node.factors[0]
        if isinstance(left, list) or isinstance(right, list):
            raise ClaimError("shapes", "several values cannot be multiplied", node)
        if not isinstance(left, Grid | Flexible | Partial):
            return self.scaled(left, right, node)
        if not isinstance(right, Grid | Flexible | Partial):
            return self.scaled(right, left, node)
        if isinstance(left, Partial) or isinstance(right, Partial):
            place = node.factors[number] if isinstance(right, Partial) else node.factors[number - 1]
            raise ClaimError("dots", "the dots of this matrix cannot be continued", place)
        if isinstance(left, Flexible) and isinstance(right, Flexible):
            raise ClaimError("shapes", "nothing says how large these two matrices are", node)
        if isinstance(left, Flexible):
            assert isinstance(right, Grid)
            inner = right.shape[0]
            outer = left.height if left.height is not None else inner
            known = left.height is not None or left.width is None
            self.expect_size(known and (inner > 1 or left.height is None), before)
            left = self.fit(left, (outer, inner), before)
        if isinstance(right, Flexible):
            inner = left.shape[1]
            outer = right.width if right.width is not None else inner
            known = right.width is not None or right.height is None
            self.expect_size(known and (inner > 1 or right.width is None), node.factors[number])
            right = self.fit(right, (inner, outer), node.factors[number])
        if left.shape[1] != right.shape[0]:
            if left.shape == (1, 1):
                return self.scaled(left.rows[0][0], right, node)
            if right.shape == (1, 1):
                return self.scaled(right.rows[0][0], left, node)
            shown = " ".join(self.tex[node.start : node.factors[number - 1].end].split())
            raise ClaimError(
                "shapes",
                f"${shown}$ is {show_shape(left.shape)} and "
                f"{self.show(node.factors[number])} is {show_shape(right.shape)}: "
                "they cannot be multiplied",
                node.factors[number],
            )
        columns = list(zip(*right.rows, strict=True))
        return Grid([[_dot(row, column) for column in columns] for row in left.rows])

    def expect_size(self, known: bool, node: Expr) -> None:
        """Errors: `ClaimError` for a factor whose outer length nothing fixes."""
        if not known:
            raise ClaimError("shapes", f"nothing says how long {self.show(node)} is", node)

    def _elementwise(self, node: Elementwise) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Flexible) and isinstance(right, Grid):
            left = self.fit(left, right.shape, node.left)
        if isinstance(right, Flexible) and isinstance(left, Grid):
            right = self.fit(right, left.shape, node.right)
        if isinstance(left, Grid) and isinstance(right, Grid) and left.shape == right.shape:
            return left.joined(right, mul)
        if not any(isinstance(v, Grid | Flexible | Partial | list) for v in (left, right)):
            return left * right
        raise ClaimError(
            "shapes",
            f"{self.show(node.left)} is {self.shape_words(left)} and {self.show(node.right)} is "
            f"{self.shape_words(right)}: they cannot be multiplied entry by entry",
            node.right,
        )

    def _fraction(self, node: Fraction_) -> Any:
        top, bottom = self.value(node.top), self.value(node.bottom)
        if isinstance(bottom, Flexible) and isinstance(top, Grid):
            bottom = self.fit(bottom, top.shape, node.bottom)
        if isinstance(top, Flexible) and isinstance(bottom, Grid):
            top = self.fit(top, bottom.shape, node.top)
        if isinstance(bottom, Grid) and bottom.shape != (1, 1):
            if is_literal(node.top):
                return bottom.map(lambda entry: numbers.reciprocal(entry) * top)
            if isinstance(top, Grid) and top.shape == bottom.shape:
                return top.joined(bottom, lambda p, q: p * numbers.reciprocal(q))
            raise ClaimError(
                "shapes",
                f"{self.show(node.top)} is {self.shape_words(top)} and {self.show(node.bottom)} "
                f"is {self.shape_words(bottom)}: they cannot be divided",
                node.bottom,
            )
        return self.scaled(numbers.reciprocal(self.as_number(bottom, node.bottom)), top, node)

    def _power(self, node: Power) -> Any:
        if isinstance(node.of, Norm) and node.exponent == _TWO:
            return self.squared_norm(node.of)  # needs no square root
        exponent = self.whole(node.exponent)
        value = self.value(node.of)
        if isinstance(value, Grid) and value.shape != (1, 1):
            raise ClaimError(
                "shapes",
                f"{self.show(node.of)} is {show_shape(value.shape)} and has no power",
                node,
            )
        base = self.as_number(value, node.of)
        if not isinstance(exponent, int):
            if exponent == Fraction(1, 2):
                return numbers.sqrt(self.arithmetic, base)
            raise ReadingError("expected a whole number as exponent", node.exponent.start)
        if exponent < 0:
            base, exponent = numbers.reciprocal(base), -exponent
        return numbers.power(base, exponent)

    def _transpose(self, node: Transpose) -> Any:
        if isinstance(node.of, Name) and len(node.of.indices) == 2:
            raise ClaimError(
                "shapes",
                f"{self.show(node)} reads as a component of the transpose: "
                "write that as [W^T]_{ij}, or leave the T out",
                node,
            )
        value = self.value(node.of)
        if isinstance(value, Grid):
            return Grid([list(column) for column in zip(*value.rows, strict=True)])
        if isinstance(value, Flexible):
            old = value.entry
            return Flexible(value.width, value.height, lambda i, j, m, n: old(j, i, n, m))
        if isinstance(value, Partial):
            return Partial(value.width, value.height, [(j, i, v) for i, j, v in value.cells])
        if isinstance(value, list):
            raise ClaimError("shapes", "several values have no transpose", node)
        return value

    def _norm(self, node: Norm) -> Any:
        return numbers.sqrt(self.arithmetic, self.squared_norm(node))

    def squared_norm(self, node: Norm) -> Any:
        value = self.value(node.of)
        if isinstance(value, Grid):
            if node.subscript == "2" and 1 not in value.shape:
                raise ClaimError(
                    "shapes",
                    f"{self.show(node.of)} is {show_shape(value.shape)}: the subscript 2 makes "
                    "this its largest singular value, the root of all squares is written _F",
                    node,
                )
            return sum(entry * entry for row in value.rows for entry in row)
        number = self.as_number(value, node.of)
        return number * number

    def _absolute(self, node: Absolute) -> Any:
        number = self.number(node.of)
        if isinstance(number, int | Fraction):
            self.expect_small(node.of)
        return number * numbers.sign(self.arithmetic, number)


def _dot(row: Any, column: Any) -> Any:
    total: Any = 0
    for left, right in zip(row, column, strict=True):
        if (left.__class__ is int and left == 0) or (right.__class__ is int and right == 0):
            continue
        product = left * right
        total = product if total.__class__ is int and total == 0 else total + product
    return total
