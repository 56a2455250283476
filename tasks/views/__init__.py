"""Pages of the work: the expert's and the manager's."""
