"""A book of two pages, built with the settings of this one: what stops a build, what links add."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml
from pages import PDF_NAME

ROOT = Path(__file__).parents[2]
PAGE = (
    "# A page\n\nIt reads well.\n\n$$\nx = 1\n$$ (eq:one)\n\n"
    "## A gradient by $W^{(2)}$\n\nNext: [the notebook](run.ipynb).\n"
)
NOTEBOOK = (
    '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# A notebook"]}],'
    '"metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},'
    '"nbformat": 4, "nbformat_minor": 4}'
)


def build(folder: Path, page: str = PAGE, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Builds a book with ``page`` as its first and a notebook as its second page in ``folder``."""
    book = folder / "book"
    book.mkdir()
    for name in ("_static", "_templates", "_fonts"):
        (book / name).symlink_to(ROOT / "book" / name)
    (book / "index.md").write_text(page, "utf-8")
    (book / "run.ipynb").write_text(NOTEBOOK, "utf-8")
    toc = {"format": "jb-book", "root": "index", "chapters": [{"file": "run"}]}
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")

    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    extensions = config["sphinx"]["local_extensions"]
    del extensions["ledger"]  # it proves the pages of the whole book
    config["sphinx"]["local_extensions"] = dict.fromkeys(extensions, str(ROOT / "book" / "_ext"))
    for section, values in settings.items():
        config.setdefault(section, {}).update(values)
    (folder / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book"]
    options = ["--config", "_config.yml", "--path-output", ".", "-W", "-n", "--keep-going"]
    return subprocess.run(command + options, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a book that names neither a repository nor an address."""
    folder = tmp_path_factory.mktemp("plain")
    result = build(folder, repository={"url": ""}, html={"baseurl": ""})
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a book that names its repository and its address."""
    folder = tmp_path_factory.mktemp("published")
    result = build(
        folder,
        repository={"url": "https://github.com/someone/book"},
        html={"baseurl": "https://someone.example/book/"},
    )
    assert result.returncode == 0, result.stderr
    return folder / "_build" / "html"


def test_plain_book_links_to_no_service(plain: Path) -> None:
    for page in plain.rglob("*.html"):
        html = page.read_text("utf-8")
        for service in ("github", "binder", "colab", "canonical", "og:url"):
            assert service not in html, page
    assert not (plain / "sitemap.xml").exists()
    assert (plain / "robots.txt").read_text("utf-8") == "User-agent: *\nAllow: /\n"


def test_repository_adds_its_buttons(published: Path) -> None:
    page = (published / "index.html").read_text("utf-8")
    notebook = (published / "run.html").read_text("utf-8")
    for html in (page, notebook):
        assert "https://github.com/someone/book/edit/main/book/" in html
        assert "https://github.com/someone/book/issues/new" in html
    assert "https://mybinder.org/v2/gh/someone/book/main" in notebook
    assert (
        "https://colab.research.google.com/github/someone/book/blob/main/book/run.ipynb" in notebook
    )
    assert "mybinder" not in page


def test_address_adds_sitemap_and_canonical_links(published: Path) -> None:
    sitemap = (published / "sitemap.xml").read_text("utf-8")
    assert "<loc>https://someone.example/book/index.html</loc>" in sitemap
    assert "<loc>https://someone.example/book/run.html</loc>" in sitemap
    assert (
        "Sitemap: https://someone.example/book/sitemap.xml"
        in (published / "robots.txt").read_text()
    )
    page = (published / "run.html").read_text("utf-8")
    assert '<link rel="canonical" href="https://someone.example/book/run.html">' in page
    assert 'property="og:image" content="https://someone.example/book/_static/social.png"' in page
    assert (published / "_static" / "social.png").is_file()
    assert '<base href="https://someone.example/book/">' in (published / "404.html").read_text()


def test_book_is_printed(plain: Path, tmp_path: Path) -> None:
    site = shutil.copytree(plain, tmp_path / "site")
    command = [sys.executable, str(ROOT / "book" / "_pdf" / "make.py"), str(site)]
    subprocess.run(command, check=True)
    with pikepdf.open(site / PDF_NAME) as pdf:
        assert len(pdf.pages) == 4  # title, contents, two chapters
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Contents", "A page", "A notebook"]
            assert [item.title for item in outline.root[1].children] == ["A gradient by W(2)"]
        assert pdf.docinfo["/Author"] == "The authors of this book"
    for page in site.rglob("*.html"):
        assert f'<a href="{PDF_NAME}">' in page.read_text("utf-8")


def test_what_is_for_the_screen_is_not_printed(plain: Path) -> None:
    chapters = runpy.run_path(str(ROOT / "book" / "_pdf" / "make.py"))["read_chapters"](plain)
    assert [chapter.title for chapter in chapters] == ["A page", "A notebook"]
    for chapter in chapters:
        assert "Next:" not in chapter.article.get_text()
        assert not chapter.article.select("script, .headerlink")


def test_second_build_has_no_warnings_either(plain: Path) -> None:
    folder = plain.parents[1]
    shutil.rmtree(folder / "book")
    result = build(folder, page=PAGE.replace("well", "better"))
    assert result.returncode == 0, result.stderr
    assert "better" in (plain / "index.html").read_text("utf-8")


def test_faults_stop_the_build_at_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")
    lines = ["# Faults", ""]
    lines += ["$$", "x", "= \\nonsense{1}", "$$", ""]
    lines += ["Text $\\nonsense{2}$.", ""]
    lines += ["\\begin{align}", "x", "\\end{align}", ""]
    lines += ["```{image} ../a.svg", "```"]
    result = build(tmp_path, "\n".join(lines))
    assert result.returncode != 0
    for message, line in {
        "(in: x = \\nonsense{1})": 5,
        "(in: \\nonsense{2})": 8,
        "expected the equation between": 10,
        "needs alt text": 1,  # the section's line: a drawing does not know its own
    }.items():
        assert re.search(rf"index\.md:{line}: WARNING: .*{re.escape(message)}", result.stderr)
