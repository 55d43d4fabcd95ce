"""Random walks of one column to the printed digits of its univariable row.

How far a row's digits are off is rugged at the scale of a digit: annealing of that distance comes
to a halt some units away. A walk that is only held near the printed score and information passes
through so many different rows that some of them are the printed one; each proposal is fitted.
"""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cooling import SMALLEST
from rairlib.search.exact_column import (
    PrintedColumn,
    farthest_residual,
    move_one,
    ones_at_risk,
    score_and_information,
)

NEAR = 2.0  # energy below which a proposal is fitted
DRAWS_PER_STEP = 4
TRIES_FIRST = 30
TRIES_SECOND = 30
FAR = 25.0  # mean squared residual of the model from which its energy grows with the root


class Model(NamedTuple):
    """What the multivariable rows would be, roughly, while a column walks.

    Attributes
    ----------
    left : ndarray, shape (D,)
        Residuals at the start, in units that a walk may well leave.
    flips : ndarray, shape (n, D)
        What they gain if one patient alone has the other level.
    """

    left: np.ndarray
    flips: np.ndarray


class Walk(NamedTuple):
    """How a walk goes.

    Attributes
    ----------
    steps : int
        Proposals that keep every count.
    temperature, end : float
        At the start and at the end of the walk.
    scale : float
        Score, and distance from the printed information, at which the energy is 1.
    pull : float
        Energy of each patient whose level is not that of the start.
    inside : float
        Largest residual of a hit, in half units of the last printed digit.
    information : float
        Printed: 1 over the squared standard error.
    seed : int
        Of this walk.
    """

    steps: int
    temperature: float
    end: float
    scale: float
    pull: float
    inside: float
    information: float
    seed: int


@njit(cache=True, nogil=True)
def _exchangeable(a, c, column):
    """Whether `a` may give level 1 to `c`, counts by stratum kept."""
    return (
        column.stratum[a] == column.stratum[c]
        and not column.barred[a, 0]
        and not column.barred[c, 1]
    )


@njit(cache=True, nogil=True)
def _counterpart(with_one, without, column, places):
    """Find two patients whose exchange gives the joint table back what the first two take."""
    code = column.code
    a, c = with_one[places[0]], without[places[1]]
    for _ in range(TRIES_FIRST):
        places[2] = np.random.randint(with_one.shape[0])
        b = with_one[places[2]]
        if code[b] != code[c]:
            continue
        for _ in range(TRIES_SECOND):
            places[3] = np.random.randint(without.shape[0])
            f = without[places[3]]
            if code[f] == code[a] and _exchangeable(b, f, column):
                return True
        return False
    return False


@njit(cache=True, nogil=True)
def _propose(with_one, without, column, places):
    """Fill `places` in the two lists, givers and takers of level 1 by turns; return how many."""
    if with_one.shape[0] == 0 or without.shape[0] == 0:
        return 0
    places[0] = np.random.randint(with_one.shape[0])
    places[1] = np.random.randint(without.shape[0])
    a, c = with_one[places[0]], without[places[1]]
    if not _exchangeable(a, c, column):
        return 0
    if column.at_risk[a] == column.at_risk[c] and column.event[a] == column.event[c]:
        return 0
    if column.code[a] == column.code[c]:
        return 2
    return 4 if _counterpart(with_one, without, column, places) else 0


@njit(cache=True, nogil=True)
def _exchange(with_one, without, many, places):
    for q in range(0, many, 2):
        a, c = with_one[places[q]], without[places[q + 1]]
        with_one[places[q]], without[places[q + 1]] = c, a


@njit(cache=True, nogil=True)
def _moved(with_one, without, many, places, start):
    """Change of the number of patients whose level is not that of the start."""
    change = 0
    for q in range(0, many, 2):
        change += 1 if start[with_one[places[q]]] == 1 else -1
        change += 1 if start[without[places[q + 1]]] == 0 else -1
    return change


@njit(cache=True, nogil=True)
def _drift(with_one, without, many, places, start, model, now, out):
    """Write the residuals of the model after a proposal; return their energy."""
    total = 0.0
    for i in range(now.shape[0]):
        value = now[i]
        for q in range(0, many, 2):
            a, c = with_one[places[q]], without[places[q + 1]]
            value += model.flips[a, i] if start[a] == 1 else -model.flips[a, i]
            value += model.flips[c, i] if start[c] == 0 else -model.flips[c, i]
        out[i] = value
        total += value * value
    mean = total / max(now.shape[0], 1)
    return mean if mean < FAR else FAR + 2.0 * np.sqrt(FAR) * (np.sqrt(mean) - np.sqrt(FAR))


@njit(cache=True, nogil=True)
def _outside(events, column):
    """How many events with level 1 are too few or too many for the print."""
    return max(column.events_low - events, events - column.events_high, 0.0)


@njit(cache=True, nogil=True)
def _closeness(ones, column, events, walk):
    score, information = score_and_information(ones, column.size, events, column.beta)
    score /= walk.scale
    away = (information - walk.information) / walk.scale
    return score * score + away * away


@njit(cache=True, nogil=True)
def _move(with_one, without, many, places, column, ones):
    """Move level 1 in the numbers at risk; return the change of the events with level 1."""
    change = 0.0
    for q in range(0, many, 2):
        a, c = with_one[places[q]], without[places[q + 1]]
        move_one(ones, column.at_risk[a], column.at_risk[c])
        change += column.event[c] - column.event[a]
    return change


