"""The analyses that a public notebook and two web pages print about the records of UCI 915."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from rairlib.stats.logistic import covariate_columns, fit_logistic, profile_limits
from rairlib.stats.observation import Z_95
from rairlib.stats.rows import COLUMNS, Rows, categorical_rows, continuous_rows, part_rows

BY_RECURRENCE = ("recurred", "not recurred")
BY_SMOKING = ("smokers", "non-smokers")
# The file spells it so.
NAMES = {"Hx Radiothreapy": "hx_radiotherapy"}
TABLE_1 = (
    *("age_category", "gender", "smoking_status", "smoking", "hx_smoking", "thyroid_function"),
    *("thyroid_01", "physical_examination", "physical_01", "adenopathy", "adenopathy_01"),
    *("hx_radiotherapy", "pathology", "focality", "risk", "t", "n", "m", "stage"),
    *("response", "response_01"),
)
TABLE_2 = (
    *("recurred", "age_category", "gender", "thyroid_01", "physical_01", "adenopathy_01"),
    *("hx_radiotherapy", "pathology", "focality"),
)
CODING = {
    "smoking_status": ("yes", "no"),
    "age_category": ("55+", "0-55"),
    "gender": ("M", "F"),
    "thyroid_01": ("non-euthyroid", "euthyroid"),
    "physical_01": ("goiter", "Normal"),
    "adenopathy_01": ("yes", "no"),
    "hx_radiotherapy": ("yes", "no"),
    "focality": ("Uni-Focal", "Multi-Focal"),
    "pathology": ("Hurthel cell", "Micropapillary", "Papillary", "Follicular"),
}
DAG = ("smoking_status", "age_category", "gender")
MODEL_2 = (*DAG, "thyroid_01", "physical_01", "hx_radiotherapy")
MODELS = {
    "Model DAG": DAG,
    "Model 1": (*DAG, "thyroid_01", "physical_01", "adenopathy_01"),
    "Model 2": MODEL_2,
    "Model 3": (*MODEL_2, "focality", "pathology"),
}


def analyse(thyroid: pd.DataFrame) -> pd.DataFrame:
    """Run every analysis of the notebook and of both pages.

    Parameters
    ----------
    thyroid : DataFrame
        The records as published, one row per patient.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    patients = prepared(thyroid)
    recurrence = patients["recurred"].map({"yes": "recurred", "no": "not recurred"})
    smoking = patients["smoking_status"].map({"yes": "smokers", "no": "non-smokers"})
    rows = table_rows(patients, recurrence, BY_RECURRENCE, TABLE_1)
    rows += continuous_rows(patients["age"], recurrence, BY_RECURRENCE)
    rows += table_rows(patients, smoking, BY_SMOKING, TABLE_2)
    for group, names in MODELS.items():
        rows += model_rows(patients, group, {name: CODING[name] for name in names})
    rows += profile_rows(patients, "Model DAG", {name: CODING[name] for name in DAG})
    return pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates(ignore_index=True)


def prepared(thyroid: pd.DataFrame) -> pd.DataFrame:
    """Return the records under the names of this project, with the notebook's own variables."""
    names = {name: NAMES.get(name, name.lower().replace(" ", "_")) for name in thyroid}
    patients = thyroid.rename(columns=names)
    asked = ("smoking", "hx_smoking", "hx_radiotherapy", "recurred")
    patients = patients.assign(**{name: patients[name].str.lower() for name in asked})

    smoker = (patients["smoking"] == "yes") | (patients["hx_smoking"] == "yes")
    halves = {
        "age_category": (patients["age"] < 55, "0-55", "55+"),
        "smoking_status": (smoker, "yes", "no"),
        "thyroid_01": (patients["thyroid_function"] == "Euthyroid", "euthyroid", "non-euthyroid"),
        "physical_01": (patients["physical_examination"] == "Normal", "Normal", "goiter"),
        "adenopathy_01": (patients["adenopathy"] == "No", "no", "yes"),
        "response_01": (patients["response"] == "Excellent", "excellent", "not-excellent"),
    }
    return patients.assign(**{name: np.where(*half) for name, half in halves.items()})


def table_rows(
    patients: pd.DataFrame, group: pd.Series, names: tuple[str, str], variables: tuple[str, ...]
) -> Rows:
    """Return a table that compares two groups on categorical variables."""
    rows = [("n", "", "", "all", "", len(patients)), *part_rows(group, names)]
    for name in variables:
        rows += categorical_rows(patients[name], group, names, sorted(set(patients[name])))
    return rows


