"""The checks of others: gradcheck, and the samples of PyTorch, ONNX and scikit-learn."""

import warnings
from importlib import import_module

import numpy as np
import pytest
import torch
from onnx.backend.test.case import node as onnx_nodes
from sklearn.neural_network import MLPRegressor
from torch.testing._internal.common_modules import module_db

from handgrad import (
    BinaryCrossEntropy,
    Layer,
    Network,
    SigmoidCrossEntropy,
    SquaredError,
    backward,
    backward_from_delta,
    forward,
    identity,
    random_network,
    relu,
    sigmoid,
)

# handgrad as a function of PyTorch's, so that PyTorch's own gradcheck asks for its gradients.

NAMES = ["sigmoid", "relu", "identity"]
LOSSES = [SquaredError(), SquaredError("mean"), BinaryCrossEntropy(), SigmoidCrossEntropy()]


class ByHand(torch.autograd.Function):
    """The loss of a network as a function of x, W^(1), b^(1), W^(2), ..., with our backward."""

    @staticmethod
    def forward(ctx, loss, y, x, *parameters):
        pairs = zip(parameters[::2], parameters[1::2], strict=True)
        arrays = [(W.detach().numpy(), b.detach().numpy()) for W, b in pairs]
        names = [NAMES[L % 3] for L in range(len(arrays) - 1)] + ["sigmoid"]
        network = Network([Layer(*pair, f) for pair, f in zip(arrays, names, strict=True)])
        trace = forward(network, x.detach().numpy())
        if isinstance(loss, SigmoidCrossEntropy):
            s = trace.s[network.depth]
            value, gradients = (
                loss.value(s, y),
                backward_from_delta(network, trace, loss.error(s, y)),
            )
        else:
            value = loss.value(trace.y_hat, y)
            gradients = backward(network, trace, loss.gradient(trace.y_hat, y))
        ctx.gradients = gradients
        return torch.tensor(value)

    @staticmethod
    def backward(ctx, upstream):
        gradients = ctx.gradients
        arrays = [gradients.x]
        for L in gradients.W:
            arrays += [gradients.W[L], gradients.b[L]]
        return None, None, *(upstream * torch.tensor(array) for array in arrays)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("batch", [(), (3,)], ids=["point", "batch"])
def test_gradcheck_finds_no_wrong_gradient(loss, depth, batch):
    network = random_network([3, 4, 2, 3, 4, 2][-depth - 1 :], ["relu"] * depth, seed=depth)
    rng = np.random.default_rng(depth)
    x = rng.normal(size=(*batch, network.widths[0]))
    y = rng.uniform(size=(*batch, network.widths[-1]))
    arrays = [x, *(array for layer in network.layers for array in (layer.W, layer.b))]
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    assert torch.autograd.gradcheck(lambda *leaves: ByHand.apply(loss, y, *leaves), leaves)


# PyTorch's samples of its modules. What handgrad has no form for is named with the reason.

SHAPE = "shape of more than two axes, or of none"
OUTSIDE = {
    ("Linear", "no_bias"): "every layer has a bias",
    ("MSELoss", ""): SHAPE,
    ("MSELoss", "_scalar"): SHAPE,
    ("MSELoss", "reduction_sum"): SHAPE,
    ("MSELoss", "reduction_sum_scalar"): SHAPE,
    ("MSELoss", "reduction_mean"): SHAPE,
    ("MSELoss", "reduction_mean_scalar"): SHAPE,
    ("MSELoss", "reduction_none"): "a loss is one number",
    ("MSELoss", "reduction_none_scalar"): "a loss is one number",
    ("BCELoss", "reduction_sum"): "cross-entropy is a mean",
    ("BCELoss", "reduction_none"): "a loss is one number",
    ("BCELoss", "weights"): "points have no weights",
    ("BCELoss", "scalar_weight"): "points have no weights",
    ("BCEWithLogitsLoss", "reduction_sum"): "cross-entropy is a mean",
    ("BCEWithLogitsLoss", "reduction_none"): "a loss is one number",
    ("BCEWithLogitsLoss", "weights"): "points have no weights",
    ("BCEWithLogitsLoss", "scalar_weights"): "points have no weights",
}


def samples(names):
    """(module's name, sample's name, module, inputs) for the modules of these names."""
    for info in module_db:
        name = info.module_cls.__name__
        if name in names:
            for sample in info.module_inputs_func(info, "cpu", torch.float64, True, training=True):
                made = sample.constructor_input
                module = info.module_cls(*made.args, **made.kwargs).double()
                yield name, sample.desc, module, sample.forward_input.args


torch.manual_seed(0)
SAMPLES = list(samples(["Linear", "ReLU", "Sigmoid", "MSELoss", "BCELoss", "BCEWithLogitsLoss"]))
INSIDE = [sample for sample in SAMPLES if sample[:2] not in OUTSIDE and sample[3]]
OTHERS = [sample for sample in SAMPLES if OUTSIDE.get(sample[:2]) == SHAPE]
OURS = {"MSELoss": SquaredError, "BCELoss": BinaryCrossEntropy}


def test_torchs_samples_are_all_taken_or_have_a_reason():
    left = {sample[:2] for sample in SAMPLES if sample[3]} - {sample[:2] for sample in INSIDE}
    assert left == set(OUTSIDE)
    assert {sample[0] for sample in INSIDE} == {sample[0] for sample in SAMPLES} - {"MSELoss"}


def arrays(tensors):
    return [tensor.detach().numpy() for tensor in tensors]


