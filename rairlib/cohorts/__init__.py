"""Cohorts that agree with a paper: declared, annealed, and set beside the print."""
