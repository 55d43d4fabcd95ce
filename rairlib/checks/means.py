"""Means, standard deviations and quartiles: tests of means, pooled groups, whole steps, order."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import combinations, pairwise, product

import numpy as np
from scipy import optimize, special

from rairlib.checks.cells import (
    LARGE_SHARE,
    MISSING,
    Partition,
    attached,
    count_index,
    instead_of_shortened,
    kindly,
    missing_of,
    named,
    originals,
    several_groups,
    size_of,
    summaries,
    unless_missing,
    unless_shortened,
    values_of,
    whole_number,
    wholes_of_groups,
)
from rairlib.checks.findings import Finding, check, conclude, possibility
from rairlib.checks.regressions import on_one_side
from rairlib.checks.rounding import (
    BEYOND_RANGE,
    SHORTENED,
    TIED,
    exact_limits,
    exact_value,
    fits,
    float_limits,
    is_rescued,
    judge,
    likely_slip,
    meet_in_a_tie,
    print_unit,
    shown,
    shown_p_range,
    times_apart,
)
from rairlib.registry.printed import Printed, format_value
from rairlib.registry.registry import Registry, ReportedNumber

Limits = tuple[float, float]
TESTS = {
    "student": "Student's t test",
    "welch": "Welch's t test",
    "anova": "analysis of variance",
}
T_AND_F = ("t_statistic", "f_statistic")
# Beyond this number of groups the corners of the box of means are too many to list.
MOST_GROUPS = 10
# Words for the same patients at two times.
TIMES = {"pre", "post", "before", "after", "baseline", "follow"}
TINY = 1e-300
ONE_SIDED = "a one-sided p value"
# So much apart are p of a t test and of ranks in most samples of normal values.
TIMES_APART, Z_APART = 2, 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Limits of the mean and of the SD of one group, and its number of patients, at least 2.

    The number may be an array, for tests that are computed for many sizes at once.
    """

    mean: Limits
    sd: Limits
    n: int | np.ndarray


def t_test_p_ranges(first: Sample, second: Sample) -> dict[str, Limits]:
    """Return the limits of the two-sided p of Student's and of Welch's t test.

    Parameters
    ----------
    first, second : Sample
        Summaries of the two groups.

    Returns
    -------
    dict
        ``student``: smallest and largest p, both attained: the degrees of freedom are fixed, and
        the size of t grows with the difference of the means and falls with either SD, so that its
        extremes lie in corners of the box. ``welch``: bounds that cannot be too narrow: for fixed
        degrees of freedom p falls as t grows in size, and for fixed t it falls as the degrees of
        freedom grow (the tails get lighter). So the largest t with the most degrees of freedom
        bounds p from below, and the opposite from above, whether or not both occur together.
    """
    samples, freedom = (first, second), first.n + second.n - 2
    smallest, largest = distance_between(first, second)
    pooled = [
        spread_within(samples, end) / freedom * (1 / first.n + 1 / second.n) for end in (0, 1)
    ]
    spreads = [(max(0.0, s.sd[0]) ** 2 / s.n, s.sd[1] ** 2 / s.n) for s in samples]
    least, most = welch_freedom_range(spreads, (first.n, second.n))
    unpooled = [sum(ends) for ends in zip(*spreads, strict=True)]
    student = _two_sided(largest, pooled[0], freedom), _two_sided(smallest, pooled[1], freedom)
    welch = _two_sided(largest, unpooled[0], most), _two_sided(smallest, unpooled[1], least)
    return {"student": student, "welch": welch}


def spread_within(samples: Sequence[Sample], end: int, ddof: int = 1) -> float:
    """Add the squares within groups, from the smallest (0) or largest (1) SDs."""
    return sum((s.n - ddof) * max(0.0, s.sd[end]) ** 2 for s in samples)


def _two_sided(difference: float, variance, freedom):
    if difference <= 0:
        return 1.0
    with np.errstate(divide="ignore"):
        p_value = 2 * special.stdtr(freedom, -difference / np.sqrt(variance))
    return p_value if np.ndim(p_value) else float(p_value)


def welch_freedom_range(spreads: Sequence[Limits], sizes: tuple) -> Limits:
    """Return the limits of the Welch-Satterthwaite degrees of freedom, both attained.

    `spreads` are the limits of SD²/n in either group. The degrees of freedom depend on the first
    group's share w of the sum of both alone, 1 / (w²/(n₁ − 1) + (1 − w)²/(n₂ − 1)): they rise up
    to w = (n₁ − 1)/(n₁ + n₂ − 2) and fall beyond.
    """

    def freedom(share):
        return 1 / (share**2 / (sizes[0] - 1) + (1 - share) ** 2 / (sizes[1] - 1))

    (low1, high1), (low2, high2) = spreads
    # Where both SDs may be zero, any share is possible.
    first = np.where(low1 + high2 > 0, low1 / np.maximum(low1 + high2, TINY), 0.0)
    last = np.where(high1 + low2 > 0, high1 / np.maximum(high1 + low2, TINY), 1.0)
    peak = (sizes[0] - 1) / (sizes[0] + sizes[1] - 2)
    ends = freedom(first), freedom(last)
    most = np.where((first <= peak) & (peak <= last), freedom(peak), np.maximum(*ends))
    return np.minimum(*ends), most


def between_limits(samples: Sequence[Sample]) -> Limits:
    """Return the limits of the sum of squares between groups, both attained.

    The sum is convex in the means, so that it is largest in a corner of their box; it is smallest
    where all means are as near as they can be to one common value.
    """
    weights = np.array([sample.n for sample in samples])
    corners = np.array(list(product(*(sample.mean for sample in samples))))
    centres = corners @ weights / weights.sum()
    largest = float(((corners - centres[:, None]) ** 2 @ weights).max())
    low, high = np.array([sample.mean for sample in samples]).T

    def squares(centre: float) -> float:
        return float(np.maximum(0, np.maximum(low - centre, centre - high)) ** 2 @ weights)

    if high.min() >= low.max():
        return 0.0, largest
    bounds = high.min(), low.max()
    found = optimize.minimize_scalar(squares, bounds=bounds, method="bounded")
    # The search stops a little short of the minimum.
    return float(found.fun) * (1 - 1e-6), largest


