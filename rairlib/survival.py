"""Time to an event: Kaplan-Meier curves, numbers at risk, follow-up and the log-rank test."""

import math

import numpy as np
import pandas as pd
from lifelines.statistics import multivariate_logrank_test
from scipy import stats

from rairlib.description import TestResult
from rairlib.errors import RairlibError
from rairlib.observation import aligned, patient_groups, survival_times

Z_95 = stats.norm.ppf(0.975)
INTERVALS = ("plain", "log-log")
CURVE_COLUMNS = ("time", "at_risk", "events", "censored", "survival", "se", "low", "high")


def kaplan_meier(time, event, interval: str = "plain") -> pd.DataFrame:
    """Estimate the share of patients without the event over time: products of (n - d) / n.

    Parameters
    ----------
    time, event
        As for :func:`rairlib.observation.survival_times`.
    interval : str
        ``plain``: survival ± 1.96 standard errors, cut at 0 and 1; ``log-log``: on the scale of
        log(-log survival). SPSS prints the standard error alone.

    Returns
    -------
    DataFrame
        One row for time 0 and for each distinct time; columns ``time, at_risk, events, censored,
        survival, se, low, high`` (survival as a proportion). The standard error is Greenwood's;
        it and the limits do not exist (NaN) once nobody is left, and the log-log limits do not
        exist before the first event.

    Raises
    ------
    RairlibError
        As :func:`~rairlib.observation.survival_times` does, or if the interval is another one.
    """
    if interval not in INTERVALS:
        raise RairlibError(f"the interval is {' or '.join(INTERVALS)}, not {interval!r}")
    data = survival_times(time, event)
    times = np.append(0.0, data["time"].to_numpy())
    moments, place = np.unique(times, return_inverse=True)
    events = np.bincount(place[1:], data["event"].to_numpy(), moments.size)
    ended = np.bincount(place[1:], minlength=moments.size)
    at_risk = ended[::-1].cumsum()[::-1]
    left = at_risk - events
    survival = np.cumprod(left / at_risk)
    # Greenwood: Var S = S² Σ d / (n (n - d)).
    spread = np.sqrt(np.cumsum(events / (at_risk * np.where(left > 0, left, np.nan))))
    low, high = _limits(survival, spread, interval)
    columns = (moments, at_risk, events, ended - events, survival, survival * spread, low, high)
    curve = pd.DataFrame(dict(zip(CURVE_COLUMNS, columns, strict=True)))
    return curve.astype({"events": int, "censored": int})


def _limits(survival, spread, interval: str) -> tuple[np.ndarray, np.ndarray]:
    """Return both limits; `spread` is the standard error of log survival."""
    if interval == "plain":
        width = Z_95 * survival * spread
        return np.maximum(survival - width, 0), np.minimum(survival + width, 1)
    begun = np.where((survival > 0) & (survival < 1), survival, np.nan)
    factor = np.exp(Z_95 * spread / np.log(begun))
    return begun ** (1 / factor), begun**factor


def survival_at(time, event, months, interval: str = "plain") -> pd.DataFrame:
    """Read the Kaplan-Meier estimate at given times.

    Parameters
    ----------
    time, event, interval
        As for :func:`kaplan_meier`.
    months : float or sequence of float
        When to read it, in the unit of `time`, not negative.

    Returns
    -------
    DataFrame
        One row per time asked for; columns ``months, percent, se, low, high, at_risk, reason``
        (estimates in percent). Beyond the last observation the estimate is NaN with the reason,
        unless all patients have had the event: then it is 0.

    Raises
    ------
    RairlibError
        As :func:`kaplan_meier` does, or if a time asked for is negative or missing.
    """
    curve = kaplan_meier(time, event, interval)
    end, rows = curve["time"].iloc[-1], []
    for month in _moments(months).astype(float):
        point = curve[curve["time"] <= month].iloc[-1]
        shown = [100 * point[name] for name in ("survival", "se", "low", "high")]
        reason = ""
        if month > end and point["survival"] > 0:
            shown, reason = [math.nan] * 4, f"the last patient was observed until {end:g} months"
        left = curve["at_risk"][curve["time"] >= month]
        rows.append((month, *shown, left.iloc[0] if month <= end else 0, reason))
    return pd.DataFrame(
        rows, columns=["months", "percent", "se", "low", "high", "at_risk", "reason"]
    )


def _moments(months) -> np.ndarray:
    """Return the times at which a curve is read; refuse what is not a number from 0 on."""
    asked = pd.Series(np.atleast_1d(np.asarray(months)))
    # As words, dates are no numbers.
    words = asked.astype(str) if asked.dtype.kind in "mM" else asked
    read = pd.to_numeric(words, errors="coerce")
    if not (read >= 0).all():
        raise RairlibError(f"survival cannot be read at {asked[~(read >= 0)].iloc[0]} months")
    return read.to_numpy()


