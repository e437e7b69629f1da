"""The reader finds every displayed equation and math cell, at its line, and passes none over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from texcheck.book.pages import EXTENSIONS, Item, ReadError, read

ROOT = Path(__file__).parents[3]


def page(folder: Path, text: str, name: str = "page.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def notebook(folder: Path, *cells: str, name: str = "page.ipynb") -> Path:
    """A notebook of Markdown cells as JupyterLab writes it, a code cell between each two."""
    code = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [],
    }
    content = []
    for cell in cells:
        markdown = {
            "cell_type": "markdown",
            "metadata": {},
            "source": cell.splitlines(keepends=True),
        }
        content += [markdown, code]
    data = {"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return page(folder, json.dumps(data, indent=1), name)


def source(item: Item) -> str:
    """The line of the file that an item says it stands on."""
    return item.file.read_text(encoding="utf-8").split("\n")[item.line - 1]


def problems(path: Path) -> str:
    with pytest.raises(ReadError) as error:
        list(read(path))
    return str(error.value)


HEAD = "---\ntexcheck: regression\n---\n\n"


def test_the_reader_parses_with_the_extensions_of_the_book() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert set(config["parse"]["myst_enable_extensions"]) == EXTENSIONS


def test_a_display_comes_with_file_line_label_and_the_network_of_its_page(tmp_path: Path) -> None:
    path = page(tmp_path, HEAD + "Text.\n\n$$\na = b\n$$ (eq:c04)\n")
    (item,) = read(path)
    assert item == Item(
        path, 7, 3, "eq:c04", "\na = b\n", "regression", None, "value", "true", "display"
    )
    assert source(item) == "$$"


@pytest.mark.parametrize(
    ("block", "tex"),
    [
        ("$$ a = b $$", "a = b"),
        ("```{math}\n:label: eq:m\n\na = b\n```", "a = b"),
        (":::{math}\na = b\n:::", "a = b"),
        ("```{math} a = b\n```", "a = b"),
        ("\\begin{align*}\na &= b\n\\end{align*}", "\\begin{align*}\na &= b\n\\end{align*}"),
        ("- item\n\n  $$\n  a = b\n  $$", "a = b"),
        ("> quoted\n>\n> $$\n> a = b\n> $$", "a = b"),
        ("term\n: $$\n  a = b\n  $$", "a = b"),
        ("Text[^1].\n\n[^1]: A note.\n\n    $$\n    a = b\n    $$", "a = b"),
        ("```{note}\n$$\na = b\n$$\n```", "a = b"),
        (":::{admonition} Title\n:class: tip dropdown\n\n$$\na = b\n$$\n:::", "a = b"),
        ("::::{grid}\n:::{card}\n---\nwidth: 1\n---\n$$\na = b\n$$\n:::\n::::", "a = b"),
        ("- ```{dropdown} Proof\n  :open:\n  $$\n  a = b\n  $$\n  ```", "a = b"),
    ],
)
def test_a_display_is_found_wherever_it_stands_and_its_lines_are_exact(
    tmp_path: Path, block: str, tex: str
) -> None:
    path = page(tmp_path, HEAD + "Text.\n\n" + block + "\n\nText.\n")
    (item,) = read(path)
    assert item.tex.split() == tex.split()
    lines = path.read_text(encoding="utf-8").split("\n")
    for n, line in enumerate(item.tex.split("\n")):
        assert line.strip() in lines[item.line - 1 + n]
    assert any("a" in line for line in item.tex.split("\n"))


def test_a_display_of_many_lines_inside_nested_blocks_keeps_its_lines(tmp_path: Path) -> None:
    body = "\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}"
    nested = f"::::{{note}}\n\nText.\n\n:::{{tip}}\n$$\n{body}\n$$\n:::\n::::\n"
    path = page(tmp_path, HEAD + nested)
    (item,) = read(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [lines[item.line - 1 + n] for n in range(1, 5)] == body.split("\n")


def test_code_is_not_math(tmp_path: Path) -> None:
    code = "```latex\n$$\na\n$$\n```\n\n    $$ a $$\n\n```{code-block} latex\n$$\na\n$$\n```\n"
    assert not [*read(page(tmp_path, HEAD + code + "\n$a = b$ in prose.\n"))]


def test_a_directive_holds_for_the_one_equation_behind_it(tmp_path: Path) -> None:
    display = "$$\na = b\n$$\n\n"
    text = f"% texcheck: deep\n{display}{display}<!-- texcheck: any -->\n{display}"
    assert [item.network for item in read(page(tmp_path, HEAD + text))] == [
        "deep",
        "regression",
        "any",
    ]


def test_a_misprint_is_expected_to_be_wrong_and_stands_on_the_errata_alone(tmp_path: Path) -> None:
    text = HEAD + "% a remark\n% texcheck: deep misprint\n$$\na = b\n$$\n"
    (item,) = read(page(tmp_path, text, "errata.md"))
    assert (item.network, item.expect) == ("deep", "misprint")
    assert "page.md:6: texcheck: a misprint can stand on the page `errata` alone" in problems(
        page(tmp_path, text)
    )


def test_the_cells_of_a_layer_table_speak_of_its_input_and_its_output(tmp_path: Path) -> None:
    table = (
        "| Row | Layer | Input | Output |\n| --- | --- | --- | --- |\n"
        "| [b01]{#row-b01} | $\\operatorname{Linear}_1$ | $x$ | $s^{(1)} = W x$ |\n"
        "| [b02]{#row-b02} | f | $s^{(1)}$ | $z$ |\n"
        "| [b05]{#row-b05} | Loss | $\\hat y$, $y$ | $\\ell$ |\n"
        "| [b10]{#row-b10} | Loss | $\\hat y, y$ | $\\ell$ |\n"
    )
    items = [*read(page(tmp_path, HEAD + table))]
    assert [(item.label, item.subject, item.tex) for item in items] == [
        ("row-b01", r"\boldsymbol{x}", "x"),
        ("row-b01", r"\boldsymbol{s}^{(1)}", "s^{(1)} = W x"),
        ("row-b02", r"\boldsymbol{s}^{(1)}", "s^{(1)}"),
        ("row-b02", r"\boldsymbol{z}^{(1)}", "z"),
        ("row-b05", r"\hat{\boldsymbol{y}}", r"\hat y"),
        ("row-b05", r"\boldsymbol{y}", "y"),
        ("row-b05", r"\ell", r"\ell"),
        ("row-b10", r"\hat{\boldsymbol{y}}, \boldsymbol{y}", r"\hat y, y"),
        ("row-b10", r"\ell", r"\ell"),
    ]
    for item in items:
        assert source(item)[item.column - 1 :].startswith(item.tex + "$")


@pytest.mark.parametrize("tex", ["x_0", r"\ell_{\mathrm{MSE}}", "3"])
def test_a_formula_in_a_column_that_names_things_claims_nothing(tmp_path: Path, tex: str) -> None:
    assert not [*read(page(tmp_path, HEAD + f"| Quantity |\n| - |\n| ${tex}$ |\n"))]


@pytest.mark.parametrize("tex", ["x_0 = 7", r"x_0 \doteq 7", r"x_0 \text{ is } 7", "x_0 ≪ 7"])
def test_whatever_else_stands_there_is_a_statement(tmp_path: Path, tex: str) -> None:
    (item,) = read(page(tmp_path, HEAD + f"| Quantity |\n| - |\n| ${tex}$ |\n"))
    assert (item.tex, item.subject) == (tex, None)


def test_the_cells_of_gradients_and_of_symbols_speak_of_their_row(tmp_path: Path) -> None:
    tables = (
        "| Row | Parameter | Gradient | Shape |\n| --- | --- | --- | --- |\n"
        "| [c31]{#row-c31} | $W^{(1)}$ | $a = b$ | $d_x \\times K$ |\n\n"
        "% texcheck: deep\n"
        "| Symbol | Shape | Meaning |\n| --- | --- | --- |\n| $x$ | $d_x \\times 1$ | the input |\n"
    )
    gradient = r"\frac{\partial \ell}{\partial W^{(1)}}"
    assert [
        (item.network, item.subject, item.kind, item.tex)
        for item in read(page(tmp_path, HEAD + tables))
    ] == [
        ("regression", gradient, "value", "a = b"),
        ("regression", gradient, "shape", r"d_x \times K"),
        ("deep", "x", "shape", r"d_x \times 1"),
    ]


def test_in_any_other_table_each_math_is_a_statement_of_its_own(tmp_path: Path) -> None:
    table = "| $a = b$ | $a = b$ |\n| --- | --- |\n| one $c = d$ | **$e = f$** |\n"
    items = [*read(page(tmp_path, HEAD + table))]
    assert [(item.tex, item.subject, item.where) for item in items] == [
        ("a = b", None, "cell"),
        ("a = b", None, "cell"),
        ("c = d", None, "cell"),
        ("e = f", None, "cell"),
    ]


@pytest.mark.parametrize("info", ["{math}", "{Math}", "{math}\tx = y", "{MATH}  x = y"])
def test_a_directive_is_known_by_its_name_as_sphinx_knows_it(tmp_path: Path, info: str) -> None:
    items = [*read(page(tmp_path, f"{HEAD}```{info}\nx = x\n```\n"))]
    assert [item.tex.split("\n")[-1] for item in items] == ["x = x"]


def test_a_page_in_another_markup_is_an_error(tmp_path: Path) -> None:
    page(tmp_path, ".. math:: x = y\n", "page.rst")
    (tmp_path / "_drafts").mkdir()
    page(tmp_path / "_drafts", ".. math:: x = y\n", "draft.rst")
    _, told = problems(tmp_path).splitlines()
    assert told.endswith("page.rst:1: expected a page in Markdown, or a notebook")


def test_a_notebook_is_read_with_the_lines_of_its_file(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "<!-- texcheck: deep -->\n# Title\n\n$$\na = b\n$$",
        "$$\nc = d\n$$\n\n<!-- texcheck: any -->\n$$\ne = f\n$$",
    )
    items = [*read(path)]
    assert [(item.tex.strip(), item.network) for item in items] == [
        ("a = b", "deep"),
        ("c = d", "deep"),
        ("e = f", "any"),
    ]
    lines = path.read_text(encoding="utf-8").split("\n")
    for item in items:
        assert lines[item.line - 1].strip().startswith('"$$')
        assert item.tex.strip() in lines[item.line]


def test_a_notebook_with_the_same_line_twice_has_two_places(tmp_path: Path) -> None:
    path = notebook(tmp_path, "<!-- texcheck: any -->", "$$a = b$$", "$$a = b$$")
    lines = path.read_text(encoding="utf-8").split("\n")
    places = [number for number, line in enumerate(lines, start=1) if "a = b" in line]
    assert [item.line for item in read(path)] == places


def test_a_folder_is_read_page_by_page_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("a", "a/.ipynb_checkpoints", "_build"):
        (tmp_path / name).mkdir()
        page(tmp_path / name, HEAD + "$$\na = b\n$$\n")
    notebook(tmp_path, "<!-- texcheck: any -->\n\n$$\na = b\n$$")
    page(tmp_path, "# No math\n", "plain.md")
    assert [str(item.file.relative_to(tmp_path)) for item in read(tmp_path)] == [
        "a/page.md",
        "page.ipynb",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n\n$$\na = b\n$$\n", "page.md:3: math without a network to check it on"),
        ("# T\n\n| a |\n| --- |\n| $a = b$ |\n", "page.md:5: math without a network"),
        ("---\ntexcheck: shallow\n---\n", "page.md:1: texcheck: expected one of regression,"),
        (HEAD + "% texcheck: shallow\n$$\na\n$$\n", "page.md:5: texcheck: expected one of"),
        (HEAD + "% texcheck: deep missprint\n$$\na\n$$\n", "got 'deep missprint'"),
        (HEAD + "% texcheck:\n$$\na\n$$\n", "page.md:5: texcheck: expected one of"),
        (HEAD + "% texcheck deep\n$$\na\n$$\n", "page.md:5: texcheck: expected one of"),
        (HEAD + "% texcheck: deep\nText.\n\n$$\na\n$$\n", "page.md:5: texcheck: expected a"),
        (HEAD + "% texcheck: deep\n\n## H\n\n$$\na\n$$\n", "page.md:5: texcheck: expected a"),
        (HEAD + "% texcheck: deep\n```{note}\n$$\na\n$$\n```\n", "page.md:5: texcheck: expected a"),
        (HEAD + "Text.\n\n% texcheck: deep\n", "page.md:7: texcheck: expected a displayed"),
        (HEAD + "Text <!-- texcheck: deep --> text.\n", "page.md:5: texcheck: expected the"),
        (HEAD + "Text\n$$\na = b\n$$\n", "page.md:5: found `$$` inside of a paragraph"),
        (HEAD + "Text $$a = b$$ text\n", "page.md:5: found `$$` inside of a paragraph"),
        (HEAD + "$$\na = b\n", "page.md:5: found `$$` inside of a paragraph"),
        (HEAD + "```{include} other.md\n```\n", "page.md:5: texcheck does not read"),
        (HEAD + "```{list-table}\n* - $a$\n```\n", "page.md:5: texcheck does not read"),
        (HEAD + "<math><mi>a</mi></math>\n", "page.md:5: found <math> in HTML"),
        (HEAD + "Text <math><mi>a</mi></math>.\n", "page.md:5: found <math> in HTML"),
        (HEAD + "```{raw} html\n<MATH><mi>a</mi></MATH>\n```\n", "page.md:5: found <math> in HTML"),
        (HEAD + "<p>\\[ x_0 = 1 \\]</p>\n", "page.md:5: found \\[ in HTML"),
        (HEAD + "<p>&#92;[ x_0 = 1 &#92;]</p>\n", "page.md:5: found \\[ in HTML"),
        (HEAD + "<p>\\begin{equation} x</p>\n", "page.md:5: found \\begin{ in HTML"),
        (HEAD + "$$\nx_0 = x_0\n\ny_0 = y_0\n$$\n", "page.md:5: found a blank line in an equation"),
        (
            HEAD
            + "| Symbol | Shape | Meaning |\n| - | - | - |\n| $x$, $y$ | $d_x \\times 1$ | |\n",
            "page.md:7: expected one formula to name the row, got x and y",
        ),
        (HEAD + "| a |\n| - |\n| $x_0 = ⟦x[0]⟧ = 11$ |\n", "page.md:7: expected ⟦…⟧, a computed"),
        (HEAD + "```{note} $$a = b$$\n```\n", "page.md:5: found `$$` behind a directive's name"),
        (
            HEAD + "| Row | Layer | Input | Output |\n| - | - | - | - |\n| b | h | $x$ | $y$ |\n",
            "page.md:7: Layer: expected one of Linear_1, f, Linear_2, g, Loss, got 'h'",
        ),
        (
            HEAD
            + "| Layer | Input | Output |\n| - | - | - |\n| Linear_1 | $x$, $y$ | $s^{(1)}$ |\n",
            "page.md:7: Input: expected",
        ),
    ],
)
def test_what_would_be_passed_over_is_an_error_with_file_and_line(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in problems(page(tmp_path, text))


def test_all_problems_of_all_pages_are_told_at_once(tmp_path: Path) -> None:
    page(tmp_path, "$$\na\n$$\n", "one.md")
    page(tmp_path, HEAD + "% texcheck: deep\n\nText\n\n% texcheck: no\n", "two.md")
    assert len(problems(tmp_path).splitlines()) == 1 + 3


def test_a_notebook_that_is_no_notebook_is_an_error(tmp_path: Path) -> None:
    path = page(tmp_path, "{", "page.ipynb")
    assert "page.ipynb:1: expected a Jupyter notebook" in problems(path)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"cell_type": "raw", "source": "$$ a = b $$"}, "found a raw cell"),
        (
            {"cell_type": "code", "outputs": [{"data": {"text/latex": "$$ a = b $$"}}]},
            "found an output of text/latex",
        ),
    ],
)
def test_what_a_notebook_shows_outside_of_markdown_cells_is_no_equation(
    tmp_path: Path, cell: dict[str, object], message: str
) -> None:
    path = page(tmp_path, json.dumps({"cells": [cell]}, indent=1), "page.ipynb")
    assert message in problems(path)


def test_a_notebook_without_a_network_is_an_error_at_the_line_of_its_file(tmp_path: Path) -> None:
    path = notebook(tmp_path, "# T\n\n$$\na = b\n$$")
    line = path.read_text(encoding="utf-8").split("\n").index('    "$$\\n",') + 1
    assert f"page.ipynb:{line}: math without a network" in problems(path)


@pytest.mark.parametrize("name", ["none", "page.txt"])
def test_what_is_no_page_is_an_error(tmp_path: Path, name: str) -> None:
    page(tmp_path, "text", "page.txt")
    with pytest.raises(FileNotFoundError, match=r"expected a folder, a \.md page or a \.ipynb"):
        list(read(tmp_path / name))
