"""The log-rank statistics that can stand beside a Cox fit of the same two groups.

Let p be the share of group 1 among the patients at risk when an event occurs, b the fitted log
hazard ratio, h = exp(b) and q = p h / (1 - p + p h) the share that the fit expects. The fit says
that the sum of q over the events is the number of events in group 1 (the score equation) and that
the sum of w = q (1 - q) is the information, 1 / SE². With s = q + h (1 - q), which lies between 1
and h,

    q - p = (h - 1) w / s    and    p (1 - p) = h w / s².

The log-rank statistic is U² / V with U = Σ (q - p), observed minus expected, and V = Σ p (1 - p)
as long as no two events share a time. Two inequalities then enclose it:

* **above** (Cauchy-Schwarz): (Σ w/s)² ≤ Σ w · Σ w/s², so U² / V ≤ (h - 1)²/h · Σ w, which is
  ``4 sinh²(b/2) / SE²``;
* **below** (Kantorovich): (Σ w/s)² ≥ 4h/(1 + h)² · Σ w · Σ w/s², so U² / V is at least
  ``4 tanh²(b/2) / SE²``.

Neither needs the number of events or of patients. The upper one is attained where the share at risk
stays the same from event to event.

**Shared times.** With m of r patients failing together, Breslow's fit counts each of them with the
same q, so that U keeps its form; the log-rank variance is multiplied by f = (r - m)/(r - 1). The
upper limit is then divided by the smallest f. As f is at least (r - m)/r, the step of the
Kaplan-Meier curve of both groups together, a statistic above the upper limit by a factor k needs
one time at which this curve falls to 1/k of its height or lower.
"""

import math
from dataclasses import dataclass

import numpy as np

from rairlib.errors import RairlibError
from rairlib.observation import whole


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
    sizes = sorted(abs(end) for end in fit.log_ratio)
    smallest = 0.0 if fit.log_ratio[0] <= 0 <= fit.log_ratio[1] else sizes[0]
    information = fit.information
    low = 4 * math.tanh(smallest / 2) ** 2 * information[0]
    return low, 4 * math.sinh(sizes[1] / 2) ** 2 * information[1]


def wald_statistic(fit: CoxFit) -> tuple[float, float]:
    """Return the smallest and largest ``(b / SE)²``, which lies between the log-rank limits."""
    sizes = sorted(abs(end) for end in fit.log_ratio)
    smallest = 0.0 if fit.log_ratio[0] <= 0 <= fit.log_ratio[1] else sizes[0]
    return smallest**2 * fit.information[0], sizes[1] ** 2 * fit.information[1]


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
    share = at_risk / at_risk.sum(axis=1, keepdims=True)
    observed = np.eye(at_risk.shape[1])[fails]
    excess = (observed - share).sum(axis=0)[:-1]
    variance = np.diag(share.sum(axis=0)) - share.T @ share
    return float(excess @ np.linalg.pinv(variance[:-1, :-1]) @ excess)


def cox_from_risk_sets(group_fails, at_risk) -> tuple[float, float]:
    """Fit a Cox model of two groups to a sequence of events, one event per time.

    Parameters
    ----------
    group_fails, at_risk
        As for :func:`logrank_from_risk_sets`, with the groups 0 and 1.

    Returns
    -------
    log_ratio, standard_error : float
        Of group 1 against group 0; infinite log ratio and NaN where no finite maximum exists.

    Notes
    -----
    Newton's method in halved steps on the concave log partial likelihood.
    """
    fails, at_risk = whole("group_fails", group_fails), whole("at_risk", at_risk).astype(float)
    mixed = (at_risk > 0).all(axis=1)
    observed, others = fails[mixed].sum(), at_risk[mixed]
    if observed in (0, mixed.sum()):
        return math.inf * (1 if observed else -1), math.nan
    b = 0.0
    for _ in range(100):
        weights = others[:, 1] * math.exp(b)
        expected = weights / (weights + others[:, 0])
        step = (observed - expected.sum()) / (expected * (1 - expected)).sum()
        b += max(-1.0, min(1.0, step))
        if abs(step) < 1e-12:
            break
    return b, float(1 / math.sqrt((expected * (1 - expected)).sum()))
