"""A small SVG builder: shapes, arrows, mathematics as text and axes, in one style for all figures.

The figures stand inside the pages, so ink is `currentColor` and every other colour is a CSS
variable (`COLOURS`) that the theme sets; the value beside it holds on a white page. Opened alone,
a figure follows the system's light or dark scheme.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape

WIDTH = 328
"""Width of every figure in its own units: one pixel each in the column of a phone of 360 px."""
SMALLEST = 12
"""Smallest size of text."""

LIGHT_PAGE, DARK_PAGE = "#ffffff", "#14181e"
INK = ("#1b1f24", "#e6e8eb")
COLOURS = {  # name: (on a light page, on a dark page); the theme sets them as --fig-<name>
    "forward": ("#0b62b3", "#7fb8ff"),
    "backward": ("#b3370b", "#ff9d73"),
    "fill": ("#eef2f7", "#232a31"),
}
MUTED = 0.72
"""Opacity of ink that stands back."""
TINT = 0.12
"""Opacity of a box in one of the accents."""

SANS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', sans-serif"
SERIF = "'STIX Two Math', 'STIX Two Text', 'Cambria Math', 'DejaVu Serif', serif"


def number(value: float, digits: int = 1) -> str:
    """A coordinate: at most `digits` decimals, no trailing zeros, no negative zero."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return "0" if text in ("-0", "") else text


def decimals(value: float, digits: int) -> str:
    """A number to be read: `digits` decimals and the true minus sign, zero without a sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def shortest(value: float) -> str:
    """A number of the running network in 1.2: no more decimals than it has."""
    return number(float(value), 4).replace("-", "−")


def vector(values: Iterable[float]) -> str:
    """A list of such numbers in parentheses."""
    return f"({', '.join(shortest(value) for value in values)})"


def paint(attribute: str, name: str, opacity: float = 1) -> str:
    """The attribute `fill` or `stroke`: `ink` and `muted` are the colour of the text around the
    figure, `none` is nothing, the others are the theme's variables."""
    if name == "none":
        return f' {attribute}="none"'
    opacity *= MUTED if name == "muted" else 1
    ink = name in ("ink", "muted")
    value = "currentColor" if ink else f"var(--fig-{name}, {COLOURS[name][0]})"
    shade = "" if opacity == 1 else f' {attribute}-opacity="{number(opacity, 2)}"'
    return f' {attribute}="{value}"{shade}'


# -- mathematics -------------------------------------------------------------------------------


def italic(character: str, bold: bool = False) -> str:
    """The mathematical italic form of a letter, as MathML chooses it; other signs unchanged."""
    if "A" <= character <= "Z":
        return chr((0x1D468 if bold else 0x1D434) + ord(character) - ord("A"))
    if character == "h" and not bold:
        return "ℎ"
    if "a" <= character <= "z":
        return chr((0x1D482 if bold else 0x1D44E) + ord(character) - ord("a"))
    if "α" <= character <= "ω":
        return chr((0x1D736 if bold else 0x1D6FC) + ord(character) - ord("α"))
    return character


Run = tuple[str, int, float]
"""Characters with their level (0 = base line) and how far they are raised, in units of the size."""


def _group(markup: str, start: int) -> tuple[str, int]:
    """The text between the brace at `start` and its partner, and the position behind it."""
    depth = 0
    for position in range(start, len(markup)):
        depth += {"{": 1, "}": -1}.get(markup[position], 0)
        if depth == 0:
            return markup[start + 1 : position], position + 1
    raise ValueError(f"brace at {start} of {markup!r} is never closed")


def parse_math(markup: str, level: int = 0, raised: float = 0.0) -> list[Run]:
    """Read `*x*` (bold), `^{..}`, `_{..}`, `!{..}` (upright) and `ŷ`; letters become italic."""
    runs: list[Run] = []
    position, bold = 0, False
    while position < len(markup):
        character = markup[position]
        if character == "*":
            bold, position = not bold, position + 1
        elif character in "^_":
            inner, position = _group(markup, position + 1)
            runs += parse_math(inner, level + 1, raised + (0.36 if character == "^" else -0.2))
        elif character == "!":
            inner, position = _group(markup, position + 1)
            runs.append((inner, level, raised))
        else:
            form = italic("y", bold) + "\u0302" if character == "ŷ" else italic(character, bold)
            runs.append((form.replace("-", "−").replace("'", "′"), level, raised))
            position += 1
    if bold:
        raise ValueError(f"bold is never closed in {markup!r}")
    merged: list[Run] = []
    for run in runs:
        if merged and merged[-1][1:] == run[1:]:
            merged[-1] = (merged[-1][0] + run[0], *run[1:])
        else:
            merged.append(run)
    return merged


