"""Shows the quantities in a notebook's tables as mathematics: ``dl/dW^(1)`` as a fraction.

What is stored is plain text with superscripts, so that nbval compares text. The first cell of a
row, the name, is set as MathML when the page is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from mathml import tex_to_mathml
from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_NAME = re.compile(r"(?<=<tr><td>)(.*?)(?=</td>)")
_LAYER = r"(?:<sup>\((?P<{0}layer>\d)\)</sup>|(?P<{0}digit>\d))?"
_SYMBOL = r"(?P<{0}letter>delta|y_hat|[lWbszxy])(?:_(?P<{0}index>[a-z]))?" + _LAYER
_RATE = re.compile(rf"\bd{_SYMBOL.format('above')}/d{_SYMBOL.format('below')}(?![\w'])")
# Most letters alone are words; with their layer or index they are quantities.
_NAMED = r"(?=delta|y_hat|[Wbsz](?:\d|<sup>|_[a-z]\b)|x_[a-z]\b|y(?!\w))"
_QUANTITY = re.compile(rf"(?<![\w<]){_NAMED}{_SYMBOL.format('')}(?![\w'])")
_VECTORS = {
    "delta": r"\delta",
    "y_hat": r"\hat y",
    "b": "b",
    "s": "s",
    "z": "z",
    "x": "x",
    "y": "y",
}


def _tex(found: re.Match[str], which: str = "") -> str:
    """The TeX of one quantity: a vector is bold, its entry is not."""
    letter, index = found[f"{which}letter"], found[f"{which}index"]
    layer = found[f"{which}layer"] or found[f"{which}digit"]
    symbol = {"l": r"\ell"}.get(letter, _VECTORS.get(letter, letter))
    if letter in _VECTORS and not index:
        symbol = r"\hat{\boldsymbol{y}}" if letter == "y_hat" else rf"\boldsymbol{{{symbol}}}"
    return symbol + (f"_{index}" if index else "") + (f"^{{({layer})}}" if layer else "")


def with_math(name: str) -> str:
    """The HTML of a name with MathML for each rate and each quantity in it."""
    shown, at = [], 0
    for rate in _RATE.finditer(name):
        tex = rf"\frac{{\partial {_tex(rate, 'above')}}}{{\partial {_tex(rate, 'below')}}}"
        shown += [_quantities(name[at : rate.start()]), tex_to_mathml(tex, display=False)]
        at = rate.end()
    return "".join([*shown, _quantities(name[at:])])


def _quantities(text: str) -> str:
    return _QUANTITY.sub(lambda found: tex_to_mathml(_tex(found), display=False), text)


class OutputMath(SphinxPostTransform):
    """Sets the names in the tables that a notebook's cells return."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for raw in self.document.findall(nodes.raw):
            if "html" in raw["format"] and "<tr><td>" in raw.astext():
                raw[0] = nodes.Text(_NAME.sub(lambda name: with_math(name[0]), raw.astext()))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(OutputMath)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
