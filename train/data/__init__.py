"""Readers, checks and statistics of labelled data."""
