"""What a study's print says about progression: the layer between the registry and the arithmetic.

The functions read groups, counts and rates by their names in the registry of the Qingdao study;
what they compute with them stands in :mod:`rairlib.progression`, :mod:`rairlib.logrank_range` and
:mod:`rairlib.roc_limits`, which do not know the registry.
"""

import pandas as pd

from rairlib.checks.cells import CountIndex, whole_number
from rairlib.checks.event_counts import EventSplit, event_splits
from rairlib.checks.survival_rates import Rate, printed_rates
from rairlib.logrank_range import CoxFit, fall_that_ties_need, logrank_limits, wald_statistic
from rairlib.progression import (
    class_unions,
    compositions_left_out,
    events_behind_rate,
    possible_splits,
    rate_without_censoring,
    tight_split,
)
from rairlib.reported import Registry

AVID = "rai_avid_status"
TYPES = ("no avidity", "partial avidity", "avidity lost", "progression despite avidity")
PROGRESSED = "progression despite avidity"
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
        events occur in RAIR alone; ``tight_low, tight_high``: the two numbers at which the bound
        would be attained.
    """
    index = CountIndex(registry)
    rows = [row for split in univariable_splits(registry).values() for row in _levels(index, split)]
    table = pd.DataFrame(rows).set_index(["variable", "level"])
    return table.astype({"refractory": "Int64"})


def _levels(index: CountIndex, split: EventSplit) -> list[dict]:
    variable, levels = split.found.estimate.variable, split.found.estimate.contrast
    patients = tuple(whole_number(row) for row in split.levels)
    refractory = [whole_number(index.counts.get((variable, name, "RAIR"))) for name in levels]
    most = tuple(n if r is None else min(n, r) for n, r in zip(patients, refractory, strict=True))
    fit = cox_fit(split)
    plain = _both_levels(possible_splits(split.total, patients, fit), split.total)
    among = _both_levels(possible_splits(split.total, patients, fit, most), split.total)
    tight = tight_split(split.total, split.error[1])
    return [
        {
            "variable": variable,
            "level": levels[place],
            "patients": patients[place],
            "refractory": refractory[place],
            "fewest": plain[place][0],
            "most": plain[place][1],
            "fewest_refractory": among[place][0],
            "most_refractory": among[place][1],
            "tight_low": tight[0],
            "tight_high": tight[1],
        }
        for place in (0, 1)
    ]


def _both_levels(splits: list[int], total: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (splits[0], splits[-1]), (total - splits[-1], total - splits[0])


def nested_range(table: pd.DataFrame, total: int, nested=NESTED) -> pd.DataFrame:
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
    DataFrame
        One row per level of both variables: ``before`` and ``after``, as ``(fewest, most)``.
    """
    inner, outer = (table.loc[key] for key in nested)
    spare = int(outer["patients"] - inner["patients"])
    ends = ["fewest_refractory", "most_refractory"]
    (a, b), (c, d) = (tuple(int(row[end]) for end in ends) for row in (inner, outer))
    after = {nested[0]: (max(a, c - spare), min(b, d)), nested[1]: (max(c, a), min(d, b + spare))}
    rows = {}
    for variable, level in nested:
        for name in table.loc[variable].index:
            low, high = after[variable, level]
            rows[variable, name] = {
                "before": tuple(int(table.loc[(variable, name), end]) for end in ends),
                "after": (low, high) if name == level else (total - high, total - low),
            }
    return pd.DataFrame(rows).T.rename_axis(["variable", "level"])


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
    index, rows = CountIndex(registry), {}
    for (variable, level, group), row in index.counts.items():
        whole = index.counts.get((variable, level, "all"))
        if group == "evaluable" and whole is not None:
            counts = whole_number(whole), whole_number(row)
            rows[variable, level] = (*counts, counts[0] - counts[1])
    table = pd.DataFrame(rows, index=["all", "evaluable", "not_evaluable"]).T
    return table.rename_axis(["variable", "level"])


def avidity_classes(registry: Registry) -> dict[str, int]:
    """Return the patients of RAIA and of the four types of RAIR, before any is left out."""
    sizes = CountIndex(registry).sizes
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
    raia, rair = (_size(registry, group) for group in ("RAIA", "RAIR"))
    rows = {}
    for out in range(_size(registry, "not evaluable") + 1):
        among = avid - (raia - out)
        rows[out] = {
            "RAIR left out": _size(registry, "not evaluable") - out,
            "RAIA evaluable": raia - out,
            "RAIR evaluable": rair - _size(registry, "not evaluable") + out,
            "RAIR among the avid": among,
            "events needed": needed,
            "possible": among >= needed,
        }
    return pd.DataFrame(rows).T.rename_axis("RAIA left out")


def _size(registry: Registry, group: str) -> int:
    return whole_number(CountIndex(registry).sizes[group])


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
    least, most = logrank_limits(fit)
    wald = wald_statistic(fit)
    fall = fall_that_ties_need(row.number.low, fit)
    rates = [rate for rate in printed_rates(registry) if rate.row.group == "evaluable"]
    last = max(rates, key=lambda rate: rate.months)
    return {
        "printed": row.number.value,
        "least": least,
        "most": most,
        "most_shortened": logrank_limits(cox_fit(split, shortened=True))[1],
        "wald_low": wald[0],
        "wald_high": wald[1],
        "fall": fall,
        "rate": last.survival[0],
        "height": fall * last.survival[1],
    }


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
                rows[rate.row.group, rate.months, patients] = _rate_row(rate, patients)
    table = pd.DataFrame(rows).T.rename_axis(["group", "months", "patients"])
    return table.astype({"fewest": int, "most": int, "uncensored": "Int64"})


def _rate_row(rate: Rate, patients: int) -> dict:
    events = events_behind_rate(patients, rate.survival)
    plain = rate_without_censoring(patients, rate.survival)
    return {
        "printed": rate.row.printed,
        "fewest": events[0],
        "most": events[-1],
        "uncensored": plain[0] if plain else None,
    }
