"""Percentages: from counts, from whole patients, and their sum."""

import math
from collections.abc import Iterator
from dataclasses import replace

from rairlib.checks.cells import (
    COUNTED,
    CountIndex,
    count_index,
    count_limits,
    find_partitions,
    named,
    original_of,
    whole_number,
)
from rairlib.checks.counts import MOST_PARTS
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import (
    SHORTENED,
    exact_value,
    is_plain,
    is_rescued,
    judge,
    rounded_limits,
    shortened_limits,
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
    low, high = shortened_limits(percent) if shortened else rounded_limits(percent)
    first, last = math.ceil(low * denominator / 100), high * denominator / 100
    # Cut-off digits reach up to the next print, but not to it.
    end = math.ceil(last) if shortened else math.floor(last) + 1
    return range(max(0, first), min(denominator + 1, end))


def attainable_share(denominator: int, decimals: int) -> float:
    """Return the share of prints between 0 and 100 that some count of patients can give.

    Parameters
    ----------
    denominator : int
        Number of patients.
    decimals : int
        Decimals of the print.

    Returns
    -------
    float
        Between 0 and 1; 1 means that no print can be wrong.
    """
    prints = 100 * 10**decimals
    return 1.0 if denominator >= prints else (denominator + 1) / (prints + 1)


@check("percentages", "bookkeeping")
def check_percent_of_count(registry: Registry) -> Iterator[Finding]:
    """Compare a percentage with its count and its denominator; needs `of` and a count."""
    index = count_index(registry)
    for row, numerator, denominator in _percentages(registry):
        if numerator is not None and count_limits(denominator)[0] > 0:
            finding = _percent_finding(row, numerator, denominator)
            if finding.status == "contradicted":
                finding = _other_denominator(index, finding, row, numerator, denominator)
            yield finding


@check("percentages", "possibility")
def check_percent_is_attainable(registry: Registry) -> Iterator[Finding]:
    """Look for whole patients behind a percentage without a printed count; needs `of`, a size."""
    index = count_index(registry)
    for row, numerator, denominator in _percentages(registry):
        size = whole_number(denominator)
        if size and is_plain(row) and numerator is None:
            finding = _attainable_finding(row, denominator, size)
            if finding.target:
                finding = replace(finding, text=finding.text + _sizes_that_fit(index, row, size))
            yield finding


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
            yield _share_finding(row, [other for other in rows if other is not row], whole)


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


def _percent_finding(row, numerator, denominator) -> Finding:
    low, high = percent_limits(count_limits(numerator), count_limits(denominator))
    text = (
        f"{numerator.printed} of {denominator.printed} is "
        f"{shown(low, high, row.number.decimals + 2)} %; printed is {row.printed} % "
        f"({named(row)})."
    )
    return judge(row, (numerator, denominator), low, high, text)


def _other_denominator(index: CountIndex, finding: Finding, row, numerator, whole) -> Finding:
    """Name the printed size that gives a percentage, and weaken a proof that gaps would explain.

    Fewer patients than printed may have a value; more cannot. Where the printed levels exhaust
    the whole, no value is missing.
    """
    count, size = whole_number(numerator), whole_number(whole)
    if count is None or not size:
        return finding
    sizes = _denominators(index, numerator, whole)
    fitting = [
        (number, name)
        for number, name in sizes.items()
        if number not in (0, size) and row.number.agrees(100 * count / number)
    ]
    text = finding.text
    if fitting:
        number, name = fitting[0]
        share = format_value(100 * count / number, row.number.decimals)
        text += f" {count} of {number} ({name}) would be {share} %."
    low, high = (float(end) for end in rounded_limits(row.number))
    fewer = low > 0 and 100 * count / high <= size and count > 0
    exhausted = any(
        numerator in part.parts and original_of(index.registry, whole).id == part.whole.id
        for part in index.partitions
    )
    if not fewer or exhausted or numerator.statistic == "n":
        return replace(finding, text=text)
    if not fitting:
        most = math.floor(100 * count / low)
        least = math.ceil(100 * count / high)
        if least > most:
            return replace(finding, text=text)
        text += f" {shown(least, most, 0)} patients would give it."
    return replace(finding, status="suggests", text=f"{text} Values may be missing.")


def _denominators(index: CountIndex, numerator, whole) -> dict[int, str]:
    """Map the printed sizes by which a count may have been divided to their names."""
    variable, level, group = numerator.variable, numerator.level, numerator.group
    found: dict[int, str] = {}
    total = _level_sum(index, numerator)
    if total:
        found[total] = f"the sum of the levels of {variable} in {group}"
    for split in index.splits:
        parts = [part.group for part in split.parts]
        across = [whole_number(index.counts.get((variable, level, part))) for part in parts]
        if group in parts and None not in across:
            found.setdefault(sum(across), f"all with {variable} {level}".rstrip())
    for row in index.sizes.values():
        if row.id != whole.id and whole_number(row):
            found.setdefault(whole_number(row), named(row))
    return found


def _level_sum(index: CountIndex, numerator) -> int | None:
    """Add the levels that are counted beside a count, None unless all are whole numbers."""
    levels = index.levels.get((numerator.variable, numerator.group), [])
    rows = [index.counts[numerator.variable, level, numerator.group] for level in levels]
    numbers = [whole_number(row) for row in rows]
    return None if len(numbers) < 2 or None in numbers else sum(numbers)


def _attainable_finding(row, denominator, size: int) -> Finding:
    share = attainable_share(size, row.number.decimals)
    counts = attainable_counts(row.number, size)
    text = f"{row.printed} % of {size} ({named(row)})"
    if share == 1:
        text += ": any print is possible with so many."
        return conclude("open", text, row, denominator)
    if counts:
        text += (
            f" is {' or '.join(map(str, counts))} patients; with {size} patients {share:.1%} of "
            "all such prints are possible."
        )
        return conclude("agrees", text, row, denominator)
    below = math.floor(exact_value(row.number) * size / 100)
    near = " and ".join(
        f"{count} of {size} is {format_value(100 * count / size, row.number.decimals + 1)} %"
        for count in (below, below + 1)
        if count <= size
    )
    text += f" is no whole number of patients: {near}."
    finding = conclude("contradicted", text, denominator, target=row)
    return finding.doubted(SHORTENED, bool(attainable_counts(row.number, size, shortened=True)))


def _percent_partitions(
    registry: Registry,
) -> Iterator[tuple[list[ReportedNumber], ReportedNumber]]:
    """Yield percentages that share out one whole, and the row of that whole."""
    of_percents, _ = find_partitions(registry, ("percent",))
    for partition in of_percents:
        yield list(partition.parts), partition.whole
    percents: dict[tuple, ReportedNumber] = {}
    for row, _, denominator in _percentages(registry):
        whole = original_of(registry, denominator)
        if not row.repeats:
            percents.setdefault((row.variable, row.level, row.group, whole.id), row)
    for partition in count_index(registry).partitions:
        whole = original_of(registry, partition.whole)
        cells = [(row.variable, row.level, row.group, whole.id) for row in partition.parts]
        rows = [percents.get(cell) for cell in cells]
        if None not in rows and not all(row.partition for row in rows):
            yield rows, whole


def _share_finding(
    row: ReportedNumber, others: list[ReportedNumber], whole: ReportedNumber
) -> Finding:
    size = whole_number(whole)
    low, high = _remaining_share(others, size)
    text = (
        f"100 − {' − '.join(other.printed for other in others)} leaves "
        f"{shown(low, high, row.number.decimals + 1)} % with rounding; printed is {row.printed} % "
        f"({named(row)})."
    )
    finding = judge(row, [*others, whole] if size else others, low, high, text)
    wide = _remaining_share(others, size, shortened=True)
    return finding.doubted(SHORTENED, is_rescued(row.number, *wide))


def _remaining_share(rows, size: int | None, shortened: bool = False) -> tuple[float, float]:
    spans = [_percent_span(row, size, shortened) for row in rows]
    return 100 - sum(high for _, high in spans), 100 - sum(low for low, _ in spans)


def _percent_span(row: ReportedNumber, size: int | None, shortened: bool) -> tuple[float, float]:
    """Return the percentages behind a print: those of whole patients if the size is known."""
    number = row.number
    if not is_plain(row):
        return max(0.0, number.low), min(100.0, number.high)
    found = [attainable_counts(number, size, habit) for habit in {False, shortened} if size]
    counts = [end for each in found if each for end in (each[0], each[-1])]
    if counts:
        return 100 * min(counts) / size, 100 * max(counts) / size
    limits = [rounded_limits(number), *([shortened_limits(number)] if shortened else [])]
    return float(min(low for low, _ in limits)), float(max(high for _, high in limits))
