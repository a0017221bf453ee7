"""Metrics: items to compare, their scores, and `evaluate` modules that can be loaded by path."""
