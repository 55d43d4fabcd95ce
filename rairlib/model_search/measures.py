"""What a candidate cohort gives for the printed numbers, as one vector, compiled."""

from math import exp, lgamma, log, sqrt

import numpy as np
from numba import njit

from rairlib.model_search.fit import fit_logistic, score_z
from rairlib.model_search.ranks import (
    Z_95,
    area_and_error,
    end_of_tie,
    mann_whitney_z,
    restore_order,
)

# The place of each measure in the vector. `first` and `second` are the covariates of the model;
# `printed_*` stands for the model with the printed coefficients. A test is measured by its normal
# deviate, without sign: p values far too small would hardly change with the patients.
MEASURES = (
    "intercept",
    "first_coefficient",
    "second_coefficient",
    "first_low",
    "first_high",
    "second_low",
    "second_high",
    "auc",
    "auc_low",
    "auc_high",
    "cutoff",
    "true_positives",
    "true_negatives",
    "printed_true_positives",
    "printed_true_negatives",
    "youden_excess",
    "hosmer_lemeshow_p",
    "first_present_chi_square_z",
    "first_mann_whitney_z",
    "second_mann_whitney_z",
    "first_present_score_z",
)
GROUPS = 10


@njit(cache=True)
def measure(event, first, second, printed, cutoff, work, orders, found):
    """Measure a candidate cohort.

    Parameters
    ----------
    event, first, second : ndarray of float, shape (n,)
        Outcome (0 or 1) and covariates.
    printed : ndarray, shape (3,)
        Printed intercept and coefficients.
    cutoff : float
        Printed cut-off of the linear predictor.
    work : tuple of ndarray
        Coefficients (3,), covariance (3, 3), risks (n,), scores (n,), present (n,): overwritten.
        The coefficients are the starting values of the fit.
    orders : ndarray of int, shape (3, n)
        Orders of the patients by score, `first` and `second`, corrected in place.
    found : ndarray, shape (21,)
        The measures, in the order of :data:`MEASURES`.

    Returns
    -------
    bool
        False if the model has no finite estimates.
    """
    coefficients, covariance, risks, scores, present = work
    if not fit_logistic(event, first, second, coefficients, covariance, risks):
        return False
    for i in range(len(event)):
        scores[i] = coefficients[0] + coefficients[1] * first[i] + coefficients[2] * second[i]
        present[i] = 1.0 if first[i] > 0 else 0.0
    restore_order(orders[0], scores)
    restore_order(orders[1], first)
    restore_order(orders[2], second)
    _estimates(coefficients, covariance, found)
    _classification(event, first, second, printed, cutoff, scores, orders[0], found)
    found[16] = hosmer_lemeshow_p_value(event, risks, scores, orders[0])
    found[17] = _chi_square_z(event, present)
    found[18] = mann_whitney_z(orders[1], first, event)
    found[19] = mann_whitney_z(orders[2], second, event)
    found[20] = score_z(event, first, second, present, risks, covariance)
    return True


@njit(cache=True)
def _estimates(coefficients, covariance, found):
    """Coefficients and the Wald limits of their exponentials."""
    for k in range(3):
        found[k] = coefficients[k]
    for k in (1, 2):
        half_width = Z_95 * sqrt(covariance[k, k])
        found[1 + 2 * k] = exp(coefficients[k] - half_width)
        found[2 + 2 * k] = exp(coefficients[k] + half_width)


@njit(cache=True)
def _classification(event, first, second, printed, cutoff, scores, order, found):
    """Area with its limits, the cut-off nearest to the printed one, and the 2×2 tables."""
    area, error, best = area_and_error(order, scores, event)
    found[7], found[8], found[9] = area, area - Z_95 * error, area + Z_95 * error
    below, above = -np.inf, np.inf
    for k in range(11, 15):
        found[k] = 0.0
    for i in range(len(event)):
        linear = printed[0] + printed[1] * first[i] + printed[2] * second[i]
        if scores[i] < cutoff:
            below = max(below, scores[i])
            found[12] += 1 - event[i]
        else:
            above = min(above, scores[i])
            found[11] += event[i]
        found[13] += event[i] * (linear >= cutoff)
        found[14] += (1 - event[i]) * (linear < cutoff)
    found[10] = (below + above) / 2
    events = event.sum()
    others = len(event) - events
    found[15] = (best - found[11] * others - found[12] * events) / others


