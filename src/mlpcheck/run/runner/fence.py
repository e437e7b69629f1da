"""Refuses what the task does not need and what could do harm, and notices autograd."""

import os
import sys
import threading
from collections.abc import Callable
from operator import attrgetter
from types import FrameType
from typing import Any

from . import HERE, OWN, PACKAGES

MOST_WRITTEN = 50  # files that a submission may write in its folder
REFUSAL = "refused by the checker: "
REFUSED = {
    event: what
    for what, events in {
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
    }.items()
    for event in events.split()
}
# PyTorch may do these itself; they are refused where the student's own code asks for them.
ASKED = {
    **dict.fromkeys(("ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle"), "calls into C"),
    **dict.fromkeys(("gc.get_objects", "gc.get_referrers"), "searches the checker's memory"),
}


class Refused(PermissionError):
    """Something that the task does not need and that could do harm."""


class AutogradUsed(RuntimeError):
    """The task is to write the gradients without autograd."""


def caller(frame: FrameType | None, code: str) -> str:
    """Where in the student's file the call comes from; empty if it was an import or nobody there.

    This program has one thread, so any other is the student's.
    """
    while frame is not None:
        if frame.f_code.co_filename == code:
            return f"line {frame.f_lineno}"
        if "importlib._bootstrap" in frame.f_code.co_filename:
            return ""
        frame = frame.f_back
    return "" if threading.current_thread() is threading.main_thread() else "in a thread"


class Fence:
    """Refuses dangerous calls by an audit hook, and remembers what the student's own code tried."""

    def __init__(self, folder: str, code: str, importing: Callable[[], Any]) -> None:
        self.folder, self.code = os.path.realpath(folder) + os.sep, code
        self.importing = importing
        self.tried: list[str] = []
        self.written: set[str] = set()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        what = REFUSED.get(event, "")
        if event == "open":
            what = self._opens(*args)
        elif event == "import":
            self.importing()
            if str(args[0]).partition(".")[0] in OWN:
                what = f"imports {args[0]}, which has the solution in it"
        elif event in ASKED and caller(sys._getframe(1), self.code):
            what = ASKED[event]
        if what:
            self.refuse(what, event)

    def refuse(self, what: str, event: str) -> None:
        """Raise Refused, and remember it if the student's own code asked."""
        if where := caller(sys._getframe(2), self.code):
            self.tried.append(f"{what} ({event}, {where})")
        raise Refused(REFUSAL + what)

    def _opens(self, path: Any, mode: Any, flags: Any) -> str:
        """What is wrong about opening the file; empty if nothing is."""
        if not isinstance(path, str | bytes | os.PathLike):
            return ""
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            return self.writes(path)
        real = os.path.realpath(os.fsdecode(path))
        own = any(real.startswith(f"{PACKAGES / name}{os.sep}") for name in OWN)
        # A traceback that the student's code prints shows lines of the runner.
        own = own and not real.startswith(f"{HERE}{os.sep}")
        return "reads the checker's files" if own and caller(sys._getframe(2), self.code) else ""

    def writes(self, path: Any) -> str:
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
        import torch

        def guard(module: Any, name: str, what: Callable[..., str]) -> None:
            original = getattr(module, name)

            def guarded(*args: Any, **kwargs: Any) -> Any:
                if refused := what(*args, **kwargs):
                    self.refuse(refused, name)
                return original(*args, **kwargs)

            setattr(module, name, guarded)

        def writes(file: Any = None, *_: Any, **named: Any) -> str:
            file = named.get("filename", file)
            return self.writes(file) if isinstance(file, str | bytes | os.PathLike) else ""

        guard(torch._C, "PyTorchFileWriter", writes)
        guard(torch, "from_file", writes)
        guard(torch.UntypedStorage, "from_file", writes)
        try:
            import _posixsubprocess
        except ImportError:  # Windows
            return
        guard(_posixsubprocess, "fork_exec", lambda *_: "starts a program")


AUTOGRAD = {
    "Tensor": "backward", "autograd": "backward grad", "autograd.forward_ad": "make_dual",
    "autograd.functional": "jacobian vjp jvp hessian vhp hvp",
    "func": "grad grad_and_value vjp jvp jacrev jacfwd hessian",
}  # fmt: skip


def watch_autograd(code: str, used: list[str]) -> None:
    """Make every door to autograd raise AutogradUsed and write down which one, at which line.

    Autograd while the file is loaded (a student's own test) does no harm and is let through.
    """
    import torch

    def asks(frame: FrameType) -> str:
        """Where the student's code, which is not being loaded, asks for it."""
        return "" if _loading(frame, code) else caller(frame, code)

    def guard(module: Any, name: str, shown: str) -> None:
        original = getattr(module, name)

        def refuse(*args: Any, **kwargs: Any) -> Any:
            if not (where := asks(sys._getframe(1))):
                return original(*args, **kwargs)
            used.append(f"{shown} ({where})")
            raise AutogradUsed(f"{shown} is autograd")

        setattr(module, name, refuse)

    for path, names in AUTOGRAD.items():
        module = attrgetter(path)(torch)
        for name in names.split():
            guard(module, name, f"torch.{path}.{name}")

    flag: Any = torch._C.TensorBase.requires_grad

    def set_flag(tensor: Any, value: bool = True) -> None:
        if value and (where := asks(sys._getframe(1))):
            used.append(f"requires_grad ({where})")
        flag.__set__(tensor, value)

    def requires_grad_(tensor: Any, requires_grad: bool = True) -> Any:
        set_flag(tensor, requires_grad)
        return tensor

    torch.Tensor.requires_grad = property(flag.__get__, set_flag)  # type: ignore[assignment]
    torch.Tensor.requires_grad_ = requires_grad_  # type: ignore[method-assign,assignment]


def _loading(frame: FrameType | None, code: str) -> bool:
    """Whether the student's file is being loaded, not called."""
    while frame is not None:
        if frame.f_code.co_filename == code and frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False
