"""Reads the equations of a page and decides them."""
