"""Draw one more variable whose test by ranks and whose score test are as printed."""

import numpy as np
from numba import njit
from scipy import stats

from rairlib.model_search.fit import fit_logistic, score_z
from rairlib.model_search.ranks import mann_whitney_z, restore_order

STEPS = 200_000
WARMEST, COLDEST = 100.0, 0.005
# Unit of a deviate without an upper limit.
OPEN_UNIT = 0.1


def draw_added(
    event, covariates, draws, targets, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Choose one value per patient among draws, so that two p values are met.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        Outcome (0 or 1).
    covariates : ndarray, shape (2, n)
        The covariates of the fitted model, to which the variable is not added.
    draws : ndarray, shape (m, n)
        Values that each patient may have; the first row is the start.
    targets : array-like, shape (2, 2)
        Lowest and highest p value of the Mann-Whitney test between the outcomes, and of the score
        test of the variable in the model.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    values : ndarray, shape (n,)
        The best found.
    misfit : float
        0 if both p values are met.
    """
    event, draws = np.asarray(event, dtype=float), np.asarray(draws, dtype=float)
    targets = np.asarray(targets, dtype=float)
    coefficients, covariance, risks = np.zeros(3), np.empty((3, 3)), np.empty(len(event))
    if not fit_logistic(event, *covariates, coefficients, covariance, risks):
        return draws[0].copy(), np.inf
    # The largest p value has the smallest deviate.
    targets = stats.norm.isf(targets[:, ::-1] / 2)
    widths = targets[:, 1] - targets[:, 0]
    units = np.where(np.isfinite(widths), np.maximum(widths / 5, 1e-5), OPEN_UNIT)
    return _search(event, *covariates, risks, covariance, draws, targets, units, rng)


@njit(cache=True)
def _search(event, first, second, risks, covariance, draws, targets, units, rng):
    values = draws[0].copy()
    order = np.arange(len(event))
    now = _distance(event, first, second, risks, covariance, values, order, targets, units)
    best, kept = now, values.copy()
    for step in range(STEPS):
        if best == 0.0:
            break
        temperature = WARMEST * (COLDEST / WARMEST) ** (step / STEPS)
        i, j = rng.integers(0, len(event)), rng.integers(0, len(event))
        old, other = values[i], values[j]
        swapped = rng.random() < 0.5 and (first[i] > 0) == (first[j] > 0)
        if swapped:
            values[i], values[j] = other, old
        else:
            values[i] = draws[rng.integers(0, len(draws)), i]
        moved = _distance(event, first, second, risks, covariance, values, order, targets, units)
        if np.log(rng.random()) < (now - moved) / temperature:
            now = moved
            if now < best:
                best = now
                kept[:] = values
        else:
            values[i] = old
            if swapped:
                values[j] = other
    return kept, best


@njit(cache=True)
def _distance(event, first, second, risks, covariance, values, order, targets, units):
    """Return the squared distances of both deviates from their limits, in units."""
    restore_order(order, values)
    rank = mann_whitney_z(order, values, event)
    score = score_z(event, first, second, values, risks, covariance)
    total = 0.0
    for k, deviate in enumerate((rank, score)):
        outside = max(targets[k, 0] - deviate, deviate - targets[k, 1], 0.0) / units[k]
        total += min(outside**2, 50 * outside)
    return total
