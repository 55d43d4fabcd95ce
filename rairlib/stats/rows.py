"""Results in long format, in the words of the registry, for the analyses of all papers.

Every function returns tuples ``(statistic, variable, level, group, method, value)``. A comparison
is named ``A vs B``, the group with the outcome first.
"""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from rairlib.stats.cox import concordance, cox, linear_predictor, model_tests
from rairlib.stats.description import (
    column_percent,
    compare_counts,
    compare_values,
    crosstab,
    mann_whitney,
    pearson,
    row_percent,
    summarise,
)
from rairlib.stats.logistic import Coding
from rairlib.stats.observation import Z_95
from rairlib.stats.roc import auc_estimate, operating_point
from rairlib.stats.survival import expected_events, log_rank, median_survival, survival_at

COLUMNS = ("statistic", "variable", "level", "group", "method", "value")
COMPARED_VALUES = ("student", "welch", "mann_whitney")
Rows = list[tuple[str, str, str, str, str, float]]


def size_rows(group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return the sizes of all patients and of each group, and the groups' share in percent.

    Parameters
    ----------
    group : Series of str
        The group of each patient.
    names : tuple of str
        The two groups, the one with the outcome first.

    Returns
    -------
    list of tuple
        Statistics ``n`` and ``percent``.
    """
    return [("n", "", "", "all", "", len(group)), *part_rows(group, names)]


def categorical_rows(
    values: pd.Series, group: pd.Series, names: tuple[str, str], levels: list[str]
) -> Rows:
    """Return counts, percentages and every candidate test of a categorical variable.

    Parameters
    ----------
    values : Series of str
        The variable; its name is that of the rows.
    group, names
        As for :func:`size_rows`.
    levels : list of str
        All declared levels. If there are more than two, each is also compared with all others.

    Returns
    -------
    list of tuple
        Statistics ``count``, ``percent`` (of the group), ``p_value`` and ``chi_square``.
    """
    counts = crosstab(values, group, levels, list(names))
    shown = counts.assign(all=counts.sum(axis=1))
    rows = [
        (statistic, values.name, level, column, "", table.loc[level, column])
        for statistic, table in (("count", shown), ("percent", column_percent(shown)))
        for level in levels
        for column in shown.columns
    ]
    versus = " vs ".join(names)
    rows += _count_tests(counts, (values.name, "", versus))
    for level in levels if len(levels) > 2 else ():
        against_others = pd.DataFrame([counts.loc[level], counts.drop(level).sum()])
        rows += _count_tests(against_others, (values.name, level, versus))
    return rows


def _count_tests(counts: pd.DataFrame, key: tuple[str, str, str]) -> Rows:
    tests = compare_counts(counts).to_dict("records")
    rows = [("p_value", *key, test["method"], test["p_value"]) for test in tests]
    return rows + [
        ("chi_square", *key, test["method"], test["statistic"])
        for test in tests
        if test["method"] != "fisher"
    ]


def continuous_rows(values: pd.Series, group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return summaries and every candidate test of a continuous variable.

    Parameters
    ----------
    values : Series of float
        The variable; its name is that of the rows.
    group, names
        As for :func:`size_rows`.

    Returns
    -------
    list of tuple
        Statistics ``mean``, ``sd``, ``minimum``, ``q1``, ``median``, ``q3`` and ``maximum`` of
        all patients and of each group, ``p_value`` and ``u_statistic``.
    """
    parts = {name: values[group == name] for name in names}
    rows = [
        (statistic, values.name, "", name, "", value)
        for name, part in {"all": values, **parts}.items()
        for statistic, value in summarise(part).drop("n").items()
    ]
    key = (values.name, "", " vs ".join(names))
    tests = compare_values(*parts.values()).set_index("method")
    rows += [("p_value", *key, name, tests.loc[name, "p_value"]) for name in COMPARED_VALUES]
    return [*rows, ("u_statistic", *key, "mann_whitney", tests.loc["mann_whitney", "statistic"])]


def auc_rows(score: pd.Series, group: pd.Series, names: tuple[str, str]) -> Rows:
    """Return the area under the ROC curve and its interval under both standard errors.

    Parameters
    ----------
    score : Series of float
        Larger values speak for the first group; its name is that of the rows.
    group, names
        As for :func:`size_rows`.

    Returns
    -------
    list of tuple
        Statistics ``auc``, ``ci_low`` and ``ci_high``.
    """
    rows = []
    for method in ("hanley_mcneil", "delong"):
        area = auc_estimate(group == names[0], score, method).iloc[0]
        key = (score.name, "", " vs ".join(names), method)
        rows += [
            ("auc", *key, area["estimate"]),
            ("ci_low", *key, area["low"]),
            ("ci_high", *key, area["high"]),
        ]
    return rows


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
    points = pd.concat(
        operating_point(group == names[0], score, cutoff, rule) for rule in ("≥", ">")
    )
    return [
        (statistic, variable, point["rule"], " vs ".join(names), "", 100 * point[statistic])
        for point in points.to_dict("records")
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
        As for :func:`size_rows`.
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
        rows += [
            (estimate["statistic"], *key, estimate["estimate"]),
            ("ci_low", *key, estimate["low"]),
            ("ci_high", *key, estimate["high"]),
            ("p_value", *key, estimate["p_value"]),
        ]
    return rows


# --- More results in long format: groups within groups, percentages of a level, curves and tests
# As in :mod:`rairlib.stats.rows`, every function returns tuples ``(statistic, variable, level,
# group, method, value)``.


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


def cox_rows(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Mapping[str, Coding],
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
