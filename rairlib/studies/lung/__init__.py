"""Survival with lung cancer: a vignette and a web book on open records."""
