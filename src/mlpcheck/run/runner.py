"""Runs one submission's mlp.py on given cases, in a process of its own: no other module of the
checker ever executes a student's code.

It is started by its path (`python -I runner.py fork`) and needs nothing but PyTorch. It reads one
request a line from stdin and answers with two lines, {"pid": ...} and {"status": ..., "reason":
...}, where the reason is the limit that was hit. What the code returned is appended to the
request's file of records, one JSON object a line: before each call {"begin": [case, call, seconds,
bytes of output]}, so that an abnormal end can be told from the last line.

The limits and the refusals here are a fence against accidents; the sandbox is bubblewrap's.
"""

import ast
import errno
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tokenize
import traceback
from collections.abc import Callable, Iterator
from importlib import machinery, util
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

# Kept under own names, so that the records do not depend on what a submission replaces.
dumps, write, fstat, clock = json.dumps, os.write, os.fstat, time.monotonic

MOST_ELEMENTS = 4096  # of a tensor that is sent back
FAILED, FULL = 70, 71  # the exit status if this program itself fails, and if the disk is full
PATIENCE = 5  # times as long as it may compute a call may wait
MOST_TEXT = 300  # characters of an error's message
MOST_WRITTEN = 50  # files that a submission may write in its folder
OWN = ("handgrad", "mlpcheck", "texcheck")  # a solution, and the right results
PACKAGES = Path(os.path.realpath(__file__)).parents[2]  # where they lie
PARAMETERS = ("W1", "b1", "W2", "b2")
GRADIENTS = tuple(f"dJd{name}" for name in PARAMETERS)


REFUSAL = "refused by the checker: "


class Refused(PermissionError):
    """Something that the task does not need and that could do harm."""


class Fence:
    """Refuses dangerous calls by an audit hook, and remembers what the student's own code tried."""

    # PyTorch may do these itself; they are refused where the student's own code asks for them.
    ASKED = {  # noqa: RUF012 (never changed)
        "ctypes.dlopen": "calls into C", "ctypes.dlsym": "calls into C",
        "ctypes.dlsym/handle": "calls into C", "gc.get_objects": "searches the checker's memory",
        "gc.get_referrers": "searches the checker's memory",
    }  # fmt: skip

    REFUSED = {  # noqa: RUF012 (never changed)
        "os.system": "starts a program", "os.exec": "starts a program",
        "os.posix_spawn": "starts a program", "os.spawn": "starts a program",
        "subprocess.Popen": "starts a program", "os.fork": "starts a process",
        "os.forkpty": "starts a process", "os.kill": "sends a signal",
        "os.killpg": "sends a signal", "signal.pthread_kill": "sends a signal",
        "socket.connect": "uses the network", "socket.bind": "uses the network",
        "socket.sendto": "uses the network",
        "socket.getaddrinfo": "uses the network", "os.remove": "deletes a file",
        "os.rmdir": "deletes a folder", "shutil.rmtree": "deletes a folder",
        "os.rename": "moves a file", "os.link": "links a file", "os.symlink": "links a file",
        "os.truncate": "truncates a file", "os.chmod": "changes a file's rights",
        "os.chown": "changes a file's owner", "shutil.move": "moves a file",
        "sqlite3.connect": "opens a database",
    }  # fmt: skip

    def __init__(self, folder: str, code: str) -> None:
        self.folder, self.code = os.path.realpath(folder) + os.sep, code
        self.tried: list[str] = []
        self.written: set[str] = set()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            what = self._opens(*args)
        elif event == "import" and str(args[0]).partition(".")[0] in OWN:
            what = f"imports {args[0]}, which has the solution in it"
        elif event in self.REFUSED:
            what = self.REFUSED[event]
        elif event in self.ASKED and caller(sys._getframe(1), self.code):
            what = self.ASKED[event]
        else:
            return
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
        if own and real != os.path.realpath(__file__) and caller(sys._getframe(2), self.code):
            return "reads the checker's files"
        return ""

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


class AutogradUsed(RuntimeError):
    """The task is to write the gradients without autograd."""


