"""All tests and notebooks run in an environment that depends on no user."""

import runpy
from pathlib import Path

make_neutral = runpy.run_path(str(Path(__file__).with_name("book") / "_notebooks/environment.py"))[
    "make_neutral"
]
make_neutral()


def pytest_sessionstart(session):
    # Matplotlib's first import lists the fonts, and says so: not within a notebook's output.
    import matplotlib.font_manager  # noqa: F401
