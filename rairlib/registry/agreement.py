"""Set results beside reported numbers: the rules of agreement, and nothing else."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from rairlib.registry.registry import Registry, ReportedNumber

CENTRAL = (0.025, 0.975)
RESULTS = ("statistic", "variable", "level", "group", "method", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What became of one number when it was recomputed.

    Attributes
    ----------
    evidence : str
        ``arithmetic``, ``reconstruction``, ``simulation``, ``anchored`` or ``none``.
    value : float
        The recomputed value; NaN where only limits are known.
    low, high : float
        All values that the evidence allows: the interval that rounding leaves, the range over
        joint tables, or the central 95 % of consistent cohorts.
    reason : str
        How the value came about.
    test : str
        ``independent`` if the route could have failed, ``bookkeeping`` if the number only
        restates what it was computed from; empty for agreement by construction.
    """

    evidence: str
    value: float
    low: float
    high: float
    reason: str
    test: str = ""


def match(registry: Registry, results: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Find the results that answer each reported number.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    results : DataFrame
        Columns ``statistic, variable, level, group, method, value``.

    Returns
    -------
    dict of str to dict of str to float
        By identifier, the value under each method. Where the registry names the method, or the
        statistic has one method alone, there is one entry.
    """
    by_key: dict[tuple, dict[str, float]] = defaultdict(dict)
    for *key, method, value in results[list(RESULTS)].itertuples(index=False):
        by_key[tuple(key)][method] = float(value)
    found = {row.id: (row.method, by_key[row.key[:4]]) for row in registry if row.key[:4] in by_key}
    return {
        identifier: {method: values[method]} if method in values else values
        for identifier, (method, values) in found.items()
    }


def agreeing(row: ReportedNumber, values: dict[str, float]) -> tuple[str, float]:
    """Return the method and value that agree with a reported number, or the first ones.

    Parameters
    ----------
    row : ReportedNumber
        The number as printed.
    values : dict of str to float
        Values by method, as :func:`match` returns them.

    Returns
    -------
    tuple of (str, float)
        The first that rounds to the print; if none does, the first of all.
    """
    hits = [(method, value) for method, value in values.items() if row.number.agrees(value)]
    return (hits or list(values.items()))[0]


def central_range(values: Iterable[float]) -> tuple[float, float]:
    """Return the central 95 % of values over an ensemble.

    Parameters
    ----------
    values : iterable of float
        One value per consistent cohort.

    Returns
    -------
    tuple of float
        Quantiles 0.025 and 0.975.
    """
    low, high = pd.Series(list(values), dtype=float).quantile(list(CENTRAL))
    return float(low), float(high)


def verdict_of(row: ReportedNumber, recomputed: Recomputed) -> str:
    """Apply the rules of agreement to one recomputed number.

    Parameters
    ----------
    row : ReportedNumber
        The number as printed.
    recomputed : Recomputed
        What the evidence gives.

    Returns
    -------
    str
        ``reproduced`` if every value that the evidence allows rounds to the print;
        ``compatible`` if some do; ``differs`` if none does; for agreement by construction,
        which is no evidence, ``met`` or ``missed``; ``not assessable`` if the limits are not known.
    """
    if recomputed.evidence == "anchored":
        return "met" if row.number.agrees(recomputed.value) else "missed"
    if math.isnan(recomputed.low) or math.isnan(recomputed.high):
        return "not assessable"
    if row.number.agrees(recomputed.low) and row.number.agrees(recomputed.high):
        return "reproduced"
    return "compatible" if row.number.overlaps(recomputed.low, recomputed.high) else "differs"


def exact(evidence: str, value: float, reason: str) -> Recomputed:
    """Return a recomputed number that is known exactly."""
    return Recomputed(evidence=evidence, value=value, low=value, high=value, reason=reason)


def between(evidence: str, low: float, high: float, reason: str, test: str = "") -> Recomputed:
    """Return a recomputed number of which the limits are known."""
    value = low if math.isclose(low, high, rel_tol=1e-12) else math.nan
    return Recomputed(evidence=evidence, value=value, low=low, high=high, reason=reason, test=test)
