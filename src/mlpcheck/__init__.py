"""Checks a student's mlp.py against autograd and says where the mistake is."""

from pathlib import Path

__all__ = ["check_file"]
BOOK = ""  # the book's address; the build of its site writes it into the wheel there


def check_file(file: str | Path, book: str | None = BOOK) -> str:
    """The report on one mlp.py, as `python -m mlpcheck check` prints it; for notebooks.

    `book` is the URL where the book is published. FileNotFoundError if there is no such file.
    """
    # Not above: without PyTorch, `python -m mlpcheck` could not say what to install.
    from mlpcheck.check import check
    from mlpcheck.report import text
    from mlpcheck.run.sandbox import Limits, Server

    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a file such as mlp.py")
    with Server(Limits()) as server:
        return text(check(path.name, path, server), book)
