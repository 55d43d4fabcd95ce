"""Answers to the exercises on Hunan, computed from registry and code so that they cannot rot."""

import math

import numpy as np

from rairlib.chapters.exercise import Exercise
from rairlib.checks.classification_tables import agreeing_with_all
from rairlib.checks.wald import MULTIPLIERS, p_from_z
from rairlib.dichotomised_areas import area_range, dichotomised_areas
from rairlib.papers.tang2025 import CANDIDATES
from rairlib.printed_tables import agreeing_tables, printed_rules, printed_subgroups
from rairlib.reported import load_registry

STUDY = "tang2025"
VALIDATION = "validation failure vs validation success"
REPEATS = 2000


def _printed(*identifiers: str) -> list[float]:
    registry = load_registry(STUDY)
    return [registry[name].number.value for name in identifiers]


def _rule(registry):
    (rule,) = [rule for rule in printed_rules(registry) if rule.first.group == VALIDATION]
    return rule


def _validation_table() -> list[int]:
    (table,) = agreeing_tables(_rule(load_registry(STUDY))).tolist()
    return table


def _tables_by_figure() -> list[int]:
    figures = _rule(load_registry(STUDY)).figures
    return [int(np.count_nonzero(agreeing_with_all([figure]))) for figure in figures]


def _area_and_interval() -> list[float]:
    area, error = (float(value) for value in dichotomised_areas(*_validation_table()))
    return [area, area - MULTIPLIERS[0] * error, area + MULTIPLIERS[0] * error]


def _threshold() -> float:
    registry = load_registry(STUDY)
    return registry.where("cutoff", variable="logit_p")[0].number.value


def _risk_and_nodes() -> list[float]:
    intercept, per_node = _printed("results-predictors-15", "results-predictors-16")
    nodes = math.ceil((_threshold() - intercept) / per_node)
    return [1 / (1 + math.exp(-_threshold())), nodes]


def _wald_p() -> float:
    low, high = (math.log(x) for x in _printed("results-predictors-10", "results-predictors-11"))
    return p_from_z((low + high) / 2 / ((high - low) / (2 * MULTIPLIERS[0])))


def _area_limits() -> list[float]:
    return list(area_range(*_validation_table()))


def _men() -> list[int]:
    (subgroups,) = [
        pair for pair in printed_subgroups(load_registry(STUDY)) if pair.variable == "gender"
    ]
    splits = subgroups.splits()
    (table,) = splits.tables(splits.agreeing_both(subgroups.targets())).tolist()
    return table


def _net_benefits() -> list[float]:
    tp, fn, fp, tn = _validation_table()
    odds, patients = math.exp(_threshold()), tp + fn + fp + tn
    return [(tp - fp * odds) / patients, (tp + fn - (fp + tn) * odds) / patients]


def _best_of_noise() -> float:
    patients, events = (int(n) for n in _printed("results-patients-06", "results-outcome-04"))
    ranks = np.tile(np.arange(1, patients + 1), (REPEATS * len(CANDIDATES), 1))
    sums = np.random.default_rng(2025).permuted(ranks, axis=1)[:, :events].sum(axis=1)
    areas = (sums - events * (events + 1) / 2) / (events * (patients - events))
    best = np.abs(areas - 1 / 2).reshape(REPEATS, len(CANDIDATES)).max(axis=1)
    return float(1 / 2 + best.mean())


HUNAN = {
    "hunan: four counts": Exercise(
        expected=_validation_table,
        tolerance=0,
        hint="True positives, false negatives, false positives, true negatives: 18 and 42 in all.",
    ),
    "hunan: how many tables": Exercise(
        expected=_tables_by_figure,
        tolerance=0,
        hint="Take one percentage at a time, in the order asked for, and count all 19 · 43 tables.",
    ),
    "hunan: an area": Exercise(
        expected=_area_and_interval,
        tolerance=0.0005,
        hint="Half of sensitivity plus specificity, then 1.96 nonparametric standard errors.",
    ),
    "hunan: a threshold": Exercise(
        expected=_risk_and_nodes,
        tolerance=0.0005,
        hint="The risk is 1 / (1 + e to the minus logit); nodes are whole, so round upwards.",
    ),
    "hunan: a p value": Exercise(
        expected=_wald_p,
        tolerance=0.00005,
        hint="Logarithms of both limits: their middle is the coefficient; four decimals.",
    ),
    "hunan: limits of an area": Exercise(
        expected=_area_limits,
        tolerance=0.0005,
        hint="Smallest first. Draw the point; a ROC curve never falls and never turns back.",
    ),
    "hunan: the men": Exercise(
        expected=_men,
        tolerance=0,
        hint="Give the men's true positives, false negatives, false positives, true negatives.",
    ),
    "hunan: net benefit": Exercise(
        expected=_net_benefits,
        tolerance=0.0005,
        hint="Per patient: true positives minus false positives times the odds of the threshold.",
    ),
    "hunan: best of noise": Exercise(
        expected=_best_of_noise,
        tolerance=0.005,
        hint="Turn each area below one half round, keep the largest, and average; two decimals.",
    ),
}
