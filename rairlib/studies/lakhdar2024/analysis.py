"""The analysis of Bel Lakhdar et al. 2024 (Rabat), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own.
"""

from functools import partial

import pandas as pd

from rairlib.cohorts.schema import CohortSchema, Column, inhabited
from rairlib.stats.logistic import firth_logistic, logistic
from rairlib.stats.roc import optimal_cutoffs
from rairlib.stats.rows import (
    Rows,
    auc_rows,
    categorical_rows,
    continuous_rows,
    operating_rows,
    part_rows,
    ratio_rows,
)
from rairlib.studies.steps import Model, Step, results, split_at

GROUPS = ("RAIR", "non-RAIR")
AGE_CUTOFF = 54
DIAMETER_CUTOFF = 29
SIGNIFICANCE_LEVEL = 0.05
LEVELS = {
    "gender": ["female", "male"],
    "age_54": ["≥54", "<54"],
    "metastasis": ["yes", "no"],
    "diameter_29": ["≥29", "<29"],
    "ete": ["yes", "no"],
    "multifocality": ["yes", "no"],
    "histology": ["PTC", "FTC", "OCA"],
    "high_risk_ptc": ["yes", "no"],
}
SUBTYPES = ("tall cell", "solid/trabecular")
TABLE_1 = (
    *("gender", "age", "age_54", "metastasis", "tumor_diameter", "diameter_29", "ete"),
    *("multifocality", "histology", "high_risk_ptc"),
)
# Continuous variable, its dichotomised form, the paper's cut-off.
FIGURE_1 = (("age", "age_54", AGE_CUTOFF), ("tumor_diameter", "diameter_29", DIAMETER_CUTOFF))
TABLE_2 = {name: tuple(LEVELS[name]) for name in ("age_54", "diameter_29", "metastasis")}
YES_NO = ("rair", "metastasis", "ete", "multifocality")
SCHEMA = CohortSchema(
    "lakhdar2024",
    (
        Column("patient", "id", label="Patient"),
        *(Column(name, "binary", levels=("yes", "no")) for name in YES_NO),
        Column("gender", "binary", levels=("female", "male")),
        Column("age", "integer", high=120, usual=(25, 80)),
        Column("tumor_diameter", "integer", high=300, usual=(8, 80)),
        Column("histology", "categorical", levels=("PTC", "FTC", "OCA")),
        Column("high_risk_ptc", "binary", levels=("yes", "no"), only_if=("histology", "PTC")),
        Column(
            "ptc_subtype",
            "categorical",
            levels=SUBTYPES,
            only_if=("high_risk_ptc", "yes"),
            optional=True,
            constant=True,
        ),
    ),
    (inhabited(rair="yes"), inhabited(rair="no")),
)
check_cohort = SCHEMA.check


def with_cutoffs(cohort: pd.DataFrame) -> pd.DataFrame:
    """Check a cohort and add the variables that the paper derives.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        A copy with ``age_54`` (≥54/<54), ``diameter_29`` (≥29/<29) and ``oncocytic`` (yes/no).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    return derived(check_cohort(cohort))


def derived(data: pd.DataFrame) -> pd.DataFrame:
    """Add the variables that the paper derives, of the columns that are there."""
    cut = {
        name: split_at(data[source], cutoff) for source, name, cutoff in FIGURE_1 if source in data
    }
    if "histology" in data:
        oncocytic = data["histology"].map({"OCA": "yes"}).fillna("no")
        cut["oncocytic"] = oncocytic.where(data["histology"].notna())
    return data.assign(**cut)


# --- The analysis in steps: Table 1, Figure 1, Table 2 -----------------------------------------


def table_1(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare patients with and without refractory disease, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``. Sizes, counts and
        percentages of each group and of all patients; mean, SD and quantiles; and, since the
        paper does not say which test stands behind which p value, every candidate test in its
        own row. Histological types are compared each with all others.
    """
    return results(TABLE_1_STEPS, with_cutoffs(cohort))


def _group(data: pd.DataFrame) -> pd.Series:
    return data["rair"].map(dict(zip(("yes", "no"), GROUPS, strict=True)))


def _patient_rows(data: pd.DataFrame) -> Rows:
    return [("n", "", "", "all", "", len(data)), *part_rows(_group(data), GROUPS)]


