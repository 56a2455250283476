"""Signs that answers were not a person's own: similarity of pairs, preknowledge of questions.

Everything here is a flag for a reviewer, with its base rate: how many such flags chance alone would raise
among as many comparisons. Nothing here decides about anybody. Response times are in `response_times`.
"""
