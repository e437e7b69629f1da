"""Gives every page one style sheet, one script and a math font cut to the glyphs used."""

from __future__ import annotations

import hashlib
import html
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rcssmin
import rjsmin
from docutils import nodes
from fontTools import subset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)
_IDENTIFIER = re.compile(r"<mi>(.)</mi>")
_DRAWN = re.compile(r"<text\b[^>]*STIX Two Math[^>]*>.*?</text>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_SPHINX_DESIGN = re.compile(r'class="[^"]*\bsd-')

# Our own files that are sources of the bundles and are not published as they are.
_BUNDLED = ("css", "js")


def _italic(letter: str) -> str:
    """The math italic that a browser shows for a one-letter identifier (`math-auto`)."""
    if "A" <= letter <= "Z":
        return chr(0x1D434 + ord(letter) - ord("A"))
    if letter == "h":
        return "ℎ"
    if "a" <= letter <= "z":
        return chr(0x1D44E + ord(letter) - ord("a"))
    if "Α" <= letter <= "Ω":
        return chr(0x1D6E2 + ord(letter) - ord("Α"))
    if "α" <= letter <= "ω":
        return chr(0x1D6FC + ord(letter) - ord("α"))
    special = {"∂": 0x1D715, "ϵ": 0x1D716, "ϑ": 0x1D717, "ϰ": 0x1D718, "ϕ": 0x1D719, "ϱ": 0x1D71A}
    return chr(special.get(letter, ord(letter)))


def math_characters(pages: Iterable[str]) -> set[str]:
    """Every character that the equations and drawings of ``pages`` (HTML) show in the math font."""
    found: set[str] = set()
    for page in pages:
        for math in _MATH.findall(page):
            shown = _ANNOTATION.sub("", math)
            found.update(_italic(letter) for letter in _IDENTIFIER.findall(html.unescape(shown)))
            found.update(html.unescape(_TAG.sub("", shown)))
            if "<msqrt" in shown or "<mroot" in shown:
                found.add("√")  # the browser draws it; no element holds it
        for text in _DRAWN.findall(page):
            found.update(html.unescape(_TAG.sub("", text)))
    return found


def subset_math_font(source: Path, target: Path, characters: set[str]) -> None:
    """Writes to ``target`` the glyphs of ``characters`` and their larger forms, no others."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports each table that it cuts
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
    with subset.load_font(str(source), options) as font:
        subsetter = subset.Subsetter(options)
        # Plain letters and digits as well: an interactive figure may change a formula.
        shown = {ord(character) for character in characters} | set(range(0x20, 0x7F))
        subsetter.populate(unicodes=shown)
        subsetter.subset(font)
        subset.save_font(font, str(target), options)


def _own_static(app: Sphinx) -> Path:
    return Path(app.srcdir) / "_static"


def _digest(app: Sphinx) -> str:
    """Changes when the look or the behaviour does, so that no browser keeps an old copy."""
    own = _own_static(app)
    content = b"".join(
        path.read_bytes() for name in _BUNDLED for path in sorted((own / name).iterdir())
    )
    return hashlib.sha256(content).hexdigest()[:10]


def add_to_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    context["site_digest"] = _digest(app)
    context["has_math"] = "<math" in context.get("body", "")


def _remove_unused(site: Path, pages: list[str]) -> None:
    """Removes the images that became drawings within their pages."""
    for image in (site / "_images").glob("*"):
        if not any(image.name in page for page in pages):
            image.unlink()


def remove_thebe(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Removes the settings of a service that Jupyter Book adds to notebooks: it is not used."""
    for node in list(doctree.findall(nodes.raw)):
        if "thebe" in node.astext() or node.astext().startswith("<script>kernelName"):
            node.parent.remove(node)


def write_assets(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    out, own = Path(app.outdir) / "_static", _own_static(app)
    pages = [path.read_text("utf-8") for path in Path(app.outdir).rglob("*.html")]

    sheets = [out / "pygments.css"]
    if any(_SPHINX_DESIGN.search(page) for page in pages):
        sheets.append(out / "sphinx-design.min.css")
    sheets.append(own / "css" / "site.css")
    site_css = rcssmin.cssmin("\n".join(sheet.read_text("utf-8") for sheet in sheets))
    site_js = rjsmin.jsmin((own / "js" / "site.js").read_text("utf-8"))
    minisearch_js = rjsmin.jsmin(
        (own / "vendor" / "minisearch.js").read_text("utf-8"), keep_bang_comments=True
    )

    published = {
        path.relative_to(own)
        for path in own.rglob("*")
        if path.is_file() and path.relative_to(own).parts[0] not in _BUNDLED
    }
    published.discard(Path("vendor/minisearch.js"))
    for path in sorted(out.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(out) not in published:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()

    _remove_unused(Path(app.outdir), pages)

    (out / "site.css").write_text(site_css, "utf-8")
    (out / "site.js").write_text(site_js, "utf-8")
    (out / "minisearch.js").write_text(minisearch_js, "utf-8")
    (out / "fonts").mkdir(exist_ok=True)
    font = "stix-two-math.woff2"
    source = Path(app.srcdir) / "_fonts" / font
    subset_math_font(source, out / "fonts" / font, math_characters(pages))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", remove_thebe, priority=900)
    app.connect("html-page-context", add_to_page)
    # After the theme has written its style sheets.
    app.connect("build-finished", write_assets, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
