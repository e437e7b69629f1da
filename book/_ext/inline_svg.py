"""Puts SVG figures into the page itself, so that their ink follows the theme."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_BLACK = re.compile(r"(?<![\w#-])(?:#000000|#000|black)(?![\w-])", re.IGNORECASE)
_WHITE = re.compile(r"(?<![\w#-])(?:#ffffff|#fff|white)(?![\w-])", re.IGNORECASE)
_CSS_ID = re.compile(r"#([A-Za-z_][\w.-]*)(?=[^{};]*\{)")
_LENGTH = re.compile(r"([0-9.]+)(pt|px)?")
_POINT = 4 / 3  # CSS pixels

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


class SvgError(ValueError):
    """A drawing that cannot be put into a page."""


def _pixels(length: str) -> float:
    found = _LENGTH.fullmatch(length.strip())
    if not found:
        raise SvgError(f"expected a width and height in px or pt, found {length!r}")
    return float(found[1]) * (_POINT if found[2] == "pt" else 1)


def _is_matplotlib(root: ET.Element) -> bool:
    return any(element.get("id") == "figure_1" for element in root.iter(f"{{{_SVG}}}g"))


def _follow_theme(root: ET.Element) -> None:
    """Matplotlib's black ink takes the color of the text; its white paper becomes transparent."""
    for element in root.iter():
        style = element.get("style")
        if style:
            element.set("style", _WHITE.sub("none", _BLACK.sub("currentColor", style)))
    # A shape without a fill is black: that is how Matplotlib draws its text.
    root.set("fill", "currentColor")


def _prefix_ids(root: ET.Element, prefix: str) -> None:
    """Two drawings on a page may use the same names; each gets its own."""
    for element in root.iter():
        if name := element.get("id"):
            element.set("id", prefix + name)
        for attribute, value in list(element.attrib.items()):
            if attribute in ("href", f"{{{_XLINK}}}href") and value.startswith("#"):
                element.set(attribute, f"#{prefix}{value[1:]}")
            elif attribute in ("aria-labelledby", "aria-describedby"):
                element.set(attribute, " ".join(prefix + name for name in value.split()))
            elif "url(" in value:
                element.set(attribute, _REFERENCE.sub(rf"url(#{prefix}\1)", value))
        if element.tag == f"{{{_SVG}}}style" and element.text:
            rules = _REFERENCE.sub(rf"url(#{prefix}\1)", element.text)
            element.text = _CSS_ID.sub(rf"#{prefix}\1", rules)


def inline(svg: str, *, alt: str, prefix: str) -> str:
    """Returns ``svg`` (a whole file) as an element for a page, named ``alt`` for screen readers.

    Without ``alt`` the drawing's own ``<title>`` names it. Every id starts with ``prefix``. Raises
    :class:`SvgError` if the file is no SVG or has no name.
    """
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise SvgError(f"not well-formed XML: {error}") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise SvgError(f"expected an <svg> element, found <{root.tag}>")

    title = root.find(f"{{{_SVG}}}title")
    name = alt or (title.text or "" if title is not None else "")
    if not name:
        raise SvgError("a figure needs alt text: give :alt: (or a <title> in the drawing)")
    # A <title> would pop up over the drawing; metadata is not for the page.
    for child in list(root):
        if child.tag in (f"{{{_SVG}}}title", f"{{{_SVG}}}metadata"):
            root.remove(child)

    if _is_matplotlib(root):
        _follow_theme(root)
    if root.get("width") and "%" not in root.get("width", ""):
        width, height = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
        root.attrib.setdefault("viewBox", f"0 0 {width:g} {height:g}")
        root.set("width", f"{width:.0f}")
        root.set("height", f"{height:.0f}")
    _prefix_ids(root, prefix)
    root.set("role", "img")
    root.set("aria-label", name)
    root.attrib.pop("aria-labelledby", None)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


class InlineSvg(SphinxPostTransform):
    """Replaces every image of a local ``.svg`` by the drawing."""

    default_priority = 150
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        count = 0
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.app.srcdir) / unquote(image["uri"])
            if path.suffix != ".svg" or not path.is_file():
                continue
            count += 1
            # A notebook's output carries its own path as alt text: that says nothing.
            alt = image.get("alt", "")
            alt = "" if alt.endswith(".svg") else alt
            try:
                svg = inline(path.read_text("utf-8"), alt=alt, prefix=f"svg{count}-")
            except SvgError as error:
                near: nodes.Element = image
                while not near.line and near.parent:
                    near = near.parent
                logger.warning("inline_svg: %s: %s", path.name, error, location=near)
                continue
            if width := image.get("width"):
                svg = svg.replace("<svg ", f'<svg style="width: {escape(width, quote=True)}" ', 1)
            classes = " ".join(["drawing", *image.get("classes", [])])
            image.replace_self(nodes.raw("", f'<div class="{classes}">{svg}</div>', format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(InlineSvg)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
