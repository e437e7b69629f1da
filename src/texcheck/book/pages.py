"""Reads pages: every displayed equation and every math cell of a table, with file, line, label.

The equations are taken from the tokens of the Markdown parser that the book itself is built with,
so what is checked is what is shown. `texcheck.book` alone needs more than the standard library.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import yaml  # type: ignore[import-untyped]
from docutils.parsers.rst import Directive
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from ..check import NETWORKS
from . import tables
from .notebooks import Problems, texts
from .tables import Kind

# The same as `parse: myst_enable_extensions:` in _config.yml; a test compares the two.
EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"}
_CONFIG = MdParserConfig(enable_extensions=EXTENSIONS, disable_syntax=["wordcount"])
_PARSER = create_md_parser(_CONFIG, RendererHTML)

Expect: TypeAlias = Literal["true", "misprint"]
_NETWORKS = ", ".join(NETWORKS)
# Directives whose body is not Markdown; a question's formulas are checked where it is shown.
_LITERAL = {
    "code", "code-block", "code-cell", "sourcecode", "literalinclude", "raw", "toctree", "image",
    "source-rows", "question",
}  # fmt: skip
# Directives whose math would be passed over: their bodies are not tokens of this page.
_UNREAD = {"include", "eval-rst", "list-table", "csv-table", "glue:math"}


class Item(NamedTuple):
    """One displayed equation, or one math of a table cell.

    `file` and `line` (from 1) say where its TeX begins; in a notebook `line` is the line of the
    `.ipynb` file. `column` (from 1) is where the TeX begins in that line, 0 if unknown. `tex` is
    unstripped, so line `n` of it (from 0) is line `line + n` of the file. `label` is the equation's
    label or the anchor of the table's row, or empty. `subject` (TeX) is what a cell speaks about,
    where its table says that; None for a statement that is complete.
    """

    file: Path
    line: int
    column: int
    label: str
    tex: str
    network: str
    subject: str | None
    kind: Kind
    expect: Expect
    where: Literal["display", "cell"]


class ReadError(OSError):
    """Pages that cannot be read: file and line, what was expected and what was given, of each."""


def pages(path: Path) -> list[Path]:
    """The pages below `path` (or `path` itself), sorted; raises FileNotFoundError."""
    if path.is_dir():
        return _shown(path, ".md", ".ipynb")
    if not path.is_file() or path.suffix not in (".md", ".ipynb"):
        raise FileNotFoundError(f"expected a folder, a .md page or a .ipynb, got {path}")
    return [path]


def _shown(folder: Path, *suffixes: str) -> list[Path]:
    """The files below a folder, sorted, but for those that the book does not show."""
    found = (page for page in folder.rglob("*") if page.suffix in suffixes)
    hidden = re.compile(r"(^|/)[_.]")
    return sorted(page for page in found if not hidden.search(page.relative_to(folder).as_posix()))


def read(path: Path | str) -> Iterator[Item]:
    """Every displayed equation and math cell of a folder, a `.md` page or a `.ipynb`.

    Raises, behind the last item, ReadError for a page with math but no declared network, for a
    `texcheck:` directive with an unknown word or with no equation behind it, and for math that
    would be passed over; FileNotFoundError if `path` is none of the three.
    """
    markdown = "expected a page in Markdown, or a notebook"
    problems = [f"{other}:1: {markdown}" for other in _shown(Path(path), ".rst")]
    for file in pages(Path(path)):
        page = _Page(file)
        page.read()
        yield from () if page.problems else page.items
        problems += [f"{file}:{line}: {message}" for line, message in page.problems]
    if problems:
        raise ReadError("\n".join(["the pages cannot be read:", *problems]))


def title(page: Path) -> str:
    """The first heading of a page, without markup; empty if it has none."""
    nodes = (node for text, _ in texts(page, []) for node in SyntaxTreeNode(_parsed(text)).children)
    return next((tables.text(node) for node in nodes if node.type == "heading"), "")


class _Page:
    """One page while it is read: what was found, and the text in hand."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.items: list[Item] = []
        self.problems: Problems = []
        self.default = ""
        # Of a directive that waits for its equation: network, expectation, line.
        self.pending: tuple[str, Expect, int] | None = None
        self.lines: list[str] = []
        # Line of the file for each line of the text in hand: a page's own lines, or a cell's.
        self.file_lines: list[int] = []

    def read(self) -> None:
        for text, file_lines in texts(self.file, self.problems):
            self.lines, self.file_lines = text.split("\n"), file_lines
            _walk(self, _parsed(text), 0)
            self.expect_nothing_pending()
        undeclared = [item.line for item in self.items if not item.network]
        if undeclared and not self.default:
            where = "`texcheck: …` in the page's front matter"
            if self.file.suffix == ".ipynb":
                where = "a comment `<!-- texcheck: … -->` in the notebook's first cell"
            message = f"math without a network to check it on: expected {where}, one of {_NETWORKS}"
            self.problems.append((undeclared[0], message))

    def problem(self, start: int, message: str) -> None:
        """A problem at a line of the text in hand."""
        self.problems.append((self.file_lines[start], message))

    def expect_nothing_pending(self) -> None:
        if self.pending:
            message = "expected a displayed equation or a table directly after this directive"
            self.problems.append((self.pending[-1], f"texcheck: {message}"))
            self.pending = None

    def take_pending(self) -> tuple[str, Expect]:
        """The network of the next equation, and whether it is a misprint."""
        pending, self.pending = self.pending, None
        return pending[:2] if pending else (self.default, "true")

    def display(self, tex: str, start: int, column: int, label: str) -> None:
        network, expect = self.take_pending()
        line = self.file_lines[start]
        if re.search(r"\n\s*\n", tex.strip()):
            self.problems.append((line, "found a blank line in an equation: end a row with \\\\"))
        item = Item(self.file, line, column, label, tex, network, None, "value", expect, "display")
        self.items.append(item)


