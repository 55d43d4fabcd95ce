"""Estimates of regressions: do ratio, coefficient and confidence interval belong together.

What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
limits says ``wald`` or ``wald exp``; elsewhere it is ``open`` where another usual interval is as
askew, and ``suggests`` beyond.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist

from rairlib.checks.cells import attached, originals, short_name, unless_shortened
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import (
    float_limits,
    is_plain,
    judge,
    likely_slip,
    shown,
    shown_p_range,
)
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import RATIOS

# --- Wald estimates: one coefficient and one standard error behind estimate, limits and p value ---
# A Wald interval is ``coefficient ± 1.96 standard errors`` on the log scale, and its p value comes
# from ``coefficient / standard error``. Each printed number bounds these two unknowns by straight
# lines, so that the pairs which agree with the print form a polygon; whatever else follows from
# them is largest and smallest in a corner.


Interval = tuple[float, float]

# By level of confidence: software multiplies by the exact quantile, hand calculation by 1.96.
LEVELS = {
    95: (NormalDist().inv_cdf(0.975), 1.96),
    90: (NormalDist().inv_cdf(0.95), 1.645),
    99: (NormalDist().inv_cdf(0.995), 2.576),
}
MULTIPLIERS = LEVELS[95]
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

    def limit(self, sign: int) -> Interval:
        """Range of the lower (sign -1) or upper limit (sign 1), on the log scale."""
        return _ends(b + sign * multiplier * s for b, s, multiplier in self.corners)

    def p_value(self) -> Interval:
        """Range of the two-sided p value."""
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
        lines = [(0.0, -1.0, 0.0), (0.0, 1.0, LARGEST)]
        bounded = (
            (0.0, (-LARGEST, LARGEST)),
            (0.0, coefficient),
            (-multiplier, low),
            (multiplier, high),
        )
        for slope, ends in bounded:
            if ends is not None:
                lines += [(1.0, slope, ends[1]), (-1.0, -slope, -ends[0])]
        for cone in _cones(p):
            corners += [(b, s, multiplier) for b, s in _corners((*lines, *cone))]
    return WaldRegion(tuple(corners))


def _cones(p: Interval | None) -> list[list[tuple[float, float, float]]]:
    """Return half-planes ``z ≤ |coefficient| / error``, one list for each sign."""
    if p is None:
        return [[]]
    smallest, largest = z_from_p(p[1]), z_from_p(p[0])
    return [[(-sign, smallest, 0.0), (sign, -largest, 0.0)] for sign in (1.0, -1.0)]


@lru_cache(maxsize=4096)
def _corners(lines: tuple[tuple[float, float, float], ...]) -> list[tuple[float, float]]:
    """Return where ``b·coefficient + s·error ≤ bound`` meet; infinite numbers bound nothing."""
    lines, corners = [line for line in lines if all(map(math.isfinite, line))], []
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
REGRESSED = (*RATIOS, "coefficient")
DIFFERENCES = ("mean_difference", "risk_difference", "standardised_mean_difference")
ESTIMATES = (*REGRESSED, *DIFFERENCES)
# Pairs and weights leave it open whether Wald's formula holds; corrected numbers follow another.
UNSURE, CORRECTED = {"paired", "weighted"}, {"bonferroni", "corrected"}
ROLES = {"ci_low": "lower limit", "ci_high": "upper limit"}
LIMITS = tuple(ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionEstimate:
    """A printed ratio or coefficient and what belongs to it.

    Attributes
    ----------
    estimate : ReportedNumber
        A ratio, a coefficient or a difference.
    low, high, p : ReportedNumber or None
        Its limits and its p value.
    """

    estimate: ReportedNumber
    low: ReportedNumber | None
    high: ReportedNumber | None
    p: ReportedNumber | None

    @property
    def three(self) -> tuple[ReportedNumber, ReportedNumber | None, ReportedNumber | None]:
        """Estimate and limits."""
        return self.estimate, self.low, self.high

    @property
    def is_ratio(self) -> bool:
        """Whether the estimate is a ratio, whose logarithm is the coefficient."""
        return self.estimate.statistic in RATIOS

    @property
    def limits_are_ratios(self) -> bool:
        """Whether the limits are of the ratio, or of exp(coefficient)."""
        return self.is_ratio or any(row and row.test == "wald exp" for row in self.three)

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def is_wald(self) -> bool:
        """Whether the registry says that the printed interval is a Wald interval."""
        limits = [row.test for row in (self.low, self.high) if row is not None]
        declared = self.estimate.test in WALD or (bool(limits) and set(limits) <= set(WALD))
        return declared and not self.modifiers & (UNSURE | CORRECTED)

    @property
    def modifiers(self) -> set[str]:
        """What the methods of estimate and limits say besides: level, weights, corrections."""
        return {word for row in self.three if row is not None for word in row.modifiers}

    @property
    def level(self) -> int:
        """The level of confidence of the interval, in percent."""
        return confidence_level(self.modifiers)

    @property
    def p_may_be_wald(self) -> bool:
        """Whether the p value may be Wald's: by its method, and not corrected."""
        of_wald = self.p is not None and self.p.test in WALD_P_METHODS
        return of_wald and not CORRECTED & {*self.p.modifiers, *self.modifiers}

    @property
    def p_is_wald(self) -> bool:
        """Whether the registry says that the p value is Wald's."""
        return self.p.test == "wald" and not UNSURE & {*self.p.modifiers}

    @property
    def p_range(self) -> Interval:
        """Values of the two-sided p value that round to the print."""
        return two_sided(self.p)

    @property
    def printed(self) -> str:
        """What is printed, in words: name, estimate and interval."""
        limits = f" ({self.low.printed} to {self.high.printed})" if self.has_interval else ""
        return f"{short_name(self.estimate)} {self.estimate.printed}{limits}"

    def region(self, shortened: bool = False, alone: bool = False) -> WaldRegion:
        """Wald estimates that agree with estimate and interval, or with the interval alone."""
        coefficient = None if alone else self.coefficient(shortened)
        return wald_region(coefficient, *self.limits(shortened), multipliers=LEVELS[self.level])

    def coefficient(self, shortened: bool = False) -> Interval:
        """Values of the coefficient that round (or could be shortened) to the estimate."""
        return _scaled(self.estimate, self.is_ratio, shortened)

    def limits(self, shortened: bool = False) -> tuple[Interval, Interval]:
        """Values of both limits, on the scale of the coefficient."""
        return (
            _scaled(self.low, self.limits_are_ratios, shortened),
            _scaled(self.high, self.limits_are_ratios, shortened),
        )


