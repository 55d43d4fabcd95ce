"""Qingdao: Tables 3, 4 and 5 of Wang et al. 2025, printed beside recomputed."""

import pandas as pd

from rairlib.chapters.beside import agree, attached, cell, recomputed, shown, with_limits
from rairlib.chapters.wang2025 import short_terms
from rairlib.reported import Registry, ReportedNumber
from rairlib.tipping import reclassified

LABELS = {
    "gender": "gender",
    "age": "age (years)",
    "age_55": "age (years)",
    "histology": "histology",
    "multicentricity": "multicentricity",
    "tumor_size": "tumour size (cm)",
    "tumor_size_4": "tumour size (cm)",
    "ete": "extension (ETE)",
    "t_stage": "T stage",
    "n_stage": "N stage",
    "lnm_ratio": "node ratio (%)",
    "lnm_ratio_50": "node ratio (%)",
    "lm_size_1": "lung metastasis (cm)",
    "ps_tg": "ps-Tg (ng/mL)",
    "ps_tg_528": "ps-Tg (ng/mL)",
    "rai_avid_status": "avidity status",
    "follow_up": "follow-up (months)",
}
SUMMARIES = {
    "median (quartiles)": ("median", "q1", "q3"),
    "range": ("minimum", "maximum"),
}


def baseline(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set Table 3 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.

    Returns
    -------
    DataFrame
        Columns ``printed, cohort, as printed``, indexed by characteristic and what is told of it.
    """
    values, rows = recomputed(registry, results), {}
    table = {"locus": "Table 3"}
    for variable in dict.fromkeys(row.variable for row in registry.where(**table) if row.variable):
        own = registry.where(**table, variable=variable)
        for name, statistics in SUMMARIES.items():
            chosen = [row for wanted in statistics for row in own if row.statistic == wanted]
            if chosen:
                rows[LABELS[variable], name] = chosen
        for level in dict.fromkeys(row.level for row in own if row.statistic == "count"):
            chosen = [row for row in own if row.level == level and row.statistic != "definition"]
            rows[LABELS[variable], level] = chosen
    return _beside(rows, values)


def _beside(rows: dict[tuple, list[ReportedNumber]], values: dict[str, float]) -> pd.DataFrame:
    table = {
        key: (cell(found), cell(found, values), agree(found, values)) for key, found in rows.items()
    }
    columns = ["printed", "cohort", "as printed"]
    index = pd.MultiIndex.from_tuples(table, names=["characteristic", "of it"])
    return pd.DataFrame(list(table.values()), index=index, columns=columns)


def groups_compared(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Set the univariable part of Table 4 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.

    Returns
    -------
    DataFrame
        Indexed by characteristic and level: the patients of each group in the cohort, whether all
        of this is as printed, and the test statistic (χ², or U for ps-Tg) and p value, printed
        and recomputed, in the first line of a characteristic.
    """
    values, rows = recomputed(registry, results), {}
    table = {"locus": "Table 4", "group": "RAIR vs RAIA"}
    for statistic in registry.where(("chi_square", "u_statistic"), **table):
        p_value = attached(registry, statistic, "p_value")
        lines = _levels_of(registry, statistic.variable)
        for level, (avid, refractory) in lines.items():
            first = level == next(iter(lines))
            rows[LABELS[statistic.variable], level] = {
                "RAIA": cell(avid, values),
                "RAIR": cell(refractory, values),
                "as printed": agree([*avid, *refractory], values),
                "χ² or U, printed": statistic.printed if first else "",
                "recomputed": shown(statistic, values[statistic.id]) if first else "",
                "p, printed": p_value.printed if first else "",
                "p, recomputed": shown(p_value, values[p_value.id]) if first else "",
            }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows, names=["characteristic", "level"])
    return frame


def _levels_of(registry: Registry, variable: str) -> dict[str, tuple[list, list]]:
    """Return the numbers of each group by level; of a continuous variable, its quartiles."""
    lines = {}
    for group, place in (("RAIA", 0), ("RAIR", 1)):
        own = registry.where(locus="Table 4", variable=variable, group=group)
        for row in own:
            level = row.level or "median (quartiles)"
            lines.setdefault(level, ([], []))[place].append(row)
    return lines


def crude_ratios(registry: Registry) -> pd.DataFrame:
    """Compute the crude odds ratios of refractory disease that Table 4 does not print.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    DataFrame
        Indexed by the level in the numerator of the printed ratio: ``crude`` with its Wald
        limits, from the printed counts, and ``adjusted, printed``.
    """
    rows = {}
    for ratio in registry.where("odds_ratio", locus="Table 4"):
        rows[ratio.variable] = {
            "crude": _crude(registry, ratio),
            **_printed_ratio(registry, ratio),
        }
    return short_terms(pd.DataFrame.from_dict(rows, orient="index"))


def _crude(registry: Registry, ratio: ReportedNumber) -> str:
    level, other = ratio.contrast
    wanted = {"locus": "Table 4", "variable": ratio.variable}
    counts = {
        (of, group): int(registry.where("count", level=of, group=group, **wanted)[0].number.value)
        for of in (level, other)
        for group in ("RAIR", "RAIA")
    }
    cases, controls = (counts[level, g] + counts[other, g] for g in ("RAIR", "RAIA"))
    found = reclassified(counts[level, "RAIR"], cases, counts[level, "RAIA"], controls).iloc[0]
    return f"{found['odds_ratio']:.3f} ({found['low']:.3f}, {found['high']:.3f})"


def _printed_ratio(registry: Registry, ratio: ReportedNumber) -> dict[str, str]:
    p_value = attached(registry, ratio, "p_value")
    return {"adjusted, printed": cell(with_limits(registry, ratio)), "p, printed": p_value.printed}


def hazard_ratios(registry: Registry, results: pd.DataFrame, model: str) -> pd.DataFrame:
    """Set one model of Table 5 beside a cohort.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.
    results : DataFrame
        As for :func:`rairlib.chapters.beside.recomputed`.
    model : str
        ``univariable`` or ``multivariable``.

    Returns
    -------
    DataFrame
        Indexed by the level in the numerator: the hazard ratio with its limits and the p value,
        printed and on the cohort, and how many of the three numbers of the ratio are as printed.
    """
    values, rows = recomputed(registry, results), {}
    for ratio in registry.where("hazard_ratio", locus="Table 5", method=model):
        numbers = with_limits(registry, ratio)
        p_value = attached(registry, ratio, "p_value")
        rows[ratio.variable] = {
            "printed": cell(numbers),
            "cohort": cell(numbers, values),
            "as printed": agree(numbers, values),
            "p, printed": p_value.printed,
            "p, cohort": shown(p_value, values[p_value.id]),
        }
    return short_terms(pd.DataFrame.from_dict(rows, orient="index"))


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table by variable and level names for readers.

    Parameters
    ----------
    table : DataFrame
        Indexed by ``variable, level``; columns in snake case.

    Returns
    -------
    DataFrame
        The same numbers, indexed by ``characteristic, level``; blanks for underscores.
    """
    index = [(LABELS[variable], level) for variable, level in table.index]
    named = table.rename(columns=lambda name: name.replace("_", " "))
    return named.set_axis(pd.MultiIndex.from_tuples(index, names=["characteristic", "level"]))
