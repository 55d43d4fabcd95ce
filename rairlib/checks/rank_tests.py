"""Mann-Whitney U: its limits, its p value, and the ROC area that it is."""

import math
from collections.abc import Iterator

from scipy import special, stats

from rairlib.checks.cells import count_index, named, outcome_sizes
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_plain,
    is_rescued,
    judge,
    rounded_limits,
    shortened_limits,
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
    smallest = max(0.0, u[0] - centre, centre - u[1])
    return smallest, max(abs(u[0] - centre), abs(u[1] - centre))


def mann_whitney_p(distance: float, n1: int, n2: int, correction: bool = False) -> float:
    """Return two-sided p of the normal approximation without ties, of U so far from n₁n₂/2.

    The continuity correction of one half is not used by SPSS, but by R; the variance is
    n₁n₂(N + 1)/12.
    """
    deviation = math.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    return min(1.0, float(2 * special.ndtr(-max(0.0, distance - correction / 2) / deviation)))


def largest_p(distance: float, n1: int, n2: int) -> float:
    """Return p with continuity correction and without ties: ties lower U's variance, and so p."""
    return mann_whitney_p(distance, n1, n2, correction=True)


def smallest_p(n1: int, n2: int) -> float:
    """Return the p below which no ties can lead.

    z is √(N − 1) times the correlation of group and rank, so it cannot exceed √(N − 1).
    """
    return float(2 * special.ndtr(-math.sqrt(n1 + n2 - 1)))


def half_integers(u: Printed, shortened: bool = False) -> range:
    """Return the values of 2U that print like this: U counts pairs, ties as one half."""
    low, high = shortened_limits(u) if shortened else rounded_limits(u)
    return range(math.ceil(2 * low), math.floor(2 * high) + 1)


def auc_limits(u: Limits, n1: int, n2: int) -> tuple[Limits, Limits]:
    """Return the ROC areas that a U stands for, U/(n₁n₂) and its complement."""
    low, high = u[0] / (n1 * n2), u[1] / (n1 * n2)
    return (low, high), (1 - high, 1 - low)


@check("rank tests", "possibility")
def check_u_in_range(registry: Registry) -> Iterator[Finding]:
    """Compare U with the number of pairs of patients and with half units; needs both sizes."""
    index = count_index(registry)
    for row in registry.where("u_statistic"):
        sizes = outcome_sizes(index, row)
        if sizes is not None and is_plain(row):
            yield _u_finding(row, *sizes)


@check("rank tests", "bookkeeping")
def check_p_from_u(registry: Registry) -> Iterator[Finding]:
    """Recompute p from Mann-Whitney's U; needs p with `of` = U (or beside it) and both sizes."""
    index = count_index(registry)
    for row in registry.where("p_value"):
        u = _u_of(registry, row)
        sizes = outcome_sizes(index, u) if u is not None else None
        if sizes is not None:
            yield _p_finding(row, u, *sizes)


@check("rank tests", "independent")
def check_auc_from_u(registry: Registry) -> Iterator[Finding]:
    """Compare a ROC area with U of the same variable and groups; needs both and the sizes."""
    index = count_index(registry)
    statistics = {}
    for row in registry.where("u_statistic"):
        if is_plain(row):
            statistics.setdefault((row.variable, row.group), row)
    for row in registry.where("auc", level=""):
        u = statistics.get((row.variable, row.group))
        sizes = outcome_sizes(index, u) if u is not None and row.variable else None
        if sizes is not None:
            yield _auc_finding(row, u, *sizes)


def _u_of(registry: Registry, row: ReportedNumber) -> ReportedNumber | None:
    if row.of in registry:
        parent = registry[row.of]
        return parent if parent.statistic == "u_statistic" and is_plain(parent) else None
    if row.method != "mann_whitney" or not row.variable:
        return None
    same = registry.where("u_statistic", variable=row.variable, level=row.level, group=row.group)
    return next((u for u in same if is_plain(u)), None)


def _values(u: ReportedNumber) -> Limits:
    """Return the smallest and largest U behind a print: whole and half numbers, if there are."""
    doubled = half_integers(u.number)
    return (doubled[0] / 2, doubled[-1] / 2) if doubled else (u.number.low, u.number.high)


