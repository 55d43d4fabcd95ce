"""Estimates of regressions: do ratio, coefficient and confidence interval belong together.

What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
limits says ``wald`` or ``wald exp``; elsewhere it is ``suggests``.
"""

import math
from collections import defaultdict
from functools import partial

from rairlib.checks.lookup import ids, originals, short_name, unless_shortened
from rairlib.checks.regression_estimates import (
    RegressionEstimate,
    exponential,
    logarithm,
    regression_estimates,
    under_assumption,
)
from rairlib.checks.rounding import float_limits, judge, shown
from rairlib.checks.wald import Interval
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber
from rairlib.vocabulary import RATIOS

LINEAR_PREDICTORS = ("logit", "linear_predictor", "linear predictor", "prognostic_index")
OTHER_INTERVALS = " A profile-likelihood or bootstrap interval need not be symmetric."


def check_estimate_in_interval(registry: Registry) -> list[Finding]:
    """Look for an estimate inside its interval; needs a ratio or coefficient and both limits."""
    return [
        unless_shortened(partial(_containment, found))
        for found in regression_estimates(registry)
        if found.has_interval
    ]


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
        text = f"{printed}: the estimate lies inside its interval."
        return Finding(check=check, status="agrees", uses=(estimate.id, *limits), text=text)
    text = f"{printed}: the estimate lies outside its own interval."
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
    return [
        unless_shortened(partial(_symmetry, found, target))
        for found in regression_estimates(registry)
        if found.has_interval
        for target in (found.estimate, found.low, found.high)
    ]


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
