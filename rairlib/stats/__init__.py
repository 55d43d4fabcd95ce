"""Estimators that never see print."""
