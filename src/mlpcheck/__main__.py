"""The command line: `python -m mlpcheck check ...` and `python -m mlpcheck gradescope FOLDER`."""

import argparse
import json
import os
import signal
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

try:
    from mlpcheck import BOOK, gradescope, report
    from mlpcheck.check import check
    from mlpcheck.folder import Outputs, check_folder, program, submissions
    from mlpcheck.judge.findings import POINTS
    from mlpcheck.run.records import printable
    from mlpcheck.run.sandbox import Limits, Server, Stopped, chosen
    from mlpcheck.store import Unusable, write_atomically
except ModuleNotFoundError as error:
    print(f"{error.name} is not installed: pip install torch numpy psutil tqdm", file=sys.stderr)
    sys.exit(2)

RIGHT, WRONG, UNUSABLE = 0, 1, 2
COMMANDS = {
    "check": "Check one mlp.py, or a folder of submissions: a .py file or a folder with an mlp.py "
    "for each. Exit status: 0 if everything holds (for a folder: if all were checked), 1 if "
    "something is wrong, 2 if the command cannot be carried out or the checker itself failed.",
    "gradescope": "Write an autograder for Gradescope: setup.sh, run_autograder and the checker, "
    "in a new folder. Zip what is in it and upload the zip.",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlpcheck", description="Check the homework's mlp.py against autograd."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one, grader = (commands.add_parser(name, help=text.partition(":")[0], description=text)
                   for name, text in COMMANDS.items())  # fmt: skip
    one.add_argument("path", type=Path, help="mlp.py, or a folder")
    grader.add_argument("folder", type=Path, help="a folder that is not there yet")
    for command in (one, grader):
        command.add_argument("--book", metavar="URL", default=BOOK, help="the book's address")
        command.add_argument("--weights", type=Path, metavar="FILE",
                             help="TOML: the points of groups of the rubric")  # fmt: skip
    for name, what, text in (
        ("--csv", "FILE", "one row for each submission; to go on after an interruption, give it "
         "again"),
        ("--json", "FILE", "the whole result; for a folder one JSON object a line"),
        ("--summary", "FILE", "for a folder, a page with the mistakes of the class as bars"),
        ("--reports", "DIR", "for a folder, a page for each submission"),
        ("--gradescope", "FILE", "for one submission, Gradescope's results.json"),
    ):  # fmt: skip
        one.add_argument(name, type=Path, metavar=what, help=text)
    one.add_argument("--sandbox", choices=("auto", "bwrap", "none"), default="auto",
                     help="run submissions inside bubblewrap: where it works (auto), or else stop, "
                     "or never")  # fmt: skip
    one.add_argument("--jobs", type=int, metavar="N", default=os.cpu_count() or 1,
                     help="cores to keep busy (default: all)")  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        file, given.weights = given.weights, _weights(given.weights)
        if given.book and "://" not in given.book:
            raise Unusable(f"--book: expected an address with https://, given {given.book}")
        if given.command == "check":
            return _check(given)
        if given.folder.exists():
            raise Unusable(f"{given.folder}: expected a folder that is not there yet")
        gradescope.write_autograder(given.folder, given.book, file)
        print(f"Written to {given.folder}. Zip its contents and upload the zip to Gradescope.")
        return RIGHT
    except (Unusable, Stopped) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or given.command}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Give the same command to continue.", file=sys.stderr)
    return UNUSABLE


def _weights(file: Path | None) -> dict[str, float]:
    """The points of each group: those of the file, and the usual ones for the rest."""
    try:
        given = tomllib.loads(file.read_text("utf-8")) if file else {}
    except ValueError as error:
        raise Unusable(f"{file}: expected TOML such as forward = 20; {error}") from error
    for name, points in given.items():
        if name not in POINTS or type(points) not in (int, float) or points < 0:
            wanted = f"numbers from 0 for groups of {', '.join(POINTS)}"
            raise Unusable(f"{file}: expected {wanted}; given {name} = {points!r}")
    return {name: given.get(name, points) for name, points in POINTS.items()}


def _check(given: argparse.Namespace) -> int:
    path: Path = given.path
    if not path.exists():
        raise Unusable(f"{path}: no such file or folder")
    if given.jobs < 1:
        raise Unusable(f"--jobs: expected at least 1, given {given.jobs}")
    of_class = [name for name in ("csv", "reports", "summary") if getattr(given, name)]
    is_class = of_class or not (path / "mlp.py").exists()
    if path.is_dir() and is_class and not given.gradescope:
        return _check_class(given)
    if of_class:
        raise Unusable(f"--{of_class[0]}: expected a folder of submissions, given {path}")
    with Server(Limits(), given.sandbox) as server:
        file = program(path) if path.is_dir() else path
        result = check(printable(path.name), file, server, given.weights)
    print(report.text(result, given.book), end="")
    if given.json:
        write_atomically(given.json, json.dumps(report.data(result, given.book), indent=1) + "\n")
    if given.gradescope and result.digest:
        write_atomically(given.gradescope, gradescope.results(result, given.book))
    if not result.digest:
        return UNUSABLE
    return WRONG if result.verdict.findings else RIGHT


def _check_class(given: argparse.Namespace) -> int:
    outputs = filter(None, (given.csv, given.json, given.reports, given.summary))
    found, left = submissions(given.path, [*outputs])
    on = "inside bubblewrap" if chosen(given.sandbox) else "behind the fence alone"
    print(f"{len(found)} submissions, each run {on}", *left, sep="\n")
    out = Outputs(**{field.name: getattr(given, field.name) for field in fields(Outputs)})
    if failed := check_folder(found, out, given.jobs):
        print(f"{failed} could not be checked, which is no fault of theirs. They have no points; "
              "give the same command again.", file=sys.stderr)  # fmt: skip
        return UNUSABLE
    return RIGHT


if __name__ == "__main__":
    # As Ctrl-C does, it shall end all that was started, and leave no copies.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
