"""Mann-Whitney U: its limits, its p value, and the ROC area that it is."""

import math
from collections.abc import Iterator

import numpy as np
from scipy import special

from rairlib.checks.cells import (
    count_index,
    kindly,
    named,
    outcome_sizes,
    unless_missing,
    values_of,
    whole_number,
)
from rairlib.checks.findings import Finding, check, conclude, possibility
from rairlib.checks.rounding import (
    SHORTENED,
    exact_limits,
    float_limits,
    is_plain,
    is_rescued,
    judge,
    shown_p,
    shown_p_range,
)
from rairlib.registry.printed import Printed, format_value
from rairlib.registry.registry import Registry, ReportedNumber

Limits = tuple[float, float]
EXACT_UP_TO = 20
"""Size of the smaller group up to which programs may print the exact p instead."""


def u_distance(u: Limits, n1: int, n2: int) -> Limits:
    """Return the smallest and largest distance of U from its mean n₁n₂/2."""
    centre = n1 * n2 / 2
    smallest = np.maximum(0.0, np.maximum(u[0] - centre, centre - u[1]))
    return smallest, np.maximum(abs(u[0] - centre), abs(u[1] - centre))


def mann_whitney_p(distance: float, n1: int, n2: int, correction: bool = False) -> float:
    """Return two-sided p of the normal approximation without ties, of U so far from n₁n₂/2.

    The continuity correction of one half is not used by SPSS, but by R; the variance is
    n₁n₂(N + 1)/12.
    """
    deviation = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    return np.minimum(1, 2 * special.ndtr(-np.maximum(0, distance - correction / 2) / deviation))


def largest_p(distance: float, n1: int, n2: int) -> float:
    """Return p with continuity correction and without ties: ties lower U's variance, and so p."""
    return mann_whitney_p(distance, n1, n2, correction=True)


def smallest_p(n1: int, n2: int) -> float:
    """Return the p below which no ties can lead.

    z is √(N − 1) times the correlation of group and rank, so it cannot exceed √(N − 1).
    """
    return 2 * special.ndtr(-np.sqrt(n1 + n2 - 1))


def half_integers(u: Printed, shortened: bool = False) -> range:
    """Return the values of 2U that print like this: U counts pairs, ties as one half."""
    low, high = exact_limits(u, shortened)
    return range(math.ceil(2 * low), math.floor(2 * high) + 1)


def auc_limits(u: Limits, n1: int, n2: int) -> tuple[Limits, Limits]:
    """Return the ROC areas that a U stands for, U/(n₁n₂) and its complement."""
    low, high = u[0] / (n1 * n2), u[1] / (n1 * n2)
    return (low, high), (1 - high, 1 - low)


def _plain_u(registry: Registry) -> Iterator[tuple[ReportedNumber, ...]]:
    """Yield each plainly printed U with the sizes of its groups."""
    for row in registry.where("u_statistic"):
        sizes = outcome_sizes(count_index(registry), row)
        if sizes is not None and is_plain(row):
            yield row, *sizes


@check("rank tests", "possibility", each=_plain_u)
@kindly
def check_u_in_range(row: ReportedNumber, first, second, shortened: bool) -> Finding:
    """Compare U with the number of pairs of patients and with half units; needs both sizes."""
    pairs = whole_number(first) * whole_number(second)
    text = f"U = {row.printed} ({named(row)}) of {first.printed} × {second.printed} = {pairs} pairs"
    if any(0 <= value <= 2 * pairs for value in half_integers(row.number, shortened)):
        larger = " It is the larger of the two U." if row.number.low > pairs / 2 else ""
        return possibility("agrees", f"{text} is possible.{larger}", row, first, second)
    counts = half_integers(row.number)
    fault = "is more than there are" if counts else "is neither a whole nor a half number"
    return possibility("contradicted", f"{text}: it {fault}.", row, first, second)


def _p_and_u(registry: Registry) -> Iterator[tuple[ReportedNumber, ...]]:
    """Yield p values with the U that they belong to, or stand beside, and the groups' sizes."""
    found = {u.id: (u, *sizes) for u, *sizes in _plain_u(registry)}
    for row in registry.where("p_value"):
        u = row.of
        if u not in registry and row.method == "mann_whitney" and row.variable:
            place = {"variable": row.variable, "level": row.level, "group": row.group}
            same = registry.where("u_statistic", **place)
            u = next((other.id for other in same if is_plain(other)), "")
        if u in found:
            u, *sizes = found[u]
            yield row, u, *sizes, _values(registry, u, sizes)


