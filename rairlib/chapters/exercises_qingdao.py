"""Answers to the exercises on Qingdao, computed from registry and code so that they cannot rot."""

import math
from collections.abc import Iterable

from rairlib.chapters.exercise import Exercise
from rairlib.chapters.progression_frames import DESPITE_AVIDITY, EVENT, TIME
from rairlib.chapters.table_four import table_four_model
from rairlib.checks.event_counts import events_per_level
from rairlib.cox import cox
from rairlib.cutoffs import dichotomise
from rairlib.description import compare_counts
from rairlib.papers.wang2025 import evaluable
from rairlib.reconstruct import agreement
from rairlib.reported import load_registry
from rairlib.studies import load_witness
from rairlib.survival import log_rank
from rairlib.time_dependent import landmark

STUDY = "wang2025"
OTHER_CUTOFF = 300
LANDMARK = 12


def _printed(identifiers: Iterable[str]) -> list[float]:
    registry = load_registry(STUDY)
    return [registry[name].number.value for name in identifiers]


def _chi_square() -> float:
    counts = _counts("ete", ("Negative", "Positive"))
    return float(compare_counts(counts).set_index("method").loc["pearson", "statistic"])


def _counts(variable: str, levels: tuple[str, str]):
    table = load_registry(STUDY).frame()
    table = table[(table["locus"] == "Table 4") & (table["statistic"] == "count")]
    table = table[table["variable"] == variable].astype({"printed": int})
    return table.pivot_table(index="level", columns="group", values="printed").loc[list(levels)]


def _left_out() -> list[int]:
    registry, differences = load_registry(STUDY), []
    for variable, level in (("gender", "Male"), ("n_stage", "N1b"), ("lm_size_1", "≥1")):
        wanted = {"variable": variable, "level": level}
        (whole,) = registry.where("count", locus="Table 3", **wanted)
        (kept,) = registry.where("count", locus="Table 5", **wanted)
        differences.append(int(whole.number.value - kept.number.value))
    return differences


def _early_events() -> int:
    registry = load_registry(STUDY)
    (rate,) = registry.where("survival_percent", locus="Section 3.6", level="12 months")
    (total,) = _printed(["table5-01"])
    return next(n for n in range(int(total)) if rate.number.agrees(100 * (1 - n / total)))


def _two_by_two() -> list[int]:
    registry = load_registry(STUDY)
    with_event, without = (int(registry.size(group).number.value) for group in ("PD", "NPD"))
    positive, negative = (
        next(n for n in range(size + 1) if row.number.agrees(100 * n / size))
        for row, size in zip(_rates(registry), (with_event, without), strict=True)
    )
    return [positive, with_event - positive, without - negative, negative]


def _rates(registry):
    return [registry.where(name, locus="Section 3.5")[0] for name in ("sensitivity", "specificity")]


def _age_and_stage() -> list[int]:
    pair = table_four_model(load_registry(STUDY)).restricted(("age_55", "t_stage"))
    tables = pair.candidates()
    agrees = agreement(tables, pair.targets())["age_55", "odds_ratio"].to_numpy()
    (cells,) = tables.cells[agrees].tolist()
    # Level 1 is the numerator's: age ≥55, stage T1 to T3. The third cell is ≥55 with T4.
    return [len(tables.cells), cells[2]]


def _least_events() -> int:
    low, high = _printed(["table5-97", "table5-98"])
    error = math.log(high / low) / (2 * 1.959964)
    events, avid, others = (int(n) for n in _printed(["section-3.4-07", "table5-94", "table5-95"]))
    return events_per_level(events, error, others, avid)[1][0]


def _log_rank_by_uptake() -> float:
    patients = evaluable(load_witness(STUDY))
    despite = patients["rair_type"] == DESPITE_AVIDITY
    group = patients["rair"].mask(despite, "RAIA")
    return log_rank(patients[TIME], patients[EVENT], group).statistic


def _ratio_at_another_cutoff() -> float:
    patients = evaluable(load_witness(STUDY))
    patients["high"] = dichotomise(patients["ps_tg"], OTHER_CUTOFF)
    return _hazard_ratio(patients, {"high": (f"≥{OTHER_CUTOFF}", f"<{OTHER_CUTOFF}")})


def _ratio_after_landmark() -> float:
    patients = landmark(evaluable(load_witness(STUDY)), TIME, LANDMARK)
    levels = ("partial or no RAI-avid", "RAI-avid")
    return _hazard_ratio(patients, {"rai_avid_status": levels})


def _hazard_ratio(patients, covariates) -> float:
    estimates = cox(patients, TIME, EVENT, covariates).set_index("statistic")
    return float(estimates.loc["hazard_ratio", "estimate"])


QINGDAO = {
    "qingdao: a chi-square": Exercise(
        expected=_chi_square,
        tolerance=0.0005,
        hint="Pearson's statistic, without the continuity correction, with three decimals.",
    ),
    "qingdao: who was left out": Exercise(
        expected=_left_out,
        tolerance=0,
        hint="Table 3 counts all patients, Table 5 the evaluable ones: subtract level by level.",
    ),
    "qingdao: events of a year": Exercise(
        expected=_early_events,
        tolerance=0,
        hint="If nobody leaves, the rate is the share of patients without the event.",
    ),
    "qingdao: four counts": Exercise(
        expected=_two_by_two,
        tolerance=0,
        hint="With progression: above and below the cut-off; then without: above and below.",
    ),
    "qingdao: age and stage": Exercise(
        expected=_age_and_stage,
        tolerance=0,
        hint="Count the tables that can be split by outcome, and find the one that agrees.",
    ),
    "qingdao: events from an interval": Exercise(
        expected=_least_events,
        tolerance=0,
        hint="The standard error is the log of the ratio of the limits, divided by 2 · 1.96.",
    ),
    "qingdao: a definition": Exercise(
        expected=_log_rank_by_uptake,
        tolerance=0.005,
        hint="Those who progressed despite avidity go to the avid; two decimals.",
    ),
    "qingdao: another cut-off": Exercise(
        expected=_ratio_at_another_cutoff,
        tolerance=0.0005,
        hint="One covariate, ties by Breslow's method, three decimals.",
    ),
    "qingdao: a landmark": Exercise(
        expected=_ratio_after_landmark,
        tolerance=0.0005,
        hint="Keep those observed beyond the landmark without progression; three decimals.",
    ),
}
