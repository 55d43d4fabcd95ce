"""Areas, Youden's index and rank tests from an order of the patients, compiled."""

from math import sqrt

from numba import njit

# Scores nearer than this are tied: equal patients differ by rounding alone.
TIED = 1e-12
Z_95 = 1.959963984540054


@njit(cache=True)
def restore_order(order, values):
    """Sort an order that is nearly right, by insertion, in place.

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        A permutation of the patients.
    values : ndarray of float, shape (n,)
        Ascending along `order` on return.
    """
    for i in range(1, len(order)):
        patient = order[i]
        value = values[patient]
        j = i - 1
        while j >= 0 and values[order[j]] > value:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = patient


@njit(cache=True)
def end_of_tie(order, values, start):
    """Return the position after the last value that is tied with that at `start`."""
    end = start + 1
    while end < len(order) and values[order[end]] - values[order[start]] < TIED:
        end += 1
    return end


@njit(cache=True)
def area_and_error(order, values, event):
    """Return the ROC area, its standard error by Hanley and McNeil, and Youden's best.

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        Patients by ascending value.
    values, event : ndarray of float, shape (n,)
        Score and outcome (0 or 1).

    Returns
    -------
    area, error, best : float
        `best` is the largest number of true positives × n₀ + true negatives × n₁ over all
        cut-offs. Formula of the error: :func:`rairlib.discrimination.hanley_mcneil_standard_error`.
    """
    total, events = len(order), event.sum()
    others = total - events
    area = q1 = q2 = best = below = above = 0.0
    above = events
    start = 0
    while start < total:
        end = end_of_tie(order, values, start)
        best = max(best, below * events + above * others)
        tied_events = 0.0
        for k in range(start, end):
            tied_events += event[order[k]]
        tied_others = end - start - tied_events
        above -= tied_events
        area += tied_events * (below + tied_others / 2)
        q2 += tied_events * (below**2 + below * tied_others + tied_others**2 / 3)
        q1 += tied_others * (above**2 + above * tied_events + tied_events**2 / 3)
        below += tied_others
        start = end
    best = max(best, below * events + above * others)
    area /= events * others
    q1 = q1 / (others * events**2) - area**2
    q2 = q2 / (events * others**2) - area**2
    variance = area * (1 - area) + (events - 1) * q1 + (others - 1) * q2
    return area, sqrt(max(variance, 0.0) / (events * others)), best


@njit(cache=True)
def mann_whitney_z(order, values, event):
    """Return the normal deviate of the Mann-Whitney test, without sign, as SPSS gives it.

    Parameters
    ----------
    order, values, event
        As for :func:`area_and_error`.

    Returns
    -------
    float
        With the tie correction, without continuity correction; 0 if all values are equal.
    """
    total, events = len(order), event.sum()
    others = total - events
    rank_sum = ties = 0.0
    start = 0
    while start < total:
        end = end_of_tie(order, values, start)
        size = end - start
        ties += size * (size * size - 1.0)
        for k in range(start, end):
            rank_sum += event[order[k]] * (start + 1 + end) / 2
        start = end
    u = rank_sum - events * (events + 1) / 2 - events * others / 2
    variance = events * others / 12 * (total + 1 - ties / (total * (total - 1.0)))
    if variance <= 0:
        return 0.0
    return abs(u) / sqrt(variance)
