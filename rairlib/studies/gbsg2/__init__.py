"""Survival after breast cancer and glioma: a textbook chapter on open records."""
