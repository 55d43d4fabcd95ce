"""Kaplan-Meier rates beside each other, the sizes of groups and the number of events.

Proofs: a rate never rises; while nobody has had the event it is 100 %, and the first event lowers
it by at least one patient's share; ``n (1 - rate)`` is at least the number of events so far,
because censored patients only add weight to those who stay; and the rate of a whole is at least
the product of the rates of its parts, because at each time its hazard is at most the largest of
theirs. That the rate of a whole is the mean of its parts holds without censoring only: such a
mismatch is ``open``.
"""

import math
from collections import defaultdict
from functools import partial
from itertools import pairwise, product

from rairlib.checks.cells import CountIndex, Partition, count_index, whole_number
from rairlib.checks.event_counts import EventSplit, event_splits, event_totals
from rairlib.checks.lookup import ids, unless_shortened, whole_of
from rairlib.checks.regression_estimates import under_assumption
from rairlib.checks.rounding import is_rescued, shown
from rairlib.checks.survival_rates import Rate, printed_rates
from rairlib.checks.wald import Interval
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber


def check_survival_falls(registry: Registry) -> list[Finding]:
    """Compare the rates of one curve at several times; needs two rates of a group."""
    curves: dict[tuple[str, str], list[Rate]] = defaultdict(list)
    for rate in printed_rates(registry):
        curves[rate.row.variable, rate.row.group].append(rate)
    findings = []
    for curve in curves.values():
        for earlier, later in pairwise(sorted(curve, key=lambda rate: rate.months)):
            if later.months > earlier.months:
                findings.append(unless_shortened(partial(_falls, earlier, later)))
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
                findings.append(unless_shortened(partial(_whole, whole, parts, same)))
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
