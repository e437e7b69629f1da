"""Reading: the TeX of a display becomes a syntax tree, or a place where it cannot be read."""

from .claims import with_sums_bound
from .cursor import BOOK, Names
from .notation import names_of
from .parts import cell, expression, readable, shape
from .statements import read
from .tokens import CannotRead

__all__ = [
    "BOOK", "CannotRead", "Names", "cell", "expression", "names_of", "read", "readable", "shape",
    "with_sums_bound",
]  # fmt: skip
