"""The drawings of the running network: its numbers, its paths, the cut, the two passes."""

from __future__ import annotations

import math
from itertools import pairwise

from svg import WIDTH, Figure, drawing, shortest, vector

from handgrad.running import values

V = values("1.2")
OFF = [unit for unit, s in enumerate(V["s1"]) if s <= 0]
"""The hidden units that ReLU turns off at the point."""


def column(count: int, middle: float, spacing: float) -> list[float]:
    """The heights of `count` units, evenly spaced around the middle."""
    return [middle + spacing * (i - (count - 1) / 2) for i in range(count)]


def between(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> tuple[float, float]:
    """The point of an edge after that share of its length."""
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def stop(
    figure: Figure, unit: tuple[float, float], end: tuple[float, float], distance: float
) -> None:
    """The bar across an edge that stops the error before a unit that is off."""
    dx, dy = end[0] - unit[0], end[1] - unit[1]
    length = math.hypot(dx, dy)
    x, y = unit[0] + distance * dx / length, unit[1] + distance * dy / length
    nx, ny = 8 * dy / length, -8 * dx / length
    figure.line(x - nx, y - ny, x + nx, y + ny, ink="backward", width=3.5)


@drawing
def running() -> Figure:
    """All weights on the edges, all values in the nodes."""
    figure = Figure(
        "running",
        392,
        "The running network with all its numbers",
        f"Inputs x = {vector(V['x'])}. Hidden units: s(1) = {vector(V['s1'])}, "
        f"z(1) = {vector(V['z1'])}, so unit {OFF[0]} is off. Outputs: ŷ = {vector(V['y_hat'])}, "
        f"target y = {vector(V['y'])}, loss {shortest(V['loss'])}. Weights: W(1) has the rows "
        + ", ".join(vector(row) for row in V["W1"])
        + "; W(2) has the rows "
        + ", ".join(vector(row) for row in V["W2"])
        + f"; b(1) = {vector(V['b1'])}, b(2) = {vector(V['b2'])}.",
    )
    middle, xs = 204.0, (22.0, 104.0, 240.0, 302.0)
    spacings = (2, 110), (3, 120), (4, 100), (1, 0)
    at = [
        [(x, y) for y in column(count, middle, spacing)]
        for x, (count, spacing) in zip(xs, spacings, strict=True)
    ]
    for sources, targets in pairwise(at):
        for j, source in enumerate(sources):
            for i, target in enumerate(targets):
                off = (sources is at[1] and j in OFF) or (targets is at[1] and i in OFF)
                figure.line(*source, *target, ink="muted", width=1.1, dash="4 3" if off else "")
    # The weights into a unit stand at its side, in the order of the units that they come from:
    # at these shares of the way the labels of a layer are evenly spaced.
    for weights, sources, targets, share in (
        (V["W1"], at[0], at[1], 0.6),
        (V["W2"], at[1], at[2], 0.765),
    ):
        for i, target in enumerate(targets):
            for j, source in enumerate(sources):
                x, y = between(source, target, share)
                figure.label(x, y + 4, shortest(weights[i, j]))
    for j, (x, y) in enumerate(at[0]):
        figure.circle(x, y, 18)
        figure.text(x, y + 4, shortest(V["x"][j]), ink="forward")
        figure.math(x, y - 24, f"x_{{!{{{j}}}}}", size=16)
    for i, (x, y) in enumerate(at[1]):
        figure.circle(x, y, 18, dash="4 3" if i in OFF else "", page=True)
        figure.text(x, y + 4, shortest(V["z1"][i]), ink="forward")
        notes = [(f"s {shortest(V['s1'][i])}", "forward"), (f"b {shortest(V['b1'][i])}", "muted")]
        if i in OFF:
            notes.append(("off", "muted"))
        lines = ((-24, -38), (-24, 33, 47), (33, 47))[i]
        for (note, ink), line in zip(notes, lines, strict=False):
            figure.label(x + 7 * (line > 0 and i in OFF), y + line, note, ink=ink)
    for k, (x, y) in enumerate(at[2]):
        figure.circle(x, y, 17)
        figure.text(x, y + 4, shortest(V["y_hat"][k]), ink="forward")
        # Where no edge to the loss passes.
        right, down = ((39, -16), (2, -40), (3, 34), (39, 4))[k]
        for line, note in enumerate((f"b {shortest(V['b2'][k])}", f"y {shortest(V['y'][k])}")):
            figure.label(x + right, y + down + 15 * line, note, ink="muted")
    x, y = at[3][0]
    figure.rect(x - 24, y - 17, 48, 34)
    figure.text(x, y + 4, shortest(V["loss"]), ink="forward")
    figure.math(x + 8, y - 24, "ℓ", size=17)
    heads = {xs[0]: "*x*", 62: "W^{(1)}", xs[1]: "*z*^{(1)}", 186: "W^{(2)}", xs[2]: "*ŷ*"}
    for x, symbol in heads.items():
        figure.math(x, 16, symbol, size=16)
    return figure


@drawing
def paths() -> Figure:
    """The three paths from input 0 to output 3: rates multiply along each, products add."""
    j, k = 0, 3
    rates = [(V["W1"][i, j], V["f_slope"][i], V["W2"][k, i]) for i in range(3)]
    products = [math.prod(path) for path in rates]
    figure = Figure(
        "paths",
        334,
        "Three paths from input 0 to output 3",
        "From x 0 three paths lead through the hidden units to ŷ 3. "
        + " ".join(
            f"Through unit {i}: {shortest(a)} times {shortest(b)} times {shortest(c)} is "
            f"{shortest(product)}."
            for i, ((a, b, c), product) in enumerate(zip(rates, products, strict=True))
        )
        + f" Unit {OFF[0]} is off: its gate is shut. The sum is {shortest(sum(products))}.",
    )
    start, end = (26.0, 102.0), (302.0, 102.0)
    units = [(164.0, y) for y in column(3, 102, 68)]
    for i, unit in enumerate(units):
        dash = "5 4" if i in OFF else ""
        figure.arrow(start, between(start, unit, 0.87), width=2, dash=dash, ink="forward")
        figure.arrow(unit, between(unit, end, 0.87), width=2, dash=dash, ink="forward")
    for i, (x, y) in enumerate(units):
        figure.circle(x, y, 17, dash="4 3" if i in OFF else "", page=True)
        figure.text(x, y + 4, shortest(rates[i][1]))
        word = ", gate shut" if i in OFF else ""
        figure.label(x, y - 22, f"unit {i}{word}")
        figure.label(*between(start, (x, y + 4), 0.55), shortest(rates[i][0]))
        figure.label(*between((x, y + 4), end, 0.45), shortest(rates[i][2]))
    for (x, y), symbol in ((start, f"x_{{!{{{j}}}}}"), (end, f"ŷ_{{!{{{k}}}}}")):
        figure.circle(x, y, 19)
        figure.math(x, y + 5, symbol, size=17)
    top = 238
    for x, word in zip((142, 192, 242), ("weight", "gate", "weight"), strict=True):
        figure.text(x + 4, top - 22, word, anchor="end", ink="muted")
    for i, (path, product) in enumerate(zip(rates, products, strict=True)):
        y = top + 26 * i
        figure.line(12, y - 4, 44, y - 4, ink="forward", width=2, dash="5 4" if i in OFF else "")
        figure.text(54, y, f"unit {i}", anchor="start", size=13)
        for x, rate in zip((142, 192, 242), path, strict=True):
            figure.text(x, y, shortest(rate), anchor="end", size=13)
        figure.text(154, y, "·", size=13)
        figure.text(204, y, "·", size=13)
        figure.text(256, y, "=", size=13)
        figure.text(310, y, shortest(product), anchor="end", size=13)
    figure.line(266, top + 60, 312, top + 60, width=1)
    figure.math(54, top + 82, f"∂ŷ_{{!{{{k}}}}} / ∂x_{{!{{{j}}}}}", size=16, anchor="start")
    figure.text(256, top + 82, "=", size=13)
    figure.text(310, top + 82, shortest(sum(products)), anchor="end", size=13, bold=True)
    return figure


@drawing
def cut() -> Figure:
    """The units of the hidden layer as a cut that each path crosses once."""
    j = 0
    rates, errors = V["W1"][:, j], V["delta1"]
    terms = " + ".join(
        f"{shortest(error)} · " + (f"({shortest(rate)})" if rate < 0 else shortest(rate))
        for error, rate in zip(errors, rates, strict=True)
    )
    figure = Figure(
        "cut",
        294,
        "The hidden layer as a cut",
        "A dashed line runs through the three hidden units. Each of the twelve paths from x 0 to "
        "the loss crosses it exactly once. At the line stand the errors of the hidden layer, "
        f"{vector(errors)}; the edges from x 0 carry the weights {vector(rates)}. The sum over "
        f"the units is {terms} = {shortest(V['dx'][j])}.",
    )
    middle = 136.0
    source, loss = (26.0, middle), (302.0, middle)
    hidden = [(128.0, y) for y in column(3, middle, 76)]
    outputs = [(226.0, y) for y in column(4, middle, 57)]
    for i, unit in enumerate(hidden):
        dash = "4 3" if i in OFF else ""
        for output in outputs:
            figure.line(*unit, *output, ink="muted", width=1, dash=dash)
        figure.arrow(
            between(source, unit, 0.83), between(source, unit, 0.2), ink="backward", dash=dash
        )
    for output in outputs:
        figure.line(*output, *loss, ink="muted", width=1)
    figure.line(128, 20, 128, 256, ink="backward", width=2, dash="7 5")
    figure.text(128, 13, "the cut", ink="backward", bold=True)
    for i, (x, y) in enumerate(hidden):
        figure.circle(x, y, 17, dash="4 3" if i in OFF else "", page=True)
        figure.math(x, y + 5, f"z_{{!{{{i}}}}}", size=16)
        figure.label(x + 20, y + 31, f"δ {shortest(errors[i])}", ink="backward", size=13)
        figure.label(*between(source, (x, y + 4), 0.52), shortest(rates[i]))
    for k, (x, y) in enumerate(outputs):
        figure.circle(x, y, 14)
        figure.label(x, y + 28, f"δ {shortest(V['delta2'][k])}", ink="backward")
    for (x, y), symbol in ((source, f"x_{{!{{{j}}}}}"), (loss, "ℓ")):
        figure.circle(x, y, 18)
        figure.math(x, y + 5, symbol, size=17)
    figure.text(WIDTH / 2, 284, f"{terms} = {shortest(V['dx'][j])}", ink="backward", size=14)
    return figure


@drawing
def overview() -> Figure:
    """The network with the forward pass above it and the backward pass below it."""
    figure = Figure(
        "overview",
        304,
        "Forward and backward pass",
        "A network with two inputs, three hidden units and four outputs. Along the top, the "
        f"forward pass runs from x = {vector(V['x'])} over z(1) = {vector(V['z1'])} and ŷ = "
        f"{vector(V['y_hat'])} to the loss {shortest(V['loss'])}. Along the bottom, the backward "
        f"pass runs from the loss over the errors δ(2) = {vector(V['delta2'])} and δ(1) = "
        f"{vector(V['delta1'])} back to the parameters.",
    )
    xs = (25.0, 116.0, 222.0, 304.0)
    at = [
        [(x, y) for y in column(n, 158, s)]
        for x, n, s in zip(xs, (2, 3, 4, 1), (52, 42, 34, 0), strict=True)
    ]
    for left, right in pairwise(at):
        for source in left:
            for target in right:
                figure.line(*source, *target, ink="muted", width=1.1)
    for units in at[:3]:
        for x, y in units:
            figure.circle(x, y, 12)
    figure.rect(xs[3] - 20, 142, 40, 32)
    figure.math(xs[3], 163, "ℓ", size=18)
    for x, label in zip((70, 169), ("W^{(1)}", "W^{(2)}"), strict=True):
        figure.math(x, 94, label, size=16)

    figure.text(WIDTH / 2, 14, "forward: from the input to the loss", ink="forward", bold=True)
    numbers = [vector(V["x"]), vector(V["z1"]), vector(V["y_hat"]), shortest(V["loss"])]
    for x, symbol, number in zip(xs, ("*x*", "*z*^{(1)}", "*ŷ*", "ℓ"), numbers, strict=True):
        figure.math(x, 42, symbol, size=17, ink="forward")
        figure.text(x, 64, number, ink="forward")
    for left, right in pairwise(xs):
        figure.arrow((left + 24, 37), (right - 22, 37), ink="forward", width=2.2)

    y = 292.0
    figure.text(
        WIDTH / 2, y + 8, "backward: from the loss to every parameter", ink="backward", bold=True
    )
    back = [(xs[1], "*δ*^{(1)}", "delta1"), (xs[2], "*δ*^{(2)}", "delta2")]
    for x, symbol, name in back:
        figure.math(x, y - 40, symbol, size=17, ink="backward")
        figure.text(x, y - 18, vector(V[name]), ink="backward")
    figure.math(xs[3], y - 40, "ℓ", size=17, ink="backward")
    for left, right in pairwise(xs):
        figure.arrow((right - 22, y - 45), (left + 24, y - 45), ink="backward", width=2.2)
    return figure
