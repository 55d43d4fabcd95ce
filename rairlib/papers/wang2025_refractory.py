"""Refractory disease in Wang et al. 2025: who the patients are (Table 3) and who is RAIR (Table 4).

The results are rows ``statistic, variable, level, group, method, value`` in the words of the book.
"""

import pandas as pd

from rairlib.papers.clinical_rows import level_rows, part_rows, quantile_rows, rank_rows, split_rows
from rairlib.papers.rows import COLUMNS, ratio_rows, size_rows
from rairlib.papers.wang2025_cohort import LEVELS, TYPES, with_cutoffs
from rairlib.regression import logistic

OUTCOME = ("RAIR", "RAIA")
TABLE_3_LEVELS = {
    name: LEVELS[name] for name in LEVELS if name not in ("ps_tg_528", "rai_avid_status")
}
TABLE_3_NUMBERS = (
    "age",
    "tumor_size",
    "lnm_ratio",
    "ps_tg",
    "rai_courses",
    "rai_activity",
    "follow_up",
)
VARIANTS = ("follicular", "tall cell", "columnar cell", "diffuse sclerosing")
# The level named first is the one whose odds of RAIR the table prints.
CONTRASTS = {
    "age_55": ("≥55", "<55"),
    "gender": ("Female", "Male"),
    "histology": ("FTC", "PTC"),
    "multicentricity": ("No", "Yes"),
    "tumor_size_4": ("≤4", ">4"),
    "ete": ("Negative", "Positive"),
    "t_stage": ("T1/T2/T3", "T4"),
    "n_stage": ("N0-N1a", "N1b"),
    "lnm_ratio_50": ("≥50", "<50"),
    "lm_size_1": ("≥1", "<1"),
}
FIVE = ("age_55", "tumor_size_4", "ete", "t_stage", "lm_size_1")
KEPT = ("age_55", "t_stage")
# Which covariates stand beside each row of the multivariable column. The rows of age and T stage
# agree with the model of these two alone, the other three with the model of all five: the last and
# the first step of a selection, not one model.
TABLE_4_MODELS = {variable: KEPT if variable in KEPT else FIVE for variable in FIVE}
NOT_SIGNIFICANT = (
    "gender",
    "histology",
    "multicentricity",
    "tumor_size_4",
    "n_stage",
    "lnm_ratio_50",
)


def table_3(cohort: pd.DataFrame) -> pd.DataFrame:
    """Describe all patients.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: counts and percentages of
        every level, medians, quartiles (SPSS's HAVERAGE) and ranges, the sizes of the groups RAIA
        and RAIR (percent of all) and of the types of refractory disease (percent of RAIR).
    """
    data = with_cutoffs(cohort)
    rows = size_rows(data["rair"], OUTCOME)
    rows += part_rows(data["rair_type"][data["rair"] == "RAIR"], TYPES)
    for variable, levels in {**TABLE_3_LEVELS, "lnm": ["yes", "no"]}.items():
        rows += level_rows(data[variable], levels, "all")
    papillary = data["ptc_variant"][data["histology"] == "PTC"]
    rows += level_rows(papillary, VARIANTS, "all")
    for variable in TABLE_3_NUMBERS:
        rows += quantile_rows(data[variable], "all")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def table_4(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare patients with and without refractory disease, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: counts, percentages of each
        level (the rows of the paper's table), Pearson's chi-squared test without correction;
        quantiles of ps-Tg and the Mann-Whitney test; and, under all six names, the smallest of
        the six p values that the text calls larger than 0.05.
    """
    data = with_cutoffs(cohort)
    rows = []
    for variable, levels in TABLE_3_LEVELS.items():
        rows += split_rows(data[variable], data["rair"], OUTCOME, levels)
    rows += rank_rows(data["ps_tg"], data["rair"], OUTCOME)
    p_values = {row[1]: row[5] for row in rows if row[0] == "p_value"}
    smallest = min(p_values[variable] for variable in NOT_SIGNIFICANT)
    rows.append(("p_value", " | ".join(NOT_SIGNIFICANT), "", " vs ".join(OUTCOME), "", smallest))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def table_4_ratios(
    cohort: pd.DataFrame, models: dict[str, tuple[str, ...]] | None = None
) -> pd.DataFrame:
    """Fit the logistic models of Table 4: each variable alone, and its multivariable column.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.
    models : dict of str to tuple of str, optional
        Row of the multivariable column → covariates of the model from which it is taken, the
        variable of the row among them; ``TABLE_4_MODELS`` without it.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.regression.logistic`, after a column ``model``
        (``univariable`` or ``multivariable``).

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    data = with_cutoffs(cohort)
    refractory = data.assign(refractory=data["rair"] == "RAIR")
    fits = {}

    def row(model: str, variable: str, covariates: tuple[str, ...]) -> pd.DataFrame:
        if covariates not in fits:
            contrasts = {name: CONTRASTS[name] for name in covariates}
            fits[covariates] = logistic(refractory, "refractory", contrasts)
        fit = fits[covariates]
        own = fit["term"].str.startswith(f"{variable}: ") & (fit["statistic"] == "odds_ratio")
        return fit[own].assign(model=model)

    parts = [row("univariable", variable, (variable,)) for variable in CONTRASTS]
    parts += [
        row("multivariable", variable, covariates)
        for variable, covariates in (models or TABLE_4_MODELS).items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["model", *table.columns.drop("model")]]


def refractory_rows(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return Tables 3 and 4 in long format.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    parts = [table_3(cohort), table_4(cohort)]
    for model, estimates in table_4_ratios(cohort).groupby("model", sort=False):
        rows = ratio_rows(estimates, OUTCOME, model)
        parts.append(pd.DataFrame(rows, columns=list(COLUMNS)))
    return pd.concat(parts, ignore_index=True)
