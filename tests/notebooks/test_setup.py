"""The set-up cell: it gives a notebook that stands alone, as in Colab, all that it needs."""

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbval.plugin import coalesce_streams

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("book/[!_.]*/*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text("utf-8"))


def source(cell):
    return "".join(cell["source"])


def outputs(path):
    """What each cell gave; what one prints is one piece, in however many a busy machine sent it."""
    cells = nbformat.read(path, 4).cells
    return {cell.id: coalesce_streams(cell.get("outputs")) for cell in cells}


def by_id(notebook):
    return {cell["id"]: cell for cell in notebook["cells"]}


@each_notebook
def test_it_stands_below_the_title_and_not_on_the_website(path):
    title, text, code = read(path)["cells"][:3]
    assert [title["id"], text["id"], code["id"]] == ["title", "setup-text", "setup"]
    assert text["metadata"]["tags"] == code["metadata"]["tags"] == ["remove-cell"]
    assert code["outputs"] == []


@each_notebook
def test_it_leads_back_to_the_folder_of_its_notebook(path):
    code = source(by_id(read(path))["setup"])
    assert f"%cd -q backpropagation-by-hand/{path.parent.name}\n" in code


@pytest.fixture
def set_up():
    """Runs the cell with an address, and returns the commands that it gives the notebook."""
    code = source(by_id(read(NOTEBOOKS[0]))["setup"])

    def run(address):
        commands = []

        class Shell:
            def run_line_magic(self, *words):
                commands.append(" ".join(words))

        [line] = [line for line in code.splitlines() if line.startswith("SITE = ")]
        changed = code.replace(line, f'SITE = "{address}"')
        exec(TransformerManager().transform_cell(changed), {"get_ipython": Shell})
        return commands

    return run


def test_it_does_nothing_where_the_book_is(set_up, monkeypatch):
    monkeypatch.chdir(NOTEBOOKS[0].parent)
    assert set_up("") == set_up("https://someone.github.io/book/") == []


def test_without_an_address_it_says_what_is_missing(set_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(AssertionError, match=r"^This notebook needs .* Download notebooks\.zip"):
        set_up("")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a site with its software, as the build writes it."""
    site = tmp_path_factory.mktemp("a sité")
    write = (
        "import sys; from pathlib import Path; import software as s; site = Path(sys.argv[1]);"
        "wheel = s.build_wheel(site, 'https://example.org/');"
        "s.write_notebooks(s.ROOT / 'book', wheel, site / s.NOTEBOOKS)"
    )
    target = site / "software"
    target.mkdir()
    command = [sys.executable, "-c", write, str(target)]
    subprocess.run(command, check=True, cwd=ROOT / "book" / "_ext")
    return site


class Fresh:
    """A Python where all packages are but the book's, and without the internet."""

    def __init__(self, folder):
        venv.create(folder / "venv")
        base = str(folder / "venv")
        paths = sysconfig.get_paths(vars={"base": base, "platbase": base})
        # This .pth file leads to the packages here; those there, as handgrad's, are not followed.
        self.packages = Path(paths["purelib"])
        (self.packages / "here.pth").write_text(sysconfig.get_path("purelib"))
        self.python = str(Path(paths["scripts"]) / "python")
        kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        start = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(json.dumps({"argv": start, "display_name": "", "language": "python"}))
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "JUPYTER_PATH": str(folder / "jupyter"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }

    def run(self, *arguments, cwd):
        return subprocess.run(
            [self.python, *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
        )

    def run_notebook(self, path):
        """The outputs of the notebook ``path`` after a run."""
        start = ("-c", "from nbclient.cli import main; main()", "--inplace", path.name)
        result = self.run(*start, cwd=path.parent)
        assert result.returncode == 0, result.stderr
        return outputs(path)


@pytest.fixture
def fresh(tmp_path):
    return Fresh(tmp_path)


def test_a_notebook_that_stands_alone_fetches_the_book(site, fresh, tmp_path):
    original = ROOT / "book" / "regression" / "layers_run.ipynb"
    notebook = read(original)
    cells = by_id(notebook)
    [line] = [line for line in source(cells["setup"]).splitlines() if "SITE = " in line]
    setup = source(cells["setup"]).replace(line, f'SITE = "{site.as_uri()}/"')
    cells["setup"]["source"] = setup
    where = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    where |= {"id": "where", "source": "import handgrad\nprint(handgrad.__file__)"}
    # A session that is started again is in the first folder, and has the package.
    again = where | {"id": "again", "source": "%cd -q ../..\n" + setup}
    data = cells["data"] | {"id": "data-again"}
    first = [cells[name] for name in ("title", "setup-text", "setup", "imports", "data")]
    notebook["cells"] = [*first, where, again, data]
    path = tmp_path / "content" / "notebook.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(notebook), "utf-8")

    after = fresh.run_notebook(path)
    assert after["imports"] == after["again"] == []
    assert after["data"] == after["data-again"] == outputs(original)["data"]
    assert after["where"][0].text.startswith(str(fresh.packages))
    assert not list(fresh.packages.glob("torch*")), "the set-up installed a PyTorch of its own"


def test_the_wheel_holds_every_file_of_the_packages(site):
    [wheel] = (site / "software").glob("*.whl")
    sources = (path for path in (ROOT / "src").rglob("*") if path.is_file())
    files = {path.relative_to(ROOT / "src").as_posix() for path in sources}
    wanted = {name for name in files if "__pycache__" not in name and ".egg-info" not in name}
    with zipfile.ZipFile(wheel) as archive:
        assert wanted <= set(archive.namelist())


def test_the_checker_in_the_wheel_leads_to_the_site(site):
    [wheel] = (site / "software").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert b'BOOK = "https://example.org/"' in archive.read("mlpcheck/__init__.py")
    assert 'BOOK = ""' in (ROOT / "src/mlpcheck/__init__.py").read_text("utf-8")


def test_the_site_alone_is_enough(site, fresh, tmp_path):
    """Install its wheel, prove a formula, check an mlp.py and run one of its notebooks."""
    [wheel] = (site / "software").glob("*.whl")
    install = f"handgrad[torch,notebooks] @ {wheel.as_uri()}"
    result = fresh.run("-m", "pip", "install", install, cwd=tmp_path)
    assert result.returncode == 0, result.stderr

    formula = r"\frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)^T"
    prove = ("-m", "texcheck", "prove", "--network", "regression", formula)
    result = fresh.run(*prove, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "proved" in result.stdout.lower()

    with zipfile.ZipFile(site / "software" / "notebooks.zip") as archive:
        archive.extractall(tmp_path)
    book = tmp_path / "backpropagation-by-hand"
    result = fresh.run("-m", "mlpcheck", "check", "mlp.py", cwd=book / "homework")
    assert "Traceback" not in result.stdout + result.stderr
    assert "mlp.py" in result.stdout

    path = book / "regression" / "forward_run.ipynb"
    original = ROOT / "book" / "regression" / path.name
    downloaded = read(path)
    for cell, solved in zip(downloaded["cells"], read(original)["cells"], strict=True):
        assert cell.get("outputs", []) == []
        cell["source"] = solved["source"]  # a reader fills the gaps
    path.write_text(json.dumps(downloaded), "utf-8")
    assert fresh.run_notebook(path) == outputs(original)
