"""Order of quartiles and limits, in a group and its parts, and standard deviations beside it."""

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise

from rairlib.checks.cells import count_index, named, wholes_of_groups
from rairlib.checks.describing import SummaryIndex, summary_index
from rairlib.checks.rounding import SHORTENED, TIED, float_limits, meet_in_a_tie, shown
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

Limits = tuple[float, float]
ORDER = ("minimum", "q1", "median", "q3", "maximum")
# What the same statistics of all parts bound from below and from above, besides their range.
INNER = {
    "q1": ((), ("median", "q3")),
    "median": (("median", "q1"), ("median", "q3")),
    "q3": (("median", "q1"), ()),
}
SLACK = 1e-9


def sd_limits(
    minimum: Limits, maximum: Limits, n: int, mean: Limits = (-math.inf, math.inf)
) -> Limits:
    """Return the limits of the SD of n values between two values that both occur.

    Parameters
    ----------
    minimum, maximum : tuple of float
        Smallest and largest value of either end of the range.
    n : int
        Number of values, at least 3.
    mean : tuple of float
        Limits of the mean; infinite if it is unknown.

    Returns
    -------
    tuple of float
        Largest: all values at the ends, SD² = n/(n − 1) (max − mean)(mean − min) (Bhatia and
        Davis 2000). Smallest: one value at either end and the others together, at the place
        that the mean leaves for them.
    """
    low, high = minimum[0], maximum[1]
    if math.isinf(mean[0]):
        inner = max(0.0, maximum[0] - minimum[1])
        return inner / math.sqrt(2 * (n - 1)), (high - low) / 2 * math.sqrt(n / (n - 1))
    balanced = min(max((low + high) / 2, mean[0]), mean[1])
    most = max(0.0, (high - balanced) * (balanced - low)) * n / (n - 1)
    below = max(0.0, mean[0] - minimum[1]), max(0.0, mean[1] - minimum[0])
    above = max(0.0, maximum[0] - mean[1]), max(0.0, maximum[1] - mean[0])
    return math.sqrt(_least_squares(below, above, n) / (n - 1)), math.sqrt(most)


def check_order(registry: Registry) -> list[Finding]:
    """Compare minimum, quartiles, median, maximum and mean; needs two, in a group or its part."""
    index, summaries = count_index(registry), summary_index(registry)
    direct = {(split.whole.group, part.group) for split in index.splits for part in split.parts}
    findings = list(_nested_findings(summaries, wholes_of_groups(registry), direct))
    for cell in summaries.rows.values():
        findings += _order_findings([cell[name] for name in ORDER if name in cell])
        if "mean" in cell:
            ends = [cell[name] for name in ("minimum", "maximum") if name in cell]
            ends.insert(1 if "minimum" in cell else 0, cell["mean"])
            findings += _order_findings(ends)
    return findings


def check_sd_in_range(registry: Registry) -> list[Finding]:
    """Compare an SD with the range (and mean) of the same group; needs minimum and maximum."""
    summaries = summary_index(registry)
    findings = []
    for cell in summaries.rows.values():
        if {"sd", "minimum", "maximum"} <= cell.keys():
            size = summaries.size_of(cell["sd"])
            if size is not None and size[1] > 2:
                findings.append(_sd_finding(cell, *size))
    return findings


def check_range_of_parts(registry: Registry) -> list[Finding]:
    """Compare range, quartiles, median and mean of a group with its parts'; needs them in both."""
    index, summaries = count_index(registry), summary_index(registry)
    findings = []
    for split in index.splits:
        groups = [row.group for row in split.parts]
        for statistic in ("minimum", "maximum"):
            for whole in summaries.rows_of(statistic, split.whole.group):
                findings += _range_findings(summaries, whole, groups)
        for statistic in ("q1", "median", "q3", "mean"):
            for whole in summaries.rows_of(statistic, split.whole.group):
                # The curve of a whole with censoring is no mixture of those of its parts.
                if whole.method != "kaplan_meier":
                    findings += _inner_findings(summaries, whole, groups)
    return findings


def _least_squares(below: Limits, above: Limits, n: int) -> float:
    """Minimise u² + v² + (v − u)²/(n − 2) over a box of u, v ≥ 0.

    The function is convex and smallest at the origin, so that over the box it is smallest on
    an edge; on an edge the other coordinate tends to its n − 1-th part.
    """

    def squares(u: float, v: float) -> float:
        return u**2 + v**2 + (v - u) ** 2 / (n - 2)

    def nearest(value: float, limits: Limits) -> float:
        return min(max(value, limits[0]), limits[1])

    edges = [squares(u, nearest(u / (n - 1), above)) for u in below]
    edges += [squares(nearest(v / (n - 1), below), v) for v in above]
    return min(edges)


