"""Reads the displayed equations of the book and proves them."""

from .network import NETWORKS
from .verdict import Claim, Counterexample, Verdict, check

__all__ = ["NETWORKS", "Claim", "Counterexample", "Verdict", "check"]
