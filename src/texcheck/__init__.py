"""Reads the displayed equations of the book and proves them."""

from .judge import check
from .network import NETWORKS
from .tasks import Claim
from .verdict import Counterexample, Verdict

__all__ = ["NETWORKS", "Claim", "Counterexample", "Verdict", "check"]
