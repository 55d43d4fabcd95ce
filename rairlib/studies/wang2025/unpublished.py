"""What Wang et al. 2025 do not report and a cohort would tell: for the range over an ensemble."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rairlib.errors import RairlibError
from rairlib.stats.cox import (
    concordance,
    cox,
    firth_cox,
    landmark,
    likelihood_ratio,
    linear_predictor,
    proportional_hazards,
    ridge_cox,
    time_dependent_cox,
)
from rairlib.stats.logistic import logistic
from rairlib.stats.roc import auc, cutoff_optimism, optimal_cutoffs
from rairlib.stats.survival import log_rank, median_follow_up
from rairlib.studies.wang2025.analysis import BY_PROGRESSION, TABLE_5_MODEL, evaluable, with_cutoffs
from rairlib.studies.wang2025.analysis import CONTRASTS as REFRACTORY_CONTRASTS

COLUMNS = ("topic", "quantity", "value", "reason")
OUTCOME = ("pfs", "progressed")
RAIR = {"rair": ("RAIR", "RAIA")}
AVIDITY = {"rai_avid_status": TABLE_5_MODEL["rai_avid_status"]}
ADJUSTED_AVIDITY = AVIDITY | {name: TABLE_5_MODEL[name] for name in ("age_55", "ps_tg_528")}
LANDMARKS = (12, 24, 36)
# Months between two courses, from and to, as the methods state them.
COURSE_INTERVALS = (6, 12)
RIDGE_PENALTY = 0.1
SHOWN = {"estimate": "", "low": ", lower limit", "high": ", upper limit", "p_value": ", p"}


def unpublished(
    cohort: pd.DataFrame, rng: np.random.Generator, resamples: int = 200
) -> pd.DataFrame:
    """Compute what the paper leaves out and a reader would want to know.

    Parameters
    ----------
    cohort : DataFrame
        As for :func:`rairlib.studies.wang2025.analysis.check_cohort`.
    rng : numpy.random.Generator
        Source of the resamples behind the optimism of the cut-off.
    resamples : int
        How many.

    Returns
    -------
    DataFrame
        Columns ``topic, quantity, value, reason``; the same quantities in the same order for
        every cohort. A value that does not exist is NaN with the reason: above all, a hazard
        ratio is not finite where a group has no progression.

    Raises
    ------
    RairlibError
        If the cohort is not usable.
    """
    everyone, data = with_cutoffs(cohort), evaluable(cohort)
    rows = [
        *_proportional_hazards(data),
        *_ps_tg_and_refractory_disease(everyone),
        *_table_5(data),
        *_refractory_status(data),
        *_landmarks(data),
        *_status_that_begins(data),
        *_by_definition(data),
        *_cutoff(data, rng, resamples),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(topic: str, quantities: list[str], compute: Callable[[], list[float]]) -> list[tuple]:
    """Name the values that a computation returns; where it refuses, give its reason instead."""
    try:
        return [(topic, *pair, "") for pair in zip(quantities, compute(), strict=True)]
    except RairlibError as refusal:
        reason = str(refusal).splitlines()[0]
        return [(topic, quantity, np.nan, reason) for quantity in quantities]


def _ratio(topic: str, name: str, fit: Callable[..., pd.DataFrame], *arguments) -> list[tuple]:
    """Name the first ratio of a regression, its limits and its p value."""

    def compute() -> list[float]:
        estimates = fit(*arguments)
        first = estimates[estimates["statistic"].str.endswith("_ratio")].iloc[0]
        return [first[column] for column in SHOWN]

    return _rows(topic, [f"{name}{ending}" for ending in SHOWN.values()], compute)


def _proportional_hazards(data: pd.DataFrame) -> list[tuple]:
    """Test Table 5's model for hazard ratios that change, g(t) being 1 - Kaplan-Meier."""
    names = [f"p, {name}" for name in [*TABLE_5_MODEL, "global"]]

    def p_values() -> list[float]:
        return proportional_hazards(data, *OUTCOME, TABLE_5_MODEL)["p_value"].tolist()

    return _rows("proportional hazards", names, p_values)


def _ps_tg_and_refractory_disease(data: pd.DataFrame) -> list[tuple]:
    """Estimate what the text claims and no table shows: ps-Tg as a predictor of RAIR."""
    data = data.assign(refractory=data["rair"] == "RAIR", log_ps_tg=np.log10(data["ps_tg"]))
    above = {"ps_tg_528": ("≥528.5", "<528.5")}
    others = {name: REFRACTORY_CONTRASTS[name] for name in ("age_55", "t_stage")}
    models = {
        "odds ratio, ps-Tg ≥528.5": above,
        "odds ratio, ps-Tg ≥528.5, adjusted for age and T stage": above | others,
        "odds ratio, tenfold ps-Tg": {"log_ps_tg": None},
        "odds ratio, tenfold ps-Tg, adjusted for age and T stage": {"log_ps_tg": None} | others,
    }
    return [
        row
        for name, model in models.items()
        for row in _ratio("refractory disease", name, logistic, data, "refractory", model)
    ]


