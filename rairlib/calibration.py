"""Calibration: predicted against observed risk, in numbers and as a smooth curve."""

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.fast_logistic import fit_logistic
from rairlib.lowess import SPAN, lowess
from rairlib.observation import finite, whole
from rairlib.predicted_risks import log_odds, outcomes_and_risks
from rairlib.regression import ESTIMATE_COLUMNS, Z_95
from rairlib.resampling import checked_rows, percentile_limits

GRID_SIZE = 50


def calibration_estimates(event, risk, term: str = "model") -> pd.DataFrame:
    """Estimate how well predicted risks agree with outcomes.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks, strictly between 0 and 1.
    term : str
        Name of the model.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``; limits are 95 % and
        NaN where there are none. Rows:

        * ``calibration_in_the_large``: intercept of a logistic model with the log odds as offset;
          Wald limits, p of 0;
        * ``calibration_slope``: coefficient of the log odds; Wald limits, p of 1;
        * ``calibration_intercept``: the intercept beside that slope; Wald limits, p of 0;
        * ``observed_expected``: events over expected events; limits on the log scale with
          SE² = 1/events - 1/n (Debray et al. 2017, BMJ 356:i6460);
        * ``brier``, ``scaled_brier`` (1 - Brier / Brier of the prevalence);
        * ``ici``, ``e90``, ``e_max``: mean, 90th percentile and maximum of the distance between
          risks and smooth curve (rms: Eavg, E90, Emax).

    Raises
    ------
    RairlibError
        If a value is missing, a risk is not strictly between 0 and 1, all patients have the same
        outcome, or all have the same risk.
    """
    event, risk = outcomes_and_risks(event, risk)
    linear = log_odds(risk)
    if np.ptp(linear) == 0:
        raise RairlibError("risk: all patients have the same risk, so there is no slope")
    ones = np.ones_like(linear)
    large = fit_logistic(event, ones[:, np.newaxis], linear)
    joint = fit_logistic(event, np.column_stack([ones, linear]))
    rows = [
        _wald("calibration_in_the_large", large, 0, 0.0),
        _wald("calibration_slope", joint, 1, 1.0),
        _wald("calibration_intercept", joint, 0, 0.0),
        _observed_expected(event, risk),
        *((name, value, *[np.nan] * 3) for name, value in _errors(event, risk).items()),
    ]
    sizes = (event.size, int(event.sum()))
    return pd.DataFrame([(term, *row, *sizes) for row in rows], columns=list(ESTIMATE_COLUMNS))


def _wald(name, fit, place: int, null: float) -> tuple:
    estimate, error = fit.coefficients[place], fit.standard_errors[place]
    p_value = 2 * stats.norm.sf(abs(estimate - null) / error)
    return name, estimate, estimate - Z_95 * error, estimate + Z_95 * error, p_value


def _observed_expected(event, risk) -> tuple:
    ratio = event.sum() / risk.sum()
    error = np.sqrt(1 / event.sum() - 1 / event.size)
    low, high = ratio * np.exp(-Z_95 * error), ratio * np.exp(Z_95 * error)
    return "observed_expected", ratio, low, high, 2 * stats.norm.sf(abs(np.log(ratio)) / error)


def _errors(event, risk) -> dict[str, float]:
    brier, prevalence = brier_score(event, risk), event.mean()
    values, observed = lowess(risk, event)
    distance = abs(risk - observed[np.searchsorted(values, risk)])
    return {
        "brier": brier,
        "scaled_brier": 1 - brier / (prevalence * (1 - prevalence)),
        "ici": distance.mean(),
        "e90": np.quantile(distance, 0.9),
        "e_max": distance.max(),
    }


def brier_score(event, risk) -> float:
    """Return the mean squared difference between outcome and risk.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1.

    Returns
    -------
    float
        From 0 (best) to 1.

    Raises
    ------
    RairlibError
        As :func:`rairlib.predicted_risks.outcomes_and_risks` does.
    """
    event, risk = outcomes_and_risks(event, risk)
    return float(np.mean((event - risk) ** 2))


