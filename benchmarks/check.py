"""How long the checker takes: one submission, and 500 of them on two cores, with none lost.

Run it with `python benchmarks/check.py`. The submissions are the correct styles and the seeded
mistakes of the tests, over and over, endless loops and exits among them. What the processors did is
told beside the time that passed, since other programs may share them: of the runners without
bubblewrap for some submissions, since what ends inside it is counted nowhere, and of all else.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from itertools import cycle, islice
from pathlib import Path

from mlpcheck.check import check
from mlpcheck.mistakes import MISTAKES
from mlpcheck.run.runner.server import prctl
from mlpcheck.run.sandbox import Limits, Server, submitted
from mlpcheck.truth import cases

TESTS = Path(__file__).parents[1] / "tests" / "mlpcheck"
MANY, JOBS = 500, 2


def sources() -> list[str]:
    """The text of every style and of every mistake."""
    reference = (TESTS / "reference" / "mlp.py").read_text("utf-8")
    found = [style.read_text("utf-8") for style in sorted((TESTS / "styles").glob("*.py"))]
    forms, combined = (
        tomllib.loads((TESTS / f"{name}.toml").read_text("utf-8")).values()
        for name in ("forms", "combinations")
    )
    examples = [row.example for row in MISTAKES.values() if row.example]
    examples += [changes for every in forms for changes in every]
    for changes in (*examples, *(one["changes"] for one in combined)):
        source = reference
        for old, new in changes:
            source = source.replace(old, new)
        found.append(source)
    return found


def worked() -> float:
    """The processors' time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runner_seconds(texts: list[str]) -> float:
    """What a runner works for one of these submissions, apart from its start."""
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "mlp.py"
        for some in (texts[:1], texts):
            before = worked()
            with Server(Limits(), "none") as server:
                for text in some:
                    file.write_text(text, "utf-8")
                    server.check(submitted(file), cases.requests(), "float64")
            seconds.append(worked() - before)
    return (seconds[1] - seconds[0]) / (len(texts) - 1)


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's & takes away
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: the time of every process is counted here in the end
    with Server(Limits()) as server:
        started = time.perf_counter()
        check("first", TESTS / "reference" / "mlp.py", server)
        first = time.perf_counter() - started
        started = time.perf_counter()
        check("second", TESTS / "reference" / "mlp.py", server)
        second = time.perf_counter() - started
    print(f"one submission: {second:.2f} s; the first one, with PyTorch's import: {first:.2f} s")
    print(f"a runner's processor time: {runner_seconds(sources()[::7]):.2f} s a submission")
    before = worked()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "submissions"
        folder.mkdir()
        for number, source in enumerate(islice(cycle(sources()), MANY)):
            (folder / f"{number:03}.py").write_text(f"{source}\n# {number}\n", "utf-8")
        table = Path(name) / "grades.csv"
        command = [sys.executable, "-m", "mlpcheck", "check", str(folder), "--csv", str(table)]
        command += ["--jobs", str(JOBS)]
        started = time.perf_counter()
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (table.exists() and table.read_text("utf-8").count("\n") > MANY / 3):
            time.sleep(0.5)
        running.send_signal(signal.SIGINT)  # interrupted once, and continued
        running.wait()
        kept = table.read_text("utf-8").count("\n") - 1
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - started
        rows = table.read_text("utf-8").count("\n") - 1
    with contextlib.suppress(ChildProcessError):
        while True:  # the runners that outlived the command by a moment
            os.wait()
    print(f"interrupted after {kept}; load average {os.getloadavg()[1]:.1f}")
    print(f"{rows} of {MANY} submissions in {seconds:.0f} s with {JOBS} jobs; the processors' time "
          f"without the runners': {worked() - before:.0f} s")  # fmt: skip
    if rows != MANY or kept == MANY:
        sys.exit("expected an interruption, and no submission lost")


if __name__ == "__main__":
    main()
