"""Cox models on distinct times, fitted to the maximum, for the report of a search."""

import numpy as np

from rairlib.search.cox_terms import NORMAL_QUANTILE, Design

ITERATIONS_MAX = 60
STEP_LIMIT = 1e-11


def fit_rows(rows: np.ndarray, at_risk: np.ndarray, event: np.ndarray):
    """Fit one Cox model by Newton's method (Breslow, distinct times).

    Parameters
    ----------
    rows : ndarray, shape (n, k)
        Covariates.
    at_risk : ndarray of int64, shape (n,)
        Events at which a patient is still at risk, the own one included.
    event : ndarray of int64, shape (n,)
        1 for patients with the event.

    Returns
    -------
    estimates, errors : ndarray, shape (k,)
        Log hazard ratios and standard errors; NaN where the likelihood has no maximum.
    """
    rows = np.asarray(rows, float)
    present = np.arange(1, event.sum() + 1)[:, None] <= at_risk
    beta = np.zeros(rows.shape[1])
    for _ in range(ITERATIONS_MAX):
        weights = present * np.exp(rows @ beta)
        weights /= weights.sum(1, keepdims=True)
        means = weights @ rows
        information = np.einsum("en,nk,nl->kl", weights, rows, rows) - means.T @ means
        score = rows[event == 1].sum(0) - means.sum(0)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return np.full_like(beta, np.nan), np.full_like(beta, np.nan)
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < STEP_LIMIT:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    return np.full_like(beta, np.nan), np.full_like(beta, np.nan)


def fitted_rows(rows: np.ndarray, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Fit every univariable and the multivariable model of a cohort.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and models.

    Returns
    -------
    univariable, multivariable : ndarray, shapes (P, 3) and (K, 3)
        Hazard ratio, lower and upper limit of 95 %.
    """
    single = [fit_rows(rows[:, [k]], design.at_risk, design.event) for k in range(rows.shape[1])]
    univariable = _ratios(
        np.concatenate([b for b, _ in single]), np.concatenate([s for _, s in single])
    )
    if len(design.model) == 0:
        return univariable, np.empty((0, 3))
    fit = fit_rows(rows[:, design.model], design.at_risk, design.event)
    return univariable, _ratios(*fit)


def _ratios(estimates: np.ndarray, errors: np.ndarray) -> np.ndarray:
    sides = estimates[:, None] + errors[:, None] * [0, -NORMAL_QUANTILE, NORMAL_QUANTILE]
    return np.exp(sides)
