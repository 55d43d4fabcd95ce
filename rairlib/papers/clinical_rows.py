"""More results in long format: groups within groups, percentages of a level, curves and tests.

As in :mod:`rairlib.papers.rows`, every function returns tuples ``(statistic, variable, level,
group, method, value)``.
"""

from collections.abc import Iterable

import pandas as pd

from rairlib.description import crosstab, mann_whitney, pearson, row_percent, summarise
from rairlib.papers.rows import Rows
from rairlib.survival import log_rank, survival_at

QUANTILES = ("median", "q1", "q3", "minimum", "maximum")


def part_rows(values: pd.Series, names: Iterable[str]) -> Rows:
    """Return the sizes of parts of a group, and their shares of it in percent.

    Parameters
    ----------
    values : Series of str
        Which part each patient of the group belongs to.
    names : iterable of str
        The parts wanted; others count in the whole alone.

    Returns
    -------
    list of tuple
        Statistics ``n`` and ``percent``.
    """
    sizes = {name: int((values == name).sum()) for name in names}
    shares = [("percent", "", "", name, "", 100 * n / len(values)) for name, n in sizes.items()]
    return [*(("n", "", "", name, "", n) for name, n in sizes.items()), *shares]


def level_rows(values: pd.Series, levels: Iterable[str], group: str) -> Rows:
    """Return how many patients of one group have each level, and their share of it in percent.

    Parameters
    ----------
    values : Series of str
        The variable in the patients of the group; its name is that of the rows.
    levels : iterable of str
        The levels wanted.
    group : str
        Name of the group.

    Returns
    -------
    list of tuple
        Statistics ``count`` and ``percent``.
    """
    counts = {level: int((values == level).sum()) for level in levels}
    rows = [("count", values.name, level, group, "", n) for level, n in counts.items()]
    return rows + [
        ("percent", values.name, level, group, "", 100 * n / len(values))
        for level, n in counts.items()
    ]


def split_rows(
    values: pd.Series, group: pd.Series, names: tuple[str, str], levels: list[str]
) -> Rows:
    """Return how the patients with each level divide between two groups.

    Parameters
    ----------
    values : Series of str
        The variable; its name is that of the rows.
    group : Series of str
        The group of each patient.
    names : tuple of str
        The two groups, the one with the outcome first.
    levels : list of str
        All declared levels.

    Returns
    -------
    list of tuple
        Statistics ``count``, ``percent`` (of the level, not of the group), and Pearson's
        ``chi_square`` without correction with its ``p_value``.
    """
    counts = crosstab(values, group, levels, list(names))
    rows = [
        (statistic, values.name, level, name, "", table.loc[level, name])
        for statistic, table in (("count", counts), ("percent", row_percent(counts)))
        for level in levels
        for name in names
    ]
    test = pearson(counts)
    key = (values.name, "", " vs ".join(names), "pearson")
    return [*rows, ("chi_square", *key, test.statistic), ("p_value", *key, test.p_value)]


def quantile_rows(values: pd.Series, group: str) -> Rows:
    """Return median, quartiles and range of one group.

    Parameters
    ----------
    values : Series of float
        The variable in the patients of the group; its name is that of the rows.
    group : str
        Name of the group.

    Returns
    -------
    list of tuple
        Statistics ``median``, ``q1``, ``q3``, ``minimum`` and ``maximum``.
    """
    summary = summarise(values)
    return [(name, values.name, "", group, "", summary[name]) for name in QUANTILES]


def rank_rows(values: pd.Series, group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return quantiles of two groups and the Mann-Whitney test between them.

    Parameters
    ----------
    values : Series of float
        The variable; its name is that of the rows.
    group, names
        As for :func:`split_rows`.

    Returns
    -------
    list of tuple
        As for :func:`quantile_rows`, then ``u_statistic`` (the smaller) and ``p_value``.
    """
    parts = [values[group == name] for name in names]
    rows = [
        row for part, name in zip(parts, names, strict=True) for row in quantile_rows(part, name)
    ]
    test = mann_whitney(*parts)
    key = (values.name, "", " vs ".join(names), "mann_whitney")
    return [*rows, ("u_statistic", *key, test.statistic), ("p_value", *key, test.p_value)]


def survival_rows(time: pd.Series, event: pd.Series, months: Iterable[int], group: str) -> Rows:
    """Return Kaplan-Meier rates of one group in percent.

    Parameters
    ----------
    time : Series of float
        Time to the event or the end of observation; its name is that of the rows.
    event : Series
        Whether the event occurred.
    months : iterable of int
        When to read the curve.
    group : str
        Name of the group.

    Returns
    -------
    list of tuple
        Statistic ``survival_percent``, level ``12 months``; NaN beyond the last observation.
    """
    rates = survival_at(time, event, list(months))
    return [
        ("survival_percent", time.name, f"{month:g} months", group, "kaplan_meier", percent)
        for month, percent in zip(rates["months"], rates["percent"], strict=True)
    ]


def log_rank_rows(time: pd.Series, event: pd.Series, parts: pd.Series, group: str) -> Rows:
    """Return the log-rank test between groups.

    Parameters
    ----------
    time, event
        As for :func:`survival_rows`.
    parts : Series of str
        The curve to which each patient belongs.
    group : str
        What is compared, as the registry names it.

    Returns
    -------
    list of tuple
        Statistics ``logrank_chi_square`` and ``p_value``.
    """
    test = log_rank(time, event, parts)
    key = (time.name, "", group, "logrank")
    return [("logrank_chi_square", *key, test.statistic), ("p_value", *key, test.p_value)]
