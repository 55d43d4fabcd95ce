"""Rabat: frames for the chapters on Bel Lakhdar et al. 2024."""

import numpy as np
import pandas as pd

from rairlib.checks.association import TEST_NAMES, association_tests
from rairlib.compare import central_range
from rairlib.identification import ChanceAgreement, agreeing_tables
from rairlib.joint_tables import OutcomeSplits, cell_levels
from rairlib.printed import format_value
from rairlib.reconstruct import FittedTables, reconstruct_logistic
from rairlib.reconstructions import PrintedModel
from rairlib.reported import Registry, ReportedNumber

SMALL_P = 1e-4
GROUPS = ("RAIR", "non-RAIR")
LABELS = {"age_54": "age", "diameter_29": "diameter", "metastasis": "metastasis"}
STATISTICS = {"odds_ratio": "odds ratio", "ci_low": "lower limit", "ci_high": "upper limit"}
FLOW = (
    ("screened", "screened with differentiated carcinoma", "", "kept"),
    ("excluded: incomplete follow-up", "follow-up incomplete", "screened", "excluded"),
    ("excluded: no radioiodine", "no radioiodine yet", "screened", "excluded"),
    ("all", "included", "screened", "kept"),
    ("RAIR", "refractory (RAIR)", "all", "group"),
    ("non-RAIR", "not refractory (non-RAIR)", "all", "group"),
)
# The tests that a table of group comparisons may hold; the last is a univariable regression's.
CANDIDATE_TESTS = ("pearson", "yates", "fisher", "likelihood_ratio", "crude_wald")


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
            rows[" ".join(filter(None, (row.variable, row.level)))] = _tests_of(registry, row)
    return pd.DataFrame(rows).T.rename_axis("compared")


def _tests_of(registry: Registry, row: ReportedNumber) -> dict:
    counts = _counts(registry, row)
    table = np.array(counts)
    # Without a case in one group the odds ratio is infinite, and its Wald test says nothing.
    p_values = {
        name: value
        for name, (_, value) in association_tests(counts).items()
        if name in CANDIDATE_TESTS and not (name == "crude_wald" and (table == 0).any())
    }
    agreeing = [TEST_NAMES[name] for name, value in p_values.items() if row.number.agrees(value)]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return {
        "printed": row.printed,
        **{
            TEST_NAMES[name]: f"{p_values[name]:.4f}" if name in p_values else ""
            for name in CANDIDATE_TESTS
        },
        "agrees with": "; ".join(agreeing) or "none",
        "smallest expected count": round(float(expected.min()), 1),
    }


def model_margins(model: PrintedModel) -> pd.DataFrame:
    """Return the printed margins from which the joint table is sought.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Indexed by covariate and level: patients with the level in each group and in all.
    """
    rows = {
        f"{LABELS[name]} {level}": (
            model.event_margins[name],
            model.margins[name] - model.event_margins[name],
            model.margins[name],
        )
        for name, (level, _) in model.levels.items()
    }
    rows["patients"] = (model.events, model.total - model.events, model.total)
    return pd.DataFrame(rows, index=[*GROUPS, "all"]).T.rename_axis("margin")