def _values(registry: Registry, u: ReportedNumber, sizes) -> list[range]:
    groups = zip(sizes, u.outcome_groups, strict=True)
    return [values_of(count_index(registry), u, *each) for each in groups]


@check("rank tests", "bookkeeping", each=_p_and_u)
def check_p_from_u(row: ReportedNumber, u: ReportedNumber, first, second, known) -> Finding:
    """Recompute p from Mann-Whitney's U; needs p with `of` = U (or beside it) and both sizes."""
    n1, n2 = sizes = whole_number(first), whole_number(second)
    doubled = half_integers(u.number)
    values = (doubled[0] / 2, doubled[-1] / 2) if doubled else float_limits(u.number)
    near, far = u_distance(values, *sizes)
    low, high = mann_whitney_p(far, *sizes), mann_whitney_p(near, *sizes)
    # What is left open: ties, which print does not show, lower p; a correction raises it.
    limits = {"low": smallest_p(*sizes), "high": largest_p(near, *sizes)}
    status, remark = _p_verdict(row, u, (low, high), sizes, **limits)

    def fits(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        most = largest_p(u_distance(values, first, second)[0], first, second)
        least = smallest_p(first, second)
        possible = (first * second >= values[0]) & (row.number.low <= most)
        return possible & (row.number.high >= least)

    text = (
        f"U = {u.printed} in {n1} and {n2} patients ({named(u)}) gives p "
        f"{shown_p_range(low, high, row.number.decimals)} without ties, which can only "
        f"lower it; printed is {row.printed}. {remark}"
    )
    finding = conclude(status, text, u, first, second, target=row, **limits)
    return unless_missing(finding, known, fits)


def _p_verdict(row: ReportedNumber, u, without_ties: Limits, sizes, low: float, high: float):
    """Judge a printed p against that without ties, and the limits that ties leave."""
    number, small = row.number, min(sizes) <= EXACT_UP_TO
    if number.overlaps(*without_ties):
        return "agrees", "It agrees."
    if number.overlaps(without_ties[1], high):
        return "suggests", "It agrees with a continuity correction."
    if number.high < low and number.low < without_ties[0]:
        status = "suggests" if small else "contradicted"
        return status, f"No ties can lead below {low:.1e}: z is at most √(N − 1)."
    if number.low < without_ties[0]:
        wanted = special.ndtri(max(number.high, 1e-300) / 2)
        share = (special.ndtri(without_ties[0] / 2) / wanted) ** 2
        lowered = format_value(100 * (1 - float(share)), 1)
        return "open", f"Ties that lower the variance of U by {lowered} % or more would give it."
    wide = u_distance(float_limits(u.number, shortened=True), *sizes)[0]
    if is_rescued(number, without_ties[0], largest_p(wide, *sizes)):
        return "suggests", SHORTENED.strip()
    if not is_plain(row) and number.operator == "=":
        return "open", "The print is approximate."
    if small:
        return "suggests", "Ties can only lower p; in so small a group an exact p may differ."
    most = shown_p(high, 4)
    return "contradicted", f"Ties can only lower p; the normal approximation gives {most} at most."


def _area_and_u(registry: Registry) -> Iterator[tuple[ReportedNumber, ...]]:
    statistics: dict[tuple[str, str], tuple[ReportedNumber, ...]] = {}
    for u, *sizes in _plain_u(registry):
        statistics.setdefault((u.variable, u.group), (u, *sizes))
    for row in registry.where("auc", level=""):
        if row.variable and (row.variable, row.group) in statistics:
            u, *sizes = statistics[row.variable, row.group]
            yield row, u, *sizes, _values(registry, u, sizes)


@check("rank tests", "independent", each=_area_and_u)
def check_auc_from_u(row: ReportedNumber, u: ReportedNumber, first, second, known) -> Finding:
    """Compare a ROC area with U of the same variable and groups; needs both and the sizes."""
    n1, n2 = whole_number(first), whole_number(second)
    either = auc_limits((u.number.low, u.number.high), n1, n2)
    low, high = min(either, key=lambda limits: abs(limits[0] - row.number.value))
    text = (
        f"U = {u.printed} of {n1} × {n2} pairs ({named(u)}) is an area of "
        f"{format_value(low, 4)} or {format_value(1 - low, 4)}; printed is {row.printed}."
    )

    def fits(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        areas = [
            np.array(ends) for ends in auc_limits((u.number.low, u.number.high), first, second)
        ]
        return np.any([(a[0] <= row.number.high) & (a[1] >= row.number.low) for a in areas], axis=0)

    finding = unless_missing(judge(row, (u, first, second), low, high, text), known, fits)
    return finding.doubted(" The area may be that of a dichotomised score.")
