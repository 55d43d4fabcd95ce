"""Recurrence of thyroid cancer: public analyses of open records."""
