"""Annealing of the order of a cohort in time."""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

import numpy as np
from numba import njit

from rairlib.search.cooling import SMALLEST, SOLVED, draw_kind, temperature
from rairlib.search.cox_terms import OUTSIDE_PENALTY, penalty
from rairlib.search.timeline import write_statistics

FARTHEST_NEIGHBOUR = 3
MARK_SHIFT = 2


@njit(cache=True, nogil=True)
def _energy(classes, events, marks, timing, cooling, at_risk, event_class, out):
    write_statistics(classes, events, marks, timing, at_risk, event_class, out)
    energy = 0.0
    for t in range(out.shape[0]):
        residual = (out[t] - timing.target[t]) / timing.half[t]
        energy += timing.weight[t] * penalty(residual, cooling.inside, cooling.cap)
    counts = np.zeros(timing.events_low.shape[0], np.int64)
    for e in range(event_class.shape[0]):
        counts[event_class[e]] += 1
    for c in range(counts.shape[0]):
        outside = max(timing.events_low[c] - counts[c], 0) + max(
            counts[c] - timing.events_high[c], 0
        )
        energy += OUTSIDE_PENALTY * outside
    return energy


@njit(cache=True, nogil=True)
def _shift_mark(marks, timing):
    """Move one mark by up to two positions; return which and by how much, 0 for not at all."""
    m = np.random.randint(marks.shape[0])
    by = np.random.randint(-MARK_SHIFT, MARK_SHIFT + 1)
    moved = marks[m] + by
    allowed = timing.marks_low[m] <= moved <= timing.marks_high[m]
    if m > 0 and moved < marks[m - 1]:
        allowed = False
    if m + 1 < marks.shape[0] and moved > marks[m + 1]:
        allowed = False
    if not allowed:
        return m, 0
    marks[m] = moved
    return m, by


@njit(cache=True, nogil=True)
def _pair(kind, classes, events):
    """Draw two positions that a kind of exchange would change, or -1."""
    size = classes.shape[0]
    a = np.random.randint(size)
    c = a + np.random.randint(1, FARTHEST_NEIGHBOUR + 1) if kind == 3 else np.random.randint(size)
    if c >= size or (classes[a] == classes[c] and (kind == 1 or events[a] == events[c])):
        return -1, -1
    return a, c


@njit(cache=True, nogil=True)
def _exchange(kind, a, c, classes, events):
    classes[a], classes[c] = classes[c], classes[a]
    if kind > 1:
        events[a], events[c] = events[c], events[a]


@njit(cache=True, nogil=True)
def _move(kind, classes, events, marks, timing):
    """Make a move; return the mark and its shift, or two positions, or (-1, 0) for none."""
    if kind == 0:
        m, by = _shift_mark(marks, timing)
        return (m, by) if by != 0 else (-1, 0)
    a, c = _pair(kind, classes, events)
    if a < 0:
        return -1, 0
    _exchange(kind, a, c, classes, events)
    return a, c


@njit(cache=True, nogil=True)
def _undo(kind, a, c, classes, events, marks):
    if kind == 0:
        marks[a] -= c
    else:
        _exchange(kind, a, c, classes, events)


@njit(cache=True, nogil=True)
def _possible(position, classes, events, timing):
    """Whether the class at a position may have what stands there."""
    c = classes[position]
    if events[position]:
        return timing.events_high[c] > 0
    return not timing.forced[c]


@njit(cache=True, nogil=True)
def anneal_timeline(state, best, best_energy, timing, mix, cooling):
    """Run one piece of a round; `state` and `best` are changed in place.

    Parameters
    ----------
    state, best : tuple of ndarray
        Classes (n,), events (n,), marks (M,) now, and where the energy was lowest.
    best_energy : float
        Infinite at the start of a round.
    timing : Timing
        Statistics and targets.
    mix : ndarray, shape (4,)
        Cumulative shares of the moves.
    cooling : Cooling
        Temperatures, number of steps, seed.

    Returns
    -------
    energy, best_energy : float
        Now and the lowest.
    """
    np.random.seed(cooling.seed)
    classes, events, marks = state
    many = events.sum()
    at_risk = np.zeros((many, timing.events_low.shape[0]), np.int64)
    event_class = np.zeros(many, np.int64)
    out = np.zeros(timing.target.shape[0])
    energy = _energy(classes, events, marks, timing, cooling, at_risk, event_class, out)
    if energy < best_energy:
        best_energy = energy
        best[0][:], best[1][:], best[2][:] = classes, events, marks
    for i in range(cooling.steps):
        if best_energy <= SOLVED:
            break
        kind = draw_kind(mix)
        a, c = _move(kind, classes, events, marks, timing)
        if a < 0:
            continue
        proposed = np.inf
        if kind == 0 or (
            _possible(a, classes, events, timing) and _possible(c, classes, events, timing)
        ):
            proposed = _energy(classes, events, marks, timing, cooling, at_risk, event_class, out)
        if proposed > energy - temperature(cooling, i) * np.log(np.random.random() + SMALLEST):
            _undo(kind, a, c, classes, events, marks)
            continue
        energy = proposed
        if energy < best_energy - SOLVED:
            best_energy = energy
            best[0][:], best[1][:], best[2][:] = classes, events, marks
    return energy, best_energy
