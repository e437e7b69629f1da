"""A correct submission in the book's own layout: one column a point, Jacobians as matrices.

The gradients are the book's products of a column, a row and Jacobians, transposed at the end.
"""

import torch


def column(v):
    return v.reshape(-1, 1)


class Layer:
    """s = W z + b and the activation, for one column."""

    def __init__(self, kind):
        self.kind = kind

    def activate(self, s):
        if self.kind == "relu":
            return torch.maximum(s, torch.zeros_like(s))
        if self.kind == "sigmoid":
            return 1 / (1 + torch.exp(-s))
        return s + 0

    def jacobian(self, s):
        """dz/ds, a diagonal matrix."""
        if self.kind == "relu":
            diagonal = torch.maximum(torch.sign(s), torch.zeros_like(s))
        elif self.kind == "sigmoid":
            diagonal = self.activate(s) - self.activate(s) ** 2
        else:
            return torch.eye(len(s), dtype=s.dtype)
        return torch.diag(diagonal.flatten())


class MLP:
    def __init__(self, n_in, n_hidden, f_function, n_hidden_again, n_out, g_function):
        assert n_hidden == n_hidden_again
        self.first, self.second = Layer(f_function), Layer(g_function)
        self.parameters = {
            "W1": torch.randn(n_hidden, n_in) / n_in**0.5,
            "b1": torch.zeros(n_hidden),
            "W2": torch.randn(n_out, n_hidden) / n_hidden**0.5,
            "b2": torch.zeros(n_out),
        }
        self.clear_grad_and_cache()

    def clear_grad_and_cache(self):
        p = self.parameters
        self.grads = {"dJd" + name: 0 * p[name] for name in p}
        self.cache = {"columns": []}

    def forward(self, x):
        p = self.parameters
        outputs = []
        self.cache["columns"] = []
        for point in x:
            x_column = column(point)
            s1 = p["W1"].mm(x_column) + column(p["b1"])
            z1 = self.first.activate(s1)
            s2 = p["W2"].mm(z1) + column(p["b2"])
            outputs.append(self.second.activate(s2).T)
            self.cache["columns"].append((x_column, s1, z1, s2))
        return torch.cat(outputs)

    def backward(self, dJdy_hat):
        total = {name: torch.zeros_like(value) for name, value in self.grads.items()}
        for row, (x_column, s1, z1, s2) in zip(dJdy_hat, self.cache["columns"], strict=True):
            delta2 = (row.reshape(1, -1) @ self.second.jacobian(s2)).T
            delta1 = (self.parameters["W2"] @ self.first.jacobian(s1)).T @ delta2
            total["dJdW2"] += (z1 @ delta2.T).T
            total["dJdb2"] += delta2.flatten()
            total["dJdW1"] += (x_column @ delta1.T).T
            total["dJdb1"] += delta1.flatten()
        self.grads.update(total)


def mse_loss(y, y_hat):
    d = (y_hat - y).reshape(-1, 1)
    loss = (d.T @ d)[0, 0] / len(d)
    gradient = (2 / len(d)) * d.T
    return loss, gradient.reshape(y.shape)


def bce_loss(y, y_hat):
    t, p = column(y), column(y_hat)
    one = torch.ones_like(p)
    log_p = torch.where(p > 0, torch.log(p), -100 * one).clamp(-100, 0)
    log_q = torch.where(p < 1, torch.log(one - p), -100 * one).clamp(-100, 0)
    loss = -(t.T @ log_p + (one - t).T @ log_q) / len(p)
    gradient = torch.diag(1 / torch.clamp(p * (one - p), min=1e-12).flatten()) @ (p - t) / len(p)
    return loss.squeeze(), gradient.reshape(y.shape)
