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
        table[name] = Exercise(expected=expected, tolerance=tolerance, hint=hint)
        return expected

    return enter
