"""All residuals of a cohort from nothing, for moves that also change the order in time."""

import numpy as np
from numba import njit

from rairlib.search.cox_terms import Design, newton_step, write_means, write_residuals, write_terms
from rairlib.search.small_moves import SmallMoves, make_move
from rairlib.search.timeline import Timing, logrank, rate

IMPOSSIBLE = 1e6


@njit(cache=True, nogil=True, error_model="numpy")
def _write_column(ones, sizes, with_event, column, design, out):
    ratio = np.exp(design.beta[column])
    score, information = with_event, 0.0
    for e in range(sizes.shape[0]):
        risk = ones[e] * ratio
        share = risk / (sizes[e] - ones[e] + risk)
        score -= share
        information += share * (1.0 - share)
    write_residuals(
        design.beta[column] + score / information,
        1.0 / np.sqrt(information),
        design.target[column],
        design.half[column],
        out,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _add_patients(rows, classes, at_risk, design, weights, ones, counts, with_event, event_class):
    """Add each patient to the sums at the last event at which it is at risk."""
    term = np.zeros(weights.shape[1])
    for i in range(rows.shape[0]):
        last = at_risk[i] - 1
        if last < 0:
            continue
        write_terms(rows[i], design, term)
        weights[last] += term
        counts[last, classes[i]] += 1
        for k in range(rows.shape[1]):
            ones[k, last] += rows[i, k]
        if design.event[i]:
            event_class[last] = classes[i]
            for k in range(rows.shape[1]):
                with_event[k] += rows[i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def _write_timeline(counts, event_class, timing, until, out):
    rates = timing.rate_marks.shape[0]
    for r in range(rates):
        value = rate(counts, event_class, until[timing.rate_marks[r]], timing.rate_classes[r])
        out[r] = (value - timing.target[r]) / timing.half[r]
    for j in range(timing.logrank_groups.shape[0]):
        value = logrank(counts, event_class, timing.logrank_groups[j])
        out[rates + j] = (value - timing.target[rates + j]) / timing.half[rates + j]


@njit(cache=True, nogil=True, error_model="numpy")
def _write_all(rows, classes, at_risk, design, timing, until, out):
    """Write the residuals; what no model can be fitted to is far off."""
    columns, covariates = rows.shape[1], design.model.shape[0]
    length = 1 + covariates + covariates * (covariates + 1) // 2
    events = until[until.shape[0] - 1]
    weights, ones = np.zeros((events, length)), np.zeros((columns, events))
    counts = np.zeros((events, timing.events_low.shape[0]), np.int64)
    event_class, with_event = np.zeros(events, np.int64), np.zeros(columns)
    _add_patients(rows, classes, at_risk, design, weights, ones, counts, with_event, event_class)
    for e in range(events - 2, -1, -1):
        weights[e] += weights[e + 1]
        counts[e] += counts[e + 1]
        for k in range(columns):
            ones[k, e] += ones[k, e + 1]
    sizes = counts.sum(axis=1).astype(np.float64)
    for k in range(columns):
        _write_column(ones[k], sizes, with_event[k], k, design, out[3 * k : 3 * k + 3])
    _write_model(weights, with_event, design, out[3 * columns :])
    _write_timeline(counts, event_class, timing, until, out[3 * (columns + covariates) :])
    for z in range(out.shape[0]):
        if not np.isfinite(out[z]):
            out[z] = IMPOSSIBLE


@njit(cache=True, nogil=True, error_model="numpy")
def _write_model(weights, with_event, design, out):
    covariates, events = design.model.shape[0], weights.shape[0]
    if covariates == 0:
        return
    means = np.zeros((events, weights.shape[1] - 1))
    total, seen = np.zeros(means.shape[1]), np.zeros(covariates)
    for e in range(events):
        write_means(weights, means, e, covariates)
        total += means[e]
    for k in range(covariates):
        seen[k] = with_event[design.model[k]]
    estimates, errors = np.zeros(covariates), np.zeros(covariates)
    inverse = np.zeros((covariates, covariates))
    if not newton_step(total, seen, design.model_beta, estimates, errors, inverse):
        out[: 3 * covariates] = IMPOSSIBLE
        return
    for k in range(covariates):
        write_residuals(
            estimates[k],
            errors[k],
            design.model_target[k],
            design.model_half[k],
            out[3 * k : 3 * k + 3],
        )


@njit(cache=True, nogil=True)
def _write_effects(rows, classes, at_risk, design, timing, until, moves, base, effects):
    _write_all(rows, classes, at_risk, design, timing, until, base)
    for move in range(moves.first.shape[0]):
        make_move(move, 1, moves, rows, at_risk)
        _write_all(rows, classes, at_risk, design, timing, until, effects[move])
        make_move(move, -1, moves, rows, at_risk)
        effects[move] -= base


def residual_count(design: Design, timing: Timing) -> int:
    """Return how many residuals a cohort has."""
    timeline = len(timing.rate_marks) + len(timing.logrank_groups)
    return 3 * (len(design.beta) + len(design.model)) + timeline


def all_residuals(
    rows: np.ndarray,
    classes: np.ndarray,
    at_risk: np.ndarray,
    design: Design,
    timing: Timing,
    until: np.ndarray,
) -> np.ndarray:
    """Compute all residuals of a cohort.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        The covariates.
    classes, at_risk : ndarray of int64, shape (n,)
        Class; events at which each patient is at risk. Those of `design` are not used.
    design : Design
        Printed rows; one Newton step is taken from its coefficients.
    timing : Timing
        Printed rates and log-rank statistics.
    until : ndarray of int64, shape (marks + 1,)
        Events up to each mark, all events last.

    Returns
    -------
    ndarray
        In half units: univariable rows, multivariable rows, rates, log-rank statistics; 1e6
        where there is none.
    """
    out = np.zeros(residual_count(design, timing))
    _write_all(rows, classes, at_risk, design, timing, until, out)
    return out


def all_effects(
    rows: np.ndarray,
    classes: np.ndarray,
    at_risk: np.ndarray,
    design: Design,
    timing: Timing,
    until: np.ndarray,
    moves: SmallMoves,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute what each move changes; see :func:`all_residuals` for the arguments.

    Returns
    -------
    base : ndarray, shape (numbers,)
        Residuals of the cohort.
    effects : ndarray, shape (moves, numbers)
        Added to `base` by each move alone.
    """
    base = np.zeros(residual_count(design, timing))
    effects = np.zeros((len(moves.first), len(base)))
    _write_effects(
        rows.copy(), classes, at_risk.copy(), design, timing, until, moves, base, effects
    )
    return base, effects
