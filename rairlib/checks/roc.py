"""Intervals of areas under the ROC curve: from which standard error can they come.

A symmetric interval wider than any standard error allows is ``contradicted`` where the registry's
`method` names ``hanley_mcneil`` or ``delong``, and ``suggests`` elsewhere: bootstrap, logit and
binomial intervals follow other rules. The largest standard error is a bound for every score; the
smallest holds for scores whose values patients with and without the outcome do not share, so a
narrower interval is never more than ``suggests``.
"""

import math
from dataclasses import replace
from functools import partial

from scipy.stats import norm

from rairlib.checks.auc_errors import BinaryScore, formula_error
from rairlib.checks.lookup import ids, unless_shortened
from rairlib.checks.ratios import midpoint, mirrored
from rairlib.checks.regression_estimates import under_assumption
from rairlib.checks.roc_areas import PrintedArea, print_scale, printed_areas, proportion
from rairlib.checks.roc_readings import (
    attainable_errors,
    binary_readings,
    formula_agrees,
    implied_error,
)
from rairlib.checks.rounding import judge, shown, shown_p
from rairlib.checks.wald import MULTIPLIERS, Interval
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber

NORMAL_METHODS = ("hanley_mcneil", "delong", "wald")
OTHER_INTERVALS = " A bootstrap, logit or binomial interval follows other rules."


def _declares_normal(area: PrintedArea) -> bool:
    """Whether the registry names a method whose interval is A ± 1.96 SE."""
    limits = {area.low.method, area.high.method}
    return area.row.method in NORMAL_METHODS or limits <= set(NORMAL_METHODS)


def check_auc_in_interval(registry: Registry) -> list[Finding]:
    """Look for an area inside its own interval; needs the area and both limits."""
    return [
        unless_shortened(partial(_containment, area))
        for area in printed_areas(registry)
        if area.has_interval
    ]


def _containment(area: PrintedArea, shortened: bool) -> Finding:
    centre, low, high = (proportion(row, shortened) for row in (area.row, area.low, area.high))
    inside = low[0] <= centre[1] and centre[0] <= high[1]
    limits = ids(area.low, area.high)
    return Finding(
        check="auc_in_interval",
        status="agrees" if inside else "contradicted",
        target="" if inside else area.row.id,
        uses=(area.row.id, *limits) if inside else limits,
        text=f"{area.printed}: the area lies {'inside' if inside else 'outside'} its interval.",
    )


def check_auc_symmetry(registry: Registry) -> list[Finding]:
    """Recompute an area and its limits from each other; needs all three."""
    findings = []
    for area in printed_areas(registry):
        if not area.has_interval or _containment(area, shortened=False).status != "agrees":
            continue
        if area.is_cut_off:
            text = f"{area.printed}: the upper limit may be cut off at 1, so symmetry is open."
            findings.append(Finding(check="auc_symmetry", status="open", uses=area.uses, text=text))
            continue
        findings += [
            unless_shortened(partial(_symmetry, area, target))
            for target in (area.row, area.low, area.high)
        ]
    return findings


def _symmetry(area: PrintedArea, target: ReportedNumber, shortened: bool) -> Finding:
    centre, low, high = (proportion(row, shortened) for row in (area.row, area.low, area.high))
    allowed = {"ci_low": mirrored(centre, high), "ci_high": mirrored(centre, low)}.get(
        target.statistic, midpoint(low, high)
    )
    ends = tuple(print_scale(target) * end for end in allowed)
    role = {"ci_low": "lower limit", "ci_high": "upper limit"}.get(target.statistic, "area")
    text = (
        f"{area.printed}: if the interval is symmetric about the area, the {role} is "
        f"{shown(*ends, target.number.decimals + 1)}; printed is {target.printed}."
    )
    others = (row for row in (area.row, area.low, area.high) if row is not target)
    finding = judge("auc_symmetry", target, ids(*others), *ends, text)
    return under_assumption(finding, _declares_normal(area), OTHER_INTERVALS)


def check_auc_interval(registry: Registry) -> list[Finding]:
    """Name the scores and standard errors that give the limits of an area; needs group sizes."""
    findings = []
    for area in printed_areas(registry):
        if not area.has_interval:
            continue
        if area.sizes is None:
            findings += _sizes_from_error(area)
        elif min(area.counts) > 1:
            findings.append(unless_shortened(partial(_readings, area)))
    return findings


