"""The interactive figure as one fragment of HTML, with its first numbers computed by handgrad.

Without JavaScript it is a worked example; `figure.js` brings it to life.
"""

from __future__ import annotations

import numpy as np
from svg import SERIF, decimals

from handgrad import Gradients, Layer, Network, SquaredError, Trace, backward, forward

PARAMETERS: dict[str, list[float] | list[list[float]]] = {
    "x": [1.0, -2.0],
    "y": [0.5],
    "W1": [[0.5, -0.5], [1.0, 1.0], [-1.0, -1.0]],
    "b1": [0.0, 0.5, -0.5],
    "W2": [[1.0, 0.5, -1.5]],
    "b2": [0.75],
}
"""The first numbers; hidden unit 1 is dead at them."""
LIMIT = 10
"""Largest absolute value of an input."""


def run(parameters: dict[str, list[float] | list[list[float]]]) -> tuple[Trace, Gradients, float]:
    """Forward and backward pass of the figure's network; the loss comes last."""
    p = {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}
    network = Network([Layer(p["W1"], p["b1"], "relu"), Layer(p["W2"], p["b2"], "identity")])
    trace, loss = forward(network, p["x"]), SquaredError()
    gradients = backward(network, trace, loss.gradient(trace.y_hat, p["y"]))
    return trace, gradients, float(loss.value(trace.y_hat, p["y"]))


def _values() -> dict[str, float]:
    """Every computed quantity under the name that it has in the page, such as `delta1-2`."""
    trace, gradients, loss = run(PARAMETERS)
    named = {"s1": trace.s[1], "z1": trace.z[1], "s2": trace.s[2], "y_hat": trace.y_hat}
    for L in (1, 2):
        named |= {f"delta{L}": gradients.delta[L]}
        named |= {f"dW{L}": gradients.W[L], f"db{L}": gradients.b[L]}
    values = {"loss": loss}
    for name, array in named.items():
        for index, value in np.ndenumerate(array):
            values["-".join([name, *map(str, index)])] = float(value)
    return values


VALUES = _values()


# -- MathML ------------------------------------------------------------------------------------


LEFT, RIGHT = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'


def _component(name: str, index: str, layer: int | None = None) -> str:
    subscript = "".join(f"<mi>{c}</mi>" if c.isalpha() else f"<mn>{c}</mn>" for c in index)
    if layer is None:
        return f"<msub><mi>{name}</mi><mrow>{subscript}</mrow></msub>"
    superscript = f"<mtext>({layer})</mtext>"
    return f"<msubsup><mi>{name}</mi><mrow>{subscript}</mrow>{superscript}</msubsup>"


Y_HAT = '<msub><mover accent="true"><mi>y</mi><mo>^</mo></mover><mn>0</mn></msub>'


def _math(*parts: str) -> str:
    return f'<math displaystyle="true">{"".join(parts)}</math>'


def _gradient(parameter: str) -> str:
    return f"<mfrac><mrow><mo>∂</mo><mi>ℓ</mi></mrow><mrow><mo>∂</mo>{parameter}</mrow></mfrac>"


def _formulas() -> str:
    """The five results that the figure evaluates, shown until JavaScript runs."""
    equal, times = "<mo>=</mo>", "<mo>·</mo>"
    slope = "<msup><mi>ReLU</mi><mo>′</mo></msup>" + LEFT + _component("s", "i", 1) + RIGHT
    difference = f"<mn>2</mn>{LEFT}{Y_HAT}<mo>−</mo>{_component('y', '0')}{RIGHT}"
    error_1, error_2 = _component("δ", "i", 1), _component("δ", "0", 2)
    lines = [
        error_2 + equal + difference,
        error_1 + equal + times.join([error_2, _component("W", "0i", 2), slope]),
        _gradient(_component("W", "0j", 2)) + equal + error_2 + times + _component("z", "j", 1),
        _gradient(_component("W", "ij", 1)) + equal + error_1 + times + _component("x", "j"),
        _gradient(_component("b", "i", 1)) + equal + error_1,
    ]
    return "\n".join(f"<p>{_math(line)}</p>" for line in lines)


# -- parts of the fragment -----------------------------------------------------------------------


def _named(symbol: str, words: str) -> str:
    """A formula that a screen reader reads as `words`."""
    return (
        f'<span aria-hidden="true">{_math(symbol)}</span><span class="playground-sr">{words}</span>'
    )


def _field(item: str, symbol: str, words: str) -> str:
    """A number input with its label, and the gradient of the loss below it if it has one."""
    name, *index = item.split("-")
    value: object = PARAMETERS[name]
    for position in index:
        value = value[int(position)]  # type: ignore[index]
    gradient = ""
    if f"d{item}" in VALUES:
        gradient = (
            f'<span class="playground-gradient"><span class="playground-sr">gradient </span>'
            f'<span data-value="d{item}">{decimals(VALUES[f"d{item}"], 3)}</span></span>'
        )
    return (
        f'<div><label for="playground-{item}">{_named(symbol, words)}</label>'
        f'<input type="number" id="playground-{item}" data-item="{item}" value="{value:g}" '
        f'min="-{LIMIT}" max="{LIMIT}" step="0.01" autocomplete="off" readonly>{gradient}</div>'
    )


