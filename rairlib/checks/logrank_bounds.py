"""How large a log-rank statistic can be.

**From group sizes and events.** With ``r1`` and ``r0`` at risk, an event in group 1 adds
``r0 / (r1 + r0)`` to observed minus expected and ``r1 r0 / (r1 + r0)²`` to the variance; an event
in group 0 only lowers the one and raises the other. For any c, ``U² / V`` is the largest value of
``2cU - c²V``, which is a sum over events and convex in each share at risk: it is largest at the
smallest share that the remaining events of group 1 allow (k still to fail: ``k / (k + n0)``) or
where the event adds nothing. A search over c gives the bound for distinct event times. With tied
times, the Cauchy-Schwarz inequality over times gives the wider ``d1 + (n0 - 1)(1 + 1/2 + … +
1/d1)``.

**From a hazard ratio of the same split.** The log-rank statistic is the score test of a Cox model
at log hazard ratio 0. Write q for the fitted share of level 1 at an event. The fit fixes the sum of
q (the events of level 1) and of ``q (1 - q)`` (the information, 1 / SE²); without effect the share
is ``expit(logit q - log HR)``. The largest ``U² / V`` over all collections of shares with these
sums bounds the statistic; it is found by linear programming for each c of ``2cU - c²V``. Tied
times can exceed it slightly, because the log-rank variance is smaller there.
"""

from functools import lru_cache

import numpy as np
from scipy import special
from scipy.optimize import linprog

SHARES = 160
STARTS = 4
MOST_EVENTS = 1_000_000


def largest_with_distinct_times(events: int, others: int) -> float:
    """Bound the log-rank statistic if the group with excess events has distinct event times.

    Parameters
    ----------
    events : int
        Events in the group that has more than expected.
    others : int
        Patients in the other group.

    Returns
    -------
    float
        Largest ``(O - E)² / V``; with more than `MOST_EVENTS` events the wider bound for ties.
    """
    if not events or not others:
        return 0.0
    if events > MOST_EVENTS:
        return largest_with_tied_times(events, others)
    shares = np.arange(1, events + 1) / (np.arange(1, events + 1) + others)
    excess, variance = 1 - shares, shares * (1 - shares)
    # For a given c the best selection keeps the events with c p < 2; they are the smallest shares.
    excess_sums, variance_sums = np.cumsum(excess), np.cumsum(variance)
    return float(np.max(excess_sums**2 / variance_sums))


def largest_with_tied_times(events: int, others: int) -> float:
    """Bound the log-rank statistic whatever the ties between event times.

    Parameters
    ----------
    events : int
        Events in the group that has more than expected.
    others : int
        Patients in the other group.

    Returns
    -------
    float
        ``events + (others - 1)(1 + 1/2 + … + 1/events)``.
    """
    if not events or not others:
        return 0.0
    # 1 + 1/2 + … + 1/n, without adding them up.
    return events + (others - 1) * float(special.digamma(events + 1) + np.euler_gamma)


@lru_cache(maxsize=256)
def largest_beside_hazard_ratio(
    log_ratio: float, information: tuple[float, float], events: int
) -> float:
    """Bound the log-rank statistic of a split whose Cox fit is known.

    Parameters
    ----------
    log_ratio : float
        Log hazard ratio of the fit.
    information : (float, float)
        Smallest and largest ``1 / SE²``.
    events : int
        Events in both levels together.

    Returns
    -------
    float
        Largest statistic for distinct event times, with 1 % added for the grid of shares; NaN if
        no shares have this information.
    """
    q = np.sin(np.linspace(0, np.pi / 2, SHARES)) ** 2
    tilted = q * np.exp(-log_ratio)
    p = tilted / (tilted + 1 - q)
    excess, variance = q - p, p * (1 - p)
    best = np.nan
    for start in np.geomspace(0.1, 10, STARTS):
        found = _climb(
            np.sign(log_ratio) * start, excess, variance, q * (1 - q), information, events
        )
        best = np.fmax(best, found)
    return float(1.01 * best)


def _climb(c, excess, variance, information_per_event, information, events) -> float:
    """Alternate between the best shares for c and the best c for the shares."""
    value = np.nan
    for _ in range(6):
        solution = linprog(
            -(2 * c * excess - c**2 * variance),
            A_ub=[information_per_event, -information_per_event],
            b_ub=[information[1], -information[0]],
            A_eq=[np.ones_like(excess)],
            b_eq=[events],
        )
        if not solution.success:
            return np.nan
        total_excess, total_variance = excess @ solution.x, variance @ solution.x
        if total_variance <= 1e-12:
            return np.nan
        value, best = total_excess**2 / total_variance, total_excess / total_variance
        if np.isclose(best, c, rtol=1e-6):
            break
        c = best
    return value
