"""Reads pages: every displayed equation and every math cell of a table, with file, line, label.

The equations are taken from the tokens of the Markdown parser that the book itself is built with,
so what is checked is what is shown. This module alone needs more than the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml  # type: ignore[import-untyped]
from docutils.parsers.rst import Directive
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.tree import SyntaxTreeNode
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

# The same as `parse: myst_enable_extensions:` in _config.yml; a test compares the two.
EXTENSIONS = frozenset(
    {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"}
)
NETWORKS = ("regression", "sigmoid-mse", "sigmoid-bce", "deep", "any")

# Directives whose body is not Markdown, so that no equation of the book can stand in it.
_LITERAL = frozenset(
    [
        *("code", "code-block", "code-cell", "sourcecode", "literalinclude"),
        *("raw", "toctree", "image"),
        "question",  # its formulas are checked by the extension that reads it
    ]
)
# Columns that name things or hold numbers, and make no claim.
_SILENT = frozenset({"Row", "Here", "Quantity", "From", "To"})
# Directives whose math would be passed over: their bodies are not tokens of this page.
_UNREAD = frozenset({"include", "eval-rst", "list-table", "csv-table", "glue:math"})

# What goes into a layer and what comes out of it, by the name in the column "Layer".
_LAYERS = {
    "Linear_1": (r"\boldsymbol{x}", r"\boldsymbol{s}^{(1)}"),
    "f": (r"\boldsymbol{s}^{(1)}", r"\boldsymbol{z}^{(1)}"),
    "Linear_2": (r"\boldsymbol{z}^{(1)}", r"\boldsymbol{s}^{(2)}"),
    "g": (r"\boldsymbol{s}^{(2)}", r"\hat{\boldsymbol{y}}"),
    "Loss": (r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"\ell"),
}

Kind = Literal["value", "shape"]


@dataclass(frozen=True)
class Item:
    """One displayed equation, or one math of a table cell.

    ``file`` and ``line`` (from 1) say where its TeX begins; in a notebook ``line`` is the line of
    the ``.ipynb`` file. ``column`` (from 1) is where the TeX begins in that line, 0 if unknown.
    ``tex`` is unstripped, so line ``n`` of it (from 0) is line ``line + n`` of the file. ``label``
    is the equation's label or the anchor of the table's row, or empty. ``subject`` (TeX) is what a
    cell speaks about, where its table says that; ``None`` for a statement that is complete.
    """

    file: Path
    line: int
    column: int
    label: str
    tex: str
    network: str
    subject: str | None
    kind: Kind
    expect: Literal["true", "misprint"]
    where: Literal["display", "cell"]


@dataclass(frozen=True)
class Problem:
    """What keeps a page from being read: where, what was expected and what was given."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ReadError(ValueError):
    """Raised for pages that cannot be read; ``problems`` lists every one, in order."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def pages(path: Path) -> list[Path]:
    """The pages below ``path`` (or ``path`` itself), sorted; raises ``FileNotFoundError``."""
    if path.is_file():
        if path.suffix not in (".md", ".ipynb"):
            raise FileNotFoundError(f"expected a folder, a .md page or a .ipynb, got {path}")
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"expected a folder, a .md page or a .ipynb, got nothing at {path}")
    return sorted(
        page
        for page in path.rglob("*")
        if page.suffix in (".md", ".ipynb")
        and not any(part.startswith(("_", ".")) for part in page.relative_to(path).parts)
    )


def read(path: Path | str) -> list[Item]:
    """Returns every displayed equation and math cell of a folder, a ``.md`` page or a ``.ipynb``.

    Raises :class:`ReadError` for a page with math but no declared network, for a ``texcheck:``
    directive with an unknown word or with no equation behind it, and for math that would be passed
    over; :class:`FileNotFoundError` if ``path`` is none of the three.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    for page in pages(Path(path)):
        reader = _PageReader(page)
        reader.read()
        items += reader.items
        problems += reader.problems
    if problems:
        raise ReadError(problems)
    return items


def title(page: Path) -> str:
    """The first heading of a page, without markup; empty if it has none."""
    reader = _PageReader(page)
    for text, _ in reader.texts():
        for node in _tree(text).children:
            if node.type == "heading":
                return _text(node)
    return ""


@dataclass(frozen=True)
class _Directive:
    network: str
    misprint: bool
    line: int


