"""Functions of numbers and vectors, losses and the special diagonal matrices."""

from __future__ import annotations

from fractions import Fraction
from operator import mul
from typing import Any

from . import numbers
from .choices import Choices
from .latex import ReadingError
from .network import loss
from .numbers import Dual
from .syntax import (
    Add,
    Apply,
    Expr,
    Function,
    Identity,
    Length,
    Name,
    Product,
    ReluDiagonal,
    bare_functions,
    is_literal,
    multiplies,
)
from .values import ClaimError, Flexible, Grid, Partial


class Functions(Choices):
    """Functions, entry by entry where they take a number, and diagonal matrices."""

    def _function(self, node: Function) -> Any:
        if self.pointwise:
            return self.apply(node, self.free("t"))
        if node.name == "I" and not node.primes:
            return Flexible(None, None, lambda i, j, m, n: int(i == j))
        raise ReadingError("expected an argument of this function", node.start)

    def apply(self, function: Function, value: Any) -> Any:
        """A function of one number, its derivative if it carries a dash."""
        name = self.setting.activation(function)
        if name not in numbers.FUNCTIONS:
            raise ReadingError("expected the argument of this function", function.start)
        rule = numbers.FUNCTIONS[name]
        if not function.primes:
            return rule(self.arithmetic, value)
        if function.primes > 1 or isinstance(value, Dual):
            raise ReadingError("second derivatives are not read", function.start)
        return numbers.slope(rule(self.arithmetic, Dual(value, {0: 1})), 0)

    def _apply(self, node: Apply) -> Any:
        function = node.function
        if self.pointwise and any(bare_functions(argument) for argument in node.arguments):
            if not multiplies(function, node.arguments[0]):
                raise ReadingError("a function of a function is not read", node.start)
            return self.apply(function, self.free("t")) * self.number(node.arguments[0])
        values = [self.value(argument) for argument in node.arguments]
        jumps = function.name in ("max", "sign", "ReLU", "f", "g")
        if jumps and all(isinstance(one, int | Fraction) for one in values):
            self.expect_small(Add(node.arguments))
        if function.name == "max":
            return self.maximum(node, values[0], values[1])
        if function.name in ("MSE", "BCE", "loss"):
            return self.loss_of(node, values)
        value = values[0]
        if isinstance(value, Partial | list):
            raise ClaimError("shapes", f"{function.name} of something that is no value", node)
        if function.name == "diag":
            return self.diagonal(value, node)
        if function.name == "inner":
            if (
                not isinstance(value, Grid)
                or not isinstance(values[1], Grid)
                or (values[1].shape != value.shape)
            ):
                raise ClaimError("shapes", "the two vectors have different shapes", node)
            return sum(entry for row in value.joined(values[1], mul).rows for entry in row)
        if function.name == "tr":
            if not isinstance(value, Grid) or value.shape[0] != value.shape[1]:
                words = f"{self.show(node.arguments[0])} is {self.shape_words(value)}"
                raise ClaimError("shapes", f"{words}: it has no trace", node)
            return sum(value.rows[i][i] for i in range(value.shape[0]))
        if function.name == "Linear":
            layer = function.layer.offset if function.layer else 1
            name = Name("W", function.layer)
            self.setting.quantity(name)
            weights = Grid(self.values["W", layer])
            bias = Grid(self.values["b", layer])
            image = self.multiplied(weights, value, Product((function, node.arguments[0])), 1)
            return self.added(image, bias, False, False, node, node)
        if isinstance(value, Grid | Flexible):
            return value.map(lambda entry: self.apply(function, entry))
        return self.apply(function, value)

    def maximum(self, node: Apply, left: Any, right: Any) -> Any:
        """max entry by entry; 0 stands for a vector of zeros."""
        if isinstance(left, Flexible) and isinstance(right, Grid):
            left = self.fit(left, right.shape, node.arguments[0])
        if isinstance(right, Flexible) and isinstance(left, Grid):
            right = self.fit(right, left.shape, node.arguments[1])
        if isinstance(left, Grid) != isinstance(right, Grid):
            grid, number, argument = (
                (left, right, node.arguments[1])
                if isinstance(left, Grid)
                else (right, left, node.arguments[0])
            )
            if not is_literal(argument):
                raise ClaimError("shapes", "max of a vector and a number", node)
            return grid.map(lambda entry: self.larger(number, entry))
        if isinstance(left, Grid):
            if left.shape != right.shape:
                raise ClaimError("shapes", "max of two vectors of different length", node)
            return left.joined(right, self.larger)
        return self.larger(self.as_number(left, node), self.as_number(right, node))

    def larger(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and left == 0:
            return numbers.relu(self.arithmetic, right)
        return left + numbers.relu(self.arithmetic, right - left)

    def loss_of(self, node: Apply, values: list[Any]) -> Any:
        name = node.function.name
        name = self.setting.architecture.loss if name == "loss" else name
        grids = [value if isinstance(value, Grid) else Grid([[value]]) for value in values]
        if grids[0].shape != grids[1].shape or grids[0].shape[1] != 1:
            raise ClaimError("shapes", "the loss compares two columns of the same length", node)
        return loss(self.arithmetic, name, grids[0].rows, grids[1].rows)

    # -- diagonal matrices

    def diagonal(self, value: Any, node: Apply | ReluDiagonal) -> Grid:
        if not isinstance(value, Grid) or value.shape[1] != 1:
            raise ClaimError(
                "shapes",
                f"a diagonal matrix is made of a column, not {self.shape_words(value)}",
                node,
            )
        size = value.shape[0]
        return Grid([[value.rows[i][0] if i == j else 0 for j in range(size)] for i in range(size)])

    def _identity(self, node: Identity) -> Any:
        rows, columns = self.square(node)
        if rows is None or columns is None:
            return Flexible(rows, columns, lambda i, j, m, n: int(i == j))
        return Flexible(rows, columns, lambda i, j, m, n: int(i == j)).settle(rows, columns)

    def square(self, node: Identity | ReluDiagonal) -> tuple[int | None, int | None]:
        """The two lengths in the subscript, which must be equal."""
        if node.rows is None or node.columns is None:
            return None, None
        rows, columns = self.whole(_length(node.rows)), self.whole(_length(node.columns))
        if not isinstance(rows, int) or not isinstance(columns, int) or rows > 99 or columns > 99:
            raise ClaimError("shapes", "the subscript of $I$ holds two lengths", node)
        if rows < 1 or rows != columns:
            raise ClaimError(
                "shapes",
                f"{self.show(node)} would be {rows} × {columns}: this matrix is square",
                node,
            )
        return rows, columns

    def _relu_diagonal(self, node: ReluDiagonal) -> Any:
        value = self.value(node.of)
        if not isinstance(value, Grid):
            raise ClaimError("shapes", "$I^+$ needs a vector", node.of)
        grid = self.diagonal(value.map(lambda s: numbers.step(self.arithmetic, s)), node)
        rows, _ = self.square(node)
        if rows is not None and rows != grid.shape[0]:
            raise ClaimError(
                "shapes",
                f"the subscript says {rows} × {rows}, but {self.show(node.of)} has "
                f"{grid.shape[0]} entries",
                node,
            )
        return grid


def _length(node: Expr) -> Expr:
    return Length(node) if isinstance(node, Name) else node
