"""The command line: `python -m texcheck prove FORMULA`, `read FORMULA`, `book`, `mutants`."""

import argparse
import gc
import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import report
from .check import NETWORKS, check
from .elaborate.definitions import DefinitionError, loss_of, network_of
from .indexed import indexed
from .networks.network import Network
from .reading import BOOK, CannotRead, Names, names_of

_NETWORKS = """\
networks:
  regression   ReLU, then the identity; the squared norm (the default)
  sigmoid-mse  two sigmoids; the squared norm
  sigmoid-bce  two sigmoids; the binary cross-entropy
  deep         any number of layers with any activations; any loss, or the squared norm alone
  any          two layers with any activations and any loss
  running      the regression with the numbers of the book's running network
  FILE         what its lines declare, each a formula: the layers, such as
               z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]} and a^{[l]} = g^{[l]}(z^{[l]}), and the loss,
               or J = \\ell for any loss

The exit status is 0 if every statement is proved (or only names something), 1 if one is refuted
or undecided, and 2 if one cannot be read."""
_EXIT = {"proved": 0, "definition": 0, "refuted": 1, "undecided": 1, "unreadable": 2}


def main(arguments: Sequence[str]) -> int:
    """Runs a command; returns the exit status, 2 for a command that is not understood."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that cannot show δ shows ?
    try:
        options = _parser().parse_args(arguments or ["--help"])
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, UnicodeError, Wrong, ModuleNotFoundError) as error:
        hint = "; install handgrad[pages]" if isinstance(error, ModuleNotFoundError) else ""
        print(f"texcheck: {error}{hint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


class Wrong(ValueError):
    """Input that no command can work with: what was expected, what was given."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m texcheck", description="Proves the equations of a book, or one of your own."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, says in (
        ("prove", "prove one formula, given as TeX"),
        ("read", "say how a formula is read: its entries, sums and shapes"),
    ):
        one = commands.add_parser(
            name, help=says, description=f"{says[0].upper()}{says[1:]}.", epilog=_NETWORKS,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        one.add_argument(
            "formula", nargs="?", default="-",
            help="TeX of a statement in quotes, such as 'x = x'; - (or none): standard input",
        )  # fmt: skip
        one.add_argument("--network", metavar="NETWORK", default="regression")
        one.set_defaults(command=_formulas, prove=name == "prove")
    book = commands.add_parser("book", help="prove every displayed equation of a book")
    book.add_argument("-v", "--verbose", action="store_true", help="list every statement")
    book.add_argument("--json", metavar="FILE", type=Path, help="write all statements to FILE")
    mutants = commands.add_parser("mutants", help="change every equation and see it refuted")
    for one, command in ((book, _book), (mutants, _mutants)):
        one.set_defaults(command=command)
        one.add_argument("path", nargs="?", default="book", help="a folder or a page (book)")
    return parser


def _formulas(options: argparse.Namespace) -> int:
    """Says how each formula is read, or what its verdict is."""
    network, names = _network(options.network)
    results = check(_formula(options.formula), network, names=names, diagnose=options.prove)
    for claim, verdict in results:
        tex = " ".join(claim.tex.split())
        if options.prove or verdict.status == "unreadable":
            print(f"{verdict.status}: {tex}", *report.text(verdict), sep="\n  ")
        else:
            print(tex, *indexed(claim, network, names), sep="\n  ")
    status = max(_EXIT[verdict.status] for _, verdict in results)
    return status if options.prove or status == 2 else 0


def _book(options: argparse.Namespace) -> int:
    from .book.prove import lines, prove, write

    book = prove(options.path)
    print(*lines(book, options.verbose), sep="\n")
    if options.json:
        write(options.json, book.to_json())
    return 1 if book.failures else 0


def _mutants(options: argparse.Namespace) -> int:
    from .book.mutants import MISSED, lines, measure

    results = measure(options.path)
    print(*lines(results), sep="\n")
    return 1 if any(status == MISSED for _, status in results) else 0


def _network(name: str) -> tuple[str | Network, Names]:
    """A network of the book by its name, or what a file declares, in its own notation."""
    if name in NETWORKS:
        return name, BOOK
    path = Path(name)
    if not path.is_file():
        known = ", ".join(NETWORKS)
        raise Wrong(f"expected a network out of {known}, or a file that declares one, got {name!r}")
    lines = [line.strip() for line in decoded(path.read_bytes()).splitlines()]
    formulas = [line for line in lines if line and not line.startswith(("%", "#"))]
    try:
        names, losses = names_of(formulas), {}
        unknown = [line for line in formulas if re.fullmatch(r"\w *= *\\ell", line)]
        formulas = [line for line in formulas if line not in unknown]
        depth = len(formulas) // 2  # two lines for each layer, and one for the loss at most
        for line in formulas:
            with suppress(DefinitionError):
                losses[line] = loss_of(line, line, names, depth)
        if len(losses) + len(unknown) > 1:
            raise Wrong(f"{name}: expected one loss, got {len(losses) + len(unknown)}")
        layers = [line for line in formulas if line not in losses]
        network = network_of(name, layers, list(losses) or [""], losses, names=names)
        for line in formulas:
            said = check(line, network, names=names, diagnose=False)
            if any(one.status != "proved" for _, one in said):
                raise Wrong(f"{name}: beside the other lines this means something else: {line}")
        return network, names
    except (CannotRead, DefinitionError) as error:
        raise Wrong(f"{name}: {error}") from error


def _formula(argument: str) -> str:
    """The formula that was given, or that stands on standard input."""
    if argument != "-":
        return argument
    if sys.stdin.isatty():
        raise Wrong("expected a formula, as an argument or on standard input")
    buffer = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if buffer is None else decoded(buffer.read())


def decoded(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, with or without a byte order mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\0" in data[:2]:
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le")
    return data.decode("utf-8-sig")


if __name__ == "__main__":
    gc.disable()  # a command is short, and to look for circles takes a tenth of its time,
    status = main(sys.argv[1:])
    gc.freeze()  # at its end too
    sys.exit(status)
