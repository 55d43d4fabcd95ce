"""Rabat: frames for the chapters on Bel Lakhdar et al. 2024."""

import math

import numpy as np
import pandas as pd
from scipy.stats import boschloo_exact

from rairlib.checks.association import TEST_NAMES, association_tests
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber

SMALL_P = 1e-4
GROUPS = ("RAIR", "non-RAIR")
FACTORS = {
    "gender": "gender, female/male",
    "age": "age (years)",
    "age_54": "age ≥54/<54 years",
    "metastasis": "metastasis, yes/no",
    "tumor_diameter": "tumour diameter (mm)",
    "diameter_29": "diameter ≥29/<29 mm",
    "ete": "extrathyroidal extension, yes/no",
    "multifocality": "multifocality, yes/no",
    "histology": "histology",
    "high_risk_ptc": "high-risk PTC, yes/no",
}
FLOW = (
    ("screened", "screened with differentiated carcinoma", "", "kept"),
    ("excluded: incomplete follow-up", "follow-up incomplete", "screened", "excluded"),
    ("excluded: no radioiodine", "no radioiodine yet", "screened", "excluded"),
    ("all", "included", "screened", "kept"),
    ("RAIR", "refractory (RAIR)", "all", "group"),
    ("non-RAIR", "not refractory (non-RAIR)", "all", "group"),
)
# The tests that a table of group comparisons may hold; the last is a univariable regression's.
CANDIDATE_TESTS = {
    "pearson": "Pearson",
    "yates": "Yates",
    "fisher": "Fisher",
    "likelihood_ratio": "LR",
    "crude_wald": "Wald",
}


def flow_boxes(registry: Registry) -> pd.DataFrame:
    """Return the boxes of the paper's flow of patients.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.

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


def _counts(registry: Registry, row: ReportedNumber) -> tuple[tuple[int, int], ...]:
    """Return the counts behind a p value of Table 1, one pair of groups per level."""
    columns = []
    for group in GROUPS:
        found = {
            count.level: int(count.number.value)
            for count in registry.where("count", variable=row.variable, group=group, repeats="")
        }
        if row.level:
            rest = sum(found.values()) - found[row.level]
            found = {row.level: found[row.level], "other": rest}
        columns.append(list(found.values()))
    return tuple(zip(*columns, strict=True))


def tests_of_counts(registry: Registry) -> pd.DataFrame:
    """Compute every test that may stand behind a p value of Table 1 from the printed counts.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.

    Returns
    -------
    DataFrame
        One row per p value, indexed by what is compared: ``printed``, the p value of each
        candidate test, ``agrees with`` (the tests whose p value rounds to the print) and
        ``smallest expected count``.
    """
    rows = {}
    for row in registry.where("p_value", locus="Table 1"):
        if registry.where("count", variable=row.variable, group=GROUPS[0]):
            rows[_factor(row)] = _tests_of(registry, row)
    return pd.DataFrame(rows).T.rename_axis("compared")


def _factor(row: ReportedNumber) -> str:
    """Name a line of Table 1."""
    return f"{FACTORS[row.variable]} {row.level}".strip()


def _tests_of(registry: Registry, row: ReportedNumber) -> dict:
    counts = _counts(registry, row)
    table = np.array(counts)
    # Without a case in one group the odds ratio is infinite, and its Wald test says nothing.
    p_values = {
        name: value
        for name, (_, value) in association_tests(counts).items()
        if name in CANDIDATE_TESTS and not (name == "crude_wald" and (table == 0).any())
    }
    agreeing = [
        label
        for name, label in CANDIDATE_TESTS.items()
        if row.number.agrees(p_values.get(name, math.nan))
    ]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return {
        "printed": row.printed,
        **{
            label: f"{p_values[name]:.4f}" if name in p_values else ""
            for name, label in CANDIDATE_TESTS.items()
        },
        "agrees with": ", ".join(agreeing) or "none",
        "smallest expected count": round(float(expected.min()), 1),
    }


def table_1_layout(registry: Registry, results: pd.DataFrame) -> pd.DataFrame:
    """Lay the analysis of a cohort out as the paper lays out Table 1.

    Parameters
    ----------
    registry : Registry
        The Rabat registry; it gives the number of decimals and the printed p values.
    results : DataFrame
        See :func:`rairlib.papers.lakhdar2024.table_1`.

    Returns
    -------
    DataFrame
        One row per line of the table: what each group has in the cohort, whether that is as
        printed, the printed p value, and the recomputed one that rounds to it, or the nearest.
    """
    keys = ["statistic", "variable", "level", "group", "method"]
    values = results.set_index(keys)["value"].sort_index()
    rows = {}
    for row in registry.where("p_value", locus="Table 1"):
        cells = [_cell_of(registry, values, row, group) for group in GROUPS]
        method, p_value = _nearest_test(row, values)
        shown = f"{p_value:.2g}" if p_value < SMALL_P else f"{p_value:.5f}"
        rows[_factor(row)] = {
            **{group: text for group, (text, _) in zip(GROUPS, cells, strict=True)},
            "as printed": "yes" if all(same for _, same in cells) else "no",
            "p, printed": row.printed,
            "p, recomputed": f"{shown} ({method.replace('_', '-').title()})",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("factor")


def _cell_of(registry, values, row: ReportedNumber, group: str) -> tuple[str, bool]:
    """Return one cell of Table 1 as the cohort has it, and whether the print has the same."""
    chosen = {"locus": "Table 1", "variable": row.variable, "group": group}
    printed = registry.where(("mean", "sd", "count"), **chosen)
    if row.level:
        printed = [number for number in printed if number.level == row.level]
    found = [values[n.statistic, n.variable, n.level, group, ""] for n in printed]
    texts = [
        format_value(value, number.number.decimals)
        for number, value in zip(printed, found, strict=True)
    ]
    same = all(n.number.agrees(value) for n, value in zip(printed, found, strict=True))
    return (" ± " if printed[0].statistic == "mean" else "/").join(texts), same


def _nearest_test(row: ReportedNumber, values: pd.Series) -> tuple[str, float]:
    """Return the test whose p value rounds to the print, Fisher's first, or the nearest one."""
    key = ("p_value", row.variable, row.level, row.group)
    found = values.loc[key].to_dict()
    agreeing = [name for name, value in found.items() if row.number.agrees(value)]
    preferred = [name for name in ("fisher", "student") if name in agreeing] or agreeing
    name = min(preferred or found, key=lambda test: abs(found[test] - row.number.value))
    return name, found[name]


