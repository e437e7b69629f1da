"""What looks the same is read the same: the pages' own converter to MathML says what is seen."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from itertools import product
from xml.etree import ElementTree

import pytest
from math_core import LatexError, LatexToMathML

from texcheck import syntax as t
from texcheck.judge.decide import decide
from texcheck.reading import CannotRead, expression

CONVERTER = LatexToMathML()
NAMED = re.compile("&(?!lt;|gt;|amp;)[A-Za-z]+;")  # XML knows only the three
UNSEEN = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b\xa0 "))
GROUPS = {"mrow", "mstyle", "math", "mpadded", "semantics", "mtd"}


def look(tex: str) -> str:
    """What is seen of a formula: its MathML without what only groups, and without fonts.

    Empty if the converter cannot show it.
    """
    try:
        shown = CONVERTER.convert_with_local_state(tex, displaystyle=True)
    except LatexError:
        return ""
    return _look(ElementTree.fromstring(NAMED.sub(lambda found: unescape(found[0]), shown)))


def _look(element: ElementTree.Element) -> str:
    tag = element.tag.rpartition("}")[2]
    inside = [_look(part) for part in element]
    if tag in ("mi", "mn", "mo", "mtext"):
        text = unicodedata.normalize("NFKC", element.text or "").translate(UNSEEN)
        return f"«{text}»" if tag == "mi" and len(text) > 1 else text
    if tag == "mspace":
        wide = re.match(r"[\d.]+", element.get("width", "0"))
        return "␣" if wide and float(wide.group()) >= 0.9 else ""
    if tag in GROUPS:
        return "".join(inside)
    names = {"munder": "msub", "mover": "msup", "munderover": "msubsup"}
    return f"{names.get(tag, tag)}({'|'.join(inside)})"


def tree(tex: str) -> t.Expr | None:
    try:
        return expression(tex)
    except CannotRead:
        return None


# -- subscript and superscript, in both orders

BASES = [
    *"xyeWfszbIKl2i", r"\sigma", r"\hat y", "(x x^T)", "[x]", "[x y^T]", r"\delta", r"\ell", "d_x",
    r"\boldsymbol{1}", r"\log(x)", r"\operatorname{diag}(x)", r"\lVert x \rVert", "|x_0|",
    r"\sqrt{x}", r"\frac{x}{2}", r"\mathbb{1}[x > 0]", r"\log", r"\operatorname{ReLU}", r"\sum",
    r"\nabla_x \ell", r"\max(x, 0)", "{x}", "{(x x^T)}", r"\mathbf{x}", r"\hat{y}", r"\eta",
]  # fmt: skip
BELOW = ["0", "{0}", "i", "{ij}", "{01}", "{i,:}", "+", "2", "F", "x", "K", "{MSE}", "{d_x}"]
ABOVE = ["2", "T", "{2}", "{(1)}", "{(1)T}", "{-1}", "{(L)}", r"\prime", r"{\odot 2}", "x", "{0}"]


@pytest.mark.parametrize("base", BASES)
def test_the_order_of_two_scripts_makes_no_difference(base: str) -> None:
    for below, above in product(BELOW, ABOVE):
        one, other = f"{base}_{below}^{above}", f"{base}^{above}_{below}"
        first, second = tree(one), tree(other)
        assert first is None or second is None or first == second, (one, other)


# -- braces, fonts and gaps, wherever they may stand

NUMBERS = ["x_0", "x_1", "2", "3", r"\ell", "s", "x^T x", "y_0"]
MATRICES = ["x", "W^{(1)T} s^{(1)}", "x x^T", "W^{(1)} x"]
FUNCTIONS = [r"\sigma", r"\log", r"\exp", r"\operatorname{ReLU}", r"\tanh", r"\operatorname{tr}"]
FONTS = ["", "", r"\mathit", r"\boldsymbol", r"\displaystyle", r"\mathbf", r"\vec", r"\mathord"]
BETWEEN = ["{}", r"\!", r"\,", " ", r"\mathstrut ", r"\displaystyle "]
FORMS = [
    "% %", "% + %", "% - %", r"% \cdot %", r"% \odot %", "% / %", "%^2", "%^T", "%^{2 %}", "%{}^2",
    "%_0", "%_i", "%_{01}", r"\sum_i %", r"\frac{%}{%}", r"\frac{\partial %}{\partial x_0}",
    r"\sqrt{%}", "|%|", r"\lVert % \rVert", "-%", "e^{%}", "[%]_+", "(%)", "{%}", "FONT{%}",
    "FUNCTION %", "FUNCTION(%)", "FUNCTION{(%)}", "{(%)}^2", r"\hat y(%)", r"\hat{%}",
]  # fmt: skip


def formula(dice: random.Random, depth: int) -> str:
    if not depth:
        return dice.choice(NUMBERS if dice.random() < 0.6 else MATRICES)
    form = dice.choice(FORMS).replace("FONT", dice.choice(FONTS))
    form = form.replace("FUNCTION", dice.choice(FUNCTIONS))
    return re.sub("%", lambda _: formula(dice, dice.randrange(depth)), form)


def variants(dice: random.Random, tex: str) -> Iterator[str]:
    """The formula with braces taken away or put in, fonts and gaps."""
    yield tex
    for _ in range(4):
        parts = re.findall(r"\\[A-Za-z]+ ?|\\.|.", tex)
        opened = [at for at, part in enumerate(parts) if part == "{"]
        if opened and dice.random() < 0.5:
            first = dice.choice(opened)
            ends = [at for at, part in enumerate(parts) if part == "}" and at > first]
            last = next(
                at
                for at in ends
                if parts[first : at + 1].count("{") == parts[first : at + 1].count("}")
            )
            parts[first] = parts[last] = " "
        elif dice.random() < 0.6:
            first = dice.randrange(len(parts))
            last = min(len(parts), first + dice.randrange(1, 8))
            parts[first:last] = [dice.choice(FONTS), "{", *parts[first:last], "}"]
        else:
            parts.insert(dice.randrange(len(parts) + 1), dice.choice(BETWEEN))
        yield "".join(parts)


def proved(left: t.Expr, right: t.Expr) -> bool:
    return decide(t.Equation(left, right), "any", witness=False).status == "proved"


@pytest.mark.parametrize("seed", range(8))
def test_texts_that_look_the_same_are_read_the_same(seed: int) -> None:
    """Where two trees differ, they are equal for the prover, or it proves nothing of one."""
    dice = random.Random(f"seen {seed}")
    seen: dict[str, tuple[str, t.Expr]] = {}
    both = 0
    for _ in range(400):
        for tex in variants(dice, formula(dice, dice.randrange(1, 4))):
            found = tree(tex)
            seen_as = look(tex) if found is not None else ""
            if found is None or not seen_as:
                continue
            first, other = seen.setdefault(seen_as, (tex, found))
            both += first != tex
            if other != found and proved(other, other) and proved(found, found):
                assert proved(other, found), (first, tex)
    assert both > 50
