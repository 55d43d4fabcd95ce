"""The Hosmer-Lemeshow test under the cutting rules of several programs.

The test depends on how patients are cut into groups of similar risk. SAS publishes its rule, R's
can be read in the code of its packages, SPSS's is not public. So the spread over rules and numbers
of groups is part of the result. Patients of equal risk are never separated.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.observation import whole
from rairlib.predicted_risks import outcomes_and_risks

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
    """Fill groups of ⌊n/groups + ½⌋ and join a last one of half the size or less, as SAS does.

    Patients of one risk join a group that is not full if half of them fit in (SAS/STAT User's
    Guide, LOGISTIC procedure, "The Hosmer-Lemeshow Goodness-of-Fit Test"). The number of groups
    is approximate: rounding can give some more.
    """
    n, labels, group, filled = int(sizes.sum()), [], 0, 0
    target = (2 * n + groups) // (2 * groups)
    for size in sizes:
        if labels and not (filled < target and filled + size // 2 <= target):
            group, filled = group + 1, 0
        labels.append(group)
        filled += size
    labels = np.array(labels)
    return np.minimum(labels, max(group - 1, 0)) if filled <= n // (2 * groups) else labels


def _quantile(method: str) -> Callable[[np.ndarray, int], np.ndarray]:
    """Cut at quantiles of the risk; a risk equal to a cut belongs below it.

    Under R's rule, ``cut(risk, unique(quantile(risk)), include.lowest = TRUE)``, a quantile equal
    to the lowest risk is no cut.
    """

    def labels(sizes: np.ndarray, groups: int) -> np.ndarray:
        # Ordinals of the patterns stand for the risks at the type's own order statistics.
        patients = np.repeat(np.arange(sizes.size), sizes)
        cuts = np.quantile(patients, np.arange(1, groups) / groups, method=method).round(9)
        if method == "linear":
            cuts = cuts[cuts > 0]
        return np.searchsorted(np.unique(cuts), np.arange(sizes.size), side="left")

    return labels


def _mean_rank(sizes: np.ndarray, groups: int) -> np.ndarray:
    """Give patients of mean rank r group ⌊r·groups/(n+1)⌋, as SPSS ranks into n-tiles."""
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    return np.floor(ranks * groups / (sizes.sum() + 1) + 1e-9).astype(int)


RULES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "nearest size": _nearest_size,
    "nearest total": _nearest_total,
    "quantile, R type 7": _quantile("linear"),
    "quantile, SPSS type 6": _quantile("weibull"),
    "mean rank": _mean_rank,
    "SAS": _sas,
}


def risk_groups(event, risk, groups: int = GROUPS, rule: str = "nearest size") -> pd.DataFrame:
    """Cut patients into groups of similar risk and compare expected with observed events.

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

    Returns
    -------
    DataFrame
        One row per group, ascending; columns ``group`` (from 1), ``n, risk_low, risk_high,
        mean_risk, expected, events, share``.

    Raises
    ------
    RairlibError
        If the rule is unknown, fewer than 3 groups are wanted, or
        :func:`rairlib.predicted_risks.outcomes_and_risks` objects.
    """
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
    event,
    risk,
    groups: int = GROUPS,
    rule: str = "nearest size",
    *,
    validation: bool = False,
) -> pd.DataFrame:
    """Test whether outcomes agree with predicted risks in groups of similar risk.

    Parameters
    ----------
    event, risk, groups, rule
        As for :func:`risk_groups`.
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
        As :func:`risk_groups` does.
    """
    table = risk_groups(event, risk, groups, rule)
    n, expected = table["n"], table["expected"]
    parts = (table["events"] - expected) ** 2 / (expected * (1 - expected / n))
    usable = len(table) > 2 and ((expected > 0) & (expected < n)).all()
    statistic = float(parts.sum()) if usable else np.nan
    df = len(table) if validation else len(table) - 2
    return pd.DataFrame(
        {
            "rule": [rule],
            "wanted": groups,
            "groups": len(table),
            "statistic": statistic,
            "df": df,
            "p_value": stats.chi2.sf(statistic, df),
        }
    )


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

    Raises
    ------
    RairlibError
        As :func:`hosmer_lemeshow` does.
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
