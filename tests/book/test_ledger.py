"""The built pages: equations have marks, marks have rows in the ledger, misprints a refutation."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_nb", "ledger", "mathml"]
myst_enable_extensions = {enabled!r}
html_math_renderer = "mathml"
html_theme = "basic"
nb_execution_mode = "off"
"""
INDEX = "# Book\n\n```{toctree}\nregression\nmore\nrun\nerrata\nledger\n```\n"
REGRESSION = r"""---
texcheck: regression
---

# Regression

$$
\boldsymbol{s}^{(1)} = W^{(1)} \boldsymbol{x} + \boldsymbol{b}^{(1)}
$$ (eq:first)

:::{admonition} In a block
$$
\begin{aligned}
\frac{\partial \ell}{\partial \hat{\boldsymbol{y}}}
&= 2 \left( \hat{\boldsymbol{y}} - \boldsymbol{y} \right)^{\mathsf T} \\
&= 2 \hat{\boldsymbol{y}}^{\mathsf T} - 2 \boldsymbol{y}^{\mathsf T}
\end{aligned}
$$ (eq:second)
:::

- $$
  \boldsymbol{z}^{(2)} \rightarrow \boldsymbol{z}^{(1)}
  $$

| Row | Layer | Input | Output |
| --- | --- | --- | --- |
| [b05]{#row-b05} | Loss | $\hat{\boldsymbol{y}}, \boldsymbol{y}$ | $\ell$ |
"""
# So many that one definition among them is not too many.
MORE = (
    "---\ntexcheck: any\n---\n\n# More\n"
    + 16
    * r"""
$$
\frac{\partial \ell}{\partial b_i^{(2)}} = \delta_i^{(2)}
$$
"""
)
ERRATA = r"""---
texcheck: regression
---

# Errata

% texcheck: regression misprint
$$
\hat{\boldsymbol{y}} = \max(0, \boldsymbol{s}^{(2)})
$$ (eq:printed)

% texcheck: regression misprint
$$
\frac{\partial \ell}{\partial W_{ij}^{(2)}} = 2 (\hat y_i - y_i) z_m^{(1)}
$$ (eq:printed-2)
"""
LEDGER = "# Ledger\n\n" + "".join(
    f"```{{proof-{name}}}\n```\n\n" for name in ("totals", "trusted", "ledger")
)