def watch_autograd(code: str, used: list[str]) -> None:
    """Make every door to autograd raise AutogradUsed and write down which one, at which line.

    Autograd while the file is loaded (a student's own test) does no harm and is let through.
    """
    import torch

    def guard(module: Any, name: str, shown: str) -> None:
        original = getattr(module, name)

        def refuse(*args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            where = caller(frame, code)
            if not where or loading(frame, code):
                return original(*args, **kwargs)
            used.append(f"{shown} ({where})")
            raise AutogradUsed(f"{shown} is autograd")

        setattr(module, name, refuse)

    guard(torch.Tensor, "backward", "Tensor.backward")
    guard(torch.autograd, "backward", "torch.autograd.backward")
    guard(torch.autograd, "grad", "torch.autograd.grad")
    guard(torch.autograd.forward_ad, "make_dual", "torch.autograd.forward_ad")
    for name in ("jacobian", "vjp", "jvp", "hessian", "vhp", "hvp"):
        guard(torch.autograd.functional, name, f"torch.autograd.functional.{name}")
    for name in ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian"):
        guard(torch.func, name, f"torch.func.{name}")

    flag: Any = torch._C.TensorBase.requires_grad

    def set_flag(tensor: Any, value: bool = True) -> None:
        frame = sys._getframe(1)
        where = caller(frame, code)
        if value and where and not loading(frame, code):
            used.append(f"requires_grad ({where})")
        flag.__set__(tensor, value)

    def requires_grad_(tensor: Any, requires_grad: bool = True) -> Any:
        set_flag(tensor, requires_grad)
        return tensor

    torch.Tensor.requires_grad = property(flag.__get__, set_flag)  # type: ignore[assignment]
    torch.Tensor.requires_grad_ = requires_grad_  # type: ignore[method-assign,assignment]


def loading(frame: FrameType | None, code: str) -> bool:
    """Whether the student's file is being loaded, not called."""
    while frame is not None:
        if frame.f_code.co_filename == code and frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False


def encode(value: Any) -> dict[str, Any]:
    """What the student's code returned, as plain data."""
    try:
        return _encode(value)
    except Exception:  # sparse, without data, or of a class of its own
        return {"type": f"{type(value).__name__} whose numbers cannot be read"}


def _encode(value: Any) -> dict[str, Any]:
    import torch

    if isinstance(value, torch.Tensor):
        found: dict[str, Any] = {
            "tensor": list(value.shape),
            "dtype": str(value.dtype).removeprefix("torch."),
            "requires_grad": bool(value.requires_grad),
        }
        if value.is_complex():
            return {"type": f"tensor of {value.dtype}"}
        if value.numel() <= MOST_ELEMENTS:
            found["data"] = value.detach().to(torch.float64).flatten().tolist()
        return found
    number = isinstance(value, int | float) or getattr(value, "shape", None) == ()
    if number and not isinstance(value, bool):
        return {"number": float(value)}  # NumPy's scalars too, and its arrays of one number
    return {"type": type(value).__name__}


# ------------------------------------------------------------------------------ the source

DOORS = {  # to autograd or to the checker, past the guards
    "_execution_engine", "next_functions", "grad_fn", "_make_dual", "_VF", "_C", "_nn", "aten",
    "__closure__", "cell_contents", "_getframe", "currentframe", "f_back", "f_locals", "tb_frame",
    "gc", "ctypes", "_posixsubprocess", "complex", "cfloat", "cdouble", "complex64", "complex128",
    "view_as_complex",
}  # fmt: skip
# What Python 3.12 and later read and earlier ones do not, in the line of a syntax error.
NEWER = re.compile(r"^\s*type \w+|^\s*(async )?(def|class) \w+\[|\bt[\"']|f[\"'].*{", re.A)


def unreadable(source: bytes) -> str:
    """Why the bytes are no Python file that `python mlp.py` reads; empty if they may be."""
    if source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "It is saved as UTF-16. Save it as UTF-8."
    if (at := source.find(b"\0")) >= 0:
        line = source.count(b"\n", 0, at) + 1
        return f"There is a null byte in line {line}: the file is damaged, or no text."
    lines = iter(source.splitlines(keepends=True))
    try:
        coding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
        source.decode(coding)
    except SyntaxError as error:
        return f"Its first lines name a coding that Python refuses: {error}."
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return (
            f"The byte 0x{source[error.start]:02x} in line {line} is not {error.encoding.upper()}. "
            "Save the file as UTF-8."
        )
    return ""


def wrong_syntax(error: SyntaxError) -> dict[str, Any]:
    """The syntax error for the records, with the version that found it if a newer one may not."""
    line = (error.text or "").rstrip("\n")[:200]
    newer = ".".join(map(str, sys.version_info[:2])) if NEWER.search(line) else ""
    return {"message": error.msg, "line": error.lineno, "column": error.offset or 1,
            "source": line, "newer": newer}  # fmt: skip


def scan(tree: ast.Module) -> dict[str, Any]:
    """What can be told from the source: where things stand, and what a person should read."""
    nodes = list(ast.walk(tree))
    integers = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= 512
    }
    lines: dict[str, int] = {}
    for node in sorted(nodes, key=lambda n: getattr(n, "name", "") != "MLP"):
        for one in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
            if isinstance(one, ast.FunctionDef):
                lines.setdefault(one.name, one.lineno)
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            name = getattr(node.slice, "value", None)
            if name in GRADIENTS and "grads" in ast.unparse(node.value):
                lines[str(name)] = node.lineno
    own = [n.name for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    return {"source": True, "integers": sorted(integers)[:12], "lines": lines, "others": own[:100],
            "suspects": list(suspects(nodes))[:5], "clears": clears(nodes)}  # fmt: skip


def clears(nodes: list[ast.AST]) -> str:
    """What `backward` calls to clear its own gradients; empty if it does not."""
    for function in nodes:
        if isinstance(function, ast.FunctionDef) and function.name == "backward":
            for node in ast.walk(function):
                name = getattr(getattr(node, "func", None), "attr", "")
                if name in ("clear_grad_and_cache", "zero_grad"):
                    return f"{name}()"
    return ""


def suspects(nodes: list[ast.AST]) -> Iterator[str]:
    """The names in DOORS that the file uses, and complex numbers, with their lines."""
    seen = set()
    for node in nodes:
        names = [getattr(node, key, None) for key in ("attr", "id", "name", "value", "module")]
        for name in names:
            door = isinstance(name, complex) or (isinstance(name, str) and name in DOORS)
            if door and name not in seen:
                seen.add(name)
                yield f"{name} (line {getattr(node, 'lineno', '?')})"


def tried_imports(tree: ast.Module) -> set[str]:
    """The modules whose absence the file itself provides for."""
    found = set()
    for node in ast.walk(tree):
        for one in ast.walk(node) if isinstance(node, ast.Try) else ():
            if isinstance(one, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in one.names}
            elif isinstance(one, ast.ImportFrom):
                found.add(str(one.module).partition(".")[0])
    return found


class Missing:
    """Stands for what a module that is not there would have; it fails when it is used."""

    def __init__(self, name: str) -> None:
        self.__dict__["name"] = name

    def fail(self, *_: Any, **__: Any) -> Any:
        raise ModuleNotFoundError(f"No module named {self.__dict__['name']!r}")

    __call__ = __getattr__ = __setattr__ = __getitem__ = __iter__ = __len__ = __bool__ = fail
    __enter__ = __exit__ = __mro_entries__ = __add__ = __radd__ = __mul__ = __rmul__ = fail


class Absent(ModuleType):
    """Stands for a module that is not there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(self.__name__.partition(".")[0])


class StandIns:
    """Finds an Absent module wherever the student's files import one that is not there."""

    def __init__(self, folder: str, tried: set[str], tell: Callable[[str], None]) -> None:
        self.folder, self.tried, self.tell = os.path.realpath(folder) + os.sep, tried, tell

    def find_spec(self, name: str, *_: Any) -> machinery.ModuleSpec | None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and "importlib._bootstrap" in frame.f_code.co_filename:
            frame = frame.f_back
        top = name.partition(".")[0]
        asked = frame is not None and frame.f_code.co_filename.startswith(self.folder)
        if not asked or top in self.tried or top in OWN:
            return None
        self.tell(name)
        return machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: machinery.ModuleSpec) -> ModuleType:
        return Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