def narrowing(tables: FittedTables, agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables left as printed numbers of Table 2 are used one after the other.

    Parameters
    ----------
    tables : FittedTables
        All candidates.
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.agreement`.

    Returns
    -------
    DataFrame
        Column ``joint tables left``, indexed by what is used in addition.
    """
    left = {
        "size and margins of Table 1": tables.joint_tables,
        "margins within each group": len(tables.cells),
    }
    kept = np.ones(len(agrees), dtype=bool)
    ordered = sorted(agrees.columns, key=lambda column: list(STATISTICS).index(column[1]))
    for covariate, statistic in ordered:
        kept &= agrees[covariate, statistic].to_numpy()
        left[f"{STATISTICS[statistic]} of {LABELS[covariate]}"] = int(kept.sum())
    return pd.DataFrame({"joint tables left": left}).rename_axis("used in addition")


def single_numbers(model: PrintedModel, agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables that agree with each printed number of Table 2 on its own.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.agreement`.

    Returns
    -------
    DataFrame
        Columns ``printed``, ``joint tables`` and ``role``, indexed by the number.
    """
    counts = agreeing_tables(agrees, 1)
    rows = {}
    for ((covariate, statistic),), tables in counts.items():
        row = model.rows[covariate, statistic]
        name = f"{STATISTICS[statistic]} of {LABELS[covariate]}"
        rows[name] = (row.printed, tables, row.role.replace("_", " "))
    return pd.DataFrame(rows, index=["printed", "joint tables", "role"]).T.rename_axis("number")


def chance_frame(chance: ChanceAgreement) -> pd.DataFrame:
    """Return how often made-up odds ratios would agree with some table, as a frame."""
    values = {
        "ways to print the numbers": f"{chance.printable:,}",
        "reached by a joint table": f"{chance.reached:,}",
        "share": f"{chance.share:.0e}",
    }
    return pd.DataFrame({"count": values})


def neighbour_frame(neighbours: pd.DataFrame) -> pd.DataFrame:
    """Return reconstructions from changed margins with headings for readers.

    Parameters
    ----------
    neighbours : DataFrame
        See :func:`rairlib.identification.reconstruct_neighbours`.

    Returns
    -------
    DataFrame
        Indexed by the changed margin: ``change``, ``joint tables``, and how many agree with the
        odds ratios and with the limits too.
    """
    groups = neighbours["outcome"].map({True: GROUPS[0], False: GROUPS[1]})
    return pd.DataFrame(
        {
            "change": neighbours["change"].map("{:+d}".format).to_list(),
            "joint tables": neighbours["candidates"].to_list(),
            "agree with the odds ratios": neighbours["agreeing_estimates"].to_list(),
            "and with the limits": neighbours["agreeing"].to_list(),
        },
        index=pd.Index(neighbours["covariate"].map(LABELS) + ", " + groups, name="margin"),
    )


def cell_frame(model: PrintedModel, splits: OutcomeSplits) -> pd.DataFrame:
    """Return the cells of the joint table with what is known of their outcome.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.
    splits : OutcomeSplits
        The joint table and its splits.

    Returns
    -------
    DataFrame
        One row per cell: the level of each covariate, ``n``, and ``fewest`` and ``most``, the
        limits of the number of refractory patients.
    """
    levels = pd.DataFrame(
        [
            {
                LABELS[name]: model.levels[name][1 - level]
                for name, level in zip(model.levels, cell, strict=True)
            }
            for cell in cell_levels(len(model.levels))
        ]
    )
    ranges = splits.ranges()
    return levels.assign(n=splits.table, fewest=ranges[:, 0], most=ranges[:, 1])


def cell_names(cells: pd.DataFrame) -> list[str]:
    """Return a short name for each cell of :func:`cell_frame`, for axes."""
    metastasis = cells["metastasis"].map({"yes": "met.", "no": "no met."})
    return [
        f"{age} y, {diameter} mm, {spread}"
        for age, diameter, spread in zip(cells["age"], cells["diameter"], metastasis, strict=True)
    ]


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
        printed, the printed p value, and the recomputed one that agrees with its test.
    """
    keys = ["statistic", "variable", "level", "group", "method"]
    values = results.set_index(keys)["value"].sort_index()
    rows = {}
    for row in registry.where("p_value", locus="Table 1"):
        cells = [_cell_of(registry, values, row, group) for group in GROUPS]
        method, p_value = _nearest_test(row, values)
        rows[f"{row.variable} {row.level}".strip().replace("_", " ")] = {
            **{group: text for group, (text, _) in zip(GROUPS, cells, strict=True)},
            "as printed": "yes" if all(same for _, same in cells) else "no",
            "p, printed": row.printed,
            "p, recomputed": f"{p_value:.2g}" if p_value < SMALL_P else f"{p_value:.5f}",
            "by": method.replace("_", " ").capitalize(),
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


def age_count_readings(registry: Registry, model: PrintedModel) -> pd.DataFrame:
    """Try other numbers of non-refractory patients of 54 years or more.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Indexed by the number: ``specificity`` (percent), whether it rounds to the print, the p
        value of Pearson's test, and how many joint tables agree with Table 2.
    """
    (printed,) = registry.where("specificity", variable="age_54")
    older = model.event_margins["age_54"]
    counted = model.margins["age_54"] - older
    controls = model.total - model.events
    rows = {}
    for number in range(counted - 3, counted + 3):
        specificity = 100 * (controls - number) / controls
        counts = ((older, number), (model.events - older, controls - number))
        found = reconstruct_logistic(
            model.events,
            model.total,
            model.event_margins,
            {**model.margins, "age_54": older + number},
            model.targets(),
        )
        rows[number] = {
            "specificity": specificity,
            "printed": "yes" if printed.number.agrees(specificity) else "no",
            "p (Pearson)": association_tests(counts)["pearson"][1],
            "joint tables that agree with Table 2": found.agreeing,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("non-RAIR aged ≥54")


def tests_of_age(registry: Registry) -> pd.DataFrame:
    """Compute every test that may stand behind the p value of age ≥54 in Table 1.

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
    results = association_tests(_counts(registry, row))
    return pd.DataFrame(
        {
            TEST_NAMES[name]: (value, "yes" if row.number.agrees(value) else "no")
            for name, (_, value) in results.items()
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


def ensemble_beside_print(registry: Registry, ensemble: pd.DataFrame) -> pd.DataFrame:
    """Set the held-out numbers beside their range over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    ensemble : DataFrame
        See :func:`rairlib.results.load_ensemble`.

    Returns
    -------
    DataFrame
        Indexed by the number: ``printed``, ``2.5 %``, ``median``, ``97.5 %`` over the cohorts,
        ``below or at print`` and ``round to print`` (percent of the cohorts).
    """
    rows = {}
    for (statistic, variable), part in ensemble.groupby(["statistic", "variable"], sort=False):
        (row,) = registry.where(statistic, variable=variable, role="held_out", repeats="")
        values = part["value"]
        low, high = central_range(values)
        rows[f"{statistic} of {variable}".replace("_", " ")] = {
            "printed": row.printed,
            "2.5 %": round(low, 3),
            "median": round(values.median(), 3),
            "97.5 %": round(high, 3),
            "at or below the print": f"{100 * (values <= row.number.high).mean():.1f} %",
            "round to the print": f"{100 * values.map(row.number.agrees).mean():.1f} %",
        }
    return pd.DataFrame(rows).T.rename_axis("number")
