"""Intervals of areas under the ROC curve: from which standard error can they come.

A symmetric interval wider than any standard error allows is ``contradicted`` where the registry's
`method` names ``hanley_mcneil`` or ``delong``, and ``suggests`` elsewhere: bootstrap, logit and
binomial intervals follow other rules. The largest standard error is a bound for every score; the
smallest holds for scores whose values patients with and without the outcome do not share, so a
narrower interval is never more than ``suggests``.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy.special import logit, ndtr

from rairlib.checks.cells import (
    count_index,
    originals,
    outcome_sizes,
    short_name,
    unless_shortened,
    whole_number,
)
from rairlib.checks.classification import MEASURED, Rule, agreeing_with_all, rules
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import (
    LEVELS,
    UNSURE,
    Interval,
    confidence_level,
    containment,
    from_symmetry,
    mirror_image,
    plain_limits,
)
from rairlib.checks.rounding import float_limits, judge, print_unit, shown, shown_p
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber

# --- Printed areas under the ROC curve and what belongs to them -------------------------------
# Sensitivity and specificity belong to an area if they stand in the same comparison and the words
# of one variable's name are among those of the other's (``age`` and ``age_54``, ``tumor_diameter``
# and ``diameter_29``), or if the comparison has one area and one rule only.


# Above this, software and authors write a limit beyond 1 as 0.999, 1 or 1.000.
CUT_OFF_LIMIT = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedArea:
    """An area under the ROC curve and what belongs to it.

    Attributes
    ----------
    row : ReportedNumber
        The area.
    low, high : ReportedNumber or None
        Its limits.
    sizes : tuple of ReportedNumber or None
        Sizes of the groups with and without the outcome, where both are printed.
    rules : tuple of Rule
        Rules whose sensitivity and specificity belong to the area.
    """

    row: ReportedNumber
    low: ReportedNumber | None
    high: ReportedNumber | None
    sizes: tuple[ReportedNumber, ReportedNumber] | None
    rules: tuple[Rule, ...]

    @property
    def printed(self) -> str:
        """Name, area and interval as printed."""
        limits = f" ({self.low.printed} to {self.high.printed})" if self.has_interval else ""
        return f"{short_name(self.row)} {self.row.printed}{limits}, {self.row.group}"

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def multipliers(self) -> tuple[float, ...]:
        """Standard errors between area and limit at the level of the interval."""
        return LEVELS[confidence_level(word for row in self.three for word in row.modifiers)]

    @property
    def certain(self) -> bool:
        """Whether a rule's variable is the score, or the score with its cut-off behind it."""
        return any(_is_cut_score(rule, self.row) for rule in self.rules)

    @property
    def is_cut_off(self) -> bool:
        """Whether the upper limit may stand for a value beyond 1."""
        return proportion(self.high)[1] >= CUT_OFF_LIMIT

    @property
    def counts(self) -> tuple[int, int]:
        """Patients with and without the outcome."""
        return tuple(whole_number(size) for size in self.sizes)

    @property
    def three(self) -> tuple[ReportedNumber, ReportedNumber | None, ReportedNumber | None]:
        """Area and limits."""
        return self.row, self.low, self.high

    @property
    def uses(self) -> tuple[ReportedNumber | None, ...]:
        """Area, limits and group sizes."""
        return (*self.three, *(self.sizes or ()))

    def proportions(self, shortened: bool = False) -> tuple[Interval, ...]:
        """Values behind area and limits."""
        return tuple(proportion(row, shortened) for row in self.three)


def print_scale(row: ReportedNumber) -> float:
    """Return 100 for an area or limit printed in percent, 1 for a proportion."""
    return 100.0 if row.unit == "%" or row.number.value > 2 else 1.0


def proportion(row: ReportedNumber, shortened: bool = False) -> Interval:
    """Return the values behind a print as proportions, even if it is in percent."""
    scale = print_scale(row)
    low, high = float_limits(row.number, shortened)
    return low / scale, high / scale


