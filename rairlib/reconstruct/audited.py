"""Adjusted odds ratios held against every joint table that the printed counts allow.

Part of the audit of any paper. Numba is imported where a model of two or three yes-or-no
predictors is printed, and not before.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rairlib.checks.cells import count_index, named, whole_number
from rairlib.checks.findings import Finding, conclude
from rairlib.checks.rounding import judge, shown
from rairlib.errors import RairlibError
from rairlib.registry.registry import Registry, ReportedNumber

MOST_TABLES = 200_000


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
    try:
        found = [finding for rows in _models(registry) for finding in _judged(registry, rows)]
    except RairlibError as error:
        text = f"Joint tables were not searched: {error}."
        found = [conclude("open", text, *registry.where("odds_ratio"))]
    remark = " Covariates that are not printed, or another method of fitting, would explain it."
    return [
        replace(finding.doubted(remark, not registry.models), check="joint_tables")
        for finding in found
    ]


def _models(registry: Registry) -> list[list[ReportedNumber]]:
    """Return the odds ratios of each model of yes-or-no predictors alone."""
    if registry.models:
        from rairlib.reconstruct.printed_models import _declared_rows

        return [_declared_rows(registry, model) for model in registry.models]
    places: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry.where(("odds_ratio", "coefficient"), repeats=""):
        if row.test == "multivariable":
            places[row.locus, row.group].append(row)
    found = []
    for rows in places.values():
        ratios, names = [r for r in rows if r.statistic == "odds_ratio"], {r.variable for r in rows}
        if len(ratios) == len(names) in (2, 3) and all(_is_binary(registry, r) for r in ratios):
            found.append(ratios)
    return found


def _is_binary(registry: Registry, row: ReportedNumber) -> bool:
    """Whether the two levels of a predictor exhaust both groups."""
    if row.modifiers or not (row.contrast and row.outcome_groups):
        return False
    index = count_index(registry)
    for group in row.outcome_groups:
        counts = [index.counts.get((row.variable, level, group)) for level in row.contrast]
        numbers = list(map(whole_number, counts))
        if None in numbers or not 0 < sum(numbers) == index.size(group):
            return False
    return True


def _judged(registry: Registry, odds_ratios: list[ReportedNumber]) -> Iterator[Finding]:
    from rairlib.reconstruct.joint_tables import more_tables_than
    from rairlib.reconstruct.logistic import agreement
    from rairlib.reconstruct.printed_models import _printed_model

    model = _printed_model(registry, odds_ratios)
    start = f"logistic model of {', '.join(model.levels)} ({model.name})"
    if more_tables_than(MOST_TABLES, model.total, list(model.margins.values())):
        text = f"{start}: more than {MOST_TABLES} joint tables, too many for a quick search."
        yield conclude("open", text, *odds_ratios)
        return
    tables = model.candidates()
    agrees, findings = agreement(tables, model.targets()), []
    rows = {key: model.rows[key] for key in agrees}
    start += f", {len(tables.cells)} joint tables with the printed counts"
    for key, row in rows.items():
        values = tables.values(*key)[agrees.drop(columns=[key]).all(axis=1).to_numpy()]
        values = values[np.isfinite(values)]
        if len(values):
            others = [other for other in rows.values() if other is not row]
            findings.append(_finding(row, others, values, start))
    wrong = sum(finding.status != "agrees" for finding in findings)
    if agrees.all(axis=1).any() or wrong == 1:
        yield from findings
    else:
        printed = ", ".join(f"{row.printed} ({named(row)})" for row in rows.values())
        text = f"{start}: none gives {printed} together."
        yield conclude("contradicted", text, *rows.values())


def _finding(row: ReportedNumber, others, values: np.ndarray, start: str) -> Finding:
    low, high = float(values.min()), float(values.max())
    text = (
        f"{start}: the {len(values)} that give the other numbers have "
        f"{shown(low, high, row.number.decimals + 1)}; printed is {row.printed} ({named(row)})."
    )
    # Between two attainable values there is nothing, so the nearest one decides.
    nearest = float(values[np.argmin(np.abs(values - row.number.value))])
    return replace(judge(row, others, nearest, nearest, text), low=low, high=high)
