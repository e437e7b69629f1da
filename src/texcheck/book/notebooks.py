"""The Markdown of a page or a notebook, with the line of the file for each of its lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What tells a problem: the line of the file and the message.
Problems = list[tuple[int, str]]


def texts(file: Path, problems: Problems) -> Iterator[tuple[str, list[int]]]:
    """A page's text, or each Markdown cell's, and the file's line of each of its lines."""
    content = file.read_text(encoding="utf-8-sig")
    if file.suffix == ".md":
        yield content, list(range(1, content.count("\n") + 2))
        return
    try:
        cells = json.loads(content)["cells"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        problems.append((1, f"expected a Jupyter notebook, got {error}"))
        return
    at = 0  # the place in the file, which has the cells and their lines in this order
    for cell in cells:
        problems += _unread(cell, content)
        source = cell.get("source", [])
        source = source if isinstance(source, list) else [source]
        file_lines: list[int] = []
        for part in source:
            written = (json.dumps(part, ensure_ascii=ascii) for ascii in (False, True))
            at = max(at, *(content.find(one, at + 1) for one in written))
            first = content.count("\n", 0, at) + 1
            file_lines += [first] * max(1, len(part.splitlines()))
        if cell.get("cell_type") == "markdown":
            yield "".join(source), file_lines


def _unread(cell: dict[str, Any], content: str) -> Iterator[tuple[int, str]]:
    """Equations that a notebook shows without a Markdown cell are not read."""
    for output in cell.get("outputs", []):
        for mime in ("text/latex", "text/markdown"):
            if mime in output.get("data", {}):
                line = content.count("\n", 0, content.find(f'"{mime}"')) + 1
                yield line, f"found an output of {mime}, which is not read: show it as plain text"
    if cell.get("cell_type") == "raw":
        line = content.count("\n", 0, content.find('"raw"')) + 1
        yield line, "found a raw cell, which is not read: use a Markdown cell"
