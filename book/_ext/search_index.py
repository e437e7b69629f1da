"""Collects what the search finds: every section and every numbered equation, with its formula.

A comment ``% search: factor 2, mean squared error`` names what readers type when they look for this
place: for the equation that it stands directly above, else for its section.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from mathml import MathError, tex_to_mathml
from sphinx import addnodes
from wording import in_a_line, subject, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_NOT_PROSE = (nodes.math_block, nodes.literal_block, nodes.raw, nodes.comment)
_EQUATION = re.compile("\0(.*?)\0")  # a reference, whose number is known when all pages are read
# In a notebook the comment is HTML.
_ASKED = re.compile(r"^(?:<!--)? *search: *(.*?) *(?:-->)?$", re.MULTILINE)
_ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)


def _formula(tex: str) -> str:
    try:
        return in_a_line(tex_to_mathml(tex.strip(), display=False))
    except MathError:  # reported where the formula is shown
        return ""


def _typeset(equation: nodes.math_block) -> str:
    """The equation for the list of results, without its source."""
    try:
        return _ANNOTATION.sub("", tex_to_mathml(equation.astext().strip(), display=True))
    except MathError:
        return ""


def _prose(found: Iterable[nodes.Node]) -> str:
    """The words of ``found`` with its formulas in a line, without displayed ones and code."""

    def text(node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return node.astext()
        if isinstance(node, nodes.math):
            return _formula(node.astext())
        if isinstance(node, addnodes.pending_xref) and node["reftype"] == "eq":
            return f"\0{node['reftarget']}\0"
        if isinstance(node, _NOT_PROSE):
            return " "
        separator = " " if isinstance(node, nodes.Structural | nodes.Body | nodes.Part) else ""
        return separator + "".join(map(text, node.children)) + separator

    return " ".join("".join(map(text, found)).split())


def _words_before(equation: nodes.math_block) -> str:
    """The text that leads to the equation: the words nearest before it."""
    node: nodes.Element = equation
    while not isinstance(node, nodes.section | nodes.document):
        siblings = node.parent.children
        for sibling in reversed(siblings[: siblings.index(node)]):
            if not isinstance(sibling, nodes.title) and (words := _prose([sibling])):
                return words
        node = node.parent
    return ""


def _asked(found: Iterable[nodes.Node]) -> str:
    """What readers type for a place, by the comments among ``found``."""
    comments = (node for node in found if isinstance(node, nodes.comment | nodes.raw))
    return ", ".join(words for node in comments for words in _ASKED.findall(node.astext()))


def _above(equation: nodes.math_block) -> list[nodes.Node]:
    """What stands directly above an equation, but for its own anchor."""
    siblings = equation.parent.children
    place = siblings.index(equation)
    while place and isinstance(siblings[place - 1], nodes.target):
        place -= 1
    return siblings[max(0, place - 1) : place]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    entries: list[dict[str, str]] = []
    page = _prose(list(doctree.findall(nodes.title))[:1])
    for section in doctree.findall(nodes.section):
        title = _prose(section[:1])
        own = [child for child in section.children[1:] if not isinstance(child, nodes.section)]
        if any("proof-table" in child.get("classes", ()) for child in own):
            continue  # the ledger repeats what stands on the pages
        entry = {"id": section["ids"][0], "title": title, "page": page, "text": _prose(own)}
        equations = [child for child in own if isinstance(child, nodes.math_block)]
        above = [comment for equation in equations for comment in _above(equation)]
        others = [child for child in own if child not in above]
        entries.append({**entry, "asked": _asked(others)})
    for equation in doctree.findall(nodes.math_block):
        label = (equation.get("label") or "").removeprefix("eq:")
        if not equation.get("number") or label.endswith("-printed"):
            continue  # a misprint answers no question; its erratum is found
        section = equation.parent
        while not isinstance(section, nodes.section | nodes.document):
            section = section.parent
        tex, name = equation.astext(), re.sub(r"[^A-Za-z0-9]+", " ", label)
        entries.append(
            {
                "id": equation["ids"][0],
                "title": _prose(section[:1]),
                "page": page,
                "text": _words_before(equation),
                "subject": f"equation {name} {subject(tex)}",
                "words": words(tex),
                "asked": _asked(_above(equation)),
                "math": _typeset(equation),
            }
        )
    _store(app.env)[app.env.docname] = entries


def _store(env: BuildEnvironment) -> dict[str, list[dict[str, str]]]:
    if not hasattr(env, "search_entries"):
        env.search_entries = {}  # type: ignore[attr-defined]
    return env.search_entries  # type: ignore[attr-defined, no-any-return]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _store(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    _store(env).update({docname: _store(other)[docname] for docname in docnames})


def write_index(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    numbers = {
        anchor: f"({'.'.join(map(str, number))})"
        for figures in app.env.toc_fignumbers.values()
        for anchor, number in figures.get("displaymath", {}).items()
    }

    def numbered(text: str) -> str:
        return _EQUATION.sub(lambda of: numbers.get(nodes.make_id(f"equation-{of[1]}"), ""), text)

    index = []
    for docname, entries in sorted(_store(app.env).items()):
        for entry in entries:
            found = {name: numbered(text) for name, text in entry.items() if text}
            anchor = found.pop("id")
            if number := numbers.get(anchor):
                found["title"] = f"Equation {number}, {found['title']}"
            index.append({**found, "url": f"{app.builder.get_target_uri(docname)}#{anchor}"})
    # A script and not JSON: a page that was opened from a file may load a script but not read data.
    target = Path(app.outdir) / "_static" / "search-index.js"
    target.write_text(f"window.searchIndex={json.dumps(index, ensure_ascii=False)};", "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    # After the assets have been cleared of what is not published.
    app.connect("build-finished", write_index, priority=900)
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
