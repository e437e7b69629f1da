"""Checks a folder of submissions: none is lost, and what was interrupted can be continued."""

import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm  # type: ignore[import-untyped]

from mlpcheck.check import Result, check, digest
from mlpcheck.report import with_sentences
from mlpcheck.sandbox import Limits, Server
from mlpcheck.store import CSV, JSONLines, Row, Table
from mlpcheck.verdict import POINTS

COLUMNS = ["name", "points", *POINTS, "first diagnosis", "diagnoses", "digest"]


class Unusable(Exception):
    """The command cannot be carried out; the message says why."""


# What students hand in by mistake; it gets its row, so that nobody is forgotten.
OTHERS = (".ipynb", ".zip", ".gz", ".7z", ".rar")


def submissions(folder: Path) -> dict[str, Path]:
    """The submissions of a folder by name: each file that may be one, and each folder below it."""
    found: dict[str, Path] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            found[_printable(entry.name)] = program(entry)
        elif entry.suffix.lower() in (".py", *OTHERS):
            found[_printable(entry.name)] = entry
    if not any(path.is_dir() or path.suffix.lower() == ".py" for path in found.values()):
        raise Unusable(f"{folder}: expected .py files or folders with an mlp.py, found none")
    return found


def program(folder: Path) -> Path:
    """What a folder stands for: the folder with the mlp.py that is least deep, or its one .py file.

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
    return files[0] if len(files) == 1 else folder


def _printable(name: str) -> str:
    """The name without what a table or a screen cannot show."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def line(result: Result) -> str:
    """A submission in one line, for the screen."""
    codes = ", ".join(result.verdict.codes) or "all right"
    return f"{result.name}: {result.verdict.score:g} points, {codes}"


def row(result: Result) -> Row:
    """The row of a submission in the table."""
    verdict = result.verdict
    codes = verdict.codes
    return {
        "name": result.name, "points": f"{verdict.score:g}",
        **{group: f"{verdict.points(group):g}" for group in POINTS},
        "first diagnosis": codes[0] if codes else "", "diagnoses": " ".join(codes),
        "digest": result.digest,
    }  # fmt: skip


def check_folder(
    found: dict[str, Path], table: Path | None, lines: Path | None, jobs: int,
    book: str | None = None,
) -> None:  # fmt: skip
    """Check the submissions that the files do not hold yet, `jobs` at a time."""
    digests = {name: digest(path) for name, path in found.items()}
    tables: list[Table] = []
    if table:
        tables.append(CSV(table, COLUMNS))
    if lines:
        tables.append(JSONLines(lines))
    for one in tables:
        one.open(digests)
    left = [n for n in found if not tables or any(n not in one.rows for one in tables)]
    servers: SimpleQueue[Server] = SimpleQueue()
    started = [Server(Limits()) for _ in range(min(jobs, len(left)))]
    for server in started:
        servers.put(server)
    pool = ThreadPoolExecutor(max_workers=max(1, len(started)))
    try:
        with tqdm(total=len(found), initial=len(found) - len(left), unit="submission") as bar:
            waiting: set[Future[Result]] = {
                pool.submit(_one, name, found[name], servers) for name in left
            }
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    for one in tables:
                        data = row(result) if isinstance(one, CSV) else with_sentences(result, book)
                        if result.name not in one.rows:
                            one.append(data)
                    bar.write(line(result), file=sys.stdout)
                    bar.update()
        for one in tables:
            one.close()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for server in started:
            server.__exit__()


def _one(name: str, path: Path, servers: "SimpleQueue[Server]") -> Result:
    """Check one submission on a server that is free."""
    server = servers.get()
    try:
        return check(name, path, server)
    finally:
        servers.put(server)
