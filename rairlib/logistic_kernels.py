"""Logistic regression on grouped covariate patterns, compiled: one Newton loop per table.

The likelihood of a logistic model depends on the outcome only through the event sums: the number
of events, and the number of events with each covariate. So a table of patients per covariate
pattern and the event sums are all that a fit needs.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from rairlib.errors import RairlibError
from rairlib.fast_logistic import on_unit_scale

STEP_LIMIT = 1e-8  # of the last step: what remains after it is about its square
LIKELIHOOD_NOISE = 1e-9
SHARE_MIN = 1e-6
COEFFICIENT_LIMIT = 30.0
ITERATIONS_MAX = 60
PIVOT_LIMIT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFits:
    """Maximum likelihood fits of one logistic model to many tables.

    Attributes
    ----------
    estimates : ndarray, shape (tables, terms)
        Coefficients on the log-odds scale, intercept first; NaN where the likelihood has no
        finite maximum (separation, or a covariate that the table cannot tell from the others).
    standard_errors : ndarray, shape (tables, terms)
        From the information at the maximum.
    log_likelihoods : ndarray, shape (tables,)
        Of the ungrouped (Bernoulli) outcome.
    """

    estimates: np.ndarray
    standard_errors: np.ndarray
    log_likelihoods: np.ndarray

    def take(self, rows: np.ndarray) -> "LogisticFits":
        """Return the fits of some tables, by ordinal or by a mask."""
        return LogisticFits(
            estimates=self.estimates[rows],
            standard_errors=self.standard_errors[rows],
            log_likelihoods=self.log_likelihoods[rows],
        )


@njit(cache=True, nogil=True)
def _evaluate(totals, design, sums, beta, score, information):
    """Fill score and information (lower triangle) at `beta`; return the log likelihood."""
    terms = beta.shape[0]
    log_likelihood = 0.0
    for i in range(terms):
        score[i] = sums[i]
        log_likelihood += sums[i] * beta[i]
        for j in range(i + 1):
            information[i, j] = 0.0
    for cell in range(totals.shape[0]):
        if totals[cell] == 0:
            continue
        eta = 0.0
        for i in range(terms):
            eta += design[cell, i] * beta[i]
        small = np.exp(-abs(eta))
        log_likelihood -= totals[cell] * (max(eta, 0.0) + np.log1p(small))
        risk = 1.0 / (1.0 + small) if eta > 0 else small / (1.0 + small)
        weight = totals[cell] * small / (1.0 + small) ** 2
        for i in range(terms):
            score[i] -= totals[cell] * risk * design[cell, i]
            for j in range(i + 1):
                information[i, j] += weight * design[cell, i] * design[cell, j]
    return log_likelihood


@njit(cache=True, nogil=True)
def _factor(matrix):
    """Overwrite the lower triangle with its Cholesky factor; False if it is singular."""
    for j in range(matrix.shape[0]):
        scale = matrix[j, j]
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        if matrix[j, j] <= PIVOT_LIMIT * scale:
            return False
        matrix[j, j] = np.sqrt(matrix[j, j])
        for i in range(j + 1, matrix.shape[0]):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
    return True


@njit(cache=True, nogil=True)
def _solve(factor, right_side, solution):
    """Solve for a Cholesky factor; return the largest absolute entry of the solution."""
    terms = solution.shape[0]
    for i in range(terms):
        solution[i] = right_side[i]
        for k in range(i):
            solution[i] -= factor[i, k] * solution[k]
        solution[i] /= factor[i, i]
    largest = 0.0
    for i in range(terms - 1, -1, -1):
        for k in range(i + 1, terms):
            solution[i] -= factor[k, i] * solution[k]
        solution[i] /= factor[i, i]
        largest = max(largest, abs(solution[i]))
    return largest


@njit(cache=True, nogil=True)
def _move(beta, step, share):
    """Add a share of the step; return the largest absolute coefficient."""
    largest = 0.0
    for i in range(beta.shape[0]):
        beta[i] += share * step[i]
        largest = max(largest, abs(beta[i]))
    return largest


@njit(cache=True, nogil=True)
def _maximise(totals, design, sums, beta, score, step, information):
    """Newton's method with step halving; return the log likelihood, NaN without a maximum."""
    beta[:] = 0.0
    current = _evaluate(totals, design, sums, beta, score, information)
    for _ in range(ITERATIONS_MAX):
        if not _factor(information):
            return np.nan
        size = _solve(information, score, step)
        if _move(beta, step, 1.0) > COEFFICIENT_LIMIT:
            return np.nan
        share = 1.0
        reached = _evaluate(totals, design, sums, beta, score, information)
        while reached < current - LIKELIHOOD_NOISE and share > SHARE_MIN:
            share /= 2.0
            _move(beta, step, -share)
            reached = _evaluate(totals, design, sums, beta, score, information)
        current = reached
        if size < STEP_LIMIT:
            return current
    return np.nan