def _table_5(data: pd.DataFrame) -> list[tuple]:
    """Measure Table 5's model: concordance, shrinkage, and what the handling of ties changes.

    The shrinkage is 1 - df/χ² with the likelihood-ratio χ² (Van Houwelingen and Le Cessie 1990,
    Statistics in Medicine 9:1303-1325): what share of the log hazard ratios to expect in new
    patients.
    """

    def performance() -> list[float]:
        estimates = cox(data, *OUTCOME, TABLE_5_MODEL)
        risk = linear_predictor(data, TABLE_5_MODEL, estimates)
        test = likelihood_ratio(data, *OUTCOME, TABLE_5_MODEL)
        efron = cox(data, *OUTCOME, TABLE_5_MODEL, "efron")
        ratios = estimates["statistic"] == "hazard_ratio"
        change = efron["estimate"][ratios] / estimates["estimate"][ratios]
        observed = concordance(data["pfs"], data["progressed"], risk)
        return [observed, 1 - test.df / test.statistic, 100 * (change - 1).abs().max()]

    names = ["concordance", "shrinkage", "largest change of a ratio with Efron's ties, percent"]
    medians = median_follow_up(data["pfs"], data["progressed"])["median"]
    return [
        *_rows("Table 5", names, performance),
        ("Table 5", "median PFS follow-up, months (reverse Kaplan-Meier)", medians.iloc[1], ""),
    ]


def _refractory_status(data: pd.DataFrame) -> list[tuple]:
    """Compare RAIR with RAIA, whose progression is impossible by definition, and avidity as such.

    Without the patients of criterion iv the avid are those of RAIA: nobody with full avidity
    progresses, because progression would have moved the patient to criterion iv.
    """
    without_fourth = data[data["rair_type"] != BY_PROGRESSION]
    fits = {
        "RAIR": (cox, data, *OUTCOME, RAIR),
        "RAIR, Firth": (firth_cox, data, *OUTCOME, RAIR),
        "RAIR, ridge": (ridge_cox, data, *OUTCOME, RAIR, RIDGE_PENALTY),
        "avidity, type iv left out": (cox, without_fourth, *OUTCOME, AVIDITY),
        "avidity, type iv left out, Firth": (firth_cox, without_fourth, *OUTCOME, AVIDITY),
    }
    return [
        row
        for name, fit in fits.items()
        for row in _ratio("avidity", f"hazard ratio, {name}", *fit)
    ]


def _landmarks(data: pd.DataFrame) -> list[tuple]:
    """Follow the patients who are free of progression at a landmark, by Table 5's avidity."""
    rows = []
    for months in LANDMARKS:
        topic = f"landmark at {months} months"

        def sizes(months=months) -> list[float]:
            left = landmark(data, "pfs", months)
            return [len(left), int(left["progressed"].sum())]

        rows += _rows(topic, ["patients", "progressions"], sizes)
        models = {"": AVIDITY, ", adjusted for age and ps-Tg": ADJUSTED_AVIDITY}
        for ending, covariates in models.items():
            name = f"hazard ratio, avidity{ending}"
            rows += _ratio(topic, name, _cox_from, months, data, covariates)
    return rows


def _cox_from(months: int, data: pd.DataFrame, covariates: dict) -> pd.DataFrame:
    return cox(landmark(data, "pfs", months), *OUTCOME, covariates)


def _status_that_begins(data: pd.DataFrame) -> list[tuple]:
    """Let refractory disease begin when it is declared, not when follow-up begins.

    Never and partially avid disease is refractory from the first scan on; avidity is lost at the
    last course, courses being 6 or 12 months apart; criterion iv is met at progression itself and
    explains nothing of it, so its progressions count for the time before.
    """
    rows = []
    for interval in COURSE_INTERVALS:
        last_course = interval * (data["rai_courses"] - 1)
        begins = data["rair_type"].map({"no avidity": 0.0, "partial avidity": 0.0})
        begins = begins.mask(data["rair_type"] == "avidity lost", last_course)
        timed = data.assign(refractory=begins)
        name = f"hazard ratio, refractory status, courses {interval} months apart"
        fit = (time_dependent_cox, timed, *OUTCOME, "refractory")
        rows += _ratio("status that begins", name, *fit)
    return rows


def _by_definition(data: pd.DataFrame) -> list[tuple]:
    """Ask how much of Figure 5A's log-rank statistic criterion iv makes by itself.

    Criterion iv moves whoever progresses under full avidity from RAIA to RAIR. The variants leave
    these patients out, censor them at their progression, or count them as avid, which alone looks
    at avidity and not at the outcome.
    """
    fourth = data["rair_type"] == BY_PROGRESSION
    avid = data["rair"].mask(fourth, "RAIA")
    event, everyone = data["progressed"], pd.Series(True, data.index)
    variants = {
        "as published": (data["rair"], event, everyone),
        "type iv left out": (data["rair"], event, ~fourth),
        "type iv censored at progression": (data["rair"], event & ~fourth, everyone),
        "type iv counted as avid": (avid, event, everyone),
        "Table 5's avidity": (data["rai_avid_status"], event, everyone),
    }
    statistics = {
        name: log_rank(data["pfs"][kept], events[kept], groups[kept])
        for name, (groups, events, kept) in variants.items()
    }
    whole = statistics["as published"].statistic
    topic = "log-rank of Figure 5A"
    rows = [
        (topic, f"χ², {name}", test.statistic, test.reason) for name, test in statistics.items()
    ]
    return rows + [
        (topic, f"percent of χ² left, {name}", 100 * test.statistic / whole, test.reason)
        for name, test in list(statistics.items())[1:]
    ]


def _cutoff(data: pd.DataFrame, rng: np.random.Generator, resamples: int) -> list[tuple]:
    """Measure what choosing the cut-off of ps-Tg on the same patients gains."""
    event, score = data["progressed"], data["ps_tg"]
    best = optimal_cutoffs(event, score)["cutoff"].iloc[0]
    table = cutoff_optimism(event, score, resamples, rng=rng).set_index("statistic")
    rows = [("ps-Tg", "AUC", auc(event, score), ""), ("ps-Tg", "best cut-off", best, "")]
    return rows + [
        ("ps-Tg", f"{name}, {measure} (percent)", 100 * table.loc[name, measure], "")
        for name in table.index
        for measure in ("apparent", "optimism", "corrected")
    ]
