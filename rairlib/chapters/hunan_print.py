"""Hunan: what the print alone determines: 2×2 tables, areas and the threshold."""

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.dichotomised_areas import area_range, dichotomised_areas, scores_given_table
from rairlib.discrimination import Z_95, auc, hanley_mcneil_standard_error
from rairlib.printed_tables import BOTH, agreeing_tables, printed_rules, printed_subgroups
from rairlib.reported import Registry
from rairlib.subgroup_tables import rounding_to
from rairlib.table_records import subgroup_tables

COUNTS = ("TP", "FN", "FP", "TN")


def set_name(group: str) -> str:
    """Return ``training`` for ``training failure vs training success``."""
    return group if group == BOTH else group.split()[0]


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


def beside_areas(registry: Registry, tables: pd.DataFrame) -> pd.DataFrame:
    """Set the printed areas with their limits beside those of the score cut in two.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    tables : DataFrame
        See :func:`reconstructed_tables`.

    Returns
    -------
    DataFrame
        Indexed by patients: ``printed`` and ``cut in two``, each area (lower to upper limit).
    """
    rows = {}
    for row in registry.where("auc", repeats=""):
        name = set_name(row.group) if row.outcome_groups else row.group
        limits = [registry.belonging_to(row.id, end)[0].printed for end in ("ci_low", "ci_high")]
        found = tables.loc[name]
        rows[name] = {
            "printed": f"{row.printed} ({limits[0]} to {limits[1]})",
            "cut in two": f"{found['area']:.4f} ({found['low']:.4f} to {found['high']:.4f})",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")


def area_bounds(registry: Registry) -> pd.DataFrame:
    """Bound the area of the continuous score by the 2×2 table of each cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    DataFrame
        Indexed by cohort: ``low, high`` from the table alone, ``high, best cut-off`` if no other
        cut-off has a larger Youden index there (as the paper says of the training set),
        ``cut in two`` and ``printed``.
    """
    rows = {}
    for rule in printed_rules(registry):
        cells = tuple(int(n) for n in agreeing_tables(rule)[0])
        low, high = area_range(*cells)
        best = area_range(*cells, best_cutoff=True)[1]
        chosen_here = bool(registry.where("cutoff", group=rule.first.group))
        (row,) = registry.where("auc", group=rule.first.group, repeats="")
        rows[set_name(rule.first.group)] = {
            "low": low,
            "high": high,
            "high, best cut-off": best if chosen_here else np.nan,
            "cut in two": float(dichotomised_areas(*cells)[0]),
            "printed": row.number.value,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")


def chance_of_area(registry: Registry, number: int, seed: int) -> pd.DataFrame:
    """Ask how often a continuous score with the 2×2 table prints the area of its yes-or-no form.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    number : int
        Scores per cohort and kind.
    seed : int
        Seed of all of them.

    Returns
    -------
    DataFrame
        By cohort and kind of score (normal, or in random order beyond the cut-off): ``scores``,
        ``2.5 %``, ``median``, ``97.5 %`` of their areas, ``print its area`` and ``print area and
        limits`` of the yes-or-no form, to three decimals.
    """
    rng, rows = np.random.default_rng(seed), {}
    for rule in printed_rules(registry):
        cells = tuple(int(n) for n in agreeing_tables(rule)[0])
        for kind, informative in (("normal", True), ("random order", False)):
            event, scores = scores_given_table(cells, number, rng, informative)
            estimates = np.array([_with_limits(event, score) for score in scores])
            key = (set_name(rule.first.group), kind)
            rows[key] = _agreement_with(estimates, dichotomised_areas(*cells))
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.rename_axis(["patients", "score"])


def _with_limits(event: np.ndarray, score: np.ndarray) -> tuple[float, float, float]:
    area, error = auc(event, score), hanley_mcneil_standard_error(event, score)
    return area, area - Z_95 * error, area + Z_95 * error


def _agreement_with(estimates: np.ndarray, dichotomised: tuple) -> dict:
    area, error = dichotomised
    printed = np.round([area, area - Z_95 * error, area + Z_95 * error], 3)
    targets = rounding_to(printed)
    inside = (estimates >= targets[:, 0]) & (estimates <= targets[:, 1])
    low, median, high = np.quantile(estimates[:, 0], [0.025, 0.5, 0.975])
    return {
        "scores": len(estimates),
        "2.5 %": low,
        "median": median,
        "97.5 %": high,
        "print its area": int(inside[:, 0].sum()),
        "print area and limits": int(inside.all(axis=1).sum()),
    }


def threshold_values(registry: Registry) -> dict[str, float]:
    """Return what the printed threshold means if it is a value of logit(p).

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    dict of str to float
        ``risk``; ``nodes``, the fewest with no thyroglobulin, and ``tg``, the thyroglobulin with
        no node, at which the printed model reaches it.
    """
    (cutoff,) = registry.where("cutoff", variable="logit_p", repeats="")
    (intercept,) = registry.where("intercept", repeats="")
    slopes = {row.variable: row.number.value for row in registry.where("coefficient", repeats="")}
    distance = cutoff.number.value - intercept.number.value
    return {
        "risk": float(expit(cutoff.number.value)),
        "nodes": int(np.ceil(distance / slopes["lln_count"])),
        "tg": distance / slopes["tg_before"],
    }
