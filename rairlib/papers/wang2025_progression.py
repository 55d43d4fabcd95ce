"""Progression in Wang et al. 2025: ROC of ps-Tg, Cox models (Table 5), Kaplan-Meier curves."""

import pandas as pd

from rairlib.cox import cox
from rairlib.cutoffs import optimal_cutoffs
from rairlib.papers.clinical_rows import (
    level_rows,
    log_rank_rows,
    part_rows,
    quantile_rows,
    rank_rows,
    survival_rows,
)
from rairlib.papers.rows import COLUMNS, auc_rows, operating_rows, ratio_rows
from rairlib.papers.wang2025_cohort import LEVELS, PS_TG_CUTOFF, TYPES, evaluable

OUTCOME = ("PD", "NPD")
RESPONSES = ("CR", "non-CR/non-PD")
# The level named first is the one whose hazard of progression the table prints.
CONTRASTS = {
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
TABLE_5_MODEL = {name: CONTRASTS[name] for name in CONTRASTS if name not in NOT_IN_MODEL}
RATES = (12, 36, 60)
LEVEL_OFF = 100  # months after which Figure 4 is described
# Figure 5A's curves, then the curves of the types of refractory disease; Figure 5B joins two.
CURVES = ("RAIR", "RAIA")
TYPE_CURVES = (*TYPES, "partial avidity or avidity lost")


def responses(cohort: pd.DataFrame) -> pd.DataFrame:
    """Count who was evaluable, who progressed, and the other responses.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: sizes of the groups, the
        responses in percent of the evaluable patients, and the follow-up of these.
    """
    data = evaluable(cohort)
    rows = [
        ("n", "", "", "evaluable", "", len(data)),
        ("n", "", "", "not evaluable", "", len(cohort) - len(data)),
        *part_rows(data["progression"], OUTCOME),
        *part_rows(data["response"], RESPONSES),
        *quantile_rows(data["follow_up"], "evaluable"),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def figure_3(cohort: pd.DataFrame) -> pd.DataFrame:
    """Measure how well ps-Tg tells patients with progression from those without.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: quantiles in both groups and
        the Mann-Whitney test; AUC with its interval under both standard errors; the
        Youden-optimal cut-off as SPSS lists it, the lowest if several tie; sensitivity and
        specificity (percent) at the paper's cut-off, once with ≥ and once with >.
    """
    data = evaluable(cohort)
    score, group = data["ps_tg"], data["progression"]
    best = optimal_cutoffs(data["progressed"], score)["cutoff"].iloc[0]
    rows = [
        *rank_rows(score, group, OUTCOME),
        *auc_rows(score, group, OUTCOME),
        ("cutoff", "ps_tg", "", " vs ".join(OUTCOME), "youden", best),
        *operating_rows(score, group, OUTCOME, "ps_tg_528", PS_TG_CUTOFF),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def table_5_counts(cohort: pd.DataFrame) -> pd.DataFrame:
    """Count the evaluable patients with each level of Table 5.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: counts and percentages.
    """
    data = evaluable(cohort)
    rows = [row for name in CONTRASTS for row in level_rows(data[name], LEVELS[name], "evaluable")]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def table_5(cohort: pd.DataFrame, ties: str = "breslow") -> pd.DataFrame:
    """Fit the Cox models of Table 5: each variable alone, and nine of them at once.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.
    ties : str
        ``breslow``, as the paper's software handles ties, or ``efron``.

    Returns
    -------
    DataFrame
        Hazard ratios in the schema of :func:`rairlib.cox.cox`, after a column ``model``
        (``univariable`` or ``multivariable``).

    Raises
    ------
    RairlibError
        If the cohort is not usable or a model has no finite estimates.
    """
    data = evaluable(cohort)
    fits = [
        cox(data, "pfs", "progressed", {name: contrast}, ties).assign(model="univariable")
        for name, contrast in CONTRASTS.items()
    ]
    joint = cox(data, "pfs", "progressed", TABLE_5_MODEL, ties)
    table = pd.concat([*fits, joint.assign(model="multivariable")])
    ratios = table[table["statistic"] == "hazard_ratio"].reset_index(drop=True)
    return ratios[["model", *ratios.columns.drop("model")]]


def figure_4(cohort: pd.DataFrame) -> pd.DataFrame:
    """Read the curve of all evaluable patients at one, three and five years and where it is level.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``; progression-free survival
        in percent, NaN beyond the last observation.
    """
    data = evaluable(cohort)
    rows = survival_rows(data["pfs"], data["progressed"], (*RATES, LEVEL_OFF), "evaluable")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def figure_5(cohort: pd.DataFrame) -> pd.DataFrame:
    """Compare the curves of RAIR and RAIA, and those of the types of refractory disease.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``: rates at one, three and five
        years of evaluable patients in percent (no row for a group without any), and both log-rank
        tests; the second, named ``RAIR``, compares three curves.
    """
    data = evaluable(cohort)
    refractory = data[data["rair"] == "RAIR"]
    members = {name: data[data["rair"] == name] for name in CURVES}
    members |= {name: refractory[refractory["rair_type"] == name] for name in TYPES}
    members |= {name: refractory[refractory["curve"] == name] for name in TYPE_CURVES[-1:]}
    rows = []
    for name, part in members.items():
        if len(part):
            rows += survival_rows(part["pfs"], part["progressed"], RATES, name)
    versus = " vs ".join(CURVES)
    rows += log_rank_rows(data["pfs"], data["progressed"], data["rair"], versus)
    part = refractory[["pfs", "progressed", "curve"]]
    rows += log_rank_rows(part["pfs"], part["progressed"], part["curve"], "RAIR")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def progression_rows(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return sections 3.4 to 3.6 in long format: responses, Figures 3 to 5 and Table 5.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.papers.wang2025_cohort.check_cohort`.

    Returns
    -------
    DataFrame
        Columns ``statistic, variable, level, group, method, value``.
    """
    parts = [responses(cohort), figure_3(cohort), table_5_counts(cohort)]
    for model, estimates in table_5(cohort).groupby("model", sort=False):
        rows = ratio_rows(estimates, OUTCOME, model)
        parts.append(pd.DataFrame(rows, columns=list(COLUMNS)))
    return pd.concat([*parts, figure_4(cohort), figure_5(cohort)], ignore_index=True)
