"""Loads the student's file, makes the calls of the cases, and writes down what came of them.

What the code returned is appended to the request's file of records, one JSON object a line: before
each call {"begin": [case, call, seconds, bytes of output]}, so that an abnormal end can be told
from the last line.
"""

import ast
import errno
import inspect
import json
import os
import sys
import time
from collections.abc import Mapping
from importlib import util
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

import torch

from . import FULL, GRADIENTS, PARAMETERS
from .fence import REFUSAL, AutogradUsed, Fence, Refused
from .source import StandIns, scan, unreadable, wrong_syntax

# Kept under own names, so that the records do not depend on what a submission replaces.
dumps, write, fstat, clock = json.dumps, os.write, os.fstat, time.monotonic
equal, anything, make, Tensor = torch.equal, torch.any, torch.tensor, torch.Tensor

MOST_ELEMENTS = 4096  # of a tensor that is sent back
MOST_TEXT = 300  # characters of an error's message


def encode(value: Any) -> dict[str, Any]:
    """What the student's code returned, as plain data."""
    kind = type(value).__name__
    try:
        if isinstance(value, Tensor):
            if value.is_complex():
                return {"type": f"tensor of {value.dtype}"}
            found: dict[str, Any] = {
                "tensor": list(value.shape), "dtype": str(value.dtype).removeprefix("torch."),
                "requires_grad": bool(value.requires_grad),
            }  # fmt: skip
            if value.numel() <= MOST_ELEMENTS:
                numbers = value.detach().to(torch.float64).contiguous().numpy()
                found["data"] = numbers.tobytes().hex()
            return found
        number = isinstance(value, int | float) or getattr(value, "shape", None) == ()
        if number and not isinstance(value, bool):
            return {"number": float(value)}  # NumPy's scalars too, and its arrays of one number
        return {"type": kind}
    except Exception:  # sparse, without data, or of a class of its own
        return {"type": f"{kind} whose numbers cannot be read"}


def holds(test: Any, *values: Any) -> bool:
    """Whether it holds of the values; not if they are no tensors, or without numbers."""
    try:
        return bool(test(*values))
    except Exception:
        return False


def fits(old: Any, value: Any) -> bool:
    """Whether the values can be copied: real numbers, and the shape but for axes of length 1."""
    long = [[n for n in tensor.shape if n != 1] for tensor in (old, value)]
    return bool(old.is_floating_point()) and long[0] == long[1]


def held(network: Any, name: str) -> dict[Any, Any]:
    """The network's dict of this name, an empty one if it has none."""
    found = getattr(network, name, None)
    return found if isinstance(found, dict) else {}


