"""Effects of sets of exchanges by fitting the cohort anew after each, compiled.

Sums kept up to date give one Newton step; the limits then still have the information of the
start. Where digits are sought that is too rough: here every model is fitted to its maximum.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cox_terms import Design, newton_step, write_means, write_residuals
from rairlib.search.exact_column import farthest_residual, ones_at_risk
from rairlib.search.exchanges import IMPOSSIBLE, Exchanges
from rairlib.search.moves import is_allowed

ITERATIONS_MAX = 10
STEP_LIMIT = 2e-7
LARGEST_STEP = 3.0
BLOCK = 20_000  # sets whose masks are held at once


class Room(NamedTuple):
    """Scratch of one fit of `K` covariates to `n` patients with `E` events.

    Attributes
    ----------
    weights, means, total : ndarray, shapes (E, L), (E, L - 1), (L - 1,)
        See :class:`rairlib.search.cox_terms.Sums`.
    inverse : ndarray, shape (K, K)
        Of the information's factor.
    present, many : ndarray of int64, shapes (n, K) and (n,)
        Which covariates a patient has, and how many.
    events, before : ndarray, shape (K,)
        Covariates added over the events; estimates before a step.
    """

    weights: np.ndarray
    means: np.ndarray
    total: np.ndarray
    inverse: np.ndarray
    present: np.ndarray
    many: np.ndarray
    events: np.ndarray
    before: np.ndarray


def empty_room(patients: int, covariates: int, events: int) -> Room:
    """Return scratch for fits of one size."""
    length = 1 + covariates + covariates * (covariates + 1) // 2
    return Room(
        weights=np.zeros((events, length)),
        means=np.zeros((events, length - 1)),
        total=np.zeros(length - 1),
        inverse=np.zeros((covariates, covariates)),
        present=np.zeros((patients, covariates), np.int64),
        many=np.zeros(patients, np.int64),
        events=np.zeros(covariates),
        before=np.zeros(covariates),
    )


compiled_empty_room = njit(cache=True, nogil=True)(empty_room)


@njit(cache=True, nogil=True)
def _list_present(rows, design, room):
    room.events[:] = 0.0
    for i in range(rows.shape[0]):
        many = 0
        for k in range(design.model.shape[0]):
            if rows[i, design.model[k]]:
                room.present[i, many] = k
                many += 1
                if design.event[i]:
                    room.events[k] += 1.0
        room.many[i] = many


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_at(beta, design, room):
    """Write the sums over the patients at risk at each event, and what follows from them."""
    weights, covariates = room.weights, beta.shape[0]
    weights[:] = 0.0
    for i in range(room.many.shape[0]):
        if design.at_risk[i] == 0:
            continue
        eta, last = 0.0, design.at_risk[i] - 1
        for p in range(room.many[i]):
            eta += beta[room.present[i, p]]
        weight = np.exp(eta)
        weights[last, 0] += weight
        for p in range(room.many[i]):
            k = room.present[i, p]
            weights[last, 1 + k] += weight
            pair = 1 + covariates + k * covariates - k * (k + 1) // 2
            for q in range(p, room.many[i]):
                weights[last, pair + room.present[i, q]] += weight
    room.total[:] = 0.0
    for e in range(weights.shape[0] - 1, -1, -1):
        if e < weights.shape[0] - 1:
            weights[e] += weights[e + 1]
        write_means(weights, room.means, e, covariates)
        room.total[:] += room.means[e]


@njit(cache=True, nogil=True, error_model="numpy")
def fit_model(rows, design, estimates, errors, room):
    """Fit the multivariable model of a cohort from `estimates` on; both arrays are written.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and model.
    estimates, errors : ndarray, shape (K,)
        Log hazard ratios, on entry the start; standard errors at the maximum.
    room : Room
        Scratch.

    Returns
    -------
    bool
        False where no maximum was found; a model without covariates is fitted.
    """
    if estimates.shape[0] == 0:
        return True
    _list_present(rows, design, room)
    for _ in range(ITERATIONS_MAX):
        room.before[:] = estimates
        _sum_at(room.before, design, room)
        if not newton_step(room.total, room.events, room.before, estimates, errors, room.inverse):
            return False
        largest = np.abs(estimates - room.before).max()
        if largest < STEP_LIMIT:
            return True
        if not largest < LARGEST_STEP:
            return False
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _write_model(estimates, errors, design, out):
    base = 3 * design.beta.shape[0]
    for k in range(estimates.shape[0]):
        place = out[base + 3 * k : base + 3 * k + 3]
        write_residuals(
            estimates[k], errors[k], design.model_target[k], design.model_half[k], place
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _write_column(column, rows, design, size, out):
    """Write the residuals of one univariable row; return whether it has a maximum."""
    place = out[3 * column : 3 * column + 3]
    if design.half[column, 0] == np.inf:
        place[:] = 0.0
        return True
    levels = rows[:, column]
    ones = ones_at_risk(levels, design.at_risk, size.shape[0])
    events = float((levels * design.event).sum())
    away = farthest_residual(
        ones, size, events, design.beta[column], design.target[column], design.half[column], place
    )
    return away < np.inf


@njit(cache=True, nogil=True)
def _exchange(rows, first, second, masks, backwards):
    """Make the exchanges of one set; backwards they are undone, even of one patient."""
    slots = first.shape[0]
    for slot in range(slots):
        q = slots - 1 - slot if backwards else slot
        if first[q] < 0:
            continue
        for k in range(rows.shape[1]):
            if masks[q, k]:
                a, c = first[q], second[q]
                rows[a, k], rows[c, k] = rows[c, k], rows[a, k]


@njit(cache=True, nogil=True)
def _all_allowed(rows, first, second, forbidden, pair):
    for q in range(first.shape[0]):
        if first[q] < 0:
            break
        pair[0], pair[1] = rows[first[q]], rows[second[q]]
        if not is_allowed(pair, 2, forbidden):
            return False
    return True


@njit(cache=True, nogil=True)
def _write_base(rows, design, size, estimates, errors, room, base):
    """Write the residuals of the cohort; `estimates` are left at the maximum if there is one."""
    columns = rows.shape[1]
    for k in range(columns):
        if not _write_column(k, rows, design, size, base):
            base[3 * k : 3 * k + 3] = IMPOSSIBLE
    if fit_model(rows, design, estimates, errors, room):
        _write_model(estimates, errors, design, base)
    else:
        base[3 * columns :] = IMPOSSIBLE
        estimates[:] = design.model_beta


@njit(cache=True, nogil=True)
def _write_changed(rows, masks, design, size, out):
    """Write the univariable rows of the columns that any mask names; return whether all fit."""
    for k in range(rows.shape[1]):
        if masks[:, k].any() and not _write_column(k, rows, design, size, out):
            return False
    return True


@njit(cache=True, nogil=True)
def _write_effects(rows, design, first, second, masks, base, effects):
    patients, columns = rows.shape
    covariates, events = design.model.shape[0], design.event.sum()
    size = np.zeros(events)
    for i in range(patients):
        size[: design.at_risk[i]] += 1.0
    room = compiled_empty_room(patients, covariates, events)
    start, errors = design.model_beta.copy(), np.zeros(covariates)
    _write_base(rows, design, size, start, errors, room, base)
    now, out, pair = rows.copy(), base.copy(), np.zeros((2, columns), np.int64)
    for move in range(first.shape[0]):
        effects[move], out[:] = IMPOSSIBLE, base
        estimates = start.copy()
        _exchange(now, first[move], second[move], masks[move], False)
        if (
            _all_allowed(now, first[move], second[move], design.forbidden, pair)
            and _write_changed(now, masks[move], design, size, out)
            and fit_model(now, design, estimates, errors, room)
        ):
            _write_model(estimates, errors, design, out)
            effects[move] = out - base
        _exchange(now, first[move], second[move], masks[move], True)


def refitted_effects(
    rows: np.ndarray, design: Design, exchanges: Exchanges
) -> tuple[np.ndarray, np.ndarray]:
    """Compute what each set of exchanges does to all residuals, each model fitted anew.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        What stays the same; fits start from its coefficients.
    exchanges : Exchanges
        The sets.

    Returns
    -------
    base : ndarray, shape (3 (P + K),)
        Residuals of the cohort in half units.
    effects : ndarray, shape (M, 3 (P + K))
        What each set adds; 1e6 where it is not possible.
    """
    base = np.zeros(3 * (rows.shape[1] + len(design.model)))
    effects = np.zeros((exchanges.many, len(base)))
    _write_effects(np.ascontiguousarray(rows), design, *exchanges, base, effects)
    return base, effects


@njit(cache=True, nogil=True)
def _write_flips(rows, design, column, left, flips):
    covariates = design.model.shape[0]
    room = compiled_empty_room(rows.shape[0], covariates, design.event.sum())
    start, errors = design.model_beta.copy(), np.zeros(covariates)
    out = np.zeros(3 * (design.beta.shape[0] + covariates))
    if not fit_model(rows, design, start, errors, room):
        left[:] = IMPOSSIBLE
        return
    _write_model(start, errors, design, out)
    left[:] = out[-left.shape[0] :]
    now = rows.copy()
    for i in range(rows.shape[0]):
        now[i, column] = 1 - rows[i, column]
        estimates = start.copy()
        flips[i] = IMPOSSIBLE
        if fit_model(now, design, estimates, errors, room):
            _write_model(estimates, errors, design, out)
            flips[i] = out[-left.shape[0] :] - left
        now[i, column] = rows[i, column]


def flip_effects(rows: np.ndarray, design: Design, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute what each patient's other level would do to the multivariable rows.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and models.
    column : int
        A column of the model.

    Returns
    -------
    left : ndarray, shape (3 K,)
        Residuals of the cohort in half units.
    flips : ndarray, shape (n, 3 K)
        What each patient adds.
    """
    left = np.zeros(3 * len(design.model))
    flips = np.zeros((len(rows), len(left)))
    _write_flips(np.ascontiguousarray(rows), design, column, left, flips)
    return left, flips
