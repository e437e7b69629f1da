"""Proves a whole book: ``python -m texcheck book [--json FILE] [FOLDER]``.

One line is printed a statement, then what failed, then the definitions with their reasons. The last
line is ``N statements: P proved, D definitions, R refuted, U unreadable``.

The JSON file is an object with

- ``book``: the folder or page, as it was given;
- ``statements``: a list in reading order, one object for each statement, with the fields of
  :class:`Statement`;
- ``misprints``: how many displays are marked as misprints and are refuted, as they should be;
- ``totals``: an object with the number of ``statements``, ``proved``, ``numerical`` (of the proved
  ones), ``definitions``, ``refuted`` and ``unreadable``; misprints are not among them;
- ``failures``: a list of texts, empty if the book holds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from texcheck import Claim, Verdict, check
from texcheck.reader import Item, ReadError, read

# Of all statements, at most these shares may make no claim, or be decided in floating point alone.
MOST_DEFINITIONS = 0.05
MOST_NUMERICAL = 0.02


@dataclass(frozen=True)
class Statement:
    """One claim of a page and its verdict, flat, so that it goes to JSON and back.

    ``page`` is relative to the book's folder; ``line`` and ``column`` count from 1. ``item``
    numbers the displays and cells of a page from 0, ``display`` is the TeX of the whole one,
    ``tex`` that of the claim. ``where`` is ``display`` or ``cell``, ``expect`` is ``true`` or
    ``misprint``. The other fields are those of :class:`texcheck.Verdict`; ``log10_error`` is
    ``None`` where no chance is involved, ``counterexample`` is an object or ``None``.
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
    engine: str
    points: int
    entries: int
    degree: int
    log10_error: float | None
    reason: str
    diagnosis: str
    counterexample: dict[str, Any] | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}" + (f" {self.label}" if self.label else "")


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
    def misprints(self) -> dict[tuple[str, int], list[Statement]]:
        """The statements of each display that is marked as a misprint, by page and item."""
        found: dict[tuple[str, int], list[Statement]] = {}
        for statement in self.statements:
            if statement.expect == "misprint":
                found.setdefault((statement.page, statement.item), []).append(statement)
        return found

    @cached_property
    def refuted_misprints(self) -> int:
        return sum(map(_is_refuted, self.misprints.values()))

    @cached_property
    def totals(self) -> dict[str, int]:
        status = Counter(statement.status for statement in self.claims)
        numerical = sum(
            statement.status == "proved" and statement.engine == "numerical"
            for statement in self.claims
        )
        return {
            "statements": len(self.claims),
            "proved": status["proved"],
            "numerical": numerical,
            "definitions": status["definition"],
            "refuted": status["refuted"],
            "unreadable": status["unreadable"],
        }

    @cached_property
    def wrong(self) -> list[tuple[Statement, str]]:
        """Each statement that must not stand on a page, and what is wrong with it."""
        wrong = [
            (statement, f"{statement.status}: {explain(statement)}")
            for statement in self.claims
            if statement.status not in ("proved", "definition")
        ]
        for statements in self.misprints.values():
            if not _is_refuted(statements):
                found = ", ".join(statement.status for statement in statements)
                detail = "".join(
                    "\n" + explain(statement)
                    for statement in statements
                    if statement.status == "unreadable"
                )
                wrong.append(
                    (statements[0], f"marked as a misprint, but not refuted: {found}{detail}")
                )
        return wrong

    @cached_property
    def failures(self) -> list[str]:
        """Why the book does not hold, a text each; empty if it does."""
        failures = [f"{self.path}/{statement.place} {what}" for statement, what in self.wrong]
        total = len(self.claims)
        if not total:
            failures.append(f"{self.path}: expected statements, found none")
        for name, most in (("definitions", MOST_DEFINITIONS), ("numerical", MOST_NUMERICAL)):
            if self.totals[name] > most * total:
                failures.append(
                    f"{self.path}: {self.totals[name]} of {total} statements are {name}, "
                    f"expected at most {most:.0%}"
                )
        return failures

    def to_json(self) -> str:
        """This book as JSON text; the module's docstring names the fields."""
        data = {
            "book": self.path,
            "totals": self.totals,
            "misprints": self.refuted_misprints,
            "failures": self.failures,
            "statements": [asdict(statement) for statement in self.statements],
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Book:
        data = json.loads(text)
        return cls(data["book"], tuple(Statement(**fields) for fields in data["statements"]))


def prove(path: Path | str) -> Book:
    """Reads the pages of a folder (or one page) and checks every statement on them.

    Raises :class:`texcheck.reader.ReadError` if a page cannot be read.
    """
    root = Path(path)
    folder = root if root.is_dir() else root.parent
    statements: list[Statement] = []
    count: Counter[Path] = Counter()
    for item in read(root):
        try:
            checked = check(item.tex, item.network, subject=item.subject, kind=item.kind)
        except Exception as error:
            error.add_note(f"while checking {item.file}:{item.line} {item.label}")
            raise
        if not checked:
            nothing = Verdict("unreadable", reason="expected a statement, found none")
            checked = [(Claim(item.tex, 0, 0), nothing)]
        page = item.file.relative_to(folder).as_posix()
        statements += (
            _statement(item, page, count[item.file], claim, verdict) for claim, verdict in checked
        )
        count[item.file] += 1
    return Book(folder.as_posix(), tuple(statements))


def _statement(item: Item, page: str, number: int, claim: Claim, verdict: Verdict) -> Statement:
    found = verdict.counterexample
    return Statement(
        page=page,
        line=item.line + claim.line,
        column=claim.column + (item.column if claim.line == 0 else 1),
        label=item.label,
        item=number,
        where=item.where,
        expect=item.expect,
        display=item.tex.strip(),
        tex=" ".join(claim.tex.split()),
        network=verdict.network or item.network,
        status=verdict.status,
        engine=verdict.engine,
        points=verdict.points,
        entries=verdict.entries,
        degree=verdict.degree,
        log10_error=None if verdict.log10_error == -math.inf else verdict.log10_error,
        reason=verdict.reason,
        diagnosis=verdict.diagnosis,
        counterexample=asdict(found) | {"widths": list(found.widths)} if found else None,
    )


def explain(statement: Statement) -> str:
    """What a refutation found, or why a statement cannot be read: some lines of text."""
    if statement.status == "unreadable":
        found = statement.reason
    else:
        found = f"{statement.tex}\n{refutation(statement)}"
    return found.replace("\n", "\n    ")


def refutation(statement: Statement) -> str:
    """Why a statement is refuted, in sentences: the first entry that differs, and the diagnosis."""
    said = []
    found = statement.counterexample
    if found and found["left"] is not None and found["right"] is not None:
        place = f"at {found['entry']} " if found["entry"] else ""
        layer = f", at L = {found['layer']}" if found["layer"] is not None else ""
        said.append(
            f"{place}the left side is {found['left']:.6g} and the right side is "
            f"{found['right']:.6g} (shapes {found['left_shape']} and {found['right_shape']}), on a "
            f"random network “{found['network']}” with layers of "
            f"{', '.join(map(str, found['widths']))}{layer}"
        )
    elif found and found["left_shape"] not in statement.diagnosis:
        said.append(
            f"the left side is {found['left_shape']}, the right side is {found['right_shape']}"
        )
    if statement.diagnosis:
        said.append(statement.diagnosis)
    return " ".join(f"{_capitalized(text)}." for text in said)


def _capitalized(text: str) -> str:
    """Begins a sentence in upper case, but not one that begins with a symbol."""
    word = text.split(" ")[0]
    return text[0].upper() + text[1:] if word == "a" or (word.isalpha() and len(word) > 1) else text


def lines(book: Book) -> Iterable[str]:
    """What ``python -m texcheck book`` prints, line by line."""
    for statement in book.statements:
        how = f" ({statement.engine})" if statement.engine else ""
        printed = "misprint, " if statement.expect == "misprint" else ""
        yield f"{book.path}/{statement.place} {printed}{statement.status}{how}"
    if book.failures:
        yield from ("", *book.failures)
    definitions = [statement for statement in book.claims if statement.status == "definition"]
    if definitions:
        yield f"\nDefinitions, which claim nothing ({len(definitions) / len(book.claims):.1%}):"
        for statement in definitions:
            yield f"{book.path}/{statement.place} {statement.reason}"
    yield ""
    totals = book.totals
    yield f"{totals['numerical']} proved in floating point alone"
    yield f"{book.refuted_misprints} misprints refuted as printed"
    yield (
        f"{totals['statements']} statements: {totals['proved']} proved, "
        f"{totals['definitions']} definitions, {totals['refuted']} refuted, "
        f"{totals['unreadable']} unreadable"
    )


def main(argv: list[str]) -> int:
    """Proves the book and prints what was found; returns 1 if anything fails, 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m texcheck book", description="Proves every displayed equation of a book."
    )
    parser.add_argument("path", nargs="?", default="book", help="a folder or a page (book)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all statements to FILE")
    arguments = parser.parse_args(argv)
    try:
        book = prove(arguments.path)
    except ReadError as error:
        print(error, file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"texcheck book: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines(book)))
    if arguments.json:
        write(arguments.json, book.to_json())
    return 1 if book.failures else 0


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _is_refuted(statements: list[Statement]) -> bool:
    return any(statement.status == "refuted" for statement in statements)
