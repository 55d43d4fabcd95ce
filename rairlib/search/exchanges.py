"""Sets of exchanges between patients, and what each set would do to all residuals."""
# ruff: noqa: SIM110 - compiled code knows no generator expressions

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cox_terms import Design, compiled_empty_sums
from rairlib.search.moves import is_allowed
from rairlib.search.risk_sums import (
    change_column,
    change_model,
    fill_sums,
    last_event,
    residuals_of,
)

IMPOSSIBLE = 1e6


class Exchanges(NamedTuple):
    """`M` sets of up to `Q` exchanges; no patient stands twice in a set.

    Attributes
    ----------
    first, second : ndarray of int64, shape (M, Q)
        Patients; -1 behind the last exchange of a set.
    masks : ndarray of bool, shape (M, Q, P)
        Columns that each pair exchanges.
    """

    first: np.ndarray
    second: np.ndarray
    masks: np.ndarray

    @property
    def many(self) -> int:
        """Number of sets."""
        return self.first.shape[0]

    def take(self, which: np.ndarray) -> "Exchanges":
        """Return some of the sets, in the order of `which`."""
        return Exchanges(self.first[which], self.second[which], self.masks[which])

    def patients(self) -> np.ndarray:
        """Return the patients of each set, shape (M, 2 Q), -1 behind the last one."""
        both = np.hstack([self.first, self.second])
        return np.ascontiguousarray(-np.sort(-both, axis=1))


def single_exchanges(first: np.ndarray, second: np.ndarray, masks: np.ndarray) -> Exchanges:
    """Return sets of one exchange each, from arrays of shapes (M,), (M,) and (M, P)."""
    return Exchanges(first[:, None], second[:, None], masks[:, None, :])


def joined(parts: list[Exchanges]) -> Exchanges:
    """Join several lists into one as wide as the widest."""
    widest = max(part.first.shape[1] for part in parts)

    def wide(array: np.ndarray, filling) -> np.ndarray:
        missing = [(0, 0), (0, widest - array.shape[1]), (0, 0)][: array.ndim]
        return np.pad(array, missing, constant_values=filling)

    return Exchanges(
        np.concatenate([wide(part.first, -1) for part in parts]),
        np.concatenate([wide(part.second, -1) for part in parts]),
        np.concatenate([wide(part.masks, False) for part in parts]),
    )


@njit(cache=True, nogil=True)
def _write_proposal(rows, first, second, masks, slots, proposed):
    """Write one set's patients and their new rows; return the number of patients."""
    many = 0
    for q in range(first.shape[0]):
        if first[q] < 0:
            break
        slots[many], slots[many + 1] = first[q], second[q]
        for k in range(rows.shape[1]):
            one, other = rows[first[q], k], rows[second[q], k]
            proposed[many, k] = other if masks[q, k] else one
            proposed[many + 1, k] = one if masks[q, k] else other
        many += 2
    return many


@njit(cache=True, nogil=True)
def _is_changed(column, rows, slots, proposed, many):
    for q in range(many):
        if proposed[q, column] != rows[slots[q], column]:
            return True
    return False


@njit(cache=True, nogil=True)
def _effects(rows, design, first, second, masks, base, effects):
    """Write the residuals of a cohort and each set's effect on them."""
    patients, columns = rows.shape
    covariates, events = design.model.shape[0], design.event.sum()
    most = 2 * first.shape[1]
    sums = compiled_empty_sums(patients, columns, covariates, events)
    new = compiled_empty_sums(most, columns, covariates, events)
    fill_sums(rows, design, sums)
    inverse = np.zeros((covariates, covariates))
    residuals_of(design, sums, inverse, base)
    step, out = np.zeros(sums.weights.shape[1]), np.zeros(base.shape[0])
    slots, proposed = np.zeros(most, np.int64), np.zeros((most, columns), np.int64)
    for move in range(first.shape[0]):
        many = _write_proposal(rows, first[move], second[move], masks[move], slots, proposed)
        effects[move] = IMPOSSIBLE
        if not is_allowed(proposed, many, design.forbidden):
            continue
        last = last_event(design, slots, many)
        new.score[:], new.information[:] = sums.score, sums.information
        new.events[:] = sums.events
        for k in range(columns):
            if _is_changed(k, rows, slots, proposed, many):
                change_column(k, rows, design, sums, new, slots, proposed, many, last)
        change_model(design, sums, new, slots, proposed, many, last, step)
        if residuals_of(design, new, inverse, out):
            effects[move] = out - base


def effects_of(
    rows: np.ndarray, design: Design, exchanges: Exchanges
) -> tuple[np.ndarray, np.ndarray]:
    """Compute each set's effect on all residuals.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        What stays the same.
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
    _effects(rows, design, *exchanges, base, effects)
    return base, effects


def exchanged(rows: np.ndarray, exchanges: Exchanges) -> np.ndarray:
    """Return the cohort after all sets of a list; no patient may stand in two of them.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    exchanges : Exchanges
        The sets.

    Returns
    -------
    ndarray of int64, shape (n, P)
        A new array.
    """
    changed = rows.copy()
    for move in range(exchanges.many):
        for a, c, mask in zip(*(array[move] for array in exchanges), strict=True):
            if a >= 0:
                changed[a, mask], changed[c, mask] = rows[c, mask], rows[a, mask]
    return changed
