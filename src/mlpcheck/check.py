"""Checks one submission from beginning to end."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlpcheck.judge.findings import POINTS, Verdict
from mlpcheck.judge.interface import judge
from mlpcheck.run.records import Run
from mlpcheck.run.sandbox import Failed, Server, Stopped, Unreadable, submitted
from mlpcheck.search import DOUBLE, SINGLE, Tolerance
from mlpcheck.truth import cases

OWN = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))


@dataclass(frozen=True)
class Result:
    """The verdict on a submission, and a digest of what was submitted, empty if the checker failed.

    Without a digest there are no points either, and it is checked again the next time.
    """

    name: str
    digest: str
    verdict: Verdict


def digest(path: Path, weights: Mapping[str, float] = POINTS) -> str:
    """A digest of a submission's Python files, the weights, and the checker itself."""
    seen = hashlib.sha256(OWN + json.dumps(dict(weights)).encode())
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        seen.update(os.fsencode(file.name) + b"\0")
        with suppress(OSError):
            seen.update(file.read_bytes() if file.is_file() else b"")
    return seen.hexdigest()[:16]


def check(name: str, path: Path, server: Server, weights: Mapping[str, float] = POINTS) -> Result:
    """Run the submission at `path`, mlp.py or a folder that holds it, and judge it."""
    verdict = Verdict(weights)
    try:
        files = submitted(path)
        try:
            found = _run(files, server)
        except Failed:  # by a new runner: the first one was killed, perhaps by chance
            found = _run(files, server)
        verdict = judge(*found, weights)
        if verdict.score < verdict.most and all(not f.groups for f in verdict.findings):
            verdict.add("not-checked", (), "some results never came back")
    except Unreadable as error:
        code, text = error.args
        verdict.add(code, (), text)
    except Stopped:
        raise
    except Exception as error:  # a mistake of the checker is no traceback for the student
        kind = "" if isinstance(error, Failed) else f"{type(error).__name__}: "
        verdict = Verdict(weights)
        verdict.add("not-checked", (), f"{kind}{error}")
        return Result(name, "", verdict)
    return Result(name, digest(path, weights), verdict)


def _run(files: dict[str, bytes], server: Server) -> tuple[Run, Tolerance]:
    """The run in double precision; in single precision if the code is written for that."""
    runs = [Run(server.check(files, cases.requests(), "float64"))]
    if _mixed(runs[0]):
        runs.append(Run(server.check(files, cases.requests(), "float32")))
    run = min(runs, key=_mixed)
    return run, SINGLE if run.single else DOUBLE


def _mixed(run: Run) -> int:
    """How many calls failed because tensors of different precision met."""
    marks = ("dtype", "Double", "Float")
    return sum(any(mark in p.value for mark in marks) for p in run.raised.values())
