"""Rabat: what the chapters on Bel Lakhdar et al. 2024 share, and the answers to their exercises.

``python -m rairlib.studies.lakhdar2024.pages`` fits the model with oncocytic histology anew, in
about two minutes.
"""

import math

import numpy as np
import pandas as pd

from rairlib.checks.contingency import association_tests
from rairlib.output import as_file
from rairlib.pages.common import reclassified
from rairlib.pages.exercises import Exercise, exercise
from rairlib.reconstruct.joint_tables import (
    OutcomeSplits,
    firth_of_placement,
    outcome_splits,
    placements,
)
from rairlib.reconstruct.logistic import reconstruct_logistic
from rairlib.reconstruct.printed_models import PrintedModel, printed_models
from rairlib.registry.kept_files import data_folder
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import load_witness
from rairlib.stats.description import compare_counts, crosstab
from rairlib.stats.logistic import logistic
from rairlib.stats.observation import Z_95
from rairlib.stats.roc import dichotomise
from rairlib.studies.lakhdar2024.analysis import GROUPS, TABLE_2, with_cutoffs
from rairlib.studies.lakhdar2024.cohort import STUDY, read_anchors

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
# The tests that a table of group comparisons may hold; the last is a univariable regression's.
CANDIDATE_TESTS = {
    "pearson": "Pearson",
    "yates": "Yates",
    "fisher": "Fisher",
    "likelihood_ratio": "LR",
    "crude_wald": "Wald",
}


def counts_behind(registry: Registry, row: ReportedNumber) -> tuple[tuple[int, int], ...]:
    """Return the counts behind a p value of Table 1, one pair of groups per level."""
    columns = []
    for group in GROUPS:
        found = {
            count.level: int(count.number.value)
            for count in registry.where("count", variable=row.variable, group=group, repeats="")
        }
        if row.level:
            own = found[row.level]
            found = {row.level: own, "other": sum(found.values()) - own}
        columns.append(found.values())
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
    rows = {
        factor(row): _tests_of(row, counts_behind(registry, row))
        for row in registry.where("p_value", locus="Table 1")
        if registry.where("count", variable=row.variable, group=GROUPS[0])
    }
    return pd.DataFrame(rows).T.rename_axis("compared")


def factor(row: ReportedNumber) -> str:
    """Name a line of Table 1."""
    return f"{FACTORS[row.variable]} {row.level}".strip()


def _tests_of(row: ReportedNumber, counts: tuple[tuple[int, int], ...]) -> dict:
    table, tests = np.array(counts), association_tests(counts)
    # Without a case in one group the odds ratio is infinite, and its Wald test says nothing.
    silent = {"crude_wald"} if (table == 0).any() else set()
    p_values = {
        label: tests[name][1] if name in tests and name not in silent else math.nan
        for name, label in CANDIDATE_TESTS.items()
    }
    agreeing = [label for label, value in p_values.items() if row.number.agrees(value)]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return {
        "printed": row.printed,
        **{label: "" if math.isnan(p) else f"{p:.4f}" for label, p in p_values.items()},
        "agrees with": ", ".join(agreeing) or "none",
        "smallest expected count": round(float(expected.min()), 1),
    }


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


# --- The odds ratio of oncocytic histology that no print determines, over all placements ------


COVARIATES = tuple(TABLE_2)
LEVEL = "oncocytic"


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
    places, probability = placements(anchors.splits, anchors.counts["RAIR", "histology", "OCA"])
    rows = []
    for place, chance in zip(places, probability, strict=True):
        found = firth_of_placement(anchors.splits, place, COVARIATES, LEVEL).set_index("term")
        odds_ratio = found.loc[LEVEL, ["estimate", "low", "high", "p_value"]]
        place_text = " ".join(map(str, place))
        rows.append({"placement": place_text, "probability": chance, **odds_ratio})
    return pd.DataFrame(rows)


# --- Answers to the exercises, computed from registry and code so that they cannot rot --------


EXERCISES: dict[str, Exercise] = {}
OTHER_DIAMETER = 20


def _model() -> PrintedModel:
    (model,) = printed_models(load_registry(STUDY))
    return model


@exercise(EXERCISES, "rabat: a p value", tolerance=0.0005)
def _fisher_of_multifocality() -> float:
    """Which test gives the p value that the paper prints? Give three decimals."""
    data = load_witness(STUDY)
    counts = crosstab(data["multifocality"], data["rair"], ["yes", "no"], ["yes", "no"])
    return float(compare_counts(counts).set_index("method").loc["fisher", "p_value"])


