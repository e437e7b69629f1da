"""Judges a quantity: its cases, what is right, what the student's code gave, and the words for it.

y_hat, the four gradients, and the value and the gradient of each loss are quantities.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlpcheck.judge.findings import Verdict, pattern, wrong_shape
from mlpcheck.mistakes import Explained, Found
from mlpcheck.run.records import numbers
from mlpcheck.search import Sizes, Tolerance, squeezed
from mlpcheck.truth.cases import Array

# The lines that show a value in a case, with the steps that lead there or without.
Example = Callable[[str, Array, bool], Sequence[str]]


def unlike(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether a call gave other numbers than the same call before."""
    for a, b in zip(map(numbers, one), map(numbers, other), strict=False):
        if not (isinstance(a, str) or isinstance(b, str) or np.array_equal(a, b, equal_nan=True)):
            return True
    return False


@dataclass
class Quantity:
    """One quantity in all its cases.

    name: in LENGTHS, a gradient, or "loss"; what: as the report calls it; stored: as the student's
    code does; truth and sizes by case; hand: the cases with numbers for pencil and paper, which
    are shown rather than others.
    """

    name: str
    what: str
    truth: Mapping[str, Array]
    sizes: Mapping[str, Sizes]
    tolerance: Tolerance
    example: Example
    hand: frozenset[str] = frozenset()
    stored: str = ""
    plain_number: bool = False  # whether a number is as good as a tensor
    results: dict[str, Array | None] = field(default_factory=dict)  # None for an error
    held: set[str] = field(default_factory=set)  # right, but perhaps for axes of length 1

    def take(self, case: str, encoded: Any, verdict: Verdict, missing: str = "") -> None:
        """Keep what was returned, or add a finding about its type.

        `missing` is what is said where None was found: nothing of it was stored or returned.
        """
        array, what = numbers(encoded), self.stored or self.what
        if isinstance(array, str):
            if array.endswith("None") and self.stored:
                verdict.add("missing-key", (what,), missing)
            else:
                verdict.add("wrong-type", (what,), array + (missing if "None" in array else ""))
        elif "tensor" not in encoded and not self.plain_number:
            verdict.add("wrong-type", (what,), "expected a torch.Tensor, given a number")
        elif not str(encoded.get("dtype", "float")).startswith(("float", "bfloat")):
            verdict.add("wrong-dtype", (what,), f"is {encoded['dtype']}")
        else:
            self.results[case] = array
            if self.tolerance.close(array, self.truth[case]):
                self.held.add(case)

    @property
    def values(self) -> dict[str, Array]:
        """What was returned, by case; not the errors."""
        return {case: value for case, value in self.results.items() if value is not None}

    def shaped(self, case: str) -> bool:
        """Whether the result is right in its shape, too."""
        value = self.results[case] if case in self.held else None
        return value is not None and value.shape == self.truth[case].shape

    @property
    def right(self) -> set[str]:
        return self.held & self.results.keys()

    @property
    def wrong(self) -> dict[str, Array]:
        """The wrong values by case; not the errors."""
        return {case: value for case, value in self.values.items() if case not in self.held}

    @property
    def ordered(self) -> dict[str, Array | None]:
        """The results, those first that most hypotheses fail on: wrong, and of all lengths unlike.

        Errors come last: a hypothesis need not raise there. Cases of one size follow each other, so
        that every pair of activations comes early.
        """

        def rank(case: str) -> tuple[bool, bool, bool, str]:
            size, raised = case.split("-", 2)[-1], self.results[case] is None
            return raised, case in self.held, size != "10-342", size

        return {case: self.results[case] for case in sorted(self.results, key=rank)}

    def pattern(
        self, integers: Sequence[int], works: Collection[str] | None = None
    ) -> Found | None:
        """For which sizes alone it is right, or the calls of which `works` are the good ones."""
        outcomes = {
            case: (self.sizes[case], case in (self.held if works is None else works))
            for case in self.results
            if works is not None or self.truth[case].any()  # a zero may be right by chance
        }
        return pattern(outcomes, integers)

    def _wrong_shape(self, case: str, verdict: Verdict) -> None:
        found, wanted = self.values[case].shape, self.truth[case].shape
        wrong_shape(verdict, self.stored or self.what, self.name, found, wanted)

    def shapes(self, verdict: Verdict) -> None:
        """Add a finding on values that are right but for axes of length 1 too many or too few."""
        odd = [case for case, value in self.values.items()
               if value.shape != self.truth[case].shape
               and squeezed(value) == squeezed(self.truth[case])]  # fmt: skip
        if odd and self.truth[odd[0]].ndim:
            self._wrong_shape(max(odd, key=lambda case: self.truth[case].size), verdict)

    def shown(self, cases: Iterable[str], steps: bool = False) -> tuple[str, ...]:
        """An example by numbers: the smallest of the cases, of those by hand if there is one."""
        values, wanted = self.values, set(cases)
        given = [case for case, value in values.items() if case in wanted and value.size]
        if not given:
            return ()
        case = min(given, key=lambda c: (c not in self.hand, self.truth[c].size))
        return tuple(self.example(case, values[case], steps))

    def explained(self, mistakes: Explained, verdict: Verdict) -> None:
        """Add the mistakes that were found, with an example by numbers."""
        for mistake in mistakes:
            verdict.add(mistake.code, (self.what,), mistake.value, *self.shown(self.wrong))

    def differs(self, verdict: Verdict, when: str = "", more: str = "") -> None:
        """Add that no mistake explains it: a wrong shape, no numbers, or the first difference."""
        wrong = self.wrong
        infinite = [c for c, v in wrong.items() if not np.isfinite(v).all()]
        odd = [c for c, v in wrong.items() if squeezed(v) != squeezed(self.truth[c])]
        if odd and 2 * len(odd) > len(wrong) and self.truth[odd[0]].ndim:
            self._wrong_shape(min(odd, key=lambda c: self.truth[c].size), verdict)
        elif infinite:
            text = f"has elements that are NaN or infinite{when}"
            verdict.add("not-finite", (self.what,), text, *self.shown(infinite, True))
        else:
            text = f"is wrong, and no known mistake explains it{when}.{more}"
            verdict.add("differs", (self.what,), text, *self.shown(wrong, True))
