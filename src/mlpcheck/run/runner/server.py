"""The program that answers requests: each is carried out by a process of its own, within limits.

It reads one request a line from stdin and answers with two lines, {"pid": ...} and {"status": ...,
"reason": ...}, where the reason is the limit that was hit.
"""

import errno
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from . import FAILED, FULL, PATIENCE, command
from .session import Session

clock = time.monotonic
STARTING = 60  # seconds that a process which is not forked may take to import PyTorch


def limit(request: dict[str, Any]) -> None:
    """Limit time, memory and file sizes, as far as the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows; the checker's own time limit still holds
        return
    limits = {"RLIMIT_CPU": request["seconds"] + 1, "RLIMIT_FSIZE": request["file_bytes"],
              "RLIMIT_CORE": 0, "RLIMIT_NPROC": 256}  # fmt: skip
    try:  # Linux: beyond what PyTorch itself has mapped
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limits["RLIMIT_AS"] = pages * resource.getpagesize() + request["memory_bytes"]
    except OSError:
        pass
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def run(request: dict[str, Any]) -> None:
    """Carry out one request in this process, which serves nothing else and ends with it."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, which is killed as a whole
    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, request["dtype"]))
    torch.manual_seed(0)
    session = Session(request)
    os.chdir(request["folder"])
    sys.path.insert(0, request["folder"])
    sys.argv, sys.dont_write_bytecode = [request["file"]], True
    # PyTorch imports some of its parts late, and these ask for a folder that they may write to.
    os.environ["TMPDIR"] = tempfile.tempdir = request["folder"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(session.output, 1)
    os.dup2(session.output, 2)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 (lives as long as we do)
    limit(request)
    session.fence.watch_autograd()
    # A submission has no business in here, and may have files of the same names.
    for name in [n for n in sys.modules if n.partition(".")[0] == __package__]:
        del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")
    session.fence.close_doors()
    sys.addaudithook(session.fence)
    session.run(request["cases"])


Poll = Callable[[], int | None]


def start(request: dict[str, Any], fork: bool) -> tuple[int, Poll]:
    """Start a process that carries out the request: its id, and what tells whether it ended."""
    if not fork:
        child = subprocess.Popen(
            command("once"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(json.dumps(request).encode())
        child.stdin.close()
        return child.pid, child.poll
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            end_with_parent()
            run(request)
            code = 0
        except OSError as error:
            code = FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else FAILED
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def poll() -> int | None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None

    return pid, poll


def size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


def cpu_seconds(pid: int) -> float:
    """The processor's time that a process has used, 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rsplit(b")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def watch(pid: int, poll: Poll, request: dict[str, Any], fork: bool) -> dict[str, Any]:
    """Wait for the end of the process, or end it when it exceeds a limit: status and reason."""
    written, used = 0, 0.0
    since = begun = clock()
    limit = request["call_seconds"] if fork else STARTING
    while (status := poll()) is None:
        time.sleep(0.02)
        now, cpu, grown, reason = clock(), cpu_seconds(pid), size(request["records"]), ""
        if grown != written:
            written, since, used, limit = grown, now, cpu, request["call_seconds"]
        if size(request["output"]) > request["output_bytes"]:
            reason = "output"
        elif now - begun > request["left"]:
            reason = "run"
        elif cpu - used > limit:
            reason = "call"
        elif now - since > PATIENCE * limit and cpu - used < limit / 8:
            reason = "wait"  # and not only starved by other processes
        if reason:
            kill(pid)
            return {"status": None, "reason": reason}
    return {"status": status, "reason": ""}


def kill(pid: int) -> None:
    """End the process and its group."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        pass


def prctl(option: int, value: int) -> None:
    """Linux's prctl; elsewhere nothing."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end_with_parent() -> None:
    prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def sweep() -> None:
    """End what a submission left running: as a subreaper this process inherits its orphans."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text("ascii", "replace").rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid() and fields[0] != "Z":
                kill(int(stat.parent.name))
                os.kill(int(stat.parent.name), signal.SIGKILL)
        time.sleep(0.002)


def warm_up() -> None:
    """Do once what each forked process would do again, and leave all that is there to be shared."""
    for dtype in (torch.float64, torch.float32):
        x = torch.tensor([[0.5, 0.25]], dtype=dtype)
        y = torch.sigmoid(torch.randn(2, 2, dtype=dtype) @ x.T + 1).clamp(min=0).log().square()
        y.mean(), y.sum(dim=0), torch.equal(y, y.clone()), y.contiguous().numpy()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Carry out one request, or answer requests until stdin ends, by forking where that works."""
    if sys.argv[1] == "once":
        run(json.load(sys.stdin))
        os._exit(0)
    fork = sys.argv[1] == "fork"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the checker's to handle
    end_with_parent()
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    torch.set_num_threads(1)
    warm_up()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        pid, poll = start(request, fork)
        print(json.dumps({"pid": pid}), flush=True)
        answer = watch(pid, poll, request, fork)
        kill(pid)  # whatever it left behind in its group
        if sys.platform == "linux":
            sweep()
        print(json.dumps(answer), flush=True)
