"""p of a t test and pooled means, from means, standard deviations and group sizes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import optimize, special

from rairlib.checks.cells import count_index, named, whole_number
from rairlib.checks.describing import summary_index
from rairlib.checks.lookup import originals, several_groups
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
TESTS = {
    "student": "Student's t test",
    "welch": "Welch's t test",
    "anova": "analysis of variance",
}
# Beyond this number of groups the corners of the box of means are too many to list.
MOST_GROUPS = 10


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


def between_limits(means: Sequence[Limits], sizes: Sequence[int]) -> Limits:
    """Return the limits of the sum of squares between groups.

    Parameters
    ----------
    means : sequence of tuple of float
        Smallest and largest mean of each group.
    sizes : sequence of int
        Number of patients of each group.

    Returns
    -------
    tuple of float
        Both attained. The sum is convex in the means, so that it is largest in a corner of their
        box; it is smallest where all means are as near as they can be to one common value.
    """
    corners = np.array(list(product(*means)))
    weights = np.array(sizes)
    centres = corners @ weights / weights.sum()
    largest = ((corners - centres[:, None]) ** 2 @ weights).max()
    low, high = np.array(means).T

    def squares(centre: float) -> float:
        return float(np.maximum(0, np.maximum(low - centre, centre - high)) ** 2 @ weights)

    start, end = high.min(), low.max()
    if start >= end:
        return 0.0, float(largest)
    found = optimize.minimize_scalar(squares, bounds=(start, end), method="bounded")
    # The search stops a little short of the minimum.
    return float(found.fun) * (1 - 1e-6), float(largest)


def anova_p_range(samples: Sequence[Sample]) -> Limits:
    """Return the limits of p in a one-way analysis of variance of several groups."""
    sizes = [sample.n for sample in samples]
    between = between_limits([sample.mean for sample in samples], sizes)
    within = [sum((s.n - 1) * max(0.0, s.sd[end]) ** 2 for s in samples) for end in (0, 1)]
    freedom = len(sizes) - 1, sum(sizes) - len(sizes)

    def p_value(above: float, below: float) -> float:
        if below <= 0:
            return 0.0 if above > 0 else 1.0
        return float(special.fdtrc(*freedom, above / freedom[0] / (below / freedom[1])))

    return p_value(between[1], within[0]), p_value(between[0], within[1])


def pooled_sd_limits(samples: Sequence[Sample], ddof: int = 1) -> Limits:
    """Return the limits of the SD of all patients of several groups, with n − 1 or with n."""
    sizes = [sample.n for sample in samples]
    between = between_limits([sample.mean for sample in samples], sizes)
    low, high = (
        math.sqrt(
            (sum((s.n - ddof) * max(0.0, s.sd[end]) ** 2 for s in samples) + between[end])
            / (sum(sizes) - ddof)
        )
        for end in (0, 1)
    )
    return low, high


def check_t_test(registry: Registry) -> list[Finding]:
    """Recompute p of a t test or of an analysis of variance; needs mean, SD and n by group."""
    index, summaries = count_index(registry), summary_index(registry)
    others = {(row.variable, row.group) for row in registry.where(("count", "u_statistic"))}
    findings = []
    for row in registry.where("p_value"):
        several = several_groups(index, row)
        groups = several or row.outcome_groups
        if row.method not in ("", *TESTS) or row.of or groups is None:
            continue
        rows = [summaries.mean_and_sd(row.variable, row.level, group) for group in groups]
        sizes = [summaries.size_of(pair[0]) if pair else None for pair in rows]
        if None in sizes or min(size for _, size in sizes) < 2 or len(sizes) > MOST_GROUPS:
            continue
        finding = _t_finding(row, rows, sizes)
        # Categories or ranks of the same variable: p may be theirs.
        other = any((row.variable, group) in others for group in (row.group, *groups))
        if finding.status == "suggests" and not row.method and other:
            finding = replace(finding, status="open")
        findings.append(finding)
    return findings


def check_pooled_mean(registry: Registry) -> list[Finding]:
    """Compare mean and SD of a group with those of its parts; needs all of them and sizes."""
    summaries = summary_index(registry)
    findings = []
    for split in count_index(registry).splits:
        groups = [part.group for part in split.parts]
        for whole in summaries.rows_of("mean", split.whole.group):
            means = [summaries.find("mean", whole.variable, whole.level, g) for g in groups]
            sizes = [summaries.size_of(row) if row else None for row in means]
            if None in sizes or min(n for _, n in sizes) < 1:
                continue
            findings += _pooled_findings("pooled_mean", whole, means, sizes)
            cell = summaries.rows[whole.variable, whole.level, whole.group]
            pairs = [summaries.mean_and_sd(whole.variable, whole.level, g) for g in groups]
            if "sd" in cell and None not in pairs and len(pairs) <= MOST_GROUPS:
                findings.append(_pooled_sd(cell["sd"], pairs, sizes))
    return findings


def check_pooled_percent(registry: Registry) -> list[Finding]:
    """Compare a percentage of a group with those of its parts; needs them without their counts."""
    index = count_index(registry)
    shares: dict[tuple[str, str, str], ReportedNumber] = {}
    for row in originals(registry, "percent"):
        cell = row.variable, row.level, row.group
        if not row.variable or cell in index.counts or row.of not in registry:
            continue
        if (registry[row.of].statistic, registry[row.of].group) == ("n", row.group):
            shares.setdefault(cell, row)
    findings = []
    for split in index.splits:
        for (variable, level, group), whole in shares.items():
            parts = [shares.get((variable, level, part.group)) for part in split.parts]
            if group != split.whole.group or None in parts:
                continue
            sizes = [(registry[row.of], whole_number(registry[row.of])) for row in parts]
            if all(n for _, n in sizes):
                findings += _pooled_shares(whole, parts, sizes)
    return findings


def _two_sided(difference: float, variance: float, freedom: float) -> float:
    if difference <= 0:
        return 1.0
    if variance <= 0:
        return 0.0
    return float(2 * special.stdtr(freedom, -difference / math.sqrt(variance)))


def _samples(rows, sizes, shortened: bool = False) -> list[Sample]:
    return [
        Sample(
            mean=float_limits(mean.number, shortened), sd=float_limits(sd.number, shortened), n=n
        )
        for (mean, sd), n in zip(rows, sizes, strict=True)
    ]


def _p_ranges(rows, sizes, shortened: bool = False) -> dict[str, Limits]:
    samples = _samples(rows, sizes, shortened)
    if len(samples) > 2:
        return {"anova": anova_p_range(samples)}
    return {"student": student_p_range(*samples), "welch": welch_p_range(*samples)}


def _t_finding(row: ReportedNumber, rows, size_rows) -> Finding:
    sizes = [size for _, size in size_rows]
    ranges = _p_ranges(rows, sizes)
    fitting = [name for name, limits in ranges.items() if row.number.overlaps(*limits)]
    first = row.method if row.method in ranges else next(iter(ranges))
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
        names = " or ".join(TESTS[name] for name in ranges)
        return "suggests", (
            f"No {names} of independent samples gives it{far}; a test of ranks, of pairs or of "
            "categories may stand behind it."
        )
    return "contradicted", f"No means and SDs that round to the print give it{far}."


def _pooled_findings(check: str, whole, parts, size_rows) -> Iterator[Finding]:
    used, sizes = [row.id for row, _ in size_rows], [n for _, n in size_rows]
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
        finding = judge(check, target, [*others, *used], low, high, text)
        if finding.status == "contradicted" and is_rescued(target.number, *limits[1]):
            finding = replace(finding, status="suggests", text=text + SHORTENED)
        yield finding


def _pooled_sd(target: ReportedNumber, pairs, size_rows) -> Finding:
    sizes = [n for _, n in size_rows]
    low, high = pooled_sd_limits(_samples(pairs, sizes))
    printed = " and ".join(
        f"{mean.printed} ± {sd.printed} in {n} patients"
        for (mean, sd), n in zip(pairs, sizes, strict=True)
    )
    text = (
        f"{printed} have an SD of {shown(low, high, target.number.decimals + 1)} together; "
        f"printed is {target.printed} ({named(target)})."
    )
    used = [row.id for pair in pairs for row in pair] + [row.id for row, _ in size_rows]
    finding = judge("pooled_mean", target, used, low, high, text)
    if finding.status == "contradicted" and target.number.overlaps(
        *pooled_sd_limits(_samples(pairs, sizes), ddof=0)
    ):
        return replace(finding, status="suggests", text=text + " With n instead of n − 1 it fits.")
    wide = pooled_sd_limits(_samples(pairs, sizes, shortened=True))
    if finding.status == "contradicted" and is_rescued(target.number, *wide):
        return replace(finding, status="suggests", text=text + SHORTENED)
    return finding


def _pooled_shares(whole, parts, sizes) -> Iterator[Finding]:
    """Percentages without counts: missing values move the weights, but not beyond the parts."""
    ends = [float_limits(row.number, shortened=True) for row in parts]
    low, high = float_limits(whole.number, shortened=True)
    inside = low <= max(end for _, end in ends) and high >= min(end for end, _ in ends)
    for finding in _pooled_findings("pooled_percent", whole, parts, sizes):
        if finding.status == "contradicted" and inside:
            text = f"{finding.text} Values may be missing."
            yield replace(finding, status="suggests", text=text)
        else:
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