def anova_p_range(samples: Sequence[Sample]) -> Limits:
    """Return the limits of p in a one-way analysis of variance of several groups."""
    between = between_limits(samples)
    freedom = len(samples) - 1, sum(sample.n for sample in samples) - len(samples)

    def p_value(above: float, below: float) -> float:
        if below <= 0:
            return 0.0 if above > 0 else 1.0
        return float(special.fdtrc(*freedom, above / freedom[0] / (below / freedom[1])))

    return p_value(between[1], spread_within(samples, 0)), p_value(
        between[0], spread_within(samples, 1)
    )


def f_of_many(samples: Sequence[Sample]) -> tuple[Limits, tuple]:
    """Return limits of F for many sizes at once, none too narrow, and its degrees of freedom."""
    sizes = [sample.n for sample in samples]
    within, between = _squares(samples, sizes)
    freedom = len(samples) - 1, sum(sizes) - len(samples)
    with np.errstate(over="ignore"):  # groups without spread
        ratios = [between[end] / np.maximum(within[1 - end], TINY) for end in (0, 1)]
    return tuple(each * freedom[1] / freedom[0] for each in ratios), freedom


def pooled_sd_limits(samples: Sequence[Sample], ddof: int = 1) -> Limits:
    """Return the limits of the SD of all patients of several groups, with n − 1 or with n."""
    freedom = sum(sample.n for sample in samples) - ddof
    squares = [spread_within(samples, end, ddof) + between_limits(samples)[end] for end in (0, 1)]
    return math.sqrt(squares[0] / freedom), math.sqrt(squares[1] / freedom)


def _parts_of(cells: dict, split: Partition) -> list[tuple]:
    """Return what is known of the whole of a split, each with the same of its parts."""
    return [
        (whole, [cells.get((variable, level, part.group), {}) for part in split.parts])
        for (variable, level, group), whole in cells.items()
        if group == split.whole.group
    ]


def described_groups(registry: Registry, cells: Iterable[dict]) -> list[tuple]:
    """Return mean, SD (or standard error) and n of cells, None where they are not printed."""
    return [
        (
            mean := cell.get("mean"),
            cell.get("sd") or (mean and attached(registry, mean, "standard_error")),
            size_of(registry, mean),
        )
        for cell in cells
    ]


def samples_of(groups, shortened: bool) -> list[Sample]:
    """Return means, SDs and sizes as printed, or with digits that may be cut off."""
    return [
        Sample(
            mean=float_limits(mean.number, shortened),
            sd=tuple(
                end * (math.sqrt(whole_number(size)) if sd.statistic == "standard_error" else 1)
                for end in float_limits(sd.number, shortened)
            ),
            n=whole_number(size),
        )
        for mean, sd, size in groups
    ]


def _tested(registry: Registry, **wanted: str) -> Iterator[tuple]:
    """Yield p values of means, with the names, cells, and means, SDs and sizes of their groups."""
    index, cells = count_index(registry), summaries(registry)
    for row in registry.where("p_value", **wanted):
        names = several_groups(index, row) or row.outcome_groups
        belongs = row.of and (row.of not in registry or registry[row.of].statistic not in T_AND_F)
        usable = row.test in ("", *TESTS) and set(row.modifiers) <= {"one_sided"}
        if not usable or belongs or names is None or len(names) > MOST_GROUPS:
            continue
        found = [cells.get((row.variable, row.level, name), {}) for name in names]
        groups = described_groups(registry, found)
        if not any(None in group or whole_number(group[2]) < 2 for group in groups):
            yield row, names, found, groups


def _fitting_beside(registry: Registry, row: ReportedNumber, names: Sequence[str]) -> list:
    """Return what marks sizes of groups for which all else printed of a variable fits.

    That is mean and SD of all, and p where its test is named.
    """
    cells, found = summaries(registry), []
    for split in count_index(registry).splits:
        if tuple(part.group for part in split.parts) == tuple(names):
            whole = cells.get((row.variable, row.level, split.whole.group), {})
            parts = [cells.get((row.variable, row.level, name), {}) for name in names]
            means, sds, sizes = zip(*described_groups(registry, parts), strict=True)
            if "mean" in whole and None not in means:
                found.append(_fitting_means(whole["mean"], means))
                if "sd" in whole and None not in (*sds, *sizes) and len(names) <= MOST_GROUPS:
                    samples = samples_of(zip(means, sds, sizes, strict=True), False)
                    found.append(_fitting_sds(whole["sd"], samples)[0])
    for p_value, groups, _, described in _tested(registry, variable=row.variable, level=row.level):
        if p_value.test and tuple(groups) == tuple(names):
            found.append(_fitting_p(p_value, samples_of(described, False)))
    return found


@check("means", "independent")
def check_t_test(registry: Registry) -> Iterator[Finding]:
    """Recompute p of a t test or of an analysis of variance; needs mean, SD and n by group."""
    index = count_index(registry)
    others = {(row.variable, row.group) for row in registry.where(("count", "u_statistic"))}
    for row, names, found, groups in _tested(registry):
        finding = _t_finding(row, groups)
        unsure = finding.status == "suggests" and not row.method
        if unsure and finding.reading != ONE_SIDED and _is_near(row, finding):
            text = f"{finding.text} A test of ranks often gives a p as near."
            finding = replace(finding, status="open", text=text, reading="a test of ranks")
        values = [values_behind(index, mean, size, least=2) for mean, _, size in groups]
        beside = _fitting_beside(registry, row, names)
        finding = _unless_smaller(finding, row, samples_of(groups, False), values, beside)
        if finding.status == "suggests" and not row.method and _may_be_ranked(groups, found):
            remark = " Its values seem skewed: a test of ranks may stand behind it."
            finding = replace(finding, status="open", text=finding.text + remark)
        finding = _unless_named_loosely(finding, row, groups, found)
        # Categories or ranks of the same variable: p may be theirs.
        other = any((row.variable, group) in others for group in (row.group, *names))
        if finding.status == "suggests" and not row.test and other:
            finding = replace(finding, status="open")
        yield finding


def _unless_named_loosely(finding: Finding, row, groups: list[tuple], cells) -> Finding:
    """Doubt a proof where a test of pairs, or of logarithms, is called by the name of another."""
    words = [{*re.split(r"\W+", mean.group.lower())} for mean, _, _ in groups]
    alike = len({whole_number(size) for _, _, size in groups}) == 1
    if alike and len(groups) == 2 and all(TIMES & each for each in words):
        return finding.doubted(" A paired test might.", reading="a paired t test")
    remark, skewed = " A test of logarithms might.", _may_be_ranked(groups, cells)
    return finding.doubted(remark, skewed, finding.reading or "a test of logarithms")


