"""Rabat: frames for the chapters on Bel Lakhdar et al. 2024."""

import math

import numpy as np
import pandas as pd
from scipy.stats import boschloo_exact

from rairlib.checks.contingency import TEST_NAMES, association_tests
from rairlib.output import as_file
from rairlib.pages.common import reclassified
from rairlib.pages.exercises import Exercise
from rairlib.reconstruct.accounts import ChanceAgreement, agreeing_tables
from rairlib.reconstruct.joint_tables import (
    OutcomeSplits,
    cell_levels,
    firth_of_placement,
    outcome_splits,
    placements,
    split_patients,
)
from rairlib.reconstruct.logistic import FittedTables, reconstruct_logistic
from rairlib.reconstruct.printed_models import PrintedModel, printed_models
from rairlib.registry.kept_files import data_folder, kept_file
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import load_witness
from rairlib.stats.description import compare_counts, crosstab
from rairlib.stats.logistic import firth_logistic, logistic
from rairlib.stats.roc import dichotomise
from rairlib.studies.lakhdar2024 import analysis as lakhdar2024
from rairlib.studies.lakhdar2024.cohort import STUDY, read_anchors

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
        See :func:`rairlib.studies.lakhdar2024.analysis.table_1`.

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
        See :func:`rairlib.studies.lakhdar2024.analysis.figure_1`.
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
        See :func:`rairlib.studies.lakhdar2024.analysis.table_2`.

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


# --- Rabat: frames on the joint table behind Table 2 of Bel Lakhdar et al. 2024 ---------------


JOINT_TABLE_GROUPS = ("RAIR", "non-RAIR")
LABELS = {"age_54": "age", "diameter_29": "diameter", "metastasis": "metastasis"}
STATISTICS = {"odds_ratio": "odds ratio", "ci_low": "lower limit", "ci_high": "upper limit"}


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
    return pd.DataFrame(rows, index=[*JOINT_TABLE_GROUPS, "all"]).T.rename_axis("margin")


def narrowing(tables: FittedTables, agrees: pd.DataFrame) -> pd.DataFrame:
    """Count the joint tables left as printed numbers of Table 2 are used one after the other.

    Parameters
    ----------
    tables : FittedTables
        All candidates.
    agrees : DataFrame of bool
        See :func:`rairlib.reconstruct.logistic.agreement`.

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
        See :func:`rairlib.reconstruct.logistic.agreement`.

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
        See :func:`rairlib.reconstruct.accounts.reconstruct_neighbours`.

    Returns
    -------
    DataFrame
        Indexed by the changed margin: ``change``, ``joint tables``, and how many agree with the
        odds ratios and with the limits too.
    """
    groups = neighbours["outcome"].map({True: JOINT_TABLE_GROUPS[0], False: JOINT_TABLE_GROUPS[1]})
    return pd.DataFrame(
        {
            "change": neighbours["change"].map("{:+d}".format).to_list(),
            "joint tables": neighbours["candidates"].to_list(),
            "agree with the odds ratios": neighbours["agreeing_estimates"].to_list(),
            "and with the limits": neighbours["agreeing"].to_list(),
        },
        index=pd.Index(neighbours["covariate"].map(LABELS) + ", " + groups, name="margin"),
    )


def splits_of(model: PrintedModel) -> OutcomeSplits:
    """Return the one joint table that agrees with Table 2, and its splits by outcome.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    OutcomeSplits
        Every split that the printed margins allow.
    """
    (cells,) = model.reconstruct().cells
    return outcome_splits(cells, model.events, list(model.event_margins.values()))


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


def plain_and_firth(model: PrintedModel) -> pd.DataFrame:
    """Fit Table 2's model by maximum likelihood and with Firth's penalty.

    Parameters
    ----------
    model : PrintedModel
        The logistic model of Table 2.

    Returns
    -------
    DataFrame
        Odds ratios with limits and p values, indexed by ``term`` and ``fit``. Any split of the
        joint table by outcome gives the same: both methods see the outcome through its margins.
    """
    patients = split_patients(splits_of(model), 0, tuple(model.margins))
    covariates = dict.fromkeys(model.margins)
    fits = {"maximum likelihood": logistic, "Firth": firth_logistic}
    table = pd.concat(
        fit(patients, "event", covariates).assign(fit=name) for name, fit in fits.items()
    )
    table = table[table["statistic"] == "odds_ratio"].set_index(["term", "fit"]).sort_index()
    return table[["estimate", "low", "high", "p_value"]]


# --- Rabat: the odds ratio of oncocytic histology that no print determines, over all placements ---
# ``python -m rairlib.studies.lakhdar2024.pages`` computes the kept file anew, in about two minutes.


COVARIATES = ("age_54", "diameter_29", "metastasis")
LEVEL = "oncocytic"
KEPT = f"{STUDY}_oncocytic.csv"


def oncocytic_over_placements() -> pd.DataFrame:
    """Fit the model with oncocytic histology to every placement of the three such patients.

    Returns
    -------
    DataFrame
        One row per placement: ``placement`` (oncocytic patients in each of the eight cells, in
        the order of the joint table), ``probability``, and ``estimate, low, high, p_value`` of
        the odds ratio by Firth's method.
    """
    anchors = read_anchors(load_registry(STUDY))
    patients = anchors.counts["RAIR", "histology", "OCA"]
    places, probability = placements(anchors.splits, patients)
    return pd.DataFrame(
        [
            {
                "placement": " ".join(map(str, place)),
                "probability": chance,
                **_odds_ratio(anchors.splits, place),
            }
            for place, chance in zip(places, probability, strict=True)
        ]
    )


