"""Figures: each function draws a tidy frame and gives the figure with its alternative text."""

from rairlib.figures.show import show
from rairlib.figures.style import canvas

__all__ = ["canvas", "show"]
