"""How long the checker takes: one submission, and 200 of them on two cores, with none lost.

Run it with `python benchmarks/check.py`. The submissions are the correct styles and the seeded
mistakes of the tests, over and over, endless loops and exits among them.
"""

import sys
import tempfile
import time
import tomllib
from itertools import cycle, islice
from pathlib import Path

from mlpcheck.sandbox import Limits, Server

from mlpcheck.check import check
from mlpcheck.folder import check_folder, submissions

TESTS = Path(__file__).parents[1] / "tests" / "mlpcheck"
MANY, JOBS = 200, 2


def sources() -> list[str]:
    """The text of every style and of every mistake."""
    reference = (TESTS / "reference" / "mlp.py").read_text("utf-8")
    found = [style.read_text("utf-8") for style in sorted((TESTS / "styles").glob("*.py"))]
    mistakes = tomllib.loads((TESTS / "mistakes.toml").read_text("utf-8"))
    for mistake in mistakes.values():
        source = reference
        for old, new in mistake["changes"]:
            source = source.replace(old, new)
        found.append(source)
    return found


def main() -> None:
    with Server(Limits()) as server:
        started = time.perf_counter()
        check("first", TESTS / "reference" / "mlp.py", server)
        first = time.perf_counter() - started
        started = time.perf_counter()
        check("second", TESTS / "reference" / "mlp.py", server)
        second = time.perf_counter() - started
    print(f"one submission: {second:.2f} s; the first one, with PyTorch's import: {first:.2f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "submissions"
        folder.mkdir()
        for number, source in enumerate(islice(cycle(sources()), MANY)):
            (folder / f"{number:03}.py").write_text(f"{source}\n# {number}\n", "utf-8")
        table = Path(name) / "grades.csv"
        started = time.perf_counter()
        check_folder(submissions(folder), table, None, JOBS)
        seconds = time.perf_counter() - started
        rows = table.read_text("utf-8").count("\n") - 1
    print(f"{rows} of {MANY} submissions in {seconds:.0f} s with {JOBS} jobs")
    if rows != MANY:
        sys.exit("submissions were lost")


if __name__ == "__main__":
    main()