def _order_findings(rows: list[ReportedNumber]) -> Iterator[Finding]:
    """Compare neighbours: each must be able to be at most the next."""
    faults = [pair for pair in pairwise(rows) if not _can_ascend(*pair)]
    # A coarse print between two others can hide that these are out of order.
    faults = faults or [pair for pair in combinations(rows, 2) if not _can_ascend(*pair)]
    for first, second in faults:
        text = (
            f"{first.printed} ({named(first)}) is above {second.printed} ({named(second)}), "
            "which must not be."
        )
        rescued = _can_ascend(first, second, shortened=True)
        yield Finding(
            check="order",
            status="suggests" if rescued else "contradicted",
            target=second.id,
            uses=(first.id,),
            text=text + SHORTENED * rescued,
        )
    if not faults and len(rows) > 1:
        shown_rows = " ≤ ".join(f"{row.printed} ({row.statistic})" for row in rows)
        yield Finding(
            check="order",
            status="agrees",
            uses=tuple(row.id for row in rows),
            text=f"{shown_rows}: {rows[0].variable} in {rows[0].group}, {rows[0].locus}.",
        )


def _nested_findings(
    summaries: SummaryIndex, wholes: dict[str, set[str]], direct: set[tuple[str, str]]
) -> Iterator[Finding]:
    """Nothing in a part of a group lies below the group's minimum or above its maximum."""
    measured: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for (variable, level, _), cell in summaries.rows.items():
        measured[variable, level] += [row for row in cell.values() if row.statistic != "sd"]
    for rows in measured.values():
        for end in (row for row in rows if row.statistic in ("minimum", "maximum")):
            inside = [
                row
                for row in rows
                if end.group in wholes.get(row.group, ())
                and row.unit == end.unit
                # Equal ends of a group and of its direct parts: check_range_of_parts.
                and (row.statistic != end.statistic or (end.group, row.group) not in direct)
            ]
            if inside:
                yield _nested_finding(end, inside)


def _nested_finding(end: ReportedNumber, inside: list[ReportedNumber]) -> Finding:
    def outside(shortened: bool) -> list[ReportedNumber]:
        pairs = [(end, row) if end.statistic == "minimum" else (row, end) for row in inside]
        return [
            row
            for row, pair in zip(inside, pairs, strict=True)
            if not _can_ascend(*pair, shortened)
        ]

    faults, side = outside(False), "below" if end.statistic == "minimum" else "above"
    listed = ", ".join(f"{row.printed} ({row.statistic}, {row.group})" for row in faults or inside)
    text = f"{end.printed} ({named(end)}): {listed} "
    if not faults:
        text += f"{'does' if len(inside) == 1 else 'do'} not lie {side} it."
        uses = (end.id, *(row.id for row in inside))
        return Finding(check="order", status="agrees", uses=uses, text=text)
    rescued = not outside(True)
    return Finding(
        check="order",
        status="suggests" if rescued else "contradicted",
        target=end.id,
        uses=tuple(row.id for row in faults),
        text=f"{text}{'lies' if len(faults) == 1 else 'lie'} {side} it, in patients who belong "
        f"to the group.{SHORTENED * rescued}",
    )


def _can_ascend(first: ReportedNumber, second: ReportedNumber, shortened: bool = False) -> bool:
    low = float_limits(first.number, shortened)[0]
    high = float_limits(second.number, shortened)[1]
    return low <= high + SLACK * max(1.0, abs(high))


def _sd_bounds(cell: dict[str, ReportedNumber], n: int, shortened: bool = False) -> Limits:
    limits = {name: float_limits(row.number, shortened) for name, row in cell.items()}
    mean = limits.get("mean", (-math.inf, math.inf))
    return sd_limits(limits["minimum"], limits["maximum"], n, mean)


def _sd_finding(cell: dict[str, ReportedNumber], size: ReportedNumber, n: int) -> Finding:
    sd = cell["sd"]
    low, high = _sd_bounds(cell, n)
    others = [cell[name] for name in ("minimum", "maximum", "mean") if name in cell]
    values = ", ".join(f"{row.statistic} {row.printed}" for row in others)
    text = (
        f"{n} values with {values} have an SD from {shown(low, low, sd.number.decimals + 1)} to "
        f"{shown(high, high, sd.number.decimals + 1)}; printed is {sd.printed} ({named(sd)})."
    )
    inside = sd.number.overlaps(low, high)
    first, last = float_limits(sd.number, shortened=True)
    wide = _sd_bounds(cell, n, shortened=True)
    rescued = first <= wide[1] and last >= wide[0]
    status = "agrees" if inside else "suggests" if rescued else "contradicted"
    used = (*(row.id for row in others), size.id)
    # A range allows many SDs: agreement recomputes nothing.
    return Finding(
        check="sd_in_range",
        status=status,
        target="" if inside else sd.id,
        uses=(sd.id, *used) if inside else used,
        text=text + SHORTENED * (status == "suggests"),
    )


