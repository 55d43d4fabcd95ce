"""One exercise: what is asked for, how near an answer must come, and the hint."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    expected : callable
        Returns the number or numbers asked for.
    tolerance : float
        Largest accepted difference, in the unit of the answer.
    hint : str
        What a wrong answer is told.
    """

    expected: Callable[[], float | list[float]]
    tolerance: float
    hint: str
