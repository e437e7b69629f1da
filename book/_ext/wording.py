"""Says a formula in a line and in words, so that the search finds it as a reader would ask."""

from __future__ import annotations

import html
import re
import unicodedata
import xml.etree.ElementTree as ET

_POWERS = {"2": "²", "T": "ᵀ", "′": "′"}
_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_MARKUP = re.compile(r"&(amp|lt|gt|quot);")
_INVISIBLE = re.compile("[\u2061-\u2064\u200b]")
_SEVERAL = re.compile(r".[ +−×·⋅/⊙,]")


def in_a_line(mathml: str) -> str:
    """The formula in plain letters, as in "∂ℓ/∂W(1)", "σ(1−σ)" or "δij"."""
    element = ET.fromstring(html.unescape(_MARKUP.sub(r"&amp;\1;", mathml)))
    return re.sub(r" (?=[])=,])", "", " ".join(_line(element).split()))


def _line(element: ET.Element) -> str:
    parts = [_line(child) for child in element if child.tag != "annotation"]
    match element.tag, parts:
        case "mfrac", [over, under]:
            return f"{_group(over)}/{_group(under)} "  # a second fraction may follow
        case "msup", [base, power]:
            layer = power.startswith("(")
            return base + (power if layer else _POWERS.get(power, f"^{_group(power)}"))
        case "mover", [base, "^"]:
            return unicodedata.normalize("NFC", base + _HAT)
        case "mtd", _:
            return " " + "".join(parts)
        case "mspace", _:
            return " " if float(element.get("width", "0").removesuffix("em")) >= 0.5 else ""
    text = element.text or ""
    own = text if text == "ℓ" else unicodedata.normalize("NFKC", text)
    return _INVISIBLE.sub("", own) + "".join(parts)


def _group(part: str) -> str:
    """A part of a fraction or a power, in brackets where it would be misread without them."""
    part = part.strip()
    return f"({part})" if part.startswith("−") or _SEVERAL.search(part) else part


# What stands in a formula, without its indices, and what a reader may call it.
_NAMES = {
    r"BCE": "BCE binary cross-entropy",
    r"MSE": "MSE squared error",
    r"\\ell": "loss",
    r"\\partial|'": "derivative",
    r"\\partial ?\\ell": "gradient",
    r"\\partial ?(?:\\hat|z|s)": "Jacobian",
    r"\\hat": "prediction output y_hat",
    r"Kronecker": "Kronecker delta",
    r"\\delta": "error delta",
    r"\\sigma": "sigmoid logistic",
    r"ReLU": "ReLU",
    r"\bW": "weight",
    r"\bb\b": "bias",
    r"\bx\b": "input",
    r"\bs\b": "pre-activation",
    r"\bz\b": "activation",
    r"\(1\)": "first",
    r"\(2\)": "second",
    r"\(L\)": "any layer",
    r"T\b": "transpose transposed",
    r"\\odot": "elementwise Hadamard product",
    r"\\log": "logarithm",
    r"\\exp": "exponential",
    r"\\sum": "sum",
    r"\bI\b": "identity",
    r"\bdiag\b": "diagonal",
    r"pmatrix": "matrix",
    r"\\times": "shape dimensions",
}
_GRADIENT = re.compile(r"\\ell \\partial ([Wb]) \((\d)\)")


def words(tex: str) -> str:
    """What stands in an equation: "weight first transpose W1"."""
    plain = re.sub(r"_\{\\mathrm\{(BCE|MSE)\}\}", r" \1", tex)
    plain = re.sub(r"\\delta_\{[a-z]{2}\}(?!\^)", " Kronecker ", plain)
    plain = re.sub(r"\\(?:boldsymbol|mathrm|mathsf|operatorname)\b", " ", plain)
    plain = re.sub(r"_(?:\{(?:[^{}]|\{[^{}]*\})*\}|[a-z0-9])", " ", plain)
    plain = re.sub(r"\\hat\W*y", r"\\hat", re.sub(r"[{}^ ]+", " ", plain))
    found = [name for sign, name in _NAMES.items() if re.search(sign, plain)]
    found += [letter + layer for letter, layer in re.findall(r"\b([Wbsz]|delta) \((\d)\)", plain)]
    found += [f"dl d{letter}{layer}" for letter, layer in _GRADIENT.findall(plain)]
    return " ".join(dict.fromkeys(found))


def subject(tex: str) -> str:
    """What an equation is about: the words of its left sides, and of the condition before it."""
    claims = re.sub(r"=(?=[^=]*\\Rightarrow)", " ", tex).split(r"\\")
    return words(" ; ".join(claim.partition("=")[0] for claim in claims if "=" in claim))
