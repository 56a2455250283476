"""Finding rows: always through the person, the project or the pool."""
