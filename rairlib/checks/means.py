"""p of a t test and pooled means, from means, standard deviations and group sizes."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
from scipy import optimize, special

from rairlib.checks.cells import (
    SummaryIndex,
    count_index,
    named,
    originals,
    several_groups,
    summary_index,
    whole_number,
    wholes_of_groups,
)
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import (
    BEYOND_RANGE,
    SHORTENED,
    TIED,
    exact_value,
    float_limits,
    is_rescued,
    judge,
    meet_in_a_tie,
    print_unit,
    rounded_limits,
    shortened_limits,
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
    """Return the limits of the absolute difference of two values; 0 if the intervals meet."""
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
    """Return the limits of the mean of all patients of several groups."""
    low, high = (float(np.average(ends, weights=sizes)) for ends in zip(*means, strict=True))
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


@check("means", "independent")
def check_t_test(registry: Registry) -> Iterator[Finding]:
    """Recompute p of a t test or of an analysis of variance; needs mean, SD and n by group."""
    index, summaries = count_index(registry), summary_index(registry)
    others = {(row.variable, row.group) for row in registry.where(("count", "u_statistic"))}
    for row in registry.where("p_value"):
        groups = several_groups(index, row) or row.outcome_groups
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
        yield finding


@check("means", "independent")
def check_pooled_mean(registry: Registry) -> Iterator[Finding]:
    """Compare mean and SD of a group with those of its parts; needs all of them and sizes."""
    summaries = summary_index(registry)
    for split in count_index(registry).splits:
        for whole in summaries.rows_of("mean", split.whole.group):
            cells = [(whole.variable, whole.level, part.group) for part in split.parts]
            means = [summaries.find("mean", *cell) for cell in cells]
            sizes = [summaries.size_of(row) for row in means]
            if None in sizes or min(n for _, n in sizes) < 1:
                continue
            yield from _pooled_findings(whole, means, sizes)
            sd = summaries.find("sd", whole.variable, whole.level, whole.group)
            pairs = [summaries.mean_and_sd(*cell) for cell in cells]
            if sd is not None and None not in pairs and len(pairs) <= MOST_GROUPS:
                yield _pooled_sd(sd, pairs, sizes)


@check("means", "bookkeeping")
def check_pooled_percent(registry: Registry) -> Iterator[Finding]:
    """Compare a percentage of a group with those of its parts; needs them without their counts."""
    index = count_index(registry)
    shares: dict[tuple[str, str, str], ReportedNumber] = {}
    for row in originals(registry, "percent"):
        cell = row.variable, row.level, row.group
        if not row.variable or cell in index.counts or row.of not in registry:
            continue
        if (registry[row.of].statistic, registry[row.of].group) == ("n", row.group):
            shares.setdefault(cell, row)
    for split in index.splits:
        for (variable, level, group), whole in shares.items():
            parts = [shares.get((variable, level, part.group)) for part in split.parts]
            if group != split.whole.group or None in parts:
                continue
            sizes = [(registry[row.of], whole_number(registry[row.of])) for row in parts]
            if all(n for _, n in sizes):
                yield from _pooled_shares(whole, parts, sizes)


def _two_sided(difference: float, variance: float, freedom: float) -> float:
    if difference <= 0:
        return 1.0
    if variance <= 0:
        return 0.0
    return float(2 * special.stdtr(freedom, -difference / math.sqrt(variance)))


def _samples(rows, size_rows, shortened: bool = False) -> list[Sample]:
    return [
        Sample(**{row.statistic: float_limits(row.number, shortened) for row in pair}, n=n)
        for pair, (_, n) in zip(rows, size_rows, strict=True)
    ]


def _p_ranges(samples: list[Sample]) -> dict[str, Limits]:
    if len(samples) > 2:
        return {"anova": anova_p_range(samples)}
    return {"student": student_p_range(*samples), "welch": welch_p_range(*samples)}


def _t_finding(row: ReportedNumber, rows, sizes) -> Finding:
    ranges = _p_ranges(_samples(rows, sizes))
    fitting = [name for name, limits in ranges.items() if row.number.overlaps(*limits)]
    first = row.method if row.method in ranges else next(iter(ranges))
    low, high = ranges[first if first in fitting or not fitting else fitting[0]]
    groups = " and ".join(
        f"{mean.printed} ± {sd.printed} in {n} patients ({mean.group})"
        for (mean, sd), (_, n) in zip(rows, sizes, strict=True)
    )
    values = " and ".join(
        f"{TESTS[name]} p {shown_p_range(*limits, row.number.decimals)}"
        for name, limits in ranges.items()
    )
    shortened = _p_ranges(_samples(rows, sizes, shortened=True))
    status, remark = _t_verdict(row, fitting, ranges, shortened)
    text = f"{row.variable}, {groups}: {values}; printed is {row.printed}. {remark}"
    used = (*(number for pair in rows for number in pair), *(size for size, _ in sizes))
    return conclude(status, text, *used, target=row, low=low, high=high)


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


def _pooled_findings(whole: ReportedNumber, parts, sizes) -> Iterator[Finding]:
    terms = " + ".join(f"{n} × {part.printed}" for (_, n), part in zip(sizes, parts, strict=True))
    numbers = [n for _, n in sizes]
    for target in (whole, *parts):
        low, high = _mean_from_others(target, whole, parts, numbers, False)
        text = (
            f"({terms}) / {sum(numbers)} against {whole.printed} ({named(whole)}): "
            f"{named(target)} should be {shown(low, high, target.number.decimals + 1)}; printed is "
            f"{target.printed}."
        )
        rows = [row for row in (whole, *parts) if row is not target]
        finding = judge(target, [*rows, *(size for size, _ in sizes)], low, high, text)
        wide = _mean_from_others(target, whole, parts, numbers, True)
        yield finding.doubted(SHORTENED, is_rescued(target.number, *wide))


def _pooled_sd(target: ReportedNumber, pairs, sizes) -> Finding:
    samples = _samples(pairs, sizes)
    low, high = pooled_sd_limits(samples)
    printed = " and ".join(
        f"{mean.printed} ± {sd.printed} in {n} patients"
        for (mean, sd), (_, n) in zip(pairs, sizes, strict=True)
    )
    text = (
        f"{printed} have an SD of {shown(low, high, target.number.decimals + 1)} together; "
        f"printed is {target.printed} ({named(target)})."
    )
    used = [row for pair in pairs for row in pair] + [size for size, _ in sizes]
    finding = judge(target, used, low, high, text)
    with_n = target.number.overlaps(*pooled_sd_limits(samples, ddof=0))
    wide = pooled_sd_limits(_samples(pairs, sizes, shortened=True))
    finding = finding.doubted(" With n instead of n − 1 it fits.", with_n)
    return finding.doubted(SHORTENED, is_rescued(target.number, *wide))


def _pooled_shares(whole: ReportedNumber, parts, sizes) -> Iterator[Finding]:
    """Percentages without counts: missing values move the weights, but not beyond the parts."""
    ends = [float_limits(row.number, shortened=True) for row in parts]
    low, high = float_limits(whole.number, shortened=True)
    inside = low <= max(end for _, end in ends) and high >= min(end for end, _ in ends)
    for finding in _pooled_findings(whole, parts, sizes):
        yield finding.doubted(" Values may be missing.", inside)


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


# --- Means and standard deviations that whole numbers can have: GRIM and GRIMMER --------------


MOST_SUMS = 10_000


def grim_sums(mean: Printed, n: int, step: Fraction, shortened: bool = False) -> range:
    """Return the sums of n measurements whose mean prints like this.

    Parameters
    ----------
    mean : Printed
        A plain print.
    n : int
        Number of measurements.
    step : Fraction
        Smallest step of a measurement.
    shortened : bool
        Allow digits that were cut off or rounded twice instead of ties either way.

    Returns
    -------
    range
        Sums in steps; empty if no measurements can have this mean (Brown and Heathers 2017,
        doi 10.1177/1948550616673876).
    """
    low, high = shortened_limits(mean) if shortened else rounded_limits(mean)
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
    """Return the sums of squares that a sum and limits of the SD allow, in steps.

    Parameters
    ----------
    sd : tuple of Fraction
        Smallest and largest SD, in steps.
    total : int
        Sum of the measurements, in steps.
    n : int
        Number of measurements.
    ddof : int
        1 for the SD with n − 1, 0 for that with n.

    Returns
    -------
    range
        Whole numbers with the parity of the sum (x² is odd exactly if x is), and not below the
        smallest sum of squares of n whole numbers with this sum (Allard 2018, A-GRIMMER).
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

    Parameters
    ----------
    mean, sd : Printed
        Plain prints.
    n : int
        Number of measurements, at least 2.
    step : Fraction
        Smallest step of a measurement.
    ddof : int
        1 for the SD with n − 1, 0 for that with n.
    shortened : bool
        Allow digits that were cut off or rounded twice in both.

    Returns
    -------
    bool
        False is a proof; True says that neither sum, sum of squares nor parity forbid it.
    """
    limits = shortened_limits(sd) if shortened else rounded_limits(sd)
    in_steps = limits[0] / step, limits[1] / step
    return any(
        grimmer_squares(in_steps, total, n, ddof) for total in grim_sums(mean, n, step, shortened)
    )


def grimmer_share(mean: Printed, sd: Printed, n: int, step: Fraction) -> float:
    """Return about which share of printed SDs would pass beside this mean.

    Parameters
    ----------
    mean, sd : Printed
        Plain prints.
    n : int
        Number of measurements.
    step : Fraction
        Smallest step of a measurement.

    Returns
    -------
    float
        Between 0 and 1. Sums of squares of one parity lie 2 apart, so that their number per
        unit of the last digit is (n − 1) · SD · unit / step², for each possible sum.
    """
    per_sum = (n - 1) * exact_value(sd) * print_unit(sd) / step**2
    sums = grim_sums(mean, n, step)
    return float(min(Fraction(1), per_sum * (sums.stop - sums.start)))


@check("means", "possibility")
def check_grim(registry: Registry) -> Iterator[Finding]:
    """Look for whole measurements behind a printed mean; needs `step` and the group's size."""
    for row, size, n in _stepped(registry, "mean"):
        yield _grim_finding(row, size, n)


