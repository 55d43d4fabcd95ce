"""P values of regressions: do they follow from estimate and interval under Wald.

Estimate, limits and p value of a Wald test come from one coefficient and one standard error. A p
value may also come from a likelihood ratio or score test, and an interval from a profile
likelihood: a mismatch is ``contradicted`` only where the registry's `method` says ``wald`` (or
``wald exp``) for both limits and ``wald`` for the p value; elsewhere it is ``suggests``.
"""

from dataclasses import replace
from functools import partial

from rairlib.checks.lookup import ids, unless_shortened
from rairlib.checks.regression_estimates import (
    RegressionEstimate,
    exponential,
    other_level,
    regression_estimates,
    under_assumption,
)
from rairlib.checks.rounding import float_limits, judge, shown, shown_p
from rairlib.checks.wald import Interval, WaldRegion, wald_region
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

# A p value of one of these methods, or of none, may be a Wald test.
WALD_P_METHODS = ("", "wald", "univariable", "multivariable")
OTHER_TESTS = " A likelihood ratio or score test may give another p value."
SIGNIFICANT = 0.05


def check_wald_p_value(registry: Registry) -> list[Finding]:
    """Recompute the Wald p value from estimate and interval; needs these and the p value."""
    return [
        unless_shortened(partial(_wald_p, found))
        for found in _with_interval_and_p(registry)
        if wald_region(found.coefficient(), *found.limits())
    ]


def _with_interval_and_p(registry: Registry) -> list[RegressionEstimate]:
    return [
        found
        for found in regression_estimates(registry)
        if found.has_interval and found.p is not None and found.p.method in WALD_P_METHODS
    ]


def _wald_p(found: RegressionEstimate, shortened: bool) -> Finding:
    region = wald_region(found.coefficient(shortened), *found.limits(shortened))
    low, high = region.p_value()
    decimals = found.p.number.decimals
    between = dict.fromkeys((shown_p(low, decimals), shown_p(high, decimals)))
    text = (
        f"{found.printed}: under Wald the standard error is "
        f"{shown(*region.standard_error(), 4)} and p is {' to '.join(between)}; "
        f"printed is {found.p.printed}."
    )
    uses = ids(found.estimate, found.low, found.high)
    finding = judge("wald_p_value", found.p, uses, low, high, text)
    if finding.status == "agrees" and high - low > 0.5:
        return replace(finding, status="open", text=text + " The rounding decides nothing.")
    if finding.status != "agrees" and high < 0.0005 and found.p.number.agrees(0.001):
        text = finding.text + " Software prints such a value as .000, and 0.001 may stand for it."
        return replace(finding, status="suggests", text=text)
    return _unless_other_method(finding, found, OTHER_TESTS)


def _unless_other_method(finding: Finding, found: RegressionEstimate, rescue: str) -> Finding:
    level = other_level(found)
    declared = found.is_wald and found.p.method == "wald" and not level
    return under_assumption(finding, declared, level or rescue)


def check_significance(registry: Registry) -> list[Finding]:
    """Set p below 0.05 beside an interval without the null value; needs limits and p value."""
    return [
        unless_shortened(partial(_significance, found))
        for found in _with_interval_and_p(registry)
        if excludes_null(*found.limits()) is not None and is_significant(found.p) is not None
    ]


def excludes_null(low: Interval, high: Interval) -> bool | None:
    """Say whether an interval excludes no effect.

    Parameters
    ----------
    low, high : (float, float)
        Smallest and largest value of each limit, on the scale where no effect is 0.

    Returns
    -------
    bool or None
        None if the rounding leaves it open.
    """
    if low[0] > 0 or high[1] < 0:
        return True
    return False if low[1] < 0 < high[0] else None


def is_significant(p: ReportedNumber, shortened: bool = False) -> bool | None:
    """Say whether a printed p value is below 0.05; None if the rounding leaves it open."""
    low, high = float_limits(p.number, shortened)
    if high < SIGNIFICANT or (p.number.operator == "<" and high <= SIGNIFICANT):
        return True
    if low > SIGNIFICANT or (p.number.operator == ">" and low >= SIGNIFICANT):
        return False
    return None


def _significance(found: RegressionEstimate, shortened: bool) -> Finding:
    excluded, significant = excludes_null(*found.limits()), is_significant(found.p)
    null = "1" if found.limits_are_ratios else "0"
    text = (
        f"{found.printed}: the interval {'excludes' if excluded else 'includes'} {null}, and "
        f"p {'is' if significant else 'is not'} below 0.05 (printed {found.p.printed})."
    )
    uses = ids(found.estimate, found.low, found.high, found.p)
    check = "significance"
    sides = {excludes_null(*found.limits(shortened)), is_significant(found.p, shortened)}
    if excluded == significant or None in sides:
        return Finding(check=check, status="agrees", uses=uses, text=text)
    finding = Finding(
        check=check, status="contradicted", target=found.p.id, uses=uses[:-1], text=text
    )
    rescue = " Interval and p value may come from different methods."
    return _unless_other_method(finding, found, rescue)


def check_interval_from_p_value(registry: Registry) -> list[Finding]:
    """Work out the Wald interval that is not printed; needs estimate and p value without limits."""
    findings = []
    for found in regression_estimates(registry):
        p = found.p
        if found.low is not None or found.high is not None or p is None:
            continue
        if p.method not in WALD_P_METHODS:
            continue
        region = wald_region(found.coefficient(), p=(p.number.low, p.number.high))
        if region and p.number.operator == "=":
            findings.append(_interval_from_p(found, region))
    return findings


def check_significant_predictors(registry: Registry) -> list[Finding]:
    """Count the multivariable p values below 0.05; needs a printed number of predictors."""
    findings = []
    for row in registry.where("number", variable="independent_predictors"):
        tested = [
            (found.estimate.variable, is_significant(found.p), found.p)
            for found in regression_estimates(registry)
            if found.p is not None
            and found.estimate.group == row.group
            and found.estimate.method == row.method
        ]
        if tested:
            below = len({variable for variable, yes, _ in tested if yes})
            most = len({variable for variable, yes, _ in tested if yes is not False})
            text = f"{shown(below, most, 0)} of the predictors of the model have p below 0.05."
            uses = ids(*(p for *_, p in tested))
            findings.append(judge("significant_predictors", row, uses, below, most, text))
    return findings


def _interval_from_p(found: RegressionEstimate, region: WaldRegion) -> Finding:
    decimals = found.estimate.number.decimals
    ends = [
        tuple(exponential(end) for end in limit) if found.is_ratio else limit
        for limit in (region.low_limit(), region.high_limit())
    ]
    text = (
        f"{found.printed}, p {found.p.printed}, without an interval: under Wald the lower limit "
        f"is {shown(*ends[0], decimals)} and the upper limit is {shown(*ends[1], decimals)}."
    )
    return Finding(
        check="interval_from_p_value", status="open", uses=ids(found.estimate, found.p), text=text
    )