def _fieldset(legend: str, fields: list[str], columns: int = 3) -> str:
    kind = "playground-cells playground-cells-4" if columns == 4 else "playground-cells"
    return (
        f"<fieldset><legend>{legend}</legend>"
        f'<div class="{kind}">\n' + "\n".join(fields) + "\n</div></fieldset>"
    )


def _inputs() -> str:
    first = [
        _field("x-0", _component("x", "0"), "x 0"),
        _field("x-1", _component("x", "1"), "x 1"),
        _field("y-0", _component("y", "0"), "target y 0"),
    ]
    hidden = []
    for i in range(3):
        for j in range(2):
            symbol = _component("W", f"{i}{j}", 1)
            hidden.append(_field(f"W1-{i}-{j}", symbol, f"W 1, row {i}, column {j}"))
        hidden.append(_field(f"b1-{i}", _component("b", str(i), 1), f"b 1, row {i}"))
    output = [
        _field(f"W2-0-{j}", _component("W", f"0{j}", 2), f"W 2, row 0, column {j}")
        for j in range(3)
    ]
    output.append(_field("b2-0", _component("b", "0", 2), "b 2, row 0"))
    return "\n".join(
        [
            _fieldset("Input and target", first),
            _fieldset("Linear<sub>1</sub>: parameters, gradients below", hidden),
            _fieldset("Linear<sub>2</sub>: parameters, gradients below", output, columns=4),
        ]
    )


def _button(item: str, words: str, columns: int = 1) -> str:
    kind = ' class="playground-error"' if item.startswith("delta") else ""
    return (
        f'<td colspan="{columns}"><button type="button"{kind} data-item="{item}">'
        f'<span class="playground-sr">{words}: </span>'
        f'<span data-value="{item}">{decimals(VALUES[item], 3)}</span></button></td>'
    )


def _table(caption: str, heads: list[str], rows: list[tuple[str, list[str]]]) -> str:
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "\n".join(
        f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>' for name, cells in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>\n{body}\n</tbody></table>"
    )


def _tables() -> str:
    hidden = [
        (
            str(i),
            [
                _button(f"s1-{i}", f"s of hidden unit {i}"),
                _button(f"z1-{i}", f"z of hidden unit {i}"),
                _button(f"delta1-{i}", f"error of hidden unit {i}"),
            ],
        )
        for i in range(3)
    ]
    output = [
        (
            "0",
            [
                _button("s2-0", "s of the output"),
                _button("y_hat-0", "y hat"),
                _button("delta2-0", "error of the output"),
            ],
        ),
        (_named("<mi>ℓ</mi>", "loss"), [_button("loss", "loss", columns=3)]),
    ]
    names = {"s": "s", "z": "z", "δ": "error"}
    first = [_named(_component(symbol, "i", 1), words) for symbol, words in names.items()]
    second = [
        _named(_component("s", "0", 2), "s"),
        _named(Y_HAT, "y hat"),
        _named(_component("δ", "0", 2), "error"),
    ]
    return "\n".join(
        [
            _table("Hidden layer: values and errors", ["Unit", *first], hidden),
            _table("Output and loss", ["Unit", *second], output),
        ]
    )


def _matrix(symbol: str, rows: list[list[str]]) -> str:
    """A gradient in numerator layout; `rows` are the names of its entries."""
    cells = [
        "<mtr>"
        + "".join(
            f'<mtd><mn data-value="{name}" data-digits="2">{decimals(VALUES[name], 2)}</mn></mtd>'
            for name in row
        )
        + "</mtr>"
        for row in rows
    ]
    table = f"<mrow><mo>(</mo><mtable>{''.join(cells)}</mtable><mo>)</mo></mrow>"
    return f"<p>{_math(_gradient(symbol), '<mo>=</mo>', table)}</p>"


def _matrices() -> str:
    def symbol(name: str, layer: int) -> str:
        bold = "𝒃" if name == "b" else name
        superscript = f"<mtext>({layer})</mtext>"
        return f"<msup><mi>{bold}</mi>{superscript}</msup>"

    matrices = [
        _matrix(symbol("W", 1), [[f"dW1-{i}-{j}" for i in range(3)] for j in range(2)]),
        _matrix(symbol("b", 1), [[f"db1-{i}" for i in range(3)]]),
        _matrix(symbol("W", 2), [[f"dW2-0-{j}"] for j in range(3)]),
        _matrix(symbol("b", 2), [["db2-0"]]),
    ]
    return (
        '<div class="playground-matrices" role="group" aria-labelledby="playground-layout">'
        '<p class="playground-heading" id="playground-layout">The gradients in the text’s layout</p>\n'  # noqa: E501
        + "\n".join(matrices)
        + "\n</div>"
    )


