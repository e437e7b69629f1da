"""Collects what the search finds: every section and every numbered equation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_NOT_PROSE = (nodes.math, nodes.math_block, nodes.literal_block, nodes.raw, nodes.comment)


def _prose(found: Iterable[nodes.Node]) -> str:
    """The words of ``found`` without its formulas and code."""

    def text(node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return node.astext()
        if isinstance(node, _NOT_PROSE):
            return " "
        separator = " " if isinstance(node, nodes.Structural | nodes.Body | nodes.Part) else ""
        return separator + "".join(map(text, node.children)) + separator

    return " ".join("".join(map(text, found)).split())


def _words_before(equation: nodes.math_block) -> str:
    """The text that leads to the equation: the words nearest before it."""
    siblings = equation.parent.children
    for sibling in reversed(siblings[: siblings.index(equation)]):
        if words := _prose([sibling]):
            return words
    return ""


def collect(app: Sphinx, doctree: nodes.document) -> None:
    entries: list[dict[str, str]] = []
    titles = [title.astext() for title in doctree.findall(nodes.title)]
    page = titles[0] if titles else ""
    for section in doctree.findall(nodes.section):
        title = _prose(section[:1])
        own = [child for child in section.children[1:] if not isinstance(child, nodes.section)]
        entries.append({"id": section["ids"][0], "title": title, "page": page, "text": _prose(own)})
    for equation in doctree.findall(nodes.math_block):
        if not equation.get("number"):
            continue
        section = equation.parent
        while not isinstance(section, nodes.section | nodes.document):
            section = section.parent
        label = re.sub(r"[^A-Za-z0-9]+", " ", (equation.get("label") or "").removeprefix("eq:"))
        entries.append(
            {
                "id": equation["ids"][0],
                "title": _prose(section[:1]),
                "page": page,
                "text": _words_before(equation),
                "labels": f"equation {label}".strip(),
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
    index = []
    for docname, entries in sorted(_store(app.env).items()):
        numbers = app.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        for entry in entries:
            found = {**entry, "url": f"{app.builder.get_target_uri(docname)}#{entry['id']}"}
            del found["id"]
            if number := numbers.get(entry["id"]):
                found["title"] = f"Equation ({'.'.join(map(str, number))}), {entry['title']}"
            index.append(found)
    # A script and not JSON: a page that was opened from a file may load a script but not read data.
    target = Path(app.outdir) / "_static" / "search-index.js"
    target.write_text(f"window.searchIndex={json.dumps(index, ensure_ascii=False)};", "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    # After the assets have been cleared of what is not published.
    app.connect("build-finished", write_index, priority=900)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
