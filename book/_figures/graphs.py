"""The figures that show how values and errors run through the network."""

from __future__ import annotations

from itertools import pairwise

from svg import WIDTH, Figure, drawing, math_width


@drawing
def overview() -> Figure:
    """A small network with the forward pass above it and the backward pass below it."""
    figure = Figure(
        "overview",
        262,
        "Forward and backward pass",
        "A network with two inputs, three hidden units and one output. Along the top, the forward "
        "pass runs from x over z(1) and ŷ to the loss. Along the bottom, the backward pass runs "
        "from the loss over the errors δ(2) and δ(1) back to the parameters.",
    )
    columns = [(38, 2), (148, 3), (258, 1), (362, 1)]
    units = [[(x, 137 + 52 * (i - (n - 1) / 2)) for i in range(n)] for x, n in columns]
    for left, right in pairwise(units):
        for x1, y1 in left:
            for x2, y2 in right:
                figure.line(x1, y1, x2, y2, ink="muted", width=1.1)
    for layer, units_of_layer in enumerate(units):
        for x, y in units_of_layer:
            if layer == 3:
                figure.rect(x - 24, y - 16, 48, 32)
                figure.math(x, y + 5, "ℓ", size=19)
            else:
                figure.circle(x, y, 14)
    for x, label in [(93, "W^{(1)}"), (203, "W^{(2)}")]:
        figure.math(x, 80, label, size=15)

    figure.text(WIDTH / 2, 14, "forward: from the input to the loss", ink="forward", bold=True)
    for x, label in zip((38, 148, 258, 362), ("*x*", "*z*^{(1)}", "*ŷ*", "ℓ"), strict=True):
        figure.math(x, 43, label, size=17, ink="forward")
    for x1, x2 in [(58, 122), (174, 240), (276, 346)]:
        figure.arrow((x1, 38), (x2, 38), ink="forward", width=2.2)

    figure.text(
        WIDTH / 2, 256, "backward: from the loss to every parameter", ink="backward", bold=True
    )
    for x, label in [(148, "*δ*^{(1)}"), (258, "*δ*^{(2)}"), (362, "ℓ")]:
        figure.math(x, 229, label, size=17, ink="backward")
    for x1, x2 in [(346, 284), (232, 174), (122, 58)]:
        figure.arrow((x1, 224), (x2, 224), ink="backward", width=2.2)
    return figure


def _value(figure: Figure, x: float, y: float, symbol: str, shape: str) -> None:
    figure.math(x, y + 5, symbol, size=17)
    figure.math(x, y + 28, shape, size=12, ink="muted")


def _operation(figure: Figure, x: float, y: float, name: str, width: float) -> None:
    figure.rect(x - width / 2, y - 16, width, 32, fill="forward", ink="forward")
    figure.math(x, y + 5, name, size=15)


@drawing
def graph_shapes() -> Figure:
    """The computational graph in two rows, each value with its shape."""
    figure = Figure(
        "graph-shapes",
        372,
        "The computational graph with the shape of every value",
        "x of shape d_x by 1 enters Linear 1 with W(1) and b(1); its output s(1) goes through f "
        "and becomes z(1). z(1) enters Linear 2 with W(2) and b(2); its output s(2) goes through "
        "g and becomes ŷ. The loss compares ŷ with y and is a number.",
    )
    first, second = 98, 250
    d_x, d_1, d_2, d_y = "d_{*x*}", "d_{*s*^{(1)}}", "d_{*s*^{(2)}}", "d_{*ŷ*}"
    d_z = "d_{*z*^{(1)}}"
    linear_1, linear_2 = "!{Linear}_{1}", "!{Linear}_{2}"

    _value(figure, 26, first, "*x*", f"{d_x} × 1")
    _operation(figure, 122, first, linear_1, 72)
    _value(figure, 212, first, "*s*^{(1)}", f"{d_1} × 1")
    _operation(figure, 286, first, "f", 38)
    _value(figure, 364, first, "*z*^{(1)}", f"{d_z} × 1")
    for x1, x2 in [(40, 84), (159, 194), (231, 265), (306, 344)]:
        figure.arrow((x1, first), (x2, first), ink="forward")
    figure.math(40, 19, f"W^{{(1)}} : {d_1} × {d_x}", size=14, anchor="start")
    figure.math(40, 41, f"*b*^{{(1)}} : {d_1} × 1", size=14, anchor="start")
    figure.arrow((122, 52), (122, first - 18), ink="forward")

    figure.arrow(
        (364, first + 40), (364, 168), (14, 168), (14, second), (30, second), ink="forward"
    )
    _operation(figure, 68, second, linear_2, 72)
    _value(figure, 152, second, "*s*^{(2)}", f"{d_2} × 1")
    _operation(figure, 216, second, "g", 38)
    _value(figure, 281, second, "*ŷ*", f"{d_y} × 1")
    figure.rect(336, second - 16, 56, 32, fill="forward", ink="forward")
    figure.text(364, second + 5, "Loss", size=14)
    for x1, x2 in [(106, 135), (171, 195), (237, 266), (296, 334)]:
        figure.arrow((x1, second), (x2, second), ink="forward")
    figure.arrow((68, second + 66), (68, second + 18), ink="forward")
    figure.math(10, second + 83, f"W^{{(2)}} : {d_2} × {d_z}", size=14, anchor="start")
    figure.math(10, second + 106, f"*b*^{{(2)}} : {d_2} × 1", size=14, anchor="start")
    figure.arrow((364, second - 18), (364, second - 44), ink="forward")
    figure.math(364, second - 52, "ℓ : 1 × 1", size=15)
    figure.arrow((364, second + 66), (364, second + 18), ink="forward")
    figure.math(364, second + 83, "*y*", size=17)
    figure.math(364, second + 104, "d_{*y*} × 1", size=12, ink="muted")
    return figure