class Session:
    """Loads the student's file, carries out the cases and writes the records."""

    def __init__(self, request: dict[str, Any]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.records = os.open(request["records"], flags, 0o600)
        self.output = os.open(request["output"], flags, 0o600)
        self.code = os.path.realpath(os.path.join(request["folder"], request["file"]))
        self.without, self.dtype = set(request["without"]), getattr(torch, request["dtype"])
        # PyTorch imports some of its parts late, seconds that are not the submission's: a line more
        # in the records starts the time of the call anew.
        self.fence = Fence(request["folder"], self.code, lambda: write(self.records, b"\n"))
        self.started = clock()

    def run(self, cases: list[dict[str, Any]]) -> None:
        if (module := self.load()) is not None:
            for case in cases:
                (self.loss if case["kind"] == "loss" else self.network)(module, case)
            self.write(end=True)

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
        for texts in self.fence.tried.values():
            texts.clear()
        try:
            result, fine = function(*args), True
        except BaseException as error:  # SystemExit and KeyboardInterrupt are results as well
            result, fine = self.problem(error), False
            if result["code"] in ("memory", "output-flood"):
                self.without.add(name)  # once is enough, and each time takes long
        for kind, texts in self.fence.tried.items():
            for text in dict.fromkeys(texts):
                self.write(case=case, call=name, **{kind: text})
        return fine, result

    def problem(self, error: BaseException) -> dict[str, Any]:
        """The problem behind an exception: its code, and a line that says where."""
        steps = [(f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__)]
        lines = [line for file, line in steps if file == self.code]
        try:
            text = " ".join(str(error).split())[:MOST_TEXT]
        except BaseException:  # a student's own exception may fail here too
            text = ""
        message = f"{type(error).__name__}: {text}" if text else type(error).__name__
        where = f"{message} (line {lines[-1]})" if lines else message
        code = "exception"
        if isinstance(error, SystemExit | KeyboardInterrupt):
            code = "exit"
            if any(file.endswith("argparse.py") for file, _ in steps):
                where = f"argparse finds no command line (line {lines[-1] if lines else '?'})"
        elif isinstance(error, AutogradUsed):
            code = "autograd"
        elif isinstance(error, Refused):
            code, where = "forbidden", where.replace(f"Refused: {REFUSAL}", "")
        elif isinstance(error, MemoryError) or ("alloc" in text and "memory" in text):
            code, where = "memory", f"line {lines[-1]}" if lines else message
        elif isinstance(error, OSError) and error.errno == errno.EFBIG:
            code = "output-flood"
        return {"code": code, "text": where}

    def load(self) -> ModuleType | None:
        """The student's file as the module mlp; None if it cannot be loaded, with a record."""
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
        absent = StandIns(os.path.dirname(self.code), tree, lambda name: self.write(absent=name))
        sys.meta_path.append(absent)
        spec = util.spec_from_file_location("mlp", self.code)
        assert spec is not None
        assert spec.loader is not None  # the path ends in .py
        module = sys.modules["mlp"] = util.module_from_spec(spec)
        fine, problem = self.call("load", "load", spec.loader.exec_module, module)
        if not fine:
            self.write(unloaded=problem)
            return None
        things = {name: getattr(module, name, None) for name in ("MLP", "mse_loss", "bce_loss")}
        self.write(loaded={name: self.signature(thing) for name, thing in things.items()})
        return module

    @staticmethod
    def signature(thing: Any) -> list[str] | None:
        """The names of its arguments; None if it is nothing to be called."""
        if not callable(thing):
            return None
        try:
            return list(inspect.signature(thing).parameters)
        except (ValueError, TypeError):
            return []

    def tensor(self, rows: Any) -> Any:
        return make(rows, dtype=self.dtype)

    def perform(
        self, record: Mapping[str, Any], function: Any, given: dict[str, Any]
    ) -> tuple[bool, Any]:
        """Call with these tensors, and write down a problem, or which of them the call changed."""
        before = {key: value.clone() for key, value in given.items()}
        fine, result = self.call(record["case"], record["call"], function, *given.values())
        if not fine:
            self.write(**record, problem=result)
            return False, None
        for key, value in before.items():
            if not holds(equal, value, given[key]):
                self.write(**record, changed=key)
        return True, result

    def loss(self, module: ModuleType, case: dict[str, Any]) -> None:
        record = {"case": case["id"], "call": case["function"]}
        function = getattr(module, case["function"], None)
        if not callable(function) or case["function"] in self.without:
            return
        given = {name: self.tensor(case[name]) for name in ("y", "y_hat")}
        fine, result = self.perform(record, function, given)
        if fine:
            returned = list(result) if isinstance(result, tuple | list) else [result]
            self.write(**record, returned=[encode(value) for value in returned[:3]])

    def network(self, module: ModuleType, case: dict[str, Any]) -> None:
        create, networks = getattr(module, "MLP", None), []
        if not callable(create) or "MLP" in self.without:
            return
        record = {"case": case["id"], "call": "MLP"}
        a, b, c = case["widths"]
        for number in range(case["networks"]):
            args = (a, b, case["f"], b, c, case["g"])
            fine, result = self.call(case["id"], "MLP", create, *args)
            if not fine:
                self.write(**record, problem=result)
                return
            self.write(**record, network=number, **self.found(result))
            networks.append(result)
        for network, values in zip(networks, case["parameters"], strict=True):
            self.set_parameters(network, values)
        # Copies, made when all are set: networks may share what should be their own.
        given = [{key: p.detach().clone() for key, p in self.parameters(network).items()}
                 for network in networks]  # fmt: skip
        for number, step in enumerate(case["steps"]):
            at = step["network"]
            if not self.step(networks[at], given[at], case, number, step):
                return

    def step(
        self, network: Any, parameters: dict[str, Any], case: dict[str, Any], number: int,
        step: dict[str, Any],
    ) -> bool:  # fmt: skip
        """Carry out one call on a network with these parameters, and write what came of it.

        False if it failed.
        """
        name = step["call"]
        record: dict[str, Any] = {"case": case["id"], "step": number, "call": name}
        method = getattr(network, name, None)
        if name in self.without:
            return False
        if not callable(method):
            self.write(**record, problem={"code": "missing-name", "text": ""})
            return False
        given = {"its input": self.tensor(rows)} if (rows := step["argument"]) else {}
        fine, result = self.perform(record, method, given)
        if not fine:
            return False
        now = self.parameters(network)
        changed = [k for k, old in parameters.items() if not holds(equal, old, now.get(k))]
        for key in changed:
            self.write(**record, changed=key)
        if changed:
            self.set_parameters(network, case["parameters"][step["network"]])
        self.write(**record, **self.outcome(network, name, result, case["explained"]))
        return True

    def outcome(self, network: Any, name: str, result: Any, explained: bool) -> dict[str, Any]:
        """What there is to see after a call of this name."""
        grads, cache = held(network, "grads"), held(network, "cache")
        if name == "forward":
            # What it kept is shown for the cases that are explained by hand.
            kept = [[str(key)[:40], encode(value)] for key, value in list(cache.items())[:12]]
            return {"returned": [encode(result)], **({"cache": kept} if explained else {})}
        if name == "backward":
            several = isinstance(result, tuple | list | dict) and len(result) > 1
            described = f"a {type(result).__name__} of {len(result)}" if several else ""
            return {"grads": {k: encode(grads.get(k)) for k in GRADIENTS}, "result": described,
                    "keys": [str(key)[:40] for key in list(grads)[:8]]}  # fmt: skip
        left = [k for k in GRADIENTS if holds(anything, grads.get(k))]
        return {"left": left + ["cache"] * any(holds(anything, v) for v in cache.values())}

    @staticmethod
    def found(network: Any) -> dict[str, Any]:
        """What a new network has: its parameters as they are."""
        missing = [n for n in ("parameters", "grads", "cache") if not hasattr(network, n)]
        parameters = getattr(network, "parameters", None)
        if not isinstance(parameters, dict):
            return {"missing": missing, "parameters": {"type": type(parameters).__name__}}
        return {"missing": missing,
                "parameters": {k: encode(parameters.get(k)) for k in PARAMETERS}}  # fmt: skip

    @staticmethod
    def parameters(network: Any) -> dict[str, Any]:
        """The network's parameters, as far as there are any."""
        found = {key: held(network, "parameters").get(key) for key in PARAMETERS}
        return {k: p for k, p in found.items() if isinstance(p, Tensor)}

    def set_parameters(self, network: Any, values: dict[str, Any]) -> None:
        """Give the network these parameters: in place, so that a student's alias follows."""
        parameters = held(network, "parameters")
        for key, rows in values.items():
            old, value = parameters.get(key), self.tensor(rows)
            if isinstance(old, Tensor) and fits(old, value):
                with torch.no_grad():
                    old.copy_(value.reshape(old.shape))
            else:
                parameters[key] = value