def _readings(area: PrintedArea, shortened: bool) -> Finding:
    error = implied_error(area, shortened)
    start = f"{area.printed}, {area.counts[0]} patients with and {area.counts[1]} without. "
    if error is None:
        text = start + "The limits are not symmetric about the area." + OTHER_INTERVALS
        return Finding(check="auc_interval", status="suggests", uses=area.uses, text=text)
    allowed = attainable_errors(area)
    names = _agreeing(area, error, allowed)
    middle = min(sum(proportion(area.row)) / 2, 1.0)
    text = start + (
        f"The limits need a standard error of {shown(*error, 4)}; a score has "
        f"{shown(*allowed, 4)}, the formula of Hanley and McNeil (1982) gives "
        f"{format_value(formula_error(middle, *area.counts), 4)}. "
    )
    if names:
        text += f"Agreeing: {'; '.join(names)}."
        return Finding(check="auc_interval", status="agrees", uses=area.uses, text=text)
    return _no_reading(area, error, allowed, text)


def _agreeing(area: PrintedArea, error: Interval, allowed: Interval) -> list[str]:
    names = [
        f"the dichotomised score ({_in_words(score)}) with {kind} standard error "
        f"{format_value(spread, 4)}, {_limits(score.area, spread)}"
        for kind, score, spread in binary_readings(area)
    ]
    if formula_agrees(area):
        names.append("the formula of Hanley and McNeil")
    if error[0] <= allowed[1] and allowed[0] <= error[1]:
        names.append("a score with many values, nonparametric (SPSS) or DeLong")
    return names


def _in_words(score: BinaryScore) -> str:
    return (
        f"TP {score.true_positives}, FN {score.false_negatives}, FP {score.false_positives}, "
        f"TN {score.true_negatives}, area {format_value(score.area, 4)}"
    )


def _limits(centre: float, error: float) -> str:
    half = MULTIPLIERS[0] * error
    return f"{format_value(centre - half, 4)} to {format_value(min(centre + half, 1), 4)}"


def _no_reading(area: PrintedArea, error: Interval, allowed: Interval, text: str) -> Finding:
    if error[0] > allowed[1]:
        text += "No score has so large a standard error."
        finding = Finding(check="auc_interval", status="contradicted", uses=area.uses, text=text)
        return under_assumption(finding, _declares_normal(area), OTHER_INTERVALS)
    text += (
        "A score without values shared by patients with and without the outcome has no standard "
        "error so small." + OTHER_INTERVALS
    )
    return Finding(check="auc_interval", status="suggests", uses=area.uses, text=text)


def check_p_from_auc(registry: Registry) -> list[Finding]:
    """Recompute the p value of an area against 0.5; needs area, sizes and a p value of it."""
    findings = []
    for area in printed_areas(registry):
        if area.sizes is not None:
            for row in registry.belonging_to(area.row.id, "p_value"):
                findings.append(unless_shortened(partial(_p_from_auc, area, row)))
    return findings


def _p_from_auc(area: PrintedArea, row: ReportedNumber, shortened: bool) -> Finding:
    """Apply the null standard error, ``(n1 + n0 + 1) / (12 n1 n0)`` squared; ties shrink it."""
    with_outcome, without = area.counts
    error = math.sqrt((with_outcome + without + 1) / (12 * with_outcome * without))
    low, high = proportion(area.row, shortened)
    nearest = 0.0 if low <= 0.5 <= high else min(abs(low - 0.5), abs(high - 0.5))
    most = 2 * norm.sf(nearest / error)
    text = (
        f"{area.printed}: under an area of 0.5 the standard error is at most "
        f"{format_value(error, 4)}, so p is {shown_p(most, row.number.decimals)} or less; "
        f"printed is {row.printed}."
    )
    finding = judge("p_from_auc", row, (area.row.id, *ids(*area.sizes)), 0.0, most, text)
    fixed = row.number.agrees(0.0) and row.number.agrees(most)
    if finding.status == "agrees" and not fixed:
        return replace(finding, status="open", text=text + " Ties may make it smaller.")
    return under_assumption(finding, False, " Another test may give another p value.")


def _sizes_from_error(area: PrintedArea) -> list[Finding]:
    """Bound the unprinted size of the smaller outcome group from ``SE² ≤ A(1 - A) / (n - 1)``."""
    error = implied_error(area)
    if error is None or error[0] <= 0:
        return []
    centre = min(proportion(area.row), key=lambda end: abs(end - 0.5))
    most = math.floor(centre * (1 - centre) / error[0] ** 2 + 1)
    text = (
        f"{area.printed}: the numbers with and without the outcome are not printed. A standard "
        f"error of {shown(*error, 4)} needs at most {most} patients in the smaller of the two."
    )
    return [Finding(check="auc_interval", status="open", uses=area.uses, text=text)]
