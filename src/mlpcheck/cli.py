"""The command line: `python -m handgrad check ...` and `python -m handgrad gradescope FOLDER`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mlpcheck import gradescope, report
from mlpcheck.check import check
from mlpcheck.folder import Unusable, check_folder, program, submissions
from mlpcheck.sandbox import Limits, Server, Stopped
from mlpcheck.store import Foreign, write_atomically

RIGHT, WRONG, UNUSABLE = 0, 1, 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m handgrad", description="Check the homework's mlp.py against autograd."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser(
        "check",
        help="check one mlp.py, or a folder of submissions",
        description="Check one mlp.py, or a folder of submissions: a .py file or a folder with "
        "an mlp.py for each. Exit status: 0 if everything holds (for a folder: if all were "
        "checked), 1 if something is wrong, 2 if the command cannot be carried out. The limits "
        "on a submission are a fence against accidents, not a sandbox against attacks.",
    )
    one.add_argument("path", type=Path, help="mlp.py, or a folder")
    one.add_argument(
        "--csv", type=Path, metavar="FILE",
        help="one row for each submission; to go on after an interruption, give the command again",
    )  # fmt: skip
    one.add_argument(
        "--json", type=Path, metavar="FILE",
        help="the whole result; for a folder one JSON object a line",
    )  # fmt: skip
    one.add_argument(
        "--gradescope", type=Path, metavar="FILE", nargs="?", const=gradescope.RESULTS,
        help=f"write Gradescope's results.json (default: {gradescope.RESULTS})",
    )  # fmt: skip
    one.add_argument("--book", metavar="URL", help="where the book is published, for the links")
    one.add_argument(
        "--jobs", type=int, metavar="N", default=os.cpu_count() or 1,
        help="submissions that are checked at a time (default: one for each core)",
    )  # fmt: skip
    grader = commands.add_parser(
        "gradescope",
        help="write an autograder for Gradescope",
        description="Write setup.sh, run_autograder and the checker into a new folder. Zip what is "
        "in it and upload the zip as the assignment's autograder.",
    )
    grader.add_argument("folder", type=Path, help="a folder that is not there yet")
    grader.add_argument("--book", metavar="URL", help="where the book is published, for the links")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "gradescope":
            if given.folder.exists():
                raise Unusable(f"{given.folder}: expected a folder that is not there yet")
            gradescope.write_autograder(given.folder, given.book)
            print(f"Written to {given.folder}. Zip its contents and upload the zip to Gradescope.")
            return RIGHT
        return _check(given)
    except (Unusable, Stopped, Foreign) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or given.command}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Give the same command to continue.", file=sys.stderr)
    return UNUSABLE


def _check(given: argparse.Namespace) -> int:
    path: Path = given.path
    if not path.exists():
        raise Unusable(f"{path}: no such file or folder")
    if given.jobs < 1:
        raise Unusable(f"--jobs: expected at least 1, given {given.jobs}")
    if path.is_dir() and (given.csv or not (path / "mlp.py").exists()) and not given.gradescope:
        check_folder(submissions(path), given.csv, given.json, given.jobs, given.book)
        return RIGHT
    if given.csv:
        raise Unusable(f"--csv: expected a folder of submissions, given the file {path}")
    with Server(Limits()) as server:
        result = check(path.name, program(path) if path.is_dir() else path, server)
    print(report.text(result, given.book), end="")
    if given.json:
        data = report.with_sentences(result, given.book)
        write_atomically(given.json, json.dumps(data, indent=1) + "\n")
    if given.gradescope:
        write_atomically(given.gradescope, gradescope.results(result, given.book))
    return WRONG if result.verdict.findings else RIGHT
