"""The report in plain text: what holds, what does not, why, and where the book explains it."""

import textwrap
from collections.abc import Sequence
from typing import Any

from mlpcheck.check import Result
from mlpcheck.diagnoses import BACKWARD, DIAGNOSES, FACTORS, FORWARD, LOSSES, place
from mlpcheck.verdict import POINTS, Finding, listed

WIDTH = 80
OK = "Everything holds."


def sentence(finding: Finding) -> str:
    """The finding in words."""
    return DIAGNOSES[finding.code].sentence.format(what=listed(finding.what), value=finding.value)


def link(finding: Finding, book: str | None) -> str:
    """Where the book explains it: a page and a place on it, or a URL if the book's is known."""
    there = place(finding.code, finding.what)
    if not there.page:
        return ""
    if book is None:
        where = f"equation {there.equation}" if there.equation else f'"{there.section}"'
        return f"book/{there.page}.md, {where}"
    anchor = f"equation-{there.equation.replace(':', '-')}"
    if there.section:
        anchor = there.section.lower().replace(" ", "-")
    return f"{book.rstrip('/')}/{there.page}.html#{anchor}"


def with_sentences(result: Result, book: str | None) -> dict[str, Any]:
    """The result as plain data, each finding with its sentence and its link."""
    data = result.data()
    for plain, finding in zip(data["findings"], result.verdict.findings, strict=True):
        plain.update(sentence=sentence(finding), link=link(finding, book))
    return data


def text(result: Result, book: str | None = None) -> str:
    """The whole report."""
    verdict = result.verdict
    lines = [f"{result.name}: {verdict.score:g} of {sum(POINTS.values())} points"]
    if holds := [name for name, g in verdict.groups.items() if g.total and g.held == g.total]:
        lines += ["", *_wrapped("Holds: " + ", ".join(holds) + ".", "  ")]
    if not verdict.findings:
        lines += ["", OK]
    for number, finding in enumerate(verdict.findings, start=1):
        lines += ["", *explained(finding, book, f"{number}. ")]
    for numbers, names in _together(verdict.findings).items():
        together = listed([str(number) for number in numbers])
        lines += ["", *_wrapped(f"{listed(names)}: {together} together give your numbers.", "  ")]
    open_ = {name: g.note for name, g in verdict.groups.items() if g.note and g.held < g.total}
    open_ |= {name: g.note for name, g in verdict.groups.items() if g.note and not g.total}
    notes: dict[str, list[str]] = {}
    for name, note in open_.items():
        notes.setdefault(note, []).append(name)
    for note, names in notes.items():
        lines += ["", *_wrapped(f"{listed(names)}: {note}.", "  ")]
    return "\n".join(lines) + "\n"


def explained(finding: Finding, book: str | None, lead: str = "") -> list[str]:
    """The lines of one finding."""
    inner = " " * len(lead)
    lines = _wrapped(lead + sentence(finding), inner)
    for line in finding.detail:
        lines += _wrapped(inner + "  " + line, inner + "    ")
    if where := link(finding, book):
        lines.append(f"{inner}See {where}")
    return lines


def _together(findings: Sequence[Finding]) -> dict[tuple[int, ...], list[str]]:
    """The quantities that show several mistakes at once, by the numbers of the findings."""
    seen: dict[str, list[int]] = {}
    for number, finding in enumerate(findings, start=1):
        if any(finding.code in kind for kind in (FORWARD, LOSSES, FACTORS, BACKWARD)):
            for quantity in finding.what:
                seen.setdefault(quantity, []).append(number)
    shared: dict[tuple[int, ...], list[str]] = {}
    for quantity, numbers in seen.items():
        if len(numbers) > 1:
            shared.setdefault(tuple(numbers), []).append(quantity)
    return shared


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True, replace_whitespace=False,
    )  # fmt: skip
