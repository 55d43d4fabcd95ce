"""The nomogram of a logistic model of main effects: points, total points and risk.

The axes follow the R package rms (function ``nomogram``). Each predictor's axis has R's ``pretty``
values around its range. The predictor whose axis spans most on the logit scale gets 0 to 100
points, the others in proportion; each starts at 0 points where its contribution is smallest. rms
draws a predictor with ten or fewer distinct values at these values instead; that is not done here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from rairlib.errors import RairlibError, unknown
from rairlib.stats.observation import aligned, finite, number, whole

MOST_POINTS = 100.0
INTERVALS = 10
# R's tolerance for "the range ends on a tick", in ticks.
ROUNDING = 1e-10
POINTS, TOTAL, RISK = "points", "total points", "risk"
AXIS_COLUMNS = ("axis", "scale", "value", "position")


def pretty(low: float, high: float, intervals: int = INTERVALS) -> np.ndarray:
    """Return round, equally spaced values that cover a range, as R's ``pretty`` does."""
    low, high = number("low", low), number("high", high)
    intervals = whole("intervals", intervals, 1)
    if not low < high:
        raise RairlibError(f"a range needs a low end below its high end; got {low} to {high}")
    step = _round_step((high - low) / intervals)
    first = np.floor(low / step + ROUNDING)
    last = np.ceil(high / step - ROUNDING)
    return np.arange(first, last + 1) * step


def _round_step(cell: float) -> float:
    """Choose the unit; larger ones are preferred, 5 more than 2 and 10."""
    base = 10.0 ** np.floor(np.log10(cell))
    step = base
    for factor, bias in ((2, 1.5), (5, 2.75), (10, 1.5)):
        if factor * base - cell >= bias * (cell - step):
            break
        step = factor * base
    return step


@dataclass(frozen=True, slots=True, kw_only=True)
class Nomogram:
    """Scales of a nomogram.

    Attributes
    ----------
    coefficients : dict of str to float
        Log odds per unit of each predictor.
    ticks : dict of str to ndarray
        Values on each predictor's axis, ascending.
    points_per_logit : float
        Length of one unit of log odds in points.
    logit_at_zero : float
        Log odds at 0 total points.
    logit_ticks, total_ticks : ndarray
        Values on the axes of log odds and of total points.
    """

    coefficients: dict[str, float]
    ticks: dict[str, np.ndarray]
    points_per_logit: float
    logit_at_zero: float
    logit_ticks: np.ndarray
    total_ticks: np.ndarray

    def points(self, predictor: str, value):
        """Return the points of a value.

        Parameters
        ----------
        predictor : str
            Name of a predictor.
        value : float or array-like
            Its value; beyond the axis the points go below 0 or beyond 100.

        Returns
        -------
        float or ndarray
            Points.

        Raises
        ------
        RairlibError
            If there is no such predictor or a value is missing.
        """
        if predictor not in self.coefficients:
            raise RairlibError(unknown(predictor, "predictor", self.coefficients))
        coefficient = self.coefficients[predictor]
        least = float((coefficient * self.ticks[predictor]).min())
        return (coefficient * finite(predictor, value) - least) * self.points_per_logit

    def total_points(self, values: Mapping[str, float]):
        """Return the sum of points of a patient, or of many.

        Parameters
        ----------
        values : mapping of str to float or array-like
            The value of every predictor; Series are matched by their index.

        Returns
        -------
        float or ndarray
            Total points.

        Raises
        ------
        RairlibError
            If a predictor or a value is missing, or the values are not of the same patients.
        """
        missing = [name for name in self.coefficients if name not in values]
        if missing:
            raise RairlibError(f"no value of {', '.join(missing)}")
        many = {name: values[name] for name in self.coefficients if np.ndim(values[name])}
        values = {**values, **dict(zip(many, aligned(**many), strict=True))}
        return sum(self.points(name, values[name]) for name in self.coefficients)

    def risk_of_total(self, total):
        """Return the risk (0 to 1) of total points."""
        return expit(finite("total", total) / self.points_per_logit + self.logit_at_zero)

    def total_of_risk(self, risk):
        """Return the total points of a risk above 0 and below 1; inverse of the other."""
        risk = finite("risk", risk)
        if not ((risk > 0) & (risk < 1)).all():
            raise RairlibError("risk: total points need a risk above 0 and below 1")
        return (logit(risk) - self.logit_at_zero) * self.points_per_logit


