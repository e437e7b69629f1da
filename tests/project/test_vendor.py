"""Code of others that lies in the book is what its record says."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "book" / "_static" / "vendor"


def test_minisearch_is_the_file_of_the_recorded_version():
    record = (VENDOR / "minisearch-LICENSE.txt").read_text("utf-8")
    assert re.match(r"MiniSearch \d+\.\d+\.\d+: dist/umd/index\.js of the npm package", record)
    [digest] = re.findall(r"SHA-256 ([0-9a-f]{64})", record)
    assert hashlib.sha256((VENDOR / "minisearch.js").read_bytes()).hexdigest() == digest
