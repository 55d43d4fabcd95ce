"""Logistic regression by maximum likelihood and with Firth's penalty, in one estimate schema."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from firthmodels import detect_separation
from scipy.optimize import brentq
from scipy.special import chdtrc, expit
from scipy.stats import norm

from rairlib.errors import RairlibError
from rairlib.stats.kernels import LAST_STEP_LIMIT, firth_maximise, maximise
from rairlib.stats.observation import YES_NO, Z_95, finite, number

# --- One fit to patients ----------------------------------------------------------------------


# Terms of patients that nearly determine one another are refused later, by name.
LEAST_PIVOT = 1e-15
NO_MAXIMUM = "the logistic regression has no finite estimates: the covariates separate the outcome"
COLLINEAR = "the columns of the logistic regression determine one another"
# Below this share of a column's own spread, the others explain it fully.
UNEXPLAINED_MIN = 1e-10
# Below this one, so little is its own that a large standard error comes of it.
NEARLY_NONE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A maximum likelihood fit.

    Attributes
    ----------
    coefficients : ndarray, shape (terms,)
        On the log-odds scale, in the order of the design's columns.
    covariance : ndarray, shape (terms, terms)
        Inverse of the information.
    log_likelihood : float
        At the maximum.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float

    @property
    def standard_errors(self) -> np.ndarray:
        """Square roots of the variances."""
        return np.sqrt(np.diag(self.covariance))


def fit_logistic(event: np.ndarray, design: np.ndarray, offset: np.ndarray | float = 0.0):
    """Fit a logistic regression by Newton's method with step halving.

    Parameters
    ----------
    event : ndarray of float, shape (n,)
        1 for patients with the outcome, 0 for the others.
    design : ndarray of float, shape (n, terms)
        Design matrix, with a column of ones if an intercept is wanted; in any unit.
    offset : ndarray of float, shape (n,), or float
        Part of the log odds that is known.

    Returns
    -------
    LogisticFit
        Agrees with R's glm to about 1e-12.

    Raises
    ------
    RairlibError
        If values are not usable, the likelihood has no finite maximum, or the columns are
        collinear.
    """
    check_arrays(event, design)
    if not np.isfinite(offset).all():
        raise RairlibError("an offset is missing or not a finite number")
    scaled, back = on_unit_scale(design)
    if dependent(scaled.T @ scaled):
        raise RairlibError(COLLINEAR)
    terms = design.shape[1]
    beta, factored = np.empty(terms), np.empty((terms, terms))
    offset = np.broadcast_to(np.asarray(offset, float), event.shape)
    arrays = (scaled.T, np.ones(event.size), event @ scaled, offset)
    arrays = map(np.ascontiguousarray, arrays)
    reached = maximise(*arrays, beta, factored, LEAST_PIVOT, LAST_STEP_LIMIT)
    if np.isnan(reached):
        raise RairlibError(NO_MAXIMUM)
    root = back @ np.linalg.inv(np.tril(factored)).T
    return LogisticFit(
        coefficients=back @ beta,
        covariance=root @ root.T,
        log_likelihood=float(reached + event @ offset),
    )


def profile_limits(event: np.ndarray, design: np.ndarray, place: int) -> tuple[float, float]:
    """Return the 95 % limits of one coefficient by profile likelihood, as R's ``confint`` does.

    Parameters
    ----------
    event, design
        As for :func:`fit_logistic`.
    place : int
        Column of the coefficient.

    Returns
    -------
    tuple of float
        Where the likelihood, the other coefficients at their best, is as low as the likelihood
        ratio test allows.
    """
    fit, others = fit_logistic(event, design), np.delete(design, place, axis=1)
    centre, reach = fit.coefficients[place], 2 * fit.standard_errors[place]
    # Along the tangent of the profile, so that each fit starts near its end.
    tangent = fit.covariance[:, place] / fit.covariance[place, place]

    def above(value: float) -> float:
        offset = design @ (fit.coefficients + (value - centre) * tangent)
        profile = fit_logistic(event, others, offset).log_likelihood
        return profile - fit.log_likelihood + Z_95**2 / 2

    return tuple(_falls(above, centre, side) for side in (-reach, reach))


def _falls(above: Callable[[float], float], centre: float, side: float) -> float:
    """Return where what is above 0 at the centre falls to 0, looking out to one side."""
    near, far = centre, centre + side
    while above(far) >= 0:
        near, far = far, far + side
    return float(brentq(above, near, far, xtol=1e-13 * abs(side), rtol=1e-14))


def check_arrays(event: np.ndarray, design: np.ndarray) -> None:
    """Refuse outcomes and columns of which no model can be made."""
    if design.ndim != 2 or event.shape != design.shape[:1]:
        raise RairlibError(f"one row per patient: {event.size} outcomes, a design {design.shape}")
    if not event.size:
        raise RairlibError("no patients to fit a model to")
    if not ((event == 0) | (event == 1)).all():
        raise RairlibError("an outcome must be 1 or 0")
    if not np.isfinite(design).all():
        raise RairlibError("a covariate is missing or not a finite number")


def on_unit_scale(design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the columns of a design on a scale from 0 to 1, where 0/1 columns already are.

    Parameters
    ----------
    design : ndarray of float, shape (n, terms)
        Without a constant column, 0 keeps its place.

    Returns
    -------
    scaled : ndarray, shape (n, terms)
        The columns from 0 to 1; a constant one as it is.
    back : ndarray, shape (terms, terms)
        Leads coefficients of the scaled columns back to those of the design: scaled = design @
        back.
    """
    low, width = design.min(axis=0), np.ptp(design, axis=0)
    constant = width == 0
    width[constant] = 1.0
    if not constant.any():
        low, width = np.zeros_like(low), abs(design).max(axis=0)
    low[constant] = 0.0
    back = np.diag(1 / width)
    if constant.any():
        place = constant.argmax()
        back[place] -= low / width / (design[0, place] or 1.0)
    return (design - low) / width, back


