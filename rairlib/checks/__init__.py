"""Checks on print alone: what printed numbers say about each other, without any patient."""

from rairlib.checks.catalogue import CHECKS, Check, audit

__all__ = ["CHECKS", "Check", "audit"]
