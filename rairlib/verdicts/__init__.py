"""Derive, judge, count, publish."""
