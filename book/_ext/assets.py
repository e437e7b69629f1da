"""Gives every page one style sheet and one script, and fonts cut to the glyphs that the book uses.

Their sources are the files of ``_static/css`` and ``_static/js``, found and not listed. The browser
gets them joined: it does not load modules for a page that was opened from disk.

The fonts are part of the style sheet. So a page is laid out once: with fonts in files of their own
it would be laid out without them first, and again as each arrives; with many formulas that is slow.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import logging
import re
import shutil
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
_FONT = re.compile(r"url\(fonts/([\w.-]+)\)")
_BUNDLE = re.compile(r"(_static/site\.(?:css|js))(?:\?\w+)?\"")

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


def text_characters(pages: Iterable[str]) -> set[str]:
    """Every character of ``pages`` (HTML), and those that scripts write into them."""
    return {character for page in pages for character in html.unescape(page)} | set("“”…–")


def subset_font(source: Path, characters: set[str]) -> bytes:
    """Returns the font (WOFF2) with the glyphs of ``characters`` and their larger forms alone."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports each table that it cuts
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
    target = io.BytesIO()
    with subset.load_font(str(source), options) as font:
        subsetter = subset.Subsetter(options)
        # Plain letters and digits as well: an interactive figure may change a formula.
        shown = {ord(character) for character in characters} | set(range(0x20, 0x7F))
        subsetter.populate(unicodes=shown)
        subsetter.subset(font)
        subset.save_font(font, target, options)
    return target.getvalue()


def _kept_subset(source: Path, characters: set[str], kept: Path) -> bytes:
    """``subset_font``, which takes seconds, or its result from the last build in ``kept``."""
    digest = hashlib.sha256(source.read_bytes() + "".join(sorted(characters)).encode()).hexdigest()
    path = kept / f"{source.stem}-{digest[:16]}.woff2"
    if not path.exists():
        kept.mkdir(exist_ok=True)
        for old in kept.glob(f"{source.stem}-*.woff2"):
            old.unlink()
        path.write_bytes(subset_font(source, characters))
    return path.read_bytes()


def _embed_fonts(css: str, folder: Path, pages: list[str], kept: Path) -> str:
    """``css`` with every ``url(fonts/…)`` replaced by the font itself, cut to what is shown."""

    def embed(found: re.Match[str]) -> str:
        characters = math_characters(pages) if "math" in found[1] else text_characters(pages)
        font = base64.b64encode(_kept_subset(folder / found[1], characters, kept)).decode("ascii")
        return f"url(data:font/woff2;base64,{font})"

    return _FONT.sub(embed, css)


def sources(folder: Path) -> list[Path]:
    """The files of a bundle in their order: base first, print last, the others by name."""
    files = (path for path in folder.iterdir() if path.is_file())
    return sorted(files, key=lambda path: (path.stem != "base", path.stem == "print", path.name))


def _join(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths)


def _stamp(site: Path, content: str) -> None:
    """Names the bundles' content in each page, so that no browser keeps an old copy."""
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()[:10]
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        stamped = _BUNDLE.sub(rf'\1?{digest}"', page)
        if stamped != page:
            path.write_text(stamped, "utf-8")


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
    site, source = Path(app.outdir), Path(app.srcdir)
    out, own, fonts = site / "_static", source / "_static", source / "_fonts"
    pages = [path.read_text("utf-8") for path in site.rglob("*.html")]

    site_css = rcssmin.cssmin(_join([out / "pygments.css", *sources(own / "css")]))
    site_js = rjsmin.jsmin(_join(sources(own / "js")))
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

    _remove_unused(site, pages)

    site_css = _embed_fonts(site_css, fonts, pages, Path(app.doctreedir) / "fonts")
    (out / "site.css").write_text(site_css, "utf-8")
    (out / "site.js").write_text(site_js, "utf-8")
    (out / "minisearch.js").write_text(minisearch_js, "utf-8")
    shutil.copy(fonts / "OFL.txt", out / "fonts-license.txt")
    _stamp(site, site_css + site_js)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", remove_thebe, priority=900)
    # After the theme has written its style sheets.
    app.connect("build-finished", write_assets, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
