"""The shipped math font has every sign that a page shows, also those that the browser draws."""

import base64
import io
import re

import pytest
from assets import math_characters
from fontTools.ttLib import TTFont


@pytest.mark.parametrize(
    "root", ["<msqrt><mi>n</mi></msqrt>", "<mroot><mi>n</mi><mn>3</mn></mroot>"]
)
def test_a_root_brings_its_sign(root):
    assert "√" in math_characters([f"<math>{root}</math>"])
    assert "√" not in math_characters(["<math><mi>n</mi></math>"])


def test_the_font_of_the_style_sheet_has_every_sign_of_every_page(site):
    css = (site / "_static" / "site.css").read_text("utf-8")
    face = r'font-family:"?STIX Two Math"?;src:url\(data:font/woff2;base64,([^)]+)\)'
    [font] = re.findall(face, css)
    signs = {chr(code) for code in TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap()}
    shown = math_characters(page.read_text("utf-8") for page in site.rglob("*.html"))
    assert len(shown) > 100
    assert {sign for sign in shown - signs if not sign.isspace()} == set()
