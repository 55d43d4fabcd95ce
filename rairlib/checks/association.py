"""Tests of association in a table of levels by two groups."""

import math
from functools import lru_cache

import numpy as np
from scipy import special, stats

TEST_NAMES = {
    "pearson": "Pearson's χ²",
    "yates": "χ² with continuity correction",
    "fisher": "Fisher's exact test",
    "likelihood_ratio": "likelihood ratio χ²",
    "linear": "linear-by-linear association",
    "one_sided_fisher": "Fisher's exact test, one-sided",
    "mid_p": "Fisher's mid-p",
    "unpooled": "z of two proportions, unpooled",
    "crude_wald": "Wald test of the crude odds ratio",
    "student_of_levels": "t test of levels coded 0 and 1",
}
USUAL = ("pearson", "yates", "fisher", "likelihood_ratio")
STATISTICS_OF = ("pearson", "yates", "likelihood_ratio", "linear")
METHODS_OF_TABLES = ("", "pearson", "yates", "fisher", "likelihood_ratio")
MOST_TABLES = 200_000
"""Tables with the same margins up to which Fisher's test is enumerated beyond 2 × 2."""
MOST_PATIENTS = 10_000_000
"""Patients up to which the hypergeometric distribution is computed exactly enough, and quickly."""

Table = tuple[tuple[int, int], ...]


def pearson_chi_square(table: Table) -> tuple[float, float]:
    """Test independence by Pearson's χ² without continuity correction.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, no empty margin.

    Returns
    -------
    tuple of float
        Statistic and p value.
    """
    return _chi_square(table, correction=False)


def yates_chi_square(table: Table) -> tuple[float, float]:
    """Test independence in a 2 × 2 table by χ² with continuity correction.

    Parameters
    ----------
    table : tuple of tuple of int
        Two pairs of counts, no empty margin.

    Returns
    -------
    tuple of float
        Statistic and p value.
    """
    return _chi_square(table, correction=True)


def likelihood_ratio_chi_square(table: Table) -> tuple[float, float]:
    """Test independence by the likelihood ratio.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, no empty margin.

    Returns
    -------
    tuple of float
        Statistic and p value.
    """
    return _chi_square(table, correction=False, lambda_="log-likelihood")


def linear_by_linear(table: Table) -> tuple[float, float]:
    """Test a trend over equally spaced levels: (N − 1) r².

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, in order.

    Returns
    -------
    tuple of float
        Statistic and p value. For two levels it equals the tie-corrected Mann-Whitney test.
    """
    cells = np.asarray(table, dtype=float)
    total, first = cells.sum(), cells[:, 0].sum()
    scores, rows = np.arange(len(cells)), cells.sum(axis=1)
    centred = scores - scores @ rows / total
    slope = (centred @ cells[:, 0]) ** 2
    variance = (centred**2 @ rows) * first * (total - first) / total
    statistic = (total - 1) * slope / variance
    return float(statistic), float(special.chdtrc(1, statistic))


def fisher_exact_p(table: Table) -> float:
    """Fisher's exact test, two-sided; beyond 2 × 2 the Freeman-Halton extension.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level.

    Returns
    -------
    float
        p value, or NaN where more tables than `MOST_TABLES` would have to be enumerated, and
        beyond `MOST_PATIENTS`.
    """
    if sum(map(sum, table)) > MOST_PATIENTS:
        return math.nan
    if len(table) == 2:
        return float(stats.fisher_exact(table).pvalue)
    totals = np.array([sum(pair) for pair in table])
    if np.log1p(totals[:-1]).sum() > math.log(MOST_TABLES):
        return math.nan
    first = sum(pair[0] for pair in table)
    firsts = np.indices(totals[:-1] + 1).reshape(len(table) - 1, -1)
    last = first - firsts.sum(axis=0)
    possible = (last >= 0) & (last <= totals[-1])
    columns = np.vstack([firsts[:, possible], last[possible]])
    logs = _log_binomial(totals[:, None], columns).sum(axis=0)
    observed = _log_binomial(totals, np.array([pair[0] for pair in table])).sum()
    # R's relative tolerance for tables as probable as the observed one.
    chosen = logs <= observed + 1e-7
    return float(min(1.0, np.exp(special.logsumexp(logs[chosen]) - special.logsumexp(logs))))