def _walk(page: _Page, blocks: Sequence[Token], offset: int) -> None:
    """Reads blocks; line 0 of them is line `offset` of the text in hand."""
    for block in (left := iter(blocks)):
        start = offset + block.map[0] if block.map else offset
        match block.type:
            case "front_matter":
                _front_matter(page, block.content, start)
            case "myst_line_comment" | "html_block":
                _remark(page, block, start)
            case "math_block" | "math_block_label" | "amsmath":
                # the token's text begins right behind `$$`
                skipped = 0 if block.type == "amsmath" else len("$$")
                column = max(page.lines[start].find("$$"), 0) + skipped + 1
                page.display(block.content, start, column, block.info)
            case "fence" | "colon_fence":
                _fence(page, block, start)
            case "table_open":
                inside = takewhile(lambda one: one.type != "table_close", left)
                _table(page, SyntaxTreeNode([*inside]), offset)
            case "inline":
                _inline(page, block, start)
            case kind if block.nesting >= 0 and kind not in ("paragraph_open", "myst_target"):
                page.expect_nothing_pending()


# Directives to texcheck


def _remark(page: _Page, block: Token, start: int) -> None:
    """What is not shown: a comment, HTML."""
    for n, line in enumerate(block.content.split("\n")):
        text = line.strip()
        if block.type == "myst_line_comment":
            _comment(page, text, start + n)
        elif text.startswith("<!--"):
            _comment(page, text.removeprefix("<!--").removesuffix("-->"), start + n)
    if block.type == "html_block":
        _expect_no_math(page, block.content, start)


def _front_matter(page: _Page, content: str, start: int) -> None:
    try:
        data = yaml.safe_load(content)
    except yaml.YAMLError as error:
        page.problem(start, f"expected YAML in the front matter, got {error}")
        return
    network = data.get("texcheck") if isinstance(data, dict) else None
    if network in NETWORKS:
        page.default = network
    elif network is not None:
        page.problem(start, f"texcheck: expected one of {_NETWORKS}, got {network!r}")


def _comment(page: _Page, text: str, start: int) -> None:
    keyword, _, rest = text.strip().partition(":")
    if keyword.split(" ")[0] != "texcheck":
        return
    page.expect_nothing_pending()
    network, *misprint = rest.split() or [""]
    if network not in NETWORKS or misprint not in ([], ["misprint"]):
        expected = f"expected one of {_NETWORKS}, and `misprint` after it at most"
        page.problem(start, f"texcheck: {expected}, got {rest.strip()!r}")
        return
    if misprint and page.file.stem != "errata":
        page.problem(start, "texcheck: a misprint can stand on the page `errata` alone")
    if page.file.suffix == ".ipynb" and not page.default:
        page.default = network
        return
    page.pending = network, "misprint" if misprint else "true", page.file_lines[start]


