"""Refuses what the task does not need and what could do harm, and notices autograd."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from types import FrameType
from typing import Any

import torch

from . import HERE, OWN, PACKAGES

MOST_WRITTEN = 50  # files that a submission may write in its folder
REFUSAL = "refused by the checker: "
REFUSALS = {
    "starts a program": "os.system os.exec os.posix_spawn os.spawn subprocess.Popen",
    "starts a process": "os.fork os.forkpty",
    "sends a signal": "os.kill os.killpg signal.pthread_kill",
    "uses the network": "socket.connect socket.bind socket.sendto socket.getaddrinfo",
    "deletes a file": "os.remove",
    "deletes a folder": "os.rmdir shutil.rmtree",
    "moves a file": "os.rename shutil.move",
    "links a file": "os.link os.symlink",
    "truncates a file": "os.truncate",
    "changes a file's rights": "os.chmod",
    "changes a file's owner": "os.chown",
    "opens a database": "sqlite3.connect",
    "calls into C": "ctypes.dlopen ctypes.dlsym ctypes.dlsym/handle",
    "searches the checker's memory": "gc.get_objects gc.get_referrers",
}
REFUSED = {event: what for what, events in REFUSALS.items() for event in events.split()}
AUTOGRAD = {
    "Tensor": "backward", "autograd": "backward grad", "autograd.forward_ad": "make_dual",
    "autograd.functional": "jacobian vjp jvp hessian vhp hvp",
    "func": "grad grad_and_value vjp jvp jacrev jacfwd hessian",
}  # fmt: skip


class Refused(PermissionError):
    """Something that the task does not need and that could do harm."""


class AutogradUsed(RuntimeError):
    """The task is to write the gradients without autograd."""


def caller(code: str, loading: bool = True) -> str:
    """Where in the student's file the call comes from; empty if it was an import or nobody there.

    Without `loading` empty, too, while the file is loaded. This program has one thread, so any
    other is the student's.
    """
    frame: FrameType | None = sys._getframe(1)
    where = "" if threading.current_thread() is threading.main_thread() else "in a thread"
    found = False
    while frame is not None:
        if frame.f_code.co_filename == code:
            if not loading and frame.f_code.co_name == "<module>":
                return ""
            where, found = (where if found else f"line {frame.f_lineno}"), True
        elif "importlib._bootstrap" in frame.f_code.co_filename and not found:
            return ""
        frame = frame.f_back
    return where


def guard(module: Any, name: str, check: Callable[..., None]) -> None:
    """Have a function of the module first call `check`, which raises what refuses it."""
    original = getattr(module, name)

    def guarded(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(module, name, guarded)


class Fence:
    """Refuses dangerous calls by an audit hook, and remembers what the student's own code tried."""

    def __init__(self, folder: str, code: str, importing: Callable[[], Any]) -> None:
        self.folder, self.code = os.path.realpath(folder) + os.sep, code
        self.importing = importing
        self.tried: dict[str, list[str]] = {"autograd": [], "forbidden": []}
        self.written: set[str] = set()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        what = REFUSED.get(event, "")
        if event == "open":
            what = self._opens(*args)
        elif event == "import":
            self.importing()
            if str(args[0]).partition(".")[0] in OWN:
                what = f"imports {args[0]}, which has the solution in it"
        elif event.startswith(("ctypes.", "gc.")) and not caller(self.code):
            what = ""  # PyTorch may do these itself
        if what:
            self.refuse(what, event)

    def refuse(self, what: str, event: str) -> None:
        """Raise Refused, and remember it if the student's own code asked."""
        if where := caller(self.code):
            self.tried["forbidden"].append(f"{what} ({event}, {where})")
        raise Refused(REFUSAL + what)

    def _opens(self, path: Any, mode: Any, flags: Any) -> str:
        """What is wrong about opening the file; empty if nothing is."""
        if not isinstance(path, str | bytes | os.PathLike):
            return ""
        flagged = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if flagged or (isinstance(mode, str) and set(mode) & set("wax+")):
            return self._writes(path)
        real = os.path.realpath(os.fsdecode(path))
        own = any(real.startswith(f"{PACKAGES / name}{os.sep}") for name in OWN)
        # A traceback that the student's code prints shows lines of the runner.
        own = own and not real.startswith(f"{HERE}{os.sep}")
        return "reads the checker's files" if own and caller(self.code) else ""

    def _writes(self, path: Any) -> str:
        """What is wrong about writing to the path; empty if nothing is."""
        real = os.path.realpath(os.fsdecode(path))
        if real == os.devnull:
            return ""
        if not real.startswith(self.folder):
            return "writes a file outside its folder"
        self.written.add(real)
        return f"writes more than {MOST_WRITTEN} files" if len(self.written) > MOST_WRITTEN else ""

    def close_doors(self) -> None:
        """Refuse what writes files or starts programs without asking the audit hook."""

        def check(name: str, file: Any = None, /, *_: Any, **named: Any) -> None:
            file = named.get("filename", file)
            if isinstance(file, str | bytes | os.PathLike) and (what := self._writes(file)):
                self.refuse(what, name)

        guard(torch._C, "PyTorchFileWriter", partial(check, "PyTorchFileWriter"))
        for module in (torch, torch.UntypedStorage):
            guard(module, "from_file", partial(check, "from_file"))
        with contextlib.suppress(ImportError):  # Windows
            import _posixsubprocess as posix

            guard(posix, "fork_exec", lambda *_: self.refuse("starts a program", "fork_exec"))

    def watch_autograd(self) -> None:
        """Make every door to autograd raise AutogradUsed and remember which one, at which line.

        Autograd while the file is loaded (a student's own test) does no harm and is let through.
        """

        def asks(shown: str) -> bool:
            """Whether the student's code, which is not being loaded, asks; remembered if so."""
            if where := caller(self.code, loading=False):
                self.tried["autograd"].append(f"{shown} ({where})")
            return bool(where)

        def refuse(shown: str, /, *_: Any, **__: Any) -> None:
            if asks(shown):
                raise AutogradUsed(f"{shown} is autograd")

        for path, names in AUTOGRAD.items():
            for name in names.split():
                guard(attrgetter(path)(torch), name, partial(refuse, f"torch.{path}.{name}"))
        flag: Any = torch._C.TensorBase.requires_grad

        def set_flag(tensor: Any, requires_grad: bool = True) -> Any:
            if requires_grad:
                asks("requires_grad")
            flag.__set__(tensor, requires_grad)
            return tensor

        torch.Tensor.requires_grad = property(flag.__get__, set_flag)  # type: ignore[assignment]
        torch.Tensor.requires_grad_ = set_flag  # type: ignore[method-assign,assignment]
