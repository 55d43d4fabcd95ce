"""Hunan: what the chapters on Tang et al. 2025 share, and the answers to their exercises.

The paper's tables were not available to us. The layouts on the pages are our reading of what they
hold: their titles and footnotes are in the text, their rows are the variables of the methods
section.
"""

import math

import numpy as np
import pandas as pd

from rairlib.checks.classification import agreeing_with_all
from rairlib.checks.regressions import MULTIPLIERS, p_from_z
from rairlib.pages.common import load_result
from rairlib.pages.exercises import Exercise, exercise
from rairlib.reconstruct.printed_rules import printed_rules, printed_subgroups
from rairlib.reconstruct.two_by_two import area_range, dichotomised_areas
from rairlib.registry.registry import Registry, load_registry
from rairlib.studies.tang2025.analysis import CANDIDATES, VERSUS, area, groups_of, scored
from rairlib.studies.tang2025.cohort import STUDY
from rairlib.studies.tang2025.printed import determined_table

LABELS = {
    "age": "age (years)",
    "gender": "gender, male",
    "thyroid_disease": "previous thyroid disease",
    "tumor_diameter": "tumour diameter (cm)",
    "multifocality": "multifocality",
    "capsular_invasion": "capsular invasion",
    "ete": "extrathyroidal extension",
    "cln_status": "central node metastasis",
    "lln_status": "lateral node metastasis",
    "lln_count": "number of lateral nodes",
    "lln_diameter": "largest lateral node (cm)",
    "rai_dose": "iodine-131 dose (mCi)",
    "time_to_rai": "surgery to therapy (months)",
    "tg_before": "Tg before therapy (ng/mL)",
    "tgab_before": "TgAb before therapy (IU/mL)",
    "": "intercept",
}
# As short as a figure on a phone needs them.
SHORT = {
    "age": "age",
    "gender": "gender",
    "thyroid_disease": "thyroid disease",
    "tumor_diameter": "tumour size",
    "multifocality": "multifocality",
    "capsular_invasion": "capsule",
    "ete": "extension",
    "cln_status": "central nodes",
    "lln_status": "lateral nodes: any",
    "lln_count": "lateral nodes: number",
    "lln_diameter": "lateral nodes: size",
    "rai_dose": "iodine-131 dose",
    "time_to_rai": "time to therapy",
    "tg_before": "Tg",
    "tgab_before": "TgAb",
}
SMALLEST_SHOWN = 0.001
# Of the cohort with seed 1, which is not kept; and the decimals of the ensemble's file.
FIRST_AREA, AREA_DIGITS = 0.890, 6
# What hangs on each finding on the wording.
CONSEQUENCES = {
    "text-01": "who failed: a limit a thousand times lower would count almost everyone",
    "text-02": "how far the validation speaks for other hospitals",
    "text-03": "how a reader applies the threshold: to logit(p), not to points",
    "text-04": "nothing but how the interval of 24 patients is read",
    "text-05": "how strong four associations are; no conclusion",
    "text-06": "the claim to be first",
    "text-07": "of whom the subgroup areas speak",
    "text-08": "who failed, if antibodies were high and falling",
    "text-09": "who failed, and whether the model predicts refractory disease",
    "text-10": "nothing; read mean",
    "text-11": "which lesions can count as progression",
    "text-12": "how much of the association of thyroglobulin is there by definition",
    "text-13": "nothing; the number of nodes holds their status and much of their size",
    "text-14": "whether the subgroups show that the model does well elsewhere",
}


def model_words(model: str) -> str:
    """Return a model's variables, which plus signs join, in words."""
    return " + ".join(LABELS.get(name, name) for name in model.split(" + "))


def p_text(value: float) -> str:
    """Write a p value with three decimals; smaller ones as <0.001.

    Parameters
    ----------
    value : float
        The p value; NaN if there is none.

    Returns
    -------
    str
        For a table; a dash if there is none.
    """
    if np.isnan(value):
        return "–"
    return f"<{SMALLEST_SHOWN}" if value < SMALLEST_SHOWN / 2 else f"{value:.3f}"


def printed_equation(registry: Registry) -> pd.Series:
    """Return the coefficients as printed.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Series of float
        As :func:`rairlib.studies.tang2025.analysis.equation` returns those of a cohort.
    """
    rows = registry.where(("intercept", "coefficient"), repeats="")
    found = {row.variable or "intercept": row.number.value for row in rows}
    return pd.Series(found, name="estimate").rename_axis("term")


def validation_areas(cohort: pd.DataFrame) -> dict[str, float]:
    """Say where the score's area in validation lies among those of the ensemble.

    Parameters
    ----------
    cohort : DataFrame
        The kept cohort.

    Returns
    -------
    dict of str to float
        ``kept_area`` and ``first_area`` (of the cohort that was found first and set aside), and
        the percentage of the ensemble with a smaller one, ``kept_above`` and ``first_above``.
    """
    validation = groups_of(scored(cohort))[VERSUS["validation"]]
    kept = area(validation, "continuous", "delong")["estimate"]
    others = load_result(STUDY, "unpublished").query("quantity == 'validation: area'")["value"]
    return {
        "kept_area": kept,
        "first_area": FIRST_AREA,
        "kept_above": 100 * (others < round(kept, AREA_DIGITS)).mean(),
        "first_above": 100 * (others < FIRST_AREA).mean(),
    }


