"""The Markdown of a page or a notebook, with the line of the file for each of its lines."""

import json
from collections.abc import Iterator
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
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
        cells = _LocatingDecoder().decode(content)["cells"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        problems.append((1, f"expected a Jupyter notebook, got {error}"))
        return
    for cell in cells:
        problems += _unread(cell, content)
        if cell.get("cell_type") != "markdown":
            continue
        source = cell["source"] if isinstance(cell["source"], list) else [cell["source"]]
        file_lines: list[int] = []
        for part in source:
            first = content.count("\n", 0, part.offset) + 1
            file_lines += [first] * max(1, len(part.splitlines()))
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


class _Located(str):
    """A string of a JSON file that knows its offset in the file."""

    offset: int


class _LocatingDecoder(JSONDecoder):
    """Reads JSON; every string value knows where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = self._string
        self.scan_once = py_make_scanner(self)

    @staticmethod
    def _string(text: str, begin: int, strict: bool = True) -> tuple[_Located, int]:
        value, end = scanstring(text, begin, strict)
        located = _Located(value)
        located.offset = begin
        return located, end
