"""Gradients by hand, in NumPy: the solutions of the book as code."""
