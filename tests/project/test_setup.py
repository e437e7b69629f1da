"""What meets a user who sets the project up: an old Python, a taken port, settings of their own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import matplotlib.style
import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "book" / "_notebooks" / "environment.py"
NEUTRAL = (
    "import os, runpy, signal, sys;"
    "runpy.run_path(sys.argv[1])['make_neutral']();"
    "import matplotlib;"
    "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler);"
    "print(matplotlib.rcParams['figure.dpi'], 'MPLBACKEND' in os.environ)"
)


def make(folder, *arguments, **variables):
    # What the make around these tests was told, such as PYTHON=python3.12, is not told to this one.
    outer = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def project(tmp_path):
    """A folder with what make reads, without .venv."""
    folder = tmp_path / "Übung 1"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture
def old_python(tmp_path):
    """A Python that says it is 3.9."""
    python = tmp_path / "python3.9"
    fake = "import sys; sys.version_info = (3, 9, 2); exec(sys.argv[2])"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{fake}" "$@"\n')
    python.chmod(0o755)
    return python


def test_the_project_holds_no_link_to_another_place():
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    seen, links = [], []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ignored | {".git"}]
        seen += files
        links += [name for name in (*folders, *files) if (Path(folder) / name).is_symlink()]
    assert "Makefile" in seen
    assert {*links} - ignored == set()


def test_what_the_readme_copies_to_the_root_is_no_change_of_the_project():
    readme = (ROOT / "README.md").read_text("utf-8")
    copied = re.findall(r"^ *cp \S+/(\S+) \.$", readme, re.MULTILINE)
    assert copied
    assert {f"/{name}" for name in copied} <= {*(ROOT / ".gitignore").read_text().splitlines()}


@pytest.mark.parametrize("target", ["book", "test"])
def test_an_old_python_is_met_before_anything_is_installed(project, old_python, target):
    result = make(project, target, f"PYTHON={old_python}")
    assert result.returncode != 0
    sentence = f"The book needs Python 3.11 or newer, and {old_python} is Python 3.9."
    assert result.stderr.startswith(f"{sentence} Name another: make book PYTHON=python3.12\n")
    assert "Traceback" not in result.stderr
    assert not (project / ".venv").exists()


def test_an_environment_of_another_python_is_cleared(project):
    recipe = make(project, "--dry-run", "book").stdout
    [line] = [line for line in recipe.splitlines() if "-m venv" in line]
    bin_ = project / ".venv" / "bin"
    bin_.mkdir(parents=True)
    for version, cleared in [(sys.version.split()[0], False), ("3.9.2", True)]:
        (bin_ / "python").write_text(f"#!/bin/sh\necho Python {version}\n")
        (bin_ / "python").chmod(0o755)
        (project / "python3").write_text(
            f'#!/bin/sh\ncase "$1" in -V) exec "{sys.executable}" -V; esac\necho "$@"\n'
        )
        (project / "python3").chmod(0o755)
        path = f"{project}{os.pathsep}{os.environ['PATH']}"
        given = subprocess.run(
            ["sh", "-c", line],
            cwd=project,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
        )
        assert (b"--clear" in given.stdout) == cleared


def test_the_help_lists_every_command(project):
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    listed = re.findall(r"^  make (\S+) ", make(project, "help").stdout, re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())


def serve(*arguments):
    command = [sys.executable, str(ROOT / "book" / "_serve" / "make.py"), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8")


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = serve(str(tmp_path), str(port))
    assert result.returncode == 1
    assert re.fullmatch(rf"Port {port} cannot be used \(.*\)\. Try: .* PORT=9000\n", result.stderr)


@pytest.mark.parametrize("port", ["", "abc", "0", "70000"])
def test_a_port_is_a_number(tmp_path, port):
    result = serve(str(tmp_path), port)
    assert result.returncode == 1
    assert result.stderr == f"expected PORT to be a number from 1 to 65535, got {port!r}\n"


def test_notebooks_and_tests_depend_on_no_user(tmp_path):
    """In the background, with a matplotlibrc and a backend of one's own, without a home."""
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 200\n")
    environment = {
        **os.environ,
        "MATPLOTLIBRC": str(tmp_path),
        "MPLBACKEND": "Agg",
        "HOME": "/nonexistent",
    }
    result = subprocess.run(
        [sys.executable, "-c", NEUTRAL, str(ENVIRONMENT)],
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    assert result.stdout.split() == ["True", "100.0", "False"]


def test_the_books_figures_start_from_matplotlibs_own_settings():
    """A setting of the user that the book's style does not name would show in the outputs."""
    for path in ROOT.glob("book/[!_.]*/*.ipynb"):
        text = path.read_text("utf-8")
        uses = text.count("matplotlib.pyplot as plt")
        assert text.count('plt.style.use([\\"default\\", \\"../figures.mplstyle\\"])') == uses, path
    with matplotlib.rc_context({"figure.dpi": 200, "font.family": "monospace", "axes.xmargin": 0}):
        matplotlib.style.use(["default", ROOT / "book" / "figures.mplstyle"])
        assert matplotlib.rcParams["figure.dpi"] == 100
        assert matplotlib.rcParams["font.family"] == ["sans-serif"]
        assert matplotlib.rcParams["axes.xmargin"] == 0.05
