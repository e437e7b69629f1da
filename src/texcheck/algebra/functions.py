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

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Literal, NamedTuple, TypeAlias

from .budget import NoRule
from .terms import HALF, UNIT, ZERO, Atom, Monomial, Rational, Term, function_of, number, power

Kind: TypeAlias = Literal["nonzero", "positive", "nonnegative"]
ONE_ = number(1)


class Demand(NamedTuple):
    """What a term must be for a formula to be defined, for all values of its indices."""

    kind: Kind
    term: Term
    slope: bool = False  # demanded by a slope alone: where it is 0, a product may have a slope


@dataclass(frozen=True)
class Function:
    """`value` of a term, `slope` at it; what the term must be for each to be defined."""

    value: Callable[[Term], Term]
    slope: Callable[[Term], Term]
    demand: Kind | None = None
    slope_demand: Kind | None = None


def apply(name: str, term: Term) -> Term:
    """A function of a term. Raises NoRule where it is unknown."""
    if is_any(name):
        return function_of(name, term)
    return row(name).value(term)


def slope(name: str, term: Term) -> Term:
    """The derivative of a function at a term."""
    return function_of(f"{name}'", term) if is_any(name) else row(name).slope(term)


def row(name: str) -> Function:
    """The row of a known function."""
    if name not in FUNCTIONS:
        raise NoRule(f"nothing is known of the function {name}")
    return FUNCTIONS[name]


def is_any(name: str) -> bool:
    """Whether a name is that of a function of which nothing is known but its name."""
    return name[0] == "f" and name[1:].rstrip("'").isdigit()


def inverse(term: Term) -> Term:
    """1 over a term."""
    if not term:
        raise NoRule("a division by zero")
    (mono, factor), *others = term.key
    if others or mono.bound:
        return function_of("inverse", term * Fraction(1, factor)) * Fraction(1, factor)
    result = number(Fraction(1, factor))
    for atom, n in mono.atoms:
        if atom.label == "inverse" and atom.argument is not None:
            result = result * atom.argument**n
        else:
            result = result * power(atom, -n)
    return result


def sign(term: Term) -> Term:
    """The sign: step(u) - step(-u)."""
    return step(term) - step(-term)


def absolute(term: Term) -> Term:
    """|u| = u sign(u), with the slope sign(u)."""
    return term * sign(term)


def step(term: Term) -> Term:
    """1 where a term is positive, else 0. Of a product, step(u v) = step(u) where v > 0, and
    step(u v) = step(u) v where v is 0 or 1."""
    if is_positive(term):
        return ONE_
    if is_nonnegative(-term):
        return ZERO
    term = term * Fraction(1, abs(Fraction(term.key[-1][1])))
    inside = _sign_inside(term)
    if inside is not None:
        return inside
    ((mono, factor), *others) = term.key
    switches = [pair for pair in mono.atoms if _is_switch(pair[0])]
    rest = [p for p in mono.atoms if p not in switches and not _positive_power(*p)]
    if others or mono.bound or len(rest) == len(mono.atoms):
        return function_of("step", term)
    result = step(Term({Monomial(tuple(rest), ()): factor}))
    for atom, n in switches:
        result = result * power(atom, n)
    return result


def _sign_inside(term: Term) -> Term | None:
    """step(u) where the term is the sign of u, step(u) - step(-u)."""
    found = {factor: mono.lone for mono, factor in term.parts.items()}
    plus, less = found.get(1), found.get(-1)
    if len(term.parts) != 2 or plus is None or less is None:
        return None
    steps = plus.label == less.label == "step" and plus.argument and less.argument
    return power(plus) if steps and plus.argument == -(less.argument or ZERO) else None


def sigma(term: Term) -> Term:
    """The sigmoid; sigma(-u) = 1 - sigma(u)."""
    if not term:
        return HALF
    if term.key[-1][1] < 0:
        return ONE_ - function_of("sigma", -term)
    return function_of("sigma", term)


