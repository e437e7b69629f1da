"""Networks, their derivatives, and the finitely many that stand for all. Trusted."""
