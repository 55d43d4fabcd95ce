"""Adjusted odds ratios held against every joint table that the printed counts allow.

Part of the audit of any paper. Numba is imported where a model of two or three yes-or-no
predictors is printed, and not before.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rairlib.checks.cells import CountIndex, count_index, named, whole_number
from rairlib.checks.findings import Finding, conclude
from rairlib.checks.rounding import judge, shown
from rairlib.registry.registry import Registry, ReportedNumber

CHECK = "joint_tables"
MOST_TABLES = 200_000
OTHER_MODELS = " Covariates that are not printed, or another method of fitting, would explain it."


def joint_table_findings(registry: Registry) -> list[Finding]:
    """Hold each odds ratio and limit of a logistic model against every joint table.

    Parameters
    ----------
    registry : Registry
        Any paper. Its models are those that the study declares; else the multivariable odds ratios
        of one place and comparison, if all are of two or three predictors whose two levels are
        counted and exhaust both groups.

    Returns
    -------
    list of Finding
        Per number what the tables that agree with all others give. Where no table has them all and
        more than one number may be to blame, one finding about all: ``contradicted`` if the model
        is declared, else ``suggests``.
    """
    found = []
    for odds_ratios in _models(registry):
        found += [replace(finding, check=CHECK) for finding in _judged(registry, odds_ratios)]
    return found


def _models(registry: Registry) -> list[list[ReportedNumber]]:
    if registry.models:
        from rairlib.reconstruct.printed_models import _declared_rows

        return [_declared_rows(registry, model) for model in registry.models]
    places: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry.where(("odds_ratio", "coefficient"), repeats=""):
        if row.test == "multivariable":
            places[row.locus, row.group].append(row)
    index = count_index(registry)
    return [
        [row for row in rows if row.statistic == "odds_ratio"]
        for rows in places.values()
        if 2 <= len({row.variable for row in rows}) <= 3 and _are_binary(index, rows)
    ]


def _are_binary(index: CountIndex, rows: list[ReportedNumber]) -> bool:
    """Whether each predictor has one odds ratio of two levels that exhaust both groups."""
    ratios = [row for row in rows if row.statistic == "odds_ratio"]
    if len(ratios) != len({row.variable for row in rows}):
        return False
    return all(
        not row.modifiers
        and row.contrast
        and row.outcome_groups
        and all(
            (index.size(group) or 0) > 0
            and sum(
                whole_number(index.counts.get((row.variable, level, group))) or 0
                for level in row.contrast
            )
            == index.size(group)
            for group in row.outcome_groups
        )
        for row in ratios
    )


def _judged(registry: Registry, odds_ratios: list[ReportedNumber]) -> Iterator[Finding]:
    from rairlib.reconstruct.joint_tables import more_tables_than
    from rairlib.reconstruct.logistic import ReconstructionError, agreement
    from rairlib.reconstruct.printed_models import _printed_model

    model, sizes = _printed_model(registry, odds_ratios), []
    for group in odds_ratios[0].outcome_groups:
        sizes.append(registry.size(group))
    start = f"logistic model of {', '.join(model.levels)} ({model.name})"
    try:
        if more_tables_than(MOST_TABLES, model.total, list(model.margins.values())):
            text = f"{start}: more than {MOST_TABLES} joint tables, too many for a quick search."
            yield conclude("open", text, *odds_ratios)
            return
        tables = model.candidates()
    except ReconstructionError as error:
        yield conclude("open", f"{start} was not searched: {error}.", *odds_ratios)
        return
    agrees = agreement(tables, model.targets())
    rows = {key: model.rows[key] for key in agrees}
    start += f", {len(tables.cells)} joint tables with the printed counts"
    all_agree = int(agrees.all(axis=1).sum())
    findings = {}
    for key, row in rows.items():
        values = tables.values(*key)[agrees.drop(columns=[key]).all(axis=1).to_numpy()]
        values = values[np.isfinite(values)]
        if len(values):
            findings[key] = _finding(row, [r for r in rows.values() if r is not row], values, start)
    wrong = [finding for finding in findings.values() if finding.status != "agrees"]
    declared = bool(registry.models)
    if all_agree or len(wrong) == 1:
        for finding in findings.values():
            yield finding.doubted(OTHER_MODELS, not declared)
        return
    printed = ", ".join(f"{row.printed} ({named(row)})" for row in rows.values())
    finding = conclude("contradicted", f"{start}: none gives {printed} together.", *rows.values())
    yield finding.doubted(OTHER_MODELS, not declared)


def _finding(row: ReportedNumber, others, values: np.ndarray, start: str) -> Finding:
    low, high = float(values.min()), float(values.max())
    text = (
        f"{start}: the {len(values)} that give the other numbers have "
        f"{shown(low, high, row.number.decimals + 1)}; printed is {row.printed} ({named(row)})."
    )
    # Between two attainable values there is nothing, so the nearest one decides.
    nearest = float(values[np.argmin(np.abs(values - row.number.value))])
    return replace(judge(row, others, nearest, nearest, text), low=low, high=high)
