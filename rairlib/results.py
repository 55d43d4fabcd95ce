"""What the analyses give for the reported numbers of the studies analysed so far."""

import math

import pandas as pd

from rairlib.compare import Recomputed, agreeing, between, central_range, exact, match
from rairlib.papers import lakhdar2024, tang2025, wang2025
from rairlib.printed_tables import dichotomised_values_from_anchors, subgroup_values_from_anchors
from rairlib.reconstructions import reconstructible_models, values_from_anchors
from rairlib.reported import Registry, ReportedNumber
from rairlib.studies import load_ensemble, load_witness

SEARCHED = {
    "wang2025": "searched cohorts near the print (counts and quartiles met, hazard ratios nearly)"
}
# Who of their patients is at risk was chosen with held-out rates and log-rank statistics in view.
CHOSEN = {
    "wang2025": "rests on a composition chosen in view of such numbers: the eight left out are "
    "RAIA, and one refractory patient whose avidity was partial or lost is coded avid"
}
OF_THOSE_AT_RISK = ("survival_percent", "logrank_chi_square")
ANALYSES = {
    "lakhdar2024": lakhdar2024.analyse,
    "wang2025": wang2025.analyse,
    "tang2025": tang2025.analyse,
}


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
        the reconstruction or, where that does not determine it, by the ensemble. The witness,
        which may have been steered towards it, never counts for it; one that has the number only
        takes away the verdict that it differs.
    """
    if registry.study not in ANALYSES:
        return {}
    of_witness = ANALYSES[registry.study](load_witness(registry.study))
    anchored = anchored_results(registry, of_witness)
    held_out = {
        **ensemble_results(registry, load_ensemble(registry.study), of_witness),
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


def ensemble_results(
    registry: Registry, ensemble: pd.DataFrame, of_witness: pd.DataFrame | None = None
) -> dict[str, Recomputed]:
    """Return the range of held-out numbers over consistent cohorts.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    ensemble : DataFrame
        See :func:`load_ensemble`.
    of_witness : DataFrame or None
        The same analysis of the witness, if there is one.

    Returns
    -------
    dict of str to Recomputed
        Evidence ``simulation``; `low` and `high` bound the central 95 %. Evidence ``none`` where
        this range leaves the print out and one of the cohorts or the witness has it: a number
        that one cohort has is not shown to differ.
    """
    kept = {} if of_witness is None else match(registry, of_witness)
    key = ["statistic", "variable", "level", "group"]
    by_key = {name: dict(list(part.groupby("method"))) for name, part in ensemble.groupby(key)}
    results = {}
    for row in registry:
        methods = by_key.get(row.key[:4], {})
        # Where the registry leaves the method open, one that the ensemble has alone is meant.
        method = row.method if row.method in methods or len(methods) != 1 else next(iter(methods))
        if row.role == "held_out" and method in methods:
            kind = SEARCHED.get(registry.study, "consistent cohorts")
            values = methods[method]["value"]
            found = _over_cohorts(row, values, kind, composition_of(registry.study, row))
            results[row.id] = _unless_attained(row, found, values, kept.get(row.id, {}))
    return results


def composition_of(study: str, row: ReportedNumber) -> str:
    """Say on which choice, made in view of such numbers, a held-out number rests; empty if none."""
    held_out = row.role == "held_out" and row.statistic in OF_THOSE_AT_RISK
    return CHOSEN.get(study, "") if held_out else ""


def _over_cohorts(row: ReportedNumber, values: pd.Series, kind: str, chosen: str) -> Recomputed:
    low, high = central_range(values)
    reason = (
        f"central 95 % of {len(values)} {kind}; median {values.median():.6g}; "
        f"{sum(map(row.number.agrees, values))} of them round to the print"
        f"{chosen and '; '}{chosen}"
    )
    return between("simulation", low, high, reason)


def _unless_attained(
    row: ReportedNumber, found: Recomputed, values: pd.Series, kept: dict[str, float]
) -> Recomputed:
    """Return no evidence where the range leaves the print out but a cohort of ours has it."""
    value = agreeing(row, kept)[1] if kept else math.nan
    attained = [f"the kept cohort, which may have been steered towards it, has {value:.6g}"]
    if not row.number.agrees(value):
        attained = [f"{value:.6g} occurs" for value in values if row.number.agrees(value)][:1]
    if row.number.overlaps(found.low, found.high) or not attained:
        return found
    reason = f"not shown to differ: {attained[0]}. {found.low:.6g} to {found.high:.6g} is the "
    return Recomputed(
        evidence="none", value=math.nan, low=math.nan, high=math.nan, reason=reason + found.reason
    )


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
