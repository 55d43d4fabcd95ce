"""Tang 2025, Hunan."""
