"""The drawings of the computational graph: shapes, errors, one step of the recursion, layouts."""

from __future__ import annotations

from svg import WIDTH, Figure, drawing, math_width, shortest, vector

from handgrad.running import values

V = values("1.2")


def _shape(name: str) -> str:
    """The shape of a quantity of the running network in the text: a vector is a column."""
    rows, *columns = V[name].shape
    return f"{rows} × {columns[0] if columns else 1}"


def _value(figure: Figure, x: float, y: float, symbol: str, shape: str) -> None:
    figure.math(x, y + 6, symbol, size=18)
    figure.text(x, y + 28, shape, size=13, ink="muted")


def _operation(figure: Figure, x: float, y: float, name: str, width: float) -> None:
    figure.rect(x - width / 2, y - 17, width, 34, fill="forward", ink="forward")
    figure.math(x, y + 5, name, size=15)


@drawing
def graph_shapes() -> Figure:
    """The computational graph in two rows, each value with its shape."""
    figure = Figure(
        "graph-shapes",
        350,
        "The computational graph with the shape of every value",
        f"x of shape {_shape('x')} enters Linear 1 with W(1) of shape {_shape('W1')} and b(1) of "
        f"shape {_shape('b1')}; its output s(1) of shape {_shape('s1')} goes through f and becomes "
        f"z(1), {_shape('z1')}. z(1) enters Linear 2 with W(2) of shape {_shape('W2')} and b(2) of "
        f"shape {_shape('b2')}; its output s(2), {_shape('s2')}, goes through g and becomes ŷ, "
        f"{_shape('y_hat')}. The loss compares ŷ with y, {_shape('y')}, and is a number.",
    )
    first, second = 96, 246
    linear_1, linear_2 = "!{Linear}_{!{1}}", "!{Linear}_{!{2}}"

    _value(figure, 18, first, "*x*", _shape("x"))
    _operation(figure, 97, first, linear_1, 68)
    _value(figure, 171, first, "*s*^{(1)}", _shape("s1"))
    _operation(figure, 234, first, "f", 36)
    _value(figure, 300, first, "*z*^{(1)}", _shape("z1"))
    for x1, x2 in [(30, 61), (132, 155), (187, 214), (253, 282)]:
        figure.arrow((x1, first), (x2, first), ink="forward")
    figure.math(36, 20, f"W^{{(1)}} : !{{{_shape('W1')}}}", size=15, anchor="start")
    figure.math(36, 44, f"*b*^{{(1)}} : !{{{_shape('b1')}}}", size=15, anchor="start")
    figure.arrow((97, 52), (97, first - 18), ink="forward")

    figure.arrow(
        (300, first + 38), (300, 164), (10, 164), (10, second), (22, second), ink="forward"
    )
    _operation(figure, 58, second, linear_2, 68)
    _value(figure, 131, second, "*s*^{(2)}", _shape("s2"))
    _operation(figure, 186, second, "g", 34)
    _value(figure, 238, second, "*ŷ*", _shape("y_hat"))
    figure.rect(276, second - 17, 50, 34, fill="forward", ink="forward")
    figure.text(301, second + 5, "Loss", size=14)
    for x1, x2 in [(93, 115), (147, 168), (204, 226), (250, 275)]:
        figure.arrow((x1, second), (x2, second), ink="forward")
    figure.arrow((58, second + 58), (58, second + 18), ink="forward")
    figure.math(8, second + 76, f"W^{{(2)}} : !{{{_shape('W2')}}}", size=15, anchor="start")
    figure.math(8, second + 99, f"*b*^{{(2)}} : !{{{_shape('b2')}}}", size=15, anchor="start")
    figure.arrow((301, second - 17), (301, second - 40), ink="forward")
    figure.math(300, second - 48, "ℓ : !{1 × 1}", size=16)
    figure.arrow((301, second + 58), (301, second + 18), ink="forward")
    figure.math(301, second + 76, "*y*", size=18)
    figure.text(301, second + 98, _shape("y"), size=13, ink="muted")
    return figure


