"""The book's own Sphinx extensions, one at a time: formulas, drawings, the font."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from assets import math_characters, subset_font
from docutils import nodes
from fontTools.ttLib import TTFont
from inline_svg import SvgError, inline
from mathml import MathError, tex_to_mathml
from pages import description_of, extensions_digest
from wording import in_a_line, subject, words

ROOT = Path(__file__).parents[2]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'


def test_formula_keeps_its_source() -> None:
    tex = r"\frac{\partial \ell}{\partial W^{(1)}} = 2 \boldsymbol{x} < 3"
    mathml = tex_to_mathml(tex, display=True)
    assert mathml.startswith('<math display="block">')
    source = tex.replace("<", "&lt;")
    assert f'<annotation encoding="application/x-tex">{source}</annotation>' in mathml


def test_layer_is_one_word_of_its_formula() -> None:
    for tex, layer in {"(1)": "(1)", "(L+1)": "(𝐿+1)", "(L-1)": "(𝐿−1)"}.items():
        for formula in (f"W^{{{tex}}}", f"W_{{ij}}^{{{tex}}}"):
            assert f"<mtext>{layer}</mtext></m" in tex_to_mathml(formula, display=False)
    for formula in ("f(1)", "(1)^2", "e^{f(1)}", r"W^{(L_{\max})}", "W^{(12)}"):
        assert "mtext" not in tex_to_mathml(formula, display=False)


def test_bold_digit_is_bold() -> None:
    assert "<mn>𝟏</mn>" in tex_to_mathml(r"\boldsymbol{1}", display=False)


def test_error_names_the_line_and_the_place() -> None:
    with pytest.raises(MathError, match=r"\\nonsense.*Near: \\nonsense{y}") as error:
        tex_to_mathml("x\n= \\nonsense{y}", display=True)
    assert error.value.line == 1


def test_characters_of_a_page_are_those_that_a_browser_shows() -> None:
    page = "<p>text Ω</p>" + tex_to_mathml(r"h + \operatorname{ReLU}(W) + 2\delta", display=False)
    found = math_characters([page])
    assert {"ℎ", "𝑊", "R", "e", "L", "U", "2", "+", "𝛿"} <= found
    assert "Ω" not in found
    assert "\\" not in found


def test_font_keeps_large_forms_and_loses_the_rest() -> None:
    whole = ROOT / "book" / "_fonts" / "stix-two-math.woff2"
    cut = subset_font(whole, set("∑(𝑊"))
    assert len(cut) < whole.stat().st_size / 10
    with TTFont(io.BytesIO(cut)) as font:
        characters, variants = font.getBestCmap(), font["MATH"].table.MathVariants
        glyphs, constructions = variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction
        larger = dict(zip(glyphs, constructions, strict=True))
        bracket, total = larger[characters[ord("(")]], larger[characters[ord("∑")]]
    assert ord("𝑊") in characters
    assert ord("∮") not in characters
    assert len(bracket.MathGlyphVariantRecord) > 3
    assert bracket.GlyphAssembly is not None
    assert len(total.MathGlyphVariantRecord) > 1


def test_drawing_has_a_name_and_its_own_ids() -> None:
    drawing = SVG.format('<defs><path id="a"/></defs><use href="#a" fill="url(#a)"/>')
    svg = inline(drawing, alt="An arrow & a box", prefix="svg1-")
    assert 'role="img"' in svg
    assert 'aria-label="An arrow &amp; a box"' in svg
    assert re.findall(r'(?:id="|href="#|url\(#)([\w-]+)', svg) == ["svg1-a"] * 3


def test_drawing_is_named_by_its_title() -> None:
    svg = inline(SVG.format("<title>Loss</title>"), alt="", prefix="")
    assert 'aria-label="Loss"' in svg
    assert "<title>" not in svg


def test_drawing_without_a_name_is_an_error() -> None:
    with pytest.raises(SvgError, match="needs alt text"):
        inline(SVG.format(""), alt="", prefix="")


def test_file_that_is_no_drawing_is_an_error() -> None:
    with pytest.raises(SvgError, match="not well-formed"):
        inline("<svg", alt="x", prefix="")
    with pytest.raises(SvgError, match="expected an <svg> element"):
        inline("<p/>", alt="x", prefix="")


def test_plot_takes_the_colors_of_the_theme() -> None:
    plot = SVG.format(
        '<g id="figure_1"><path style="fill: #ffffff"/><path style="stroke: #000000; fill: none"/>'
        '<path style="stroke: #1f77b4"/></g>'
    )
    svg = inline(plot, alt="A plot", prefix="")
    assert 'style="fill: none"' in svg
    assert "stroke: currentColor" in svg
    assert "stroke: #1f77b4" in svg


def test_drawing_of_ours_keeps_its_colors() -> None:
    svg = inline(SVG.format('<path style="fill: #000000"/>'), alt="A box", prefix="")
    assert "fill: #000000" in svg


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\frac{\partial \ell}{\partial W^{(1)}}", "∂ℓ/∂W(1)"),
        (r"\left( \frac{a}{b} \frac{c}{d} \right)", "(a/b c/d)"),
        (r"\hat{\boldsymbol{y}} < \delta_{ij}", "ŷ<δij"),
        (r"\left[ \boldsymbol{\delta}^{(L+1)} \right]^{\mathsf T}", "[δ(L+1)]ᵀ"),
        (r"\frac{1}{1 + \exp(-s)}", "1/(1+exp(−s))"),
        (r"10^{-16} \lVert x \rVert^2", "10^(−16)‖x‖²"),
        (r"\ell_{\mathrm{BCE}}", "ℓBCE"),
    ],
)
def test_formula_in_a_line_reads_without_markup(tex: str, line: str) -> None:
    assert in_a_line(tex_to_mathml(tex, display=False)) == line


def test_equation_is_about_its_left_side() -> None:
    tex = (
        r"\frac{\partial \ell}{\partial W_{ij}^{(1)}}"
        r" = \sum_k \delta_{ik} \left[ \boldsymbol{\delta}^{(2)} \right]^{\mathsf T}"
    )
    about, whole = set(subject(tex).split()), set(words(tex).split())
    assert about == {"gradient", "derivative", "loss", "weight", "first", "W1", "dl", "dW1"}
    assert whole > about | {"Kronecker", "error", "delta2", "second", "transpose", "sum"}
    assert not whole & {"bias", "sigmoid", "input", "identity"}


def test_condition_is_part_of_what_an_equation_is_about() -> None:
    tex = r"f = \operatorname{ReLU} \;\Rightarrow\; z_i^{(1)} = \max(0, s_i^{(1)})"
    assert subject(tex) == "ReLU activation first z1"


def test_change_of_an_extension_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1", "utf-8")
    before = extensions_digest(tmp_path)
    assert extensions_digest(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2", "utf-8")
    assert extensions_digest(tmp_path) != before


def page_of(*children: nodes.Node) -> nodes.document:
    page = nodes.document(None, None)
    page += nodes.section("", *children)
    return page


def test_description_is_what_the_head_promises() -> None:
    promise = nodes.paragraph("", "After this page you know part 1.2 of it. You need nothing.")
    head = nodes.container("", promise, classes=["head-strip"])
    assert description_of(page_of(nodes.paragraph("", "Before."), head)) == (
        "After this page you know part 1.2 of it."
    )


def test_description_is_the_first_paragraph_without_a_formula_or_markup() -> None:
    formula = nodes.paragraph("", "Here ", nodes.math("", "x"))
    mark = nodes.raw("", '<a class="src">(erratum)</a>', format="html")
    words = nodes.paragraph("", "The words ", mark, nodes.Text("of the page."))
    assert description_of(page_of(formula, words)) == "The words of the page."
