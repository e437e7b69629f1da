"""Displays that teach: symbols beside numbers, a reason beside each line, folds, and their numbers.

``{pair}`` and ``{steps}`` hold ordinary labelled displays, so that what is shown is what is proved.
All displays of one directive are one numbered display, ``(grad 4)``: the word stands in the page's
front matter, the number counts in reading order.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from mathml import MathError, aside, show_rows, split_tex, tex_rows, tex_to_mathml
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

_NUMBERS = re.compile(r"^(numbers|shapes):[ \t]*$", re.MULTILINE)
_ROWS = re.compile(r"(\d+)(?:-(\d+))?\Z")


class pair(nodes.General, nodes.Element):
    """One numbered display: displays, then perhaps reasons, then perhaps numbers."""


class reason(nodes.General, nodes.Element):
    """Why one line of a chain follows from the line before."""


class in_numbers(nodes.General, nodes.Element):
    """The same as the display, in the numbers or shapes of the running network: a row a line."""


def rows_option(argument: str) -> list[int]:
    """``1-2, 4`` as [1, 2, 4]."""
    found: list[int] = []
    for part in argument.split(","):
        rows = _ROWS.match(part.strip())
        if not rows:
            raise ValueError(f"expected rows such as 1-2, 4; got {argument!r}")
        found += range(int(rows[1]), int(rows[2] or rows[1]) + 1)
    return found


class Pair(SphinxDirective):
    """``{pair}`` and ``{steps}``: displays, reasons as a list, ``numbers:`` or ``shapes:`` last."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "fold": rows_option,
        "name": str,
        "wide": directives.flag,
        "columns": directives.flag,
    }
    with_reasons = False

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        body, *numbers = _NUMBERS.split(text)  # then the word and what it holds, in turn
        node = pair(name=self.options.get("name", ""))
        self.set_source_info(node)
        self.state.nested_parse(
            self.content[: body.count("\n") + (not numbers)], self.content_offset, node
        )
        displays = [child for child in node.children if isinstance(child, nodes.math_block)]
        if not displays or not all(display.get("label") for display in displays):
            raise self.error(f"{self.name}: expected displays with a label, $$ … $$ (eq:label)")
        rows = sum(len(tex_rows(display.astext())) for display in displays)
        if wrong := [row for row in self.options.get("fold", []) if row > rows]:
            raise self.error(f"{self.name}: expected rows up to {rows} in :fold:, got {wrong}")
        node["columns"] = "columns" in self.options
        self._set_folds(displays)
        if self.with_reasons:
            self._set_reasons(node, rows)
        if len(numbers) > 2:
            raise self.error(f"{self.name}: expected `numbers:` or `shapes:` once")
        if numbers:
            wide = self.with_reasons or bool(self.options.keys() & {"wide", "columns"})
            word, tex = numbers
            node += in_numbers("", word=word, tex=_aligned(tex, broken=not wide))
            node["wide"] = wide
        return [node]

    def _set_folds(self, displays: list[nodes.math_block]) -> None:
        before = 0
        for display in displays:
            own = len(tex_rows(display.astext()))
            folded = [row - before for row in self.options.get("fold", [])]
            display["fold"] = [row for row in folded if 0 < row <= own]
            before += own

    def _set_reasons(self, node: nodes.Element, rows: int) -> None:
        listed = [child for child in node.children if isinstance(child, nodes.enumerated_list)]
        given = len(listed[0]) if len(listed) == 1 else 0
        if given != rows:
            raise self.error(
                f"steps: expected a list of {rows} reasons, one for each line, got {given}"
            )
        node.remove(listed[0])
        node += [reason("", *item.children) for item in listed[0].children]


class Steps(Pair):
    with_reasons = True


def _aligned(text: str, *, broken: bool) -> str:
    """Lines of TeX as one block, aligned at the first ``=``, broken before each if ``broken``."""
    rows = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        first, *others = split_tex(line, "=")
        sides = others if broken else ["=".join(others)] if others else []
        rows.append(f"{first} &= {sides[0]}" if sides else first)
        rows += [f"&= {side}" for side in sides[1:]]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"


