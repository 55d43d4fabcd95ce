"""Cox regression: Breslow and Efron ties, ridge and Firth's penalty, in one estimate schema."""

import warnings
from collections.abc import Mapping

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
from rairlib.regression import LARGEST_STANDARD_ERROR, Coding, covariate_columns, estimate_table

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
    columns = covariate_columns(frame, covariates)
    _check_events(frame, data["event"], covariates)
    estimate, error = _fit(_breslow if ties == "breslow" else _efron, data, columns)
    return _wald(estimate, error, data["event"])


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
    if not penalty > 0:
        raise RairlibError(f"a ridge penalty must be positive; got {penalty:g}")
    data = survival_columns(frame, time, event)
    columns = covariate_columns(frame, covariates)
    estimate, error = _fit(lambda *given: _efron(*given, penalty), data, columns)
    return _wald(estimate, error, data["event"])


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
    columns = covariate_columns(frame, covariates)
    outcome = (data["event"].to_numpy() == 1, data["time"].to_numpy())
    fit = penalised_fit(FirthCoxPH, columns, outcome)
    return _table(*(fit[name] for name in fit), data["event"])


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
    for column in (time, event):
        if column not in frame.columns:
            raise RairlibError(f"no column {column!r} in the data")
    names = frame["patient"] if "patient" in frame.columns else frame.index
    data = survival_times(pd.Series(frame[time].to_numpy(), index=names), frame[event].to_numpy())
    if not data["event"].any():
        raise RairlibError(f"{event}: no patient has the event")
    return data.set_axis(frame.index)


def _check_events(frame, events: pd.Series, covariates) -> None:
    """Name the level without events: its hazard ratio is 0 or infinite."""
    for name, coding in covariates.items():
        for level in coding or ():
            if not events[frame[name] == level].any():
                raise RairlibError(
                    f"{name}: no patient with level {level!r} has the event, so the hazard ratio "
                    "is 0 or infinite; use firth_cox"
                )


def _fit(method, data: pd.DataFrame, columns: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Fit on columns of one scale; refuse what did not converge or has no usable error."""
    scale = columns.std(ddof=1)
    with warnings.catch_warnings():
        for category in TROUBLES:
            warnings.simplefilter("error", category)
        try:
            estimate, error = method(data, columns / scale)
        except (*TROUBLES, ConvergenceError, np.linalg.LinAlgError) as problem:
            reason = str(problem).splitlines()[0]
            raise RairlibError(f"the Cox regression did not converge: {reason}") from problem
    if not (error < LARGEST_STANDARD_ERROR).all():
        worst = error.fillna(np.inf).idxmax()
        raise RairlibError(
            f"{worst}: the standard error is {error[worst] / scale[worst]:.3g}, so together the "
            "covariates leave the hazard ratio without a finite estimate; use firth_cox"
        )
    return estimate / scale, error / scale


def breslow_model(data: pd.DataFrame, columns: pd.DataFrame) -> PHReg:
    """Return the partial likelihood of a Cox regression with Breslow ties, not yet fitted.

    Parameters
    ----------
    data : DataFrame
        What :func:`survival_columns` returns.
    columns : DataFrame
        Covariates, as :func:`rairlib.regression.covariate_columns` returns them.

    Returns
    -------
    PHReg
        The model of statsmodels.
    """
    status = data["event"].to_numpy()
    return PHReg(data["time"].to_numpy(), columns.to_numpy(), status=status, ties="breslow")


def _breslow(data: pd.DataFrame, columns: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    fit = breslow_model(data, columns).fit(maxiter=100, tol=PRECISION)
    return pd.Series(fit.params, columns.columns), pd.Series(fit.bse, columns.columns)


def _efron(data, columns, penalty: float = 0.0) -> tuple[pd.Series, pd.Series]:
    table = pd.concat([data, columns], axis=1)
    fitter = CoxPHFitter(penalizer=penalty)
    fitter.fit(table, "time", "event", fit_options=LIFELINES_OPTIONS)
    return fitter.params_, fitter.standard_errors_


def _wald(estimate: pd.Series, error: pd.Series, events: pd.Series) -> pd.DataFrame:
    p_value = pd.Series(2 * stats.norm.sf(abs(estimate / error)), estimate.index)
    return _table(estimate, estimate - Z_95 * error, estimate + Z_95 * error, p_value, events)


def _table(estimate, low, high, p_value, events: pd.Series) -> pd.DataFrame:
    sizes = (len(events), int(events.sum()))
    return estimate_table(estimate, low, high, p_value, sizes, "hazard_ratio")
