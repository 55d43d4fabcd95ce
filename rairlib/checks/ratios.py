"""Estimates of regressions: do ratio, coefficient and confidence interval belong together.

What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
limits says ``wald`` or ``wald exp``; elsewhere it is ``suggests``.
"""

import math
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial

from rairlib.checks.lookup import attached, ids, originals, short_name, unless_shortened
from rairlib.checks.regression_estimates import (
    RegressionEstimate,
    exponential,
    logarithm,
    regression_estimates,
    under_assumption,
)
from rairlib.checks.rounding import float_limits, is_plain, judge, shown
from rairlib.checks.wald import Interval, wald_region
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber
from rairlib.vocabulary import RATIOS

LIMITS = ("ci_low", "ci_high")
INSIDE = "the estimate lies inside its interval"
LINEAR_PREDICTORS = ("logit", "linear_predictor", "linear predictor", "prognostic_index")
OTHER_INTERVALS = " A profile-likelihood or bootstrap interval need not be symmetric."


def check_estimate_in_interval(registry: Registry) -> list[Finding]:
    """Look for an estimate inside its interval; needs the estimate and both limits."""
    findings = [
        unless_shortened(partial(_containment, found))
        for found in regression_estimates(registry)
        if found.has_interval
    ]
    limited = {row.of for row in registry.where(LIMITS)}
    for row in registry:
        # Areas have a check of their own.
        if row.id not in limited or row.statistic in (*RATIOS, "coefficient", "auc"):
            continue
        limits = [attached(registry, row, limit) for limit in LIMITS]
        if None not in limits and all(map(is_plain, (row, *limits))):
            findings.append(unless_shortened(partial(_other_containment, row, *limits)))
    return findings


def _containment(found: RegressionEstimate, shortened: bool) -> Finding:
    check, estimate = "estimate_in_interval", found.estimate
    low, high = found.limits(shortened)
    coefficient = found.coefficient(shortened)
    limits = ids(found.low, found.high)
    printed = found.printed
    if low[0] > high[1]:
        return Finding(
            check=check,
            status="contradicted",
            uses=limits,
            text=f"{printed}: the lower limit is above the upper limit.",
        )
    if low[0] <= coefficient[1] and coefficient[0] <= high[1]:
        text = f"{printed}: {INSIDE}."
        return Finding(check=check, status="agrees", uses=(estimate.id, *limits), text=text)
    text = f"{printed}: the estimate lies outside its own interval.{_moved_point(found)}"
    status = "contradicted"
    if not found.limits_are_ratios and low[0] <= exponential(coefficient[1]) <= high[1]:
        status = "suggests"
        text += " The limits fit exp(coefficient), the odds or hazard ratio."
    return Finding(
        check=check,
        status=status,
        target=estimate.id,
        uses=limits,
        low=found.low.number.low,
        high=found.high.number.high,
        text=text,
    )


def _moved_point(found: RegressionEstimate) -> str:
    """Name the value inside the interval that differs by its decimal point only."""
    low, high = found.low.number.low, found.high.number.high
    number = found.estimate.number
    for places in (-1, 1, -2, 2):
        value = number.value * 10.0**places
        if low <= value <= high:
            text = format_value(value, max(0, number.decimals - places))
            return f" With its decimal point moved, {text}, it would not."
    return ""


def _other_containment(row: ReportedNumber, low, high, shortened: bool) -> Finding:
    """Look at the limits of a mean, a median, a share or a rate."""
    ends = [float_limits(limit.number, shortened) for limit in (low, high)]
    least, most = float_limits(row.number, shortened)
    crossed, limits = ends[0][0] > ends[1][1], ids(low, high)
    blamed = not crossed and (most < ends[0][0] or least > ends[1][1])
    fault = "the lower limit is above the upper limit" if crossed else "the estimate lies outside"
    return Finding(
        check="estimate_in_interval",
        status="contradicted" if crossed or blamed else "agrees",
        target=row.id if blamed else "",
        uses=limits if blamed else (row.id, *limits),
        text=f"{short_name(row)} {row.printed} ({low.printed} to {high.printed}): "
        f"{f'{fault} its interval' if blamed else fault if crossed else INSIDE}.",
    )


