"""Starts the runner, inside bubblewrap where that works, and collects a submission's records."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

from mlpcheck.run.records import Record
from mlpcheck.run.runner import FAILED, FULL, OWN, PACKAGES, PATIENCE, kill

RUNNER = Path(__file__).with_name("runner.py").resolve()
LARGEST_FILE = 1_000_000  # bytes of a submitted file
MOST_FILES = 200
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


class Failed(Exception):
    """The checker failed and not the submission: a full disk, a runner that was killed."""


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


# ------------------------------------------------------------------------------ bubblewrap

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


def confined(command: Sequence[str], work: Path) -> list[str]:
    """The command inside bubblewrap: of the disk there is Python with PyTorch, and `work`."""
    torch = util.find_spec("torch")
    python = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
    python += [Path(sys.prefix), Path(sys.base_prefix)]
    python += [Path(torch.origin).parents[1]] if torch and torch.origin else []
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    needed = {os.path.abspath(path) for path in (*SYSTEM, *map(str, python), *libraries) if path}
    needed |= {os.path.realpath(path) for path in needed}
    found = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    found += ["--tmpfs", "/tmp"]  # before the rest: Python itself may be installed below it
    for path in sorted(needed):  # what lies above comes before what lies below
        found += ["--ro-bind-try", path, path]
    for package in sorted({(f / name).resolve() for f in (*python, PACKAGES) for name in OWN}):
        # Where they are installed, nothing is to be seen of them.
        if package.is_dir() and any(package.is_relative_to(path) for path in needed):
            found += ["--tmpfs", str(package)]
    found += ["--ro-bind", str(RUNNER), str(RUNNER), "--proc", "/proc", "--dev", "/dev"]
    found += ["--bind", str(work), str(work), "--remount-ro", "/"]
    return [*found, "--remount-ro", "/dev", "--chdir", str(work), "--", *command]


@cache
def works() -> bool:
    """Whether bubblewrap is there and may make its namespaces here."""
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return False
    with (
        contextlib.suppress(OSError, subprocess.TimeoutExpired),
        tempfile.TemporaryDirectory(prefix="mlpcheck-") as name,
    ):
        command = confined([sys.executable, "-I", "-c", "pass"], Path(name).resolve())
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    return False


SANDBOXES = ("auto", "bwrap", "none")


def chosen(sandbox: str) -> bool:
    """Whether bubblewrap is used for one of SANDBOXES. Stopped if it is asked for and fails."""
    if sandbox == "bwrap" and not works():
        raise Stopped(
            "--sandbox bwrap: expected bubblewrap's bwrap, and the right to make namespaces; here "
            "it does not work"
        )
    return sandbox != "none" and works()


# ------------------------------------------------------------------------------ the server


class Server:
    """A runner that waits for requests. One at a time; use one server for each thread."""

    def __init__(
        self, limits: Limits, sandbox: str = "auto", fork: bool = sys.platform == "linux"
    ) -> None:
        self.limits, self.fork, self.confined = limits, fork, chosen(sandbox)
        self.process: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[Record | None] = queue.Queue()
        self.listener: threading.Thread | None = None
        self.running: int | None = None  # the process of a request, as the runner numbers it
        self.closed = False
        self.work: Path | None = None  # what the runner shares with the checker

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes; what another thread is waiting for does not come back."""
        self.closed = True
        if self.process is not None:
            self._end(self.process)
            self.process = None
        if self.work is not None:
            shutil.rmtree(self.work, ignore_errors=True)

    def _end(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.wait()
        if self.running is not None and not self.confined:
            kill(self.running)
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
        command = [sys.executable, "-I", str(RUNNER), "fork" if self.fork else "spawn"]
        work = self._folder()
        self.process = subprocess.Popen(
            confined(command, work) if self.confined else command, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=work,
            env={**environment, **threads, "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        self.answers = queue.Queue()
        listening = (self.process, self.answers)
        self.listener = threading.Thread(target=self._listen, args=listening, daemon=True)
        self.listener.start()
        if self._answer(120) is None:
            raise Stopped("The runner does not start. Is PyTorch installed?")
        return self.process

    def _folder(self) -> Path:
        if self.work is None:
            self.work = Path(tempfile.mkdtemp(prefix="mlpcheck-")).resolve()
        return self.work

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
        """Run the submission on the cases, going on after each abnormal end; all records.

        Failed if the checker cannot do its part.
        """
        try:
            work = self._folder()
            try:
                return self._check(path, work, cases, dtype)
            finally:
                for left in work.iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError as error:
            if self.closed:
                raise Stopped("the runner was closed") from error
            raise Failed(f"{error.filename or 'the temporary folder'}: {error.strerror}") from error

    def _check(self, path: Path, work: Path, cases: list[Record], dtype: str) -> list[Record]:
        records: list[Record] = []
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
        records = work / f"records-{attempt}"
        request = {
            "folder": str(folder), "file": "mlp.py", "records": str(records),
            "output": str(work / f"output-{attempt}"), "cases": str(work / "cases.json"),
            "skip": sorted(done), "without": sorted(without), "dtype": dtype,
            "seconds": self.limits.seconds, "left": deadline - time.monotonic(),
            "call_seconds": self.limits.call_seconds, "memory_bytes": self.limits.memory_bytes,
            "output_bytes": self.limits.output_bytes, "file_bytes": 4 * self.limits.output_bytes,
        }  # fmt: skip
        answer = self._ask(request)
        found = _read(records)
        if not answer["reason"] and any(key in one for one in found[-1:] for key in FINISHED):
            return found
        case, call, problem = self._problem(answer, [r["begin"] for r in found if "begin" in r])
        return [*found, {"case": case, "call": call, "problem": problem}]

    def _ask(self, request: Record) -> Record:
        """What the runner answers in the end. Failed if it ends itself."""
        process = self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            started = self._answer(60)
            if started is not None:
                self.running = started["pid"]
                answer = self._answer(self.limits.seconds + 60)
                self.running = None if answer else self.running
                if answer is not None:
                    return answer
        except BrokenPipeError:
            pass
        if self.closed:
            raise Stopped("the runner was closed")
        process.kill()
        raise Failed("the runner was killed")

    def _problem(
        self, answer: Record, begun: list[Any]
    ) -> tuple[str, str, dict[str, str]]:
        """The case and the call in which the process ended before its work was done, and why."""
        case, call = begun[-1][:2] if begun else ("load", "load")
        reason, status = answer["reason"], answer["status"]
        if reason == "run":
            call, seconds = _most(begun, 2, self.limits.seconds)
            text = f"the whole run took {self.limits.seconds} seconds, {seconds:.0f} of them here."
            return case, call, {"code": "timeout", "text": text}
        if reason == "output":
            call, size = _most(begun, 3, self.limits.output_bytes)
            text = f" ({size / 1e6:.1f} MB; the limit is {self.limits.output_bytes / 1e6:g} MB)"
            return case, call, {"code": "output-flood", "text": text}
        return case, call, self._ended(reason, status)

    def _ended(self, reason: str, status: int | None) -> dict[str, str]:
        """Why a process ended in the call that it had begun."""
        ended_by = -status if status is not None and status < 0 else 0
        seconds = self.limits.call_seconds
        if reason == "wait":
            text = f"did not end within {PATIENCE * seconds:g} seconds. Does it wait for something?"
            return {"code": "timeout", "text": text}
        if reason == "call" or ended_by == getattr(signal, "SIGXCPU", -1):
            text = f"computed for more than {seconds:g} seconds. Is there an endless loop?"
            return {"code": "timeout", "text": text}
        if status == FULL:
            raise Failed("the disk is full")
        if ended_by == getattr(signal, "SIGKILL", -1):
            return {"code": "memory", "text": "the system ended the process"}
        if ended_by:
            name = signal.Signals(ended_by).name if ended_by in set(signal.Signals) else ended_by
            return {"code": "crash", "text": f"signal {name}"}
        if status == FAILED:
            return {"code": "crash", "text": "what the checker needs no longer worked"}
        return {"code": "exit", "text": f"exit status {status}"}


def _most(begun: list[Any], column: int, total: float) -> tuple[str, float]:
    """The call that used most of what the column of the begin records counts, and how much."""
    used: dict[str, float] = {}
    ends = [*(record[column] for record in begun[1:]), total]
    for record, end in zip(begun, ends, strict=True):
        used[record[1]] = used.get(record[1], 0) + max(0, end - record[column])
    call = max(used, key=lambda name: used[name], default="load")
    return call, used.get(call, total)


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
