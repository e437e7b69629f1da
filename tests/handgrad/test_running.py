"""The running network of the book: its numbers against autograd, and what the text says of them."""

import importlib.util
import json
import re

import numpy as np
import pytest
import torch
from refusals import refused

from handgrad import running
from handgrad.reference import autograd_gradients, twin
from handgrad.running import PARTS, W0, W1, W2, U, X, Y, b0, b1, b2, table, values, x, y

EACH_PART = pytest.mark.parametrize("part", PARTS)
ONE_POINT = ("dl_dy_hat", "delta2", "dl_dz1", "delta1", "dW2", "db2", "dW1", "db1", "dx")


def decimals(value, most):
    """Whether every entry is a decimal number with at most so many places."""
    scaled = np.ravel(np.asarray(value)) * 10**most
    return bool(np.all(np.abs(scaled - np.round(scaled)) < 1e-9))


def by_autograd(part):
    """The same names as `values`, from PyTorch's modules and `backward()` alone."""
    net = twin(running.network(part))
    loss = torch.nn.BCELoss() if part == "1.3b" else torch.nn.MSELoss(reduction="sum")
    leaf = torch.tensor(x, requires_grad=True)
    s1 = net[0](leaf)
    z1 = net[1](s1)
    s2 = net[2](z1)
    y_hat = net[3](s2)
    for value in (s1, z1, s2, y_hat):
        value.retain_grad()
    result = loss(y_hat, torch.tensor(y))
    result.backward()
    gradients = {
        "dl_dy_hat": y_hat.grad, "delta2": s2.grad, "dl_dz1": z1.grad, "delta1": s1.grad,
        "dW2": net[2].weight.grad.T, "db2": net[2].bias.grad,
        "dW1": net[0].weight.grad.T, "db1": net[0].bias.grad, "dx": leaf.grad,
    }  # fmt: skip
    forward = {"s1": s1, "z1": z1, "s2": s2, "y_hat": y_hat, "loss": result}
    jacobian = torch.func.jacrev(net)(torch.tensor(x))
    found = {**forward, **gradients, "dy_hat_dx": jacobian}
    return {name: tensor.detach().numpy() for name, tensor in found.items()}


@EACH_PART
def test_values_and_gradients_are_those_of_autograd(part):
    mine, reference = values(part), by_autograd(part)
    assert set(ONE_POINT) < set(reference) < set(mine)
    for name, expected in reference.items():
        np.testing.assert_allclose(mine[name], expected, rtol=0, atol=1e-13, err_msg=name)


@EACH_PART
def test_the_step_is_the_one_of_torch_and_the_loss_falls(part):
    net, chosen, mine = twin(running.network(part)), PARTS[part], values(part)
    loss = torch.nn.BCELoss() if part == "1.3b" else torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(net.parameters(), lr=chosen.eta)
    loss(net(torch.tensor(x)), torch.tensor(y)).backward()
    square = sum((p.grad**2).sum() for p in net.parameters())
    optimizer.step()
    after = loss(net(torch.tensor(x)), torch.tensor(y)).item()
    for name, module in (("1", net[0]), ("2", net[2])):
        np.testing.assert_allclose(mine[f"W{name}_new"], module.weight.detach(), atol=1e-13)
        np.testing.assert_allclose(mine[f"b{name}_new"], module.bias.detach(), atol=1e-13)
    np.testing.assert_allclose(mine["loss_new"], after, atol=1e-13)
    np.testing.assert_allclose(mine["square"], square.item(), atol=1e-10)
    assert mine["loss_new"] < mine["loss"]


@EACH_PART
def test_the_batch_sums_the_gradients_of_its_points(part):
    net, mine = twin(running.network(part)), values(part)
    each, deltas = [], []
    for point, target in zip(torch.tensor(X), torch.tensor(Y), strict=True):
        loss = torch.nn.BCELoss() if part == "1.3b" else torch.nn.MSELoss(reduction="sum")
        s1 = net[0](point)
        s2 = net[2](net[1](s1))
        deltas += [s1, s2]
        s1.retain_grad()
        s2.retain_grad()
        each.append(loss(net[3](s2), target))
    sum(each).backward()
    np.testing.assert_allclose(mine["batch_loss"], sum(each).item(), atol=1e-12)
    for name, layer in (("batch_delta1", deltas[::2]), ("batch_delta2", deltas[1::2])):
        np.testing.assert_allclose(mine[name], [s.grad.numpy() for s in layer], atol=1e-12)
    np.testing.assert_allclose(mine["batch_s1"], [s.detach().numpy() for s in deltas[::2]])
    np.testing.assert_array_equal(mine["units_on"], mine["batch_s1"] > 0)
    np.testing.assert_allclose(mine["losses"], [loss.item() for loss in each], atol=1e-12)
    np.testing.assert_allclose(mine["batch_dW1"], net[0].weight.grad.numpy().T, atol=1e-12)
    np.testing.assert_allclose(mine["batch_db1"], net[0].bias.grad, atol=1e-12)
    np.testing.assert_allclose(mine["batch_dW2"], net[2].weight.grad.numpy().T, atol=1e-12)
    np.testing.assert_allclose(mine["batch_db2"], net[2].bias.grad, atol=1e-12)


