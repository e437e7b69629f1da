"""The homework: a network of two layers and two losses, with every gradient written by hand.

N is the number of points in a batch, K the number of outputs. A batch holds one point a row.
Use PyTorch's tensors and their operations, but no autograd: no backward() of a tensor, no
requires_grad, nothing from torch.autograd. What the names mean, and which equations of the book
help, is on the page "Write it yourself".
"""

import torch


def activation(name, s):
    """The activation, element by element: z = name(s).

    name: "relu", "sigmoid" or "identity". s: a tensor of any shape; z has the same shape.
    """
    # solution: the three activations
    if name == "relu":
        return s.clamp(min=0)
    if name == "sigmoid":
        return torch.sigmoid(s)
    return s
    # end of solution


def activation_derivative(name, s):
    """The derivative of the activation, element by element, at s, its input (not at z, its output).

    name and s as for `activation`; the result has the shape of s. At s = 0 the derivative of ReLU
    is taken to be 0, as in PyTorch.
    """
    # solution: the derivatives of the three activations
    if name == "relu":
        return (s > 0).to(s.dtype)
    if name == "sigmoid":
        z = torch.sigmoid(s)
        return z * (1 - z)
    return torch.ones_like(s)
    # end of solution


class MLP:
    """Linear_1 -> f -> Linear_2 -> g.

    parameters: dict of tensors W1 (out1, in1), b1 (out1,), W2 (out2, in2), b2 (out2,)
    grads: dict of tensors dJdW1, dJdb1, dJdW2, dJdb2, each in the shape of its parameter
    cache: dict of whatever forward keeps for backward
    """

    def __init__(
        self,
        linear_1_in_features,
        linear_1_out_features,
        f_function,
        linear_2_in_features,
        linear_2_out_features,
        g_function,
    ):
        """f_function and g_function: "relu", "sigmoid" or "identity"."""
        self.f_function = f_function
        self.g_function = g_function
        self.parameters = {
            "W1": torch.randn(linear_1_out_features, linear_1_in_features),
            "b1": torch.randn(linear_1_out_features),
            "W2": torch.randn(linear_2_out_features, linear_2_in_features),
            "b2": torch.randn(linear_2_out_features),
        }
        self.clear_grad_and_cache()

    def forward(self, x):
        """Predict, and keep in cache what backward will need.

        x: (N, in1), returns y_hat: (N, out2). Neither x nor the parameters may change.
        """
        # solution: the forward pass
        W1, b1 = self.parameters["W1"], self.parameters["b1"]
        W2, b2 = self.parameters["W2"], self.parameters["b2"]
        s1 = x @ W1.T + b1
        z1 = activation(self.f_function, s1)
        s2 = z1 @ W2.T + b2
        y_hat = activation(self.g_function, s2)
        self.cache = {"x": x, "s1": s1, "z1": z1, "s2": s2}
        return y_hat
        # end of solution

    def backward(self, dJdy_hat):
        """Store the gradient of J with respect to each parameter in grads. Returns nothing.

        dJdy_hat: (N, out2), the second result of a loss. It already carries the 1/(N K) of the
        mean, so the gradient of a parameter is the plain sum over the rows of the batch.
        """
        # solution: the backward pass
        x, s1, z1, s2 = (self.cache[name] for name in ("x", "s1", "z1", "s2"))
        W2 = self.parameters["W2"]
        delta2 = dJdy_hat * activation_derivative(self.g_function, s2)
        delta1 = (delta2 @ W2) * activation_derivative(self.f_function, s1)
        self.grads["dJdW1"] = delta1.T @ x
        self.grads["dJdb1"] = delta1.sum(dim=0)
        self.grads["dJdW2"] = delta2.T @ z1
        self.grads["dJdb2"] = delta2.sum(dim=0)
        # end of solution

    def clear_grad_and_cache(self):
        """Set every gradient to zero and forget what forward kept."""
        self.grads = {f"dJd{name}": torch.zeros_like(p) for name, p in self.parameters.items()}
        self.cache = {}


def mse_loss(y, y_hat):
    """The squared error, the mean over all N K elements, as torch.nn.MSELoss.

    y, y_hat: (N, K), returns J, a tensor with one number, and dJdy_hat: (N, K).
    """
    # solution: the squared error and its gradient
    difference = y_hat - y
    loss = difference.square().mean()
    dJdy_hat = 2 * difference / difference.numel()
    return loss, dJdy_hat
    # end of solution


def bce_loss(y, y_hat):
    """The binary cross-entropy, the mean over all N K elements, as torch.nn.BCELoss.

    y, y_hat: (N, K) with elements from 0 to 1, returns J, a tensor with one number, and
    dJdy_hat: (N, K). Where y_hat is 0 or 1 both stay finite, as PyTorch's do: a logarithm below
    -100 counts as -100, and a denominator y_hat (1 - y_hat) below 1e-12 as 1e-12.
    """
    # solution: the binary cross-entropy and its gradient
    log_y_hat = torch.log(y_hat).clamp(min=-100)
    log_rest = torch.log(1 - y_hat).clamp(min=-100)
    loss = -(y * log_y_hat + (1 - y) * log_rest).mean()
    denominator = (y_hat * (1 - y_hat)).clamp(min=1e-12)
    dJdy_hat = (y_hat - y) / denominator / y_hat.numel()
    return loss, dJdy_hat
    # end of solution