@exercise(EXERCISES, "rabat: a mean by hand", tolerance=0.0005)
def _next_mean() -> list[float]:
    """Take the sum as a whole number; the next mean belongs to a sum that is larger by one."""
    registry = load_registry(STUDY)
    size = registry.size("RAIR").number.value
    (mean,) = registry.where("mean", variable="tumor_diameter", group="RAIR")
    total = round(mean.number.value * size)
    return [total, (total + 1) / size]


def _numbers(*identifiers: str) -> list[float]:
    registry = load_registry(STUDY)
    return [registry[name].number.value for name in identifiers]


@exercise(EXERCISES, "rabat: a sensitivity", tolerance=0.05)
def _sensitivity_of_age() -> float:
    """Refractory patients whom the rule finds, of all refractory patients; per cent."""
    older, younger = _numbers("table1-12", "table1-13")
    return 100 * older / (older + younger)


@exercise(EXERCISES, "rabat: a mean of all", tolerance=0.005)
def _mean_age_of_all() -> float:
    """Weigh each mean by its number of patients."""
    mean, other, size, rest = _numbers("table1-06", "table1-08", "results-06", "results-07")
    return (size * mean + rest * other) / (size + rest)


@exercise(EXERCISES, "rabat: an odds ratio", tolerance=0.05)
def _crude_odds_ratio() -> list[float]:
    """Take the root of the sum of 1 over each count: the standard error of the logarithm."""
    counts = _numbers("table1-17", "table1-18", "table1-19", "table1-20")
    ratio = counts[0] * counts[3] / (counts[1] * counts[2])
    error = math.sqrt(sum(1 / count for count in counts))
    return [ratio, ratio * math.exp(-Z_95 * error), ratio * math.exp(Z_95 * error)]


@exercise(EXERCISES, "rabat: a z value", tolerance=0.005)
def _z_of_diameter() -> list[float]:
    """Take logarithms first: those of the limits are 2 · 1.96 standard errors apart."""
    ratio, low, high = (math.log(x) for x in _numbers("table2-05", "table2-06", "table2-07"))
    error = (high - low) / (2 * Z_95)
    return [error, ratio / error]


@exercise(EXERCISES, "rabat: a specificity", tolerance=0)
def _patients_aged_54() -> int:
    """Count the non-refractory patients whom the printed specificity calls negative."""
    registry = load_registry(STUDY)
    size = int(registry.size("non-RAIR").number.value)
    (printed,) = registry.where("specificity", variable="age_54")
    (younger,) = registry.where("count", variable="age_54", level="<54", group="non-RAIR")
    fitting = [n for n in range(size + 1) if printed.number.agrees(100 * n / size)]
    return fitting[0] - int(younger.number.value)


@exercise(EXERCISES, "rabat: a joint table", tolerance=0)
def _joint_table() -> list[int]:
    """Give the eight cells of the one table that agrees with both numbers."""
    return _model().reconstruct().cells[0].tolist()


@exercise(EXERCISES, "rabat: another margin", tolerance=0)
def _with_one_metastasis_more() -> list[int]:
    """Raise the margin of all patients and leave that of the refractory ones."""
    model = _model()
    margins = {**model.margins, "metastasis": model.margins["metastasis"] + 1}
    sizes = (model.events, model.total, model.event_margins)
    found = reconstruct_logistic(*sizes, margins, model.targets())
    return [found.candidates, found.agreeing]


@exercise(EXERCISES, "rabat: another cut-off", tolerance=0.0005)
def _odds_ratio_at_another_diameter() -> float:
    """Keep age and metastasis in the model, and give three decimals."""
    data = with_cutoffs(load_witness(STUDY))
    data["larger"] = dichotomise(data["tumor_diameter"], OTHER_DIAMETER)
    levels = (f"≥{OTHER_DIAMETER}", f"<{OTHER_DIAMETER}")
    covariates = {name: TABLE_2.get(name, levels) for name in ("age_54", "larger", "metastasis")}
    estimates = logistic(data, "rair", covariates).set_index(["statistic", "term"])["estimate"]
    return float(estimates["odds_ratio", f"larger: {' vs '.join(levels)}"])


@exercise(EXERCISES, "rabat: a tipping point", tolerance=0)
def _patients_to_move() -> int:
    """Look for the first row whose lower limit is 1 or less."""
    model = _model()
    exposed = model.event_margins["metastasis"]
    others = model.margins["metastasis"] - exposed
    table = reclassified(exposed, model.events, others, model.total - model.events)
    return int(table.loc[table["low"] <= 1, "moved"].min())


if __name__ == "__main__":
    kept = data_folder() / "results" / f"{STUDY}_oncocytic.csv"
    kept.write_text(as_file(oncocytic_over_placements()), encoding="utf-8")
