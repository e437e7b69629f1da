"""The ledger's page: totals, what must be right for a proof, and a table for each page."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import texcheck
from texcheck.book.pages import title

from .marks import with_math
from .proofs import Row, anchor_of, ledger_of, short


class ProofTotals(SphinxDirective):
    """``{proof-totals}``: how many statements there are, and how they were decided."""

    def run(self) -> list[nodes.Node]:
        ledger = ledger_of(self.env.app)
        totals = ledger.book.totals
        failed = totals["refuted"] + totals["undecided"] + totals["unreadable"]
        facts = [
            (totals["statements"], f"statements on {len(ledger.pages)} pages"),
            (totals["proved"], "proved"),
            (totals["definitions"], "definitions, which claim nothing"),
            (failed, "refuted, undecided or unreadable"),
            (ledger.book.refuted_misprints, "misprints of the source, refuted as printed"),
        ]
        listing = nodes.bullet_list(classes=["proof-totals"])
        for number, text in facts:
            item = nodes.paragraph("", "", nodes.strong("", str(number)), nodes.Text(f" {text}"))
            listing += nodes.list_item("", item)
        return [listing]


class ProofTrusted(SphinxDirective):
    """``{proof-trusted}``: each file that a proof rests on, its size, and what it does."""

    def run(self) -> list[nodes.Node]:
        package = Path(texcheck.__file__).parent
        rows, total = [], 0
        for part in texcheck.TRUSTED:
            found = [package / part] if part.endswith(".py") else (package / part).glob("*.py")
            for path in sorted(found):
                source = path.read_text(encoding="utf-8")
                says = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
                size = source.count("\n")
                total += size
                if path.name != "__init__.py":
                    name = path.relative_to(package).with_suffix("").as_posix()
                    rows.append([nodes.literal("", name), nodes.Text(str(size)), _plain(says)])
        self.env.note_dependency(__file__)
        caption = f"The trusted part: {total:,} lines"
        heads = ("File", "Lines", "What it does")
        return [_table("proof-trusted", caption, heads, (2, 1, 7), map(_table_row, rows))]


def _plain(text: str) -> nodes.Node:
    return nodes.Text(" ".join(text.split()).replace("`", ""))


class ProofNetworks(SphinxDirective):
    """``{proof-networks}``: the networks and losses that statements are about, as declared."""

    def run(self) -> list[nodes.Node]:
        path = Path(texcheck.__file__).parent / "networks" / "declared.toml"
        self.env.note_dependency(str(path))
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        losses = data["losses"]
        listing = nodes.definition_list(ids=["proof-networks"])
        for name, network in data["networks"].items():
            box = nodes.definition()
            for line in network.get("lines", ()):
                box += _scrolled(line.replace("=", ":=", 1))
            for n, loss in enumerate(network.get("loss", ())):
                if n:
                    box += nodes.paragraph("", "or")
                any_loss = nodes.paragraph("", "any loss")
                box += _scrolled(losses[loss].replace("=", ":=", 1)) if loss else any_loss
            if "like" in network:
                box += nodes.paragraph("", f"{network['like']}, with the numbers of this book")
            term = nodes.term("", "", nodes.literal("", name))
            listing += nodes.definition_list_item("", term, box)
        return [listing]


class ProofLedger(SphinxDirective):
    """``{proof-ledger}``: a section with a table for each page; the site folds them."""

    COLUMNS = ("#", "Equation", "Verdict", "Statement, and how it was read")
    WIDTHS = (3, 5, 8, 20)  # shares; on a phone the statement stands below the others

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
        anchor, caption = f"{section['ids'][0]}-table", f"The statements of “{name}”"
        shown = (self._statement(docname, row) for row in rows)
        table = _table(anchor, caption, self.COLUMNS, self.WIDTHS, shown)
        # docutils writes the widths down for this class alone.
        table["classes"] += ["proof-table", "colwidths-given"]
        section += table
        return section

    def _statement(self, docname: str, row: Row) -> nodes.row:
        statement = row.statement
        name = short(statement) or f"{statement.where} {statement.item + 1}"
        link = nodes.reference("", name, internal=True, refuri="")
        link["proof_page"], link["proof_anchor"] = docname, anchor_of(statement)
        verdict = statement.status + (" (misprint)" if statement.expect == "misprint" else "")
        cases = f" for {'; '.join(statement.cases)}" if statement.cases else ""
        shown = _table_row(
            [
                nodes.Text(str(row.number)),
                nodes.paragraph("", "", link),
                nodes.paragraph("", verdict + cases),
                _formulas(row),
            ]
        )
        shown["ids"].append(row.anchor)
        shown["classes"].append(f"proof-{statement.status}")
        return shown


def _formulas(row: Row) -> nodes.container:
    """A statement as a formula, and below it its entries, shape and ranges as they were read."""
    statement = row.statement
    box = nodes.container("", _scrolled(statement.tex), classes=["proof-statement"])
    if statement.status == "definition":
        box += nodes.paragraph("", "", *with_math(statement.sentences))
    if statement.entries:
        shape, entries, *ranges = statement.entries
        box += _scrolled(entries, classes=["proof-read"])
        parts: list[nodes.Node] = [nodes.Text("shape "), nodes.math("", shape)]
        for one in ranges:
            parts += [nodes.Text(", "), nodes.math("", one)]
        box += nodes.paragraph("", "", *parts, classes=["proof-read"])
    return box


def _scrolled(tex: str, classes: Iterable[str] = ()) -> nodes.container:
    return nodes.container("", nodes.math("", tex), classes=["equation-scroll", *classes])


def _table(
    anchor: str,
    caption: str,
    heads: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterable[nodes.row],
) -> nodes.table:
    """A table with a caption; the first column heads each row."""
    table = nodes.table("", nodes.title("", caption), ids=[anchor])
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=width, stub=int(not n)) for n, width in enumerate(widths)]
    head, body = nodes.thead(), nodes.tbody()
    head += _table_row(nodes.Text(text) for text in heads)
    body += list(rows)
    group += [head, body]
    table += group
    return table


def _table_row(cells: Iterable[nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        row += nodes.entry("", cell)
    return row
