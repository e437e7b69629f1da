"""The bench: every number of the running network, forwards and backwards, in the reader's hands.

Three forms: the whole bench, `paths` for the primer (forward pass and paths of 1.2) and `backward`
for the gradients (all of 1.2). Without JavaScript each is a drawing with its numbers.
"""

from __future__ import annotations

import json
from html import escape

import numpy as np
from networks import OFF, between, column
from svg import SERIF, decimals, number, shortest

from handgrad import running

PARTS = {"1.2": "1.2", "1.3a": "1.3 a", "1.3b": "1.3 b"}
VALUES = {part: running.values(part) for part in PARTS}
DATA = ("x", "y", "W1", "b1", "W2", "b2")
RATES = (0.001, 0.01, 0.05, 0.1, 1)
"""The learning rates to choose from."""
RADIUS = 12
COLUMNS = (36.0, 116.0, 215.0, 297.0)
MIDDLE = 124.0
AT = {
    "x": [(COLUMNS[0], y) for y in column(2, MIDDLE, 100)],
    "z1": [(COLUMNS[1], y) for y in column(3, MIDDLE, 80)],
    "y_hat": [(COLUMNS[2], y) for y in column(4, MIDDLE, 60)],
    "loss": [(COLUMNS[3], MIDDLE)],
}
ERRORS = {"x": ("∂", "dx"), "z1": ("δ", "delta1"), "y_hat": ("δ", "delta2")}
"""The sign before the number below a node, and the quantity."""
# name of a row of the table, its formula, the same in words
ROWS = (
    ("s1", "<msup><mi>𝒔</mi><mtext>(1)</mtext></msup>", "s 1"),
    ("z1", "<msup><mi>𝒛</mi><mtext>(1)</mtext></msup>", "z 1"),
    ("s2", "<msup><mi>𝒔</mi><mtext>(2)</mtext></msup>", "s 2"),
    ("y_hat", '<mover accent="true"><mi>𝒚</mi><mo>^</mo></mover>', "y hat"),
    ("loss", "<mi>ℓ</mi>", "loss"),
    ("dl_dy_hat", '∂<mover accent="true"><mi>𝒚</mi><mo>^</mo></mover>', "loss by y hat"),
    ("g_slope", "<msup><mi>g</mi><mo>′</mo></msup>", "slopes of g"),
    ("delta2", "<msup><mi>𝜹</mi><mtext>(2)</mtext></msup>", "delta 2"),
    ("dl_dz1", "∂<msup><mi>𝒛</mi><mtext>(1)</mtext></msup>", "loss by z 1"),
    ("f_slope", "<msup><mi>f</mi><mo>′</mo></msup>", "slopes of f"),
    ("delta1", "<msup><mi>𝜹</mi><mtext>(1)</mtext></msup>", "delta 1"),
    ("dW2", "∂<msup><mi>W</mi><mtext>(2)</mtext></msup>", "loss by W 2"),
    ("db2", "∂<msup><mi>𝒃</mi><mtext>(2)</mtext></msup>", "loss by b 2"),
    ("dW1", "∂<msup><mi>W</mi><mtext>(1)</mtext></msup>", "loss by W 1"),
    ("db1", "∂<msup><mi>𝒃</mi><mtext>(1)</mtext></msup>", "loss by b 1"),
    ("dx", "∂<mi>𝒙</mi>", "loss by x"),
)


def _text(part: str, value: float) -> str:
    """A computed number: as short as it is in 1.2, four decimals in 1.3."""
    return shortest(value) if part == "1.2" else decimals(value, 4)