def tanh(term: Term) -> Term:
    """tanh(u) = 2 sigma(2 u) - 1."""
    return sigma(term * 2) * 2 - ONE_


def exp(term: Term) -> Term:
    """exp(u) = sigma(u) / (1 - sigma(u))."""
    value = sigma(term)
    return value * inverse(ONE_ - value)


def log(term: Term) -> Term:
    """The logarithm; of a product of positive factors it is a sum."""
    if term == ONE_:
        return ZERO
    other = one_minus_sigma(term)
    if other is not None and other.argument is not None:  # log(1 - sigma(u)) = log(sigma(u)) - u
        return log(power(other)) - other.argument
    ((mono, factor), *others) = term.key or ((UNIT, 0),)
    single = mono.lone is not None and mono.lone.label != "inverse"
    positive = all(_positive_power(atom, 1) for atom, _ in mono.atoms)
    if others or factor != 1 or mono.bound or single or not positive:
        return function_of("log", term)
    logs = ZERO
    for atom, n in mono.atoms:
        inverted = atom.argument if atom.label == "inverse" else None
        logs = logs + (-log(inverted) if inverted is not None else log(power(atom))) * n
    return logs


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
    "sign": Function(sign, lambda u: ZERO),
    "abs": Function(absolute, sign),
    "sigma": Function(sigma, lambda u: sigma(u) - sigma(u) ** 2),
    "tanh": Function(tanh, lambda u: ONE_ - tanh(u) ** 2),
    "exp": Function(exp, exp),
    "log": Function(log, inverse, "positive", "positive"),
    "sqrt": Function(sqrt, lambda u: inverse(sqrt(u)) * HALF, "nonnegative", "nonzero"),
    "inverse": Function(inverse, lambda u: -(inverse(u) ** 2), "nonzero", "nonzero"),
}


# -- signs


def is_positive(term: Term) -> bool:
    """Whether a term is seen to be positive everywhere, all widths being at least 1."""
    low = _low(term)
    certain = (all(_positive_power(*pair) for pair in mono.atoms) for mono in low.parts)
    return is_nonnegative(low) and (low != term or any(certain))


def is_nonnegative(term: Term) -> bool:
    """Whether a term is seen to be nowhere negative, as u step(u) and -u step(-u) are."""
    return all(_is_nonnegative(dict(mono.atoms), n) for mono, n in _low(term).parts.items())


def _low(term: Term) -> Term:
    """The term with 1 for each sigma that is subtracted: it is larger, if there is one."""
    for mono, factor in term.parts.items():
        if factor < 0 and mono.lone and mono.lone.label == "sigma":
            term = term - (power(mono.lone) - ONE_) * factor
    return term


def _is_nonnegative(atoms: dict[Atom, int], factor: Rational) -> bool:
    for atom, n in atoms.items():
        if not _nonnegative_power(atom, n):
            plus, less = (Atom("function", "step", (), power(atom) * sign) for sign in (1, -1))
            if plus not in atoms and less not in atoms:
                return False
            factor = factor if plus in atoms else -factor
    return factor > 0


def _nonnegative_power(atom: Atom, n: int) -> bool:
    known = atom.kind == "entry" or (atom.label == "sqrt" and n > 0)
    return n % 2 == 0 or _is_switch(atom) or known or _positive_power(atom, n)


def _positive_power(atom: Atom, n: int) -> bool:
    if atom.label == "inverse" and atom.argument is not None:
        return is_positive(atom.argument)
    return atom.kind == "length" or atom.label == "sigma"


def _is_switch(atom: Atom) -> bool:
    """Whether an atom has no values but 0 and 1."""
    return atom.kind == "delta" or (atom.kind == "function" and atom.label == "step")


def one_minus_sigma(term: Term) -> Atom | None:
    """The atom sigma(u) of a term 1 - sigma(u), else None."""
    rest = [(mono.lone, factor) for mono, factor in (ONE_ - term).parts.items()]
    atom = rest[0][0] if len(rest) == 1 and rest[0][1] == 1 else None
    return atom if atom and atom.label == "sigma" else None