@dataclass
class Page(HTMLParser):
    """What the tests look at on a built page."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[dict[str, str]] = field(default_factory=list)
    equations: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.text = self.path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a":
            self.links.append(values)
        self.equations += tag == "math" and values.get("display") == "block"

    @property
    def marks(self) -> list[dict[str, str]]:
        return [link for link in self.links if link.get("class") == "proof-mark"]


def write(source: Path, **texts: str) -> None:
    source.mkdir(exist_ok=True)
    enabled = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["parse"]
    config = CONFIG.format(
        extensions=str(ROOT / "book" / "_ext"), enabled=enabled["myst_enable_extensions"]
    )
    (source / "conf.py").write_text(config, encoding="utf-8")
    pages = {"index": INDEX, "more": MORE, "errata": ERRATA, "ledger": LEDGER}
    for name, text in (pages | {"regression": REGRESSION} | texts).items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    lines = [
        "<!-- texcheck: regression -->\n",
        "# Run\n",
        "\n",
        "$$\n",
        "\\ell = \\lVert \\hat{\\boldsymbol{y}} - \\boldsymbol{y} \\rVert^2\n",
        "$$",
    ]
    cell = {"cell_type": "markdown", "metadata": {}, "source": lines}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (source / "run.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def build(source: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html"]
    return subprocess.run(
        [*command, source, source.parent / "site/html"], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("site") / "book"
    write(source)
    done = build(source)
    assert done.returncode == 0, done.stderr
    return source.parent / "site/html"


@pytest.fixture(scope="module")
def ledger(site: Path) -> Page:
    return Page(site / "ledger.html")


@pytest.mark.parametrize(
    ("name", "displays", "cells"),
    [("regression", 3, 2), ("more", 16, 0), ("run", 1, 0), ("errata", 2, 0)],
)
def test_every_checked_equation_has_a_mark_that_leads_to_its_row(
    site: Path, ledger: Page, name: str, displays: int, cells: int
) -> None:
    page = Page(site / f"{name}.html")
    assert page.equations == displays
    assert len(page.marks) == displays + cells
    for mark in page.marks:
        file, _, anchor = mark["href"].partition("#")
        assert file == "ledger.html"
        assert anchor in ledger.ids


def test_a_mark_says_in_words_how_its_equation_was_proved(site: Path) -> None:
    first, second, definition, *_ = Page(site / "regression.html").marks
    assert first["title"] == "Proved: for regression, every width"
    assert second["title"] == "Proved: 2 statements, for regression, every width"
    assert definition["title"] == "A definition: it claims nothing that could be checked"
    assert first["aria-label"] == first["title"]


def test_every_row_of_the_ledger_leads_to_its_statement(site: Path, ledger: Page) -> None:
    links = [link["href"] for link in ledger.links if "reference" in link.get("class", "")]
    targets = [href.partition("#") for href in links if "#" in href and not href.startswith("#")]
    assert len(targets) == 25
    for file, _, anchor in targets:
        assert anchor in Page(site / file).ids
    assert {"p-first-1", "p-second-1", "p-second-2", "p-b05-1", "p-b05-2"} <= ledger.ids


def test_the_ledger_counts_and_tells_everything_about_a_proof(ledger: Page) -> None:
    assert "<strong>23</strong> statements on 4 pages" in ledger.text
    assert "<strong>22</strong> proved" in ledger.text
    assert "<strong>2</strong> misprints of the source, refuted as printed" in ledger.text
    row = re.search(r'<tr[^>]* id="p-first-1">.*?</tr>', ledger.text, re.S)
    assert row
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.split("</t[hd]>", row[0])[:-1]]
    # two misprints and 16 statements stand on pages that come first
    assert cells[:2] == ["19", "first"]
    assert cells[2] == "proved for regression, every width"
    formulas = re.findall(r"<annotation[^>]*>(.*?)</annotation>", row[0], re.S)
    assert [html.unescape(one) for one in formulas] == [
        r"\boldsymbol{s}^{(1)} = W^{(1)} \boldsymbol{x} + \boldsymbol{b}^{(1)}",
        r"s^{(1)}_i = \sum_{j=0}^{d_x - 1} W^{(1)}_{ij} x_j + b^{(1)}_i",
        r"d_{s^{(1)}} \times 1",
        r"i = 0, \dots, d_{s^{(1)}} - 1",
    ]


def test_a_misprint_stands_with_what_refutes_it(site: Path) -> None:
    first, second = re.findall(
        r'<div class="counterexample.*?</div>', (site / "errata.html").read_text("utf-8"), re.S
    )
    words = re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", first)
    assert re.search(r"the left side is -[\d.]+ and the right side is 0, on the running", words)
    assert "Index m of" in second


def test_a_second_build_keeps_the_verdicts_and_a_changed_page_gets_new_ones(tmp_path: Path) -> None:
    source = tmp_path / "book"
    write(source)
    kept = tmp_path / "site/html/.doctrees/texcheck.json"
    assert build(source).returncode == 0
    before = kept.stat().st_mtime_ns
    done = build(source)
    assert done.returncode == 0
    assert kept.stat().st_mtime_ns == before
    assert "0 added, 0 changed, 0 removed" in done.stdout

    changed = REGRESSION.replace("(eq:first)", "(eq:other)")
    (source / "regression.md").write_text(changed, encoding="utf-8")
    assert build(source).returncode == 0
    assert kept.stat().st_mtime_ns != before
    assert "p-other-1" in Page(tmp_path / "site/html/ledger.html").ids


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2 \\hat", "3 \\hat", "regression.md:16: WARNING: texcheck: refuted"),
        ("2 \\hat", "\\smile \\hat", "regression.md:16: WARNING: texcheck: unreadable"),
        ("texcheck: regression", "other: regression", "regression.md:7: math without a network"),
    ],
)
def test_a_wrong_equation_fails_the_build_and_is_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    write(tmp_path / "book", regression=REGRESSION.replace(old, new, 1))
    done = build(tmp_path / "book")
    assert done.returncode != 0
    assert message in done.stderr
    assert "regression.md:" in done.stderr.split("Extension error")[1]


def test_an_equation_on_a_page_that_was_not_read_fails_the_build(tmp_path: Path) -> None:
    source = tmp_path / "book"
    write(source)
    (source / "sneak.py").write_text(
        "from docutils import nodes\n"
        "from sphinx.util.docutils import SphinxDirective\n"
        "class Sneak(SphinxDirective):\n"
        "    def run(self):\n"
        "        return [nodes.math_block('', 'x = 2 x')]\n"
        "def setup(app):\n"
        "    app.add_directive('sneak', Sneak)\n",
        encoding="utf-8",
    )
    config = (source / "conf.py").read_text(encoding="utf-8")
    config = config.replace('"myst_nb", ', '"myst_nb", "sneak", ')
    path = f"sys.path.insert(0, {str(source)!r})\n"
    (source / "conf.py").write_text(config + path, encoding="utf-8")
    (source / "more.md").write_text(MORE + "\n```{sneak}\n```\n", encoding="utf-8")
    done = build(source)
    assert done.returncode != 0
    assert "more shows an equation that was not read: x = 2 x" in done.stderr
