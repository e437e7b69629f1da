"""Starts the runner, inside bubblewrap where that works, and collects a submission's records."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import torch

from mlpcheck.run.records import Record, read
from mlpcheck.run.runner import HERE, OWN, PACKAGES, PATIENCE, command
from mlpcheck.run.runner.server import kill

LARGEST_FILE = 1_000_000  # bytes of a submitted file
MOST_FILES = 200
FORKS = sys.platform == "linux"
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


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
    """There is nothing to run; the code of the finding, and the text that says why."""


def submitted(path: Path) -> dict[str, bytes]:
    """What is in mlp.py, and for a submission in a folder in its other Python files, by name.

    A file of any name becomes mlp.py. Unreadable if it is missing, too large, or no plain file.
    """
    try:
        found = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
        main = path / "mlp.py" if path.is_dir() else path
        if main not in found or main.suffix.lower() != ".py":
            names = sorted(file.name for file in found)[:3]
            raise Unreadable("missing-file", f"there is {', '.join(names) or 'nothing'}")
        others = [f for f in found if f.suffix == ".py" and f != main and not f.is_symlink()]
        files = {"mlp.py": main, **{str(file.relative_to(path)): file for file in others}}
        if len(files) > MOST_FILES:
            raise Unreadable("not-readable", f"it has more than {MOST_FILES} Python files")
        for file in files.values():
            if not file.is_file():
                raise Unreadable("not-readable", f"{file.name} is not a file")
            if file.stat().st_size > LARGEST_FILE:
                raise Unreadable("not-readable", f"{file.name} has more than {LARGEST_FILE} bytes")
        return {name: file.read_bytes() for name, file in files.items()}
    except OSError as error:
        name = Path(error.filename or path).name
        raise Unreadable("not-readable", f"{name}: {error.strerror}") from error


def confined(inner: Sequence[str], work: Path) -> list[str]:
    """The command inside bubblewrap: of the disk there is Python with PyTorch, and `work`."""
    python = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
    python += [Path(sys.prefix), Path(sys.base_prefix), Path(torch.__file__).parents[1]]
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
    found += ["--ro-bind", str(HERE), str(HERE), "--proc", "/proc", "--dev", "/dev"]
    found += ["--bind", str(work), str(work), "--remount-ro", "/"]
    return [*found, "--remount-ro", "/dev", "--chdir", str(work), "--", *inner]


@cache
def works() -> bool:
    """Whether bubblewrap is there and may make its namespaces here."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # as where there is no bwrap
        work = Path(tempfile.gettempdir()).resolve()
        inner = confined([sys.executable, "-I", "-c", "pass"], work)
        return subprocess.run(inner, capture_output=True, timeout=60).returncode == 0
    return False


def chosen(sandbox: str) -> bool:
    """Whether bubblewrap is used: auto, bwrap or none. Stopped if it is asked for and fails."""
    if sandbox == "bwrap" and not works():
        wanted = "expected bubblewrap's bwrap, and the right to make namespaces"
        raise Stopped(f"--sandbox bwrap: {wanted}; here it does not work")
    return sandbox != "none" and works()