def test_the_layer_in_front_gives_the_point_and_autograd_its_error():
    np.testing.assert_array_equal(np.maximum(0, W0 @ U + b0), x)
    reference = autograd_gradients(running.deep_network(), U, y, PARTS["1.2"].loss)
    mine = values()
    np.testing.assert_array_equal(mine["s0"], W0 @ U + b0)
    np.testing.assert_allclose(mine["delta0"], reference.delta[1], atol=1e-13)
    np.testing.assert_allclose(mine["dW0"], reference.W[1].T, atol=1e-13)
    np.testing.assert_array_equal(mine["delta0"], mine["dx"])  # both units of that layer are on


def test_no_two_widths_are_equal():
    assert len({len(x), len(b1), len(b2), len(X)}) == 4
    assert [len(U), len(b0)] == [5, len(x)]
    np.testing.assert_array_equal(X[0], x)
    np.testing.assert_array_equal(Y[0], y)


def test_a_reader_can_calculate_1_2_by_hand():
    mine = values()
    for name in ("s1", "z1", "s2", "y_hat", "diff", "loss", *ONE_POINT, "dy_hat_dx"):
        assert decimals(mine[name], 1), name
    for name in ("W1_new", "b1_new", "W2_new", "b2_new"):
        assert decimals(mine[name], 3), name


def test_unit_1_is_off_and_the_error_that_comes_back_to_it_shows():
    mine = values()
    assert (mine["s1"] > 0).tolist() == [True, False, True]
    assert mine["dl_dz1"][1] == -6
    assert mine["delta1"][1] == 0
    assert 0 not in mine["delta2"]
    assert len(set(np.abs(mine["delta2"]))) == 4


def test_unit_1_is_not_dead_and_no_point_is_near_a_kink():
    mine = values()
    assert np.flatnonzero(mine["units_on"][:, 1]).tolist() == [1, 3]
    assert np.abs(mine["s1"]).min() >= 1
    assert np.abs(mine["batch_s1"]).min() >= 0.5


def test_the_step_leaves_unit_1_alone():
    mine = values()
    np.testing.assert_array_equal(mine["W1_new"][1], W1[1])
    assert mine["b1_new"][1] == b1[1]
    np.testing.assert_array_equal(mine["W2_new"][:, 1], W2[:, 1])
    assert (mine["W2_new"][:, [0, 2]] != W2[:, [0, 2]]).all()


@EACH_PART
def test_calculating_with_the_printed_decimals_gives_the_printed_results(part):
    mine = values(part)
    printed = {name: np.round(value, 4) for name, value in mine.items()}
    again = {
        "s2": W2 @ printed["z1"] + b2,
        "delta2": printed["dl_dy_hat"] * printed["g_slope"],
        "dl_dz1": printed["delta2"] @ W2,
        "delta1": printed["dl_dz1"] * printed["f_slope"],
        "dW2": np.outer(printed["z1"], printed["delta2"]),
        "dW1": np.outer(x, printed["delta1"]),
    }
    for name, value in again.items():
        np.testing.assert_allclose(value, mine[name], rtol=0, atol=3e-4, err_msg=name)


def test_cross_entropy_tells_the_most_wrong_output_the_most_and_squared_error_does_not():
    squared, cross = values("1.3a"), values("1.3b")
    wrong = int(np.argmax(np.abs(squared["diff"])))
    assert wrong == int(np.argmax(np.abs(cross["delta2"]))) == 1
    assert int(np.argmax(np.abs(squared["delta2"]))) == 0
    assert squared["delta1"][0] > 0 > cross["delta1"][0]


def test_a_derivative_promises_small_steps_only():
    mine = values()
    assert mine["eta"] * mine["square"] > mine["loss"] > mine["loss"] - mine["loss_new"]


def test_the_table_is_json_with_every_number_of_every_part():
    loaded = json.loads(json.dumps(table()))
    for part in PARTS:
        assert set(loaded[part]) == set(values(part))
        for name, value in values(part).items():
            np.testing.assert_allclose(loaded[part][name], value, atol=1e-12)
            np.testing.assert_array_equal(loaded[part][name], np.round(loaded[part][name], 12))
    assert "-0.0" not in json.dumps(loaded["1.2"])


DATA = {"x": x, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2}


def test_the_data_are_doubles_that_cannot_be_changed_by_accident():
    fresh = importlib.util.module_from_spec(running.__spec__)
    running.__spec__.loader.exec_module(fresh)
    for name, array in {**DATA, "X": X, "Y": Y, "U": U, "W0": W0, "b0": b0}.items():
        np.testing.assert_array_equal(getattr(fresh, name), array)
        for each in (array, getattr(fresh, name)):
            assert each.dtype == np.float64
            with pytest.raises(ValueError, match="read-only"):
                each[0] = 1


@EACH_PART
def test_every_number_has_the_name_that_the_docstring_gives_it(part):
    mine = values(part)
    documented = set(re.findall(r"`(\w+)`", running.values.__doc__)) - {"part"}
    in_front = {"u", "W0", "b0", "s0", "delta0", "dW0"}
    assert set(mine) == (documented if part == "1.2" else documented - in_front)
    for name, array in DATA.items():
        np.testing.assert_array_equal(mine[name], array)
    assert [mine[name] for name in ("K", "N", "eta")] == [4, 5, PARTS[part].eta]


def test_an_unknown_part_is_named():
    for part in ("1.4", ["1.2"]):
        with refused(ValueError, f"part: expected one of 1.2, 1.3a, 1.3b, given {part!r}"):
            values(part)