def printed_areas(registry: Registry) -> list[PrintedArea]:
    """Collect areas with their limits, group sizes and rules.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of PrintedArea
        In order of appearance, without repeats.
    """
    index, rows = count_index(registry), originals(registry, "auc")
    found = []
    for row in rows:
        (low, high), sizes = plain_limits(registry, row), outcome_sizes(index, row)
        of_area = _rules_of(row, rows, rules(registry, index))
        found.append(PrintedArea(row=row, low=low, high=high, sizes=sizes, rules=of_area))
    return found


def _rules_of(
    row: ReportedNumber, areas: list[ReportedNumber], all_rules: list[Rule]
) -> tuple[Rule, ...]:
    here = [
        rule
        for rule in all_rules
        if rule.first.group == row.group
        and {figure.row.statistic for figure in rule.figures}.issuperset(MEASURED)
    ]
    cut = [rule for rule in here if _is_cut_score(rule, row)]
    named = [rule for rule in here if _share_name(rule.first.variable, row.variable)]
    alone = len(here) == 1 and sum(area.group == row.group for area in areas) == 1
    return tuple(cut or named or here * alone)


def _is_cut_score(rule: Rule, row: ReportedNumber) -> bool:
    return f"{rule.first.variable}_".startswith(f"{row.variable}_")


def _share_name(*variables: str) -> bool:
    first, second = ({w for w in v.split("_") if w and not w.isdigit()} for v in variables)
    return bool(first and second) and (first <= second or second <= first)


# --- Standard errors of an area under the ROC curve, and their attainable limits --------------
# Write ``a`` for the variance of the placement values of the patients with the outcome (the share
# of the others that each exceeds) and ``b`` for that of the patients without it. Then
#
# * nonparametric Hanley-McNeil, as SPSS prints it (ties spread evenly over their place):
#   ``[A(1 - A) + (n0 - 1) a + (n1 - 1) b] / (n1 n0)``;
# * DeLong: ``a / (n1 - 1) + b / (n0 - 1)``;
#
# with n1 patients with and n0 without the outcome. By Hoeffding's decomposition ``a + b`` is at
# most the variance of the comparison of one pair, at most ``A(1 - A)``: this bounds both errors
# from above (Birnbaum and Klose, Ann Math Stat 1957). From below, ``alpha a + beta b`` at a given
# area is a convex function of the ROC curve, smallest for the curve ``c + (alpha / beta) t`` cut
# off at 0 and 1, with c chosen to give the area. DeLong's error counts ties by their middle and can
# lie below that bound where patients with and without the outcome share values.


