"""The analysis of Bel Lakhdar et al. 2024 (Rabat), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own.
"""

from functools import partial

import pandas as pd

from rairlib.errors import RairlibError
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
from rairlib.studies.steps import Step, results, split_at

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
COHORT_COLUMNS = (
    *("patient", "rair", "gender", "age", "tumor_diameter", "metastasis", "ete"),
    *("multifocality", "histology", "high_risk_ptc"),
)


def check_cohort(cohort: pd.DataFrame) -> None:
    """Refuse a cohort on which the analysis cannot be run.

    Parameters
    ----------
    cohort : DataFrame
        One row per patient with the columns ``patient`` (unique), ``rair``, ``metastasis``,
        ``ete``, ``multifocality`` (yes/no), ``gender`` (female/male), ``age`` (whole years),
        ``tumor_diameter`` (whole millimetres), ``histology`` (PTC/FTC/OCA) and
        ``high_risk_ptc`` (yes/no; empty unless the histology is PTC). More columns are allowed.

    Raises
    ------
    RairlibError
        One line per fault.
    """
    absent = [column for column in COHORT_COLUMNS if column not in cohort.columns]
    if absent:
        raise RairlibError(f"cohort: no column {', '.join(absent)}")
    faults = [*_level_faults(cohort), *_number_faults(cohort)]
    repeated = cohort["patient"][cohort["patient"].duplicated()]
    if not repeated.empty:
        faults.append(f"cohort: patient {repeated.iloc[0]} occurs more than once")
    faults += [
        f"cohort: no patient with rair = {level}"
        for level in ("yes", "no")
        if not (cohort["rair"] == level).any()
    ]
    if faults:
        raise RairlibError("\n".join(faults))


def _level_faults(cohort: pd.DataFrame) -> list[str]:
    levels = {"rair": ["yes", "no"], **{k: v for k, v in LEVELS.items() if k in COHORT_COLUMNS}}
    papillary = cohort["histology"] == "PTC"
    faults = []
    for column, allowed in levels.items():
        values = cohort[column]
        if column == "high_risk_ptc":
            if (values[~papillary].fillna("") != "").any():
                faults.append("cohort: high_risk_ptc must be empty unless histology is PTC")
            values = values[papillary]
        wrong = values[~values.isin(allowed)]
        if not wrong.empty:
            faults.append(
                f"cohort: patient {cohort['patient'][wrong.index[0]]}: {column} "
                f"'{wrong.iloc[0]}' is not one of {', '.join(allowed)}"
            )
    return faults


def _number_faults(cohort: pd.DataFrame) -> list[str]:
    faults = []
    for column, low, high in (("age", 0, 120), ("tumor_diameter", 0, 500)):
        values = pd.to_numeric(cohort[column], errors="coerce")
        wrong = cohort[column][~(values.between(low, high) & (values % 1 == 0))]
        if not wrong.empty:
            faults.append(
                f"cohort: patient {cohort['patient'][wrong.index[0]]}: {column} "
                f"'{wrong.iloc[0]}' is not a whole number from {low} to {high}"
            )
    return faults


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
    check_cohort(cohort)
    whole = {name: pd.to_numeric(cohort[name]).astype(int) for name in ("age", "tumor_diameter")}
    return derived(cohort.assign(**whole))


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


APPLIES = {"high_risk_ptc": ("histology", "PTC"), "ptc_subtype": ("high_risk_ptc", "yes")}
TABLE_1_STEPS = (
    Step("Table 1, patients", ("rair",), _patient_rows),
    *(
        Step(
            f"Table 1, {name}",
            ("rair", name),
            partial(_table_1_rows, name),
            dict([APPLIES[name]]) if name in APPLIES else {},
        )
        for name in TABLE_1
    ),
    Step("Table 1, subtypes", ("ptc_subtype",), _subtype_rows),
)
FIGURE_1_STEPS = tuple(
    Step(f"Figure 1, {figure[0]}", ("rair", figure[0]), partial(_figure_1_rows, *figure))
    for figure in FIGURE_1
)
STEPS = (
    *TABLE_1_STEPS,
    *FIGURE_1_STEPS,
    Step("Table 2, logistic model", ("rair", *TABLE_2), _table_2_rows),
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
