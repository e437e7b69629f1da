"""The set-up cell: alike in every notebook, and enough for one that stands alone in Colab."""

import importlib.util
import json
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("book/[!_.]*/*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text("utf-8"))


def source(cell):
    return "".join(cell["source"])


def by_id(notebook):
    return {cell["id"]: cell for cell in notebook["cells"]}


@each_notebook
def test_it_stands_below_the_title_and_not_on_the_website(path):
    title, text, code = read(path)["cells"][:3]
    assert [title["id"], text["id"], code["id"]] == ["title", "setup-text", "setup"]
    assert text["metadata"]["tags"] == code["metadata"]["tags"] == ["remove-cell"]
    assert code["outputs"] == []


@each_notebook
def test_it_is_alike_but_for_the_folder(path):
    cells, first = by_id(read(path)), by_id(read(NOTEBOOKS[0]))
    assert source(cells["setup-text"]) == source(first["setup-text"])
    folder, first_folder = (f"the-book/book/{part.parent.name}" for part in (path, NOTEBOOKS[0]))
    assert source(cells["setup"]).endswith(f"%cd -q {folder}")
    assert source(cells["setup"]) == source(first["setup"]).replace(first_folder, folder)


@pytest.fixture
def set_up():
    """Runs the cell with an address, and returns the commands that it gives the notebook."""
    code = source(by_id(read(NOTEBOOKS[0]))["setup"])

    def run(address):
        commands = []

        class Shell:
            def system(self, command):
                commands.append(command)

            def run_line_magic(self, *words):
                commands.append(" ".join(words))

        [line] = [line for line in code.splitlines() if line.startswith("REPOSITORY = ")]
        changed = code.replace(line, f'REPOSITORY = "{address}"')
        exec(TransformerManager().transform_cell(changed), {"get_ipython": Shell})
        return commands

    return run


def test_it_does_nothing_where_the_book_is(set_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set_up("") == set_up("https://github.com/someone/book") == []


def test_without_an_address_it_says_what_is_missing(set_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(AssertionError, match=r"^REPOSITORY is empty.* Write the address"):
        set_up("")


def git(*words, cwd):
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """The address of a repository with the files as they are here, committed or not."""
    folder = tmp_path / "repository"
    left_out = shutil.ignore_patterns("*.egg-info", "__pycache__", ".ipynb_checkpoints")
    for name in ("src", "book"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    git("init", "--quiet", cwd=folder)
    git("add", ".", cwd=folder)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    git(*author, "commit", "--quiet", "--message", "The book", cwd=folder)
    return folder.as_uri()


@pytest.fixture
def colab(tmp_path):
    """Runs a notebook where all packages are but the book's, and without the internet."""
    folder = tmp_path / "colab"
    venv.create(folder)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    # This .pth file leads to the packages here; those there, as handgrad's, are not followed.
    (Path(paths["purelib"]) / "here.pth").write_text(sysconfig.get_path("purelib"))
    python = str(Path(paths["scripts"]) / "python")
    pip = Path(paths["scripts"]) / "pip"
    # Without isolation, the package is built with the setuptools here: there is none to download.
    pip.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@" --no-build-isolation\n')
    pip.chmod(0o755)
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    start = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": start, "display_name": "", "language": "python"}))
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": os.pathsep.join([paths["scripts"], os.environ["PATH"]]),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }

    def run(notebook):
        path = tmp_path / "content" / "notebook.ipynb"
        path.parent.mkdir()
        path.write_text(json.dumps(notebook), "utf-8")
        command = [python, "-c", "from nbclient.cli import main; main()", "--inplace"]
        result = subprocess.run(
            [*command, path.name], cwd=path.parent, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        return read(path)["cells"], Path(paths["purelib"])

    return run


def test_a_notebook_that_stands_alone_fetches_the_book(repository, colab):
    notebook = read(ROOT / "book" / "regression" / "layers_run.ipynb")
    cells = by_id(notebook)
    expected = cells["data"]["outputs"]
    [line] = [line for line in source(cells["setup"]).splitlines() if "REPOSITORY = " in line]
    setup = source(cells["setup"]).replace(line, f'REPOSITORY = "{repository}"')
    cells["setup"]["source"] = setup
    where = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    where |= {"id": "where", "source": "import handgrad\nprint(handgrad.__file__)"}
    # A session that is started again is in the first folder, and has the package.
    again = where | {"id": "again", "source": "%cd -q ../../..\n" + setup}
    data = cells["data"] | {"id": "data-again"}
    first = [cells[name] for name in ("title", "setup-text", "setup", "imports", "data")]
    notebook["cells"] = [*first, where, again, data]

    ran, packages = colab(notebook)
    outputs = {cell["id"]: cell.get("outputs") for cell in ran}
    assert outputs["setup"] == outputs["imports"] == outputs["again"] == []
    assert outputs["data"] == outputs["data-again"]
    assert source({"source": outputs["data"][0]["text"]}) == "".join(expected[0]["text"])
    assert source({"source": outputs["where"][0]["text"]}).startswith(str(packages))
    assert not list(packages.glob("torch*")), "the set-up installed a PyTorch of its own"
