"""Sums over the patients at risk: made afresh, changed by a proposed exchange, committed.

A proposal names up to four patients (`slots`), their new rows and the columns that change. The
changed sums are written to a second set, so that a rejected proposal costs nothing to undo.
"""

import numpy as np
from numba import njit

from rairlib.search.cox_terms import (
    NO_CHANGE,
    Design,
    Sums,
    empty_sums,
    newton_step,
    write_means,
    write_residuals,
    write_terms,
)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_sums(rows, design, sums):
    """Sum everything afresh for the rows of a cohort, shape (n, P)."""
    patients, columns = rows.shape
    for array in (sums.size, sums.events, sums.total):
        array[:] = 0.0
    sums.weights[:] = 0.0
    sums.ones[:] = 0.0
    for i in range(patients):
        write_terms(rows[i], design, sums.terms[i])
        for e in range(design.at_risk[i]):
            sums.weights[e, :] += sums.terms[i]
            sums.size[e] += 1.0
            for k in range(columns):
                sums.ones[k, e] += rows[i, k]
        if design.event[i]:
            for k in range(columns):
                sums.events[k] += rows[i, k]
    for e in range(sums.size.shape[0]):
        write_means(sums.weights, sums.means, e, design.model.shape[0])
        sums.total[:] += sums.means[e]
    for k in range(columns):
        _fill_column(k, design, sums)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_column(column, design, sums):
    ratio = np.exp(design.beta[column])
    score, information = sums.events[column], 0.0
    for e in range(sums.size.shape[0]):
        risk = sums.ones[column, e] * ratio
        share = risk / (sums.size[e] - sums.ones[column, e] + risk)
        sums.share[column, e] = share
        score -= share
        information += share * (1.0 - share)
    sums.score[column] = score
    sums.information[column] = information


@njit(cache=True, nogil=True, error_model="numpy")
def last_event(design, slots, many):
    """Return the number of events at which any of the patients is at risk."""
    last = 0
    for q in range(many):
        last = max(last, design.at_risk[slots[q]])
    return last


@njit(cache=True, nogil=True, error_model="numpy")
def change_column(column, rows, design, sums, new, slots, proposed, many, last):
    """Write one column's changed sums; return whether any changed."""
    ends, steps, events = new.ends, new.steps, 0
    for q in range(many):
        steps[q] = proposed[q, column] - rows[slots[q], column]
        ends[q] = design.at_risk[slots[q]]
        events += steps[q] * design.event[slots[q]]
    ratio = np.exp(design.beta[column])
    score = sums.score[column] + events
    information = sums.information[column]
    old_ones, old_share, size = sums.ones[column], sums.share[column], sums.size
    new_ones, new_share = new.ones[column], new.share[column]
    changed = events != 0
    for e in range(last):
        ones = 0
        for q in range(many):
            if e < ends[q]:
                ones += steps[q]
        old = old_share[e]
        new_ones[e] = old_ones[e] + ones
        new_share[e] = old
        if ones != 0:
            changed = True
            risk = new_ones[e] * ratio
            share = risk / (size[e] - new_ones[e] + risk)
            new_share[e] = share
            score -= share - old
            information += share * (1.0 - share) - old * (1.0 - old)
    new.score[column] = score
    new.information[column] = information
    new.events[column] = sums.events[column] + events
    return changed


@njit(cache=True, nogil=True, error_model="numpy")
def change_model(design, sums, new, slots, proposed, many, last, step):
    """Write the model's changed sums; `step` is scratch of length L."""
    for q in range(many):
        write_terms(proposed[q], design, new.terms[q])
        new.ends[q] = design.at_risk[slots[q]]
    new.total[:] = sums.total
    code, moves = -1, False
    for e in range(last):
        at_risk = 0
        for q in range(many):
            if e < new.ends[q]:
                at_risk |= 1 << q
        if at_risk != code:
            code = at_risk
            moves = _write_step(code, sums.terms, new.terms, slots, many, step)
        new.touched[e] = moves
        if moves:
            _step_event(e, sums.weights, sums.means, new.weights, new.means, new.total, step)


