"""The Chromium that prints the site, tries it and measures it."""

from __future__ import annotations

import os
import shutil

# Not --disable-features: the last one counts, and Playwright has its own.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """The path in the variable CHROMIUM, or the one on the PATH. Raises FileNotFoundError."""
    named = os.environ.get("CHROMIUM")
    for name in [named] if named else ["chromium", "chrome", "google-chrome"]:
        if found := shutil.which(name):
            return found
    given = f"; given CHROMIUM={named}" if named else ""
    raise FileNotFoundError(f"expected Chromium: install it, or set CHROMIUM to its path{given}")
