"""Qingdao: frames on what the print alone says about progression, one per cell of the chapter."""

import numpy as np
import pandas as pd

from rairlib.avidity_print import AVID, avidity_cases, avidity_logrank, avidity_unions, mixtures
from rairlib.checks.cells import count_index
from rairlib.logrank_range import logrank_from_risk_sets, risk_sets
from rairlib.printed import format_value
from rairlib.progression_print import (
    cox_fit,
    event_ranges,
    nested_range,
    rate_counts,
    univariable_splits,
)
from rairlib.reported import Registry


def event_table(registry: Registry) -> pd.DataFrame:
    """Return the events of every level that Table 5's intervals allow.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by variable and level; columns ``patients``, ``refractory``, ``events`` (from the
        interval), ``if refractory`` (events in RAIR alone) and ``if nested`` (T4 within ETE too).
    """
    table = event_ranges(registry)
    nested = nested_range(table, _events(registry))["after"]
    return pd.DataFrame(
        {
            "patients": table["patients"],
            "refractory": table["refractory"].astype(str).replace("<NA>", "not printed"),
            "events": _ranges(table["fewest"], table["most"]),
            "if refractory": _ranges(table["fewest_refractory"], table["most_refractory"]),
            "if nested": [
                f"{nested[key][0]} to {nested[key][1]}" if key in nested.index else ""
                for key in table.index
            ],
        },
        index=table.index,
    )


def _events(registry: Registry) -> int:
    return int(registry.size("PD").number.value)


