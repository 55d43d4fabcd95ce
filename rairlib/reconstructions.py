"""The joint tables that a study's printed numbers determine.

A logistic model of binary covariates determines the covariates' table. Where no such model is
printed, sensitivities and specificities determine the table of outcome and rule, and the areas of
subgroups split it. This layer reads the registry; the searches do not know it.
"""

import numpy as np
import pandas as pd

from rairlib.hypotheses import hypothesis_records
from rairlib.joint_tables import COVARIATES_MAX
from rairlib.printed_models import PrintedModel, cell_records, printed_models
from rairlib.reconstruct import Reconstruction, ReconstructionError
from rairlib.reported import Registry, ReportedNumber, load_registry
from rairlib.submodels import smallest_submodels
from rairlib.table_records import rule_records, subgroup_records


def reconstruct_study(study: str) -> list[dict]:
    """Reconstruct the joint tables of a study's logistic models, or else of its rules.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    list of dict
        See :func:`reconstruction_records`; without a logistic model of binary covariates see
        :func:`rairlib.table_records.rule_records` and
        :func:`rairlib.table_records.subgroup_records`.

    Raises
    ------
    ReconstructionError
        If the study prints nothing from which a joint table can be found.
    """
    registry = load_registry(study)
    models = printed_models(registry)
    if models:
        return [record for model in models for record in _records_of(study, model)]
    records = rule_records(registry)
    if not records:
        raise ReconstructionError(
            f"{study}: neither multivariable odds ratios of binary covariates nor sensitivities "
            "and specificities in groups of printed size are printed"
        )
    return records + subgroup_records(registry)


def _records_of(study: str, model: PrintedModel) -> list[dict]:
    if len(model.levels) <= COVARIATES_MAX:
        return reconstruction_records(study, model, _reconstructed(study, model))
    records = hypothesis_records(study, model)
    if not records:
        raise ReconstructionError(
            f"{study}, {model.name}: the joint table of {len(model.levels)} covariates cannot be "
            "enumerated, and no two or three of them give their rows"
        )
    return records


def _reconstructed(study: str, model: PrintedModel) -> Reconstruction:
    try:
        return model.reconstruct()
    except ReconstructionError as error:
        raise ReconstructionError(f"{study}, {model.name}: {error}") from error


def reconstructible_models(registry: Registry) -> list[PrintedModel]:
    """Collect the printed models whose joint tables can all be tried.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of PrintedModel
        The models of two or three covariates as printed; in place of a larger one, the models of
        two of its covariates that give what is printed of these, where just one joint table does
        so. If some of the model's numbers are anchors, no others are looked at.
    """
    models = []
    for model in printed_models(registry):
        if len(model.levels) <= COVARIATES_MAX:
            models.append(model)
            continue
        targets = model.targets(["anchor"]) or model.targets()
        found = smallest_submodels(
            model.events, model.total, model.event_margins, model.margins, targets, largest=2
        )
        models += [model.restricted(part.covariates) for part in found if part.unique]
    return models


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
    return [{**facts, "cells": cell_records(model, table)} for table in tables] or [facts]


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
