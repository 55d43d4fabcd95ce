"""Cox regression: Breslow and Efron ties, ridge and Firth's penalty, in one estimate schema."""

import warnings
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
from firthmodels import FirthCoxPH
from lifelines import CoxPHFitter
from lifelines.exceptions import ApproximationWarning, ConvergenceError
from lifelines.exceptions import ConvergenceWarning as LifelinesWarning
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from rairlib.errors import RairlibError
from rairlib.firth import penalised_fit
from rairlib.observation import survival_times
from rairlib.regression import (
    Coding,
    check_columns,
    check_errors,
    covariate_columns,
    estimate_table,
)

Z_95 = stats.norm.ppf(0.975)
TIES = ("breslow", "efron")
PRECISION = 1e-10
# lifelines stops on half the score's squared length in the metric of the information, or on a
# change of the likelihood; its defaults leave errors of 1e-4 in the coefficients.
LIFELINES_OPTIONS = {"precision": 1e-16, "r_precision": 1e-15}
TROUBLES = (
    ApproximationWarning,
    LifelinesWarning,
    ConvergenceWarning,
    HessianInversionWarning,
    RuntimeWarning,
)


def cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Mapping[str, Coding],
    ties: str = "breslow",
) -> pd.DataFrame:
    """Fit a proportional hazards regression, with Wald intervals and p values.

    Parameters
    ----------
    frame : DataFrame
        One row per patient; a column ``patient``, if there is one, names them in messages.
    time, event : str
        Columns of the times and events, as for :func:`rairlib.observation.survival_times`.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last, such as ``("≥55", "<55")``; None for a
        numeric column.
    ties : str
        How tied events are handled: ``breslow`` as SPSS does, ``efron`` as R and lifelines do.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``; for each term a
        ``coefficient`` (log hazard) and a ``hazard_ratio`` row. A term reads ``age_55: ≥55 vs
        <55``, or is the column's name if numeric.

    Raises
    ------
    RairlibError
        If times, events, columns or levels are not usable, the covariates determine one another,
        or an estimate is infinite, for example because nobody with a level has the event.
    """
    if ties not in TIES:
        raise RairlibError(f"ties are handled by {' or '.join(TIES)}, not {ties!r}")
    data = survival_columns(frame, time, event)
    columns = cox_columns(frame, covariates)
    _check_events(frame, data["event"], covariates)
    return wald_table(partial(maximum, data, ties=ties), columns, data["event"])


def ridge_cox(
    frame: pd.DataFrame, time: str, event: str, covariates: Mapping[str, Coding], penalty: float
) -> pd.DataFrame:
    """Fit a proportional hazards regression with a ridge penalty, ties by Efron's method.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`cox`; a level may be without events.
    penalty : float
        λ > 0 of the penalty n·λ/2·Σ(β·sd)² on the log partial likelihood, sd being the standard
        deviation of each column (lifelines' ``penalizer``).

    Returns
    -------
    DataFrame
        As for :func:`cox`. The estimates are drawn towards 1 on purpose, so their Wald intervals,
        from the penalised information, do not cover the truth as often as they say.

    Raises
    ------
    RairlibError
        As :func:`cox` does, or if the penalty is not positive.
    """
    if not 0 < penalty < np.inf:
        raise RairlibError(f"a ridge penalty must be positive and finite; got {penalty:g}")
    data = survival_columns(frame, time, event)
    columns = cox_columns(frame, covariates)
    return wald_table(partial(_ridge, data, penalty=penalty), columns, data["event"])


def firth_cox(
    frame: pd.DataFrame, time: str, event: str, covariates: Mapping[str, Coding]
) -> pd.DataFrame:
    """Fit a proportional hazards regression with Firth's penalty, ties by Breslow's method.

    Parameters
    ----------
    frame, time, event, covariates
        As for :func:`cox`; a level may be without events, the estimates are finite all the same.

    Returns
    -------
    DataFrame
        As for :func:`cox`; limits of the profile penalised likelihood and p values of the
        penalised likelihood-ratio test (Heinze and Schemper 2001, Biometrics 57:114-119).

    Raises
    ------
    RairlibError
        If times, events, columns or levels are not usable, or the fit does not converge.
    """
    data = survival_columns(frame, time, event)
    columns = cox_columns(frame, covariates)
    outcome = (data["event"].to_numpy() == 1, data["time"].to_numpy())
    sizes = (len(data), int(data["event"].sum()))
    return estimate_table(
        columns.columns, penalised_fit(FirthCoxPH, columns, outcome), sizes, "hazard_ratio"
    )


