"""Judges a quantity: its cases, what is right, what the student's code gave, and the words for it.

y_hat, the four gradients, and the value and the gradient of each loss are quantities.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from mlpcheck import search
from mlpcheck.judge.findings import CALLS, LENGTHS, PLACES, UNTRIED, Verdict, gathered, show
from mlpcheck.mistakes import Explained, Found
from mlpcheck.run.records import Run, numbers
from mlpcheck.search import Hypothesis, Tolerance
from mlpcheck.truth.cases import HAND, Array
from mlpcheck.truth.passes import predicted


@dataclass
class Judge:
    """What the judges of the losses and of MLP share: the cases of a run, and its verdict."""

    run: Run
    verdict: Verdict
    tolerance: Tolerance
    cases: search.Cases
    nearer: Sequence[Tolerance] = ()  # tolerances that are tried before
    first = ""  # what is said of the first difference, if others may follow from it
    infinite = ""  # the code of a mistake that gives NaN or infinity in the hard cases alone

    def example(self, name: str, case: str, value: Array, steps: bool) -> Sequence[str]:
        """The lines that show a value in a case, with the steps that lead there or without."""
        raise NotImplementedError

    def alone(self, found: set[str], judged: set[str]) -> str:
        """For which of the judged cases alone this happens, if a single property tells."""
        return ""

    def hard(self, quantity: "Quantity") -> set[str]:
        """The cases in which it may be wrong for a reason of their own."""
        return {case for case in quantity.results if self.cases[case].saturated}

    def named(self, mistake: Found) -> Found:
        """The mistake as it is called in this submission."""
        return mistake

    def random(self, call: str, among: Iterable[str]) -> bool:
        """Whether a second call with the same input returned something else in one of the cases."""
        returned = self.run.returned
        given = [(returned.get((case, call, 0)), returned.get((case, call, 1))) for case in among]
        return any(str(first) != str(second) for first, second in given if second)  # NaN is not NaN

    def raised(self, call: str, among: Iterable[str]) -> set[str]:
        """The cases in which the call raised an exception; what else ended it, or kept it away."""
        wanted, raised = {*among}, self.run.raised
        problems = {c: raised[c, call, 0].code for c in wanted if (c, call, 0) in raised}
        tried = {c for c in wanted if self.run.calls[c, call]} | problems.keys()
        self.raised_when(call, [c for c in problems if problems[c] != "exception"], tried)
        for name in PLACES[CALLS[call]][1] if tried and tried < wanted else ():
            self.verdict.groups[name].note = UNTRIED
        return {case for case, code in problems.items() if code == "exception"}

    def raised_when(self, call: str, raised: Collection[str], judged: set[str]) -> None:
        """One finding for each kind of error that the call raises, saying when.

        The same error in other sizes has other numbers in its text: the most frequent text stands
        for all that come from the same line.
        """
        problems = {c: self.run.raised[c, call, 0] for c in self.cases if c in raised}
        count = Counter(problems.values())
        lines = gathered(
            (p.code + p.value.split(":")[0] + p.value.rsplit("(line", 1)[-1], case)
            for case, p in problems.items()
        )
        for found in lines.values():
            text = max((problems[case] for case in found), key=lambda p: (count[p], p.value, p))
            when = self.alone({*found}, judged) or f", in {len(found)} of {len(judged)} cases"
            self.verdict.problem(text, call, when if len(found) < len(judged) else "")

    def explain(self, call: str, *quantities: "Quantity") -> None:
        """Findings on what a call gave: by known mistakes, by sizes, errors, or as it differs."""
        given, results = {q.name: q for q in quantities if q.values}, quantities[0].results
        raised = {case for case, value in results.items() if value is None}
        possible = {name: found for name, q in given.items() if (found := q.hypotheses())}
        explained, rest = search.choose(possible, raised)
        returned = results.keys() - raised
        right = returned.intersection(*(q.held for q in given.values()))
        sizes = rest and not any(one.mistakes for one in explained.values())
        size = quantities[0].pattern(right) or quantities[0].pattern(returned)
        if sizes and size and "batch" in size.value:  # what is about K is said with its error
            self.verdict.add(size.code, (CALLS[call],), size.value)
            return
        self.raised_when(call, rest, {*results})
        for name, one in explained.items():
            shown = given[name].shown(one).items()
            for mistake in one.mistakes:
                cases = [case for case, mistakes in shown if mistake in mistakes]
                given[name].add(self.named(mistake), cases)
        # Where most calls raise an error, what the others return is by chance.
        blocked, first = "error" if rest and 2 * len(raised) > len(results) else "", self.first
        for name, quantity in given.items():
            if name in explained:
                quantity.explained_but(explained[name].mistakes)
            elif quantity.wrong and (size := quantity.pattern()):
                quantity.add(size, quantity.wrong)
            elif blocked:
                note = f"wrong as well; to be looked at again once the {blocked} is gone"
                self.verdict.groups[quantity.group].note = note
            elif quantity.wrong:
                quantity.differs(first)
                blocked = "difference" if self.first else ""
            first = "" if quantity.wrong else first


@dataclass
class Quantity:
    """One quantity in all its cases.

    name: "y_hat", a gradient, or as "mse_loss loss"; group: of the rubric; what: as the report
    calls it; stored: as the student's code does; special: what explains it beside the registry.
    """

    judge: Judge
    name: str
    group: str
    what: str
    stored: str = ""
    special: Callable[["Quantity"], Iterable[Found]] = lambda _: ()
    results: dict[str, Array | None] = field(default_factory=dict)  # None for an error
    held: set[str] = field(default_factory=set)  # right, but perhaps for axes of length 1
    left: list[str] = field(default_factory=list)  # hard cases that the mistakes do not explain

    def __post_init__(self) -> None:
        self.truth = {case: one.truth[self.name] for case, one in self.judge.cases.items()}
        self.lenient = self.name.endswith(" loss")  # as a number or as a tensor of any shape

    def take(self, case: str, encoded: Any, missing: str = "") -> Array | None:
        """Keep what was returned, or add a finding about its type, and return None.

        `missing` is what is said where None was found: nothing of it was stored or returned.
        """
        array, what, add = numbers(encoded), (self.stored or self.what,), self.judge.verdict.add
        if isinstance(array, str):
            none = array.endswith("None")
            code, text = ("missing-key", "") if none and self.stored else ("wrong-type", array)
            add(code, what, text + missing * none)
        elif "tensor" not in encoded and not self.lenient:
            add("wrong-type", what, "expected a torch.Tensor, given a number")
        elif not str(encoded.get("dtype", "float")).startswith(("float", "bfloat")):
            add("wrong-type", what, f"is {encoded['dtype']}")
        else:
            self.results[case] = array
            if self.judge.tolerance.close(array, self.truth[case]):
                self.held.add(case)
            return array
        return None

    @property
    def values(self) -> dict[str, Array]:
        """What was returned, by case; not the errors."""
        return {case: value for case, value in self.results.items() if value is not None}

    def count(self, *calls: str, spoiled: bool = False) -> None:
        """Count the cases in which it is right, and none of the calls used autograd."""
        notes = self.judge.run.notes
        used = {case for case, call, n in notes if n.code == "autograd" and call in calls}
        fine = {case for case, value in self.values.items() if case in self.held - used
                and (self.lenient or value.shape == self.truth[case].shape)}  # fmt: skip
        for case, one in self.judge.cases.items():
            group = "bce_loss at 0 and 1" if one.saturated else self.group
            self.judge.verdict.groups[group].count(case in fine and not spoiled)

    @property
    def wrong(self) -> dict[str, Array]:
        """The wrong values by case; not the errors."""
        return {case: value for case, value in self.values.items() if case not in self.held}

    def hypotheses(self) -> list[Hypothesis]:
        """What explains it in every case, in all but the hard ones, or is special to this run."""
        if self.held == self.results.keys():
            return search.known(self.name)[:1]

        # Those first that most hypotheses fail on: the wrong ones. Errors come last: a hypothesis
        # need not raise there.
        order = sorted(self.results, key=lambda c: (self.results[c] is None, c in self.held))
        hard = self.judge.hard(self)
        tolerances = (*self.judge.nearer, self.judge.tolerance)
        for left, near in product((set[str](), hard) if hard else (hard,), tolerances):
            results = {case: self.results[case] for case in order if case not in left}
            if found := [*search.explanations(self.name, results, self.judge.cases, near)]:
                self.left = [case for case in self.wrong if case in left]
                return found
        special = self.special(self) if len(self.values) == len(self.results) else ()
        return [Hypothesis(frozenset((m,)), (m,), (m,)) for m in special]

    def pattern(self, good: Collection[str] | None = None) -> Found | None:
        """For which sizes alone it is right, or for which its calls are among the good ones."""
        cases = {c: self.judge.cases[c].sizes for c in self.results
                 if good is not None or self.truth[c].any()}  # fmt: skip # a zero is by chance
        good = self.held if good is None else good
        for of, what, one in (("N", "a batch of", "one-point-only"),
                              ("K", "an output of length", "one-output-only")):  # fmt: skip
            works, fails = ({getattr(n, of) for c, n in cases.items() if (c in good) == r}
                            for r in (True, False))  # fmt: skip
            if works and fails and not works & fails:
                named = [n for n in self.judge.run.integers if max(works) <= n < min(fails)]
                if len(works) > 1 and named:  # and no larger one does
                    return Found("size-hardcoded", f"{what} at most {named[0]}")
                if len(works) == 1 < len(fails):
                    code = one if works == {1} else "size-hardcoded"
                    return Found(code, f"{what} {max(works)}")
        return None

    def wrong_shape(self, odd: Collection[str]) -> None:
        """Add a finding on the shape of the values in these cases, if any, shown by the largest."""
        for case in sorted(odd, key=lambda c: -self.truth[c].size)[:1]:
            lengths, found = LENGTHS[self.name.removeprefix("dJd")], self.values[case].shape
            shown = f"expected the shape {lengths} = {self.truth[case].shape}, given {found}"
            self.judge.verdict.add("wrong-shape", (self.stored or self.what,), shown)

    def shown(self, one: Hypothesis) -> dict[str, set[Found]]:
        """By wrong case the mistakes that its value shows: without each it would be another.

        Cases that show few of them come first.
        """
        mistakes = {*one.mistakes}
        found = dict.fromkeys(self.wrong, mistakes)
        fewer = [other for other in search.known(self.name) if mistakes.issuperset(other.mistakes)]

        def gives(other: Hypothesis, case: str, value: Array) -> bool:
            predict = partial(predicted, self.name, self.judge.cases[case], *other.chosen)
            return search.ratio(predict, value, self.judge.tolerance) in search.EQUAL

        for case in found.keys() - {*self.left} if len(mistakes) > 1 else ():
            without = predicted(self.name, self.judge.cases[case], *one.chosen)  # the factors
            same = [{*other.mistakes} for other in fewer if gives(other, case, without)]
            factors = set() if gives(one, case, self.wrong[case]) else mistakes.difference(*same)
            found[case] = set.intersection(*same) | factors
        return dict(sorted(found.items(), key=lambda item: len(item[1])))

    def add(self, found: Found, cases: Collection[str]) -> None:
        """Add a finding, shown by the cases; with all steps if no mistake explains it."""
        wrong, steps = self.wrong, found.code in ("differs", "not-finite")
        example = self.example(cases or wrong, steps)
        finding = self.judge.verdict.add(found.code, (self.what,), found.value, *example)
        finding.shares[self.group] = len(cases) / (len(wrong) or 1)

    def example(self, cases: Collection[str], steps: bool) -> Sequence[str]:
        """One of the cases by numbers, with or without the steps that lead there.

        It is one whose printed numbers differ, for pencil and paper if it can be, and the smallest.
        """
        given = {c: self.values[c] for c in cases if self.values[c].size}
        case = min(given, default="", key=lambda c: (
            show(given[c]) == show(self.truth[c]), not c.endswith(tuple(HAND)), self.truth[c].size,
        ))  # fmt: skip
        return self.judge.example(self.name, case, given[case], steps) if case else ()

    def explained_but(self, mistakes: Explained) -> None:
        """Add what is wrong in shape, or in hard cases, and not explained by these mistakes."""
        told = {"transposed", "output-transposed", "bias-not-summed", "bias-wrong-axis",
                "loss-gradient-summed"}  # fmt: skip
        odd = [c for c, v in self.values.items() if v.shape != self.truth[c].shape
               and v.squeeze().shape == self.truth[c].squeeze().shape]  # fmt: skip
        if not (self.lenient or told & {mistake.code for mistake in mistakes}):
            self.wrong_shape(odd)
        if not all(np.isfinite(self.values[case]).all() for case in self.left):
            self.add(Found(self.judge.infinite), self.left)
        elif self.left and not mistakes:
            text = "in another way than the checker knows; see the numbers"
            self.add(Found("bce-epsilon", text), self.left)

    def differs(self, first: str) -> None:
        """Add that no mistake explains it: a wrong shape, no numbers, or the first difference."""
        wrong = self.wrong
        when = self.judge.alone({*wrong}, {*self.results})
        infinite = [c for c, v in wrong.items() if not np.isfinite(v).all()]
        odd = [c for c, v in wrong.items() if v.squeeze().shape != self.truth[c].squeeze().shape]
        if 2 * len(odd) > len(wrong) and not self.lenient:
            self.wrong_shape(odd)
        elif 2 * len(infinite) > len(wrong):
            self.add(Found("not-finite", f"has elements that are NaN or infinite{when}"), infinite)
        else:
            text = f"is wrong, and no known mistake explains it{when}.{first}"
            self.add(Found("differs", text), wrong)