# Math


def _inline(page: _Page, block: Token, start: int) -> None:
    """Prose is not checked, but a display that the parser reads as prose is not passed over."""
    page.expect_nothing_pending()
    children = block.children or []
    for child, following in zip_longest(children, children[1:]):
        text = child.content if child.type == "text" else ""
        before_math = text.endswith("$") and following and following.type == "math_inline"
        if before_math or "$$" in text:
            what = "found `$$` inside of a paragraph, where it displays no equation"
            page.problem(start, f"{what}: expected a blank line before `$$`")
        if child.type == "html_inline":
            _expect_no_math(page, child.content, start)
            if "texcheck:" in child.content:
                page.problem(start, "texcheck: expected the directive on a line of its own")
        if child.children:  # what stands for an image
            _inline(page, child, start)


def _expect_no_math(page: _Page, html: str, start: int) -> None:
    if found := re.search(r"<math\b[^>]*>|\\[\[(]|\\begin\{|\$\$", unescape(html).lower()):
        message = f"found {found[0]} in HTML, which is not read: write the equation as $$ … $$"
        page.problem(start, message)


def _fence(page: _Page, block: Token, start: int) -> None:
    name, argument, *_ = *block.info.split(maxsplit=1), "", ""
    directive = block.type == "colon_fence" or (name.startswith("{") and name.endswith("}"))
    name = name.strip("{}").lower() if directive else "code"  # as docutils looks it up
    if name in _UNREAD:
        message = f"texcheck does not read inside of `{{{name}}}`: write it on the page itself"
        page.problem(start, message)
    if name == "raw":
        _expect_no_math(page, block.content, start)
    if name in _LITERAL | _UNREAD:
        page.expect_nothing_pending()
        return
    if "$$" in argument:
        page.problem(start, "found `$$` behind a directive's name: put it on its own line")
    _directive(page, name, argument, block.content, start)


def _directive(page: _Page, name: str, argument: str, content: str, start: int) -> None:
    """A directive whose body is Markdown, or the math of a `math` directive."""
    first = start + 1
    if content.startswith(":::"):
        # as MyST does it: a nested fence is not an option `:name: value`
        content, first = "\n" + content, first - 1
    parsed = parse_directive_text(_AnyDirective, argument, content)
    first += parsed.body_offset
    body = "\n".join(parsed.body)
    if name == "math":
        label = parsed.options.get("label") or parsed.options.get("name") or ""
        tex = f"{argument}\n{body}" if argument else body
        page.display(tex, start if argument else first, 0 if argument else 1, label)
        return
    if name != "table":
        page.expect_nothing_pending()
    _walk(page, _parsed(body), first)
    page.expect_nothing_pending()


def _table(page: _Page, table: SyntaxTreeNode, offset: int) -> None:
    network, expect = page.take_pending()
    header, *rows = (row for part in table.children for row in part.children)
    columns = [tables.text(cell) for cell in header.children]
    for row in [header, *rows]:
        start = offset + row.map[0] if row.map else offset
        line, label = page.file_lines[start], tables.anchor(row)
        cells = dict(zip(columns, row.children, strict=False))
        searched = 0
        for column, cell in zip(columns, row.children, strict=False):
            for n, tex in enumerate(tables.maths(cell)):
                found = page.lines[start].find(f"${tex}$", searched)
                searched = max(searched, found + len(f"${tex}$"))
                if "⟦" in tex:  # a number of the running network, filled in where it is shown
                    if not re.fullmatch(r"⟦[^⟦⟧]*⟧", tex):
                        page.problem(start, "expected ⟦…⟧, a computed number, by itself")
                    continue
                try:
                    claim = tables.claim(cells, column, n) if row is not header else (None, "value")
                except tables.BadCell as error:
                    page.problem(start, str(error))
                    continue
                if claim:
                    at = found + 2 if found >= 0 else 0
                    item = Item(page.file, line, at, label, tex, network, *claim, expect, "cell")
                    page.items.append(item)


class _AnyDirective(Directive):
    """How every directive of a page is taken apart: an argument, options, a body."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"class": str, "label": str, "name": str}


def _parsed(text: str) -> list[Token]:
    return _PARSER.parse(text + "\n")