def script_size(size: float, level: int) -> float:
    """Scripts are three quarters of the base, but never below the smallest legible size."""
    return size if level == 0 else max(SMALLEST, 0.75 * size)


def math_width(markup: str, size: float) -> float:
    """Roughly the width of a formula, for placing what stands beside it."""
    widths = {"(": 0.35, ")": 0.35, "[": 0.35, "]": 0.35, " ": 0.25, "\u0302": 0.0, ",": 0.25}
    wide = {"×": 0.75, "−": 0.75, "=": 0.75, "⊙": 0.8, "𝑊": 0.9}
    return sum(
        script_size(size, level) * sum(widths.get(c, wide.get(c, 0.55)) for c in text)
        for text, level, _ in parse_math(markup)
    )


# -- a figure ----------------------------------------------------------------------------------


class Figure:
    """One SVG file: `name` is the file's and the prefix of its ids, `title` its short name and
    `description` what a reader who does not see it needs to know."""

    def __init__(self, name: str, height: float, title: str, description: str) -> None:
        self.name, self.height = name, height
        self.title, self.description = title, description
        self.parts: list[str] = []

    def render(self) -> str:
        """The file's text."""
        root = {"color": INK} | {f"--fig-{name}": pair for name, pair in COLOURS.items()}
        light, dark = (";".join(f"{k}:{pair[i]}" for k, pair in root.items()) for i in (0, 1))
        style = f"svg:root{{{light}}}@media (prefers-color-scheme:dark){{svg:root{{{dark}}}}}"
        name = f"fig-{self.name}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {number(self.height)}" '
            f'width="440" height="{number(440 * self.height / WIDTH)}" '
            f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc" '
            f'font-family="{SANS}" fill="currentColor">'
        )
        lines = [
            head,
            f'<title id="{name}-title">{escape(self.title)}</title>',
            f'<desc id="{name}-desc">{escape(self.description)}</desc>',
            f"<style>{style}</style>",
            *self.parts,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        anchor: str = "middle",
        ink: str = "ink",
        bold: bool = False,
    ) -> None:
        """Words, with `y` the base line."""
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
            f"{_anchor(anchor)}{_fill(ink)}{weight}>{escape(text)}</text>"
        )

    def label(self, x: float, y: float, text: str, *, size: float = 12, ink: str = "ink") -> None:
        """Words on an edge, centred at (x, y), on a piece of the page that hides the edge."""
        width = 0.6 * size * len(text) + 3
        self.parts.append(
            f'<rect x="{number(x - width / 2)}" y="{number(y - 0.8 * size - 1)}" '
            f'width="{number(width)}" height="{number(0.8 * size + 3)}" '
            f'fill="var(--bg, {LIGHT_PAGE})"/>'
        )
        self.text(x, y, text, size=size, ink=ink)

    def math(
        self,
        x: float,
        y: float,
        markup: str,
        *,
        size: float = 15,
        anchor: str = "middle",
        ink: str = "ink",
    ) -> None:
        """A formula (see `parse_math`), with `y` the base line."""
        spans, height = [], 0.0
        for characters, level, raised in parse_math(markup):
            shift = (height - raised) * size
            height = raised
            dy = f' dy="{number(shift)}"' if shift else ""
            smaller = f' font-size="{number(script_size(size, level))}"' if level else ""
            body = escape(characters)
            spans.append(f"<tspan{dy}{smaller}>{body}</tspan>" if dy or smaller else body)
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" '
            f'font-family="{SERIF}"{_anchor(anchor)}{_fill(ink)}>{"".join(spans)}</text>'
        )

    def fraction(
        self,
        x: float,
        y: float,
        numerator: str,
        denominator: str,
        *,
        size: float = 14,
        ink: str = "ink",
    ) -> float:
        """A fraction centred at (x, y); returns its width."""
        width = max(math_width(numerator, size), math_width(denominator, size)) + 2
        self.math(x, y - 5, numerator, size=size, ink=ink)
        self.line(x - width / 2, y, x + width / 2, y, ink=ink, width=1)
        self.math(x, y + size + 1, denominator, size=size, ink=ink)
        return width

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "fill",
        ink: str = "muted",
        radius: float = 5,
        opacity: float | None = None,
    ) -> None:
        """A box with its corner at (x, y)."""
        if opacity is None:
            opacity = 1 if fill == "fill" else TINT
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
            f'height="{number(height)}" rx="{number(radius)}"'
            f"{paint('fill', fill, opacity)}{paint('stroke', ink)}/>"
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = "fill",
        ink: str = "muted",
        dash: str = "",
        page: bool = False,
    ) -> None:
        """A disc; `fill="none"` leaves it open, `page` fills it with the page."""
        filled = f' fill="var(--bg, {LIGHT_PAGE})"' if page else paint("fill", fill)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
            f'{filled}{paint("stroke", ink)} stroke-width="1.3"{dashes}/>'
        )

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        ink: str = "ink",
        width: float = 1.5,
        dash: str = "",
    ) -> None:
        """A straight stroke."""
        self.path([(x1, y1), (x2, y2)], ink=ink, width=width, dash=dash)

    def path(
        self,
        points: Iterable[tuple[float, float]],
        *,
        ink: str = "ink",
        width: float = 1.5,
        dash: str = "",
    ) -> None:
        """Straight strokes through the points, in order."""
        corners = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="M{corners}" fill="none"{paint("stroke", ink)} '
            f'stroke-width="{number(width)}" stroke-linejoin="round"{dashes}/>'
        )

    def arrow(
        self,
        *points: tuple[float, float],
        ink: str = "ink",
        width: float = 1.8,
        dash: str = "",
    ) -> None:
        """Strokes through the points with a head at the last one."""
        (x1, y1), (x2, y2) = points[-2], points[-1]
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        bx, by = x2 - 7 * ux, y2 - 7 * uy
        self.path([*points[:-1], (bx, by)], ink=ink, width=width, dash=dash)
        head = [(x2, y2), (bx - 3.8 * uy, by + 3.8 * ux), (bx + 3.8 * uy, by - 3.8 * ux)]
        corners = "L".join(f"{number(x)} {number(y)}" for x, y in head)
        self.parts.append(f'<path d="M{corners}Z"{paint("fill", ink)}/>')


