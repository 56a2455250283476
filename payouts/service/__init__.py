"""What is done with money; each module is one use case, and nothing in here commits."""
