"""From the syntax tree to matrices whose entries are terms. Trusted."""

from .statement import Reading, shapes

__all__ = ["Reading", "shapes"]
