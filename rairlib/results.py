"""What the analyses give for the reported numbers of the studies analysed so far."""

import pandas as pd

from rairlib.compare import Recomputed, agreeing, between, central_range, exact, match
from rairlib.errors import RairlibError
from rairlib.kept_files import kept_file
from rairlib.papers import lakhdar2024, tang2025, wang2025
from rairlib.printed_tables import dichotomised_values_from_anchors, subgroup_values_from_anchors
from rairlib.reconstructions import reconstructible_models, values_from_anchors
from rairlib.reported import Registry, ReportedNumber
from rairlib.studies import study_file, study_folder

WITNESS = "simulated_cohort.csv"
# Their cohorts have the printed counts and quartiles, and hazard ratios near the print.
SEARCHED = {"wang2025": "searched cohorts near the print"}
ANALYSES = {
    "lakhdar2024": lakhdar2024.analyse,
    "wang2025": wang2025.analyse,
    "tang2025": tang2025.analyse,
}


def load_witness(study: str) -> pd.DataFrame:
    """Load the simulated cohort that is kept with a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        One row per simulated patient; empty fields are empty texts.

    Raises
    ------
    RairlibError
        If the study has none.
    """
    if study not in ANALYSES:
        study_folder(study)
        raise RairlibError(f"{study}: no simulated cohort is kept; it is not yet analysed")
    return pd.read_csv(study_file(study, WITNESS), keep_default_na=False, encoding="utf-8")


def load_ensemble(study: str) -> pd.DataFrame:
    """Load the held-out results of a study over many consistent cohorts.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns ``cohort, statistic, variable, level, group, method, value``.
    """
    path = kept_file(f"results/{study}_ensemble.csv")
    return pd.read_csv(path, keep_default_na=False, encoding="utf-8")


def study_results(registry: Registry) -> dict[str, Recomputed]:
    """Return what reconstruction and simulated cohorts give for anchors and held-out numbers.

    Parameters
    ----------
    registry : Registry
        Registry of one of the book's studies.

    Returns
    -------
    dict of str to Recomputed
        By identifier; empty for a study that is not yet analysed. A held-out number is judged by
        the reconstruction or, where that does not determine it, by the ensemble; never by the
        witness, which may have been steered towards it.
    """
    if registry.study not in ANALYSES:
        return {}
    anchored = anchored_results(registry, ANALYSES[registry.study](load_witness(registry.study)))
    held_out = {
        **ensemble_results(registry, load_ensemble(registry.study)),
        **reconstruction_results(registry),
    }
    return {**anchored, **held_out}


def anchored_results(registry: Registry, results: pd.DataFrame) -> dict[str, Recomputed]:
    """Return the anchors as the witness has them.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    results : DataFrame
        The paper's analysis of the witness, ``statistic, variable, level, group, method, value``.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``anchored``: agreement by construction.
    """
    matched = match(registry, results)
    return {
        row.id: exact(
            "anchored", agreeing(row, matched[row.id])[1], "an anchor of the simulated cohort"
        )
        for row in registry
        if row.role == "anchor" and row.id in matched
    }


def ensemble_results(registry: Registry, ensemble: pd.DataFrame) -> dict[str, Recomputed]:
    """Return the range of held-out numbers over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    ensemble : DataFrame
        See :func:`load_ensemble`.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``simulation``; `low` and `high` bound the central 95 %.
    """
    key = ["statistic", "variable", "level", "group"]
    by_key = {name: dict(list(part.groupby("method"))) for name, part in ensemble.groupby(key)}
    results = {}
    for row in registry:
        methods = by_key.get(row.key[:4], {})
        # Where the registry leaves the method open, one that the ensemble has alone is meant.
        method = row.method if row.method in methods or len(methods) != 1 else next(iter(methods))
        if row.role == "held_out" and method in methods:
            kind = SEARCHED.get(registry.study, "consistent cohorts")
            results[row.id] = _over_cohorts(row, methods[method]["value"], kind)
    return results


def _over_cohorts(row: ReportedNumber, values: pd.Series, kind: str) -> Recomputed:
    low, high = central_range(values)
    reason = (
        f"central 95 % of {len(values)} {kind}; median {values.median():.6g}; "
        f"{sum(map(row.number.agrees, values))} of them round to the print"
    )
    return between("simulation", low, high, reason)


def reconstruction_results(registry: Registry) -> dict[str, Recomputed]:
    """Return held-out numbers as the joint tables give them that the anchors leave.

    Parameters
    ----------
    registry : Registry
        Reported numbers.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``reconstruction``; the reason says whether the table is unique.
    """
    found = [
        (model.name, values_from_anchors(model), "joint table")
        for model in reconstructible_models(registry)
    ]
    for values in (subgroup_values_from_anchors, dichotomised_values_from_anchors):
        found += [(name, part, "2×2 table") for name, part in values(registry).groupby("model")]
    return {
        record["id"]: _from_tables(record, name, kind)
        for name, values, kind in found
        for record in values.to_dict("records")
        if record["role"] == "held_out"
    }


def _from_tables(record: dict, name: str, kind: str) -> Recomputed:
    tables = record["tables"]
    which = (
        f"the only {kind} that agrees with the anchors"
        if tables == 1
        else f"range over the {tables} {kind}s that agree with the anchors"
    )
    cut = "; a limit above 1, printed just below 1" if record.get("cut") else ""
    return between("reconstruction", record["low"], record["high"], f"{which}, {name}{cut}")
