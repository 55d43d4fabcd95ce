"""Frames that the chapters show: registry, verdicts and analyses brought together for reading."""
