"""How large a log-rank statistic can be, from group sizes and events.

With ``r1`` and ``r0`` at risk, an event in group 1 adds
``r0 / (r1 + r0)`` to observed minus expected and ``r1 r0 / (r1 + r0)²`` to the variance; an event
in group 0 only lowers the one and raises the other. For any c, ``U² / V`` is the largest value of
``2cU - c²V``, which is a sum over events and convex in each share at risk: it is largest at the
smallest share that the remaining events of group 1 allow (k still to fail: ``k / (k + n0)``) or
where the event adds nothing. A search over c gives the bound for distinct event times. With tied
times, the Cauchy-Schwarz inequality over times gives the wider ``d1 + (n0 - 1)(1 + 1/2 + … +
1/d1)``.

What a hazard ratio of the same split allows stands in ``rairlib/logrank_range.py``.
"""

import numpy as np
from scipy import special

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
