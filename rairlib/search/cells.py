"""Sums of two effects that cancel residuals, looked up by cells instead of tried one by one.

Effects are sorted into cells by a few key numbers. A sum of two cancels these numbers only if the
second one lies in one of at most two cells per key, so of all pairs few are ever added up.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

BUCKETS = 1 << 22
FIRST_PRIME = np.uint64(1469598103934665603)
PRIME = np.uint64(1099511628211)
SHIFT = np.uint64(29)
OFFSET = 1 << 14  # cells are counted from the middle
MODEL_INSIDE = 0.9  # half units: fits after the lookup shift a number a little
UNIVARIABLE_COSTS = 2.0
STEEPNESS = 2.0
FAR_COSTS = 0.25
BEYOND_COSTS = 0.3


class Judge(NamedTuple):
    """How residuals are judged; all distances in half units.

    Attributes
    ----------
    univariable : int
        How many of the numbers stand in univariable rows; they come first.
    limits, spread : ndarray of float32, shape (numbers,)
        Distance up to which a univariable number may go, from which a number of the model is
        far off; what sums of two effects usually reach.
    """

    univariable: int
    limits: np.ndarray
    spread: np.ndarray


class Grid(NamedTuple):
    """Effects sorted into cells.

    Attributes
    ----------
    keys : ndarray of int64, shape (keys,)
        Positions of the numbers that are looked up.
    inside : float
        Distance up to which they are cancelled; cells are twice as wide.
    cells : ndarray of int16, shape (N, keys)
        Of each effect.
    order, start : ndarray of int64, shapes (N,) and (BUCKETS + 1,)
        Effects by bucket, and where each bucket begins.
    """

    keys: np.ndarray
    inside: float
    cells: np.ndarray
    order: np.ndarray
    start: np.ndarray


@njit(cache=True, nogil=True)
def _bucket(cell):
    mixed = FIRST_PRIME
    for q in range(cell.shape[0]):
        mixed = (mixed ^ np.uint64(cell[q] + OFFSET)) * PRIME
        mixed ^= mixed >> SHIFT
    return np.int64(mixed % np.uint64(BUCKETS))


@njit(cache=True, nogil=True)
def _buckets(cells):
    found = np.zeros(cells.shape[0], np.int64)
    for i in range(cells.shape[0]):
        found[i] = _bucket(cells[i])
    return found


def grid_of(effects: np.ndarray, keys: np.ndarray, inside: float) -> Grid:
    """Sort effects into cells.

    Parameters
    ----------
    effects : ndarray, shape (N, numbers)
        In half units.
    keys : ndarray of int64
        Numbers to look up by.
    inside : float
        Distance up to which the sums have to cancel them, in half units.

    Returns
    -------
    Grid
        For :func:`meet`.
    """
    whole = np.floor(effects[:, keys] / (2 * inside))
    cells = np.clip(whole, 1 - OFFSET, OFFSET - 1).astype(np.int16)
    buckets = _buckets(cells)
    order = np.argsort(buckets, kind="stable")
    start = np.searchsorted(buckets[order], np.arange(BUCKETS + 1))
    return Grid(keys.astype(np.int64), float(inside), cells, order, start)


@njit(cache=True, nogil=True, fastmath=True)
def worth(residuals, judge):
    """Judge residuals, shape (numbers,): about how many numbers are met, or nearly so."""
    total = 0.0
    for i in range(residuals.shape[0]):
        total += _worth_of(abs(residuals[i]), i, judge)
    return total


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _worth_of(away, i, judge):
    if i < judge.univariable:
        return 0.0 if away <= judge.limits[i] else -UNIVARIABLE_COSTS
    gain, excess = 1.0, away - MODEL_INSIDE
    if excess > 0.0:
        far = away / judge.spread[i]
        gain = 1.0 / (1.0 + STEEPNESS * excess * excess) - FAR_COSTS * far * far
    return gain - BEYOND_COSTS if away > judge.limits[i] else gain


@njit(cache=True, nogil=True, fastmath=True)
def _worth_of_sum(effects, a, b, residuals, judge, enough):
    """Judge a sum of two effects; stop once it cannot be worth `enough` any more."""
    numbers, total = residuals.shape[0], 0.0
    for i in range(judge.univariable, numbers):
        total += _worth_of(abs(residuals[i] + effects[a, i] + effects[b, i]), i, judge)
        if total + (numbers - 1 - i) < enough:
            return -np.inf
    for i in range(judge.univariable):
        total += _worth_of(abs(residuals[i] + effects[a, i] + effects[b, i]), i, judge)
    return total


@njit(cache=True, nogil=True)
def _apart(places, a, b):
    for p in range(places.shape[1]):
        if places[a, p] < 0:
            break
        for q in range(places.shape[1]):
            if places[b, q] < 0:
                break
            if places[a, p] == places[b, q]:
                return False
    return True


@njit(cache=True, nogil=True)
def _first_cells(effects, a, residuals, grid, low, both):
    """Write the lower cell of each key that may cancel; return in how many cells to look."""
    many, width = 1, 2.0 * grid.inside
    for q in range(grid.keys.shape[0]):
        wanted = -residuals[grid.keys[q]] - effects[a, grid.keys[q]]
        low[q] = int(np.floor((wanted - grid.inside) / width))
        both[q] = int(np.floor((wanted + grid.inside) / width)) - low[q]
        many *= 1 + both[q]
    return many


@njit(cache=True, nogil=True)
def _write_cell(number, low, both, cell):
    for q in range(cell.shape[0]):
        choices = 1 + both[q]
        cell[q] = low[q] + number % choices
        number //= choices


@njit(cache=True, nogil=True)
def _cancels(effects, a, b, residuals, grid, cell):
    for q in range(cell.shape[0]):
        if grid.cells[b, q] != cell[q]:
            return False
        k = grid.keys[q]
        if abs(residuals[k] + effects[a, k] + effects[b, k]) > grid.inside:
            return False
    return True


@njit(cache=True, nogil=True)
def _drop_worse_half(found, worths, many):
    """Keep the better half of what was found; return how many, and what they are worth."""
    enough, kept = np.median(worths[:many]), 0
    for z in range(many):
        if worths[z] > enough:
            found[kept], worths[kept] = found[z], worths[z]
            kept += 1
    return kept, enough


@njit(cache=True, nogil=True)
def meet(effects, places, residuals, judge, grid, enough, found, worths):
    """List pairs of effects whose sum cancels the key numbers, the most worth.

    Parameters
    ----------
    effects : ndarray of float32, shape (N, numbers)
        Of `N` sets of exchanges.
    places : ndarray of int32, shape (N, slots)
        That each set reaches, -1 behind the last one; pairs share none.
    residuals : ndarray of float32, shape (numbers,)
        To be cancelled.
    judge : Judge
        What a sum is worth.
    grid : Grid
        Of the effects.
    enough : float
        Sums worth less are left out.
    found, worths : ndarray of int64 and float64, shapes (most, 2) and (most,)
        Filled from the beginning.

    Returns
    -------
    int
        How many were written.
    """
    keys = grid.keys.shape[0]
    low, both, cell = np.zeros(keys, np.int64), np.zeros(keys, np.int64), np.zeros(keys, np.int64)
    many = 0
    for a in range(effects.shape[0]):
        for number in range(_first_cells(effects, a, residuals, grid, low, both)):
            _write_cell(number, low, both, cell)
            bucket = _bucket(cell)
            for place in range(grid.start[bucket], grid.start[bucket + 1]):
                b = grid.order[place]
                if b < a or not _cancels(effects, a, b, residuals, grid, cell):
                    continue
                value = _worth_of_sum(effects, a, b, residuals, judge, enough)
                if value <= enough or not _apart(places, a, b):
                    continue
                found[many, 0], found[many, 1], worths[many] = a, b, value
                many += 1
                if many == found.shape[0]:
                    many, enough = _drop_worse_half(found, worths, many)
    return many