class Server(contextlib.AbstractContextManager["Server"]):
    """A runner that waits for requests. One at a time; use one server for each thread."""

    def __init__(self, limits: Limits, sandbox: str = "auto", fork: bool = FORKS) -> None:
        self.limits, self.fork, self.confined = limits, fork, chosen(sandbox)
        self.process: subprocess.Popen[str] | None = None
        self.running: int | None = None  # the process of a request, as the runner numbers it
        self.closed = False

    @cached_property
    def work(self) -> Path:
        """The folder that the runner shares with the checker."""
        return Path(tempfile.mkdtemp(prefix="mlpcheck-")).resolve()

    def __exit__(self, *_: object) -> None:
        """End all processes; what another thread is waiting for does not come back."""
        self.closed = True
        self._end()
        if "work" in vars(self):
            shutil.rmtree(self.work, ignore_errors=True)

    def _end(self) -> None:
        """End the runner, if there is one, and what it runs."""
        if self.process is None:
            return
        self.process.kill()
        with contextlib.suppress(OSError), self.process:  # what is unsent goes nowhere
            if self.running is not None and not self.confined:
                kill(self.running)
        self.process = None

    def _start(self) -> subprocess.Popen[str]:
        """The runner's process, started anew if there is none (any more)."""
        if self.closed:
            raise Stopped("the runner was closed")
        if self.process is not None and self.process.poll() is None:
            return self.process
        self._end()
        keep = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")
        environment = {name: os.environ[name] for name in keep if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        runner, work = command("fork" if self.fork else "spawn"), self.work
        self.process = subprocess.Popen(
            confined(runner, work) if self.confined else runner, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=work,
            env={**environment, **threads, "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        if not self._answer(self.process, 120):
            raise Stopped("The runner does not start. Is PyTorch installed?")
        return self.process

    @staticmethod
    def _answer(process: "subprocess.Popen[str]", seconds: float) -> Record:
        """The next answer of the runner; empty if it ended, as it does when it takes too long."""
        assert process.stdout is not None
        patience = threading.Timer(seconds, process.kill)
        try:  # from the start on: Ctrl-C shall not wait for a timer that was not cancelled
            patience.start()
            line = process.stdout.readline()
        except ValueError:  # closed by another thread
            line = ""
        finally:
            patience.cancel()
        return dict(json.loads(line)) if line.endswith("\n") else {}

    def check(self, files: dict[str, bytes], cases: list[Record], dtype: str) -> list[Record]:
        """Run the submission on the cases, going on after each abnormal end; all records.

        Failed if the checker cannot do its part.
        """
        try:
            self._start()  # which may take long, and is not the submission's time
            return self._attempts(files, cases, dtype)
        except OSError as error:
            raise Failed(f"{error.filename or 'the temporary folder'}: {error.strerror}") from error
        finally:
            if self.closed:  # meanwhile: something may have been copied after the end
                shutil.rmtree(self.work, ignore_errors=True)
                raise Stopped("the runner was closed")

    def _attempts(self, files: dict[str, bytes], cases: list[Record], dtype: str) -> list[Record]:
        """The records of process after process, each without the cases that were begun before."""
        records, done, without = list[Record](), set[str](), set[str]()
        deadline, most = time.monotonic() + self.limits.seconds, 4 * self.limits.output_bytes
        for number in range(len(cases) + 1):
            with tempfile.TemporaryDirectory(dir=self.work) as work:
                folder = os.path.join(work, "submission")
                for name, content in files.items():  # afresh: they may have been changed
                    file = Path(folder, name)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content)
                answer = self._ask({
                    "folder": folder, "file": "mlp.py", "dtype": dtype, "without": sorted(without),
                    "records": f"{folder}.records", "output": f"{folder}.output",
                    "cases": [case for case in cases if case["id"] not in done],
                    "left": deadline - time.monotonic(), **asdict(self.limits),
                    "file_bytes": most,
                })  # fmt: skip
                new = read(Path(f"{folder}.records"))
                if ended := _ended(answer, new, self.limits):
                    # Was the disk full? A submission could say so too; so this tries it itself.
                    Path(f"{folder}.trial").write_bytes(bytes(most))
            records += [*new, ended] if ended else new
            if not ended or ended["call"] == "load" or time.monotonic() > deadline:
                break
            begun = [record["begin"][0] for record in new if "begin" in record]
            done |= {*begun} - ({*begun[-1:]} - {ended["case"]})  # it was ended for another call
            if ended["problem"]["code"] in ("timeout", "output-flood") or number >= 3:
                without.add(ended["call"])
        return records

    def _ask(self, request: Record) -> Record:
        """What the runner answers in the end. Failed if it ends itself."""
        process = self._start()
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(request), file=process.stdin, flush=True)
            self.running = self._answer(process, 60).get("pid")
            if self.running and (answer := self._answer(process, self.limits.seconds + 60)):
                self.running = None
                return answer
        process.kill()
        raise Failed("the runner was killed")


def _ended(answer: Record, records: list[Record], limits: Limits) -> Record:
    """The record that says why a process ended in the call begun last; empty if all was done."""
    reason, status = answer["reason"], answer["status"]
    if not reason and any("end" in record for record in records[-1:]):
        return {}
    begun = [r["begin"] for r in records if "begin" in r] or [["load", "load", 0, 0]]
    call = begun[-1][1]
    code, seconds = "timeout", limits.call_seconds
    ended_by = {-one.value: one.name for one in signal.Signals}.get(status)
    if reason == "run":
        call, most = _most(begun, 2, limits.seconds)
        text = f"the whole run took {limits.seconds} seconds, {most:.0f} of them here"
    elif reason == "output":
        call, most = _most(begun, 3, limits.output_bytes)
        limit = f"{limits.output_bytes / 1e6:g} MB"
        code, text = "output-flood", f" ({most / 1e6:.1f} MB; the limit is {limit})"
    elif reason == "wait":
        text = f"did not end within {PATIENCE * seconds:g} seconds, as if it waited for something"
    elif reason == "call" or ended_by == "SIGXCPU":
        text = f"computed for more than {seconds:g} seconds, as in an endless loop"
    elif ended_by == "SIGKILL":
        code, text = "memory", "the system ended the process"
    elif status < 0:
        code, text = "crash", f"signal {ended_by or -status}"
    else:
        code, text = "exit", f"exit status {status}"
    case = next(one[0] for one in reversed(begun) if one[1] == call)
    return {"case": case, "call": call, "blamed": True, "problem": {"code": code, "text": text}}


def _most(begun: list[Any], column: int, total: float) -> tuple[str, float]:
    """The call that used most of what the column of the begin records counts, and how much."""
    used = Counter[str]()
    for record, end in zip(begun, [*(r[column] for r in begun[1:]), total], strict=True):
        used[record[1]] += max(0, end - record[column])
    return used.most_common(1)[0]