def _may_be_ranked(groups: list[tuple], cells: list[dict]) -> bool:
    """Whether medians are printed too, or a mean is below twice its SD.

    A quantity that is not negative is then skewed (Altman and Bland, BMJ 1996;313:1200).
    """
    skewed = any(0 < mean.number.value < 2 * sd.number.value for mean, sd, _ in groups)
    return skewed or any("median" in cell for cell in cells)


def _is_near(row: ReportedNumber, finding: Finding) -> bool:
    """Whether p is within what a test of ranks of normal values gives in nine of ten cases."""
    number = row.number
    ends = np.clip([number.high, finding.low, number.low, finding.high], TINY, 1)
    apart = special.ndtri(ends[[0, 2]] / 2) - special.ndtri(ends[[1, 3]] / 2)
    ratio = max(ends[1] / ends[0], ends[2] / ends[3])
    return ratio < TIMES_APART or max(-apart[0], apart[1]) < Z_APART


def values_behind(index, mean: ReportedNumber, size: ReportedNumber, least: int = 1) -> range:
    """Return the numbers of values that a mean may rest on, at least so many."""
    values = values_of(index, mean, size)
    return range(max(least, values.start), values.stop)


def _unless_smaller(finding: Finding, row: ReportedNumber, samples, values, beside=()) -> Finding:
    """Weaken a proof about p, or name a reading, where a test of fewer values would give it."""
    if finding.text.endswith(SHORTENED):
        weaken = partial(_unless_smaller, row=row, samples=samples, values=values, beside=beside)
        return instead_of_shortened(finding, weaken)
    if finding.status != "contradicted":
        return finding

    possible = row.number.overlaps(on_one_side(row, least_p_of_fewer(samples), 1.0)[0], 1.0)
    return unless_missing(finding, values, _fitting_p(row, samples), possible, beside)


def _fitting_p(row: ReportedNumber, samples: Sequence[Sample]) -> Callable[..., np.ndarray]:
    """Return a function that marks the sizes of groups for which p fits."""

    def fitting(*sizes: np.ndarray) -> np.ndarray:
        fewer = [replace(sample, n=n) for sample, n in zip(samples, sizes, strict=True)]
        if len(fewer) > 2:
            ratios, freedom = f_of_many(fewer)
            return may_be_printed(
                row.number, *(special.fdtrc(*freedom, f) for f in reversed(ratios))
            )
        with np.errstate(divide="ignore", invalid="ignore"):  # one value has no SD
            pairs = _p_ranges(fewer, row).values()
        return np.any([may_be_printed(row.number, low, high) for low, high in pairs], axis=0)

    return fitting


def may_be_printed(number: Printed, low, high) -> np.ndarray:
    """Mark the ranges in which some value may be printed like this."""
    return (low <= number.high + SLACK) & (high >= number.low - SLACK)


def least_p_of_fewer(samples: Sequence[Sample]) -> float:
    """Return a p below which no t test or analysis of variance of fewer values leads.

    The squares between groups grow with every value, the variance within is never below that of
    the least variable group, and of all degrees of freedom those with the smallest p are taken.
    """
    between, total = between_limits(samples)[1], sum(sample.n for sample in samples)
    within = min(max(0.0, sample.sd[0]) for sample in samples) ** 2
    if within <= 0:
        return 0.0
    freedom = len(samples) - 1, np.unique(np.geomspace(1, total - len(samples), 1000).round())
    return float(special.fdtrc(*freedom, between / freedom[0] / within).min())


def _p_ranges(samples: list[Sample], row: ReportedNumber) -> dict[str, Limits]:
    if len(samples) > 2:
        return {"anova": anova_p_range(samples)}
    ranges = t_test_p_ranges(*samples)
    # Of two groups the analysis of variance is Student's test.
    ranges = {"anova": ranges["student"]} if row.test == "anova" else ranges
    return {name: on_one_side(row, *ends) for name, ends in ranges.items()}


def _t_finding(row: ReportedNumber, groups: list[tuple]) -> Finding:
    samples = samples_of(groups, False)
    ranges = _p_ranges(samples, row)
    fitting = [name for name, limits in ranges.items() if row.number.overlaps(*limits)]
    candidates = fitting or list(ranges)
    low, high = ranges[row.test if row.test in candidates else candidates[0]]
    described = " and ".join(
        f"{mean.printed} ± {sd.printed} in {whole_number(size)} patients ({mean.group})"
        for mean, sd, size in groups
    )
    values = " and ".join(
        f"{TESTS[name]} p {shown_p_range(*limits, row.number.decimals)}"
        for name, limits in ranges.items()
    )
    status, remark, *found = _t_verdict(
        row, fitting, ranges, _p_ranges(samples_of(groups, True), row)
    )
    if not fitting and not found:
        errors = [replace(s, sd=tuple(end * math.sqrt(s.n) for end in s.sd)) for s in samples]
        if any(row.number.overlaps(*limits) for limits in _p_ranges(errors, row).values()):
            found = ["the SDs are standard errors"]
    text = f"{row.variable}, {described}: {values}; printed is {row.printed}. {remark}"
    used = [group[:2] for group in groups], [size for _, _, size in groups]
    limits = {"low": low, "high": high, "reading": "".join(found)}
    return conclude(status, text, *used, target=row, **limits)


def _t_verdict(row: ReportedNumber, fitting: list[str], ranges, shortened) -> tuple[str, ...]:
    number, names = row.number, " and ".join(TESTS[name] for name in fitting)
    named = [ends for name, ends in shortened.items() if row.test in ("", name)]
    if fitting and row.test in ("", *fitting):
        return "agrees", f"It agrees with {names}{' alone' * (len(fitting) == 1)}."
    if any(number.overlaps(*ends) or is_rescued(number, *ends) for ends in named):
        return "suggests", SHORTENED.strip(), "digits cut off, or rounded twice"
    if fitting:
        return "suggests", f"It agrees with {names}, not with {TESTS[row.test]}, as named.", names
    if any(number.overlaps(low / 2, high / 2) for low, high in ranges.values()):
        return (
            "suggests",
            "It is half of that, as in a one-sided test.",
            ONE_SIDED,
        )
    far = times_apart(row, ranges.values())
    if row.test:
        return "contradicted", f"No means and SDs that round to the print give it{far}."
    return "suggests", (
        f"No {' or '.join(TESTS[name] for name in ranges)} of independent samples gives it{far}; "
        "a test of ranks, of pairs or of categories may stand behind it."
    )