@drawing
def error_flow() -> Figure:
    """The graph from top to bottom, the errors from bottom to top, the gradients to the right."""
    figure = Figure(
        "error-flow",
        548,
        "The errors flow back through the Jacobians",
        "Downwards: x, Linear 1, s(1), f, z(1), Linear 2, s(2), g, ŷ, loss. Upwards: the row "
        "dℓ/dŷ is multiplied by the Jacobians dŷ/ds(2), ds(2)/dz(1) and dz(1)/ds(1). At s(2) the "
        "error δ(2) gives the gradients of W(2) and b(2), at s(1) the error δ(1) gives those of "
        "W(1) and b(1).",
    )
    spine, back, step, top = 84, 116, 98, 40
    values = ["*x*", "*s*^{(1)}", "*z*^{(1)}", "*s*^{(2)}", "*ŷ*", "ℓ"]
    operations = ["!{Linear}_{1}", "f", "!{Linear}_{2}", "g", "!{Loss}"]
    jacobians = [
        None,
        ("∂*z*^{(1)}", "∂*s*^{(1)}", "= !{diag} f'(*s*^{(1)})"),
        ("∂*s*^{(2)}", "∂*z*^{(1)}", "= W^{(2)}"),
        ("∂*ŷ*", "∂*s*^{(2)}", "= !{diag} g'(*s*^{(2)})"),
        ("∂ℓ", "∂*ŷ*", ""),
    ]
    figure.text(spine - 26, 12, "forward", ink="forward", bold=True)
    figure.text(back + 34, 12, "backward", ink="backward", bold=True)
    for row, symbol in enumerate(values):
        y = top + row * step
        if row < 5:
            figure.arrow((spine, y + 12), (spine, y + step - 16), ink="forward", width=2)
            name, middle = operations[row], y + step / 2 - 2
            width = 64 if len(name) > 1 else 36
            figure.rect(spine - 14 - width, middle - 15, width, 30, fill="forward", ink="forward")
            figure.math(spine - 14 - width / 2, middle + 5, name, size=14)
            jacobian = jacobians[row]
            if jacobian:
                figure.arrow((back, y + step - 14), (back, y + 12), ink="backward", width=2)
                numerator, denominator, equal = jacobian
                width = figure.fraction(back + 32, middle, numerator, denominator, ink="backward")
                figure.math(back + 36 + width / 2, middle + 5, equal, size=14, anchor="start")
        figure.math(spine, y + 5, symbol, size=18)

    for layer, row, previous in [(1, 1, "*x*"), (2, 3, "*z*^{(1)}")]:
        y = top + row * step
        figure.math(back + 2, y + 5, f"*δ*^{{({layer})}}", size=18, ink="backward")
        figure.arrow((back + 22, y), (228, y), ink="backward", width=2)
        figure.rect(232, y - 66, 164, 88, fill="backward", ink="backward")
        for dy, parameter, gradient in [
            (-44, f"W^{{({layer})}}", f"= {previous} [*δ*^{{({layer})}}]^{{!{{𝖳}}}}"),
            (-1, f"*b*^{{({layer})}}", f"= [*δ*^{{({layer})}}]^{{!{{𝖳}}}}"),
        ]:
            width = figure.fraction(264, y + dy, "∂ℓ", f"∂{parameter}", ink="ink")
            figure.math(270 + width / 2, y + dy + 5, gradient, size=15, anchor="start")
    return figure


