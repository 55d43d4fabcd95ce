"""The printed numbers that no check touched, and why."""

from collections import defaultdict
from collections.abc import Iterable

from rairlib.checks.cells import COUNTED, SUMMARIES
from rairlib.checks.findings import REGISTERED, Finding
from rairlib.registry.registry import VERSUS, Registry, ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE, RATIOS

UNDECIDED = "met only checks that cannot decide"
ALONE = "held against its neighbours alone, as no size of its groups is printed"
NOT_RECOMPUTED = ("definition", "date", "number", "cutoff")
LIMITS = ("ci_low", "ci_high")
ESTIMATES = (*RATIOS, "risk_ratio", "rate_ratio", "risk_difference", "mean_difference", "auc")
NEED_SIZES = (*SUMMARIES, *PERFORMANCE, "percent", "survival_percent")


def untouched(registry: Registry, findings: Iterable[Finding]) -> dict[str, list[ReportedNumber]]:
    """Give the rows that no finding decides, by the reason.

    Parameters
    ----------
    registry : Registry
        The audited numbers.
    findings : iterable of Finding
        What the audit found.

    Returns
    -------
    dict of str to list of ReportedNumber
        The commonest reason first; then `UNDECIDED`: all findings on them are open; last, `ALONE`.
    """
    findings = list(findings)
    first = {check.name for check in REGISTERED if check.first}
    touched = {name for found in findings for name in (found.target, *found.uses)}
    told = (found for found in findings if found.status != "open" or found.reading)
    decided = {name for found in told for name in (found.target, *found.uses)}
    aside = {name for f in findings if f.check in first for name in (f.target, *f.uses)}
    reasons = defaultdict(list)
    for row in registry:
        if row.id not in touched:
            reasons[_reason(registry, row, aside)].append(row)
    reasons = dict(sorted(reasons.items(), key=lambda item: -len(item[1])))
    touched -= decided
    still_open = [row for row in registry if row.id in touched]
    held = [row for row in registry if row.id in decided and row.group]
    met = {UNDECIDED: still_open, ALONE: [row for row in held if _lacks_sizes(registry, row)]}
    return reasons | {reason: rows for reason, rows in met.items() if rows}


def _lacks_sizes(registry: Registry, row: ReportedNumber) -> bool:
    sizes = map(registry.size, row.group.split(VERSUS))
    return row.statistic not in (*COUNTED, *NOT_RECOMPUTED) and None in sizes


def _reason(registry: Registry, row: ReportedNumber, aside: set[str]) -> str:
    of = next(iter(registry.where(id=row.of)), None)
    belonging = registry.belonging_to(row.id)
    family = {
        each.id for each in (of, *belonging, *(registry.belonging_to(row.of) if of else ())) if each
    }
    if row.statistic in NOT_RECOMPUTED:
        return "a definition, a date or another number that no other determines"
    if row.modifiers:
        return f"its method, {row.method}, has no check"
    if row.role == "unavailable":
        return "read off a figure"
    if family & aside:
        return "the number beside it cannot be what it is called"
    return _lack(registry, row, of, belonging)


def _lack(registry: Registry, row: ReportedNumber, of, belonging) -> str:
    """Say what a check of this number would need and the print does not have."""
    beside = registry.where(variable=row.variable) if row.variable else ()
    limits = {each.statistic for each in belonging} & set(LIMITS)
    if row.statistic in LIMITS and of is None:
        return "it names no estimate in the column of"
    if row.statistic in ESTIMATES and not limits:
        return "no interval beside it"
    if row.statistic == "p_value" and of is not None and of.statistic in ESTIMATES:
        return "no interval beside the estimate of this p value"
    if row.statistic == "p_value" and of is None:
        kinds = {each.statistic for each in beside}
        if not kinds & {"count", "percent", *SUMMARIES}:
            return "no counts or means beside this p value"
    if row.statistic in (*NEED_SIZES, "p_value") and _lacks_sizes(registry, row):
        return "no group size is printed"
    if row.statistic in SUMMARIES and not row.step:
        return "the smallest step of its measurement is not given (column step)"
    if row.statistic == "percent" and not any(each.statistic in COUNTED for each in beside):
        return "no count beside this share"
    if len(beside) < 2 and of is None and not belonging:
        return "appears once, nothing to compare"
    return f"nothing beside it determines its {row.statistic.replace('_', ' ')}"
