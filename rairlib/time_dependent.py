"""A status that begins during follow-up: landmark analysis and time-dependent Cox regression."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from lifelines import CoxTimeVaryingFitter
from lifelines.exceptions import ConvergenceError
from scipy import stats

from rairlib.cox import LIFELINES_OPTIONS, TROUBLES, Z_95, survival_columns
from rairlib.errors import RairlibError
from rairlib.regression import Coding, covariate_columns, estimate_table


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
        If the landmark is negative or nobody is left.
    """
    if not months >= 0:
        raise RairlibError(f"a landmark cannot be at {months:g} months")
    times = pd.to_numeric(frame[time])
    left = frame[times > months]
    if left.empty:
        raise RairlibError(f"nobody is under observation after {months:g} months")
    return left.assign(**{time: times[left.index] - months})


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
    columns = covariate_columns(frame, covariates or {})
    begins = pd.to_numeric(frame[start])
    if (begins < 0).any():
        raise RairlibError(f"{start}: a status cannot begin before follow-up does")
    term = f"{start}: begun vs not begun"
    spells = _spells(data, begins.fillna(np.inf), term).join(columns, on="row")
    shares = spells[term][spells["event"] == 1]
    if shares.nunique() < 2:
        raise RairlibError(f"{start}: all events fall within one status, no finite hazard ratio")
    return _fit(spells, len(frame))


def _spells(data: pd.DataFrame, begins: pd.Series, term: str) -> pd.DataFrame:
    """Split each patient's follow-up where the status begins."""
    before = data.assign(start=0.0, stop=np.minimum(begins, data["time"]), **{term: 0.0})
    before["event"] = before["event"].where(begins >= data["time"], 0)
    after = data.assign(start=begins, stop=data["time"], **{term: 1.0})[begins < data["time"]]
    spells = pd.concat([before[before["stop"] > 0], after])
    return spells.drop(columns="time").rename_axis("row").reset_index()


def _fit(spells: pd.DataFrame, patients: int) -> pd.DataFrame:
    fitter = CoxTimeVaryingFitter()
    with warnings.catch_warnings():
        for category in TROUBLES:
            warnings.simplefilter("error", category)
        try:
            columns = {"event_col": "event", "start_col": "start", "stop_col": "stop"}
            fitter.fit(spells, **columns, id_col="row", fit_options=LIFELINES_OPTIONS)
        except (*TROUBLES, ConvergenceError, np.linalg.LinAlgError) as problem:
            reason = str(problem).splitlines()[0]
            raise RairlibError(f"the Cox regression did not converge: {reason}") from problem
    estimate, error = fitter.params_, fitter.standard_errors_
    p_value = pd.Series(2 * stats.norm.sf(abs(estimate / error)), estimate.index)
    limits = (estimate - Z_95 * error, estimate + Z_95 * error)
    sizes = (patients, int(spells["event"].sum()))
    return estimate_table(estimate, *limits, p_value, sizes, "hazard_ratio")
