"""Adaptive tests: the next question depends on the answers so far, from a numpy table, without torch.

`table` holds the bank's curves on a grid and what is known of abilities, `choosing` the next question,
`content` keeps the blueprint, `exposure` keeps questions from wearing out, `stopping` ends the test,
`engine` joins them. Everything works on many sittings at once; the web process has one of them.
`shadow` (integer programming) and `simulation` are for workers and benchmarks.
"""
