"""Hunan: what the print alone determines: 2×2 tables, areas and the threshold."""

import numpy as np
import pandas as pd

from rairlib.reconstruct.printed_rules import (
    BOTH,
    PrintedSubgroups,
    agreeing_tables,
    printed_rules,
    printed_subgroups,
    subgroup_tables,
)
from rairlib.reconstruct.two_by_two import Neighbourhood, dichotomised_areas
from rairlib.registry.registry import Registry
from rairlib.stats.roc import Z_95

COUNTS = ("TP", "FN", "FP", "TN")


def set_name(group: str) -> str:
    """Return ``training`` for ``training failure vs training success``."""
    return group if group == BOTH else group.split()[0]


def determined_table(registry: Registry, group: str) -> list[int]:
    """Return the only 2×2 table that has the printed percentages of a comparison.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    group : str
        The comparison.

    Returns
    -------
    list of int
        True positives, false negatives, false positives, true negatives.
    """
    (rule,) = [rule for rule in printed_rules(registry) if rule.first.group == group]
    (cells,) = agreeing_tables(rule).tolist()
    return cells


def reconstructed_tables(registry: Registry) -> pd.DataFrame:
    """Return the 2×2 tables of both cohorts, of all patients and of the subgroups.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        Indexed by patients: ``n``, the four cells, ``area`` of the score cut in two with its
        limits ``low, high`` under Hanley and McNeil's error, not cut at 1.
    """
    tables = {set_name(r.first.group): agreeing_tables(r)[0] for r in printed_rules(registry)}
    for subgroups in printed_subgroups(registry):
        tables[BOTH] = np.array(subgroups.pooled)
        names = [area.row.group for area in subgroups.areas]
        tables |= dict(zip(names, subgroup_tables(subgroups)[0], strict=True))
    frame = pd.DataFrame.from_dict(tables, orient="index", columns=COUNTS).rename_axis("patients")
    areas, errors = dichotomised_areas(*(frame[name] for name in COUNTS))
    frame.insert(0, "n", frame.sum(axis=1))
    return frame.assign(area=areas, low=areas - Z_95 * errors, high=areas + Z_95 * errors)


def with_performance(tables: pd.DataFrame) -> pd.DataFrame:
    """Return what the paper's lost table of performance must show, in percent.

    Parameters
    ----------
    tables : DataFrame
        See :func:`reconstructed_tables`.

    Returns
    -------
    DataFrame
        The cells with sensitivity, specificity, predictive values and accuracy.
    """
    tp, fn, fp, tn = (tables[name] for name in COUNTS)
    shares = {
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "PPV": tp / (tp + fp),
        "NPV": tn / (tn + fn),
        "accuracy": (tp + tn) / tables["n"],
    }
    shown = {f"{name}, %": (100 * share).map("{:.2f}".format) for name, share in shares.items()}
    return tables[["n", *COUNTS]].assign(**shown)


# --- Hunan: the search for the subgroups' tables, and what chance would have found ------------


def pair_name(subgroups: PrintedSubgroups) -> str:
    """Return ``male, female``."""
    return ", ".join(area.row.group for area in subgroups.areas)


def neighbourhood_of(subgroups: PrintedSubgroups) -> Neighbourhood:
    """Return what is near the printed numbers of two subgroups.

    Parameters
    ----------
    subgroups : PrintedSubgroups
        As printed, with one split that agrees.

    Returns
    -------
    Neighbourhood
        Half-widths are from the area to the lower limit, which is never cut.
    """
    areas = np.array([area.row.number.value for area in subgroups.areas])
    lows = np.array([area.low.number.value for area in subgroups.areas])
    first = subgroup_tables(subgroups)[0, 0]
    tp, fn, fp, tn = subgroups.pooled
    shares = (first[:2].sum() / (tp + fn), first[2:].sum() / (fp + tn))
    return Neighbourhood(areas=areas, half_widths=areas - lows, shares=shares)
