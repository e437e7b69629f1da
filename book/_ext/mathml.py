"""Turns every equation into MathML while the book is built, so that no page needs a math engine."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

# `annotation` keeps the TeX source inside the element: it is what a reader copies.
_converter = LatexToMathML(annotation=True, fancy_error=False)
# `\boldsymbol{1}` comes out as an identifier "1" in regular weight; it is the bold digit.
_BOLD_DIGIT = re.compile(r"<mi>([0-9])</mi>")
_BOLD_ZERO = 0x1D7CE
# Firefox takes it for an operator that a display doubles, as it does a sum.
_ODOT = re.compile(r"(?<=<mo)(?=[^>]*>⊙</mo>)")
# Chromium hangs the sign of a root below a low letter: this strut, unseen, is as tall as the sign.
_ROOT = ("</msqrt>", '<mspace height="0.74em" depth="0.2em"></mspace></msqrt>')
# The modifier letter is so narrow and low that Chromium makes a dot of it; this one is read.
_HAT = (">\N{MODIFIER LETTER CIRCUMFLEX ACCENT}</mo>", ">^</mo>")
# The layer in a superscript, as in "(1)" or "(L+1)", is one word: a fifth fewer boxes to lay out.
_LAYER = re.compile(
    r'<mrow><mo stretchy="false">\(</mo><m[in]>([0-9L])</m[in]>'
    r'(?:<mo lspace="0" rspace="0">([+−])</mo><mn>1</mn>)?'
    r'<mo stretchy="false">\)</mo></mrow>(?=</msup>|</msubsup>)'
)
# `\left(` grows with what it holds. Around letters it grows too, and leaves a gap: not there.
_FENCED = re.compile(r"\\(left|right)\b\s*([()\[\]])")
_TALL = re.compile(r"\\(?:d?frac|sum|prod|begin|underbrace|left)(?![A-Za-z])")
_ATTACHED_BEFORE = re.compile(r"(?<!\S)\S{1,12}\Z")
_ATTACHED_AFTER = re.compile(r"\S{1,12}(?!\S)")
_ANNOTATION = re.compile(r"(<annotation\b[^>]*>).*?(</annotation>)", re.DOTALL)
_ERROR_POSITION = re.compile(r"(?P<offset>\d+): (?P<message>.*)", re.DOTALL)


class MathError(ValueError):
    """TeX that cannot be shown: ``line`` counts from 0 within the equation's own source."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@cache
def tex_to_mathml(tex: str, *, display: bool) -> str:
    """Returns the ``<math>`` element for ``tex``; raises :class:`MathError` for faulty TeX."""
    try:
        mathml = _converter.convert_with_local_state(_tight(tex), displaystyle=display)
    except LatexError as error:
        found = _ERROR_POSITION.fullmatch(str(error))
        if not found:
            raise MathError(str(error), 0) from error
        offset = int(found["offset"])
        near = tex[offset : offset + 30].split("\n")[0]
        raise MathError(f"{found['message']} Near: {near}", tex[:offset].count("\n")) from error
    mathml = _BOLD_DIGIT.sub(lambda digit: f"<mn>{chr(_BOLD_ZERO + int(digit[1]))}</mn>", mathml)
    mathml = _ODOT.sub(' largeop="false"', mathml).replace(*_HAT).replace(*_ROOT)
    source = escape(tex, quote=False)
    mathml = _ANNOTATION.sub(lambda found: f"{found[1]}{source}{found[2]}", mathml)
    return _LAYER.sub(_layer, mathml)


def _tight(tex: str) -> str:
    r"""``tex`` with plain brackets for each ``\left( … \right)`` that holds nothing tall.

    Keeps its length, so that an error is found at its place.
    """
    opened: list[re.Match[str]] = []
    for found in _FENCED.finditer(tex):
        if found[1] == "left":
            opened.append(found)
        elif opened:
            begin = opened.pop()
            if not _TALL.search(tex, begin.end(), found.start()):
                for fence in (begin, found):
                    plain = fence[2].rjust(len(fence[0]))
                    tex = tex[: fence.start()] + plain + tex[fence.end() :]
    return tex