@dataclass(frozen=True, slots=True)
class BinaryScore:
    """A score with two values and its 2×2 table.

    Attributes
    ----------
    true_positives, false_negatives, false_positives, true_negatives : int
        Patients with the outcome above and below the cut-off, and those without it.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def sizes(self) -> tuple[int, int]:
        """Patients with and without the outcome."""
        with_outcome = self.true_positives + self.false_negatives
        return with_outcome, self.true_negatives + self.false_positives

    @property
    def in_words(self) -> str:
        """The table and the area."""
        return (
            f"TP {self.true_positives}, FN {self.false_negatives}, FP {self.false_positives}, "
            f"TN {self.true_negatives}, area {format_value(self.area, 4)}"
        )

    @property
    def sensitivity(self) -> float:
        """Share of positives among patients with the outcome."""
        return self.true_positives / self.sizes[0]

    @property
    def specificity(self) -> float:
        """Share of negatives among patients without the outcome."""
        return self.true_negatives / self.sizes[1]

    @property
    def area(self) -> float:
        """Area under the ROC curve with one corner."""
        return (self.sensitivity + self.specificity) / 2


def formula_error(area: float, with_outcome: int, without_outcome: int) -> float:
    """Compute the standard error of an area from the exponential model.

    ``Q1 = A / (2 - A)`` and ``Q2 = 2A² / (1 + A)`` (Hanley and McNeil, Radiology 1982).
    """
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return _hanley_mcneil(area, q1, q2, with_outcome, without_outcome)


def _hanley_mcneil(area: float, q1: float, q2: float, with_outcome: int, without: int) -> float:
    """Return the root of ``[A(1 - A) + (n1 - 1)(Q1 - A²) + (n0 - 1)(Q2 - A²)] / (n1 n0)``."""
    variance = (
        area * (1 - area) + (with_outcome - 1) * (q1 - area**2) + (without - 1) * (q2 - area**2)
    ) / (with_outcome * without)
    return math.sqrt(max(variance, 0.0))


def binary_spss_error(score: BinaryScore) -> float:
    """Compute the nonparametric Hanley-McNeil standard error of a score with two values.

    As SPSS prints it: tied pairs count as if their order were random.
    """
    shares = score.sensitivity, score.specificity
    q1, q2 = _chance_of_both(*shares), _chance_of_both(*shares[::-1])
    return _hanley_mcneil(score.area, q1, q2, *score.sizes)


def _chance_of_both(own: float, other: float) -> float:
    """Chance that two random patients of one group both rank on the right side of one of the other.

    `own` and `other` are the shares of the groups that are called right; a third of the orders of
    three tied values do.
    """
    wrong = 1 - own
    return other * (own**2 + own * wrong + wrong**2 / 3) + (1 - other) * own**2 / 3


def binary_delong_error(score: BinaryScore) -> float:
    """Compute DeLong's standard error of a score with two values and at least two patients each.

    Placement values differ by one half between positives and negatives.
    """
    shares = zip((score.sensitivity, score.specificity), score.sizes, strict=True)
    return math.sqrt(sum(share * (1 - share) / (4 * (size - 1)) for share, size in shares))


class ErrorWeights(NamedTuple):
    """The variance of an area as ``constant · A(1 - A) + alpha · a + beta · b``.

    Attributes
    ----------
    constant, alpha, beta : float
        Weights of the variance of one pair and of the placement values with and without the
        outcome.
    """

    constant: float
    alpha: float
    beta: float


def spss_weights(with_outcome: int, without_outcome: int) -> ErrorWeights:
    """Return the weights of the nonparametric Hanley-McNeil error."""
    pairs = with_outcome * without_outcome
    return ErrorWeights(1 / pairs, (without_outcome - 1) / pairs, (with_outcome - 1) / pairs)


def delong_weights(with_outcome: int, without_outcome: int) -> ErrorWeights:
    """Return the weights of DeLong's error."""
    return ErrorWeights(0.0, 1 / (with_outcome - 1), 1 / (without_outcome - 1))


def largest_error(area: float, weights: ErrorWeights) -> float:
    """Return the largest standard error of a score with this area, from ``a + b ≤ A(1 - A)``."""
    return math.sqrt(area * (1 - area) * (weights.constant + max(weights.alpha, weights.beta)))


def smallest_error(area: float, weights: ErrorWeights) -> float:
    """Return the smallest standard error of a score with this area and without shared values.

    Parameters
    ----------
    area : float
        Area under the ROC curve.
    weights : ErrorWeights
        Those of the estimator; alpha and beta positive.

    Returns
    -------
    float
        Attained by the ROC curve ``c + (alpha / beta) t``, cut off at 0 and 1. For SPSS's error
        it holds with ties as well.
    """
    slope = weights.alpha / weights.beta

    def integrals(start: float) -> np.ndarray:
        return np.subtract(_integrals_up_to(start + slope), _integrals_up_to(start)) / slope

    start = optimize.brentq(lambda start: integrals(start)[0] - area, -slope, 1.0)
    _, squared, moment = integrals(start)
    first_moment = moment / slope - start * area / slope
    # a = 2 ∫ (1 - t) R dt - A² and b = ∫ R² dt - A².
    variance = (
        weights.constant * area * (1 - area)
        + weights.alpha * (2 * (area - first_moment) - area**2)
        + weights.beta * (squared - area**2)
    )
    return math.sqrt(max(variance, 0.0))


