"""Aggregation, preferences, agreement, sequential decisions: pure torch."""
