"""One exercise: what is asked for, how near an answer must come, and the hint."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    expected : callable
        Returns the number or numbers asked for.
    tolerance : float
        Largest accepted difference: half a unit of the last decimal asked for; 0 for whole numbers.
    hint : str
        What a wrong answer is told.
    """

    expected: Callable[[], float | list[float]]
    tolerance: float
    hint: str

    @property
    def decimals(self) -> int:
        """Decimals asked for."""
        return round(-math.log10(2 * self.tolerance)) if self.tolerance else 0

    def answers(self) -> list[list[str]]:
        """Return for each number asked for the texts that are right: what rounds to it."""
        unit = 10.0**-self.decimals
        found = []
        for value in np.ravel(self.expected()):
            # The slack is for floating error: an answer at the edge of the tolerance counts.
            first = math.ceil((value - self.tolerance) / unit - 1e-6)
            last = math.floor((value + self.tolerance) / unit + 1e-6)
            found.append([f"{n * unit:.{self.decimals}f}" for n in range(first, last + 1)])
        return found

    def written(self, answer: float) -> set[str]:
        """Return an answer as it is written with the decimals asked for; a tie both ways."""
        if not self.tolerance and abs(answer - round(answer)) > SLACK:
            return set()
        shown = (f"{answer + shift:.{self.decimals}f}" for shift in (-SLACK, SLACK))
        return {text.removeprefix("-") if not float(text) else text for text in shown}


def exercise(table: dict[str, Exercise], name: str, tolerance: float) -> Callable:
    """Enter the function that follows as an exercise: it gives the answer, its docstring the hint.

    Parameters
    ----------
    table : dict of str to Exercise
        The exercises of a study.
    name : str
        What the page calls it.
    tolerance : float
        Largest accepted difference, in the unit of the answer.

    Returns
    -------
    callable
        The decorator.
    """

    def enter(expected: Callable[[], float | list[float]]) -> Callable:
        hint = " ".join(expected.__doc__.split())
        table[name] = Exercise(expected=cache(expected), tolerance=tolerance, hint=hint)
        return expected

    return enter
