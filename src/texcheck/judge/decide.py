"""Decides statements: the only place that builds `Proved`.

Proved means: for every network of the declared kind, every depth and L for which the named layers
exist, every width (from `LEAST` on if the statement names an entry by its number, or what that
number needs; else from 1 on) and all real values, both sides are defined at the same points and
equal there, kinks included, with ReLU'(0) = sign(0) = 0. A derivative is that of the formula as it
is written, like terms collected: a root has a slope where what stands under it is positive. What
jumps has none here, nor do cases; of a root within a product, a power or another function nothing
is said.

It rests on: the tree is what a reader sees; `elaborate` gives each side's entry (i, j) as a term;
in each of the cases that stand for all networks, the difference of the two terms has the normal
form 0; and each side's demands follow from the other's.
"""

from dataclasses import replace
from functools import reduce
from operator import mul

from .. import syntax as t
from ..algebra import terms as a
from ..algebra.budget import PROOF, NoRule, at_most
from ..algebra.demands import Nowhere, unmatched
from ..algebra.functions import Demand, content, inverse, is_nonnegative, logit
from ..algebra.normal import normal, normals, put, split_at
from ..algebra.terms import ZERO, Atom, Term
from ..elaborate import statement as st
from ..elaborate.definitions import network_named
from ..elaborate.matrix import IllSorted, Unfit, known
from ..elaborate.scope import left_out
from ..elaborate.words import about_words, in_words, shape_words
from ..networks.network import Case, Network
from ..networks.representatives import any_depth, cases, layer_range, named_layers
from ..verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict


class Differ(Exception):
    """Two sides whose difference has a normal form that is not 0, or that ask different things."""


def decide(
    statement: t.Statement, network: Network | str, *, tex: str = "", witness: bool = True
) -> Verdict:
    """The verdict on a statement of a text. Without `witness`, all but proofs may be undecided."""
    kind = network_named(network) if isinstance(network, str) else network
    try:
        if isinstance(statement, t.Notation):
            return Definition("a change of notation, or a letter that the display defines")
        with at_most(PROOF):
            return Proved(_proved(statement, kind))
    except Unfit as error:
        return Unreadable(tex, (error.node.start, error.node.end), str(error))
    except IllSorted as error:
        return Refuted(ill_sorted=str(error), span=(error.node.start, error.node.end))
    except Nowhere as error:
        if not kind.widths:
            return Refuted(ill_sorted=str(error) or "a side of the statement is defined nowhere")
        doubt = Undecided("an entry of a side has no value")
    except (NoRule, Differ) as error:
        doubt = Undecided(str(error) or "no rule")
    except RecursionError:
        doubt = Undecided("the statement is nested too deeply")
    if not witness:
        return doubt
    from .witness import refute

    return refute(statement, kind) or doubt


# -- proof


def _proved(statement: t.Statement, network: Network) -> tuple[str, ...]:
    """In which cases a statement holds. Raises whatever stands in the way of a proof."""
    match statement:
        case t.RangeClaim(range=t.Range(letter="L")):
            return _layer_range(statement, network)
        case t.RangeClaim():
            return _index_range(statement, network)
    named = named_layers(statement)
    fault: Exception = NoRule("the network has no loss")
    for loss in network.losses:
        found = [replace(case, loss=loss) for case in cases(statement, network)]
        held = [case for case in (st.assumed(c, statement) for c in found) if case is not None]
        if not held:
            raise IllSorted("the condition holds in no network of this kind", statement)
        held.sort(key=lambda case: case.L == 0)  # last, as what fails there alone is in doubt
        doubt = named.first is None and bool(held[0].L)
        try:
            parts = st.parts(statement)
            least = max(_hold_for_x(one, case, doubt) for case in held for one in parts)
            return (about_words(network, loss, any_depth(named, network), least),)
        except (Differ, NoRule) as error:
            fault = error
    raise fault


def _hold_for_x(statement: t.Statement, case: Case, doubt: bool) -> int:
    """As `_hold`. Raises NoRule for what is wrong for L = 0 alone, where that is in `doubt`."""
    try:
        return _hold(statement, case)
    except IllSorted:
        if doubt and case.L == 0:
            raise NoRule("it holds for L > 0, but not for L = 0: say which layers L are") from None
        raise


def _hold(statement: t.Statement, case: Case) -> int:
    """Proves a statement in one case; returns the least width that this is about."""
    if isinstance(statement, t.ShapeClaim):
        return _shape(statement, case)
    pair = st.claimed(statement, case)
    zero = any(isinstance(p, t.Number | t.Constant) and not p.value for p in statement.parts)
    vanishes = not zero and any(isinstance(p, t.Derivative | t.Gradient) for p in statement.nodes)
    calls = [part for part in statement.nodes if isinstance(part, t.Apply)]
    calls = [one for one in calls if one.function.name in ("exp", "log", "sigma", "tanh")]
    exp = any(not isinstance(call.arguments[0], t.Name) for call in calls)
    values = [_equal(entry, case, exp) for entry in st.entries(pair)]
    if vanishes and not any(values):
        raise NoRule("both sides are 0, which only a side that is written 0 says")
    return pair.scope.least