def _stepped(
    registry: Registry, statistic: str
) -> Iterator[tuple[ReportedNumber, ReportedNumber, int]]:
    """Yield the rows of a statistic of measurements in known steps, and how many there are."""
    summaries = summary_index(registry)
    for cell in summaries.rows.values():
        row = cell.get(statistic)
        size = summaries.size_of(row) if row and row.step else None
        if size is not None and size[1] > 0:
            yield row, *size


@check("means", "possibility")
def check_grimmer(registry: Registry) -> Iterator[Finding]:
    """Look for whole measurements behind mean and SD; needs both, `step` and the number."""
    summaries = summary_index(registry)
    for cell in summaries.rows.values():
        mean, sd = cell.get("mean"), cell.get("sd")
        if mean is None or sd is None or not (mean.step or sd.step):
            continue
        size = summaries.size_of(mean)
        if size is not None and size[1] > 1:
            yield _grimmer_finding(mean, sd, *size)


@check("means", "possibility")
def check_median_step(registry: Registry) -> Iterator[Finding]:
    """Compare a median with whole measurements; needs `step` and the group's size."""
    for row, size, n in _stepped(registry, "median"):
        yield _median_finding(row, size, n)


def _median_finding(row: ReportedNumber, size: ReportedNumber, n: int) -> Finding:
    """Judge a median: of an even number of values it may lie on half steps too."""
    step = step_of(row)
    start = f"A median of {row.printed} in {n} patients ({named(row)}, in steps of {row.step})"
    if grim_sums(row.number, 1, step) or (n % 2 == 0 and grim_sums(row.number, 2, step)):
        return _finding(start, row, [size], "agrees", " is possible.")
    if grim_sums(row.number, 2, step):
        text = (
            " is not possible: of an odd number of values the middle one is whole. It would be of "
            "an even number, where a value is missing."
        )
        return _finding(start, row, [size], "suggests", text)
    text = " is not possible for any number of patients."
    finding = _finding(start, row, [size], "contradicted", text)
    return finding.doubted(SHORTENED, bool(grim_sums(row.number, 2, step, shortened=True)))


