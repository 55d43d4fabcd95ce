"""Results in long format, in the words of the registry, for the analyses of all papers.

Every function returns tuples ``(statistic, variable, level, group, method, value)``. A comparison
is named ``A vs B``, the group with the outcome first.
"""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from rairlib.stats.cox import concordance, cox, linear_predictor, model_tests
from rairlib.stats.description import (
    SUMMARIES,
    TestResult,
    column_percent,
    compare_counts,
    compare_values,
    crosstab,
    mann_whitney,
    pearson,
    row_percent,
    summarise,
)
from rairlib.stats.logistic import Covariates
from rairlib.stats.observation import Z_95
from rairlib.stats.roc import auc_estimate, operating_point
from rairlib.stats.survival import expected_events, log_rank, median_survival, survival_at

COLUMNS = ("statistic", "variable", "level", "group", "method", "value")
LIMITS = ("ci_low", "ci_high")
QUANTILES = ("median", "q1", "q3", "minimum", "maximum")
Rows = list[tuple[str, str, str, str, str, float]]


def categorical_rows(
    values: pd.Series, group: pd.Series, names: tuple[str, str], levels: list[str]
) -> Rows:
    """Return counts, percentages and every candidate test of a categorical variable.

    Parameters
    ----------
    values : Series of str
        The variable; its name is that of the rows.
    group : Series of str
        The group of each patient.
    names : tuple of str
        The two groups, the one with the outcome first.
    levels : list of str
        All declared levels. If there are more than two, each is also compared with all others.

    Returns
    -------
    list of tuple
        Statistics ``count``, ``percent`` (of the group), ``p_value`` and ``chi_square``.
    """
    counts = crosstab(values, group, levels, list(names))
    shown = counts.assign(all=counts.sum(axis=1))
    rows = _table_rows(values.name, shown, column_percent(shown))
    tables = {"": counts}
    for level in levels if len(levels) > 2 else ():
        tables[level] = pd.DataFrame([counts.loc[level], counts.drop(level).sum()])
    for level, table in tables.items():
        tests = compare_counts(table).to_dict("records")
        key = (values.name, level, " vs ".join(names))
        rows += [("p_value", *key, test["method"], test["p_value"]) for test in tests]
        # Fisher's test, the last, has no statistic.
        rows += [("chi_square", *key, test["method"], test["statistic"]) for test in tests[:-1]]
    return rows


def _table_rows(variable: str, counts: pd.DataFrame, percent: pd.DataFrame) -> Rows:
    return [
        (statistic, variable, level, column, "", table.loc[level, column])
        for statistic, table in (("count", counts), ("percent", percent))
        for level in counts.index
        for column in counts.columns
    ]


