"""Polynomials in indexed atoms, functions of them, and their normal form. Trusted."""
