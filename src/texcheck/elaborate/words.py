"""Sorts, shapes and terms in words, for messages alone: no proof depends on this file."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from .. import syntax as t
from ..algebra.terms import Atom, Index, Monomial, Rational, Term
from ..networks.network import Case, Loss, Network
from ..writing import tex
from .matrix import IllSorted, Length, Unknown, is_one, resolved

LONGEST = 200
Shapes: TypeAlias = dict[int, tuple[Length, Length]]


def name_of(sort: Length, case: Case) -> str:
    r"""A sort as TeX: 1, d_x, d_{s^{(1)}}, K; near an L or behind a gap, d_{s^{(L+1)}} or so."""
    found, L = resolved(sort), case.L
    if isinstance(found, Unknown):
        return "?"
    if found.size:
        return str(found.size)
    at = t.Layer("", found.layer)
    if L is not None and abs(found.layer - L) <= 2:
        at = t.Layer("L", found.layer - L)
    elif found.layer in (0, case.depth):
        return "K" if found.layer else "d_x"
    elif any(bottom < found.layer for bottom, _ in case.gaps):
        at = t.Layer("L_max", found.layer - case.depth)
    return tex(t.Length(t.Name("s" if found.layer else "z", at)))


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


def in_words(term: Term) -> str:
    """A term as text, cut off where it is long."""
    parts = [_monomial(mono, factor) for mono, factor in term.key]
    found = " + ".join(parts).replace("+ -", "- ") or "0"
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"


def _monomial(mono: Monomial, factor: Rational) -> str:
    shown = f"{factor}" if max(map(abs, factor.as_integer_ratio())) < 10**LONGEST else "…"
    names = {index: "ijklmnpqr"[at % 9] + "'" * (at // 9) for at, index in enumerate(mono.bound)}
    short = {"1": [], "-1": ["-"]} if mono.atoms else {}
    words = short.get(shown, [shown])
    words += [f"sum over {name}:" for name in names.values()]
    words += [_atom(atom, names) + (f"^{n}" if n != 1 else "") for atom, n in mono.atoms]
    return " ".join(words)


def _atom(atom: Atom, names: dict[Index, str]) -> str:
    at = "".join(f"[{names.get(i, i.name or str(i.at))}]" for i in atom.indices)
    match atom.kind:
        case "function":
            inner = atom.argument or Term({})
            return f"{atom.label}({' + '.join(_monomial(m, f) for m, f in inner.key)})"
        case "length":
            return f"width {atom.label}"
        case "free":
            return f"{atom.label}"
        case "delta" | "entry":
            return f"{atom.kind}{at}"
        case "z" if atom.label == 0:
            return f"x{at}"
        case "g":
            return f"dl/d{atom.label}{at}"
    return f"{atom.kind}{atom.label or ''}{at}"