def smallest_tied_error(area: PrintedArea) -> float:
    """Return DeLong's error of the score with two values that errs in the larger group alone."""
    furthest = max(proportion(area.row), key=lambda end: abs(end - 0.5))
    right = min(2 * abs(furthest - 0.5), 1.0)
    return math.sqrt(right * (1 - right) / (4 * (max(area.counts) - 1)))


def _integrals_up_to(x: float) -> tuple[float, float, float]:
    """Integrate R, R² and u R over u up to x, where R is u cut off at 0 and 1."""
    if x < 0:
        return 0.0, 0.0, 0.0
    return (x**2 / 2, x**3 / 3, x**3 / 3) if x < 1 else (x - 1 / 2, x - 2 / 3, x**2 / 2 - 1 / 6)


# --- Ways to read a printed area under the ROC curve and its interval -------------------------
# A reading says of which score the area is (the score itself or its dichotomised form) and which
# standard error gives the limits ``A ± 1.96 SE``.


MOST_SCORES = 5_000


def binary_scores(rule: Rule, shortened: bool = False) -> list[BinaryScore]:
    """List the dichotomised scores that show all figures of a rule.

    Parameters
    ----------
    rule : Rule
        A rule with sensitivity and specificity.
    shortened : bool
        Accept figures with digits cut off or rounded twice.

    Returns
    -------
    list of BinaryScore
        Empty if no table agrees, or if too many do.
    """
    positives, negatives = np.nonzero(agreeing_with_all(rule.figures, shortened))
    if len(positives) > MOST_SCORES:
        return []
    with_outcome, without = rule.tables.with_outcome, rule.tables.without_outcome
    return [
        BinaryScore(tp, with_outcome - tp, without - tn, tn)
        for tp, tn in zip(positives.tolist(), negatives.tolist(), strict=True)
    ]


def implied_error(area: PrintedArea, shortened: bool = False) -> Interval | None:
    """Return the standard errors behind symmetric limits.

    Parameters
    ----------
    area : PrintedArea
        An area with limits.
    shortened : bool
        Accept prints with digits cut off or rounded twice.

    Returns
    -------
    (float, float) or None
        None if the limits are not symmetric about the area. An upper limit near 1 may be cut
        off and is left out.
    """
    centre, low, high = area.proportions(shortened)
    below = centre[0] - low[1], centre[1] - low[0]
    above = high[0] - centre[1], high[1] - centre[0]
    if area.is_cut_off:
        above = max(above[0], 0.0), max(below[1], above[1])
    smallest, largest = max(below[0], above[0]), min(below[1], above[1])
    if largest < smallest - 1e-9:
        return None
    return max(smallest, 0.0) / max(area.multipliers), largest / min(area.multipliers)


def limits_agree(area: PrintedArea, centre: float, error: float, tolerance: float = 1e-9) -> bool:
    """Say whether ``centre ± 1.96 error`` is printed as the limits of an area.

    Parameters
    ----------
    area : PrintedArea
        An area with limits.
    centre, error : float
        Unrounded area and standard error.
    tolerance : float
        Slack on each limit.

    Returns
    -------
    bool
        An upper limit beyond 1 agrees with any print above 0.995.
    """
    low, high = proportion(area.low), proportion(area.high)
    most = math.inf if area.is_cut_off else high[1] + tolerance
    return any(
        low[0] - tolerance <= centre - multiplier * error <= low[1] + tolerance
        and high[0] - tolerance <= centre + multiplier * error <= most
        for multiplier in area.multipliers
    )


