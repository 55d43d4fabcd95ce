"""Logistic regression on plain arrays, quick enough to be repeated in every resample."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.errors import RairlibError

ITERATIONS_MAX = 40
# Newton's steps shrink quadratically: what remains after this one is about its square.
STEP_LIMIT = 1e-8
NO_MAXIMUM = "the logistic regression has no finite estimates: the covariates separate the outcome"
COLLINEAR = "the columns of the logistic regression determine one another"
# Below this share of a column's own spread, the others explain it fully.
UNEXPLAINED_MIN = 1e-10
# Below this one, so little is its own that a large standard error comes of it.
NEARLY_NONE = 1e-3


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
        Design matrix, with a column of ones if an intercept is wanted; in any unit.
    offset : ndarray of float, shape (n,), or float
        Part of the log odds that is known.

    Returns
    -------
    LogisticFit
        Agrees with R's glm to about 1e-12.

    Raises
    ------
    RairlibError
        If values are not usable, the likelihood has no finite maximum, or the columns are
        collinear.
    """
    check_arrays(event, design)
    if not np.isfinite(offset).all():
        raise RairlibError("an offset is missing or not a finite number")
    scaled, back = on_unit_scale(design)
    if dependent(scaled.T @ scaled):
        raise RairlibError(COLLINEAR)
    coefficients = np.zeros(scaled.shape[1])
    linear = offset + scaled @ coefficients
    reached = log_likelihood(event, linear)
    for _ in range(ITERATIONS_MAX):
        risk = expit(linear)
        information = scaled.T @ (scaled * (risk * (1 - risk))[:, np.newaxis])
        try:
            step = np.linalg.solve(information, scaled.T @ (event - risk))
        except np.linalg.LinAlgError as problem:
            raise RairlibError(NO_MAXIMUM) from problem
        coefficients, linear, reached = _climb(event, scaled, offset, coefficients, step, reached)
        if (abs(step) < STEP_LIMIT).all():
            return LogisticFit(
                coefficients=back @ coefficients,
                covariance=back @ np.linalg.inv(information) @ back.T,
                log_likelihood=reached,
            )
    raise RairlibError(NO_MAXIMUM)


def check_arrays(event: np.ndarray, design: np.ndarray) -> None:
    """Refuse outcomes and columns of which no model can be made.

    Parameters
    ----------
    event, design
        As for :func:`fit_logistic`.

    Raises
    ------
    RairlibError
        If the sizes differ, there are no patients, an outcome is not 0 or 1, or a number of the
        design is not finite.
    """
    if design.ndim != 2 or event.shape != design.shape[:1]:
        raise RairlibError(f"one row per patient: {event.size} outcomes, a design {design.shape}")
    if not event.size:
        raise RairlibError("no patients to fit a model to")
    if not ((event == 0) | (event == 1)).all():
        raise RairlibError("an outcome must be 1 or 0")
    if not np.isfinite(design).all():
        raise RairlibError("a covariate is missing or not a finite number")


def on_unit_scale(design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the columns of a design on a scale from 0 to 1, where 0/1 columns already are.

    Parameters
    ----------
    design : ndarray of float, shape (n, terms)
        Without a constant column, 0 keeps its place.

    Returns
    -------
    scaled : ndarray, shape (n, terms)
        The columns from 0 to 1; a constant one as it is.
    back : ndarray, shape (terms, terms)
        Leads coefficients of the scaled columns back to those of the design: scaled = design @
        back.
    """
    low, width = design.min(axis=0), np.ptp(design, axis=0)
    constant = width == 0
    width[constant] = 1.0
    if not constant.any():
        low, width = np.zeros_like(low), abs(design).max(axis=0)
    low[constant] = 0.0
    back = np.diag(1 / width)
    if constant.any():
        place = constant.argmax()
        back[place] -= low / width / (design[0, place] or 1.0)
    return (design - low) / width, back


def dependent(information: np.ndarray) -> bool:
    """Tell whether the columns behind an information matrix determine one another.

    Parameters
    ----------
    information : ndarray, shape (terms, terms)
        Sums of squares and products of the columns.

    Returns
    -------
    bool
        True if the others explain a combination of them but for a share of 1e-10.
    """
    size = np.sqrt(np.diag(information))
    if not (size > 0).all():
        return True
    shares = np.linalg.eigvalsh(information / np.outer(size, size))
    return bool((shares < UNEXPLAINED_MIN).any())


def dependent_terms(columns: pd.DataFrame, share: float) -> str:
    """Name the terms of which a combination hardly varies.

    Parameters
    ----------
    columns : DataFrame
        One column per term; each varies.
    share : float
        Below which part of the spread that it would have if they were unrelated.

    Returns
    -------
    str
        The terms, with commas; empty if there are none.
    """
    spread = columns.to_numpy() - columns.to_numpy().mean(axis=0)
    spread = spread / np.linalg.norm(spread, axis=0)
    shares, combinations = np.linalg.eigh(spread.T @ spread)
    if not shares.size or shares[0] >= share:
        return ""
    return ", ".join(map(str, columns.columns[abs(combinations[:, 0]) > NEARLY_NONE]))


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