@njit(cache=True, nogil=True)
def _is_printed(ones, events, column, inside, residuals):
    size, beta = column.size, column.beta
    away = farthest_residual(ones, size, events, beta, column.target, column.half, residuals)
    return away <= inside


@njit(cache=True, nogil=True)
def walk_column(levels, column: PrintedColumn, walk: Walk, model: Model):
    """Walk until the univariable row rounds to the print; `levels` is changed in place.

    Parameters
    ----------
    levels : ndarray of int64, shape (n,)
        The column.
    column : PrintedColumn
        What is printed and what is kept: counts by stratum, the joint table.
    walk : Walk
        Steps, temperatures, seed.
    model : Model
        With residuals the walk goes on to its end, and of all hits the one is kept whose
        multivariable rows should be nearest; without any the first hit ends it.

    Returns
    -------
    bool
        Whether there was a hit; else `levels` is as it was.
    """
    np.random.seed(walk.seed)
    start, places, residuals = levels.copy(), np.zeros(4, np.int64), np.zeros(3)
    with_one, without = np.flatnonzero(levels == 1), np.flatnonzero(levels == 0)
    ones = ones_at_risk(levels, column.at_risk, column.size.shape[0])
    new, events = ones.copy(), float((levels * column.event).sum())
    drift, drifted, best = model.left.copy(), model.left.copy(), np.inf
    energy = _closeness(ones, column, events, walk)
    energy += _drift(with_one, without, 0, places, start, model, drift, drifted)
    step, cooling = 0, walk.end / walk.temperature
    for _ in range(DRAWS_PER_STEP * walk.steps):
        many = _propose(with_one, without, column, places)
        if many == 0:
            continue
        step += 1
        if step > walk.steps:
            break
        new[:] = ones
        new_events = events + _move(with_one, without, many, places, column, new)
        if _outside(new_events, column) > _outside(events, column):
            continue
        close = _closeness(new, column, new_events, walk)
        away = _drift(with_one, without, many, places, start, model, drift, drifted)
        hit = close < NEAR and away < best
        hit = hit and _is_printed(new, new_events, column, walk.inside, residuals)
        # `energy` leaves the patients moved so far out: only their change counts.
        change = close + away - energy
        change += walk.pull * _moved(with_one, without, many, places, start)
        temperature = walk.temperature * cooling ** (step / walk.steps)
        taken = change <= -temperature * np.log(np.random.random() + SMALLEST)
        if hit or taken:
            _exchange(with_one, without, many, places)
        if hit:
            best = away
            levels[:] = 0
            levels[with_one] = 1
            if model.left.shape[0] == 0:
                return True
        if taken:
            ones[:], events = new, new_events
            drift[:] = drifted
            energy = close + away
        elif hit:
            _exchange(with_one, without, many, places)
    return best < np.inf


@njit(cache=True, nogil=True)
def _write_levels(with_one, out):
    out[:] = 0
    for i in with_one:
        out[i] = 1


@njit(cache=True, nogil=True)
def _list_from(levels, column, walk, model, steps, near, found, many_found):
    """Walk `steps` proposals from the levels; return how many hits are listed then."""
    places, residuals = np.zeros(4, np.int64), np.zeros(3)
    with_one, without = np.flatnonzero(levels == 1), np.flatnonzero(levels == 0)
    ones = ones_at_risk(levels, column.at_risk, column.size.shape[0])
    new, events = ones.copy(), float((levels * column.event).sum())
    drift, drifted = np.zeros_like(model.left), np.zeros_like(model.left)
    energy = _closeness(ones, column, events, walk)
    for _ in range(steps):
        many = _propose(with_one, without, column, places)
        if many == 0:
            continue
        new[:] = ones
        if _move(with_one, without, many, places, column, new) != 0.0:
            continue  # another number of events: another row
        close = _closeness(new, column, events, walk)
        away = _drift(with_one, without, many, places, levels, model, drift, drifted)
        hit = away < near and _is_printed(new, events, column, walk.inside, residuals)
        change = close + away - energy
        change += walk.pull * _moved(with_one, without, many, places, levels)
        taken = change <= -walk.temperature * np.log(np.random.random() + SMALLEST)
        if not (hit or taken):
            continue
        _exchange(with_one, without, many, places)
        if hit and many_found < found.shape[0]:
            _write_levels(with_one, found[many_found])
            many_found += 1
        if taken:
            ones[:], energy = new, close + away
            drift[:] = drifted
        else:
            _exchange(with_one, without, many, places)
    return many_found


@njit(cache=True, nogil=True)
def list_hits(levels, column: PrintedColumn, walk: Walk, model: Model, restart, near, found):
    """Walk around a column and list the levels met whose univariable row rounds to the print.

    Parameters
    ----------
    levels : ndarray of int64, shape (n,)
        The column.
    column : PrintedColumn
        What is printed and what is kept.
    walk : Walk
        At its first temperature throughout; here its steps are draws of two patients.
    model : Model
        What the patients' other levels would do to the multivariable rows; its residuals are
        not used: walks are held where they start.
    restart : int
        Draws after which the walk begins again at `levels`.
    near : float
        Largest mean square of what a hit does to the multivariable rows.
    found : ndarray of int8, shape (most, n)
        Filled with the levels of the hits.

    Returns
    -------
    int
        How many were written; some may stand there twice.
    """
    np.random.seed(walk.seed)
    many = 0
    for _ in range(walk.steps // restart):
        many = _list_from(levels, column, walk, model, restart, near, found, many)
    return many