def _with_errors(registry: Registry) -> Iterator[tuple]:
    for cell in summaries(registry).values():
        mean, sd = cell.get("mean"), cell.get("sd")
        error = mean and sd and attached(registry, mean, "standard_error")
        size = size_of(registry, mean)
        if error and (whole_number(size) or 0) > 1:
            yield error, sd, size, values_behind(count_index(registry), mean, size)


@check("means", "bookkeeping", each=_with_errors)
def check_standard_error(row: ReportedNumber, sd, size, values: range) -> Finding:
    """Recompute the standard error of a mean; needs `of` = the mean, its SD and n."""
    n, (low, high) = whole_number(size), float_limits(sd.number)
    ends = low / math.sqrt(n), high / math.sqrt(n)
    text = (
        f"{sd.printed} / sqrt({n}) is {shown(*ends, row.number.decimals + 1)}; the standard error "
        f"is printed as {row.printed} ({named(sd)})."
    )
    finding = judge(row, (sd, size), *ends, text)

    def possible(m: int) -> bool:
        return row.number.overlaps(low / math.sqrt(m), high / math.sqrt(m))

    fewer = fewer_values(values, n, possible) if finding.status not in ("agrees", "open") else None
    if fewer and fewer >= LARGE_SHARE * n:
        return replace(finding, status="open", reading=f"of {fewer} values")
    if finding.status == "contradicted" and row.number.overlaps(low, high):
        finding = replace(finding, reading="the standard deviation again")
    return unless_fewer(finding, values, n, possible)


def _with_quartiles(registry: Registry) -> Iterator[tuple]:
    for row in originals(registry, "interquartile_range"):
        cell = summaries(registry).get((row.variable, row.level, row.group), {})
        if {"q1", "q3"} <= cell.keys():
            yield row, cell["q1"], cell["q3"]


@check("quartiles and ranges", "bookkeeping", each=_with_quartiles)
@kindly
def check_interquartile_range(row: ReportedNumber, q1, q3, shortened: bool) -> Finding:
    """Recompute an interquartile range printed as one number; needs both quartiles."""
    first, last = (float_limits(end.number, shortened) for end in (q1, q3))
    low, high = last[0] - first[1], last[1] - first[0]
    text = (
        f"{q3.printed} − {q1.printed} is {shown(low, high, row.number.decimals + 1)}; printed is "
    )
    return judge(row, (q1, q3), low, high, f"{text}{row.printed} ({named(row)}).")


@check("means", "independent")
def check_pooled_mean(registry: Registry) -> Iterator[Finding]:
    """Compare mean and SD of a group with those of its parts; needs all of them and sizes."""
    index = count_index(registry)
    for split in index.splits:
        for whole, parts in _parts_of(summaries(registry), split):
            groups = described_groups(registry, parts)
            means, sds, sizes = zip(*groups, strict=True)
            if "mean" not in whole or not all(map(whole_number, sizes)):
                continue
            values = [values_behind(index, *each) for each in zip(means, sizes, strict=True)]
            other = _fitting_means(whole["mean"], means), _between(whole["mean"], means)
            beside = _fitting_beside(registry, means[0], [mean.group for mean in means])
            for target in (whole["mean"], *means):
                finding = unless_shortened(_pooled, target, whole["mean"], means, sizes)
                yield unless_missing(finding, values, *other, beside)
            if "sd" in whole and None not in sds and len(groups) <= MOST_GROUPS:
                finding = unless_shortened(_pooled_sd, whole["sd"], groups)
                samples = samples_of(groups, True)
                yield unless_missing(finding, values, *_fitting_sds(whole["sd"], samples), beside)


def _between(whole: ReportedNumber, parts) -> bool:
    """Whether the mean of a whole lies between those of its parts, as it does for any sizes."""
    lows, highs = zip(*(float_limits(part.number, True) for part in parts), strict=True)
    return fits(whole.number, min(lows), max(highs), True)


def _fitting_means(whole: ReportedNumber, parts) -> Callable[..., np.ndarray]:
    """Return a function that marks the sizes of parts for which the mean of all fits."""
    limits = [float_limits(part.number) for part in parts]

    def fitting(*sizes: np.ndarray) -> np.ndarray:
        low, high = (
            sum(n * end for n, end in zip(sizes, ends, strict=True)) / sum(sizes)
            for ends in zip(*limits, strict=True)
        )
        return may_be_printed(whole.number, low, high)

    return fitting


def _fitting_sds(whole: ReportedNumber, samples: list[Sample]) -> tuple[Callable, bool]:
    """Return the same of the SD, and whether a bound over all sizes leaves it possible.

    The squares between groups are at least those between any two of them. The variance of all is
    at most the largest within and half the squared distance of the means: two values at the ends.
    """
    reach = max(sample.mean[1] for sample in samples) - min(sample.mean[0] for sample in samples)
    most = math.sqrt(max(sample.sd[1] for sample in samples) ** 2 + reach**2 / 2)

    def fitting(*sizes: np.ndarray) -> np.ndarray:
        squares = map(sum, zip(*_squares(samples, sizes), strict=True))
        return may_be_printed(whole.number, *(np.sqrt(each / (sum(sizes) - 1)) for each in squares))

    return fitting, fits(whole.number, 0.0, most, True)


def _squares(samples: Sequence[Sample], sizes: Sequence[np.ndarray]) -> tuple[tuple, tuple]:
    """Return limits of the squares within and between groups for many sizes, none too narrow."""
    centre = sum(n * sum(s.mean) / 2 for n, s in zip(sizes, samples, strict=True)) / sum(sizes)
    least = [
        sizes[a]
        * sizes[b]
        / (sizes[a] + sizes[b])
        * distance_between(samples[a], samples[b])[0] ** 2
        for a, b in combinations(range(len(samples)), 2)
    ]
    far = [np.maximum(s.mean[1] - centre, centre - s.mean[0]) for s in samples]
    largest = sum(n * end**2 for n, end in zip(sizes, far, strict=True))
    fewer = [replace(sample, n=n) for sample, n in zip(samples, sizes, strict=True)]
    return (spread_within(fewer, 0), spread_within(fewer, 1)), (np.max(least, axis=0), largest)


