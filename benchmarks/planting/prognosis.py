"""The parts of a known paper that report ROC curves and survival."""

import numpy as np
import pandas as pd

from benchmarks.planting import estimates
from benchmarks.planting.cohorts import Variable
from benchmarks.planting.descriptions import write_summaries
from benchmarks.planting.paper import Draft

TIMES = (12, 24, 36, 60)


def write_roc(draft: Draft, rng: np.random.Generator, score: pd.Series | None) -> None:
    """Write areas, cut-offs and operating points of the cut measurements and of a model."""
    cohort, locus = draft.cohort, "Results, ROC"
    for cut in cohort.cut:
        _write_measurement(draft, rng, locus, cut, cohort.groups)
        name, cutoff = cohort.cutoffs[cut.name]
        draft.add(
            locus,
            "cutoff",
            cut.levels[0].removeprefix("≥"),
            cutoff,
            variable=name,
            group=" vs ".join(cohort.groups),
            unit=cut.unit,
            method="youden" if rng.random() < 0.5 else "",
        )
    if cohort.events and rng.random() < 0.5:
        _write_measurement(draft, rng, locus, cohort.cut[0], cohort.events)
    if score is not None and len(score) == len(cohort.patients):
        outcome = cohort.patients.loc[score.index, "outcome"].to_numpy(bool)
        fields = {"variable": "logit_p", "group": " vs ".join(cohort.groups)}
        _write_area(draft, locus, score[outcome], score[~outcome], **fields)


def _write_measurement(draft: Draft, rng, locus: str, cut: Variable, groups) -> None:
    """Write the area of a measurement and the performance of its cut-off."""
    cohort = draft.cohort
    name, cutoff = cohort.cutoffs[cut.name]
    first, second = (cohort.members(group)[name].dropna() for group in groups)
    _write_area(draft, locus, first, second, variable=name, group=" vs ".join(groups))
    positive = cut.levels[0 if (first >= cutoff).mean() > (second >= cutoff).mean() else 1]
    _write_performance(draft, rng, locus, cut, positive, groups)


def _write_area(draft: Draft, locus: str, first, second, **fields: str) -> None:
    style = draft.style
    area, low, high, p_value = estimates.roc_area(first, second, style.area_error)
    fields["method"] = style.area_error if style.names_tests else ""
    identifier = draft.add(locus, "auc", style.area(area), area, **fields)
    draft.add(locus, "ci_low", style.area(low), low, of=identifier, **fields)
    draft.add(locus, "ci_high", style.area(high), high, of=identifier, **fields)
    if style.shows_statistics and not np.isnan(p_value):
        draft.add_p(locus, p_value, of=identifier, **fields)


def _write_performance(draft: Draft, rng, locus: str, cut: Variable, positive, groups) -> None:
    """Write sensitivity, specificity and sometimes more of the rule that calls a level positive."""
    style = draft.style
    calls = [draft.cohort.members(group)[cut.name].dropna() == positive for group in groups]
    values = _performance(*calls)
    in_percent = rng.random() < 0.75
    shown = list(values) if rng.random() < 0.5 else ["sensitivity", "specificity"]
    fields = {"variable": cut.name, "level": positive, "group": " vs ".join(groups)}
    for statistic in shown:
        value = 100 * values[statistic] if in_percent else values[statistic]
        decimals = max(1, style.percent_decimals) if in_percent else style.area_decimals
        printed = style.number(value, decimals)
        unit = "%" if in_percent else ""
        draft.add(locus, statistic, printed, value, unit=unit, **fields)
    if rng.random() < 0.2:
        _write_area(draft, locus, *calls, **fields)


def _performance(with_outcome: pd.Series, without: pd.Series) -> dict[str, float]:
    """Compute proportions from who was called positive in either group, some of both."""
    true_positives, false_positives = with_outcome.sum(), without.sum()
    true_negatives = (~without).sum()
    positives = true_positives + false_positives
    patients = len(with_outcome) + len(without)
    return {
        "sensitivity": with_outcome.mean(),
        "specificity": 1 - without.mean(),
        "ppv": true_positives / positives,
        "npv": true_negatives / (patients - positives),
        "accuracy": (true_positives + true_negatives) / patients,
    }


def write_survival(draft: Draft, rng: np.random.Generator) -> None:
    """Write follow-up, Kaplan-Meier rates in all and in groups, and log-rank tests."""
    cohort, locus = draft.cohort, "Results, Survival"
    follow_up = Variable(name="follow_up", unit="months", decimals=1)
    if (cohort.patients["months"] % 1 == 0).all():
        follow_up = Variable(name="follow_up", unit="months")
    statistics = ("median", "minimum", "maximum") if rng.random() < 0.6 else ("mean", "sd")
    write_summaries(draft, locus, follow_up, "all", statistics, cohort.patients["months"])
    times = [time for time in TIMES if rng.random() < 0.6] or [36]
    _write_rates(draft, locus, "all", cohort.patients, times)
    groups = {group: cohort.members(group) for group in cohort.groups}
    _write_comparison(draft, locus, groups, times)
    complete = [f for f in cohort.factors if cohort.patients[f.name].notna().all()]
    if complete and rng.random() < 0.5:
        variable = complete[rng.integers(len(complete))]
        groups = {
            f"{variable.name} {level}": cohort.patients[cohort.patients[variable.name] == level]
            for level in variable.levels
        }
        for group, members in groups.items():
            draft.sizes[group] = draft.add_count(
                locus,
                "n",
                len(members),
                group=group,
                of=draft.sizes["all"],
                partition=f"split by {variable.name}",
            )
        _write_comparison(draft, locus, groups, times)


def _write_comparison(draft: Draft, locus: str, groups: dict[str, pd.DataFrame], times) -> None:
    for group, members in groups.items():
        _write_rates(draft, locus, group, members, times)
    joined = pd.concat(groups)
    labels = joined.index.get_level_values(0)
    statistic, p_value = estimates.logrank(joined["months"], joined["event"], labels)
    fields = {"variable": "pfs", "group": " vs ".join(groups), "method": "logrank"}
    of = ""
    if draft.style.shows_statistics:
        printed = draft.style.number(statistic, draft.style.ratio_decimals)
        of = draft.add(locus, "logrank_chi_square", printed, statistic, **fields)
    draft.add_p(locus, p_value, of=of, **fields)


def _write_rates(draft: Draft, locus: str, group: str, patients: pd.DataFrame, times) -> None:
    style = draft.style
    reached = [time for time in times if time <= patients["months"].max()]
    rates = estimates.survival_at(patients["months"], patients["event"], reached)
    for time, rate in zip(reached, rates, strict=True):
        draft.add(
            locus,
            "survival_percent",
            style.number(rate, style.percent_decimals),
            rate,
            variable="pfs",
            level=f"{time} months",
            group=group,
            unit="%",
            method="kaplan_meier",
        )
