"""Cox models and log-rank tests of patients in order of time: all times are distinct."""

import numpy as np
from numba import njit

from rairlib.stats.cox import maximum
from rairlib.stats.observation import Z_95

SINGULAR = 1e-9
ITERATIONS_MAX = 60
LARGEST_STEP = 1.0


@njit(cache=True, error_model="numpy")
def write_ratio(estimate, error, out):
    """Write a hazard ratio and its limits of 95 %."""
    for t, side in enumerate((0.0, -Z_95, Z_95)):
        out[t] = np.exp(estimate + side * error)


@njit(cache=True, error_model="numpy")
def invert(matrix):
    """Invert a positive definite matrix in place; whether it is one."""
    size = matrix.shape[0]
    for k in range(size):
        pivot = matrix[k, k]
        if not pivot > SINGULAR:
            return False
        matrix[k, k] = 1.0
        for j in range(size):
            matrix[k, j] /= pivot
        for i in range(size):
            factor = matrix[i, k]
            if i != k:
                matrix[i, k] = 0.0
                for j in range(size):
                    matrix[i, j] -= factor * matrix[k, j]
    return True


@njit(cache=True, error_model="numpy")
def write_binary(ones, size, events, beta, out):
    """Write ratio and limits of one binary covariate, one Newton step from `beta`.

    Of the patients at risk at each event (`size`) `ones` have level 1; of those with the event
    `events` have. Returns the estimate, NaN where the information is singular.
    """
    ratio, score, information = np.exp(beta), float(events), 0.0
    for e in range(size.shape[0]):
        share = ones[e] * ratio / (size[e] + ones[e] * (ratio - 1.0))
        score -= share
        information += share * (1.0 - share)
    if not information > SINGULAR:
        out[:] = np.inf
        return np.nan
    beta += min(max(score / information, -LARGEST_STEP), LARGEST_STEP)
    write_ratio(beta, 1.0 / np.sqrt(information), out)
    return beta


@njit(cache=True, error_model="numpy")
def logrank(at_risk, group, levels):
    """Log-rank chi-square of distinct times, the score test of a Cox model; 0 if it is undefined.

    Parameters
    ----------
    at_risk : ndarray, shape (E, G)
        Patients of each class at risk at each event.
    group : ndarray of int64, shape (E,)
        Class of the patient with the event; -1 leaves the event out.
    levels : ndarray, shape (G, K)
        Indicators of all groups but one, of each class.
    """
    many = levels.shape[1]
    score, information = np.zeros(many), np.zeros((many, many))
    mean, square = np.empty(many), np.empty((many, many))
    for e in range(group.shape[0]):
        if group[e] < 0:
            continue
        total = 0.0
        mean[:] = 0.0
        square[:] = 0.0
        for g in range(levels.shape[0]):
            total += at_risk[e, g]
            for k in range(many):
                if levels[g, k] != 0.0:
                    mean[k] += at_risk[e, g] * levels[g, k]
                    for j in range(k + 1):
                        square[k, j] += at_risk[e, g] * levels[g, k] * levels[g, j]
        for k in range(many):
            mean[k] /= total
            score[k] += levels[group[e], k] - mean[k]
            for j in range(k + 1):
                information[k, j] += square[k, j] / total - mean[k] * mean[j]
                information[j, k] = information[k, j]
    if not invert(information):
        return 0.0
    return (score * (information * score).sum(axis=1)).sum()


def fitted_ratios(levels: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Fit a Cox model to patients in order of time.

    Parameters
    ----------
    levels : ndarray, shape (n, K)
        Covariates.
    events : ndarray, shape (n,)
        1 for patients with the event.

    Returns
    -------
    ndarray, shape (K, 3)
        Hazard ratio and limits of 95 %; NaN where the likelihood has no maximum.
    """
    beta, errors, converged = maximum(np.arange(len(levels)), events, np.asarray(levels), "breslow")
    if not converged:
        return np.full((beta.size, 3), np.nan)
    return np.exp(beta[:, np.newaxis] + np.outer(errors, [0.0, -Z_95, Z_95]))
