"""The numbers that pages take from the running network: what is printed, what is refused."""

import pytest
from running_numbers import NumberError, evaluate, fill, symbol

from handgrad.running import values


def test_an_expression_is_calculated_from_the_running_network():
    mine, squared = values(), values("1.3a")
    assert evaluate("z1[2] * delta2[1]") == mine["dW2"][2, 1]
    assert evaluate("-a.delta2[1] / len(y)") == pytest.approx(-squared["delta2"][1] / 4, abs=1e-15)
    assert evaluate("sum(W2[:, 2] * delta2)") == mine["dl_dz1"][2]
    assert evaluate("(row(dl_dz1) @ W1)[0, 1]") == mine["dl_dz1"] @ mine["W1"][:, 1]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("the errors ⟦delta2⟧", "the errors (3, −5, −2, 4)"),
        ("$⟦delta2[1]⟧$", "$-5$"),
        (
            "⟦W1⟧",
            "(−1,\N{NO-BREAK SPACE}0.5), (2,\N{NO-BREAK SPACE}−0.5), (−2,\N{NO-BREAK SPACE}1.5)",
        ),
        ("⟦a.delta1⟧ for ⟦x⟧", "(0.0030, 0.1040, 0.0193) for (0.5, 3)"),
        ("⟦loss_new⟧ or ⟦loss_new:2⟧", "1.9331 or 1.93"),
        ("⟦delta1[1]⟧", "0"),
        (r"$⟦z1[2] * delta2[1] = dW2[2, 1]⟧$", r"$1.5 \cdot (-5) = -7.5$"),
        ("$⟦s1[0] - s1[1] * 2 = 4.5⟧$", r"$2.5 - (-1 \cdot 2) = 4.5$"),
        (
            "$⟦delta2[1] := 2 * (y_hat[1] - y[1])⟧$",
            r"$\delta_{1}^{(2)} = 2 \cdot (-1.5 - 1) = -5$",
        ),
        ("$$⟦row(delta2)⟧$$", r"$$\begin{pmatrix} 3 & -5 & -2 & 4 \end{pmatrix}$$"),
        (
            "numbers:\n⟦b.delta2[1] := (b.y_hat[1] - 1) / K⟧\n:::\n⟦x[1]⟧",
            "numbers:\n\\delta_{1}^{(2)} = \\frac{0.1077 - 1}{4} = -0.2231\n:::\n3",
        ),
    ],
)
def test_what_is_printed(text, filled):
    assert fill(text) == filled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("⟦delta3⟧", "'delta3' is no number of 1.2"),
        ("⟦b.u⟧", "'u' is no number of 1.3b"),
        ("⟦delta2[4]⟧", "out of bounds"),
        ("⟦1 +⟧", "expected arithmetic"),
        ("⟦__import__('os')⟧", "expected a number, a name or arithmetic"),
        ("$⟦z1[2] * delta2[1] = dW2[1, 2]⟧$", r"z1\[2\] \* delta2\[1\] is -7.5, dW2\[1, 2\] is 0"),
        ("$⟦dW2[1, 2] := z1[2] * delta2[1]⟧$", "is 0"),
        ("⟦delta2[1] := 2 * diff[1]⟧", "is TeX"),
        ("$⟦K := 4⟧$", "has no symbol"),
        ("$⟦a.loss = 1.3182⟧$", "a.loss is 1.3183"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(NumberError, match=said):
        fill(text)


def test_rows_of_a_gradient_are_inputs_and_its_symbol_says_so():
    assert symbol("dW2[2, 1]") == r"\frac{\partial \ell}{\partial W_{12}^{(2)}}"
    assert symbol("dl_dz1") == r"\frac{\partial \ell}{\partial \boldsymbol{z}^{(1)}}"
