"""Measurements that somebody may repeat: each prints what it measured and on what."""
