"""Evaluates every statement of the book on 1,000 ordinary random networks; none may be refuted.

Run `python benchmarks/texcheck_networks.py [BOOK]`. Prints how many statements and networks were
taken and how long that and the proof of the whole book last; exit 1 if a statement is refuted.
"""

from __future__ import annotations

import sys
import time

from texcheck import check
from texcheck.numerical import compare_numerically
from texcheck.places import settings
from texcheck.reader import read
from texcheck.syntax import Equation
from texcheck.tasks import tasks

NETWORKS = 1000
BATCH = 100


def main(book: str) -> int:
    """0 if every equation holds on all networks of all sizes."""
    start = time.process_time()
    items = [item for item in read(book) if item.expect == "true"]
    for item in items:
        check(item.tex, item.network, subject=item.subject, kind=item.kind)
    print(f"proof of the whole book: {time.process_time() - start:.1f} s")

    start = time.process_time()
    equations = {
        (task.statement, task.network): task
        for item in items
        for task in tasks(item.tex, item.network, item.subject, item.kind)
        if isinstance(task.statement, Equation)
    }
    refuted = 0
    for (equation, network), task in equations.items():
        for setting in settings(equation, network):
            outcomes = [
                compare_numerically(equation, setting, task.tex, BATCH, seed)
                for seed in range(2, 2 + NETWORKS // BATCH)
            ]
            if any(outcome.difference for outcome in outcomes):
                refuted += 1
                print(f"refuted: {task.claim.tex} at {setting}")
                break
    print(
        f"{len(equations)} different equations, each on {NETWORKS} random networks of each of its "
        f"sizes and layers: {refuted} refuted, {time.process_time() - start:.0f} s"
    )
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["book"]))
