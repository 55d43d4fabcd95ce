"""What the print of Wang et al. 2025 says about progression, by arithmetic alone.

The functions read groups, counts and rates by their names in the registry; the arithmetic, in
:mod:`rairlib.reconstruct.events` and :mod:`rairlib.stats.survival`, does not know it.
"""

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.classification import rules
from rairlib.checks.roc import (
    PrintedArea,
    binary_scores,
    implied_error,
    limits_agree,
    printed_areas,
)
from rairlib.checks.survival import EventSplit, event_splits, printed_rates
from rairlib.reconstruct.events import (
    OrderedSample,
    area_limits,
    class_unions,
    compositions_left_out,
    curve_facts,
    events_behind_rate,
    ordered_sample,
    possible_splits,
    quartile_neighbours,
    rate_without_censoring,
    sample_through,
    surest_cutoff,
    youden_limits,
)
from rairlib.registry.printed import Printed, format_value
from rairlib.registry.registry import Registry
from rairlib.stats.survival import CoxFit, fall_that_ties_need, logrank_limits, wald_statistic
from rairlib.studies.wang2025.analysis import BY_PROGRESSION, JOINED_TYPES, TYPES

# Stage T4 includes gross extension beyond the thyroid.
NESTED = (("t_stage", "T4"), ("ete", "Positive"))


def univariable_splits(registry: Registry) -> dict[str, EventSplit]:
    """Return the univariable hazard ratios of progression by variable.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    dict of str to EventSplit
        In order of appearance.
    """
    return {
        split.found.estimate.variable: split
        for split in event_splits(registry)
        if split.found.estimate.method == "univariable"
    }


def cox_fit(split: EventSplit, shortened: bool = False) -> CoxFit:
    """Return log hazard ratio and standard error of a printed row, known to rounding.

    Parameters
    ----------
    split : EventSplit
        The row.
    shortened : bool
        Accept prints with digits cut off or rounded twice.

    Returns
    -------
    CoxFit
        Of the level in the numerator against the reference.
    """
    return CoxFit(
        log_ratio=split.found.coefficient(shortened), standard_error=split.errors[shortened]
    )


def event_ranges(registry: Registry) -> pd.DataFrame:
    """Bound the events of every level of Table 5 by its interval.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by ``variable, level``. ``patients``: evaluable ones; ``refractory``: RAIR patients
        of the level, those not evaluable included (missing where not printed); ``fewest, most``:
        from the interval, numbers at risk included; ``fewest_refractory, most_refractory``: if
        events occur in RAIR alone.
    """
    index = count_index(registry)
    rows = [row for split in univariable_splits(registry).values() for row in _levels(index, split)]
    table = pd.DataFrame(rows).set_index(["variable", "level"])
    return table.astype({"refractory": "Int64"})


def _levels(index: CountIndex, split: EventSplit) -> list[dict]:
    variable, levels = split.found.estimate.variable, split.found.estimate.contrast
    patients = tuple(whole_number(row) for row in split.levels)
    refractory = [whole_number(index.counts.get((variable, name, "RAIR"))) for name in levels]
    most = tuple(n if r is None else min(n, r) for n, r in zip(patients, refractory, strict=True))
    fit, total, rows = cox_fit(split), split.total, []
    found = {
        "": possible_splits(total, patients, fit),
        "_refractory": possible_splits(total, patients, fit, most),
    }
    for place, level in enumerate(levels):
        row = {"variable": variable, "level": level, "patients": patients[place]}
        row["refractory"] = refractory[place]
        for ending, first in found.items():
            own = [total - events for events in first] if place else first
            row |= {f"fewest{ending}": min(own), f"most{ending}": max(own)}
        rows.append(row)
    return rows


