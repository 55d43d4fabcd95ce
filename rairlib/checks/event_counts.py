"""Events per level behind a Cox interval.

At the maximum of the partial likelihood the expected covariate at the event times adds up to the
observed one. For a level with d1 events against its reference with d0, the information is then at
most ``d1 d0 / (d1 + d0)``, because the variance of a share is concave: the standard error of the
log hazard ratio is at least ``sqrt(1/d1 + 1/d0)``. The bound holds for Breslow and Efron ties,
with other covariates in the model and with other levels of the same factor (where it follows from
the concavity of the multinomial covariance). It assumes the model-based Wald interval.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import permutations

import numpy as np

from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.classification_tables import agreeing_with_all
from rairlib.checks.diagnostic import Rule, printed_list, rules
from rairlib.checks.lookup import ids, originals, outcome_sizes, unless_shortened, whole_of
from rairlib.checks.regression_estimates import (
    RegressionEstimate,
    other_level,
    regression_estimates,
    under_assumption,
)
from rairlib.checks.rounding import shown
from rairlib.checks.wald import WaldRegion, wald_region
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber

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


def check_events_per_level(registry: Registry) -> list[Finding]:
    """Bound the events of each level by a Cox interval; needs limits and the number of events."""
    splits = event_splits(registry)
    findings = []
    for split in splits:
        judged = _printed_events if all(split.level_events) else _events
        finding = unless_shortened(partial(judged, split))
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
            findings.append(unless_shortened(partial(_sensitivity, split, sensitive[key])))
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