def risk_grid(risk, points: int = GRID_SIZE) -> np.ndarray:
    """Return the grid on which rms draws a calibration curve.

    Parameters
    ----------
    risk : array-like of float, shape (n,)
        Predicted risks; at least eleven.
    points : int
        Number of grid points.

    Returns
    -------
    ndarray of float, shape (points,)
        Even steps from the fifth smallest to the fifth largest risk.

    Raises
    ------
    RairlibError
        If there are fewer than eleven risks.
    """
    ordered, points = np.sort(finite("risk", risk)), int(whole("points", points, 2))
    if ordered.size < 11:
        raise RairlibError(f"risk: {ordered.size} values are too few for a grid, 11 are needed")
    return np.linspace(ordered[4], ordered[-5], points)


def calibration_curve(event, risk, grid=None, span: float = SPAN) -> pd.DataFrame:
    """Smooth outcomes over predicted risks, as rms does: lowess without robustness steps.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1.
    grid : array-like of float, optional
        Risks at which the curve is wanted, by linear interpolation; the distinct risks
        themselves if not given.
    span : float
        Share of the patients that each local line uses.

    Returns
    -------
    DataFrame
        Columns ``risk, observed``; NaN where the grid leaves the range of the risks.

    Raises
    ------
    RairlibError
        As :func:`rairlib.predicted_risks.outcomes_and_risks` does.
    """
    event, risk = outcomes_and_risks(event, risk)
    values, observed = lowess(risk, event, span)
    if grid is None:
        return pd.DataFrame({"risk": values, "observed": observed})
    grid = finite("grid", grid)
    return pd.DataFrame({"risk": grid, "observed": curve_at(event, risk, grid, span)})


def curve_at(event: np.ndarray, risk: np.ndarray, grid: np.ndarray, span: float = SPAN):
    """Return the smooth calibration curve at given risks, without checks.

    Parameters
    ----------
    event, risk : ndarray of float, shape (n,)
        Outcomes (1 or 0) and risks.
    grid : ndarray of float
        Risks at which the curve is wanted.
    span : float
        Share of the patients that each local line uses.

    Returns
    -------
    ndarray of float
        NaN outside the range of the risks, or if all risks are equal.
    """
    values, observed = lowess(risk, event, span)
    if values.size < 2:
        return np.full(grid.shape, np.nan)
    return np.interp(grid, values, observed, left=np.nan, right=np.nan)


def calibration_band(event, risk, grid, rows, level: float = 0.95) -> pd.DataFrame:
    """Put a bootstrap percentile band around a calibration curve; the model stays as it is.

    Parameters
    ----------
    event, risk
        As for :func:`calibration_curve`.
    grid : array-like of float
        Risks at which the band is wanted.
    rows : ndarray of int, shape (resamples, n)
        Row numbers of the patients in each resample, from
        :func:`rairlib.resampling.bootstrap_rows`.
    level : float
        Share of resamples between the limits at each risk.

    Returns
    -------
    DataFrame
        Columns ``risk, observed, low, high, resamples``: the last counts the resamples whose risks
        reach the grid point. The band is pointwise; it may leave 0 to 1, as lowess itself may.

    Raises
    ------
    RairlibError
        As :func:`calibration_curve` and :func:`rairlib.resampling.checked_rows` do.
    """
    event, risk = outcomes_and_risks(event, risk)
    curve = calibration_curve(event, risk, grid)
    grid, rows = curve["risk"].to_numpy(), checked_rows(rows, event.size)
    curves = np.array([curve_at(event[row], risk[row], grid) for row in rows])
    low, high = percentile_limits(curves, level)
    return curve.assign(low=low, high=high, resamples=np.isfinite(curves).sum(axis=0))
