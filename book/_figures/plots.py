"""The figures that show numbers, all computed with handgrad."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from svg import Axes, Figure, decimals, drawing

from handgrad import (
    Layer,
    Network,
    SigmoidCrossEntropy,
    SquaredError,
    backward,
    forward,
    relu,
    sigmoid,
)

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
    left = Axes(figure, (28, 46, 158, 140), (-2, 2), (-0.2, 2))
    left.grid({-2: "−2", 0: "0", 2: "2"}, {0: "0", 1: "1", 2: "2"})
    left.curve(lambda s: float(relu.value(s)), [-2.0, 0.0, 2.0], ink="forward")
    for ends in ([-2.0, 0.0], [1e-9, 2.0]):
        left.curve(lambda s: float(relu.derivative(s)), ends, ink="backward", dash="6 3")
    figure.circle(*left.at(0, float(relu.derivative(0.0))), 4, fill="backward", ink="backward")
    figure.circle(*left.at(0, 1), 4, fill="none", ink="backward")
    figure.text(*left.at(-0.12, 0.32), "kink:", anchor="end", size=11)
    figure.text(*left.at(-0.12, 0.13), "ReLU′(0) = 0", anchor="end", size=11)
    figure.text(107, 16, "ReLU", bold=True, size=13)
    figure.text(*left.at(1.28, 1.52), "ReLU", anchor="end", ink="forward")
    figure.text(*left.at(0.2, 1.08), "ReLU′", anchor="start", ink="backward")

    right = Axes(figure, (234, 46, 158, 140), (-8, 8), (-0.1, 1))
    right.grid({-8: "−8", -4: "−4", 0: "0", 4: "4", 8: "8"}, {0: "0", 0.5: "½", 1: "1"})
    right.curve(lambda s: float(sigmoid.value(s)), _samples(-8, 8, 65), ink="forward")
    right.curve(
        lambda s: float(sigmoid.derivative(s)), _samples(-8, 8, 65), ink="backward", dash="6 3"
    )
    figure.circle(*right.at(0, float(sigmoid.derivative(0.0))), 4, fill="backward", ink="backward")
    figure.text(*right.at(0.9, 0.28), "σ′(0) = ¼", anchor="start", size=11)
    figure.text(313, 16, "Sigmoid", bold=True, size=13)
    figure.math(*right.at(1.2, 0.86), "σ", anchor="end", ink="forward")
    figure.math(*right.at(-2.4, 0.16), "σ'", anchor="end", ink="backward")
    for x in (107, 313):
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

    axes = Axes(figure, (44, 32, 344, 176), (-8, 8), (-1.16, 0.16))
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
        figure.text(
            x - 18, y + dy, f"{label}: {decimals(function(at), 4)}", anchor="start", ink=ink
        )
    figure.math(12, 18, "∂ℓ / ∂s", size=15, anchor="start")
    figure.math(120, 18, "y = 1, ŷ = σ(s)", size=15, anchor="start")
    figure.math(216, 246, "s", size=15)
    figure.text(64, 246, "wrong, saturated", ink="muted", anchor="start")
    figure.text(388, 246, "right", ink="muted", anchor="end")
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
    axes = Axes(figure, (52, 38, 330, 188), (0, 30), (-20, 1))
    axes.grid({d: str(d) for d in (0, 5, 10, 15, 20, 25, 30)}, {}, zero=False)
    for exponent in (0, -5, -10, -15, -20):
        (x, y), (end, _) = axes.at(0, exponent), axes.at(30, exponent)
        figure.line(x, y, end, y, ink="muted", width=0.5, dash="2 3")
        label = "!{1}" if exponent == 0 else f"!{{10}}^{{{exponent}}}"
        figure.math(x - 6, y + 5, label, size=13, anchor="end", ink="muted")
    depths = [float(d) for d in range(31)]
    axes.curve(lambda d: 0.0, [0.0, 30.0], ink="forward", width=2.4)
    axes.curve(lambda d: d * float(np.log10(bound)), [0.0, 30.0], ink="backward", width=1.2)
    for depth in depths[::2]:
        figure.circle(
            *axes.at(depth, depth * float(np.log10(bound))), 2.6, fill="backward", ink="backward"
        )
    figure.text(*axes.at(29.6, -1.6), "ReLU: 1 at every depth", anchor="end", ink="forward")
    figure.math(
        *axes.at(29.6, -6.8),
        "!{sigmoid: at most }!{(1/4)}^{!{depth}}",
        size=14,
        anchor="end",
        ink="backward",
    )
    figure.text(12, 18, "bound of the product of f′ along a path", anchor="start")
    figure.text(217, 270, "depth (number of activations on the path)", ink="muted")
    return figure


HEAT_MAP_NETWORK = Network(
    [
        Layer(
            np.array([[0.5, 0.0, 1.0], [-1.0, 0.5, 0.0], [1.0, 0.5, -0.5], [0.0, -0.5, 0.5]]),
            np.array([0.0, 0.5, -0.5, 0.0]),
            "relu",
        ),
        Layer(
            np.array([[1.0, -0.5, 0.5, -1.0], [-0.5, 1.0, 1.0, 0.5]]),
            np.array([0.0, 0.5]),
            "identity",
        ),
    ]
)
"""The 3-4-2 network of the heat maps; its second hidden unit is dead at `HEAT_MAP_X`."""
CELL = (36.0, 26.0)
"""Width and height of a cell."""
HEAT_MAP_X = np.array([2.0, -1.0, 1.0])
HEAT_MAP_Y = np.array([0.5, 1.0])


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
        digits = next(d for d in range(4) if round(value, d) == value)
        figure.text(x + width / 2, y + 17, decimals(value, digits), size=11)


def _scale(figure: Figure, x: float, y: float, largest: float) -> None:
    """What the colours mean: seven cells from the most negative to the most positive value."""
    for step in range(-3, 4):
        ink = "backward" if step > 0 else "forward"
        figure.rect(x + 24 * (step + 3), y, 24, 12, fill=ink, radius=0, opacity=0.5 * abs(step) / 3)
    figure.text(x + 12, y + 28, decimals(-largest, 0), size=11, ink="muted")
    figure.text(x + 84, y + 28, "0", size=11, ink="muted")
    figure.text(x + 156, y + 28, decimals(largest, 0), size=11, ink="muted")


@drawing
def gradient_heatmaps() -> Figure:
    """Every gradient of a 3-4-2 network as a heat map, the weights' as outer products."""
    trace = forward(HEAT_MAP_NETWORK, HEAT_MAP_X)
    gradients = backward(HEAT_MAP_NETWORK, trace, SquaredError().gradient(trace.y_hat, HEAT_MAP_Y))
    dead = int(np.flatnonzero(trace.s[1] < 0)[0])
    figure = Figure(
        "gradient-heatmaps",
        348,
        "The gradients of a 3-4-2 network as heat maps",
        "Each weight gradient is the outer product of a column and a row: z(1) times the row "
        "δ(2) for W(2), x times the row δ(1) for W(1). The rows themselves are the gradients of "
        f"the biases. Hidden unit {dead} is dead: row {dead} of the gradient of W(2) and column "
        f"{dead} of that of W(1) are zero.",
    )
    largest = max(float(np.abs(gradients.W[L]).max()) for L in (1, 2))
    for L, top, column, gap in [(2, 36, "*z*^{(1)}", 44), (1, 206, "*x*", 22)]:
        inputs, delta = trace.z[L - 1], gradients.delta[L]
        width = CELL[0] * len(delta)
        middle = top + CELL[1] * len(inputs) / 2
        row_left = 8 + CELL[0] + gap
        right = row_left + width + gap
        row = f"[*δ*^{{({L})}}]^{{!{{𝖳}}}}"
        figure.math(8 + CELL[0] / 2, top - 12, column, size=16)
        _heat_map(figure, (8, top), inputs[:, np.newaxis], largest)
        figure.math(row_left - gap / 2, middle + 5, "·", size=20)
        figure.math(row_left + width / 2, middle - 23, row, size=15)
        _heat_map(figure, (row_left, middle - CELL[1] / 2), delta, largest)
        figure.math(row_left + width / 2, middle + 33, f"= ∂ℓ / ∂*b*^{{({L})}}", size=15)
        figure.math(right - gap / 2, middle + 5, "=", size=17)
        figure.math(right, top - 12, f"∂ℓ / ∂W^{{({L})}} = {column} {row}", size=15, anchor="start")
        _heat_map(figure, (right, top), gradients.W[L].T, largest)
    _scale(figure, 8, 312, largest)
    return figure
