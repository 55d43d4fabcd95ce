"""Reconstructed 2×2 tables, of all patients and of subgroups, as flat objects."""

import numpy as np

from rairlib.checks.classification_tables import MEASURED
from rairlib.checks.diagnostic import Rule
from rairlib.printed_tables import PrintedSubgroups, agreeing_tables, printed_rules
from rairlib.printed_tables import printed_subgroups as pairs_of_subgroups
from rairlib.reported import Registry
from rairlib.studies import Variable, load_variables

# Cells of a table of outcome and rule, as the true positives, false negatives, false positives
# and true negatives stand: with or without the outcome, at or below the cut-off.
CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))


def rule_records(registry: Registry) -> list[dict]:
    """Write the tables of outcome and rule that printed sensitivities and specificities leave.

    Parameters
    ----------
    registry : Registry
        One of the book's studies.

    Returns
    -------
    list of dict
        One per agreeing table of each rule in each comparison. Keys ``study, model, covariates,
        cells, candidates, agreeing_estimates, agreeing, unique``: `candidates` are all tables
        with the printed group sizes, `agreeing_estimates` those that show sensitivity and
        specificity, `agreeing` those that show predictive values and accuracy as well. `cells`
        is empty in the single object that stands for no agreeing table.
    """
    variables = load_variables(registry.study) if registry.where(MEASURED) else {}
    return [
        record
        for rule in printed_rules(registry)
        for record in _records(_facts_of_rule(registry, rule, variables), _rule_cells(rule))
    ]


def _facts_of_rule(registry: Registry, rule: Rule, variables: dict[str, Variable]) -> dict:
    return {
        "study": registry.study,
        "model": f"{rule.first.locus}, {rule.first.group}",
        "levels": levels_of_rule(rule, variables),
        "candidates": rule.tables.true_positives.size * rule.tables.true_negatives.size,
        "agreeing_estimates": len(agreeing_tables(rule, MEASURED)),
    }


def _rule_cells(rule: Rule) -> list[tuple[list, np.ndarray]]:
    return [(list(CELLS), table) for table in agreeing_tables(rule)]


def levels_of_rule(rule: Rule, variables: dict[str, Variable]) -> dict[str, tuple[str, str]]:
    """Return the levels of outcome and rule, those that are counted as positive first.

    Parameters
    ----------
    rule : Rule
        A rule in a comparison.
    variables : dict of str to Variable
        The study's variables.

    Returns
    -------
    dict of str to (str, str)
        The outcome's levels are those of the variable that the group with the outcome is named
        after (``training failure``), or else the names of the groups.
    """
    row = rule.first
    with_outcome, without = row.outcome_groups
    named = [name for name in with_outcome.split() if name in variables]
    outcome = (named[0], variables[named[0]].levels) if named else ("outcome", ())
    levels = dict([outcome if len(outcome[1]) == 2 else ("outcome", (with_outcome, without))])
    others = [level for level in variables[row.variable].levels if level != row.level]
    return {**levels, row.variable: (row.level, *others[:1])}


def subgroup_records(registry: Registry) -> list[dict]:
    """Write the tables of subgroup, outcome and rule that printed areas of subgroups leave.

    Parameters
    ----------
    registry : Registry
        One of the book's studies.

    Returns
    -------
    list of dict
        As :func:`rule_records`; `candidates` are all splits of the table of all patients,
        `agreeing_estimates` those that give both areas of the dichotomised score, `agreeing` those
        that give the limits as well, under the nonparametric standard error of Hanley and McNeil.
    """
    variables = load_variables(registry.study) if registry.where("auc") else {}
    return [
        record
        for subgroups in pairs_of_subgroups(registry)
        for record in _records(
            _facts_of_subgroups(registry, subgroups, variables), _subgroup_cells(subgroups)
        )
    ]


def _facts_of_subgroups(registry: Registry, subgroups: PrintedSubgroups, variables: dict) -> dict:
    splits, areas = subgroups.splits(), subgroups.targets()
    areas[:, 1:] = -np.inf, np.inf
    return {
        "study": registry.study,
        "model": subgroups.name,
        "levels": {
            subgroups.variable: subgroups.levels,
            **levels_of_rule(subgroups.rules[0], variables),
        },
        "candidates": splits.size,
        "agreeing_estimates": len(splits.agreeing_both(areas)),
    }


def _subgroup_cells(subgroups: PrintedSubgroups) -> list[tuple[list, np.ndarray]]:
    places = [(group, *cell) for group in (0, 1) for cell in CELLS]
    return [(places, table.ravel()) for table in subgroup_tables(subgroups)]


def subgroup_tables(subgroups: PrintedSubgroups) -> np.ndarray:
    """Return the tables of both subgroups that give all their printed areas and limits.

    Parameters
    ----------
    subgroups : PrintedSubgroups
        As printed.

    Returns
    -------
    ndarray of int, shape (solutions, 2, 4)
        True positives, false negatives, false positives, true negatives of either subgroup.
    """
    splits = subgroups.splits()
    first = splits.tables(splits.agreeing_both(subgroups.targets()))
    return np.stack([first, np.array(subgroups.pooled) - first], axis=1)


def _records(facts: dict, tables: list[tuple[list, np.ndarray]]) -> list[dict]:
    levels = facts.pop("levels")
    facts = {
        "study": facts["study"],
        "model": facts["model"],
        "covariates": list(levels),
        "cells": [],
        "candidates": facts["candidates"],
        "agreeing_estimates": facts["agreeing_estimates"],
        "agreeing": len(tables),
        "unique": len(tables) == 1,
    }
    return [{**facts, "cells": _cells(levels, *table)} for table in tables] or [facts]


def _cells(levels: dict, places: list[tuple], counts: np.ndarray) -> list[dict]:
    return [
        {
            **{name: levels[name][at] for name, at in zip(levels, place, strict=True)},
            "n": int(n),
        }
        for place, n in zip(places, counts, strict=True)
    ]
