"""Sensitivity, specificity and the rest beside the counts of the same rule.

The counts of a level in the two outcome groups are the true and the false positives of the rule
that calls this level positive. Where the level is one side of a cut-off, a mismatch in one
direction can come from patients who lie exactly on it (``>`` in one place, ``≥`` in the other):
it is then ``suggests``, and both readings are named. Other mismatches are ``contradicted``.
"""

from dataclasses import replace

import numpy as np

from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.classification_tables import (
    PrintedFigure,
    agreeing_with_all,
    exchange,
    smallest_conflict,
)
from rairlib.checks.diagnostic import Rule, derive_figure, printed_list, rules
from rairlib.checks.lookup import whole_of
from rairlib.checks.rounding import SHORTENED
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

CUT_OFF_SIGNS = ("<", ">", "≤", "≥", "⩽", "⩾")


def rule_counts(rule: Rule, index: CountIndex) -> list[PrintedFigure]:
    """Find the printed counts of the rule's positives.

    Parameters
    ----------
    rule : Rule
        A rule whose variable and level name the positive patients.
    index : CountIndex
        Counts of the registry.

    Returns
    -------
    list of PrintedFigure
        Positives with the outcome, without it, and of both groups together, where printed.
    """
    tables, groups = rule.tables, rule.first.outcome_groups
    shape = (tables.with_outcome + 1, tables.without_outcome + 1)
    true_positives = np.broadcast_to(tables.true_positives, shape)
    false_positives = np.broadcast_to(tables.without_outcome - tables.true_negatives, shape)
    whole = whole_of(index, groups)
    places = [(groups[0], true_positives), (groups[1], false_positives)]
    if whole is not None:
        places.append((whole.group, true_positives + false_positives))
    found = []
    for group, values in places:
        row = index.counts.get((rule.first.variable, rule.first.level, group))
        if whole_number(row) is not None:
            label = f"count of {row.level} in {group}"
            found.append(PrintedFigure(row=row, label=label, values=values))
    return found


def check_rule_counts(registry: Registry) -> list[Finding]:
    """Derive figures of a rule and counts of its level from each other; needs group sizes."""
    findings = []
    index = count_index(registry)
    for rule in rules(registry, index):
        counts = rule_counts(rule, index)
        if counts:
            derived = _derived(rule, counts)
            doubted = any(finding.status != "agrees" for finding in derived)
            findings += derived if doubted else derived + _conflict(rule, counts)
    return findings


def _derived(rule: Rule, counts: list[PrintedFigure]) -> list[Finding]:
    findings = []
    for target in [*rule.figures, *counts]:
        is_count = target.row.statistic == "count"
        evidence = [*rule.figures, *counts] if is_count else [*counts, *rule.figures]
        others = [figure for figure in evidence if figure is not target]
        finding = derive_figure("rule_counts", rule, target, others)
        if finding and _joins_counts_and_figures(finding, target.row, counts):
            findings.append(_excuse_cut_off(finding, rule, counts))
    return findings


def _conflict(rule: Rule, counts: list[PrintedFigure]) -> list[Finding]:
    """Report counts and figures that have no common table while no single one is to blame."""
    everything = [*counts, *rule.figures]
    if np.any(agreeing_with_all(everything)) or not np.any(agreeing_with_all(rule.figures)):
        return []
    conflict = smallest_conflict(everything)
    finding = Finding(
        check="rule_counts",
        status="contradicted",
        uses=rule.rows(conflict),
        text=f"{rule.in_words}: no table has {printed_list(conflict)}, and more than one of the "
        f"printed numbers disagrees: {printed_list(everything)}.{exchange(everything)}",
    )
    if np.any(agreeing_with_all(everything, shortened=True)):
        return [replace(finding, status="suggests", text=finding.text + SHORTENED)]
    return [_excuse_cut_off(finding, rule, counts)]


def _joins_counts_and_figures(
    finding: Finding, target: ReportedNumber, counts: list[PrintedFigure]
) -> bool:
    counted = {count.row.id for count in counts}
    used = {use in counted for use in finding.uses}
    return target.id in counted or True in used


def _excuse_cut_off(finding: Finding, rule: Rule, counts: list[PrintedFigure]) -> Finding:
    """Weaken a contradiction that patients exactly on the cut-off would explain."""
    if finding.status != "contradicted" or not rule.first.level.startswith(CUT_OFF_SIGNS):
        return finding
    shown_by_figures = agreeing_with_all(rule.figures)
    shifts = [count.values - count.row.number.value for count in counts]
    fewer = np.logical_and.reduce([shift <= 0 for shift in shifts]) & shown_by_figures
    more = np.logical_and.reduce([shift >= 0 for shift in shifts]) & shown_by_figures
    for mask, wording in ((fewer, "fewer"), (more, "more")):
        if np.any(mask):
            implied = ", ".join(
                f"{count.label} {count.possible(mask)[0]:.0f} (printed {count.row.printed})"
                for count in counts
            )
            text = (
                f"{finding.text} The figures need {wording} positives than are counted: {implied}."
                " Patients exactly on the cut-off would explain it, if one place uses a strict "
                "and the other a non-strict inequality; otherwise one of the numbers is wrong."
            )
            return replace(finding, status="suggests", text=text)
    return finding
