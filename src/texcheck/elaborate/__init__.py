"""From the syntax tree to matrices whose entries are terms. Trusted, but for its `words`."""
