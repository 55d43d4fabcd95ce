"""Describe groups of patients and compare them, with the conventions of SPSS."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.stats.observation import aligned, finite, ranked, whole

NO_SPREAD = "no spread within the groups"
SUMMARIES = ("n", "mean", "sd", "minimum", "q1", "median", "q3", "maximum")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test of one comparison.

    Attributes
    ----------
    method : str
        ``pearson``, ``yates``, ``fisher``, ``student``, ``welch``, ``mann_whitney``,
        ``logrank`` or ``likelihood_ratio``.
    statistic : float
        Chi-squared, t or U; NaN for Fisher's exact test, which has none.
    df : float
        Degrees of freedom; NaN where the test has none.
    p_value : float
        Two-sided; NaN where the test cannot be done.
    reason : str
        Why the test cannot be done; empty if it was.
    """

    __test__ = False  # not a test case, whatever pytest makes of the name

    method: str
    statistic: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    reason: str = ""


def crosstab(
    rows: pd.Series, columns: pd.Series, row_levels: list[str], column_levels: list[str]
) -> pd.DataFrame:
    """Count patients by two variables, levels without patients included.

    Parameters
    ----------
    rows, columns : Series of str
        One entry per patient; matched by their index.
    row_levels, column_levels : list of str
        All declared levels, in the order wanted, each once.

    Returns
    -------
    DataFrame
        Integer counts; one row per row level, one column per column level.

    Raises
    ------
    RairlibError
        If a value is missing or not a declared level, levels are missing or repeated, or the
        two are not of the same patients.
    """
    rows, columns = (pd.Series(values) for values in aligned(rows=rows, columns=columns))
    for values, levels in ((rows, row_levels), (columns, column_levels)):
        _check_levels(values, levels)
    down = pd.Index(row_levels, name=rows.name)
    across = pd.Index(column_levels, name=columns.name)
    cell = down.get_indexer(rows) * len(across) + across.get_indexer(columns)
    counts = np.bincount(cell, minlength=len(down) * len(across))
    return pd.DataFrame(counts.reshape(len(down), len(across)), index=down, columns=across)


def _check_levels(values: pd.Series, levels: list[str]) -> None:
    if values.isna().any():
        raise RairlibError(f"{values.name}: {int(values.isna().sum())} values are missing")
    if not levels or len(set(levels)) < len(levels):
        raise RairlibError(f"{values.name}: each level is needed once; got {list(levels)}")
    unknown = sorted(set(values) - set(levels), key=str)
    if unknown:
        raise RairlibError(f"{values.name}: {unknown[0]!r} is not one of {', '.join(levels)}")


def column_percent(counts: pd.DataFrame) -> pd.DataFrame:
    """Return each count as a percentage of its column total, NaN for an empty column."""
    _count_table(counts)
    return 100 * counts / counts.sum(axis=0).replace(0, np.nan)


def row_percent(counts: pd.DataFrame) -> pd.DataFrame:
    """Return each count as a percentage of its row total, NaN for an empty row."""
    _count_table(counts)
    return 100 * counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)


def _count_table(counts) -> np.ndarray:
    table = whole("counts", counts)
    if table.ndim != 2:
        raise RairlibError("counts: a table of rows and columns is needed")
    return table


def summarise(values: pd.Series) -> pd.Series:
    """Summarise one continuous variable.

    Parameters
    ----------
    values : Series of float
        One entry per patient.

    Returns
    -------
    Series
        ``n, mean, sd, minimum, q1, median, q3, maximum``; the standard deviation divides by
        n - 1, the quartiles are SPSS's HAVERAGE (numpy ``weibull``, type 6 of R).

    Raises
    ------
    RairlibError
        If a value is missing or not finite, or if there are none.
    """
    x = _finite(values)
    q1, median, q3 = np.quantile(x, [0.25, 0.5, 0.75], method="weibull")
    sd = x.std(ddof=1) if x.size > 1 else math.nan
    summary = (x.size, x.mean(), sd, x.min(), q1, median, q3, x.max())
    return pd.Series(dict(zip(SUMMARIES, summary, strict=True)), name=values.name)


def _finite(values: pd.Series) -> np.ndarray:
    return finite(getattr(values, "name", None) or "values", values)


def _without_empty_margins(counts: pd.DataFrame) -> np.ndarray:
    table = _count_table(counts)
    return table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]


