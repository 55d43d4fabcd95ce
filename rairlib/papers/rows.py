"""Results in long format, in the words of the registry, for the analyses of all papers.

Every function returns tuples ``(statistic, variable, level, group, method, value)``. A comparison
is named ``A vs B``, the group with the outcome first.
"""

import pandas as pd

from rairlib.cutoffs import operating_point
from rairlib.description import column_percent, compare_counts, compare_values, crosstab, summarise
from rairlib.discrimination import auc_estimate

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
    sizes = {name: int((group == name).sum()) for name in names}
    rows = [("n", "", "", name, "", n) for name, n in {"all": len(group), **sizes}.items()]
    shares = [("percent", "", "", name, "", 100 * n / len(group)) for name, n in sizes.items()]
    return rows + shares


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
        Ratios in the schema of :func:`rairlib.regression.logistic`; a term reads
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
