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
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, permutations, product

import numpy as np
from scipy import special
from scipy.optimize import linprog

from rairlib.checks.cells import (
    CountIndex,
    Partition,
    attached,
    count_index,
    originals,
    outcome_sizes,
    short_name,
    unless_shortened,
    whole_number,
    whole_of,
)
from rairlib.checks.classification import Rule, agreeing_with_all, printed_list, rules
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import (
    LEVELS,
    Interval,
    RegressionEstimate,
    WaldRegion,
    other_level,
    regression_estimates,
    unless_other_method,
)
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_rescued,
    judge,
    shown,
    shown_p_range,
)
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
    size : ReportedNumber or None
        Size of its group; of the group before exclusions, it is an upper bound.
    """

    row: ReportedNumber
    months: float
    size: ReportedNumber | None

    def values(self, shortened: bool = False) -> Interval:
        """Values between 0 and 1 that round to the print, or (if `shortened`) are cut off to it."""
        scale = 1.0 if self.row.unit != "%" and self.row.number.value <= 1 else 0.01
        low, high = float_limits(self.row.number, shortened)
        return min(max(scale * low, 0.0), 1.0), min(max(scale * high, 0.0), 1.0)

    @property
    def survival(self) -> Interval:
        """Values that round to the print, between 0 and 1."""
        return self.values()

    @property
    def patients(self) -> int | None:
        """Largest number of patients behind the curve."""
        return whole_number(self.size) or None

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
        events = math.floor(self.patients * (1 - self.survival[0]) + 1e-9)
        return 0 if self.is_without_events else events


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
    sizes = count_index(registry).sizes
    return [
        Rate(row=row, months=months, size=sizes.get(row.group))
        for row in originals(registry, "survival_percent")
        if (months := time_in_months(row.level)) is not None
        and row.role != "unavailable"
        and row.method != BY_EYE
    ]


# --- Events per level behind a Cox interval ---------------------------------------------------
# At the maximum of the partial likelihood the expected covariate at the event times adds up to the
# observed one. For a level with d1 events against its reference with d0, the information is then at
# most ``d1 d0 / (d1 + d0)``, because the variance of a share is concave: the standard error of the
# log hazard ratio is at least ``sqrt(1/d1 + 1/d0)``. The bound holds for Breslow and Efron ties,
# with other covariates in the model and with other levels of the same factor (where it follows from
# the concavity of the multinomial covariance). It assumes the model-based Wald interval.


MOST_LEVELS = 7
NARROWER = "a 90 % interval"
WIDER = LEVELS[95][0] / LEVELS[90][0]
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
    everyone : ReportedNumber or None
        Size of the group that the Cox model covers, where printed.
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
    everyone: ReportedNumber | None
    levels: tuple[ReportedNumber | None, ReportedNumber | None]
    level_events: tuple[ReportedNumber | None, ReportedNumber | None]
    errors: tuple[Interval, Interval]

    @property
    def total(self) -> int:
        """Number of events."""
        return whole_number(self.events)

    @property
    def uses(self) -> tuple[ReportedNumber | None, ...]:
        """All numbers in use."""
        return (*self.found.three, self.events, *self.levels, *self.level_events)

    def ranges(self, shortened: bool = False) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Smallest and largest number of events of the level and of its reference."""
        patients = map(whole_number, self.levels)
        most = (self.total if number is None else number for number in patients)
        return events_per_level(self.total, self.errors[shortened][1], *most)

    def allows(self, counts: Iterable[int], shortened: bool = False) -> bool:
        """Whether the interval is wide enough for so many events per level."""
        smallest = sum(1 / count if count > 0 else math.inf for count in counts)
        return self.errors[shortened][1] ** 2 * (1 + 1e-9) >= smallest

    def contradicts(self, text: str, *rows: ReportedNumber) -> Finding:
        """Contradict, unless the interval may be of another kind or level."""
        return unless_other_method(conclude("contradicted", text, *rows), self.found, OTHER_ERRORS)


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
    information = standard_error**2 * (1 + 1e-9)
    most = [min(patients, total - 1) for patients in (most_in_level, most_in_reference)]
    if not all(patients * information > 1 for patients in most):
        return None
    # With all events in the two levels, d1 lies between the roots of d1 (total - d1) = total / SE².
    discriminant = total**2 - 4 * total / information
    if discriminant < 0:
        return None
    fewest = 2 * total / information / (total + math.sqrt(discriminant))
    level, reference = (
        (
            math.ceil(max(fewest, 1 / (information - 1 / beside))),
            min(own, total - math.ceil(fewest)),
        )
        for own, beside in (most, most[::-1])
    )
    return (level, reference) if level[0] <= level[1] else None


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
    index, splits = count_index(registry), []
    for found in regression_estimates(registry):
        row = found.estimate
        sizes = outcome_sizes(index, row)
        usable = row.statistic == "hazard_ratio" and row.contrast and found.has_interval
        if not usable or sizes is None:
            continue
        everyone = whole_of(index, row.outcome_groups)
        levels, level_events = (
            tuple(index.counts.get((row.variable, level, group)) for level in row.contrast)
            for group in (everyone.group if everyone else "", row.outcome_groups[0])
        )
        regions = [_region(found, shortened) for shortened in (False, True)]
        if all(regions):
            split = EventSplit(
                found=found,
                events=sizes[0],
                everyone=everyone,
                levels=levels,
                level_events=level_events,
                errors=tuple(region.standard_error() for region in regions),
            )
            splits.append(split)
    return splits


