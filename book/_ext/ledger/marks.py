"""The mark beside each equation, and the refutation below each misprint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.errors import ExtensionError

from texcheck.book.prove import Statement

from .proofs import LEDGER, anchor_of, ledger_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_WORST_FIRST = ("refuted", "unreadable", "undecided", "proved")


def mark_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sets ``proof_href``, ``proof_text`` and ``proof_status`` on every checked math of a page."""
    displays = iter(list(doctree.findall(nodes.math_block)))
    cells = iter([node for node in doctree.findall(nodes.math) if _entry(node)])
    for rows in ledger_of(app).items(docname):
        statements = [row.statement for row in rows]
        first = statements[0]
        if first.where == "display":
            node = next(displays, None)
        else:
            node = next((cell for cell in cells if _same(cell.astext(), first.display)), None)
        if node is None or not _same(node.astext(), first.display):
            raise ExtensionError(
                f"texcheck: the {first.where} at {first.place} is not on the built page"
            )
        page = app.builder.get_relative_uri(docname, LEDGER)
        node["proof_href"] = f"{page}#{rows[0].anchor}"
        node["proof_text"] = summary(statements)
        node["proof_status"] = status(statements)
        place = node if first.where == "display" else _entry(node)
        if place is not None and not first.label:
            place["ids"].append(anchor_of(first))
        if first.expect == "misprint" and node.parent is not None:
            node.parent.insert(node.parent.index(node) + 1, counterexample(statements))
    for node in displays:
        tex = " ".join(node.astext().split())
        raise ExtensionError(f"texcheck: {docname} shows an equation that was not read: {tex}")
    for link in doctree.findall(nodes.reference):
        if "proof_page" in link:
            page = app.builder.get_relative_uri(docname, link["proof_page"])
            link["refuri"] = f"{page}#{link['proof_anchor']}"


def _entry(node: nodes.Node) -> nodes.entry | None:
    """The table cell around a node."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.entry):
            return node
    return None


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def status(statements: Iterable[Statement]) -> str:
    """One word for a display: the worst of its statements."""
    found = {statement.status for statement in statements}
    return next((word for word in _WORST_FIRST if word in found), "definition")


def summary(statements: list[Statement]) -> str:
    """How a display was checked, in words for a tooltip and a screen reader."""
    word = status(statements)
    if word == "definition":
        return "A definition: it claims nothing that could be checked"
    if word != "proved":
        misprint = statements[0].expect == "misprint" and word == "refuted"
        return "Refuted, as a misprint should be" if misprint else f"Not proved: {word}"
    proved = [statement for statement in statements if statement.status == "proved"]
    several = "" if len(proved) == 1 else f"{len(proved)} statements, "
    cases = dict.fromkeys(case for statement in proved for case in statement.cases)
    return f"Proved: {several}for {'; '.join(cases)}"


def counterexample(statements: list[Statement]) -> nodes.Element:
    """What texcheck found against a misprint, for the page of errata."""
    box = nodes.container(classes=["counterexample"])
    for statement in statements:
        if statement.status != "refuted":
            continue
        claim: list[nodes.Node] = [nodes.strong("", "texcheck refutes this. ")]
        if len(statements) > 1:
            formula = nodes.math("", statement.tex)
            claim = [nodes.strong("", "texcheck refutes "), formula, nodes.Text(". ")]
        box += nodes.paragraph("", "", *claim, *with_math(statement.sentences))
    return box


def with_math(text: str) -> list[nodes.Node]:
    """A sentence of texcheck with its ``$…$`` as formulas, and shapes that keep together."""
    joined = text.replace(" × ", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}")
    return [
        nodes.math("", part) if number % 2 else nodes.Text(part)
        for number, part in enumerate(joined.split("$"))
    ]