def step_of(*rows: ReportedNumber) -> Fraction:
    """Return the step of the first row that has one; 0.333 stands for a third."""
    text = next(row.step for row in rows if row.step).replace(",", ".")
    step, decimals = Fraction(text), len(text.partition(".")[2])
    parts = round(1 / step) if decimals > 2 else 0
    return Fraction(1, parts) if parts and format_value(1 / parts, decimals) == text else step


def _grim_finding(row: ReportedNumber, size: ReportedNumber, n: int) -> Finding:
    step, decimals = step_of(row), row.number.decimals
    sums = grim_sums(row.number, n, step)
    share = grim_share(decimals, n, step)
    start = f"A mean of {row.printed} in {n} patients ({named(row)}, in steps of {row.step})"
    if share == 1:
        return _finding(start, row, [size], "open", ": any print is possible with so many.")
    power = f"{share:.1%} of all means with {decimals} decimals are possible."
    if sums:
        total = " or ".join(_number(value * step) for value in sums)
        return _finding(start, row, [size], "agrees", f" is a sum of {total}; {power}")
    centre = math.floor(exact_value(row.number) * n / step)
    near = " and ".join(
        f"{_number(total * step)}/{n} = {format_value(float(total * step / n), decimals + 2)}"
        for total in (centre, centre + 1)
    )
    text = f" is the mean of no such measurements: {near}; {power}"
    finding = _finding(start, row, [size], "contradicted", text)
    return finding.doubted(SHORTENED, bool(grim_sums(row.number, n, step, shortened=True)))


