"""Time to an event: Kaplan-Meier curves, numbers at risk, follow-up and the log-rank test."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from rairlib.errors import RairlibError
from rairlib.stats.description import TestResult
from rairlib.stats.observation import Z_95, follow_up, survival_times, whole

INTERVALS = ("plain", "log", "log-log")
CURVE_COLUMNS = ("time", "at_risk", "events", "censored", "survival", "se", "low", "high")


def kaplan_meier(time, event, interval: str = "plain") -> pd.DataFrame:
    """Estimate the share of patients without the event over time: products of (n - d) / n.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Time to the event or to the end of observation, not negative; a Series names the patients
        by its index, anything else by their place, from 1 on.
    event : array-like of bool, 0/1 or yes/no, shape (n,)
        Whether the event occurred at that time.
    interval : str
        ``plain``: survival ± 1.96 standard errors, cut at 0 and 1; ``log``: on the scale of log
        survival, as R does unless told otherwise; ``log-log``: on that of log(-log survival), as
        lifelines does. SPSS prints the standard error alone.

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
        If the interval is another one, there are no patients, or a time or an event is not usable;
        the first such patient is named.
    """
    return pd.DataFrame(_curve(time, event, interval))


def _check_interval(interval: str) -> None:
    if interval not in INTERVALS:
        raise RairlibError(f"the interval is {' or '.join(INTERVALS)}, not {interval!r}")


def _curve(time, event, interval: str) -> dict[str, np.ndarray]:
    """Return the columns of a curve."""
    _check_interval(interval)
    _, data = follow_up(time, event)
    moments, place = np.unique(np.append(0.0, data["time"]), return_inverse=True)
    ended = np.bincount(place[1:], minlength=moments.size)
    events = np.bincount(place[1:][data["event"] == 1], minlength=moments.size)
    at_risk = ended[::-1].cumsum()[::-1]
    left = at_risk - events
    survival = np.cumprod(left / at_risk)
    # Greenwood: Var S = S² Σ d / (n (n - d)).
    spread = np.sqrt(np.cumsum(events / (at_risk * np.where(left > 0, left, np.nan))))
    limits = _limits(survival, spread, interval)
    columns = (moments, at_risk, events, ended - events, survival, survival * spread, *limits)
    return dict(zip(CURVE_COLUMNS, columns, strict=True))


def _limits(survival, spread, interval: str) -> tuple[np.ndarray, np.ndarray]:
    """Return both limits; `spread` is the standard error of log survival."""
    if interval == "plain":
        width = Z_95 * survival * spread
        return np.maximum(survival - width, 0), np.minimum(survival + width, 1)
    if interval == "log":
        factor = np.exp(Z_95 * spread)
        return survival / factor, np.minimum(survival * factor, 1)
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
    from rairlib.stats import kernels  # Numba: `rairlib audit` needs none and starts without it

    _check_interval(interval)
    (_, data), asked = follow_up(time, event), _moments(months).astype(float)
    times = np.sort(data["time"])
    survival, error = kernels.survival_at(data["time"], data["event"], asked)
    with np.errstate(invalid="ignore"):  # nobody left: no error, no limits
        shown = np.array([survival, error, *_limits(survival, error / survival, interval)])
    unseen = f"the last patient was observed until {times[-1]:g} months"
    columns = (
        asked,
        *100 * shown,
        times.size - np.searchsorted(times, asked),
        np.where(np.isnan(survival), unseen, "").astype(object),
    )
    names = ("months", "percent", "se", "low", "high", "at_risk", "reason")
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def _moments(months) -> np.ndarray:
    """Return the times at which a curve is read; refuse what is not a number from 0 on."""
    asked = read = np.atleast_1d(np.asarray(months))
    if asked.dtype.kind not in "biuf":
        # As words, dates are no numbers.
        words = pd.Series(asked)
        words = words.astype(str) if words.dtype.kind in "mM" else words
        read = pd.to_numeric(words, errors="coerce").to_numpy()
    if not (read >= 0).all():
        raise RairlibError(f"survival cannot be read at {asked[~(read >= 0)][0]} months")
    return read


def median_survival(time, event, interval: str = "log") -> dict[str, float]:
    """Return the median survival and its limits.

    Parameters
    ----------
    time, event, interval
        As for :func:`kaplan_meier`.

    Returns
    -------
    dict of str to float
        ``median``, the first time at which half of the patients or fewer are without the event;
        ``low`` and ``high``, the first times at which the lower and the upper limit of the curve
        are at one half or below; NaN where that is not reached.
    """
    curve, found = _curve(time, event, interval), {}
    for name, column in (("median", "survival"), ("low", "low"), ("high", "high")):
        # Products of shares can miss one half by their last digit.
        reached = curve["time"][curve[column] <= 0.5 + 1e-12]
        found[name] = float(reached[0]) if reached.size else math.nan
    return found


def median_follow_up(time, event) -> pd.DataFrame:
    """Estimate the median follow-up in the two ways in use.

    Parameters
    ----------
    time, event
        As for :func:`kaplan_meier`.

    Returns
    -------
    DataFrame
        Columns ``method, n, median``: ``observed`` is the plain median of the times, which events
        shorten; ``reverse_kaplan_meier`` takes the events for censored and the censored for
        events (Schemper and Smith 1996, Controlled Clinical Trials 17:343-346), NaN if it is not
        reached.
    """
    _, data = follow_up(time, event)
    reverse, n = median_survival(data["time"], 1 - data["event"])["median"], data["time"].size
    rows = [("observed", n, np.median(data["time"])), ("reverse_kaplan_meier", n, reverse)]
    return pd.DataFrame(rows, columns=["method", "n", "median"])


def log_rank(time, event, group) -> TestResult:
    """Compare the curves of two or more groups with the log-rank test (Mantel-Cox).

    Parameters
    ----------
    time, event
        As for :func:`kaplan_meier`.
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
        As :func:`kaplan_meier` does, or if a group is missing.
    """
    from rairlib.stats import kernels  # Numba: `rairlib audit` needs none and starts without it

    _, data = follow_up(time, event, group)
    patients = (data["time"], data["event"], pd.factorize(data["group"])[0])
    statistic, df = map(float, kernels.log_rank(*patients))
    if np.isnan(statistic):
        return TestResult(method="logrank", reason=_why_no_log_rank(*patients))
    p_value = float(special.chdtrc(df, statistic))
    return TestResult(method="logrank", statistic=statistic, df=int(df), p_value=p_value)


def _why_no_log_rank(times, events, codes) -> str:
    if not events.any():
        return "no patient has the event"
    if np.ptp(codes[times >= times[events == 1].min()]) == 0:
        return "fewer than two groups are at risk"
    return "all patients have the event at one time"


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
    """
    deaths, at_risk, table = _events_of_groups(survival_times(time, event, group))
    return table.assign(expected=deaths / at_risk.sum(axis=1) @ at_risk)


