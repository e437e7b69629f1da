"""Checks a folder of submissions: none is lost, and what was interrupted can be continued."""

import re
import sys
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import local

from tqdm import tqdm  # type: ignore[import-untyped]

from mlpcheck import report
from mlpcheck.check import Result, check, digest
from mlpcheck.judge.findings import POINTS
from mlpcheck.run.records import printable
from mlpcheck.run.sandbox import Limits, Server
from mlpcheck.store import CSV, JSONLines, Row, Unusable, write_atomically

COLUMNS = ["name", "points", *POINTS, "first diagnosis", "diagnoses", "digest"]
# What belongs to the system or to this command, and is nobody's.
SYSTEMS = ("__MACOSX", "__pycache__", ".DS_Store", "Thumbs.db", "desktop.ini", ".git")
TABLES = (".csv", ".jsonl", ".tsv", ".xlsx")


def submissions(folder: Path, outputs: Collection[Path] = ()) -> tuple[dict[str, Path], list[str]]:
    """The submissions of a folder by name, and for all else a line that says why it is none.

    Each file and each folder is one but for hidden ones, tables, the command's own `outputs`, and
    what the system left there.
    """
    found: dict[str, Path] = {}
    left, written = [], [path.resolve() for path in outputs]
    for entry in sorted(folder.iterdir()):
        name, lower = printable(entry.name), entry.name.lower()
        if entry.name in SYSTEMS:
            continue
        holds = any(path.is_relative_to(entry.resolve()) for path in written)
        kinds = {
            "hidden": name.startswith("."), "a table": lower.endswith(TABLES),
            "written by this command": holds and not any(entry.rglob("*.py")),
            "notes": lower.startswith(("readme", "notes")) and entry.suffix != ".py",
        }  # fmt: skip
        if kind := next((kind for kind, fits in kinds.items() if fits), ""):
            left.append(f"{name}: {kind}, so not taken for a submission")
            continue
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
    files = [f for f in folder.rglob("*.py")
             if not re.search(r"(^|/)(\.|__MACOSX)", f.relative_to(folder).as_posix())]  # fmt: skip
    if named := [file.parent for file in files if file.name == "mlp.py"]:
        return min(named, key=lambda path: (len(path.parts), path))
    alike = [file for file in files if file.name.lower().startswith("mlp")]
    one = files if len(files) == 1 else alike
    return one[0] if len(one) == 1 else folder


def line(result: Result) -> str:
    """A submission in one line, for the screen."""
    points = f"{result.verdict.score:g} points" if result.digest else "not checked"
    return f"{result.name}: {points}, {', '.join(result.verdict.codes) or 'all right'}"


def row(data: Row) -> Row:
    """The row in the table of a submission's data; without points if the checker failed."""
    codes = dict.fromkeys(finding["code"] for finding in data["findings"])
    points = [data["points"], *(group["points"] for group in data["groups"].values())]
    shown = [f"{number:g}" if data["digest"] else "" for number in points]
    cells = [data["name"], *shown, next(iter(codes), ""), " ".join(codes), data["digest"]]
    return dict(zip(COLUMNS, cells, strict=True))


@dataclass
class Outputs:
    """What is written about a class, each if it is asked for, and how it is weighted and linked."""

    csv: Path | None = None
    json: Path | None = None
    reports: Path | None = None
    summary: Path | None = None
    book: str | None = None
    weights: Mapping[str, float] | None = None
    sandbox: str = "auto"

    def report(self, name: str) -> Path | None:
        """Where the report on a submission is written."""
        return self.reports / f"{name.replace('/', '_')}.html" if self.reports else None


def check_folder(found: dict[str, Path], out: Outputs, jobs: int) -> int:
    """Check the submissions that the files do not hold yet, with `jobs` cores at work.

    Returns how many the checker itself failed on. They have no points, and are tried again the next
    time.
    """
    weights = out.weights or POINTS
    tables: list[JSONLines] = [CSV(out.csv, COLUMNS)] if out.csv else []
    tables += [JSONLines(out.json)] if out.json else []
    wanted = {name: digest(path, weights) for name, path in found.items()}
    for table in tables:
        table.open(wanted)
    rows = tables[0].rows if tables else {}
    known = {name: row(one) if "groups" in one else one for name, one in rows.items()}
    left = [name for name in found if not tables or any(name not in one.rows for one in tables)]
    left += [n for n in found if n not in left and (f := out.report(n)) and not f.exists()]
    failed, servers, own = 0, list[Server](), local()  # of each thread of the pool
    with ExitStack() as stack:
        # One runner more than jobs: a submission may only wait, until its time is over.
        pool = ThreadPoolExecutor(jobs + 1, initializer=lambda: vars(own).update(at=servers.pop()))
        stack.callback(pool.shutdown, cancel_futures=True)
        # Closed before the pool: no thread shall wait for an answer.
        servers += [stack.enter_context(Server(Limits(), out.sandbox)) for _ in range(jobs + 1)]
        bar = tqdm(total=len(found), initial=len(found) - len(left), unit="submission")
        stack.enter_context(bar)
        futures = [pool.submit(lambda n: check(n, found[n], own.at, weights), n) for n in left]
        for future in as_completed(futures):
            result = future.result()
            data = report.data(result, out.book)
            if file := out.report(result.name):
                write_atomically(file, report.page(result, out.book))
            for table in tables:
                if result.name not in table.rows:
                    table.append(row(data) if isinstance(table, CSV) else data)
            known[result.name] = row(data)
            failed += not result.digest
            bar.write(line(result), file=sys.stdout)
            bar.update()
    for table in tables:
        table.close()
    points = [float(one["points"]) for one in known.values() if one["digest"]]
    codes = {name: one["diagnoses"].split() for name, one in known.items()}
    print(*(said for said, _ in report.bars(codes, points)), sep="\n")
    if out.summary:
        write_atomically(out.summary, report.summary(codes, points, out.book))
    return failed
