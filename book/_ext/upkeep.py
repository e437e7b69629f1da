"""Keeps a site that is built again whole: no page has old contents, and none stays that is gone.

Sphinx writes the pages that it has read again. But every page shows the titles of all others, in
the table of contents and in its links: when one page changes, all are written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def note_reading(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    app.some_page_is_read = bool(docnames)  # type: ignore[attr-defined]


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    return sorted(env.found_docs) if app.some_page_is_read else ()  # type: ignore[attr-defined]


def remove_dead_pages(app: Sphinx, exception: Exception | None) -> None:
    """Removes the pages and sources that an earlier build left, and the folders so emptied."""
    if exception or app.builder.name != "html":
        return
    site, names = Path(app.outdir), app.env.found_docs
    alive = {site / f"{name}.html" for name in (*names, *app.config.html_additional_pages)}
    alive |= {site / "_sources" / app.env.doc2path(name, base=False) for name in names}
    for path in sorted(site.rglob("*"), reverse=True):
        folder = path.relative_to(site).parts[0]
        if folder.startswith("_") and folder != "_sources":
            continue
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif (
            path.is_file()
            and path not in alive
            and (folder == "_sources" or path.suffix == ".html")
        ):
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", note_reading)
    app.connect("env-updated", pages_to_write)
    app.connect("build-finished", remove_dead_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
