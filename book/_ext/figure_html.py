"""Puts an interactive figure into a page: ``{figure-html} name``, or ``name/form``.

The figure is the folder ``_figures/name``. Its fragments of HTML are written by ``make figures``;
its ``figure.css`` and ``figure.js`` become ``_static/figures/name.css`` and ``.js``, and only the
pages that include the figure load them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rcssmin
import rjsmin
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class FigureHtml(SphinxDirective):
    """Its argument is the figure's folder, or the folder and one of the figure's forms."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name, _, form = self.arguments[0].partition("/")
        figures = Path(self.env.srcdir) / "_figures"
        path = figures / name / f"{form or 'figure'}.html"
        if not path.is_file():
            written = [
                f"{found.parent.name}/{found.stem}".removesuffix("/figure")
                for found in sorted(figures.glob("*/*.html"))
            ]
            raise self.error(
                f"figure-html: expected one of {', '.join(written)}, given {self.arguments[0]!r}"
            )
        for source in (path, *_sources(figures, name)):
            self.env.note_dependency(str(source))
        return [nodes.raw("", path.read_text("utf-8"), format="html", figure=name)]


def _sources(figures: Path, name: str) -> tuple[Path, Path]:
    return figures / name / "figure.css", figures / name / "figure.js"


def _published(figures: Path, name: str) -> tuple[str, str]:
    """The style sheet and the script of a figure as the browser gets them."""
    css, script = (path.read_text("utf-8") for path in _sources(figures, name))
    return rcssmin.cssmin(css), rjsmin.jsmin(script)


def load_on_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Names the figures of the page to the template, each with a version that no cache confuses."""
    raw = doctree.findall(nodes.raw) if doctree else []
    names = sorted({node["figure"] for node in raw if "figure" in node})
    context["interactive_figures"] = [
        (name, hashlib.sha256("".join(_published(_folder(app), name)).encode()).hexdigest()[:10])
        for name in names
    ]


def _folder(app: Sphinx) -> Path:
    return Path(app.srcdir) / "_figures"


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Writes the style sheets and scripts of all figures."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir) / "_static" / "figures"
    out.mkdir(parents=True, exist_ok=True)
    for source in sorted(_folder(app).glob("*/figure.js")):
        name = source.parent.name
        css, script = _published(_folder(app), name)
        (out / f"{name}.css").write_text(css, "utf-8")
        (out / f"{name}.js").write_text(script, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("figure-html", FigureHtml)
    app.connect("html-page-context", load_on_page)
    # After the bundles are written, which clears the folder of other files.
    app.connect("build-finished", publish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
