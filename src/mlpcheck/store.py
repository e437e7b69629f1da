"""Files of results that lose nothing: rows are appended one by one, whole files are replaced."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def write_atomically(file: Path, text: str) -> None:
    """Write the file, or leave what was there: it is never half-written.

    What is no file of its own, as /dev/stdout, is written to and not replaced.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        file.write_text(text, encoding="utf-8")
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if hasattr(os, "umask"):
            os.umask(mask := os.umask(0o22))
            os.chmod(name, 0o666 & ~mask)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise


class Foreign(Exception):
    """A file that is there holds something else; the message says what was expected."""


class Table:
    """Rows with a name and a digest each, one a line, in a file that can be continued.

    A row that was cut off, or whose name or digest is no longer wanted, is dropped.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: dict[str, Row] = {}

    def encode(self, row: Row) -> str:
        raise NotImplementedError

    def decode(self, text: str) -> list[Row]:
        """The whole rows of the text; ValueError if it is not of this table."""
        raise NotImplementedError

    def head(self) -> str:
        return ""

    def open(self, wanted: Mapping[str, str]) -> None:
        """Read what is there of the wanted {name: digest}, and write it back without the rest.

        Foreign if there is something else, which would be lost.
        """
        if self.file.exists():
            try:
                text = self.file.read_text("utf-8")
                found = self.decode(text[: text.rfind("\n") + 1])
            except ValueError:
                raise Foreign(
                    f"{self.file}: expected a file that this command wrote, given another one; "
                    "name a new file, or remove this one"
                ) from None
            for row in found:
                if wanted.get(str(row.get("name"))) == row.get("digest"):
                    self.rows[str(row["name"])] = row
        self._rewrite()

    def append(self, row: Row) -> None:
        """Add a row; it is on the disk when this returns."""
        with self.file.open("a", encoding="utf-8", newline="") as out:
            out.write(self.encode(row))
            out.flush()
            os.fsync(out.fileno())
        self.rows[str(row["name"])] = row

    def close(self) -> None:
        """Put the rows in the order of their names, so that each run gives the same file."""
        self._rewrite()

    def _rewrite(self) -> None:
        rows = (self.encode(self.rows[name]) for name in sorted(self.rows))
        write_atomically(self.file, self.head() + "".join(rows))


class CSV(Table):
    """A table for a spreadsheet, with these columns."""

    # A spreadsheet takes a cell that begins with one of these for a formula. With an apostrophe
    # before it, it does not; so an apostrophe gets one as well.
    RISKY = ("=", "+", "-", "@", "\t", "\r", "'")

    def __init__(self, file: Path, columns: list[str]) -> None:
        super().__init__(file)
        self.columns = columns

    def head(self) -> str:
        return self._line(self.columns)

    def encode(self, row: Row) -> str:
        cells = [str(row[column]) for column in self.columns]
        return self._line([f"'{c}" if c.startswith(self.RISKY) else c for c in cells])

    @staticmethod
    def _line(cells: list[str]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(cells)
        return out.getvalue()

    def decode(self, text: str) -> list[Row]:
        rows = list(csv.reader(io.StringIO(text)))
        if rows and rows[0] != self.columns:
            raise ValueError("other columns")
        whole = [row for row in rows[1:] if len(row) == len(self.columns)]
        plain = [[cell.removeprefix("'") for cell in row] for row in whole]
        return [dict(zip(self.columns, row, strict=True)) for row in plain]


class JSONLines(Table):
    """One JSON object a line."""

    def encode(self, row: Row) -> str:
        return json.dumps(row) + "\n"

    def decode(self, text: str) -> list[Row]:
        rows = [json.loads(line) for line in text.splitlines()]
        if not all(isinstance(row, dict) and {"name", "digest"} <= row.keys() for row in rows):
            raise ValueError("other objects")
        return rows
