"""Running a student's code: the runner, what watches it, and the records that come back."""
