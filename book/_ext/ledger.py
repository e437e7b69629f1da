"""Proves every equation while the book is built, marks it on its page, lists it in the ledger."""

from __future__ import annotations

import hashlib
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import texcheck
from texcheck.book import Book, Statement, prove, refutation, write
from texcheck.reader import ReadError, pages, title

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

LEDGER = "ledger"
# The longest TeX of a statement that the ledger shows; the equation itself is one link away.
LONGEST = 120

COLUMNS = (
    "#",
    "Equation",
    "Verdict",
    "Engine",
    "Network",
    "Points",
    "Entries",
    "Degree",
    "Error below",
    "Statement",
)


@dataclass(frozen=True)
class Row:
    """A statement, its number and its anchor in the ledger: ``p-c04-2`` is the second of c04."""

    number: int
    anchor: str
    statement: Statement


class Ledger:
    """The rows of a book, by page, the pages in the order of the table of contents."""

    def __init__(self, book: Book, order: list[str]) -> None:
        self.book = book
        by_page: dict[str, list[Statement]] = {}
        for statement in book.statements:
            by_page.setdefault(docname_of(statement), []).append(statement)
        docnames = dict.fromkeys([*order, *by_page])
        self.pages: dict[str, list[Row]] = {}
        named: Counter[str] = Counter()
        numbers = count(1)
        for docname in filter(by_page.get, docnames):
            rows = self.pages[docname] = []
            for statement in by_page[docname]:
                name = nodes.make_id(f"p-{short(statement) or docname}")
                named[name] += 1
                rows.append(Row(next(numbers), f"{name}-{named[name]}", statement))

    def items(self, docname: str) -> list[list[Row]]:
        """The rows of a page, those of one display or cell together."""
        found: dict[int, list[Row]] = {}
        for row in self.pages.get(docname, []):
            found.setdefault(row.statement.item, []).append(row)
        return list(found.values())

    def fingerprint(self, docname: str) -> str:
        """Changes with what is said about a page (for the ledger itself: any page), or how."""
        shown = self.pages if docname == LEDGER else self.pages.get(docname)
        return hashlib.sha256(Path(__file__).read_bytes() + repr(shown).encode()).hexdigest()


def short(statement: Statement) -> str:
    """The label without its kind: ``c04`` of ``eq:c04`` and of ``row-c04``."""
    return statement.label.removeprefix("eq:").removeprefix("row-")


def docname_of(statement: Statement) -> str:
    return statement.page.rpartition(".")[0]


def anchor_of(statement: Statement) -> str:
    """Where the statement stands on its page."""
    if statement.where == "display" and statement.label:
        return nodes.make_id(f"equation-{statement.label}")
    return statement.label or f"statement-{statement.item}"


# Proving


def prove_book(app: Sphinx) -> None:
    """Proves the book, or keeps the last build's verdicts if neither book nor prover changed."""
    source, kept = Path(app.srcdir), Path(app.doctreedir) / "texcheck.json"
    digest = _digest(source)
    try:
        stamp, _, text = kept.read_text(encoding="utf-8").partition("\n")
    except FileNotFoundError:
        stamp = text = ""
    if stamp == digest:
        book = Book.from_json(text)
    else:
        try:
            book = prove(source)
        except ReadError as error:
            raise ExtensionError(f"texcheck cannot read the book:\n{error}") from error
        kept.parent.mkdir(parents=True, exist_ok=True)
        write(kept, f"{digest}\n{book.to_json()}")
    app.proof_ledger = Ledger(book, _order(app))  # type: ignore[attr-defined]
    for statement, what in book.wrong:
        location = f"{source / statement.page}:{statement.line}"
        logger.warning("texcheck: %s", what, location=location, type="texcheck")


def fail_if_wrong(app: Sphinx, exception: Exception | None) -> None:
    """A book with a wrong equation is no book, whatever the options of the build."""
    failures = ledger_of(app).book.failures
    if failures and exception is None:
        raise ExtensionError("texcheck refuses the book:\n" + "\n".join(failures))