def confidence_level(modifiers: Iterable[str]) -> int:
    """Return the level of confidence in percent that modifiers of methods state, or 95."""
    stated = {*modifiers}
    return next((level for level in LEVELS if f"{level}%" in stated), 95)


def two_sided(p: ReportedNumber, shortened: bool = False) -> Interval:
    """Return the values of a two-sided p behind a print, twice those of a one-sided one."""
    low, high = float_limits(p.number, shortened)
    if "one_sided" not in p.modifiers:
        return low, high
    if p.number.operator in ">≥":
        return 0.0, 1.0  # of either side
    return (2 * low, 2 * high) if low <= 0.5 else (2 * (1 - high), 2 * (1 - low))


def on_one_side(row: ReportedNumber, low: float, high: float) -> Interval:
    """Turn the limits of a two-sided p into those of a one-sided, where the print is of one."""
    if "one_sided" not in row.modifiers:
        return low, high
    # Above one half where the difference points to the other side.
    own, other = (low / 2, high / 2), (1 - high / 2, 1 - low / 2)
    return other if row.number.overlaps(*other) and not row.number.overlaps(*own) else own


def _scaled(row: ReportedNumber, is_ratio: bool, shortened: bool) -> Interval:
    low, high = float_limits(row.number, shortened)
    return (logarithm(low), logarithm(high)) if is_ratio else (low, high)


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
    return [_with_limits(registry, row) for row in originals(registry, ESTIMATES)]


def _with_limits(registry: Registry, row: ReportedNumber) -> RegressionEstimate:
    (low, high), p = plain_limits(registry, row), attached(registry, row, "p_value")
    return RegressionEstimate(estimate=row, low=low, high=high, p=p)


def plain_limits(registry: Registry, row: ReportedNumber) -> list[ReportedNumber | None]:
    """Return lower and upper limit of an estimate, each None where it is not plainly printed."""
    limits = (attached(registry, row, name) for name in LIMITS)
    return [limit if limit is not None and is_plain(limit) else None for limit in limits]


