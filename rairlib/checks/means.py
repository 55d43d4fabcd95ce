"""p of a t test and pooled means, from means, standard deviations and group sizes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scipy import special

from rairlib.checks.cells import CountIndex, named
from rairlib.checks.describing import SummaryIndex
from rairlib.checks.rounding import (
    SHORTENED,
    float_limits,
    is_rescued,
    judge,
    shown,
    shown_p_range,
    times_apart,
)
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

Limits = tuple[float, float]
TESTS = {"student": "Student's t test", "welch": "Welch's t test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Summary of one group, each value with the limits that its print allows.

    Attributes
    ----------
    mean, sd : tuple of float
        Smallest and largest value.
    n : int
        Number of patients, at least 2.
    """

    mean: Limits
    sd: Limits
    n: int


def difference_limits(first: Limits, second: Limits) -> Limits:
    """Return the limits of the absolute difference of two values.

    Parameters
    ----------
    first, second : tuple of float
        Smallest and largest value.

    Returns
    -------
    tuple of float
        Smallest and largest absolute difference; 0 if the intervals meet.
    """
    smallest = max(0.0, first[0] - second[1], second[0] - first[1])
    return smallest, max(first[1] - second[0], second[1] - first[0])


def student_p_range(first: Sample, second: Sample) -> Limits:
    """Return the limits of p in Student's t test with pooled variance.

    Parameters
    ----------
    first, second : Sample
        Summaries of the two groups.

    Returns
    -------
    tuple of float
        Smallest and largest two-sided p, both attained: the degrees of freedom are fixed, and
        the size of t grows with the difference of the means and falls with either SD, so that its
        extremes lie in corners of the box.
    """
    freedom = first.n + second.n - 2

    def p_value(difference: float, sd1: float, sd2: float) -> float:
        pooled = ((first.n - 1) * sd1**2 + (second.n - 1) * sd2**2) / freedom
        return _two_sided(difference, pooled * (1 / first.n + 1 / second.n), freedom)

    smallest, largest = difference_limits(first.mean, second.mean)
    return (
        p_value(largest, max(0.0, first.sd[0]), max(0.0, second.sd[0])),
        p_value(smallest, first.sd[1], second.sd[1]),
    )


def welch_p_range(first: Sample, second: Sample) -> Limits:
    """Return limits of p in Welch's t test with unequal variances.

    Parameters
    ----------
    first, second : Sample
        Summaries of the two groups.

    Returns
    -------
    tuple of float
        Bounds of the two-sided p. They cannot be too narrow: for fixed degrees of freedom p
        falls as t grows in size, and for fixed t it falls as the degrees of freedom grow (the
        tails get lighter). So the largest t with the most degrees of freedom bounds p from
        below, and the opposite from above, whether or not both occur together.
    """
    spreads = [(max(0.0, s.sd[0]) ** 2 / s.n, s.sd[1] ** 2 / s.n) for s in (first, second)]
    smallest, largest = difference_limits(first.mean, second.mean)
    least, most = welch_freedom_range(spreads, (first.n, second.n))
    return (
        _two_sided(largest, spreads[0][0] + spreads[1][0], most),
        _two_sided(smallest, spreads[0][1] + spreads[1][1], least),
    )


def welch_freedom_range(spreads: Sequence[Limits], sizes: tuple[int, int]) -> Limits:
    """Return the limits of the Welch-Satterthwaite degrees of freedom, both attained.

    Parameters
    ----------
    spreads : sequence of tuple of float
        Limits of SD²/n in either group.
    sizes : tuple of int
        Number of patients in either group.

    Returns
    -------
    tuple of float
        Smallest and largest. They depend on the first group's share w of the sum of both SD²/n
        alone, 1 / (w²/(n₁ − 1) + (1 − w)²/(n₂ − 1)), rise up to w = (n₁ − 1)/(n₁ + n₂ − 2) and
        fall beyond.
    """

    def freedom(share: float) -> float:
        return 1 / (share**2 / (sizes[0] - 1) + (1 - share) ** 2 / (sizes[1] - 1))

    (low1, high1), (low2, high2) = spreads
    first = low1 / (low1 + high2) if low1 + high2 else 0.0
    last = high1 / (high1 + low2) if high1 + low2 else 1.0
    peak = (sizes[0] - 1) / (sum(sizes) - 2)
    ends = [freedom(first), freedom(last)]
    return min(ends), freedom(peak) if first <= peak <= last else max(ends)


def pooled_mean_limits(means: Sequence[Limits], sizes: Sequence[int]) -> Limits:
    """Return the limits of the mean of all patients of several groups.

    Parameters
    ----------
    means : sequence of tuple of float
        Smallest and largest mean of each group.
    sizes : sequence of int
        Number of patients of each group.

    Returns
    -------
    tuple of float
        Smallest and largest mean of all.
    """
    total = sum(sizes)
    low, high = (
        sum(size * limits[end] for size, limits in zip(sizes, means, strict=True)) / total
        for end in (0, 1)
    )
    return low, high


def check_t_test(registry: Registry) -> list[Finding]:
    """Recompute p of a t test; needs mean and SD of a variable in both groups and their n."""
    summaries = SummaryIndex(registry)
    findings = []
    for row in registry.where("p_value"):
        if row.method not in ("", *TESTS) or row.of or row.outcome_groups is None:
            continue
        rows = [summaries.mean_and_sd(row.variable, row.level, g) for g in row.outcome_groups]
        sizes = [summaries.size_of(pair[0]) if pair else None for pair in rows]
        if None not in sizes and min(size for _, size in sizes) > 1:
            finding = _t_finding(row, rows, sizes)
            if finding.status == "suggests" and not row.method and _has_other_test(registry, row):
                finding = replace(finding, status="open")
            findings.append(finding)
    return findings