@drawing
def error_flow() -> Figure:
    """Values from top to bottom, errors from bottom to top, the gradients where they fall off."""
    figure = Figure(
        "error-flow",
        498,
        "The errors flow back, with the numbers of the running network",
        f"Downwards in blue: x = {vector(V['x'])}, s(1) = {vector(V['s1'])}, z(1) = "
        f"{vector(V['z1'])}, s(2) = {vector(V['s2'])}, ŷ = {vector(V['y_hat'])}, loss "
        f"{shortest(V['loss'])}. Upwards in red: the row dℓ/dŷ = {vector(V['dl_dy_hat'])} times "
        f"the identity is δ(2) = {vector(V['delta2'])}; times W(2) it is {vector(V['dl_dz1'])}; "
        f"times diag{vector(V['f_slope'])} it is δ(1) = {vector(V['delta1'])}. At δ(2) the "
        "gradients of W(2) and b(2) fall off, at δ(1) those of W(1) and b(1).",
    )
    left, right = (2, 128), (150, 176)  # the left edge and the width of both columns
    forward, back = left[0] + left[1] / 2, right[0] + 38
    values_ = ["*x*", "*s*^{(1)}", "*z*^{(1)}", "*s*^{(2)}", "*ŷ*"]
    numbers = [vector(V[name]) for name in ("x", "s1", "z1", "s2", "y_hat")]
    operations = ["!{Linear}_{!{1}}", "f", "!{Linear}_{!{2}}", "g", "!{Loss}"]
    errors = {
        1: ("[*δ*^{(1)}]^{!{𝖳}}", "delta1", "*x*", 1),
        2: ("∂ℓ / ∂*z*^{(1)}", "dl_dz1", "", 0),
        3: ("[*δ*^{(2)}]^{!{𝖳}}", "delta2", "*z*^{(1)}", 2),
        4: ("∂ℓ / ∂*ŷ*", "dl_dy_hat", "", 0),
    }
    rates = {
        1: f"· !{{diag{vector(V['f_slope'])}}}",
        2: "· W^{(2)}",
        3: "· !{identity}",
    }
    tops = [22, 89, 206, 273, 390, 456]  # a row with gradients is taller
    heights = [44, 90, 44, 90, 44, 40]
    figure.text(forward, 14, "forward", ink="forward", bold=True)
    figure.text(right[0] + right[1] / 2, 14, "backward", ink="backward", bold=True)
    for row, top in enumerate(tops[:5]):
        figure.rect(left[0], top, left[1], heights[0], fill="forward", ink="forward")
        figure.math(forward, top + 18, values_[row], size=17)
        figure.text(forward, top + 38, numbers[row], ink="forward")
        figure.arrow((forward, top + 46), (forward, tops[row + 1] - 3), ink="forward", width=2)
        middle = (top + 46 + tops[row + 1]) / 2
        figure.math(forward + 10, middle + 4, operations[row], size=15, anchor="start")
        if row not in errors:
            continue
        symbol, name, inputs, layer = errors[row]
        figure.rect(right[0], top, right[1], heights[row], fill="backward", ink="backward")
        middle_of_box = right[0] + right[1] / 2
        figure.math(middle_of_box, top + 18, symbol, size=17)
        figure.text(middle_of_box, top + 38, vector(V[name]), ink="backward")
        if layer:
            transposed = f"[*δ*^{{({layer})}}]^{{!{{𝖳}}}}"
            figure.math(
                right[0] + 8, top + 60, f"∂ℓ / ∂W^{{({layer})}} = {inputs} {transposed}",
                size=15, anchor="start",
            )  # fmt: skip
            figure.math(
                right[0] + 8, top + 82, f"∂ℓ / ∂*b*^{{({layer})}} = {transposed}",
                size=15, anchor="start",
            )  # fmt: skip
        start = tops[row + 1] - 2
        end = top + heights[row] + 3
        figure.arrow((back, start), (back, end), ink="backward", width=2)
        if row in rates:
            y = (start + end) / 2 + 4
            figure.math(back + 12, y, rates[row], size=15, anchor="start")
    top = tops[5]
    figure.rect(2, top, 324, heights[5])
    figure.math(WIDTH / 2, top + 26, f"ℓ = !{{{shortest(V['loss'])}}}", size=18)
    return figure