@njit(cache=True, nogil=True, error_model="numpy")
def _step_event(event, weights, means, new_weights, new_means, total, step):
    """Write one event's changed sums and what follows from them."""
    length = step.shape[0]
    for z in range(length):
        new_weights[event, z] = weights[event, z] + step[z]
    covariates = int(np.sqrt(2.0 * length + 0.25) - 1.5)  # L = (K + 1) (K + 2) / 2
    write_means(new_weights, new_means, event, covariates)
    for z in range(length - 1):
        total[z] += new_means[event, z] - means[event, z]


@njit(cache=True, nogil=True, error_model="numpy")
def _write_step(code, terms, new_terms, slots, many, step):
    """Write what the patients in `code` add to the sums; return whether that is anything."""
    step[:] = 0.0
    for q in range(many):
        if code >> q & 1:
            for z in range(step.shape[0]):
                step[z] += new_terms[q, z] - terms[slots[q], z]
    largest = 0.0
    for z in range(step.shape[0]):
        largest = max(largest, abs(step[z]))
    return largest > NO_CHANGE


@njit(cache=True, nogil=True, error_model="numpy")
def commit_column(column, sums, new, last):
    """Take over one column's changed sums."""
    sums.score[column] = new.score[column]
    sums.information[column] = new.information[column]
    sums.events[column] = new.events[column]
    for e in range(last):
        sums.ones[column, e] = new.ones[column, e]
        sums.share[column, e] = new.share[column, e]


@njit(cache=True, nogil=True, error_model="numpy")
def commit_model(sums, new, slots, many, last):
    """Take over the model's changed sums."""
    for e in range(last):
        if new.touched[e]:
            for z in range(sums.weights.shape[1]):
                sums.weights[e, z] = new.weights[e, z]
            for z in range(sums.means.shape[1]):
                sums.means[e, z] = new.means[e, z]
    sums.total[:] = new.total
    for q in range(many):
        sums.terms[slots[q]] = new.terms[q]


@njit(cache=True, nogil=True, error_model="numpy")
def residuals_of(design, sums, inverse, out):
    """Write all residuals in half units: univariable rows, then the model's, three each."""
    columns, covariates = design.beta.shape[0], design.model.shape[0]
    for k in range(columns):
        if sums.information[k] <= 0.0:
            return False
        write_residuals(
            design.beta[k] + sums.score[k] / sums.information[k],
            1.0 / np.sqrt(sums.information[k]),
            design.target[k],
            design.half[k],
            out[3 * k : 3 * k + 3],
        )
    if covariates == 0:
        return True
    estimates, errors, events = np.empty(covariates), np.empty(covariates), np.empty(covariates)
    for k in range(covariates):
        events[k] = sums.events[design.model[k]]
    if not newton_step(sums.total, events, design.model_beta, estimates, errors, inverse):
        return False
    for k in range(covariates):
        base = 3 * (columns + k)
        write_residuals(
            estimates[k],
            errors[k],
            design.model_target[k],
            design.model_half[k],
            out[base : base + 3],
        )
    return True


def fresh_sums(rows: np.ndarray, design: Design) -> Sums:
    """Return the sums of a cohort, shape (n, P), from the rows alone."""
    patients, columns = rows.shape
    sums = empty_sums(patients, columns, len(design.model), int(design.event.sum()))
    fill_sums(rows, design, sums)
    return sums


def fresh_residuals(rows: np.ndarray, design: Design) -> np.ndarray:
    """Return all residuals of a cohort in half units, shape (3 (P + K),)."""
    size = len(design.model)
    out = np.zeros(3 * (rows.shape[1] + size))
    if not residuals_of(design, fresh_sums(rows, design), np.zeros((size, size)), out):
        out[:] = 1e6
    return out
