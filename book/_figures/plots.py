"""The figures that show numbers, all computed with handgrad."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from svg import Axes, Figure, decimals, drawing, shortest, vector

from handgrad import SigmoidCrossEntropy, SquaredError, relu, running, sigmoid

Array = NDArray[np.float64]


def _samples(low: float, high: float, count: int) -> list[float]:
    return [float(value) for value in np.linspace(low, high, count)]


@drawing
def relu_sigmoid() -> Figure:
    """Both activation functions with their derivatives."""
    figure = Figure(
        "relu-sigmoid",
        232,
        "ReLU and sigmoid with their derivatives",
        "Left: ReLU is 0 for negative s and s for positive s; its derivative jumps from 0 to 1, "
        "and at the kink s = 0 it is taken to be 0. Right: the sigmoid rises from 0 to 1; its "
        "derivative is largest at s = 0, where it is one quarter, and close to 0 beyond ±6.",
    )
    left = Axes(figure, (22, 46, 134, 140), (-2, 2), (-0.2, 2))
    left.grid({-2: "−2", 0: "0", 2: "2"}, {0: "0", 1: "1", 2: "2"})
    left.curve(lambda s: float(relu.value(s)), [-2.0, 0.0, 2.0], ink="forward")
    for ends in ([-2.0, 0.0], [1e-9, 2.0]):
        left.curve(lambda s: float(relu.derivative(s)), ends, ink="backward", dash="6 3")
    figure.circle(*left.at(0, float(relu.derivative(0.0))), 4, fill="backward", ink="backward")
    figure.circle(*left.at(0, 1), 4, fill="none", ink="backward")
    figure.text(*left.at(-0.12, 0.32), "kink:", anchor="end")
    figure.text(*left.at(-0.12, 0.13), "ReLU′(0) = 0", anchor="end")
    figure.text(89, 16, "ReLU", bold=True, size=13)
    figure.text(*left.at(1.28, 1.52), "ReLU", anchor="end", ink="forward")
    figure.text(*left.at(1.95, 0.79), "ReLU′", anchor="end", ink="backward")

    right = Axes(figure, (188, 46, 136, 140), (-8, 8), (-0.1, 1))
    right.grid({-8: "−8", -4: "−4", 0: "0", 4: "4", 8: "8"}, {0: "0", 0.5: "½", 1: "1"})
    right.curve(lambda s: float(sigmoid.value(s)), _samples(-8, 8, 65), ink="forward")
    right.curve(
        lambda s: float(sigmoid.derivative(s)), _samples(-8, 8, 65), ink="backward", dash="6 3"
    )
    figure.circle(*right.at(0, float(sigmoid.derivative(0.0))), 4, fill="backward", ink="backward")
    figure.text(*right.at(0.9, 0.28), "σ′(0) = ¼", anchor="start")
    figure.text(256, 16, "Sigmoid", bold=True, size=13)
    figure.math(*right.at(1.2, 0.86), "σ", anchor="end", ink="forward")
    figure.math(*right.at(-2.4, 0.16), "σ'", anchor="end", ink="backward")
    for x in (89, 256):
        figure.math(x, 222, "s", size=15)
    return figure


@drawing
def bce_vs_mse() -> Figure:
    """The gradient with respect to s of one sigmoid output whose target is 1."""
    figure = Figure(
        "bce-vs-mse",
        262,
        "Gradient of one sigmoid output with target 1: squared error and cross-entropy",
        "The horizontal axis is s from −8 to 8. The gradient of binary cross-entropy goes from "
        "almost −1 on the left, where the output is wrong, to 0 on the right. The gradient of "
        "the squared error is close to 0 on both sides, so that a wrong saturated output hardly "
        "learns.",
    )
    target = np.array([1.0])

    def mse(s: float) -> float:
        y_hat = sigmoid.value(np.array([s]))
        return float(
            (SquaredError().gradient(y_hat, target) * sigmoid.derivative(np.array([s])))[0]
        )

    def bce(s: float) -> float:
        return float(SigmoidCrossEntropy().error(np.array([s]), target)[0])

    axes = Axes(figure, (36, 34, 284, 176), (-8, 8), (-1.16, 0.16))
    axes.grid(
        {s: decimals(s, 0) for s in (-8, -4, 0, 4, 8)}, {y: decimals(y, 1) for y in (0, -0.5, -1)}
    )
    axes.curve(bce, _samples(-8, 8, 65), ink="forward")
    axes.curve(mse, _samples(-8, 8, 129), ink="backward", dash="6 3")
    at = -6.0
    for function, label, dy, ink in [
        (mse, "squared error", -9, "backward"),
        (bce, "cross-entropy", 18, "forward"),
    ]:
        x, y = axes.at(at, function(at))
        figure.circle(x, y, 3.5, fill=ink, ink=ink)
        figure.text(22, y + dy, f"{label}: {decimals(function(at), 4)}", anchor="start", ink=ink)
    figure.math(4, 18, "∂ℓ / ∂s", size=16, anchor="start")
    figure.math(110, 18, "y = 1, ŷ = σ(s)", size=15, anchor="start")
    figure.math(178, 248, "s", size=15)
    figure.text(36, 248, "wrong, saturated", ink="muted", anchor="start")
    figure.text(324, 248, "right", ink="muted", anchor="end")
    return figure


@drawing
def vanishing() -> Figure:
    """The largest factor that the activations of a network can put into a gradient."""
    figure = Figure(
        "vanishing",
        286,
        "The largest product of activation derivatives against depth",
        "On a logarithmic scale: for the sigmoid the bound is one quarter to the power of the "
        "depth and falls below 10 to the minus 18 at depth 30. For ReLU it stays 1 at every "
        "depth.",
    )
    bound = float(sigmoid.derivative(0.0))
    axes = Axes(figure, (46, 38, 272, 188), (0, 30), (-20, 1))
    axes.grid({d: str(d) for d in (0, 5, 10, 15, 20, 25, 30)}, {}, zero=False)
    for exponent in (0, -5, -10, -15, -20):
        (x, y), (end, _) = axes.at(0, exponent), axes.at(30, exponent)
        figure.line(x, y, end, y, ink="muted", width=0.5, dash="2 3")
        label = "!{1}" if exponent == 0 else f"!{{10}}^{{{exponent}}}"
        figure.math(x - 6, y + 5, label, size=16, anchor="end", ink="muted")
    depths = [float(d) for d in range(31)]
    axes.curve(lambda d: 0.0, [0.0, 30.0], ink="forward", width=2.4)
    axes.curve(lambda d: d * float(np.log10(bound)), [0.0, 30.0], ink="backward", width=1.2)
    for depth in depths[::2]:
        figure.circle(
            *axes.at(depth, depth * float(np.log10(bound))), 2.6, fill="backward", ink="backward"
        )
    figure.text(*axes.at(29.6, -1.6), "ReLU: 1 at every depth", anchor="end", ink="forward")
    figure.math(
        *axes.at(29.6, -4.2),
        "!{sigmoid: at most }!{(1/4)}^{!{depth}}",
        size=14,
        anchor="end",
        ink="backward",
    )
    figure.text(4, 18, "bound of the product of f′ along a path", anchor="start")
    figure.text(176, 272, "depth (number of activations on the path)", ink="muted")
    return figure


CELL = (44.0, 27.0)
"""Width and height of a cell of a heat map."""


def _heat_map(
    figure: Figure, corner: tuple[float, float], values: ArrayLike, largest: float
) -> None:
    """Cells with their numbers; orange is positive, blue negative, the stronger the larger."""
    width, height = CELL
    for (i, j), entry in np.ndenumerate(np.atleast_2d(np.asarray(values, dtype=np.float64))):
        value = float(entry)
        x, y = corner[0] + j * width, corner[1] + i * height
        ink = "backward" if value > 0 else "forward"
        figure.rect(x, y, width, height, fill=ink, radius=0, opacity=0.5 * abs(value) / largest)
        figure.text(x + width / 2, y + 18, shortest(value), size=13)


def _scale(figure: Figure, x: float, y: float, largest: float) -> None:
    """What the colours mean: seven cells from the most negative to the most positive value."""
    for step in range(-3, 4):
        ink = "backward" if step > 0 else "forward"
        figure.rect(x + 30 * (step + 3), y, 30, 12, fill=ink, radius=0, opacity=0.5 * abs(step) / 3)
    for at, value in ((15, -largest), (105, 0.0), (195, largest)):
        figure.text(x + at, y + 28, shortest(value), ink="muted")


@drawing
def gradient_heatmaps() -> Figure:
    """Every gradient of the running network as a heat map, the weights' as outer products."""
    numbers = running.values("1.2")
    (off,) = np.flatnonzero(numbers["s1"] <= 0)
    figure = Figure(
        "gradient-heatmaps",
        378,
        "The gradients of the running network as heat maps",
        "Each weight gradient is a table of products, a column times a row: z(1) = "
        f"{vector(numbers['z1'])} times the row δ(2) = {vector(numbers['delta2'])} for W(2), x = "
        f"{vector(numbers['x'])} times the row δ(1) = {vector(numbers['delta1'])} for W(1). The "
        f"rows themselves are the gradients of the biases. Hidden unit {off} is off: row {off} of "
        f"the gradient of W(2) and column {off} of that of W(1) are zero.",
    )
    largest = max(float(np.abs(numbers[name]).max()) for name in ("dW1", "dW2"))
    left = 70.0
    for L, top, column, inputs, delta, gradient in [
        (2, 72.0, "*z*^{(1)}", numbers["z1"], numbers["delta2"], numbers["dW2"]),
        (1, 250.0, "*x*", numbers["x"], numbers["delta1"], numbers["dW1"]),
    ]:
        row = f"[*δ*^{{({L})}}]^{{!{{𝖳}}}}"
        figure.math(8 + CELL[0] / 2, top - 12, column, size=17)
        figure.math(left, top - 44, f"{row} = ∂ℓ / ∂*b*^{{({L})}}", size=16, anchor="start")
        _heat_map(figure, (8, top), inputs[:, np.newaxis], largest)
        _heat_map(figure, (left, top - CELL[1] - 6), delta, largest)
        _heat_map(figure, (left, top), gradient, largest)
        figure.math(
            left, top + CELL[1] * len(inputs) + 22, f"∂ℓ / ∂W^{{({L})}} = {column} {row}",
            size=16, anchor="start",
        )  # fmt: skip
    _scale(figure, left, 342, largest)
    return figure
