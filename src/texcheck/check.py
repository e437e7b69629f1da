"""A display in, verdicts out."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import attrgetter
from typing import TypeAlias

from . import reading
from . import syntax as t
from .algebra.budget import TEXT, at_most
from .elaborate.definitions import network_named
from .judge.decide import decide
from .judge.premises import under_premises
from .judge.scope import Scope
from .networks.network import Network
from .reading import BOOK, CannotRead, Names
from .verdict import Refuted, Unreadable, Verdict, place
from .writing import lettering, symbol

NETWORKS: tuple[str, ...] = ("regression", "sigmoid-mse", "sigmoid-bce", "any", "deep", "running")


@dataclass(frozen=True)
class Claim:
    """One statement of a text: its TeX, where it begins (line and column from 0), its tree."""

    tex: str
    line: int
    column: int
    statement: t.Statement | None = field(default=None, compare=False, repr=False)


Checked: TypeAlias = list[tuple[Claim, Verdict]]
Located: TypeAlias = list[tuple[str, t.Statement]]


def check(
    tex: str,
    network: str | Network = "regression",
    *,
    subject: str | None = None,
    kind: str = "value",
    diagnose: bool = True,
    names: Names = BOOK,
) -> Checked:
    """Each claim of a text, with its verdict.

    `subject` and `kind` ("value" or "shape"): of a table cell, what it is about. A text that cannot
    be read is one claim. Raises ValueError for an unknown network.
    """
    about = network_named(network) if isinstance(network, str) else network
    try:
        said = _located(tex, subject, kind, names)
    except CannotRead as error:
        instead = _lines_run_on(tex, names) or error.instead
        unread = Unreadable(tex, (error.start, error.end), error.expected, instead)
        return [(Claim(tex.strip(), *unread.place[:2]), unread)]
    with at_most(TEXT), lettering(names.letters):
        found = [(one, decide(one, about, tex=tex)) for _, one in said]
        claims = [Claim(own, *place(tex, one.at or one.start), one) for own, one in said]
    decided = list(zip(claims, under_premises(found, about), strict=True))
    return explained(tex, decided, about, names) if diagnose else decided


def explained(tex: str, found: Checked, network: str | Network, names: Names = BOOK) -> Checked:
    """The verdicts on a text with their causes: what would be true, what to write instead."""
    with at_most(TEXT), lettering(names.letters):
        return [(claim, _cause(claim, one, tex, network, names)) for claim, one in found]


def statements(tex: str, subject: str | None = None, kind: str = "value") -> list[t.Statement]:
    """The statements that `check` decides, in the book's letters. Raises CannotRead."""
    return [statement for _, statement in _located(tex, subject, kind, BOOK)]


def _cause(claim: Claim, said: Verdict, tex: str, on: str | Network, names: Names) -> Verdict:
    from .judge.diagnose import advise, diagnose  # to prove needs none of it

    scope = Scope(claim.statement, tex, names) if claim.statement is not None else None
    if scope and isinstance(said, Unreadable):
        return advise(scope, on, said)
    if scope and isinstance(said, Refuted):
        own = tex[scope.statement.start : scope.statement.end]
        run_on = _lines_run_on(tex, names) if "\n" in own else ""
        return replace(said, diagnosis=run_on) if run_on else diagnose(scope, on, said)
    return said


def _lines_run_on(tex: str, names: Names) -> str:
    """What to write where the text has more statements if each of its lines is one for TeX too."""
    lines = [line for line in tex.splitlines() if line.strip()]
    if len(lines) > 1 and "\\\\" not in tex:
        with suppress(CannotRead):
            apart = reading.read(" \\\\ ".join(lines), names)
            with suppress(CannotRead):
                if reading.read(tex, names) == apart:
                    return ""
            return r"a new line is no more than a space to TeX: write \\ at its end"
    return ""


def _located(tex: str, subject: str | None, kind: str, names: Names) -> Located:
    """The statements of a text, each with its own TeX."""
    if subject is not None:
        return _cell(tex, subject, kind, names)
    return [(_said(one, tex), one) for one in reading.read(tex, names)]


def _said(statement: t.Statement, tex: str) -> str:
    """The TeX of one statement, also where a chain of several lines shares its sides."""
    if isinstance(statement, t.Equation | t.Comparison):
        left, right = (tex[one.start : one.end] for one in (statement.left, statement.right))
        return f"{left} {symbol(getattr(statement, 'relation', '='))} {right}"
    return tex[statement.start : statement.end].replace("&", "").strip()


# -- cells of tables


def _cell(tex: str, subject: str, kind: str, names: Names) -> Located:
    """The statements of a cell about a subject."""
    about = reading.expression(subject, names)
    if kind == "shape":
        rows, columns = reading.shape(tex, names)
        claim = t.ShapeClaim(about, rows, columns, start=rows.start, end=columns.end)
        return [(f"{subject} : {tex.strip()}", claim)]
    chain = reading.cell(tex, names)
    first = chain[0]
    found: list[tuple[str, t.Statement]] = []
    if len(chain) == 1 or not _same_quantity(first, about):
        like = _component_like(about, first)
        equal = t.Equation(like, first, start=first.start, end=first.end, at=first.start)
        found.append((f"{subject} = {tex[first.start : first.end]}", equal))
    for left, right in pairwise(chain):
        equal = t.Equation(left, right, start=left.start, end=right.end, at=right.start)
        found.append((_said(equal, tex), equal))
    resolved = reading.with_sums_bound([one for _, one in found])
    return [(said, one) for (said, _), one in zip(found, resolved, strict=True)]


def _same_quantity(first: t.Expr, about: t.Expr) -> bool:
    """Whether a cell begins with its subject, or with its components under letters."""
    if isinstance(first, t.Name) and isinstance(about, t.Name):
        letters = {index.letter for index in first.indices if isinstance(index, t.Index)}
        components = not about.indices and len(letters) == len(first.indices)
        same = (first.base, first.layer) == (about.base, about.layer)
        return same and (components or first.indices == about.indices)
    if isinstance(first, t.Derivative | t.Gradient) and type(first) is type(about):
        free = [index.letter for index in t.free_indices(first)]
        each = len({*free}) == len(free)  # and not the diagonal of a Jacobian alone
        return each and all(map(_same_quantity, first.parts, about.parts))
    return first == about


def _component_like(about: t.Expr, first: t.Expr) -> t.Expr:
    """The subject in components where the cell is in components."""
    free = sorted(t.free_indices(first), key=attrgetter("start"))
    letters = list(dict.fromkeys(index.letter for index in free))
    match about, first:
        case t.Listing(wholes), t.Listing(items) if len(wholes) == len(items):
            return replace(about, items=tuple(map(_component_like, wholes, items)))
        case t.Name(base, indices=()), _ if base != "ell" and len(letters) == 1 + (base == "W"):
            if len(letters) == 2 and letters != ["i", "j"] and not isinstance(first, t.Name):
                raise CannotRead("expected i, then j, or W_{kj} = in front", first.start, first.end)
            return replace(about, indices=tuple(map(t.Index, letters)))
    return about