def tests_of_age(registry: Registry) -> pd.DataFrame:
    """Compute the tests that were tried behind the p value of age ≥54 in Table 1.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.

    Returns
    -------
    DataFrame
        Columns ``p value`` and ``rounds to the print``, indexed by the test.
    """
    (row,) = registry.where("p_value", locus="Table 1", variable="age_54")
    counts = _counts(registry, row)
    values = {TEST_NAMES[name]: p for name, (_, p) in association_tests(counts).items()}
    values["Boschloo's exact test"] = float(boschloo_exact(counts).pvalue)
    return pd.DataFrame(
        {
            name: (value, "yes" if row.number.agrees(value) else "no")
            for name, value in values.items()
        },
        index=["p value", "rounds to the print"],
    ).T.rename_axis("test")


def roc_points(registry: Registry, results: pd.DataFrame, variable: str) -> pd.DataFrame:
    """Return the reported and the recomputed operating point of Figure 1.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    results : DataFrame
        See :func:`rairlib.papers.lakhdar2024.figure_1`.
    variable : str
        ``age`` or ``tumor_diameter``.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.roc.draw_roc` needs it.
    """
    dichotomised = {"age": "age_54", "tumor_diameter": "diameter_29"}[variable]
    reported = {
        name: registry.where(name, locus="Figure 1", variable=of)[0].number.value
        for name, of in (
            ("auc", variable),
            ("sensitivity", dichotomised),
            ("specificity", dichotomised),
        )
    }
    (level,) = {row.level for row in registry.where("sensitivity", variable=dichotomised)}
    values = results[results["level"].isin(["", level])]
    found = {
        name: values.loc[
            (values["statistic"] == name) & values["variable"].isin([variable, dichotomised]),
            "value",
        ].iloc[0]
        for name in reported
    }
    table = pd.DataFrame([reported, found]).assign(
        source=["reported", "reproduced"], label=[f"at {level[1:]}", level]
    )
    table[["sensitivity", "specificity"]] /= 100
    return table


def forest_rows(registry: Registry, estimates: pd.DataFrame) -> pd.DataFrame:
    """Set the odds ratios of Table 2 beside recomputed ones.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    estimates : DataFrame
        See :func:`rairlib.papers.lakhdar2024.table_2`.

    Returns
    -------
    DataFrame
        As :func:`rairlib.figures.forest.draw_forest` needs it.
    """
    rows = []
    for odds_ratio in registry.where("odds_ratio", locus="Table 2"):
        low, high = (
            registry.belonging_to(odds_ratio.id, name)[0].number.value
            for name in ("ci_low", "ci_high")
        )
        term = f"{odds_ratio.variable}: {odds_ratio.level}"
        rows.append((term, "reported", odds_ratio.number.value, low, high))
    reported = pd.DataFrame(rows, columns=["term", "source", "estimate", "low", "high"])
    found = estimates[estimates["term"].isin(reported["term"])].assign(source="reproduced")
    return pd.concat([reported, found[reported.columns]], ignore_index=True)