def _layer(found: re.Match[str]) -> str:
    name = "𝐿" if found[1] == "L" else found[1]
    return f"<mtext>({name}{found[2] + '1' if found[2] else ''})</mtext>"


def _render(node: nodes.Element, *, display: bool) -> str:
    """The MathML of ``node``; what cannot be converted is a warning at its file and line."""
    return _render_tex(node, node.astext(), display=display)


def _render_tex(node: nodes.Element, source: str, *, display: bool) -> str:
    tex = source.strip()
    if node.get("nowrap"):
        problem = (
            f"found {tex.splitlines()[0]} outside of $$; expected the equation between $$ … $$, "
            r"with \begin{aligned} for several lines"
        )
        line = 0
    else:
        try:
            return tex_to_mathml(tex, display=display)
        except MathError as error:
            problem = f"{error} (in: {' '.join(tex.split())})"
            line = source[: source.index(tex)].count("\n") + error.line
    location = f"{node.source}:{node.line + line}" if node.source and node.line else node
    logger.warning("mathml: %s", problem, location=location, type="mathml")
    return f"<code>{escape(tex)}</code>"


def _proof_mark(node: nodes.Element) -> str:
    """The link to the proof, where the ledger has set one on the node."""
    href, text = node.get("proof_href"), node.get("proof_text")
    if not href:
        return ""
    status = escape(node.get("proof_status", ""))
    text = escape(text or "Checked", quote=True)
    sign = {"proved": "✓", "definition": "≔"}.get(status, "✗")
    return (
        f'<a class="proof-mark" data-proof-status="{status}" href="{escape(href, quote=True)}" '
        f'aria-label="{text}" title="{text}">{sign}</a>'
    )