class _PageReader:
    """Walks the tokens of one page and collects its items and problems."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self.default: str | None = None
        self.pending: _Directive | None = None
        self.lines: list[str] = []
        # Line of the file for each line of the text in hand: a page's own lines, or a cell's.
        self.file_lines: list[int] = []
        self.undeclared: list[int] = []

    def read(self) -> None:
        for text, file_lines in self.texts():
            self.lines, self.file_lines = text.split("\n"), file_lines
            self._walk(_tree(text), 0)
            self._expect_nothing_pending()
        if self.default is None and self.undeclared:
            where = (
                "a comment `<!-- texcheck: … -->` in the notebook's first cell"
                if self.file.suffix == ".ipynb"
                else "`texcheck: …` in the page's front matter"
            )
            self._problem(
                self.undeclared[0],
                f"math without a network to check it on: expected {where}, one of {_names()}",
            )

    def texts(self) -> Iterator[tuple[str, list[int]]]:
        """The page's text, or each Markdown cell's, and the file's line of each of its lines."""
        content = self.file.read_text(encoding="utf-8")
        if self.file.suffix == ".md":
            yield content, list(range(1, content.count("\n") + 2))
            return
        try:
            cells = _LocatingDecoder().decode(content)["cells"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            self._problem(1, f"expected a Jupyter notebook, got {error}")
            return
        for cell in cells:
            self._unread_cell(cell, content)
            if cell.get("cell_type") != "markdown":
                continue
            source = cell["source"] if isinstance(cell["source"], list) else [cell["source"]]
            file_lines: list[int] = []
            for part in source:
                line = content.count("\n", 0, part.offset) + 1
                file_lines += [line] * max(1, len(part.splitlines()))
            yield "".join(source), file_lines

    def _unread_cell(self, cell: dict[str, Any], content: str) -> None:
        """Equations that a notebook shows without a Markdown cell are not read."""
        outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
        for output in outputs:
            for mime in ("text/latex", "text/markdown"):
                if mime in output:
                    self._problem(
                        content.count("\n", 0, content.find(f'"{mime}"')) + 1,
                        f"found an output of {mime}, which is not read: show it as plain text",
                    )
        if cell.get("cell_type") == "raw":
            line = content.count("\n", 0, content.find('"raw"')) + 1
            self._problem(line, "found a raw cell, which is not read: use a Markdown cell")

    def _walk(self, parent: SyntaxTreeNode, offset: int) -> None:
        """Reads the blocks of ``parent``; line 0 of them is line ``offset`` of the text in hand."""
        for node in parent.children:
            start = offset + node.map[0] if node.map else offset
            match node.type:
                case "front_matter":
                    self._front_matter(node.content, start)
                case "myst_line_comment":
                    for n, comment in enumerate(node.content.split("\n")):
                        self._comment(comment, start + n)
                case "html_block":
                    self._html_comment(node.content, start)
                    self._expect_no_math(node.content, start)
                case "myst_target":
                    pass
                case "math_block" | "math_block_label" | "amsmath":
                    # the token's text begins right behind `$$`
                    skipped = 0 if node.type == "amsmath" else len("$$")
                    column = self._indent(start) + skipped + 1
                    self._display(node.content, start, column, node.info or "")
                case "fence" | "colon_fence":
                    self._fence(node, start)
                case "table":
                    self._table(node, offset)
                case "inline":
                    self._inline(node, start)
                case _:
                    if node.type not in ("paragraph", "th", "td"):
                        self._expect_nothing_pending()
                    self._walk(node, offset)

    # Directives to texcheck

    def _front_matter(self, content: str, start: int) -> None:
        try:
            data = yaml.safe_load(content)
        except yaml.YAMLError as error:
            self._problem_at(start, f"expected YAML in the front matter, got {error}")
            return
        network = data.get("texcheck") if isinstance(data, dict) else None
        if network is None:
            return
        if network in NETWORKS:
            self.default = network
        else:
            self._problem_at(start, f"texcheck: expected one of {_names()}, got {network!r}")

    def _html_comment(self, content: str, start: int) -> None:
        for n, line in enumerate(content.split("\n")):
            text = line.strip()
            if text.startswith("<!--"):
                self._comment(text.removeprefix("<!--").removesuffix("-->"), start + n)

    def _comment(self, text: str, start: int) -> None:
        keyword, _, rest = text.strip().partition(":")
        if keyword.split(" ")[0] != "texcheck":
            return
        self._expect_nothing_pending()
        words = rest.split()
        if not words or words[0] not in NETWORKS or words[1:] not in ([], ["misprint"]):
            self._problem_at(
                start,
                f"texcheck: expected one of {_names()}, and `misprint` after it at most, "
                f"got {rest.strip()!r}",
            )
            return
        misprint = words[1:] == ["misprint"]
        if misprint and self.file.stem != "errata":
            self._problem_at(start, "texcheck: a misprint can stand on the page `errata` alone")
        if self.file.suffix == ".ipynb" and self.default is None:
            self.default = words[0]
            return
        self.pending = _Directive(words[0], misprint, self.file_lines[start])

    def _expect_nothing_pending(self) -> None:
        if self.pending:
            self._problem(
                self.pending.line,
                "texcheck: expected a displayed equation or a table directly after this directive",
            )
            self.pending = None

    def _take_pending(self) -> tuple[str, bool]:
        directive, self.pending = self.pending, None
        return (directive.network, directive.misprint) if directive else (self.default or "", False)

    # Math

    def _display(self, tex: str, start: int, column: int, label: str) -> None:
        network, misprint = self._take_pending()
        line = self.file_lines[start]
        self._add(line, column, label, tex, network, None, "value", misprint, "display")

    def _inline(self, node: SyntaxTreeNode, start: int) -> None:
        """Prose is not checked, but a display that the parser reads as prose is not passed over."""
        self._expect_nothing_pending()
        for child in _descendants(node):
            following = child.next_sibling
            if child.type == "text" and (
                "$$" in child.content
                or (
                    child.content.endswith("$")
                    and following is not None
                    and following.type == "math_inline"
                )
            ):
                self._problem_at(
                    start,
                    "found `$$` inside of a paragraph, where it displays no equation: "
                    "expected a blank line before `$$`",
                )
            if child.type == "html_inline":
                self._expect_no_math(child.content, start)
                if "texcheck:" in child.content:
                    self._problem_at(start, "texcheck: expected the directive on a line of its own")

    def _fence(self, node: SyntaxTreeNode, start: int) -> None:
        name, _, argument = (node.info or "").strip().partition(" ")
        is_directive = name.startswith("{") and name.endswith("}")
        if not is_directive and node.type == "fence":
            self._expect_nothing_pending()
            return
        name = name.strip("{}")
        if name in _UNREAD:
            self._problem_at(
                start, f"texcheck does not read inside of `{{{name}}}`: write it on the page itself"
            )
        if name == "raw":
            self._expect_no_math(node.content, start)
        if name in _LITERAL | _UNREAD:
            self._expect_nothing_pending()
            return
        if "$$" in argument:
            self._problem_at(start, "found `$$` behind a directive's name: put it on its own line")
        content, first = node.content, start + 1
        if content.startswith(":::"):
            # as MyST does it: a nested fence is not an option `:name: value`
            content, first = "\n" + content, first - 1
        parsed = parse_directive_text(
            _MathDirective if name == "math" else _AnyDirective, argument, content
        )
        first += parsed.body_offset
        body = "\n".join(parsed.body)
        if name == "math":
            label = parsed.options.get("label") or parsed.options.get("name") or ""
            tex = f"{argument}\n{body}" if argument else body
            self._display(tex, start if argument else first, 0 if argument else 1, label)
            return
        if name != "table":
            self._expect_nothing_pending()
        self._walk(_tree(body), first)
        self._expect_nothing_pending()

    def _expect_no_math(self, html: str, start: int) -> None:
        if "<math" in html.lower():
            self._problem_at(
                start, "found <math> in HTML, which is not read: write the equation as $$ … $$"
            )

    def _table(self, table: SyntaxTreeNode, offset: int) -> None:
        network, misprint = self._take_pending()
        header, *rows = (row for part in table.children for row in part.children)
        columns = [_text(cell) for cell in header.children]
        for row in [header, *rows]:
            line = offset + row.map[0] if row.map else offset
            cells = dict(zip(columns, row.children, strict=False))
            searched = 0
            for column, cell in zip(columns, row.children, strict=False):
                for n, tex in enumerate(_maths(cell)):
                    found = self.lines[line].find(f"${tex}$", searched)
                    searched = max(searched, found + len(f"${tex}$"))
                    claim = self._claim(cells, column, n, line) if row in rows else (None, "value")
                    if claim:
                        file_line, place = self.file_lines[line], found + 2 if found >= 0 else 0
                        self._add(
                            file_line, place, _anchor(row), tex, network, *claim, misprint, "cell"
                        )

    def _claim(
        self, cells: dict[str, SyntaxTreeNode], column: str, n: int, line: int
    ) -> tuple[str | None, Kind] | None:
        """The subject and kind of a cell's ``n``-th math; ``None`` for the cell of the subject."""
        if column in _SILENT:
            return None
        match [name for name in cells if name not in _SILENT]:
            case ["Layer", "Input", "Output"]:
                if column == "Layer":
                    return None
                layer = _plain(_text(cells["Layer"]))
                if layer not in _LAYERS:
                    self._problem_at(
                        line, f"Layer: expected one of {', '.join(_LAYERS)}, got {layer!r}"
                    )
                    return None
                if column == "Output":
                    return _LAYERS[layer][1], "value"
                inputs = _LAYERS[layer][0]
                several = len(_maths(cells["Input"])) > 1
                return inputs.split(", ")[n] if several else inputs, "value"
            case ["Parameter", "Gradient", "Shape"]:
                if column == "Parameter":
                    return None
                parameter = _only_math(cells["Parameter"])
                subject = rf"\frac{{\partial \ell}}{{\partial {parameter}}}"
                return subject, "shape" if column == "Shape" else "value"
            case ["Symbol", "Shape", "Meaning"]:
                if column == "Symbol":
                    return None
                if column == "Shape":
                    return _only_math(cells["Symbol"]), "shape"
        return None, "value"

    def _add(
        self,
        line: int,
        column: int,
        label: str,
        tex: str,
        network: str,
        subject: str | None,
        kind: Kind,
        misprint: bool,
        where: Literal["display", "cell"],
    ) -> None:
        if not network:
            self.undeclared.append(line)
        expect: Literal["true", "misprint"] = "misprint" if misprint else "true"
        self.items.append(
            Item(self.file, line, column, label, tex, network, subject, kind, expect, where)
        )

    def _indent(self, start: int) -> int:
        return self.lines[start].find("$$") if "$$" in self.lines[start] else 0

    def _problem_at(self, start: int, message: str) -> None:
        self._problem(self.file_lines[start], message)

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))


