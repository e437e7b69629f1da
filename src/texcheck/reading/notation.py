"""Learns the letters of another notation from the lines that declare a network."""

import re
from collections.abc import Sequence

from . import spelling
from .cursor import BOOK, Names
from .tokens import CannotRead, tokens

# A line's tokens with a space between them, without braces and without what is around a layer.
_LINEAR = re.compile(r"(\S+) \^ (\w+) = (\S+) \^ \2 (\S+)(?: \^ \2 - 1| \^ \d+)? \+ (\S+) \^ \2")
_ACTIVATION = re.compile(r"(\S+) \^ (\w+) = (\S+)(?: \^ \2)? \( (\S+) \^ \2 \)")
_OUTPUT = re.compile(r"hat y = (\S+) (?:\^ \w+ )?\( \S+ \^ \w+ \)")
_LOSS = re.compile(r"(\w) = ")
# Indices, lengths, the identity, a unit vector, layers, activations, x and y keep their letters.
_TAKEN = {*"ijklmnopqrKILdefgxy"}
_LAYER = re.compile(r"\^ [\[(] (\w+)((?: - 1)?) [\])]")


def names_of(schema: Sequence[str]) -> Names:
    """The letters that lines declare, such as z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}.

    A line s = W z + b gives the letters of the pre-activation, the weights, the activation before
    and the bias; z = f(s) that of an activation; any other line that begins with a letter and =
    the loss. Raises `CannotRead` for what is no TeX.
    """
    quantities = {letter: role for letter, role in spelling.QUANTITIES.items() if role != "ell"}
    activations, any_layer = list[str](), ""
    bare = square = foreign = False
    for line in schema:
        texts = [token.text for token in tokens(line)[:-1] if token.text not in ("{", "}")]
        plain = _LAYER.sub(r"^ \1\2", written := " ".join(texts))
        if found := _LINEAR.match(plain):
            s, layer, weights, before, bias = found.groups()
            declared = {s: "s", weights: "W", bias: "b"} | ({before: "z"} if before != "x" else {})
            foreign |= bool(declared.items() - spelling.QUANTITIES.items())
            foreign |= layer == "l" and written == plain
            bare, square = bare or written == plain, square or "[" in written
            any_layer = any_layer or ("" if layer.isdigit() else layer)
        elif found := _ACTIVATION.match(plain):
            z, _, function, s = found.groups()
            declared = {z: "z", s: "s"}
            activations.append("" if function in spelling.FUNCTIONS else function)
        elif found := _OUTPUT.match(plain):
            declared = {}
            activations.append("" if found[1] in spelling.FUNCTIONS else found[1])
        elif found := _LOSS.match(plain):
            declared = {found.group(1): "ell"}
            foreign = True
        else:
            continue
        for letter, role in declared.items():
            if letter in (_TAKEN if role != "ell" else _TAKEN | {*spelling.QUANTITIES}):
                raise CannotRead(f"expected a letter that is free: {letter} has a meaning", 0, 1)
        roles = {*declared.values()}
        quantities = {key: role for key, role in quantities.items() if role not in roles} | declared
    if not foreign:
        return BOOK
    *before, last = activations if activations and not any_layer else [*activations, ""]
    hidden = next(filter(None, before), "")
    functions = {hidden or "f": "f"} | ({} if hidden else {"g": "g"})
    if last not in ("", *before):
        functions = {hidden or "f": "f", last: "g"}
    return Names(
        {"ell": "ell", "mathcal": "ell", **quantities},
        {letter: role for letter, role in functions.items() if letter not in quantities},
        any_layer if any_layer != "L" else "",
        "L" if any_layer not in ("", "L") else "",
        bare,
        square,
    )
