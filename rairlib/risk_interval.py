"""How uncertain the risk of a logistic model is, given the covariance of its coefficients.

The interval is Wald's on the scale of log odds, turned into risks. It covers the sampling error of
the coefficients alone: not how they were selected, and not whether the model holds elsewhere.
"""

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from rairlib.errors import RairlibError
from rairlib.observation import finite, number

INTERVAL_COLUMNS = ("risk", "low", "high", "lowest", "highest", "narrow_low", "narrow_high")


def from_triangles(triangles) -> np.ndarray:
    """Return symmetric matrices from their upper triangles, row by row.

    Parameters
    ----------
    triangles : array-like of float, shape (m, k (k + 1) / 2)
        One matrix per row: ``v00, v01, …, v11, …``.

    Returns
    -------
    ndarray, shape (m, k, k)
        The matrices.

    Raises
    ------
    RairlibError
        If there is no matrix, a row is no triangle, or a variance is missing or negative.
    """
    if not np.size(triangles):
        raise RairlibError("no covariance of the coefficients")
    flat = np.atleast_2d(finite("triangles", triangles))
    k = int((np.sqrt(8 * flat.shape[1] + 1) - 1) / 2)
    if flat.shape[1] != k * (k + 1) / 2:
        raise RairlibError(f"triangles: {flat.shape[1]} numbers in a row are no triangle")
    upper = np.triu_indices(k)
    matrices = np.empty((len(flat), k, k))
    matrices[:, upper[0], upper[1]] = flat
    matrices[:, upper[1], upper[0]] = flat
    if np.linalg.eigvalsh(matrices).min() < 0:
        raise RairlibError("a covariance of the coefficients gives a negative variance")
    return matrices


def risk_intervals(coefficients, design, covariances, level: float = 0.95) -> pd.DataFrame:
    """Return risks with their intervals under one or many covariances of the coefficients.

    Parameters
    ----------
    coefficients : array-like of float, shape (k,)
        Intercept first.
    design : array-like of float, shape (n, k)
        One row per patient, the column of ones first.
    covariances : array-like of float, shape (m, k, k)
        Candidates for the covariance.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        Columns ``risk``; ``low, high``: limits under the mean of the covariances; ``lowest,
        highest``: under the one that gives this patient the widest interval; ``narrow_low,
        narrow_high``: under the one that gives the narrowest. All 0 to 1.

    Raises
    ------
    RairlibError
        If a number is missing, the sizes do not fit, a covariance gives a negative variance, or
        the level is not between 0 and 1.
    """
    X, beta = np.atleast_2d(finite("design", design)), finite("coefficients", coefficients)
    candidates, level = finite("covariances", covariances), number("level", level, 0, 1)
    k = beta.size
    if X.shape[1] != k or candidates.ndim != 3 or candidates.shape[1:] != (k, k):
        raise RairlibError(
            f"{k} coefficients need {k} columns of the design and covariances of {k} by {k}; "
            f"got shapes {X.shape} and {candidates.shape}"
        )
    variances = np.einsum("ni,mij,nj->nm", X, candidates, X)
    if (variances < -1e-12 * abs(variances).max()).any():
        raise RairlibError("a covariance of the coefficients gives a negative variance")
    variances = np.maximum(variances, 0.0)
    score, z = X @ beta, norm.ppf(0.5 + level / 2)
    limits = [
        expit(score + sign * z * np.sqrt(variance))
        for variance in (variances.mean(axis=1), variances.max(axis=1), variances.min(axis=1))
        for sign in (-1, 1)
    ]
    return pd.DataFrame(dict(zip(INTERVAL_COLUMNS, [expit(score), *limits], strict=True)))
