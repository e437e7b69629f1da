"""Zips the built site, to be read without the internet: `python book/_offline/make.py _build/html`.

The zip is written into the site and linked from each of its pages; its own copies have no link.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "_ext"))
from pages import OFFLINE_NAME, link_file


def main(site: Path) -> None:
    if not (site / "index.html").is_file():
        sys.exit(f"expected a built site in {site}, found none: run `make book` first")
    target = site / OFFLINE_NAME
    target.unlink(missing_ok=True)
    link_file(site, OFFLINE_NAME, "")
    files = sorted(path for path in site.rglob("*") if path.is_file() and path.name != ".buildinfo")
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, f"{target.stem}/{path.relative_to(site).as_posix()}")
    part.replace(target)
    link_file(site, OFFLINE_NAME, "The whole site as zip")
    print(f"{target}: {len(files)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
