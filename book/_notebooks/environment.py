"""Frees notebooks from what a user's environment sets, so that they print the same everywhere."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def make_neutral() -> None:
    """Sets this process up so that the notebooks that it starts find the book's settings alone.

    Settings of a user (``matplotlibrc``, ``MPLBACKEND``, IPython's and Jupyter's) change outputs,
    and a home that is not writable brings warnings. They lie beside the packages instead.
    """
    home = Path(sys.prefix, "var", "notebooks")
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        folder = home / name.lower()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    for name in ("MPLBACKEND", "MATPLOTLIBRC"):
        os.environ.pop(name, None)
    # A shell lets its background jobs ignore Ctrl-C, and what they start would ignore it as well.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
