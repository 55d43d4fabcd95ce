"""How far a cohort is from each number that it was searched for."""

import numpy as np
import pandas as pd

from rairlib.search.arrays import design_of, model_columns, timeline_targets, timing_of
from rairlib.search.cox_fit import fitted_rows
from rairlib.search.declaration import DeclaredStudy, Target
from rairlib.search.timeline import write_statistics

TIE = 1e-9


def timeline_values(
    study: DeclaredStudy, classes: np.ndarray, events: np.ndarray, marks: np.ndarray
) -> np.ndarray:
    """Compute the statistics of an order in time.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    classes, events, marks : ndarray of int64
        See :func:`rairlib.search.start.start_timeline`.

    Returns
    -------
    ndarray, shape (T,)
        In the order of :func:`rairlib.search.arrays.timeline_targets`.
    """
    timing = timing_of(study)
    many = int(events.sum())
    out = np.zeros(len(timing.target))
    at_risk = np.zeros((many, len(study.classes)), np.int64)
    write_statistics(classes, events, marks, timing, at_risk, np.zeros(many, np.int64), out)
    return out


def distances(
    study: DeclaredStudy,
    classes: np.ndarray,
    events: np.ndarray,
    marks: np.ndarray,
    rows: np.ndarray | None = None,
) -> pd.DataFrame:
    """Set the value of a cohort beside every number that it was searched for.

    Parameters
    ----------
    study : DeclaredStudy
        Checked.
    classes, events, marks : ndarray of int64
        Order in time.
    rows : ndarray of int64, shape (n, columns), optional
        Covariates; without them only the timeline is reported.

    Returns
    -------
    DataFrame
        Columns ``id``, ``model``, ``variable``,
        ``printed``, ``value``, ``hit`` (yes or no), ``digits`` (distance from the printed number
        in units of its last digit), ``percent`` (distance in percent of it).
    """
    records = [
        _record("timeline", "", target, value)
        for target, value in zip(
            timeline_targets(study), timeline_values(study, classes, events, marks), strict=True
        )
        if not _in_a_row(target, study) or rows is None
    ]
    if rows is not None:
        records += _row_records(study, rows, design_of(study, classes, events))
    return pd.DataFrame(records)


def _in_a_row(target: Target, study: DeclaredStudy) -> bool:
    """Whether a target of the timeline is also one of a covariate's row."""
    return any(target in covariate.univariable for covariate in study.covariates)


def _row_records(study, rows, design) -> list[dict]:
    univariable, multivariable = fitted_rows(rows, design)
    records = []
    for k, covariate in enumerate(study.covariates):
        for target, value in zip(covariate.univariable, univariable[k], strict=False):
            records.append(_record("univariable", covariate.variable, target, value))
    for place, k in enumerate(model_columns(study)):
        covariate = study.covariates[k]
        for target, value in zip(covariate.multivariable, multivariable[place], strict=True):
            records.append(_record("multivariable", covariate.variable, target, value))
    return records


def _record(model: str, variable: str, target: Target, value: float) -> dict:
    away = float(value) - target.value
    hit = target.low - TIE <= value <= target.high + TIE
    return {
        "id": target.id,
        "model": model,
        "variable": variable,
        "printed": target.text,
        "value": float(value),
        "hit": "yes" if hit else "no",
        "digits": away / (2 * target.half),
        "percent": 100 * away / target.value if target.value else float("nan"),
    }
