"""Networks, their derivatives, and the finitely many that stand for all. Trusted."""

from .network import Network

__all__ = ["Network"]