class _AnyDirective(Directive):
    """How every directive of a page is taken apart: an argument, options, a body."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"class": str}


class _MathDirective(_AnyDirective):
    option_spec: ClassVar[dict[str, Any]] = {"label": str, "name": str}


class _Located(str):
    """A string of a JSON file that knows its offset in the file."""

    offset: int


class _LocatingDecoder(JSONDecoder):
    """Reads JSON; every string value knows where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = self._string
        self.scan_once = py_make_scanner(self)

    @staticmethod
    def _string(text: str, begin: int, strict: bool = True) -> tuple[_Located, int]:
        value, end = scanstring(text, begin, strict)
        located = _Located(value)
        located.offset = begin
        return located, end


def _tree(text: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(_parser().parse(text + "\n"))


_PARSER: list[MarkdownIt] = []


def _parser() -> MarkdownIt:
    if not _PARSER:
        config = MdParserConfig(enable_extensions=set(EXTENSIONS))
        _PARSER.append(create_md_parser(config, RendererHTML))
    return _PARSER[0]


def _descendants(node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    for child in node.children:
        yield child
        yield from _descendants(child)


def _maths(cell: SyntaxTreeNode) -> list[str]:
    """The TeX of each math in a cell, in order."""
    return [
        node.content
        for node in _descendants(cell)
        if node.type == "math_inline"
        or (node.type == "myst_role" and node.meta.get("name") == "math")
    ]


def _only_math(cell: SyntaxTreeNode) -> str:
    """The subject in a cell: its math, else its text."""
    maths = _maths(cell)
    return maths[0] if maths else _text(cell)


def _text(cell: SyntaxTreeNode) -> str:
    """What a cell says, TeX as it stands."""
    return "".join(
        node.content
        for node in _descendants(cell)
        if node.type in ("text", "math_inline", "code_inline")
    ).strip()


def _plain(tex: str) -> str:
    r"""``\operatorname{Linear}_{1}`` as ``Linear_1``."""
    for markup in (r"\operatorname", r"\mathrm", r"\text", "{", "}", " ", "$"):
        tex = tex.replace(markup, "")
    return tex


def _anchor(row: SyntaxTreeNode) -> str:
    """The anchor of a table's row: the id of the first span in it that has one."""
    for node in _descendants(row):
        if node.type == "span" and "id" in node.attrs:
            return str(node.attrs["id"])
    return ""


def _names() -> str:
    return ", ".join(NETWORKS)
