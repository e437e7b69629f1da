"""Forward, backward and the SGD step against PyTorch, at every depth, width and batch size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused

from handgrad import (
    Activation,
    BinaryCrossEntropy,
    Gradients,
    Layer,
    Network,
    SigmoidCrossEntropy,
    SquaredError,
    backward,
    backward_from_delta,
    central_difference,
    compare,
    forward,
    identity,
    random_network,
    relu,
    sgd_step,
    sigmoid,
)
from handgrad.reference import autograd_gradients, twin

NAMES = ["identity", "relu", "sigmoid"]
# Against autograd in double precision.
TOLERANCE = 1e-10


def gradients_by_hand(network, x, y, loss):
    trace = forward(network, x)
    if isinstance(loss, SigmoidCrossEntropy):
        return backward_from_delta(network, trace, loss.error(trace.s[network.depth], y))
    return backward(network, trace, loss.gradient(trace.y_hat, y))


def assert_as_autograd(network, x, y, loss, tolerance=TOLERANCE):
    by_hand = gradients_by_hand(network, x, y, loss)
    compare(by_hand, autograd_gradients(network, x, y, loss), tolerance=tolerance).assert_close()


@st.composite
def problems(draw):
    """A network of depth 1 to 8 and widths from 1, a point or a batch of 1 to 4, and a loss."""
    loss = draw(
        st.sampled_from(
            [SquaredError(), SquaredError("mean"), BinaryCrossEntropy(), SigmoidCrossEntropy()]
        )
    )
    depth = draw(st.integers(1, 8))
    widths = draw(st.lists(st.integers(1, 5), min_size=depth + 1, max_size=depth + 1))
    activations = draw(st.lists(st.sampled_from(NAMES), min_size=depth, max_size=depth))
    if not isinstance(loss, SquaredError):
        activations[-1] = "sigmoid"
    network = random_network(widths, activations, seed=draw(st.integers(0, 2**32)))
    batch = draw(st.sampled_from([(), (1,), (2,), (4,)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return (
        network,
        rng.normal(size=(*batch, widths[0])),
        rng.uniform(size=(*batch, widths[-1])),
        loss,
    )


@settings(derandomize=True, deadline=None, max_examples=200)
@given(problems())
def test_backward_is_autograd(problem):
    assert_as_autograd(*problem)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(problems())
def test_forward_is_torchs_forward_layer_by_layer(problem):
    network, x, _, _ = problem
    trace, model, z = forward(network, x), twin(network), torch.tensor(x)
    np.testing.assert_array_equal(trace.z[0], x)
    for L in range(1, network.depth + 1):
        s = model[2 * L - 2](z)
        z = model[2 * L - 1](s)
        np.testing.assert_allclose(trace.s[L], s.detach(), rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(trace.z[L], z.detach(), rtol=0, atol=TOLERANCE)
    assert trace.y_hat is trace.z[network.depth]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(problems())
def test_every_gradient_has_the_shape_of_what_it_belongs_to(problem):
    network, x, _, _ = problem
    trace, gradients = forward(network, x), gradients_by_hand(*problem)
    assert list(gradients.W) == list(gradients.b) == list(gradients.delta)
    assert list(gradients.W) == list(range(1, network.depth + 1))
    for L in gradients.W:
        assert gradients.W[L].shape == network.layer(L).W.shape
        assert gradients.b[L].shape == network.layer(L).b.shape
        assert gradients.delta[L].shape == trace.s[L].shape
    assert gradients.x.shape == x.shape


@pytest.mark.parametrize("depth", range(1, 9))
def test_at_every_depth_backward_is_autograd(depth):
    rng = np.random.default_rng(depth)
    widths = [3, *rng.integers(2, 6, depth)]
    activations = [NAMES[i % 3] for i in range(depth)]
    network = random_network(widths, activations, seed=depth)
    assert network.depth == depth
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, widths[-1]))
    assert_as_autograd(network, x, y, SquaredError())


@pytest.mark.parametrize(
    "loss", [SquaredError(), SquaredError("mean"), BinaryCrossEntropy(), SigmoidCrossEntropy()]
)
@pytest.mark.parametrize("batch", [(), (3,)], ids=["point", "batch"])
def test_every_gradient_is_the_slope_of_the_loss(loss, batch):
    network = random_network([3, 4, 1, 2], ["sigmoid", "identity", "sigmoid"], seed=5)
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(*batch, 3)), rng.uniform(size=(*batch, 2))
    gradients = gradients_by_hand(network, x, y, loss)

    def value(network, x):
        trace = forward(network, x)
        fused = isinstance(loss, SigmoidCrossEntropy)
        return loss.value(trace.s[3] if fused else trace.y_hat, y)

    def replaced(L, **changed):
        old = network.layer(L)
        new = Layer(changed.get("W", old.W), changed.get("b", old.b), old.activation)
        return Network([*network.layers[: L - 1], new, *network.layers[L:]])

    pairs = {"dl/dx": (gradients.x, central_difference(lambda x: value(network, x), x))}
    for L in (1, 2, 3):
        W, b = network.layer(L).W, network.layer(L).b
        slope_W = central_difference(lambda W, L=L: value(replaced(L, W=W), x), W)
        slope_b = central_difference(lambda b, L=L: value(replaced(L, b=b), x), b)
        pairs[f"dl/dW^({L})"] = (gradients.W[L], slope_W)
        pairs[f"dl/db^({L})"] = (gradients.b[L], slope_b)
    compare(pairs, tolerance=1e-8).assert_close()


def test_at_relus_kink_no_gradient_passes_as_in_torch():
    # s^(1) = (0, 1, -1): the first unit stands exactly at the kink.
    W, b = np.array([[1.0, -1.0], [1.0, 0.0], [0.0, -1.0]]), np.zeros(3)
    network = Network([Layer(W, b, "relu"), Layer(np.ones((1, 3)), np.ones(1), "identity")])
    x, y = np.array([1.0, 1.0]), np.array([0.0])
    trace = forward(network, x)
    assert trace.s[1][0] == 0
    gradients = gradients_by_hand(network, x, y, SquaredError())
    assert gradients.delta[1][0] == 0
    assert gradients.delta[1][1] != 0
    assert_as_autograd(network, x, y, SquaredError())


@pytest.mark.parametrize("loss", [SquaredError(), BinaryCrossEntropy(), SigmoidCrossEntropy()])
@pytest.mark.parametrize("x", [-1e4, -50.0, 50.0, 1e4])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_saturated_sigmoids_give_what_torch_gives(loss, x, y):
    layers = [Layer(np.array([[1.0]]), np.zeros(1), "sigmoid")]
    if abs(x) > 100:
        layers.insert(0, Layer(np.array([[1.0]]), np.zeros(1), "identity"))
    assert_as_autograd(Network(layers), np.array([x]), np.array([y]), loss)


def test_a_saturated_sigmoid_learns_from_the_fused_loss_alone():
    network = Network([Layer(np.array([[1.0]]), np.zeros(1), "sigmoid")])
    x, y = np.array([800.0]), np.array([0.0])
    assert gradients_by_hand(network, x, y, BinaryCrossEntropy()).delta[1] == [0]
    assert gradients_by_hand(network, x, y, SigmoidCrossEntropy()).delta[1] == [1]


def test_a_batch_sums_the_gradients_of_its_points():
    network = random_network([3, 4, 2], ["relu", "sigmoid"], seed=7)
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    batch = gradients_by_hand(network, x, y, SquaredError())
    points = [gradients_by_hand(network, x[n], y[n], SquaredError()) for n in range(5)]
    pairs = {"dl/dx": (batch.x, np.stack([point.x for point in points]))}
    for L in (1, 2):
        pairs[f"dl/dW^({L})"] = (batch.W[L], sum(point.W[L] for point in points))
        pairs[f"dl/db^({L})"] = (batch.b[L], sum(point.b[L] for point in points))
        pairs[f"delta^({L})"] = (batch.delta[L], np.stack([point.delta[L] for point in points]))
    compare(pairs).assert_close()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [SquaredError(), BinaryCrossEntropy(), SigmoidCrossEntropy()])
def test_the_dtype_is_kept_from_the_input_to_the_step(dtype, loss):
    network = random_network([3, 4, 2], ["relu", "sigmoid"], seed=9, dtype=dtype)
    x, y = np.full((2, 3), 0.5, dtype), np.full((2, 2), 0.25, dtype)
    trace, gradients = forward(network, x), gradients_by_hand(network, x, y, loss)
    stepped = sgd_step(network, gradients, np.float64(0.1))
    arrays = [*trace.s.values(), *trace.z.values(), gradients.x]
    arrays += [*gradients.W.values(), *gradients.b.values(), *gradients.delta.values()]
    arrays += [a for layer in (*network.layers, *stepped.layers) for a in (layer.W, layer.b)]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    expected = autograd_gradients(network, x, y, loss)
    assert expected.W[1].dtype == dtype
    assert_as_autograd(network, x, y, loss, 1e-10 if dtype is np.float64 else 1e-6)


def test_sgd_takes_the_step_of_torchs_sgd():
    network = random_network([3, 4, 2], ["relu", "identity"], seed=10)
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    model = twin(network)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(torch.tensor(x)), torch.tensor(y)).backward()
        optimizer.step()
        network = sgd_step(network, gradients_by_hand(network, x, y, SquaredError("mean")), 0.05)
    for L in (1, 2):
        linear = model[2 * L - 2]
        np.testing.assert_allclose(network.layer(L).W, linear.weight.detach(), atol=TOLERANCE)
        np.testing.assert_allclose(network.layer(L).b, linear.bias.detach(), atol=TOLERANCE)
        assert network.layer(L).f is (relu, identity)[L - 1]


def test_a_random_network_is_initialised_as_torch_does():
    d_in, d_out = 400, 300
    torch.manual_seed(0)
    linear, layer = (
        torch.nn.Linear(d_in, d_out),
        random_network([400, 300], ["relu"], seed=0).layer(1),
    )
    for ours, theirs in ((layer.W, linear.weight), (layer.b, linear.bias)):
        theirs = theirs.detach().numpy()
        # Both fill the interval ±1/sqrt(d_in) = ±0.05 evenly.
        for sample in (ours, theirs):
            assert np.abs(sample).max() == pytest.approx(0.05, rel=0.02)
            assert np.abs(sample).max() <= 0.05 + 1e-8
            assert sample.std() == pytest.approx(0.05 / np.sqrt(3), rel=0.1)
            assert np.abs(sample.mean()) < 0.01


def test_equal_seeds_give_equal_networks_and_float32_rounds_float64():
    first, second = (random_network([2, 3, 1], ["relu", sigmoid], seed=4) for _ in range(2))
    single = random_network([2, 3, 1], ["relu", sigmoid], seed=4, dtype=np.float32)
    other = random_network([2, 3, 1], ["relu", sigmoid], seed=5)
    for L in (1, 2):
        np.testing.assert_array_equal(first.layer(L).W, second.layer(L).W)
        np.testing.assert_array_equal(first.layer(L).W.astype(np.float32), single.layer(L).W)
        assert (first.layer(L).W != other.layer(L).W).any()
    assert first.widths == (2, 3, 1)


def test_the_widths_and_the_activations_of_a_random_network_may_be_arrays():
    network = random_network(np.array([2, 3, 1]), np.array(["relu", "identity"]), seed=4)
    assert network.widths == (2, 3, 1)
    assert [layer.f for layer in network.layers] == [relu, identity]


def test_an_activation_of_your_own_works():
    tanh = Activation("tanh", np.tanh, lambda s: 1 - np.tanh(s) ** 2)
    network = random_network([2, 3, 1], [tanh, "identity"], seed=12)
    x, y = np.array([0.4, -1.1]), np.array([0.3])
    by_hand = gradients_by_hand(network, x, y, SquaredError())
    slope = central_difference(lambda x: SquaredError().value(forward(network, x).y_hat, y), x)
    np.testing.assert_allclose(by_hand.x, slope, atol=1e-8)


def test_a_network_and_a_trace_do_not_follow_later_changes_of_their_input():
    W, b, x = np.ones((1, 2)), np.ones(1), np.ones(2)
    network = Network([Layer(W, b, "identity")])
    trace = forward(network, x)
    W[:], b[:], x[:] = 7, 7, 7
    assert forward(network, np.ones(2)).y_hat == trace.y_hat == [3]
    np.testing.assert_array_equal(trace.z[0], [1, 1])
    with pytest.raises(ValueError, match="read-only"):
        network.layer(1).W[0, 0] = 7


def test_the_given_error_is_not_shared_with_the_gradients():
    network = random_network([2, 1], ["sigmoid"], seed=0)
    delta = np.ones(1)
    gradients = backward_from_delta(network, forward(network, np.ones(2)), delta)
    delta[:] = 7
    np.testing.assert_array_equal(gradients.delta[1], [1])


@pytest.mark.parametrize("start", [backward, backward_from_delta])
def test_no_error_can_be_changed_before_the_gradient_of_the_input_is_asked_for(start):
    for delta in start(NETWORK, TRACE, np.ones(1)).delta.values():
        with pytest.raises(ValueError, match="read-only"):
            delta[:] = 0


# What does not fit is refused, with what was expected, what was given, and the layer.

CONVERT = "convert with np.asarray(..., dtype=np.float64)"
KNOWN = "activation: expected one of identity, relu, sigmoid"
ONES = np.ones((3, 2))
NETWORK = random_network([2, 3, 1], ["relu", "identity"], seed=0)
TRACE = forward(NETWORK, np.ones(2))
GRADIENTS = backward(NETWORK, TRACE, np.ones(1))


@pytest.mark.parametrize(
    ("W", "b", "f", "error", "message"),
    [
        (
            np.ones(3),
            np.ones(3),
            "relu",
            ValueError,
            "W: expected shape (d_out, d_in), given (3,)",
        ),
        (ONES, np.ones(2), "relu", ValueError, "b: expected shape (3,), given (2,)"),
        (ONES, np.ones((3, 1)), "relu", ValueError, "b: expected shape (3,), given (3, 1)"),
        (
            np.ones((3, 4)),
            np.ones(3),
            "relu",
            ValueError,
            "W: expected 2 columns, one for each output of the layer before; given shape (3, 4)",
        ),
        (
            ONES,
            np.ones(3, np.float32),
            "relu",
            TypeError,
            "b: expected dtype float64, given float32",
        ),
        (
            ONES.astype("f"),
            np.ones(3, "f"),
            "relu",
            TypeError,
            "W: expected dtype float64, given float32",
        ),
        (
            ONES.astype(int),
            np.ones(3),
            "relu",
            TypeError,
            f"W: expected float32 or float64, given int64; {CONVERT}",
        ),
        (
            ONES,
            ["a", "b", "c"],
            "relu",
            TypeError,
            f"b: expected float32 or float64, given <U1; {CONVERT}",
        ),
        (
            ONES * np.nan,
            np.ones(3),
            "relu",
            ValueError,
            "W: expected finite numbers, given nan at [0, 0]",
        ),
        (
            ONES,
            np.array([1, 2, np.inf]),
            "relu",
            ValueError,
            "b: expected finite numbers, given inf at [2]",
        ),
        (
            [[1.0], [1.0, 2.0]],
            np.ones(2),
            "relu",
            ValueError,
            "W: expected a rectangular array, given [[1.0], [1.0, 2.0]]",
        ),
        (
            np.ones((0, 2)),
            np.ones(0),
            "relu",
            ValueError,
            "W: expected at least one element, given shape (0, 2)",
        ),
        (ONES, np.ones(3), "tanh", ValueError, f"{KNOWN}, given 'tanh'"),
        (ONES, np.ones(3), None, ValueError, f"{KNOWN}, given None"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_by_its_number(W, b, f, error, message):
    first = Layer(np.ones((2, 4)), np.ones(2), "relu")
    with refused(error, f"layer 2: {message}"):
        Network([first, Layer(W, b, f)])


def test_a_network_needs_layers():
    with refused(ValueError, "network: expected at least one layer, given none"):
        Network([])
    with refused(TypeError, "layer 1: expected a Layer, given tuple"):
        Network([(ONES, np.ones(3), "relu")])


@pytest.mark.parametrize("L", [0, -1, 3, "1", 1.0, True, None, [1]])
def test_a_layer_that_is_not_there_is_refused(L):
    with refused(ValueError, f"layer: expected a number from 1 to 2, given {L!r}"):
        NETWORK.layer(L)


TWO = "expected a list of 2, one less than widths"


@pytest.mark.parametrize(
    ("widths", "activations", "message"),
    [
        ([2, 3, 1], ["relu"], f"activations: {TWO}; given ['relu']"),
        ([2, 3, 1], "relu", f"activations: {TWO}; given 'relu'"),
        ([2, 0, 1], ["relu", "relu"], "widths: expected positive integers, given 0"),
        ([2, 3, 1.5], ["relu", "relu"], "widths: expected positive integers, given 1.5"),
        ([2, 3, 1], ["relu", "tanh"], f"layer 2: {KNOWN}, given 'tanh'"),
        ([2], [], "widths: expected a list of at least two, d_x and K; given [2]"),
    ],
)
def test_a_random_network_that_cannot_be_is_refused(widths, activations, message):
    with refused(ValueError, message):
        random_network(widths, activations, seed=0)


INPUTS = "x: expected shape (2,) or (N, 2), the inputs of layer 1"


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones(3), ValueError, f"{INPUTS}; given (3,)"),
        (np.ones((2, 3)), ValueError, f"{INPUTS}; given (2, 3)"),
        (np.ones((1, 1, 2)), ValueError, f"{INPUTS}; given (1, 1, 2)"),
        (np.float64(1), ValueError, f"{INPUTS}; given ()"),
        (np.ones((0, 2)), ValueError, "x: expected at least one element, given shape (0, 2)"),
        (
            np.ones(2, np.float32),
            TypeError,
            "x: expected dtype float64, that of layer 1; given float32",
        ),
        (np.ones(2, int), TypeError, f"x: expected float32 or float64, given int64; {CONVERT}"),
        (["a", "b"], TypeError, f"x: expected float32 or float64, given <U1; {CONVERT}"),
        (np.array([1, -np.inf]), ValueError, "x: expected finite numbers, given -inf at [1]"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(x, error, message):
    with refused(error, message):
        forward(NETWORK, x)


def test_an_overflow_is_reported_with_its_layer():
    huge = Layer(np.full((1, 1), 1e200), np.zeros(1), "identity")
    with refused(ValueError, "layer 2: s: expected finite numbers, given inf at [0]"):
        forward(Network([huge, huge]), np.array([1.0]))


@pytest.mark.parametrize("start", [backward, backward_from_delta])
@pytest.mark.parametrize(
    ("given_last", "error", "message"),
    [
        (np.ones((1, 1)), ValueError, "expected shape (1,), given (1, 1)"),
        (np.ones(2), ValueError, "expected shape (1,), given (2,)"),
        (np.ones(1, np.float32), TypeError, "expected dtype float64, given float32"),
        (np.array([np.nan]), ValueError, "expected finite numbers, given nan at [0]"),
    ],
)
def test_a_start_of_backward_that_does_not_fit_is_refused(start, given_last, error, message):
    name = "dl_dy_hat" if start is backward else "delta_last"
    with refused(error, f"{name}: {message}"):
        start(NETWORK, TRACE, given_last)


@pytest.mark.parametrize("start", [backward, backward_from_delta])
@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ([2, 4, 1], "layer 1: trace: s: expected shape (3,), given (4,)"),
        ([2, 1], "trace: s: expected the layers 1 to 2, given [1]"),
        ([2, 3, 3, 1], "trace: s: expected the layers 1 to 2, given [1, 2, 3]"),
    ],
)
def test_a_trace_of_another_network_is_refused(start, widths, message):
    other = random_network(widths, ["relu"] * (len(widths) - 1), seed=0)
    with refused(ValueError, message):
        start(NETWORK, forward(other, np.ones(2)), np.ones(1))


def test_gradients_that_do_not_fit_are_refused_by_their_layer():
    transposed = Gradients(
        {L: W.T for L, W in GRADIENTS.W.items()}, GRADIENTS.b, {}, GRADIENTS.dl_dx
    )
    with refused(ValueError, "layer 1: dl/dW: expected shape (3, 2), given (2, 3)"):
        sgd_step(NETWORK, transposed, 0.1)
    shallow = Gradients({1: GRADIENTS.W[1]}, {1: GRADIENTS.b[1]}, {}, GRADIENTS.dl_dx)
    with refused(ValueError, "gradients: W: expected the layers 1 to 2, given [1]"):
        sgd_step(NETWORK, shallow, 0.1)
