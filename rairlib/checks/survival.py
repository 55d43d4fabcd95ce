"""Kaplan-Meier rates beside each other, the sizes of groups and the number of events.

Proofs: a rate never rises; while nobody has had the event it is 100 %, and the first event lowers
it by at least one patient's share; ``n (1 - rate)`` is at least the number of events so far,
because censored patients only add weight to those who stay; and the rate of a whole is at least
the product of the rates of its parts, because at each time its hazard is at most the largest of
theirs. That the rate of a whole is the mean of its parts holds without censoring only: such a
mismatch is ``open``.
"""

import math
import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, permutations, product

import numpy as np
from scipy import special
from scipy.stats import chi2

from rairlib.checks.cells import (
    CountIndex,
    Partition,
    attached,
    count_index,
    ids,
    originals,
    outcome_sizes,
    unless_shortened,
    whole_number,
    whole_of,
)
from rairlib.checks.classification import Rule, agreeing_with_all, printed_list, rules
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import (
    Interval,
    RegressionEstimate,
    WaldRegion,
    other_level,
    regression_estimates,
    under_assumption,
    wald_region,
)
from rairlib.checks.rounding import float_limits, is_rescued, judge, shown, shown_p, shown_p_range
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import BY_EYE
from rairlib.stats.survival import CoxFit, logrank_limits

# --- Printed Kaplan-Meier rates with their times and the sizes of their groups ----------------


