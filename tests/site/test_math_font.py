"""The shipped math font has the signs that a browser draws without finding them in the text."""

import pytest
from assets import math_characters


@pytest.mark.parametrize(
    "root", ["<msqrt><mi>n</mi></msqrt>", "<mroot><mi>n</mi><mn>3</mn></mroot>"]
)
def test_a_root_brings_its_sign(root):
    assert "√" in math_characters([f"<math>{root}</math>"])
    assert "√" not in math_characters(["<math><mi>n</mi></math>"])
