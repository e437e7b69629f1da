"""A whole book: its pages are read, its statements proved, and changed to see the prover fail."""