def _u_finding(row: ReportedNumber, first: ReportedNumber, second: ReportedNumber) -> Finding:
    pairs = int(first.number.value) * int(second.number.value)
    text = f"U = {row.printed} ({named(row)}) of {first.printed} × {second.printed} = {pairs} pairs"
    doubled = half_integers(row.number)
    if any(0 <= value <= 2 * pairs for value in doubled):
        larger = " It is the larger of the two U." if row.number.low > pairs / 2 else ""
        return conclude("agrees", f"{text} is possible.{larger}", row, first, second)
    fault = "is more than there are" if doubled else "is neither a whole nor a half number"
    finding = conclude("contradicted", f"{text}: it {fault}.", first, second, target=row)
    wide = half_integers(row.number, shortened=True)
    return finding.doubted(SHORTENED, any(0 <= value <= 2 * pairs for value in wide))


def _p_finding(row: ReportedNumber, u: ReportedNumber, first, second) -> Finding:
    n1, n2 = int(first.number.value), int(second.number.value)
    near, far = u_distance(_values(u), n1, n2)
    low, high = mann_whitney_p(far, n1, n2), mann_whitney_p(near, n1, n2)
    status, remark = _p_verdict(row, u, (low, high), n1, n2)
    text = (
        f"U = {u.printed} in {n1} and {n2} patients ({named(u)}) gives p "
        f"{shown_p_range(low, high, row.number.decimals)} without ties, which can only "
        f"lower it; printed is {row.printed}. {remark}"
    )
    # What is left open: ties, which print does not show, lower p; a correction raises it.
    limits = {"low": smallest_p(n1, n2), "high": largest_p(near, n1, n2)}
    return conclude(status, text, u, first, second, target=row, **limits)


def _p_verdict(row: ReportedNumber, u: ReportedNumber, limits: Limits, n1: int, n2: int):
    """Judge a printed p against that without ties, and the limits that ties leave."""
    number = row.number
    if number.overlaps(*limits):
        return "agrees", "It agrees."
    near = u_distance(_values(u), n1, n2)[0]
    most = largest_p(near, n1, n2)
    if number.overlaps(limits[1], most):
        return "suggests", "It agrees with a continuity correction."
    if number.low < limits[0]:
        return _p_below(row, limits[0], n1, n2)
    wide = u_distance(float_limits(u.number, shortened=True), n1, n2)[0]
    if is_rescued(number, limits[0], largest_p(wide, n1, n2)):
        return "suggests", SHORTENED.strip()
    if not is_plain(row) and number.operator == "=":
        return "open", "The print is approximate."
    if min(n1, n2) <= EXACT_UP_TO:
        return "suggests", "Ties can only lower p; in so small a group an exact p may differ."
    return (
        "contradicted",
        f"Ties can only lower p; the normal approximation gives {shown_p(most, 4)} at most.",
    )


def _p_below(row: ReportedNumber, lowest: float, n1: int, n2: int) -> tuple[str, str]:
    if row.number.high < smallest_p(n1, n2):
        status = "suggests" if min(n1, n2) <= EXACT_UP_TO else "contradicted"
        return status, f"No ties can lead below {smallest_p(n1, n2):.1e}: z is at most √(N − 1)."
    wanted = stats.norm.isf(max(row.number.high, 1e-300) / 2)
    share = (stats.norm.isf(lowest / 2) / wanted) ** 2
    lowered = format_value(100 * (1 - float(share)), 1)
    return "open", f"Ties that lower the variance of U by {lowered} % or more would give it."


def _auc_finding(row: ReportedNumber, u: ReportedNumber, first, second) -> Finding:
    n1, n2 = int(first.number.value), int(second.number.value)
    either = auc_limits((u.number.low, u.number.high), n1, n2)
    low, high = min(either, key=lambda limits: abs(limits[0] - row.number.value))
    text = (
        f"U = {u.printed} of {n1} × {n2} pairs ({named(u)}) is an area of "
        f"{format_value(low, 4)} or {format_value(1 - low, 4)}; printed is {row.printed}."
    )
    finding = judge(row, (u, first, second), low, high, text)
    return finding.doubted(" The area may be that of a dichotomised score.")
