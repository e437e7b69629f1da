"""Proves every equation while the book is built, marks it on its page, lists it in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import marks, page, proofs

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("proof-totals", page.ProofTotals)
    app.add_directive("proof-trusted", page.ProofTrusted)
    app.add_directive("proof-networks", page.ProofNetworks)
    app.add_directive("proof-ledger", page.ProofLedger)
    app.connect("builder-inited", proofs.prove_book)
    app.connect("env-get-outdated", proofs.outdated)
    app.connect("doctree-resolved", marks.mark_page)
    app.connect("build-finished", proofs.fail_if_wrong)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
