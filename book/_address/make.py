"""Writes the repository's address from _config.yml into every notebook: `make address`.

A notebook in Colab stands alone: it cannot read _config.yml, and has to know where the book is.
Nothing but the address is changed, and running it again changes nothing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# The line of the set-up cell, as it stands in the notebook's JSON.
LINE = re.compile(rb'(?<=REPOSITORY = \\")[^"\\]*(?=\\")')
# Colab opens GitHub's repositories only, and a shell reads the address: so no other characters.
GITHUB = re.compile(r"https://github\.com/[A-Za-z0-9-]+/[A-Za-z0-9._-]+(?<!\.git)")


def configured_address(config: Path) -> str:
    """Returns the address in ``config``, "" if there is none."""
    try:
        settings = yaml.safe_load(config.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{config}: expected YAML: {error}") from error
    address = (settings.get("repository") or {}).get("url") or ""
    if address and not GITHUB.fullmatch(str(address)):
        raise ValueError(
            f'{config}: expected `url` of `repository` to be "" or the address of a repository on'
            f" GitHub, such as https://github.com/someone/book, got {address!r}"
        )
    return str(address)


def with_address(notebook: Path, address: str) -> bytes:
    """Returns the content of ``notebook`` with ``address`` in its set-up cell."""
    content, lines = LINE.subn(lambda _: address.encode(), notebook.read_bytes())
    if lines != 1:
        raise ValueError(
            f'{notebook}: expected one line REPOSITORY = "..." in the set-up cell, got {lines}'
        )
    return content


def main(root: Path) -> None:
    """Writes the address into the notebooks of ``root``: all of them, or none if one is wrong."""
    address = configured_address(root / "_config.yml")
    notebooks = sorted((root / "book").glob("[!_.]*/*.ipynb"))
    contents = {notebook: with_address(notebook, address) for notebook in notebooks}
    changed = [path for path, content in contents.items() if path.read_bytes() != content]
    for path in changed:
        path.write_bytes(contents[path])
        print(path.relative_to(root))
    print(f"{len(changed)} of {len(contents)} notebooks changed. The address: {address or 'none'}")


if __name__ == "__main__":
    try:
        main(ROOT)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
