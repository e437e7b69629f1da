"""Verdicts in words: plain text for a terminal, sentences for a page."""

from .verdict import Definition, Proved, Refuted, Undecided, Unreadable, Verdict, Witness

_LONGEST_LINE = 100  # of a line of TeX under which a caret is put


def text(verdict: Verdict) -> list[str]:
    """A verdict in plain lines, without the word itself."""
    match verdict:
        case Proved(cases):
            return [f"for {case}" for case in cases]
        case Definition(reason) | Undecided(reason):
            return [reason]
        case Refuted(witness, ill_sorted, diagnosis=diagnosis):
            values = difference(witness) if witness else ""
            misfit = "" if ill_sorted in diagnosis else ill_sorted
            return [said for said in (values, misfit, diagnosis) if said]
        case Unreadable():
            return unreadable(verdict)


def difference(witness: Witness) -> str:
    """Both values at the first entry that differs, and the network and L they were found on."""
    place = f"at {witness.entry} " if witness.entry else ""
    values = witness.left, witness.right
    left, right = ("no value" if one is None else f"{one + 0:.6g}" for one in values)
    if left == right:
        left, right = map(repr, values)
    on = f"{witness.network} with layers of {', '.join(map(str, witness.widths))}"
    layer = f", at layer {witness.layer}" if witness.layer is not None else ""
    return f"{place}the left side is {left} and the right side is {right}, on {on}{layer}"


def unreadable(verdict: Unreadable) -> list[str]:
    """Line, column and message; the line; a caret under the place."""
    line, column, shown = verdict.place
    first = f"line {line + 1}, column {column + 1}: {verdict.message}"
    start = max(0, column - _LONGEST_LINE // 2) if len(shown) > _LONGEST_LINE else 0
    cut = shown[start : start + _LONGEST_LINE].replace("\t", " ")
    before, after = "…" if start else "", "…" if start + _LONGEST_LINE < len(shown) else ""
    return [first, before + cut + after, " " * (column - start + len(before)) + "^"]


def capitalized(said: str) -> str:
    """Begins a sentence in upper case, but not one that begins with a symbol."""
    word = said.split(" ")[0]
    is_word = word in ("a", "A") or (word.isalpha() and len(word) > 1)
    return said[0].upper() + said[1:] if is_word else said
