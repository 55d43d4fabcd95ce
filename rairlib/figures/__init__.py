"""Figures: functions that draw tidy frames on given axes, and their alternative texts."""

from rairlib.figures.show import show
from rairlib.figures.style import canvas

__all__ = ["canvas", "show"]
