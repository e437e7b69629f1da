"""The truth: the networks of the book, defined once, and their derivatives by dual numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from . import numbers
from .arithmetic import REAL_ARITHMETICS, ExactArithmetic
from .numbers import Arithmetic, Dual

NETWORKS: tuple[str, ...] = ("regression", "sigmoid-mse", "sigmoid-bce", "deep", "any")
# A quantity: its letter and its layer (0 where it has none).
Quantity: TypeAlias = tuple[str, int]
Matrix: TypeAlias = list[list[Any]]


@dataclass(frozen=True)
class Architecture:
    """Widths from the input to the output, an activation for each layer, and a loss."""

    network: str
    widths: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str

    @property
    def depth(self) -> int:
        """The number of layers, L_max."""
        return len(self.activations)

    @property
    def relu_units(self) -> int:
        """How many units are ReLU; the network has 2 to the power of that many regions."""
        return sum(
            width
            for width, activation in zip(self.widths[1:], self.activations, strict=True)
            if activation == "ReLU"
        )

    def shape(self, quantity: Quantity) -> tuple[int, int]:
        """Rows and columns of a quantity."""
        letter, layer = quantity
        if letter == "ell":
            return 1, 1
        if letter == "W":
            return self.widths[layer], self.widths[layer - 1]
        if letter == "y":
            return self.widths[-1], 1
        return self.widths[layer], 1

    def downstream(self, quantity: Quantity, source: Quantity) -> bool:
        """Whether `quantity` depends on `source` (or is it)."""
        if quantity == source:
            return True
        return _order(quantity) > _order(source) and quantity[0] in ("s", "z", "ell")


def _order(quantity: Quantity) -> float:
    letter, layer = quantity
    if letter == "ell":
        return 1e9
    if letter == "y":
        return 1e9 - 1
    return 3 * layer + {"W": 0, "b": 0, "s": 1, "z": 2}[letter]


# Pairwise different widths, at least 3, so that no transpose and no wrong layer goes unseen;
# two sizes of each, so that no factor is mistaken for a length.
ARCHITECTURES: dict[str, tuple[Architecture, ...]] = {
    "regression": tuple(
        Architecture("regression", widths, ("ReLU", "I"), "MSE")
        for widths in ((4, 3, 5), (6, 4, 3))
    ),
    "sigmoid-mse": tuple(
        Architecture("sigmoid-mse", widths, ("sigma", "sigma"), "MSE")
        for widths in ((4, 3, 5), (6, 4, 3))
    ),
    "sigmoid-bce": tuple(
        Architecture("sigmoid-bce", widths, ("sigma", "sigma"), "BCE")
        for widths in ((4, 3, 5), (6, 4, 3))
    ),
    "deep": (
        Architecture("deep", (5, 3, 4, 6, 7, 8), ("ReLU", "sigma", "I", "sigma", "I"), "MSE"),
        Architecture("deep", (4, 5, 6, 3, 8, 7), ("sigma", "I", "ReLU", "I", "sigma"), "MSE"),
    ),
}


# Widths for statements that name a length, in floating point: together with those above no
# equation between the lengths, such as d_x = d_{s^{(1)}} + 1, holds at all of them.
FURTHER_WIDTHS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((7, 3, 6), (3, 8, 5), (6, 9, 4)),
    5: (
        (3, 7, 5, 4, 9, 6),
        (8, 4, 9, 5, 3, 7),
        (6, 9, 3, 8, 4, 5),
        (9, 5, 7, 3, 6, 4),
        (5, 8, 4, 9, 7, 3),
        (7, 6, 8, 5, 3, 9),
    ),
}


def further(architecture: Architecture) -> list[Architecture]:
    """The same layers with other widths."""
    return [replace(architecture, widths=widths) for widths in FURTHER_WIDTHS[architecture.depth]]


def wider(architecture: Architecture, least: int) -> Architecture:
    """The same layers, all wider than `least` (as far as that can be computed)."""
    least = min(least, 14 if architecture.depth == 2 else 8)
    widths = tuple(least + step for step in (3, 1, 2, 6, 4, 5)[: architecture.depth + 1])
    return replace(architecture, widths=widths)


def propagate(
    arithmetic: Arithmetic,
    architecture: Architecture,
    values: dict[Quantity, Matrix],
    held: Quantity | None = None,
) -> None:
    """The forward pass: s = W z + b, z = f(s) layer by layer, then the loss, written to `values`.

    A `held` quantity keeps the value it has, as an independent variable, and only what lies
    downstream of it is computed.
    """
    start = 1 if held is None or held[0] == "y" else max(1, held[1])
    if held == ("y", 0):
        start = architecture.depth + 1
    for layer in range(start, architecture.depth + 1):
        z, weights, bias = values["z", layer - 1], values["W", layer], values["b", layer]
        if held in (("s", layer), ("z", layer)):
            s = values["s", layer]
        else:
            s = values["s", layer] = [
                [sum((w * z[j][0] for j, w in enumerate(row)), bias[i][0])]
                for i, row in enumerate(weights)
            ]
        if held is None and architecture.activations[layer - 1] == "ReLU":
            before = sum(
                width
                for width, name in zip(
                    architecture.widths[1:layer], architecture.activations, strict=False
                )
                if name == "ReLU"
            )
            for unit, row in enumerate(s):
                arithmetic.set_sign(row[0], before + unit)
        if held != ("z", layer):
            activation = numbers.FUNCTIONS[architecture.activations[layer - 1]]
            values["z", layer] = [[activation(arithmetic, row[0])] for row in s]
    output = values["z", architecture.depth]
    values["ell", 0] = [[loss(arithmetic, architecture.loss, output, values["y", 0])]]


def loss(arithmetic: Arithmetic, name: str, output: Matrix, target: Matrix) -> Any:
    """The squared norm of the error, or the binary cross-entropy averaged over the outputs."""
    total: Any = 0
    for (predicted,), (wanted,) in zip(output, target, strict=True):
        if name == "MSE":
            error = predicted - wanted
            total = total + error * error
        else:
            total = total + wanted * numbers.log(arithmetic, predicted)
            total = total + (1 - wanted) * numbers.log(arithmetic, 1 - predicted)
    if name == "MSE":
        return total
    return -total * numbers.reciprocal(arithmetic.length(len(output)))


class World:
    """One architecture at a batch of random points: the values and all partial derivatives.

    `values` maps a quantity to its matrix of numbers; `("z", 0)` is x, `("z", L_max)` is y_hat.
    """

    def __init__(self, architecture: Architecture, arithmetic: Arithmetic) -> None:
        self.architecture = architecture
        self.arithmetic = arithmetic
        self.values: dict[Quantity, Matrix] = {}
        for quantity in self._inputs():
            rows, columns = architecture.shape(quantity)
            letter, layer = quantity
            name = "x" if quantity == ("z", 0) else f"{letter}{layer}"
            self.values[quantity] = [
                [arithmetic.random(f"{name}_{i}_{j}") for j in range(columns)] for i in range(rows)
            ]
        propagate(arithmetic, architecture, self.values)
        self._duals: dict[Quantity, dict[Quantity, Matrix]] = {}
        self._free: dict[str, Any] = {}

    def _inputs(self) -> list[Quantity]:
        layers = range(1, self.architecture.depth + 1)
        found: list[Quantity] = [("z", 0), ("y", 0)]
        for layer in layers:
            found += [("W", layer), ("b", layer)]
        return found

    def free(self, name: str) -> Any:
        """A number that is no quantity of the network: the s of sigma(s)."""
        if name not in self._free:
            self._free[name] = self.arithmetic.random(f"free {name}")
        return self._free[name]

    def duals(self, source: Quantity) -> dict[Quantity, Matrix]:
        """The values as dual numbers in the components of `source`, held as independent.

        Component (i, j) of the source has the number `i * columns + j`.
        """
        if source not in self._duals:
            values = dict(self.values)
            columns = self.architecture.shape(source)[1]
            values[source] = [
                [Dual(number, {i * columns + j: 1}) for j, number in enumerate(row)]
                for i, row in enumerate(values[source])
            ]
            propagate(self.arithmetic, self.architecture, values, held=source)
            self._duals[source] = values
        return self._duals[source]

    def derivative(self, quantity: Quantity, i: int, j: int, by: Quantity, component: int) -> Any:
        """The partial derivative of component (i, j) of a quantity by a component of another."""
        return numbers.slope(self.duals(by)[quantity][i][j], component)

    @cached_property
    def errors(self) -> dict[int, Matrix]:
        """delta^{(L)} = (dell/ds^{(L)})^T for every layer, columns."""
        return {
            layer: [
                [self.derivative(("ell", 0), 0, 0, ("s", layer), i)]
                for i in range(self.architecture.widths[layer])
            ]
            for layer in range(1, self.architecture.depth + 1)
        }


@lru_cache(maxsize=128)
def exact_world(
    architecture: Architecture, extra: int, repeats: int, counted: bool = True
) -> World:
    """The world of the exact engine: all regions, `repeats` points each."""
    name = f"exact {architecture} {extra} {repeats}"
    arithmetic = ExactArithmetic(name, architecture.relu_units, extra, repeats, counted)
    return World(architecture, arithmetic)


@lru_cache(maxsize=256)
def real_world(
    architecture: Architecture,
    points: int,
    seed: int,
    kind: str = "real",
) -> World:
    """The world of the floating-point engine; `kind` names one of `REAL_ARITHMETICS`."""
    return World(architecture, REAL_ARITHMETICS[kind](f"real {architecture} {seed}", points))
