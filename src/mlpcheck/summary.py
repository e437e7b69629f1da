"""The class at a glance: how often each mistake was made, as bars on the screen or on a page."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from mlpcheck.mistakes import MISTAKES
from mlpcheck.report import PAGE

BAR = 40  # characters of the longest bar


def counted(codes: Mapping[str, Sequence[str]]) -> tuple[str, list[tuple[str, int]]]:
    """What {name: codes} says in all, and how many have each code, the most frequent first."""
    counts = Counter(code for found in codes.values() for code in set(found) if code in MISTAKES)
    right = sum(not found for found in codes.values())
    said = f"{len(codes)} submissions, {right} without a finding"
    return said, sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def bars(codes: Mapping[str, Sequence[str]]) -> str:
    """The bars for a terminal."""
    said, counts = counted(codes)
    lines = [
        f"{code:>26} {count:4} {'█' * max(1, round(BAR * count / counts[0][1]))}"
        for code, count in counts
    ]
    return "\n".join([said, *lines]) + "\n"


def page(codes: Mapping[str, Sequence[str]], points: Sequence[float], book: str | None) -> str:
    """The bars as an HTML page that opens from the disk."""
    said, counts = counted(codes)
    rows = []
    for code, count in counts:
        name = html.escape(code)
        if book is not None:
            place = html.escape(f"{book.rstrip('/')}/homework/mistakes.html#mistake-{code}")
            name = f'<a href="{place}">{name}</a>'
        rows.append(
            f'<tr><td>{name}</td><td>{count}</td><td><meter max="{len(codes)}" value="{count}">'
            f"{count} of {len(codes)}</meter></td></tr>"
        )
    body = f"<p>{said}."
    if points:
        middle = median(points)
        body += f" Points: {min(points):g} to {max(points):g}, the median is {middle:g}."
    body += "</p>\n<table>\n<tr><th>Mistake</th><th>How many</th><th></th></tr>\n"
    return PAGE.format(title="Mistakes of the class", body=body + "\n".join(rows) + "\n</table>")
