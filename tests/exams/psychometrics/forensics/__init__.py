"""Forensics."""