class Head(SphinxDirective):
    """``{head}``: what a page is for, what it needs, and how long it takes."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "time": directives.unchanged_required,
        "questions": directives.nonnegative_int,
    }

    def run(self) -> list[nodes.Node]:
        node = nodes.container(classes=["head-strip"])
        self.state.nested_parse(self.content, self.content_offset, node)
        facts = []
        if "time" in self.options:
            facts.append(f"Time: {self.options['time']} minutes")
        if count := self.options.get("questions"):
            facts.append("1 question" if count == 1 else f"{count} questions")
        line = nodes.paragraph(classes=["head-facts"])
        line += [nodes.inline("", fact) for fact in facts]
        for target, text in (("card", "Card"), ("bench", "Bench")):
            if self.env.docname != target and target in self.env.found_docs:
                href = self._link(target)
                line += nodes.reference("", text, internal=True, refuri=href)
        node += line
        return [node]

    def _link(self, target: str) -> str:
        return str(self.env.app.builder.get_relative_uri(self.env.docname, target))


# Folded sections


class folded(nodes.General, nodes.Element):
    """What a section holds, closed at first."""


def fold_sections(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Closes the sections of a page whose front matter says ``fold: Show these errata``."""
    summary = app.env.metadata[docname].get("fold")
    if not summary:
        return
    for page in doctree.findall(nodes.section):
        if not isinstance(page.parent, nodes.document):
            continue
        for section in page.children:
            if isinstance(section, nodes.section) and _is_long(section):
                title, *rest = section.children
                section.children = [title]
                section += folded("", *rest, summary=summary)


def _is_long(section: nodes.section) -> bool:
    several = any(isinstance(child, nodes.section) for child in section.children)
    return several or any(
        "proof-table" in table["classes"] for table in section.findall(nodes.table)
    )


def visit_folded(self: HTML5Translator, node: folded) -> None:
    self.body.append(f'<details class="fold"><summary>{escape(node["summary"])}</summary>')


def depart_folded(self: HTML5Translator, node: folded) -> None:
    self.body.append("</details>")


# Numbers


def groups(doctree: nodes.document) -> list[tuple[str, list[nodes.math_block]]]:
    """The numbered displays of a page in reading order, each with its name and its equations."""
    found: list[tuple[str, list[nodes.math_block]]] = []
    last: nodes.Node | None = None
    for equation in doctree.findall(nodes.math_block):
        if not equation.get("number"):
            continue
        parent = equation.parent
        if isinstance(parent, pair) and parent is last:
            found[-1][1].append(equation)
        else:
            name = parent.get("name", "") if isinstance(parent, pair) else ""
            found.append((name, [equation]))
        last = parent
    return found


def count(app: Sphinx, doctree: nodes.document) -> None:
    """Numbers the displays of a page; only the first equation of a group shows the number."""
    docname = app.env.docname
    word = app.env.metadata[docname].get("word", "")
    numbered: dict[str, tuple[str, str, str]] = {}
    found = groups(doctree)
    if found and not word:
        logger.warning(
            "displays: expected `word: …` in the front matter, for the numbers of the equations",
            location=docname,
        )
    for number, (name, equations) in enumerate(found, start=1):
        for equation in equations:
            equation["continued"] = equation is not equations[0]
            numbered[equation["ids"][0]] = (f"{word} {number}", name, equation["label"])
    _store(app.env)[docname] = numbered


def _store(env: BuildEnvironment) -> dict[str, dict[str, tuple[str, str, str]]]:
    if not hasattr(env, "display_numbers"):
        env.display_numbers = {}  # type: ignore[attr-defined]
    return env.display_numbers  # type: ignore[attr-defined, no-any-return]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _store(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    _store(env).update({name: _store(other)[name] for name in docnames if name in _store(other)})


