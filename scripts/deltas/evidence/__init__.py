"""Recorded numbers in, verdicts out."""