def _equal(entry: st.Entry, case: Case, exp: bool) -> Term:
    """The value of two entries that are seen to be defined and equal alike; `exp`: by laws of
    exponentials too. Raises Differ."""
    _same_domain(entry.left[1], entry.right[1], case)
    left, right = normals([one * entry.weight for one in entry.equal], case.eliminate)
    if left != right:
        found = normal(left - right, case.eliminate)
        gap = cleared(found, case)
        zero = not gap or _zero_by_cases(gap, 4) or _same_squares(left, right, case)
        if not zero and (not exp or cleared(put(gap, _in_exponentials), case)):
            raise Differ(f"the two sides differ by {in_words(found, case)}")
    return left


def _same_domain(left: list[Demand], right: list[Demand], case: Case) -> None:
    if wanted := unmatched(left, right, case.eliminate):
        said = in_words(wanted.term, case)
        raise Differ(f"one side alone is defined only where {said} is {wanted.kind}")


def cleared(gap: Term, case: Case) -> Term:
    """The difference times its denominators: none of them is 0 where both sides are defined."""
    for _ in range(4):
        pairs, rest = content(gap)
        gap = reduce(mul, (a.power(atom, n) for atom, n in pairs if n > 0), rest)
        bounds = {index for mono in gap.parts for index in mono.bound}
        found = [pair for mono in gap.parts for pair in mono.atoms if pair[0].label == "inverse"]
        found = [pair for pair in found if a.free_indices(pair[0]).isdisjoint(bounds)]
        if not found:
            break
        gap = normal(_times_denominator(gap, *max(found)), case.eliminate)
    return gap


def _times_denominator(gap: Term, inverse: Atom, most: int) -> Term:
    """A term times the most-th power of what an atom is the inverse of."""
    held = [(mono, dict(mono.atoms).get(inverse, 0), factor) for mono, factor in gap.parts.items()]
    base = inverse.argument or ZERO
    parts = (Term({m: k}) * a.power(inverse, -n) * base ** (most - n) for m, n, k in held)
    return a.collected(pair for part in parts for pair in part.parts.items())


def _same_squares(left: Term, right: Term, case: Case) -> bool:
    """Whether two products, nowhere negative, have one square: sqrt(u v) and sqrt(u) sqrt(v)."""
    products = len(left.parts) == len(right.parts) == 1
    products = products and is_nonnegative(left) and is_nonnegative(right)
    return products and not normal(left * left - right * right, case.eliminate)


def _in_exponentials(atom: Atom) -> Term | None:
    """sigma(u) as e / (e + 1), where e = exp(u) is a product of exp(m / 4)^n; exp(log(v)) = v."""
    inverted = atom.label == "inverse" and atom.argument is not None
    u = logit((atom.argument if inverted else None) or a.power(atom))
    if u is None or any(n * 4 % 1 for n in u.parts.values()):
        return None
    e = a.number(1)
    for m, n in u.parts.items():
        log = m.lone.argument if m.lone and m.lone.label == "log" and n % 1 == 0 else None
        base = a.power(Atom("function", "f000", (), Term({m: 1})))
        base, n = (put(log, _in_exponentials), n) if log else (base, n * 4)
        e = e * (base if n > 0 else inverse(base)) ** abs(int(n))
    return a.number(1) + inverse(e) if inverted else e * inverse(e + a.number(1))


def _zero_by_cases(gap: Term, deep: int) -> bool:
    """Whether a term is 0 wherever the argument of one of its steps is positive, negative, 0."""
    bounds = {mono.bound for mono in gap.parts}
    if len(bounds) == 1:  # one sum is 0 if each of its terms is; its indices get new names
        every = {index: index._replace(name=f"{deep} {index.name}") for index in bounds.pop()}
        gap = a.rename(Term({mono._replace(bound=()): n for mono, n in gap.parts.items()}), every)
    rests = [case(gap) for case in split_at(gap)] if deep else []
    return bool(rests) and all(not rest or _zero_by_cases(rest, deep - 1) for rest in rests)


# -- shapes and ranges


def _shape(statement: t.ShapeClaim, case: Case) -> int:
    scope, value, *_ = pair = st.claimed(statement, case)
    for side, said in ((value.rows, statement.rows), (value.columns, statement.columns)):
        if known(side, "the value") != known(scope.sort_of_length(said)):
            raise IllSorted(f"its shape is {shape_words(value, case)}", statement)
    for entry in st.entries(pair):
        _same_domain(entry.left[1], [], case)
    return scope.least


def _index_range(statement: t.RangeClaim, network: Network) -> tuple[str, ...]:
    """Whether an index of the statements before runs through the whole range."""
    letter = statement.range.letter
    scopes = [
        st.claimed(replace(about, conditions=()), replace(case, loss=network.losses[0])).scope
        for about in statement.about
        for case in cases(replace(statement, about=(about,)), network)
    ]
    if any(left_out(scope, scope.letter(letter), statement.range) for scope in scopes):
        raise IllSorted("the index has more values; for some of them, write i > 0", statement)
    return (f"{network.name}, every width",)


def _layer_range(statement: t.RangeClaim, network: Network) -> tuple[str, ...]:
    """Whether all the layers of a range exist in the statements before."""
    first, last = layer_range(statement.range.first, statement.range.last)
    low, high = 1 if first is None else first, last or 0
    here = [one for about in statement.about for one in named_layers(about).here]
    if not here:
        raise IllSorted("no statement before it names a layer L", statement)
    below = any(low + offset < least for offset, least in here)
    above = max(high, *(high + offset for offset, _ in here)) > 0
    if (below and first is not None) or (above and last is not None):
        raise IllSorted("not all layers of this range exist", statement)
    if below or above:
        raise NoRule("say from which layer to which L runs")
    return (f"{network.name}, every depth",)
