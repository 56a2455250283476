"""Adaptive tests."""
