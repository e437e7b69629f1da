"""The docstrings of handgrad name equations that the book has, and every file says what it is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src/handgrad").glob("*.py"))
EACH = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
PUBLIC = (ast.FunctionDef, ast.ClassDef)


def test_every_label_in_the_code_stands_on_a_page():
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "book").rglob("*.md"))
    on_pages = set(re.findall(r"\((eq:[\w-]+)\)", pages))
    code = "".join(module.read_text("utf-8") for module in MODULES)
    in_code = set(re.findall(r"eq:[\w-]*\w", code))
    assert {"eq:c18-1", "eq:c18-2", "eq:c26-1", "eq:f04"} <= in_code
    assert in_code - on_pages == set()


@EACH
def test_every_module_and_public_name_has_a_docstring(module):
    tree = ast.parse(module.read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []


def public(parent):
    """The public classes and functions of a module or a class, and those of these classes."""
    for node in parent.body:
        if isinstance(node, PUBLIC) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)
