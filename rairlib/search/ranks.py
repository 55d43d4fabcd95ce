"""Steer values to printed rank statistics: U, the area under the ROC curve, its limits, a cut-off.

A patient's value moves, or two patients exchange theirs, if the printed quantiles of all groups
stay as printed; an annealing over such moves closes the distance to the rank statistics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from rairlib.anchoring import AnchorError
from rairlib.discrimination import Z_95
from rairlib.printed import Printed
from rairlib.search.quantiles import QuantileTarget, rank_of_quantile

MOVES = 150_000
# A value that moves alone goes to within this share of what some patient had at first: so the
# values stay as spread out as they were.
NEARBY = 0.15
HOTTEST, COLDEST = 0.3, 0.002
# One unit of distance: so much of U, of an area or a limit, of Youden's index.
UNITS = (30.0, 0.004, 0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankGoals:
    """Printed rank statistics of one variable.

    Attributes
    ----------
    second : ndarray of bool, shape (n,)
        The second group of the Mann-Whitney test; all others are the first.
    u_statistic : Printed
        The smaller U of the two groups.
    assessed, event : ndarray of bool, shape (n,)
        Who counts for the ROC curve, and who of them has the event.
    auc, ci_low, ci_high : Printed
        Area with limits, A ± z·SE with the nonparametric standard error of Hanley and McNeil.
    cutoff : float
        Where Youden's index is largest; a value equal to it is positive.
    """

    second: np.ndarray
    u_statistic: Printed
    assessed: np.ndarray
    event: np.ndarray
    auc: Printed
    ci_low: Printed
    ci_high: Printed
    cutoff: float


def steer_ranks(
    values: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    targets: Sequence[QuantileTarget],
    goals: RankGoals,
    step: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Move and exchange values until the printed rank statistics are met.

    Parameters
    ----------
    values, low, high : ndarray of float, shape (n,)
        Values that meet the targets, and each patient's inclusive limits.
    targets : sequence of QuantileTarget
        Stay met.
    goals : RankGoals
        What to meet.
    step : float
        Values are multiples of it.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n,)
        Values that meet targets and goals.

    Raises
    ------
    AnchorError
        If the annealing does not meet the goals; other values with the same quantiles may.
    """
    members = np.array([t.members for t in targets], dtype=bool).reshape(-1, len(values))
    ranks = [rank_of_quantile(t.statistic, int(t.members.sum())) for t in targets]
    rank = np.array([r for r, _ in ranks], dtype=np.int64)
    weight = np.array([w for _, w in ranks], dtype=float)
    slack = 1e-9
    bounds = np.array([[t.printed.low - slack, t.printed.high + slack] for t in targets])
    bounds = bounds.reshape(-1, 2)
    printed = (goals.u_statistic, goals.auc, goals.ci_low, goals.ci_high)
    wanted = np.array([[p.low + slack, p.high - slack] for p in printed])
    roles = (goals.second, goals.assessed & goals.event, goals.assessed & ~goals.event)
    schedule = (MOVES, HOTTEST, COLDEST)
    moved = np.array(values, dtype=float)
    distance = _anneal(
        moved,
        low,
        high,
        members,
        rank,
        weight,
        bounds,
        *roles,
        wanted,
        goals.cutoff,
        schedule,
        step,
        rng,
    )
    if distance > 0:
        raise AnchorError(f"the printed rank statistics were missed by {distance:.3g} units")
    return np.round(moved, 6)


