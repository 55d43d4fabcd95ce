"""Percentages: from counts, from whole patients, and their sum."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial

from rairlib.checks.cells import (
    COUNTED,
    MISSING,
    CountIndex,
    count_index,
    count_limits,
    find_partitions,
    named,
    original_of,
    unless_shortened,
    values_of,
    whole_number,
)
from rairlib.checks.counts import MOST_PARTS, sum_of
from rairlib.checks.findings import Finding, check, possibility
from rairlib.checks.means import grim_sums, unless_fewer
from rairlib.checks.rounding import (
    exact_limits,
    exact_value,
    is_plain,
    judge,
    shown,
)
from rairlib.registry.printed import Printed, format_value
from rairlib.registry.registry import Registry, ReportedNumber

# With so few attainable prints a size that fits is hardly chance.
TELLING = 0.2


def percent_limits(
    numerator: tuple[float, float], denominator: tuple[float, float]
) -> tuple[float, float]:
    """Return the limits of a percentage of counts known within limits; none of the latter is 0."""
    return 100 * numerator[0] / denominator[1], 100 * numerator[1] / denominator[0]


def attainable_counts(percent: Printed, denominator: int, shortened: bool = False) -> range:
    """Return the numerators whose percentage prints like this.

    Parameters
    ----------
    percent : Printed
        A plain print, in percent.
    denominator : int
        Number of patients.
    shortened : bool
        Allow digits that were cut off or rounded twice instead of ties either way.

    Returns
    -------
    range
        All counts from 0 to the denominator that fit, perhaps none.
    """
    # A share is the mean of a variable that is 0 or 100 %.
    sums = grim_sums(percent, denominator, Fraction(100), shortened)
    return range(max(0, sums.start), min(denominator + 1, sums.stop))


def attainable_share(denominator: int, decimals: int) -> float:
    """Return the share of prints between 0 and 100 that some count of patients can give."""
    prints = 100 * 10**decimals
    return 1.0 if denominator >= prints else (denominator + 1) / (prints + 1)


def _percentages(
    registry: Registry,
) -> Iterator[tuple[ReportedNumber, ReportedNumber | None, ReportedNumber]]:
    """Yield each percentage with its count (at the same place, else the first) and denominator."""
    index, here = count_index(registry), {}
    for row in registry.where("count"):
        here.setdefault((row.variable, row.level, row.group, row.locus), row)
    for row in registry.where("percent"):
        if row.of in registry and registry[row.of].statistic in COUNTED:
            cell = row.variable, row.level, row.group
            numerator = here.get((*cell, row.locus)) or index.counts.get(cell)
            if not row.variable:
                numerator = index.sizes.get(row.group)
            yield row, numerator, registry[row.of]


@check("percentages", "bookkeeping")
def check_percent_of_count(registry: Registry) -> Iterator[Finding]:
    """Compare a percentage with its count and its denominator; needs `of` and a count."""
    for row, numerator, whole in _percentages(registry):
        if numerator is not None and count_limits(whole)[0] > 0:
            low, high = percent_limits(count_limits(numerator), count_limits(whole))
            text = (
                f"{numerator.printed} of {whole.printed} is "
                f"{shown(low, high, row.number.decimals + 2)} %; printed is {row.printed} % "
                f"({named(row)})."
            )
            finding = judge(row, (numerator, whole), low, high, text)
            if finding.status == "contradicted":
                finding = _other_denominator(count_index(registry), finding, row, numerator, whole)
            yield finding


def _other_denominator(index: CountIndex, finding: Finding, row, numerator, whole) -> Finding:
    """Name the printed size that gives a percentage, and weaken a proof that gaps would explain.

    Fewer patients than printed may have a value; more cannot. Where the printed levels exhaust
    the whole, no value is missing.
    """
    count, size = whole_number(numerator), whole_number(whole)
    if count is None or not size:
        return finding
    text = finding.text
    sizes = _denominators(index, numerator, whole)
    fitting = [n for n in sizes if n not in (0, size) and row.number.agrees(100 * count / n)]
    for number in fitting[:1]:
        share = format_value(100 * count / number, row.number.decimals)
        text += f" {count} of {number} ({sizes[number]}) would be {share} %."
    low, high = (float(end) for end in exact_limits(row.number))
    fewer = low > 0 and 100 * count / high <= size and count > 0
    exhausted = any(
        numerator in part.parts and original_of(index.registry, whole).id == part.whole.id
        for part in index.partitions
    )
    if whole.statistic == "n" and whole.variable:
        exhausted = exhausted or len(values_of(index, numerator, whole)) == 1
    if fewer and not exhausted and numerator.statistic != "n":
        least, most = math.ceil(100 * count / high), math.floor(100 * count / low)
        if not fitting and least <= most:
            text += f" {shown(least, most, 0)} patients would give it."
        if fitting or least <= most:
            return replace(finding, status="suggests", text=text + MISSING)
    return replace(finding, text=text)


def _denominators(index: CountIndex, numerator: ReportedNumber, whole) -> dict[int, str]:
    """Map the printed sizes by which a count may have been divided to their names."""
    variable, level, group = numerator.variable, numerator.level, numerator.group
    found: dict[int, str] = {}
    levels = index.levels.get((variable, group), [])
    total = sum_of(index.counts[variable, other, group] for other in levels)
    if total and len(levels) > 1:
        found[total] = f"the sum of the levels of {variable} in {group}"
    for split in index.splits:
        parts = [part.group for part in split.parts]
        across = sum_of(index.counts.get((variable, level, part)) for part in parts)
        if group in parts and across is not None:
            found.setdefault(across, f"all with {variable} {level}".rstrip())
    for row in index.sizes.values():
        if row.id != whole.id and whole_number(row):
            found.setdefault(whole_number(row), named(row))
    return found


@check("percentages", "possibility")
def check_percent_is_attainable(registry: Registry) -> Iterator[Finding]:
    """Look for whole patients behind a percentage without a printed count; needs `of`, a size."""
    for row, numerator, whole in _percentages(registry):
        if whole_number(whole) and is_plain(row) and numerator is None:
            index, size = count_index(registry), whole_number(whole)
            finding = unless_shortened(_attainable, row, whole)
            if finding.target:
                others = _sizes_that_fit(index, row, size)
                finding = replace(finding, text=finding.text + others)
            # The size of a group is itself a number of patients, none of them missing.
            values = values_of(index, row, whole) if row.variable else range(size, size + 1)
            fitting = partial(_is_attainable, row)
            yield unless_fewer(finding, values, size, fitting)


def _is_attainable(row: ReportedNumber, size: int) -> bool:
    return bool(attainable_counts(row.number, size))


def _attainable(row: ReportedNumber, whole: ReportedNumber, shortened: bool) -> Finding:
    size, number = whole_number(whole), row.number
    share = attainable_share(size, number.decimals)
    text = f"{row.printed} % of {size} ({named(row)})"
    if share == 1:
        return possibility("open", f"{text}: any print is possible with so many.", row, whole)
    if counts := attainable_counts(number, size, shortened):
        text += (
            f" is {' or '.join(map(str, counts))} patients; with {size} patients {share:.1%} of "
            "all such prints are possible."
        )
        return possibility("agrees", text, row, whole)
    below = math.floor(exact_value(number) * size / 100)
    near = " and ".join(
        f"{count} of {size} is {format_value(100 * count / size, number.decimals + 1)} %"
        for count in (below, below + 1)
        if count <= size
    )
    text += f" is no whole number of patients: {near}."
    return possibility("contradicted", text, row, whole)


def _sizes_that_fit(index: CountIndex, row: ReportedNumber, size: int) -> str:
    """Name printed sizes, small enough to tell, of which a percentage is whole patients."""
    texts = []
    for other in index.sizes.values():
        number = whole_number(other)
        counts = attainable_counts(row.number, number) if number else ()
        telling = number and attainable_share(number, row.number.decimals) < TELLING
        if counts and telling and number != size:
            texts.append(f" {counts[0]} of {number} ({named(other)}) would be.")
    return "".join(texts[:2])


@check("percentages", "bookkeeping")
def check_percent_sums(registry: Registry) -> Iterator[Finding]:
    """Compare the percentages of a partition with 100; needs a `partition` of counts or of them."""
    for rows, whole in _percent_partitions(registry):
        for row in rows if len(rows) <= MOST_PARTS else rows[:1]:
            finding = unless_shortened(_share, row, rows, whole)
            # What is no rounded value is held against rounded shares alone.
            is_rounded = 0 < row.number.high - row.number.low < math.inf
            yield finding if is_rounded else _share(row, rows, whole, False)


def _percent_partitions(registry: Registry) -> Iterator[tuple[tuple, ReportedNumber]]:
    """Yield percentages that share out one whole, and the row of that whole."""
    for partition in find_partitions(registry, ("percent",))[0]:
        yield partition.parts, partition.whole
    percents: dict[tuple, ReportedNumber] = {}
    for row, _, denominator in _percentages(registry):
        whole = original_of(registry, denominator)
        if not row.repeats:
            percents.setdefault((row.variable, row.level, row.group, whole.id), row)
    for partition in count_index(registry).partitions:
        whole = original_of(registry, partition.whole)
        cells = [(row.variable, row.level, row.group, whole.id) for row in partition.parts]
        rows = tuple(percents.get(cell) for cell in cells)
        if None not in rows and not all(row.partition for row in rows):
            yield rows, whole


def _share(row: ReportedNumber, rows, whole: ReportedNumber, shortened: bool) -> Finding:
    size, others = whole_number(whole), [other for other in rows if other is not row]
    lows, highs = zip(*(_percent_span(other, size, shortened) for other in others), strict=True)
    low, high = 100 - sum(highs), 100 - sum(lows)
    text = (
        f"100 − {' − '.join(other.printed for other in others)} leaves "
        f"{shown(low, high, row.number.decimals + 1)} % with rounding; printed is {row.printed} % "
        f"({named(row)})."
    )
    return judge(row, [*others, whole] if size else others, low, high, text)


def _percent_span(row: ReportedNumber, size: int | None, shortened: bool) -> tuple[float, float]:
    """Return the percentages behind a print: those of whole patients if the size is known."""
    number = row.number
    if not is_plain(row):
        return max(0.0, number.low), min(100.0, number.high)
    found = [attainable_counts(number, size, habit) for habit in {False, shortened} if size]
    if counts := [end for each in found if each for end in (each[0], each[-1])]:
        return 100 * min(counts) / size, 100 * max(counts) / size
    limits = exact_limits(number, shortened)
    return float(limits[0]), float(limits[1])