def _table_1_rows(variable: str, data: pd.DataFrame) -> Rows:
    values, group = data[variable], _group(data)
    if variable in LEVELS:
        return categorical_rows(values, group, GROUPS, LEVELS[variable])
    return continuous_rows(values, group, GROUPS)


def _subtype_rows(data: pd.DataFrame) -> Rows:
    """Count the named high-risk subtypes."""
    counts = data["ptc_subtype"].value_counts()
    return [
        ("count", "ptc_subtype", level, "all", "", int(counts.get(level, 0))) for level in SUBTYPES
    ]


def figure_1(cohort: pd.DataFrame) -> pd.DataFrame:
    """Measure how well age and tumour diameter tell the groups apart.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``. AUC with its interval under
        both standard errors; the Youden-optimal cut-off as SPSS lists it, that is a midpoint
        between observed values, the lowest if several tie; sensitivity and specificity (percent)
        at the paper's cut-off, once with ≥ and once with >.
    """
    return results(FIGURE_1_STEPS, with_cutoffs(cohort))


def _figure_1_rows(variable: str, dichotomised: str, cutoff: float, data: pd.DataFrame) -> Rows:
    score, group = data[variable], _group(data)
    best = optimal_cutoffs(data["rair"] == "yes", score)["cutoff"].iloc[0]
    return [
        *auc_rows(score, group, GROUPS),
        ("cutoff", variable, "", " vs ".join(GROUPS), "youden", best),
        *operating_rows(score, group, GROUPS, dichotomised, cutoff),
    ]


def table_2(cohort: pd.DataFrame) -> pd.DataFrame:
    """Fit the paper's logistic model: age, diameter and metastasis, all at once.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.stats.logistic.logistic`.
    """
    return _odds_ratios(logistic(with_cutoffs(cohort), "rair", TABLE_2))


def _table_2_rows(data: pd.DataFrame) -> Rows:
    estimates = _odds_ratios(logistic(data, "rair", TABLE_2))
    key = ("number", "independent_predictors", "", " vs ".join(GROUPS), "multivariable")
    significant = int((estimates["p_value"] < SIGNIFICANCE_LEVEL).sum())
    return [*ratio_rows(estimates, GROUPS, "multivariable"), (*key, significant)]


def oncocytic_firth(cohort: pd.DataFrame) -> pd.DataFrame:
    """Fit the model that the paper could not: oncocytic histology added, with Firth's penalty.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.stats.logistic.firth_logistic`.
    """
    covariates = {**TABLE_2, "oncocytic": ("yes", "no")}
    return _odds_ratios(firth_logistic(with_cutoffs(cohort), "rair", covariates))


def _odds_ratios(estimates: pd.DataFrame) -> pd.DataFrame:
    return estimates[estimates["statistic"] == "odds_ratio"].reset_index(drop=True)


TABLE_1_STEPS = (
    Step("Table 1, patients", ("rair",), _patient_rows),
    *(
        Step(
            f"Table 1, {name}",
            ("rair", name),
            partial(_table_1_rows, name),
            {"histology": "PTC"} if name == "high_risk_ptc" else {},
        )
        for name in TABLE_1
    ),
    Step("Table 1, subtypes", ("ptc_subtype",), _subtype_rows, {"high_risk_ptc": "yes"}),
)
FIGURE_1_STEPS = tuple(
    Step(f"Figure 1, {figure[0]}", ("rair", figure[0]), partial(_figure_1_rows, *figure))
    for figure in FIGURE_1
)
STEPS = (
    *TABLE_1_STEPS,
    *FIGURE_1_STEPS,
    Step(
        "Table 2, logistic model",
        ("rair", *TABLE_2),
        _table_2_rows,
        model=Model(event=("rair", "yes"), covariates=TABLE_2, groups=GROUPS),
    ),
)


def analyse(cohort: pd.DataFrame) -> pd.DataFrame:
    """Run the paper's whole analysis.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: Table 1, Figure 1 and
        Table 2 in this order, percentages and diagnostic measures in percent, and the number of
        predictors that are significant in Table 2.

    Raises
    ------
    RairlibError
        If the cohort is not usable or its logistic model has no finite estimates.
    """
    return results(STEPS, with_cutoffs(cohort))
