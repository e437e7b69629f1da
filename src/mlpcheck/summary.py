"""The class at a glance: how often each mistake was made, as bars on the screen or on a page."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence

from mlpcheck.mistakes import MISTAKES
from mlpcheck.report import PAGE

BAR = 40  # characters of the longest bar


def counted(codes: Mapping[str, Sequence[str]]) -> list[tuple[str, int]]:
    """How many submissions have each code, the most frequent first, from {name: codes}."""
    counts = Counter(code for found in codes.values() for code in set(found) if code in MISTAKES)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def bars(codes: Mapping[str, Sequence[str]]) -> str:
    """The bars for a terminal."""
    counts = counted(codes)
    right = sum(not found for found in codes.values())
    lines = [f"{len(codes)} submissions, {right} without a finding"]
    most = max((count for _, count in counts), default=1)
    for code, count in counts:
        lines.append(f"{code:>26} {count:4} {'█' * max(1, round(BAR * count / most))}")
    return "\n".join(lines) + "\n"


def page(codes: Mapping[str, Sequence[str]], points: Sequence[float], book: str | None) -> str:
    """The bars as an HTML page that opens from the disk."""
    counts = counted(codes)
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
    right = sum(not found for found in codes.values())
    body = f"<p>{len(codes)} submissions, {right} without a finding."
    if points:
        ordered = sorted(points)
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        body += f" Points: {ordered[0]:g} to {ordered[-1]:g}, the median is {middle:g}."
    body += "</p>\n<table>\n<tr><th>Mistake</th><th>How many</th><th></th></tr>\n"
    return PAGE.format(title="Mistakes of the class", body=body + "\n".join(rows) + "\n</table>")
