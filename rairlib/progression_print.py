"""What a study's print says about progression: the layer between the registry and the arithmetic.

The functions read groups, counts and rates by their names in the registry of the Qingdao study;
what they compute with them stands in :mod:`rairlib.progression`, :mod:`rairlib.logrank_range` and
:mod:`rairlib.roc_limits`, which do not know the registry.
"""

import pandas as pd

from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.event_counts import EventSplit, event_splits
from rairlib.checks.survival_rates import Rate, printed_rates
from rairlib.logrank_range import CoxFit
from rairlib.progression import (
    events_behind_rate,
    possible_splits,
    rate_without_censoring,
    tight_split,
)
from rairlib.reported import Registry

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
    index = count_index(registry)
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
