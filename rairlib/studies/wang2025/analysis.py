"""The analysis of Wang et al. 2025 (Qingdao), in the order of the paper.

Works on any cohort with the paper's variables: simulated, or a reader's own. The results are rows
``statistic, variable, level, group, method, value`` in the words of the book.
"""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from rairlib.cohorts.schema import CohortSchema, Column, Rule, inhabited
from rairlib.stats.cox import cox
from rairlib.stats.description import crosstab, pearson
from rairlib.stats.logistic import Covariates, logistic
from rairlib.stats.roc import optimal_cutoffs
from rairlib.stats.rows import (
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
from rairlib.studies.steps import Model, Step, results, split_at

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
    return derived(check_cohort(cohort))


# Variable → the number that it splits, and where.
CUTOFFS = {
    "age_55": ("age", AGE_CUTOFF),
    "tumor_size_4": ("tumor_size", SIZE_CUTOFF),
    "lnm_ratio_50": ("lnm_ratio", RATIO_CUTOFF),
    "lm_size_1": ("lm_size", LM_CUTOFF),
    "ps_tg_528": ("ps_tg", PS_TG_CUTOFF),
}


def derived(data: pd.DataFrame) -> pd.DataFrame:
    """Add the variables that the paper derives, of the columns that are there."""
    cut = {
        name: split_at(data[source], cutoff)
        for name, (source, cutoff) in CUTOFFS.items()
        if source in data
    }
    if "tumor_size_4" in cut:  # here a size equal to the cut-off belongs to the lower level
        size = data["tumor_size"]
        cut["tumor_size_4"] = (size > SIZE_CUTOFF).map({True: ">4", False: "≤4"})
        cut["tumor_size_4"] = cut["tumor_size_4"].where(size.notna())
    if "rair_type" in data:
        joined = data["rair_type"].isin(["partial avidity", "avidity lost"])
        cut["curve"] = data["rair_type"].mask(joined, JOINED_TYPES)
    return data.assign(**cut)


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


def _patient_rows(data: pd.DataFrame) -> Rows:
    return [("n", "", "", "all", "", len(data)), *part_rows(data["rair"], OUTCOME)]


def _smallest_p_row(data: pd.DataFrame) -> Rows:
    """Return, under all six names, the smallest of the p values that the text calls above 0.05."""
    tests = [
        pearson(crosstab(data[name], data["rair"], TABLE_3_LEVELS[name], list(OUTCOME)))
        for name in NOT_SIGNIFICANT
    ]
    key = ("p_value", " | ".join(NOT_SIGNIFICANT), "", " vs ".join(OUTCOME), "")
    return [(*key, min(test.p_value for test in tests))]


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
    parts = [_odds_ratio(data, variable, (variable,)) for variable in CONTRASTS]
    parts += [_odds_ratio(data, *row) for row in (models or TABLE_4_MODELS).items()]
    table = pd.concat(parts, ignore_index=True)
    several = np.arange(len(table)) >= len(CONTRASTS)
    table.insert(0, "model", np.where(several, "multivariable", "univariable"))
    return table


def _odds_ratio(data: pd.DataFrame, variable: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    """Return the odds ratio of one variable from the model of some covariates."""
    refractory = data.assign(refractory=data["rair"] == "RAIR")
    fit = logistic(refractory, "refractory", {name: CONTRASTS[name] for name in covariates})
    own = fit["term"].str.startswith(f"{variable}: ") & (fit["statistic"] == "odds_ratio")
    return fit[own]


def _table_4_row(variable: str, covariates: tuple[str, ...], data: pd.DataFrame) -> Rows:
    model = "univariable" if covariates == (variable,) else "multivariable"
    return ratio_rows(_odds_ratio(data, variable, covariates), OUTCOME, model)


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


def _evaluable_rows(data: pd.DataFrame) -> Rows:
    sizes = {"evaluable": "yes", "not evaluable": "no"}
    return [
        ("n", "", "", name, "", int((data["evaluable"] == level).sum()))
        for name, level in sizes.items()
    ]


def _figure_3_rows(data: pd.DataFrame) -> Rows:
    """Describe ps-Tg in both groups, its areas, its best cut-off, and the rates at the paper's."""
    score, group = data["ps_tg"], data["progression"]
    best = optimal_cutoffs(group == "PD", score)["cutoff"].iloc[0]
    return [
        *rank_rows(score, group, PROGRESSION),
        *auc_rows(score, group, PROGRESSION),
        ("cutoff", "ps_tg", "", " vs ".join(PROGRESSION), "youden", best),
        *operating_rows(score, group, PROGRESSION, "ps_tg_528", PS_TG_CUTOFF),
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
    models = [("univariable", {name: levels}) for name, levels in PROGRESSION_CONTRASTS.items()]
    models.append(("multivariable", TABLE_5_MODEL))
    fits = [_hazard_ratios(data, covariates, ties) for _, covariates in models]
    table = pd.concat(fits, ignore_index=True)
    sizes = [len(fit) for fit in fits]
    table.insert(0, "model", np.repeat([name for name, _ in models], sizes))
    return table


def _hazard_ratios(data: pd.DataFrame, covariates: Covariates, ties: str = "breslow"):
    fit = cox(_with_event(data), "pfs", "progressed", covariates, ties)
    return fit[fit["statistic"] == "hazard_ratio"]


def _with_event(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(progressed=data["progression"] == "PD")


def _table_5_rows(model: str, covariates: Covariates, data: pd.DataFrame) -> Rows:
    return ratio_rows(_hazard_ratios(data, covariates), PROGRESSION, model)


def _rate_rows(group: str, months: tuple[int, ...], data: pd.DataFrame) -> Rows:
    """Read one curve at some times, in percent; no row for a group without patients."""
    if data.empty:
        return []
    return survival_rows(data["pfs"], data["progression"] == "PD", months, group)


def _log_rank_rows(column: str, group: str, data: pd.DataFrame) -> Rows:
    return log_rank_rows(data["pfs"], data["progression"] == "PD", data[column], group)


# --- The whole analysis in steps: Tables 3 and 4, responses, Figure 3, Table 5, Figures 4 and 5 --


EVERYONE: dict[str, str] = {}
EVALUABLE = dict([ASSESSED])
SUBGROUPS = {JOINED_TYPES: ("curve", JOINED_TYPES)}
CURVES = [("rair", name) for name in OUTCOME] + [("rair_type", name) for name in TYPES]
CURVES.append(("curve", JOINED_TYPES))
TIME_TO_EVENT = ("pfs", "progression")


def _levels(place: str, variable: str, levels: Iterable[str], group: str, among=EVERYONE) -> Step:
    def rows(data: pd.DataFrame) -> Rows:
        return level_rows(data[variable], levels, group)

    return Step(f"{place}, {variable}", (variable,), rows, among)


def _parts(place: str, variable: str, names: Iterable[str], among: dict) -> Step:
    def rows(data: pd.DataFrame) -> Rows:
        return part_rows(data[variable], names)

    return Step(f"{place}, {variable}", (variable,), rows, among)


def _quantiles(place: str, variable: str, group: str, among=EVERYONE) -> Step:
    def rows(data: pd.DataFrame) -> Rows:
        return quantile_rows(data[variable], group)

    return Step(f"{place}, {variable}", (variable,), rows, among)


def _split(variable: str) -> Step:
    def rows(data: pd.DataFrame) -> Rows:
        return split_rows(data[variable], data["rair"], OUTCOME, TABLE_3_LEVELS[variable])

    return Step(f"Table 4, {variable}", (variable, "rair"), rows)


def _odds(place: str, variable: str, covariates: tuple[str, ...]) -> Step:
    rows = partial(_table_4_row, variable, covariates)
    several = len(covariates) > 1
    contrasts = {name: CONTRASTS[name] for name in covariates}
    model = Model(event=("rair", "RAIR"), covariates=contrasts, groups=OUTCOME) if several else None
    name = f"Table 4, {place} odds ratio, {variable}"
    return Step(name, ("rair", *covariates), rows, model=model)


def _hazards(place: str, model: str, covariates: Covariates) -> Step:
    needs, rows = (*TIME_TO_EVENT, *covariates), partial(_table_5_rows, model, covariates)
    fitted = {"covariates": covariates, "groups": PROGRESSION, "time": "pfs", "fit": _breslow}
    several = Model(event=("progression", "PD"), **fitted) if len(covariates) > 1 else None
    return Step(f"Table 5, {place}", needs, rows, EVALUABLE, several)


_breslow = partial(cox, ties="breslow")


def _curve(column: str, group: str) -> Step:
    rows, among = partial(_rate_rows, group, RATES), {**EVALUABLE, column: group}
    return Step(f"Figure 5, curve, {group}", TIME_TO_EVENT, rows, among)


STEPS = (
    Step("Table 3, patients", ("rair",), _patient_rows),
    _parts("Table 3", "rair_type", TYPES, {"rair": "RAIR"}),
    *(_levels("Table 3", name, levels, "all") for name, levels in TABLE_3_LEVELS.items()),
    _levels("Table 3", "lnm", ("yes", "no"), "all"),
    _levels("Table 3", "ptc_variant", VARIANTS, "all", {"histology": "PTC"}),
    *(_quantiles("Table 3", name, "all") for name in TABLE_3_NUMBERS),
    *(_split(name) for name in TABLE_3_LEVELS),
    Step(
        "Table 4, ps_tg",
        ("ps_tg", "rair"),
        lambda data: rank_rows(data["ps_tg"], data["rair"], OUTCOME),
    ),
    Step(
        "Table 4, variables that are not significant", (*NOT_SIGNIFICANT, "rair"), _smallest_p_row
    ),
    *(_odds("univariable", name, (name,)) for name in CONTRASTS),
    *(_odds("multivariable", name, model) for name, model in TABLE_4_MODELS.items()),
    Step("Responses, evaluable patients", ("evaluable",), _evaluable_rows),
    _parts("Responses", "progression", PROGRESSION, EVALUABLE),
    _parts("Responses", "response", RESPONSES, EVALUABLE),
    _quantiles("Responses", "follow_up", "evaluable", EVALUABLE),
    Step("Figure 3, ps_tg", ("ps_tg", "progression"), _figure_3_rows, EVALUABLE),
    *(
        _levels("Table 5", name, LEVELS[name], "evaluable", EVALUABLE)
        for name in PROGRESSION_CONTRASTS
    ),
    *(
        _hazards(f"univariable hazard ratio, {name}", "univariable", {name: contrast})
        for name, contrast in PROGRESSION_CONTRASTS.items()
    ),
    _hazards("multivariable model", "multivariable", TABLE_5_MODEL),
    Step(
        "Figure 4, curve of evaluable patients",
        TIME_TO_EVENT,
        partial(_rate_rows, "evaluable", (*RATES, LEVEL_OFF)),
        EVALUABLE,
    ),
    *(_curve(*curve) for curve in CURVES),
    Step(
        "Figure 5A, log-rank test",
        (*TIME_TO_EVENT, "rair"),
        partial(_log_rank_rows, "rair", " vs ".join(OUTCOME)),
        EVALUABLE,
    ),
    Step(
        "Figure 5B, log-rank test",
        (*TIME_TO_EVENT, "curve"),
        partial(_log_rank_rows, "curve", "RAIR"),
        {**EVALUABLE, "rair": "RAIR"},
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
        Columns ``statistic, variable, level, group, method, value``: Tables 3 and 4, the
        responses, Figure 3, Table 5, Figures 4 and 5 in this order; percentages, rates and
        diagnostic measures in percent, times in months.

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    return results(STEPS, with_cutoffs(cohort))
