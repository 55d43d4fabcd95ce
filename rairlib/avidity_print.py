"""What the print says about Table 5's avidity: who was left out, and which split Figure 5A shows.

This layer reads the registry of the Qingdao study; the arithmetic stands in
:mod:`rairlib.progression` and :mod:`rairlib.logrank_range`.
"""

import pandas as pd

from rairlib.checks.cells import count_index, whole_number
from rairlib.checks.survival_rates import printed_rates
from rairlib.logrank_range import fall_that_ties_need, logrank_limits, wald_statistic
from rairlib.progression import class_unions, compositions_left_out
from rairlib.progression_print import cox_fit, univariable_splits
from rairlib.reported import Registry

AVID = "rai_avid_status"
TYPES = ("no avidity", "partial avidity", "avidity lost", "progression despite avidity")
PROGRESSED = "progression despite avidity"


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
    for _, case in cases[cases["possible"].astype(bool)].iterrows():
        out = case["RAIR left out"]
        for here in range(out + 1):
            sizes = none - here, partly - out + here, classes[PROGRESSED]
            of_types = rates[TYPES[0]], rates["partial avidity or avidity lost"], rates[PROGRESSED]
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
