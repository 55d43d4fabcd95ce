"""The very last digits: pairs of pairs of sets of exchanges that cancel what is left.

Sets that leave the univariable rows alone are listed, distinct by their effect; the best four of
them are looked up and made. The four share no patient: the effects of two exchanges of one patient
do not add up, not even of different columns, since a hazard is a product over the columns.
"""

import numpy as np

from rairlib.search.cox_terms import Design
from rairlib.search.exchanges import Exchanges, exchanged
from rairlib.search.fours import Aim, best_four, distinct
from rairlib.search.linear import SMALLEST_EFFECT, half_units, neutral_sets, searched_numbers
from rairlib.search.refits import refitted_effects
from rairlib.search.schedule import MeetingStep, Schedule

BLOCK = 20_000  # sets fitted at once


def combined(sets: Exchanges, members: np.ndarray) -> Exchanges:
    """Join sets of a library that share no patient.

    Parameters
    ----------
    sets : Exchanges
        The library.
    members : ndarray of int64, shape (M, parts)
        Positions in it, -1 for none.

    Returns
    -------
    Exchanges
        `M` sets with the exchanges of all parts.
    """
    there = (members >= 0)[:, :, None]
    first, second = (np.where(there, array[members], -1) for array in (sets.first, sets.second))
    masks = sets.masks[members]
    many, slots = len(members), members.shape[1] * sets.first.shape[1]
    first, second = first.reshape(many, slots), second.reshape(many, slots)
    masks = masks.reshape(many, slots, masks.shape[-1])
    order = np.argsort(first < 0, axis=1, kind="stable")  # empty places go behind
    row = np.arange(many)[:, None]
    longest = int((first >= 0).sum(1).max(initial=0))
    order = order[:, :longest]
    return Exchanges(first[row, order], second[row, order], masks[row, order])


def _effects_of_members(rows, design, sets, members, positions) -> np.ndarray:
    """Fit the cohort after each combination; return the effects as float32."""
    effects = np.empty((len(members), len(positions)), np.float32)
    for first in range(0, len(members), BLOCK):
        block = combined(sets, members[first : first + BLOCK])
        found = refitted_effects(rows, design, block)[1]
        effects[first : first + BLOCK] = found[:, positions]
    return effects


def _library(rows, design, step: MeetingStep, positions, univariable: int, seed: int):
    """List sets with effects of their own; return them with all residuals and the effects."""
    sets = neutral_sets(rows, design, step, step.walk, seed)
    base, effects = refitted_effects(rows, design, sets)
    effects = effects[:, positions]
    size = np.sqrt((effects[:, univariable:] ** 2).mean(1))
    small = np.flatnonzero((size > SMALLEST_EFFECT) & (size < step.size))
    named = sets.masks[small].any(axis=1)
    column = np.where(named.sum(1) == 1, named.argmax(1), named.shape[1])
    small = small[distinct(effects[small], column, step.per_column)]
    return sets.take(small), base[positions], effects[small]


def meeting_step(
    rows: np.ndarray, design: Design, step: MeetingStep, schedule: Schedule, seed: int
) -> np.ndarray:
    """Take one step: list, look up, fit, and keep the best four.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    step : MeetingStep
        How many of each.
    schedule : Schedule
        From which distance a number is far off.
    seed : int
        Of this step.

    Returns
    -------
    ndarray of int64, shape (n, P)
        The new cohort; the old one without a model, or if no four is worth more than none.
    """
    positions, univariable = searched_numbers(design)
    if len(positions) == univariable:
        return rows
    sets, base, effects = _library(rows, design, step, positions, univariable, seed)
    if sets.many < 2:
        return rows
    limits = half_units(design, schedule.linear_percent)[positions]
    limits[:univariable] = np.maximum(np.abs(base[:univariable]), 1.0)
    aim = Aim(base, positions // 3, univariable, limits)

    def fit(members: np.ndarray) -> np.ndarray:
        return _effects_of_members(rows, design, sets, members, positions)

    rng = np.random.default_rng(seed)
    members = best_four(effects, sets.patients(), aim, step, fit, rng)
    return exchanged(rows, sets.take(members))