def nested_range(table: pd.DataFrame, total: int, nested=NESTED) -> pd.Series:
    """Sharpen the events of two levels, one of which lies within the other.

    Parameters
    ----------
    table : DataFrame
        See :func:`event_ranges`.
    total : int
        All events.
    nested : ((str, str), (str, str))
        Variable and level of the inner and of the outer group.

    Returns
    -------
    Series
        ``(fewest, most)`` of every level of both variables.
    """
    inner, outer = (table.loc[key] for key in nested)
    spare = int(outer["patients"] - inner["patients"])
    ends = ["fewest_refractory", "most_refractory"]
    (a, b), (c, d) = (tuple(int(row[end]) for end in ends) for row in (inner, outer))
    after = {nested[0]: (max(a, c - spare), min(b, d)), nested[1]: (max(c, a), min(d, b + spare))}
    rows = {
        (variable, name): (low, high) if name == level else (total - high, total - low)
        for (variable, level), (low, high) in after.items()
        for name in table.loc[variable].index
    }
    return pd.Series(rows).rename_axis(["variable", "level"])


def left_out(registry: Registry) -> pd.DataFrame:
    """Count the patients who were not evaluable by level, as Table 3 minus Table 5.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by ``variable, level``; columns ``all, evaluable, not_evaluable``.
    """
    index, rows = count_index(registry), {}
    for (variable, level, group), row in index.counts.items():
        whole = index.counts.get((variable, level, "all"))
        if group == "evaluable" and whole is not None:
            counts = whole_number(whole), whole_number(row)
            rows[variable, level] = (*counts, counts[0] - counts[1])
    table = pd.DataFrame(rows, index=["all", "evaluable", "not_evaluable"]).T
    return table.rename_axis(["variable", "level"])


def rate_counts(registry: Registry, sizes: dict[str, tuple[int, ...]]) -> pd.DataFrame:
    """Bound the events behind every Kaplan-Meier rate.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    sizes : dict of str to tuple of int
        Numbers of patients to try for groups; the printed size is tried for others.

    Returns
    -------
    DataFrame
        Indexed by ``group, months, patients``: ``printed``, ``fewest``, ``most`` events by then,
        and ``uncensored``, the number of events that give the rate if nobody was censored before
        (missing where none does).
    """
    rows = {}
    for rate in printed_rates(registry):
        for patients in sizes.get(rate.row.group, (rate.patients,)):
            if patients and rate.months:
                events = events_behind_rate(patients, rate.survival)
                rows[rate.row.group, rate.months, patients] = {
                    "printed": rate.row.printed,
                    "fewest": events[0],
                    "most": events[-1],
                    "uncensored": next(iter(rate_without_censoring(patients, rate.survival)), None),
                }
    table = pd.DataFrame(rows).T.rename_axis(["group", "months", "patients"])
    return table.astype({"fewest": int, "most": int, "uncensored": "Int64"})


# --- What the print says about the ROC curve of ps-Tg: the layer between registry and arithmetic


GROUPS = ("PD", "NPD")


def tg_table(registry: Registry) -> dict[str, int]:
    """Return the 2×2 table behind the cut-off, from sensitivity, specificity and group sizes.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    dict of str to int
        ``tables`` (how many agree), and of the first one ``true_positives, false_negatives,
        false_positives, true_negatives``.
    """
    found = rules(registry, count_index(registry))
    (rule,) = (rule for rule in found if rule.first.variable == "ps_tg_528")
    scores = binary_scores(rule)
    names = ("true_positives", "false_negatives", "false_positives", "true_negatives")
    return {"tables": len(scores), **{name: getattr(scores[0], name) for name in names}}


