"""Recompute the printed numbers of clinical papers, and say what they determine."""
