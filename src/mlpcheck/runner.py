"""Runs one submission's mlp.py on given cases, in a process of its own: no other module of the
checker ever executes a student's code.

It is started by its path (`python -I runner.py serve`) and needs nothing but PyTorch. It reads one
request a line from stdin and answers with two lines, {"pid": ...} and {"status": ...}. What the
code returned is appended to the request's file of records, one JSON object a line: before each call
{"begin": [case, call]}, so that an abnormal end can be told from the last line.

The limits and the refusals here are a fence against accidents, not a sandbox against attacks.
"""

import ast
import errno
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from importlib import util
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

# Kept under own names, so that the records do not depend on what a submission replaces.
dumps, write = json.dumps, os.write

MOST_ELEMENTS = 4096  # of a tensor that is sent back
FAILED = 70  # the exit status if this program itself fails
MOST_TEXT = 300  # characters of an error's message
MOST_WRITTEN = 50  # files that a submission may write in its folder
OWN = ("handgrad", "mlpcheck", "texcheck")  # a solution, and the right results


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
    }  # fmt: skip

    def __init__(self, folder: str, code: str) -> None:
        self.folder, self.code = os.path.realpath(folder) + os.sep, code
        self.tried: list[str] = []
        self.written: set[str] = set()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
                isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            )
            if not writes or not isinstance(path, str | bytes | os.PathLike):
                return
            path = os.path.realpath(os.fsdecode(path))
            if path == os.devnull:
                return
            if path.startswith(self.folder):
                self.written.add(path)
                if len(self.written) <= MOST_WRITTEN:
                    return
                what = f"writes more than {MOST_WRITTEN} files"
            else:
                what = "writes a file outside its folder"
        elif event == "import" and str(args[0]).partition(".")[0] in OWN:
            what = f"imports {args[0]}, which has the solution in it"
        elif event in self.REFUSED:
            what = self.REFUSED[event]
        elif event in self.ASKED and caller(sys._getframe(1), self.code):
            what = self.ASKED[event]
        else:
            return
        if where := caller(sys._getframe(1), self.code):
            self.tried.append(f"{what} ({event}, {where})")
        raise Refused(REFUSAL + what)


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
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"number": float(value)}
    return {"type": type(value).__name__}


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

    def write(self, **record: Any) -> None:
        write(self.records, dumps(record).encode() + b"\n")

    def call(self, case: str, name: str, function: Any, *args: Any) -> tuple[bool, Any]:
        """Call the student's code. True and its result, or False and the problem."""
        self.write(begin=[case, name])
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
        step, lines = error.__traceback__, []
        while step is not None:
            if step.tb_frame.f_code.co_filename == self.code:
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
        self.write(begin=["load", "load"])
        try:
            source = Path(self.code).read_bytes()
            tree = ast.parse(source, self.code)
        except SyntaxError as error:
            line = (error.text or "").rstrip("\n")[:200]
            self.write(
                syntax={"message": error.msg, "line": error.lineno, "column": error.offset or 1,
                        "source": line}
            )  # fmt: skip
            return None
        except (ValueError, RecursionError, MemoryError) as error:
            self.write(unloaded=self.problem(error))
            return None
        spec = util.spec_from_file_location("mlp", self.code)
        assert spec is not None
        assert spec.loader is not None  # the path ends in .py
        module = util.module_from_spec(spec)
        sys.modules["mlp"] = module
        fine, problem = self.call("load", "load", spec.loader.exec_module, module)
        if not fine:
            self.write(unloaded=problem)
            return None
        integers = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= 512
        }
        names = {}
        for name in ("MLP", "mse_loss", "bce_loss"):
            thing = getattr(module, name, None)
            names[name] = self.signature(thing) if callable(thing) else None
        own = [
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name not in names
        ]
        self.write(loaded=names, others=own[:100], integers=sorted(integers)[:12])
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
            network, name = networks[step["network"]], step["call"]
            method = getattr(network, name, None)
            if name in self.without:
                return
            if not callable(method):
                self.write(case=case["id"], call=name, problem={"code": "missing-name", "text": ""})
                return
            given = [self.tensor(rows) for rows in step["arguments"]]
            before = [value.clone() for value in given]
            parameters = self.parameters(network)
            fine, result = self.call(case["id"], name, method, *given)
            record: dict[str, Any] = {"case": case["id"], "step": number, "call": name}
            if not fine:
                self.write(**record, problem=result)
                return
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
                self.write(**record, grads=grads, keys=self.keys(network))
            if name == "clear_grad_and_cache":
                left = [k for k in GRADIENTS if nonzero(self.entry(network, "grads", k))]
                cache = getattr(network, "cache", None)
                kept = isinstance(cache, dict) and any(nonzero(v) for v in cache.values())
                self.write(**record, left=left + ["cache"] * kept)

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
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 (lives as long as we do)
    limit(request)
    watch_autograd(session.code, session.used)
    sys.modules["__main__"] = ModuleType("__main__")  # a submission has no business in here
    sys.addaudithook(session.fence)
    session.run(chosen)


def start(request: dict[str, Any], fork: bool) -> tuple[int, Any]:
    """Start a process that carries out the request: its id, and what waits for its end."""
    if not fork:
        child = subprocess.Popen(
            [sys.executable, "-I", __file__, "once"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(json.dumps(request).encode())
        child.stdin.close()
        return child.pid, child.wait
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            run(request)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid, lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def serve(fork: bool) -> None:
    """Answer requests until stdin ends. With `fork`, PyTorch is imported once for all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the checker's to handle
    if fork:
        import torch

        torch.set_num_threads(1)
        torch.zeros(2, 2) @ torch.zeros(2, 2)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        pid, wait = start(json.loads(line), fork)
        print(json.dumps({"pid": pid}), flush=True)
        print(json.dumps({"status": wait()}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "once":
        run(json.load(sys.stdin))
        os._exit(0)
    serve(fork=sys.argv[1] == "fork")
