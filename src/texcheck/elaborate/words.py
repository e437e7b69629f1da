"""Sorts, shapes and terms in words, for messages alone: no proof depends on this file."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from .. import syntax as t
from ..algebra.functions import is_any
from ..algebra.terms import ZERO, Atom, Index, Monomial, Rational, Sort, Term, term_indices
from ..networks.network import Case, Loss, Network
from ..writing import tex
from .matrix import IllSorted, Length, Unknown, is_one, resolved

LONGEST = 400  # characters of a term that is shown
LARGEST = 10**15  # of its numbers
Shapes: TypeAlias = dict[int, tuple[Length, Length]]


def name_of(sort: Length, case: Case) -> str:
    r"""A sort as TeX: 1, d_x, d_{s^{(1)}}, K; near an L or behind a gap, d_{s^{(L+1)}} or so."""
    found = resolved(sort)
    return "?" if isinstance(found, Unknown) else tex(_length(found, case))


def _length(sort: Sort, case: Case) -> t.Expr:
    if sort.size or sort.layer < 0:  # below 0: one that the claim is about whatever it is
        return t.Number(Fraction(sort.size)) if sort.size else t.Index(f"n_{-2 - sort.layer}")
    at = _layer(case, sort.layer)
    if not at.base and sort.layer in (0, case.depth):
        return t.Length(t.Name("y_hat" if sort.layer else "x", None))
    return t.Length(t.Name("s" if sort.layer else "z", at))


def _layer(case: Case, number: int) -> t.Layer:
    """A layer by its number, or by its distance from L or, behind a gap, from the last one."""
    if case.L is not None and abs(number - case.L) <= 2:
        return t.Layer("L", number - case.L)
    if number not in (0, case.depth) and any(bottom < number for bottom, _ in case.gaps):
        return t.Layer("L_max", number - case.depth)
    return t.Layer("", number)


def layer_needed(node: t.Name | t.Function) -> str:
    """What is said of a quantity or a function whose layer is missing."""
    bare = replace(node, indices=()) if isinstance(node, t.Name) else replace(node, primes=0)
    return f"{tex(bare)} needs a layer, as in {tex(replace(bare, layer=t.Layer('L', 0)))}"


def shape_words(shape: tuple[Length, Length, *tuple[object, ...]], case: Case) -> str:
    """The shape of a matrix, or two lengths, in TeX."""
    return f"{name_of(shape[0], case)} × {name_of(shape[1], case)}"


def with_shapes(error: IllSorted, node: t.Node, shapes: Shapes, case: Case) -> IllSorted:
    """An error; one of this node with the shapes of its parts, numbers in a product aside."""
    own = [shapes[id(part)] for part in node.parts if id(part) in shapes and error.node is node]
    added = isinstance(node, t.Add | t.Elementwise)
    said = [shape_words(one, case) for one in own if added or not all(map(is_one, one))]
    return IllSorted(f"{error}: {' beside '.join(said)}", node) if said else error


def about_words(network: Network, loss: Loss | None, every: bool, least: int) -> str:
    """Which networks a proof is about; `every`: of each depth; `least`: from this width on."""
    about = network.name
    if network.depth is None:
        about += ", every depth" if every else f", {network.numbered} layers"
    if network.losses[0] is None:
        about += ", every loss" if loss is None else f", {loss.name}"
    widths = "every width" + (f" from {least} on" if least > 1 else "")
    return f"{about}, {'its own widths and numbers' if network.widths else widths}"


def in_words(term: Term, case: Case) -> str:
    """A term as TeX, cut off where it is long."""
    letters = {index: index.name for index in term_indices(term) if len(index.name) == 1}
    found, more = list[t.Expr](), t.Dots("dots")
    for mono, factor in term.key:
        one = Term({mono: factor})
        found.append(_tree(one, case, letters) if one.size <= LONGEST else more)
        if len(tex(t.Add((*found,)))) > LONGEST:
            found[-1] = more
        if found[-1] == more:
            break
    return "a long term" if found == [more] else f"${tex(t.Add((*found,) or (t.ZERO,)))}$"


def _tree(term: Term, case: Case, letters: dict[Index, str]) -> t.Expr:
    parts = tuple(_monomial(*one, case, letters) for one in term.key) or (t.ZERO,)
    return parts[0] if len(parts) == 1 else t.Add(parts)


def _monomial(mono: Monomial, factor: Rational, case: Case, letters: dict[Index, str]) -> t.Expr:
    """A monomial as a formula; each index that is no letter of the text gets one in `letters`."""
    over, size = tuple(_letter(one, letters) for one in mono.bound), abs(Fraction(factor))
    factors = [_number(size)] if size != 1 else []
    for atom, n in mono.atoms:
        one = _atom(atom, case, letters)
        factors.append(one if n == 1 else t.Power(one, _number(Fraction(n))))
    found = t.Product(tuple(factors)) if len(factors) > 1 else (*factors, t.ONE)[0]
    found = t.Sum(over, None, None, found) if over else found
    return t.Negative(found) if factor < 0 else found


def _number(n: Fraction) -> t.Expr:
    return t.Number(n) if max(n.as_integer_ratio()) < LARGEST else t.Dots("dots")


def _atom(atom: Atom, case: Case, letters: dict[Index, str]) -> t.Expr:
    kind, label, layer = atom.kind, str(atom.label), partial(_layer, case)
    at = tuple(_place(index, case, letters) for index in atom.indices)
    match kind:
        case "function":
            return _applied(label, _tree(atom.argument or ZERO, case, letters), case)
        case "length":
            return _length(Sort(int(label)), case)
        case "free":
            return t.Name(label if label in t.FREE else "s", None)
        case "delta":
            return t.Kronecker(*at)
        case "entry":
            return at[0]
        case "g":
            return t.Derivative(t.Name("ell", None), t.Name(label, None, at))
        case "J" if isinstance(atom.label, tuple):
            low, high = map(layer, atom.label)
            return t.Derivative(t.Name("s", high, at[:1]), t.Name("z", low, at[1:]))
        case "ell" | "y":
            return t.Name(kind, None, at)
        case "z" if label in ("0", str(case.depth)):
            return t.Name("x" if label == "0" else "y_hat", None, at)
    return t.Name(kind, layer(int(label)), at)


def _applied(name: str, of: t.Expr, case: Case) -> t.Expr:
    """A function of a formula, by the name that it has in a term."""
    if name == "step":
        return t.Indicator(">", of, t.ZERO)
    if name == "inverse":
        return t.Quotient(t.ONE, of)
    if not is_any(name):
        return t.Apply(t.Function(name), (of,))
    number = int(name[1:].rstrip("'"))
    two = case.network.depth == 2 and not case.network.layered
    layer = None if two or not number else _layer(case, number)
    return t.Apply(t.Function("g" if two and number == 2 else "f", layer, name.count("'")), (of,))


def _place(index: Index, case: Case, letters: dict[Index, str]) -> t.Expr:
    """An index as a letter, or as a number: 2, K - 1."""
    if index.at is None:
        return t.Index(_letter(index, letters))
    at = t.Number(Fraction(abs(index.at)))
    return at if index.at >= 0 else t.Add((_length(index.sort, case), t.Negative(at)))


def _letter(index: Index, letters: dict[Index, str]) -> str:
    """The letter of an index: its own, or the first that is free."""
    free = (one for one in "ijkmnpqrtuv" if one not in letters.values())
    return letters.setdefault(index, next(free, f"i_{{{len(letters)}}}"))
