"""Networks and losses that are declared, not programmed; other courses' letters."""

from __future__ import annotations

import pytest

from texcheck.elaborate.definitions import (
    DefinitionError,
    declared,
    loss_of,
    network_named,
    network_of,
)
from texcheck.indexed import shapes
from texcheck.judge.decide import decide
from texcheck.networks.network import Network
from texcheck.reading import BOOK, Names, names_of, read

TWO = [
    r"s^{(1)} = W^{(1)} x + b^{(1)}",
    r"z^{(1)} = \operatorname{ReLU}(s^{(1)})",
    r"s^{(2)} = W^{(2)} z^{(1)} + b^{(2)}",
    r"\hat y = s^{(2)}",
]


def status(tex: str, network: Network | str, names: Names = BOOK) -> list[str]:
    return [decide(statement, network).status for statement in read(tex, names)]


def two_layers(loss: str) -> Network:
    return network_of("mine", TWO, ["L1"], {"L1": loss_of("L1", loss)})


def test_a_further_loss_is_declared_by_its_display() -> None:
    absolute = two_layers(r"\ell = \sum_k |\hat y_k - y_k|")
    right = r"\frac{\partial \ell}{\partial \hat y_k} = \operatorname{sign}(\hat y_k - y_k)"
    assert status(right, absolute) == ["proved"]
    assert status(right.replace(r"\hat y_k - y_k)", r"y_k - \hat y_k)"), absolute) == ["refuted"]
    soft = two_layers(r"\ell = \sum_k \log(1 + \exp(\hat y_k - y_k))")
    right = r"\delta_k^{(2)} = \sigma(\hat y_k - y_k)"
    assert status(right, soft) == ["proved"]
    assert status(right, "regression") == ["refuted"]


def test_three_layers_with_tanh_are_declared_by_their_lines() -> None:
    lines = []
    for layer, before, after in (
        (1, "x", "z^{(1)}"),
        (2, "z^{(1)}", "z^{(2)}"),
        (3, "z^{(2)}", r"\hat y"),
    ):
        lines += [f"s^{{({layer})}} = W^{{({layer})}} {before} + b^{{({layer})}}",
                  rf"{after} = \tanh(s^{{({layer})}})"]  # fmt: skip
    network = network_of("three", lines, ["MSE"], declared()[0])
    assert network.activations == ("tanh", "tanh", "tanh")
    good = r"\delta^{(2)} = (W^{(3)T} \delta^{(3)}) \odot (\boldsymbol{1} - z^{(2)} \odot z^{(2)})"
    assert status(good, network) == ["proved"]
    assert status(good.replace("delta^{(3)}", "delta^{(2)}"), network) == ["refuted"]
    assert status(r"\delta^{(3)} = 2 (\hat y - y)", network) == ["refuted"]


def test_numbered_layers_of_any_depth_are_the_first_ones() -> None:
    """Nothing says how many there are: the last one may be one of them, or lie above."""
    lines = [r"s^{(L)} = W^{(L)} z^{(L-1)} + b^{(L)}", r"z^{(L)} = f^{(L)}(s^{(L)})"]
    mine = network_of("mine", lines, [""], {})
    verdicts = {
        "proved": [
            r"s^{(6)} = W^{(6)} z^{(5)} + b^{(6)}",
            r"\frac{\partial s^{(2)}}{\partial x} = W^{(2)} \frac{\partial z^{(1)}}{\partial x}",
            r"d_{z^{(2)}} = d_{s^{(2)}}",
            r"\frac{\partial \ell}{\partial x} = \delta^{(1)T} W^{(1)}",
            r"\nabla_{W^{(2)}} \ell = \delta^{(2)} z^{(1)T}",
            r"\frac{\partial \hat y}{\partial b^{(1)}} = \frac{\partial \hat y}{\partial s^{(1)}}",
            r"\hat y_0 + z^{(1)}_0 = z^{(1)}_0 + \hat y_0",
        ],
        "refuted": [
            r"\hat y = z^{(5)}",
            r"\frac{\partial \hat y}{\partial z^{(2)}} = I",
            r"z^{(3)} = g(s^{(3)})",
            r"z^{(2)} \in \mathbb{R}^K",
            r"\ell = z_0^{(2)}",
            r"z_k^{(2)} = z_k^{(2)} \text{ for } k = 0, \dots, K-1",
            r"\frac{\partial \ell}{\partial x} = \delta^{(2)T} W^{(2)}",
            r"z^{(6)} = z^{(5)}",
            r"z^{(6)} = s^{(6)}",
        ],
        "undecided": [r"z^{(1)} = z^{(L)}", "z^{(100000000)} = 0"],
    }
    for verdict, texts in verdicts.items():
        assert [status(tex, mine) for tex in texts] == [[verdict] * len(read(tex)) for tex in texts]
    bare = ["z^l = w^l a^{l-1} + b^l", "a^l = f(z^l)"]
    letters = names_of(bare)
    assert status("a^2 = f(z^2)", network_of("bare", bare, [""], {}, 0, letters), letters) == [
        "proved"
    ]
    assert status(r"\hat y = z^{(5)}", "deep") == ["proved"]
    assert status(verdicts["proved"][0], "deep") == ["refuted"]