def set_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Puts ours in the place of Sphinx's numbers, where links and displays look them up."""
    for docname, numbered in _store(env).items():
        found = env.toc_fignumbers.setdefault(docname, {})
        found["displaymath"] = {anchor: (shown,) for anchor, (shown, _, _) in numbered.items()}
    return []


def numbers_map(app: Sphinx) -> dict[str, dict[str, str]]:
    """For each label of an equation the number that the site shows, its name and its address."""
    return {
        label: {
            "number": f"({shown})",
            "name": name,
            "url": f"{app.builder.get_target_uri(docname)}#{anchor}",
        }
        for docname, numbered in sorted(_store(app.env).items())
        for anchor, (shown, name, label) in numbered.items()
    }


def write_map(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        target = Path(app.outdir) / "_static" / "equations.json"
        target.write_text(json.dumps(numbers_map(app), ensure_ascii=False, indent=0), "utf-8")


# HTML


def visit_pair(self: HTML5Translator, node: pair) -> None:
    reasons = [child for child in node.children if isinstance(child, reason)]
    displays = [child for child in node.children if isinstance(child, nodes.math_block)]
    kinds = {"steps": reasons, "wide": node.get("wide"), "columns": node["columns"]}
    classes = " ".join(["pair", *(kind for kind, has in kinds.items() if has)])
    self.body.append(f'<div class="{classes}"><div class="pair-head">')
    if name := node["name"]:
        self.body.append(f'<p class="display-name">{escape(name[0].upper() + name[1:])}</p>')
    marks = "".join(aside(self, display) for display in displays)
    self.body.append(f'<div class="equation-aside">{marks}</div></div>')
    self.body.append('<div class="pair-box"><div class="pair-symbols">')
    waiting, number = iter(reasons), 0
    for child in node.children:
        if isinstance(child, nodes.math_block):
            if reasons or child["fold"] or (node["columns"] and len(displays) == 1):
                show_rows(self, child, waiting, number)
                number += len(tex_rows(child.astext()))
            else:
                child.walkabout(self)
        elif not isinstance(child, reason | in_numbers):
            child.walkabout(self)
    self.body.append("</div>")
    for child in node.children:
        if isinstance(child, in_numbers):
            child.walkabout(self)
    self.body.append("</div></div>\n")
    raise nodes.SkipNode


def visit_numbers(self: HTML5Translator, node: in_numbers) -> None:
    try:
        shown = tex_to_mathml(node["tex"], display=True)
    except MathError as error:
        logger.warning("numbers: %s (in: %s)", error, node["tex"], location=node.parent)
        shown = f"<code>{escape(node['tex'])}</code>"
    self.body.append(
        f'<div class="pair-numbers" role="group" aria-label="The same in {node["word"]}">'
        f'<p class="pair-label" aria-hidden="true">In {node["word"]}</p>'
        f'<div class="equation-scroll">{shown}</div></div>'
    )
    raise nodes.SkipNode


def visit_nothing(self: HTML5Translator, node: nodes.Element) -> None:
    pass


# Tables


_SHORT = 12
"""So many letters of a table's last cell need no least width on a phone: a number, "(grad 34)"."""


def mark_short_cells(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Gives the class ``short`` to the last cell of a row if it holds a few letters."""
    for row in doctree.findall(nodes.row):
        if len(row.children[-1].astext()) <= _SHORT:
            row.children[-1]["classes"].append("short")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(pair, html=(visit_pair, None))
    app.add_node(in_numbers, html=(visit_numbers, None))
    app.add_node(reason, html=(visit_nothing, visit_nothing))
    app.add_node(folded, html=(visit_folded, depart_folded))
    app.add_directive("pair", Pair)
    app.add_directive("steps", Steps, override=True)
    app.add_directive("head", Head)
    app.connect("doctree-read", count)
    app.connect("doctree-resolved", fold_sections, priority=950)
    app.connect("doctree-resolved", mark_short_cells, priority=950)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    # After Sphinx has given its own numbers.
    app.connect("env-get-updated", set_numbers, priority=900)
    app.connect("build-finished", write_map, priority=950)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
