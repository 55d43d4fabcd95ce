"""Logistic regression by maximum likelihood and with Firth's penalty, in one estimate schema."""

import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression, detect_separation
from scipy import stats
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    HessianInversionWarning,
    PerfectSeparationWarning,
)

from rairlib.errors import RairlibError
from rairlib.firth import penalised_fit

ESTIMATE_COLUMNS = (
    "term",
    "statistic",
    "estimate",
    "low",
    "high",
    "p_value",
    "n",
    "events",
)
INTERCEPT = "intercept"
Z_95 = stats.norm.ppf(0.975)
YES_NO = {"yes": 1.0, "no": 0.0}
# On standardised covariates no finite estimate of a clinical data set comes near this.
LARGEST_STANDARD_ERROR = 100.0

Coding = tuple[str, ...] | None


def logistic(data: pd.DataFrame, outcome: str, covariates: Mapping[str, Coding]) -> pd.DataFrame:
    """Fit a logistic regression by maximum likelihood, with Wald intervals and p values.

    Parameters
    ----------
    data : DataFrame
        One row per patient, without missing values in the columns used.
    outcome : str
        Column of the outcome: ``yes``/``no``, true/false or 1/0.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last, such as ``("yes", "no")``; None for a
        numeric column.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``. One ``intercept``
        row and, for each term, a ``coefficient`` (log odds) and an ``odds_ratio`` row. A term
        reads ``metastasis: yes vs no``, or is the column's name if numeric.

    Raises
    ------
    RairlibError
        If a column or level is missing, the outcome does not vary, the covariates are
        collinear, or the estimates are infinite because the covariates separate the outcome.
    """
    event, design = _model_frame(data, outcome, covariates)
    _check_cells(data, outcome, event, covariates)
    _check_separation(event, design)
    fit = _maximum_likelihood(event, design)
    low, high = fit.params - Z_95 * fit.bse, fit.params + Z_95 * fit.bse
    return _estimates(event, fit.params, low, high, fit.pvalues)


def firth_logistic(
    data: pd.DataFrame, outcome: str, covariates: Mapping[str, Coding]
) -> pd.DataFrame:
    """Fit a logistic regression with Firth's penalty, finite even where levels are empty.

    Parameters
    ----------
    data, outcome, covariates
        As for :func:`logistic`.

    Returns
    -------
    DataFrame
        As for :func:`logistic`; intervals are those of the profile penalised likelihood and p
        values those of the penalised likelihood-ratio test (Heinze and Schemper 2002, Statistics
        in Medicine 21:2409-2419).

    Raises
    ------
    RairlibError
        If a column or level is missing, the outcome does not vary, the covariates are
        collinear, or the fit does not converge.
    """
    event, design = _model_frame(data, outcome, covariates)
    slopes = design.drop(columns=INTERCEPT)
    fit = penalised_fit(FirthLogisticRegression, slopes, event.to_numpy(), INTERCEPT)
    # firthmodels puts the intercept last, the schema puts it first.
    table = fit.loc[design.columns]
    return _estimates(event, *(table[column] for column in table))


def _model_frame(data, outcome, covariates) -> tuple[pd.Series, pd.DataFrame]:
    """Return the outcome as 0/1 and the design matrix with its intercept first."""
    _check_present(data, [outcome])
    design = covariate_columns(data, covariates)
    event = outcome_column(data[outcome])
    design.insert(0, INTERCEPT, 1.0)
    return event, design


def covariate_columns(data: pd.DataFrame, covariates: Mapping[str, Coding]) -> pd.DataFrame:
    """Turn covariates into the columns of a regression, without an intercept.

    Parameters
    ----------
    data, covariates
        As for :func:`logistic`.

    Returns
    -------
    DataFrame
        One row per patient, one column per term; a level is 1, any other 0. A term reads
        ``metastasis: yes vs no``, or is the column's name if numeric.

    Raises
    ------
    RairlibError
        If a column is absent or has missing values, a level is unknown or has no patient, or the
        terms determine one another.
    """
    _check_present(data, covariates)
    terms = {}
    for name, coding in covariates.items():
        terms |= _numeric(data[name]) if coding is None else _indicators(data[name], coding)
    columns = pd.DataFrame(terms, index=data.index)
    # A term without spread determines an intercept or, in a Cox model, the baseline hazard.
    if np.linalg.matrix_rank(columns.assign(constant=1.0).to_numpy()) < columns.shape[1] + 1:
        raise RairlibError(f"the terms {', '.join(columns.columns)} determine one another")
    return columns