TIME = re.compile(r"^(\d+(?:\.\d+)?)[\s-]*(day|week|month|year)s?$")
MONTHS = {"day": 12 / 365.25, "week": 84 / 365.25, "month": 1.0, "year": 12.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A printed Kaplan-Meier rate.

    Attributes
    ----------
    row : ReportedNumber
        The rate.
    months : float
        Its time.
    survival : (float, float)
        Values that round to the print, between 0 and 1.
    shortened : (float, float)
        The same if digits may be cut off or rounded twice.
    size : ReportedNumber or None
        Size of its group; of the group before exclusions, it is an upper bound.
    """

    row: ReportedNumber
    months: float
    survival: Interval
    shortened: Interval
    size: ReportedNumber | None

    @property
    def patients(self) -> int | None:
        """Largest number of patients behind the curve."""
        size = whole_number(self.size)
        return size if size and size > 0 else None

    @property
    def printed(self) -> str:
        """Rate, group and time as printed."""
        return f"{self.row.variable} at {self.row.level} in {self.row.group} {self.row.printed} %"

    @property
    def is_without_events(self) -> bool:
        """Whether the rate is too close to 1 for a single event among its patients."""
        return bool(self.patients) and self.survival[0] > 1 - 1 / self.patients + 1e-9

    def most_events(self) -> int:
        """Largest number of events so far."""
        if self.is_without_events:
            return 0
        return math.floor(self.patients * (1 - self.survival[0]) + 1e-9)


def time_in_months(level: str) -> float | None:
    """Read ``60 months``, ``5 years`` or ``5-year`` as months; None for other texts."""
    match = TIME.match(level.strip().lower())
    return float(match[1]) * MONTHS[match[2]] if match else None


@lru_cache(maxsize=2)
def printed_rates(registry: Registry) -> list[Rate]:
    """Collect Kaplan-Meier rates; those read off a figure are left out.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of Rate
        In order of appearance.
    """
    index, found = count_index(registry), []
    for row in originals(registry, "survival_percent"):
        months = time_in_months(row.level)
        if months is None or row.role == "unavailable" or row.method == BY_EYE:
            continue
        scale = 1.0 if row.unit != "%" and row.number.value <= 1 else 0.01
        rounded, shortened = (
            tuple(min(max(scale * end, 0.0), 1.0) for end in float_limits(row.number, habit))
            for habit in (False, True)
        )
        size = index.sizes.get(row.group)
        found.append(Rate(row=row, months=months, survival=rounded, shortened=shortened, size=size))
    return found


# --- Events per level behind a Cox interval ---------------------------------------------------
# At the maximum of the partial likelihood the expected covariate at the event times adds up to the
# observed one. For a level with d1 events against its reference with d0, the information is then at
# most ``d1 d0 / (d1 + d0)``, because the variance of a share is concave: the standard error of the
# log hazard ratio is at least ``sqrt(1/d1 + 1/d0)``. The bound holds for Breslow and Efron ties,
# with other covariates in the model and with other levels of the same factor (where it follows from
# the concavity of the multinomial covariance). It assumes the model-based Wald interval.


MOST_LEVELS = 7
OTHER_ERRORS = " Only an interval that is not the usual Wald interval could be so narrow."


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSplit:
    """A hazard ratio, its two levels and what bounds their events.

    Attributes
    ----------
    found : RegressionEstimate
        The hazard ratio with its limits.
    events : ReportedNumber
        Size of the group with the event.
    levels : tuple of ReportedNumber or None
        Patients with the level and with its reference among all, where printed.
    level_events : tuple of ReportedNumber or None
        Patients with the event by level, where printed.
    errors : tuple of (float, float)
        Standard errors of the log hazard ratio that agree with the interval: with rounded
        limits, and with limits that may be shortened.
    """

    found: RegressionEstimate
    events: ReportedNumber
    levels: tuple[ReportedNumber | None, ReportedNumber | None]
    level_events: tuple[ReportedNumber | None, ReportedNumber | None]
    errors: tuple[tuple[float, float], tuple[float, float]]

    @property
    def error(self) -> tuple[float, float]:
        """Standard errors that agree with the rounded limits."""
        return self.errors[0]

    @property
    def total(self) -> int:
        """Number of events."""
        return whole_number(self.events)

    @property
    def uses(self) -> tuple[str, ...]:
        """Identifiers of all numbers in use."""
        found = self.found
        return ids(
            found.estimate, found.low, found.high, self.events, *self.levels, *self.level_events
        )

    def ranges(self, shortened: bool = False) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Smallest and largest number of events of the level and of its reference."""
        most = [
            self.total if whole_number(level) is None else whole_number(level)
            for level in self.levels
        ]
        return events_per_level(self.total, self.errors[shortened][1], *most)


def events_per_level(
    total: int, standard_error: float, most_in_level: int, most_in_reference: int
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Bound the events of two levels by the standard error of their log hazard ratio.

    Parameters
    ----------
    total : int
        Events in both levels (and any others) together.
    standard_error : float
        Largest standard error that agrees with the print.
    most_in_level, most_in_reference : int
        Patients in the two levels.

    Returns
    -------
    tuple of (int, int) or None
        Range for the level and for its reference, from ``1/d1 + 1/d0 ≤ standard_error²``; None
        if no split allows so small an error.
    """
    most_in_level = min(most_in_level, total - 1)
    information = standard_error**2 * (1 + 1e-9)
    if most_in_level < 1 or not information > 0:
        return None

    def room(in_level: int) -> float:
        """Events that the reference can have beyond those that it needs."""
        spare = information - 1 / in_level
        return most_beside(in_level) - 1 / spare if spare > 0 else -math.inf

    def most_beside(in_level: int) -> int:
        return min(most_in_reference, total - in_level)

    # The room is a concave function of the events in the level: those with room are neighbours,
    # around the place where it is largest.
    peak = max(total - most_in_reference, min(2 / information, total))
    near = (min(max(1, end), most_in_level) for end in (math.floor(peak), math.ceil(peak)))
    widest = max(near, key=room)
    if room(widest) < 0:
        return None
    first = bisect_left(range(1, widest), True, key=lambda level: room(level) >= 0) + 1
    last = widest + bisect_left(
        range(widest + 1, most_in_level + 1), True, key=lambda level: room(level) < 0
    )
    least_beside = math.ceil(1 / (information - 1 / last) - 1e-9)
    return (first, last), (least_beside, most_beside(first))


@lru_cache(maxsize=2)
def event_splits(registry: Registry) -> list[EventSplit]:
    """Collect the hazard ratios with limits whose number of events is printed.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of EventSplit
        In order of appearance, those with levels ``LEVEL vs REFERENCE``.
    """
    index, found_splits = count_index(registry), []
    for found in regression_estimates(registry):
        row = found.estimate
        sizes = outcome_sizes(index, row)
        usable = row.statistic == "hazard_ratio" and row.contrast and found.has_interval
        if not usable or sizes is None:
            continue
        regions = _region(found, shortened=False), _region(found, shortened=True)
        if all(regions):
            errors = tuple(region.standard_error() for region in regions)
            found_splits.append(_event_split(index, found, sizes[0], errors))
    return found_splits


def _region(found: RegressionEstimate, shortened: bool) -> WaldRegion:
    limits = found.limits(shortened)
    return wald_region(found.coefficient(shortened), *limits) or wald_region(None, *limits)


def _event_split(
    index: CountIndex,
    found: RegressionEstimate,
    events: ReportedNumber,
    errors: tuple[tuple[float, float], tuple[float, float]],
) -> EventSplit:
    row = found.estimate
    whole = whole_of(index, row.outcome_groups)
    everyone = whole.group if whole else ""
    levels, level_events = (
        tuple(index.counts.get((row.variable, level, group)) for level in row.contrast)
        for group in (everyone, row.outcome_groups[0])
    )
    return EventSplit(
        found=found, events=events, levels=levels, level_events=level_events, errors=errors
    )


@check("survival", "possibility")
def check_events_per_level(registry: Registry) -> list[Finding]:
    """Bound the events of each level by a Cox interval; needs limits and the number of events."""
    splits = event_splits(registry)
    findings = []
    for split in splits:
        judged = _printed_events if all(split.level_events) else _events
        finding = unless_shortened(judged, split)
        if finding.status == "contradicted" and all(split.level_events):
            finding = replace(finding, text=finding.text + _assignment(split, splits))
        findings.append(finding)
    return findings


def _assignment(split: EventSplit, splits: list[EventSplit]) -> str:
    """Name the assignment of a factor's printed events to its levels that fits its intervals."""
    row = split.found.estimate
    model = [
        other
        for other in splits
        if all(other.level_events)
        and (other.found.estimate.variable, other.found.estimate.method, other.events)
        == (row.variable, row.method, split.events)
    ]
    events = {
        level: whole_number(count)
        for other in model
        for level, count in zip(other.found.estimate.contrast, other.level_events, strict=True)
    }
    if not 2 < len(events) <= MOST_LEVELS or None in events.values():
        return ""
    fitting = []
    for counts in permutations(events.values()):
        assigned = dict(zip(events, counts, strict=True))
        if all(
            min(pair := [assigned[level] for level in other.found.estimate.contrast]) > 0
            and other.error[1] ** 2 * (1 + 1e-9) >= sum(1 / count for count in pair)
            for other in model
        ):
            moved = {level: n for level, n in assigned.items() if n != events[level]}
            fitting.append(moved)
    if not fitting:
        return ""
    fewest = min(fitting, key=len)
    listed = ", ".join(f"{level} {count}" for level, count in fewest.items())
    return f" The printed events would fit as {listed}."


def _events(split: EventSplit, shortened: bool) -> Finding:
    check, ranges = "events_per_level", split.ranges(shortened)
    text = _needed(split)
    if ranges is None:
        most = " and ".join(level.printed for level in split.levels if level is not None)
        text += f"No split of {split.total} events has it"
        text += f" with at most {most} patients in the levels." if most else "."
        finding = Finding(check=check, status="contradicted", uses=split.uses, text=text)
        return _unless_other_error(finding, split)
    (low, high), (reference_low, reference_high) = ranges
    level, reference = split.found.estimate.contrast
    text += (
        f"So {low} to {high} of the {split.total} events are in {level} and {reference_low} to "
        f"{reference_high} in {reference}."
    )
    informative = low > 1 or reference_low > 1
    status = "agrees" if informative else "open"
    return Finding(check=check, status=status, uses=split.uses, text=text)


def _unless_other_error(finding: Finding, split: EventSplit) -> Finding:
    level = other_level(split.found)
    return under_assumption(finding, split.found.is_wald and not level, level or OTHER_ERRORS)


def _needed(split: EventSplit) -> str:
    return (
        f"{split.found.printed}: the interval has a standard error of {shown(*split.error, 4)} on "
        "the log scale, and sqrt(1/d1 + 1/d0) with d1 and d0 events per level cannot be larger. "
    )


def _printed_events(split: EventSplit, shortened: bool) -> Finding:
    counts = [whole_number(row) for row in split.level_events]
    text = _needed(split)
    if any(count is None or count <= 0 for count in counts):
        text += "A level without events has no hazard ratio."
        return Finding(check="events_per_level", status="open", uses=split.uses, text=text)
    smallest = math.sqrt(sum(1 / count for count in counts))
    text += f"The printed {counts[0]} and {counts[1]} events give {format_value(smallest, 4)}."
    if split.errors[shortened][1] * (1 + 1e-9) >= smallest:
        return Finding(check="events_per_level", status="agrees", uses=split.uses, text=text)
    finding = Finding(check="events_per_level", status="contradicted", uses=split.uses, text=text)
    return _unless_other_error(finding, split)


@lru_cache(maxsize=2)
def event_totals(registry: Registry) -> dict[str, ReportedNumber]:
    """Return the row with the number of events of each group that a survival analysis covers.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    dict of str to ReportedNumber
        From the groups of hazard ratios, which name the patients with the event first.
    """
    index, totals = count_index(registry), {}
    for row in originals(registry, "hazard_ratio"):
        sizes = outcome_sizes(index, row)
        whole = whole_of(index, row.outcome_groups) if sizes else None
        if whole is not None:
            totals.setdefault(whole.group, sizes[0])
    return totals


@check("survival", "possibility")
def check_events_and_sensitivity(registry: Registry) -> list[Finding]:
    """Compare events per level with a sensitivity; needs Cox limits and figures of one rule."""
    index = count_index(registry)
    sensitive: dict[tuple[str, str, str], Rule] = {}
    for rule in rules(registry, index):
        measured = any(figure.row.statistic == "sensitivity" for figure in rule.figures)
        if measured and np.any(agreeing_with_all(rule.figures)):
            sensitive[rule.first.variable, rule.first.level, rule.first.group] = rule
    findings = []
    for split in event_splits(registry):
        row, ranges = split.found.estimate, split.ranges()
        key = row.variable, row.contrast[0], row.group
        if key in sensitive and ranges is not None:
            findings.append(unless_shortened(_sensitivity, split, sensitive[key]))
    return findings


def _sensitivity(split: EventSplit, rule: Rule, shortened: bool) -> Finding:
    events = split.ranges(shortened)[0]
    placed = np.nonzero(agreeing_with_all(rule.figures, shortened))[0]
    check, low, high = (
        "events_and_sensitivity",
        int(placed.min()),
        int(placed.max()),
    )
    text = (
        f"{split.found.printed}: the interval allows {events[0]} to {events[1]} events in "
        f"{split.found.estimate.contrast[0]}; {printed_list(rule.figures)} puts "
        f"{shown(low, high, 0)} of {split.total} there."
    )
    uses = tuple(dict.fromkeys((*split.uses, *rule.rows(rule.figures))))
    if low <= events[1] and events[0] <= high:
        return Finding(check=check, status="agrees", uses=uses, text=text)
    finding = Finding(check=check, status="contradicted", uses=uses, text=text)
    return _unless_other_error(finding, split)


# --- How large a log-rank statistic can be, from group sizes and events -----------------------
# With ``r1`` and ``r0`` at risk, an event in group 1 adds
# ``r0 / (r1 + r0)`` to observed minus expected and ``r1 r0 / (r1 + r0)²`` to the variance; an event
# in group 0 only lowers the one and raises the other. For any c, ``U² / V`` is the largest value of
# ``2cU - c²V``, which is a sum over events and convex in each share at risk: it is largest at the
# smallest share that the remaining events of group 1 allow (k still to fail: ``k / (k + n0)``) or
# where the event adds nothing. A search over c gives the bound for distinct event times. With tied
# times, the Cauchy-Schwarz inequality over times gives the wider ``d1 + (n0 - 1)(1 + 1/2 + … +
# 1/d1)``.
#
# What a hazard ratio of the same split allows stands in ``rairlib/stats/survival.py``.


MOST_EVENTS = 1_000_000


def largest_with_distinct_times(events: int, others: int) -> float:
    """Bound the log-rank statistic if the group with excess events has distinct event times.

    Parameters
    ----------
    events : int
        Events in the group that has more than expected.
    others : int
        Patients in the other group.

    Returns
    -------
    float
        Largest ``(O - E)² / V``; with more than `MOST_EVENTS` events the wider bound for ties.
    """
    if not events or not others:
        return 0.0
    if events > MOST_EVENTS:
        return largest_with_tied_times(events, others)
    shares = np.arange(1, events + 1) / (np.arange(1, events + 1) + others)
    excess, variance = 1 - shares, shares * (1 - shares)
    # For a given c the best selection keeps the events with c p < 2; they are the smallest shares.
    excess_sums, variance_sums = np.cumsum(excess), np.cumsum(variance)
    return float(np.max(excess_sums**2 / variance_sums))


def largest_with_tied_times(events: int, others: int) -> float:
    """Bound the log-rank statistic whatever the ties between event times.

    Parameters
    ----------
    events : int
        Events in the group that has more than expected.
    others : int
        Patients in the other group.

    Returns
    -------
    float
        ``events + (others - 1)(1 + 1/2 + … + 1/events)``.
    """
    if not events or not others:
        return 0.0
    # 1 + 1/2 + … + 1/n, without adding them up.
    return events + (others - 1) * float(special.digamma(events + 1) + np.euler_gamma)


# --- Kaplan-Meier rates beside each other, the sizes of groups and the number of events -------
# Proofs: a rate never rises; while nobody has had the event it is 100 %, and the first event lowers
# it by at least one patient's share; ``n (1 - rate)`` is at least the number of events so far,
# because censored patients only add weight to those who stay; and the rate of a whole is at least
# the product of the rates of its parts, because at each time its hazard is at most the largest of
# theirs. That the rate of a whole is the mean of its parts holds without censoring only: such a
# mismatch is ``open``.


@check("survival", "possibility")
def check_survival_falls(registry: Registry) -> list[Finding]:
    """Compare the rates of one curve at several times; needs two rates of a group."""
    curves: dict[tuple[str, str], list[Rate]] = defaultdict(list)
    for rate in printed_rates(registry):
        curves[rate.row.variable, rate.row.group].append(rate)
    findings = []
    for curve in curves.values():
        for earlier, later in pairwise(sorted(curve, key=lambda rate: rate.months)):
            if later.months > earlier.months:
                findings.append(unless_shortened(_falls, earlier, later))
    return findings


def _falls(earlier: Rate, later: Rate, shortened: bool) -> Finding:
    ends = [rate.shortened if shortened else rate.survival for rate in (earlier, later)]
    rises = ends[1][0] > ends[0][1] + 1e-9
    text = f"{earlier.printed}, {later.printed}: the rate {'rises' if rises else 'does not rise'}"
    return Finding(
        check="survival_falls",
        status="contradicted" if rises else "agrees",
        uses=ids(earlier.row, later.row),
        text=f"{text}, and a Kaplan-Meier curve cannot." if rises else f"{text}.",
    )


@check("survival", "possibility")
def check_survival_events(registry: Registry) -> list[Finding]:
    """Bound the events so far by a rate; needs the size of its group, better all its events."""
    totals = event_totals(registry)
    return [
        _events_so_far(rate, totals.get(rate.row.group))
        for rate in printed_rates(registry)
        if rate.patients and rate.months > 0
    ]


def _events_so_far(rate: Rate, total: ReportedNumber | None) -> Finding:
    check, uses = "survival_events", ids(rate.row, rate.size, total)
    text = f"{rate.printed}, {rate.patients} patients: "
    if rate.is_without_events and rate.survival[1] < 1 - 1e-9:
        next_rate = 100 * (1 - 1 / rate.patients)
        text += (
            f"the first event lowers the rate to at most {shown(next_rate, next_rate, 2)} %, and "
            "nothing lies between that and 100 %."
        )
        printed = next_rate if rate.row.number.value > 1 else next_rate / 100
        rescued = is_rescued(rate.row.number, printed, printed)
        status = "suggests" if rescued else "contradicted"
        return Finding(check=check, status=status, target=rate.row.id, uses=uses[1:], text=text)
    most = rate.most_events()
    if rate.is_without_events:
        text += "no patient has had the event by then."
    else:
        text += f"at most {most} events by then, from events ≤ n (1 - rate)."
    all_events = whole_number(total)
    if all_events is not None and all_events > most:
        text += f" Of the {all_events} events in all, at least {all_events - most} came later."
    return Finding(check=check, status="agrees", uses=uses, text=text)


@check("survival", "possibility")
def check_survival_whole(registry: Registry) -> list[Finding]:
    """Compare the rate of a whole with those of its parts; needs rates at one time and sizes."""
    index = count_index(registry)
    by_time: dict[tuple[str, float], dict[str, Rate]] = defaultdict(dict)
    for rate in printed_rates(registry):
        by_time[rate.row.variable, rate.months].setdefault(rate.row.group, rate)
    analysed = {group for rates in by_time.values() for group in rates}
    findings = []
    for rates in by_time.values():
        for whole, split in product(rates.values(), index.splits):
            parts = [rates.get(part.group) for part in split.parts]
            known = all(part is not None and part.patients for part in parts)
            if known and whole not in parts and _is_whole(index, whole, split, analysed):
                same = whole.row.group == split.whole.group
                findings.append(unless_shortened(_whole, whole, parts, same))
    return findings


def _is_whole(index: CountIndex, whole: Rate, split: Partition, analysed: set[str]) -> bool:
    """Say whether a curve is of the group that is split, or of all of it who were analysed."""
    if not whole.patients or whole.row.group == split.whole.group:
        return bool(whole.patients)
    for other in index.splits:
        rest = [part for part in other.parts if part.group != whole.row.group]
        is_part = len(rest) < len(other.parts) and other.whole.group == split.whole.group
        if is_part and not analysed & {part.group for part in rest}:
            return whole.patients > (whole_number(split.whole) or 0) / 2
    return False


def product_of(parts: list[Interval]) -> Interval:
    """Multiply rates that are known to rounding."""
    return math.prod(low for low, _ in parts), math.prod(high for _, high in parts)


def mean_range(rates: list[Interval], most: list[int], total: int) -> Interval:
    """Return the range of the mean rate of a whole without censoring.

    Parameters
    ----------
    rates : list of (float, float)
        Rates of the parts, known to rounding.
    most : list of int
        Largest size of each part.
    total : int
        Size of the whole, at most the sum of these.

    Returns
    -------
    (float, float)
        Over all sizes of the parts that add up to the whole.
    """
    ends = []
    for end, sign in ((0, 1), (1, -1)):
        sizes = [max(0, total - sum(most) + size) for size in most]
        spare = total - sum(sizes)
        for part in sorted(range(len(rates)), key=lambda part: sign * rates[part][end]):
            more = min(spare, min(most[part], total) - sizes[part])
            sizes[part] += more
            spare -= more
        ends.append(sum(size * rate[end] for size, rate in zip(sizes, rates, strict=True)) / total)
    return ends[0], ends[1]


def _whole(whole: Rate, parts: list[Rate], same_patients: bool, shortened: bool) -> Finding:
    check = "survival_whole"
    rates, most = [part.survival for part in parts], [part.patients for part in parts]
    uses = ids(whole.row, whole.size, *(part.row for part in parts), *(p.size for p in parts))
    text = f"{whole.printed}; {'; '.join(part.printed for part in parts)}. "
    least = product_of([part.shortened if shortened else part.survival for part in parts])[0]
    most_of_whole = (whole.shortened if shortened else whole.survival)[1]
    if most_of_whole < least - 1e-9:
        text += (
            "The rate of a whole is at least the product of the rates of its parts, "
            f"{shown(100 * least, 100 * least, 2)} %."
        )
        finding = Finding(check=check, status="contradicted", uses=uses, text=text)
        rescue = " The curves may be of different patients."
        return under_assumption(finding, same_patients, rescue)
    events = sum(part.most_events() for part in parts)
    text += f"The parts allow at most {events} events by then. "
    if whole.patients > sum(most):
        return Finding(check=check, status="open", uses=uses, text=text)
    low, high = mean_range(rates, most, whole.patients)
    agrees = low <= whole.survival[1] and whole.survival[0] <= high
    text += (
        f"Without censoring the whole would have {shown(100 * low, 100 * high, 1)} %"
        f"{'.' if agrees else '; censoring can move it, so this is no contradiction.'}"
    )
    return Finding(check=check, status="agrees" if agrees else "open", uses=uses, text=text)


@check("survival", "possibility")
def check_levels_without_events(registry: Registry) -> list[Finding]:
    """Set a group without events beside a level that needs some; needs rates, Cox limits, sizes."""
    rates = printed_rates(registry)
    empty = [rate for rate in rates if rate.is_without_events and rate.months]
    findings: dict[tuple, tuple[int, Finding]] = {}
    for split in event_splits(registry):
        ranges, row = split.ranges() or (), split.found.estimate
        for level, count, (needed, _) in zip(row.contrast, split.levels, ranges, strict=False):
            for rate in empty:
                same_size = count is not None and whole_number(count) == rate.patients
                key = row.variable, level, rate.row.id
                if (level == rate.row.group or same_size) and needed > findings.get(key, (0,))[0]:
                    whole = _rate_of_all(registry, split, rate, rates)
                    findings[key] = needed, _without_events(split, level, needed, rate, whole)
    return [finding for _, finding in findings.values()]


def _rate_of_all(
    registry: Registry, split: EventSplit, part: Rate, rates: list[Rate]
) -> Rate | None:
    """Find the rate, at the same time, of all patients of the Cox model."""
    everyone = whole_of(count_index(registry), split.found.estimate.outcome_groups)
    for rate in rates:
        same = (rate.row.variable, rate.months) == (part.row.variable, part.months)
        if same and everyone is not None and rate.row.group == everyone.group:
            return rate
    return None


def _without_events(
    split: EventSplit, level: str, needed: int, part: Rate, whole: Rate | None
) -> Finding:
    text = (
        f"{split.found.printed}: the interval needs at least {needed} of {split.total} events in "
        f"{level}. {part.printed}: none by then. If both are the same {part.patients} patients, "
        f"all {needed} came later; otherwise level and group are different patients."
    )
    uses = (*split.uses, *ids(part.row, part.size))
    status = "open"
    if whole is not None and whole.patients:
        left = split.total - whole.most_events()
        uses = (*uses, *ids(whole.row, whole.size))
        if left < needed:
            status = "suggests"
            text += (
                f" {whole.printed} leaves {left} for later if few were censored before: they are "
                "rather different patients."
            )
    uses = tuple(dict.fromkeys(uses))
    return Finding(check="levels_without_events", status=status, uses=uses, text=text)


# --- Log-rank statistics beside their p value, group sizes, events and hazard ratios ----------
# The p value follows from the statistic and the number of groups. A statistic above the bound that
# holds with tied event times is ``contradicted``; one above the bound for distinct times alone, or
# above the bound from a hazard ratio of what may be the same split, is ``suggests``.


MOST_GROUPS = 6
# exp(20) is beyond any hazard ratio that a fit can mean.
LARGEST_LOG_RATIO = 20.0
# Tied times and rounding can lift a statistic above the bound: this much of its square root.
MARGIN = (1.15, 0.5)


def compared_groups(row: ReportedNumber) -> tuple[str, ...]:
    """Return the groups that a log-rank test compares, or () if the row does not name them.

    Parameters
    ----------
    row : ReportedNumber
        A statistic whose level reads ``a | b | c`` or ``a vs b``, or whose group reads
        ``a vs b``.

    Returns
    -------
    tuple of str
        Names of groups or levels.
    """
    for text in (row.level, row.group):
        names = tuple(name.strip() for name in re.split(r" \| | vs ", text))
        if len(names) > 1:
            return names
    return ()


@check("survival", "bookkeeping")
def check_logrank_p_value(registry: Registry) -> list[Finding]:
    """Recompute p from a log-rank statistic; needs its p value and the compared groups."""
    findings = []
    for row in originals(registry, "logrank_chi_square"):
        p = attached(registry, row, "p_value")
        if p is not None:
            groups = compared_groups(row)
            findings.append(
                unless_shortened(_logrank_p, row, p, len(groups) - 1)
                if groups
                else _any_number_of_groups(row, p)
            )
    return findings


def _logrank_p(row: ReportedNumber, p: ReportedNumber, freedom: int, shortened: bool) -> Finding:
    ends = reversed(float_limits(row.number, shortened))
    low, high = (float(chi2.sf(end, freedom)) for end in ends)
    between = dict.fromkeys(shown_p(end, p.number.decimals) for end in (low, high))
    text = (
        f"Log-rank χ² {row.printed} of {freedom + 1} groups ({freedom} df) gives p "
        f"{' to '.join(between)}; printed is {p.printed}."
    )
    return judge(p, (row.id,), low, high, text)


def _any_number_of_groups(row: ReportedNumber, p: ReportedNumber) -> Finding:
    freedoms = range(1, MOST_GROUPS)
    fitting = [
        freedom
        for freedom in freedoms
        if p.number.overlaps(chi2.sf(row.number.high, freedom), chi2.sf(row.number.low, freedom))
    ]
    if len(fitting) == len(freedoms):
        low, high = chi2.sf(row.number.high, freedoms[0]), chi2.sf(row.number.low, freedoms[-1])
        text = (
            f"Log-rank χ² {row.printed} gives p {shown_p_range(low, high, p.number.decimals)} for "
            f"any number of groups from 2 to {MOST_GROUPS}; printed is {p.printed}."
        )
        return judge(p, (row.id,), float(low), float(high), text)
    text = f"Log-rank χ² {row.printed}, p {p.printed}; the compared groups are not named. "
    named = ", ".join(str(freedom + 1) for freedom in fitting) or f"none up to {MOST_GROUPS}"
    text += f"Numbers of groups for which p follows: {named}."
    return Finding(check="logrank_p_value", status="open", uses=ids(row, p), text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoGroupTest:
    """A log-rank test of two groups of known size.

    Attributes
    ----------
    row : ReportedNumber
        The statistic.
    groups : tuple of str
        Names of the groups.
    sizes : tuple of ReportedNumber
        Their sizes, or upper bounds of them.
    """

    row: ReportedNumber
    groups: tuple[str, str]
    sizes: tuple[ReportedNumber, ReportedNumber]

    @property
    def patients(self) -> tuple[int, int]:
        """Patients in the two groups."""
        return tuple(whole_number(size) for size in self.sizes)

    @property
    def printed(self) -> str:
        """Statistic and groups in words."""
        described = " and ".join(
            f"{name} ({size})" for name, size in zip(self.groups, self.patients, strict=True)
        )
        return f"Log-rank χ² {self.row.printed} of {described}"


def two_group_tests(registry: Registry) -> list[TwoGroupTest]:
    """Collect the log-rank statistics of two groups whose sizes are printed.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of TwoGroupTest
        Sizes are those of groups of these names, or of levels counted under these names.
    """
    index, found = count_index(registry), []
    for row in originals(registry, "logrank_chi_square"):
        groups = compared_groups(row)
        sizes = tuple(_size(index, row.variable, name) for name in groups)
        if len(groups) == 2 and all((whole_number(size) or 0) > 0 for size in sizes):
            found.append(TwoGroupTest(row=row, groups=groups, sizes=sizes))
    return found


def _size(index: CountIndex, variable: str, name: str) -> ReportedNumber | None:
    counted = [row for (v, level, _), row in index.counts.items() if (v, level) == (variable, name)]
    # The largest count is an upper bound, whichever group the test was done in.
    largest = max(counted, key=lambda row: row.number.value, default=None)
    return index.sizes.get(name, largest)


def _all_events(registry: Registry, test: TwoGroupTest) -> ReportedNumber | None:
    """Return the row with the number of events, if the paper has one such number."""
    index, groups = count_index(registry), test.row.outcome_groups
    if test.row.level and groups is not None:
        return index.sizes.get(groups[0])
    totals = {row.id: row for row in event_totals(registry).values()}
    return next(iter(totals.values())) if len(totals) == 1 else None


@check("survival", "possibility")
def check_logrank_bound(registry: Registry) -> list[Finding]:
    """Bound a log-rank statistic by group sizes and events; needs two groups of known size."""
    return [_bound(test, _all_events(registry, test)) for test in two_group_tests(registry)]


def _bound(test: TwoGroupTest, total: ReportedNumber | None) -> Finding:
    first, second = test.patients
    events = whole_number(total) or first + second
    cases = ((min(events, first), second), (min(events, second), first))
    distinct = max(largest_with_distinct_times(*case) for case in cases)
    tied = max(largest_with_tied_times(*case) for case in cases)
    least = float_limits(test.row.number, shortened=True)[0]
    text = (
        f"{test.printed}, {events if total is not None else 'unknown'} events: the statistic "
        f"cannot exceed {format_value(distinct, 1)} with distinct event times, nor "
        f"{format_value(tied, 1)} with any ties."
    )
    uses = ids(*test.sizes, total)
    if least > tied:
        return judge(test.row, uses, 0.0, tied, text)
    status = "suggests" if least > distinct else "agrees" if least > distinct / 2 else "open"
    return Finding(check="logrank_bound", status=status, uses=(test.row.id, *uses), text=text)


@check("survival", "possibility")
def check_logrank_beside_hazard_ratio(registry: Registry) -> list[Finding]:
    """Ask whether a hazard ratio and a log-rank statistic can be of one split; needs both."""
    index = count_index(registry)
    splits = [
        split
        for split in event_splits(registry)
        if split.found.estimate.method != "multivariable" and _makes_up_everyone(index, split)
    ]
    findings = []
    for row in originals(registry, "logrank_chi_square"):
        groups = compared_groups(row)
        if len(groups) != 2:
            continue
        sizes = tuple(_size(index, row.variable, name) for name in groups)
        for split in splits:
            if _may_be_same(groups, sizes, split):
                findings += _beside(row, groups, sizes, split)
    return findings


def _makes_up_everyone(index: CountIndex, split: EventSplit) -> bool:
    """Say whether the two levels of a hazard ratio are all patients of the model."""
    everyone = whole_of(index, split.found.estimate.outcome_groups)
    counts = [whole_number(level) for level in split.levels]
    return None not in counts and sum(counts) == whole_number(everyone)


def _may_be_same(groups: tuple[str, ...], sizes, split: EventSplit) -> bool:
    """Say whether the names agree, or one group has as many patients as one level."""
    if set(groups) == set(split.found.estimate.contrast):
        return True
    patients = {whole_number(size) for size in sizes} - {None}
    levels = {whole_number(level) for level in split.levels} - {None}
    return bool(patients & levels)


def _beside(row: ReportedNumber, groups, sizes, split: EventSplit) -> list[Finding]:
    found, (smallest, largest) = split.found, split.error
    # The information is a sum of q (1 - q) over the events, none of them above 1/4.
    smallest = max(smallest, 2 / math.sqrt(split.total))
    extreme = max(abs(end) for end in found.coefficient()) > LARGEST_LOG_RATIO
    if largest < smallest or extreme:
        return []
    fit = CoxFit(log_ratio=found.coefficient(), standard_error=(smallest, largest))
    bound = logrank_limits(fit)[1]
    if not bound > 0:
        return []
    text = (
        f"{found.printed}, {split.total} events: if Log-rank χ² {row.printed} of "
        f"{' and '.join(groups)} were of the same split, it could be at most "
        f"{format_value(bound, 1)}, which is (h - 1)²/(h SE²) with h the hazard ratio and SE "
        f"{shown(*split.error, 4)}. "
    )
    uses = tuple(dict.fromkeys((row.id, *split.uses, *ids(*sizes))))
    check = "logrank_beside_hazard_ratio"
    if math.sqrt(max(row.number.low, 0.0)) <= MARGIN[0] * math.sqrt(bound) + MARGIN[1]:
        text += "It could be the same split."
        return [Finding(check=check, status="open", uses=uses, text=text)]
    text += "It is another split, unless many events share their times."
    return [Finding(check=check, status="suggests", uses=uses, text=text)]
