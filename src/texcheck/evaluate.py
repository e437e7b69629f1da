"""The value of a formula in one world: each kind of node and what evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .contraction import Contraction
from .syntax import (
    Absolute,
    Add,
    Apply,
    Blank,
    Cases,
    Component,
    Constant,
    Derivative,
    Dots,
    Elementwise,
    Expr,
    Fraction_,
    Function,
    Hole,
    Identity,
    Index,
    Indicator,
    Kronecker,
    LayerCount,
    Length,
    Listing,
    Name,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    ReluDiagonal,
    Sum,
    Transpose,
    Written,
)
from .written import written_value


class Evaluator(Contraction):
    """Evaluates formulas of every kind."""

    def value(self, node: Expr) -> Any:
        return _EVALUATE[type(node)](self, node)


_EVALUATE: dict[type, Callable[[Evaluator, Any], Any]] = {
    Number: Evaluator._number, Index: Evaluator._index, Name: Evaluator._name,
    Length: Evaluator._length, LayerCount: Evaluator._layer_count,
    Kronecker: Evaluator._kronecker, Add: Evaluator._add, Negative: Evaluator._negative,
    Product: Evaluator._product, Elementwise: Evaluator._elementwise,
    Fraction_: Evaluator._fraction, Power: Evaluator._power, Transpose: Evaluator._transpose,
    Sum: Evaluator._sum, Derivative: Evaluator._derivative, Function: Evaluator._function,
    Apply: Evaluator._apply, Hole: Evaluator._hole, Norm: Evaluator._norm,
    Absolute: Evaluator._absolute, Dots: Evaluator._dots, Blank: Evaluator._blank,
    Written: written_value, Identity: Evaluator._identity,
    ReluDiagonal: Evaluator._relu_diagonal, Constant: Evaluator._constant,
    Listing: Evaluator._listing, Component: Evaluator._component,
    Indicator: Evaluator._indicator, Cases: Evaluator._cases,
}  # fmt: skip