def _list(part: str, values: object) -> str:
    """A number, a vector or the rows of a matrix."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2:
        return "<br>".join(_list(part, row) for row in array)
    return ", ".join(_text(part, value) for value in np.atleast_1d(array))


def _math(markup: str, words: str) -> str:
    """A formula that a screen reader reads as `words`."""
    if markup.startswith("∂"):
        below = f"<mrow><mo>∂</mo>{markup[1:]}</mrow>"
        markup = f"<mfrac><mrow><mo>∂</mo><mi>ℓ</mi></mrow>{below}</mfrac>"
    return (
        f'<span aria-hidden="true"><math>{markup}</math></span>'
        f'<span class="bench-sr">{words}</span>'
    )


def _table() -> str:
    """The numbers of all three parts."""
    head = "".join(f'<th scope="col">{title}</th>' for title in PARTS.values())
    rows = "\n".join(
        f'<tr data-row="{name}"><th scope="row">{_math(markup, words)}</th>'
        + "".join(f"<td>{_list(part, VALUES[part][name])}</td>" for part in PARTS)
        + "</tr>"
        for name, markup, words in ROWS
    )
    return (
        '<div class="bench-scroll" tabindex="0" role="region" aria-label="All numbers"><table>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>"
    )


def _off(unit: str) -> str:
    """The class of what belongs to a hidden unit that is off; `unit` is the element's attribute."""
    return " bench-is-off" if unit in [f' data-unit="{i}"' for i in OFF] else ""


def _drawing(errors: bool) -> str:
    """The network from x to the loss: a node's value above it, its error below it."""
    values = VALUES["1.2"]
    lines: list[str] = []
    labels: list[str] = []
    nodes: list[str] = []

    def edge(
        item: str, start: tuple[float, float], end: tuple[float, float], share: float, off: str
    ) -> None:
        name, *index = item.split("-")
        value = values[name][tuple(map(int, index))]
        way = f"M{number(start[0])} {number(start[1])}L{number(end[0])} {number(end[1])}"
        lines.append(
            f'<path class="bench-edge{_off(off)}" data-item="{item}"{off} '
            f'pathLength="1" d="{way}"/>'
        )
        x, y = between(start, end, share)
        kind = "bench-weight" if name.startswith("W") else "bench-weight bench-back"
        labels.append(
            f'<text class="{kind}" x="{number(x)}" y="{number(y + 4)}" data-label="{item}">'
            f"{shortest(value)}</text>"
        )

    for i, unit in enumerate(AT["z1"]):
        off = f' data-unit="{i}"'
        for j, source in enumerate(AT["x"]):
            edge(f"W1-{i}-{j}", source, unit, (0.5, 0.36, 0.3)[abs(i - 2 * j)], off)
        for k, output in enumerate(AT["y_hat"]):
            edge(f"W2-{k}-{i}", unit, output, (0.34, 0.66, 0.34)[i], off)
    for k, output in enumerate(AT["y_hat"]):
        edge(f"dl_dy_hat-{k}", output, AT["loss"][0], 0.5, "")

    for name, places in AT.items():
        for index, (x, y) in enumerate(places):
            item = name if name == "loss" else f"{name}-{index}"
            unit = f' data-unit="{index}"' if name == "z1" else ""
            shown = values[name] if name == "loss" else values[name][index]
            letter = {"x": "𝑥", "z1": "𝑧", "y_hat": "𝑦\u0302", "loss": "ℓ"}[name]
            script = "" if name == "loss" else f'<tspan dy="3" font-size="12.6">{index}</tspan>'
            nodes.append(
                f'<g class="bench-node{_off(unit)}" data-item="{item}"{unit}>'
                f'<rect class="bench-hit" x="{number(x - 24)}" y="{number(y - 28)}" width="48" '
                'height="40"/>'
                f'<circle class="bench-dot" cx="{number(x)}" cy="{number(y)}" r="{RADIUS}"/>'
                f'<text class="bench-letter" x="{number(x)}" y="{number(y + 4)}" '
                f'font-family="{SERIF}" font-size="14">{letter}{script}</text>'
                f'<text class="bench-value" x="{number(x)}" y="{number(y - 16)}" '
                f'data-value="{item}">{shortest(shown)}</text></g>'
            )
            if name == "z1":
                # The bar that stops the error stands to the right, where the error comes from.
                nodes.append(
                    f'<g class="bench-off{_off(unit)}"{unit}><path class="bench-bar-stop" '
                    f'd="M{number(x + 19)} {number(y - 9)}v18"/><text x="{number(x - 26)}" '
                    f'y="{number(y + 4)}">off</text></g>'
                )
            if errors and name in ERRORS:
                sign, quantity = ERRORS[name]
                target = item if name == "x" else f"{quantity}-{index}"
                back = values[quantity][index]
                nodes.append(
                    f'<g class="bench-error{_off(unit)}" data-item="{target}"{unit}>'
                    f'<rect class="bench-hit" '
                    f'x="{number(x - 30)}" y="{number(y + 12)}" width="60" height="20"/>'
                    f'<text x="{number(x)}" y="{number(y + 27)}">{sign} '
                    f'<tspan data-value="{quantity}-{index}">{shortest(back)}</tspan></text></g>'
                )
    below = "below it its error δ, " if errors else ""
    label = (
        "The running network: two inputs, three hidden units, four outputs, the loss. Above a node "
        f"stands its value, {below}on an edge its weight. Hidden unit {OFF[0]} is off: it is "
        "dashed."
    )
    return (
        f'<svg class="bench-network" viewBox="0 4 328 242" role="img" aria-label="{label}" '
        'font-size="12.6" text-anchor="middle">\n'
        + "\n".join([*lines, *labels, *nodes])
        + "\n</svg>"
    )