@njit(cache=True)
def _anneal(
    values, low, high, members, rank, weight, bounds, second, event, other, wanted, cutoff,
    schedule, step, rng,
):  # pragma: no cover  # fmt: skip
    attempts, hottest, coldest = schedule
    start = values.copy()
    current = _distance(values, second, event, other, wanted, cutoff)
    for attempt in range(attempts):
        if current == 0:
            break
        i, j = rng.integers(0, values.size), rng.integers(0, values.size)
        exchange = rng.random() < 0.5
        a, b = values[i], values[j]
        near = b if exchange else _grid(start[j] * rng.uniform(1 - NEARBY, 1 + NEARBY), step)
        if not _allowed(a, near, low[i], high[i]) or (exchange and not low[j] <= a <= high[j]):
            continue
        values[i] = near
        if exchange:
            values[j] = a
        if _quantiles_met(values, members, rank, weight, bounds, i, j, exchange):
            after = _distance(values, second, event, other, wanted, cutoff)
            heat = hottest * (coldest / hottest) ** (attempt / attempts)
            if after <= current or rng.random() < np.exp((current - after) / heat):
                current = after
                continue
        values[j] = b
        values[i] = a
    return current


@njit(cache=True)
def _grid(value, step):  # pragma: no cover
    """Return the multiple of the step, with the same last digits as everywhere."""
    return round(np.round(value / step) * step, 6)


@njit(cache=True)
def _allowed(before, after, low, high):  # pragma: no cover
    return after != before and low <= after <= high


@njit(cache=True)
def _quantiles_met(values, members, rank, weight, bounds, i, j, exchange):  # pragma: no cover
    """Whether the groups that a move concerns keep their quantiles."""
    for t in range(rank.size):
        if members[t, i] == (exchange and members[t, j]):
            continue
        ordered = np.sort(values[members[t]])
        quantile = ordered[rank[t] - 1]
        if weight[t] > 0:
            quantile += weight[t] * (ordered[rank[t]] - quantile)
        if quantile < bounds[t, 0] or quantile > bounds[t, 1]:
            return False
    return True


@njit(cache=True)
def _below(values, reference):  # pragma: no cover
    """Return for each value how many of the sorted reference are below it, and tied with it."""
    below = np.searchsorted(reference, values, side="left")
    return below, np.searchsorted(reference, values, side="right") - below


@njit(cache=True)
def _distance(values, second, event, other, wanted, cutoff):  # pragma: no cover
    """Add up how far U, the area, its limits and the best cut-off are from what is wanted."""
    below, ties = _below(values[second], np.sort(values[~second]))
    pairs = second.sum() * (~second).sum()
    u = (below + 0.5 * ties).sum()
    found = np.empty(4)
    found[0] = min(u, pairs - u)
    with_event, without = np.sort(values[event]), np.sort(values[other])
    n1, n0 = with_event.size, without.size
    below, ties = _below(with_event, without)
    area = (below + 0.5 * ties).mean() / n0
    q2 = (below**2 + below * ties + ties**2 / 3).mean() / n0**2
    under, ties = _below(without, with_event)
    above = n1 - under - ties
    q1 = (above**2 + above * ties + ties**2 / 3).mean() / n1**2
    # Hanley and McNeil 1982, Radiology 143:29-36.
    variance = area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)
    width = Z_95 * np.sqrt(max(variance, 0.0) / (n1 * n0))
    found[1], found[2], found[3] = area, area - width, area + width
    distance = 0.0
    for k in range(4):
        gap = max(wanted[k, 0] - found[k], found[k] - wanted[k, 1], 0.0)
        distance += gap / (UNITS[0] if k == 0 else UNITS[1])
    return distance + _youden_excess(with_event, without, cutoff) / UNITS[2]


@njit(cache=True)
def _youden_excess(with_event, without, cutoff):  # pragma: no cover
    """Return by how much Youden's index at any other cut-off exceeds that at the cut-off."""
    n1, n0 = with_event.size, without.size
    best = (with_event >= cutoff).sum() / n1 - (without >= cutoff).sum() / n0
    above = min(
        with_event[min(np.searchsorted(with_event, cutoff), n1 - 1)],
        without[min(np.searchsorted(without, cutoff), n0 - 1)],
    )
    excess = 0.0
    # The index can only have a maximum at the value of a patient with the event.
    for k in range(n1):
        index = (n1 - k) / n1 - (n0 - np.searchsorted(without, with_event[k])) / n0
        if with_event[k] != above and (k == 0 or with_event[k] > with_event[k - 1]):
            excess = max(excess, index - best + 1e-9)
    return excess
