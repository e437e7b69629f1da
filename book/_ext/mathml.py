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
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

# `annotation` keeps the TeX source inside the element: it is what a reader copies.
_converter = LatexToMathML(annotation=True, fancy_error=False)
# `\boldsymbol{1}` comes out as an identifier "1" in regular weight; it is the bold digit.
_BOLD_DIGIT = re.compile(r"<mi>([0-9])</mi>")
_BOLD_ZERO = 0x1D7CE
# The layer in a superscript, as in "(1)" or "(L+1)", is one word: a fifth fewer boxes to lay out.
_LAYER = re.compile(
    r'<mrow><mo stretchy="false">\(</mo><m[in]>([0-9L])</m[in]>'
    r'(?:<mo lspace="0" rspace="0">([+−])</mo><mn>1</mn>)?'
    r'<mo stretchy="false">\)</mo></mrow>(?=</msup>|</msubsup>)'
)
_ATTACHED_BEFORE = re.compile(r"(?<!\S)\S{1,12}\Z")
_ATTACHED_AFTER = re.compile(r"\S{1,12}(?!\S)")
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
        mathml = _converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        found = _ERROR_POSITION.fullmatch(str(error))
        if not found:
            raise MathError(str(error), 0) from error
        offset = int(found["offset"])
        near = tex[offset : offset + 30].split("\n")[0]
        raise MathError(f"{found['message']} Near: {near}", tex[:offset].count("\n")) from error
    mathml = _BOLD_DIGIT.sub(lambda digit: f"<mn>{chr(_BOLD_ZERO + int(digit[1]))}</mn>", mathml)
    return _LAYER.sub(_layer, mathml)


def _layer(found: re.Match[str]) -> str:
    name = "𝐿" if found[1] == "L" else found[1]
    return f"<mtext>({name}{found[2] + '1' if found[2] else ''})</mtext>"


def _render(node: nodes.Element, *, display: bool) -> str:
    """The MathML of ``node``; what cannot be converted is a warning at its file and line."""
    source = node.astext()
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


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    aside = ""
    if node["number"]:
        number = get_node_equation_number(self, node)
        aside = (
            f'<a class="eqno" href="#{node["ids"][0]}" title="Link to this equation">({number})</a>'
        )
    aside += _proof_mark(node)
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    self.body.append(f'<div class="equation-scroll">{_render(node, display=True)}</div>')
    if aside:
        self.body.append(f'<div class="equation-aside">{aside}</div>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(AttachedText)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
