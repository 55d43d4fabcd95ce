"""A status that begins during follow-up: landmark analysis and time-dependent Cox regression."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from rairlib.cox import maximum, survival_columns, wald_table
from rairlib.errors import RairlibError
from rairlib.observation import numbers
from rairlib.regression import Coding, check_columns, check_dependence, covariate_columns


def landmark(frame: pd.DataFrame, time: str, months: float) -> pd.DataFrame:
    """Keep the patients who are under observation and free of the event after a landmark.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    time : str
        Column of the times to the event or to the end of observation.
    months : float
        The landmark, in the unit of the times; 0 keeps every patient with some follow-up.

    Returns
    -------
    DataFrame
        The patients with a longer time; their times count from the landmark.

    Raises
    ------
    RairlibError
        If the landmark is negative, a time is not usable or nobody is left.
    """
    if not months >= 0:
        raise RairlibError(f"a landmark cannot be at {months:g} months")
    check_columns(frame, [time], gaps=True)
    times = numbers(frame[time], frame.index, "time", least=0).to_numpy()
    left = frame[times > months].copy()
    if left.empty:
        raise RairlibError(f"nobody is under observation after {months:g} months")
    left[time] = times[times > months] - months
    return left


def time_dependent_cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    start: str,
    covariates: Mapping[str, Coding] | None = None,
) -> pd.DataFrame:
    """Fit a Cox regression on a status that begins during follow-up.

    A patient counts without the status until it begins, with it from then on; a status that begins
    at the event or later explains nothing of it.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    time, event : str
        As for :func:`rairlib.cox.cox`; times are positive.
    start : str
        Column of the times at which the status begins; 0 from the outset, NaN never.
    covariates : mapping of str to tuple of str or None, optional
        Covariates that do not change, as for :func:`rairlib.cox.cox`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.cox.cox`, ties by Efron's method. The first term reads ``START: begun vs
        not begun`` with the name of the column.

    Raises
    ------
    RairlibError
        If a column or value is not usable, all events fall within one status, or an estimate is
        not finite.
    """
    data = survival_columns(frame, time, event)
    if (data["time"] == 0).any():
        raise RairlibError(f"{time}: {int((data['time'] == 0).sum())} patients have no follow-up")
    check_columns(frame, [start], gaps=True)
    columns = covariate_columns(frame, covariates or {})
    begins = numbers(frame[start], frame.index, f"begin of {start}", least=0, never=True)
    rows, spells = _spells(data["time"].to_numpy(), data["event"].to_numpy(), begins.to_numpy())
    if spells["status"][spells["event"] == 1].nunique() < 2:
        raise RairlibError(f"{start}: all events fall within one status, no finite hazard ratio")
    columns = columns.iloc[rows].reset_index(drop=True)
    term = f"{start}: begun vs not begun"
    columns.insert(0, term, spells["status"], allow_duplicates=True)
    check_dependence(columns)
    method = partial(maximum, spells, ties="efron", entry=spells["entry"].to_numpy())
    return wald_table(method, columns, spells["event"], len(frame))


def _spells(time, event, begins) -> tuple[np.ndarray, pd.DataFrame]:
    """Split each patient's follow-up where the status begins; return whose spell each is, too."""
    begins = np.fmin(begins, time)
    before, after = np.flatnonzero(begins > 0), np.flatnonzero(begins < time)
    # Only the order counts; who enters at a time comes under observation after what happens then.
    moments = np.unique(np.concatenate([begins, time]))
    begins, time = 2 * np.searchsorted(moments, begins), 2 * np.searchsorted(moments, time)
    still = event * (begins == time)
    parts = [(0, begins, still, 0.0, before), (begins + 1, time, event, 1.0, after)]
    names = ("entry", "time", "event", "status")
    spells = [
        pd.DataFrame(dict(zip(names, values, strict=True))).iloc[rows] for *values, rows in parts
    ]
    return np.concatenate([before, after]), pd.concat(spells, ignore_index=True)
