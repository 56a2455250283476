"""Use cases of the work: one a function, none commits."""
