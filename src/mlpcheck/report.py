"""The report in plain text: what holds, what does not, why, and where the book explains it."""

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from mlpcheck.check import Result
from mlpcheck.judge.findings import Finding, Verdict, listed
from mlpcheck.mistakes import MISTAKES, NUMERIC
from mlpcheck.mistakes.registry import PAGES, PLACES, fitting

WIDTH = 80
OK = "Everything holds."


def sentence(finding: Finding) -> str:
    """The finding in words."""
    says = fitting(MISTAKES[finding.code].says, finding.what)
    return says.format(what=listed(finding.what), value=finding.value)


def where(finding: Finding, book: str | None) -> tuple[str, str]:
    """Where the book explains it, with the name and number of the site, and the page or its URL.

    Both are empty if the book has no place for it.
    """
    place = fitting(MISTAKES[finding.code].see, finding.what)
    if not place:
        return "", ""
    page, equation = PAGES[place], place.startswith("eq:")
    said = PLACES[page][place] or f'"{place}"'
    if said.startswith("("):
        said = f"equation {said}"
    if book is None:
        return said, f"book/{page}.md"
    anchor = f"equation-{place.replace(':', '-')}" if equation else place.lower().replace(" ", "-")
    return said, f"{book.rstrip('/')}/{page}.html#{anchor}"


def with_sentences(result: Result, book: str | None) -> dict[str, Any]:
    """The result as plain data, each finding with its sentence and its link."""
    data = result.data()
    for plain, finding in zip(data["findings"], result.verdict.findings, strict=True):
        said, link = where(finding, book)
        plain.update(sentence=sentence(finding), see=said, link=link)
    return data


Lines = Iterator[tuple[str, int | None]]  # with the indent of what is wrapped, None for no wrapping


def text(result: Result, book: str | None = None) -> str:
    """The whole report."""
    lines = [part for line, indent in _report(result, book) for part in _wrapped(line, indent)]
    return "\n".join(lines) + "\n"


def _report(result: Result, book: str | None) -> Lines:
    """The lines of the report."""
    verdict = result.verdict
    points = f"{verdict.score:g} of {verdict.most:g} points" if result.digest else "not checked"
    yield f"{result.name}: {points}", None
    told = set[str]().union(*(finding.groups for finding in verdict.findings))
    if holds := [name for name, g in verdict.groups.items() if g.full and name not in told]:
        yield from _paragraph("Holds: " + ", ".join(holds) + ".")
    if not verdict.findings:
        yield from _paragraph(OK)
    networks: dict[tuple[str, ...], int] = {}  # the numbers of examples that were shown, and where
    for number, finding in enumerate(verdict.findings, start=1):
        first = networks.setdefault(finding.detail[:3], number)
        if first < number and len(finding.detail) > 3:
            same = (f"with the numbers of {first}:", *finding.detail[3:])
            finding = replace(finding, detail=same)
        yield from _finding(finding, book, f"{number}. ")
    for numbers, names in _together(verdict.findings).items():
        together = listed([str(number) for number in numbers])
        yield from _paragraph(f"{listed(names)}: {together} together give your numbers.")
    notes: dict[str, list[str]] = {}
    for name, group in verdict.groups.items():
        if group.note and not group.full:
            notes.setdefault(group.note, []).append(name)
    for note, names in notes.items():
        yield from _paragraph(f"{listed(names)}: {note}.")
    if result.digest and verdict.score < verdict.most:
        yield from _paragraph(_points(verdict))


def _paragraph(line: str) -> Lines:
    yield "", None
    yield line, 2


def _finding(finding: Finding, book: str | None, lead: str) -> Lines:
    inner = " " * len(lead)
    yield "", None
    yield lead + sentence(finding), len(lead)
    if finding.line:
        yield f"{inner}In {finding.line}.", len(lead)
    for line in finding.detail:
        yield f"{inner}  {line}", len(lead) + 4
    said, link = where(finding, book)
    if said:
        yield f"{inner}See {said}: {link}", None


def _points(verdict: Verdict) -> str:
    """The points of every group that is not full."""
    lost = [
        f"{name} {verdict.points(name):g} of {verdict.weights[name]:g}"
        for name, group in verdict.groups.items()
        if not group.full
    ]
    return "Points: " + ", ".join(lost) + "; all others full."


def _together(findings: Sequence[Finding]) -> dict[tuple[int, ...], list[str]]:
    """The quantities that show several mistakes at once, by the numbers of the findings."""
    seen: dict[str, list[int]] = {}
    for number, finding in enumerate(findings, start=1):
        if finding.code in NUMERIC:
            for quantity in finding.what:
                seen.setdefault(quantity, []).append(number)
    shared: dict[tuple[int, ...], list[str]] = {}
    for quantity, numbers in seen.items():
        if len(numbers) > 1:
            shared.setdefault(tuple(numbers), []).append(quantity)
    return shared


def _wrapped(line: str, indent: int | None) -> list[str]:
    if indent is None:
        return [line]
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True, replace_whitespace=False,
    )  # fmt: skip


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: auto; padding: 1rem }}
h1 {{ font-size: 1.5rem; overflow-wrap: anywhere; }}
main {{ font: .9rem/1.5 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }}
main p {{ margin: 0; padding-left: calc(var(--in) * 1ch); text-indent: calc(var(--in) * -1ch); }}
main p:empty {{ height: 1lh; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; }}
td, th {{ padding: .15rem .5rem .15rem 0; text-align: left; white-space: nowrap; }}
td:nth-child(2), th:nth-child(2) {{ text-align: right; }}
td:nth-child(3) {{ width: 100%; }}
meter {{ width: 100%; min-width: 3rem; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def page(result: Result, book: str | None) -> str:
    """The report as an HTML page that opens from the disk, with links to a published book."""
    (title, _), *lines = _report(result, book)
    body = "".join(
        f'<p style="--in: {len(line) - len(line.lstrip()) if indent is None else indent}">'
        f"{html.escape(line, quote=False)}</p>"
        for line, indent in lines
    )
    body = re.sub(r">( *See )([^<]+): (https?://[^\s<]+)<", r'>\1<a href="\3">\2</a><', body)
    return PAGE.format(title=html.escape(title), body=f"<main>{body}</main>")