# ------------------------------------------------------------------------------ the calls


class Session:
    """Loads the student's file, carries out the cases and writes the records."""

    def __init__(self, request: dict[str, Any]) -> None:
        import torch

        self.equal, self.make = torch.equal, torch.tensor  # before a submission replaces them
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.records = os.open(request["records"], flags, 0o600)
        self.code = os.path.realpath(os.path.join(request["folder"], request["file"]))
        self.without = set(request["without"])
        self.dtype = request["dtype"]
        self.used: list[str] = []
        self.fence = Fence(request["folder"], self.code)
        self.output = os.open(request["output"], flags, 0o600)
        self.started = clock()

    def write(self, **record: Any) -> None:
        try:
            write(self.records, dumps(record).encode() + b"\n")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                os._exit(FULL)
            raise

    def begin(self, case: str, name: str) -> None:
        self.write(begin=[case, name, clock() - self.started, fstat(self.output).st_size])

    def call(self, case: str, name: str, function: Any, *args: Any) -> tuple[bool, Any]:
        """Call the student's code. True and its result, or False and the problem."""
        self.begin(case, name)
        self.used.clear()
        self.fence.tried.clear()
        try:
            result, fine = function(*args), True
        except BaseException as error:  # SystemExit and KeyboardInterrupt are results as well
            result, fine = self.problem(error), False
            if result["code"] in ("memory", "output-flood"):
                self.without.add(name)  # once is enough, and each time takes long
        for used in dict.fromkeys(self.used):
            self.write(case=case, call=name, autograd=used)
        for tried in dict.fromkeys(self.fence.tried):
            self.write(case=case, call=name, forbidden=tried)
        return fine, result

    def problem(self, error: BaseException) -> dict[str, Any]:
        """The problem behind an exception: its code, and a line that says where."""
        step, lines, files = error.__traceback__, [], []
        while step is not None:
            files.append(step.tb_frame.f_code.co_filename)
            if files[-1] == self.code:
                lines.append(step.tb_lineno)
            step = step.tb_next
        try:
            text = " ".join(str(error).split())[:MOST_TEXT]
        except BaseException:  # a student's own exception may fail here too
            text = ""
        message = f"{type(error).__name__}: {text}" if text else type(error).__name__
        where = f"{message} (line {lines[-1]})" if lines else message
        missing = isinstance(error, MemoryError) or "can't allocate memory" in text
        if isinstance(error, SystemExit | KeyboardInterrupt):
            code = "exit"
            if any(file.endswith("argparse.py") for file in files):
                where = f"argparse finds no command line (line {lines[-1] if lines else '?'})"
        elif isinstance(error, AutogradUsed):
            code = "autograd"
        elif isinstance(error, Refused):
            code, where = "forbidden", where.replace(f"Refused: {REFUSAL}", "")
        elif missing or ("alloc" in text and "memory" in text):
            code, where = "memory", f"line {lines[-1]}" if lines else message
        elif isinstance(error, OSError) and error.errno == errno.EFBIG:
            code = "output-flood"
        else:
            code = "exception"
        return {"code": code, "text": where}

    def run(self, cases: list[dict[str, Any]]) -> None:
        module = self.load()
        if module is None:
            return
        for case in cases:
            if case["kind"] == "loss":
                self.loss(module, case)
            else:
                self.network(module, case)
        self.write(end=True)

    def load(self) -> ModuleType | None:
        self.begin("load", "load")
        source = Path(self.code).read_bytes()
        if reason := unreadable(source):
            self.write(syntax={"reason": reason})
            return None
        try:
            tree = ast.parse(source, self.code)
            self.write(**scan(tree))
        except SyntaxError as error:
            self.write(syntax=wrong_syntax(error))
            return None
        except (ValueError, RecursionError, MemoryError) as error:
            self.write(unloaded=self.problem(error))
            return None
        absent = StandIns(
            os.path.dirname(self.code), tried_imports(tree), lambda name: self.write(absent=name)
        )
        sys.meta_path.append(absent)
        spec = util.spec_from_file_location("mlp", self.code)
        assert spec is not None
        assert spec.loader is not None  # the path ends in .py
        module = util.module_from_spec(spec)
        sys.modules["mlp"] = module
        fine, problem = self.call("load", "load", spec.loader.exec_module, module)
        if not fine:
            self.write(unloaded=problem)
            return None
        names = {}
        for name in ("MLP", "mse_loss", "bce_loss"):
            thing = getattr(module, name, None)
            names[name] = self.signature(thing) if callable(thing) else None
        self.write(loaded=names)
        return module

    @staticmethod
    def signature(thing: Any) -> list[str]:
        try:
            return list(inspect.signature(thing).parameters)
        except (ValueError, TypeError):
            return []

    def tensor(self, rows: Any) -> Any:
        import torch

        return self.make(rows, dtype=getattr(torch, self.dtype))

    def loss(self, module: ModuleType, case: dict[str, Any]) -> None:
        name = case["function"]
        function = getattr(module, name, None)
        if not callable(function) or name in self.without:
            return
        given = {"y": self.tensor(case["y"]), "y_hat": self.tensor(case["y_hat"])}
        before = {key: value.clone() for key, value in given.items()}
        fine, result = self.call(case["id"], name, function, given["y"], given["y_hat"])
        if not fine:
            self.write(case=case["id"], call=name, problem=result)
            return
        for key, value in before.items():
            if not self.same(value, given[key]):
                self.write(case=case["id"], call=name, changed=key)
        returned = list(result) if isinstance(result, tuple | list) else [result]
        self.write(case=case["id"], call=name, returned=[encode(value) for value in returned[:3]])

    def network(self, module: ModuleType, case: dict[str, Any]) -> None:
        create, networks = getattr(module, "MLP", None), []
        if not callable(create) or "MLP" in self.without:
            return
        a, b, c = case["widths"]
        for number in range(case["networks"]):
            args = (a, b, case["f"], b, c, case["g"])
            fine, result = self.call(case["id"], "MLP", create, *args)
            if not fine:
                self.write(case=case["id"], call="MLP", problem=result)
                return
            self.write(case=case["id"], call="MLP", network=number, **self.found(result))
            networks.append(result)
        for network, values in zip(networks, case["parameters"], strict=True):
            self.set_parameters(network, values)
        for number, step in enumerate(case["steps"]):
            if not self.step(networks[step["network"]], case, number, step):
                return

    def step(self, network: Any, case: dict[str, Any], number: int, step: dict[str, Any]) -> bool:
        """Carry out one call on a network, and write what came of it. False if it failed."""
        name = step["call"]
        record: dict[str, Any] = {"case": case["id"], "step": number, "call": name}
        method = getattr(network, name, None)
        if name in self.without:
            return False
        if not callable(method):
            self.write(**record, problem={"code": "missing-name", "text": ""})
            return False
        given = [self.tensor(rows) for rows in step["arguments"]]
        before = [value.clone() for value in given]
        parameters = self.parameters(network)
        fine, result = self.call(case["id"], name, method, *given)
        if not fine:
            self.write(**record, problem=result)
            return False
        for old, new in zip(before, given, strict=True):
            if not self.same(old, new):
                self.write(**record, changed="its input")
        held = self.parameters(network)
        changed = [k for k, old in parameters.items() if not self.same(old, held.get(k))]
        for key in changed:
            self.write(**record, changed=key)
        if changed:
            self.set_parameters(network, case["parameters"][step["network"]])
        if name == "forward":
            self.write(**record, returned=[encode(result)], **self.cache(network, case))
        if name == "backward":
            grads = {k: encode(self.entry(network, "grads", k)) for k in GRADIENTS}
            self.write(**record, grads=grads, keys=self.keys(network), result=described(result))
        if name == "clear_grad_and_cache":
            left = [k for k in GRADIENTS if nonzero(self.entry(network, "grads", k))]
            cache = getattr(network, "cache", None)
            kept = isinstance(cache, dict) and any(nonzero(v) for v in cache.values())
            self.write(**record, left=left + ["cache"] * kept)
        return True

    def same(self, old: Any, new: Any) -> bool:
        try:
            return bool(self.equal(old, new))
        except Exception:  # no tensor any more, or of another type
            return False

    def found(self, network: Any) -> dict[str, Any]:
        """What a new network has: its parameters as they are."""
        missing = [n for n in ("parameters", "grads", "cache") if not hasattr(network, n)]
        held = getattr(network, "parameters", None)
        if not isinstance(held, dict):
            return {"missing": missing, "parameters": {"type": type(held).__name__}}
        return {"missing": missing, "parameters": {k: encode(held.get(k)) for k in PARAMETERS}}

    @staticmethod
    def keys(network: Any) -> list[str]:
        """Under which names the network has gradients."""
        held = getattr(network, "grads", None)
        return [str(key)[:40] for key in list(held)[:8]] if isinstance(held, dict) else []

    def parameters(self, network: Any) -> dict[str, Any]:
        """Copies of the network's parameters, as far as there are any."""
        import torch

        held = {key: self.entry(network, "parameters", key) for key in PARAMETERS}
        return {k: p.detach().clone() for k, p in held.items() if isinstance(p, torch.Tensor)}

    @staticmethod
    def cache(network: Any, case: dict[str, Any]) -> dict[str, Any]:
        """The tensors that the network kept, for the cases that are explained by hand."""
        held = getattr(network, "cache", None)
        if not case["explained"] or not isinstance(held, dict):
            return {}
        return {"cache": [[str(key)[:40], encode(held[key])] for key in list(held)[:12]]}

    @staticmethod
    def entry(network: Any, name: str, key: str) -> Any:
        held = getattr(network, name, None)
        return held.get(key) if isinstance(held, dict) else None

    def set_parameters(self, network: Any, values: dict[str, Any]) -> None:
        """Give the network these parameters: in place, so that a student's alias follows."""
        import torch

        held = getattr(network, "parameters", None)
        if not isinstance(held, dict):
            return
        for key, rows in values.items():
            old, value = held.get(key), self.tensor(rows)
            if isinstance(old, torch.Tensor) and fits(old, value):
                with torch.no_grad():
                    old.copy_(value.reshape(old.shape))
            else:
                held[key] = value


