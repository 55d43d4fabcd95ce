"""The tables that print determines."""
