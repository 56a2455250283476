"""Schema changes, in order; data and schema never in one revision, models never imported."""