def _region(found: RegressionEstimate, shortened: bool) -> WaldRegion:
    return found.region(shortened) or found.region(shortened, alone=True)


@check("survival", "possibility")
def check_events_per_level(registry: Registry) -> Iterator[Finding]:
    """Bound the events of each level by a Cox interval; needs limits and the number of events."""
    splits = event_splits(registry)
    levels = {(each.estimate.locus, other_level(each)) for each in regression_estimates(registry)}
    for split in splits:
        finding = unless_shortened(_events, split)
        # A p below 0.001 tells no level, but its neighbours may.
        place, refuted = split.found.estimate.locus, finding.status in ("contradicted", "suggests")
        if refuted and split.found.level == 95 and (place, NARROWER) in levels:
            wider = [tuple(end * WIDER for end in ends) for ends in split.errors]
            if _events(replace(split, errors=tuple(wider)), shortened=False).status == "agrees":
                text = f" Beside it in {place}, p tells {NARROWER}."
                finding = replace(finding.doubted(text), reading=NARROWER)
        told = finding.status == "contradicted" and all(split.level_events)
        if told and (fitting := _assignment(split, splits)):
            text = f"{finding.text} The printed events would fit as {fitting}."
            finding = replace(finding, text=text, reading=f"the printed events as {fitting}")
        yield finding


def _assignment(split: EventSplit, splits: list[EventSplit]) -> str:
    """Name the assignment of a factor's printed events to its levels that fits its intervals."""
    row = split.found.estimate
    model = [
        (other, other.found.estimate.contrast)
        for other in splits
        if all(other.level_events)
        and (other.found.estimate.variable, other.found.estimate.method, other.events)
        == (row.variable, row.method, split.events)
    ]
    events = {
        level: whole_number(count)
        for other, contrast in model
        for level, count in zip(contrast, other.level_events, strict=True)
    }
    if not 2 < len(events) <= MOST_LEVELS or None in events.values():
        return ""
    assignments = (
        dict(zip(events, counts, strict=True)) for counts in permutations(events.values())
    )
    fitting = [
        {level: count for level, count in assigned.items() if count != events[level]}
        for assigned in assignments
        if all(other.allows(map(assigned.get, contrast)) for other, contrast in model)
    ]
    if not fitting:
        return ""
    return ", ".join(f"{level} {count}" for level, count in min(fitting, key=len).items())