def numbers_at_risk(time, months, group=None) -> pd.DataFrame:
    """Count the patients still under observation and free of the event just before given times.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        As for :func:`rairlib.observation.survival_times`.
    months : sequence of float
        When to count.
    group : array-like of str, shape (n,), optional
        Group of each patient; all in one group ``all`` without it.

    Returns
    -------
    DataFrame
        Columns ``group, months, at_risk``; groups in order of appearance.

    Raises
    ------
    RairlibError
        As :func:`~rairlib.observation.survival_times` does, or if a group is missing.
    """
    time, group = aligned(time=time, group=group)
    times = survival_times(time, np.zeros(len(time)))["time"]
    groups = patient_groups(["all"] * len(times) if group is None else group, times.index)
    return pd.DataFrame(
        [
            (name, month, int((part >= month).sum()))
            for name, part in times.groupby(groups, sort=False)
            for month in _moments(months)
        ],
        columns=["group", "months", "at_risk"],
    )


def median_survival(time, event) -> float:
    """Return the first time at which half of the patients or fewer are without the event.

    Parameters
    ----------
    time, event
        As for :func:`rairlib.observation.survival_times`.

    Returns
    -------
    float
        In the unit of `time`; NaN if the curve stays above one half: the median is not reached.
    """
    curve = kaplan_meier(time, event)
    # Products of shares can miss one half by their last digit.
    reached = curve["time"][curve["survival"] <= 0.5 + 1e-12]
    return math.nan if reached.empty else float(reached.iloc[0])


def median_follow_up(time, event) -> pd.DataFrame:
    """Estimate the median follow-up in the two ways in use.

    Parameters
    ----------
    time, event
        As for :func:`rairlib.observation.survival_times`.

    Returns
    -------
    DataFrame
        Columns ``method, n, median``: ``observed`` is the plain median of the times, which events
        shorten; ``reverse_kaplan_meier`` takes the events for censored and the censored for
        events (Schemper and Smith 1996, Controlled Clinical Trials 17:343-346), NaN if it is not
        reached.
    """
    data = survival_times(time, event)
    medians = {
        "observed": data["time"].median(),
        "reverse_kaplan_meier": median_survival(data["time"], 1 - data["event"]),
    }
    rows = [(method, len(data), median) for method, median in medians.items()]
    return pd.DataFrame(rows, columns=["method", "n", "median"])


def log_rank(time, event, group) -> TestResult:
    """Compare the curves of two or more groups with the log-rank test (Mantel-Cox).

    Parameters
    ----------
    time, event
        As for :func:`rairlib.observation.survival_times`.
    group : array-like of str, shape (n,)
        Group of each patient.

    Returns
    -------
    TestResult
        Method ``logrank``, the chi-squared statistic, groups - 1 degrees of freedom and p. As in
        R's ``survdiff``, a group that nobody represents at the first event or later does not
        count; a group without events does. Without events, with one group, or if all have the
        event at one time, NaN with the reason.

    Raises
    ------
    RairlibError
        As :func:`~rairlib.observation.survival_times` does, or if a group is missing.
    """
    time, event, group = aligned(time=time, event=event, group=group)
    data = survival_times(time, event)
    data["group"] = patient_groups(group, data.index)
    if not data["event"].any():
        return TestResult(method="logrank", reason="no patient has the event")
    data = data[data["time"] >= data["time"][data["event"] == 1].min()]
    degrees = data["group"].nunique() - 1
    if degrees < 1:
        return TestResult(method="logrank", reason="fewer than two groups are at risk")
    if data["event"].all() and np.ptp(data["time"]) == 0:
        return TestResult(method="logrank", reason="all patients have the event at one time")
    result = multivariate_logrank_test(data["time"], data["group"], data["event"])
    statistic = float(result.test_statistic)
    p_value = float(stats.chi2.sf(statistic, degrees))
    return TestResult(method="logrank", statistic=statistic, df=degrees, p_value=p_value)


def expected_events(time, event, group) -> pd.DataFrame:
    """Set the events of each group beside those expected if all groups had one hazard.

    Parameters
    ----------
    time, event, group
        As for :func:`log_rank`.

    Returns
    -------
    DataFrame
        Columns ``group, n, observed, expected``; groups in order of appearance. Expected is
        Σ d·nⱼ/n over the times of events, as the log-rank test adds it up.

    Raises
    ------
    RairlibError
        As :func:`log_rank` does.
    """
    time, event, group = aligned(time=time, event=event, group=group)
    data = survival_times(time, event)
    groups = patient_groups(group, data.index)
    times = np.sort(data["time"].to_numpy())
    moments, deaths = np.unique(data["time"][data["event"] == 1], return_counts=True)
    share = deaths / (len(times) - np.searchsorted(times, moments))
    rows = []
    for name, part in data.groupby(groups, sort=False):
        own = np.sort(part["time"].to_numpy())
        expected = share @ (len(own) - np.searchsorted(own, moments))
        rows.append((name, len(part), int(part["event"].sum()), float(expected)))
    return pd.DataFrame(rows, columns=["group", "n", "observed", "expected"])
