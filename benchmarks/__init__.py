"""Speeds and error rates, measured."""
