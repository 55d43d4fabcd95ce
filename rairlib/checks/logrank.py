"""Log-rank statistics beside their p value, group sizes, events and hazard ratios.

The p value follows from the statistic and the number of groups. A statistic above the bound that
holds with tied event times is ``contradicted``; one above the bound for distinct times alone, or
above the bound from a hazard ratio of what may be the same split, is ``suggests``.
"""

import math
import re
from dataclasses import dataclass
from functools import partial

from scipy.stats import chi2

from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.event_counts import EventSplit, event_splits, event_totals
from rairlib.checks.logrank_bounds import (
    largest_with_distinct_times,
    largest_with_tied_times,
)
from rairlib.checks.lookup import attached, ids, originals, unless_shortened, whole_of
from rairlib.checks.rounding import float_limits, judge, shown, shown_p, shown_p_range
from rairlib.findings import Finding
from rairlib.logrank_range import CoxFit, logrank_limits
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber

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


def check_logrank_p_value(registry: Registry) -> list[Finding]:
    """Recompute p from a log-rank statistic; needs its p value and the compared groups."""
    findings = []
    for row in originals(registry, "logrank_chi_square"):
        p = attached(registry, row, "p_value")
        if p is not None:
            groups = compared_groups(row)
            findings.append(
                unless_shortened(partial(_logrank_p, row, p, len(groups) - 1))
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
    return judge("logrank_p_value", p, (row.id,), low, high, text)


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
        return judge("logrank_p_value", p, (row.id,), float(low), float(high), text)
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
        return judge("logrank_bound", test.row, uses, 0.0, tied, text)
    status = "suggests" if least > distinct else "agrees" if least > distinct / 2 else "open"
    return Finding(check="logrank_bound", status=status, uses=(test.row.id, *uses), text=text)


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
