"""Checks on print alone."""
