"""Exercises of the book that check themselves."""

import math
import reprlib

import numpy as np

from rairlib.errors import RairlibError, unknown
from rairlib.studies.lakhdar2024.pages import RABAT
from rairlib.studies.tang2025.pages import HUNAN
from rairlib.studies.wang2025.pages import EXERCISES as QINGDAO

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
    answer : number, text, sequence of these, or None
        A text is read as one number, with a decimal point or comma. None if there is no answer yet.

    Returns
    -------
    Reply
        ``Right.``, a hint, what could not be read, or the invitation to answer; never the
        solution.

    Raises
    ------
    RairlibError
        If no exercise has this name.
    """
    if str(name) not in EXERCISES:
        raise RairlibError(unknown(str(name), "exercise", EXERCISES))
    exercise = EXERCISES[name]
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        return Reply("No answer yet.")
    try:
        items = np.ravel(np.asarray(answer, dtype=object))
    except ValueError:  # arrays of different shapes in one list
        return Reply(_not_read(answer))
    given = [_number(item) for item in items]
    if None in given:
        return Reply(_not_read(items[given.index(None)]))
    expected = np.ravel(exercise.expected())
    if len(given) != len(expected):
        count = "one number" if len(expected) == 1 else f"{len(expected)} numbers"
        return Reply(f"Not yet. Give {count}, not {len(given)}. {exercise.hint}")
    # The slack is for floating error: an answer at the edge of the tolerance counts.
    if (np.abs(given - expected) <= exercise.tolerance + 1e-9).all():
        return Reply("Right.")
    return Reply(f"Not yet. {exercise.hint}")


def _number(item) -> float | None:
    """Read one number as a reader may write it; nothing if it is none."""
    if isinstance(item, str):
        item = item.replace("−", "-").replace(",", ".")
    try:
        value = math.nan if isinstance(item, bool | np.bool_) else float(item)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _not_read(item) -> str:
    """Say in one line what was not read, and what can be."""
    shown = " ".join(reprlib.repr(item).split())
    if isinstance(item, str) and item.strip().endswith("%"):
        return f"Not read: {shown}. Leave out the percent sign and keep the unit asked for."
    return (
        f"Not read: {shown}. Give a number such as 12.5, or a list of them in the order asked for."
    )
