"""Proves the book, or keeps the last build's verdicts; a wrong equation ends the build."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging

import texcheck
from texcheck.book.pages import ReadError, pages
from texcheck.book.prove import Book, Statement, prove, write

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

LEDGER = "ledger"


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
        code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
        return hashlib.sha256(code + repr(shown).encode()).hexdigest()


def short(statement: Statement) -> str:
    """The label without its kind: ``c04`` of ``eq:c04`` and of ``row-c04``."""
    return statement.label.removeprefix("eq:").removeprefix("row-")


def docname_of(statement: Statement) -> str:
    """The page as Sphinx names it."""
    return statement.page.rpartition(".")[0]


def anchor_of(statement: Statement) -> str:
    """Where the statement stands on its page."""
    if statement.where == "display" and statement.label:
        return nodes.make_id(f"equation-{statement.label}")
    return statement.label or f"statement-{statement.item}"


def ledger_of(app: Sphinx) -> Ledger:
    """The ledger of this build."""
    ledger: Ledger = app.proof_ledger  # type: ignore[attr-defined]
    return ledger


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
            book = prove(source, pages=True)
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
    for path in [*pages(source), *sorted(package.rglob("*.*"))]:
        if "__pycache__" not in path.parts:
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


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """The pages whose verdicts changed since they were last read."""
    ledger = ledger_of(app)
    old: dict[str, str] = getattr(env, "proof_fingerprints", {})
    new = {docname: ledger.fingerprint(docname) for docname in env.found_docs}
    env.proof_fingerprints = new  # type: ignore[attr-defined]
    return [docname for docname in new if old.get(docname) != new[docname]]