def _grimmer_finding(mean: ReportedNumber, sd: ReportedNumber, size, n: int) -> Finding:
    step, used = step_of(mean, sd), [mean, size]
    numbers = mean.number, sd.number, n, step
    sums = grim_sums(mean.number, n, step)
    start = (
        f"{mean.printed} ± {sd.printed} in {n} patients ({named(sd)}, in steps of {_number(step)})"
    )
    if not sums:
        text = ": the mean itself is not possible, so that the SD cannot be judged."
        return _finding(start, sd, used, "open", text)
    if sums.stop - sums.start > MOST_SUMS:
        return _finding(start, sd, used, "open", f": {BEYOND_RANGE}.")
    share = grimmer_share(*numbers)
    if grimmer_possible(*numbers):
        status = "open" if share == 1 else "agrees"
        power = "nearly any SD" if share == 1 else f"about {share:.1%} of SDs"
        text = f": possible; {power} with {sd.number.decimals} decimals would be."
        return _finding(start, sd, used, status, text)
    text = f": {_shown_squares(sd.number, sums, n, step)}."
    finding = _finding(start, sd, used, "contradicted", text)
    with_n = grimmer_possible(*numbers, ddof=0)
    finding = finding.doubted(" The SD with n instead of n − 1 would be possible.", with_n)
    rescued = any(grimmer_possible(*numbers, ddof=ddof, shortened=True) for ddof in (0, 1))
    return finding.doubted(SHORTENED, rescued)


def _finding(start: str, row: ReportedNumber, others, status: str, text: str) -> Finding:
    """Nothing is recomputed: only a number that fails is a target."""
    if status in ("contradicted", "suggests"):
        return conclude(status, start + text, *others, target=row)
    return conclude(status, start + text, row, *others)


def _shown_squares(sd: Printed, sums: range, n: int, step: Fraction) -> str:
    """Show, for each sum, between which sums of squares the print falls."""
    low, high = (end / step for end in rounded_limits(sd))
    texts = []
    for total in sums:
        ends = [max(Fraction(0), end) ** 2 * (n - 1) + Fraction(total**2, n) for end in (low, high)]
        span = " to ".join(format_value(float(end), 2) for end in ends)
        parity = "odd" if total % 2 else "even"
        texts.append(
            f"with a sum of {total} steps the sum of squares lies in {span}, must be {parity}"
        )
    return "; ".join(texts) + ", and there is none"


def _number(value: Fraction) -> str:
    return f"{float(value):g}" if value.denominator > 1 else str(value.numerator)


# --- Order of quartiles and limits, in a group and its parts, and standard deviations beside it ---


ORDER = ("minimum", "q1", "median", "q3", "maximum")
# What the same statistics of all parts bound from below and from above, besides their range.
INNER = {
    "q1": ((), ("median", "q3")),
    "median": (("median", "q1"), ("median", "q3")),
    "q3": (("median", "q1"), ()),
}
SLACK = 1e-9


