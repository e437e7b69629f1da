"""A mistake is one row: its code, what is said, where the book explains it, the numbers that it
gives, and an example of it. Everything else follows from the rows: the search, the tests, the page.

A row without `predicts` is found by other means than the numbers, as an exception is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

# Where the book explains it: by page the labels of equations, with their names and numbers on the
# site, which tests/site compares; and headings.
PLACES = {
    "regression/layers": {
        "eq:a01": "(layers 1)", "eq:a02": "(layers 2)", "eq:a03": "(layers 3)",
        "eq:a04": "(layers 4)", "eq:a05": "(layers 5)", "The five steps": "",
    },
    "regression/gradients": {
        "eq:c07-1": "(grad 1)", "eq:c18-1": "the recursion (grad 21)",
        "eq:c18-2": "the recursion (grad 21)", "eq:c19-1": "the gate (grad 20)",
        "eq:c20-1": "the gate (grad 20)", "eq:c26-1": "the recursion (grad 21)",
        "eq:answer-c": "answer to 1.2 c) (grad 23)",
    },
    "classification/sigmoid": {"eq:sigmoid-definition": "(sig 1)", "eq:e03": "(sig 2)"},
    "classification/cross_entropy": {
        "eq:f03": "(bce 1)", "eq:bce-logarithms": "(bce 2)", "eq:f04": "(bce 3)",
    },
}  # fmt: skip
PAGES = {place: page for page, places in PLACES.items() for place in places}
# Places in the reference solution where an example adds code.
FORWARD = '        W1, b1 = self.parameters["W1"], self.parameters["b1"]\n'
BACKWARD = '        x, s1, z1, s2 = (self.cache[name] for name in ("x", "s1", "z1", "s2"))\n'
END = "        # end of solution\n\n    def clear"  # of backward
INIT = "        self.clear_grad_and_cache()\n"  # the end of __init__
TOP = "import torch\n"

Changes = Sequence[tuple[str, str]]  # texts that stand once in the reference solution, and new ones


class Option(NamedTuple):
    """What is computed at a step of the passes instead of the right thing.

    {layer} in `value` stands for f or g; `also` are the codes of mistakes that come with it.
    """

    step: str
    run: Any
    value: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    `says` is what follows the quantities that show it, in which {value} is what was found out;
    `see` is a place in PLACES. Each may depend on the quantities: a dict, of which the first key
    counts that is part of every one of their names.
    """

    code: str
    says: str | Mapping[str, str]
    see: str | Mapping[str, str] = ""
    predicts: Sequence[Option] = ()
    example: Changes = ()


def options(steps: str | Sequence[str], predicted: Mapping[str, Any]) -> list[Option]:
    """An option at each of the steps for each value."""
    names = [steps] if isinstance(steps, str) else steps
    return [Option(step, run, value) for step in names for value, run in predicted.items()]


def fitting(choice: str | Mapping[str, str], what: Sequence[str]) -> str:
    """The text of a row that is meant for these quantities."""
    if isinstance(choice, str):
        return choice
    return next(text for key, text in choice.items() if all(key in one for one in what))


def before(place: str, code: str) -> tuple[str, str]:
    """The change that puts code, a line or more, before one of the places."""
    indent = place[: len(place) - len(place.lstrip())]
    return place, "".join(f"{indent}{line}\n" for line in code.split("\n")) + place


def each(old: str, new: str, *names: str) -> Changes:
    """The same change for several names, which stand for * in the texts."""
    return [(old.replace("*", name), new.replace("*", name)) for name in names]