def dependent(information: np.ndarray) -> bool:
    """Tell whether the columns behind an information matrix determine one another."""
    size = np.sqrt(np.diag(information))
    if not (size > 0).all():
        return True
    shares = np.linalg.eigvalsh(information / np.outer(size, size))
    return bool((shares < UNEXPLAINED_MIN).any())


def dependent_terms(columns: pd.DataFrame, share: float) -> str:
    """Name the terms of which a combination hardly varies."""
    spread = columns.to_numpy() - columns.to_numpy().mean(axis=0)
    spread = spread / np.linalg.norm(spread, axis=0)
    shares, combinations = np.linalg.eigh(spread.T @ spread)
    if not shares.size or shares[0] >= share:
        return ""
    return ", ".join(map(str, columns.columns[abs(combinations[:, 0]) > NEARLY_NONE]))


# --- How uncertain the risk of a logistic model is, given the covariance of its coefficients ---
# The interval is Wald's on the scale of log odds, turned into risks. It covers the sampling error
# of
# the coefficients alone: not how they were selected, and not whether the model holds elsewhere.


INTERVAL_COLUMNS = ("risk", "low", "high", "lowest", "highest", "narrow_low", "narrow_high")


def from_triangles(triangles) -> np.ndarray:
    """Return symmetric matrices from their upper triangles, row by row.

    Parameters
    ----------
    triangles : array-like of float, shape (m, k (k + 1) / 2)
        One matrix per row: ``v00, v01, …, v11, …``.

    Returns
    -------
    ndarray, shape (m, k, k)
        The matrices.

    Raises
    ------
    RairlibError
        If there is no matrix, a row is no triangle, or a variance is missing or negative.
    """
    if not np.size(triangles):
        raise RairlibError("no covariance of the coefficients")
    flat = np.atleast_2d(finite("triangles", triangles))
    k = int((np.sqrt(8 * flat.shape[1] + 1) - 1) / 2)
    if flat.shape[1] != k * (k + 1) / 2:
        raise RairlibError(f"triangles: {flat.shape[1]} numbers in a row are no triangle")
    upper = np.triu_indices(k)
    matrices = np.empty((len(flat), k, k))
    matrices[:, upper[0], upper[1]] = flat
    matrices[:, upper[1], upper[0]] = flat
    if np.linalg.eigvalsh(matrices).min() < 0:
        raise RairlibError("a covariance of the coefficients gives a negative variance")
    return matrices


