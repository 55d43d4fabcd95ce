"""Logistic regression by maximum likelihood and with Firth's penalty, in one estimate schema."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from firthmodels import FirthLogisticRegression, detect_separation
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.fast_logistic import (
    NEARLY_NONE,
    UNEXPLAINED_MIN,
    dependent_terms,
    fit_logistic,
    on_unit_scale,
)
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
    event, columns = _model_frame(data, outcome, covariates)
    _check_cells(data, outcome, event, covariates)
    design = np.column_stack([np.ones(len(event)), columns.to_numpy()])
    _check_separation(event, columns, design)
    fit = fit_logistic(event.to_numpy(), design)
    error = fit.standard_errors
    infinite = "so together the covariates leave the odds ratio without a finite estimate"
    check_errors(columns, error[1:], f"{infinite}; use firth_logistic")
    width, p_value = Z_95 * error, 2 * stats.norm.sf(abs(fit.coefficients / error))
    limits = (fit.coefficients - width, fit.coefficients + width)
    values = np.column_stack([fit.coefficients, *limits, p_value])
    return _estimates(event, [INTERCEPT, *columns.columns], values)


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
    event, columns = _model_frame(data, outcome, covariates)
    values = penalised_fit(FirthLogisticRegression, columns, event.to_numpy(), intercept=True)
    return _estimates(event, [INTERCEPT, *columns.columns], values)


def _model_frame(data, outcome, covariates) -> tuple[pd.Series, pd.DataFrame]:
    """Return the outcome as 0/1 and the columns of the covariates."""
    check_columns(data, [outcome])
    return outcome_column(data[outcome]), covariate_columns(data, covariates)


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
    check_covariates(data, covariates)
    terms = []
    for name, coding in covariates.items():
        terms += _numeric(data[name]) if coding is None else _indicators(data[name], coding)
    columns = pd.concat(terms, axis=1) if terms else pd.DataFrame(index=data.index)
    check_dependence(columns)
    return columns


def check_dependence(columns: pd.DataFrame) -> None:
    """Refuse terms that determine one another.

    Parameters
    ----------
    columns : DataFrame
        One column per term; each varies.

    Raises
    ------
    RairlibError
        It names the terms.
    """
    if together := dependent_terms(columns, UNEXPLAINED_MIN):
        raise RairlibError(f"the terms {together} determine one another")


def check_errors(columns: pd.DataFrame, error: np.ndarray, infinite: str) -> None:
    """Refuse estimates with standard errors that no clinical data set has.

    Parameters
    ----------
    columns : DataFrame
        What :func:`covariate_columns` returned.
    error : ndarray, shape (terms,)
        Standard errors of their coefficients.
    infinite : str
        What a large error means where no terms nearly determine one another.

    Raises
    ------
    RairlibError
        If an error is missing or above 100 per standard deviation of its term.
    """
    scaled = np.asarray(error * columns.std(ddof=0))
    if (scaled < LARGEST_STANDARD_ERROR).all():
        return
    if together := dependent_terms(columns, NEARLY_NONE):
        raise RairlibError(f"the terms {together} nearly determine one another: leave one out")
    worst = np.argmax(np.nan_to_num(scaled, nan=np.inf))
    found = f"the standard error is {np.asarray(error)[worst]:.3g}"
    raise RairlibError(f"{columns.columns[worst]}: {found}, {infinite}")


def check_columns(data: pd.DataFrame, columns: Iterable[str], gaps: bool = False) -> None:
    """Refuse a frame without patients, without a column, or with gaps in it.

    Parameters
    ----------
    data : DataFrame
        One row per patient.
    columns : iterable of str
        The columns that an analysis uses.
    gaps : bool
        Whether values may be missing.

    Raises
    ------
    RairlibError
        For the first fault.
    """
    if not len(data):
        raise RairlibError("there are no patients in the data")
    for column in columns:
        if column not in data.columns:
            raise RairlibError(f"no column {column!r} in the data")
        if data[column].ndim > 1:
            raise RairlibError(f"{column}: {data[column].shape[1]} columns have this name")
        missing = 0 if gaps else int(pd.isna(data[column].to_numpy()).sum())
        if missing:
            raise RairlibError(f"{column}: {missing} values are missing")


def check_covariates(data: pd.DataFrame, covariates: Mapping[str, Coding]) -> None:
    """Refuse columns as :func:`check_columns` does, and codings without two different levels.

    Parameters
    ----------
    data, covariates
        As for :func:`logistic`.

    Raises
    ------
    RairlibError
        For the first fault.
    """
    if not isinstance(covariates, Mapping):
        raise RairlibError("covariates: give each column its levels, or None if it is numeric")
    check_columns(data, covariates)
    for name, coding in covariates.items():
        if coding is None:
            _check_numbers(data[name])
        elif isinstance(coding, str) or not 2 <= len(coding) == len(set(coding)):
            raise RairlibError(f"{name}: give two or more different levels, the reference last")


def _check_numbers(values: pd.Series) -> None:
    if values.dtype.kind in "mM":
        raise RairlibError(f"{values.name}: dates and durations must be given as numbers")
    if not pd.api.types.is_numeric_dtype(values):
        raise RairlibError(f"{values.name}: not numeric; give its levels, the reference last")
    infinite = np.isinf(values.to_numpy(dtype=float))
    if infinite.any():
        raise RairlibError(f"{values.name}: {int(infinite.sum())} values are infinite")


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
    if values.isna().any():
        raise RairlibError(f"{values.name}: {int(values.isna().sum())} values are missing")
    event = values.map(YES_NO) if set(values) <= set(YES_NO) else values
    if not set(event) <= {0, 1}:
        raise RairlibError(f"{values.name}: an outcome must be yes/no, true/false or 1/0")
    event = event.astype(float)
    if event.nunique() < 2:
        raise RairlibError(f"{values.name}: all patients have the same outcome")
    return event


def _numeric(values: pd.Series) -> list[pd.Series]:
    numbers = values.astype(float)
    # Around a large mean, a spread of the last digits is noise.
    if np.ptp(numbers) <= 1e-13 * abs(numbers).max():
        raise RairlibError(f"{values.name}: all patients have the same value")
    return [numbers]


def _indicators(values: pd.Series, coding: tuple[str, ...]) -> list[pd.Series]:
    *levels, reference = coding
    unknown = sorted(set(values) - set(coding), key=str)
    if unknown:
        known = ", ".join(map(str, coding))
        raise RairlibError(f"{values.name}: {unknown[0]!r} is not one of {known}")
    for level in coding:
        if not (values == level).any():
            raise RairlibError(f"{values.name}: no patient has level {level!r}")
    return [
        (values == level).astype(float).rename(f"{values.name}: {level} vs {reference}")
        for level in levels
    ]


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


def _check_separation(event: pd.Series, columns: pd.DataFrame, design: np.ndarray) -> None:
    """Find separation by linear programming (Konis 2007): fitting alone may not notice it."""
    found = detect_separation(on_unit_scale(design)[0], event.to_numpy(), fit_intercept=False)
    if found.separation:
        infinite = columns.columns[~np.asarray(found.is_finite)[1:]]
        raise RairlibError(
            f"{'; '.join(map(str, infinite))}: together the covariates separate the outcome, so "
            "the odds ratio is infinite; use firth_logistic"
        )


def _estimates(event, terms: list[str], values: np.ndarray) -> pd.DataFrame:
    """Lay the estimates of a logistic model out in the common schema, its intercept first."""
    sizes = (len(event), int(event.sum()))
    return estimate_table(terms, values, sizes, "odds_ratio", intercept=True)


def estimate_table(
    terms: Iterable[str],
    values: np.ndarray,
    sizes: tuple[int, int],
    ratio: str,
    intercept: bool = False,
) -> pd.DataFrame:
    """Lay estimates on the log scale out in the common schema.

    Parameters
    ----------
    terms : iterable of str
        Names of the terms.
    values : ndarray, shape (terms, 4)
        Coefficients, their limits and p values.
    sizes : tuple of int
        Patients and events.
    ratio : str
        What an exponentiated coefficient is: ``odds_ratio`` or ``hazard_ratio``.
    intercept : bool
        Whether the first term is an intercept.

    Returns
    -------
    DataFrame
        Columns ``term, statistic, estimate, low, high, p_value, n, events``; for each term a
        ``coefficient`` and a ratio row, for an intercept one row.
    """
    rows = []
    for place, (term, (*on_log_scale, p_value)) in enumerate(zip(terms, values, strict=True)):
        if intercept and not place:
            rows.append((term, INTERCEPT, *on_log_scale, p_value, *sizes))
        else:
            rows.append((term, "coefficient", *on_log_scale, p_value, *sizes))
            # Per unit of a very small covariate, a ratio can be beyond all numbers.
            with np.errstate(over="ignore"):
                rows.append((term, ratio, *np.exp(on_log_scale), p_value, *sizes))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
