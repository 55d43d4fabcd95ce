"""Order of quartiles and limits, means inside the range, and standard deviations against it."""

import math
from collections.abc import Iterator
from itertools import pairwise

from rairlib.checks.cells import count_index, named
from rairlib.checks.describing import SummaryIndex, summary_index
from rairlib.checks.rounding import SHORTENED, TIED, float_limits, meet_in_a_tie, shown
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

Limits = tuple[float, float]
ORDER = ("minimum", "q1", "median", "q3", "maximum")
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
    """Compare minimum, quartiles, median, maximum and mean; needs two of them in one group."""
    findings = []
    for cell in summary_index(registry).rows.values():
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
    """Compare the range of a group with that of its parts; needs minima or maxima in both."""
    index, summaries = count_index(registry), summary_index(registry)
    findings = []
    for split in index.splits:
        for statistic in ("minimum", "maximum"):
            for whole in summaries.rows_of(statistic, split.whole.group):
                findings += _range_findings(summaries, whole, [row.group for row in split.parts])
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
    faults = [(a, b) for a, b in pairwise(rows) if not _can_ascend(a, b)]
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
