"""Exercises of the book that check themselves."""

import numpy as np

from rairlib.chapters.exercises_hunan import HUNAN
from rairlib.chapters.exercises_qingdao import QINGDAO
from rairlib.chapters.exercises_rabat import RABAT
from rairlib.errors import RairlibError, unknown

EXERCISES = {**RABAT, **QINGDAO, **HUNAN}


class Reply(str):
    """An answer to the reader, shown without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def check(name: str, answer) -> Reply:
    """Say whether an answer to an exercise is right.

    Parameters
    ----------
    name : str
        Name of the exercise.
    answer : number, sequence of numbers or None
        None if there is no answer yet.

    Returns
    -------
    Reply
        ``Right.``, a hint, or the invitation to answer; never the solution.

    Raises
    ------
    RairlibError
        If no exercise has this name.
    """
    if name not in EXERCISES:
        raise RairlibError(unknown(name, "exercise", EXERCISES))
    exercise = EXERCISES[name]
    if answer is None:
        return Reply("No answer yet.")
    given = np.asarray(answer, dtype=float)
    expected = np.asarray(exercise.expected(), dtype=float)
    # The slack is for floating error: an answer at the edge of the tolerance counts.
    slack = exercise.tolerance + 1e-9
    if given.shape == expected.shape and (np.abs(given - expected) <= slack).all():
        return Reply("Right.")
    return Reply(f"Not yet. {exercise.hint}")