def other_level(found: RegressionEstimate) -> str:
    """Name the other level of confidence, or side, at which interval and p value fit.

    Parameters
    ----------
    found : RegressionEstimate
        An estimate with its interval.

    Returns
    -------
    str
        ``a 90 % interval``; empty where they fit as declared, in no other usual way, or where no
        p value is printed.
    """
    if not found.has_interval or found.p is None:
        return ""
    printed = found.coefficient(), *found.limits()
    if wald_region(*printed, found.p_range, LEVELS[found.level]):
        return ""
    for level, multipliers in LEVELS.items():
        if wald_region(*printed, found.p_range, multipliers):
            return f"a {level} % interval"
    halved = tuple(2 * end for end in found.p_range)
    one_sided = wald_region(*printed, halved, LEVELS[found.level]) and halved[1] <= 1
    return "a one-sided p value" if one_sided else ""


def unless_other_method(
    finding: Finding,
    found: RegressionEstimate,
    rescue: str,
    declared: bool = True,
    told: bool = True,
) -> Finding:
    """Keep a proof where Wald's interval (and p) are declared and fit in no other usual way.

    Where they do, one doubt names it (that of the check which compares interval and p): `told`.
    """
    level = other_level(found)
    if finding.status == "contradicted" and level:
        text = f"{finding.text} Read as {level} it fits p {found.p.printed}."
        status = "open" if told else "suggests"
        return replace(finding, status=status, text=text, reading=level)
    return finding.doubted(rescue, not (declared and found.is_wald))


# --- Estimates of regressions: do ratio, coefficient and confidence interval belong together ---


LINEAR_PREDICTORS = ("logit", "linear_predictor", "linear predictor", "prognostic_index")
NOT_WALD = "a profile-likelihood, exact or bootstrap interval"
ASKEW = 0.8
# Of differences: intervals of Newcombe, and of resampled means.
MOST_ASKEW = {
    "risk_difference": 2.0,
    "mean_difference": 1.2,
    "standardised_mean_difference": 1.2,
}
OTHER_INTERVALS = " A profile-likelihood or bootstrap interval need not be symmetric."


@check("regressions", "possibility")
def check_estimate_in_interval(registry: Registry) -> Iterator[Finding]:
    """Look for an estimate inside its interval; needs the estimate and both limits."""
    limited = {row.of for row in registry.where(LIMITS)}
    # Areas have a check of their own.
    others = [
        _with_limits(registry, row)
        for row in registry
        if row.id in limited and row.statistic not in (*ESTIMATES, "auc") and is_plain(row)
    ]
    for found in [*regression_estimates(registry), *others]:
        if found.has_interval and not _passes_infinity(found):
            yield unless_shortened(_containment, found)


def _passes_infinity(found: RegressionEstimate) -> bool:
    """Whether the interval of a number needed to treat runs from harm over infinity to benefit."""
    signs = {row.number.value > 0 for row in found.three}
    return found.estimate.statistic == "number_needed_to_treat" and len(signs) > 1


def containment(printed: str, name: str, three, values, unscaled: Callable) -> Finding:
    """Look for an estimate (its name is told) inside its interval: three rows, three ranges.

    The scale of the ranges, on which intervals are symmetric, is undone by `unscaled`.
    """
    row, *limits = three
    estimate, low, high = values
    if low[0] <= estimate[1] and estimate[0] <= high[1]:
        return conclude("agrees", f"{printed}: the {name} lies inside its interval.", *three)
    text = f"{printed}: the {name} lies outside its interval."
    middle = map(unscaled, from_symmetry(name, estimate, low, high))
    slip = likely_slip(row, *middle)
    slip = slip or likely_slip(row, limits[0].number.low, limits[1].number.high)
    return conclude("contradicted", text, *limits, target=row, reading=slip)


def _containment(found: RegressionEstimate, shortened: bool) -> Finding:
    is_modelled = found.estimate.statistic in ESTIMATES
    coefficient, (low, high) = found.coefficient(shortened), found.limits(shortened)
    if low[0] > high[1]:
        text = f"{found.printed}: the lower limit is above the upper limit."
        rows = (found.low, found.high) if is_modelled else found.three
        inside = high[0] <= coefficient[1] and coefficient[0] <= low[1]
        return conclude("contradicted", text, *rows, reading="limits exchanged" * inside)
    finding = containment(
        found.printed,
        "estimate",
        found.three,
        (coefficient, low, high),
        exponential if found.is_ratio else float,
    )
    if finding.status == "agrees" or not is_modelled:
        return finding
    ends = found.low.number.low, found.high.number.high
    text = f"{found.printed}: the estimate lies outside its own interval."
    finding = replace(finding, text=text, low=ends[0], high=ends[1])
    of_log = found.estimate.statistic == "coefficient" and not found.limits_are_ratios
    fits = of_log and low[0] <= exponential(coefficient[1]) <= high[1]
    return finding.doubted(" The limits fit exp(coefficient), the odds or hazard ratio.", fits)


