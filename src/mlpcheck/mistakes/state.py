"""Mistakes that show in a second pass, or beside a second network."""

from mlpcheck.mistakes.registry import INIT, Mistake, before, each
from mlpcheck.truth.cases import PARAMETERS

STEPS = "The five steps"
ZEROS = 'self.grads = {f"dJd{name}": torch.zeros_like(p) for name, p in self.parameters.items()}'
CACHE = 'self.cache = {"x": x, "s1": s1, "z1": z1, "s2": s2}'
ALONE = (INIT, f"        {ZEROS}\n        self.cache = {{}}\n")  # __init__ without clearing
CLEAR = f'forward kept."""\n{ALONE[1]}'

ROWS = (
    Mistake("accumulates", "calling backward twice adds up. After clear_grad_and_cache() the "
        "gradients of the earlier batch are still in the sum.", STEPS,
        example=[*each('["dJd*"] =', '["dJd*"] +=', *PARAMETERS), ALONE,
                 (CLEAR, CLEAR.replace(f"        {ZEROS}\n", ""))]),
    Mistake("stale-cache", "after clear_grad_and_cache() and a new forward the values of the first "
        "forward are still used.", STEPS, example=[
            (CACHE, f"if not self.cache:\n            {CACHE}"),
            before(INIT, "self.cache = {}"), (CLEAR, f'forward kept."""\n        {ZEROS}\n')]),
    Mistake("not-cleared", "clears nothing in {value}. It sets the gradients to zero and empties "
        "the cache.", STEPS, example=[ALONE, (CLEAR, 'forward kept."""\n        return\n')]),
    Mistake("shared-state", "two networks disturb each other. Keep parameters, grads and cache in "
        "self, not in the class or in the module.", STEPS, example=[
            ("class MLP:", "CACHE = {}\n\n\nclass MLP:"),
            (CACHE, "CACHE.update(x=x, s1=s1, z1=z1, s2=s2)"),
            ("(self.cache[name] for", "(CACHE[name] for")]),
)  # fmt: skip
