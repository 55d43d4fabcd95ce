"""The last digits of an order in time: exchanges of positions, the best four at once."""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.exchanges import IMPOSSIBLE
from rairlib.search.fours import Aim, best_four, distinct
from rairlib.search.schedule import FourSearch
from rairlib.search.timeline import Timing, write_statistics

SMALLEST_EFFECT = 1e-6
FAR = 5.0  # half units from which a number counts as far off


class Positions(NamedTuple):
    """`M` exchanges of two positions each.

    Attributes
    ----------
    first, second : ndarray of int64, shape (M,)
        Positions.
    whole : ndarray of bool, shape (M,)
        Whether class and event go along, or the class alone.
    """

    first: np.ndarray
    second: np.ndarray
    whole: np.ndarray


def exchanges_of(classes: np.ndarray, events: np.ndarray) -> Positions:
    """List the exchanges of two positions that change an order in time."""
    one, other = np.triu_indices(len(classes), 1)
    classes_differ = classes[one] != classes[other]
    events_differ = events[one] != events[other]
    whole, alone = classes_differ | events_differ, classes_differ & events_differ
    return Positions(
        np.concatenate([one[whole], one[alone]]),
        np.concatenate([other[whole], other[alone]]),
        np.arange(whole.sum() + alone.sum()) < whole.sum(),
    )


@njit(cache=True, nogil=True)
def _exchange(move, first, second, whole, classes, events):
    a, c = first[move], second[move]
    classes[a], classes[c] = classes[c], classes[a]
    if whole[move]:
        events[a], events[c] = events[c], events[a]


@njit(cache=True, nogil=True)
def _possible(classes, events, timing):
    """Whether every class may have the events that it has."""
    counts = np.zeros(timing.events_low.shape[0], np.int64)
    for i in range(classes.shape[0]):
        if events[i]:
            counts[classes[i]] += 1
        elif timing.forced[classes[i]]:
            return False
    for c in range(counts.shape[0]):
        if counts[c] < timing.events_low[c] or counts[c] > timing.events_high[c]:
            return False
    return True


@njit(cache=True, nogil=True)
def _write_residuals(classes, events, marks, timing, moves, members, out):
    """Write the residuals after the exchanges of each line of `members`, -1 for none."""
    first, second, whole = moves
    many = events.sum()
    at_risk = np.zeros((many, timing.events_low.shape[0]), np.int64)
    event_class, values = np.zeros(many, np.int64), np.zeros(timing.target.shape[0])
    for m in range(members.shape[0]):
        now, having = classes.copy(), events.copy()
        for q in range(members.shape[1]):
            if members[m, q] >= 0:
                _exchange(members[m, q], first, second, whole, now, having)
        out[m] = IMPOSSIBLE
        if _possible(now, having, timing):
            write_statistics(now, having, marks, timing, at_risk, event_class, values)
            for t in range(values.shape[0]):
                out[m, t] = (values[t] - timing.target[t]) / timing.half[t]


def timeline_residuals(
    classes: np.ndarray,
    events: np.ndarray,
    marks: np.ndarray,
    timing: Timing,
    moves: Positions,
    members: np.ndarray,
) -> np.ndarray:
    """Compute the residuals of an order in time after exchanges.

    Parameters
    ----------
    classes, events, marks : ndarray of int64, shapes (n,), (n,), (M,)
        The order.
    timing : Timing
        Statistics and targets.
    moves : Positions
        Exchanges; those made together share no position.
    members : ndarray of int64, shape (m, parts)
        Which are made, -1 for none.

    Returns
    -------
    ndarray, shape (m, T)
        In half units; 1e6 where a class would have events that it cannot have.
    """
    out = np.zeros((len(members), len(timing.target)))
    _write_residuals(classes, events, marks, timing, tuple(moves), members, out)
    return out


def _groups(timing: Timing) -> np.ndarray:
    """Return the printed row of each target: the three numbers of a Cox row share one."""
    single = len(timing.rate_marks) + len(timing.logrank_groups)
    cox = single + np.repeat(np.arange(len(timing.cox_beta)), 3)
    return np.concatenate([np.arange(single), cox])


def timeline_step(
    classes: np.ndarray,
    events: np.ndarray,
    marks: np.ndarray,
    timing: Timing,
    search: FourSearch,
    most: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Make the best four exchanges of positions.

    Parameters
    ----------
    classes, events, marks, timing
        See :func:`timeline_residuals`.
    search : FourSearch
        How many pairs, lookups and fits.
    most : int
        Exchanges looked at, those with the smallest effects.
    rng : numpy Generator
        Chooses the numbers to look up by.

    Returns
    -------
    classes, events : ndarray of int64, shape (n,)
        The new order; the old one if nothing is printed or no four is worth more than none.
    """
    live = np.isfinite(timing.half)
    if not live.any():
        return classes, events
    moves = exchanges_of(classes, events)
    base = timeline_residuals(classes, events, marks, timing, moves, np.array([[-1]]))[0]

    def effects_of(members: np.ndarray) -> np.ndarray:
        after = timeline_residuals(classes, events, marks, timing, moves, members)
        return (after - base)[:, live].astype(np.float32)

    effects = effects_of(np.arange(len(moves.first))[:, None])
    size = np.abs(effects).max(1)
    possible = np.flatnonzero((size > SMALLEST_EFFECT) & (size < IMPOSSIBLE / 2))
    group = np.zeros(len(possible), np.int64)
    kept = possible[distinct(effects[possible].astype(float), group, most)]
    if len(kept) < 2:
        return classes, events
    moves = Positions(*(array[kept] for array in moves))
    places = -np.sort(-np.stack([moves.first, moves.second], axis=1), axis=1)
    limits = np.full(live.sum(), FAR)
    aim = Aim(base[live], _groups(timing)[live], 0, limits)
    now, having = classes.copy(), events.copy()
    for move in best_four(effects[kept].astype(float), places, aim, search, effects_of, rng):
        a, c = moves.first[move], moves.second[move]
        now[[a, c]] = now[[c, a]]
        if moves.whole[move]:
            having[[a, c]] = having[[c, a]]
    return now, having