@njit(cache=True)
def hosmer_lemeshow_p_value(event, risks, scores, order):
    """Return the p value of the Hosmer-Lemeshow test with ten groups and 8 degrees of freedom.

    Parameters
    ----------
    event, risks, scores : ndarray of float, shape (n,)
        Outcome, fitted risk and linear predictor.
    order : ndarray of int, shape (n,)
        Patients by ascending score.

    Returns
    -------
    float
        A group is closed where its size comes nearest to n/10, as the rule ``nearest size`` of
        :func:`rairlib.hosmer_lemeshow.risk_groups` does; equal scores stay together.
    """
    total = len(event)
    target = total / GROUPS
    statistic = observed = expected = 0.0
    filled = start = closed = 0
    while start < total:
        end = end_of_tie(order, scores, start)
        full = filled > 0 and abs(filled - target) <= abs(filled + end - start - target)
        if full and closed < GROUPS - 1:
            statistic += _contribution(observed, expected, filled)
            observed = expected = 0.0
            filled, closed = 0, closed + 1
        for k in range(start, end):
            observed += event[order[k]]
            expected += risks[order[k]]
        filled += end - start
        start = end
    statistic += _contribution(observed, expected, filled)
    # Upper tail of χ² with 8 degrees of freedom: a Poisson sum.
    half = statistic / 2
    return exp(-half) * (1 + half * (1 + half / 2 * (1 + half / 3)))


@njit(cache=True)
def _contribution(observed, expected, patients):
    return (observed - expected) ** 2 * (1 / expected + 1 / (patients - expected))


@njit(cache=True)
def _chi_square_z(event, present):
    """Return the root of Pearson's χ² of a 2×2 table, without correction."""
    total, events, carriers = len(event), event.sum(), present.sum()
    both = 0.0
    for i in range(total):
        both += event[i] * present[i]
    margins = events * (total - events) * carriers * (total - carriers)
    if margins == 0:
        return 0.0
    return abs(both * total - events * carriers) * sqrt(total / margins)


@njit(cache=True)
def misfit(found, targets):
    """Return how far a candidate is from the printed limits.

    Parameters
    ----------
    found : ndarray, shape (21,)
        See :func:`measure`.
    targets : ndarray, shape (3, 21)
        Low and high limit of each measure and its unit; unit 0: not searched for.

    Returns
    -------
    float
        Sum of the squared distances from the limits, in units; linear beyond 50 units.
    """
    total = 0.0
    for k in range(len(found)):
        if targets[2, k] > 0:
            outside = max(targets[0, k] - found[k], found[k] - targets[1, k], 0.0) / targets[2, k]
            total += min(outside**2, 50 * outside)
    return total


@njit(cache=True)
def log_density(first, second, event, printed, beliefs):
    """Return the logarithm of a patient's density in the assumed population.

    Parameters
    ----------
    first, second, event : float
        A count, a positive measurement and the outcome.
    printed : ndarray, shape (3,)
        Coefficients of the model by which the outcome is drawn.
    beliefs : ndarray, shape (5,)
        Share with a count above zero; mean and shape of the negative binomial of the count above
        one; mean and standard deviation of the logarithm of the measurement.

    Returns
    -------
    float
        Up to a constant; with respect to the logarithm of the measurement.
    """
    share, mean, shape, location, scale = beliefs
    if first == 0:
        density = log(1 - share)
    else:
        extra = first - 1
        density = log(share) + lgamma(extra + shape) - lgamma(extra + 1.0) - lgamma(shape)
        density += shape * log(shape / (shape + mean)) + extra * log(mean / (shape + mean))
    density -= ((log(second) - location) / scale) ** 2 / 2
    linear = printed[0] + printed[1] * first + printed[2] * second
    return density + event * linear - (linear if linear > 30 else log(1 + exp(linear)))