def from_symmetry(name: str, centre: Interval, low: Interval, high: Interval) -> Interval:
    """Return the range of an estimate or (by name) limit that a symmetric interval leaves."""
    if name not in LIMITS:
        return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    mirrored = high if name == "ci_low" else low
    return 2 * centre[0] - mirrored[1], 2 * centre[1] - mirrored[0]


def mirror_image(start: str, name: str, three, target: ReportedNumber, ends: Interval) -> Finding:
    """Judge one of three numbers by the range that the two others and symmetry leave for it."""
    text = (
        f"{start}{ROLES.get(target.statistic, name)} is "
        f"{shown(*ends, target.number.decimals + 1)}; printed is {target.printed}."
    )
    return judge(target, [row for row in three if row is not target], *ends, text)


@check("regressions", "bookkeeping")
def check_interval_symmetry(registry: Registry) -> Iterator[Finding]:
    """Recompute estimate and limits from each other on the log scale; needs all three."""
    judged = [
        (found, [unless_shortened(_symmetry, found, row) for row in found.three])
        for found in regression_estimates(registry)
        if found.has_interval
    ]
    agreeing = [all(finding.status == "agrees" for finding in findings) for _, findings in judged]
    symmetric = Counter(
        found.estimate.locus for (found, _), agrees in zip(judged, agreeing, strict=True) if agrees
    )
    for line, (found, findings) in enumerate(judged):
        if agreeing[line]:
            yield from findings
        # An estimate outside its interval has been told: check_estimate_in_interval.
        elif _containment(found, shortened=False).status == "contradicted":
            continue
        elif (
            _is_usual(found)
            and not found.is_wald
            and not (symmetric[found.estimate.locus] and _is_contradicted_by_p(found))
        ):
            text = f"{found.printed}: the interval is not symmetric.{OTHER_INTERVALS}"
            yield conclude("open", text, *found.three, reading=NOT_WALD)
        else:
            near = [other for other, _ in judged[max(line - 1, 0) : line + 2]]
            yield from _asymmetric(found, findings, near, symmetric[found.estimate.locus])


def _asymmetric(found: RegressionEstimate, findings, near, symmetric: int) -> list[Finding]:
    """Name slips (lines `near` may have been copied), and keep the finding that p points to."""
    values, levels = [found.coefficient(), *found.limits()], LEVELS[found.level]
    kept = fitting = [
        place
        for place in range(3)
        if found.p_may_be_wald
        and wald_region(*values[:place], None, *values[place + 1 :], found.p_range, levels)
    ]
    if len(fitting) != 1:
        kept = range(3)
    told = []
    for place in kept:
        target, finding = found.three[place], findings[place]
        column = [other.three[place] for other in near]
        reading = likely_slip(target, finding.low, finding.high, column)
        told.append(replace(finding, reading=reading))
    if len(fitting) == 1:
        text = f"{told[0].text} The other two fit p {found.p.printed}."
        if symmetric:
            text += f" {symmetric} other intervals of {found.estimate.locus} are symmetric."
        told = [replace(told[0], text=text, uses=(*told[0].uses, found.p.id))]
    return told


def _is_contradicted_by_p(found: RegressionEstimate) -> bool:
    """Whether interval and p value are on different sides of significance."""
    return found.p_may_be_wald and {*_sides(found, shortened=False)} == {True, False}


def _is_usual(found: RegressionEstimate) -> bool:
    """Whether one arm of an interval is longer by no more than usual methods make it.

    On the log scale the most askew is the exact interval of one sparse count, such as 1.62 to
    11.67 of 5 (Poisson): its arms differ by less than the factor 1 + 0.8 standard errors.
    """
    centre, (low, high) = found.coefficient(), found.limits()
    below = max(centre[0] - low[1], 0.0), centre[1] - low[0]
    above = max(high[0] - centre[1], 0.0), high[1] - centre[0]
    most = MOST_ASKEW.get(found.estimate.statistic)
    if most is None:
        most = 1 + ASKEW * (below[1] + above[1]) / 2 / LEVELS[found.level][0]
    return below[0] <= most * above[1] and above[0] <= most * below[1]


