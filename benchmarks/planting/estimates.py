"""What statistical programs compute: tests, regressions, areas and survival, without `rairlib`.

Nothing here comes from the project's own analyses or checks: the bench may not share their errors.
"""

import itertools
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from scipy import stats
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    HessianInversionWarning,
    PerfectSeparationWarning,
)

Z_95 = stats.norm.ppf(0.975)
LARGEST_ERROR = 3.0
MOST_TABLES = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A coefficient of a regression.

    Attributes
    ----------
    coefficient, low, high : float
        On the log scale, with 95 % limits.
    p_value : float
        Two-sided.
    """

    coefficient: float
    low: float
    high: float
    p_value: float


def table_test(counts: np.ndarray, wanted: str) -> tuple[str, float, float]:
    """Test association in a table of levels by two groups.

    Parameters
    ----------
    counts : ndarray of int, shape (levels, 2)
        No empty margin.
    wanted : str
        ``pearson``, ``yates``, ``fisher`` or ``by expected counts`` (Fisher's where one is
        below 5).

    Returns
    -------
    method, statistic, p_value : str, float, float
        The test that was done, since a correction exists for 2 × 2 tables alone; its statistic
        is NaN for Fisher's.
    """
    expected = stats.contingency.expected_freq(counts)
    if wanted == "by expected counts":
        wanted = "fisher" if expected.min() < 5 else "pearson"
    if wanted == "fisher" and counts.shape == (2, 2):
        return "fisher", np.nan, float(stats.fisher_exact(counts).pvalue)
    if wanted == "fisher" and np.prod(counts.sum(axis=1)[:-1] + 1) <= MOST_TABLES:
        return "fisher", np.nan, freeman_halton(counts)
    corrected = wanted == "yates" and counts.shape == (2, 2)
    result = stats.chi2_contingency(counts, correction=corrected)
    return "yates" if corrected else "pearson", float(result.statistic), float(result.pvalue)


def freeman_halton(counts: np.ndarray) -> float:
    """Return Fisher's exact p beyond 2 × 2 by listing all tables with the same margins."""
    rows, first = counts.sum(axis=1), counts[:, 0].sum()
    law = stats.multivariate_hypergeom(m=rows, n=first)
    columns = np.array(list(itertools.product(*(range(size + 1) for size in rows[:-1]))))
    last = first - columns.sum(axis=1)
    possible = (last >= 0) & (last <= rows[-1])
    chances = law.pmf(np.column_stack([columns, last])[possible])
    observed = law.pmf(counts[:, 0])
    return float(min(1.0, chances[chances <= observed * (1 + 1e-7)].sum()))


def t_test(first, second, wanted: str) -> tuple[str, float]:
    """Compare two means; ``by variances`` takes Welch's test where Levene's says so.

    Returns
    -------
    method, p_value : str, float
        ``student`` or ``welch``.
    """
    if wanted == "by variances":
        wanted = "welch" if stats.levene(first, second, center="mean").pvalue < 0.05 else "student"
    return wanted, float(stats.ttest_ind(first, second, equal_var=wanted == "student").pvalue)


def rank_test(first, second, wanted: str) -> tuple[float, float]:
    """Compare two groups by ranks; ``exact`` holds for small groups without ties alone.

    Returns
    -------
    u, p_value : float
        U counts the pairs in which the first group is larger.
    """
    pooled = np.concatenate([first, second])
    exact = wanted == "exact" and len(np.unique(pooled)) == len(pooled) < 60
    result = stats.mannwhitneyu(
        first,
        second,
        use_continuity=wanted == "corrected",
        method="exact" if exact else "asymptotic",
    )
    return float(result.statistic), float(result.pvalue)


def logistic(outcome, design: pd.DataFrame, p_method: str, weights=None) -> dict[str, Estimate]:
    """Fit a logistic regression by maximum likelihood; empty if it is separated.

    Parameters
    ----------
    outcome : array-like of bool
        One entry per patient.
    design : DataFrame
        Covariates without the constant.
    p_method : str
        ``wald`` or ``likelihood_ratio``.
    weights : array-like of float, optional
        Of the patients; errors are then robust.

    Returns
    -------
    dict of str to Estimate
        By column of the design.
    """
    X, y = sm.add_constant(design.to_numpy(float)), np.asarray(outcome, float)
    if weights is None:
        fit = _fitted(sm.Logit(y, X), method="newton", disp=0, maxiter=60, tol=1e-12)
    else:
        model = sm.GLM(y, X, family=sm.families.Binomial(), freq_weights=np.asarray(weights))
        fit = _fitted(model, cov_type="HC0")
    # Robust errors stay small where an estimate is infinite.
    if fit is None or not all(
        max(abs(v[1:]) * X[:, 1:].std(axis=0)) < LARGEST_ERROR for v in (fit.bse, fit.params)
    ):
        return {}
    p_values = list(fit.pvalues)
    if p_method == "likelihood_ratio":
        for place in range(1, X.shape[1]):
            smaller = _fitted(sm.Logit(y, np.delete(X, place, axis=1)), disp=0, maxiter=60)
            p_values[place] = stats.chi2.sf(2 * (fit.llf - smaller.llf), 1) if smaller else np.nan
    return _estimates(design.columns, fit.params[1:], fit.bse[1:], p_values[1:])