def _odds_ratio(splits: OutcomeSplits, place: np.ndarray) -> dict[str, float]:
    estimates = firth_of_placement(splits, place, COVARIATES, LEVEL).set_index("term")
    return estimates.loc[LEVEL, ["estimate", "low", "high", "p_value"]].to_dict()


def load_oncocytic() -> pd.DataFrame:
    """Load the kept result of :func:`oncocytic_over_placements`."""
    return pd.read_csv(kept_file(f"results/{KEPT}"), encoding="utf-8")


def summarise_placements(table: pd.DataFrame) -> pd.DataFrame:
    """Say how far the odds ratio of oncocytic histology moves with the placement.

    Parameters
    ----------
    table : DataFrame
        See :func:`oncocytic_over_placements`.

    Returns
    -------
    DataFrame
        Rows ``odds ratio``, ``lower limit``, ``p value``; columns ``smallest``, ``2.5 %``,
        ``median``, ``97.5 %`` (weighted by probability) and ``largest``.
    """
    names = {"estimate": "odds ratio", "low": "lower limit", "p_value": "p value"}
    shares = {"2.5 %": 0.025, "median": 0.5, "97.5 %": 0.975}
    rows = {}
    for column, name in names.items():
        ordered = table.sort_values(column)
        below = ordered["probability"].cumsum() / ordered["probability"].sum()
        quantiles = {
            label: ordered[column].iloc[int(np.searchsorted(below, share))]
            for label, share in shares.items()
        }
        ends = ordered[column].iloc[[0, -1]]
        rows[name] = {"smallest": ends.iloc[0], **quantiles, "largest": ends.iloc[1]}
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    (data_folder() / "results" / KEPT).write_text(
        as_file(oncocytic_over_placements()), encoding="utf-8"
    )


# --- Answers to the exercises on Rabat, computed from registry and code so that they cannot rot ---


OTHER_DIAMETER = 20


def _model():
    (model,) = printed_models(load_registry("lakhdar2024"))
    return model


def _fisher_of_multifocality() -> float:
    data = lakhdar2024.with_cutoffs(load_witness("lakhdar2024"))
    counts = crosstab(data["multifocality"], data["rair"], ["yes", "no"], ["yes", "no"])
    tests = compare_counts(counts).set_index("method")
    return float(tests.loc["fisher", "p_value"])


def _next_mean() -> list[float]:
    registry = load_registry("lakhdar2024")
    size = registry.size("RAIR").number.value
    (mean,) = registry.where("mean", variable="tumor_diameter", group="RAIR")
    total = round(mean.number.value * size)
    return [total, (total + 1) / size]


def _patients_aged_54() -> int:
    registry = load_registry("lakhdar2024")
    size = int(registry.size("non-RAIR").number.value)
    (printed,) = registry.where("specificity", variable="age_54")
    (younger,) = registry.where("count", variable="age_54", level="<54", group="non-RAIR")
    fitting = [n for n in range(size + 1) if printed.number.agrees(100 * n / size)]
    return fitting[0] - int(younger.number.value)


def _table() -> list[int]:
    return _model().reconstruct().cells[0].tolist()


def _with_one_metastasis_more() -> list[int]:
    model = _model()
    margins = {**model.margins, "metastasis": model.margins["metastasis"] + 1}
    found = reconstruct_logistic(
        model.events, model.total, model.event_margins, margins, model.targets()
    )
    return [found.candidates, found.agreeing]


def _odds_ratio_at_another_diameter() -> float:
    data = lakhdar2024.with_cutoffs(load_witness("lakhdar2024"))
    data["larger"] = dichotomise(data["tumor_diameter"], OTHER_DIAMETER)
    levels = (f"≥{OTHER_DIAMETER}", f"<{OTHER_DIAMETER}")
    covariates = {
        "age_54": ("≥54", "<54"),
        "larger": levels,
        "metastasis": ("yes", "no"),
    }
    estimates = logistic(data, "rair", covariates).set_index(["statistic", "term"])["estimate"]
    return float(estimates["odds_ratio", f"larger: {' vs '.join(levels)}"])


def _patients_to_move() -> int:
    model = _model()
    exposed = model.event_margins["metastasis"]
    others = model.margins["metastasis"] - exposed
    table = reclassified(exposed, model.events, others, model.total - model.events)
    return int(table.loc[table["low"] <= 1, "moved"].min())


EXERCISES = {
    "rabat: a p value": Exercise(
        expected=_fisher_of_multifocality,
        tolerance=0.0005,
        hint="Which test gives the p value that the paper prints? Give three decimals.",
    ),
    "rabat: a mean by hand": Exercise(
        expected=_next_mean,
        tolerance=0.0005,
        hint="The sum is a whole number; the next mean belongs to a sum that is larger by one.",
    ),
    "rabat: a specificity": Exercise(
        expected=_patients_aged_54,
        tolerance=0,
        hint="How many non-refractory patients does the printed specificity call negative?",
    ),
    "rabat: a joint table": Exercise(
        expected=_table,
        tolerance=0,
        hint="Give the eight cells of the one table that agrees with both numbers.",
    ),
    "rabat: another margin": Exercise(
        expected=_with_one_metastasis_more,
        tolerance=0,
        hint="Raise the margin of all patients and leave that of the refractory ones.",
    ),
    "rabat: another cut-off": Exercise(
        expected=_odds_ratio_at_another_diameter,
        tolerance=0.0005,
        hint="Keep age and metastasis in the model, and give three decimals.",
    ),
    "rabat: a tipping point": Exercise(
        expected=_patients_to_move,
        tolerance=0,
        hint="Look for the first row whose lower limit is 1 or less.",
    ),
}
