"""The report in plain text: what holds, what does not, why, and where the book explains it."""

import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mlpcheck.check import Result
from mlpcheck.judge.findings import Finding, Verdict, listed
from mlpcheck.mistakes import MISTAKES, NUMERIC
from mlpcheck.mistakes.registry import fitting

WIDTH = 80
OK = "Everything holds."


def sentence(finding: Finding) -> str:
    """The finding in words."""
    says = fitting(MISTAKES[finding.code].says, finding.what)
    return says.format(what=listed(finding.what), value=finding.value)


def link(see: str, book: str | None) -> str:
    """Where the book explains it: a page and a place on it, or a URL if the book's is known.

    `see` is a page and, after #, the label of an equation or a heading.
    """
    page, _, place = see.partition("#")
    equation = place.startswith("eq:")
    if not page:
        return ""
    if book is None:
        return f"book/{page}.md, " + (f"equation {place}" if equation else f'"{place}"')
    anchor = f"equation-{place.replace(':', '-')}" if equation else place.lower().replace(" ", "-")
    return f"{book.rstrip('/')}/{page}.html#{anchor}"


def where(finding: Finding, book: str | None) -> str:
    """The link of a finding; empty if the book has no place for it."""
    return link(fitting(MISTAKES[finding.code].see, finding.what), book)


def with_sentences(result: Result, book: str | None) -> dict[str, Any]:
    """The result as plain data, each finding with its sentence and its link."""
    data = result.data()
    for plain, finding in zip(data["findings"], result.verdict.findings, strict=True):
        plain.update(sentence=sentence(finding), link=where(finding, book))
    return data


def text(result: Result, book: str | None = None) -> str:
    """The whole report."""
    verdict = result.verdict
    points = f"{verdict.score:g} of {verdict.most:g} points" if result.digest else "not checked"
    lines = [f"{result.name}: {points}"]
    told = set[str]().union(*(finding.groups for finding in verdict.findings))
    if holds := [name for name, g in verdict.groups.items() if g.full and name not in told]:
        lines += ["", *_wrapped("Holds: " + ", ".join(holds) + ".", "  ")]
    if not verdict.findings:
        lines += ["", OK]
    networks: dict[tuple[str, ...], int] = {}  # the numbers of examples that were shown, and where
    for number, finding in enumerate(verdict.findings, start=1):
        first = networks.setdefault(finding.detail[:3], number)
        if first < number and len(finding.detail) > 3:
            same = (f"with the numbers of {first}:", *finding.detail[3:])
            finding = replace(finding, detail=same)
        lines += ["", *explained(finding, book, f"{number}. ")]
    for numbers, names in _together(verdict.findings).items():
        together = listed([str(number) for number in numbers])
        lines += ["", *_wrapped(f"{listed(names)}: {together} together give your numbers.", "  ")]
    notes: dict[str, list[str]] = {}
    for name, group in verdict.groups.items():
        if group.note and not group.full:
            notes.setdefault(group.note, []).append(name)
    for note, names in notes.items():
        lines += ["", *_wrapped(f"{listed(names)}: {note}.", "  ")]
    if result.digest and verdict.score < verdict.most:
        lines += ["", *_wrapped(_points(verdict), "  ")]
    return "\n".join(lines) + "\n"


def _points(verdict: Verdict) -> str:
    """The points of every group that is not full."""
    lost = [
        f"{name} {verdict.points(name):g} of {verdict.weights[name]:g}"
        for name, group in verdict.groups.items()
        if not group.full
    ]
    return "Points: " + ", ".join(lost) + "; all others full."


def explained(finding: Finding, book: str | None, lead: str = "") -> list[str]:
    """The lines of one finding."""
    inner = " " * len(lead)
    lines = _wrapped(lead + sentence(finding), inner)
    if finding.line:
        lines += _wrapped(f"{inner}In {finding.line}.", inner)
    for line in finding.detail:
        lines += _wrapped(inner + "  " + line, inner + "    ")
    if there := where(finding, book):
        lines.append(f"{inner}See {there}")
    return lines


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


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
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
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ padding: .15rem .5rem .15rem 0; text-align: left; }}
td:nth-child(2) {{ text-align: right; }}
meter {{ width: 100%; min-width: 6rem; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def page(result: Result, book: str | None) -> str:
    """The report as an HTML page that opens from the disk, with links to a published book."""
    body = html.escape(text(result, book), quote=False)
    body = re.sub(r"^( *See )(https?://\S+)$", r'\1<a href="\2">\2</a>', body, flags=re.M)
    return PAGE.format(title=html.escape(result.name), body=f"<pre>{body}</pre>")