def p_from_chi_square(statistic: tuple[float, float], freedom: int) -> tuple[float, float]:
    """Return the p values of an interval of χ².

    Parameters
    ----------
    statistic : tuple of float
        Smallest and largest χ².
    freedom : int
        Degrees of freedom.

    Returns
    -------
    tuple of float
        Smallest and largest p; p falls as χ² grows.
    """
    low, high = (max(0.0, end) for end in statistic)
    return float(special.chdtrc(freedom, high)), float(special.chdtrc(freedom, low))


@lru_cache(maxsize=4096)
def association_tests(table: Table) -> dict[str, tuple[float, float]]:
    """Return statistic and p value of the tests that are tried behind a print.

    Parameters
    ----------
    table : tuple of tuple of int
        One pair of counts per level, no empty margin.

    Returns
    -------
    dict
        Test to statistic (NaN where there is none) and p value. Do not change it: it is cached.
    """
    tests = {
        "pearson": pearson_chi_square(table),
        "likelihood_ratio": likelihood_ratio_chi_square(table),
        "fisher": (math.nan, fisher_exact_p(table)),
        "linear": linear_by_linear(table),
    }
    if len(table) == 2:
        tests["yates"] = yates_chi_square(table)
        one_sided, mid_p = _fisher_variants(table)
        tests["one_sided_fisher"] = math.nan, one_sided
        tests["mid_p"] = math.nan, mid_p
        tests["unpooled"] = _unpooled_z(table)
        tests["crude_wald"] = math.nan, _crude_wald_p(table)
        tests["student_of_levels"] = math.nan, _student_p(table)
    return tests


def _chi_square(table: Table, correction: bool, lambda_=None) -> tuple[float, float]:
    result = stats.chi2_contingency(table, correction=correction, lambda_=lambda_)
    return float(result.statistic), float(result.pvalue)


def _log_binomial(total, chosen):
    return (
        special.gammaln(total + 1)
        - special.gammaln(chosen + 1)
        - special.gammaln(total - chosen + 1)
    )


def _fisher_variants(table: Table) -> tuple[float, float]:
    """Return the smaller one-sided p and the two-sided mid-p."""
    (a, b), (c, d) = table
    if a + b + c + d > MOST_PATIENTS:
        return math.nan, math.nan
    less = float(stats.fisher_exact(table, alternative="less").pvalue)
    greater = float(stats.fisher_exact(table, alternative="greater").pvalue)
    observed = float(stats.hypergeom.pmf(a, a + b + c + d, a + b, a + c))
    return min(less, greater), fisher_exact_p(table) - observed / 2


def _unpooled_z(table: Table) -> tuple[float, float]:
    cells = np.asarray(table, dtype=float)
    sizes = cells.sum(axis=0)
    shares = cells[0] / sizes
    variance = (shares * (1 - shares) / sizes).sum()
    statistic = math.inf if variance == 0 else float((shares[0] - shares[1]) ** 2 / variance)
    return statistic, float(special.chdtrc(1, statistic))


def _crude_wald_p(table: Table) -> float:
    cells = np.asarray(table, dtype=float)
    if cells.min() == 0:
        return math.nan
    log_odds_ratio = np.log(cells[0, 0] * cells[1, 1] / (cells[0, 1] * cells[1, 0]))
    return float(2 * special.ndtr(-abs(log_odds_ratio) / np.sqrt((1 / cells).sum())))


def _student_p(table: Table) -> float:
    """Compare two proportions by Student's t: r with N − 2 degrees of freedom."""
    total = sum(map(sum, table))
    squared_r = min(1.0, linear_by_linear(table)[0] / (total - 1))
    if squared_r == 1 or total < 3:
        return math.nan
    t = math.sqrt(squared_r * (total - 2) / (1 - squared_r))
    return float(2 * special.stdtr(total - 2, -t))