def described(result: Any) -> str:
    """What backward returned, if it may be gradients."""
    if isinstance(result, tuple | list | dict) and len(result) > 1:
        return f"a {type(result).__name__} of {len(result)}"
    return ""


def nonzero(value: Any) -> bool:
    """Whether it is a tensor with something else than zeros in it."""
    import torch

    try:
        return isinstance(value, torch.Tensor) and bool((value != 0).any())
    except Exception:  # without numbers
        return False


def fits(old: Any, value: Any) -> bool:
    """Whether the values can be copied: real numbers, and the shape but for axes of length 1."""
    long = [[n for n in tensor.shape if n != 1] for tensor in (old, value)]
    return bool(old.is_floating_point()) and long[0] == long[1]


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
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, request["dtype"]))
    torch.manual_seed(0)
    cases = json.loads(Path(request["cases"]).read_text("utf-8"))
    chosen = [case for case in cases if case["id"] not in set(request["skip"])]
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
    watch_autograd(session.code, session.used)
    sys.modules["__main__"] = ModuleType("__main__")  # a submission has no business in here
    session.fence.close_doors()
    sys.addaudithook(session.fence)
    session.run(chosen)


# ------------------------------------------------------------------------------ the server

Poll = Callable[[], int | None]


def start(request: dict[str, Any], fork: bool) -> tuple[int, Poll]:
    """Start a process that carries out the request: its id, and what tells whether it ended."""
    if not fork:
        child = subprocess.Popen(
            [sys.executable, "-I", __file__, "once"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
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
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def watch(pid: int, poll: Poll, request: dict[str, Any], fork: bool) -> dict[str, Any]:
    """Wait for the end of the process, or end it when it exceeds a limit: status and reason."""
    written, used = 0, 0.0
    since = begun = clock()
    # Before the first record, a process that was not forked imports PyTorch.
    patience = 1 if fork else PATIENCE
    while (status := poll()) is None:
        time.sleep(0.01)
        now, cpu, grown = clock(), cpu_seconds(pid), size(request["records"])
        if grown != written:
            written, since, used, patience = grown, now, cpu, 1
        limit, reason = patience * request["call_seconds"], ""
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


def serve(fork: bool) -> None:
    """Answer requests until stdin ends. With `fork`, PyTorch is imported once for all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the checker's to handle
    end_with_parent()
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    if fork:
        import torch

        torch.set_num_threads(1)
        torch.zeros(2, 2) @ torch.zeros(2, 2)
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


if __name__ == "__main__":
    if sys.argv[1] == "once":
        run(json.load(sys.stdin))
        os._exit(0)
    serve(fork=sys.argv[1] == "fork")
