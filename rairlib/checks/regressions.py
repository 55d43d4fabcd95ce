"""Estimates of regressions: do ratio, coefficient and confidence interval belong together.

What is a proof and what is not: an estimate outside its own interval is ``contradicted``,
whatever the method. Symmetry of an interval (on the log scale for a ratio) holds for Wald
intervals, the default of SPSS; profile-likelihood, bootstrap and exact intervals need not be
symmetric. Asymmetry is therefore ``contradicted`` only where the registry's `method` of both
limits says ``wald`` or ``wald exp``; elsewhere it is ``suggests``.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist

from rairlib.checks.cells import attached, originals, short_name, unless_shortened
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import float_limits, is_plain, judge, shown, shown_p_range
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
            corners += [(b, s, multiplier) for b, s in _corners(lines + cone)]
    return WaldRegion(tuple(corners))


def _cones(p: Interval | None) -> list[list[tuple[float, float, float]]]:
    """Return half-planes ``z ≤ |coefficient| / error``, one list for each sign."""
    if p is None:
        return [[]]
    smallest, largest = z_from_p(p[1]), z_from_p(p[0])
    return [[(-sign, smallest, 0.0), (sign, -largest, 0.0)] for sign in (1.0, -1.0)]


def _corners(lines: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
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
ESTIMATES = (*RATIOS, "coefficient")
ROLES = {"ci_low": "lower limit", "ci_high": "upper limit"}
LIMITS = tuple(ROLES)


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
        methods = {row.method for row in (self.estimate, self.low, self.high) if row is not None}
        return self.is_ratio or "wald exp" in methods

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def is_wald(self) -> bool:
        """Whether the registry says that the printed interval is a Wald interval."""
        limits = [row.method for row in (self.low, self.high) if row is not None]
        return self.estimate.method in WALD or (bool(limits) and set(limits) <= set(WALD))

    @property
    def printed(self) -> str:
        """What is printed, in words: name, estimate and interval."""
        limits = f" ({self.low.printed} to {self.high.printed})" if self.has_interval else ""
        return f"{short_name(self.estimate)} {self.estimate.printed}{limits}"

    def coefficient(self, shortened: bool = False) -> Interval:
        """Values of the coefficient that round (or could be shortened) to the estimate."""
        return _scaled(self.estimate, self.is_ratio, shortened)

    def limits(self, shortened: bool = False) -> tuple[Interval, Interval]:
        """Values of both limits, on the scale of the coefficient."""
        return (
            _scaled(self.low, self.limits_are_ratios, shortened),
            _scaled(self.high, self.limits_are_ratios, shortened),
        )


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


def unless_other_method(
    finding: Finding, found: RegressionEstimate, rescue: str, declared: bool = True
) -> Finding:
    """Keep a proof where Wald's interval (and p) are declared and fit at no other usual level."""
    level = other_level(found)
    return finding.doubted(level or rescue, not (declared and found.is_wald and not level))


# --- Estimates of regressions: do ratio, coefficient and confidence interval belong together ---


LINEAR_PREDICTORS = ("logit", "linear_predictor", "linear predictor", "prognostic_index")
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
        if found.has_interval:
            yield unless_shortened(_containment, found)


def containment(printed: str, name: str, three, values: Iterable[Interval]) -> Finding:
    """Look for an estimate (its name is told) inside its interval: three rows, three ranges."""
    row, *limits = three
    estimate, low, high = values
    if low[0] <= estimate[1] and estimate[0] <= high[1]:
        return conclude("agrees", f"{printed}: the {name} lies inside its interval.", *three)
    text = f"{printed}: the {name} lies outside its interval."
    return conclude("contradicted", text, *limits, target=row)


def _containment(found: RegressionEstimate, shortened: bool) -> Finding:
    is_modelled = found.estimate.statistic in ESTIMATES
    coefficient, (low, high) = found.coefficient(shortened), found.limits(shortened)
    if low[0] > high[1]:
        text = f"{found.printed}: the lower limit is above the upper limit."
        rows = (found.low, found.high) if is_modelled else found.three
        return conclude("contradicted", text, *rows)
    finding = containment(found.printed, "estimate", found.three, (coefficient, low, high))
    if finding.status == "agrees" or not is_modelled:
        return finding
    text = f"{found.printed}: the estimate lies outside its own interval.{_moved_point(found)}"
    finding = replace(finding, text=text, low=found.low.number.low, high=found.high.number.high)
    fits = not found.limits_are_ratios and low[0] <= exponential(coefficient[1]) <= high[1]
    return finding.doubted(" The limits fit exp(coefficient), the odds or hazard ratio.", fits)


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
    for (found, findings), agrees in zip(judged, agreeing, strict=True):
        if agrees:
            yield from findings
        # An estimate outside its interval has been told: check_estimate_in_interval.
        elif _containment(found, shortened=False).status != "contradicted":
            yield from _blamed(found, findings, symmetric[found.estimate.locus])


