"""Annealing schedules, cut into pieces between which a search can be stopped."""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.schedule import Round, Schedule

SMALLEST = 1e-300
SOLVED = 1e-9


class Cooling(NamedTuple):
    """One piece of a round, as the kernels read it.

    Attributes
    ----------
    first, steps, total : int
        First step of the piece, steps in it, steps of the whole round.
    start, end : float
        Temperatures of the whole round.
    inside, cap : float
        See :class:`rairlib.search.schedule.Schedule` and `Round`.
    rebuild : int
        Steps between two fresh sums.
    seed : int
        Of this piece.
    """

    first: int
    steps: int
    total: int
    start: float
    end: float
    inside: float
    cap: float
    rebuild: int
    seed: int


def piece_of(round_: Round, schedule: Schedule, chunk: int, seed: int) -> Cooling:
    """Return one chunk of a round.

    Parameters
    ----------
    round_ : Round
        The cooling.
    schedule : Schedule
        For the length of a chunk.
    chunk : int
        From 0.
    seed : int
        Of this chunk.

    Returns
    -------
    Cooling
        For :func:`anneal`.
    """
    first = chunk * schedule.chunk_steps
    return Cooling(
        first=first,
        steps=min(schedule.chunk_steps, round_.steps - first),
        total=round_.steps,
        start=round_.start,
        end=round_.end,
        inside=schedule.inside,
        cap=round_.cap,
        rebuild=schedule.rebuild_steps,
        seed=seed,
    )


@njit(cache=True, nogil=True)
def temperature(cooling, step):
    """Temperature at a step of a piece: geometric over the whole round."""
    done = (cooling.first + step) / cooling.total
    return cooling.start * (cooling.end / cooling.start) ** done


@njit(cache=True, nogil=True)
def draw_kind(mix):
    """Draw a kind of move by cumulative shares."""
    draw, kind = np.random.random(), 0
    while draw > mix[kind]:
        kind += 1
    return kind