@pytest.mark.parametrize("sample", INSIDE, ids=lambda sample: "-".join(sample[:2]))
def test_torchs_samples_give_torchs_values_and_gradients(sample):
    name, _, module, inputs = sample
    result = module(*inputs)
    [gradient] = torch.autograd.grad(result.sum(), inputs[:1])
    if name == "Linear":
        network = Network([Layer(*arrays(module.parameters()), "identity")])
        trace = forward(network, *arrays(inputs))
        value, slope = trace.y_hat, backward(network, trace, np.ones(trace.y_hat.shape)).x
    elif name in ("ReLU", "Sigmoid"):
        f = {"ReLU": relu, "Sigmoid": sigmoid}[name]
        value, slope = f.value(*arrays(inputs)), f.derivative(*arrays(inputs))
    elif name == "BCELoss":
        value = BinaryCrossEntropy().value(*arrays(inputs))
        slope = BinaryCrossEntropy().gradient(*arrays(inputs))
    else:
        value = SigmoidCrossEntropy().value(*arrays(inputs))
        slope = SigmoidCrossEntropy().error(*arrays(inputs))
    np.testing.assert_allclose(value, result.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slope, gradient.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: "-".join(sample[:2]))
def test_torchs_samples_of_other_shapes_are_refused(sample):
    _, _, module, inputs = sample
    loss = SquaredError(module.reduction)
    for function in (loss.value, loss.gradient):
        with pytest.raises(ValueError, match=r"^y_hat: expected shape \(K,\) or \(N, K\), given"):
            function(*arrays(inputs))
    if inputs[0].ndim:  # as rows of one batch they are in the domain
        rows = [tensor.reshape(-1, tensor.shape[-1]) for tensor in inputs]
        expected = module(*inputs).detach().numpy()
        np.testing.assert_allclose(loss.value(*arrays(rows)), expected, rtol=1e-12)


# ONNX's node tests, as its own Python package makes them.


# Importing the module of an operator makes its cases. Collecting them all would take long.
for operator in ("gemm", "relu", "sigmoid"):
    import_module(f"onnx.backend.test.case.node.{operator}")
ONNX_CASES = {"Gemm": 11, "Relu": 1, "Sigmoid": 2}
ONNX = [case for case in onnx_nodes._NodeTestCases if len(case.model.graph.node) == 1]


def test_onnx_has_its_cases():
    operators = [case.model.graph.node[0].op_type for case in ONNX]
    assert {name: operators.count(name) for name in operators} == ONNX_CASES


@pytest.mark.parametrize("case", ONNX, ids=lambda case: case.name)
def test_onnxs_cases_give_onnxs_results(case):
    [node] = case.model.graph.node
    for inputs, [expected] in case.data_sets:
        if node.op_type == "Gemm":
            # alpha A B + beta C, the layer of A's rows with W = alpha B^T and b = beta C.
            given = {a.name: a.f if a.name in ("alpha", "beta") else a.i for a in node.attribute}
            A = inputs[0].T if given.get("transA") else inputs[0]
            W = inputs[1] if given.get("transB") else inputs[1].T
            zero = np.zeros(1, np.float32)
            C = np.broadcast_to(inputs[2] if len(inputs) > 2 else zero, expected.shape)
            W, C = np.float32(given.get("alpha", 1)) * W, np.float32(given.get("beta", 1)) * C
            rows = [
                forward(Network([Layer(W, c, identity)]), a).y_hat
                for a, c in zip(A, C, strict=True)
            ]
            result = np.stack(rows)
        else:
            result = {"Relu": relu, "Sigmoid": sigmoid}[node.op_type].value(inputs[0])
        assert result.dtype == expected.dtype == np.float32
        np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


# scikit-learn's backpropagation, which shares no code with PyTorch's.


@pytest.mark.parametrize("hidden", [(5,), (4, 3), (3, 1, 4)], ids=str)
@pytest.mark.parametrize("name", ["relu", "identity", "sigmoid"])
def test_scikit_learns_gradients_are_ours(hidden, name):
    rng = np.random.default_rng(len(hidden))
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    their_name = {"sigmoid": "logistic"}.get(name, name)
    options = {"activation": their_name, "alpha": 0, "max_iter": 1, "solver": "sgd"}
    model = MLPRegressor(hidden_layer_sizes=hidden, random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one step does not converge
        model.fit(x, y)
    depth = len(hidden) + 1
    network = Network(
        [
            Layer(W.T, b, "identity" if depth == L else name)
            for L, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), start=1)
        ]
    )
    activations = [x, *(np.empty((6, d)) for d in network.widths[1:])]
    deltas = [np.empty((6, d)) for d in network.widths[1:]]
    dW = [np.empty_like(W) for W in model.coefs_]
    db = [np.empty_like(b) for b in model.intercepts_]
    loss, dW, db = model._backprop(x, y, None, activations, deltas, dW, db)
    trace = forward(network, x)
    # Their loss is half the mean over the elements, ours the sum over them.
    share = 2 * y.size
    gradients = backward(network, trace, SquaredError().gradient(trace.y_hat, y))
    assert SquaredError().value(trace.y_hat, y) / share == pytest.approx(loss, rel=1e-12)
    # Their gradients are those of half the squared error, averaged over the points alone.
    for L in range(1, depth + 1):
        np.testing.assert_allclose(gradients.W[L].T / (2 * len(x)), dW[L - 1], atol=1e-12)
        np.testing.assert_allclose(gradients.b[L] / (2 * len(x)), db[L - 1], atol=1e-12)