def formula_agrees(area: PrintedArea) -> bool:
    """Say whether the 1982 formula of Hanley and McNeil gives the printed limits."""
    centres = np.linspace(*proportion(area.row), 401)
    step = float(centres[1] - centres[0])
    return any(
        limits_agree(area, centre, formula_error(centre, *area.counts), tolerance=2 * step)
        for centre in centres[(centres > 0) & (centres < 1)]
    )


def binary_readings(area: PrintedArea) -> list[tuple[str, BinaryScore, float]]:
    """List the dichotomised scores that give both the printed area and its limits.

    Parameters
    ----------
    area : PrintedArea
        An area with limits and group sizes.

    Returns
    -------
    list of (str, BinaryScore, float)
        Name of the standard error, the score and the error.
    """
    kinds = {"SPSS's nonparametric": binary_spss_error}
    if min(area.counts) > 1:
        kinds["DeLong's"] = binary_delong_error
    return [
        (kind, score, error)
        for score in scores_with_area(area)
        for kind, error_of in kinds.items()
        if limits_agree(area, score.area, error := error_of(score))
    ]


def scores_with_area(area: PrintedArea) -> list[BinaryScore]:
    """List the dichotomised scores of the area's rules whose area is printed like this."""
    low, high = proportion(area.row)
    return [
        score
        for rule in area.rules
        for score in binary_scores(rule)
        if low - 1e-9 <= score.area <= high + 1e-9
    ]


def attainable_errors(area: PrintedArea) -> Interval:
    """Return the smallest and largest error, SPSS's or DeLong's, of a score without ties.

    Parameters
    ----------
    area : PrintedArea
        An area with group sizes, both above 1.

    Returns
    -------
    (float, float)
        Over all areas that round to the print. The largest holds with ties too.
    """
    centres = [min(max(end, 1e-6), 1 - 1e-6) for end in proportion(area.row)]
    weights = [spss_weights(*area.counts), delong_weights(*area.counts)]
    if centres[0] < 0.5 < centres[1]:
        centres.append(0.5)
    return (
        min(smallest_error(centre, weight) for centre in centres for weight in weights),
        max(largest_error(centre, weight) for centre in centres for weight in weights),
    )


# --- Intervals of areas under the ROC curve: from which standard error can they come ----------


NORMAL_METHODS = ("hanley_mcneil", "delong", "wald")
NOT_NORMAL = "a bootstrap, logit or binomial interval"
MOST_SKEWED = 1.2
OTHER_INTERVALS = " A bootstrap, logit or binomial interval follows other rules."


def _declares_normal(area: PrintedArea) -> bool:
    """Whether the registry names a method whose interval is A ± 1.96 SE."""
    limits = {area.low.test, area.high.test}
    unsure = UNSURE & {word for row in area.three for word in row.modifiers}
    return not unsure and (area.row.test in NORMAL_METHODS or limits <= set(NORMAL_METHODS))


@check("areas under the ROC curve", "possibility")
def check_auc_in_interval(registry: Registry) -> Iterator[Finding]:
    """Look for an area inside its own interval; needs the area and both limits."""
    for area in printed_areas(registry):
        if area.has_interval:
            yield unless_shortened(_containment, area)


def _containment(area: PrintedArea, shortened: bool) -> Finding:
    scale, values = print_scale(area.row), area.proportions(shortened)
    return containment(area.printed, "area", area.three, values, lambda end: scale * end)


@check("areas under the ROC curve", "bookkeeping")
def check_auc_symmetry(registry: Registry) -> Iterator[Finding]:
    """Recompute an area and its limits from each other; needs all three."""
    for area in printed_areas(registry):
        if not area.has_interval or _containment(area, shortened=False).status != "agrees":
            continue
        if area.is_cut_off:
            text = f"{area.printed}: the upper limit may be cut off at 1, so symmetry is open."
            yield conclude("open", text, *area.uses)
        else:
            findings = [unless_shortened(_symmetry, area, target) for target in area.three]
            agrees = all(finding.status == "agrees" for finding in findings)
            if agrees or _declares_normal(area) or not _is_usual(area):
                yield from findings
            else:
                text = f"{area.printed}: the interval is not symmetric about the area."
                yield conclude("open", text, *area.three, reading=NOT_NORMAL)


