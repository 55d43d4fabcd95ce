"""The joint tables that a study's printed logistic model determines.

This layer reads margins and targets from the registry; the search itself does not know it.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.joint_tables import cell_levels
from rairlib.reconstruct import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    agreement,
    fit_candidates,
    reconstruct_logistic,
)
from rairlib.reported import Registry, ReportedNumber, load_registry

LIMIT_FIELDS = {"odds_ratio": "odds_ratio", "ci_low": "low", "ci_high": "high"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedModel:
    """A multivariable logistic model of binary covariates, as printed.

    Attributes
    ----------
    name : str
        Place and comparison, for example ``Table 2, RAIR vs non-RAIR``.
    events, total : int
        Patients with the outcome, and all patients of the comparison.
    levels : dict of str to (str, str)
        Level in the numerator of each covariate's odds ratio, and the reference.
    event_margins, margins : dict of str to int
        Patients with the first level, with the outcome and in all.
    rows : dict of (str, str) to ReportedNumber
        The printed numbers by covariate and statistic (``odds_ratio``, ``ci_low``, ``ci_high``,
        ``p_value``).
    """

    name: str
    events: int
    total: int
    levels: dict[str, tuple[str, str]]
    event_margins: dict[str, int]
    margins: dict[str, int]
    rows: dict[tuple[str, str], ReportedNumber]

    def targets(self, roles: Collection[str] = ()) -> list[LogisticTarget]:
        """Return what is printed, for all numbers or for those with certain roles.

        Parameters
        ----------
        roles : collection of str
            Roles to keep; empty for all.

        Returns
        -------
        list of LogisticTarget
            One per covariate with such a number.
        """
        numbers: dict[str, dict] = defaultdict(dict)
        for (covariate, statistic), row in self.rows.items():
            if statistic in LIMIT_FIELDS and (not roles or row.role in roles):
                numbers[covariate][LIMIT_FIELDS[statistic]] = row.number
        return [LogisticTarget(covariate=name, **printed) for name, printed in numbers.items()]

    def candidates(self) -> FittedTables:
        """Fit the model to every joint table that the printed margins allow."""
        return fit_candidates(self.events, self.total, self.event_margins, self.margins)

    def agreeing_with(self, roles: Collection[str]) -> FittedTables:
        """Return the joint tables that agree with the printed numbers of certain roles.

        Parameters
        ----------
        roles : collection of str
            For example ``["anchor"]``; numbers of other roles are not looked at.

        Returns
        -------
        FittedTables
            All candidates if no number has such a role.
        """
        tables = self.candidates()
        agrees = agreement(tables, self.targets(roles))
        return tables.take(np.flatnonzero(agrees.all(axis=1))) if len(agrees.columns) else tables

    def reconstruct(self) -> Reconstruction:
        """Find the joint tables that agree with every printed odds ratio and limit."""
        return reconstruct_logistic(
            self.events, self.total, self.event_margins, self.margins, self.targets()
        )


def printed_models(registry: Registry) -> list[PrintedModel]:
    """Collect the multivariable logistic models of a registry.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of PrintedModel
        In order of appearance; repeats are left out.

    Raises
    ------
    ReconstructionError
        If a covariate's counts by outcome or a group's size are not printed.
    """
    models: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry.where("odds_ratio", method="multivariable", repeats=""):
        if row.outcome_groups and row.contrast:
            models[row.locus, row.group].append(row)
    return [_printed_model(registry, rows) for rows in models.values()]


def reconstruct_study(study: str) -> list[dict]:
    """Reconstruct the joint tables of a study's logistic models.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    list of dict
        See :func:`reconstruction_records`.

    Raises
    ------
    ReconstructionError
        If the study prints no logistic model from which a joint table can be found.
    """
    models = printed_models(load_registry(study))
    if not models:
        raise ReconstructionError(
            f"{study}: no multivariable odds ratios of binary covariates are printed"
        )
    return [record for model in models for record in _records_of(study, model)]


def _records_of(study: str, model: PrintedModel) -> list[dict]:
    try:
        reconstruction = model.reconstruct()
    except ReconstructionError as error:
        raise ReconstructionError(f"{study}, {model.name}: {error}") from error
    return reconstruction_records(study, model, reconstruction)


def reconstruction_records(
    study: str, model: PrintedModel, reconstruction: Reconstruction
) -> list[dict]:
    """Write a reconstruction as flat objects, one per agreeing table.

    Parameters
    ----------
    study : str
        Key of the study.
    model : PrintedModel
        The model as printed.
    reconstruction : Reconstruction
        What was found.

    Returns
    -------
    list of dict
        Keys ``study, model, covariates, cells, candidates, agreeing_estimates, agreeing, unique``;
        `cells` lists the level of each covariate and the number of patients `n`, and is empty in
        the single object that stands for no agreeing table.
    """
    facts = {
        "study": study,
        "model": model.name,
        "covariates": list(reconstruction.covariates),
        "cells": [],
        "candidates": reconstruction.candidates,
        "agreeing_estimates": reconstruction.agreeing_estimates,
        "agreeing": reconstruction.agreeing,
        "unique": reconstruction.unique,
    }
    tables = reconstruction.cells
    return [{**facts, "cells": _cell_records(model, table)} for table in tables] or [facts]


def values_from_anchors(model: PrintedModel) -> pd.DataFrame:
    """Recompute a printed model from its anchors alone, so that the rest tests the answer.

    Parameters
    ----------
    model : PrintedModel
        The model as printed.

    Returns
    -------
    DataFrame
        One row per printed number of the model: ``id, variable, statistic, role, printed,
        tables`` (how many joint tables agree with the numbers of role ``anchor``), ``low, high``
        (range of the number over these tables; NaN if there are none) and ``agrees``
        (whether one of them rounds to the print).
    """
    tables = model.agreeing_with(["anchor"])
    return pd.DataFrame(
        [
            _recomputed(row, tables.values(covariate, statistic))
            for (covariate, statistic), row in model.rows.items()
        ]
    )


def _recomputed(row: ReportedNumber, values: np.ndarray) -> dict:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
    return {
        "id": row.id,
        "variable": row.variable,
        "statistic": row.statistic,
        "role": row.role,
        "printed": row.printed,
        "tables": len(values),
        "low": low,
        "high": high,
        "agrees": any(map(row.number.agrees, values.tolist())),
    }


def _printed_model(registry: Registry, odds_ratios: list[ReportedNumber]) -> PrintedModel:
    first = odds_ratios[0]
    with_outcome, without = first.outcome_groups
    events = _size(registry, with_outcome)
    levels = {row.variable: row.contrast for row in odds_ratios}
    event_margins = {
        name: _count(registry, name, level, with_outcome) for name, (level, _) in levels.items()
    }
    other_margins = {
        name: _count(registry, name, level, without) for name, (level, _) in levels.items()
    }
    return PrintedModel(
        name=f"{first.locus}, {first.group}",
        events=events,
        total=events + _size(registry, without),
        levels=levels,
        event_margins=event_margins,
        margins={name: event_margins[name] + other_margins[name] for name in levels},
        rows=_model_rows(registry, odds_ratios),
    )


def _model_rows(registry, odds_ratios) -> dict[tuple[str, str], ReportedNumber]:
    rows = {}
    for estimate in odds_ratios:
        rows[estimate.variable, "odds_ratio"] = estimate
        for statistic in ("ci_low", "ci_high", "p_value"):
            for row in registry.belonging_to(estimate.id, statistic):
                rows[estimate.variable, statistic] = row
    return rows


def _size(registry: Registry, group: str) -> int:
    row = registry.size(group)
    if row is None:
        raise ReconstructionError(f"{registry.study}: the size of {group} is not printed")
    return int(row.number.value)


def _count(registry: Registry, variable: str, level: str, group: str) -> int:
    rows = registry.where("count", variable=variable, level=level, group=group, repeats="")
    if not rows:
        raise ReconstructionError(
            f"{registry.study}: the patients with {variable} {level} in {group} are not printed"
        )
    return int(rows[0].number.value)


def _cell_records(model: PrintedModel, table: np.ndarray) -> list[dict]:
    names = list(model.levels)
    return [
        {
            # Level 1 of a covariate is the one in the numerator of its odds ratio.
            **{
                name: model.levels[name][1 - level] for name, level in zip(names, cell, strict=True)
            },
            "n": int(n),
        }
        for cell, n in zip(cell_levels(len(names)), table, strict=True)
    ]