def distance_between(first: Sample, second: Sample) -> Limits:
    """Return the smallest and the largest distance of two means."""
    ends = first.mean[0] - second.mean[1], first.mean[1] - second.mean[0]
    return max(0.0, ends[0], -ends[1]), max(ends[1], -ends[0])


@check("means", "bookkeeping")
def check_pooled_percent(registry: Registry) -> Iterator[Finding]:
    """Compare a percentage of a group with those of its parts; needs them without their counts."""
    index = count_index(registry)
    shares: dict[tuple[str, str, str], ReportedNumber] = {}
    for row in originals(registry, "percent"):
        cell = row.variable, row.level, row.group
        if not row.variable or cell in index.counts or row.of not in registry or row.modifiers:
            continue
        if (registry[row.of].statistic, registry[row.of].group) == ("n", row.group):
            shares.setdefault(cell, row)
    for split in index.splits:
        for whole, parts in _parts_of(shares, split):
            sizes = [registry[row.of] for row in parts if row]
            if not all(parts) or not all(map(whole_number, sizes)):
                continue
            values = [values_of(index, *each) for each in zip(parts, sizes, strict=True)]
            other = _fitting_means(whole, parts), _between(whole, parts)
            for target in (whole, *parts):
                finding = unless_shortened(_pooled, target, whole, parts, sizes)
                yield unless_missing(finding, values, *other)


def _pooled(target: ReportedNumber, whole, parts, sizes, shortened: bool) -> Finding:
    """Judge the mean of the whole by its parts, or that of one part by the whole and the rest."""
    numbers = [whole_number(size) for size in sizes]
    limits = [float_limits(part.number, shortened) for part in parts]
    if target is whole:
        low, high = (float(np.average(ends, weights=numbers)) for ends in zip(*limits, strict=True))
    else:
        low, high = (sum(numbers) * end for end in float_limits(whole.number, shortened))
        for part, n, span in zip(parts, numbers, limits, strict=True):
            if part is target:
                own = n
            else:
                low, high = low - n * span[1], high - n * span[0]
        low, high = low / own, high / own
    terms = " + ".join(f"{n} × {part.printed}" for n, part in zip(numbers, parts, strict=True))
    text = (
        f"({terms}) / {sum(numbers)} against {whole.printed} ({named(whole)}): {named(target)} "
        f"should be {shown(low, high, target.number.decimals + 1)}; printed is {target.printed}."
    )
    rows = [row for row in (whole, *parts) if row is not target]
    return judge(target, (rows, sizes), low, high, text)


OF_N = "SD with n instead of n − 1"


def _pooled_sd(target: ReportedNumber, groups: list[tuple], shortened: bool) -> Finding:
    samples = samples_of(groups, shortened)
    low, high = pooled_sd_limits(samples)
    printed = " and ".join(
        f"{mean.printed} ± {sd.printed} in {whole_number(size)} patients"
        for mean, sd, size in groups
    )
    text = (
        f"{printed} have an SD of {shown(low, high, target.number.decimals + 1)} together; "
        f"printed is {target.printed} ({named(target)})."
    )
    used = [group[:2] for group in groups], [size for _, _, size in groups]
    with_n = not shortened and target.number.overlaps(*pooled_sd_limits(samples, ddof=0))
    finding = judge(target, used, low, high, text)
    return finding.doubted(" With n instead of n − 1 it fits.", with_n, OF_N)


# --- Means and standard deviations that whole numbers can have: GRIM and GRIMMER --------------


MOST_SUMS = 10_000
MOST_TRIED = 10_000
MOST_ITEMS = 9
LEAST_SHARE = Fraction(1, 2)
"""Share of a group below which a number is no longer taken as the group's, though it says so."""


def grim_sums(mean: Printed, n: int, step: Fraction, shortened: bool = False) -> range:
    """Return the sums, in steps, of n measurements whose mean prints like this.

    Empty if no measurements can have this mean (Brown and Heathers 2017, doi
    10.1177/1948550616673876). `shortened` allows digits that were cut off or rounded twice instead
    of ties either way.
    """
    low, high = exact_limits(mean, shortened)
    first, last = low * n / step, high * n / step
    if not shortened:
        return range(math.ceil(first), math.floor(last) + 1)
    # Cut-off digits reach up to the next print, but not to it.
    if mean.value < 0:
        return range(math.floor(first) + 1, math.floor(last) + 1)
    return range(math.ceil(first), math.ceil(last))


def grim_share(decimals: int, n: int, step: Fraction) -> float:
    """Return the share of prints with so many decimals that are possible means; at 1 no power."""
    return float(min(Fraction(1), n / step / 10**decimals))


def grimmer_squares(sd: tuple[Fraction, Fraction], total: int, n: int, ddof: int = 1) -> range:
    """Return the sums of squares that a sum and limits of the SD allow, all in steps.

    Whole numbers with the parity of the sum (x² is odd exactly if x is), and not below the smallest
    sum of squares of n whole numbers with this sum (Allard 2018, A-GRIMMER). `ddof` is 1 for the
    SD with n − 1, 0 for that with n.
    """
    low, high = (max(Fraction(0), end) ** 2 * (n - ddof) + Fraction(total**2, n) for end in sd)
    quotient, remainder = divmod(total, n)
    flattest = (n - remainder) * quotient**2 + remainder * (quotient + 1) ** 2
    first = max(math.ceil(low), flattest)
    first += (first - total) % 2
    return range(first, math.floor(high) + 1, 2)


def grimmer_possible(
    mean: Printed, sd: Printed, n: int, step: Fraction, ddof: int = 1, shortened: bool = False
) -> bool:
    """Whether n measurements in whole steps can have the printed mean and SD.

    False is a proof; True says that neither sum, sum of squares nor parity forbid it.
    """
    limits = exact_limits(sd, shortened)
    in_steps = limits[0] / step, limits[1] / step
    return any(
        grimmer_squares(in_steps, total, n, ddof) for total in grim_sums(mean, n, step, shortened)
    )


def grimmer_share(mean: Printed, sd: Printed, n: int, step: Fraction) -> float:
    """Return about which share of printed SDs would pass beside this mean, between 0 and 1.

    Sums of squares of one parity lie 2 apart, so that their number per unit of the last digit is
    (n − 1) · SD · unit / step², for each possible sum.
    """
    per_sum = (n - 1) * exact_value(sd) * print_unit(sd) / step**2
    return float(min(Fraction(1), per_sum * len(grim_sums(mean, n, step))))