def _is_usual(area: PrintedArea) -> bool:
    """Whether an interval lies between one symmetric about the area and one of its logit."""
    centre, low, high = (sum(ends) / 2 for ends in area.proportions())
    if not 0 < low < centre < high < 1:
        return False
    skewed = [(centre - low) / (high - centre)]
    skewed.append((logit(centre) - logit(low)) / (logit(high) - logit(centre)))
    return min(skewed) <= MOST_SKEWED and max(skewed) >= 1 / MOST_SKEWED


def _symmetry(area: PrintedArea, target: ReportedNumber, shortened: bool) -> Finding:
    allowed = from_symmetry(target.statistic, *area.proportions(shortened))
    ends = [print_scale(target) * end for end in allowed]
    start = f"{area.printed}: if the interval is symmetric about the area, the "
    finding = mirror_image(start, "area", area.three, target, ends)
    return finding.doubted(OTHER_INTERVALS, not _declares_normal(area))


@check("areas under the ROC curve", "possibility")
def check_auc_interval(registry: Registry) -> Iterator[Finding]:
    """Name the scores and standard errors that give the limits of an area; needs group sizes."""
    for area in printed_areas(registry):
        # An area outside its interval has been told: check_auc_in_interval.
        if area.has_interval and _containment(area, shortened=False).status != "agrees":
            continue
        if area.has_interval and area.sizes is None:
            yield from _sizes_from_error(area)
        elif area.has_interval and min(area.counts) > 1:
            yield unless_shortened(_readings, area)


def _readings(area: PrintedArea, shortened: bool) -> Finding:
    error = implied_error(area, shortened)
    text = f"{area.printed}, {area.counts[0]} patients with and {area.counts[1]} without. "
    if error is None:
        # Whether that is a doubt says check_auc_symmetry.
        return conclude("open", f"{text}The limits are not symmetric about it.", *area.uses)
    allowed = attainable_errors(area)
    names = _agreeing(area, error, allowed)
    middle = min(sum(proportion(area.row)) / 2, 1.0)
    text += (
        f"The limits need a standard error of {shown(*error, 4)}; a score has "
        f"{shown(*allowed, 4)}, the formula of Hanley and McNeil (1982) gives "
        f"{format_value(formula_error(middle, *area.counts), 4)}. "
    )
    if names:
        return conclude("agrees", f"{text}Agreeing: {'; '.join(names)}.", *area.uses)
    if error[0] > allowed[1]:
        text += "No score has so large a standard error."
        finding = conclude("contradicted", text, *area.uses)
        return finding.doubted(OTHER_INTERVALS, not _declares_normal(area))
    text += (
        "A score without values shared by patients with and without the outcome has no standard "
        "error so small."
    )
    if error[1] >= smallest_tied_error(area):
        return conclude("open", text, *area.uses, reading="values that both groups share")
    return conclude("suggests", text + OTHER_INTERVALS, *area.uses)


def _agreeing(area: PrintedArea, error: Interval, allowed: Interval) -> list[str]:
    times = area.multipliers[0]
    names = [
        f"the dichotomised score ({score.in_words}) with {kind} standard error "
        f"{format_value(spread, 4)}, {format_value(score.area - times * spread, 4)} to "
        f"{format_value(min(score.area + times * spread, 1), 4)}"
        for kind, score, spread in binary_readings(area)
    ]
    if formula_agrees(area):
        names.append("the formula of Hanley and McNeil")
    if error[0] <= allowed[1] and allowed[0] <= error[1]:
        names.append("a score with many values, nonparametric (SPSS) or DeLong")
    return names


