"""Exercises of the book that check themselves, in a notebook and in a page without Python."""

import json
import math
import reprlib
from html import escape
from zlib import crc32

import numpy as np

from rairlib.errors import RairlibError, unknown
from rairlib.studies import own_studies, part_of

EXERCISES = {
    name: exercise
    for study in own_studies()
    for name, exercise in (part_of(study, "pages", "EXERCISES") or {}).items()
}


class Reply(str):
    """An answer to the reader, shown without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Invitation(Reply):
    """No answer yet: in the book's pages a script turns it into a form that checks itself.

    The page holds checksums of the right answers, so that nobody reads them by accident.
    """

    __slots__ = ("name",)

    def _repr_html_(self) -> str:
        exercise = EXERCISES[self.name]
        sums = [
            [crc32(f"{self.name}|{place}|{text}".encode()) for text in texts]
            for place, texts in enumerate(exercise.answers())
        ]
        asked = {"name": self.name, "decimals": exercise.decimals, "sums": sums}
        asked |= {"whole": not exercise.tolerance, "hint": exercise.hint}
        data = escape(json.dumps(asked, ensure_ascii=False))
        return f'<div class="exercise-form" data-asked="{data}">{self}</div>'


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
        ``Right.``, a hint, what could not be read, or the invitation to answer, which a page of
        the book shows as a form; never the solution. An answer is right if it rounds to the
        expected one, with the decimals asked for.

    Raises
    ------
    RairlibError
        If no exercise has this name.
    """
    if str(name) not in EXERCISES:
        raise RairlibError(unknown(str(name), "exercise", EXERCISES))
    exercise = EXERCISES[name]
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        invitation = Invitation("No answer yet.")
        invitation.name = str(name)
        return invitation
    try:
        items = np.ravel(np.asarray(answer, dtype=object))
    except ValueError:  # arrays of different shapes in one list
        return Reply(_not_read(answer))
    given = [_number(item) for item in items]
    if None in given:
        return Reply(_not_read(items[given.index(None)]))
    right = exercise.answers()
    if len(given) != len(right):
        count = "one number" if len(right) == 1 else f"{len(right)} numbers"
        return Reply(f"Not yet. Give {count}, not {len(given)}. {exercise.hint}")
    agrees = (exercise.written(n) & set(texts) for n, texts in zip(given, right, strict=True))
    return Reply("Right." if all(agrees) else f"Not yet. {exercise.hint}")


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