DRAWINGS: dict[str, Callable[[], Figure]] = {}
"""Every drawing of the book by the name of its function, in the order of definition."""


def drawing(draw: Callable[[], Figure]) -> Callable[[], Figure]:
    """Makes the function one of the book's drawings."""
    DRAWINGS[draw.__name__] = draw
    return draw


def _anchor(anchor: str) -> str:
    return "" if anchor == "start" else f' text-anchor="{anchor}"'


def _fill(ink: str) -> str:
    return "" if ink == "ink" else paint("fill", ink)


class Axes:
    """A coordinate system in a figure: data in `x_range` by `y_range`, drawn in a box of pixels."""

    def __init__(
        self,
        figure: Figure,
        box: tuple[float, float, float, float],
        x_range: tuple[float, float],
        y_range: tuple[float, float],
    ) -> None:
        self.figure, self.box = figure, box
        self.x_range, self.y_range = x_range, y_range

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The point of the figure for a point of the data."""
        left, top, width, height = self.box
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        return left + width * (x - x0) / (x1 - x0), top + height * (y1 - y) / (y1 - y0)

    def grid(self, x_ticks: dict[float, str], y_ticks: dict[float, str], zero: bool = True) -> None:
        """Tick labels outside the box, thin lines at the vertical ticks, and the axes."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        for value, label in y_ticks.items():
            (left, y), (right, _) = self.at(x0, value), self.at(x1, value)
            self.figure.line(left, y, right, y, ink="muted", width=0.5, dash="2 3")
            self.figure.text(left - 5, y + 4, label, anchor="end", ink="muted")
        bottom = y0
        for value, label in x_ticks.items():
            x, y = self.at(value, bottom)
            self.figure.line(x, y, x, y + 4, ink="muted", width=1)
            self.figure.text(x, y + 16, label, ink="muted")
        self.figure.path([self.at(x0, bottom), self.at(x1, bottom)], ink="muted", width=1)
        if zero and x0 < 0 < x1:
            self.figure.path([self.at(0, y0), self.at(0, y1)], ink="muted", width=1)

    def curve(
        self,
        function: Callable[[float], float],
        samples: Iterable[float],
        *,
        ink: str,
        dash: str = "",
        width: float = 2,
    ) -> None:
        """The graph of a function through the given samples."""
        points = [self.at(x, function(x)) for x in samples]
        self.figure.path(points, ink=ink, dash=dash, width=width)