def step_of(*rows: ReportedNumber) -> Fraction:
    """Return the step of the first row that has one; 0.333 stands for a third."""
    text = next(row.step for row in rows if row.step).replace(",", ".")
    step, decimals = Fraction(text), len(text.partition(".")[2])
    # With two decimals a third and a seventh are told from steps that were meant so.
    parts = round(1 / step) if decimals > 2 or 3 <= round(1 / step) <= MOST_ITEMS else 0
    return Fraction(1, parts) if parts and format_value(1 / parts, decimals) == text else step


def _stepped(registry: Registry, statistics: tuple[str, ...]) -> Iterator[tuple]:
    """Yield statistics of measurements in known steps, with the row of the number of patients."""
    for cell in summaries(registry).values():
        rows = [cell.get(name) for name in statistics]
        if None not in rows and any(row.step for row in rows):
            size = size_of(registry, rows[0])
            # One patient has a mean, and it takes two for an SD beside it.
            if (whole_number(size) or 0) >= len(rows):
                yield *rows, size, values_of(count_index(registry), rows[0], size)


def fewer_values(values: range, n: int, possible: Callable[[int], bool]) -> int | None:
    """Return the largest number of values, not all of a group, of which a print is possible.

    Nearly any mean is one of few enough whole numbers, so a proof against all sizes would never
    be one. Sizes are tried down to half the group (`LEAST_SHARE`), at most `MOST_TRIED` of them:
    what rests on fewer of its patients is no number of the group. In real data with up to a fifth
    of the values missing in large groups and a third in small ones, the nearest size lay well
    above that.
    """
    least = max(values.start, math.ceil(LEAST_SHARE * n), n - MOST_TRIED)
    return next((m for m in range(min(n, values.stop) - 1, least - 1, -1) if possible(m)), None)


def unless_fewer(finding: Finding, values: range, n: int, possible) -> Finding:
    """Weaken a proof about a group of n where fewer values would give the print; name how many.

    `possible` says of a number of values whether they would.
    """
    if finding.text.endswith(SHORTENED):
        return instead_of_shortened(finding, lambda proof: unless_fewer(proof, values, n, possible))
    if finding.status != "contradicted" or values == range(n, n + 1):
        return finding
    fewer = fewer_values(values, n, possible)
    if fewer is None:
        return finding
    remark = f" With {fewer} values it would be possible.{missing_of([(fewer, n)])}"
    return finding.doubted(remark, reading=f"{fewer} values")


@check("means", "possibility", each=partial(_stepped, statistics=("mean",)))
def check_grim(row: ReportedNumber, size: ReportedNumber, values: range) -> Finding:
    """Look for whole measurements behind a printed mean; needs `step` and the group's size."""
    finding = unless_shortened(_grim, row, size)
    step = step_of(row)
    return unless_fewer(
        finding, values, whole_number(size), lambda m: bool(grim_sums(row.number, m, step))
    )


def _grim(row: ReportedNumber, size: ReportedNumber, shortened: bool) -> Finding:
    n, step, decimals = whole_number(size), step_of(row), row.number.decimals
    start = f"A mean of {row.printed} in {n} patients ({named(row)}, in steps of {row.step})"
    share = grim_share(decimals, n, step)
    if share == 1:
        return possibility("open", f"{start}: any print is possible with so many.", row, size)
    power = f"{share:.1%} of all means with {decimals} decimals are possible."
    if sums := grim_sums(row.number, n, step, shortened):
        total = " or ".join(_number(value * step) for value in sums)
        return possibility("agrees", f"{start} is a sum of {total}; {power}", row, size)
    centre = math.floor(exact_value(row.number) * n / step)
    near = " and ".join(
        f"{_number(total * step)}/{n} = {format_value(float(total * step / n), decimals + 2)}"
        for total in (centre, centre + 1)
    )
    text = f"{start} is the mean of no such measurements: {near}; {power}"
    return possibility("contradicted", text, row, size)


@check("means", "possibility", each=partial(_stepped, statistics=("mean", "sd")))
def check_grimmer(mean: ReportedNumber, sd: ReportedNumber, size, values: range) -> Finding:
    """Look for whole measurements behind mean and SD; needs both, `step` and the number."""
    finding, step = unless_shortened(_grimmer, mean, sd, size), step_of(mean, sd)

    def possible(m: int) -> bool:
        return m > 1 and grimmer_possible(mean.number, sd.number, m, step)

    return unless_fewer(finding, values, whole_number(size), possible)


def _grimmer(mean: ReportedNumber, sd: ReportedNumber, size, shortened: bool) -> Finding:
    n, step = whole_number(size), step_of(mean, sd)
    numbers = mean.number, sd.number, n, step
    sums = grim_sums(mean.number, n, step)
    status = "open"
    if not sums:
        text = "the mean itself is not possible, so that the SD cannot be judged"
    elif len(sums) > MOST_SUMS:
        text = BEYOND_RANGE
    elif grimmer_possible(*numbers, shortened=shortened):
        share = grimmer_share(*numbers)
        status = "open" if share == 1 else "agrees"
        power = "nearly any SD" if share == 1 else f"about {share:.1%} of SDs"
        text = f"possible; {power} with {sd.number.decimals} decimals would be"
    else:
        status, text = "contradicted", _shown_squares(sd.number, sums, n, step)
    text = (
        f"{mean.printed} ± {sd.printed} in {n} patients ({named(sd)}, in steps of "
        f"{_number(step)}): {text}."
    )
    finding = possibility(status, text, sd, mean, size)
    with_n = status == "contradicted" and grimmer_possible(*numbers, ddof=0, shortened=shortened)
    return finding.doubted(" The SD with n instead of n − 1 would be possible.", with_n, OF_N)


@check("means", "possibility", each=partial(_stepped, statistics=("median",)))
def check_median_step(row: ReportedNumber, size: ReportedNumber, values: range) -> Finding:
    """Compare a median with whole measurements; needs `step` and the group's size."""
    return unless_shortened(_median_step, row, size, len(values) > 1)


