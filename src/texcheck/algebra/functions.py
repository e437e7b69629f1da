"""The functions of one number: a row each, with its slope, its laws and where it is defined.

Invariants:

- Each law holds for all real numbers for which both sides are defined.
- A law that is used while a term is made (`apply`) keeps the slope as well, at kinks included:
  ReLU(u) = u step(u), and step' = 0 everywhere, so that ReLU'(0) = 0. A law that holds for the
  values alone, such as sqrt(u^2) = |u|, belongs to `normal`.
- sigma is positive and so is 1 - sigma; a width is a positive whole number; the number of an entry
  is a whole number that is not negative.
- A function that is not in the table and is called f1, f2, ... is any function with slopes f1',
  f1'', ...: it has no law.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import isqrt
from typing import Literal, NamedTuple, TypeAlias

from . import terms as a
from .budget import NoRule
from .terms import HALF, ZERO, Atom, Monomial, Rational, Term, function_of, number, power

Kind: TypeAlias = Literal["nonzero", "positive", "nonnegative"]
ONE_ = number(1)


class Demand(NamedTuple):
    """What a term must be for a formula to be defined, for all values of its indices."""

    kind: Kind
    term: Term
    slope: bool = False  # demanded by a slope alone: where it is 0, a product may have a slope


class Function(NamedTuple):
    """`value` of a term, `slope` at it; what the term must be for each to be defined."""

    value: Callable[[Term], Term]
    slope: Callable[[Term], Term]
    demand: Kind | None = None
    slope_demand: Kind | None = None


def apply(name: str, term: Term) -> Term:
    """A function of a term: any function, or one of the table."""
    return function_of(name, term) if is_any(name) else FUNCTIONS[name].value(term)


def slope(name: str, term: Term) -> Term:
    """The derivative of a function at a term."""
    return function_of(f"{name}'", term) if is_any(name) else FUNCTIONS[name].slope(term)


def is_any(name: str) -> bool:
    """Whether a name is that of a function of which nothing is known but its name."""
    return name[0] == "f" and name[1:].rstrip("'").isdigit()


def inverse(term: Term) -> Term:
    """1 over a term. Raises NoRule for 0."""
    if not term:
        raise NoRule("a division by zero")
    (mono, factor), *others = term.key
    if others or mono.bound:
        return function_of("inverse", term / factor) / factor
    result = ONE_ / factor
    for atom, n in mono.atoms:
        if atom.label == "inverse" and atom.argument is not None:
            result = result * atom.argument**n
        else:
            result = result * power(atom, -n)
    return result


def step(term: Term) -> Term:
    """1 where a term is positive, else 0. Of a product, step(u v) = step(u) where v > 0,
    step(u v) = step(u) v where v is 0 or 1, and step(u v^2) = step(u) (step(v) + step(-v))."""
    if is_positive(term):
        return ONE_
    if is_nonnegative(-term):
        return ZERO
    term = term / abs(Fraction(term.key[-1][1]))
    pairs, rest = content(term)
    rest = rest if (u := logit(rest + HALF)) is None else u  # sigma(u) > 1/2
    switched = number(1)
    for atom, n in pairs:
        if _is_switch(atom):
            switched = switched * power(atom)
        elif n % 2 == 0:
            switched = switched * (step(power(atom)) + step(-power(atom)))
        elif not _is_positive(atom):
            rest = rest * power(atom)
    return function_of("step", term) if rest == term else step(rest) * switched


def sigma(term: Term) -> Term:
    """The sigmoid; sigma(-u) = 1 - sigma(u)."""
    if not term:
        return HALF
    if term.key[-1][1] < 0:
        return ONE_ - function_of("sigma", -term)
    return function_of("sigma", term)


def log(term: Term) -> Term:
    """The logarithm: log(u v) = log(u) + log(v) where v > 0."""
    if (u := logit(ONE_ - term)) is not None and len(term.parts) == 2:
        return log(ONE_ - term) - u  # log(sigma(-u))
    if term.constant == -1 and term + ONE_ and (u := logit(inverse(term + ONE_))) is not None:
        return -u  # 1 / sigma(u) - 1 is exp(-u)
    top, bottom = abs(Fraction(term.key[-1][1] if term else 1)).as_integer_ratio()
    rest, logs = term * Fraction(bottom, top), ZERO
    for n, sign_ in ((top, 1), (bottom, -1)):
        logs = logs + (function_of("log", number(n)) * sign_ if n > 1 else ZERO)
    for atom, n in content(rest)[0]:
        if _is_positive(atom):
            inverted = atom.argument if atom.label == "inverse" else None
            one = function_of("log", power(atom)) if inverted is None else -log(inverted)
            rest, logs = rest * power(atom, -n), logs + one * n
    return logs if rest == ONE_ else logs + function_of("log", rest)


def logit(term: Term) -> Term | None:
    """u where a term is sigma(u), perhaps written 1 - sigma(-u)."""
    for one, sign_ in ((term, 1), (ONE_ - term, -1)):
        match one.key:
            case ((mono, 1),) if mono.lone and mono.lone.label == "sigma" and mono.lone.argument:
                return mono.lone.argument * sign_
    return None


def sqrt(term: Term) -> Term:
    """The root; a square number is drawn out of it."""
    lead = Fraction(term.key[-1][1] if term else 0)
    top, bottom = isqrt(abs(lead.numerator)), isqrt(lead.denominator)
    if lead != Fraction(top * top, bottom * bottom):
        return function_of("sqrt", term)
    rest = number(1) if term.is_constant else function_of("sqrt", term * (1 / lead))
    return rest * Fraction(top, bottom)


FUNCTIONS: dict[str, Function] = {
    "I": Function(lambda u: u, lambda u: ONE_),
    "ReLU": Function(lambda u: u * step(u), step),
    "step": Function(step, lambda u: ZERO),
    "sign": Function(lambda u: step(u) - step(-u), lambda u: ZERO),
    "abs": Function(lambda u: u * apply("sign", u), lambda u: apply("sign", u)),
    "sigma": Function(sigma, lambda u: sigma(u) - sigma(u) ** 2),
    "tanh": Function(lambda u: sigma(u * 2) * 2 - ONE_, lambda u: ONE_ - apply("tanh", u) ** 2),
    "exp": Function(lambda u: sigma(u) * inverse(ONE_ - sigma(u)), lambda u: apply("exp", u)),
    "log": Function(log, inverse, "positive", "positive"),
    "sqrt": Function(sqrt, lambda u: inverse(sqrt(u)) * HALF, "nonnegative", "nonzero"),
    "inverse": Function(inverse, lambda u: -(inverse(u) ** 2), "nonzero", "nonzero"),
}


# -- signs


def is_positive(term: Term) -> bool:
    """Whether a term is seen to be positive everywhere, all widths being at least 1."""
    for low in _lows(term):
        less = _without_sigmas(low)
        certain = (all(_is_positive(atom) for atom, _ in mono.atoms) for mono in less.parts)
        if _each_nonnegative(less) and (less != low or any(certain)):
            return True
    return False


def is_nonnegative(term: Term) -> bool:
    """Whether a term is seen to be nowhere negative, as are squares, u step(u) and -u step(-u)."""
    return any(_each_nonnegative(_without_sigmas(low)) for low in _lows(term))


def _lows(term: Term) -> Iterator[Term]:
    """Terms that are nowhere larger: the term, and without the squares that are completed in it."""
    yield term
    if all([n for _, n in mono.atoms] != [2] for mono in term.parts):
        return
    sums: dict[tuple[a.Index, ...], dict[Monomial, Rational]] = {}
    for mono, factor in term.parts.items():
        sums.setdefault(mono.bound, {})[Monomial(mono.atoms, ())] = factor
    lows = (a.sum_over(_completed(Term(parts)), *bound) for bound, parts in sums.items())
    yield sum(lows, ZERO)


def _completed(term: Term) -> Term:
    """c u^2 + B u + C is nowhere less than C - B^2 / 4 c if c > 0."""
    for mono, c in term.parts.items():
        ((u, n), *others) = mono.atoms or ((None, 0),)
        linear = {mono: k for mono, k in term.parts.items() if (u, 1) in mono.atoms}
        if u and n == 2 and c > 0 and linear and not others:
            B = Term(linear) * power(u, -1)
            rest = term - Term({mono: c, **linear})
            return _completed(rest - B * B / (4 * c))
    return term


def _without_sigmas(term: Term) -> Term:
    """The term with 1 for each sigma that is subtracted and each 1 / sigma that is added: it is
    larger, if there is one."""
    for mono, factor in term.parts.items():
        for atom, n in mono.atoms if len(mono.atoms) == 1 and not mono.bound else ():
            above = n > 0 and atom.label == "inverse" and bool(logit(atom.argument or ZERO))
            if (factor > 0) == (n < 0 or above) and (above or atom.label == "sigma"):
                term = term - (power(atom, n) - ONE_) * factor
    return term


def _each_nonnegative(term: Term) -> bool:
    return all(_is_nonnegative(dict(mono.atoms), n) for mono, n in term.parts.items())


def _is_nonnegative(atoms: dict[Atom, int], factor: Rational) -> bool:
    steps = [one.argument for one in atoms if one.label == "step"]
    for atom, n in atoms.items():
        seen = n % 2 == 0 or atom.kind == "entry" or atom.label == "sqrt"
        if not (seen or _is_switch(atom) or _is_positive(atom)):
            plus, less = (steps and power(atom) * sign in steps for sign in (1, -1))
            if not (plus or less):
                return False
            factor = factor if plus else -factor
    return factor > 0


def _is_positive(atom: Atom) -> bool:
    if atom.label in ("inverse", "sqrt") and atom.argument is not None:
        return is_positive(atom.argument)
    return atom.kind == "length" or atom.label == "sigma"


def _is_switch(atom: Atom) -> bool:
    """Whether an atom has no values but 0 and 1."""
    return atom.kind == "delta" or (atom.kind == "function" and atom.label == "step")


def content(term: Term) -> tuple[list[tuple[Atom, int]], Term]:
    """What all monomials have in common, with the exponents, and the rest."""
    here = [dict(mono.atoms) for mono in term.parts]
    bound = {index for mono in term.parts for index in mono.bound}
    common = [
        (atom, min(atoms.get(atom, 0) for atoms in here))
        for atom in dict.fromkeys(atom for atoms in here for atom in atoms)
        if bound.isdisjoint(atom.indices) and not (bound and atom.argument)
    ]
    pairs = [(atom, n) for atom, n in common if n]
    less = tuple((atom, -n) for atom, n in pairs)
    parts = term.parts.items()
    return pairs, a.collected((a.contracted((*m.atoms, *less), m.bound), n) for m, n in parts)
