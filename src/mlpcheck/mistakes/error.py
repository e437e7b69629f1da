"""Mistakes in the error: the derivatives of the activations, and the way back to layer 1."""

import numpy as np

from mlpcheck.mistakes.registry import Mistake, Option, options
from mlpcheck.truth.passes import slope, slope_by_value

SLOPE_G = "activation_derivative(self.g_function, s2)"
SLOPE_F = "activation_derivative(self.f_function, s1)"
BACK = "(delta2 @ W2)"
SHOWN = {"name": "{layer}", "other": "the other layer's activation", "relu": "the ReLU",
         "sigmoid": "the sigmoid"}  # fmt: skip
ELSEWHERE = {"s_other": "s of the other layer", "z_other": "z of the other layer", "x": "x",
             "dz": "the gradient from above"}  # fmt: skip


def _slope(at: str, of: str, value: str) -> Option:
    """The error by the derivative of an activation of the layer, or of this one, at this place."""
    run = slope_by_value if at.startswith("z") else slope
    return Option("error", lambda a: a.dz * run(getattr(a, of, of), getattr(a, at)), value)


ROWS = (
    Mistake("derivative-missing", "the derivative of {value} is missing. The error is taken at s, "
        "before the activation, so it has the activation's derivative as a factor.", "eq:c18-2",
        [Option("error", lambda a: a.dz + 0, "{layer}"),
         Option("slope of sigmoid", lambda a: np.ones_like(a.s), "the sigmoid")],
        [(f"dJdy_hat * {SLOPE_G}", "dJdy_hat")]),
    Mistake("derivative-other", "the derivative is that of {value}, not of the layer's own "
        "activation. Layer 1 has f, layer 2 has g, as asked for.", "eq:c18-2",
        [_slope(at, of, SHOWN[of]) for of in ("other", "relu", "sigmoid") for at in "sz"],
        [(SLOPE_G, SLOPE_G.replace("g_", "f_")), (SLOPE_F, SLOPE_F.replace("f_", "g_"))]),
    Mistake("derivative-wrong-place", "the derivative of {value}. It is a factor once, taken at s "
        "of the same layer.", "eq:c18-2", [
            *(_slope(at, of, f"{shown} is taken at {where}") for of, shown in SHOWN.items()
              for at, where in ELSEWHERE.items()
              if of == "name" or (at == "s_other" if of == "other" else "other" in at)),
            Option("error", lambda a: a.dz * slope(a.name, a.z_other),
                   "{layer}, a function of s, is taken at z of the other layer"),
            Option("error", lambda a: a.dz * slope(a.name, a.s) ** 2, "{layer} is applied twice"),
            Option("error", lambda a: slope(a.name, a.s),
                   "{layer} lacks what comes from above, dJdy_hat or the error of layer 2"),
            Option("error", lambda a: a.dz * a.z, "{layer} is replaced by the activation itself"),
        ], [(SLOPE_G, SLOPE_G.replace("s2", "dJdy_hat"))]),
    Mistake("sigmoid-at-z", "the sigmoid's derivative is taken at z, not at s. Either sigmoid'(s), "
        "or z (1 - z) with z = sigmoid(s), but not sigmoid'(z).", "eq:e03",
        [Option("slope of sigmoid", lambda a: slope("sigmoid", a.z))],
        [(SLOPE_F, SLOPE_F.replace("s1", "z1")),
         (SLOPE_G, "activation_derivative(\n            "
          "self.g_function, activation(self.g_function, s2)\n        )")]),
    Mistake("sigmoid-derivative", "the sigmoid's derivative is {value}. It is z (1 - z) with "
        "z = sigmoid(s).", "eq:e03", options("slope of sigmoid", {
            "0": lambda a: np.zeros_like(a.s), "z": lambda a: a.z, "z^2": lambda a: a.z**2,
            "1 - z": lambda a: 1 - a.z, "z - 1": lambda a: a.z - 1,
            "z (1 + z)": lambda a: a.z * (1 + a.z), "z (z - 1)": lambda a: a.z * (a.z - 1),
            "(1 - z)^2": lambda a: (1 - a.z) ** 2, "1 - z^2, that of tanh": lambda a: 1 - a.z**2,
            "z (1 - s)": lambda a: a.z * (1 - a.s), "s (1 - z)": lambda a: a.s * (1 - a.z),
            "s (1 - s)": lambda a: a.s * (1 - a.s),
        }), [("return z * (1 - z)", "return 1 - z")]),
    Mistake("relu-at-zero", "the ReLU's derivative at s = 0 is {value}. It is 0 there, as in "
        "PyTorch: use s > 0.", "eq:c19-1", options("slope of relu", {
            "1, as s >= 0 has it": lambda a: (a.s >= 0) * 1.0,
            "1/2, as (sign(s) + 1) / 2 has it": lambda a: np.heaviside(a.s, 0.5),
        }), [("return (s > 0).to(s.dtype)", "return (s >= 0).to(s.dtype)")]),
    Mistake("relu-derivative", "the ReLU's derivative is {value}. It is 1 where s > 0 and 0 "
        "elsewhere.", "eq:c19-1", options("slope of relu", {
            "0 everywhere": lambda a: np.zeros_like(a.s), "sign(s)": lambda a: np.sign(a.s),
            "1 everywhere": lambda a: np.ones_like(a.s), "max(0, s), its value": lambda a: a.z,
            "1 where s < 0": lambda a: (a.s < 0) * 1.0, "1 where s > 1": lambda a: (a.s > 1) * 1.0,
            "1 where s <= 0": lambda a: (a.s <= 0) * 1.0,
            "-1 where s <= 0": lambda a: np.where(a.s > 0, 1.0, -1.0),
            "0.01 where s < 0": lambda a: np.where(a.s > 0, 1.0, 0.01),
            "1 where the gradient from above is positive": lambda a: (a.dz > 0) * 1.0,
        }), [("return (s > 0).to(s.dtype)", "return s.clamp(min=0)")]),
    Mistake("identity-derivative", "the identity's derivative is {value}. It is 1 everywhere.",
        "eq:c20-1", options("slope of identity", {
            "0": lambda a: np.zeros_like(a.s), "s": lambda a: a.s,
            "that of the sigmoid": lambda a: slope("sigmoid", a.s),
            "that of the ReLU": lambda a: slope("relu", a.s),
        }), [("return torch.ones_like(s)", "return torch.zeros_like(s)")]),
    Mistake("wrong-weights", "the error of layer 1 is computed {value}. It needs the weights of "
        "the next layer, W2.", "eq:c18-2", options("back", {
            "without W2": lambda delta2, p: delta2, "with W1": lambda delta2, p: delta2 @ p.W1,
            "with W1, transposed": lambda delta2, p: delta2 @ p.W1.T,
            "as the sum over the outputs, without W2":
                lambda delta2, p: delta2.sum(axis=1, keepdims=True) + 0 * p.W2[:1],
        }), [(BACK, "delta2.sum(dim=1, keepdim=True)")]),
    Mistake("weights-not-transposed", "the error of layer 2 is multiplied by the transpose of what "
        "it should be. With a batch in rows it is delta2 @ W2, not delta2 @ W2.T.", "eq:c18-2",
        [Option("back", lambda delta2, p: delta2 @ p.W2.T),
         # As einsum forms it, which repeats a summed axis of length 1.
         Option("back", lambda delta2, p: delta2 @ (
             p.W2.T if delta2.shape[1] > 1 else p.W2.T.sum(axis=0, keepdims=True)))],
        [(BACK, "(delta2 @ W2.T)")]),
    Mistake("wrong-error", "starts from dJdy_hat, not from the error of layer 2. The derivative of "
        "g is lost on the way to layer 1.", "eq:c18-2", [
            Option("back", lambda _, p: p.d @ p.W2),
            Option("back", lambda _, p: p.d @ p.W2.T, also=("weights-not-transposed",)),
        ], [(BACK, "(dJdy_hat @ W2)")]),
)  # fmt: skip