@check("areas under the ROC curve", "bookkeeping")
def check_p_from_auc(registry: Registry) -> Iterator[Finding]:
    """Recompute the p value of an area against 0.5; needs area, sizes and a p value of it."""
    for area in printed_areas(registry):
        if area.sizes is not None:
            for row in registry.belonging_to(area.row.id, "p_value"):
                yield unless_shortened(_p_from_auc, area, row)


def _p_from_auc(area: PrintedArea, row: ReportedNumber, shortened: bool) -> Finding:
    """Apply the null standard error, ``(n1 + n0 + 1) / (12 n1 n0)`` squared; ties shrink it."""
    with_outcome, without = area.counts
    error = math.sqrt((with_outcome + without + 1) / (12 * with_outcome * without))
    low, high = proportion(area.row, shortened)
    nearest = 0.0 if low <= 0.5 <= high else min(abs(low - 0.5), abs(high - 0.5))
    most = 2 * ndtr(-nearest / error)
    text = (
        f"{area.printed}: under an area of 0.5 the standard error is at most "
        f"{format_value(error, 4)}, so p is {shown_p(most, row.number.decimals)} or less; "
        f"printed is {row.printed}."
    )
    finding = judge(row, (area.row, *area.sizes), 0.0, most, text)
    fixed = row.number.agrees(0.0) and row.number.agrees(most)
    if finding.status == "agrees" and not fixed:
        return replace(finding, status="open", text=text + " Ties may make it smaller.")
    if min(area.counts) > 1:
        beside = 2 * ndtr(-nearest / attainable_errors(area)[1])
        if finding.status in ("contradicted", "suggests") and row.number.overlaps(0.0, beside):
            return replace(finding, status="open", reading="p of DeLong's standard error")
    return finding.doubted(" Another test may give another p value.")


def _sizes_from_error(area: PrintedArea) -> Iterator[Finding]:
    """Bound the unprinted size of the smaller outcome group from ``SE² ≤ A(1 - A) / (n - 1)``."""
    error = implied_error(area)
    if error is not None and error[0] > 0:
        centre = min(proportion(area.row), key=lambda end: abs(end - 0.5))
        most = math.floor(centre * (1 - centre) / error[0] ** 2 + 1)
        text = (
            f"{area.printed}: the numbers with and without the outcome are not printed. A standard "
            f"error of {shown(*error, 4)} needs at most {most} patients in the smaller of the two."
        )
        yield conclude("open", text, *area.uses)


# --- Areas under the ROC curve beside sensitivity and specificity -----------------------------
# A ROC curve that passes through one operating point has an area between ``sensitivity ·
# specificity`` and ``1 - (1 - sensitivity)(1 - specificity)``: an area outside is ``contradicted``
# where the names say that point and area belong to one score. The area of the dichotomised score is
# the mean of sensitivity and specificity; that a printed area equals it says which score was used.


def area_limits(score: BinaryScore) -> Interval:
    """Return the smallest and largest area of a score with one known operating point."""
    sensitivity, specificity = score.sensitivity, score.specificity
    return sensitivity * specificity, 1 - (1 - sensitivity) * (1 - specificity)


def _areas_with_points(registry: Registry) -> Iterator[tuple[PrintedArea, Rule]]:
    for area in printed_areas(registry):
        yield from ((area, rule) for rule in area.rules if binary_scores(rule))


@check("areas under the ROC curve", "possibility")
def check_auc_operating_point(registry: Registry) -> Iterator[Finding]:
    """Bound an area by an operating point of its curve; needs sensitivity, specificity, sizes."""
    for area, rule in _areas_with_points(registry):
        yield unless_shortened(_bounded, area, rule)