def _median_step(row: ReportedNumber, size, may_miss: bool, shortened: bool) -> Finding:
    n, step = whole_number(size), step_of(row)
    text = f"A median of {row.printed} in {n} patients ({named(row)}, in steps of {row.step}) is "
    # Of an even number of values it may lie on half steps too.
    if grim_sums(row.number, 1 if n % 2 else 2, step):
        return possibility("agrees", f"{text}possible.", row, size)
    if grim_sums(row.number, 2, step, shortened):
        text += "not possible: of an odd number of values the middle one is whole."
        remark = f" With {n - 1} values it would be possible.{MISSING}"
        finding = possibility("contradicted", text, row, size)
        return finding.doubted(remark, may_miss, f"{n - 1} values")
    return possibility("contradicted", f"{text}not possible for any number of patients.", row, size)


def _shown_squares(sd: Printed, sums: range, n: int, step: Fraction) -> str:
    """Show, for each sum, between which sums of squares the print falls."""
    low, high = (max(Fraction(0), end / step) ** 2 * (n - 1) for end in exact_limits(sd))
    texts = []
    for total in sums:
        ends = (format_value(float(end + Fraction(total**2, n)), 2) for end in (low, high))
        texts.append(
            f"with a sum of {total} steps the sum of squares lies in {' to '.join(ends)}, must be "
            f"{'odd' if total % 2 else 'even'}"
        )
    return f"{'; '.join(texts)}, and there is none"


def _number(value: Fraction) -> str:
    return f"{float(value):g}" if value.denominator > 1 else str(value.numerator)


# --- Order of quartiles and limits, in a group and its parts, and standard deviations beside it ---


ORDER = ("minimum", "q1", "median", "q3", "maximum")
# What the same statistics of all parts bound from below and from above, besides their range.
INNER = {
    "q1": ((), ("median", "q3")),
    "median": (("median", "q1"), ("median", "q3")),
    "q3": (("median", "q1"), ()),
    "mean": ((), ()),
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
        Davis 2000). Smallest: one value at either end, u below and v above the mean, and the others
        together, at the place that the mean leaves for them: SD² (n − 1) = u² + v² +
        (v − u)²/(n − 2), which is convex and smallest with the larger of u and v as small as it
        can be, and the other near its n − 1-th part.
    """
    low, high = minimum[0], maximum[1]
    if math.isinf(mean[0]):
        inner = max(0.0, maximum[0] - minimum[1])
        return inner / math.sqrt(2 * (n - 1)), (high - low) / 2 * math.sqrt(n / (n - 1))
    balanced = min(max((low + high) / 2, mean[0]), mean[1])
    most = max(0.0, (high - balanced) * (balanced - low)) * n / (n - 1)
    u, v = max(0.0, mean[0] - minimum[1]), max(0.0, maximum[0] - mean[1])
    if u < v:
        u = min(max(u, v / (n - 1)), max(0.0, mean[1] - low))
    else:
        v = min(max(v, u / (n - 1)), max(0.0, high - mean[0]))
    return math.sqrt((u**2 + v**2 + (v - u) ** 2 / (n - 2)) / (n - 1)), math.sqrt(most)


def _can_ascend(first: ReportedNumber, second: ReportedNumber, shortened: bool = False) -> bool:
    low = float_limits(first.number, shortened)[0]
    high = float_limits(second.number, shortened)[1]
    return low <= high + SLACK * max(1.0, abs(high))


@check("quartiles and ranges", "possibility")
def check_order(registry: Registry) -> Iterator[Finding]:
    """Compare minimum, quartiles, median, maximum and mean; needs two, in a group or its part."""
    for end, inside in _ranges_around(registry):
        yield unless_shortened(_nested, end, inside)
    for cell in summaries(registry).values():
        for names in (ORDER, ("minimum", "mean", "maximum")):
            if names == ORDER or "mean" in cell:
                yield from _ordered([cell[name] for name in names if name in cell])


def _ordered(rows: list[ReportedNumber]) -> Iterator[Finding]:
    """Compare neighbours: each must be able to be at most the next."""
    faults = [pair for pair in pairwise(rows) if not _can_ascend(*pair)]
    # A coarse print between two others can hide that these are out of order.
    faults = faults or [pair for pair in combinations(rows, 2) if not _can_ascend(*pair)]
    wrong = [
        place
        for place in range(len(rows))
        if all(_can_ascend(*pair) for pair in combinations(rows[:place] + rows[place + 1 :], 2))
    ]
    for first, second in faults:
        text = (
            f"{first.printed} ({named(first)}) is above {second.printed} ({named(second)}), "
            "which must not be."
        )
        finding = conclude("contradicted", text, first, target=second)
        if len(wrong) == 1 and len(rows) > 2 and rows[wrong[0]] in (first, second):
            finding = _misplaced(rows, wrong[0], text)
        yield finding.doubted(SHORTENED, _can_ascend(first, second, shortened=True))
    if not faults and len(rows) > 1:
        listed = " ≤ ".join(f"{row.printed} ({row.statistic})" for row in rows)
        text = f"{listed}: {rows[0].variable} in {rows[0].group}, {rows[0].locus}."
        yield conclude("agrees", text, *rows)


def _misplaced(rows: list[ReportedNumber], place: int, text: str) -> Finding:
    """Name the one number without which the others ascend, and its slip if it stays near them."""
    row, others = rows[place], rows[:place] + rows[place + 1 :]
    low = max((other.number.low for other in rows[:place]), default=-math.inf)
    high = min((other.number.high for other in rows[place + 1 :]), default=math.inf)
    near = max(low, high / 10 if 0 < high < math.inf else low), min(high, 10 * abs(low))
    reading = likely_slip(row, *near) if math.isfinite(sum(near)) else ""
    ends = {"low": low, "high": high, "reading": reading}
    return conclude("contradicted", text, *others, target=row, **ends)


def _ranges_around(registry: Registry) -> Iterator[tuple[ReportedNumber, list[ReportedNumber]]]:
    """Yield each end of a group's range with the summaries of patients who belong to the group."""
    wholes, splits = wholes_of_groups(registry), count_index(registry).splits
    direct = {(split.whole.group, part.group) for split in splits for part in split.parts}
    measured: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for (variable, level, _), cell in summaries(registry).items():
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
                yield end, inside


