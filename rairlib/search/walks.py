"""The columns of a cohort, walked to their printed univariable rows one after the other.

A univariable row depends on its own column alone, so what one walk has reached the next ones keep.
"""

import numpy as np

from rairlib.search.column_walk import Model, Walk, walk_column
from rairlib.search.cox_fit import fitted_rows
from rairlib.search.cox_terms import Design
from rairlib.search.declaration import DeclaredStudy, ratio_centre
from rairlib.search.exact_column import printed_column
from rairlib.search.refits import flip_effects
from rairlib.search.schedule import Schedule
from rairlib.search.state import seed_of

CLIPPED = 400.0  # half units: farther off, a number of the model is a matter for the next stage


def walk_order(study: DeclaredStudy, rows: np.ndarray, design: Design) -> list[int]:
    """Return the columns with a printed row that may be exchanged, the hardest first.

    With `d` of `D` events at level 1, the squared standard error is at least 1/d + 1/(D - d);
    the closer the printed one comes to that, the fewer orders in time have it.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time.

    Returns
    -------
    list of int
        Positions.
    """
    columns = [k for k, c in enumerate(study.covariates) if c.univariable and not c.classes]
    return sorted(columns, key=lambda k: -_hardness(study, rows, design, k))


def _hardness(study, rows, design, column: int) -> float:
    ones = rows[design.event == 1, column].sum()
    zeros = design.event.sum() - ones
    if ones == 0 or zeros == 0:
        return 0.0
    error = ratio_centre(study.covariates[column].univariable)[1]
    return (1 / ones + 1 / zeros) / error**2


def model_distance(rows: np.ndarray, design: Design) -> float:
    """Return how far the multivariable rows are off: mean of absolute residuals, each clipped."""
    if len(design.model) == 0:
        return 0.0
    away = np.abs(fitted_rows(rows, design)[1] - design.model_target) / design.model_half
    return float(np.minimum(np.nan_to_num(away, nan=CLIPPED), CLIPPED).mean())


def walked(
    rows: np.ndarray, design: Design, column: int, error: float, schedule: Schedule, seed: int
) -> np.ndarray:
    """Walk one column to its printed row, with as little disturbance as can be had.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    column : int
        Which one.
    error : float
        Its printed standard error.
    schedule : Schedule
        Number and length of the walks.
    seed : int
        Of these walks.

    Returns
    -------
    ndarray of int64, shape (n, P)
        The cohort as it was if no walk met the print, or if its row was there already and none
        brings the model nearer; else, of the first kind of walk with a hit, the one with the
        least :func:`model_distance`.
    """
    printed = printed_column(rows, design, column)
    away = fitted_rows(rows[:, [column]], alone_model(design))[0][0] - printed.target
    there = (np.abs(away) <= schedule.walk_inside * printed.half).all()
    if there and design.place[column] < 0:
        return rows
    model = model_around(rows, design, column, schedule.walk_unit)
    kinds = zip(schedule.walk_pulls, schedule.walk_temperatures, schedule.walk_ends, strict=True)
    for number, (pull, temperature, end) in enumerate(kinds):
        hits = []
        for attempt in range(schedule.walk_tries):
            walk = Walk(
                steps=schedule.walk_steps,
                temperature=temperature,
                end=end,
                scale=schedule.walk_scale,
                pull=pull,
                inside=schedule.walk_inside,
                information=error**-2,
                seed=seed_of(seed, number, attempt),
            )
            changed = rows.copy()
            levels = np.ascontiguousarray(rows[:, column])
            if walk_column(levels, printed, walk, model):
                changed[:, column] = levels
                hits.append(changed)
        if there:
            hits.append(rows)
        if hits:
            return min(hits, key=lambda found: model_distance(found, design))
    return rows


def model_around(rows: np.ndarray, design: Design, column: int, unit: float) -> Model:
    """Return how the multivariable rows answer to one column, patient by patient.

    Each patient's other level is fitted anew; several at once only add up to first order.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        Order in time and printed rows.
    column : int
        The one that walks; outside the model it leaves the model where it is.
    unit : float
        Half units of the last digit that count as 1.

    Returns
    -------
    Model
        Without residuals if the column stands in no model.
    """
    if design.place[column] < 0:
        return Model(np.empty(0), np.empty((len(rows), 0)))
    left, flips = flip_effects(rows, design, column)
    return Model(left / unit, flips / unit)


def alone_model(design: Design) -> Design:
    """Return the design without its multivariable model."""
    return design._replace(model=np.empty(0, np.int64))
