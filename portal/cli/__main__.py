"""Lets `python -m portal.cli` stand for `touchstone`: the supervisor starts its children so."""

from portal.cli import main

main()