class AttachedText(SphinxPostTransform):
    """Keeps on the line of a formula what stands directly at it, as in "($x$)." or "$i$-th"."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for math in list(self.document.findall(nodes.math)):
            siblings = math.parent.children
            index = siblings.index(math)
            before = siblings[index - 1] if index else None
            after = siblings[index + 1] if index + 1 < len(siblings) else None
            if isinstance(before, nodes.Text) and (found := _ATTACHED_BEFORE.search(before)):
                math["before"] = found[0]
                before.parent.replace(before, nodes.Text(before[: found.start()]))
            if isinstance(after, nodes.Text) and (found := _ATTACHED_AFTER.match(after)):
                math["after"] = found[0]
                after.parent.replace(after, nodes.Text(after[found.end() :]))


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    before, after = escape(node.get("before", "")), escape(node.get("after", ""))
    mark = _proof_mark(node)
    formula = before + _render(node, display=False) + mark + after
    together = before or after or mark
    self.body.append(f'<span class="nowrap">{formula}</span>' if together else formula)
    raise nodes.SkipNode


_ALIGNED = re.compile(r"\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*\Z", re.DOTALL)
_STRUCTURE = re.compile(r"\\begin\b|\\end\b|\\left\b|\\right\b|\\.|[{}&=]", re.DOTALL)


def split_tex(tex: str, sign: str) -> list[str]:
    """``tex`` at every ``sign`` that stands in no group and no environment."""
    parts, depth, begin = [], 0, 0
    for found in _STRUCTURE.finditer(tex):
        if found[0] in ("{", r"\begin", r"\left"):
            depth += 1
        elif found[0] in ("}", r"\end", r"\right"):
            depth -= 1
        elif found[0] == sign and depth == 0:
            parts.append(tex[begin : found.start()])
            begin = found.end()
    return [*parts, tex[begin:]]


def tex_rows(tex: str) -> list[str]:
    """The rows of an ``aligned`` display; a display without it is one row."""
    found = _ALIGNED.match(tex)
    return [row.strip() for row in split_tex(found[1], r"\\")] if found else [tex.strip()]


def _row_mathml(node: nodes.Element, rows: list[str], number: int, first: int) -> str:
    """Row ``number`` as a display of its own, set in as far as the left side.

    Row ``first`` is the first that is seen: it shows the left side, also where row 0 is folded.
    """
    left, *_ = split_tex(rows[0], "&")
    begin, *rest = split_tex(rows[number], "&")
    if not rest:
        shown = rows[number]
    else:
        if not begin.strip():
            begin = left if number == first else rf"\phantom{{{left.strip()}}}"
        shown = f"{begin} {{}}{' '.join(rest)}"
    mathml = _render_tex(node, shown, display=True)
    return _ANNOTATION.sub(lambda found: f"{found[1]}{escape(rows[number])}{found[2]}", mathml)


def aside(self: HTML5Translator, node: nodes.math_block) -> str:
    """What stands beside a display: its number, its row of the source, its erratum, its proof."""
    shown = ""
    if node["number"] and not node.get("continued"):
        number = get_node_equation_number(self, node)
        shown = (
            f'<a class="eqno" href="#{node["ids"][0]}" title="Link to this equation">({number})</a>'
        )
    return shown + source_mark(node) + _proof_mark(node)


def source_mark(node: nodes.Element) -> str:
    """The row of the source and the link to its erratum, which a reader may turn on."""
    mark = ""
    if row := node.get("source_row"):
        mark = f'<span class="src row-code">{escape(row)}</span>'
    return mark + "".join(erratum_mark(*link) for link in node.get("errata", ()))


def erratum_mark(href: str, rows: str) -> str:
    """The sign that the source prints something else; ``rows`` as in "c07, c27"."""
    label = f"The source prints this differently, row {rows}"
    return (
        f'<a class="src erratum" href="{escape(href, quote=True)}" '
        f'aria-label="{escape(label)}" title="{escape(label)}">≠</a>'
    )


def _open_display(self: HTML5Translator, node: nodes.math_block, classes: str) -> None:
    tex = escape(node.astext().strip(), quote=True)
    split = {"data-tex": tex} if "rows" in classes else {}
    tag = self.starttag(node, "div", CLASS=classes)
    self.body.append(tag.rstrip()[:-1] + "".join(f' {k}="{v}"' for k, v in split.items()) + ">")


def show_rows(
    self: HTML5Translator, node: nodes.math_block, reasons: Iterator[nodes.Element], before: int
) -> None:
    """The display with a list item for each row, its reason behind it, some rows folded.

    ``before`` rows of other displays are counted already.
    """
    rows, folded = tex_rows(node.astext()), set(node["fold"])
    first = next((row for row in range(len(rows)) if row + 1 not in folded), 0)

    def show_row(row: int) -> None:
        mathml = _row_mathml(node, rows, row, first)
        self.body.append(
            f'<li value="{before + row + 1}"><div class="equation-scroll">{mathml}</div>'
        )
        if reason := next(reasons, None):
            self.body.append('<div class="reason">')
            reason.walkabout(self)
            self.body.append("</div>")
        self.body.append("</li>")

    _open_display(self, node, "equation equation-rows")
    self.body.append('<ol class="rows">')
    number = 0
    while number < len(rows):
        last = number
        while last + 1 in folded and last + 1 <= len(rows):
            last += 1
        if last > number:
            count = "1 line" if last - number == 1 else f"{last - number} lines"
            self.body.append(
                f'<li class="folded"><details class="fold"><summary>Written out ({count})'
                f'</summary><ol class="rows">'
            )
            for one in range(number, last):
                show_row(one)
            self.body.append("</ol></details></li>")
            number = last
        else:
            show_row(number)
            number += 1
    self.body.append("</ol></div>\n")


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    in_pair = "fold" in node  # its marks stand at the head of the pair
    marks = "" if in_pair else aside(self, node)
    _open_display(self, node, "equation")
    self.body.append(f'<div class="equation-scroll">{_render(node, display=True)}</div>')
    if marks:
        self.body.append(f'<div class="equation-aside">{marks}</div>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(AttachedText)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