def pearson(counts: pd.DataFrame, correction: bool = False) -> TestResult:
    """Test independence with Pearson's chi-squared statistic.

    Parameters
    ----------
    counts : DataFrame
        Cross table of counts; levels without patients are left out.
    correction : bool
        Whether to apply Yates's continuity correction, which exists for 2×2 tables alone.

    Returns
    -------
    TestResult
        Method ``pearson`` or ``yates``.

    Raises
    ------
    RairlibError
        If a count is missing, negative or not a whole number.
    """
    method = "yates" if correction else "pearson"
    table = _without_empty_margins(counts)
    if min(table.shape) < 2:
        return TestResult(method=method, reason="fewer than two levels have patients")
    if correction and table.shape != (2, 2):
        return TestResult(method=method, reason="the correction is for 2×2 tables")
    from scipy import stats  # slow to load, and the audit needs none

    statistic, p_value, df, _ = stats.chi2_contingency(table, correction=correction)
    return TestResult(method=method, statistic=statistic, df=df, p_value=p_value)


def fisher(counts: pd.DataFrame) -> TestResult:
    """Test independence in a 2×2 table with Fisher's exact test, two-sided."""
    table = _without_empty_margins(counts)
    if min(table.shape) < 2:
        return TestResult(method="fisher", reason="fewer than two levels have patients")
    if table.shape != (2, 2):
        return TestResult(method="fisher", reason="Fisher's exact test is done for 2×2 tables")
    from scipy import stats  # slow to load, and the audit needs none

    return TestResult(method="fisher", p_value=float(stats.fisher_exact(table).pvalue))


def mann_whitney(first: pd.Series, second: pd.Series) -> TestResult:
    """Compare two groups with the Mann-Whitney test.

    Parameters
    ----------
    first, second : Series of float
        The values of each group.

    Returns
    -------
    TestResult
        The smaller U; the p value is that of the tie-corrected normal approximation without
        continuity correction.
    """
    from rairlib.stats import kernels  # Numba: `rairlib audit` needs none and starts without it

    x, y = _finite(first), _finite(second)
    group, values = np.repeat([1.0, 0.0], [x.size, y.size]), ranked(np.concatenate([x, y]))
    _, p_value = kernels.mann_whitney(group, values)
    if np.isnan(p_value):
        return TestResult(method="mann_whitney", reason="all values are equal")
    # U is the share of pairs in which the first is larger, ties half.
    pairs = x.size * y.size
    larger = np.rint(2 * pairs * kernels.auc(group, values)[0]) / 2
    smaller = float(min(larger, pairs - larger))
    return TestResult(method="mann_whitney", statistic=smaller, p_value=float(p_value))


def t_test(first: pd.Series, second: pd.Series, equal_variances: bool = True) -> TestResult:
    """Compare two means."""
    from rairlib.stats import kernels  # Numba: `rairlib audit` needs none and starts without it

    method = "student" if equal_variances else "welch"
    x, y = _finite(first), _finite(second)
    if reason := _no_spread(x, y):
        return TestResult(method=method, reason=reason)
    if equal_variances:
        group = np.repeat([1.0, 0.0], [x.size, y.size])
        t, p_value = map(float, kernels.student(group, np.concatenate([x, y])))
        if np.isnan(t):
            return TestResult(method=method, reason=NO_SPREAD)
        return TestResult(method=method, statistic=t, df=x.size + y.size - 2.0, p_value=p_value)
    from scipy import stats  # slow to load, and the audit needs none

    found = stats.ttest_ind(x, y, equal_var=False)
    told = {"statistic": found.statistic, "df": found.df, "p_value": float(found.pvalue)}
    return TestResult(method=method, **told)


def _no_spread(x: np.ndarray, y: np.ndarray) -> str:
    if min(x.size, y.size) < 2:
        return "a group has fewer than two patients"
    # Deviations from a mean differ in their last digits where they should be equal.
    if max(np.ptp(x), np.ptp(y)) <= 1e-12 * max(abs(x).max(), abs(y).max()):
        return NO_SPREAD
    return ""


def compare_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Compare groups on a categorical variable with every test a paper may have used.

    Parameters
    ----------
    counts : DataFrame
        Cross table of counts, level by group.

    Returns
    -------
    DataFrame
        One row per test, ``pearson, yates, fisher``; columns
        ``method, statistic, df, p_value, reason``.
    """
    return pd.DataFrame([pearson(counts), pearson(counts, correction=True), fisher(counts)])


def compare_values(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    """Compare two groups on a continuous variable with every test a paper may have used."""
    means = (t_test(first, second), t_test(first, second, equal_variances=False))
    return pd.DataFrame([*means, mann_whitney(first, second)])