def _events_of_groups(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return events and patients at risk by time and group, and the size and events of groups."""
    moments, deaths = np.unique(data["time"][data["event"] == 1], return_counts=True)
    rows, at_risk = [], []
    for name, part in data.groupby("group", sort=False):
        own = np.sort(part["time"].to_numpy())
        at_risk.append(len(own) - np.searchsorted(own, moments))
        rows.append((name, len(part), int(part["event"].sum())))
    return deaths, np.column_stack(at_risk), pd.DataFrame(rows, columns=["group", "n", "observed"])


def _log_rank_statistic(observed, deaths, at_risk: np.ndarray) -> float:
    """Compute U' V⁻¹ U of all groups but the last, from sizes by time of event and group."""
    size = at_risk.sum(axis=1)
    share, spread = (
        at_risk / size[:, np.newaxis],
        deaths * (size - deaths) / np.maximum(size - 1, 1),
    )
    excess = (observed - deaths @ share)[:-1]
    variance = np.diag(spread @ share) - (share.T * spread) @ share
    return float(excess @ np.linalg.pinv(variance[:-1, :-1]) @ excess)


# --- The log-rank statistics that can stand beside a Cox fit of the same two groups -----------
# Let p be the share of group 1 among the patients at risk when an event occurs, b the fitted log
# hazard ratio, h = exp(b) and q = p h / (1 - p + p h) the share that the fit expects. The fit says
# that the sum of q over the events is the number of events in group 1 (the score equation) and that
# the sum of w = q (1 - q) is the information, 1 / SE². With s = q + h (1 - q), which lies between 1
# and h,
#
#     q - p = (h - 1) w / s    and    p (1 - p) = h w / s².
#
# The log-rank statistic is U² / V with U = Σ (q - p), observed minus expected, and V = Σ p (1 - p)
# as long as no two events share a time. Two inequalities then enclose it:
#
# * **above** (Cauchy-Schwarz): (Σ w/s)² ≤ Σ w · Σ w/s², so U² / V ≤ (h - 1)²/h · Σ w, which is
#   ``4 sinh²(b/2) / SE²``;
# * **below** (Kantorovich): (Σ w/s)² ≥ 4h/(1 + h)² · Σ w · Σ w/s², so U² / V is at least
#   ``4 tanh²(b/2) / SE²``.
#
# Neither needs the number of events or of patients. The upper one is attained where the share at
# risk
# stays the same from event to event.
#
# **Shared times.** With m of r patients failing together, Breslow's fit counts each of them with
# the
# same q, so that U keeps its form; the log-rank variance is multiplied by f = (r - m)/(r - 1). The
# upper limit is then divided by the smallest f. As f is at least (r - m)/r, the step of the
# Kaplan-Meier curve of both groups together, a statistic above the upper limit by a factor k needs
# one time at which this curve falls to 1/k of its height or lower.


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxFit:
    """What a Cox fit of two groups, Breslow ties, is known to be.

    Attributes
    ----------
    log_ratio : (float, float)
        Smallest and largest log hazard ratio of group 1 against group 0.
    standard_error : (float, float)
        Smallest and largest standard error of it, both positive.
    """

    log_ratio: tuple[float, float]
    standard_error: tuple[float, float]

    def __post_init__(self) -> None:
        """Refuse limits in the wrong order and errors that are not positive."""
        if self.log_ratio[0] > self.log_ratio[1]:
            raise RairlibError("log hazard ratio: the lower limit is above the upper limit")
        if not 0 < self.standard_error[0] <= self.standard_error[1]:
            raise RairlibError("standard error: the limits must be positive and in order")

    @property
    def size(self) -> tuple[float, float]:
        """Smallest and largest distance of the log hazard ratio from 0."""
        near, far = sorted(abs(end) for end in self.log_ratio)
        return 0.0 if self.log_ratio[0] <= 0 <= self.log_ratio[1] else near, far

    @property
    def information(self) -> tuple[float, float]:
        """Smallest and largest ``1 / SE²``."""
        return 1 / self.standard_error[1] ** 2, 1 / self.standard_error[0] ** 2

    @property
    def hazard_ratio(self) -> tuple[float, float]:
        """Smallest and largest hazard ratio."""
        return math.exp(self.log_ratio[0]), math.exp(self.log_ratio[1])


def logrank_limits(fit: CoxFit) -> tuple[float, float]:
    """Enclose the log-rank statistic of the two groups of a Cox fit, distinct event times.

    Parameters
    ----------
    fit : CoxFit
        Log hazard ratio and standard error, known to rounding.

    Returns
    -------
    (float, float)
        ``4 tanh²(b/2) / SE²`` at its smallest and ``4 sinh²(b/2) / SE²`` at its largest; the proof
        stands at the head of this module.
    """
    (smallest, largest), (least, most) = fit.size, fit.information
    return 4 * math.tanh(smallest / 2) ** 2 * least, 4 * math.sinh(largest / 2) ** 2 * most


def wald_statistic(fit: CoxFit) -> tuple[float, float]:
    """Return the smallest and largest ``(b / SE)²``, which lies between the log-rank limits."""
    (smallest, largest), (least, most) = fit.size, fit.information
    return smallest**2 * least, largest**2 * most


def fall_that_ties_need(statistic: float, fit: CoxFit) -> float:
    """Say how far the curve of all patients must fall at once for a log-rank statistic.

    Parameters
    ----------
    statistic : float
        Log-rank statistic, positive.
    fit : CoxFit
        Cox fit of the same two groups.

    Returns
    -------
    float
        The Kaplan-Meier curve of both groups together must, at one time at least, fall to this
        share of its height or lower; 1 if no shared times are needed.
    """
    return min(1.0, logrank_limits(fit)[1] / statistic)


def risk_sets(sizes, group_fails, losses=()) -> np.ndarray:
    """Write down the patients at risk at each event of a follow-up told in words.

    Parameters
    ----------
    sizes : sequence of int, length k
        Patients of each group at the start.
    group_fails : array-like of int, shape (events,)
        Group of the patient who fails, 0 to k - 1, in order of time.
    losses : sequence of (int, int, int)
        Event (1 for the first), group, and how many of the group are censored just before it;
        everybody else without an event is censored after the last one.

    Returns
    -------
    ndarray of int, shape (events, k)
        Patients at risk in each group just before each event.
    """
    fails = whole("group_fails", group_fails)
    gone = np.zeros((len(fails), len(sizes)), dtype=int)
    for event, group, patients in losses:
        gone[event - 1 :, group] += patients
    failed = np.cumsum(np.eye(len(sizes), dtype=int)[fails], axis=0)
    failed = np.vstack([np.zeros(len(sizes), dtype=int), failed[:-1]])
    return np.asarray(sizes) - gone - failed


def logrank_from_risk_sets(group_fails, at_risk) -> float:
    """Compute the log-rank statistic from the sequence of events, one event per time.

    Parameters
    ----------
    group_fails : array-like of int, shape (events,)
        Group of the patient who fails, 0 to k - 1, in order of time.
    at_risk : array-like of int, shape (events, k)
        Patients at risk in each group just before the event, the failing one included.

    Returns
    -------
    float
        ``U' V⁻¹ U`` of all groups but the last, with V pseudo-inverted; 0 for one group.

    Raises
    ------
    RairlibError
        If a patient fails in a group without patients at risk.
    """
    fails, at_risk = whole("group_fails", group_fails), whole("at_risk", at_risk).astype(float)
    if (at_risk[np.arange(len(fails)), fails] < 1).any():
        raise RairlibError("a patient fails in a group that has nobody at risk")
    observed = np.bincount(fails, minlength=at_risk.shape[1])
    return _log_rank_statistic(observed, np.ones(len(fails)), at_risk)
