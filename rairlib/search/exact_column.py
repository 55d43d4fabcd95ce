"""One univariable Cox model, fitted to the maximum and held against its printed row.

The row of a column depends on nothing but how many patients at risk have level 1 at each event
and how many events have it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cox_terms import PIVOT_LIMIT, Design, write_residuals

ITERATIONS_MAX = 12
STEP_LIMIT = 1e-9
LARGEST_STEP = 1.0


class PrintedColumn(NamedTuple):
    """One column's printed row, and what a cohort's order in time says.

    Attributes
    ----------
    at_risk, event, stratum : ndarray of int64, shape (n,)
        See :class:`rairlib.search.cox_terms.Design`; the stratum is 0 for all patients where the
        column is not counted by stratum.
    size : ndarray, shape (E,)
        Patients at risk at each event.
    code : ndarray of int64, shape (n,)
        Levels of the other columns of the kept joint table, as one number; 0 outside of it.
    barred : ndarray of bool, shape (n, 2)
        Levels that a patient may not have, the other columns given.
    events_low, events_high : float
        Events with level 1 that the print allows.
    beta : float
        Printed log hazard ratio.
    target, half : ndarray, shape (3,)
        Printed ratio and limits; half units of the last digit.
    """

    at_risk: np.ndarray
    event: np.ndarray
    stratum: np.ndarray
    size: np.ndarray
    code: np.ndarray
    barred: np.ndarray
    events_low: float
    events_high: float
    beta: float
    target: np.ndarray
    half: np.ndarray


def printed_column(rows: np.ndarray, design: Design, column: int) -> PrintedColumn:
    """Collect what exchanges of one column have to respect.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    column : int
        Position of the column.

    Returns
    -------
    PrintedColumn
        For the kernels.
    """
    events = int(design.event.sum())
    others = design.joint & (np.arange(rows.shape[1]) != column)
    code = np.zeros(len(rows), np.int64)
    if design.joint[column]:
        code = rows[:, others] @ (1 << np.arange(others.sum(), dtype=np.int64))
    barred = np.zeros((len(rows), 2), bool)
    for one, level, other, other_level in design.forbidden:
        for mine, mine_level, its, its_level in (
            (one, level, other, other_level),
            (other, other_level, one, level),
        ):
            if mine == column:
                barred[:, mine_level] |= rows[:, its] == its_level
    return PrintedColumn(
        at_risk=design.at_risk,
        event=design.event,
        stratum=design.stratum if design.stratified[column] else np.zeros_like(design.stratum),
        size=(design.at_risk[:, None] > np.arange(events)).sum(0).astype(float),
        code=code,
        barred=barred,
        events_low=float(design.events_low[column]),
        events_high=float(design.events_high[column]),
        beta=float(design.beta[column]),
        target=design.target[column].copy(),
        half=design.half[column].copy(),
    )


@njit(cache=True, nogil=True)
def ones_at_risk(levels, at_risk, events):
    """Count the patients at risk with level 1 at each event."""
    ones = np.zeros(events)
    for i in range(levels.shape[0]):
        if levels[i]:
            for e in range(at_risk[i]):
                ones[e] += 1.0
    return ones


@njit(cache=True, nogil=True, inline="always")
def move_one(ones, source, to):
    """Take level 1 from a patient at risk at `source` events and give it to one at `to`."""
    for e in range(to, source):
        ones[e] -= 1.0
    for e in range(source, to):
        ones[e] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def score_and_information(ones, size, events, beta):
    """Return score and information at `beta`; `events` have level 1."""
    ratio, score, information = np.exp(beta), events, 0.0
    for e in range(ones.shape[0]):
        risk = ones[e] * ratio
        share = risk / (size[e] - ones[e] + risk)
        score -= share
        information += share * (1.0 - share)
    return score, information


@njit(cache=True, nogil=True, error_model="numpy")
def fit_alone(ones, size, events, beta):
    """Fit a row from `beta` on; return its estimate and its information, 0 without a maximum."""
    for _ in range(ITERATIONS_MAX):
        score, information = score_and_information(ones, size, events, beta)
        if information <= PIVOT_LIMIT:
            break
        step = score / information
        beta += min(max(step, -LARGEST_STEP), LARGEST_STEP)
        if abs(step) < STEP_LIMIT:
            return beta, information
    return beta, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def farthest_residual(ones, size, events, beta, target, half, out):
    """Fit the row from `beta` on and return its largest residual, in half units.

    `out` gets all three; without a maximum the answer is infinite.
    """
    estimate, information = fit_alone(ones, size, events, beta)
    if information == 0.0:
        return np.inf
    write_residuals(estimate, 1.0 / np.sqrt(information), target, half, out)
    return max(abs(out[0]), abs(out[1]), abs(out[2]))
