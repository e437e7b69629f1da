"""A term in words, for the part of a statement that is left undecided."""

from __future__ import annotations

from texcheck.algebra.terms import Atom, Index, Monomial, Term
from texcheck.networks.network import Case

LONGEST = 200


def in_words(term: Term, case: Case) -> str:
    """A term as text, cut off where it is long."""
    parts = [_monomial(mono, f"{factor}") for mono, factor in term.key]
    found = " + ".join(parts).replace("+ -", "- ") or "0"
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"


def _monomial(mono: Monomial, factor: str) -> str:
    names = {index: "ijklmnpqr"[at % 9] + "'" * (at // 9) for at, index in enumerate(mono.bound)}
    words = (
        [] if factor == "1" and mono.atoms else ["-" if factor == "-1" and mono.atoms else factor]
    )
    words += [f"sum over {name}:" for name in names.values()]
    words += [_atom(atom, names) + (f"^{n}" if n != 1 else "") for atom, n in mono.atoms]
    return " ".join(words)


def _atom(atom: Atom, names: dict[Index, str]) -> str:
    at = "".join(f"[{_index(index, names)}]" for index in atom.indices)
    match atom.kind:
        case "function":
            inner = atom.argument or Term({})
            return f"{atom.label}({' + '.join(_monomial(m, str(f)) for m, f in inner.key)})"
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


def _index(index: Index, names: dict[Index, str]) -> str:
    return names.get(index, index.name or str(index.at))
