"""Reading: the TeX of a display becomes a syntax tree, or a place where it cannot be read."""

from .cursor import BOOK, Names
from .notation import names_of
from .statements import cell, expression, read, shape
from .tokens import CannotRead

__all__ = ["BOOK", "CannotRead", "Names", "cell", "expression", "names_of", "read", "shape"]
