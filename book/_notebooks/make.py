"""Keeps the notebooks: `make notebooks`, `make notebook PAGE=part/page` and `make address`.

    python book/_notebooks/make.py run [notebook ...]     runs them and keeps their outputs
    python book/_notebooks/make.py new part/page          adds one to a page
    python book/_notebooks/make.py address                copies the site's address into all

Each writes what changed and nothing else, and nothing at all if one notebook fails.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "_ext")]

from addresses import repository_address, site_address  # noqa: E402
from environment import make_neutral  # noqa: E402

ROOT = HERE.parents[1]
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
# What the book reads of a cell's metadata; the rest are traces of the editor and of the run.
CELL_METADATA = ("mystnb", "tags")
NOT_COMPARED = "NBVAL_IGNORE_OUTPUT"

SETUP_TEXT = """\
The next cell does nothing where the book's code and data are. Elsewhere, as in Colab or for a \
notebook that was downloaded alone, it fetches both from the book's site, and installs the code \
with `pip`. Without the internet, take `notebooks.zip` from the page *Get the software*, unpack \
it, and open the notebook there."""
SETUP = """\
import importlib.util
import io
import urllib.request
import zipfile
from pathlib import Path

SITE = "{site}"  # copied from _config.yml by `make address`

book = Path("backpropagation-by-hand")
if not Path("../figures.mplstyle").exists() and not book.exists():
    archive = Path("../../software/notebooks.zip")  # in a copy of the whole site
    assert SITE or archive.exists(), (
        "This notebook needs the book's code and data. Download notebooks.zip from "
        "the page Get the software of the book, unpack it, and open the notebook there."
    )
    url = archive.resolve().as_uri() if archive.exists() else SITE + "software/notebooks.zip"
    zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(url).read())).extractall()
if book.exists():
    %cd -q backpropagation-by-hand/{folder}
if importlib.util.find_spec("handgrad") is None:
    [wheel] = (path.resolve().as_uri() for path in Path("..").glob("handgrad-*.whl"))
    %pip install --quiet "handgrad[notebooks] @ {{wheel}}\""""
IMPORTS = """\
import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

plt.style.use(["default", "../figures.mplstyle"])
set_matplotlib_formats("svg", metadata={"Date": None})
rng = np.random.default_rng(0)"""
TRY_IT = """\
## Try it

Change one thing above: what changes below?

<details>
<summary>Answer</summary>

What a test in `tests/notebooks/test_tasks.py` computes.

</details>"""


def notebooks(root: Path) -> list[Path]:
    """Every notebook of the book."""
    return sorted((root / "book").glob("[!_.]*/*.ipynb"))


def addresses(root: Path) -> tuple[str, str]:
    """The repository's and the site's address in ``_config.yml``, "" for one that is not known."""
    config = root / "_config.yml"
    try:
        settings = yaml.safe_load(config.read_text("utf-8"))
        repository = repository_address((settings.get("repository") or {}).get("url"))
        site = site_address((settings.get("html") or {}).get("baseurl"), repository)
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{config}: {error}") from error
    return repository, site


def setup_cells(folder: str, site: str) -> list[NotebookNode]:
    """The two cells below the title that fetch the book where it is not."""
    tags = {"tags": ["remove-cell"]}
    return [
        new_markdown_cell(SETUP_TEXT, id="setup-text", metadata=tags),
        new_code_cell(SETUP.format(folder=folder, site=site), id="setup", metadata=tags),
    ]


def with_setup(notebook: NotebookNode, path: Path, site: str) -> NotebookNode:
    """``notebook`` with its set-up cells brought up to date."""
    ids = [cell.id for cell in notebook.cells]
    if ids[1:3] != ["setup-text", "setup"]:
        raise ValueError(
            f"{path}: expected the cells setup-text and setup below the title, got {ids[1:3]}"
        )
    for cell, wanted in zip(notebook.cells[1:3], setup_cells(path.parent.name, site), strict=True):
        cell.source, cell.metadata = wanted.source, wanted.metadata
    return notebook