def nomogram(
    intercept: float,
    coefficients: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    logit_range: tuple[float, float] | None = None,
) -> Nomogram:
    """Lay out the nomogram of a logistic model.

    Parameters
    ----------
    intercept : float
        Log odds where all predictors are 0.
    coefficients : mapping of str to float
        Log odds per unit of each predictor, not 0.
    ranges : mapping of str to (float, float)
        Smallest and largest value of each predictor among the patients.
    logit_range : (float, float), optional
        Smallest and largest linear predictor among the patients, on which rms bases the length
        of the axes of total points and risk. By default what the predictors' axes can reach.

    Returns
    -------
    Nomogram
        Scales.

    Raises
    ------
    RairlibError
        If a number is missing, a range is missing or empty, or a coefficient is 0.
    """
    intercept = number("intercept", intercept)
    _check(coefficients, ranges)
    ticks = {name: pretty(*ranges[name]) for name in coefficients}
    spans = [coefficients[name] * ticks[name] for name in coefficients]
    points_per_logit = MOST_POINTS / max(np.ptp(span) for span in spans)
    at_zero = intercept + sum(float(span.min()) for span in spans)
    reach = logit_range or (at_zero, intercept + sum(float(span.max()) for span in spans))
    logit_ticks = pretty(*reach)
    most = max(MOST_POINTS, (logit_ticks[-1] - at_zero) * points_per_logit)
    return Nomogram(
        coefficients=dict(coefficients),
        ticks=ticks,
        points_per_logit=points_per_logit,
        logit_at_zero=at_zero,
        logit_ticks=logit_ticks,
        total_ticks=pretty(0.0, most),
    )


def _check(coefficients: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> None:
    if not coefficients:
        raise RairlibError("coefficients: a nomogram needs one predictor or more")
    for name, coefficient in coefficients.items():
        if name not in ranges:
            raise RairlibError(f"{name}: no range")
        ends = finite(name, ranges[name])
        if ends.shape != (2,) or not ends[0] < ends[1]:
            raise RairlibError(f"{name}: a range needs a low end below its high end; got {ends}")
        if not np.isfinite(coefficient) or coefficient == 0:
            raise RairlibError(f"{name}: the coefficient is {coefficient}, so it has no points")


def nomogram_axes(scales: Nomogram, risks) -> pd.DataFrame:
    """Return all axes of a nomogram, one row per tick.

    Parameters
    ----------
    scales : Nomogram
        See :func:`nomogram`.
    risks : array-like of float
        Probabilities to mark on the risk axis; those beyond the axis of log odds are left out.

    Returns
    -------
    DataFrame
        Columns ``axis`` (``points``, each predictor, ``total points``, ``risk``), ``scale``
        (``points`` or ``total points``: what the position counts), ``value`` (at the tick) and
        ``position``.
    """
    hundred = np.linspace(0, MOST_POINTS, INTERVALS + 1)
    marked = finite("risks", risks).ravel()
    if not ((marked > 0) & (marked < 1)).all():
        raise RairlibError("risks: probabilities above 0 and below 1 are needed")
    inside = (logit(marked) >= scales.logit_ticks[0]) & (logit(marked) <= scales.logit_ticks[-1])
    axes = [(POINTS, POINTS, hundred, hundred)]
    axes += [
        (name, POINTS, ticks, scales.points(name, ticks)) for name, ticks in scales.ticks.items()
    ]
    axes.append((TOTAL, TOTAL, scales.total_ticks, scales.total_ticks))
    axes.append((RISK, TOTAL, marked[inside], scales.total_of_risk(marked[inside])))
    return pd.DataFrame(
        [
            (axis, scale, float(value), float(position))
            for axis, scale, values, positions in axes
            for value, position in zip(values, positions, strict=True)
        ],
        columns=list(AXIS_COLUMNS),
    )
