"""Reads TeX into statements: which items of a sentence are conditions, and what they hold for.

A sentence is conditions, then claims, then conditions; only one of the two stands there. They hold
for the sentence's claims, and if it begins a chain of lines, for that chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, compress, pairwise

from .. import syntax as t
from . import claims, lines, spelling
from .cursor import BOOK, Cursor, Names, Shared, at
from .formulas import formula
from .items import Item, Joint, Sides, define_ahead, sentence
from .tokens import CannotRead, require, tokens

_LATE = "expected a new line for a statement behind a condition"
_JOINING = ("and", ",", "")
_WHOLE = "expected a definition without a condition"


def read(tex: str, names: Names = BOOK) -> list[t.Statement]:
    """All statements of a display. Raises `CannotRead`."""
    shared, found, last = Shared(names), list[t.Statement](), _Sentence()
    display = [Cursor(line, shared, formula) for line in lines.lines_of(tokens(tex))]
    define_ahead(display)
    step = 0  # where the last chain begins
    for line in display:
        arrow, chain = line.sees("Rightarrow"), line.sees(*spelling.COMPARISONS)
        if arrow:
            found[step:] = _supposed(found[step:], found[step:])
        step = step if chain else len(found)
        last = _read_line(line, found, last)
    if not found:
        raise CannotRead("expected a statement such as a = b", 0, len(tex))
    for one in found:
        if letter := _defined(one):
            used, instead = letter.letter in shared.used, spelling.INSTEAD.get(letter.letter, "")
            require(used, f"{letter.letter} is never used", letter, instead)
    return claims.checked(found, shared)


def _read_line(c: Cursor, found: list[t.Statement], above: _Sentence) -> _Sentence:
    """Adds the statements of a line below a sentence; its last sentence."""
    if chain := c.sees(*spelling.COMPARISONS):
        c.require(above.sides, "expected a left side before the sign")
        c.require(not above.behind, "expected the condition behind the last line")
    else:
        listed = above.joint.comma and c.token.text.lower() not in spelling.CONDITION
        goes_on = c.token.text.lower() == "and" or (
            (c.sees("Rightarrow") or listed) and not above.behind
        )
        c.require(not (above.conditions and goes_on), "expected the whole condition in one line")
    said = first = _Sentence(above.conditions, above.sides) if chain else _Sentence()
    said.defines = chain and above.defines
    led = above.joint.word in spelling.GROUND
    c.require(not led, f"expected what stands behind {above.joint.word} in its line")
    goes_on = c.token.text.lower() == "and" or above.joint.word in ("and", ";")
    goes_on = goes_on or above.joint.comma
    said.ground = above.ground if goes_on else ""
    said.joint = Joint(follows=above.joint.follows)
    while c.token.kind != "end":
        said.take(c, sentence(c, said.joint, said.sides))
        said.add_to(found, c.shared)
        if c.tokens[c.at - 1].text == ".":  # where a chain and its conditions end
            said = _Sentence(joint=said.joint)
    if said is not first:
        said.sides = None
    return said


@dataclass
class _Sentence:
    """What a sentence claims, and under which conditions."""

    conditions: Sequence[t.Condition] = ()  # at first those of the chain that it goes on
    sides: Sides | None = None  # of its only chain; at first of the chain that it goes on
    joint: Joint = field(default_factory=Joint)  # behind it
    claims: list[t.Statement] = field(default_factory=list)
    ranges: list[t.Range] = field(default_factory=list)
    conditional: bool = False  # the next claim is a condition
    reason: bool = False  # since or because was read
    ground: str = ""  # with, where or let, if a claim or a definition stands behind it
    behind: bool = False  # the conditions stand behind the claims
    defines: bool = False  # its chain begins with a letter that it defines
    gaps: list[int] = field(default_factory=list)  # before each claim: twice the gap, 1 a comma

    def take(self, c: Cursor, items: list[Item]) -> None:
        """Takes the items of the sentence that ends here."""
        carried, closed = bool(self.conditions), False  # behind the claims
        arrow = implied = False  # what stands behind an arrow, behind it alone
        self.reason = c.shared.reasons
        for item, after in pairwise(items):
            found, new, word = self._as_conditions(item, after.joint), item.claims, item.joint.word
            joins = bool(self.ground) and word in _JOINING
            self.ground = word if new and not found and word in spelling.GROUND else self.ground
            near = item.joint.gap < 3 and word not in spelling.GROUND - spelling.GIVEN
            if self.claims and (found or item.ranges):
                near = near and (self.behind or not (found and self.conditions))
                where = "expected the condition in front, or right behind the statement"
                require(near, where, [*new, *item.ranges][0])
            if found:
                self.behind = bool(self.claims)
                self.conditions = [*self.conditions, *dict.fromkeys(found)]
            elif new:
                require(not closed, _LATE, new[0])
                led = _defined(new[0]) and (arrow or word in ("then", "Rightarrow"))
                require(self.conditions or not led, _WHOLE, new[0])
                clear = self.claims or word in spelling.THEN or not (self.conditions or self.ranges)
                require(clear, "expected `then` behind the conditions", new[0])
                self.gaps += [2 * item.joint.gap + item.joint.comma, *[0] * (len(new) - 1)]
                self.sides = None if self.claims else item.sides
                premises = [] if word not in ("then", "Rightarrow") else [*self.claims]
                if joins or word in spelling.GROUND:  # of what stands in any line, perhaps
                    new = [replace(one, supposed=0) for one in new]
                self.claims += new
                premises = self.claims if item.arrow else premises
                self.claims = _supposed(self.claims, premises)
            self.ranges += item.ranges
            arrow = bool(item.arrow)
            implied |= arrow and not all(isinstance(x, t.Assume) for x in found)
            closed = bool(self.claims and (carried or found or item.ranges or implied))
        what = "expected what follows behind the arrow, in its line"
        c.require(not arrow, what, at=items[-2].arrow if arrow else None)
        self.joint = items[-1].joint
        ends = not self.conditions or self.joint.word != "and"
        c.require(ends, "expected a condition behind and")

    def _as_conditions(self, item: Item, after: Joint) -> list[t.Condition]:
        """The claims of a chain as conditions of other claims, where they are meant so."""
        new, joint = item.claims, item.joint
        conditional = self.conditional if joint.conditional is None else joint.conditional
        self.conditional = conditional and not item.ranges
        if not item.sides or isinstance(new[0], t.Notation):
            return []
        found = [one for one in map(claims.as_condition, claims.with_one_end(new)) if one]
        whole, ranges = len(found) == len(new), all(isinstance(one, t.Range) for one in found)
        indices = (whole and ranges) or all(map(claims.compares_indices, new))
        named = whole and all(isinstance(one, t.Assume) for one in found)
        if item.arrow:
            implied = item.arrow.text == "Rightarrow"
            given = named or (whole and implied)
            begins = not (given and (self.claims or joint.follows))
            require(begins, "expected a new line for what follows", new[0])
            equal = any(isinstance(x, t.Equation) for x in new)
            leads = given or (equal and implied and not conditional)
            arrow = ", or \\Rightarrow" * (not implied)
            require(leads, f"expected `if` before a condition{arrow}", new[0])
            return found if given else []
        ahead = self.ground if joint.word in _JOINING else ""
        what = "expected a new line, or `if`, for a condition behind this"
        require(not (ahead and whole), what, new[0])
        given = (named or indices) and joint.word in spelling.GIVEN  # with f = ReLU
        ground = joint.word in spelling.GROUND and whole and not given
        supposed = "let" in (joint.word, ahead) and not ground
        put_in = r"a value is put in by \left. \ell \right|_{\hat y = y}"
        require(not supposed, "expected a claim, or a letter that `let` defines", new[0], put_in)
        compared = isinstance(new[-1], t.Comparison) and not indices
        beside = compared and any(isinstance(one, t.Equation) for one in self.claims[-1:])
        listed = beside or (named and bool(self.ranges) and not self.claims)
        follows = joint.follows or self.reason
        doubt = ground or (follows and indices) or (listed and joint.word in ("", ",", ";"))
        clear = conditional or not doubt
        require(clear, "expected `if` before a condition, or `and` before a claim", new[0])
        self.conditional = whole and (conditional or given)
        if not (conditional or given or (self.claims and indices)):
            return []
        if not whole:  # if f = I, then this
            then = self.conditions and joint.comma and not self.claims
            late = joint.conditional is None and self.claims
            require(then or not late, _LATE, new[0])
            expected = "expected a condition on an activation or on indices, or with > or <"
            require(then, expected, new[0], put_in * isinstance(new[0], t.Equation))
            return []
        own = joint.word == "and" and after.word in spelling.CONDITION | spelling.GIVEN
        joined = joint.word and (joint.word != "," or (named and self.claims)) and not own
        expected = "expected `and` before this condition, or a new line before this statement"
        require(indices or joined, expected, new[0])
        unequal = [getattr(one, "relation", "") for one in new].count("neq")  # i != j != k
        require(unequal < 2, "expected a condition for each pair of indices", new[0])
        return found

    def add_to(self, display: list[t.Statement], shared: Shared) -> None:
        """Adds its claims to those of the display, each under the conditions that have its letters.

        A range is a claim as well; one in a line of its own is said of all lines before.
        """
        parts = (part for one in self.claims for part in one.nodes)
        bound = {letter for part in parts if isinstance(part, t.Sum) for letter in part.letters}
        free = all(bound.isdisjoint(claims.letters(x)) for x in (*self.conditions, *self.ranges))
        for left, right in shared.braced:
            require(free, "expected no condition on what the sum around this brace binds", left)
            self.claims.append(claims.braced(left, right))
        shared.braced.clear()
        clear = max(self.gaps[1:], default=0) < 4
        conditions = _joined(self.conditions)
        for condition in conditions:
            _restrict(self.claims, condition)
            # A comma parts claims too, but not in z = s, y = x with f = I.
            groups = [*accumulate(gap > isinstance(condition, t.Assume) for gap in self.gaps)]
            own = claims.letters(condition)
            said = [
                not isinstance(one, t.Notation) and own <= claims.letters(*claims.sides(one))
                for one in self.claims
            ]
            among = {*compress(groups, said)}
            alone = len(among) == 1 and (isinstance(condition, t.Range) or groups[-1] in among)
            clear = clear and (alone or not self.behind)
            require(clear, "expected the condition behind each statement", condition)
        ranges = [x for x in conditions if isinstance(x, t.Range) and x.first != x.last]
        layers = [one for one in ranges if one.letter == "L"]
        said_of = [tuple(x for x in self.claims if one in x.conditions) for one in layers]
        said_of += [_restrict(self.claims or display, one) for one in self.ranges]
        self._close_definitions(conditions, shared)
        display += map(claims.at_their_layer, self.claims)
        for one, about in zip((*layers, *self.ranges), said_of, strict=True):
            if one.last or one in layers:
                display.append(t.RangeClaim(one, about, at=one.start, **at(one)))

    def _close_definitions(self, conditions: Sequence[t.Condition], shared: Shared) -> None:
        """Forgets what letters stand for under a condition or in a range: it is said there alone.

        Raises `CannotRead` where a letter is used elsewhere, or a chain goes on from a definition.
        """
        own = set[str]()
        under = {*conditions, *(one for one in self.ranges if one.last)}
        for one in self.claims:
            require(not (under and self.defines), _WHOLE, one)
            if local := _defined(one):
                own.add(local.letter)
                early = local.start in shared.ahead
                again = not under and local.letter in shared.closed
                require(not (under and (early or local.indices)) and not again, _WHOLE, one)
            else:
                used = {part.letter for part in one.nodes if isinstance(part, t.Local)}
                require(under <= {*one.conditions} or own.isdisjoint(used), _WHOLE, one)
        self.defines |= bool(own)
        if under:
            shared.closed |= own
            for letter in own:
                shared.locals.pop(letter, None)


def _defined(one: t.Statement) -> t.Local | None:
    """The letter that a statement defines, if it does."""
    return one.left if isinstance(one, t.Notation) and isinstance(one.left, t.Local) else None


def _supposed(said: Sequence[t.Statement], these: Sequence[t.Statement]) -> list[t.Statement]:
    """What a sentence claims, these as what may be meant as conditions, as A in A => B."""
    first = min((one.start for one in said), default=0)
    marked = {id(one) for one in these if one.supposed is None}
    return [replace(one, supposed=first) if id(one) in marked else one for one in said]


def _joined(conditions: Sequence[t.Condition]) -> list[t.Condition]:
    """Conditions, the two halves of a range such as 1 <= L and L < L_max put together."""
    low = [x for x in conditions if isinstance(x, t.Range) and x.letter == "L" and not x.last]
    high = [x for x in conditions if isinstance(x, t.Range) and not x.first]
    if len(low) != 1 or len(high) != 1:
        return [*conditions]
    whole = replace(low[0], last=high[0].last)
    return [whole if one is low[0] else one for one in conditions if one is not high[0]]


def _restrict(found: list[t.Statement], condition: t.Condition) -> tuple[t.Statement, ...]:
    """Gives a condition to the claims that have its letters; these, as they were."""
    own = claims.letters(condition)
    without = t.Notation if isinstance(condition, t.Range) else t.Notation | t.ShapeClaim
    about = []
    for number, one in enumerate(found):
        if not isinstance(one, without) and own <= claims.letters(*claims.sides(one)):
            about.append(one)
            found[number] = replace(one, conditions=(*one.conditions, condition))
    missing = f"{', '.join(sorted(own))} stands in no statement"
    every = isinstance(condition, t.Range) and not condition.last  # of a definition by entries
    defined = every and any(own <= claims.letters(one) for one in found)
    expected = missing if own else "expected a statement with this condition"
    require(about or defined, expected, condition)
    return tuple(about)
