"""Bel Lakhdar 2024, Rabat."""
