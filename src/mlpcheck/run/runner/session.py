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
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from importlib import util
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any, NoReturn

import torch

from . import GRADIENTS, LOSSES, PARAMETERS
from .fence import REFUSAL, AutogradUsed, Fence, Refused
from .source import StandIns, scan, unreadable, wrong_syntax

# Kept under own names, so that the records do not depend on what a submission replaces.
dumps, write, fstat, clock = json.dumps, os.write, os.fstat, time.monotonic
equal, anything, make, Tensor = torch.equal, torch.any, torch.tensor, torch.Tensor

Record = dict[str, Any]
MOST_ELEMENTS = 4096  # of a tensor that is sent back
MOST_TEXT = 300  # characters of an error's message


def encode(value: Any) -> Record:
    """What the student's code returned, as plain data."""
    kind = type(value).__name__
    try:
        if isinstance(value, Tensor):
            if value.is_complex():
                return {"type": f"tensor of {value.dtype}"}
            found: Record = {
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
    with suppress(Exception):
        return bool(test(*values))
    return False


def held(network: Any, name: str) -> dict[Any, Any]:
    """The network's dict of this name, an empty one if it has none."""
    found = getattr(network, name, None)
    return found if isinstance(found, dict) else {}


def tensors(network: Any) -> Record:
    """The network's parameters, as far as there are any."""
    found = held(network, "parameters")
    return {key: found[key] for key in PARAMETERS if isinstance(found.get(key), Tensor)}


def added(backward: Any, given: Iterable[Any]) -> Record:
    """What backward, which failed by a shape, adds to grads: to the number 0 any shape is added."""
    with suppress(BaseException):
        backward.__self__.grads = dict.fromkeys(GRADIENTS, 0.0)
        backward(*given)
        found = held(backward.__self__, "grads")
        if all(isinstance(found[key], Tensor) for key in GRADIENTS):
            return {key: encode(found[key]) for key in GRADIENTS}
    return {}


def signature(thing: Any) -> list[str] | None:
    """The names of its arguments; None if it is nothing to be called."""
    with suppress(ValueError, TypeError):
        return list(inspect.signature(thing).parameters) if callable(thing) else None
    return []


class CallFailed(Exception):
    """The student's code did not return, which is written down; its case is over."""


class Session:
    """Loads the student's file, carries out the cases and writes the records."""

    def __init__(self, request: Record) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.records = os.open(request["records"], flags, 0o600)
        self.output = os.open(request["output"], flags, 0o600)
        self.code = os.path.realpath(os.path.join(request["folder"], request["file"]))
        self.without = set(request["without"])
        self.tensor = partial(make, dtype=getattr(torch, request["dtype"]))
        # PyTorch imports some of its parts late, seconds that are not the submission's: a line more
        # in the records starts the time of the call anew.
        self.fence = Fence(request["folder"], self.code, lambda: write(self.records, b"\n"))
        self.started = clock()

    def run(self, cases: list[Record]) -> None:
        with suppress(CallFailed):
            module = self.load()
            for case in cases:
                with suppress(CallFailed):
                    self.case(module, case)
        self.write(end=True)

    def write(self, **record: Any) -> None:
        write(self.records, dumps(record).encode() + b"\n")

    def fail(self, record: Record, **problem: Any) -> NoReturn:
        self.write(**record, **problem)
        raise CallFailed

    def call(self, record: Record, function: Any, *args: Any, given: Record | None = None) -> Any:
        """What the student's code returns for these arguments and tensors.

        The record gets what it tried, and which of the tensors it changed, or why it failed.
        """
        name, given = record["call"], given or {}
        if name in self.without:
            raise CallFailed
        if not callable(function):
            self.fail(record, problem={"code": "missing-name", "text": "The task asks for it."})
        before = {key: value.clone() for key, value in given.items()}
        self.write(begin=[record["case"], name, clock() - self.started, fstat(self.output).st_size])
        for texts in self.fence.tried.values():
            texts.clear()
        result = problem = None
        try:
            result = function(*args, *given.values())
        except BaseException as error:  # SystemExit and KeyboardInterrupt are results as well
            problem = self.problem(error)
            if problem["code"] in ("memory", "output-flood"):
                self.without.add(name)  # once is enough, and each time takes long
        record |= {kind: list(dict.fromkeys(texts)) for kind, texts in self.fence.tried.items()}
        if problem is not None:
            by_shape = name == "backward" and "match" in problem["text"]
            if by_shape and (grads := added(function, before.values())):
                record["grads"] = grads
                problem["text"] += ", as it adds to grads"
            self.fail(record, problem=problem)
        record["changes-input"] = [k for k in given if not holds(equal, before[k], given[k])]
        return result

    def problem(self, error: BaseException) -> Record:
        """The problem behind an exception: its code, and a line that says where."""
        steps = [(f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__)]
        lines = [line for file, line in steps if file == self.code]
        text = ""
        with suppress(BaseException):  # a student's own exception may fail here too
            text = " ".join(str(error).split())[:MOST_TEXT]
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
            code, where = "output-flood", f" ({where})"
        return {"code": code, "text": where}

    def load(self) -> ModuleType:
        """The student's file as the module mlp."""
        record = {"case": "load", "call": "load"}
        source = Path(self.code).read_bytes()
        try:
            if reason := unreadable(source):
                self.fail({}, syntax={"reason": reason})
            tree = ast.parse(source, self.code)
            self.write(**scan(tree))
        except SyntaxError as error:
            self.fail({}, syntax=wrong_syntax(error))
        except (ValueError, RecursionError, MemoryError) as error:
            self.fail(record, problem=self.problem(error))
        absent = StandIns(os.path.dirname(self.code), tree, lambda name: self.write(absent=name))
        sys.meta_path.append(absent)
        spec: Any = util.spec_from_file_location("mlp", self.code)
        module = sys.modules["mlp"] = util.module_from_spec(spec)
        self.call(record, spec.loader.exec_module, module)
        self.write(**record)
        loaded = {name: signature(getattr(module, name, None)) for name in ("MLP", *LOSSES)}
        self.without.update(name for name, found in loaded.items() if found is None)
        self.write(loaded=loaded)
        return module

    def case(self, module: ModuleType, case: Record) -> None:
        """Make the networks of the case, if it has any, and the calls on them or on the module."""
        networks = [self.network(module, case) for _ in case["parameters"]]
        for network, values in zip(networks, case["parameters"], strict=True):
            self.set_parameters(network, values)
        # Copies, made when all are set: networks may share what should be their own.
        copies = [{key: p.detach().clone() for key, p in tensors(network).items()}
                  for network in networks]  # fmt: skip
        for step in case["calls"]:
            record, at = {"case": case["id"], "call": step["call"]}, step["network"]
            self.step(record, networks[at] if networks else module, step["given"])
            if networks:
                now = tensors(networks[at])
                changed = [k for k, old in copies[at].items() if not holds(equal, old, now.get(k))]
                record["changes-parameters"] = changed
                if changed:
                    self.set_parameters(networks[at], case["parameters"][at])
            self.write(**record)

    def network(self, module: ModuleType, case: Record) -> Any:
        """A new network of the case; its parameters are written down."""
        record = {"case": case["id"], "call": "MLP"}
        network = self.call(record, getattr(module, "MLP", None), *case["arguments"])
        found = getattr(network, "parameters", None)
        shown = ({k: encode(found.get(k)) for k in PARAMETERS} if isinstance(found, dict)
                 else {"type": type(found).__name__})  # fmt: skip
        missing = [n for n in ("parameters", "grads", "cache") if not hasattr(network, n)]
        self.write(**record, missing=missing, parameters=shown)
        return network

    def step(self, record: Record, on: Any, rows: Record) -> None:
        """Make one call on a network or the module, and record what came of it."""
        given = {name: self.tensor(one) for name, one in rows.items()}
        result = self.call(record, getattr(on, record["call"], None), given=given)
        grads, cache = held(on, "grads"), held(on, "cache")
        if record["call"] == "backward":
            if not isinstance(kept := getattr(on, "grads", grads), dict):
                text = f"self.grads is a {type(kept).__name__}, not a dict"
                self.fail(record, problem={"code": "wrong-type", "text": text})
            several = isinstance(result, tuple | list | dict) and len(result) > 1
            record["grads"] = {k: encode(grads.get(k)) for k in GRADIENTS}
            record["result"] = f"a {type(result).__name__} of {len(result)}" if several else ""
            record["keys"] = [str(key)[:40] for key in list(grads)[:8]]
        elif record["call"] == "clear_grad_and_cache":
            record["left"] = [k for k in GRADIENTS if holds(anything, grads.get(k))]
            record["left"] += ["cache"] * any(holds(anything, v) for v in cache.values())
        else:
            several = record["call"] in LOSSES and isinstance(result, tuple | list)
            record["returned"] = [*map(encode, list(result)[:3] if several else [result])]

    def set_parameters(self, network: Any, values: Record) -> None:
        """Give the network these parameters: in place, so that a student's alias follows.

        Not where they are no real numbers, or the shape differs by more than axes of length 1.
        """
        parameters = held(network, "parameters")
        for key, rows in values.items():
            old: Any = parameters.get(key)
            value, real = self.tensor(rows), isinstance(old, Tensor) and old.is_floating_point()
            if real and old.squeeze().shape == value.squeeze().shape:
                with suppress(RuntimeError), torch.no_grad():  # one of expand() takes no numbers
                    old.copy_(value.reshape(old.shape))
                    continue
            parameters[key] = value