def tg_samples(registry: Registry, at_cutoff: bool = True) -> tuple[OrderedSample, OrderedSample]:
    """Bound the ps-Tg values of patients with and without progression.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    at_cutoff : bool
        Use the 2×2 table behind the cut-off.

    Returns
    -------
    with_event, without_event : OrderedSample
        From the quartiles, the range of all patients and that table.
    """
    table = tg_table(registry)
    above = table["true_positives"], table["false_positives"]
    span = tuple(_tg(registry, name, "all").value for name in ("minimum", "maximum"))
    return tuple(
        ordered_sample(
            int(registry.size(group).number.value),
            span,
            tuple((quartile.low, quartile.high) for quartile in _quartiles(registry, group)),
            ((_cutoff(registry), count),) if at_cutoff else (),
        )
        for group, count in zip(GROUPS, above, strict=True)
    )


def _tg(registry: Registry, statistic: str, group: str) -> Printed:
    return registry.where(statistic, variable="ps_tg", group=group, repeats="")[0].number


def _quartiles(registry: Registry, group: str) -> list[Printed]:
    return [_tg(registry, name, group) for name in ("q1", "median", "q3")]


def _cutoff(registry: Registry) -> float:
    return registry.where("cutoff", variable="ps_tg", repeats="")[0].number.value


def tg_limits(registry: Registry) -> pd.DataFrame:
    """Bound area and Youden's index by quartiles, range and the operating point.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by quantity; columns ``low, high, printed`` (missing where not printed).
    """
    samples, cutoff = tg_samples(registry), _cutoff(registry)
    printed = _tg_area(registry).row.number.value
    rows = {"area": (*area_limits(*samples), printed)}
    quartiles = [number.value for group in GROUPS for number in _quartiles(registry, group)]
    for place in sorted({cutoff, *quartiles}):
        index = youden_limits(*samples, place)
        point = index[0] if index[0] == index[1] else math.nan
        rows[f"Youden's index at {place:g}"] = (*index, point)
    surest = surest_cutoff(*tg_samples(registry, at_cutoff=False))[1]
    rows["Youden's index that the quartiles guarantee somewhere"] = (surest, math.nan, math.nan)
    return pd.DataFrame(rows, index=["low", "high", "printed"]).T.rename_axis("quantity")


def _tg_area(registry: Registry) -> PrintedArea:
    (area,) = (area for area in printed_areas(registry) if area.row.variable == "ps_tg")
    return area


def tg_area_error(registry: Registry) -> dict[str, float]:
    """Return the standard error behind the interval of the area and the p value of the area.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    dict of str to float
        ``error_low, error_high`` that agree with the interval; ``p_value``, the largest p of the
        Mann-Whitney test for an area that rounds to the print, without ties (ties lower it).
    """
    area = _tg_area(registry)
    with_event, without = area.counts
    null = math.sqrt((with_event + without + 1) / (12 * with_event * without))
    z = (area.row.number.low - 0.5) / null
    low, high = implied_error(area)
    return {"error_low": low, "error_high": high, "p_value": 2 * NormalDist().cdf(-z)}