def risk_intervals(coefficients, design, covariances, level: float = 0.95) -> pd.DataFrame:
    """Return risks with their intervals under one or many covariances of the coefficients.

    Parameters
    ----------
    coefficients : array-like of float, shape (k,)
        Intercept first.
    design : array-like of float, shape (n, k)
        One row per patient, the column of ones first.
    covariances : array-like of float, shape (m, k, k)
        Candidates for the covariance.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        Columns ``risk``; ``low, high``: limits under the mean of the covariances; ``lowest,
        highest``: under the one that gives this patient the widest interval; ``narrow_low,
        narrow_high``: under the one that gives the narrowest. All 0 to 1.

    Raises
    ------
    RairlibError
        If a number is missing, the sizes do not fit, a covariance gives a negative variance, or
        the level is not between 0 and 1.
    """
    X, beta = np.atleast_2d(finite("design", design)), finite("coefficients", coefficients)
    candidates, level = finite("covariances", covariances), number("level", level, 0, 1)
    k = beta.size
    if X.shape[1] != k or candidates.ndim != 3 or candidates.shape[1:] != (k, k):
        raise RairlibError(
            f"{k} coefficients need {k} columns of the design and covariances of {k} by {k}; "
            f"got shapes {X.shape} and {candidates.shape}"
        )
    variances = np.einsum("ni,mij,nj->nm", X, candidates, X)
    if (variances < -1e-12 * abs(variances).max()).any():
        raise RairlibError("a covariance of the coefficients gives a negative variance")
    variances = np.maximum(variances, 0.0)
    score, z = X @ beta, norm.ppf(0.5 + level / 2)
    limits = [
        expit(score + sign * z * np.sqrt(variance))
        for variance in (variances.mean(axis=1), variances.max(axis=1), variances.min(axis=1))
        for sign in (-1, 1)
    ]
    return pd.DataFrame(dict(zip(INTERVAL_COLUMNS, [expit(score), *limits], strict=True)))


# --- Fits with Firth's penalty ----------------------------------------------------------------


NO_PENALISED_FIT = "the penalised fit did not converge"


def _firth_limit(fall: Callable[[float], float], centre: float, side: float) -> float:
    """Return a profile limit; far beyond it, a fit may have no maximum in floating point."""

    def above(value: float) -> float:
        fallen = fall(value)
        return -1.0 if np.isnan(fallen) else Z_95**2 / 2 - fallen

    limit = _falls(above, centre, side)
    if not abs(above(limit)) < 1e-6:
        raise RairlibError(NO_PENALISED_FIT)
    return limit