def _digest(source: Path) -> str:
    """Changes when a page or the prover does."""
    package = Path(texcheck.__file__).parent
    digest = hashlib.sha256(sys.version.encode())
    for path in [*pages(source), *sorted(package.rglob("*.py"))]:
        digest.update(f"{path}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _order(app: Sphinx) -> list[str]:
    """The pages in the order of the table of contents, where there is one."""
    site_map = getattr(app.config, "external_site_map", None)
    if site_map is None:
        return []

    def walk(docname: str) -> Iterator[str]:
        yield docname
        for child in site_map[docname].child_files():
            yield from walk(child)

    return list(walk(site_map.root.docname))


def ledger_of(app: Sphinx) -> Ledger:
    ledger: Ledger = app.proof_ledger  # type: ignore[attr-defined]
    return ledger


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """The pages whose verdicts changed since they were last read."""
    ledger = ledger_of(app)
    old: dict[str, str] = getattr(env, "proof_fingerprints", {})
    new = {docname: ledger.fingerprint(docname) for docname in env.found_docs}
    env.proof_fingerprints = new  # type: ignore[attr-defined]
    return [docname for docname in new if old.get(docname) != new[docname]]


# Marks on the pages


def mark_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sets ``proof_href``, ``proof_text`` and ``proof_status`` on every checked math of a page."""
    ledger = ledger_of(app)
    displays = iter(list(doctree.findall(nodes.math_block)))
    cells = iter([node for node in doctree.findall(nodes.math) if _entry(node)])
    for rows in ledger.items(docname):
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
    return next(
        (word for word in ("refuted", "unreadable", "proved") if word in found), "definition"
    )


def summary(statements: list[Statement]) -> str:
    """How a display was checked, in words for a tooltip and a screen reader."""
    proved = [statement for statement in statements if statement.status == "proved"]
    match status(statements):
        case "refuted" if statements[0].expect == "misprint":
            return "Refuted, as a misprint should be"
        case "refuted" | "unreadable" as word:
            return f"Not proved: {word}"
        case "definition":
            return "A definition: it claims nothing that could be checked"
    several = "" if len(proved) == 1 else f"{len(proved)} statements, "
    exact = [statement for statement in proved if statement.engine == "exact"]
    points = min(statement.points for statement in proved)
    if len(exact) < len(proved):
        return f"Proved: {several}numerical test, {points} random points"
    if all(statement.log10_error is None for statement in exact):
        return f"Proved: {several}exact, without chance"
    return (
        f"Proved: {several}exact identity test, {points} random points, "
        f"chance of error below {error_bound(exact)}"
    )


def is_exact(statement: Statement) -> bool:
    """Whether the exact engine proved it."""
    return statement.status == "proved" and statement.engine == "exact"


def error_bound(statements: Iterable[Statement]) -> str:
    """The power of ten that the chance of error of each stays below; 0 if there is no chance."""
    bounds = [one.log10_error for one in statements if one.log10_error is not None]
    return f"1e{math.ceil(max(bounds))}" if bounds else "0"


def counterexample(statements: list[Statement]) -> nodes.Element:
    """What texcheck found against a misprint, for the page of errata."""
    box = nodes.container(classes=["counterexample"])
    refuted = [statement for statement in statements if statement.status == "refuted"]
    for statement in refuted:
        if len(statements) == 1:
            claim = [nodes.strong("", "texcheck refutes this. ")]
        else:
            claim = [
                nodes.strong("", "texcheck refutes "),
                nodes.math("", statement.tex),
                nodes.Text(". "),
            ]
        box += nodes.paragraph("", "", *claim, *with_math(refutation(statement)))
    return box


def with_math(text: str) -> list[nodes.Node]:
    """A sentence of texcheck with its ``$…$`` as formulas, and shapes that keep together."""
    joined = text.replace(" × ", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}")
    return [
        nodes.math("", part) if number % 2 else nodes.Text(part)
        for number, part in enumerate(joined.split("$"))
    ]


# The ledger's page


class ProofTotals(SphinxDirective):
    """``{proof-totals}``: how many statements there are, and how they were decided."""

    def run(self) -> list[nodes.Node]:
        ledger = ledger_of(self.env.app)
        totals = ledger.book.totals
        exact = totals["proved"] - totals["numerical"]
        worst = error_bound(one for one in ledger.book.claims if is_exact(one))
        facts = [
            (totals["statements"], f"statements on {len(ledger.pages)} pages"),
            (exact, f"proved by the exact test, each with a chance of error below {worst}"),
            (totals["numerical"], "proved in floating point alone"),
            (totals["definitions"], "definitions, which claim nothing"),
            (totals["refuted"] + totals["unreadable"], "refuted or unreadable"),
            (ledger.book.refuted_misprints, "misprints of the source, refuted as printed"),
        ]
        listing = nodes.bullet_list(classes=["proof-totals"])
        for number, text in facts:
            item = nodes.paragraph("", "", nodes.strong("", str(number)), nodes.Text(f" {text}"))
            listing += nodes.list_item("", item)
        return [listing]


class ProofLedger(SphinxDirective):
    """``{proof-ledger}``: a section with a table for each page."""

    def run(self) -> list[nodes.Node]:
        ledger = ledger_of(self.env.app)
        return [
            self._section(docname, rows)
            for docname, rows in ledger.pages.items()
            if docname in self.env.found_docs
        ]

    def _section(self, docname: str, rows: list[Row]) -> nodes.section:
        name = title(Path(self.env.doc2path(docname))) or docname
        section = nodes.section(ids=[nodes.make_id(f"ledger-{docname}")], names=[docname])
        section += nodes.title("", name)
        table = nodes.table(ids=[f"{section['ids'][0]}-table"], classes=["proof-table"])
        table += nodes.title("", f"The statements of “{name}”")
        group = nodes.tgroup(cols=len(COLUMNS))
        table += group
        group += [nodes.colspec(colwidth=1, stub=int(column == "#")) for column in COLUMNS]
        head, body = nodes.thead(), nodes.tbody()
        head += _table_row(nodes.Text(column) for column in COLUMNS)
        body += [self._statement(docname, row) for row in rows]
        group += [head, body]
        section += table
        section += self._definitions(rows)
        return section

    def _statement(self, docname: str, row: Row) -> nodes.row:
        statement = row.statement
        name = short(statement) or f"{statement.where} {statement.item + 1}"
        link = nodes.reference("", name, internal=True, refuri="")
        link["proof_page"], link["proof_anchor"] = docname, anchor_of(statement)
        tex = statement.tex if len(statement.tex) <= LONGEST else statement.tex[: LONGEST - 1] + "…"
        verdict = statement.status
        if statement.expect == "misprint":
            verdict += " (misprint)"
        decided = statement.status == "proved"
        exact = is_exact(statement)
        shown = _table_row(
            [
                nodes.Text(str(row.number)),
                link,
                nodes.Text(verdict),
                nodes.Text(statement.engine or "–"),
                nodes.Text(statement.network),
                nodes.Text(str(statement.points) if decided else "–"),
                nodes.Text(str(statement.entries) if decided else "–"),
                nodes.Text(str(statement.degree) if exact else "–"),
                nodes.Text(error_bound([statement]) if exact else "–"),
                # plain HTML: a `literal` becomes an element for each of its words
                nodes.raw("", f"<code>{escape(tex)}</code>", format="html"),
            ]
        )
        shown["ids"].append(row.anchor)
        shown["classes"].append(f"proof-{statement.status}")
        return shown

    def _definitions(self, rows: list[Row]) -> list[nodes.Node]:
        """Why each statement that claims nothing does so."""
        return [
            nodes.paragraph("", f"Statement {row.number} is {row.statement.reason}")
            for row in rows
            if row.statement.status == "definition"
        ]


def _table_row(cells: Iterable[nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        is_link = isinstance(cell, nodes.reference)
        row += nodes.entry("", nodes.paragraph("", "", cell) if is_link else cell)
    return row


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("proof-totals", ProofTotals)
    app.add_directive("proof-ledger", ProofLedger)
    app.connect("builder-inited", prove_book)
    app.connect("env-get-outdated", outdated)
    app.connect("doctree-resolved", mark_page)
    app.connect("build-finished", fail_if_wrong)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
