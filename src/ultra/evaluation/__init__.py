"""Metrics and agreement of answers."""