def _bounded(area: PrintedArea, rule: Rule, shortened: bool) -> Finding:
    scores, scale = binary_scores(rule, shortened), print_scale(area.row)
    limits = [area_limits(score) for score in scores]
    low, high = (scale * min(low for low, _ in limits), scale * max(high for _, high in limits))
    text = (
        f"{area.printed}: a curve through sensitivity "
        f"{format_value(100 * scores[0].sensitivity, 1)} % and specificity "
        f"{format_value(100 * scores[0].specificity, 1)} % has an area of "
        f"{shown(low, high, area.row.number.decimals + 1)}."
    )
    finding = judge(area.row, rule.rows(), low, high, text)
    if finding.status == "agrees":
        # A bound is no reproduction: the finding is about the set.
        return conclude("agrees", text, area.row, *rule.rows())
    if finding.status != "open" and area.row.number.overlaps(scale - high, scale - low):
        text = f"{finding.text} It lies there if small values call positive in one place alone."
        return replace(finding, status="open", text=text, reading="small values call positive")
    unnamed = " The names do not say that the point lies on this curve."
    return finding.doubted(unnamed, not area.certain)


@check("areas under the ROC curve", "independent")
def check_auc_dichotomised(registry: Registry) -> Iterator[Finding]:
    """Set an area beside the mean of sensitivity and specificity; needs these and group sizes."""
    for area, rule in _areas_with_points(registry):
        scores = binary_scores(rule)
        areas = [print_scale(area.row) * score.area for score in scores]
        low, high = min(areas), max(areas)
        text = (
            f"{area.printed}: the dichotomised score, (sensitivity + specificity) / 2, has "
            f"{shown(low, high, area.row.number.decimals + 1)}. The printed area is "
        )
        if not set(scores) & set(scores_with_area(area)):
            text += "another one: that of the score itself, or of other patients."
            yield conclude("open", text, area.row, *rule.rows())
            continue
        text += "that of the dichotomised score."
        yield conclude("agrees", text, *rule.rows(), target=area.row, low=low, high=high)
        if area.has_interval:
            yield from _dichotomised_limits(area, rule)


def _dichotomised_limits(area: PrintedArea, rule: Rule) -> Iterator[Finding]:
    for kind, score, error in binary_readings(area)[:1]:
        for limit, sign in ((area.low, -1), (area.high, 1)):
            value = print_scale(limit) * min(score.area + sign * area.multipliers[0] * error, 1.0)
            text = (
                f"{area.printed}: the dichotomised score with {kind} standard error "
                f"{format_value(error, 4)} has the limit "
                f"{format_value(value, limit.number.decimals + 1)}."
            )
            yield conclude("agrees", text, *rule.rows(), target=limit, low=value, high=value)


@check("areas under the ROC curve", "possibility")
def check_auc_like_for_like(registry: Registry) -> Iterator[Finding]:
    """Compare what two areas of one score are areas of; needs areas, limits and their rules."""
    by_score: dict[str, dict[bool, PrintedArea]] = defaultdict(dict)
    for area in printed_areas(registry):
        # Two digits fit a dichotomised score by chance.
        precise = float(print_unit(area.row.number)) / print_scale(area.row) < 0.005
        if precise and area.certain and area.has_interval and area.sizes is not None:
            dichotomised = bool(binary_readings(area))
            if dichotomised or not scores_with_area(area):
                by_score[area.row.variable].setdefault(dichotomised, area)
    for kinds in by_score.values():
        # Figures that no table shows together have no area: check_classification_table.
        if len(kinds) == 2 and binary_scores(kinds[False].rules[0]):
            yield _unlike(kinds[True], kinds[False])


def _unlike(dichotomised: PrintedArea, other: PrintedArea) -> Finding:
    instead = format_value(binary_scores(other.rules[0])[0].area, other.row.number.decimals)
    rows = [*dichotomised.uses, *other.uses]
    rows += [*dichotomised.rules[0].rows(), *other.rules[0].rows()]
    text = (
        f"{dichotomised.printed}, has area and limits of the dichotomised score; {other.printed}, "
        f"has not: there the dichotomised score has {instead}. The two printed areas are not like "
        "for like."
    )
    return conclude("suggests", text, *rows)
