"""The best four of many small changes: pairs of pairs whose effects cancel what is left.

Pairs that cancel about half of the residuals are listed and fitted. Two pairs that cancel all of
them are found by :mod:`rairlib.search.cells`: all fours of the listed pairs are searched at the
price of the pairs. The most promising fours are fitted.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rairlib.search.cells import Judge, grid_of, meet, worth
from rairlib.search.linear_sums import small_pairs
from rairlib.search.schedule import FourSearch

EFFECT_DIGITS = 5
INSIDE = 1.1  # half units: fits after the lookup shift a number a little
LEAST_WORTH = 0.3  # of the numbers
TRIES_KEYS = 50
FOUND_PER_REFIT = 4


class Aim(NamedTuple):
    """What changes are to cancel; distances in half units.

    Attributes
    ----------
    residuals : ndarray, shape (numbers,)
        Now.
    rows : ndarray of int64, shape (numbers,)
        Of the printed tables: numbers of one row are not looked up together.
    univariable : int
        Numbers that may only not get worse; they come first.
    limits : ndarray, shape (numbers,)
        See :class:`rairlib.search.cells.Judge`.
    """

    residuals: np.ndarray
    rows: np.ndarray
    univariable: int
    limits: np.ndarray


class Pairs(NamedTuple):
    """`N` changes: none, single ones and pairs.

    Attributes
    ----------
    members : ndarray of int64, shape (N, 2)
        Positions of the changes, -1 behind the last one.
    places : ndarray of int32, shape (N, slots)
        That each reaches, -1 behind the last one.
    effects : ndarray of float32, shape (N, numbers)
        Fitted.
    """

    members: np.ndarray
    places: np.ndarray
    effects: np.ndarray


def distinct(effects: np.ndarray, group: np.ndarray, most: int) -> np.ndarray:
    """Choose changes with effects of their own, the smallest of each group.

    Parameters
    ----------
    effects : ndarray, shape (M, numbers)
        In half units.
    group : ndarray of int64, shape (M,)
        Of each change.
    most : int
        Changes kept of a group.

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


def _pairs(effects, places, aim: Aim, most: int, fit) -> Pairs:
    """Pair the changes whose sums are nearest to half of what is to be cancelled.

    Each number counts in units of what it usually moves.
    """
    moved = effects[:, aim.univariable :]
    scale = 1 / np.sqrt(np.maximum(np.median(np.abs(moved), axis=0), 1.0))
    shifted = moved + aim.residuals[aim.univariable :] / 4  # a half in each pair of two
    pairs = np.stack(small_pairs(shifted * scale, places, np.inf, most), axis=1)
    many = len(effects)
    alone = np.stack([np.arange(-1, many), np.full(1 + many, -1)], axis=1)
    together = -np.sort(-places[pairs].reshape(len(pairs), 2 * places.shape[1]), axis=1)
    nobody = np.full((1, 2 * places.shape[1]), -1)
    single = np.pad(places, [(0, 0), (0, places.shape[1])], constant_values=-1)
    everyone = np.concatenate([nobody, single, together])
    widest = int((everyone >= 0).sum(1).max())
    none = np.zeros((1, effects.shape[1]), np.float32)
    return Pairs(
        members=np.concatenate([alone, pairs]),
        places=np.ascontiguousarray(everyone[:, :widest], np.int32),
        effects=np.concatenate([none, effects.astype(np.float32), fit(pairs)]),
    )


def _draw_keys(spread, residuals, rows, many: int, rng) -> np.ndarray:
    """Draw numbers of different rows: those that sums can cancel but seldom do."""
    chance = spread * np.exp(-0.5 * np.minimum(np.abs(residuals) / spread, 5.0) ** 2)
    chance /= chance.sum()
    many = min(many, len(spread))
    for _ in range(TRIES_KEYS):
        keys = rng.choice(len(spread), many, replace=False, p=chance)
        if len(np.unique(rows[keys])) == many:
            break
    return np.sort(keys)


def best_four(
    effects: np.ndarray,
    places: np.ndarray,
    aim: Aim,
    search: FourSearch,
    fit: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Find the four changes that are worth most together, or fewer.

    Parameters
    ----------
    effects : ndarray, shape (M, numbers)
        Of single changes, fitted, in half units.
    places : ndarray of int64, shape (M, slots)
        That each reaches, -1 behind the last one; changes made together share none.
    aim : Aim
        To be cancelled.
    search : FourSearch
        How many pairs, lookups and fits.
    fit : callable
        Takes members, shape (m, parts), -1 for none; returns the effects of making all parts.
    rng : numpy Generator
        Chooses the numbers to look up by.

    Returns
    -------
    ndarray of int64
        Positions of the changes; empty if no four is worth more than none, or too little.
    """
    univariable = aim.univariable
    pairs = _pairs(effects, places, aim, search.pairs, fit)
    spread = np.maximum(np.sqrt(2) * pairs.effects.std(axis=0), 1.0)
    judge = Judge(univariable, aim.limits.astype(np.float32), spread.astype(np.float32))
    residuals = aim.residuals.astype(np.float32)
    best, members = worth(residuals, judge), np.empty(0, np.int64)
    most, numbers = FOUND_PER_REFIT * search.refits, len(residuals) - univariable
    for _ in range(search.lookups):
        keys = univariable + _draw_keys(
            spread[univariable:], residuals[univariable:], aim.rows[univariable:], search.keys, rng
        )
        grid = grid_of(pairs.effects, keys, INSIDE)
        found, worths = np.zeros((most, 2), np.int64), np.zeros(most)
        enough = LEAST_WORTH * numbers
        many = meet(pairs.effects, pairs.places, residuals, judge, grid, enough, found, worths)
        order = np.argsort(-worths[:many], kind="stable")[: search.refits]
        fours = pairs.members[found[order]].reshape(len(order), 4)
        for four, effect in zip(fours, fit(fours), strict=True):
            value = worth(residuals + effect, judge)
            if value > best:
                best, members = value, four[four >= 0]
    return members
