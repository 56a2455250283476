"""What is read of money: each a query, so that pages and services ask the same."""