@pytest.mark.parametrize(
    ("lines", "good", "bad"),
    [
        (
            ["z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}", "a^{[l]} = g^{[l]}(z^{[l]})"],
            r"\frac{\partial J}{\partial z^{[l]}} = \frac{\partial J}{\partial a^{[l]}}"
            r" \operatorname{diag}(g^{[l]\prime}(z^{[l]}))",
            r"\frac{\partial J}{\partial z^{[l]}} = \frac{\partial J}{\partial a^{[l]}} W^{[l]}",
        ),
        (
            ["z^l = w^l a^{l-1} + b^l", r"a^l = \sigma^l(z^l)"],
            r"z^l = w^l a^{l-1} + b^l",
            r"z^l = w^l a^l + b^l",
        ),
    ],
)
def test_the_letters_of_other_courses_are_declared(lines: list[str], good: str, bad: str) -> None:
    loss = "J = \\lVert a - y \\rVert^2" if "[" in lines[0] else "C = \\lVert a - y \\rVert^2"
    names = names_of([*lines, loss])
    assert status(good, "deep", names) == ["proved"]
    assert status(bad, "deep", names) == ["refuted"]


@pytest.mark.parametrize(
    "loss",
    [
        r"\ell = \lVert \hat y - x \rVert^2",
        r"\ell = \ell + \hat y_0",
        r"\ell = f(\hat y_0)",
        r"z = \hat y_0",
        r"\ell = \sum_k",
        r"\ell = (\hat y_k - y_k)^2",
        r"\ell = \hat y - y",
        r"\ell = \lVert \hat y - y \rVert^2 \quad \text{if } y_0 > 0",
        r"\ell_{\mathrm{BCE}} = \lVert \hat y - y \rVert^2",
    ],
)
def test_a_definition_is_closed(loss: str) -> None:
    with pytest.raises(DefinitionError):
        loss_of("bad", loss)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_loss_may_have_z_of_the_last_layer_alone(depth: int) -> None:
    squared = loss_of("own", r"\ell = \lVert \hat y - y \rVert^2")
    for layer in range(5):
        tex = rf"\ell = \lVert z^{{({layer})}} - y \rVert^2"
        if layer == depth:
            assert loss_of("own", tex, depth=depth) == squared
        else:
            with pytest.raises(DefinitionError, match="y_hat and y alone"):
                loss_of("bad", tex, depth=depth)


@pytest.mark.parametrize(("first", "last"), [("g", "f"), ("f", "f"), ("g", "g")])
def test_a_bare_f_is_the_first_of_two_layers_and_a_bare_g_the_last(first: str, last: str) -> None:
    lines = [TWO[0], rf"z^{{(1)}} = {first}(s^{{(1)}})", TWO[2], rf"\hat y = {last}(s^{{(2)}})"]
    with pytest.raises(DefinitionError):
        network_of("bad", lines, [""], {})


@pytest.mark.parametrize("last", ["f", "g", "\\tanh"])
def test_one_bare_f_is_not_the_activation_of_two_layers(last: str) -> None:
    middle = ["z^{(2)} = f(s^{(2)})", "s^{(3)} = W^{(3)} z^{(2)} + b^{(3)}"]
    lines = [*TWO[:1], "z^{(1)} = f(s^{(1)})", TWO[2], *middle, rf"\hat y = {last}(s^{{(3)}})"]
    with pytest.raises(DefinitionError, match="the layer of each f"):
        network_of("bad", lines, [""], {})


def test_lines_have_the_fixed_form() -> None:
    for at, line in (
        (0, r"s^{(1)} = x W^{(1)} + b^{(1)}"),
        (1, r"z^{(1)} = \operatorname{ReLU}(s^{(2)})"),
        (2, r"s^{(2)} = W^{(2)} x + b^{(2)}"),
        (3, r"\hat y = \operatorname{MSE}(s^{(2)}, y)"),
    ):
        with pytest.raises(DefinitionError):
            network_of("bad", [*TWO[:at], line, *TWO[at + 1 :]], ["MSE"], declared()[0])
    with pytest.raises(DefinitionError, match="declared loss"):
        network_of("bad", TWO, ["L7"], declared()[0])
    with pytest.raises(ValueError, match="expected a network"):
        network_named("nets")


def test_the_running_network_is_its_numbers() -> None:
    assert status(r"\delta^{(1)} = \begin{pmatrix} 3 \\ 0 \\ 2 \end{pmatrix}", "running") == [
        "proved"
    ]
    assert status(r"\ell = 13.5, \quad K = 4", "running") == ["proved", "proved"]
    assert status(r"\delta^{(1)} = \begin{pmatrix} 3 \\ -6 \\ 2 \end{pmatrix}", "running") == [
        "refuted"
    ]


def test_how_a_statement_was_read() -> None:
    (statement,) = read(r"\frac{\partial \ell}{\partial W_{ij}^{(L)}} = \delta_i^{(L)} z_j^{(L-1)}")
    found = shapes(statement, "deep")
    letters = set(found.letters.values())
    assert letters == {"d_{s^{(L)}}", "d_{s^{(L-1)}}"}
    (statement,) = read(r"\frac{\partial \ell}{\partial W^{(1)}} = x [\delta^{(1)}]^T")
    found = shapes(statement, "regression")
    assert found.shapes[id(statement.parts[0])] == ("d_x", "d_{s^{(1)}}")