def _blamed(found: RegressionEstimate, findings: list[Finding], symmetric: int) -> list[Finding]:
    """Keep the one finding about a number without which the others and p belong together."""
    if found.p is None:
        return findings
    values, p = [found.coefficient(), *found.limits()], (found.p.number.low, found.p.number.high)
    fitting = [
        finding
        for place, finding in enumerate(findings)
        if wald_region(*values[:place], None, *values[place + 1 :], p)
    ]
    if len(fitting) != 1:
        return findings
    text = f"{fitting[0].text} The other two fit p {found.p.printed}."
    if symmetric:
        text += f" {symmetric} other intervals of {found.estimate.locus} are symmetric."
    return [replace(fitting[0], text=text)]


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
    for row in originals(registry, ESTIMATES):
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
    return judge(target, (source,), low, high, text)


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
# ``wald exp``) for both limits and ``wald`` for the p value; elsewhere it is ``suggests``.


# A p value of one of these methods, or of none, may be a Wald test.
WALD_P_METHODS = ("", "wald", "univariable", "multivariable")
OTHER_TESTS = " A likelihood ratio or score test may give another p value."
SIGNIFICANT = 0.05


@check("regressions", "bookkeeping")
def check_wald_p_value(registry: Registry) -> Iterator[Finding]:
    """Recompute the Wald p value from estimate and interval; needs these and the p value."""
    for found in _with_interval_and_p(registry):
        if wald_region(found.coefficient(), *found.limits()):
            yield unless_shortened(_wald_p, found)


def _with_interval_and_p(registry: Registry) -> list[RegressionEstimate]:
    return [
        found
        for found in regression_estimates(registry)
        if found.has_interval and found.p is not None and found.p.method in WALD_P_METHODS
    ]


def _wald_p(found: RegressionEstimate, shortened: bool) -> Finding:
    region = wald_region(found.coefficient(shortened), *found.limits(shortened))
    low, high = region.p_value()
    text = (
        f"{found.printed}: under Wald the standard error is "
        f"{shown(*region.standard_error(), 4)} and p is "
        f"{shown_p_range(low, high, found.p.number.decimals)}; printed is {found.p.printed}."
    )
    finding = judge(found.p, found.three, low, high, text)
    if finding.status == "agrees" and high - low > 0.5:
        return replace(finding, status="open", text=text + " The rounding decides nothing.")
    if finding.status != "agrees" and high < 0.0005 and found.p.number.agrees(0.001):
        text = finding.text + " Software prints such a value as .000, and 0.001 may stand for it."
        return replace(finding, status="suggests", text=text)
    return unless_other_method(finding, found, OTHER_TESTS, found.p.method == "wald")


@check("regressions", "possibility")
def check_significance(registry: Registry) -> Iterator[Finding]:
    """Set p below 0.05 beside an interval without the null value; needs limits and p value."""
    for found in _with_interval_and_p(registry):
        if None not in (excludes_null(*found.limits()), is_significant(found.p)):
            yield unless_shortened(_significance, found)


def excludes_null(low: Interval, high: Interval) -> bool | None:
    """Say whether an interval excludes 0, no effect; None if the rounding leaves it open."""
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
    text = (
        f"{found.printed}: the interval {'excludes' if excluded else 'includes'} "
        f"{'1' if found.limits_are_ratios else '0'}, and "
        f"p {'is' if significant else 'is not'} below 0.05 (printed {found.p.printed})."
    )
    sides = {excludes_null(*found.limits(shortened)), is_significant(found.p, shortened)}
    if excluded == significant or None in sides:
        return conclude("agrees", text, *found.three, found.p)
    finding = conclude("contradicted", text, *found.three, target=found.p)
    rescue = " Interval and p value may come from different methods."
    return unless_other_method(finding, found, rescue, found.p.method == "wald")


@check("regressions", "bookkeeping")
def check_interval_from_p_value(registry: Registry) -> Iterator[Finding]:
    """Work out the Wald interval that is not printed; needs estimate and p value without limits."""
    for found in regression_estimates(registry):
        row, p = found.estimate, found.p
        is_test = p is not None and p.method in WALD_P_METHODS and p.number.operator == "="
        if found.low is not None or found.high is not None or not is_test:
            continue
        region = wald_region(found.coefficient(), p=(p.number.low, p.number.high))
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
