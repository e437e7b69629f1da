"""Where formulas are defined: demands made simple, and compared.

Invariants:

- Replacing a demand by what `simplest` gives does not change where a formula is defined, for values
  where what it is made of is defined.
- Two formulas are taken to be defined at the same points only if each demand of one follows from
  one of the other, and the other way round.
"""

from collections.abc import Iterable

from .functions import Demand, content, is_nonnegative, is_positive
from .normal import canonical, normal, put
from .terms import Atom, Change, Term, function_of, power, sum_over
from .terms import term_indices as indices_of

_BOUND = ("$", "~", "%")  # how the names of indices begin that a sum binds


class Nowhere(Exception):
    """A formula that is defined nowhere."""


def simplest(demand: Demand, eliminate: Change) -> list[Demand]:
    """Demands that together say the same; none if it always holds. Raises Nowhere."""
    kind = demand.kind
    for term in (demand.term, put(demand.term, eliminate), normal(demand.term, eliminate)):
        if holds_everywhere(Demand(kind, term)):
            return []
        never = kind == "positive" and is_nonnegative(-term)
        if is_positive(-term) if kind == "nonnegative" else never or not term:
            raise Nowhere
    if kind == "positive" and is_nonnegative(term):
        kind = "nonzero"
    pairs, rest = content(term)
    found: list[Demand] = []
    for atom, n in pairs:
        counts = atom.kind == "entry" and atom.indices[0].name.startswith(_BOUND)
        if counts and kind != "nonnegative":
            raise Nowhere  # it is 0 for the first entry of a sum
        if kind == "nonzero":
            found += _atom_nonzero(atom, n, eliminate)
        elif not is_positive(power(atom)):
            rest = rest * power(atom, n % 2 or 2)
    if holds_everywhere(Demand(kind, rest)):
        return found
    lead = rest.key[-1][1]
    return [*found, Demand(kind, rest / (lead if kind == "nonzero" else max(lead, -lead)))]


def holds_everywhere(demand: Demand) -> bool:
    """Whether a demand is seen to hold for all values."""
    if demand.kind == "nonnegative":
        return is_nonnegative(demand.term)
    return is_positive(demand.term) or (demand.kind == "nonzero" and is_positive(-demand.term))


def _atom_nonzero(atom: Atom, n: int, eliminate: Change) -> list[Demand]:
    if n < 0 or is_positive(power(atom)) or atom.label == "inverse":
        return []  # a demand of its own says where 1 / u is defined, and there it is not 0
    if atom.label == "sqrt" and atom.argument is not None:
        return simplest(Demand("nonzero", atom.argument), eliminate)
    return [Demand("nonzero", power(atom))]


def said(demand: Demand) -> Term:
    """The demand as a term: the same for the same demand, whatever its indices are called."""
    inside = [index for index in indices_of(demand.term) if index.name.startswith(_BOUND)]
    return canonical(sum_over(function_of(f"is {demand.kind}", demand.term), *sorted(inside)))


def follows(demand: Demand, others: set[Term]) -> bool:
    """Whether a demand is one of the others, or follows from one or two of them."""
    if said(demand) in others:
        return True
    if demand.kind == "positive":
        monic = demand.term / demand.term.key[-1][1]
        weaker = Demand("nonnegative", demand.term), Demand("nonzero", monic)
        return all(said(one) in others for one in weaker)
    signs = (1, -1) if demand.kind == "nonzero" else (1,)
    return any(said(Demand("positive", demand.term * sign)) in others for sign in signs)


def unmatched(left: Iterable[Demand], right: Iterable[Demand], eliminate: Change) -> Demand | None:
    """A demand of one side that does not follow from the other's. Raises Nowhere."""
    sides = [[one for d in side for one in simplest(d, eliminate)] for side in (left, right)]
    for mine, theirs in (sides, sides[::-1]):
        known = {said(demand) for demand in theirs}
        if any(d.kind == "positive" and said(d._replace(term=-d.term)) in known for d in theirs):
            raise Nowhere
        for demand in mine:
            if not follows(demand, known):
                return demand
    return None
