"""The command line: `python -m texcheck book`, `… prove FORMULA`, `… mutants`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .judge import check
from .network import NETWORKS
from .tasks import Claim
from .verdict import Verdict

_USAGE = f"""\
python -m texcheck book [--json FILE] [FOLDER]      prove every displayed equation of a book
python -m texcheck prove FORMULA --network NETWORK  prove one formula, or - for standard input
python -m texcheck mutants [--short] [FOLDER]       change every equation and see it refuted

NETWORK is one of {", ".join(NETWORKS)}; FOLDER is book where it is not named."""
_NETWORKS = """\
networks:
  regression   ReLU, then the identity; the squared norm (the default)
  sigmoid-mse  two sigmoids; the squared norm
  sigmoid-bce  two sigmoids; the binary cross-entropy
  deep         five layers with mixed activations, for formulas with a layer L
  any          the first three of these; with a layer L, all four

The exit status is 0 if the formula is proved (or only renames something), 1 if it is refuted, and
2 if it cannot be read."""
_EXIT = {"proved": 0, "definition": 0, "refuted": 1, "unreadable": 2}


def report(claim: Claim, verdict: Verdict) -> str:
    """A verdict in plain text, with the counterexample and the diagnosis of a refutation."""
    lines = [f"{verdict.status}: {' '.join(claim.tex.split())}"]
    if verdict.status == "proved":
        lines.append(f"  {how_proved(verdict)}")
    found = verdict.counterexample
    if found is not None:
        place = f" at {found.entry}" if found.entry else ""
        if found.left is not None and found.right is not None:
            lines.append(f"  they differ{place}: left {found.left:.6g}, right {found.right:.6g}")
        lines.append(f"  shapes: left {found.left_shape}, right {found.right_shape}")
        if found.widths:
            widths = ", ".join(str(width) for width in found.widths)
            layer = f", L = {found.layer}" if found.layer is not None else ""
            lines.append(f"  network {found.network}, widths {widths}{layer}")
    if verdict.diagnosis:
        lines.append(f"  {verdict.diagnosis}")
    if verdict.reason:
        lines += [f"  {line}" for line in verdict.reason.split("\n")]
    return "\n".join(lines)


def how_proved(verdict: Verdict) -> str:
    """Engine, points, entries and error bound in one line."""
    compared = f"{verdict.entries} entr{'y' if verdict.entries == 1 else 'ies'}"
    if verdict.engine == "numerical":
        return f"numerical: {compared} at {verdict.points} points, which is evidence and no proof"
    if not verdict.points:
        return f"exact: {compared} compared, no chance involved"
    return (
        f"exact: {compared} at {verdict.points} points, degree at most {verdict.degree}, "
        f"chance of error below 10^{verdict.log10_error:.0f}"
    )


def prove(arguments: Sequence[str]) -> int:
    """Proves one formula; 0 if it is proved, 1 if refuted, 2 if it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m texcheck prove",
        description="Proves one formula, given as TeX.",
        epilog=_NETWORKS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "formula",
        nargs="?",
        default="-",
        help="TeX of a statement in quotes, such as 'x = x'; - (or none): standard input",
    )
    parser.add_argument("--network", metavar="NETWORK", choices=NETWORKS, default="regression")
    options = parser.parse_args(arguments)
    formula = options.formula
    if formula == "-":
        if sys.stdin.isatty():
            parser.error("expected a formula, as an argument or on standard input")
        formula = sys.stdin.read()
    results = check(formula, options.network)
    print("\n".join(report(claim, verdict) for claim, verdict in results))
    return max(_EXIT[verdict.status] for _, verdict in results)


def main(arguments: Sequence[str]) -> int:
    """Runs the subcommand."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    command, *rest = arguments
    if command == "prove":
        return prove(rest)
    if command not in ("book", "mutants"):
        print(f"expected book, prove or mutants, got {command!r}\n\n{_USAGE}", file=sys.stderr)
        return 2
    if command == "mutants":
        from .mutants import main as mutants

        return mutants(rest)
    from .book import main as book

    return book(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