def _symmetry(found: RegressionEstimate, target: ReportedNumber, shortened: bool) -> Finding:
    ends = from_symmetry(target.statistic, found.coefficient(shortened), *found.limits(shortened))
    if found.is_ratio if target is found.estimate else found.limits_are_ratios:
        ends = tuple(map(exponential, ends))
    where = " on the log scale" if found.limits_are_ratios else ""
    start = f"{found.printed}: if the interval is symmetric{where}, the "
    finding = mirror_image(start, "estimate", found.three, target, ends)
    return finding.doubted(OTHER_INTERVALS, not found.is_wald)


@check("regressions", "bookkeeping")
def check_coefficient_and_ratio(registry: Registry) -> Iterator[Finding]:
    """Compare a ratio with exp(coefficient); needs both for one term of one model in one place."""
    terms: dict[tuple, list[ReportedNumber]] = defaultdict(list)
    for row in originals(registry, REGRESSED):
        terms[row.locus, row.variable, row.level, row.group, row.method].append(row)
    for rows in terms.values():
        coefficient, *ratios = sorted(rows, key=lambda row: row.statistic)
        is_term = coefficient.statistic == "coefficient" and len(ratios) == 1
        if is_term and ratios[0].statistic != "coefficient":
            yield unless_shortened(_ratio, coefficient, *ratios, True)
            yield unless_shortened(_ratio, coefficient, *ratios, False)


def _ratio(coefficient, ratio, of_ratio: bool, shortened: bool) -> Finding:
    """Recompute the ratio, or the coefficient, from the other one."""
    target, source = (ratio, coefficient) if of_ratio else (coefficient, ratio)
    transform = exponential if of_ratio else logarithm
    low, high = map(transform, float_limits(source.number, shortened))
    text = (
        f"{short_name(coefficient)} {coefficient.printed}, {short_name(ratio)} {ratio.printed}: "
        f"{'exp(coefficient)' if of_ratio else 'log(ratio)'} is "
        f"{shown(low, high, target.number.decimals + 1)}."
    )
    finding = judge(target, (source,), low, high, text)
    remark = " The ratio may come from another model than the coefficient."
    return finding.doubted(remark, ratio.statistic in ("risk_ratio", "rate_ratio"))


@check("regressions", "possibility")
def check_cutoff_of_model(registry: Registry) -> Iterator[Finding]:
    """Compare a cut-off of logit(p) with the intercept; needs it and coefficients of one sign."""
    for cutoff in originals(registry, "cutoff", level=""):
        name = cutoff.variable.lower()
        if not any(word in name for word in LINEAR_PREDICTORS):
            continue
        for intercept in originals(registry, "intercept", group=cutoff.group):
            model = {"group": cutoff.group, "method": intercept.method, "locus": intercept.locus}
            terms = originals(registry, "coefficient", **model)
            measured = [row for row in terms if not row.contrast]
            if terms and all(row.number.low > 0 for row in measured):
                yield _beyond_intercept(cutoff, intercept, terms, above=False)
            if terms and all(row.number.high < 0 for row in measured):
                yield _beyond_intercept(cutoff, intercept, terms, above=True)


def _beyond_intercept(cutoff, intercept, terms: list[ReportedNumber], above: bool) -> Finding:
    """Judge a cut-off against the end that logit(p) has where no term's variable is negative."""
    rows = [row for row in terms if (row.number.value > 0) is above and row.contrast]
    end = sum(row.number.high if above else row.number.low for row in (intercept, *rows))
    beyond = cutoff.number.low > end if above else cutoff.number.high < end
    side, other = ("most", "negative") if above else ("least", "positive")
    limits = {"low": -math.inf if above else end, "high": end if above else math.inf}
    text = (
        f"intercept {intercept.printed}, {', '.join(f'{short_name(r)} {r.printed}' for r in terms)}"
        f": where no variable is negative, logit(p) is at {side} "
        f"{shown(end, end, intercept.number.decimals)}; the cut-off is {cutoff.printed}"
    )
    if beyond:
        text += f", which would call every patient {other}."
        return conclude("suggests", text, intercept, *terms, target=cutoff, **limits)
    return conclude("agrees", f"{text}.", cutoff, intercept, *terms, **limits)