def midpoint(low: Interval, high: Interval) -> Interval:
    """Return the range of the middle of an interval whose limits are known to rounding.

    Parameters
    ----------
    low, high : (float, float)
        Smallest and largest value of each limit.

    Returns
    -------
    (float, float)
        Range of the middle.
    """
    return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2


def mirrored(centre: Interval, limit: Interval) -> Interval:
    """Return the range of the other limit of a symmetric interval.

    Parameters
    ----------
    centre, limit : (float, float)
        Smallest and largest value of the estimate and of one limit.

    Returns
    -------
    (float, float)
        Range of the other limit.
    """
    return 2 * centre[0] - limit[1], 2 * centre[1] - limit[0]


def check_interval_symmetry(registry: Registry) -> list[Finding]:
    """Recompute estimate and limits from each other on the log scale; needs all three."""
    judged = [
        (found, [unless_shortened(partial(_symmetry, found, row)) for row in _three(found)])
        for found in regression_estimates(registry)
        if found.has_interval
    ]
    symmetric = Counter(
        found.estimate.locus
        for found, findings in judged
        if all(finding.status == "agrees" for finding in findings)
    )
    listed = []
    for found, findings in judged:
        if all(finding.status == "agrees" for finding in findings):
            listed += findings
        # An estimate outside its interval has been told: check_estimate_in_interval.
        elif _containment(found, shortened=False).status != "contradicted":
            listed += _blamed(found, findings, symmetric[found.estimate.locus])
    return listed


def _three(found: RegressionEstimate) -> tuple[ReportedNumber, ...]:
    return found.estimate, found.low, found.high


def _blamed(found: RegressionEstimate, findings: list[Finding], symmetric: int) -> list[Finding]:
    """Keep the one finding about a number without which the others and p belong together."""
    if found.p is None:
        return findings
    values = [found.coefficient(), *found.limits()]
    p = found.p.number.low, found.p.number.high
    fitting = [
        place
        for place in range(3)
        if wald_region(*(None if other == place else values[other] for other in range(3)), p)
    ]
    if len(fitting) != 1:
        return findings
    finding = findings[fitting[0]]
    text = f"{finding.text} The other two fit p {found.p.printed}."
    if symmetric:
        text += f" {symmetric} other intervals of {found.estimate.locus} are symmetric."
    return [replace(finding, text=text)]


def _symmetry(found: RegressionEstimate, target: ReportedNumber, shortened: bool) -> Finding:
    coefficient, (low, high) = found.coefficient(shortened), found.limits(shortened)
    allowed = {
        "ci_low": mirrored(coefficient, high),
        "ci_high": mirrored(coefficient, low),
    }.get(target.statistic, midpoint(low, high))
    exponentiated = found.is_ratio if target is found.estimate else found.limits_are_ratios
    ends = tuple(exponential(end) for end in allowed) if exponentiated else allowed
    role = {"ci_low": "lower limit", "ci_high": "upper limit"}.get(target.statistic, "estimate")
    text = (
        f"{found.printed}: if the interval is symmetric{_on_scale(found)}, the {role} is "
        f"{shown(*ends, target.number.decimals + 1)}; printed is {target.printed}."
    )
    others = (row for row in (found.estimate, found.low, found.high) if row is not target)
    finding = judge("interval_symmetry", target, ids(*others), *ends, text)
    return under_assumption(finding, found.is_wald, OTHER_INTERVALS)


def _on_scale(found: RegressionEstimate) -> str:
    return " on the log scale" if found.limits_are_ratios else ""


