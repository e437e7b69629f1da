"""Files of results that lose nothing: rows are appended one by one, whole files are replaced."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
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
    new = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        _write(new, "w", text)
        os.replace(new, file)
    except BaseException as error:
        new.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename:
            error.filename = str(file)
        raise


def _write(file: Path, mode: str, text: str) -> None:
    """Write, or append to, the file; the text is on the disk when this returns."""
    with file.open(mode, encoding="utf-8", newline="") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


class Unusable(Exception):
    """The command cannot be carried out; the message says why."""


class JSONLines:
    """Rows with a name and a digest each, one JSON object a line; the file can be continued.

    A row that was cut off, or whose name or digest is no longer wanted, is dropped.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.head = file, ""
        self.rows: dict[str, Row] = {}

    def encode(self, row: Row) -> str:
        return json.dumps(row) + "\n"

    def decode(self, text: str) -> list[Row]:
        """The whole rows of the text; ValueError if it is not of this table."""
        rows = [json.loads(line) for line in text.splitlines()]
        if not all(isinstance(row, dict) and {"name", "digest"} <= row.keys() for row in rows):
            raise ValueError("other objects")
        return rows

    def open(self, wanted: Mapping[str, str]) -> None:
        """Read what is there of the wanted {name: digest}, and write it back without the rest.

        Unusable if there is something else, which would be lost.
        """
        try:
            text = self.file.read_text("utf-8") if self.file.exists() else ""
            found = self.decode(text[: text.rfind("\n") + 1])
        except ValueError:
            said = "expected a file that this command wrote, given another one"
            raise Unusable(f"{self.file}: {said}; name a new file, or remove this one") from None
        kept = [row for row in found if wanted.get(str(row.get("name"))) == row.get("digest")]
        self.rows |= {str(row["name"]): row for row in kept}
        self.close()

    def append(self, row: Row) -> None:
        """Add a row; it is on the disk when this returns."""
        _write(self.file, "a", self.encode(row))
        self.rows[str(row["name"])] = row

    def close(self) -> None:
        """Put the rows in the order of their names, so that each run gives the same file."""
        rows = (self.encode(self.rows[name]) for name in sorted(self.rows))
        write_atomically(self.file, self.head + "".join(rows))


class CSV(JSONLines):
    """The same as a table for a spreadsheet, with these columns."""

    # A spreadsheet takes a cell that begins with one of these for a formula. With an apostrophe
    # before it, it does not; so an apostrophe gets one as well.
    RISKY = ("=", "+", "-", "@", "\t", "\r", "'")

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        super().__init__(file)
        self.columns = [*columns]
        self.head = self.encode(dict(zip(columns, columns, strict=True)))

    def encode(self, row: Row) -> str:
        out, cells = io.StringIO(), [str(row[column]) for column in self.columns]
        plain = [f"'{cell}" if cell.startswith(self.RISKY) else cell for cell in cells]
        csv.writer(out, lineterminator="\n").writerow(plain)
        return out.getvalue()

    def decode(self, text: str) -> list[Row]:
        rows = list(csv.reader(io.StringIO(text)))
        if rows and rows[0] != self.columns:
            raise ValueError("other columns")
        plain = [[cell.removeprefix("'") for cell in row] for row in rows[1:]]
        return [dict(zip(self.columns, row, strict=True)) for row in plain]