@drawing
def recursion() -> Figure:
    """One step of the recursion, at any depth."""
    figure = Figure(
        "recursion",
        300,
        "The error of a layer from the error of the next one",
        "Forward, in the upper row: s(L) goes through f(L) and becomes z(L), which the next "
        "linear layer turns into s(L+1). Backward, in the lower row: δ(L+1) is multiplied by the "
        "transpose of W(L+1) and then by the transpose of dz(L)/ds(L), which gives δ(L). From "
        "δ(L) come the gradients of W(L) and b(L).",
    )
    up, down = 52, 134
    stations = [(66, "*s*^{(L)}"), (200, "*z*^{(L)}"), (330, "*s*^{(L+1)}")]
    for x, symbol in stations:
        figure.math(x, up + 6, symbol, size=18)
    figure.arrow((8, up), (44, up), ink="forward")
    figure.arrow((88, up), (178, up), ink="forward")
    figure.arrow((222, up), (298, up), ink="forward")
    figure.arrow((366, up), (394, up), ink="forward")
    figure.math(132, up - 12, "f^{(L)}", size=15, ink="forward")
    figure.math(259, up - 12, "W^{(L+1)}, *b*^{(L+1)}", size=13, ink="forward")
    figure.text(6, 14, "forward", anchor="start", ink="forward", bold=True)

    figure.math(66, down + 6, "*δ*^{(L)}", size=18, ink="backward")
    figure.math(330, down + 6, "*δ*^{(L+1)}", size=18, ink="backward")
    figure.arrow((394, down), (368, down), ink="backward")
    figure.arrow((298, down), (206, down), ink="backward")
    figure.circle(200, down, 3.5, fill="backward", ink="backward")
    figure.arrow((194, down), (90, down), ink="backward")
    for x in (66, 330):
        figure.line(x, up + 18, x, down - 22, ink="muted", width=1, dash="3 3")
    figure.math(252, down - 13, "[W^{(L+1)}]^{!{𝖳}}", size=15)
    bracket = 138
    figure.fraction(bracket, down - 28, "∂*z*^{(L)}", "∂*s*^{(L)}", size=13)
    for x, out in [(bracket - 26, 1), (bracket + 26, -1)]:
        figure.path(
            [(x + 4 * out, down - 48), (x, down - 48), (x, down - 8), (x + 4 * out, down - 8)],
            width=1,
        )
    figure.math(bracket + 29, down - 42, "!{𝖳}", size=11, anchor="start")

    figure.arrow((66, down + 16), (66, 200), ink="backward")
    figure.rect(8, 204, 384, 52, fill="backward", ink="backward")
    parts = [
        (36, "W^{(L)}", "= *z*^{(L-1)} [*δ*^{(L)}]^{!{𝖳}}"),
        (248, "*b*^{(L)}", "= [*δ*^{(L)}]^{!{𝖳}}"),
    ]
    for x, parameter, gradient in parts:
        width = figure.fraction(x, 230, "∂ℓ", f"∂{parameter}")
        figure.math(x + 6 + width / 2, 235, gradient, size=15, anchor="start")
    figure.text(80, 186, "backward", anchor="start", ink="backward", bold=True)
    figure.math(8, 284, "L = L_{!{max}}, …, 2, 1", size=15, anchor="start")
    start = 14 + math_width("L = L_{!{max}}, …, 2, 1", 15)
    figure.math(start + 12, 284, "*z*^{(0)} = *x*", size=15, anchor="start")
    return figure


@drawing
def layouts() -> Figure:
    """Numerator layout against PyTorch's, as rectangles."""
    figure = Figure(
        "layouts",
        316,
        "Numerator layout and PyTorch's layout",
        "In numerator layout the gradient of W(L) has d_z(L-1) rows and d_s(L) columns and the "
        "gradient of b(L) is a row. In PyTorch W.grad has the shape of W, d_s(L) rows and "
        "d_z(L-1) columns, and b.grad has one entry for each entry of b. The two gradients of W "
        "are each other's transpose.",
    )
    rows, columns = "d_{*s*^{(L)}}", "d_{*z*^{(L-1)}}"
    figure.text(96, 16, "the text:", bold=True, ink="forward")
    figure.text(96, 32, "numerator layout", ink="forward")
    figure.text(304, 16, "PyTorch and handgrad:", bold=True, ink="backward")
    figure.text(304, 32, "the parameter's shape", ink="backward")
    # The parameter has 3 rows and 5 columns: 24 units for each.
    wide, narrow, top = 120, 72, 66
    figure.rect(60, top, narrow, wide, fill="forward", ink="forward", radius=0)
    figure.math(96, top - 10, rows, size=14)
    figure.math(52, top + wide / 2 + 5, columns, size=14, anchor="end")
    figure.fraction(96, top + wide / 2, "∂ℓ", "∂W^{(L)}", size=15)
    figure.rect(258, top + 24, wide, narrow, fill="backward", ink="backward", radius=0)
    figure.math(318, top + 14, columns, size=14)
    figure.math(250, top + 24 + narrow / 2 + 5, rows, size=14, anchor="end")
    figure.text(318, top + 24 + narrow / 2 + 4, "W.grad", size=14)
    figure.arrow((176, top + 60), (206, top + 60), width=1.4)
    figure.arrow((180, top + 60), (142, top + 60), width=1.4)
    figure.math(174, top + 50, "(  )^{!{𝖳}}", size=14)

    low = 232
    figure.rect(60, low + 24, narrow, 24, fill="forward", ink="forward", radius=0)
    figure.math(52, low + 41, "1", size=14, anchor="end")
    figure.math(96, low + 16, rows, size=14)
    figure.math(96, low + 68, "∂ℓ / ∂*b*^{(L)}", size=15)
    figure.rect(306, low, 24, narrow, fill="backward", ink="backward", radius=0)
    figure.math(298, low + narrow / 2 + 5, rows, size=14, anchor="end")
    figure.text(338, low + narrow / 2 + 4, "b.grad", size=14, anchor="start")
    return figure
