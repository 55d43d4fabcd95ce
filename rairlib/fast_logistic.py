"""Logistic regression on plain arrays, quick enough to be repeated in every resample."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rairlib.errors import RairlibError

ITERATIONS_MAX = 40
# Newton's steps shrink quadratically: what remains after this one is about its square.
STEP_LIMIT = 1e-8
NO_MAXIMUM = "the logistic regression has no finite estimates: separation or collinear columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A maximum likelihood fit.

    Attributes
    ----------
    coefficients : ndarray, shape (terms,)
        On the log-odds scale, in the order of the design's columns.
    covariance : ndarray, shape (terms, terms)
        Inverse of the information.
    log_likelihood : float
        At the maximum.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float

    @property
    def standard_errors(self) -> np.ndarray:
        """Square roots of the variances."""
        return np.sqrt(np.diag(self.covariance))


def fit_logistic(event: np.ndarray, design: np.ndarray, offset: np.ndarray | float = 0.0):
    """Fit a logistic regression by Newton's method with step halving.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    design : ndarray of float, shape (n, terms)
        Design matrix, with a column of ones if an intercept is wanted.
    offset : ndarray of float, shape (n,), or float
        Part of the log odds that is known.

    Returns
    -------
    LogisticFit
        Agrees with R's glm to about 1e-12.

    Raises
    ------
    RairlibError
        If the likelihood has no finite maximum, or the columns are collinear.
    """
    coefficients = np.zeros(design.shape[1])
    linear = offset + design @ coefficients
    reached = log_likelihood(event, linear)
    for _ in range(ITERATIONS_MAX):
        risk = expit(linear)
        information = design.T @ (design * (risk * (1 - risk))[:, np.newaxis])
        try:
            step = np.linalg.solve(information, design.T @ (event - risk))
        except np.linalg.LinAlgError as problem:
            raise RairlibError(NO_MAXIMUM) from problem
        coefficients, linear, reached = _climb(event, design, offset, coefficients, step, reached)
        if (abs(step) * (1 + abs(design).max(axis=0)) < STEP_LIMIT).all():
            covariance = np.linalg.inv(information)
            return LogisticFit(
                coefficients=coefficients, covariance=covariance, log_likelihood=reached
            )
    raise RairlibError(NO_MAXIMUM)


def _climb(event, design, offset, start, step, reached):
    """Go as much of the step as does not lower the likelihood."""
    share = 1.0
    while True:
        coefficients = start + share * step
        linear = offset + design @ coefficients
        found = log_likelihood(event, linear)
        if found >= reached - 1e-9 or share < 1e-6:
            return coefficients, linear, found
        share /= 2


def log_likelihood(event: np.ndarray, linear: np.ndarray | float) -> float:
    """Return the log likelihood of outcomes under given log odds.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    linear : ndarray of float, shape (n,)
        Log odds.

    Returns
    -------
    float
        Of the Bernoulli outcomes.
    """
    return float((event * linear - np.logaddexp(0.0, linear)).sum())
