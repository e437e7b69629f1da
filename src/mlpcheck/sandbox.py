"""Starts the runner, watches it, ends it when it exceeds a limit, and collects its records."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcheck.runner import FAILED

Record = dict[str, Any]

RUNNER = Path(__file__).with_name("runner.py")
LARGEST_FILE = 1_000_000  # bytes of a submitted file
MOST_FILES = 200
PATIENCE = 5
FINISHED = ("end", "unloaded", "syntax")


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for one call and in all, bytes of memory and output.

    The seconds of a call are those of the processor, so that a busy machine changes no verdict; a
    call that does nothing is ended after PATIENCE times as long. Memory is what PyTorch needs and
    this many bytes more.
    """

    call_seconds: float = 4.0
    seconds: int = 60
    memory_bytes: int = 1 << 29
    output_bytes: int = 1_000_000


class Stopped(Exception):
    """There is no runner: it was closed, or it does not start; the message says which."""


class Unreadable(Exception):
    """The submission cannot be copied; the message says why."""


def copy_submission(path: Path, folder: Path) -> None:
    """Copy mlp.py, and for a submission in a folder its other Python files, into `folder`.

    A file of any name becomes mlp.py. Unreadable if it is missing, too large, or no plain file.
    """
    main = path / "mlp.py" if path.is_dir() else path
    files = {Path("mlp.py"): main}
    if path.is_dir():
        for file in sorted(path.rglob("*.py")):
            if file.is_file() and not file.is_symlink():
                files[file.relative_to(path)] = file
    if len(files) > MOST_FILES:
        raise Unreadable(f"it has more than {MOST_FILES} Python files")
    for name, file in files.items():
        try:
            if not file.is_file():
                raise Unreadable(f"{file.name} is not a file")
            if file.stat().st_size > LARGEST_FILE:
                raise Unreadable(f"{file.name} has more than {LARGEST_FILE} bytes")
            content = file.read_bytes()
        except OSError as error:
            raise Unreadable(f"{file.name}: {error.strerror}") from error
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


