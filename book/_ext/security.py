"""Writes a content security policy into every page: scripts by file or by hash, of this site alone.

Style attributes are allowed, since drawings and notebooks carry them. ``wasm-unsafe-eval`` lets the
prover's Python run, and no text of a page can become a script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What the template holds in the place of the policy.
PLACE = "content-security-policy-of-this-page"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def policy(html: str) -> str:
    """The policy of a page: its inline scripts are allowed by their hashes."""
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(html)]
    hashes = sorted({f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests})
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' {' '.join(hashes)}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        html = path.read_text("utf-8")
        if PLACE in html:
            path.write_text(html.replace(PLACE, policy(html)), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    # The last step: the pages are as the reader gets them.
    app.connect("build-finished", write, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