def model_rows(
    patients: pd.DataFrame, group: str, covariates: Mapping[str, tuple[str, ...]]
) -> Rows:
    """Return a logistic model of recurrence as a program prints it whole.

    Where all patients with a level have one outcome, the likelihood grows as the level's
    coefficient goes to infinity; what it grows to is the fit to the other patients.
    """
    empty = levels_with_one_outcome(patients, covariates)
    rest = patients
    for name, level in empty:
        rest = rest[rest[name] != level]
    finite = {
        name: tuple(level for level in levels if (name, level) not in empty)
        for name, levels in covariates.items()
    }
    columns = covariate_columns(rest, finite)
    fit = fit_logistic(*outcome_and_design(rest, columns))
    estimates = zip(fit.coefficients, fit.standard_errors, strict=True)
    rows = []
    for term, (estimate, error) in zip(["intercept", *columns], estimates, strict=True):
        rows += term_rows(term, group, float(estimate), float(error))
    for name, level in empty:
        share = (patients.loc[patients[name] == level, "recurred"] == "yes").mean()
        term = f"{name}: {level} vs {covariates[name][-1]}"
        rows += term_rows(term, group, math.inf if share else -math.inf, math.inf)
    size = len(columns.columns) + len(empty)
    return rows + fit_rows(group, fit.log_likelihood, size, patients["recurred"])


def levels_with_one_outcome(
    patients: pd.DataFrame, covariates: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Find the levels of which all patients recurred, or none."""
    return [
        (name, level)
        for name, levels in covariates.items()
        for level in levels
        if patients.loc[patients[name] == level, "recurred"].nunique() < 2
    ]


def outcome_and_design(
    patients: pd.DataFrame, columns: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return recurrence as 1 or 0 and the columns with one of ones before them."""
    event = (patients["recurred"] == "yes").to_numpy(dtype=float)
    return event, np.column_stack([np.ones(len(event)), columns.to_numpy()])


def term_rows(term: str, group: str, estimate: float, error: float) -> Rows:
    """Return all that is printed of one term; of an infinite one, no Wald test exists."""
    variable, _, level = term.partition(": ")
    key = (variable, level, group)
    z = estimate / error if math.isfinite(error) else math.nan
    low, high = (estimate - Z_95 * error, estimate + Z_95 * error)
    if not math.isfinite(error):
        low, high = -math.inf, math.inf
    own = ("intercept", "", "", group) if term == "intercept" else ("coefficient", *key)
    with np.errstate(over="ignore"):
        ratio, ratio_low, ratio_high = (float(np.exp(value)) for value in (estimate, low, high))
    return [
        (*own, "multivariable", estimate),
        ("standard_error", *key, "multivariable", error),
        ("z_statistic", *key, "multivariable", z),
        ("p_value", *key, "multivariable", float(2 * norm.sf(abs(z)))),
        ("ci_low", *key, "wald", low),
        ("ci_high", *key, "wald", high),
        ("odds_ratio", *key, "multivariable", ratio),
        ("ci_low", *key, "wald exp", ratio_low),
        ("ci_high", *key, "wald exp", ratio_high),
    ]


def fit_rows(group: str, log_likelihood: float, size: int, recurred: pd.Series) -> Rows:
    """Return how well a model of so many coefficients beside the intercept fits."""
    shares = recurred.value_counts(normalize=True)
    alone = float(len(recurred) * (shares * np.log(shares)).sum())
    found = {
        "degrees_of_freedom": size,
        "log_likelihood": log_likelihood,
        "deviance": -2 * log_likelihood,
        "pseudo_r2": 1 - log_likelihood / alone,
        "aic": 2 * (size + 1) - 2 * log_likelihood,
        "bic": math.log(len(recurred)) * (size + 1) - 2 * log_likelihood,
    }
    rows = [(statistic, "model", "", group, "", value) for statistic, value in found.items()]
    return [*rows, ("deviance", "model", "intercept only", group, "", -2 * alone)]


def profile_rows(
    patients: pd.DataFrame, group: str, covariates: Mapping[str, tuple[str, ...]]
) -> Rows:
    """Return the limits of a model's odds ratios by profile likelihood, as R gives them."""
    columns = covariate_columns(patients, covariates)
    event, design = outcome_and_design(patients, columns)
    rows = []
    for place, term in enumerate(columns, start=1):
        variable, _, level = term.partition(": ")
        limits = profile_limits(event, design, place)
        rows += [
            (statistic, variable, level, group, "profile", math.exp(limit))
            for statistic, limit in zip(("ci_low", "ci_high"), limits, strict=True)
        ]
    return rows
