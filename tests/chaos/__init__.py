"""Whole processes killed and faults played, over and over, and the money counted afterwards."""