def _has_other_test(registry: Registry, row: ReportedNumber) -> bool:
    """Whether categories or ranks of the same variable are printed: p may be theirs."""
    rows = registry.where(("count", "u_statistic"), variable=row.variable)
    return any(other.group in (row.group, *row.outcome_groups) for other in rows)


def check_pooled_mean(registry: Registry) -> list[Finding]:
    """Compare the mean of a group with those of its parts; needs all means and sizes."""
    index, summaries = CountIndex(registry), SummaryIndex(registry)
    findings = []
    for split in index.splits:
        for whole in summaries.rows_of("mean", split.whole.group):
            parts = [
                summaries.find("mean", whole.variable, whole.level, part.group)
                for part in split.parts
            ]
            sizes = [index.size(part.group) for part in split.parts]
            if None not in parts and None not in sizes and min(sizes) > 0:
                findings += _pooled_findings(index, whole, parts, sizes)
    return findings


def _two_sided(difference: float, variance: float, freedom: float) -> float:
    if difference <= 0:
        return 1.0
    if variance <= 0:
        return 0.0
    return float(2 * special.stdtr(freedom, -difference / math.sqrt(variance)))


def _p_ranges(rows, sizes, shortened: bool = False) -> dict[str, Limits]:
    samples = [
        Sample(
            mean=float_limits(mean.number, shortened), sd=float_limits(sd.number, shortened), n=n
        )
        for (mean, sd), n in zip(rows, sizes, strict=True)
    ]
    return {"student": student_p_range(*samples), "welch": welch_p_range(*samples)}


def _t_finding(row: ReportedNumber, rows, size_rows) -> Finding:
    sizes = [size for _, size in size_rows]
    ranges = _p_ranges(rows, sizes)
    fitting = [name for name, limits in ranges.items() if row.number.overlaps(*limits)]
    first = row.method or "student"
    low, high = ranges[first if first in fitting or not fitting else fitting[0]]
    groups = " and ".join(
        f"{mean.printed} ± {sd.printed} in {n} patients ({mean.group})"
        for (mean, sd), n in zip(rows, sizes, strict=True)
    )
    values = " and ".join(
        f"{TESTS[name]} p {shown_p_range(*limits, row.number.decimals)}"
        for name, limits in ranges.items()
    )
    status, remark = _t_verdict(row, fitting, ranges, _p_ranges(rows, sizes, shortened=True))
    used = [number.id for pair in rows for number in pair]
    used += [size.id for size, _ in size_rows]
    return Finding(
        check="t_test",
        status=status,
        target=row.id,
        uses=tuple(used),
        low=low,
        high=high,
        text=f"{row.variable}, {groups}: {values}; printed is {row.printed}. {remark}",
    )


def _t_verdict(row: ReportedNumber, fitting: list[str], ranges, shortened) -> tuple[str, str]:
    names = " and ".join(TESTS[name] for name in fitting)
    if row.method in fitting or (fitting and not row.method):
        identified = " alone" if len(fitting) == 1 else ""
        return "agrees", f"It agrees with {names}{identified}."
    if fitting:
        return "suggests", f"It agrees with {names}, not with {TESTS[row.method]}, as named."
    if any(row.number.overlaps(low / 2, high / 2) for low, high in ranges.values()):
        return "suggests", "It is half of that, as in a one-sided test."
    if any(
        row.number.overlaps(*limits) or is_rescued(row.number, *limits)
        for limits in shortened.values()
    ):
        return "suggests", SHORTENED.strip()
    far = times_apart(row, ranges.values())
    if not row.method:
        return "suggests", (
            f"No t test of two samples gives it{far}; a rank test, a paired test, or categories, "
            "may stand behind it."
        )
    return "contradicted", f"No means and SDs that round to the print give it{far}."


def _pooled_findings(index: CountIndex, whole, parts, sizes) -> Iterator[Finding]:
    used = [index.sizes[part.group].id for part in parts]
    terms = " + ".join(f"{n} × {part.printed}" for n, part in zip(sizes, parts, strict=True))
    for target in (whole, *parts):
        limits = [_mean_from_others(target, whole, parts, sizes, cut) for cut in (False, True)]
        low, high = limits[0]
        text = (
            f"({terms}) / {sum(sizes)} against {whole.printed} ({named(whole)}): "
            f"{named(target)} should be {shown(low, high, target.number.decimals + 1)}; printed is "
            f"{target.printed}."
        )
        others = [row.id for row in (whole, *parts) if row is not target]
        finding = judge("pooled_mean", target, [*others, *used], low, high, text)
        if finding.status == "contradicted" and is_rescued(target.number, *limits[1]):
            finding = replace(finding, status="suggests", text=text + SHORTENED)
        yield finding


def _mean_from_others(target, whole, parts, sizes, shortened: bool) -> Limits:
    """Return the limits of the whole's mean, or of one part's mean from the whole and the rest."""
    limits = [float_limits(part.number, shortened) for part in parts]
    if target is whole:
        return pooled_mean_limits(limits, sizes)
    position = parts.index(target)
    low, high = (sum(sizes) * end for end in float_limits(whole.number, shortened))
    for place, (size, span) in enumerate(zip(sizes, limits, strict=True)):
        if place != position:
            low, high = low - size * span[1], high - size * span[0]
    return low / sizes[position], high / sizes[position]
