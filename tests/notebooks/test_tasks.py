"""The answers to the tasks at the end of the notebooks are what the changed notebooks compute."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the named cells of a notebook, changed as {old: new}, and returns their variables."""

    def run_cells(name, ids, changes=()):
        path = BOOK / f"{name}.ipynb"
        monkeypatch.chdir(path.parent)
        cells = {cell["id"]: cell for cell in json.loads(path.read_text("utf-8"))["cells"]}
        source = "\n".join("".join(cells[id_]["source"]) for id_ in ["imports", *ids.split()])
        # Outside a notebook there is nothing to set the format of figures in.
        source = re.sub(r"^set_matplotlib_formats\(.*\)$", "", source, flags=re.MULTILINE)
        for old, new in dict(changes).items():
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        variables = {}
        exec(source, variables)
        capsys.readouterr()
        return variables

    return run_cells


def test_every_notebook_ends_with_a_task_and_its_answer():
    for part in ("regression", "classification"):
        for path in (BOOK / part).glob("*.ipynb"):
            cells = json.loads(path.read_text("utf-8"))["cells"]
            text = "".join(line for cell in cells[-2:] for line in cell["source"])
            assert re.search(r"## Try it\n.*<summary>Answer</summary>", text, re.DOTALL), path.stem


ZERO = "    optimiser.zero_grad()  # 3. set the gradients to zero\n"
BACKWARD = "    loss.backward()  # 4. go backward\n"


def test_gradients_set_to_zero_too_late_teach_nothing(run):
    ids = "data split modules modules-compare step train"
    losses = run("regression/layers_run", ids, {ZERO + BACKWARD: BACKWARD + ZERO})["losses"]
    assert [round(loss) for loss in losses["torch"][:3]] == [33, 39, 39]
    first, last = losses["torch"][:9], losses["torch"][-9:]  # the nine batches of an epoch
    assert sum(last) == pytest.approx(sum(first))


def test_gradients_that_are_never_set_to_zero_overshoot(run):
    ids = "data split modules modules-compare step train"
    losses = run("regression/layers_run", ids, {ZERO: ""})["losses"]
    assert losses["torch"][2] < losses["hand"][2]
    assert 100 < losses["torch"][-1] < 1000


def raised(bias):
    """The change that the tasks ask for: a line in front of the one that builds the network."""
    line = f"b1 = b1 + np.array([0.0, {bias}, 0.0])\n"
    return {"network = Network(": f"{line}network = Network("}


def test_a_larger_bias_switches_hidden_unit_1_on(run):
    strict = run("regression/forward_run", "network strict", raised(2.0))["strict"]
    np.testing.assert_allclose(strict["Linear_1"], [2.5, 1, 1.5])
    np.testing.assert_allclose(strict["g"], [1, -3, 1, 1])
    assert strict["loss"] == pytest.approx(18)

    ids = "network autograd partials w2 w1"
    result = run("regression/gradients_run", ids, raised(2.0))
    np.testing.assert_allclose(result["delta2"], [2, -8, 2, 0])
    np.testing.assert_allclose(result["delta1"], [-5, 15, 13])
    np.testing.assert_allclose(result["dl_dW1"][1], [7.5, 45])


def test_wider_layers_make_the_way_forward_dearer(run):
    result = run("regression/deep_run", "front network recursion gradients compare product order")
    shapes = result["product_shapes"]([200] * 5 + [10])
    assert result["multiplications"](shapes) == (282_100, 48_422_000)


def test_central_differences_see_half_a_slope_at_the_kink(run):
    cells = "network relu identity loss compare"
    result = run("regression/jacobians_run", cells, raised(1.0))
    np.testing.assert_array_equal(result["relu_jacobian"], np.diag([1, 0, 1]))
    with pytest.raises(AssertionError, match=r"dz1/ds1 at \[1, 1\]: computed 0\.0, expected 0\.5"):
        run("regression/jacobians_run", f"{cells} differences", raised(1.0))


def test_exchanged_targets_exchange_the_signs_of_the_error(run):
    cells = "network jacobians"
    before = run("classification/sigmoid_run", cells)
    after = run(
        "classification/sigmoid_run", cells, {"network = Network(": "y = 1 - y\nnetwork = Network("}
    )
    errors = [result["row"] @ result["dy_ds2"] for result in (before, after)]
    np.testing.assert_array_equal(np.sign(errors[0]), -np.sign(errors[1]))


@pytest.mark.parametrize("bias", [6.0, 12.0])
def test_a_larger_learning_rate_helps_only_so_far(run, bias):
    start = {"np.full(3, 6.0)": f"np.full(3, {bias})"}
    result = run("classification/cross_entropy_run", "data train", start)
    train, losses, saturated = (
        result[name] for name in ("train_classifier", "losses", "saturated")
    )
    for rate in (1.0, 10.0):
        _, curve = train(saturated, losses["cross-entropy"], learning_rate=rate)
        assert curve[-1, 1] > 0.98
    _, curve = train(saturated, losses["squared error"], learning_rate=10.0)
    if bias == 6:
        assert curve[2, 0] > 0.64 > 0.3 > curve[3, 0]
        assert curve[10, 1] == 1
    else:
        assert curve[:, 0] == pytest.approx(0.667, abs=0.001)


def test_with_four_hidden_layers_relu_needs_no_initialisation_of_its_own(run):
    shallower = {
        "[16] * 9": "[16] * 4",
        "trace.s[10], targets": "trace.s[5], targets",
        'if case != ("relu", "He")': 'if case[0] != "relu"',  # the assertion that fails now
    }
    learned = run("classification/why_relu_run", "depth rates deep", shallower)["learned"]
    assert learned["relu", "default"] == learned["relu", "He"] == 1
    assert learned["sigmoid", "default"] == learned["sigmoid", "Xavier"] < 0.5