def _button(action: str, text: str, attributes: str = "") -> str:
    return f'<button type="button" data-action="{action}"{attributes}>{text}</button>'


def _tools(backward: bool) -> str:
    """The buttons below the drawing."""
    first = [_button("forward", "Forward")]
    if backward:
        options = "".join(f"<option>{rate:g}</option>" for rate in RATES)
        first += [
            _button("back", "Back"),
            _button("next-path", "Path"),
            _button("predict", "Predict", ' aria-pressed="false"'),
            _button("gate", "Gate", ' aria-pressed="false" title="What if ReLU’s slope were 1?"'),
            '<label><span aria-hidden="true">η</span><span class="bench-sr">learning rate</span> '
            f'<select class="bench-eta" autocomplete="off">{options}</select></label>',
            _button("step", "Step"),
        ]
    else:
        first.append(_button("next-path", "Path"))
    return f'<div class="bench-tools bench-live">{"".join(first)}</div>'


def _fragment(form: str, title: str) -> str:
    whole, backward = form == "figure", form != "paths"
    prefix = "bench" if whole else f"bench-{form}"
    data = {name: VALUES["1.2"][name].tolist() for name in DATA}
    parts = (
        "".join(
            _button("part", title_, f' data-part="{part}" aria-pressed="false"')
            for part, title_ in PARTS.items()
        )
        if whole
        else ""
    )
    fold = (
        '<details class="bench-all"><summary>All numbers</summary>'
        f'<div class="bench-fields bench-live"></div>\n{_table()}</details>'
        if whole
        else ""
    )
    return f"""<div class="bench" id="{prefix}" data-form="{form}" role="group" aria-label="{title}"
data-running="{escape(json.dumps(data, separators=(",", ":")))}">
<div class="bench-bar bench-live">{parts}<span class="bench-gap"></span>\
{_button("undo", "Undo")}{_button("reset", "Reset")}</div>
<div class="bench-main">
{_drawing(backward)}
<div class="bench-panel bench-live">
<div class="bench-head"><p class="bench-name"></p><p class="bench-matrix"></p></div>
<div class="bench-box"><div class="bench-formula"></div>
<div class="bench-edit" hidden><input type="number" step="any" autocomplete="off">\
<input type="range" step="0.1" autocomplete="off"></div>
<form class="bench-ask" hidden novalidate><label>Your result <input inputmode="decimal" \
autocomplete="off"></label><button>Check</button></form></div>
<div class="bench-links" role="group" aria-label="What it needs"></div>
<div class="bench-links" role="group" aria-label="What needs it"></div>
</div>
</div>
{_tools(backward)}
<p class="bench-sr bench-live" role="status"></p>
<p class="bench-sr" id="{prefix}-keys">Arrow keys move between the units, Enter selects, Enter \
again goes on to what belongs to the unit, Escape goes back.</p>
{fold}
</div>
"""


def fragments() -> dict[str, str]:
    """The forms by name."""
    return {
        "figure": _fragment("figure", "Bench: the running network"),
        "paths": _fragment("paths", "Bench: forward pass and paths of the running network"),
        "backward": _fragment("backward", "Bench: the running network of 1.2"),
    }
