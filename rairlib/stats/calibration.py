"""Calibration: predicted against observed risk, in numbers and as a smooth curve."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import pandas as pd
from numba import njit
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.stats.logistic import ESTIMATE_COLUMNS, fit_logistic, wald
from rairlib.stats.observation import Z_95, aligned, finite, number, whole
from rairlib.stats.resampling import checked_rows, log_odds, outcomes_and_risks, percentile_limits

# --- Cleveland's lowess without robustness steps, point for point as R computes it ------------
# The package statsmodels has lowess too; where risks are tied it differs from R by up to 1e-6, and
# a
# calibration curve should not depend on the software.


SPAN = 2 / 3
# Points nearer than this share of the range to the last fitted one are interpolated.
DELTA_SHARE = 0.01
NEAR, FAR = 0.001, 0.999


@njit(cache=True, nogil=True)
def _local_line(x, y, at, left, right, weights):
    """Return the value at one point of the line fitted with tricube weights."""
    n = x.shape[0]
    width = max(at - x[left], x[right] - at)
    total, end = 0.0, left
    while end < n:
        distance = abs(x[end] - at)
        weights[end] = 0.0
        if distance <= FAR * width:
            near = distance <= NEAR * width
            weights[end] = 1.0 if near else (1.0 - (distance / width) ** 3) ** 3
            total += weights[end]
        elif x[end] > at:
            break
        end += 1
    used, values = weights[left:end] / total, x[left:end]
    if width > 0.0:
        centre = (used * values).sum()
        spread = (used * (values - centre) ** 2).sum()
        if np.sqrt(spread) > NEAR * (x[n - 1] - x[0]):
            used = used * ((at - centre) / spread * (values - centre) + 1.0)
    return (used * y[left:end]).sum()


@njit(cache=True, nogil=True)
def _smooth(x, y, neighbours, delta):
    n = x.shape[0]
    fitted, weights = np.empty(n), np.empty(n)
    left, right, last, i = 0, neighbours - 1, -1, 0
    while True:
        while right < n - 1 and x[i] - x[left] > x[right + 1] - x[i]:
            left += 1
            right += 1
        fitted[i] = _local_line(x, y, x[i], left, right, weights)
        for j in range(last + 1, i):
            share = (x[j] - x[last]) / (x[i] - x[last])
            fitted[j] = share * fitted[i] + (1.0 - share) * fitted[last]
        last = i
        cut = x[last] + delta
        i = last + 1
        while i < n and x[i] <= cut:
            if x[i] == x[last]:
                fitted[i] = fitted[last]
                last = i
            i += 1
        i = max(last + 1, i - 1)
        if last >= n - 1:
            return fitted


def lowess(x, y, span: float = SPAN) -> tuple[np.ndarray, np.ndarray]:
    """Smooth y over x by local lines with tricube weights."""
    x, y = aligned(x=x, y=y)
    x, y, span = finite("x", x), finite("y", y), number("span", span)
    if x.shape != y.shape or x.ndim != 1 or x.size < 2:
        raise RairlibError("lowess needs two or more pairs of x and y")
    if not 0 < span <= 1:
        raise RairlibError(f"span: {span} is not above 0 and at most 1")
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    neighbours = max(2, min(x.size, int(span * x.size + 1e-7)))
    fitted = _smooth(x, y, neighbours, DELTA_SHARE * (x[-1] - x[0]))
    first = np.concatenate([[True], np.diff(x) > 0])
    return x[first], fitted[first]


# --- The Hosmer-Lemeshow test under the cutting rules of several programs ---------------------
# The test depends on how patients are cut into groups of similar risk. SAS publishes its rule, R's
# can be read in the code of its packages, SPSS's is not public. So the spread over rules and
# numbers
# of groups is part of the result. Patients of equal risk are never separated.


GROUPS = 10


def _nearest_size(sizes: np.ndarray, groups: int) -> np.ndarray:
    """Close a group where its size comes nearest to n/groups."""
    target, labels, group, filled = sizes.sum() / groups, [], 0, 0
    for size in sizes:
        full = filled and abs(filled - target) <= abs(filled + size - target)
        if full and group < groups - 1:
            group, filled = group + 1, 0
        labels.append(group)
        filled += size
    return np.array(labels)


def _nearest_total(sizes: np.ndarray, groups: int) -> np.ndarray:
    """End group k where the patients so far come nearest to k·n/groups."""
    totals = np.cumsum(sizes)
    targets = totals[-1] * np.arange(1, groups) / groups
    ends = abs(totals[:, np.newaxis] - targets).argmin(axis=0)
    return np.searchsorted(np.unique(ends), np.arange(sizes.size), side="left")


def _sas(sizes: np.ndarray, groups: int) -> np.ndarray:
    """Fill groups of ⌊n/groups + ½⌋ and join a last one of half the size or less, as SAS does."""
    n, labels, group, filled = int(sizes.sum()), [], 0, 0
    target = (2 * n + groups) // (2 * groups)
    for size in sizes:
        if labels and not (filled < target and filled + size // 2 <= target):
            group, filled = group + 1, 0
        labels.append(group)
        filled += size
    labels = np.array(labels)
    return np.minimum(labels, max(group - 1, 0)) if filled <= n // (2 * groups) else labels


def _quantile(sizes: np.ndarray, groups: int, method: str) -> np.ndarray:
    """Cut at quantiles of the risk; a risk equal to a cut belongs below it."""
    # Ordinals of the patterns stand for the risks at the type's own order statistics.
    patients = np.repeat(np.arange(sizes.size), sizes)
    cuts = np.quantile(patients, np.arange(1, groups) / groups, method=method).round(9)
    if method == "linear":
        cuts = cuts[cuts > 0]
    return np.searchsorted(np.unique(cuts), np.arange(sizes.size), side="left")


def _mean_rank(sizes: np.ndarray, groups: int) -> np.ndarray:
    """Give patients of mean rank r group ⌊r·groups/(n+1)⌋, as SPSS ranks into n-tiles."""
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    return np.floor(ranks * groups / (sizes.sum() + 1) + 1e-9).astype(int)


RULES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "nearest size": _nearest_size,
    "nearest total": _nearest_total,
    "quantile, R type 7": partial(_quantile, method="linear"),
    "quantile, SPSS type 6": partial(_quantile, method="weibull"),
    "mean rank": _mean_rank,
    "SAS": _sas,
}


def risk_groups(event, risk, groups: int = GROUPS, rule: str = "nearest size") -> pd.DataFrame:
    """Cut patients into groups of similar risk and compare expected with observed events."""
    event, risk = outcomes_and_risks(event, risk)
    if rule not in RULES:
        raise RairlibError(f"the cutting rule is one of {', '.join(RULES)}, not {rule!r}")
    groups = int(whole("groups", groups, 3))
    _, pattern, sizes = np.unique(risk, return_inverse=True, return_counts=True)
    label = RULES[rule](sizes, groups)[pattern]
    data = pd.DataFrame({"label": label, "risk": risk, "event": event}).groupby("label")
    table = data.agg(
        n=("risk", "size"),
        risk_low=("risk", "min"),
        risk_high=("risk", "max"),
        mean_risk=("risk", "mean"),
        expected=("risk", "sum"),
        events=("event", "sum"),
        share=("event", "mean"),
    ).reset_index(drop=True)
    table.insert(0, "group", np.arange(1, len(table) + 1))
    return table.astype({"events": int})


def hosmer_lemeshow(
    event, risk, groups: int = GROUPS, rule: str = "nearest size", *, validation: bool = False
) -> pd.DataFrame:
    """Test whether outcomes agree with predicted risks in groups of similar risk.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    risk : array-like of float, shape (n,)
        Predicted risks from 0 to 1.
    groups : int
        Number of groups wanted, at least 3; ties can leave fewer, SAS's rule a few more.
    rule : str
        One of :data:`RULES`.
    validation : bool
        False if the model was fitted to these patients: groups - 2 degrees of freedom, as SPSS
        always has it. True if it comes from others: as many degrees of freedom as groups.

    Returns
    -------
    DataFrame
        One row; columns ``rule, wanted, groups, statistic, df, p_value``. Statistic and p are NaN
        where fewer than 3 groups remain or a group's expected events are 0 or all (Hosmer and
        Lemeshow 1980, Communications in Statistics A9:1043-1069).

    Raises
    ------
    RairlibError
        If a value is not usable, the rule is unknown or fewer than 3 groups are wanted.
    """
    table = risk_groups(event, risk, groups, rule)
    n, expected = table["n"], table["expected"]
    parts = (table["events"] - expected) ** 2 / (expected * (1 - expected / n))
    usable = len(table) > 2 and ((expected > 0) & (expected < n)).all()
    statistic = float(parts.sum()) if usable else np.nan
    df = len(table) if validation else len(table) - 2
    row = (rule, groups, len(table), statistic, df, stats.chi2.sf(statistic, df))
    return pd.DataFrame([row], columns=["rule", "wanted", "groups", "statistic", "df", "p_value"])


def hosmer_lemeshow_spread(
    event, risk, groups: Iterable[int] = range(6, 13), *, validation: bool = False
) -> pd.DataFrame:
    """Repeat the Hosmer-Lemeshow test over all cutting rules and numbers of groups.

    Parameters
    ----------
    event, risk, validation
        As for :func:`hosmer_lemeshow`.
    groups : iterable of int
        Numbers of groups wanted.

    Returns
    -------
    DataFrame
        One row per rule and number; columns as for :func:`hosmer_lemeshow`.
    """
    numbers = np.atleast_1d(whole("groups", list(groups) if np.iterable(groups) else groups, 3))
    if not numbers.size:
        raise RairlibError("groups: one number of groups or more is needed")
    tests = [
        hosmer_lemeshow(event, risk, number, rule, validation=validation)
        for rule in RULES
        for number in numbers
    ]
    return pd.concat(tests, ignore_index=True)


# --- Restricted cubic splines: smooth curves that are straight beyond the outer knots ---------


# Harrell's quantiles for few knots (Regression Modeling Strategies, 2nd edition, Table 2.3).
QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}


def spline_knots(values, knots: int = 4) -> np.ndarray:
    """Place knots at quantiles of a variable.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        The variable.
    knots : int
        3, 4 or 5.

    Returns
    -------
    ndarray of float, shape (knots,)
        Ascending.

    Raises
    ------
    RairlibError
        If another number is asked for, or quantiles coincide.
    """
    if whole("knots", knots) not in QUANTILES:
        raise RairlibError(f"knots must be 3, 4 or 5; got {knots}")
    places = np.quantile(finite("values", values), QUANTILES[knots])
    if (np.diff(places) <= 0).any():
        raise RairlibError("two knots coincide: too many patients have the same value")
    return places


def restricted_cubic_spline(values, knots) -> np.ndarray:
    """Return the columns of a restricted cubic spline.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        The variable.
    knots : array-like of float, shape (k,)
        Ascending, at least three.

    Returns
    -------
    ndarray of float, shape (n, k - 1)
        The variable itself, then k - 2 nonlinear columns, scaled by the squared distance of the
        outer knots as rms does (Harrell, Regression Modeling Strategies, equation 2.25).

    Raises
    ------
    RairlibError
        If a value is missing, or there are fewer than three knots or none ascending.
    """
    x, t = finite("values", values), finite("knots", knots)
    if x.ndim != 1 or t.ndim != 1 or t.size < 3 or (np.diff(t) <= 0).any():
        raise RairlibError(f"knots: three or more, ascending, are needed; got {t.tolist()}")
    cubes = np.maximum(x[:, np.newaxis] - t, 0.0) ** 3
    last = t[-1] - t[-2]
    bent = (
        cubes[:, :-2]
        - cubes[:, [-2]] * (t[-1] - t[:-2]) / last
        + cubes[:, [-1]] * (t[-2] - t[:-2]) / last
    )
    return np.column_stack([x, bent / (t[-1] - t[0]) ** 2])


# --- Calibration: predicted against observed risk, in numbers and as a smooth curve -----------


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
        ("calibration_in_the_large", *wald(large.coefficients, large.standard_errors)[0]),
        ("calibration_slope", *wald(joint.coefficients, joint.standard_errors, null=1.0)[1]),
        ("calibration_intercept", *wald(joint.coefficients, joint.standard_errors)[0]),
        _observed_expected(event, risk),
        *((name, value, *[np.nan] * 3) for name, value in _errors(event, risk).items()),
    ]
    sizes = (event.size, int(event.sum()))
    return pd.DataFrame([(term, *row, *sizes) for row in rows], columns=list(ESTIMATE_COLUMNS))


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
    """Return the mean squared difference between outcome and risk."""
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
    """Smooth outcomes over predicted risks, as rms does: lowess without robustness steps."""
    event, risk = outcomes_and_risks(event, risk)
    values, observed = lowess(risk, event, span)
    if grid is None:
        return pd.DataFrame({"risk": values, "observed": observed})
    grid = finite("grid", grid)
    return pd.DataFrame({"risk": grid, "observed": curve_at(event, risk, grid, span)})


def curve_at(event: np.ndarray, risk: np.ndarray, grid: np.ndarray, span: float = SPAN):
    """Return the smooth calibration curve at given risks, without checks."""
    values, observed = lowess(risk, event, span)
    if values.size < 2:
        return np.full(grid.shape, np.nan)
    return np.interp(grid, values, observed, left=np.nan, right=np.nan)


def calibration_band(event, risk, grid, rows, level: float = 0.95) -> pd.DataFrame:
    """Put a bootstrap percentile band around a calibration curve; the model stays as it is.

    Parameters
    ----------
    event, risk
        As for :func:`hosmer_lemeshow`.
    grid : array-like of float
        Risks at which the band is wanted.
    rows : Resamples, or ndarray of int, shape (resamples, n)
        Row numbers of the patients in each resample, from
        :func:`rairlib.stats.resampling.bootstrap_rows`.
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
        If a value or a row number is not usable.
    """
    event, risk = outcomes_and_risks(event, risk)
    curve = calibration_curve(event, risk, grid)
    grid, rows = curve["risk"].to_numpy(), checked_rows(rows, event.size)
    curves = np.array([curve_at(event[row], risk[row], grid) for row in rows])
    low, high = percentile_limits(curves, level)
    return curve.assign(low=low, high=high, resamples=np.isfinite(curves).sum(axis=0))