@drawing
def recursion() -> Figure:
    """One step of the recursion, at any depth."""
    figure = Figure(
        "recursion",
        344,
        "The error of a layer from the error of the next one",
        "Forward, in the upper row: s(L) goes through f(L) and becomes z(L), which the next "
        "linear layer turns into s(L+1). Backward, in the lower row: δ(L+1) is multiplied by the "
        "transpose of W(L+1) and then by the transpose of dz(L)/ds(L), which gives δ(L). From "
        "δ(L) come the gradients of W(L) and b(L).",
    )
    up, down = 56, 142
    for x, symbol in [(44, "*s*^{(L)}"), (158, "*z*^{(L)}"), (282, "*s*^{(L+1)}")]:
        figure.math(x, up + 6, symbol, size=18)
    for x1, x2 in [(2, 22), (66, 136), (180, 254), (312, 328)]:
        figure.arrow((x1, up), (x2, up), ink="forward")
    figure.math(101, up - 12, "f^{(L)}", size=16, ink="forward")
    figure.math(216, up - 12, "W^{(L+1)}, *b*^{(L+1)}", size=15, ink="forward")
    figure.text(4, 14, "forward", anchor="start", ink="forward", bold=True)

    figure.math(44, down + 6, "*δ*^{(L)}", size=18, ink="backward")
    figure.math(282, down + 6, "*δ*^{(L+1)}", size=18, ink="backward")
    figure.arrow((328, down), (312, down), ink="backward")
    figure.arrow((252, down), (176, down), ink="backward")
    figure.circle(170, down, 3.5, fill="backward", ink="backward")
    figure.arrow((164, down), (66, down), ink="backward")
    for x in (44, 282):
        figure.line(x, up + 18, x, down - 22, ink="muted", width=1, dash="3 3")
    figure.math(216, down - 14, "[W^{(L+1)}]^{!{𝖳}}", size=16)
    bracket = 112
    figure.fraction(bracket, down - 32, "∂*z*^{(L)}", "∂*s*^{(L)}", size=14)
    for x, out in [(bracket - 27, 1), (bracket + 27, -1)]:
        figure.path(
            [(x + 4 * out, down - 54), (x, down - 54), (x, down - 10), (x + 4 * out, down - 10)],
            width=1,
        )
    figure.math(bracket + 30, down - 46, "!{𝖳}", size=12, anchor="start")

    figure.arrow((44, down + 16), (44, 202), ink="backward")
    figure.text(56, 190, "backward", anchor="start", ink="backward", bold=True)
    figure.rect(2, 206, 324, 98, fill="backward", ink="backward")
    for y, parameter, gradient in [
        (231, "W^{(L)}", "= *z*^{(L-1)} [*δ*^{(L)}]^{!{𝖳}}"),
        (279, "*b*^{(L)}", "= [*δ*^{(L)}]^{!{𝖳}}"),
    ]:
        width = figure.fraction(40, y, "∂ℓ", f"∂{parameter}", size=15)
        figure.math(48 + width / 2, y + 5, gradient, size=17, anchor="start")
    figure.math(2, 332, "L = L_{!{max}}, …, 2, 1", size=16, anchor="start")
    figure.math(
        22 + math_width("L = L_{!{max}}, …, 2, 1", 16),
        332,
        "*z*^{(0)} = *x*",
        size=16,
        anchor="start",
    )
    return figure


@drawing
def layouts() -> Figure:
    """Numerator layout against PyTorch's, as rectangles."""
    rows, columns = V["W1"].shape
    figure = Figure(
        "layouts",
        316,
        "Numerator layout and PyTorch's layout",
        f"In the text's numerator layout the gradient of W(1) has {columns} rows and {rows} "
        f"columns and the gradient of b(1) is a row of {rows}. In PyTorch W.grad has the shape of "
        f"W, {rows} rows and {columns} columns, and b.grad has one entry for each entry of b. The "
        "two gradients of W are each other's transpose.",
    )
    figure.text(80, 16, "the text:", bold=True, ink="forward")
    figure.text(80, 34, "numerator layout", ink="forward")
    figure.text(248, 16, "PyTorch, handgrad:", bold=True, ink="backward")
    figure.text(248, 34, "the parameter's shape", ink="backward")
    cell = 34.0
    wide, narrow, top = rows * cell, columns * cell, 74.0
    figure.rect(30, top + 17, wide, narrow, fill="forward", ink="forward", radius=0)
    figure.text(30 + wide / 2, top + 8, str(rows), size=14)
    figure.text(20, top + 22 + narrow / 2, str(columns), size=14)
    figure.fraction(30 + wide / 2, top + 17 + narrow / 2, "∂ℓ", "∂W^{(1)}", size=16)
    figure.rect(214, top, narrow, wide, fill="backward", ink="backward", radius=0)
    figure.text(214 + narrow / 2, top - 9, str(columns), size=14)
    figure.text(204, top + 5 + wide / 2, str(rows), size=14)
    figure.text(214 + narrow / 2, top + wide / 2 + 4, "W.grad", size=14)
    figure.arrow((166, top + 56), (190, top + 56), width=1.4)
    figure.arrow((168, top + 56), (142, top + 56), width=1.4)
    figure.math(166, top + 46, "(  )^{!{𝖳}}", size=15)

    low = 212.0
    figure.rect(30, low + 30, wide, cell, fill="forward", ink="forward", radius=0)
    figure.text(20, low + 52, "1", size=14)
    figure.text(30 + wide / 2, low + 21, str(rows), size=14)
    figure.math(30 + wide / 2, low + 88, "∂ℓ / ∂*b*^{(1)}", size=16)
    figure.rect(231, low, cell, wide, fill="backward", ink="backward", radius=0)
    figure.text(221, low + wide / 2 + 5, str(rows), size=14)
    figure.text(274, low + wide / 2 + 4, "b.grad", size=14, anchor="start")
    return figure