def continuous_rows(values: pd.Series, group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return summaries and every candidate test of a continuous variable.

    Parameters
    ----------
    values : Series of float
        The variable; its name is that of the rows.
    group, names
        As for :func:`categorical_rows`.

    Returns
    -------
    list of tuple
        Statistics ``mean``, ``sd``, ``minimum``, ``q1``, ``median``, ``q3`` and ``maximum`` of
        all patients and of each group, ``p_value`` and ``u_statistic``.
    """
    parts = {name: values[group == name] for name in names}
    rows = [
        row
        for name, part in {"all": values, **parts}.items()
        for row in quantile_rows(part, name, SUMMARIES[1:])
    ]
    key = (values.name, "", " vs ".join(names))
    tests = compare_values(*parts.values()).to_dict("records")
    rows += [("p_value", *key, test["method"], test["p_value"]) for test in tests]
    return [*rows, ("u_statistic", *key, "mann_whitney", tests[-1]["statistic"])]


def auc_rows(score: pd.Series, group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return the area under the ROC curve and its interval under both standard errors.

    Parameters
    ----------
    score : Series of float
        Larger values speak for the first group; its name is that of the rows.
    group, names
        As for :func:`categorical_rows`.

    Returns
    -------
    list of tuple
        Statistics ``auc``, ``ci_low`` and ``ci_high``.
    """
    return [
        row
        for method in ("hanley_mcneil", "delong")
        for row in _estimate_rows(
            auc_estimate(group == names[0], score, method).iloc[0],
            ("auc", *LIMITS),
            (score.name, "", " vs ".join(names), method),
        )
    ]


def _estimate_rows(estimate: Mapping, statistics: tuple[str, ...], key: tuple) -> Rows:
    """Return estimate, limits and p value of one row of the schema, as far as they are wanted."""
    values = (estimate[name] for name in ("estimate", "low", "high", "p_value"))
    return [(name, *key, value) for name, value in zip(statistics, values, strict=False)]


def operating_rows(
    score: pd.Series, group: pd.Series, names: tuple[str, str], variable: str, cutoff: float
) -> Rows:
    """Return sensitivity and specificity at a cut-off, read as ≥ and as >.

    Parameters
    ----------
    score, group, names
        As for :func:`auc_rows`.
    variable : str
        Name of the dichotomised variable.
    cutoff : float
        The threshold.

    Returns
    -------
    list of tuple
        Statistics ``sensitivity`` and ``specificity`` in percent; the level is the rule.
    """
    points = [operating_point(group == names[0], score, cutoff, rule).iloc[0] for rule in "≥>"]
    return [
        (statistic, variable, point["rule"], " vs ".join(names), "", 100 * point[statistic])
        for point in points
        for statistic in ("sensitivity", "specificity")
    ]


def ratio_rows(estimates: pd.DataFrame, names: tuple[str, str], method: str) -> Rows:
    """Return the ratios of a regression with their limits and p values.

    Parameters
    ----------
    estimates : DataFrame
        Ratios in the schema of :func:`rairlib.stats.logistic.logistic`; a term reads
        ``VARIABLE: LEVEL vs REFERENCE``.
    names
        As for :func:`categorical_rows`.
    method : str
        ``univariable`` or ``multivariable``.

    Returns
    -------
    list of tuple
        The ratio, ``ci_low``, ``ci_high`` and ``p_value`` of each term.
    """
    rows = []
    for estimate in estimates.to_dict("records"):
        variable, _, level = estimate["term"].partition(": ")
        key = (variable, level, " vs ".join(names), method)
        rows += _estimate_rows(estimate, (estimate["statistic"], *LIMITS, "p_value"), key)
    return rows


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
    rows = [("n", "", "", name, "", n) for name, n in sizes.items()]
    return rows + [
        ("percent", "", "", name, "", 100 * n / len(values)) for name, n in sizes.items()
    ]


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
    counts = pd.DataFrame({group: [int((values == level).sum()) for level in levels]}, list(levels))
    return _table_rows(values.name, counts, 100 * counts / len(values))


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
    rows = _table_rows(values.name, counts, row_percent(counts))
    return rows + _test_rows("chi_square", pearson(counts), values.name, names)


def _test_rows(statistic: str, test: TestResult, variable: str, names: tuple[str, ...]) -> Rows:
    key = (variable, "", " vs ".join(names), test.method)
    return [(statistic, *key, test.statistic), ("p_value", *key, test.p_value)]


def quantile_rows(values: pd.Series, group: str, statistics: Iterable[str] = QUANTILES) -> Rows:
    """Return median, quartiles and range of one group, or other summaries.

    Parameters
    ----------
    values : Series of float
        The variable in the patients of the group; its name is that of the rows.
    group : str
        Name of the group.
    statistics : iterable of str
        Which of those of :func:`rairlib.stats.description.summarise`.

    Returns
    -------
    list of tuple
        These statistics.
    """
    summary = summarise(values)
    return [(name, values.name, "", group, "", summary[name]) for name in statistics]


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
    parts = {name: values[group == name] for name in names}
    rows = [row for name, part in parts.items() for row in quantile_rows(part, name)]
    test = mann_whitney(*parts.values())
    return rows + _test_rows("u_statistic", test, values.name, names)


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
    return _test_rows("logrank_chi_square", log_rank(time, event, parts), time.name, (group,))


def cox_rows(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Covariates,
    group: str,
    ties: str = "efron",
) -> Rows:
    """Return a Cox regression as a program prints it whole.

    Parameters
    ----------
    frame, time, event, covariates, ties
        As for :func:`rairlib.stats.cox.cox`.
    group : str
        Name of the patients, as the registry gives it.

    Returns
    -------
    list of tuple
        ``n``, ``count`` of events, three ``chi_square`` of the model and its ``concordance``; of
        each term ``coefficient``, ``standard_error``, ``z_statistic``, ``p_value``,
        ``hazard_ratio`` with its limits, and the ratio the other way round.
    """
    estimates = cox(frame, time, event, covariates, ties)
    risk = linear_predictor(frame, covariates, estimates)
    rows = [("n", "", "", group, "", len(frame))]
    rows += [("count", event, "yes", group, "", int(estimates["events"].iloc[0]))]
    rows += [
        ("chi_square", "model", "", group, test.method, test.statistic)
        for test in model_tests(frame, time, event, covariates, ties)
    ]
    rows += [("concordance", "model", "", group, "", concordance(frame[time], frame[event], risk))]
    for term in estimates[estimates["statistic"] == "coefficient"].to_dict("records"):
        variable, _, level = term["term"].partition(": ")
        other = " vs ".join(reversed(level.split(" vs "))) if level else "one unit less"
        key, error = (group, "multivariable"), (term["high"] - term["low"]) / (2 * Z_95)
        found = {
            "coefficient": term["estimate"],
            "standard_error": error,
            "z_statistic": term["estimate"] / error,
            "p_value": term["p_value"],
            "hazard_ratio": math.exp(term["estimate"]),
            "ci_low": math.exp(term["low"]),
            "ci_high": math.exp(term["high"]),
        }
        rows += [(statistic, variable, level, *key, value) for statistic, value in found.items()]
        rows += [("hazard_ratio", variable, other, *key, math.exp(-term["estimate"]))]
    return rows


def log_rank_parts(time: pd.Series, event: pd.Series, parts: pd.Series, group: str) -> Rows:
    """Return a log-rank test of two groups with its terms, as R's ``survdiff`` prints it.

    Parameters
    ----------
    time, event, parts, group
        As for :func:`log_rank_rows`; the name of `event` is that of the counts.

    Returns
    -------
    list of tuple
        As :func:`log_rank_rows`; then of each group ``n``, ``count``, ``expected_events`` and
        ``logrank_term``.
    """
    rows = log_rank_rows(time, event, parts, group)
    for part in expected_events(time, event, parts).to_dict("records"):
        name, observed, expected = part["group"], part["observed"], part["expected"]
        rows += [
            ("n", "", "", name, "", part["n"]),
            ("count", event.name, "yes", name, "", observed),
            ("expected_events", time.name, "", name, "logrank", expected),
            ("logrank_term", time.name, "", name, "logrank", (observed - expected) ** 2 / expected),
        ]
    return rows


def median_rows(time: pd.Series, event: pd.Series, group: str, interval: str) -> Rows:
    """Return the median survival of one group with its limits.

    Parameters
    ----------
    time, event, group
        As for :func:`survival_rows`; the name of `event` is that of the count.
    interval : str
        See :func:`rairlib.stats.survival.kaplan_meier`.

    Returns
    -------
    list of tuple
        ``n``, ``count``, ``median``, ``ci_low`` and ``ci_high``; NaN where it is not reached
        (Brookmeyer and Crowley 1982, Biometrics 38:29-41).
    """
    found = median_survival(time, event, interval)
    key = (time.name, "", group, "kaplan_meier")
    rows = [("n", "", "", group, "", len(time))]
    rows += [("count", event.name, "yes", group, "", int(event.sum()))]
    return rows + [
        (name, *key, found[part])
        for name, part in (("median", "median"), ("ci_low", "low"), ("ci_high", "high"))
    ]
