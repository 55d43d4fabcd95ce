"""Missing covariates: complete cases as papers analyse them, multiple imputation beside them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student
from statsmodels.imputation.mice import MICEData

from rairlib.errors import RairlibError
from rairlib.stats.logistic import Covariates, check_columns, logistic, outcome_column
from rairlib.stats.observation import Z_95
from rairlib.stats.survival import kaplan_meier

# As in R's mice: no variance between imputations would leave infinite degrees of freedom.
LEAST_SHARE = 1e-4
DONORS = 5
RATIOS = ("odds_ratio", "hazard_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputed:
    """One model with missing covariates, fitted in two ways.

    Attributes
    ----------
    estimates : DataFrame
        Pooled over the imputations: columns ``term, statistic, estimate, low, high, p_value, n,
        events, degrees_of_freedom, missing_information`` (a fraction).
    complete : DataFrame
        The same model on complete cases, in the schema of its fit.
    missing : DataFrame
        Columns ``variable, missing, percent``, of the patients whose outcome is known.
    without_outcome : int
        Patients without a known outcome or time, who are in neither.
    imputations : int
        How many.
    """

    estimates: pd.DataFrame
    complete: pd.DataFrame
    missing: pd.DataFrame
    without_outcome: int
    imputations: int


def imputed(
    data: pd.DataFrame,
    outcome: str,
    covariates: Covariates,
    fit: Callable[..., pd.DataFrame] = logistic,
    time: str = "",
    *,
    seed: int,
    imputations: int = 20,
    cycles: int = 10,
    auxiliary: Covariates | None = None,
) -> Imputed:
    """Fit a model to complete cases, and to imputed covariates by Rubin's rules.

    Parameters
    ----------
    data : DataFrame
        One row per patient; covariates may be missing.
    outcome : str
        Column of the outcome or event: ``yes``/``no``, true/false or 1/0.
    covariates : mapping of str to tuple of str or None
        Column → its levels with the reference last; None for a numeric column.
    fit : callable
        :func:`~rairlib.stats.logistic.logistic`, :func:`~rairlib.stats.logistic.firth_logistic`;
        with `time`, :func:`~rairlib.stats.cox.cox` or :func:`~rairlib.stats.cox.firth_cox`.
    time : str
        Column of the time to the event or to the end of observation; empty for a logistic model.
    seed : int
        Of the imputation.
    imputations : int
        At least 2.
    cycles : int
        Rounds of chained equations before the first imputation and between two.
    auxiliary : mapping of str to tuple of str or None, optional
        Columns that help to impute and are not in the model, coded as `covariates`.

    Returns
    -------
    Imputed
        Wald limits and p values from Student's t with the degrees of freedom of Barnard and Rubin
        (1999, Biometrika 86:948-955); the complete data have n, in a Cox model the number of
        events, less the number of coefficients.

    Raises
    ------
    RairlibError
        If columns or levels are not usable, a covariate has no values, there are fewer than 2
        imputations, or a fit fails.

    Notes
    -----
    Chained equations with predictive mean matching on 5 donors (statsmodels), given all other
    covariates and the outcome; for survival the event and the Nelson-Aalen cumulative hazard (White
    and Royston 2009, Statistics in Medicine 28:1982-1998). A factor of more than two levels is
    matched in the order of its levels. Of a penalised fit, whose limits are not symmetric, the
    standard error is the width of its interval over 2·1.96. It is right if whether a value is
    missing depends on what is observed alone.
    """
    if imputations < 2:
        raise RairlibError(f"multiple imputation needs 2 or more imputations, got {imputations}")
    coding = {**covariates, **(auxiliary or {})}
    check_columns(data, [outcome, *([time] if time else []), *coding], gaps=True)
    known = data[[outcome, time] if time else [outcome]].notna().all(axis=1)
    patients = data[known]
    numbers = _as_numbers(patients, coding)
    arguments = (time, outcome, covariates) if time else (outcome, covariates)
    rows = patients[list(covariates)].notna().all(axis=1)
    complete = fit(patients[rows], *arguments)
    helpers = _outcome_columns(patients, outcome, time)
    fits = [
        fit(patients.assign(**filled), *arguments)
        for filled in _completed(numbers, helpers, coding, seed, imputations, cycles)
    ]
    gaps = patients[list(coding)].isna().sum()
    return Imputed(
        estimates=pooled(fits, by_events=bool(time)),
        complete=complete,
        missing=pd.DataFrame(
            {
                "variable": gaps.index,
                "missing": gaps.to_numpy(),
                "percent": 100 * gaps.to_numpy() / len(patients),
            }
        ),
        without_outcome=int((~known).sum()),
        imputations=imputations,
    )


def _as_numbers(patients: pd.DataFrame, coding: Covariates) -> pd.DataFrame:
    """Return covariates as numbers, levels by their place, missing ones as NaN."""
    numbers, faults = {}, []
    for name, levels in coding.items():
        given = patients[name]
        places = None if levels is None else {level: place for place, level in enumerate(levels)}
        read = pd.to_numeric(given, errors="coerce") if places is None else given.map(places)
        if (read.isna() & given.notna()).any():
            wanted = "a number" if levels is None else f"one of {', '.join(levels)}"
            wrong = int((read.isna() & given.notna()).sum())
            faults.append(f"{name}: {wrong} values are not {wanted}")
        if read.isna().all():
            faults.append(f"{name}: no values, so nothing to impute from")
        numbers[name] = read.astype(float)
    if faults:
        raise RairlibError("\n".join(faults))
    return pd.DataFrame(numbers)


def _outcome_columns(patients: pd.DataFrame, outcome: str, time: str) -> pd.DataFrame:
    event = outcome_column(patients[outcome])
    columns = {"event": event.astype(float)}
    if time:
        curve = kaplan_meier(patients[time], event)
        hazard = (curve["events"] / curve["at_risk"]).cumsum()
        place = np.searchsorted(curve["time"], patients[time].astype(float), side="right") - 1
        columns["hazard"] = np.where(place < 0, 0.0, hazard.to_numpy()[place])
    return pd.DataFrame(columns, index=patients.index)


def _completed(numbers, helpers, coding, seed, imputations, cycles) -> Iterator[dict]:
    """Yield the covariates of each imputation, in their own levels."""
    columns = pd.concat([numbers, helpers], axis=1).reset_index(drop=True)
    names = dict(zip(columns, (f"x{place}" for place in range(columns.shape[1])), strict=True))
    chain = MICEData(columns.rename(columns=names), rng=np.random.default_rng(seed))
    chain.k_pmm = min(DONORS, int(numbers.notna().sum().min()))
    for _ in range(imputations):
        chain.update_all(cycles)
        filled = {}
        for name, levels in coding.items():
            values = chain.data[names[name]].to_numpy()
            if levels is not None:
                values = np.array(levels, dtype=object)[values.astype(int)]
            filled[name] = values
        yield filled


def pooled(fits: list[pd.DataFrame], by_events: bool = False) -> pd.DataFrame:
    """Pool the estimates of one model over imputed data sets.

    Parameters
    ----------
    fits : list of DataFrame
        Estimates in the schema of :func:`rairlib.stats.logistic.logistic`, the same rows in each.
    by_events : bool
        Whether the degrees of freedom of complete data count events, as for a Cox model.

    Returns
    -------
    DataFrame
        The rows of the fits with pooled values, and ``degrees_of_freedom, missing_information``.

    Raises
    ------
    RairlibError
        If there are fewer than 2 fits or their rows differ.
    """
    first = fits[0] if fits else pd.DataFrame()
    key = ["term", "statistic"]
    if len(fits) < 2 or not all(fit[key].equals(first[key]) for fit in fits):
        raise RairlibError("pooling needs 2 or more fits of one model")
    ratio = first["statistic"].isin(RATIOS).to_numpy()
    table = np.array([fit[["estimate", "low", "high"]].to_numpy(float) for fit in fits])
    table[:, ratio] = np.log(table[:, ratio])
    coefficients = int((~ratio).sum())
    size = (first["events"] if by_events else first["n"]).to_numpy() - coefficients
    found = rubin(table[..., 0], ((table[..., 2] - table[..., 1]) / (2 * Z_95)) ** 2, size)
    half = student.ppf(0.975, found["degrees_of_freedom"]) * found["standard_error"]
    limits = np.column_stack(
        [found["estimate"], found["estimate"] - half, found["estimate"] + half]
    )
    limits[ratio] = np.exp(limits[ratio])
    statistic = abs(found["estimate"]) / found["standard_error"]
    return first.assign(
        estimate=limits[:, 0],
        low=limits[:, 1],
        high=limits[:, 2],
        p_value=2 * student.sf(statistic, found["degrees_of_freedom"]),
        degrees_of_freedom=found["degrees_of_freedom"].to_numpy(),
        missing_information=found["missing_information"].to_numpy(),
    )


def rubin(estimates, variances, complete_df=np.inf) -> pd.DataFrame:
    """Pool estimates by Rubin's rules, as R's ``mice::pool`` does.

    Parameters
    ----------
    estimates, variances : array-like of float, shape (imputations, terms)
        Of each imputed data set; variances are squared standard errors.
    complete_df : float or array-like of float, shape (terms,)
        Degrees of freedom that complete data would have.

    Returns
    -------
    DataFrame
        Per term ``estimate, standard_error, within, between, degrees_of_freedom`` (Barnard and
        Rubin 1999) and ``missing_information``, the fraction of missing information.

    Raises
    ------
    RairlibError
        If there are fewer than 2 imputations or shapes differ.
    """
    found, spread = np.asarray(estimates, float), np.asarray(variances, float)
    if found.ndim != 2 or found.shape != spread.shape or len(found) < 2:
        raise RairlibError("Rubin's rules need estimates and variances of 2 or more imputations")
    m = len(found)
    within, between = spread.mean(axis=0), found.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = np.maximum((1 + 1 / m) * between / total, LEAST_SHARE)
    old = (m - 1) / share**2
    full = np.broadcast_to(np.asarray(complete_df, float), old.shape)
    with np.errstate(invalid="ignore"):
        observed = (full + 1) / (full + 3) * full * (1 - share)
        df = np.where(np.isinf(full), old, old * observed / (old + observed))
    increase = (1 + 1 / m) * between / within
    return pd.DataFrame(
        {
            "estimate": found.mean(axis=0),
            "standard_error": np.sqrt(total),
            "within": within,
            "between": between,
            "degrees_of_freedom": df,
            "missing_information": (increase + 2 / (df + 3)) / (increase + 1),
        }
    )
