"""The very last digits: pairs of pairs of sets of exchanges that cancel what is left.

Sets that leave the univariable rows alone are listed, distinct by their effect, and paired; each
pair is fitted. Two pairs that cancel the residuals are found by :mod:`rairlib.search.cells`: all
fours are searched at the price of the pairs. The most promising fours are fitted.
"""

from typing import NamedTuple

import numpy as np

from rairlib.search.cells import Judge, grid_of, meet, worth
from rairlib.search.cox_terms import Design
from rairlib.search.exchanges import Exchanges, exchanged
from rairlib.search.linear import SMALLEST_EFFECT, half_units, neutral_sets, searched_numbers
from rairlib.search.linear_sums import small_pairs
from rairlib.search.refits import refitted_effects
from rairlib.search.schedule import MeetingStep, Schedule

EFFECT_DIGITS = 5
BLOCK = 20_000  # sets fitted at once
INSIDE = 1.1  # half units: fits after the lookup shift a number a little
LEAST_WORTH = 0.3  # of the numbers of the model
TRIES_KEYS = 50
FOUND_PER_REFIT = 4


class Pairs(NamedTuple):
    """`N` sets of exchanges: the empty one, single ones and pairs.

    Attributes
    ----------
    members : ndarray of int64, shape (N, 2)
        Positions of the sets in the library, -1 behind the last one.
    places : ndarray of int16, shape (N, slots)
        Of each, -1 behind the last one; see :func:`places_of`.
    effects : ndarray of float32, shape (N, numbers)
        Fitted.
    """

    members: np.ndarray
    places: np.ndarray
    effects: np.ndarray


def distinct(effects: np.ndarray, group: np.ndarray, most: int) -> np.ndarray:
    """Choose sets with effects of their own, the smallest of each group.

    Parameters
    ----------
    effects : ndarray, shape (M, numbers)
        In half units.
    group : ndarray of int64, shape (M,)
        Of each set.
    most : int
        Sets kept of a group.

    Returns
    -------
    ndarray of int64
        Positions, smallest effect first.
    """
    _, first = np.unique(np.round(effects, EFFECT_DIGITS), axis=0, return_index=True)
    size = (effects[first] ** 2).sum(1)
    order = first[np.argsort(size, kind="stable")]
    kept = np.zeros(len(order), bool)
    for one in np.unique(group[order]):
        kept[np.flatnonzero(group[order] == one)[:most]] = True
    return order[kept]


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
    masks = masks.reshape(many, slots, -1)
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


def places_of(sets: Exchanges, design: Design) -> np.ndarray:
    """Say where sets of exchanges reach: sets without a common place can be made in any order.

    Parameters
    ----------
    sets : Exchanges
        On a cohort of `n` patients.
    design : Design
        Columns of the kept joint table, and pairs of levels that exclude each other.

    Returns
    -------
    ndarray of int64, shape (M, slots)
        Patient and group of columns as one number, -1 behind the last one. Columns whose levels
        constrain each other form one group.
    """
    columns = len(design.beta)
    group = np.where(design.joint, columns, np.arange(columns))
    for one, _, other, _ in design.forbidden:
        group[group == group[one]] = group[other]
    size = len(design.event)
    reached = np.zeros((sets.many, columns + 1, size), bool)
    move, slot, column = np.nonzero(sets.masks & (sets.first >= 0)[:, :, None])
    for patient in (sets.first[move, slot], sets.second[move, slot]):
        reached[move, group[column], patient] = True
    reached = reached.reshape(sets.many, -1)
    places = np.full((sets.many, int(reached.sum(1).max(initial=0))), -1, np.int64)
    move, place = np.nonzero(reached)
    places[move, (np.cumsum(reached, axis=1) - 1)[move, place]] = place
    return places


def _pairs(rows, design, sets: Exchanges, effects, positions, univariable, step) -> Pairs:
    """Pair the sets whose sums are small, each number in units of what it usually moves."""
    places = places_of(sets, design)
    moved = effects[:, univariable:]
    scale = 1 / np.sqrt(np.maximum(np.median(np.abs(moved), axis=0), 1.0))
    pairs = np.stack(small_pairs(moved * scale, places, np.inf, step.pairs), axis=1)
    alone = np.stack([np.arange(-1, sets.many), np.full(1 + sets.many, -1)], axis=1)
    together = -np.sort(-places[pairs].reshape(len(pairs), -1), axis=1)
    nobody = np.full((1, together.shape[1]), -1)
    single = np.pad(places, [(0, 0), (0, places.shape[1])], constant_values=-1)
    everyone = np.concatenate([nobody, single, together])
    widest = int((everyone >= 0).sum(1).max())
    return Pairs(
        members=np.concatenate([alone, pairs]),
        places=np.ascontiguousarray(everyone[:, :widest], np.int16),
        effects=np.concatenate(
            [
                np.zeros((1, len(positions)), np.float32),
                effects.astype(np.float32),
                _effects_of_members(rows, design, sets, pairs, positions),
            ]
        ),
    )


def _draw_keys(spread: np.ndarray, residuals: np.ndarray, many: int, rng) -> np.ndarray:
    """Draw numbers of different rows: those that sums can cancel but seldom do."""
    chance = spread * np.exp(-0.5 * (residuals / spread) ** 2)
    chance /= chance.sum()
    for _ in range(TRIES_KEYS):
        keys = rng.choice(len(spread), many, replace=False, p=chance)
        if len(np.unique(keys // 3)) == many:
            break
    return np.sort(keys)


def meeting_step(
    rows: np.ndarray, design: Design, step: MeetingStep, schedule: Schedule, seed: int
) -> np.ndarray:
    """Take one step: list, pair, look up, fit, and keep the best four.

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
        The new cohort; the old one if no four is worth more than none.
    """
    rng = np.random.default_rng(seed)
    positions, univariable = searched_numbers(design)
    sets, base, effects = _library(rows, design, step, positions, univariable, seed)
    if sets.many < 2:
        return rows
    pairs = _pairs(rows, design, sets, effects, positions, univariable, step)
    limits = half_units(design, schedule.linear_percent)[positions]
    limits[:univariable] = np.maximum(np.abs(base[:univariable]), 1.0)
    judge = Judge(
        univariable=univariable,
        limits=limits.astype(np.float32),
        spread=np.maximum(np.sqrt(2) * pairs.effects.std(axis=0), 1.0).astype(np.float32),
    )
    residuals = base.astype(np.float32)
    best, members = worth(residuals, judge), np.empty(0, np.int64)
    most = FOUND_PER_REFIT * step.refits
    for _ in range(step.lookups):
        keys = _draw_keys(judge.spread[univariable:], base[univariable:], step.keys, rng)
        grid = grid_of(pairs.effects, univariable + keys, INSIDE)
        found, worths = np.zeros((most, 2), np.int64), np.zeros(most)
        enough = LEAST_WORTH * (len(base) - univariable)
        many = meet(pairs.effects, pairs.places, residuals, judge, grid, enough, found, worths)
        order = np.argsort(-worths[:many], kind="stable")[: step.refits]
        fours = pairs.members[found[order]].reshape(len(order), 4)
        for four, effect in zip(
            fours, _effects_of_members(rows, design, sets, fours, positions), strict=True
        ):
            value = worth(residuals + effect, judge)
            if value > best:
                best, members = value, four[four >= 0]
    return exchanged(rows, sets.take(members))
