"""A correct submission in plain loops: every sum of the derivation is a for statement."""

import math

import torch


def value(name, s):
    if name == "relu":
        return max(0.0, s)
    if name == "sigmoid":
        if s < 0:  # keeps the exponent from growing
            return math.exp(s) / (1 + math.exp(s))
        return 1 / (1 + math.exp(-s))
    return s


def slope(name, s):
    if name == "relu":
        return 1.0 if s > 0 else 0.0
    if name == "sigmoid":
        return value("sigmoid", s) * (1 - value("sigmoid", s))
    return 1.0


class MLP:
    def __init__(self, in1, out1, f, in2, out2, g):
        self.in1, self.out1, self.in2, self.out2 = in1, out1, in2, out2
        self.f, self.g = f, g
        self.parameters = {
            "W1": torch.zeros(out1, in1),
            "b1": torch.zeros(out1),
            "W2": torch.zeros(out2, in2),
            "b2": torch.zeros(out2),
        }
        for tensor in self.parameters.values():
            tensor.uniform_(-0.5, 0.5)
        self.grads = {}
        self.clear_grad_and_cache()

    def clear_grad_and_cache(self):
        for key in ["W1", "b1", "W2", "b2"]:
            self.grads["dJd" + key] = torch.zeros_like(self.parameters[key])
        self.cache = {}

    def forward(self, x):
        W1 = self.parameters["W1"].tolist()
        b1 = self.parameters["b1"].tolist()
        W2 = self.parameters["W2"].tolist()
        b2 = self.parameters["b2"].tolist()
        points = x.tolist()
        all_s1, all_z1, all_s2, all_y = [], [], [], []
        for point in points:
            s1 = []
            for i in range(self.out1):
                total = b1[i]
                for j in range(self.in1):
                    total += W1[i][j] * point[j]
                s1.append(total)
            z1 = [value(self.f, s) for s in s1]
            s2 = []
            for i in range(self.out2):
                total = b2[i]
                for j in range(self.in2):
                    total += W2[i][j] * z1[j]
                s2.append(total)
            all_s1.append(s1)
            all_z1.append(z1)
            all_s2.append(s2)
            all_y.append([value(self.g, s) for s in s2])
        self.cache["points"] = points
        self.cache["s1"] = all_s1
        self.cache["z1"] = all_z1
        self.cache["s2"] = all_s2
        return torch.tensor(all_y, dtype=x.dtype)

    def backward(self, dJdy_hat):
        W2 = self.parameters["W2"].tolist()
        rows = dJdy_hat.tolist()
        gW1 = [[0.0] * self.in1 for _ in range(self.out1)]
        gb1 = [0.0] * self.out1
        gW2 = [[0.0] * self.in2 for _ in range(self.out2)]
        gb2 = [0.0] * self.out2
        for n in range(len(rows)):
            delta2 = []
            for k in range(self.out2):
                delta2.append(rows[n][k] * slope(self.g, self.cache["s2"][n][k]))
            delta1 = []
            for m in range(self.out1):
                back = 0.0
                for k in range(self.out2):
                    back += delta2[k] * W2[k][m]
                delta1.append(back * slope(self.f, self.cache["s1"][n][m]))
            for i in range(self.out2):
                gb2[i] += delta2[i]
                for j in range(self.in2):
                    gW2[i][j] += delta2[i] * self.cache["z1"][n][j]
            for i in range(self.out1):
                gb1[i] += delta1[i]
                for j in range(self.in1):
                    gW1[i][j] += delta1[i] * self.cache["points"][n][j]
        for key, numbers in [("W1", gW1), ("b1", gb1), ("W2", gW2), ("b2", gb2)]:
            self.grads["dJd" + key] = torch.tensor(numbers, dtype=dJdy_hat.dtype)


def mse_loss(y, y_hat):
    N, K = y.shape
    total = 0.0
    gradient = torch.zeros(N, K, dtype=y_hat.dtype)
    for n in range(N):
        for k in range(K):
            difference = y_hat[n, k].item() - y[n, k].item()
            total += difference * difference
            gradient[n, k] = 2 * difference / (N * K)
    return torch.tensor(total / (N * K), dtype=y_hat.dtype), gradient


def bce_loss(y, y_hat):
    N, K = y.shape
    total = 0.0
    gradient = torch.zeros(N, K, dtype=y_hat.dtype)
    for n in range(N):
        for k in range(K):
            p, t = y_hat[n, k].item(), y[n, k].item()
            log_p = max(-100.0, math.log(p)) if p > 0 else -100.0
            log_q = max(-100.0, math.log(1 - p)) if p < 1 else -100.0
            total -= t * log_p + (1 - t) * log_q
            gradient[n, k] = (p - t) / max(p * (1 - p), 1e-12) / (N * K)
    return torch.tensor(total / (N * K), dtype=y_hat.dtype), gradient