# --- P values of regressions: do they follow from estimate and interval under Wald ------------
# Estimate, limits and p value of a Wald test come from one coefficient and one standard error. A p
# value may also come from a likelihood ratio or score test, and an interval from a profile
# likelihood: a mismatch is ``contradicted`` only where the registry's `method` says ``wald`` (or
# ``wald exp``) for both limits and ``wald`` for the p value; elsewhere it is ``open`` where another
# usual test gives such a p value, and ``suggests`` beyond.


# A p value of one of these methods, or of none, may be a Wald test.
WALD_P_METHODS = ("", "wald", "univariable", "multivariable")
OTHER_TESTS = " A likelihood ratio or score test may give another p value."
NOT_WALD_P = "a likelihood ratio, score or χ² p value"
SIGNIFICANT = 0.05


@check("regressions", "bookkeeping")
def check_wald_p_value(registry: Registry) -> Iterator[Finding]:
    """Recompute the Wald p value from estimate and interval; needs these and the p value."""
    for found in _with_interval_and_p(registry):
        of_t = found.estimate.statistic in DIFFERENCES and not (found.is_wald and found.p_is_wald)
        if not of_t and found.region():
            yield unless_shortened(_wald_p, found)


def _with_interval_and_p(registry: Registry) -> list[RegressionEstimate]:
    return [
        found
        for found in regression_estimates(registry)
        if found.has_interval and found.p_may_be_wald
    ]


def _wald_p(found: RegressionEstimate, shortened: bool) -> Finding:
    region = found.region(shortened)
    low, high = region.p_value()
    side = ""
    if "one_sided" in found.p.modifiers:
        side = "one-sided "
        low, high = on_one_side(found.p, low, high)
    text = (
        f"{found.printed}: under Wald the standard error is "
        f"{shown(*region.standard_error(), 4)} and {side}p is "
        f"{shown_p_range(low, high, found.p.number.decimals)}; printed is {found.p.printed}."
    )
    finding = judge(found.p, found.three, low, high, text)
    if finding.status == "agrees" and high - low > 0.5:
        return replace(finding, status="open", text=text + " The rounding decides nothing.")
    if finding.status != "agrees" and high < 0.0005 and found.p.number.agrees(0.001):
        text = finding.text + " Software prints such a value as .000, and 0.001 may stand for it."
        return replace(finding, status="suggests", text=text)
    declared = found.is_wald and found.p_is_wald
    doubtful = finding.status in ("contradicted", "suggests")
    if doubtful and not declared and _is_usual_p(found, region):
        return replace(finding, status="open", reading=NOT_WALD_P)
    return unless_other_method(finding, found, OTHER_TESTS, found.p_is_wald, told=False)


def _is_usual_p(found: RegressionEstimate, region: WaldRegion) -> bool:
    """Whether a likelihood ratio or score test may give the p value beside a Wald interval.

    Their z are most apart from Wald's for a sparse count beside a large one (Poisson), where that
    of the likelihood ratio is Wald's times sqrt(2 (exp(±b) - 1 ∓ b)) / b at the log ratio b. A
    measured variable has no ratio of its own: it is taken as e, as for a change of several units.
    """
    b = max(map(abs, region.coefficient()))
    b = min(max(b, 0.1 if found.estimate.contrast else 1.0), LARGEST)
    least, most = (math.sqrt(2 * (exponential(x) - 1 - x)) / b for x in (-b, b))
    wald, printed = (sorted(map(z_from_p, ends)) for ends in (region.p_value(), found.p_range))
    # Fisher's exact test and Yates take half a patient off, half an error for a sparse count.
    crude = found.estimate.contrast and found.estimate.test != "multivariable"
    half = region.standard_error()[1] / 2 if crude else 0.0
    return printed[0] <= most * wald[1] and least * wald[0] - half <= printed[1]


def usual_limits(found: RegressionEstimate, coefficient: float, error: float) -> bool:
    """Whether limits may be those of another usual interval beside Wald's from counts.

    The arms of exact and profile-likelihood intervals of a sparse count (Poisson) are those of
    Wald's over 1 + 0.4 errors to those times 1 + 0.9 errors.
    """
    wald = LEVELS[found.level][0] * error
    least, most = wald / (1 + 0.4 * error), wald * (1 + 0.9 * error)
    (low, high), centre = found.limits(), coefficient
    below, above = (centre - low[1], centre - low[0]), (high[0] - centre, high[1] - centre)
    return all(arm[0] <= most and least <= arm[1] for arm in (below, above))


