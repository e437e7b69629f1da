"""Wrong factors, and what is right for some sizes alone: in the losses and in the gradients.

They are found by the search, which compares a result with each hypothesis times a power of N and K.
"""

from mlpcheck.mistakes.losses import LOG, LOG_REST, MEAN, SEE, SLOPE
from mlpcheck.mistakes.registry import Mistake, each

SQUARE = {**SEE, **dict.fromkeys(("loss", "dJd", ""), "eq:c07-1")}

G = "* activation_derivative(self.g_function, s2)"
SUMS = ("delta1.T @ x", "delta1.sum(dim=0)", "delta2.T @ z1", "delta2.sum(dim=0)")

ROWS = (
    Mistake("mean-again", "N times too small for a batch of N. You averaged over the batch, but "
        "dJdy_hat already carries the 1/N. Sum over the batch.", SEE,
        example=each("= *\n", "= * / len(x)\n", *SUMS)),
    Mistake("batch-factor", "N times too large for a batch of N. You multiplied by the batch size. "
        "dJdy_hat already carries the right factor.", SEE, example=[(G, G + " * len(x)")]),
    Mistake("width-factor", "{value}, a width of the network. No width is a factor of a gradient: "
        "dJdy_hat already carries the right one.", SEE, example=[(G, G + " / dJdy_hat.shape[1]")]),
    Mistake("not-averaged", "N K times too large. You take the sum. The mean divides it by the "
        "number of elements, N K.", SEE,
        example=[(MEAN, "difference.square().sum()"), (SLOPE, "2 * difference")]),
    Mistake("wrong-divisor", "divided by {value}. The mean divides by the number of all elements, "
        "N rows times K columns, once.", SEE,
        example=[(MEAN, "difference.square().sum() / len(y)"), (SLOPE, "2 * difference / len(y)")]),
    Mistake("factor-two-missing", {
            "mse_loss": "half of what it should be. A factor 2 is missing, or a factor 1/2 too "
            "many: the mean has no 1/2, and the derivative of a square is 2 (y_hat - y).",
            "": "half of what it should be. There is a factor 1/2 too many.",
        }, SQUARE, example=[("2 * difference", "difference")]),
    Mistake("factor-two-extra", "twice what it should be. There is one factor 2 too many.", SQUARE,
        example=[("2 * difference", "4 * difference")]),
    Mistake("sign", {
            "dJdy_hat": "the sign is flipped. It has y_hat - y in it, not y - y_hat.",
            "_loss": "the sign is flipped. A loss is never negative.",
            "": "the sign is flipped. The chain rule has no minus in it.",
        }, SQUARE, example=[("2 * difference", "-2 * difference")]),
    Mistake("constant-factor", "{value} times what it should be, in every case that was tried.",
        SEE, example=[("delta2 = dJdy_hat *", "delta2 = 0.01 * dJdy_hat *")]),
    Mistake("bce-base", "the logarithm to base {value}. It is the natural one.", "eq:f03",
        example=[(log, log.replace("log", "log2")) for log in (LOG, LOG_REST)]),
    Mistake("size-hardcoded", "works for {value} only. That number seems to be written into your "
        "code; take it from the shape, as in x.shape[0].", SEE,
        example=each("= delta*.sum(dim=0)", "= torch.ones(10, dtype=delta*.dtype) @ delta*",
                     "1", "2")),
    Mistake("one-point-only", {
            "loss": "works for one point only, not for a batch. y and y_hat have a row for each "
            "point: (N, K).",
            "": "works for one point only, not for a batch. x has a row for each point: (N, in1); "
            "the gradients are sums over the rows."}, SEE,
        example=[("s1 = x @ W1.T + b1", "s1 = (W1 @ x.flatten() + b1)[None]")]),
    Mistake("one-output-only", "right for one output only, K = 1. y_hat has a column for each "
        "output: (N, K).", SEE, example=[(MEAN, "difference[:, 0].square().mean()")]),
)  # fmt: skip
