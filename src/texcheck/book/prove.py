"""Proves a whole book: `python -m texcheck book [-v] [--json FILE] [FOLDER]`.

The JSON file is an object: `book`, the folder or page as it was given; `statements`, an object for
each in reading order, with the fields of `Statement`; `misprints`, how many displays are marked as
misprints and are refuted; `totals`, how many `statements` are meant to be true, and how many of
these are `proved`, `definitions`, `refuted`, `undecided` and `unreadable`; `failures`, a list of
texts, empty if the book holds.
"""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from threading import active_count
from typing import Self

from .. import report
from ..check import check, explained
from ..indexed import indexed
from ..verdict import Proved
from .pages import Item, read

# Of all statements, at most this share may make no claim.
MOST_DEFINITIONS = 0.05


@dataclass(frozen=True)
class Statement:
    """One claim of a page and its verdict, flat, so that it goes to JSON and back.

    `page` is relative to the book's folder; `line` and `column` count from 1. `item` numbers the
    displays and cells of a page from 0, `display` is the TeX of the whole one, `tex` that of the
    claim. `where` is display or cell, `expect` is true or misprint. `status` is that of the
    verdict; `cases` what it was proved for; `said` its text, line by line; `entries` (TeX) how
    both sides were read, in index notation.
    """

    page: str
    line: int
    column: int
    label: str
    item: int
    where: str
    expect: str
    display: str
    tex: str
    network: str
    status: str
    cases: tuple[str, ...]
    said: tuple[str, ...]
    entries: tuple[str, ...]

    @property
    def place(self) -> str:
        """Page, line and label."""
        return f"{self.page}:{self.line}" + (f" {self.label}" if self.label else "")

    @property
    def sentences(self) -> str:
        """What the verdict says, in sentences."""
        return " ".join(f"{report.capitalized(part)}." for part in self.said)


@dataclass(frozen=True)
class Book:
    """All statements of a book: what is proved, what is not, and whether that will do."""

    path: str
    statements: tuple[Statement, ...]

    @cached_property
    def claims(self) -> list[Statement]:
        """The statements that are meant to be true."""
        return [statement for statement in self.statements if statement.expect == "true"]

    @cached_property
    def misprints(self) -> list[list[Statement]]:
        """The statements of each display that is marked as a misprint."""
        printed = (statement for statement in self.statements if statement.expect == "misprint")
        return [list(some) for _, some in groupby(printed, key=attrgetter("page", "item"))]

    @cached_property
    def refuted_misprints(self) -> int:
        """How many misprints are refuted, as they should be."""
        return sum(any(one.status == "refuted" for one in found) for found in self.misprints)

    @cached_property
    def totals(self) -> dict[str, int]:
        """How many claims there are, by verdict."""
        status = Counter(statement.status for statement in self.claims)
        words = ("proved", "definitions", "refuted", "undecided", "unreadable")
        numbers = {word: status[word.removesuffix("s")] for word in words}
        return {"statements": len(self.claims), **numbers}

    @cached_property
    def wrong(self) -> list[tuple[Statement, str]]:
        """Each statement that must not stand on a page, and what is wrong with it."""
        wrong = [
            (statement, f"{statement.status}: {explain(statement)}")
            for statement in self.claims
            if statement.status not in ("proved", "definition")
        ]
        for statements in self.misprints:
            if all(statement.status != "refuted" for statement in statements):
                found = ", ".join(statement.status for statement in statements)
                texts = [explain(one) for one in statements if one.status == "unreadable"]
                message = f"marked as a misprint, but not refuted: {found}"
                wrong.append((statements[0], "\n".join([message, *texts])))
        return wrong

    @cached_property
    def failures(self) -> list[str]:
        """Why the book does not hold, a text each; empty if it does."""
        failures = [f"{self.path}/{statement.place} {what}" for statement, what in self.wrong]
        total, named = self.totals["statements"], self.totals["definitions"]
        if not total:
            failures.append(f"{self.path}: expected statements, found none")
        if named > MOST_DEFINITIONS * total:
            found = f"{named} of {total} statements are definitions"
            failures.append(f"{self.path}: {found}, expected at most {MOST_DEFINITIONS:.0%}")
        return failures

    def to_json(self) -> str:
        """This book as JSON text; the module's docstring names the fields."""
        data = {"book": self.path, "totals": self.totals, "misprints": self.refuted_misprints}
        data |= {"failures": self.failures, "statements": [*map(asdict, self.statements)]}
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The book that `to_json` wrote."""
        data = json.loads(text)
        for fields in data["statements"]:
            fields |= {name: tuple(fields[name]) for name in ("cases", "said", "entries")}
        return cls(data["book"], tuple(Statement(**fields) for fields in data["statements"]))


def prove(path: Path | str, *, pages: bool = False) -> Book:
    """Reads the pages of a folder (or one page) and checks every statement on them.

    `pages`: say of each how it was read, and what is wrong with a misprint, as the site shows it.
    Raises ReadError if a page cannot be read.
    """
    root = Path(path)
    folder = root if root.is_dir() else root.parent
    # A process that has threads cannot be forked safely. Others check while more pages are read.
    with nullcontext() if active_count() > 1 else ProcessPoolExecutor() as pool:
        each = partial(pool.map, chunksize=4) if pool else map
        numbered = (enumerate(some) for _, some in groupby(read(root), key=attrgetter("file")))
        found = each(partial(_statements, folder, pages), chain.from_iterable(numbered))
    return Book(folder.as_posix(), tuple(chain.from_iterable(found)))


def _statements(folder: Path, pages: bool, numbered: tuple[int, Item]) -> list[Statement]:
    """The claims of an item with their verdicts; a diagnosis takes long: only where it is shown."""
    number, item = numbered
    try:
        found = check(item.tex, item.network, subject=item.subject, kind=item.kind, diagnose=False)
        failed = any(one.status not in ("proved", "definition") for _, one in found)
        if pages if item.expect == "misprint" else failed:
            found = explained(item.tex, found, item.network)
    except Exception as error:
        error.add_note(f"while checking {item.file}:{item.line} {item.label}")
        raise
    page = item.file.relative_to(folder).as_posix()
    return [
        Statement(
            page=page,
            line=item.line + claim.line,
            column=claim.column + (item.column if claim.line == 0 else 1),
            label=item.label,
            item=number,
            where=item.where,
            expect=item.expect,
            display=item.tex.strip(),
            tex=" ".join(claim.tex.split()),
            network=item.network,
            status=verdict.status,
            cases=verdict.cases if isinstance(verdict, Proved) else (),
            said=tuple(report.text(verdict)),
            entries=indexed(claim, item.network) if pages else (),
        )
        for claim, verdict in found
    ]


def explain(statement: Statement) -> str:
    """What a refutation found, or why a statement cannot be read: some lines of text."""
    first = [] if statement.status == "unreadable" else [statement.tex]
    return "\n    ".join([*first, *statement.said])


def lines(book: Book, verbose: bool = False) -> Iterator[str]:
    """What `python -m texcheck book` prints: all with `verbose`, then what fails, then totals."""
    for statement in book.statements if verbose else ():
        printed = "misprint, " if statement.expect == "misprint" else ""
        yield f"{book.path}/{statement.place} {printed}{statement.status}"
        if statement.status == "definition":
            yield from (f"    {line}" for line in statement.said)
    yield from book.failures
    (_, total), *numbers = book.totals.items()
    yield f"{book.refuted_misprints} misprints refuted as printed"
    yield f"{total} statements: " + ", ".join(f"{number} {name}" for name, number in numbers)


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
