"""The report on a submission, and on a class: as text, as a page, and as plain data.

It says what holds, what does not, why, and where the book explains it.
"""

import html
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from mlpcheck.check import Result
from mlpcheck.judge.findings import Finding, gathered, listed
from mlpcheck.mistakes import MISTAKES, NUMERIC
from mlpcheck.mistakes.registry import PAGES, PLACES, fitting

CLASS = "Mistakes of the class"
WIDTH, BAR = 80, 40  # characters of a line, and of the longest bar
Lines = Iterable[tuple[str, int]]  # with the indent of what is wrapped, 0 for no wrapping
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
meter {{ width: 13vw; }}
</style>
<h1>{title}</h1>
<main>{body}</main>
</html>
"""


def sentence(finding: Finding) -> str:
    """The finding in words, with its quantities before them if there are any."""
    says = fitting(MISTAKES[finding.code].says, finding.what).format(value=finding.value)
    return f"{listed(finding.what)}: {says}" if finding.what else says


def where(finding: Finding, book: str | None) -> tuple[str, str]:
    """Where the book explains it, with the name and number of the site, and the page or its URL.

    Both are empty if the book has no place for it.
    """
    if not (place := fitting(MISTAKES[finding.code].see, finding.what)):
        return "", ""
    page = PAGES[place]
    said = PLACES[page][place] or f'"{place}"'
    said = f"equation {said}" if said.startswith("(") else said
    anchor = place.replace("eq:", "equation-eq-").replace(" ", "-").lower()
    return said, f"{book.rstrip('/')}/{page}.html#{anchor}" if book else f"book/{page}.md"


def data(result: Result, book: str | None = None) -> dict[str, Any]:
    """The result as plain data, the same in every run, with each finding's sentence and link."""
    verdict = result.verdict
    findings = [asdict(finding) | {"sentence": sentence(finding)}
                | dict(zip(("see", "link"), where(finding, book), strict=True))
                for finding in verdict.findings]  # fmt: skip
    groups = {name: {"points": group.points, "of": group.weight, "cases": group.total,
                     "held": group.held, "note": group.note}
              for name, group in verdict.groups.items()}  # fmt: skip
    points = verdict.score if result.digest else None
    return {"name": result.name, "digest": result.digest, "points": points, "groups": groups,
            "findings": findings}  # fmt: skip


def text(result: Result, book: str | None = None) -> str:
    """The whole report."""
    lines = []
    for line, indent in _report(result, book):
        lines += [line] if not indent else textwrap.wrap(
            line, WIDTH, subsequent_indent=" " * indent, break_long_words=False,
            break_on_hyphens=False, replace_whitespace=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def _report(result: Result, book: str | None) -> Lines:
    """The lines of the report."""
    verdict, findings = result.verdict, result.verdict.findings
    points = f"{verdict.score:g} of {verdict.most:g} points" if result.digest else "not checked"
    yield f"{result.name}: {points}", 0
    holds = [name for name, g in verdict.groups.items() if g.full and name not in verdict.told]
    top = [f"Holds: {', '.join(holds)}."] if holds else []
    for line in top if findings else [*top, "Everything holds."]:
        yield from (("", 0), (line, 2))
    networks: dict[tuple[str, ...], int] = {}  # the numbers of examples that were shown, and where
    several: list[tuple[str, str]] = []  # the quantities with known mistakes, and their numbers
    for number, finding in enumerate(findings, start=1):
        detail, (said, link), lead = finding.detail, where(finding, book), f"{number}. "
        first, inner = networks.setdefault(detail[:3], number), " " * len(lead)
        if first < number and len(detail) > 3:
            detail = (f"with the numbers of {first}:", *detail[3:])
        yield from (("", 0), (lead + sentence(finding), len(lead)))
        if finding.line:
            yield f"{inner}In {finding.line}.", len(lead)
        for line in detail:
            yield f"{inner}  {line}", len(lead) + 4
        if said:
            yield f"{inner}See {said}: {link}", 0
        if finding.code in NUMERIC:
            several += [(quantity, str(number)) for quantity in finding.what]
    together = gathered((listed(n), name) for name, n in gathered(several).items() if len(n) > 1)
    notes = gathered((g.note, n) for n, g in verdict.groups.items() if g.note and not g.full)
    end = [f"{listed(n)}: {numbers} together give your numbers." for numbers, n in together.items()]
    end += [f"{listed(names)}: {note}." for note, names in notes.items()]
    if result.digest and verdict.score < verdict.most:
        lost = [f"{name} {group.points:g} of {group.weight:g}"
                for name, group in verdict.groups.items() if not group.full]  # fmt: skip
        end.append(f"Points: {', '.join(lost)}; all others full.")
    for line in end:
        yield from (("", 0), (line, 2))


def bars(codes: Mapping[str, Sequence[str]], points: Sequence[float]) -> Lines:
    """What {name: codes} says in all, and how many have each code, the most frequent first."""
    known = sorted(code for found in codes.values() for code in {*found} & MISTAKES.keys())
    right, counts = sum(not found for found in codes.values()), Counter(known).most_common()
    yield f"{len(codes)} submissions, {right} without a finding", 0
    if points:
        yield f"{min(points):g} to {max(points):g} points, the median is {median(points):g}", 0
    for code, count in counts:
        yield f"{code:>26} {count:4} {'█' * max(1, round(BAR * count / counts[0][1]))}", 0


def _html(title: str, lines: Lines) -> str:
    """An HTML page that opens from the disk."""
    body = "".join(
        f'<p style="--in: {indent or len(line) - len(line.lstrip())}">'
        f"{html.escape(line, quote=False)}</p>"
        for line, indent in lines
    )
    return PAGE.format(title=html.escape(title), body=body)


def page(result: Result, book: str | None) -> str:
    """The report as an HTML page, with links to a published book."""
    (title, _), *lines = _report(result, book)
    linked = r'>\1<a href="\3">\2</a><'
    return re.sub(r">( *See )([^<]+): (https?://[^\s<]+)<", linked, _html(title, lines))


def summary(codes: Mapping[str, Sequence[str]], points: Sequence[float], book: str | None) -> str:
    """The bars as an HTML page, with links to a published book."""
    place = html.escape(f"{(book or '').rstrip('/')}/homework/mistakes.html")
    code = rf'<a href="{place}#mistake-\1">\1</a>' if book else r"\1"
    bar = rf'{code}\2\3 <meter max="{len(codes)}" value="\3">\3 of {len(codes)}</meter>'
    return re.sub(r"(?<= )([a-z-]+)( +)(\d+) █+", bar, _html(CLASS, bars(codes, points)))
