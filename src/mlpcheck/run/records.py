"""The records of a run, sorted and typed. They come from the student's process, so nothing in them
is trusted, and what a finding takes from them is made printable.
"""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mlpcheck.mistakes import MISTAKES, Found
from mlpcheck.truth.cases import Array

Record = dict[str, Any]


def printable(text: str) -> str:
    """The text without what a table or a screen cannot show, or would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def read(file: Path) -> list[Record]:
    """The complete records of a file; a line that was cut off is dropped."""
    records = []
    for line in file.read_bytes().split(b"\n") if file.is_file() else ():
        with suppress(ValueError, RecursionError):
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]


class Run:
    """The records of a run by what they tell."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.single = False  # whether a result is in single precision
        self.names: dict[str, Any] = {}  # of MLP and the losses: their arguments, None if missing
        self.integers: list[int] = []  # that stand in the code
        self.lines: dict[str, int] = {}  # where things stand, as source.scan has it
        self.suspects: list[str] = []  # what a person should read
        self.absent: list[str] = []  # modules that are imported and not there
        self.syntax: Record = {}
        self.returned: dict[tuple[str, str, int], list[Any]] = {}
        self.grads: dict[tuple[str, int], dict[str, Any]] = {}
        self.backward_returns: list[str] = []  # what backward returned, as far as it is something
        self.others: list[str] = []  # the names of functions, classes and attributes
        self.keys: list[str] = []  # those of the first grads
        self.left: set[str] = set()  # what clear_grad_and_cache() did not clear
        self.raised: dict[tuple[str, str, int], Found] = {}  # calls that did not return
        self.notes: list[tuple[str, str, Found]] = []  # case, call, what it did beside computing
        self.parameters: list[tuple[str, Record]] = []
        self.calls = Counter[tuple[str, str]]()  # that returned
        for record in records:
            with suppress(LookupError, TypeError, ValueError, AttributeError, RecursionError):
                self._sort(record)

    def _sort(self, record: Record) -> None:
        match record:
            case {"integers": integers, "lines": lines}:
                self.integers = [int(n) for n in integers]
                self.lines = {str(name): int(line) for name, line in lines.items()}
                self.suspects = [*map(str, record["suspects"])]
                self.others = [*map(str, record["others"])]
            case {"loaded": loaded}:
                self.names = dict(loaded)
            case {"syntax": syntax}:
                self.syntax = syntax
            case {"absent": name}:
                self.absent.append(str(name))
            case {"case": case, "call": call}:
                self._sort_call(str(case), str(call), record)

    def _sort_call(self, case: str, call: str, record: Record) -> None:
        # Within its case: 0 for the first forward, then 1. One that is blamed may have returned.
        number = 0 if "blamed" in record else self.calls[case, call]
        self.calls[case, call] += bool({"returned", "grads"} & record.keys())
        if "problem" in record:
            code, text = str(record["problem"]["code"]), str(record["problem"]["text"])
            self.raised[case, call, number] = Found(MISTAKES[code].code, text)
        for kind in ("autograd", "forbidden", "changes-input", "changes-parameters"):
            self.notes += [(case, call, Found(kind, str(text))) for text in record.get(kind, ())]
        if "parameters" in record:
            self.parameters.append((case, record))
        if "returned" in record:
            self.returned[case, call, number] = list(record["returned"])
        if "grads" in record:
            # As -1 what a backward pass that failed by a shape adds to grads.
            self.grads[case, -1 if "problem" in record else number] = dict(record["grads"])
            self.keys = self.keys or [*map(str, record.get("keys", ()))]
            self.backward_returns += [str(record["result"])] if record.get("result") else []
        self.left |= {*map(str, record.get("left", ()))}
        shown = [*record.get("returned", ()), *record.get("grads", {}).values(),
                 *record.get("parameters", {}).values()]  # fmt: skip
        self.single |= any(isinstance(e, dict) and e.get("dtype") == "float32" for e in shown)


def numbers(encoded: Any) -> Array | str:
    """The numbers of what was returned, or what is wrong with its type."""
    match encoded:
        case {"number": number}:
            return np.array(number, dtype=np.float64)
        case {"tensor": shape, "data": data}:
            with suppress(TypeError, ValueError):
                return np.frombuffer(bytes.fromhex(data)).reshape(shape)
            return "given a tensor whose numbers cannot be read"
        case {"tensor": shape}:
            return f"given the shape {tuple(shape)}, far too large"
        case {"type": kind}:
            return f"expected a torch.Tensor, given {'None' if kind == 'NoneType' else kind}"
    return "expected a torch.Tensor, given nothing"