def fit_firth(event: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return estimates with profile limits and p values of a penalised fit, shape (terms, 4)."""
    scale = abs(design).max(axis=0)
    columns, terms = np.ascontiguousarray((design / scale).T), design.shape[1]
    beta, factored, spare = np.zeros(terms), np.empty((terms, terms)), np.empty((terms, terms))
    best = firth_maximise(columns, event, -1, beta, factored)
    if np.isnan(best):
        raise RairlibError(NO_PENALISED_FIT)
    root = np.linalg.inv(np.tril(factored))
    covariance, values = root.T @ root, np.empty((terms, 4))
    for place in range(terms):
        # From the last fit along the tangent of the profile, so that each starts near its end.
        tangent, last = covariance[:, place] / covariance[place, place], beta.copy()

        def fall(value: float, place=place, tangent=tangent, last=last) -> float:
            last += (value - last[place]) * tangent
            return best - firth_maximise(columns, event, place, last, spare)

        reach = 2 * np.sqrt(covariance[place, place])
        limits = [_firth_limit(fall, beta[place], side) for side in (-reach, reach)]
        last[:] = beta
        p_value = chdtrc(1, max(2 * fall(0.0), 0.0))
        if np.isnan(p_value):
            raise RairlibError(NO_PENALISED_FIT)
        values[place] = (*np.array([beta[place], *limits]) / scale[place], p_value)
    return values


# --- Logistic regression by maximum likelihood and with Firth's penalty, in one estimate schema ---


ESTIMATE_COLUMNS = ("term", "statistic", "estimate", "low", "high", "p_value", "n", "events")
INTERCEPT = "intercept"
# On standardised covariates no finite estimate of a clinical data set comes near this.
LARGEST_STANDARD_ERROR = 100.0

Coding = tuple[str, ...] | None
Covariates = Mapping[str, Coding]


def logistic(data: pd.DataFrame, outcome: str, covariates: Covariates) -> pd.DataFrame:
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
    try:
        fit = fit_logistic(event.to_numpy(), design)
        infinite = "so together the covariates leave the odds ratio without a finite estimate"
        check_errors(columns, fit.standard_errors[1:], f"{infinite}; use firth_logistic")
    except RairlibError:
        _check_separation(event, columns, design)
        check_dependence(columns, NEARLY_NONE)
        raise
    values = wald(fit.coefficients, fit.standard_errors)
    return estimate_table(columns, values, event, "odds_ratio")


def wald(estimate, error, null: float = 0.0) -> np.ndarray:
    """Return estimates with Wald's 95 % limits and p values, one row each."""
    p_value = 2 * norm.sf(abs(estimate - null) / error)
    return np.column_stack([estimate, estimate - Z_95 * error, estimate + Z_95 * error, p_value])


def firth_logistic(data: pd.DataFrame, outcome: str, covariates: Covariates) -> pd.DataFrame:
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
    design = np.column_stack([np.ones(len(event)), columns.to_numpy()])
    with naming_near_duplicates(columns):
        values = fit_firth(event.to_numpy(), design)
    return estimate_table(columns, values, event, "odds_ratio")


def _model_frame(data, outcome, covariates) -> tuple[pd.Series, pd.DataFrame]:
    """Return the outcome as 0/1 and the columns of the covariates."""
    check_columns(data, [outcome])
    return outcome_column(data[outcome]), covariate_columns(data, covariates)


def covariate_columns(data: pd.DataFrame, covariates: Covariates) -> pd.DataFrame:
    """Turn covariates into the columns of a regression, without an intercept."""
    labels, parts = [], []
    for name, values in candidate_columns(data, covariates).items():
        parts.append(values)
        if covariates[name] is None:
            # Around a large mean, a spread of the last digits is noise.
            if np.ptp(values) <= 1e-13 * abs(values).max():
                raise RairlibError(f"{name}: all patients have the same value")
            labels.append(name)
            continue
        *levels, reference = covariates[name]
        filled = [*values.any(axis=0), (values.sum(axis=1) == 0).any()]
        if not all(filled):
            level = covariates[name][filled.index(False)]
            raise RairlibError(f"{name}: no patient has level {level!r}")
        labels += [f"{name}: {level} vs {reference}" for level in levels]
    values = np.hstack(parts) if parts else np.empty((len(data), 0))
    columns = pd.DataFrame(values, data.index, labels)
    check_dependence(columns)
    return columns


def candidate_columns(frame: pd.DataFrame, covariates: Covariates) -> dict[str, np.ndarray]:
    """Turn covariates into the columns of a regression.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, without missing values in the columns used.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.

    Returns
    -------
    dict of str to ndarray, shape (n, terms of the covariate)
        A level is 1, any other 0.

    Raises
    ------
    RairlibError
        If a column is absent, not numeric though it should be, or has missing or unknown values.
    """
    check_covariates(frame, covariates)
    return {name: _columns(frame[name], coding) for name, coding in covariates.items()}


def _columns(given: pd.Series, coding: Coding) -> np.ndarray:
    values = given.to_numpy()
    if coding is None:
        return values.astype(float)[:, np.newaxis]
    columns = np.column_stack([values == level for level in coding])
    if not columns.any(axis=1).all():
        unknown = sorted(set(values[~columns.any(axis=1)].tolist()), key=str)[0]
        raise RairlibError(f"{given.name}: {unknown!r} is not one of {', '.join(map(str, coding))}")
    return columns[:, :-1].astype(float)


@contextmanager
def naming_near_duplicates(columns: pd.DataFrame):
    """Where a fit fails, name the terms that nearly determine one another, if there are any."""
    try:
        yield
    except RairlibError:
        check_dependence(columns, NEARLY_NONE)
        raise


def check_dependence(columns: pd.DataFrame, share: float = UNEXPLAINED_MIN) -> None:
    """Refuse terms that determine one another, or nearly."""
    if together := dependent_terms(columns, share):
        if share > UNEXPLAINED_MIN:
            raise RairlibError(f"the terms {together} nearly determine one another: leave one out")
        raise RairlibError(f"the terms {together} determine one another")


def check_errors(columns: pd.DataFrame, error: np.ndarray, infinite: str) -> None:
    """Refuse estimates with standard errors that no clinical data set has."""
    scaled = np.asarray(error) * columns.to_numpy().std(axis=0)
    if (scaled < LARGEST_STANDARD_ERROR).all():
        return
    check_dependence(columns, NEARLY_NONE)
    worst = np.argmax(np.nan_to_num(scaled, nan=np.inf))
    found = f"the standard error is {np.asarray(error)[worst]:.3g}"
    raise RairlibError(f"{columns.columns[worst]}: {found}, {infinite}")


def check_columns(data: pd.DataFrame, columns: Iterable[str], gaps: bool = False) -> None:
    """Refuse a frame without patients, without a column, or with gaps in it."""
    if not len(data):
        raise RairlibError("there are no patients in the data")
    for column in columns:
        if column not in data.columns:
            raise RairlibError(f"no column {column!r} in the data")
        values = data[column]
        if values.ndim > 1:
            raise RairlibError(f"{column}: {values.shape[1]} columns have this name")
        missing = 0 if gaps else int(pd.isna(values.to_numpy()).sum())
        if missing:
            raise RairlibError(f"{column}: {missing} values are missing")


def check_covariates(data: pd.DataFrame, covariates: Covariates) -> None:
    """Refuse columns as :func:`check_columns` does, and codings without two different levels."""
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
    """Return an outcome as 1.0 for patients who have it and 0.0 for the others."""
    raw, kinds = values.to_numpy(), set(values.to_numpy().tolist())
    if missing := int(pd.isna(raw).sum()):
        raise RairlibError(f"{values.name}: {missing} values are missing")
    if kinds <= set(YES_NO):
        raw, kinds = raw == "yes", {YES_NO[kind] for kind in kinds}
    if not kinds <= {0, 1}:
        raise RairlibError(f"{values.name}: an outcome must be yes/no, true/false or 1/0")
    if len(kinds) < 2:
        raise RairlibError(f"{values.name}: all patients have the same outcome")
    return pd.Series(raw.astype(float), values.index, name=values.name)


def _check_cells(data, outcome, event, covariates) -> None:
    """Name the level in which all patients have the same outcome: its estimate is infinite."""
    outcomes = event.to_numpy()
    for name, coding in covariates.items():
        values = data[name].to_numpy()
        for level in coding or ():
            share = outcomes[values == level].mean()
            if share in (0.0, 1.0):
                which = "every" if share else "no"
                raise RairlibError(
                    f"{name}: {which} patient with level {level!r} has the outcome {outcome!r}, so "
                    "the odds ratio is infinite; use firth_logistic"
                )


def _check_separation(event: pd.Series, columns: pd.DataFrame, design: np.ndarray) -> None:
    """Name who separates the outcome, by linear programming (Konis 2007).

    It is asked only where a fit fails: a converged one solves the score equations, which have no
    solution under separation, as Newton's steps then stay about 1.
    """
    found = detect_separation(on_unit_scale(design)[0], event.to_numpy(), fit_intercept=False)
    if found.separation:
        infinite = columns.columns[~np.asarray(found.is_finite)[1:]]
        raise RairlibError(
            f"{'; '.join(map(str, infinite))}: together the covariates separate the outcome, so "
            "the odds ratio is infinite; use firth_logistic"
        )


def estimate_table(
    columns: pd.DataFrame, values: np.ndarray, events: pd.Series, ratio: str, patients: int = 0
) -> pd.DataFrame:
    """Lay estimates on the log scale out in the common schema; the first may be an intercept."""
    intercepts = len(values) - columns.shape[1]
    slopes = np.repeat(np.arange(intercepts, len(values)), 2)
    place, kinds = np.append(np.arange(intercepts), slopes), [INTERCEPT] * intercepts
    kinds += ["coefficient", ratio] * columns.shape[1]
    terms, shown = [INTERCEPT] * intercepts + list(columns), np.asarray(values)[place].T.copy()
    # Per unit of a very small covariate, a ratio can be beyond all numbers.
    with np.errstate(over="ignore"):
        shown[:3, intercepts + 1 :: 2] = np.exp(shown[:3, intercepts + 1 :: 2])
    sizes = (patients or len(events), int(events.to_numpy().sum()))
    found = ([terms[i] for i in place], kinds, *shown, *sizes)
    return pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, found, strict=True)))
