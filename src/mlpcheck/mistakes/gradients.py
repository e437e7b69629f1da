"""Mistakes in the last step of backward: from the errors to the gradients of the parameters."""

import numpy as np

from mlpcheck.mistakes.registry import END, Mistake, Option, before, each, options
from mlpcheck.truth.cases import PARAMETERS

WEIGHTS = ("weights 1", "weights 2")

ROWS = (
    Mistake("transposed", "the transpose of the gradient. The book's gradient has the transposed "
        "shape of the weight; grads holds it in the weight's own shape, delta.T @ z.",
        {"bce_loss": "eq:f04", "": "eq:c18-1"},
        [*options(WEIGHTS, {"": lambda e: e.right.T @ e.delta}),
         Option("mse_loss dJdy_hat", lambda y, p: 2 * (p - y).T)],
        [("= delta1.T @ x", "= x.T @ delta1"), ("= delta2.T @ z1", "= z1.T @ delta2")]),
    Mistake("reshaped", "the numbers of the transpose, in the right shape. reshape and view keep "
        "the numbers in their order; .T exchanges rows and columns.", "eq:c18-1",
        options(WEIGHTS, {"": lambda e: (e.right.T @ e.delta).reshape(e.delta.shape[1], -1)}),
        [("= delta1.T @ x", '= (x.T @ delta1).view(self.parameters["W1"].shape)')]),
    Mistake("wrong-input", "the error is multiplied by {value}. The gradient of a weight is the "
        "error of its layer times the input of that layer: x for W1, z1 for W2.", "eq:c18-1", [
            Option(step, lambda e, name=name: e.delta.T @ getattr(e, name), name)
            for step, names in zip(WEIGHTS, ("z1 s1 y_hat", "s1 x y_hat s2"), strict=True)
            for name in names.split()
        ], [("= delta2.T @ z1", "= delta2.T @ s1")]),
    Mistake("last-sample", "only the {value} row of the batch counts. The gradient of a batch is "
        "the sum over its rows; in a loop, add to the gradient (+=).", "eq:c18-1",
        [*options(WEIGHTS, {
            "last": lambda e: np.outer(e.delta[-1], e.right[-1]),
            "first": lambda e: np.outer(e.delta[0], e.right[0]),
        }), *options("bias", {"last": lambda e: e.delta[-1], "first": lambda e: e.delta[0]})],
        [('self.grads["dJdW1"] = delta1.T @ x', "for n in range(len(x)):\n            "
          'self.grads["dJdW1"] = torch.outer(delta1[n], x[n])')]),
    Mistake("product-of-sums", "error and input are summed over the batch first, and multiplied "
        "then. Multiply them row by row, and sum the products: delta.T @ z.", "eq:c18-1",
        [Option(step, run) for step in WEIGHTS for run in (
            lambda e: np.outer(e.delta.sum(0), e.right.sum(0)),
            lambda e: np.outer(e.delta.mean(0), e.right.mean(0)),
        )], [("= delta1.T @ x", "= torch.outer(delta1.mean(dim=0), x.mean(dim=0))")]),
    Mistake("keys-swapped", "the other layer's gradient. Look at the names under which backward "
        "stores them.", "eq:answer-c", options((*WEIGHTS, "bias"), {"": lambda e: e.other}),
        [('"dJdb1"] = delta1', '"dJdb2"] = delta1'), ('"dJdb2"] = delta2', '"dJdb1"] = delta2')]),
    Mistake("gradient-zero", {"loss": "zero. It is the second value that the loss returns.",
        "": "zero, or never set. backward has to store it in grads.{value}"},
        {"bce_loss": "eq:f04", "": "eq:answer-c"},
        [*options(WEIGHTS, {"": lambda e: np.zeros((e.delta.shape[1], e.right.shape[1]))}),
         Option("bias", lambda e: np.zeros(e.delta.shape[1])),
         *options(("mse_loss dJdy_hat", "bce_loss dJdy_hat"), {"": lambda y, p: np.zeros_like(p)})],
        [('        self.grads["dJdb1"] = delta1.sum(dim=0)\n', "")]),
    Mistake("cleared-at-once", "zero, because backward itself calls {value}. Leave the gradients "
        "there: the training step reads them after backward and clears them before the next "
        "forward.", "eq:answer-c", example=[before(END, "self.clear_grad_and_cache()")]),
    Mistake("gradients-returned", "backward returns them ({value}) and does not store them. It "
        'returns nothing: self.grads["dJdW1"] = ...', "eq:answer-c",
        example=[("delta2 = dJdy", "grads = {}\n        delta2 = dJdy"),
                 *each('self.grads["dJd*"]', 'grads["dJd*"]', *PARAMETERS),
                 before(END, "return grads")]),
    Mistake("gradient-scaled", "{value}. A gradient is stored as the chain rule gives it.",
        "eq:c18-1", example=[("= delta1.T @ x\n", "= delta1.T @ x / (delta1.T @ x).norm()\n")]),
    Mistake("bias-not-summed", "one row for each row of the batch. The gradient of a bias is the "
        "sum of the errors over the batch, in the shape of the bias.", "eq:c26-1",
        [Option("bias", lambda e: e.delta)], each("= delta*.sum(dim=0)", "= delta*", "1", "2")),
    Mistake("bias-wrong-axis", "{value}. Sum over the batch alone: dim=0, the rows.", "eq:c26-1",
        options("bias", {
            "summed over the units, not over the batch": lambda e: e.delta.sum(axis=1),
            "averaged over the units, not over the batch": lambda e: e.delta.mean(axis=1),
            "the sum over the batch and over all units": lambda e: e.delta.sum(),
            "one sum over the batch and over all units":
                lambda e: np.full(e.delta.shape[1], e.delta.sum()),
            "the mean over the batch and over all units": lambda e: e.delta.mean(),
        }), each("= delta*.sum(dim=0)", "= delta*.sum(dim=1)", "1", "2")),
)  # fmt: skip
