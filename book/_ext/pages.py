"""What surrounds a page: description, contents, date, 404 page, sitemap, repository's buttons."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addresses import repository_address, site_address
from docutils import nodes
from sphinx.errors import ConfigError
from wording import in_a_line

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

_DESCRIPTION_LENGTH = 200
_PURPOSE = re.compile(r"After this page .*?\.(?= |$)")
PDF_NAME = "backpropagation-by-hand.pdf"  # `make pdf`
OFFLINE_NAME = "backpropagation-by-hand.zip"  # `make offline`
_SERVICE_PAGES = {"404": "404.html", "search": "search.html"}
_PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
VERSION: str = tomllib.loads(_PYPROJECT.read_text("utf-8"))["project"]["version"]


def read_addresses(app: Sphinx, config: Config) -> None:
    """Turns the buttons on where ``repository: url`` is set in _config.yml, and nowhere else."""
    options = config.html_theme_options
    try:
        repository = repository_address(options.get("repository_url"))
        config.html_baseurl = site_address(config.html_baseurl, "")
    except ValueError as error:
        raise ConfigError(f"_config.yml: {error}") from error
    if not repository:
        return
    options.update(
        repository_url=repository,
        use_repository_button=True,
        use_edit_page_button=True,
        use_issues_button=True,
        launch_buttons={
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    )


def add_pages(app: Sphinx, config: Config) -> None:
    config.html_additional_pages.update(_SERVICE_PAGES)


def add_sitemap(app: Sphinx, config: Config) -> None:
    """A sitemap names whole addresses: there is one where ``html: baseurl`` is set."""
    if not config.html_baseurl:
        return
    app.setup_extension("sphinx_sitemap")
    config.sitemap_url_scheme = "{link}"
    config.sitemap_show_lastmod = "sphinx_last_updated_by_git" in app.extensions
    config.sitemap_excludes = [f"{name}.html" for name in _SERVICE_PAGES]


def extensions_digest(folder: Path) -> str:
    """Changes when one of the book's extensions does."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def note_extensions(app: Sphinx, config: Config) -> None:
    """A change of an extension is a change of the settings: every page is read again."""
    config.book_extensions = extensions_digest(Path(__file__).parent)


def turn_off_page_search(app: Sphinx) -> None:
    """Sphinx's index finds pages; ours (search_index.py) finds sections and equations."""
    app.builder.search = False  # type: ignore[attr-defined]


def link_file(site: Path, name: str, text: str) -> None:
    """Links the file ``name`` from every page of ``site``; an empty ``text`` removes the links."""
    span = re.compile(rf'(<span class="made-later" data-file="{re.escape(name)}">).*?</span>')
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        href = os.path.relpath(site / name, path.parent).replace(os.sep, "/")
        link = f'<a href="{href}">{text}</a>' if text else ""
        linked = span.sub(lambda of, link=link: f"{of[1]}{link}</span>", page)
        if linked != page:
            path.write_text(linked, "utf-8")


def remove_made_later(app: Sphinx, exception: Exception | None) -> None:
    """The PDF and the zip show the pages of the last build: they are made again on demand."""
    site = Path(app.outdir)
    for name in (PDF_NAME, OFFLINE_NAME):
        if (site / name).is_file():
            (site / name).unlink()
            link_file(site, name, "")


def _words(paragraph: nodes.paragraph) -> str:
    """The words of a paragraph, without the markup that it carries for HTML."""
    texts = paragraph.findall(nodes.Text)
    return " ".join("".join(t for t in texts if not isinstance(t.parent, nodes.raw)).split())


def description_of(doctree: nodes.document) -> str:
    """What the page's head says that it is for, else its first paragraph without a formula."""
    for strip in doctree.findall(nodes.container):
        if "head-strip" in strip["classes"]:
            for paragraph in strip.findall(nodes.paragraph):
                if found := _PURPOSE.match(_words(paragraph)):
                    return found[0]
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and not list(paragraph.findall(nodes.math)):
            words = _words(paragraph)
            if len(words) <= _DESCRIPTION_LENGTH:
                return words
            return words[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"
    return ""


_HEADING = re.compile(r"<h([1-6])>(.*?)(<a class=\"headerlink\".*?</a>)?</h\1>", re.DOTALL)
_LINK_WITH_MATH = re.compile(
    r"<a (?![^>]*aria-label)([^>]*)>((?:(?!</a>).)*<math.*?)</a>", re.DOTALL
)
_MATH = re.compile(r"<math.*?</math>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def _spoken(markup: str) -> str:
    """The words of ``markup`` with its formulas in a line, for an attribute."""
    words = _TAG.sub("", _MATH.sub(lambda math: in_a_line(math[0]), markup))
    return " ".join(words.split()).replace('"', "&quot;")


def name_headings(body: str) -> str:
    """Headings whose name for a screen reader is their words alone, formulas in a line."""
    return _HEADING.sub(
        lambda found: (
            f'<h{found[1]} aria-label="{_spoken(found[2])}">'
            f"{found[2]}{found[3] or ''}</h{found[1]}>"
        ),
        body,
    )


def name_links(contents: str) -> str:
    """The same for the links of the contents."""
    return _LINK_WITH_MATH.sub(
        lambda found: f'<a {found[1]} aria-label="{_spoken(found[2])}">{found[2]}</a>', contents
    )


def add_to_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    title = str(context.get("title") or context["docstitle"])
    description = description_of(doctree) if doctree else ""
    context["description"] = description or f"{title}: {context['docstitle']}"
    context["book_version"] = VERSION
    context["made_later"] = (PDF_NAME, OFFLINE_NAME)
    context["has_software"] = "software" in app.env.found_docs
    context["html_baseurl"] = app.config.html_baseurl
    # The captions stand before the page's h1: as headings they would break the order.
    contents = context["toctree"](collapse=False, maxdepth=3, titles_only=True, includehidden=True)
    contents = re.sub(r' (role="heading"|aria-level="\d")', "", contents)
    current = 'class="current reference'
    context["site_nav"] = name_links(contents.replace(current, f'aria-current="page" {current}'))
    context["name_links"] = lambda toc: name_links(str(toc)) if toc else ""
    if "body" in context:
        context["body"] = name_headings(context["body"])


def write_robots(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    robots = "User-agent: *\nAllow: /\n"
    if app.config.html_baseurl:
        robots += f"Sitemap: {app.config.html_baseurl}{app.config.sitemap_filename}\n"
    (Path(app.outdir) / "robots.txt").write_text(robots, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    if shutil.which("git"):
        app.setup_extension("sphinx_last_updated_by_git")
    app.add_config_value("book_extensions", "", "env", str)
    app.connect("config-inited", note_extensions)
    app.connect("config-inited", read_addresses)
    app.connect("config-inited", add_pages)
    app.connect("config-inited", add_sitemap)
    app.connect("builder-inited", turn_off_page_search)
    # After the theme has prepared its own values.
    app.connect("html-page-context", add_to_page, priority=900)
    app.connect("build-finished", write_robots)
    app.connect("build-finished", remove_made_later)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
