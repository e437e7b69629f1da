"""A display in, verdicts out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from . import reading
from . import syntax as t
from .elaborate.definitions import declared, network_named
from .judge.decide import decide
from .networks.network import Network
from .reading import BOOK, CannotRead, Names
from .verdict import Refuted, Unreadable, Verdict

MOST_CHARACTERS = 10_000


@dataclass(frozen=True)
class Claim:
    """One statement of a text: its TeX, where it begins (line and column from 0), its tree."""

    tex: str
    line: int
    column: int
    statement: t.Statement | None = field(default=None, compare=False, repr=False)
