"""Checks on print alone: what printed numbers say about each other, without any patient."""

from rairlib.checks.catalogue import CHECKS, audit
from rairlib.checks.findings import Check

__all__ = ["CHECKS", "Check", "audit"]
