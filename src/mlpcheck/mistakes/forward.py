"""Mistakes of the forward pass."""

import numpy as np
import torch

from mlpcheck.mistakes.registry import INIT, Mistake, Option, before, options
from mlpcheck.truth.passes import identity, relu, sigmoid

Z1, Y_HAT = "z1 = activation(self.f_function, s1)", "y_hat = activation(self.g_function, s2)"
USES = "        return torch.sigmoid(s)\n    return s\n"

ROWS = (
    Mistake("parameters-copied", "computed with copies of {value} from the time when the network "
        "was made. Read self.parameters when you need them.", "eq:a01",
        example=[before(INIT, 'self.W1 = self.parameters["W1"].clone()'),
                 ("x @ W1.T", "x @ self.W1.T")]),
    Mistake("random", "{value} does not give the same twice for the same input. Is there a "
        "dropout, noise, or a weight that is drawn anew? A solution has none of them.", "eq:a03",
        example=[(Z1, f"{Z1}\n        z1 = torch.nn.functional.dropout(z1, 0.2)")]),
    Mistake("bias-missing", "{value} is not added.", "eq:a01",
        [Option(f"linear {L}", lambda z, W, b: z @ W.T + 0 * b, f"b{L}") for L in (1, 2)],
        [("s1 = x @ W1.T + b1", "s1 = x @ W1.T")]),
    Mistake("bias-subtracted", "{value} is subtracted, not added.", "eq:a01",
        [Option(f"linear {L}", lambda z, W, b: z @ W.T - b, f"b{L}") for L in (1, 2)],
        [("s1 = x @ W1.T + b1", "s1 = x @ W1.T - b1")]),
    Mistake("weights-transposed", "{value} is used the wrong way round. With a batch in rows: "
        "x @ W.T + b.", "eq:a01",
        [Option(f"linear {L}", lambda z, W, b: z @ W + b, f"W{L}") for L in (1, 2)],
        [("s1 = x @ W1.T", "s1 = x @ W1")]),
    Mistake("bias-after", "{value} is added after the activation. It belongs to s, before it: "
        "x @ W.T + b.", "eq:a01",
        options("after", {"b1": (True, False), "b2": (False, True), "b1 and b2": (True, True)}),
        [("s1 = x @ W1.T + b1", "s1 = x @ W1.T"), (Z1, Z1 + " + b1")]),
    Mistake("activation-missing", "{value} is not applied.", "eq:a02", options("choice", {
            "f": ("identity", "g"), "g": ("f", "identity"),
            "each of f and g": ("identity", "identity"),
        }), [(Y_HAT, "y_hat = s2")]),
    Mistake("activation-swapped", "{value}. Layer 1 has f, layer 2 has g.", "eq:a02",
        options("choice", {
            "f and g are swapped": ("g", "f"), "f is used in both layers": ("f", "f"),
            "g is used in both layers": ("g", "g"),
        }), [("= f_function\n", "= g_function\n"),
         ("self.g_function = g_function", "self.g_function = f_function")]),
    Mistake("activation-fixed", "{value}, whatever was asked for.", "eq:a02", options("choice", {
            "layer 1 has the ReLU": ("relu", "g"), "layer 1 has the sigmoid": ("sigmoid", "g"),
            "layer 2 has the ReLU": ("f", "relu"), "layer 2 has the sigmoid": ("f", "sigmoid"),
            "both layers have the ReLU": ("relu", "relu"),
            "both have the sigmoid": ("sigmoid", "sigmoid"),
            "layer 1 has the ReLU, layer 2 nothing": ("relu", "identity"),
            "layer 1 has the ReLU, layer 2 the sigmoid": ("relu", "sigmoid"),
        }), [("= f_function\n", '= "relu"\n')]),
    Mistake("activation-twice", "{value} is applied twice.", "eq:a02",
        options("times", {"f": (2, 1), "g": (1, 2), "each of f and g": (2, 2)}),
        [(Y_HAT, f"{Y_HAT[:-1]}.clone())\n        y_hat = activation(self.g_function, y_hat)")]),
    Mistake("relu-wrong", "the ReLU computes {value}. It is max(0, s).", "eq:a02", options("relu", {
            "0.01 s where s < 0": lambda s: np.where(s > 0, s, 0.01 * s),
            "the absolute value": np.abs, "min(0, s)": lambda s: np.minimum(s, 0),
            "a value that is cut off at 1": lambda s: np.clip(s, 0, 1),
            "1 where s > 0, its derivative": lambda s: (s > 0) * 1.0,
            "max(1, s)": lambda s: np.maximum(s, 1), "s itself": identity, "the sigmoid": sigmoid,
        }), [("return s.clamp(min=0)", "return s.abs()")]),
    Mistake("output-transposed", "the transpose of what it should be. It has one row for each "
        "point.", "eq:a03", [Option("output", np.transpose)],
        [("return y_hat\n", "return y_hat.T\n")]),
    Mistake("identity-wrong", "the identity computes {value}. It is s itself.", "eq:a04",
        options("identity", {"the sigmoid": sigmoid, "the ReLU": relu}),
        [('    if name == "sigmoid":\n' + USES, "    return torch.sigmoid(s)\n")]),
    Mistake("sigmoid-wrong", "the sigmoid computes {value}. It is 1 / (1 + exp(-s)).",
        "eq:sigmoid-definition", options("sigmoid", {
            "1 / (1 + exp(s))": lambda s: sigmoid(-s), "tanh(s)": np.tanh,
            "1 / (1 - exp(-s))": lambda s: 1 / (1 - np.exp(-s)),
            "exp(-s) / (1 - exp(-s))": lambda s: np.exp(-s) / (1 - np.exp(-s)),
            "1 + exp(-s), without 1 /": lambda s: 1 + np.exp(-s),
            "1 / exp(-s)": lambda s: 1 / np.exp(-s), "exp(-s)": lambda s: np.exp(-s),
            "its own derivative": lambda s: sigmoid(s) * (1 - sigmoid(s)),
            "a softmax over the units": lambda s: torch.from_numpy(s).softmax(-1).numpy(),
            "a softmax over the batch": lambda s: torch.from_numpy(s).softmax(0).numpy(),
            "s itself": identity, "the ReLU": relu,
        }), [(USES, USES.replace("torch.sigmoid(s)", "1 / (1 + torch.exp(s))"))]),
    Mistake("sigmoid-overflow", "not a number where |s| is large. exp overflows and inf / inf is "
        "NaN. Write the sigmoid as 1 / (1 + exp(-s)) and its derivative as z (1 - z), or use "
        "torch.sigmoid.", "eq:sigmoid-definition",
        [Option("sigmoid", lambda s: np.exp(s) / (1 + np.exp(s)))],
        [(USES, USES.replace("torch.sigmoid(s)", "torch.exp(s) / (1 + torch.exp(s))"))]),
)  # fmt: skip