def survival_columns(frame: pd.DataFrame, time: str, event: str) -> pd.DataFrame:
    """Return the checked times and events of a frame, in its order and with its index.

    Parameters
    ----------
    frame, time, event
        As for :func:`cox`.

    Returns
    -------
    DataFrame
        Columns ``time`` and ``event``.

    Raises
    ------
    RairlibError
        If a column is absent, a value is not usable, or no patient has the event.
    """
    check_columns(frame, (time, event), gaps=True)
    names = frame["patient"] if "patient" in frame.columns else frame.index
    data = survival_times(pd.Series(frame[time].to_numpy(), index=names), frame[event].to_numpy())
    if not data["event"].any():
        raise RairlibError(f"{event}: no patient has the event")
    return data.set_axis(frame.index)


def cox_columns(frame: pd.DataFrame, covariates: Mapping[str, Coding]) -> pd.DataFrame:
    """Return the columns of the covariates of a Cox regression; there must be one at least.

    Parameters
    ----------
    frame, covariates
        As for :func:`cox`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.regression.covariate_columns` returns them.

    Raises
    ------
    RairlibError
        As that function does, or if there is no covariate.
    """
    columns = covariate_columns(frame, covariates)
    if columns.empty:
        raise RairlibError("a Cox regression needs a covariate")
    return columns


def _check_events(frame, events: pd.Series, covariates) -> None:
    """Name the level without events: its hazard ratio is 0 or infinite."""
    for name, coding in covariates.items():
        for level in coding or ():
            if not events[frame[name] == level].any():
                raise RairlibError(
                    f"{name}: no patient with level {level!r} has the event, so the hazard ratio "
                    "is 0 or infinite; use firth_cox"
                )


def wald_table(method, columns: pd.DataFrame, events: pd.Series, patients: int = 0) -> pd.DataFrame:
    """Fit on columns of one scale and mean; refuse what did not converge or has no usable error.

    Parameters
    ----------
    method : callable
        Takes an array of columns; returns coefficients and their standard errors.
    columns : DataFrame
        Covariates, as :func:`cox_columns` returns them.
    events : Series of int
        1 where a row ends with the event.
    patients : int
        How many there are, if not one per row.

    Returns
    -------
    DataFrame
        As :func:`cox` returns it.

    Raises
    ------
    RairlibError
        If the fit did not converge or an estimate is not finite.
    """
    scale = columns.std(ddof=1).to_numpy()
    with warnings.catch_warnings():
        for category in TROUBLES:
            warnings.simplefilter("error", category)
        try:
            found = method(((columns - columns.mean()) / scale).to_numpy())
        except (*TROUBLES, ConvergenceError, np.linalg.LinAlgError) as problem:
            reason = str(problem).splitlines()[0]
            raise RairlibError(f"the Cox regression did not converge: {reason}") from problem
    estimate, error = (np.asarray(values) / scale for values in found)
    infinite = "so together the covariates leave the hazard ratio without a finite estimate"
    check_errors(columns, error, f"{infinite}; use firth_cox")
    p_value = 2 * stats.norm.sf(abs(estimate / error))
    values = np.column_stack([estimate, estimate - Z_95 * error, estimate + Z_95 * error, p_value])
    sizes = (patients or len(events), int(events.sum()))
    return estimate_table(columns.columns, values, sizes, "hazard_ratio")


def partial_likelihood(
    data: pd.DataFrame, columns: np.ndarray, ties: str = "breslow", entry=None
) -> PHReg:
    """Return the partial likelihood of a Cox regression, not yet fitted.

    Parameters
    ----------
    data : DataFrame
        What :func:`survival_columns` returns.
    columns : ndarray, shape (n, terms)
        Covariates.
    ties : str
        As for :func:`cox`.
    entry : array-like of float, shape (n,), optional
        When each row comes under observation.

    Returns
    -------
    PHReg
        The model of statsmodels.
    """
    time, status = data["time"].to_numpy(), data["event"].to_numpy()
    return PHReg(time, columns, status=status, ties=ties, entry=entry)


def maximum(
    data: pd.DataFrame, columns: np.ndarray, ties: str, entry=None
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients at the maximum of the partial likelihood and their standard errors.

    Parameters
    ----------
    data, columns, ties, entry
        As for :func:`partial_likelihood`.

    Returns
    -------
    estimate, error : ndarray, shape (terms,)
        From the information at the maximum.
    """
    fit = partial_likelihood(data, columns, ties, entry).fit(maxiter=100, tol=PRECISION)
    return fit.params, fit.bse


def _ridge(data, columns: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    # Names that no column of the times and events has.
    named = pd.DataFrame(columns, data.index).add_prefix("x")
    table = pd.concat([data, named], axis=1)
    fitter = CoxPHFitter(penalizer=penalty)
    fitter.fit(table, "time", "event", fit_options=LIFELINES_OPTIONS)
    return fitter.params_, fitter.standard_errors_
