"""A correct submission with batched products: a stack of outer products, summed over the batch."""

import torch
import torch.nn.functional as F


def apply(function, s):
    if function == "identity":
        return s
    return {"relu": F.relu, "sigmoid": F.sigmoid}[function](s)


def derivative(function, z):
    # All three derivatives can be had from the output z alone.
    match function:
        case "relu":
            return torch.where(z > 0, 1.0, 0.0).to(z.dtype)
        case "sigmoid":
            return z - z.square()
        case "identity":
            return z.new_ones(z.shape)


class MLP:
    def __init__(self, in1, out1, f_function, in2, out2, g_function):
        self.f_function, self.g_function = f_function, g_function
        linear1, linear2 = torch.empty(out1, in1), torch.empty(out2, in2)
        self.parameters = {
            "W1": linear1.normal_(std=0.1),
            "b1": torch.full((out1,), 0.1),
            "W2": linear2.normal_(std=0.1),
            "b2": torch.full((out2,), 0.1),
        }
        self.grads = {
            "dJdW1": torch.zeros(out1, in1),
            "dJdb1": torch.zeros(out1),
            "dJdW2": torch.zeros(out2, in2),
            "dJdb2": torch.zeros(out2),
        }
        self.cache = {"inputs": [], "outputs": []}

    @torch.no_grad()
    def forward(self, x):
        self.cache["inputs"], self.cache["outputs"] = [], []
        z = x
        for W, b, function in self._layers():
            self.cache["inputs"].append(z)
            z = apply(function, torch.addmm(b, z, W.mT))
            self.cache["outputs"].append(z)
        return z

    @torch.no_grad()
    def backward(self, dJdy_hat):
        gradient = dJdy_hat.unsqueeze(1)  # (N, 1, out): a row for each point
        for layer in (2, 1):
            z_in = self.cache["inputs"][layer - 1].unsqueeze(1)
            z_out = self.cache["outputs"][layer - 1].unsqueeze(1)
            _, _, function = self._layers()[layer - 1]
            error = gradient * derivative(function, z_out)
            outer = torch.bmm(z_in.transpose(1, 2), error)  # (N, in, out)
            self.grads[f"dJdW{layer}"] = outer.sum(0).transpose(0, 1)
            self.grads[f"dJdb{layer}"] = error.sum(0).squeeze(0)
            gradient = error @ self.parameters[f"W{layer}"]

    def _layers(self):
        p = self.parameters
        return [(p["W1"], p["b1"], self.f_function), (p["W2"], p["b2"], self.g_function)]

    def clear_grad_and_cache(self):
        for name in self.grads:
            self.grads[name] = torch.zeros_like(self.grads[name])
        self.cache = {"inputs": [], "outputs": []}


def mse_loss(y, y_hat):
    loss = F.mse_loss(y_hat, y)
    dJdy_hat = (y_hat - y).mul(2).div(y.nelement())
    return loss, dJdy_hat


def bce_loss(y, y_hat):
    loss = F.binary_cross_entropy(y_hat, y)
    dJdy_hat = y_hat.sub(y).div(y_hat.mul(1 - y_hat).clip(min=1e-12)).div(y.nelement())
    return loss, dJdy_hat
