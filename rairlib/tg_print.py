"""What the print says about the ROC curve of ps-Tg: the layer between registry and arithmetic."""

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from rairlib.checks.cells import count_index
from rairlib.checks.diagnostic import rules
from rairlib.checks.roc_areas import PrintedArea, printed_areas
from rairlib.checks.roc_readings import binary_scores, implied_error, limits_agree
from rairlib.printed import format_value
from rairlib.reported import Registry
from rairlib.roc_limits import (
    OrderedSample,
    area_limits,
    curve_facts,
    ordered_sample,
    quartile_neighbours,
    sample_through,
    surest_cutoff,
    youden_limits,
)

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
    (rule,) = (
        rule
        for rule in rules(registry, count_index(registry))
        if rule.first.variable == "ps_tg_528"
    )
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
            tuple(_span(_tg(registry, name, group)) for name in ("q1", "median", "q3")),
            ((_cutoff(registry), count),) if at_cutoff else (),
        )
        for group, count in zip(GROUPS, above, strict=True)
    )


def _tg(registry: Registry, statistic: str, group: str):
    return registry.where(statistic, variable="ps_tg", group=group, repeats="")[0].number


def _span(number) -> tuple[float, float]:
    return number.low, number.high


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
    for place in sorted({cutoff, *_quartiles(registry)}):
        index = youden_limits(*samples, place)
        point = index[0] if index[0] == index[1] else math.nan
        rows[f"Youden's index at {place:g}"] = (*index, point)
    surest = surest_cutoff(*tg_samples(registry, at_cutoff=False))[1]
    rows["Youden's index that the quartiles guarantee somewhere"] = (surest, math.nan, math.nan)
    return pd.DataFrame(rows, index=["low", "high", "printed"]).T.rename_axis("quantity")


def _quartiles(registry: Registry) -> list[float]:
    names = ("q1", "median", "q3")
    return [_tg(registry, name, group).value for group in GROUPS for name in names]


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
    errors = implied_error(area)
    return {
        "error_low": errors[0],
        "error_high": errors[1],
        "p_value": 2 * NormalDist().cdf(-z),
    }


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
        (rank, _tg(registry, name, group).value)
        for part, name in enumerate(("q1", "median", "q3"), start=1)
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
    area, rows = _tg_area(registry), []
    table = tg_table(registry)
    sizes = [
        table["true_positives"] + table["false_negatives"],
        table["true_negatives"] + table["false_positives"],
    ]
    for choice in choices:
        facts = curve_facts(*tg_example(registry, *choice))
        rows.append(
            {
                "area": format_value(facts["area"], 4),
                "SPSS": limits_agree(area, facts["area"], facts["hanley_mcneil"]),
                "DeLong": limits_agree(area, facts["area"], facts["delong"]),
                "best index": format_value(facts["youden"], 4),
                "at the cut-off": format_value(
                    table["true_positives"] / sizes[0] - table["false_positives"] / sizes[1], 4
                ),
            }
        )
    return pd.DataFrame(rows)