def _events(split: EventSplit, shortened: bool) -> Finding:
    text = (
        f"{split.found.printed}: the interval has a standard error of {shown(*split.errors[0], 4)} "
        "on the log scale, and sqrt(1/d1 + 1/d0) with d1 and d0 events per level cannot be larger. "
    )
    if all(split.level_events):
        counts = [whole_number(row) for row in split.level_events]
        if not all(count and count > 0 for count in counts):
            text += "A level without events has no hazard ratio."
            return conclude("open", text, *split.uses)
        smallest = format_value(math.sqrt(sum(1 / count for count in counts)), 4)
        text += f"The printed {counts[0]} and {counts[1]} events give {smallest}."
        if split.allows(counts, shortened):
            return conclude("agrees", text, *split.uses)
        return split.contradicts(text, *split.uses)
    ranges = split.ranges(shortened)
    if ranges is None:
        most = " and ".join(level.printed for level in split.levels if level is not None)
        text += f"No split of {split.total} events has it"
        text += f" with at most {most} patients in the levels." if most else "."
        return split.contradicts(text, *split.uses)
    (low, high), (reference_low, reference_high) = ranges
    level, reference = split.found.estimate.contrast
    text += (
        f"So {low} to {high} of the {split.total} events are in {level} and {reference_low} to "
        f"{reference_high} in {reference}."
    )
    informative = low > 1 or reference_low > 1
    return conclude("agrees" if informative else "open", text, *split.uses)


