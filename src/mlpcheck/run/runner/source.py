"""What can be told from the student's source alone, and stand-ins for modules that are missing."""

import ast
import os
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from importlib import abc, machinery
from types import FrameType, ModuleType
from typing import Any

from . import GRADIENTS, OWN

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
        named = re.match(rb"(.*\n)?.*coding[:=]", source)
        source.decode(tokenize.detect_encoding(lambda: next(lines, b""))[0] if named else "utf-8")
    except SyntaxError as error:
        return f"Its first lines name a coding that Python refuses: {error}."
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        byte = f"The byte 0x{source[error.start]:02x} in line {line}"
        return f"{byte} is not {error.encoding.upper()}. Save the file as UTF-8."
    return ""


def wrong_syntax(error: SyntaxError) -> dict[str, Any]:
    """What the syntax error is, and its line with a mark below the place."""
    line = (error.text or "").rstrip("\n")[:200]
    source = line.strip()
    text = f"{error.msg.capitalize()}, in line {error.lineno}."
    if source.startswith(("%", "!")):
        text += " Lines that begin with % or ! are for notebooks alone."
    if NEWER.search(line):  # a newer Python might read it
        version = ".".join(map(str, sys.version_info[:2]))
        text += f" The checker has Python {version}, which may be older than yours."
    mark = " " * ((error.offset or 1) - 1 - line.index(source)) + "^"
    return {"reason": text, "shown": [source, mark]}


def scan(tree: ast.Module) -> dict[str, Any]:
    """What can be told from the source: where things stand, and what a person should read."""
    nodes = list(ast.walk(tree))
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    own = {n.name for n in nodes if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    own |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return {
        "lines": _lines(nodes), "others": sorted(own)[:200], "suspects": list(_suspects(nodes))[:5],
        "integers": sorted(n for n in constants if type(n) is int and 2 <= n <= 512)[:12],
    }  # fmt: skip


def _lines(nodes: list[ast.AST]) -> dict[str, int]:
    """Where each function begins, those of MLP first, and where a gradient is stored.

    "backward slope" is where backward calls the function slope.
    """
    lines: dict[str, int] = {}
    for node in sorted(nodes, key=lambda n: getattr(n, "name", "") != "MLP"):
        for one in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
            if isinstance(one, ast.FunctionDef):
                lines.setdefault(one.name, one.lineno)
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                lines |= {f"{node.name} {name}": call.lineno} if name in lines else {}
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            name = getattr(node.slice, "value", None)
            if name in GRADIENTS and "grads" in ast.unparse(node.value):
                lines[str(name)] = node.lineno
    return lines


def _suspects(nodes: list[ast.AST]) -> Iterator[str]:
    """The names in DOORS that the file uses, and complex numbers, with their lines."""
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    seen = set()
    for node in nodes:
        for key in ("attr", "id", "name", "value", "module"):
            name = getattr(node, key, None)
            door = name in DOORS and not (key == "id" and name in own - {"complex"})  # a builtin
            if (isinstance(name, complex) or door) and name not in seen:
                seen.add(name)
                yield f"{name} (line {getattr(node, 'lineno', '?')})"


class Absent(ModuleType):
    """Stands for a module that is not there, and for what is in it; it fails when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(self.__name__)

    def fail(self, *_: Any, **__: Any) -> Any:
        raise ModuleNotFoundError(f"No module named {self.__name__.partition('.')[0]!r}")


uses = "call getitem iter len bool enter exit mro_entries add radd mul rmul"
for use in uses.split():
    setattr(Absent, f"__{use}__", Absent.fail)


class StandIns(abc.Loader):
    """Finds an Absent module wherever the student's files import one that is not there.

    Not where the file itself provides for the absence, by a `try`.
    """

    def __init__(self, folder: str, tree: ast.Module, tell: Callable[[str], None]) -> None:
        self.folder, self.tell = os.path.realpath(folder) + os.sep, tell
        tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
        inner = [node for outer in tries for node in ast.walk(outer)]
        names = [alias.name for n in inner if isinstance(n, ast.Import) for alias in n.names]
        names += [str(node.module) for node in inner if isinstance(node, ast.ImportFrom)]
        self.never = {name.partition(".")[0] for name in (*names, *OWN)}

    def find_spec(self, name: str, *_: Any) -> machinery.ModuleSpec | None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and "importlib._bootstrap" in frame.f_code.co_filename:
            frame = frame.f_back
        asked = frame is not None and frame.f_code.co_filename.startswith(self.folder)
        if not asked or name.partition(".")[0] in self.never:
            return None
        self.tell(name)
        return machinery.ModuleSpec(name, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = Absent
