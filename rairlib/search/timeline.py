"""Statistics of the order of a cohort in time: who has the event where, and of which class.

Positions are distinct times in order; the last positions up to each printed time are its marks.
The statistics are Kaplan-Meier rates, log-rank statistics, and Cox rows of covariates that follow
from the class.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cox_terms import NORMAL_QUANTILE, PIVOT_LIMIT

NEWTON_MAX = 8
STEP_LIMIT = 1e-10


class Timing(NamedTuple):
    """What the statistics of a timeline are made of: `G` classes, `T` targets.

    Attributes
    ----------
    events_low, events_high : ndarray of int64, shape (G,)
        Events that a class may have.
    forced : ndarray of bool, shape (G,)
        Classes all of whose patients have the event.
    marks_low, marks_high : ndarray of int64, shape (M,)
        Bounds of the number of positions up to each printed time.
    rate_classes : ndarray of bool, shape (R, G)
        Classes of each Kaplan-Meier rate.
    rate_marks : ndarray of int64, shape (R,)
        Mark of each rate, -1 for the end of follow-up.
    logrank_groups : ndarray of int64, shape (J, G)
        Group of each class in each log-rank test, -1 for classes left out.
    cox_levels : ndarray of int64, shape (C, G)
        Level of each class in each Cox row.
    cox_beta : ndarray, shape (C,)
        Log ratio to start from.
    target, half, weight : ndarray, shape (T,)
        T = R + J + 3 C: printed values, half units, weights.
    """

    events_low: np.ndarray
    events_high: np.ndarray
    forced: np.ndarray
    marks_low: np.ndarray
    marks_high: np.ndarray
    rate_classes: np.ndarray
    rate_marks: np.ndarray
    logrank_groups: np.ndarray
    cox_levels: np.ndarray
    cox_beta: np.ndarray
    target: np.ndarray
    half: np.ndarray
    weight: np.ndarray


@njit(cache=True, nogil=True)
def write_at_risk(classes, events, at_risk, event_class):
    """Write the patients at risk by class, and the class of the patient, at each event."""
    counts = np.zeros(at_risk.shape[1], np.int64)
    k = at_risk.shape[0]
    for i in range(classes.shape[0] - 1, -1, -1):
        counts[classes[i]] += 1
        if events[i]:
            k -= 1
            event_class[k] = classes[i]
            for c in range(counts.shape[0]):
                at_risk[k, c] = counts[c]


@njit(cache=True, nogil=True)
def rate(at_risk, event_class, until, members):
    """Kaplan-Meier rate in percent after the first `until` events, of the classes `members`."""
    survival = 100.0
    for e in range(until):
        if members[event_class[e]]:
            size = 0
            for c in range(members.shape[0]):
                if members[c]:
                    size += at_risk[e, c]
            survival *= 1.0 - 1.0 / size
    return survival


@njit(cache=True, nogil=True)
def logrank(at_risk, event_class, groups):
    """Log-rank chi-square of the groups of classes (0, 1, …; -1 for classes left out)."""
    many = groups.max() + 1
    score, variance = np.zeros(many), np.zeros((many, many))
    sizes = np.zeros(many)
    for e in range(event_class.shape[0]):
        if groups[event_class[e]] < 0:
            continue
        sizes[:] = 0.0
        for c in range(groups.shape[0]):
            if groups[c] >= 0:
                sizes[groups[c]] += at_risk[e, c]
        total = sizes.sum()
        score[groups[event_class[e]]] += 1.0
        for a in range(many):
            score[a] -= sizes[a] / total
            variance[a, a] += sizes[a] / total
            for b in range(a + 1):
                variance[a, b] -= sizes[a] * sizes[b] / total / total
    return _quadratic(score, variance, many - 1)


@njit(cache=True, nogil=True)
def _quadratic(score, matrix, size):
    """Return score' matrix⁻¹ score over the first `size` entries by a Cholesky factor."""
    value = 0.0
    for i in range(size):
        for j in range(i + 1):
            entry = matrix[i, j]
            for q in range(j):
                entry -= matrix[i, q] * matrix[j, q]
            if i > j:
                matrix[i, j] = entry / matrix[j, j]
            elif entry <= PIVOT_LIMIT:
                return 0.0
            else:
                matrix[i, i] = np.sqrt(entry)
        for q in range(i):
            score[i] -= matrix[i, q] * score[q]
        score[i] /= matrix[i, i]
        value += score[i] * score[i]
    return value


@njit(cache=True, nogil=True)
def write_cox(at_risk, event_class, levels, beta, out):
    """Write hazard ratio and limits of a covariate with one level per class."""
    events = event_class.shape[0]
    ones, sizes = np.zeros(events), np.zeros(events)
    with_event = 0.0
    for e in range(events):
        with_event += levels[event_class[e]]
        for c in range(levels.shape[0]):
            sizes[e] += at_risk[e, c]
            ones[e] += at_risk[e, c] * levels[c]
    information = 1.0
    for _ in range(NEWTON_MAX):
        ratio = np.exp(beta)
        score, information = with_event, 0.0
        for e in range(events):
            risk = ones[e] * ratio
            share = risk / (sizes[e] - ones[e] + risk)
            score -= share
            information += share * (1.0 - share)
        if information <= PIVOT_LIMIT:
            information = PIVOT_LIMIT
            break
        step = min(max(score / information, -1.0), 1.0)
        beta += step
        if abs(step) < STEP_LIMIT:
            break
    width = NORMAL_QUANTILE / np.sqrt(information)
    out[0], out[1], out[2] = np.exp(beta), np.exp(beta - width), np.exp(beta + width)


@njit(cache=True, nogil=True)
def write_statistics(classes, events, marks, timing, at_risk, event_class, out):
    """Write all statistics of a timeline, shape (T,)."""
    write_at_risk(classes, events, at_risk, event_class)
    until = np.zeros(marks.shape[0] + 1, np.int64)
    until[-1] = event_class.shape[0]
    for m in range(marks.shape[0]):
        for i in range(marks[m]):
            until[m] += events[i]
    rates, tests = timing.rate_marks.shape[0], timing.logrank_groups.shape[0]
    for r in range(rates):
        out[r] = rate(at_risk, event_class, until[timing.rate_marks[r]], timing.rate_classes[r])
    for j in range(tests):
        out[rates + j] = logrank(at_risk, event_class, timing.logrank_groups[j])
    for c in range(timing.cox_beta.shape[0]):
        base = rates + tests + 3 * c
        write_cox(
            at_risk, event_class, timing.cox_levels[c], timing.cox_beta[c], out[base : base + 3]
        )