def sd_limits(
    minimum: Limits,
    maximum: Limits,
    n: int,
    mean: Limits = (-math.inf, math.inf),
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


@check("quartiles and ranges", "possibility")
def check_order(registry: Registry) -> Iterator[Finding]:
    """Compare minimum, quartiles, median, maximum and mean; needs two, in a group or its part."""
    index, summaries = count_index(registry), summary_index(registry)
    direct = {(split.whole.group, part.group) for split in index.splits for part in split.parts}
    yield from _nested_findings(summaries, wholes_of_groups(registry), direct)
    for cell in summaries.rows.values():
        yield from _order_findings([cell[name] for name in ORDER if name in cell])
        if "mean" in cell:
            names = ("minimum", "mean", "maximum")
            yield from _order_findings([cell[name] for name in names if name in cell])


@check("quartiles and ranges", "possibility")
def check_sd_in_range(registry: Registry) -> Iterator[Finding]:
    """Compare an SD with the range (and mean) of the same group; needs minimum and maximum."""
    summaries = summary_index(registry)
    for cell in summaries.rows.values():
        if {"sd", "minimum", "maximum"} <= cell.keys():
            size = summaries.size_of(cell["sd"])
            if size is not None and size[1] > 2:
                yield _sd_finding(cell, *size)


@check("quartiles and ranges", "possibility")
def check_range_of_parts(registry: Registry) -> Iterator[Finding]:
    """Compare range, quartiles, median and mean of a group with its parts'; needs them in both."""
    index, summaries = count_index(registry), summary_index(registry)
    for split in index.splits:
        groups = [row.group for row in split.parts]
        for statistic in ("minimum", "maximum"):
            for whole in summaries.rows_of(statistic, split.whole.group):
                yield from _range_findings(summaries, whole, groups)
        for statistic in ("q1", "median", "q3", "mean"):
            for whole in summaries.rows_of(statistic, split.whole.group):
                # The curve of a whole with censoring is no mixture of those of its parts.
                if whole.method != "kaplan_meier":
                    yield from _inner_findings(summaries, whole, groups)


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
        finding = conclude("contradicted", text, first, target=second)
        yield finding.doubted(SHORTENED, _can_ascend(first, second, shortened=True))
    if not faults and len(rows) > 1:
        listed = " ≤ ".join(f"{row.printed} ({row.statistic})" for row in rows)
        text = f"{listed}: {rows[0].variable} in {rows[0].group}, {rows[0].locus}."
        yield conclude("agrees", text, *rows)


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
    below = end.statistic == "minimum"

    def outside(shortened: bool) -> list[ReportedNumber]:
        pairs = [(row, (end, row) if below else (row, end)) for row in inside]
        return [row for row, pair in pairs if not _can_ascend(*pair, shortened)]

    faults, side = outside(False), "below" if below else "above"
    listed = ", ".join(f"{row.printed} ({row.statistic}, {row.group})" for row in faults or inside)
    text = f"{end.printed} ({named(end)}): {listed} "
    if not faults:
        text += f"{'does' if len(inside) == 1 else 'do'} not lie {side} it."
        return conclude("agrees", text, end, *inside)
    text += (
        f"{'lies' if len(faults) == 1 else 'lie'} {side} it, in patients who belong to the group."
    )
    return conclude("contradicted", text, *faults, target=end).doubted(SHORTENED, not outside(True))


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
    decimals = sd.number.decimals + 1
    text = (
        f"{n} values with {values} have an SD from {format_value(low, decimals)} to "
        f"{format_value(high, decimals)}; printed is {sd.printed} ({named(sd)})."
    )
    # A range allows many SDs: agreement recomputes nothing.
    if sd.number.overlaps(low, high):
        return conclude("agrees", text, sd, *others, size)
    first, last = float_limits(sd.number, shortened=True)
    wide = _sd_bounds(cell, n, shortened=True)
    finding = conclude("contradicted", text, *others, size, target=sd)
    return finding.doubted(SHORTENED, first <= wide[1] and last >= wide[0])


def _range_findings(summaries: SummaryIndex, whole: ReportedNumber, groups) -> Iterator[Finding]:
    """No part may reach beyond the whole, and one of the parts reaches its end."""
    found = [summaries.find(whole.statistic, whole.variable, whole.level, g) for g in groups]
    parts = [row for row in found if row is not None]
    if not parts:
        return
    complete = len(parts) == len(groups)
    status, low, high, remark = _judge_end(whole, parts, complete)
    text = (
        f"{whole.statistic} of {whole.variable}: {_in_groups(parts)}; that of {whole.group} must "
        f"{'be one of them' if complete else 'reach as far'}, printed is {whole.printed}.{remark}"
    )
    if complete:
        yield conclude(status, text, *parts, target=whole, low=low, high=high)
    else:
        yield _finding("", whole, parts, status, text)


def _in_groups(rows: list[ReportedNumber]) -> str:
    return " and ".join(f"{row.printed} in {row.group}" for row in rows)


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
        text = (
            f"{rows[0].statistic} of {whole.variable}: {_in_groups(rows)}; the {whole.statistic} "
            f"of {whole.group} cannot lie {'above' if end is max else 'below'} "
            f"{'all of ' if len(rows) > 1 else ''}them, printed is {whole.printed}."
        )
        finding = conclude("contradicted", text, *rows, target=whole)
        yield finding.doubted(SHORTENED, not _is_beyond(end, whole, rows, True))
    between = [rows for _, rows in tried if rows[0].statistic == whole.statistic]
    if between and not faults:
        text = (
            f"{whole.statistic} of {whole.variable}: {_in_groups(between[0])}; that of "
            f"{whole.group} must lie between, printed is {whole.printed}."
        )
        yield conclude("agrees", text, whole, *between[0])


def _is_beyond(end, whole: ReportedNumber, rows: list[ReportedNumber], shortened: bool) -> bool:
    """Whether a number of the whole lies beyond the smallest or largest of its parts."""
    pairs = [(row, whole) if end is min else (whole, row) for row in rows]
    return not any(_can_ascend(*pair, shortened) for pair in pairs)


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
