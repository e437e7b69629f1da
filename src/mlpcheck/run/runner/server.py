"""The program that answers requests: each is carried out by a process of its own, within limits.

It reads one request a line from stdin and answers with two lines, {"pid": ...} and {"status": ...,
"reason": ...}, where the reason is the limit that was hit.
"""

import contextlib
import gc
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

import psutil  # type: ignore[import-untyped]
import torch

from . import PATIENCE
from .session import Session

STARTING = 60  # seconds that a process which is not forked may take to import PyTorch


def limit(request: dict[str, Any]) -> None:
    """Limit time, memory and file sizes, as far as the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows; the checker's own time limit still holds
        return
    limits = {"RLIMIT_CPU": request["seconds"] + 1, "RLIMIT_FSIZE": request["file_bytes"],
              "RLIMIT_CORE": 0, "RLIMIT_NPROC": 256}  # fmt: skip
    if sys.platform == "linux":  # beyond what PyTorch itself has mapped
        limits["RLIMIT_AS"] = psutil.Process().memory_info().vms + request["memory_bytes"]
    for name, value in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # macOS refuses some of them
            hard = resource.getrlimit(getattr(resource, name))[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (value, value))


def run(request: dict[str, Any]) -> None:
    """Carry out one request in this process, which serves nothing else."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, which is killed as a whole
    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, request["dtype"]))
    torch.manual_seed(0)
    session = Session(request)
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
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


def carry_out(request: dict[str, Any]) -> None:
    """Carry out one request, and end this process, by a signal if this program itself fails."""
    try:
        end_with_parent()
        run(request)
        os._exit(0)
    finally:
        os.abort()


def size(file: str) -> int:
    with contextlib.suppress(OSError):
        return os.stat(file).st_size
    return 0


def watch(child: BaseProcess, request: dict[str, Any], allowed: float) -> dict[str, Any]:
    """Wait for the end of the process, or end it when it exceeds a limit: status and reason.

    Its first call may take the `allowed` seconds.
    """
    assert child.pid is not None
    written, cpu, used, reason = 0, 0.0, 0.0, ""
    since = begun = time.monotonic()
    process = psutil.Process(child.pid)
    while not reason:
        child.join(0.02)
        if child.exitcode is not None:
            break
        now, grown = time.monotonic(), size(request["records"])
        with contextlib.suppress(psutil.Error):  # it has just ended
            cpu = sum(process.cpu_times()[:2])
        if grown != written:
            written, since, used, allowed = grown, now, cpu, request["call_seconds"]
        if size(request["output"]) > request["output_bytes"]:
            reason = "output"
        elif now - begun > request["left"]:
            reason = "run"
        elif cpu - used > allowed:
            reason = "call"
        elif now - since > PATIENCE * allowed and cpu - used < allowed / 8:
            reason = "wait"  # and not only starved by other processes
    kill(child.pid)  # and whatever it left behind in its group
    child.kill()
    child.join()
    return {"status": None if reason else child.exitcode, "reason": reason}


def kill(pid: int) -> None:
    """End the process and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def prctl(option: int, value: int) -> None:
    """Linux's prctl; elsewhere nothing."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end_with_parent() -> None:
    """Leave Ctrl-C to the checker, and end when what started this process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL, which Windows has no name for


def sweep() -> None:
    """End what a submission left running: as a subreaper this process inherits its orphans."""
    with contextlib.suppress(ChildProcessError):  # when none is left
        while True:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                for child in psutil.Process().children():
                    kill(child.pid)
                    child.kill()


def warm_up() -> None:
    """Do once what each forked process would do again, and leave all that is there to be shared."""
    for dtype in (torch.float64, torch.float32):
        x = torch.tensor([[0.5, 0.25]], dtype=dtype)
        y = torch.sigmoid(torch.randn(2, 2, dtype=dtype) @ x.T + 1).clamp(min=0).log().square()
        y.mean(), y.sum(dim=0), torch.equal(y, y.clone()), y.contiguous().numpy()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Answer requests until stdin ends, each by a process that is forked where that works."""
    fork = sys.argv[1] == "fork"
    context: Any = multiprocessing.get_context("fork" if fork else "spawn")
    end_with_parent()
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    torch.set_num_threads(1)
    warm_up()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        child = context.Process(target=carry_out, args=(request,))
        child.start()
        print(json.dumps({"pid": child.pid}), flush=True)
        answer = watch(child, request, request["call_seconds"] if fork else STARTING)
        if sys.platform == "linux":
            sweep()
        print(json.dumps(answer), flush=True)
