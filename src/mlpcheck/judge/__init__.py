"""From the records of a run to the verdict."""
