"""The parts of a known paper that report ROC curves and survival."""

import numpy as np
import pandas as pd

from rairlib.planting import estimates
from rairlib.planting.cohorts import Variable
from rairlib.planting.descriptions import write_summaries
from rairlib.planting.paper import Draft

TIMES = (12, 24, 36, 60)


def write_roc(draft: Draft, rng: np.random.Generator, score: pd.Series | None) -> None:
    """Write areas, cut-offs and operating points of the cut measurements and of a model."""
    cohort, locus = draft.cohort, "Results, ROC"
    for cut in cohort.cut:
        name, cutoff = cohort.cutoffs[cut.name]
        first, second = (cohort.members(group)[name].dropna() for group in cohort.groups)
        _write_area(draft, locus, name, first, second)
        text = cut.levels[0].removeprefix("≥")
        draft.add(
            locus,
            "cutoff",
            text,
            cutoff,
            variable=name,
            group=" vs ".join(cohort.groups),
            unit=cut.unit,
            method="youden" if rng.random() < 0.5 else "",
        )
        positive = cut.levels[0 if (first >= cutoff).mean() > (second >= cutoff).mean() else 1]
        _write_performance(draft, rng, locus, cut, positive)
    if score is not None:
        outcome = cohort.patients.loc[score.index, "outcome"].to_numpy(bool)
        if len(score) == len(cohort.patients):
            _write_area(draft, locus, "logit_p", score[outcome], score[~outcome])


def _write_area(draft: Draft, locus: str, name: str, first, second) -> None:
    style = draft.style
    area, low, high, p_value = estimates.roc_area(first, second, style.area_error)
    method = style.area_error if style.names_tests else ""
    fields = {"variable": name, "group": " vs ".join(draft.cohort.groups), "method": method}
    identifier = draft.add(locus, "auc", style.area(area), area, **fields)
    draft.add(locus, "ci_low", style.area(low), low, of=identifier, **fields)
    draft.add(locus, "ci_high", style.area(high), high, of=identifier, **fields)
    if style.shows_statistics and not np.isnan(p_value):
        draft.add_p(locus, p_value, of=identifier, **fields)


def _write_performance(draft: Draft, rng, locus: str, cut: Variable, positive: str) -> None:
    """Write sensitivity, specificity and sometimes more of the rule that calls a level positive."""
    cohort, style = draft.cohort, draft.style
    known = [cohort.members(group)[cut.name].dropna() for group in cohort.groups]
    calls = [(values == positive).sum() for values in known]
    sizes = [len(values) for values in known]
    true_positives, false_positives = calls
    false_negatives, true_negatives = (n - c for n, c in zip(sizes, calls, strict=True))
    values = {
        "sensitivity": true_positives / sizes[0],
        "specificity": true_negatives / sizes[1],
        "ppv": true_positives / (true_positives + false_positives),
        "npv": true_negatives / (true_negatives + false_negatives),
        "accuracy": (true_positives + true_negatives) / sum(sizes),
    }
    in_percent = rng.random() < 0.75
    shown = list(values) if rng.random() < 0.5 else ["sensitivity", "specificity"]
    for statistic in shown:
        value = 100 * values[statistic] if in_percent else values[statistic]
        decimals = max(1, style.percent_decimals) if in_percent else style.area_decimals
        draft.add(
            locus,
            statistic,
            style.number(value, decimals),
            value,
            variable=cut.name,
            level=positive,
            group=" vs ".join(cohort.groups),
            unit="%" if in_percent else "",
        )
    if rng.random() < 0.2:
        first, second = (values == positive for values in known)
        _write_dichotomised(draft, locus, cut, positive, first, second)


def _write_dichotomised(draft: Draft, locus, cut: Variable, positive, first, second) -> None:
    """Write the area of the rule itself."""
    style = draft.style
    area, low, high, _ = estimates.roc_area(first, second, style.area_error)
    fields = {
        "variable": cut.name,
        "level": positive,
        "group": " vs ".join(draft.cohort.groups),
        "method": style.area_error if style.names_tests else "",
    }
    identifier = draft.add(locus, "auc", style.area(area), area, **fields)
    draft.add(locus, "ci_low", style.area(low), low, of=identifier, **fields)
    draft.add(locus, "ci_high", style.area(high), high, of=identifier, **fields)


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