def _drawing() -> str:
    """The network from x to the loss; a node shows its value and stands above its error."""
    inputs = [(44, 100), (44, 200)]
    hidden = [(164, 52), (164, 150), (164, 248)]
    output, loss = (278, 150), (362, 150)
    parts: list[str] = []

    def edge(name: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        (x1, y1), (x2, y2) = start, end
        parts.append(f'<path class="playground-edge" data-edge="{name}" d="M{x1} {y1}L{x2} {y2}"/>')

    def text(x: float, y: float, kind: str, content: str, attributes: str = "") -> None:
        parts.append(f'<text class="{kind}" x="{x}" y="{y}"{attributes}>{content}</text>')

    def shown(name: str) -> str:
        return f'<tspan data-value="{name}" data-digits="2">{decimals(VALUES[name], 2)}</tspan>'

    def symbol(x: float, y: float, letter: str, index: str = "") -> None:
        subscript = f'<tspan dy="3" font-size="11">{index}</tspan>' if index else ""
        text(x, y, "playground-ink-muted", letter + subscript, f' font-family="{SERIF}"')

    def node(x: int, y: int, value: str, kind: str = "", attributes: str = "") -> None:
        parts.append(f'<circle class="playground-back" cx="{x}" cy="{y}" r="24"/>')
        parts.append(
            f'<circle class="playground-node{kind}" cx="{x}" cy="{y}" r="24"{attributes}/>'
        )
        text(x, y + 4, "playground-ink", value)

    for i, end in enumerate(hidden):
        for j, start in enumerate(inputs):
            edge(f"a-{i}-{j}", start, end)
        edge(f"c-{i}", end, output)
    edge("l", output, loss)

    for j, (x, y) in enumerate(inputs):
        value = decimals(np.array(PARAMETERS["x"])[j], 2)
        node(x, y, f'<tspan data-given="x-{j}">{value}</tspan>')
        symbol(x, y - 30, "𝑥", str(j))
    for i, (x, y) in enumerate(hidden):
        unit = f' data-unit="{i}"'
        kind = " playground-off" if VALUES[f"s1-{i}"] <= 0 else ""
        node(x, y, shown(f"z1-{i}"), kind, unit)
        symbol(x, y - 30, "𝑧", str(i))
        text(x, y + 39, "playground-ink-backward", f"δ = {shown(f'delta1-{i}')}")
        text(
            x + 30,
            y + (22 if i == 2 else -20),
            f"playground-ink playground-off-word{kind}",
            "off",
            f' text-anchor="start"{unit}',
        )
        # The bar that stops the error stands across the edge to the output.
        dx, dy = output[0] - x, output[1] - y
        length = float(np.hypot(dx, dy))
        cx, cy = x + 31 * dx / length, y + 31 * dy / length
        nx, ny = 9 * dy / length, -9 * dx / length
        bar = f"M{cx - nx:.1f} {cy - ny:.1f}L{cx + nx:.1f} {cy + ny:.1f}"
        parts.append(f'<path class="playground-stop{kind}"{unit} d="{bar}"/>')
    x, y = output
    node(x, y, shown("y_hat-0"))
    symbol(x, y - 30, "𝑦\u0302", "0")
    text(x, y + 39, "playground-ink-backward", f"δ = {shown('delta2-0')}")
    x, y = loss
    box = f'x="{x - 32}" y="{y - 20}" width="64" height="40" rx="6"'
    parts.append(f'<rect class="playground-node" {box}/>')
    text(x, y + 4, "playground-ink", shown("loss"))
    symbol(x, y - 28, "ℓ")

    label = (
        "The network: two inputs, three hidden units, one output and the loss. "
        "The path of the selected quantity is highlighted; a unit that is off is dashed, "
        "and a bar stops the error before it. All numbers stand in the tables."
    )
    return (
        f'<svg viewBox="0 0 400 300" role="img" aria-label="{label}" font-size="13" '
        'text-anchor="middle">\n' + "\n".join(parts) + "\n</svg>"
    )


def fragments() -> dict[str, str]:
    """The markup with its first numbers."""
    fragment = f"""<div class="playground" id="playground" role="group"
aria-labelledby="playground-title">
<p class="playground-title" id="playground-title">Your own 2-3-1 network</p>
<p class="playground-muted">ReLU in the hidden layer, identity at the output, squared error.
<span hidden>Change any number, or choose a value: its formula and the path of the error
appear.</span></p>
<div class="playground-grid">
<div>
{_drawing()}
</div>
<div>
<div class="playground-formula">
{_formulas()}
</div>
<div class="playground-tools" hidden>
<label><span class="playground-slider-name"></span>
<input type="range" min="-{LIMIT}" max="{LIMIT}" step="0.1" value="0" autocomplete="off"></label>
<span class="playground-slider-value" aria-hidden="true"></span>
<button type="button" class="playground-reset">Reset</button>
</div>
<p class="playground-summary playground-muted" role="status"></p>
</div>
<div>
{_inputs()}
</div>
<div>
{_tables()}
{_matrices()}
</div>
</div>
</div>
"""
    return {"figure": fragment}
