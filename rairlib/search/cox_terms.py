"""Sums behind Cox models on distinct times, compiled, kept up to date under small changes.

The score and the information of a model are evaluated at the printed coefficients, so one Newton
step gives the estimate up to the square of its distance from the print. With `K` covariates each
event needs `L = 1 + K + K (K + 1) / 2` sums over the patients at risk: of the risk scores, of
these times each covariate, and times each pair of covariates. Terms: Breslow, which on distinct
times is the exact partial likelihood.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

NORMAL_QUANTILE = 1.959963984540054
PIVOT_LIMIT = 1e-9
NO_CHANGE = 1e-13
OUTSIDE_PENALTY = 1e6  # for each event beyond the range that an interval allows


class Design(NamedTuple):
    """What stays the same while covariates are exchanged: `n` patients, `P` columns.

    Attributes
    ----------
    at_risk : ndarray of int64, shape (n,)
        Events at which a patient is still at risk, the own one included.
    event : ndarray of int64, shape (n,)
        1 for patients with the event.
    stratum : ndarray of int64, shape (n,)
        Patients of one stratum share their printed counts.
    stratified, joint : ndarray of bool, shape (P,)
        Columns counted by stratum; columns whose joint table is kept.
    free : ndarray of int64
        Columns that may be exchanged; the others follow from the class.
    model, place : ndarray of int64, shapes (K,) and (P,)
        Columns of the multivariable model; position of a column in it, or -1.
    alike : ndarray of bool, shape (P, P)
        Row by row: the columns in which two patients agree who exchange that column alone.
    forbidden : ndarray of int64, shape (F, 4)
        Column, level, column, level that no patient may have together.
    events_low, events_high : ndarray of float64, shape (P,)
        Events with level 1 that the printed interval allows.
    beta, target, half : ndarray of float64, shapes (P,), (P, 3), (P, 3)
        Univariable rows: log ratio, printed ratio with limits, half units; half is infinite
        where nothing is printed.
    model_beta, model_target, model_half : ndarray of float64, shapes (K,), (K, 3), (K, 3)
        The same for the multivariable model.
    """

    at_risk: np.ndarray
    event: np.ndarray
    stratum: np.ndarray
    stratified: np.ndarray
    joint: np.ndarray
    free: np.ndarray
    model: np.ndarray
    place: np.ndarray
    alike: np.ndarray
    forbidden: np.ndarray
    events_low: np.ndarray
    events_high: np.ndarray
    beta: np.ndarray
    target: np.ndarray
    half: np.ndarray
    model_beta: np.ndarray
    model_target: np.ndarray
    model_half: np.ndarray


class Sums(NamedTuple):
    """Sums over the patients at risk at each of `E` events, and what follows from them.

    Attributes
    ----------
    weights, means : ndarray, shapes (E, L) and (E, L - 1)
        Sums of the model; weighted means of the covariates, then their covariances.
    total : ndarray, shape (L - 1,)
        `means` added over the events.
    terms : ndarray, shape (n, L)
        What each patient adds to `weights`.
    ends, steps : ndarray of int64, shape (n,)
        Scratch: events at risk and change of level of the patients of a proposal.
    touched : ndarray of bool, shape (E,)
        Events that the last change reached.
    size : ndarray, shape (E,)
        Patients at risk.
    ones, share : ndarray, shape (P, E)
        Patients at risk with level 1; their share of the risk at the printed coefficient.
    score, information, events : ndarray, shape (P,)
        Of the univariable models; events with level 1.
    """

    weights: np.ndarray
    means: np.ndarray
    total: np.ndarray
    terms: np.ndarray
    ends: np.ndarray
    steps: np.ndarray
    touched: np.ndarray
    size: np.ndarray
    ones: np.ndarray
    share: np.ndarray
    score: np.ndarray
    information: np.ndarray
    events: np.ndarray


def empty_sums(patients: int, columns: int, covariates: int, events: int) -> Sums:
    """Return room for the sums of a model of `covariates` among `columns` columns."""
    length = 1 + covariates + covariates * (covariates + 1) // 2
    return Sums(
        weights=np.zeros((events, length)),
        means=np.zeros((events, length - 1)),
        total=np.zeros(length - 1),
        terms=np.zeros((patients, length)),
        ends=np.zeros(patients, np.int64),
        steps=np.zeros(patients, np.int64),
        touched=np.zeros(events, np.bool_),
        size=np.zeros(events),
        ones=np.zeros((columns, events)),
        share=np.zeros((columns, events)),
        score=np.zeros(columns),
        information=np.zeros(columns),
        events=np.zeros(columns),
    )


compiled_empty_sums = njit(cache=True, nogil=True)(empty_sums)


@njit(cache=True, nogil=True, error_model="numpy")
def penalty(residual, inside, cap):
    """Squared excess of a residual over `inside`, linear beyond `cap`; all in half units."""
    excess = abs(residual) - inside
    if excess <= 0.0:
        return 0.0
    if excess < cap:
        return excess * excess
    return cap * (2.0 * excess - cap)


@njit(cache=True, nogil=True, error_model="numpy")
def write_residuals(estimate, error, target, half, out):
    """Write the residuals of a ratio and its limits, in half units."""
    out[0] = (np.exp(estimate) - target[0]) / half[0]
    out[1] = (np.exp(estimate - NORMAL_QUANTILE * error) - target[1]) / half[1]
    out[2] = (np.exp(estimate + NORMAL_QUANTILE * error) - target[2]) / half[2]


@njit(cache=True, nogil=True, error_model="numpy")
def row_energy(estimate, error, target, half, inside, cap):
    """Energy of a printed ratio and its limits."""
    return (
        penalty((np.exp(estimate) - target[0]) / half[0], inside, cap)
        + penalty((np.exp(estimate - NORMAL_QUANTILE * error) - target[1]) / half[1], inside, cap)
        + penalty((np.exp(estimate + NORMAL_QUANTILE * error) - target[2]) / half[2], inside, cap)
    )


@njit(cache=True, nogil=True, error_model="numpy")
def column_energy(score, information, events, column, design, inside, cap):
    """Energy of one univariable row after one Newton step of at most 1."""
    if design.half[column, 0] == np.inf:
        return 0.0
    if information <= PIVOT_LIMIT:
        return 3.0 * OUTSIDE_PENALTY
    step = min(max(score / information, -1.0), 1.0)
    energy = row_energy(
        design.beta[column] + step,
        1.0 / np.sqrt(information),
        design.target[column],
        design.half[column],
        inside,
        cap,
    )
    low, high = design.events_low[column], design.events_high[column]
    return energy + OUTSIDE_PENALTY * (max(low - events, 0.0) + max(events - high, 0.0))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def write_means(weights, means, event, covariates):
    """Write the weighted means and covariances at one event."""
    inverse = 1.0 / weights[event, 0]
    for k in range(covariates):
        means[event, k] = weights[event, 1 + k] * inverse
    pair = covariates
    for k in range(covariates):
        mean = means[event, k]
        for other in range(k, covariates):
            means[event, pair] = weights[event, 1 + pair] * inverse - mean * means[event, other]
            pair += 1


@njit(cache=True, nogil=True, error_model="numpy")
def write_terms(row, design, out):
    """Write what a patient adds to the sums of the model."""
    model, beta = design.model, design.model_beta
    covariates = model.shape[0]
    eta = 0.0
    for k in range(covariates):
        if row[model[k]]:
            eta += beta[k]
    weight = np.exp(eta)
    out[0] = weight
    pair = 1 + covariates
    for k in range(covariates):
        out[1 + k] = weight * row[model[k]]
        for other in range(k, covariates):
            out[pair] = out[1 + k] * row[model[other]]
            pair += 1


@njit(cache=True, nogil=True, error_model="numpy")
def newton_step(total, event_sums, beta, estimates, errors, inverse):
    """Take one Newton step from `beta`; return False where the information is singular.

    `inverse` is scratch of shape (K, K); `event_sums` are the covariates added over the events.
    """
    covariates = beta.shape[0]
    k = covariates
    for a in range(covariates):
        for b in range(a, covariates):
            inverse[b, a] = total[k]
            k += 1
    if not _factor(inverse):
        return False
    _invert_lower(inverse)
    for i in range(covariates):
        estimates[i] = 0.0
        for q in range(i + 1):
            estimates[i] += inverse[i, q] * (event_sums[q] - total[q])
    for j in range(covariates):  # an entry is read for the last time before it is overwritten
        square, step = 0.0, 0.0
        for i in range(j, covariates):
            square += inverse[i, j] * inverse[i, j]
            step += inverse[i, j] * estimates[i]
        errors[j] = np.sqrt(square)
        estimates[j] = beta[j] + step
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _factor(matrix):
    """Replace the lower triangle by its Cholesky factor."""
    for i in range(matrix.shape[0]):
        for j in range(i + 1):
            value = matrix[i, j]
            for q in range(j):
                value -= matrix[i, q] * matrix[j, q]
            if i > j:
                matrix[i, j] = value / matrix[j, j]
            elif value <= PIVOT_LIMIT:
                return False
            else:
                matrix[i, i] = np.sqrt(value)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _invert_lower(matrix):
    """Replace a lower triangular factor by its inverse, column by column."""
    size = matrix.shape[0]
    for j in range(size):
        matrix[j, j] = 1.0 / matrix[j, j]
    for i in range(1, size):
        for j in range(i):
            value = 0.0
            for q in range(j, i):
                value -= matrix[i, q] * matrix[q, j]
            matrix[i, j] = value * matrix[i, i]