def cox(months, event, design: pd.DataFrame, ties: str) -> dict[str, Estimate]:
    """Fit a Cox regression with Wald intervals; empty if an estimate is infinite.

    Parameters
    ----------
    months, event : array-like
        Time and whether it ended in an event.
    design : DataFrame
        Covariates.
    ties : str
        ``breslow`` or ``efron``.

    Returns
    -------
    dict of str to Estimate
        By column of the design.
    """
    X = design.to_numpy(float)
    model = sm.PHReg(np.asarray(months, float), X, status=np.asarray(event, float), ties=ties)
    fit = _fitted(model, disp=0)
    if fit is None or not np.all(fit.bse * X.std(axis=0) < LARGEST_ERROR):
        return {}
    return _estimates(design.columns, fit.params, fit.bse, fit.pvalues)


def _fitted(model, **options):
    """Return a converged fit, or None where the estimates are infinite."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", HessianInversionWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return model.fit(**options)
        except (Warning, np.linalg.LinAlgError):
            return None


def _estimates(names, coefficients, errors, p_values) -> dict[str, Estimate]:
    return {
        name: Estimate(
            coefficient=float(b), low=float(b - Z_95 * se), high=float(b + Z_95 * se), p_value=p
        )
        for name, b, se, p in zip(names, coefficients, errors, p_values, strict=True)
    }


def exact_odds_ratio(counts: np.ndarray) -> tuple[float, float, float]:
    """Return the conditional odds ratio of a 2 × 2 table with its exact 95 % limits."""
    result = stats.contingency.odds_ratio(counts, kind="conditional")
    interval = result.confidence_interval(0.95)
    return float(result.statistic), float(interval.low), float(interval.high)


def roc_area(with_outcome, without, error: str) -> tuple[float, float, float, float]:
    """Estimate the area under the ROC curve, larger values speaking for the outcome.

    Parameters
    ----------
    with_outcome, without : array-like
        The score in either group.
    error : str
        ``hanley_mcneil`` (nonparametric, p from the error under the null hypothesis) or
        ``delong``.

    Returns
    -------
    area, low, high, p_value : float
        Limits are cut off at 0 and 1.
    """
    x, y = np.asarray(with_outcome, float), np.asarray(without, float)
    wins = (x[:, None] > y).astype(float) + 0.5 * (x[:, None] == y)
    area, (n1, n0) = wins.mean(), wins.shape
    if error == "delong":
        variance = wins.mean(axis=1).var(ddof=1) / n1 + wins.mean(axis=0).var(ddof=1) / n0
        null_variance = variance
    else:
        q1 = _both_win(x, y)
        q2 = _both_win(-y, -x)
        variance = area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)
        variance /= n1 * n0
        null_variance = (n1 + n0 + 1) / (12 * n1 * n0)
    half = Z_95 * np.sqrt(variance)
    p_value = 2 * stats.norm.sf(abs(area - 0.5) / np.sqrt(null_variance)) if variance else np.nan
    return float(area), float(max(0, area - half)), float(min(1, area + half)), float(p_value)


def _both_win(x: np.ndarray, y: np.ndarray) -> float:
    """Return the chance that two draws of x both beat one of y, ties in random order."""
    above = (x[:, None] > y).mean(axis=0)
    equal = (x[:, None] == y).mean(axis=0)
    return float((above**2 + above * equal + equal**2 / 3).mean())


def survival_at(months, event, times) -> list[float]:
    """Return the Kaplan-Meier estimate, in percent, at the given times."""
    fitter = KaplanMeierFitter().fit(months, event)
    return [float(value) for value in 100 * fitter.survival_function_at_times(times)]


def logrank(months, event, groups) -> tuple[float, float]:
    """Return the log-rank χ² of two or more groups and its p value."""
    result = multivariate_logrank_test(months, groups, event)
    return float(result.test_statistic), float(result.p_value)