@njit(cache=True, nogil=True)
def _write_standard_errors(factor, back, column, standard_errors):
    """Write the errors of combinations of coefficients, from a factored information matrix."""
    for term in range(standard_errors.shape[0]):
        _solve(factor, back[term], column)
        variance = 0.0
        for i in range(column.shape[0]):
            variance += back[term, i] * column[i]
        standard_errors[term] = np.sqrt(variance)


@njit(cache=True, nogil=True)
def _fit_all(tables, design, back, sums, estimates, standard_errors, log_likelihoods):
    terms = design.shape[1]
    score, step, information = np.empty(terms), np.empty(terms), np.empty((terms, terms))
    for row in range(tables.shape[0]):
        beta = estimates[row]
        reached = _maximise(tables[row], design, sums[row], beta, score, step, information)
        if np.isnan(reached) or not _factor(information):
            reached = np.nan
            beta[:] = np.nan
            standard_errors[row] = np.nan
        else:
            _write_standard_errors(information, back, step, standard_errors[row])
        log_likelihoods[row] = reached


def fit_tables(tables: np.ndarray, design: np.ndarray, event_sums: np.ndarray) -> LogisticFits:
    """Fit one logistic model to many tables of patients per covariate pattern.

    Parameters
    ----------
    tables : ndarray of int, shape (tables, patterns)
        Patients with each covariate pattern.
    design : ndarray, shape (patterns, terms)
        Design matrix of the patterns, intercept first; covariates in any unit.
    event_sums : ndarray, shape (terms,) or (tables, terms)
        Sums of the design's columns over the patients with the outcome: the number of events,
        then the events with level 1 of each covariate.

    Returns
    -------
    LogisticFits
        Each table is fitted by itself, so results do not depend on how tables are grouped.

    Raises
    ------
    RairlibError
        If a count is negative or not whole, or a number of the design or the sums not finite.
    """
    tables, design = np.asarray(tables), np.asarray(design, np.float64)
    if tables.shape[1:] != design.shape[:1]:
        raise RairlibError(f"{len(design)} patterns in the design, tables {tables.shape}")
    if tables.size and (tables.min() < 0 or (np.mod(tables, 1) != 0).any()):
        raise RairlibError("patients with a covariate pattern are counted: 0, 1, 2, ...")
    if not (np.isfinite(design).all() and np.isfinite(event_sums).all()):
        raise RairlibError("the design and the event sums must be finite numbers")
    tables = np.ascontiguousarray(tables, np.int64)
    scaled, back = on_unit_scale(design)
    shape = (len(tables), design.shape[1])
    sums = np.ascontiguousarray(np.broadcast_to(event_sums, shape) @ back)
    estimates, standard_errors, log_likelihoods = (
        np.empty(shape),
        np.empty(shape),
        np.empty(shape[0]),
    )
    scaled, back = np.ascontiguousarray(scaled), np.ascontiguousarray(back)
    _fit_all(tables, scaled, back, sums, estimates, standard_errors, log_likelihoods)
    return LogisticFits(
        estimates=estimates @ back.T,
        standard_errors=standard_errors,
        log_likelihoods=log_likelihoods,
    )
