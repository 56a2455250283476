"""From minute to money: statements, ledger, pay runs, rails."""
