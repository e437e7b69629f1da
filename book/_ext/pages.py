"""What surrounds a page: description, date, 404 page, sitemap, buttons of the repository."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

_DESCRIPTION_LENGTH = 200
PDF_NAME = "backpropagation-by-hand.pdf"
_PDF_LINK = re.compile(r'<span class="pdf-link">.*?</span>')


def add_repository_buttons(app: Sphinx, config: Config) -> None:
    """Turns the buttons on where ``repository: url`` is set in _config.yml, and nowhere else."""
    options = config.html_theme_options
    if not options.get("repository_url"):
        return
    options.update(
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
    config.html_additional_pages.update({"404": "404.html", "search": "search.html"})


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


def link_pdf(site: Path, text: str) -> None:
    """Links the PDF from every page of ``site``; an empty ``text`` removes the links."""
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        href = os.path.relpath(site / PDF_NAME, path.parent)
        link = f'<a href="{href}">{text}</a>' if text else ""
        linked = _PDF_LINK.sub(f'<span class="pdf-link">{link}</span>', page)
        if linked != page:
            path.write_text(linked, "utf-8")


def remove_old_pdf(app: Sphinx, exception: Exception | None) -> None:
    """The PDF shows the pages of the last build: ``make pdf`` prints the new ones."""
    pdf = Path(app.outdir) / PDF_NAME
    if pdf.is_file():
        pdf.unlink()
        link_pdf(Path(app.outdir), "")


def _description(doctree: nodes.document) -> str:
    """The first paragraph in words; formulas are left out."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and not list(paragraph.findall(nodes.math)):
            words = " ".join(paragraph.astext().split())
            if len(words) <= _DESCRIPTION_LENGTH:
                return words
            return words[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"
    return ""


def _last_change(source: Path) -> str:
    """The ISO date of the last commit that touched ``source``; empty outside of Git."""
    try:
        log = subprocess.run(
            ["git", "log", "-1", "--format=%cs", "--", source.name],
            cwd=source.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return log.stdout.strip()


def add_to_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    title = str(context.get("title") or context["docstitle"])
    description = _description(doctree) if doctree else ""
    context["description"] = description or f"{title}: {context['docstitle']}"
    context["page_updated"] = _last_change(Path(app.env.doc2path(pagename))) if doctree else ""
    context["html_baseurl"] = app.config.html_baseurl.rstrip("/")
    # The captions stand before the page's h1: as headings they would break the order.
    contents = context["toctree"](collapse=False, maxdepth=3, titles_only=True, includehidden=True)
    contents = re.sub(r' (role="heading"|aria-level="\d")', "", contents)
    current = 'class="current reference'
    context["site_nav"] = contents.replace(current, f'aria-current="page" {current}')


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    """Writes robots.txt, and sitemap.xml where ``html: baseurl`` names the site's address."""
    if exception or app.builder.name != "html":
        return
    out, base = Path(app.outdir), app.config.html_baseurl.rstrip("/")
    robots = "User-agent: *\nAllow: /\n"
    if base:
        urls = []
        for docname in sorted(app.env.found_docs):
            changed = _last_change(Path(app.env.doc2path(docname)))
            date = f"<lastmod>{changed}</lastmod>" if changed else ""
            urls.append(f"<url><loc>{escape(f'{base}/{docname}.html')}</loc>{date}</url>")
        (out / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            + "\n".join(urls)
            + "\n</urlset>\n",
            "utf-8",
        )
        robots += f"Sitemap: {base}/sitemap.xml\n"
    (out / "robots.txt").write_text(robots, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("book_extensions", "", "env", str)
    app.connect("config-inited", note_extensions)
    app.connect("config-inited", add_repository_buttons)
    app.connect("config-inited", add_pages)
    app.connect("builder-inited", turn_off_page_search)
    # After the theme has prepared its own values.
    app.connect("html-page-context", add_to_page, priority=900)
    app.connect("build-finished", write_sitemap)
    app.connect("build-finished", remove_old_pdf)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
