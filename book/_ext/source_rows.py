"""Where the book stands beside its source: rows, errata marks, the list of all rows in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from mathml import erratum_mark
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ERRATA = "errata"
_ROW = re.compile(r"(?:equation-eq-|row-)([a-g]\d\d)(?:-\d+)?\Z|(?:equation-eq-|row-)(n\d\d)\Z")
_GLANCE = re.compile(
    r"^\| \[([^\]]*)\]\(#(err-[\w-]+)\) \| \[[^\]]*\]\(([\w/]+)\.md\)", re.MULTILINE
)
_RANGE = re.compile(r"([a-z])(\d\d) to [a-z](\d\d)")


def errata_of(text: str) -> list[tuple[str, str, list[str]]]:
    """The table of the errata page: anchor, page and rows of each erratum."""
    found = []
    for rows, anchor, page in _GLANCE.findall(text):
        span = _RANGE.fullmatch(rows)
        names = (
            [f"{span[1]}{number:02d}" for number in range(int(span[2]), int(span[3]) + 1)]
            if span
            else rows.split(", ")
        )
        found.append((anchor, page, names))
    return found


def row_of(identifier: str) -> str:
    """The row of the source that an anchor carries: ``c07`` of ``equation-eq-c07-2``."""
    found = _ROW.match(identifier)
    return (found[1] or found[2]) if found else ""


def places(doctree: nodes.document) -> Iterator[tuple[str, str, nodes.Element]]:
    """Row, anchor and node of everything on a page that stands for a row of the source."""
    for node in doctree.findall(nodes.Element):
        for identifier in node.get("ids", ()):
            if row := row_of(identifier):
                yield row, identifier, node
                break


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Notes where each row stands, and moves a row's anchor from its cell to the table's row."""
    docname = app.env.docname
    for table in doctree.findall(nodes.table):
        _mark_column(table)
    if docname == ERRATA:
        return
    found: dict[str, str] = {}
    for row, identifier, _ in places(doctree):
        found.setdefault(row, identifier)
    _store(app.env)[docname] = found


def _mark_column(table: nodes.table) -> None:
    """The column "Row" of a table holds codes of the source: shown to those who compare."""
    rows = list(table.findall(nodes.row))
    if not rows or not rows[0].children or rows[0].children[0].astext() != "Row":
        return
    for row in rows:
        cell = row.children[0]
        cell["classes"].append("src")
        for anchor in cell.findall(nodes.inline):
            row["ids"] += anchor["ids"]
            anchor["ids"] = []


def _store(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    if not hasattr(env, "source_rows"):
        env.source_rows = {}  # type: ignore[attr-defined]
    return env.source_rows  # type: ignore[attr-defined, no-any-return]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _store(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    _store(env).update({name: _store(other)[name] for name in docnames if name in _store(other)})


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sets the row on each display, and each erratum once, where its first row stands."""
    if docname == ERRATA:
        link_rows(app, doctree)
    if docname == ERRATA or ERRATA not in app.env.found_docs:
        return
    found = list(places(doctree))
    for row, _, node in found:
        if isinstance(node, nodes.math_block):
            node["source_row"] = row
    errata = errata_of(Path(app.env.doc2path(ERRATA)).read_text("utf-8"))
    page = app.builder.get_relative_uri(docname, ERRATA)
    for anchor, of, rows in errata:
        if of != docname:
            continue
        place = next((node for row, _, node in found if row in rows), None)
        if place is None:
            raise ExtensionError(
                f"{docname}: expected one of the rows {', '.join(rows)}, for the erratum {anchor}"
            )
        link = (f"{page}#{anchor}", ", ".join(rows))
        if isinstance(place, nodes.math_block):
            place["errata"] = [*place.get("errata", ()), link]
        else:
            _append(place, *link)


def _append(place: nodes.Element, href: str, rows: str) -> None:
    """The mark behind the words of a table's row, or behind a heading."""
    target: nodes.Element = place
    if isinstance(place, nodes.row):
        target = place.children[-1]
        inner = [child for child in target.children if isinstance(child, nodes.paragraph)]
        target = inner[-1] if inner else target
    elif isinstance(place, nodes.section):
        target = next(child for child in place.children[1:] if isinstance(child, nodes.paragraph))
    elif isinstance(place, nodes.target):
        index = place.parent.index(place)
        following = place.parent.children[index + 1 :]
        target = next(node for node in following if isinstance(node, nodes.paragraph))
    target += nodes.raw("", " " + erratum_mark(href, rows), format="html")


class SourceRows(SphinxDirective):
    """``{source-rows}``: every row of the source in order, what it says and where it stands.

    The body has a line ``c04 | what the row says`` for each row.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        table = nodes.table(classes=["source-rows"])
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(2)), cols=2)
        head, body = nodes.thead(), nodes.tbody()
        head += _row(nodes.paragraph("", "Row"), nodes.paragraph("", "What it says"))
        for line in self.content:
            row, _, says = line.partition("|")
            parsed, _ = self.state.inline_text(says.strip(), self.lineno)
            link = nodes.reference("", row.strip(), internal=True, refuri="")
            link["source_row"] = row.strip()
            body += _row(nodes.paragraph("", "", link), nodes.paragraph("", "", *parsed))
        group += [head, body]
        table += group
        return [table]


def _row(*cells: nodes.Node) -> nodes.row:
    row = nodes.row()
    row += [nodes.entry("", cell) for cell in cells]
    return row


def link_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Links each line of ``{source-rows}`` to the first place of its row in reading order."""
    order = _reading_order(app.env)
    for link in doctree.findall(nodes.reference):
        if row := link.get("source_row"):
            stands = _store(app.env)
            docname = next((name for name in order if row in stands.get(name, {})), None)
            if docname is None:
                raise ExtensionError(f"{ERRATA}: the row {row} stands on no page")
            page = app.builder.get_relative_uri(ERRATA, docname)
            link["refuri"] = f"{page}#{stands[docname][row]}"


def _reading_order(env: BuildEnvironment) -> list[str]:
    def walk(docname: str) -> Iterator[str]:
        yield docname
        for child in env.toctree_includes.get(docname, ()):
            yield from walk(child)

    return list(walk(env.config.root_doc))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("source-rows", SourceRows)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", mark)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