def normal(notebook: NotebookNode) -> NotebookNode:
    """``notebook`` in the one form that is committed: no trace of who ran it, where and when."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        cell.metadata = {
            name: cell.metadata[name] for name in CELL_METADATA if name in cell.metadata
        }
        if cell.cell_type != "code" or cell.execution_count is None:
            continue
        count += 1
        cell.execution_count = count
        outputs: list[NotebookNode] = []
        for output in cell.outputs:
            last = outputs[-1] if outputs else None
            if "execution_count" in output:
                output.execution_count = count
            if (
                last
                and output.output_type == last.output_type == "stream"
                and output.name == last.name
            ):
                last.text += output.text  # how a stream is cut depends on the machine's load
            else:
                outputs.append(output)
        cell.outputs = outputs
    return notebook


def executed(notebook: NotebookNode, path: Path) -> NotebookNode:
    """``notebook`` after a run; cells whose outputs nobody compares keep those that they have."""
    kept = {
        cell.id: cell.outputs
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs and NOT_COMPARED in cell.source
    }
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except (CellExecutionError, DeadKernelError) as error:
        raise ValueError(f"{path}: a cell failed, nothing was written.\n{error}") from error
    for cell in notebook.cells:
        if cell.id in kept:
            cell.outputs = kept[cell.id]
    return notebook


def write(contents: dict[Path, NotebookNode], root: Path) -> None:
    """Writes the notebooks that changed, and names them."""
    texts = {path: nbformat.writes(notebook, 4) + "\n" for path, notebook in contents.items()}
    changed = [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_bytes() != text.encode("utf-8")
    ]
    for path in changed:
        path.write_bytes(texts[path].encode("utf-8"))
        print(path.relative_to(root))
    print(f"{len(changed)} of {len(texts)} notebooks changed.")


def run(paths: Iterable[Path], root: Path) -> None:
    _, site = addresses(root)
    contents = {}
    for path in paths:
        notebook = with_setup(nbformat.read(path, 4), path, site)
        contents[path] = normal(executed(notebook, path))
    write(contents, root)


def copy_address(root: Path) -> None:
    repository, site = addresses(root)
    contents = {
        path: normal(with_setup(nbformat.read(path, 4), path, site)) for path in notebooks(root)
    }
    config = root / "_config.yml"
    text = config.read_text("utf-8")
    # The address as it was given is replaced by the one that the buttons need.
    section = re.compile(r"^(repository:\n(?:[ #].*\n|\n)*?  url:)[^\n#]*?( *#.*)?$", re.MULTILINE)
    fixed, found = section.subn(lambda of: f'{of[1]} "{repository}"{of[2] or ""}', text)
    if found == 1 and fixed != text:
        config.write_text(fixed, "utf-8", newline="\n")
        print(config.relative_to(root))
    write(contents, root)
    print(f"The repository: {repository or 'none'}. The site: {site or 'none'}.")


def with_section(toc: str, page: str, section: str) -> str:
    """The text of _toc.yml with ``section`` as the last one below ``page``."""
    lines = toc.splitlines(keepends=True)
    entry = re.compile(rf"( *)- file: [\"']?{re.escape(page)}[\"']?\s*(?:#.*)?$")
    found = [(at, match[1]) for at, line in enumerate(lines) if (match := entry.match(line))]
    if len(found) != 1:
        raise ValueError(f"book/_toc.yml: expected one line `- file: {page}`, got {len(found)}")
    at, indent = found[0]
    end = at + 1
    while end < len(lines) and lines[end].startswith(f"{indent}  "):
        end += 1
    added = [f"{indent}    - file: {section}\n"]
    if not any(line.startswith(f"{indent}  sections:") for line in lines[at + 1 : end]):
        added.insert(0, f"{indent}  sections:\n")
    return "".join(lines[:end] + added + lines[end:])


def new(page: str, root: Path) -> None:
    """Adds a notebook to ``page``, such as ``regression/jacobians``, and runs it."""
    page = page.removeprefix("book/").removesuffix(".md")
    source, path = root / "book" / f"{page}.md", root / "book" / f"{page}_run.ipynb"
    if "/" not in page or not source.is_file():
        raise ValueError(f"expected PAGE to be a page such as regression/jacobians, got {page!r}")
    if path.exists():
        raise ValueError(f"expected a page without a notebook, but there is {path}")
    toc = root / "book" / "_toc.yml"
    contents = with_section(toc.read_text("utf-8"), page, f"{page}_run")
    heading = re.search(r"^# (.*)$", source.read_text("utf-8"), re.MULTILINE)
    title = heading[1].strip() if heading else source.stem
    _, site = addresses(root)
    about = f"# {title}, in numbers\n\nIt carries out [the page]({source.name})."
    notebook = new_notebook(
        cells=[
            new_markdown_cell(about, id="title"),
            *setup_cells(path.parent.name, site),
            new_code_cell(IMPORTS, id="imports"),
            new_markdown_cell(TRY_IT, id="try-it"),
        ]
    )
    write({path: normal(executed(notebook, path))}, root)
    toc.write_text(contents, "utf-8", newline="\n")
    print(f"{toc.relative_to(root)} lists it below {page}.")


def main(arguments: list[str], root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run").add_argument("notebooks", nargs="*", type=Path)
    commands.add_parser("new").add_argument("page")
    commands.add_parser("address")
    given = parser.parse_args(arguments)
    make_neutral()
    if given.command == "address":
        copy_address(root)
    elif given.command == "new":
        new(given.page, root)
    else:
        chosen = [path.resolve() for path in given.notebooks]
        if unknown := set(chosen) - set(notebooks(root)):
            raise ValueError(f"expected notebooks of the book, got {', '.join(map(str, unknown))}")
        run(chosen or notebooks(root), root)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