def check_coefficient_and_ratio(registry: Registry) -> list[Finding]:
    """Compare a ratio with exp(coefficient); needs both for one term of one model in one place."""
    terms: dict[tuple, list[ReportedNumber]] = defaultdict(list)
    for row in originals(registry, (*RATIOS, "coefficient")):
        terms[row.locus, row.variable, row.level, row.group, row.method].append(row)
    findings = []
    for rows in terms.values():
        if {row.statistic for row in rows} not in ({"coefficient", ratio} for ratio in RATIOS):
            continue
        if len(rows) == 2:
            coefficient, ratio = sorted(rows, key=lambda row: row.statistic)
            findings.append(unless_shortened(partial(_ratio, coefficient, ratio)))
            findings.append(unless_shortened(partial(_coefficient, coefficient, ratio)))
    return findings


def _ratio(coefficient: ReportedNumber, ratio: ReportedNumber, shortened: bool) -> Finding:
    ends = tuple(exponential(end) for end in float_limits(coefficient.number, shortened))
    text = (
        f"{short_name(coefficient)} {coefficient.printed}, {short_name(ratio)} {ratio.printed}: "
        f"exp(coefficient) is {shown(*ends, ratio.number.decimals + 1)}."
    )
    return judge("coefficient_and_ratio", ratio, (coefficient.id,), *ends, text)


def _coefficient(coefficient: ReportedNumber, ratio: ReportedNumber, shortened: bool) -> Finding:
    ends = tuple(logarithm(end) for end in float_limits(ratio.number, shortened))
    text = (
        f"{short_name(coefficient)} {coefficient.printed}, {short_name(ratio)} {ratio.printed}: "
        f"log(ratio) is {shown(*ends, coefficient.number.decimals + 1)}."
    )
    return judge("coefficient_and_ratio", coefficient, (ratio.id,), *ends, text)


def check_cutoff_of_model(registry: Registry) -> list[Finding]:
    """Compare a cut-off of logit(p) with the intercept; needs it and coefficients of one sign."""
    findings = []
    for cutoff in originals(registry, "cutoff", level=""):
        name = cutoff.variable.lower()
        if not any(word in name for word in LINEAR_PREDICTORS):
            continue
        for intercept in originals(registry, "intercept", group=cutoff.group):
            model = {"group": cutoff.group, "method": intercept.method, "locus": intercept.locus}
            terms = originals(registry, "coefficient", **model)
            if terms and all(row.contrast or row.number.low > 0 for row in terms):
                findings.append(_beyond_intercept(cutoff, intercept, terms, above=False))
            if terms and all(row.contrast or row.number.high < 0 for row in terms):
                findings.append(_beyond_intercept(cutoff, intercept, terms, above=True))
    return findings


def _beyond_intercept(cutoff, intercept, terms: list[ReportedNumber], above: bool) -> Finding:
    """Judge a cut-off against the end that logit(p) has where no term's variable is negative."""
    rows = [row for row in terms if (row.number.value > 0) is above and row.contrast]
    end = sum(row.number.high if above else row.number.low for row in (intercept, *rows))
    beyond = cutoff.number.low > end if above else cutoff.number.high < end
    side, other = ("most", "negative") if above else ("least", "positive")
    text = (
        f"intercept {intercept.printed}, {', '.join(f'{short_name(r)} {r.printed}' for r in terms)}"
        f": where no variable is negative, logit(p) is at {side} "
        f"{shown(end, end, intercept.number.decimals)}; the cut-off is {cutoff.printed}"
    )
    if beyond:
        text += f", which would call every patient {other}"
    used = (intercept.id, *(row.id for row in terms))
    return Finding(
        check="cutoff_of_model",
        status="suggests" if beyond else "agrees",
        target=cutoff.id if beyond else "",
        uses=used if beyond else (cutoff.id, *used),
        low=-math.inf if above else end,
        high=end if above else math.inf,
        text=f"{text}.",
    )