class Server:
    """A runner that waits for requests. One at a time; use one server for each thread."""

    def __init__(self, limits: Limits, fork: bool = sys.platform == "linux") -> None:
        self.limits, self.fork = limits, fork
        self.process: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[Record | None] = queue.Queue()
        self.listener: threading.Thread | None = None
        self.running: int | None = None  # the process that carries out a request
        self.closed = False

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes; what another thread is waiting for does not come back."""
        self.closed = True
        if self.process is not None:
            self._end(self.process)
            self.process = None

    def _end(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.wait()
        if self.running is not None:
            _kill(self.running)
        if self.listener is not None:
            self.listener.join()  # it ends with the process's output
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what is unsent goes nowhere
                pipe.close()

    def _start(self) -> subprocess.Popen[str]:
        """The runner's process, started anew if there is none (any more)."""
        if self.closed:
            raise Stopped("the runner was closed")
        if self.process is not None:
            if self.process.poll() is None:
                return self.process
            self._end(self.process)
        keep = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")
        environment = {name: os.environ[name] for name in keep if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(RUNNER), "fork" if self.fork else "spawn"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**environment, **threads, "PYTHONHASHSEED": "0"}, cwd=tempfile.gettempdir(),
        )  # fmt: skip
        self.answers = queue.Queue()
        listening = (self.process, self.answers)
        self.listener = threading.Thread(target=self._listen, args=listening, daemon=True)
        self.listener.start()
        if self._answer(120) is None:
            raise Stopped("The runner does not start. Is PyTorch installed?")
        return self.process

    @staticmethod
    def _listen(process: "subprocess.Popen[str]", answers: "queue.Queue[Record | None]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(json.loads(line))
        answers.put(None)

    def _answer(self, seconds: float) -> Record | None:
        try:
            return self.answers.get(timeout=seconds)
        except queue.Empty:
            return None

    def check(self, path: Path, cases: list[Record], dtype: str) -> list[Record]:
        """Run the submission on the cases, going on after each abnormal end; all records."""
        records: list[Record] = []
        with tempfile.TemporaryDirectory(prefix="mlpcheck-") as name:
            work = Path(name).resolve()
            (work / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
            done: set[str] = set()
            without: set[str] = set()
            deadline = time.monotonic() + self.limits.seconds
            for attempt in range(len(cases) + 1):
                folder = work / f"submission-{attempt}"  # a fresh copy: files may have been changed
                folder.mkdir()
                copy_submission(path, folder)
                new = self._attempt(work, folder, attempt, done, without, dtype, deadline)
                records += new
                shutil.rmtree(folder, ignore_errors=True)
                if any(key in record for record in new for key in FINISHED):
                    break
                call = new[-1]["call"]
                if call == "load" or time.monotonic() > deadline:
                    break
                done |= {record["begin"][0] for record in new if "begin" in record}
                if new[-1]["problem"]["code"] in ("timeout", "output-flood") or attempt >= 3:
                    without.add(call)
        return records

    def _attempt(
        self, work: Path, folder: Path, attempt: int, done: Iterable[str], without: Iterable[str],
        dtype: str, deadline: float,
    ) -> list[Record]:  # fmt: skip
        """The records of one process. If it ended abnormally, the last one says how."""
        process = self._start()
        records, output = work / f"records-{attempt}", work / f"output-{attempt}"
        request = {
            "folder": str(folder), "file": "mlp.py", "records": str(records),
            "output": str(output), "cases": str(work / "cases.json"), "skip": sorted(done),
            "without": sorted(without), "dtype": dtype, "seconds": self.limits.seconds,
            "memory_bytes": self.limits.memory_bytes, "file_bytes": 4 * self.limits.output_bytes,
        }  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        started = self._answer(60)
        status, reason = None, ""
        if started is not None:
            self.running = started["pid"]
            size, since, used = 0, time.monotonic(), 0.0
            # Before the first record, a process that was not forked imports PyTorch.
            patience = 1 if self.fork else PATIENCE
            while True:
                try:
                    answer = self.answers.get(timeout=0.02)
                    status = None if answer is None else answer["status"]
                    break
                except queue.Empty:
                    pass
                now, grown = time.monotonic(), _size(records)
                cpu = _cpu_seconds(started["pid"])
                if grown != size:
                    size, since, used, patience = grown, now, cpu, 1
                limit = patience * self.limits.call_seconds
                if _size(output) > self.limits.output_bytes:
                    reason = "output-flood"
                elif cpu - used > limit or now - since > PATIENCE * limit or now > deadline:
                    reason = "timeout"
                if reason:
                    _kill(started["pid"])
                    self._answer(10)
                    break
            _kill(started["pid"])  # whatever it left behind in its group
            self.running = None
        if self.closed:
            raise Stopped("the runner was closed")
        found = _read(records)
        if not reason and any(key in record for record in found[-1:] for key in FINISHED):
            return found
        begun = [record["begin"] for record in found if "begin" in record]
        case, call = begun[-1] if begun else ("load", "load")
        problem = self._problem(reason, status)
        return [*found, {"case": case, "call": call, "problem": problem}]

    def _problem(self, reason: str, status: int | None) -> dict[str, str]:
        """Why the process ended before its work was done."""
        if reason == "output-flood":
            return {"code": reason, "text": ""}
        ended_by = -status if status is not None and status < 0 else 0
        if reason == "timeout" or ended_by == getattr(signal, "SIGXCPU", -1):
            within = f"{self.limits.call_seconds:g} seconds. Is there an endless loop?"
            return {"code": "timeout", "text": within}
        if status is None:
            return {"code": "crash", "text": "with the process that had started it"}
        if ended_by == getattr(signal, "SIGKILL", -1):
            return {"code": "memory", "text": "the system ended the process"}
        if ended_by:
            name = signal.Signals(ended_by).name if ended_by in set(signal.Signals) else ended_by
            return {"code": "crash", "text": f"signal {name}"}
        if status == FAILED:
            return {"code": "crash", "text": "what the checker needs no longer worked"}
        return {"code": "exit", "text": f"exit status {status}"}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _cpu_seconds(pid: int) -> float:
    """The processor's time that a process has used, 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def _kill(pid: int) -> None:
    """End the process and its group."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        pass


def _read(file: Path) -> list[Record]:
    """The complete records of a file; a line that was cut off is dropped."""
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records.append(record)
    return records