# --- Answers to the exercises, computed from registry and code so that they cannot rot --------


EXERCISES: dict[str, Exercise] = {}
REPEATS = 2000


def _printed(*identifiers: str) -> list[float]:
    registry = load_registry(STUDY)
    return [registry[name].number.value for name in identifiers]


@exercise(EXERCISES, "hunan: three shares", tolerance=0.05)
def _shares_of_failure() -> list[float]:
    """Failures over patients, per cent: all, training, validation."""
    sizes = [("08", "01"), ("04", "02"), ("07", "05")]
    pairs = (_printed(*(f"results-outcome-{place}" for place in pair)) for pair in sizes)
    return [100 * failures / patients for failures, patients in pairs]


@exercise(EXERCISES, "hunan: an odds ratio twice", tolerance=0.0005)
def _odds_ratio_of_a_node() -> list[float]:
    """First e to the power of the coefficient; then the root of the product of the limits."""
    per_node, low, high = _printed(*(f"results-predictors-{n}" for n in (16, 10, 11)))
    return [math.exp(per_node), math.sqrt(low * high)]


@exercise(EXERCISES, "hunan: four counts", tolerance=0)
def _validation_table() -> list[int]:
    """Give true and false positives and negatives as TP, FN, FP, TN: 18 and 42 in all."""
    return determined_table(load_registry(STUDY), VERSUS["validation"])


@exercise(EXERCISES, "hunan: how many tables", tolerance=0)
def _tables_by_figure() -> list[int]:
    """Take one percentage at a time, in the order asked for, and count all 19 · 43 tables."""
    (rule,) = [
        r for r in printed_rules(load_registry(STUDY)) if r.first.group == VERSUS["validation"]
    ]
    return [int(np.count_nonzero(agreeing_with_all([figure]))) for figure in rule.figures]


@exercise(EXERCISES, "hunan: an area", tolerance=0.0005)
def _area_and_interval() -> list[float]:
    """Half of sensitivity plus specificity, then 1.96 nonparametric standard errors."""
    area, error = (float(value) for value in dichotomised_areas(*_validation_table()))
    return [area, area - MULTIPLIERS[0] * error, area + MULTIPLIERS[0] * error]


def _threshold() -> float:
    return load_registry(STUDY).where("cutoff", variable="logit_p")[0].number.value


@exercise(EXERCISES, "hunan: a threshold", tolerance=0.0005)
def _risk_and_nodes() -> list[float]:
    """Turn the logit into 1 / (1 + e to the minus logit); nodes are whole, so round upwards."""
    intercept, per_node = _printed("results-predictors-15", "results-predictors-16")
    nodes = math.ceil((_threshold() - intercept) / per_node)
    return [1 / (1 + math.exp(-_threshold())), nodes]


@exercise(EXERCISES, "hunan: a p value", tolerance=0.00005)
def _wald_p() -> float:
    """Logarithms of both limits: their middle is the coefficient; four decimals."""
    low, high = (math.log(x) for x in _printed("results-predictors-10", "results-predictors-11"))
    return p_from_z((low + high) / 2 / ((high - low) / (2 * MULTIPLIERS[0])))


@exercise(EXERCISES, "hunan: limits of an area", tolerance=0.0005)
def _area_limits() -> list[float]:
    """Smallest first. Draw the point; a ROC curve never falls and never turns back."""
    return list(area_range(*_validation_table()))


@exercise(EXERCISES, "hunan: the men", tolerance=0)
def _men() -> list[int]:
    """Give the men's true positives, false negatives, false positives, true negatives."""
    pairs = {pair.variable: pair for pair in printed_subgroups(load_registry(STUDY))}
    splits = pairs["gender"].splits()
    (table,) = splits.tables(splits.agreeing_both(pairs["gender"].targets())).tolist()
    return table


@exercise(EXERCISES, "hunan: net benefit", tolerance=0.0005)
def _net_benefits() -> list[float]:
    """Per patient: true positives minus false positives times the odds of the threshold."""
    tp, fn, fp, tn = _validation_table()
    odds, patients = math.exp(_threshold()), tp + fn + fp + tn
    return [(tp - fp * odds) / patients, (tp + fn - (fp + tn) * odds) / patients]


@exercise(EXERCISES, "hunan: best of noise", tolerance=0.005)
def _best_of_noise() -> float:
    """Turn each area below one half round, keep the largest, and average; two decimals."""
    patients, events = (int(n) for n in _printed("results-patients-06", "results-outcome-04"))
    ranks = np.tile(np.arange(1, patients + 1), (REPEATS * len(CANDIDATES), 1))
    sums = np.random.default_rng(2025).permuted(ranks, axis=1)[:, :events].sum(axis=1)
    areas = (sums - events * (events + 1) / 2) / (events * (patients - events))
    best = np.abs(areas - 1 / 2).reshape(REPEATS, len(CANDIDATES)).max(axis=1)
    return float(1 / 2 + best.mean())
