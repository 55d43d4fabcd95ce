"""The analysis of Wang et al. 2025 (Qingdao), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own. The results are rows
``statistic, variable, level, group, method, value`` in the words of the book.
"""

import numpy as np
import pandas as pd

from rairlib.cohorts.schema import CohortSchema, Column, Rule, inhabited
from rairlib.stats.cox import cox
from rairlib.stats.logistic import logistic
from rairlib.stats.roc import dichotomise, optimal_cutoffs
from rairlib.stats.rows import (
    COLUMNS,
    Rows,
    auc_rows,
    level_rows,
    log_rank_rows,
    operating_rows,
    part_rows,
    quantile_rows,
    rank_rows,
    ratio_rows,
    split_rows,
    survival_rows,
)

# --- The cohort: its columns, its checks, and what the paper derives --------------------------


AGE_CUTOFF, SIZE_CUTOFF, RATIO_CUTOFF, LM_CUTOFF, PS_TG_CUTOFF = 55, 4, 50, 1, 528.5
BY_PROGRESSION = "progression despite avidity"
TYPES = ("no avidity", "partial avidity", "avidity lost", BY_PROGRESSION)
JOINED_TYPES = "partial avidity or avidity lost"  # as Figure 5B draws them
VARIANTS = ("follicular", "tall cell", "columnar cell", "diffuse sclerosing")
# What the lesions did over the courses, by type; type iv takes up iodine to the end, as RAIA does.
COURSES = {
    "": "avid at every course",
    "no avidity": "never",
    "partial avidity": "partial",
    "avidity lost": "lost",
    BY_PROGRESSION: "avid at every course",
}
STATUS = {True: "RAI-avid", False: "partial or no RAI-avid"}
LEVELS = {
    "age_55": ["<55", "≥55"],
    "gender": ["Male", "Female"],
    "histology": ["PTC", "FTC"],
    "multicentricity": ["Yes", "No"],
    "tumor_size_4": ["≤4", ">4"],
    "ete": ["Negative", "Positive"],
    "t_stage": ["T4", "T1/T2/T3"],
    "n_stage": ["N0-N1a", "N1b"],
    "lnm_ratio_50": ["<50", "≥50"],
    "lm_size_1": ["<1", "≥1"],
    "ps_tg_528": ["<528.5", "≥528.5"],
    "rai_avid_status": list(STATUS.values()),
}
RECORDED = ("gender", "histology", "multicentricity", "ete", "t_stage", "n_stage")
ASSESSED = ("evaluable", "yes")
SCHEMA = CohortSchema(
    "wang2025",
    (
        Column("patient", "id", label="Patient"),
        Column("rair", "binary", levels=("RAIA", "RAIR")),
        Column("rair_type", "categorical", levels=TYPES, only_if=("rair", "RAIR"), constant=True),
        *(Column(name, "binary", levels=tuple(LEVELS[name])) for name in RECORDED),
        Column(
            "ptc_variant",
            "categorical",
            levels=(*VARIANTS, "not described"),
            only_if=("histology", "PTC"),
            constant=True,
        ),
        Column("lnm", "binary", levels=("yes", "no"), constant=True),
        Column(
            "avidity",
            "categorical",
            levels=("avid at every course", "never", "partial", "lost"),
            label="Uptake of radioiodine by the lesions over the courses",
        ),
        Column("evaluable", "binary", levels=("yes", "no"), constant=True),
        Column("rai_avid_status", "binary", levels=tuple(STATUS.values()), only_if=ASSESSED),
        Column("response", "categorical", levels=("CR", "non-CR/non-PD", "PD"), only_if=ASSESSED),
        Column("progression", "binary", levels=("PD", "NPD"), only_if=ASSESSED),
        Column("age", "integer", low=18, high=120, usual=(25, 80)),
        Column("tumor_size", "continuous", high=30, usual=(0.5, 8)),
        Column(
            "lnm_ratio",
            "continuous",
            high=100,
            usual=(2, 100),
            too_high="more positive nodes than removed",
        ),
        Column(
            "lm_size",
            "continuous",
            high=30,
            usual=(0.2, 5),
            label="Largest lung metastasis",
            unit="cm",
        ),
        Column("ps_tg", "continuous", usual=(5, 5000)),
        Column("rai_courses", "integer", low=1, high=50),
        Column("rai_activity", "continuous", low=10, high=5000, usual=(50, 1500)),
        Column("follow_up", "time", high=600, usual=(12, 240)),
        Column("pfs", "time", high=600, only_if=ASSESSED, usual=(6, 240)),
    ),
    (
        Rule(
            ("progression", "response"),
            "progression must be PD where the response is, and nowhere else",
            "mend one of them",
            lambda data: (data["progression"] == "PD") == (data["response"] == "PD"),
        ),
        Rule(
            ("avidity", "rair_type"),
            "avidity does not go with rair_type",
            "mend one of them",
            lambda data: data["avidity"] == data["rair_type"].map(COURSES),
        ),
        Rule(
            ("progression", "rair"),
            "progression makes the disease RAIR",
            "criterion iv of refractory disease is progression: mend one of them",
            lambda data: (data["progression"] != "PD") | (data["rair"] == "RAIR"),
        ),
        Rule(
            ("rair_type", "progression"),
            f"{BY_PROGRESSION} needs progression",
            "mend one of them",
            lambda data: (data["rair_type"] != BY_PROGRESSION) | (data["progression"] == "PD"),
        ),
        inhabited(rair="RAIA"),
        inhabited(rair="RAIR"),
        inhabited(progression="PD"),
    ),
    (
        Rule(
            ("t_stage", "ete"),
            "T4 without extrathyroidal extension",
            "T4 is gross extension beyond the thyroid: mend one of them",
            lambda data: (data["t_stage"] != "T4") | (data["ete"] == "Positive"),
        ),
        Rule(
            ("n_stage", "lnm"),
            "N1b without lymph node metastasis",
            "mend one of them",
            lambda data: (data["n_stage"] != "N1b") | (data["lnm"] == "yes"),
        ),
        Rule(
            ("lnm", "lnm_ratio"),
            "positive nodes do not go with lymph node metastasis",
            "the ratio is above 0 where there are metastases, and 0 elsewhere: mend one of them",
            lambda data: (data["lnm_ratio"] > 0) == (data["lnm"] == "yes"),
        ),
        Rule(
            ("pfs", "follow_up"),
            "follow-up shorter than the time to the event",
            "mend one of them",
            lambda data: data["pfs"] <= data["follow_up"],
        ),
    ),
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
        A copy with numbers as numbers, ``age_55``, ``tumor_size_4``, ``lnm_ratio_50``,
        ``lm_size_1``, ``ps_tg_528`` (levels as in ``LEVELS``) and ``curve`` (the type of
        refractory disease as Figure 5B draws it, partial and lost avidity joined; empty for
        RAIA).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    data = check_cohort(cohort)
    joined = data["rair_type"].isin(["partial avidity", "avidity lost"])
    return data.assign(
        age_55=dichotomise(data["age"], AGE_CUTOFF),
        tumor_size_4=np.where(data["tumor_size"] > SIZE_CUTOFF, ">4", "≤4"),
        lnm_ratio_50=dichotomise(data["lnm_ratio"], RATIO_CUTOFF),
        lm_size_1=dichotomise(data["lm_size"], LM_CUTOFF),
        ps_tg_528=dichotomise(data["ps_tg"], PS_TG_CUTOFF),
        curve=data["rair_type"].mask(joined, JOINED_TYPES),
    )


def evaluable(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the patients whose response was assessed, with derived variables.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        As :func:`with_cutoffs`, with ``progressed`` (true/false) beside ``pfs`` (months).

    Raises
    ------
    RairlibError
        As :func:`check_cohort` does.
    """
    data = with_cutoffs(cohort)
    assessed = data[data["evaluable"] == "yes"]
    return assessed.assign(progressed=assessed["progression"] == "PD")


# --- Refractory disease: who the patients are (Table 3) and who is RAIR (Table 4) -------------


OUTCOME = ("RAIR", "RAIA")
TABLE_3_NUMBERS = ["age", "tumor_size", "lnm_ratio", "ps_tg"]
TABLE_3_NUMBERS += ["rai_courses", "rai_activity", "follow_up"]
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
TABLE_3_LEVELS = {name: LEVELS[name] for name in CONTRASTS}
FIVE = ("age_55", "tumor_size_4", "ete", "t_stage", "lm_size_1")
KEPT = ("age_55", "t_stage")
# Which covariates stand beside each row of the multivariable column. The rows of age and T stage
# agree with the model of these two alone, the other three with the model of all five: the last and
# the first step of a selection, not one model.
TABLE_4_MODELS = {variable: KEPT if variable in KEPT else FIVE for variable in FIVE}
NOT_SIGNIFICANT = ["gender", "histology", "multicentricity", "tumor_size_4"]
NOT_SIGNIFICANT += ["n_stage", "lnm_ratio_50"]


def table_3(cohort: pd.DataFrame) -> Rows:
    """Describe all patients.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: counts and percentages of
        every level, medians, quartiles (SPSS's HAVERAGE) and ranges, the sizes of the groups RAIA
        and RAIR (percent of all) and of the types of refractory disease (percent of RAIR).
    """
    data = with_cutoffs(cohort)
    rows = [("n", "", "", "all", "", len(data)), *part_rows(data["rair"], OUTCOME)]
    rows += part_rows(data["rair_type"][data["rair"] == "RAIR"], TYPES)
    for variable, levels in {**TABLE_3_LEVELS, "lnm": ["yes", "no"]}.items():
        rows += level_rows(data[variable], levels, "all")
    papillary = data["ptc_variant"][data["histology"] == "PTC"]
    rows += level_rows(papillary, VARIANTS, "all")
    for variable in TABLE_3_NUMBERS:
        rows += quantile_rows(data[variable], "all")
    return rows


def table_4(cohort: pd.DataFrame) -> Rows:
    """Compare patients with and without refractory disease, one variable at a time.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: counts, percentages of each
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
    return rows


def table_4_ratios(
    cohort: pd.DataFrame, models: dict[str, tuple[str, ...]] | None = None
) -> pd.DataFrame:
    """Fit the logistic models of Table 4: each variable alone, and its multivariable column.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.
    models : dict of str to tuple of str, optional
        Row of the multivariable column → covariates of the model from which it is taken, the
        variable of the row among them; ``TABLE_4_MODELS`` without it.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.stats.logistic.logistic`, after a column
        ``model``
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


# --- Progression: ROC of ps-Tg (Figure 3), Cox models (Table 5), curves (Figures 4 and 5) -----


PROGRESSION = ("PD", "NPD")
RESPONSES = ("CR", "non-CR/non-PD")
# The level named first is the one whose hazard of progression the table prints.
PROGRESSION_CONTRASTS = {
    "gender": ("Female", "Male"),
    "age_55": ("≥55", "<55"),
    "histology": ("FTC", "PTC"),
    "multicentricity": ("No", "Yes"),
    "tumor_size_4": (">4", "≤4"),
    "lnm_ratio_50": ("≥50", "<50"),
    "ete": ("Negative", "Positive"),
    "t_stage": ("T1/T2/T3", "T4"),
    "n_stage": ("N0-N1a", "N1b"),
    "ps_tg_528": ("≥528.5", "<528.5"),
    "rai_avid_status": ("partial or no RAI-avid", "RAI-avid"),
    "lm_size_1": ("≥1", "<1"),
}
NOT_IN_MODEL = ("multicentricity", "lnm_ratio_50", "n_stage")
TABLE_5_MODEL = {
    name: levels for name, levels in PROGRESSION_CONTRASTS.items() if name not in NOT_IN_MODEL
}
RATES = (12, 36, 60)
LEVEL_OFF = 100  # months after which Figure 4 is described


def responses(cohort: pd.DataFrame) -> Rows:
    """Count who was evaluable, who progressed, and the other responses.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: sizes of the groups, the
        responses in percent of the evaluable patients, and the follow-up of these.
    """
    data = evaluable(cohort)
    return [
        ("n", "", "", "evaluable", "", len(data)),
        ("n", "", "", "not evaluable", "", len(cohort) - len(data)),
        *part_rows(data["progression"], PROGRESSION),
        *part_rows(data["response"], RESPONSES),
        *quantile_rows(data["follow_up"], "evaluable"),
    ]


def figure_3(cohort: pd.DataFrame) -> Rows:
    """Measure how well ps-Tg tells patients with progression from those without.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: quantiles in both groups and
        the Mann-Whitney test; AUC with its interval under both standard errors; the
        Youden-optimal cut-off as SPSS lists it, the lowest if several tie; sensitivity and
        specificity (percent) at the paper's cut-off, once with ≥ and once with >.
    """
    data = evaluable(cohort)
    score, group = data["ps_tg"], data["progression"]
    best = optimal_cutoffs(data["progressed"], score)["cutoff"].iloc[0]
    return [
        *rank_rows(score, group, PROGRESSION),
        *auc_rows(score, group, PROGRESSION),
        ("cutoff", "ps_tg", "", " vs ".join(PROGRESSION), "youden", best),
        *operating_rows(score, group, PROGRESSION, "ps_tg_528", PS_TG_CUTOFF),
    ]


def table_5_counts(cohort: pd.DataFrame) -> Rows:
    """Count the evaluable patients with each level of Table 5.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: counts and percentages.
    """
    data = evaluable(cohort)
    return [
        row
        for name in PROGRESSION_CONTRASTS
        for row in level_rows(data[name], LEVELS[name], "evaluable")
    ]


def table_5(cohort: pd.DataFrame, ties: str = "breslow") -> pd.DataFrame:
    """Fit the Cox models of Table 5: each variable alone, and nine of them at once.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.
    ties : str
        ``breslow``, as the paper's software handles ties, or ``efron``.

    Returns
    -------
    DataFrame
        Hazard ratios in the schema of :func:`rairlib.stats.cox.cox`, after a column ``model``
        (``univariable`` or ``multivariable``).

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    data = evaluable(cohort)
    fits = [
        cox(data, "pfs", "progressed", {name: contrast}, ties).assign(model="univariable")
        for name, contrast in PROGRESSION_CONTRASTS.items()
    ]
    joint = cox(data, "pfs", "progressed", TABLE_5_MODEL, ties)
    table = pd.concat([*fits, joint.assign(model="multivariable")])
    ratios = table[table["statistic"] == "hazard_ratio"].reset_index(drop=True)
    return ratios[["model", *ratios.columns.drop("model")]]


def figure_4(cohort: pd.DataFrame) -> Rows:
    """Read the curve of all evaluable patients at one, three and five years and where it is level.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        Columns ``statistic, variable, level, group, method, value``; progression-free survival
        in percent, NaN beyond the last observation.
    """
    data = evaluable(cohort)
    rows = survival_rows(data["pfs"], data["progressed"], (*RATES, LEVEL_OFF), "evaluable")
    return rows


def figure_5(cohort: pd.DataFrame) -> Rows:
    """Compare the curves of RAIR and RAIA, and those of the types of refractory disease.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    list of tuple
        ``statistic, variable, level, group, method, value``: rates at one, three and five
        years of evaluable patients in percent (no row for a group without any), and both log-rank
        tests; the second, named ``RAIR``, compares three curves.
    """
    data = evaluable(cohort)
    refractory = data[data["rair"] == "RAIR"]
    curves = [("rair", name) for name in OUTCOME] + [("rair_type", name) for name in TYPES]
    rows = []
    for column, name in [*curves, ("curve", JOINED_TYPES)]:
        part = data[data[column] == name]
        if len(part):
            rows += survival_rows(part["pfs"], part["progressed"], RATES, name)
    versus = " vs ".join(OUTCOME)
    rows += log_rank_rows(data["pfs"], data["progressed"], data["rair"], versus)
    own = (refractory[name] for name in ("pfs", "progressed", "curve"))
    rows += log_rank_rows(*own, "RAIR")
    return rows


def analyse(cohort: pd.DataFrame) -> pd.DataFrame:
    """Run the paper's whole analysis.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: Tables 3 and 4, the
        responses, Figure 3, Table 5, Figures 4 and 5 in this order; percentages, rates and
        diagnostic measures in percent, times in months.

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    rows = [
        *table_3(cohort),
        *table_4(cohort),
        *_by_model(table_4_ratios(cohort), OUTCOME),
        *responses(cohort),
        *figure_3(cohort),
        *table_5_counts(cohort),
        *_by_model(table_5(cohort), PROGRESSION),
        *figure_4(cohort),
        *figure_5(cohort),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_model(ratios: pd.DataFrame, groups: tuple[str, str]) -> Rows:
    models = ratios.groupby("model", sort=False)
    return [row for model, estimates in models for row in ratio_rows(estimates, groups, model)]