def tg_example(
    registry: Registry, least: float, largest: float, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Build values of ps-Tg with the printed quartiles and 2×2 table.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    least, largest : float
        Smallest value with progression and largest without, which the print leaves open.
    gap : float
        Largest value with progression below the cut-off, as a share of the cut-off.

    Returns
    -------
    with_event, without_event : ndarray
        Ascending; values evenly spread on the log scale between the places that are known.
    """
    table, cutoff = tg_table(registry), _cutoff(registry)
    misses, correct = table["false_negatives"], table["true_negatives"]
    sizes = misses + table["true_positives"], correct + table["false_positives"]
    span = tuple(_tg(registry, name, "all").value for name in ("minimum", "maximum"))
    near = [(misses, cutoff * gap), (misses + 1, cutoff * 1.001)]
    event = [(1, least), (sizes[0], span[1]), *near, *_at_quartiles(registry, "PD")]
    near = [(correct, cutoff * 0.999), (correct + 1, cutoff * 1.003)]
    other = [(1, span[0]), (sizes[1], largest), *near, *_at_quartiles(registry, "NPD")]
    return tuple(
        sample_through(size, tuple(sorted(places)))
        for size, places in zip(sizes, (event, other), strict=True)
    )


def _at_quartiles(registry: Registry, group: str) -> list[tuple[int, float]]:
    """Put the two patients around each quartile on it, so that every rule finds it there."""
    patients = int(registry.size(group).number.value)
    return [
        (rank, quartile.value)
        for part, quartile in enumerate(_quartiles(registry, group), start=1)
        for rank in sorted(set(quartile_neighbours(patients, part)))
    ]


def tg_examples(registry: Registry, choices: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Describe built values of ps-Tg: area, interval by either error, and the best cut-off.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    choices : list of (float, float, float)
        ``least, largest, gap`` of :func:`tg_example`.

    Returns
    -------
    DataFrame
        One row per choice: ``area``; ``SPSS`` and ``DeLong``: whether ``area ± 1.96 SE`` rounds to
        the printed limits; ``best index`` and ``at the cut-off`` (Youden).
    """
    area, rows, table = _tg_area(registry), [], tg_table(registry)
    sizes = area.counts
    index = table["true_positives"] / sizes[0] - table["false_positives"] / sizes[1]
    for choice in choices:
        facts = curve_facts(*tg_example(registry, *choice))
        rows.append(
            {
                "area": format_value(facts["area"], 4),
                "SPSS": limits_agree(area, facts["area"], facts["hanley_mcneil"]),
                "DeLong": limits_agree(area, facts["area"], facts["delong"]),
                "best index": format_value(facts["youden"], 4),
                "at the cut-off": format_value(index, 4),
            }
        )
    return pd.DataFrame(rows)


# --- What the print says about Table 5's avidity: who was left out, and which split Figure 5A shows
# This layer reads the registry of the Qingdao study; the arithmetic stands in
# :mod:`rairlib.reconstruct.events` and :mod:`rairlib.stats.survival`.


AVID = "rai_avid_status"


def avidity_classes(registry: Registry) -> dict[str, int]:
    """Return the patients of RAIA and of the four types of RAIR, before any is left out."""
    sizes = count_index(registry).sizes
    return {name: whole_number(sizes[name]) for name in ("RAIA", *TYPES)}


def avidity_unions(registry: Registry) -> pd.DataFrame:
    """List the unions of the five classes that can be Table 5's RAI-avid, with what speaks to them.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by union; ``unions_tried``, ``left_out_inside``, ``compositions`` (ways to spread
        those left out over the classes), ``events_needed`` (from the interval), ``events_possible``
        (if RAIA holds none: those of the types in the union) and ``compositions_left``.
    """
    split = univariable_splits(registry)[AVID]
    classes, out = avidity_classes(registry), _size(registry, "not evaluable")
    kept = whole_number(split.levels[1])
    needed = split.ranges()[1][0]
    rows = {}
    for union, inside in class_unions(classes, out, kept):
        ways = compositions_left_out(classes, out, union, inside)
        types = [name for name in union if name != "RAIA"]
        possible = [sum(classes[name] - way[name] for name in types) for way in ways]
        rows[" + ".join(union)] = {
            "unions_tried": 2 ** len(classes),
            "left_out_inside": inside,
            "compositions": len(ways),
            "events_needed": needed,
            "events_possible": max(possible),
            "compositions_left": sum(events >= needed for events in possible),
        }
    return pd.DataFrame(rows).T.rename_axis("RAI-avid")


def avidity_cases(registry: Registry) -> pd.DataFrame:
    """List how many RAIA patients can be among those left out, whatever RAI-avid means for RAIR.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by ``RAIA left out``: ``RAIR left out``, ``RAIA evaluable``, ``RAIR evaluable``,
        ``RAIR among the avid`` (if all evaluable RAIA are RAI-avid), ``events needed`` among the
        avid, and ``possible`` (if events occur in RAIR alone).
    """
    split = univariable_splits(registry)[AVID]
    avid, needed = whole_number(split.levels[1]), split.ranges()[1][0]
    raia, rair, left = (_size(registry, group) for group in ("RAIA", "RAIR", "not evaluable"))
    out = np.arange(left + 1)
    among = avid - (raia - out)
    columns = {
        "RAIR left out": left - out,
        "RAIA evaluable": raia - out,
        "RAIR evaluable": rair - left + out,
        "RAIR among the avid": among,
        "events needed": needed,
        "possible": among >= needed,
    }
    return pd.DataFrame(columns, index=pd.Index(out, name="RAIA left out"))


def _size(registry: Registry, group: str) -> int:
    return whole_number(count_index(registry).sizes[group])


def avidity_logrank(registry: Registry) -> dict[str, float]:
    """Set the printed log-rank statistic of RAIR against RAIA beside the fit of Table 5's split.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    dict of str to float
        ``printed``; ``least``, ``most`` and ``wald_low``, ``wald_high`` for the split by avidity;
        ``most_shortened``, if limits may be cut off; ``fall``, to which share of its height the
        curve of all patients would have to fall at one time; ``rate``, the last printed rate of
        all; and ``height``, at most this high would that curve then be.
    """
    split = univariable_splits(registry)[AVID]
    (row,) = registry.where("logrank_chi_square", group="RAIR vs RAIA", repeats="")
    fit = cox_fit(split)
    (least, most), (wald_low, wald_high) = logrank_limits(fit), wald_statistic(fit)
    fall = fall_that_ties_need(row.number.low, fit)
    rates = [rate for rate in printed_rates(registry) if rate.row.group == "evaluable"]
    last = max(rates, key=lambda rate: rate.months)
    return {
        "printed": row.number.value,
        "least": least,
        "most": most,
        "most_shortened": logrank_limits(cox_fit(split, shortened=True))[1],
        "wald_low": wald_low,
        "wald_high": wald_high,
        "fall": fall,
        "rate": last.survival[0],
        "height": fall * last.survival[1],
    }


def mixtures(registry: Registry, months: float = 60.0) -> pd.DataFrame:
    """Average the rates of the types over RAIR, and of RAIR and RAIA over all evaluable patients.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    months : float
        Time of the rates.

    Returns
    -------
    DataFrame
        One row per possible composition of the patients left out; sizes of ``RAIA``, ``no
        avidity``, ``partial or lost``; ``RAIR_low, RAIR_high`` and ``all_low, all_high``: the
        rates in percent that hold without censoring, from rounded rates. Censoring can move a
        rate away from the average, so a mismatch is no contradiction.
    """
    rates = {
        rate.row.group: rate.survival for rate in printed_rates(registry) if rate.months == months
    }
    classes, cases = avidity_classes(registry), avidity_cases(registry)
    none, partly = classes[TYPES[0]], classes[TYPES[1]] + classes[TYPES[2]]
    rows = []
    for _, case in cases[cases["possible"]].iterrows():
        out = case["RAIR left out"]
        for here in range(out + 1):
            sizes = none - here, partly - out + here, classes[BY_PROGRESSION]
            of_types = rates[TYPES[0]], rates[JOINED_TYPES], rates[BY_PROGRESSION]
            rair = _average(sizes, of_types)
            groups = case["RAIA evaluable"], case["RAIR evaluable"]
            whole = _average(groups, (rates["RAIA"], rates["RAIR"]))
            rows.append((groups[0], *sizes[:2], *rair, *whole))
    names = ["RAIA", "no avidity", "partial or lost", "RAIR_low", "RAIR_high"]
    return pd.DataFrame(rows, columns=[*names, "all_low", "all_high"])


def _average(sizes, rates) -> tuple[float, float]:
    total = sum(sizes)
    return tuple(
        100 * sum(size * rate[end] for size, rate in zip(sizes, rates, strict=True)) / total
        for end in (0, 1)
    )