@check("regressions", "possibility")
def check_significance(registry: Registry) -> Iterator[Finding]:
    """Set p below 0.05 beside an interval without the null value; needs limits and p value."""
    for found in _with_interval_and_p(registry):
        if None not in _sides(found, shortened=False):
            yield unless_shortened(_significance, found)


def excludes_null(low: Interval, high: Interval) -> bool | None:
    """Say whether an interval excludes 0, no effect; None if the rounding leaves it open."""
    if low[0] > 0 or high[1] < 0:
        return True
    return False if low[1] < 0 < high[0] else None


def is_significant(
    p: ReportedNumber, shortened: bool = False, alpha: float = SIGNIFICANT
) -> bool | None:
    """Say whether a p value, made two-sided, is below a level; None if rounding leaves it open."""
    low, high = two_sided(p, shortened)
    strict = p.number.operator in "<>"
    if high < alpha or (strict and high <= alpha):
        return True
    return False if low > alpha or (strict and low >= alpha) else None


def _alpha(found: RegressionEstimate) -> float:
    """Return the p value at which the null value is a limit of the interval: 0.05 for 95 %."""
    return (100 - found.level) / 100


def _sides(found: RegressionEstimate, shortened: bool) -> tuple[bool | None, bool | None]:
    limits = found.limits(shortened)
    return excludes_null(*limits), is_significant(found.p, shortened, _alpha(found))


def _significance(found: RegressionEstimate, shortened: bool) -> Finding:
    excluded, significant = _sides(found, shortened=False)
    text = (
        f"{found.printed}: the interval {'excludes' if excluded else 'includes'} "
        f"{'1' if found.limits_are_ratios else '0'}, and "
        f"{'two-sided ' * ('one_sided' in found.p.modifiers)}p "
        f"{'is' if significant else 'is not'} below {_alpha(found):g} (printed {found.p.printed})."
    )
    if excluded == significant or None in _sides(found, shortened):
        return conclude("agrees", text, *found.three, found.p)
    finding = conclude("contradicted", text, *found.three, target=found.p)
    declared = found.is_wald and found.p_is_wald
    region = found.region() or found.region(alone=True)
    if not declared and region and _is_usual_p(found, region):
        # Of an interval that is not symmetric either, check_interval_symmetry tells.
        return replace(finding, status="open", reading=NOT_WALD_P if found.region() else "")
    rescue = " Interval and p value may come from different methods."
    return unless_other_method(finding, found, rescue, found.p_is_wald)


@check("regressions", "bookkeeping")
def check_interval_from_p_value(registry: Registry) -> Iterator[Finding]:
    """Work out the Wald interval that is not printed; needs estimate and p value without limits."""
    for found in regression_estimates(registry):
        row, p = found.estimate, found.p
        is_test = found.p_may_be_wald and p.number.operator == "=" and row.statistic in REGRESSED
        if found.low is not None or found.high is not None or not is_test:
            continue
        region = wald_region(found.coefficient(), p=found.p_range)
        if region:
            low, high = (
                shown(*(map(exponential, ends) if found.is_ratio else ends), row.number.decimals)
                for ends in (region.limit(-1), region.limit(1))
            )
            text = (
                f"{found.printed}, p {p.printed}, without an interval: under Wald the lower limit "
                f"is {low} and the upper limit is {high}."
            )
            yield conclude("open", text, row, p)


@check("regressions", "bookkeeping")
def check_significant_predictors(registry: Registry) -> Iterator[Finding]:
    """Count the multivariable p values below 0.05; needs a printed number of predictors."""
    for row in registry.where("number", variable="independent_predictors"):
        tested = [
            (found.estimate.variable, is_significant(found.p), found.p)
            for found in regression_estimates(registry)
            if found.p is not None
            and (found.estimate.group, found.estimate.method) == (row.group, row.method)
        ]
        if tested:
            below = len({variable for variable, yes, _ in tested if yes})
            most = len({variable for variable, yes, _ in tested if yes is not False})
            text = f"{shown(below, most, 0)} of the predictors of the model have p below 0.05."
            yield judge(row, [p for *_, p in tested], below, most, text)
