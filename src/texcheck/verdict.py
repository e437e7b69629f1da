"""The verdict on a statement: one type for each thing that can be said about it.

`Proved` is built in `judge/decide.py` alone; a test holds that. Everything else may build the
others: none of them lets a statement into the book.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class Witness:
    """A network on which the two sides of a statement differ, in numbers.

    `widths`: of x, then of each layer. `layer`: the value of L, if the statement has one.
    `entry`: where the sides differ, such as "row 0, column 1" or "i = 2"; empty for a number. A
    side is `None` where it has no value. `network`: in words.
    """

    widths: tuple[int, ...]
    layer: int | None
    entry: str
    left: float | None
    right: float | None
    network: str


@dataclass(frozen=True)
class Proved:
    """Both sides are defined at the same points and equal there, in each of the `cases`.

    A case names what stands for all networks, such as "regression, every width".
    """

    cases: tuple[str, ...]
    status: ClassVar[str] = "proved"


@dataclass(frozen=True)
class Definition:
    """The statement gives a name and claims nothing; `reason` says which."""

    reason: str
    status: ClassVar[str] = "definition"


@dataclass(frozen=True)
class Refuted:
    """The statement is false: by a `witness`, or since it has no meaning at any width.

    `ill_sorted` says what does not fit. One of the two is there. `span`: the part of the TeX that
    does not fit, from and to. `diagnosis` says what would make the statement true.
    """

    witness: Witness | None = None
    ill_sorted: str = ""
    span: tuple[int, int] | None = None
    diagnosis: str = ""
    status: ClassVar[str] = "refuted"


@dataclass(frozen=True)
class Undecided:
    """The statement was read, but there is no rule for it; `reason` says for which part."""

    reason: str
    status: ClassVar[str] = "undecided"


@dataclass(frozen=True)
class Unreadable:
    """The text is not in the dialect: where, what was expected there, what to write instead.

    `span`: offsets in `tex`, from and to.
    """

    tex: str
    span: tuple[int, int]
    expected: str
    instead: str = ""
    status: ClassVar[str] = "unreadable"

    @property
    def message(self) -> str:
        """What was expected, and what to write instead."""
        return f"{self.expected}: {self.instead}" if self.instead else self.expected

    @property
    def place(self) -> tuple[int, int, str]:
        """Line and column of the span's beginning, from 0, and the text of that line."""
        line, column = place(self.tex, max(0, min(self.span[0], len(self.tex))))
        return line, column, self.tex.split("\n")[line]


Verdict: TypeAlias = Proved | Definition | Refuted | Undecided | Unreadable


def place(tex: str, at: int) -> tuple[int, int]:
    """Line and column of an offset in a text, from 0."""
    return tex.count("\n", 0, at), at - (tex.rfind("\n", 0, at) + 1)
