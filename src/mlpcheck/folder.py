"""Checks a folder of submissions: none is lost, and what was interrupted can be continued."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm  # type: ignore[import-untyped]

from mlpcheck import report, summary
from mlpcheck.check import Result, check, digest
from mlpcheck.judge.findings import POINTS
from mlpcheck.run.records import printable
from mlpcheck.run.sandbox import Limits, Server
from mlpcheck.store import CSV, JSONLines, Row, Table, write_atomically

COLUMNS = ["name", "points", *POINTS, "first diagnosis", "diagnoses", "digest"]


class Unusable(Exception):
    """The command cannot be carried out; the message says why."""


# What belongs to the system or to this command, and is nobody's.
SYSTEMS = ("__MACOSX", "__pycache__", ".DS_Store", "Thumbs.db", "desktop.ini", ".git")
TABLES = (".csv", ".jsonl", ".tsv", ".xlsx")


def submissions(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """The submissions of a folder by name, and for all else a line that says why it is none.

    Each file and each folder is one but for hidden ones, tables and what the system left there.
    """
    found: dict[str, Path] = {}
    left = []
    for entry in sorted(folder.iterdir()):
        name = printable(entry.name)
        if entry.name in SYSTEMS:
            continue
        if entry.name.startswith("."):
            left.append(f"{name}: hidden, so not taken for a submission")
        elif entry.suffix.lower() in TABLES:
            left.append(f"{name}: a table, so not taken for a submission")
        elif entry.name.lower().startswith(("readme", "notes")) and entry.suffix != ".py":
            left.append(f"{name}: notes, so not taken for a submission")
        else:
            while name in found:  # another name may print alike
                name += "'"
            found[name] = program(entry) if entry.is_dir() else entry
    if not any(path.is_dir() or path.suffix.lower() == ".py" for path in found.values()):
        raise Unusable(f"{folder}: expected .py files or folders with an mlp.py, found none")
    return found, left


def program(folder: Path) -> Path:
    """What a folder stands for: the folder with the mlp.py that is least deep, or its one program.

    That is its one .py file, or of several the one whose name begins with mlp, as in "mlp (1).py".
    The folder itself if it has neither.
    """
    files = [
        file
        for file in folder.rglob("*.py")
        if not any(part.startswith((".", "__MACOSX")) for part in file.relative_to(folder).parts)
    ]
    named = [file.parent for file in files if file.name == "mlp.py"]
    if named:
        return min(named, key=lambda path: (len(path.parts), path))
    alike = [file for file in files if file.name.lower().startswith("mlp")]
    one = files if len(files) == 1 else alike
    return one[0] if len(one) == 1 else folder


def line(result: Result) -> str:
    """A submission in one line, for the screen."""
    codes = ", ".join(result.verdict.codes) or "all right"
    points = f"{result.verdict.score:g} points" if result.digest else "not checked"
    return f"{result.name}: {points}, {codes}"


def row(result: Result) -> Row:
    """The row of a submission in the table; without points if the checker failed."""
    verdict, checked = result.verdict, bool(result.digest)
    codes = verdict.codes
    return {
        "name": result.name, "points": f"{verdict.score:g}" if checked else "",
        **{group: f"{verdict.points(group):g}" if checked else "" for group in POINTS},
        "first diagnosis": codes[0] if codes else "", "diagnoses": " ".join(codes),
        "digest": result.digest,
    }  # fmt: skip


@dataclass
class Outputs:
    """What is written about a class, each if it is asked for, and how it is weighted and linked."""

    table: Path | None = None
    lines: Path | None = None
    reports: Path | None = None
    summary: Path | None = None
    book: str | None = None
    weights: Mapping[str, float] = field(default_factory=lambda: POINTS)
    sandbox: str = "auto"

    def tables(self, digests: Mapping[str, str]) -> list[Table]:
        """The tables, with the rows that they hold already."""
        found: list[Table] = [CSV(self.table, COLUMNS)] if self.table else []
        found += [JSONLines(self.lines)] if self.lines else []
        for one in found:
            one.open(digests)
        return found

    def report(self, name: str) -> Path | None:
        """Where the report on a submission is written."""
        return self.reports / f"{name.replace('/', '_')}.html" if self.reports else None

    def keep(self, result: Result, tables: Sequence[Table]) -> None:
        """Write all about one submission."""
        if file := self.report(result.name):
            write_atomically(file, report.page(result, self.book))
        for one in tables:
            data = row(result) if isinstance(one, CSV) else report.with_sentences(result, self.book)
            if result.name not in one.rows:
                one.append(data)


def check_folder(found: dict[str, Path], out: Outputs, jobs: int) -> int:
    """Check the submissions that the files do not hold yet, `jobs` at a time.

    Returns how many the checker itself failed on. They have no points, and are tried again the next
    time.
    """
    tables = out.tables({name: digest(path, out.weights) for name, path in found.items()})
    left = [name for name in found if not tables or any(name not in one.rows for one in tables)]
    left += [n for n in found if n not in left and (f := out.report(n)) and not f.exists()]
    codes, points = _kept(tables)
    failed, count, servers = 0, min(jobs, len(left)), SimpleQueue[Server]()
    # While one thread judges, another that copies, asks and reads needs the interpreter again and
    # again for a moment: it would wait the usual 5 ms each time, and its runner with it.
    sys.setswitchinterval(0.0002)
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(max_workers=max(1, count))
        stack.callback(pool.shutdown, cancel_futures=True)
        for _ in range(count):  # closed before the pool, so that no thread waits for an answer
            servers.put(stack.enter_context(Server(Limits(), out.sandbox)))
        bar = stack.enter_context(
            tqdm(total=len(found), initial=len(found) - len(left), unit="submission")
        )
        waiting = [pool.submit(_one, name, found[name], servers, out.weights) for name in left]
        for future in as_completed(waiting):
            result = future.result()
            out.keep(result, tables)
            codes[result.name] = result.verdict.codes
            if result.digest:
                points[result.name] = result.verdict.score
            failed += not result.digest
            bar.write(line(result), file=sys.stdout)
            bar.update()
    for one in tables:
        one.close()
    print(summary.bars(codes), end="")
    if out.summary:
        write_atomically(out.summary, summary.page(codes, list(points.values()), out.book))
    return failed


def _kept(tables: Sequence[Table]) -> tuple[dict[str, list[str]], dict[str, float]]:
    """The codes and the points in the rows that a table holds already, by submission."""
    codes, points = {}, {}
    for name, row in tables[0].rows.items() if tables else ():
        listed = [finding["code"] for finding in row.get("findings", ())]
        codes[name] = listed or row.get("diagnoses", "").split()
        points[name] = float(row["points"])
    return codes, points


def _one(
    name: str, path: Path, servers: SimpleQueue[Server], weights: Mapping[str, float]
) -> Result:
    """Check one submission on a server that is free."""
    server = servers.get()
    try:
        return check(name, path, server, weights)
    finally:
        servers.put(server)