def _ranges(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{a} to {b}" for a, b in zip(low, high, strict=True)]


def avidity_table(registry: Registry) -> pd.DataFrame:
    """Test what Table 5 can mean by RAI-avid, step by step.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``verdict`` (``excluded``, ``open``) and ``why``, indexed by hypothesis and step;
        the steps say whether they are arithmetic, a proof under a named premise, or a reading.
    """
    unions, cases = avidity_unions(registry), avidity_cases(registry)
    logrank = avidity_logrank(registry)
    alone, joined = unions.index
    tried, needed = unions["unions_tried"].iloc[0], unions["events_needed"].iloc[0]
    most, fall = format_value(logrank["most"], 1), format_value(100 * logrank["fall"], 1)
    rows = [
        (f"a union of classes other than {alone} and {joined}", "arithmetic", "excluded",
         f"{len(unions)} of {tried} unions can hold the printed number of patients"),
        (alone, "proof if RAIA has no progression by definition", "excluded",
         f"the interval needs {needed} events among the RAI-avid, RAIA has none"),
        (alone, "proof if few share their time", "excluded",
         f"it would be the split of Figure 5A, whose log-rank statistic is {logrank['printed']}; "
         f"this split has at most {most}, unless the curve of all falls to {fall} % at once"),
        (alone, "reading of Section 2.3", "speaks against it",
         "all patients left out would be refractory; the text leaves out avid lesions"),
        (joined, "arithmetic and definition", "open",
         f"{unions['compositions_left'].iloc[1]} of {unions['compositions'].iloc[1]} compositions "
         f"give {needed} events: all of the type progressed, and one RAIR patient of another "
         "type is left out"),
        (joined, "reading of Section 2.3", "speaks against it",
         "one patient left out would not be RAIA; lesions that never took up iodine, and those of "
         "partial uptake, are known from CT, so that lost avidity remains"),
        *(_case(out, row) for out, row in cases.iterrows() if row["possible"]),
        (f"fewer than {cases.index[cases['possible'].astype(bool)].min()} RAIA left out",
         "proof if events occur in RAIR alone and evaluable RAIA are RAI-avid", "excluded",
         f"too few RAIR patients among the RAI-avid for {needed} events"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["RAI-avid", "step", "verdict", "why"])
    return table.set_index(["RAI-avid", "step"])


def _case(out: int, row: pd.Series) -> tuple[str, str, str, str]:
    among, needed = row["RAIR among the avid"], row["events needed"]
    return (
        f"RAIA and {among} RAIR patients of any type",
        "arithmetic and definition",
        "open",
        f"{out} RAIA and {row['RAIR left out']} RAIR left out; Figure 5A compares "
        f"{row['RAIA evaluable']} with {row['RAIR evaluable']}; {needed} to {among} of the {among} "
        "progressed",
    )


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def logrank_table(registry: Registry) -> pd.DataFrame:
    """Set the log-rank statistic of Figure 5A beside what the split of Table 5 allows.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Column ``value``, indexed by the step of the proof.
    """
    found, split = avidity_logrank(registry), univariable_splits(registry)[AVID]
    fit = cox_fit(split)
    values = {
        "hazard ratio, at most": (fit.hazard_ratio[1], 4),
        "information 1 / SE², at most": (fit.information[1], 4),
        "log-rank χ², at least: 4 tanh²(b/2) / SE²": (found["least"], 2),
        "Wald χ²": (found["wald_high"], 2),
        "log-rank χ², at most: 4 sinh²(b/2) / SE²": (found["most"], 2),
        "the same if limits were cut off": (found["most_shortened"], 2),
        "log-rank χ² of Figure 5A": (found["printed"], 2),
        "fall of the curve of all at one time that it needs, to %": (100 * found["fall"], 1),
        "height of that curve after such a fall, at most %": (100 * found["height"], 1),
    }
    shown = {name: format_value(value, decimals) for name, (value, decimals) in values.items()}
    return pd.DataFrame({"value": shown}).rename_axis("quantity")


def two_group_follow_ups(registry: Registry) -> pd.DataFrame:
    """Tell follow-ups of RAIA and RAIR in words and compute their log-rank statistic.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Columns ``log-rank χ²`` and ``rounds to the print``, indexed by the follow-up. All events
        are in RAIR, one after the other; who is not named stays until after the last event.
    """
    (row,) = registry.where("logrank_chi_square", group="RAIR vs RAIA", repeats="")
    cases = avidity_cases(registry)
    told = {
        "nobody censored before the last event": (),
        "2 RAIA censored before the first event, 1 before the fourth": ((1, 0, 2), (4, 0, 1)),
        "1 RAIA censored before event 26": ((26, 0, 1),),
    }
    rows = {}
    for _, case in cases[cases["possible"].astype(bool)].iterrows():
        sizes, events = (case["RAIA evaluable"], case["RAIR evaluable"]), _events(registry)
        for name, losses in told.items():
            at_risk = risk_sets(sizes, np.ones(events, dtype=int), losses)
            statistic = logrank_from_risk_sets(np.ones(events, dtype=int), at_risk)
            rows[f"{sizes[0]} RAIA, {sizes[1]} RAIR: {name}"] = {
                "log-rank χ²": format_value(statistic, 3),
                "rounds to the print": row.number.agrees(statistic),
            }
    return pd.DataFrame(rows).T.rename_axis("follow-up")


def rate_table(registry: Registry) -> pd.DataFrame:
    """Return the events by 12, 36 and 60 months that each printed rate allows.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        Indexed by group, months and patients: ``printed``, ``events by then`` and ``without
        censoring``, which says ``impossible`` where somebody must have been censored before.
    """
    cases = avidity_cases(registry)
    cases = cases[cases["possible"].astype(bool)]
    sizes = count_index(registry).sizes
    partly = sum(int(sizes[name].number.value) for name in ("partial avidity", "avidity lost"))
    table = rate_counts(
        registry,
        {
            "RAIA": tuple(cases["RAIA evaluable"]),
            "RAIR": tuple(cases["RAIR evaluable"]),
            "partial avidity or avidity lost": (partly - 1, partly),
        },
    )
    return pd.DataFrame(
        {
            "printed": table["printed"] + " %",
            "events by then": _ranges(table["fewest"], table["most"]),
            "without censoring": table["uncensored"].astype(str).replace("<NA>", "impossible"),
        },
        index=table.index,
    )


def mixture_table(registry: Registry) -> pd.DataFrame:
    """Return the five-year rates that hold without censoring if types and groups are averaged.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    DataFrame
        See :func:`rairlib.avidity_print.mixtures`; ranges as texts, in percent.
    """
    table = mixtures(registry)
    for name in ("RAIR", "all"):
        ends = (table.pop(f"{name}_low"), table.pop(f"{name}_high"))
        table[name] = [f"{low:.2f} to {high:.2f}" for low, high in zip(*ends, strict=True)]
    return table.set_index(["RAIA", "no avidity", "partial or lost"])