@lru_cache(maxsize=2)
def event_totals(registry: Registry) -> dict[str, ReportedNumber]:
    """Return the row with the number of events of each group that a survival analysis covers.

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
def check_events_and_sensitivity(registry: Registry) -> Iterator[Finding]:
    """Compare events per level with a sensitivity; needs Cox limits and figures of one rule."""
    sensitive: dict[tuple[str, str, str], Rule] = {}
    for rule in rules(registry, count_index(registry)):
        measured = any(figure.row.statistic == "sensitivity" for figure in rule.figures)
        if measured and np.any(agreeing_with_all(rule.figures)):
            sensitive[rule.first.variable, rule.first.level, rule.first.group] = rule
    for split in event_splits(registry):
        row = split.found.estimate
        rule = sensitive.get((row.variable, row.contrast[0], row.group))
        if rule is not None and split.ranges() is not None:
            yield unless_shortened(_sensitivity, split, rule)


def _sensitivity(split: EventSplit, rule: Rule, shortened: bool) -> Finding:
    events = split.ranges(shortened)[0]
    placed = np.nonzero(agreeing_with_all(rule.figures, shortened))[0]
    low, high = int(placed.min()), int(placed.max())
    text = (
        f"{split.found.printed}: the interval allows {events[0]} to {events[1]} events in "
        f"{split.found.estimate.contrast[0]}; {printed_list(rule.figures)} puts "
        f"{shown(low, high, 0)} of {split.total} there."
    )
    if low <= events[1] and events[0] <= high:
        return conclude("agrees", text, *split.uses, *rule.rows())
    return split.contradicts(text, *split.uses, *rule.rows())


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
    if events > MOST_EVENTS:
        return largest_with_tied_times(events, others)
    shares = np.arange(1, events + 1) / (np.arange(1, events + 1) + others)
    excess, variance = 1 - shares, shares * (1 - shares)
    # For a given c the best selection keeps the events with c p < 2; they are the smallest shares.
    excess_sums, variance_sums = np.cumsum(excess), np.cumsum(variance)
    return float(np.max(excess_sums**2 / variance_sums, initial=0.0))


def largest_with_tied_times(events: int, others: int) -> float:
    """Bound the log-rank statistic by ``events + (others - 1)(1 + 1/2 + … + 1/events)``."""
    # 1 + 1/2 + … + 1/n, without adding them up.
    return events + (others - 1) * float(special.digamma(events + 1) + np.euler_gamma)


# --- Kaplan-Meier rates beside each other, the sizes of groups and the number of events -------


@check("survival", "possibility")
def check_survival_falls(registry: Registry) -> Iterator[Finding]:
    """Compare the rates of one curve at several times; needs two rates of a group."""
    curves: dict[tuple[str, str], list[Rate]] = defaultdict(list)
    for rate in printed_rates(registry):
        curves[rate.row.variable, rate.row.group].append(rate)
    for curve in curves.values():
        for earlier, later in pairwise(sorted(curve, key=lambda rate: rate.months)):
            if later.months > earlier.months:
                yield unless_shortened(_falls, earlier, later)


def _falls(earlier: Rate, later: Rate, shortened: bool) -> Finding:
    text = f"{earlier.printed}, {later.printed}: the rate "
    if later.values(shortened)[0] > earlier.values(shortened)[1] + 1e-9:
        text += "rises, and a Kaplan-Meier curve cannot."
        return conclude("contradicted", text, earlier.row, later.row)
    return conclude("agrees", f"{text}does not rise.", earlier.row, later.row)


@check("survival", "possibility")
def check_survival_events(registry: Registry) -> Iterator[Finding]:
    """Bound the events so far by a rate; needs the size of its group, better all its events."""
    totals = event_totals(registry)
    for rate in printed_rates(registry):
        if rate.patients and rate.months > 0:
            yield _events_so_far(rate, totals.get(rate.row.group))


def _events_so_far(rate: Rate, total: ReportedNumber | None) -> Finding:
    text = f"{rate.printed}, {rate.patients} patients: "
    if rate.is_without_events and rate.survival[1] < 1 - 1e-9:
        next_rate = 100 * (1 - 1 / rate.patients)
        text += (
            f"the first event lowers the rate to at most {format_value(next_rate, 2)} %, and "
            "nothing lies between that and 100 %."
        )
        printed = next_rate if rate.row.number.value > 1 else next_rate / 100
        finding = conclude("contradicted", text, rate.size, total, target=rate.row)
        return finding.doubted("", is_rescued(rate.row.number, printed, printed))
    most = rate.most_events()
    text += (
        "no patient has had the event by then."
        if rate.is_without_events
        else f"at most {most} events by then, from events ≤ n (1 - rate)."
    )
    all_events = whole_number(total)
    if all_events is not None and all_events > most:
        text += f" Of the {all_events} events in all, at least {all_events - most} came later."
    return conclude("agrees", text, rate.row, rate.size, total)


@check("survival", "possibility")
def check_median_survival(registry: Registry) -> Iterator[Finding]:
    """Compare a median survival with rates above and below 50 % and with its parts; needs both."""
    rates, index, medians = printed_rates(registry), count_index(registry), {}
    for row in originals(registry, "median_survival"):
        unit = time_in_months(f"1 {row.unit}")
        if unit is not None:
            low, high = (unit * end for end in float_limits(row.number))
            medians[row.variable, row.group] = row, low, high
    for (variable, group), (row, low, high) in medians.items():
        for rate in rates:
            if (rate.row.variable, rate.row.group) == (variable, group):
                yield _median_and_rate(row, low, high, rate)
    for (variable, group), split in product(medians, index.splits):
        parts = [medians.get((variable, part.group)) for part in split.parts]
        if split.whole.group == group and all(parts):
            yield _median_of_parts(*medians[variable, group], parts)


def _median_and_rate(row: ReportedNumber, low: float, high: float, rate: Rate) -> Finding:
    """Half have had the event by the median: before it the rate is above 50 %, from it on at most.

    Where the rate is 50 % for a while, programs take the middle of that while.
    """
    text = f"{short_name(row)} {row.printed} {row.unit} in {row.group}; {rate.printed}"
    is_above, is_below = rate.survival[0] > 0.5 + 1e-9, rate.survival[1] < 0.5 - 1e-9
    if (is_above and high < rate.months) or (is_below and low > rate.months):
        text += f", so that half have had the event {'after' if is_above else 'before'} that."
        finding = conclude("contradicted", text, rate.row, target=row)
        ends = rate.values(shortened=True)
        cut = ends[0] <= 0.5 if is_above else ends[1] >= 0.5
        return finding.doubted(SHORTENED, cut)
    return conclude("agrees" if is_above or is_below else "open", f"{text}.", row, rate.row)


def _median_of_parts(row: ReportedNumber, low: float, high: float, parts: list) -> Finding:
    others, lows, highs = zip(*parts, strict=True)
    listed = " and ".join(f"{other.printed} in {other.group}" for other in others)
    text = f"{short_name(row)}: {listed}; in {row.group} {row.printed}"
    if min(lows) <= high and low <= max(highs):
        return conclude("agrees", f"{text}.", row, *others)
    text += ", which is not between them: only uneven censoring could lead there."
    return conclude("suggests", text, *others, target=row)


@check("survival", "possibility")
def check_survival_whole(registry: Registry) -> Iterator[Finding]:
    """Compare the rate of a whole with those of its parts; needs rates at one time and sizes."""
    index = count_index(registry)
    by_time: dict[tuple[str, float], dict[str, Rate]] = defaultdict(dict)
    for rate in printed_rates(registry):
        by_time[rate.row.variable, rate.months].setdefault(rate.row.group, rate)
    analysed = {group for rates in by_time.values() for group in rates}
    for rates in by_time.values():
        for whole, split in product(rates.values(), index.splits):
            parts = [rates.get(part.group) for part in split.parts]
            known = all(part is not None and part.patients for part in parts)
            if known and whole not in parts and _is_whole(index, whole, split, analysed):
                same = whole.row.group == split.whole.group
                yield unless_shortened(_whole, whole, parts, same)


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


def mean_range(rates: list[Interval], most: list[int], total: int) -> Interval:
    """Return the range of the mean rate of a whole without censoring.

    Over all sizes of the parts, known up to their largest, that add up to the whole.
    """
    bounds = [(0, size) for size in most]
    low, high = (
        sign * linprog(sign * np.array(ends), A_eq=[[1] * len(most)], b_eq=total, bounds=bounds).fun
        for sign, ends in zip((1, -1), zip(*rates, strict=True), strict=True)
    )
    return low / total, high / total


def _whole(whole: Rate, parts: list[Rate], same_patients: bool, shortened: bool) -> Finding:
    rates, most = [part.survival for part in parts], [part.patients for part in parts]
    rows = [whole.row, whole.size, *(part.row for part in parts), *(p.size for p in parts)]
    text = f"{whole.printed}; {'; '.join(part.printed for part in parts)}. "
    least = math.prod(part.values(shortened)[0] for part in parts)
    if whole.values(shortened)[1] < least - 1e-9:
        text += (
            "The rate of a whole is at least the product of the rates of its parts, "
            f"{format_value(100 * least, 2)} %."
        )
        finding = conclude("contradicted", text, *rows)
        return finding.doubted(" The curves may be of different patients.", not same_patients)
    events = sum(part.most_events() for part in parts)
    text += f"The parts allow at most {events} events by then. "
    if whole.patients > sum(most):
        return conclude("open", text, *rows)
    low, high = mean_range(rates, most, whole.patients)
    agrees = low <= whole.survival[1] and whole.survival[0] <= high
    text += (
        f"Without censoring the whole would have {shown(100 * low, 100 * high, 1)} %"
        f"{'.' if agrees else '; censoring can move it, so this is no contradiction.'}"
    )
    return conclude("agrees" if agrees else "open", text, *rows)


@check("survival", "possibility")
def check_levels_without_events(registry: Registry) -> list[Finding]:
    """Set a group without events beside a level that needs some; needs rates, Cox limits, sizes."""
    rates = printed_rates(registry)
    curves = {(rate.row.variable, rate.months, rate.row.group): rate for rate in reversed(rates)}
    empty = [rate for rate in rates if rate.is_without_events and rate.months]
    findings: dict[tuple, tuple[int, Finding]] = {}
    for split in event_splits(registry):
        ranges, row = split.ranges() or (), split.found.estimate
        for level, count, (needed, _) in zip(row.contrast, split.levels, ranges, strict=False):
            for rate in empty:
                same_size = count is not None and whole_number(count) == rate.patients
                key = row.variable, level, rate.row.id
                if (level == rate.row.group or same_size) and needed > findings.get(key, (0,))[0]:
                    everyone = split.everyone and split.everyone.group
                    whole = curves.get((rate.row.variable, rate.months, everyone))
                    findings[key] = needed, _without_events(split, level, needed, rate, whole)
    return [finding for _, finding in findings.values()]


def _without_events(
    split: EventSplit, level: str, needed: int, part: Rate, whole: Rate | None
) -> Finding:
    text = (
        f"{split.found.printed}: the interval needs at least {needed} of {split.total} events in "
        f"{level}. {part.printed}: none by then. If both are the same {part.patients} patients, "
        f"all {needed} came later; otherwise level and group are different patients."
    )
    status, rows = "open", [*split.uses, part.row, part.size]
    if whole is not None and whole.patients:
        rows += [whole.row, whole.size]
        left = split.total - whole.most_events()
        if left < needed:
            status = "suggests"
            text += (
                f" {whole.printed} leaves {left} for later if few were censored before: they are "
                "rather different patients."
            )
    return conclude(status, text, *rows)


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
def check_logrank_p_value(registry: Registry) -> Iterator[Finding]:
    """Recompute p from a log-rank statistic; needs its p value and the compared groups."""
    for row in originals(registry, "logrank_chi_square"):
        p, groups = attached(registry, row, "p_value"), compared_groups(row)
        if p is not None:
            yield unless_shortened(_logrank_p, row, p, len(groups))


def _logrank_p(row: ReportedNumber, p: ReportedNumber, groups: int, shortened: bool) -> Finding:
    freedoms = np.array([groups - 1]) if groups else np.arange(1, MOST_GROUPS)
    highs, lows = (
        special.chdtrc(freedoms, max(0.0, end)) for end in float_limits(row.number, shortened)
    )
    low, high = float(lows[0]), float(highs[-1])
    p_range = shown_p_range(low, high, p.number.decimals)
    fitting = [
        str(freedom + 1)
        for freedom, *ends in zip(freedoms, lows, highs, strict=True)
        if p.number.overlaps(*ends)
    ]
    if groups:
        compared = f"of {groups} groups ({groups - 1} df) gives p {p_range}"
    elif len(fitting) == len(freedoms):
        compared = f"gives p {p_range} for any number of groups from 2 to {MOST_GROUPS}"
    else:
        text = (
            f"Log-rank χ² {row.printed}, p {p.printed}; the compared groups are not named. Numbers "
            f"of groups for which p follows: {', '.join(fitting) or f'none up to {MOST_GROUPS}'}."
        )
        return conclude("open", text, row, p)
    text = f"Log-rank χ² {row.printed} {compared}; printed is {p.printed}."
    return judge(p, (row,), low, high, text)


def _size(index: CountIndex, variable: str, name: str) -> ReportedNumber | None:
    counted = [row for (v, level, _), row in index.counts.items() if (v, level) == (variable, name)]
    # The largest count is an upper bound, whichever group the test was done in.
    largest = max(counted, key=lambda row: row.number.value, default=None)
    return index.sizes.get(name, largest)


def _all_events(registry: Registry, row: ReportedNumber) -> ReportedNumber | None:
    """Return the row with the number of events, if the paper has one such number."""
    if row.level and row.outcome_groups is not None:
        return count_index(registry).sizes.get(row.outcome_groups[0])
    totals = {total.id: total for total in event_totals(registry).values()}
    return next(iter(totals.values())) if len(totals) == 1 else None


@check("survival", "possibility")
def check_logrank_bound(registry: Registry) -> Iterator[Finding]:
    """Bound a log-rank statistic by group sizes and events; needs two groups of known size."""
    for row, groups, sizes in _two_group_tests(registry):
        if all((whole_number(size) or 0) > 0 for size in sizes):
            yield _bound(row, groups, sizes, _all_events(registry, row))


def _two_group_tests(registry: Registry) -> Iterator[tuple[ReportedNumber, tuple, tuple]]:
    """Yield the log-rank statistics of two groups, with their names and sizes where printed.

    Sizes are those of groups of these names, or of levels counted under these names.
    """
    index = count_index(registry)
    for row in originals(registry, "logrank_chi_square"):
        groups = compared_groups(row)
        if len(groups) == 2:
            yield row, groups, tuple(_size(index, row.variable, name) for name in groups)


def _bound(row: ReportedNumber, groups, sizes, total: ReportedNumber | None) -> Finding:
    first, second = (whole_number(size) for size in sizes)
    events = whole_number(total) or first + second
    cases = ((min(events, first), second), (min(events, second), first))
    distinct = max(largest_with_distinct_times(*case) for case in cases)
    tied = max(largest_with_tied_times(*case) for case in cases)
    least = float_limits(row.number, shortened=True)[0]
    text = (
        f"Log-rank χ² {row.printed} of {groups[0]} ({first}) and {groups[1]} ({second}), "
        f"{events if total is not None else 'unknown'} events: the statistic "
        f"cannot exceed {format_value(distinct, 1)} with distinct event times, nor "
        f"{format_value(tied, 1)} with any ties."
    )
    if least > tied:
        return judge(row, (*sizes, total), 0.0, tied, text)
    status = "suggests" if least > distinct else "agrees" if least > distinct / 2 else "open"
    return conclude(status, text, row, *sizes, total)


@check("survival", "possibility")
def check_logrank_beside_hazard_ratio(registry: Registry) -> Iterator[Finding]:
    """Ask whether a hazard ratio and a log-rank statistic can be of one split; needs both."""
    splits = [
        split
        for split in event_splits(registry)
        if split.found.estimate.method != "multivariable" and _makes_up_everyone(split)
    ]
    for (row, groups, sizes), split in product(_two_group_tests(registry), splits):
        # The names agree, or one group has as many patients as one level.
        patients, levels = ({*map(whole_number, rows)} - {None} for rows in (sizes, split.levels))
        if set(groups) == set(split.found.estimate.contrast) or patients & levels:
            yield from _beside(row, groups, sizes, split)


def _makes_up_everyone(split: EventSplit) -> bool:
    """Say whether the two levels of a hazard ratio are all patients of the model."""
    counts = [whole_number(level) for level in split.levels]
    return None not in counts and sum(counts) == whole_number(split.everyone)


def _beside(row: ReportedNumber, groups, sizes, split: EventSplit) -> Iterator[Finding]:
    found, (smallest, largest) = split.found, split.errors[0]
    # The information is a sum of q (1 - q) over the events, none of them above 1/4.
    smallest = max(smallest, 2 / math.sqrt(split.total))
    extreme = max(abs(end) for end in found.coefficient()) > LARGEST_LOG_RATIO
    if largest < smallest or extreme:
        return
    fit = CoxFit(log_ratio=found.coefficient(), standard_error=(smallest, largest))
    bound = logrank_limits(fit)[1]
    same = math.sqrt(max(row.number.low, 0.0)) <= MARGIN[0] * math.sqrt(bound) + MARGIN[1]
    text = (
        f"{found.printed}, {split.total} events: if Log-rank χ² {row.printed} of "
        f"{' and '.join(groups)} were of the same split, it could be at most "
        f"{format_value(bound, 1)}, which is (h - 1)²/(h SE²) with h the hazard ratio and SE "
        f"{shown(*split.errors[0], 4)}. It "
        f"{'could be the same' if same else 'is another'} split"
        f"{'.' if same else ', unless many events share their times.'}"
    )
    yield conclude("open" if same else "suggests", text, row, *split.uses, *sizes)
