"""Verdicts. `decide` alone is trusted: whatever else is here can only ask it."""
