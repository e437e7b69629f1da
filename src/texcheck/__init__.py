"""Reads the displayed equations of the book and proves them."""
