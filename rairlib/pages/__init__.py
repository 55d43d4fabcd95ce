"""Frames that all chapters share."""