def _check_present(data: pd.DataFrame, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in data.columns:
            raise RairlibError(f"no column {column!r} in the data")
        if data[column].isna().any():
            raise RairlibError(f"{column}: {int(data[column].isna().sum())} values are missing")


def outcome_column(values: pd.Series) -> pd.Series:
    """Return an outcome as 1.0 for patients who have it and 0.0 for the others.

    Parameters
    ----------
    values : Series
        ``yes``/``no``, true/false or 1/0, one value per patient.

    Returns
    -------
    Series of float
        With the same index.

    Raises
    ------
    RairlibError
        If there are other values, or all patients have the same.
    """
    event = values.map(YES_NO) if set(values) <= set(YES_NO) else values
    if not set(event) <= {0, 1}:
        raise RairlibError(f"{values.name}: an outcome must be yes/no, true/false or 1/0")
    event = event.astype(float)
    if event.nunique() < 2:
        raise RairlibError(f"{values.name}: all patients have the same outcome")
    return event


def _numeric(values: pd.Series) -> dict[str, pd.Series]:
    if not pd.api.types.is_numeric_dtype(values):
        raise RairlibError(f"{values.name}: not numeric; give its levels, the reference last")
    if values.nunique() < 2:
        raise RairlibError(f"{values.name}: all patients have the same value")
    return {values.name: values.astype(float)}


def _indicators(values: pd.Series, coding: tuple[str, ...]) -> dict[str, pd.Series]:
    *levels, reference = coding
    unknown = sorted(set(values) - set(coding), key=str)
    if unknown:
        raise RairlibError(f"{values.name}: {unknown[0]!r} is not one of {', '.join(coding)}")
    for level in coding:
        if not (values == level).any():
            raise RairlibError(f"{values.name}: no patient has level {level!r}")
    return {
        f"{values.name}: {level} vs {reference}": (values == level).astype(float)
        for level in levels
    }


def _check_cells(data, outcome, event, covariates) -> None:
    """Name the level in which all patients have the same outcome: its estimate is infinite."""
    for name, coding in covariates.items():
        for level in coding or ():
            share = event[data[name] == level].mean()
            if share in (0.0, 1.0):
                which = "every" if share else "no"
                raise RairlibError(
                    f"{name}: {which} patient with level {level!r} has the outcome {outcome!r}, so "
                    "the odds ratio is infinite; use firth_logistic"
                )


def _check_separation(event: pd.Series, design: pd.DataFrame) -> None:
    """Find separation by linear programming (Konis 2007): fitting alone may not notice it."""
    scale = design.std(ddof=0).where(lambda sd: sd > 0, 1.0)
    found = detect_separation((design / scale).to_numpy(), event.to_numpy(), fit_intercept=False)
    infinite = [
        term
        for term, finite in zip(design.columns, found.is_finite, strict=True)
        if not finite and term != INTERCEPT
    ]
    if found.separation:
        raise RairlibError(
            f"{'; '.join(infinite)}: together the covariates separate the outcome, so the odds "
            "ratio is infinite; use firth_logistic"
        )


def _maximum_likelihood(event: pd.Series, design: pd.DataFrame):
    """Fit, and refuse a result that did not converge or has no usable standard error."""
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, PerfectSeparationWarning, HessianInversionWarning):
            warnings.simplefilter("error", category)
        try:
            fit = sm.Logit(event, design).fit(disp=False, method="newton", maxiter=100, tol=1e-12)
        except (Warning, np.linalg.LinAlgError) as problem:
            raise RairlibError(f"the logistic regression did not converge: {problem}") from problem
    spread = design.std(ddof=0).where(lambda sd: sd > 0, 1.0)
    scaled = fit.bse * spread
    if not (scaled < LARGEST_STANDARD_ERROR).all():
        worst = scaled.fillna(np.inf).idxmax()
        raise RairlibError(f"{worst}: the standard error is {fit.bse[worst]:.3g}, no usable fit")
    return fit


def _estimates(event, estimate, low, high, p_value) -> pd.DataFrame:
    """Lay the estimates of a logistic model out in the common schema."""
    sizes = (len(event), int(event.sum()))
    return estimate_table(estimate, low, high, p_value, sizes, "odds_ratio")


def estimate_table(
    estimate: pd.Series,
    low: pd.Series,
    high: pd.Series,
    p_value: pd.Series,
    sizes: tuple[int, int],
    ratio: str,
) -> pd.DataFrame:
    """Lay estimates on the log scale out in the common schema.

    Parameters
    ----------
    estimate, low, high, p_value : Series of float
        Coefficients, their limits and p values, indexed by term.
    sizes : tuple of int
        Patients and events.
    ratio : str
        What an exponentiated coefficient is: ``odds_ratio`` or ``hazard_ratio``.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``; for each term a
        ``coefficient`` and a ratio row, for an intercept one row.
    """
    rows = []
    for term in estimate.index:
        on_log_scale = (estimate[term], low[term], high[term])
        rest = (p_value[term], *sizes)
        if term == INTERCEPT:
            rows.append((term, "intercept", *on_log_scale, *rest))
        else:
            rows.append((term, "coefficient", *on_log_scale, *rest))
            rows.append((term, ratio, *np.exp(on_log_scale), *rest))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
