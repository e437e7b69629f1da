"""The verdict on a statement: proved, a definition, refuted by an example, or unreadable."""

from __future__ import annotations

from dataclasses import dataclass

from .latex import ReadingError, place
from .places import Setting


@dataclass(frozen=True)
class Counterexample:
    """Where the two sides differ: the first such entry of an ordinary random network."""

    entry: str
    left: float | None
    right: float | None
    left_shape: str
    right_shape: str
    network: str
    widths: tuple[int, ...]
    layer: int | None
    seed: int
    point: int


@dataclass(frozen=True)
class Verdict:
    """What texcheck found out about one statement.

    `status`: proved, definition, refuted or unreadable. `engine`: exact, numerical or empty.
    `log10_error` bounds the chance of having accepted a false statement; it is minus infinity
    where no chance is involved (lengths and shapes). `reason` says why a definition makes no
    claim, why the exact engine could not decide, or what could not be read and where.
    """

    status: str
    engine: str = ""
    network: str = ""
    points: int = 0
    entries: int = 0
    degree: int = 0
    log10_error: float = 0.0
    reason: str = ""
    counterexample: Counterexample | None = None
    diagnosis: str = ""


def example_at(
    setting: Setting,
    entry: str,
    left: float | None,
    right: float | None,
    left_shape: str,
    right_shape: str,
    point: int = 0,
) -> Counterexample:
    """The counterexample on the ordinary random networks of this setting."""
    return Counterexample(
        entry,
        left,
        right,
        left_shape,
        right_shape,
        setting.architecture.network,
        setting.architecture.widths,
        setting.layer or None,
        0,
        point,
    )


def unreadable(tex: str, fault: ReadingError, network: str) -> Verdict:
    """A verdict with the line, a caret under the place, and what was expected there."""
    line, column, text = place(tex, fault.position)
    caret = " " * column + "^"
    return Verdict(
        "unreadable",
        network=network,
        reason=f"line {line + 1}, column {column + 1}: {fault.message}\n{text}\n{caret}",
    )
