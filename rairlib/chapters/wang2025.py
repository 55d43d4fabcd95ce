"""Qingdao: what the figures of Wang et al. 2025 show, printed beside recomputed."""

from collections.abc import Iterable

import pandas as pd

from rairlib.chapters.beside import recomputed, with_limits
from rairlib.reported import Registry

FLOW = (
    ("screened", "adults with lung metastases", "", "kept"),
    ("excluded, TgAb positive", "antibodies positive", "screened", "excluded"),
    ("excluded, incomplete data", "data incomplete", "screened", "excluded"),
    ("all", "analysed", "screened", "kept"),
    ("RAIA", "not refractory (RAIA)", "all", "group"),
    ("RAIR", "refractory (RAIR)", "all", "group"),
    ("not evaluable", "nothing to see on CT", "all", "excluded"),
    ("evaluable", "evaluable for response", "all", "kept"),
    ("NPD", "no progression (NPD)", "evaluable", "group"),
    ("PD", "progression (PD)", "evaluable", "group"),
)
# As short as a forest plot on a phone needs them; the level is the numerator of the ratio.
SHORT = {
    "gender": "Female",
    "age_55": "Age ≥55 y",
    "histology": "Follicular",
    "multicentricity": "One focus",
    "tumor_size_4": "Size >4 cm",
    "lnm_ratio_50": "Node ratio\n≥50 %",
    "ete": "No extension",
    "t_stage": "T1 to T3",
    "n_stage": "N0 or N1a",
    "ps_tg_528": "ps-Tg ≥528.5",
    "rai_avid_status": "Partial or\nno avidity",
    "lm_size_1": "Lung met.\n≥1 cm",
}


def flow_boxes(registry: Registry) -> pd.DataFrame:
    """Return the boxes of Figure 2.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.flow_chart.draw_flow_chart` needs it.
    """
    rows = [
        (group, text, int(registry.size(group).number.value), parent, kind)
        for group, text, parent, kind in FLOW
    ]
    return pd.DataFrame(rows, columns=["box", "text", "n", "parent", "kind"])


def short_terms(table: pd.DataFrame) -> pd.DataFrame:
    """Give the terms of a regression names that are short enough for a phone.

    Parameters
    ----------
    table : DataFrame
        Indexed by terms such as ``age_55: ≥55 vs <55``, or by variables.

    Returns
    -------
    DataFrame
        The same numbers; the level in the numerator of the ratio names the term.
    """
    names = [SHORT.get(term.split(":")[0], term).replace("\n", " ") for term in table.index]
    return table.set_axis(pd.Index(names, name="against its reference"))


def forest_rows(registry: Registry, results: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """Set printed ratios with their limits beside those of a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.
    statistic : str
        ``odds_ratio`` (Table 4) or ``hazard_ratio`` (Table 5).

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.forest_models.draw_forest_models` needs it; a term is the name
        of a variable.
    """
    values, rows = recomputed(registry, results), []
    for ratio in registry.where(statistic, repeats=""):
        numbers = with_limits(registry, ratio)
        key = (ratio.method, ratio.variable)
        rows.append((*key, "reported", *(row.number.value for row in numbers)))
        rows.append((*key, "reproduced", *(values[row.id] for row in numbers)))
    return pd.DataFrame(rows, columns=["model", "term", "source", "estimate", "low", "high"])


def quartile_rows(
    registry: Registry, results: pd.DataFrame, variable: str, groups: Iterable[str]
) -> pd.DataFrame:
    """Set printed medians and quartiles beside those of a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.
    variable : str
        A continuous variable.
    groups : iterable of str
        Groups for which quartiles are printed.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.box_plot.draw_box_plot` needs it.
    """
    values, rows = recomputed(registry, results), []
    for group in groups:
        chosen = [
            registry.where(name, variable=variable, group=group, repeats="")[0]
            for name in ("q1", "median", "q3")
        ]
        rows.append((group, "reported", *(row.number.value for row in chosen)))
        rows.append((group, "reproduced", *(values[row.id] for row in chosen)))
    return pd.DataFrame(rows, columns=["group", "source", "q1", "median", "q3"])


def printed_rates(registry: Registry, groups: Iterable[str]) -> pd.DataFrame:
    """Return the printed rates without progression.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    groups : iterable of str
        For example ``evaluable``.

    Returns
    -------
    DataFrame
        Columns ``id, group, time`` (months), ``percent``.
    """
    rows = [
        (row.id, group, float(row.level.split()[0]), row.number.value)
        for group in groups
        for row in registry.where("survival_percent", locus="Section 3.6", group=group)
    ]
    return pd.DataFrame(rows, columns=["id", "group", "time", "percent"])


def roc_points(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Return the reported and the recomputed operating point of Figure 3B.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.roc.draw_roc` needs it.
    """
    values = recomputed(registry, results)
    rows = {
        name: registry.where(name, locus="Section 3.5")[0]
        for name in ("auc", "sensitivity", "specificity")
    }
    printed = {name: row.number.value for name, row in rows.items()}
    found = {name: values[row.id] for name, row in rows.items()}
    table = pd.DataFrame([printed, found])
    table[["sensitivity", "specificity"]] /= 100
    label = rows["sensitivity"].level
    return table.assign(source=["reported", "reproduced"], label=label)