def _nested(end: ReportedNumber, inside: list[ReportedNumber], shortened: bool) -> Finding:
    """Nothing in a part of a group lies below the group's minimum or above its maximum."""
    below = end.statistic == "minimum"
    pairs = [(row, (end, row) if below else (row, end)) for row in inside]
    faults = [row for row, pair in pairs if not _can_ascend(*pair, shortened)]
    listed = ", ".join(f"{row.printed} ({row.statistic}, {row.group})" for row in faults or inside)
    one = len(faults or inside) == 1
    verb = f"lie{'s' * one}" if faults else f"do{'es' * one} not lie"
    text = f"{end.printed} ({named(end)}): {listed} {verb} {'below' if below else 'above'} it"
    if not faults:
        return conclude("agrees", f"{text}.", end, *inside)
    text += ", in patients who belong to the group."
    return conclude("contradicted", text, *faults, target=end)


def _within_ranges(registry: Registry) -> Iterator[tuple]:
    for cell in summaries(registry).values():
        size = size_of(registry, cell.get("sd"))
        if {"minimum", "maximum"} <= cell.keys() and (whole_number(size) or 0) > 2:
            yield cell, size, values_of(count_index(registry), cell["sd"], size)


@check("quartiles and ranges", "possibility", each=_within_ranges)
def check_sd_in_range(cell: dict[str, ReportedNumber], size, values: range) -> Finding:
    """Compare an SD with the range (and mean) of the same group; needs minimum and maximum."""
    finding, sd, n = unless_shortened(_sd_in_range, cell, size), cell["sd"], whole_number(size)
    limits = {name: float_limits(row.number) for name, row in _range_of(cell).items()}

    def possible(m: int) -> bool:
        return m > 2 and fits(sd.number, *sd_limits(n=m, **limits), False)

    return unless_fewer(finding, values, n, possible)


def _range_of(cell: dict[str, ReportedNumber]) -> dict[str, ReportedNumber]:
    return {name: cell[name] for name in ("minimum", "maximum", "mean") if name in cell}


def _sd_in_range(cell: dict[str, ReportedNumber], size, shortened: bool) -> Finding:
    n, sd, decimals = whole_number(size), cell["sd"], cell["sd"].number.decimals + 1
    others = _range_of(cell)
    limits = {name: float_limits(row.number, shortened) for name, row in others.items()}
    low, high = sd_limits(n=n, **limits)
    values = ", ".join(f"{name} {row.printed}" for name, row in others.items())
    text = (
        f"{n} values with {values} have an SD from {format_value(low, decimals)} to "
        f"{format_value(high, decimals)}; printed is {sd.printed} ({named(sd)})."
    )
    # A range allows many SDs: agreement recomputes nothing.
    status = "agrees" if fits(sd.number, low, high, shortened) else "contradicted"
    return possibility(status, text, sd, *others.values(), size)


@check("quartiles and ranges", "possibility")
def check_range_of_parts(registry: Registry) -> Iterator[Finding]:
    """Compare range, quartiles, median and mean of a group with its parts'; needs them in both."""
    for split in count_index(registry).splits:
        pairs = _parts_of(summaries(registry), split)
        for statistic in ("minimum", "maximum", *INNER):
            for whole, parts in pairs:
                row = whole.get(statistic)
                if row is None:
                    continue
                if statistic in INNER:
                    yield from _inner(row, parts)
                elif found := [part[statistic] for part in parts if statistic in part]:
                    complete = len(found) == len(parts)
                    yield unless_shortened(_end_of_range, row, found, complete)


def _end_of_range(whole: ReportedNumber, parts, complete: bool, shortened: bool) -> Finding:
    """No part may reach beyond the whole, and one of the parts reaches its end."""
    below = whole.statistic == "minimum"
    end = min if below else max
    limits = [float_limits(row.number, shortened) for row in parts]
    low, high = (end(ends) for ends in zip(*limits, strict=True))
    if not complete:
        low, high = (-math.inf, high) if below else (low, math.inf)
    text = (
        f"{whole.statistic} of {whole.variable}: {_in_groups(parts)}; that of {whole.group} must "
        f"{'be one of them' if complete else 'reach as far'}, printed is {whole.printed}."
    )
    status = "agrees" if fits(whole.number, low, high, shortened) else "contradicted"
    nearest = end(parts, key=lambda row: row.number.value)
    if status == "agrees" and complete and meet_in_a_tie(whole.number, nearest.number):
        status, text = "suggests", text + TIED
    if complete:
        return conclude(status, text, *parts, target=whole, low=low, high=high)
    return possibility(status, text, whole, *parts)


def _in_groups(rows: list[ReportedNumber]) -> str:
    return " and ".join(f"{row.printed} in {row.group}" for row in rows)


def _inner(whole: ReportedNumber, parts: list[dict]) -> Iterator[Finding]:
    """Set a quartile, median or mean between what the parts leave for it.

    At least half of all values reach the smallest of the parts' medians, and two middle values
    cannot both lie below it: the median of the whole lies between those of its parts, also where
    it is the middle of two values. Quartiles that are interpolated need not, so they are only
    held against the medians.
    """
    # The curve of a whole with censoring is no mixture of those of its parts.
    if whole.method == "kaplan_meier":
        return
    lower, upper = INNER[whole.statistic]
    tried = [
        (is_lower, rows)
        for is_lower, names in ((True, (*lower, "minimum")), (False, (*upper, "maximum")))
        for rows in ([part.get(name) for part in parts] for name in names)
        if all(row is not None and row.unit == whole.unit for row in rows)
    ]

    def is_beyond(is_lower: bool, rows: list[ReportedNumber], shortened: bool = False) -> bool:
        pairs = [(row, whole) if is_lower else (whole, row) for row in rows]
        return not any(_can_ascend(*pair, shortened) for pair in pairs)

    faults = [bound for bound in tried if is_beyond(*bound)]
    for is_lower, rows in faults[:1]:
        text = (
            f"{rows[0].statistic} of {whole.variable}: {_in_groups(rows)}; the {whole.statistic} "
            f"of {whole.group} cannot lie {'below' if is_lower else 'above'} "
            f"{'all of ' * (len(rows) > 1)}them, printed is {whole.printed}."
        )
        finding = conclude("contradicted", text, *rows, target=whole)
        yield finding.doubted(SHORTENED, not is_beyond(is_lower, rows, True))
    between = [rows for _, rows in tried if rows[0].statistic == whole.statistic]
    if between and not faults:
        text = (
            f"{whole.statistic} of {whole.variable}: {_in_groups(between[0])}; that of "
            f"{whole.group} must lie between, printed is {whole.printed}."
        )
        yield conclude("agrees", text, whole, *between[0])
