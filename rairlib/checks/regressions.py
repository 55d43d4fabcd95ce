"""Estimates of regressions: do ratio, coefficient and confidence interval belong together.

What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
limits says ``wald`` or ``wald exp``; elsewhere it is ``suggests``.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist

from rairlib.checks.cells import attached, ids, originals, short_name, unless_shortened
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import float_limits, is_plain, judge, shown, shown_p
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import RATIOS

# --- Wald estimates: one coefficient and one standard error behind estimate, limits and p value ---
# A Wald interval is ``coefficient ± 1.96 standard errors`` on the log scale, and its p value comes
# from ``coefficient / standard error``. Each printed number bounds these two unknowns by straight
# lines, so that the pairs which agree with the print form a polygon; whatever else follows from
# them is largest and smallest in a corner.


Interval = tuple[float, float]

# Software multiplies by the exact quantile, hand calculation by 1.96.
MULTIPLIERS = (NormalDist().inv_cdf(0.975), 1.96)
# No printed ratio lies beyond exp(±60); the bound keeps every polygon finite.
LARGEST = 60.0
SLACK = 1e-9


def p_from_z(z: float) -> float:
    """Two-sided p value of a standard normal statistic."""
    return math.erfc(abs(z) / math.sqrt(2))


def z_from_p(p: float) -> float:
    """Absolute standard normal statistic of a two-sided p value; infinite for p of 0 or less."""
    if p <= 0:
        return math.inf
    return -NormalDist().inv_cdf(min(p, 1.0) / 2)


@dataclass(frozen=True, slots=True)
class WaldRegion:
    """The coefficients and standard errors that agree with the print.

    Attributes
    ----------
    corners : tuple of (float, float, float)
        Coefficient, standard error and multiplier of the interval in each corner; empty if no
        pair agrees.
    """

    corners: tuple[tuple[float, float, float], ...]

    def __bool__(self) -> bool:
        """Whether any coefficient and standard error agree with the print."""
        return bool(self.corners)

    def coefficient(self) -> Interval:
        """Range of the coefficient."""
        return _ends(b for b, _, _ in self.corners)

    def standard_error(self) -> Interval:
        """Range of the standard error."""
        return _ends(s for _, s, _ in self.corners)

    def low_limit(self) -> Interval:
        """Range of the lower limit, on the log scale."""
        return _ends(b - multiplier * s for b, s, multiplier in self.corners)

    def high_limit(self) -> Interval:
        """Range of the upper limit, on the log scale."""
        return _ends(b + multiplier * s for b, s, multiplier in self.corners)

    def p_value(self) -> Interval:
        """Range of the two-sided p value."""
        if any(abs(b) < SLACK and s < SLACK for b, s, _ in self.corners):
            return 0.0, 1.0
        z = [abs(b) / s if s > SLACK else math.inf for b, s, _ in self.corners]
        low, high = self.coefficient()
        return p_from_z(max(z)), 1.0 if low <= 0 <= high else p_from_z(min(z))


def _ends(values) -> Interval:
    listed = list(values)
    return min(listed), max(listed)


def wald_region(
    coefficient: Interval | None = None,
    low: Interval | None = None,
    high: Interval | None = None,
    p: Interval | None = None,
    multipliers: tuple[float, ...] = MULTIPLIERS,
) -> WaldRegion:
    """Find all coefficients and standard errors that agree with printed numbers.

    Parameters
    ----------
    coefficient, low, high : (float, float) or None
        Interval of values that round to the printed estimate and limits, on the log scale;
        infinite ends bound nothing.
    p : (float, float) or None
        Interval of values that round to the printed two-sided p value.
    multipliers : tuple of float
        Standard errors between estimate and limit; those of 95 % intervals if left out.

    Returns
    -------
    WaldRegion
        The corners of the polygon.
    """
    corners = []
    for multiplier in multipliers:
        lines = [(0.0, -1.0, 0.0), (0.0, 1.0, LARGEST), *_between(1.0, 0.0, (-LARGEST, LARGEST))]
        lines += _between(1.0, 0.0, coefficient)
        lines += _between(1.0, -multiplier, low)
        lines += _between(1.0, multiplier, high)
        for cone in _cones(p):
            corners += [(b, s, multiplier) for b, s in _corners(lines + cone)]
    return WaldRegion(tuple(corners))


def _between(b: float, s: float, limits: Interval | None) -> list[tuple[float, float, float]]:
    """Return half-planes ``b·coefficient + s·error`` within limits, as ``≤ bound``."""
    if limits is None:
        return []
    lines = [(b, s, limits[1]), (-b, -s, -limits[0])]
    return [line for line in lines if math.isfinite(line[2])]


def _cones(p: Interval | None) -> list[list[tuple[float, float, float]]]:
    """Return half-planes ``z ≤ |coefficient| / error``, one list for each sign."""
    if p is None:
        return [[]]
    smallest, largest = z_from_p(p[1]), z_from_p(p[0])
    cones = []
    for sign in (1.0, -1.0):
        cone = [(-sign, smallest, 0.0)]
        if math.isfinite(largest):
            cone.append((sign, -largest, 0.0))
        cones.append(cone)
    return cones


def _corners(lines: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    corners = []
    for (b1, s1, k1), (b2, s2, k2) in combinations(lines, 2):
        determinant = b1 * s2 - b2 * s1
        if abs(determinant) < 1e-12:
            continue
        b = (k1 * s2 - k2 * s1) / determinant
        s = (b1 * k2 - b2 * k1) / determinant
        if all(cb * b + cs * s <= bound + SLACK for cb, cs, bound in lines):
            corners.append((b, max(s, 0.0)))
    return corners


# --- Estimates of regressions with their limits and p value, on the log scale -----------------


WALD = ("wald", "wald exp")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionEstimate:
    """A printed ratio or coefficient and what belongs to it.

    Attributes
    ----------
    estimate : ReportedNumber
        Odds ratio, hazard ratio or coefficient.
    low, high, p : ReportedNumber or None
        Its limits and its p value.
    """

    estimate: ReportedNumber
    low: ReportedNumber | None
    high: ReportedNumber | None
    p: ReportedNumber | None

    @property
    def is_ratio(self) -> bool:
        """Whether the estimate is a ratio, whose logarithm is the coefficient."""
        return self.estimate.statistic in RATIOS

    @property
    def limits_are_ratios(self) -> bool:
        """Whether the limits are of the ratio, or of exp(coefficient)."""
        methods = {row.method for row in (self.estimate, self.low, self.high) if row is not None}
        return self.is_ratio or "wald exp" in methods

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def is_wald(self) -> bool:
        """Whether the registry says that the printed interval is a Wald interval."""
        rows = [row for row in (self.low, self.high) if row is not None]
        if self.estimate.method in WALD:
            return True
        return bool(rows) and all(row.method in WALD for row in rows)

    @property
    def printed(self) -> str:
        """What is printed, in words: name, estimate and interval."""
        row, limits = self.estimate, ""
        if self.has_interval:
            limits = f" ({self.low.printed} to {self.high.printed})"
        return f"{short_name(row)} {row.printed}{limits}"

    def coefficient(self, shortened: bool = False) -> Interval:
        """Values of the coefficient that round (or could be shortened) to the estimate."""
        return _scaled(self.estimate, self.is_ratio, shortened)

    def limits(self, shortened: bool = False) -> tuple[Interval, Interval]:
        """Values of both limits, on the scale of the coefficient."""
        low, high = (
            _scaled(row, self.limits_are_ratios, shortened) for row in (self.low, self.high)
        )
        return low, high


def _scaled(row: ReportedNumber, is_ratio: bool, shortened: bool) -> Interval:
    ends = float_limits(row.number, shortened)
    return (logarithm(ends[0]), logarithm(ends[1])) if is_ratio else ends


def logarithm(value: float) -> float:
    """Natural logarithm, minus infinity for zero and for what rounds to it from below."""
    return math.log(value) if value > 0 else -math.inf


def exponential(value: float) -> float:
    """Exponential function, infinite where it overflows."""
    return math.exp(value) if value < 700 else math.inf


@lru_cache(maxsize=2)
def regression_estimates(registry: Registry) -> list[RegressionEstimate]:
    """Collect ratios and coefficients with their limits and p values.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of RegressionEstimate
        In order of appearance; repeats, inequalities and approximations are left out.
    """
    found = []
    for row in originals(registry, (*RATIOS, "coefficient")):
        low, high = (_plain(attached(registry, row, limit)) for limit in ("ci_low", "ci_high"))
        p = attached(registry, row, "p_value")
        found.append(RegressionEstimate(estimate=row, low=low, high=high, p=p))
    return found


def _plain(row: ReportedNumber | None) -> ReportedNumber | None:
    return row if row is not None and is_plain(row) else None


def other_level(found: RegressionEstimate) -> str:
    """Name the other level of confidence at which interval and p value fit, as a sentence.

    Parameters
    ----------
    found : RegressionEstimate
        An estimate with its interval.

    Returns
    -------
    str
        Empty where they fit at 95 %, at no other usual level, or where no p value is printed.
    """
    if not found.has_interval or found.p is None:
        return ""
    printed = found.coefficient(), *found.limits(), (found.p.number.low, found.p.number.high)
    if wald_region(*printed):
        return ""
    for level in (90, 99):
        multiplier = NormalDist().inv_cdf(0.5 + level / 200)
        if wald_region(*printed, multipliers=(multiplier,)):
            return f" Read as a {level} % interval it fits p {found.p.printed}."
    return ""


def under_assumption(finding: Finding, declared: bool, rescue: str) -> Finding:
    """Turn a proof into a suggestion where its assumption is not declared.

    Parameters
    ----------
    finding : Finding
        Outcome under the assumption.
    declared : bool
        Whether the registry says that the assumption holds.
    rescue : str
        What else could explain the print; added to the text.

    Returns
    -------
    Finding
        Unchanged unless it is an undeclared contradiction.
    """
    if declared or finding.status != "contradicted":
        return finding
    return replace(finding, status="suggests", text=finding.text + rescue)


# --- Estimates of regressions: do ratio, coefficient and confidence interval belong together ---
# What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
# whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
# intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
# symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
# limits says ``wald`` or ``wald exp``; elsewhere it is ``suggests``.


LIMITS = ("ci_low", "ci_high")
INSIDE = "the estimate lies inside its interval"
LINEAR_PREDICTORS = ("logit", "linear_predictor", "linear predictor", "prognostic_index")
OTHER_INTERVALS = " A profile-likelihood or bootstrap interval need not be symmetric."


@check("regressions", "possibility")
def check_estimate_in_interval(registry: Registry) -> list[Finding]:
    """Look for an estimate inside its interval; needs the estimate and both limits."""
    findings = [
        unless_shortened(_containment, found)
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
            findings.append(unless_shortened(_other_containment, row, *limits))
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


@check("regressions", "bookkeeping")
def check_interval_symmetry(registry: Registry) -> list[Finding]:
    """Recompute estimate and limits from each other on the log scale; needs all three."""
    judged = [
        (found, [unless_shortened(_symmetry, found, row) for row in _three(found)])
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
    finding = judge(target, ids(*others), *ends, text)
    return under_assumption(finding, found.is_wald, OTHER_INTERVALS)


def _on_scale(found: RegressionEstimate) -> str:
    return " on the log scale" if found.limits_are_ratios else ""


@check("regressions", "bookkeeping")
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
            findings.append(unless_shortened(_ratio, coefficient, ratio))
            findings.append(unless_shortened(_coefficient, coefficient, ratio))
    return findings


def _ratio(coefficient: ReportedNumber, ratio: ReportedNumber, shortened: bool) -> Finding:
    ends = tuple(exponential(end) for end in float_limits(coefficient.number, shortened))
    text = (
        f"{short_name(coefficient)} {coefficient.printed}, {short_name(ratio)} {ratio.printed}: "
        f"exp(coefficient) is {shown(*ends, ratio.number.decimals + 1)}."
    )
    return judge(ratio, (coefficient.id,), *ends, text)


def _coefficient(coefficient: ReportedNumber, ratio: ReportedNumber, shortened: bool) -> Finding:
    ends = tuple(logarithm(end) for end in float_limits(ratio.number, shortened))
    text = (
        f"{short_name(coefficient)} {coefficient.printed}, {short_name(ratio)} {ratio.printed}: "
        f"log(ratio) is {shown(*ends, coefficient.number.decimals + 1)}."
    )
    return judge(coefficient, (ratio.id,), *ends, text)


@check("regressions", "possibility")
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


# --- P values of regressions: do they follow from estimate and interval under Wald ------------
# Estimate, limits and p value of a Wald test come from one coefficient and one standard error. A p
# value may also come from a likelihood ratio or score test, and an interval from a profile
# likelihood: a mismatch is ``contradicted`` only where the registry's `method` says ``wald`` (or
# ``wald exp``) for both limits and ``wald`` for the p value; elsewhere it is ``suggests``.


# A p value of one of these methods, or of none, may be a Wald test.
WALD_P_METHODS = ("", "wald", "univariable", "multivariable")
OTHER_TESTS = " A likelihood ratio or score test may give another p value."
SIGNIFICANT = 0.05


@check("regressions", "bookkeeping")
def check_wald_p_value(registry: Registry) -> list[Finding]:
    """Recompute the Wald p value from estimate and interval; needs these and the p value."""
    return [
        unless_shortened(_wald_p, found)
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
    finding = judge(found.p, uses, low, high, text)
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


@check("regressions", "possibility")
def check_significance(registry: Registry) -> list[Finding]:
    """Set p below 0.05 beside an interval without the null value; needs limits and p value."""
    return [
        unless_shortened(_significance, found)
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


@check("regressions", "bookkeeping")
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


@check("regressions", "bookkeeping")
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
            findings.append(judge(row, uses, below, most, text))
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