def _range_findings(summaries: SummaryIndex, whole: ReportedNumber, groups) -> Iterator[Finding]:
    """No part may reach beyond the whole, and one of the parts reaches its end."""
    found = [summaries.find(whole.statistic, whole.variable, whole.level, g) for g in groups]
    parts = [row for row in found if row is not None]
    if not parts:
        return
    complete = len(parts) == len(groups)
    status, low, high, remark = _judge_end(whole, parts, complete)
    failed = status != "agrees"
    ids = tuple(row.id for row in parts)
    printed = " and ".join(f"{row.printed} in {row.group}" for row in parts)
    yield Finding(
        check="range_of_parts",
        status=status,
        target=whole.id if complete or failed else "",
        uses=ids if complete or failed else (whole.id, *ids),
        low=low if complete else math.nan,
        high=high if complete else math.nan,
        text=f"{whole.statistic} of {whole.variable}: {printed}; that of {whole.group} must "
        f"{'be one of them' if complete else 'reach as far'}, printed is {whole.printed}.{remark}",
    )


def _inner_findings(summaries: SummaryIndex, whole: ReportedNumber, groups) -> Iterator[Finding]:
    """Set a quartile, median or mean between what the parts leave for it.

    At least half of all values reach the smallest of the parts' medians, and two middle values
    cannot both lie below it: the median of the whole lies between those of its parts, also where
    it is the middle of two values. Quartiles that are interpolated need not, so they are only
    held against the medians.
    """
    lower, upper = INNER.get(whole.statistic, ((), ()))
    tried = [
        (end, rows)
        for end, statistics in ((min, (*lower, "minimum")), (max, (*upper, "maximum")))
        for statistic in statistics
        for rows in [
            [summaries.find(statistic, whole.variable, whole.level, group) for group in groups]
        ]
        if all(row is not None and row.unit == whole.unit for row in rows)
    ]
    faults = [(end, rows) for end, rows in tried if _is_beyond(end, whole, rows, False)]
    for end, rows in faults[:1]:
        rescued = not _is_beyond(end, whole, rows, True)
        word = "above" if end is max else "below"
        printed = " and ".join(f"{row.printed} in {row.group}" for row in rows)
        yield Finding(
            check="range_of_parts",
            status="suggests" if rescued else "contradicted",
            target=whole.id,
            uses=tuple(row.id for row in rows),
            text=f"{rows[0].statistic} of {whole.variable}: {printed}; the {whole.statistic} of "
            f"{whole.group} cannot lie {word} {'all of ' if len(rows) > 1 else ''}them, printed "
            f"is {whole.printed}.{SHORTENED * rescued}",
        )
    between = [rows for _, rows in tried if rows[0].statistic == whole.statistic]
    if between and not faults:
        printed = " and ".join(f"{row.printed} in {row.group}" for row in between[0])
        yield Finding(
            check="range_of_parts",
            status="agrees",
            uses=(whole.id, *(row.id for row in between[0])),
            text=f"{whole.statistic} of {whole.variable}: {printed}; that of {whole.group} must "
            f"lie between, printed is {whole.printed}.",
        )


def _is_beyond(end, whole: ReportedNumber, rows: list[ReportedNumber], shortened: bool) -> bool:
    """Whether a number of the whole lies beyond the smallest or largest of its parts."""
    if end is min:
        return not any(_can_ascend(row, whole, shortened) for row in rows)
    return not any(_can_ascend(whole, row, shortened) for row in rows)


def _end_of_parts(whole: ReportedNumber, parts, complete: bool, shortened: bool) -> Limits:
    """Return the limits of a group's minimum or maximum, as far as its parts determine it."""
    end = min if whole.statistic == "minimum" else max
    limits = [float_limits(row.number, shortened) for row in parts]
    low, high = end(low for low, _ in limits), end(high for _, high in limits)
    if complete:
        return low, high
    return (-math.inf, high) if whole.statistic == "minimum" else (low, math.inf)


def _judge_end(whole: ReportedNumber, parts, complete: bool) -> tuple[str, float, float, str]:
    low, high = _end_of_parts(whole, parts, complete, shortened=False)
    end = min if whole.statistic == "minimum" else max
    extreme = end(parts, key=lambda row: row.number.value)
    if whole.number.overlaps(low, high):
        tied = complete and meet_in_a_tie(whole.number, extreme.number)
        return ("suggests", low, high, TIED) if tied else ("agrees", low, high, "")
    first, last = float_limits(whole.number, shortened=True)
    wide = _end_of_parts(whole, parts, complete, shortened=True)
    if first <= wide[1] and last >= wide[0]:
        return "suggests", low, high, SHORTENED
    return "contradicted", low, high, ""
