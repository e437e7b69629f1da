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


def submissions(folder: Path) -> dict[str, Path]:
    """The submissions of a folder by name: each .py file, and each folder below it.

    A folder stands for the mlp.py in it, which may lie in folders of its own.
    """
    found: dict[str, Path] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            inner = sorted(p.parent for p in entry.rglob("mlp.py") if "__MACOSX" not in p.parts)
            found[entry.name] = inner[0] if inner else entry
        elif entry.suffix == ".py":
            found[entry.name] = entry
    if not found:
        raise Unusable(f"{folder}: expected .py files or folders with an mlp.py, found none")
    return found


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


def check_folder(found: dict[str, Path], table: Path | None, lines: Path | None, jobs: int) -> None:
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
                        data = row(result) if isinstance(one, CSV) else with_sentences(result, None)
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
