"""Percentages: from counts, from whole patients, and their sum."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np

from rairlib.checks.cells import (
    COUNTED,
    CUT_OFF_SIGNS,
    LARGE_SHARE,
    MISSING,
    CountIndex,
    count_index,
    count_limits,
    find_partitions,
    known_values,
    missing_of,
    named,
    original_of,
    sizes_that_fit,
    unless_shortened,
    values_of,
    whole_number,
    wholes_of_groups,
)
from rairlib.checks.counts import MOST_PARTS, sum_of
from rairlib.checks.findings import Finding, check, possibility
from rairlib.checks.means import grim_sums, unless_fewer
from rairlib.checks.rounding import (
    SHORTENED,
    exact_limits,
    exact_value,
    is_plain,
    judge,
    print_unit,
    shown,
)
from rairlib.registry.printed import Printed, format_value
from rairlib.registry.registry import Registry, ReportedNumber

WITH_A_VALUE = " patients with a value"
# With so few attainable prints a size that fits is hardly chance.
TELLING = 0.2
# Of more sizes some printed number fits by chance.
MOST_NEAR = 3


CELL = ("variable", "level", "group")


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
    """Yield each percentage with its count (at the same place, else the first) and denominator.

    Those of weighted patients are no share of a count.
    """
    index, here = count_index(registry), {}
    for row in registry.where("count"):
        here.setdefault((row.variable, row.level, row.group, row.locus), row)
    for row in registry.where("percent"):
        if row.of in registry and registry[row.of].statistic in COUNTED and not row.modifiers:
            cell = row.variable, row.level, row.group
            numerator = here.get((*cell, row.locus)) or index.counts.get(cell)
            if not row.variable:
                numerator = index.sizes.get(row.group)
            yield row, numerator, registry[row.of]


@check("percentages", "bookkeeping")
def check_percent_of_count(registry: Registry) -> Iterator[Finding]:
    """Compare a percentage with its count and its denominator; needs `of` and a count."""
    index = count_index(registry)
    for row, numerator, whole in _percentages(registry):
        if numerator is not None and count_limits(whole)[0] > 0:
            low, high = percent_limits(count_limits(numerator), count_limits(whole))
            text = (
                f"{numerator.printed} of {whole.printed} is "
                f"{shown(low, high, row.number.decimals + 2)} %; printed is {row.printed} % "
                f"({named(row)})."
            )
            finding = judge(row, (numerator, whole), low, high, text)
            if finding.status in ("contradicted", "suggests") and low == high:
                other = replace(finding, status="contradicted", text=text)
                other = _other_denominator(index, other, row, numerator, whole)
                if _is_adjusted(index, row):
                    text += " With it the printed shares add to 100, as rounded ones would not."
                    finding = replace(finding, status="open", text=text, reading=ADJUSTED)
                elif finding.status == "contradicted" or other.status == "open":
                    finding = other
                else:
                    finding = _shortened(registry, row, low, replace(finding, text=text), other)
            yield finding


def _is_adjusted(index: CountIndex, row: ReportedNumber) -> bool:
    """Whether one share of a group was moved by less than a digit, so that all add to 100."""
    shares, size = index.shares.get((row.variable, row.group), ()), index.size(row.group)
    if not size or len(shares) < len(index.levels.get((row.variable, row.group), ())):
        return False
    exact = {share.id: Fraction(100 * count, size) for share, count in shares}
    moved = [s for s, _ in shares if not s.number.agrees(float(exact[s.id]))]
    unit = print_unit(row.number)
    rounded = sum(math.floor(exact[s.id] / unit + Fraction(1, 2)) * unit for s, _ in shares)
    return (
        moved == [row]
        and sum(exact.values()) == sum(exact_value(s.number) for s, _ in shares) == 100 != rounded
        and abs(exact_value(row.number) - exact[row.id]) < unit
    )


def _other_denominator(index: CountIndex, finding: Finding, row, numerator, whole) -> Finding:
    """Name what a count may have been divided by, and weaken a proof that it would explain.

    Fewer patients than printed may have a value; more cannot. Where the printed levels exhaust
    the whole, no value is missing.
    """
    count, size, text = whole_number(numerator), whole_number(whole), finding.text
    fitting, sizes = sizes_that_fit(row.number, count), _denominators(index, row, numerator, whole)
    number = next((n for n in sizes if n in fitting and n != size), 0)
    exhausted = original_of(index.registry, whole).id in index.exhausted_by[numerator.id]
    own = whole.statistic == "n" and whole.variable
    exhausted = exhausted or (own and len(values_of(index, numerator, whole)) == 1)
    known, refuted = None if exhausted else known_values(index, row.variable, row.group), False
    if known and whole.id == index.sizes[row.group].id:
        common = range(max(known[0].start, fitting.start), min(known[0].stop, fitting.stop))
        if common and number not in common:
            number, sizes = common.start, sizes | {common.start: known[1]}
        if not common:
            low, high = percent_limits((count, count), (known[0][0], known[0][-1]))
            share = shown(low, high, row.number.decimals + 2)
            text += f" Of {shown(known[0][0], known[0][-1], 0)}, {known[1]}, it is {share} %."
            finding = replace(finding, low=low, high=high)
        known, refuted = common, not common
    if habit := _habit(index, row, fitting):
        number = habit[0]
    reading = f"divided by {number}, {sizes[number]}" if number else ""
    if number:
        text += f" {count} of {number} ({sizes[number]}) would be {row.printed} %."
    if habit:
        status = habit[1]
        text += f" So are nearly all shares of {row.group} in {row.locus}."
    elif number and (status := _other_share(index, row, number, size)):
        reading += ": a patient can have several" * (status == "suggests")
    elif fitting and fitting.start > size:
        status = "contradicted"
        text += f" It needs {fitting.start} patients or more."
    elif fitting and not exhausted and numerator.statistic != "n":
        status = "open" if known else "suggests"
        possible = shown(fitting.start, min(fitting.stop, size) - 1, 0)
        if not number:
            text += f" {possible} patients would give it."
            if len(found := _counts_that_fit(index, row, fitting, size)) == 1:
                text += f" So many are printed as {named(found[0])}."
            reading = f"divided by {possible}{WITH_A_VALUE}"
        missing = missing_of([(min(fitting.stop, size) - 1, size)])
        text += (
            f" Without a value: {size - number} of {size}." if known else missing * (not refuted)
        )
    else:
        status = "contradicted"
    return replace(finding, status=status, text=text, reading=reading)


def _other_share(index: CountIndex, row: ReportedNumber, total: int, size: int) -> str:
    """Return the status of a share of all levels' mentions, or of a row; empty for others."""
    if _are_mentions(index, row, total, size):
        return "suggests"
    return "open" * (total <= size and _is_row_share(index, row, total))


def _are_mentions(index: CountIndex, row: ReportedNumber, total: int, size: int) -> bool:
    """Whether levels exceed their group and each share is of their sum, as of several answers."""
    levels = index.levels.get((row.variable, row.group), [])
    cells = [(row.variable, level, row.group) for level in levels]
    shares = [
        index.registry.where("percent", **dict(zip(CELL, cell, strict=True))) for cell in cells
    ]
    counts = [whole_number(index.counts[cell]) for cell in cells]
    return sum_of(index.counts[cell] for cell in cells) == total > size and all(
        found and total in sizes_that_fit(found[0].number, count)
        for found, count in zip(shares, counts, strict=True)
    )


def _denominators(index: CountIndex, row, numerator, whole) -> dict[int, str]:
    """Map the printed sizes by which a count may have been divided to their names."""
    variable, level, group = numerator.variable, numerator.level, numerator.group
    found: dict[int, str] = {}
    levels = index.levels.get((variable, group), [])
    total = sum_of(index.counts[variable, other, group] for other in levels)
    if total and len(levels) > 1:
        found[total] = f"the sum of the levels of {variable} in {group}"
    if across := _across(index, variable, level, group):
        found.setdefault(across, f"all with {variable} {level}".rstrip())
    for other in index.sizes.values():
        if other.id != whole.id and whole_number(other):
            found.setdefault(whole_number(other), f"the size of {other.group}")
    return found


def _counts_that_fit(index: CountIndex, row: ReportedNumber, fitting: range, size: int) -> list:
    """Return the counts of other variables in the group by which a count may have been divided."""
    near = fitting[:MOST_NEAR] if len(fitting) <= MOST_NEAR else ()
    rows = [other for n in near if n != size for other in index.numbers[row.group, n]]
    return [other for other in rows if other.variable != row.variable]


def _across(index: CountIndex, variable: str, level: str, group: str) -> int:
    """Return the patients with a level in all groups of which a group is one, 0 if not printed."""
    for split in index.splits_of[group]:
        cells = (index.counts.get((variable, level, part.group)) for part in split.parts)
        if (across := sum_of(cells)) is not None:
            return across
    return 0


def _is_row_share(index: CountIndex, row: ReportedNumber, number: int) -> bool:
    """Whether the shares of a level in all groups are of the patients with it, and add to 100."""
    if number != _across(index, row.variable, row.level, row.group):
        return False
    for split in index.splits_of[row.group]:
        found = [
            number in sizes_that_fit(share.number, count)
            for part in split.parts
            for share, count in index.shares.get((row.variable, part.group), ())
            if share.level == row.level
        ]
        if len(found) == len(split.parts) and all(found):
            return True
    return False


# --- Habits of a whole place ------------------------------------------------------------------


FEWEST_SHARES = 3
FEWEST_CUT_OFF = 5
ADJUSTED = "adjusted so that the shares add to 100"
CUT_OFF = "digits were cut off"
NEARLY_ALL = 0.9


@lru_cache(maxsize=2)
def _habits(registry: Registry) -> dict[tuple[str, str], str]:
    """Map place and group to what nearly all shares there are of instead of the printed size.

    That is another group, or empty for all patients with the level (row percentages).
    """
    index, places = count_index(registry), defaultdict(list)
    for (variable, group), shares in index.shares.items():
        for row, count in shares:
            if count:
                across = _across(index, variable, row.level, group)
                places[row.locus, group].append((sizes_that_fit(row.number, count), across))
    habits = {}
    for (locus, group), shares in places.items():
        enough = max(FEWEST_SHARES, NEARLY_ALL * len(shares))
        size = index.size(group)
        if size is None or sum(size in fitting for fitting, _ in shares) > len(shares) / 2:
            continue
        if sum(across in fitting for fitting, across in shares) >= enough:
            habits[locus, group] = ""
            continue
        for other, row in index.sizes.items():
            n = whole_number(row) or 0
            likely = n in shares[0][0] or n in shares[-1][0]
            if likely and sum(n in fitting for fitting, _ in shares) >= enough:
                habits.setdefault((locus, group), other)
    return habits


def _habit(index: CountIndex, row: ReportedNumber, fitting: range) -> tuple[int, str] | None:
    """Return what a share is of, as nearly all of its place are, and the status of that."""
    first = original_of(index.registry, row)
    other = _habits(index.registry).get((first.locus, first.group))
    if other is None:
        return None
    number = index.size(other) if other else _across(index, row.variable, row.level, row.group)
    number = number or 0
    # Shares of a row or of all patients are a habit; those of another group need a question.
    inside = other in ("", *wholes_of_groups(index.registry).get(row.group, ()))
    return (number, "open" if inside else "suggests") if number in fitting else None


def unless_habits(registry: Registry, findings: list[Finding]) -> list[Finding]:
    """Leave doubts open that a habit of the whole paper explains: digits or values left out."""
    doubts = {f.target for f in findings if f.status == "suggests" and CUT_OFF in f.text}
    rounded, cut = np.sum([*_roundings(registry).values(), (0, 0)], axis=0)
    cuts_off = not rounded and (cut >= FEWEST_SHARES or len(doubts) >= FEWEST_CUT_OFF)
    example = _values_left_out(registry)

    confirmed = {
        (registry[f.target].variable, number)
        for f in findings
        if f.status == "open" and f.target in registry and f.reading.endswith(WITH_A_VALUE)
        for number in f.reading.removesuffix(WITH_A_VALUE).split(" and ")
    }

    def judged(finding: Finding) -> Finding:
        if finding.status == "suggests" and CUT_OFF in finding.text and cuts_off:
            text = f"{finding.text} Digits are cut off throughout."
            return replace(finding, status="open", text=text, reading="digits cut off")
        if finding.status == "suggests" and finding.text.endswith(MISSING) and example:
            return replace(finding, status="open", text=f"{finding.text[:-1]}, as {example}.")
        divisor = finding.reading.removeprefix("divided by ").removesuffix(WITH_A_VALUE)
        variable = registry[finding.target].variable if finding.target in registry else ""
        if finding.status == "suggests" and (variable, divisor) in confirmed:
            return replace(finding, status="open", text=f"{finding.text} So is p.")
        return finding

    return [judged(finding) for finding in findings]


@lru_cache(maxsize=2)
def _values_left_out(registry: Registry) -> str:
    """Name a variable of which the print shows, without a word, that values are missing."""
    index = count_index(registry)
    sums = {
        (variable, group): sum_of(index.counts[variable, level, group] for level in levels)
        for (variable, group), levels in index.levels.items()
        if len(levels) > 1
    }
    full = {variable for (variable, group), total in sums.items() if total == index.size(group)}
    for (variable, group), total in sums.items():
        size, levels = index.size(group), index.levels[variable, group]
        if size is None or total is None or not LARGE_SHARE * size <= total < size:
            continue
        sides = {level[0] in "<≤" for level in levels if level.startswith(CUT_OFF_SIGNS)}
        if len(sides) == 2 or variable in full or known_values(index, variable, group):
            return f"{size - total} of {size} are of {variable} in {group}"
    return ""


@lru_cache(maxsize=2)
def _roundings(registry: Registry) -> dict[tuple[str, int], list[int]]:
    """Count by place and decimals the shares that are rounded up, and those that are cut off."""
    found = defaultdict(lambda: [0, 0])
    index = count_index(registry)
    for (_, group), shares in index.shares.items():
        size = index.size(group)
        for row, count in shares if size else ():
            exact, printed = Fraction(100 * count, size), exact_value(row.number)
            up, lost = printed - exact, exact - printed
            unit = print_unit(row.number)
            if 0 < up <= unit / 2:
                found[row.locus, row.number.decimals][0] += 1
            elif unit / 2 < lost < unit:
                found[row.locus, row.number.decimals][1] += 1
    return dict(found)


def _shortened(registry: Registry, row, value: float, finding: Finding, other: Finding) -> Finding:
    """Judge a share that only digits cut off, or rounded twice, explain: by those beside it."""
    if row.number.value > value:
        text = f"{finding.text} It would agree if it was rounded twice."
        return replace(finding, text=text, reading="rounded twice")
    rounded, cut = _roundings(registry).get((row.locus, row.number.decimals), (0, 1))
    reading = "digits cut off"
    if rounded >= FEWEST_SHARES and rounded > 2 * cut:
        text = f"{other.text} Cut off it would agree, but {rounded} shares of {row.locus} with as"
        text += f" many decimals are rounded up, and {cut} cut off."
        return replace(finding, status="contradicted", text=text, reading=other.reading or reading)
    if cut >= FEWEST_SHARES and not rounded:
        text = f"{finding.text} Its digits are cut off, as those of all shares of {row.locus}."
        return replace(finding, status="open", text=text, reading=reading)
    return replace(finding, text=finding.text + SHORTENED, reading=reading)


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
        if not row.repeats and (row.locus, row.group) not in _habits(registry):
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
    size = None if row.modifiers else size
    found = [attainable_counts(number, size, habit) for habit in {False, shortened} if size]
    if counts := [end for each in found if each for end in (each[0], each[-1])]:
        return 100 * min(counts) / size, 100 * max(counts) / size
    limits = exact_limits(number, shortened)
    return float(limits[0]), float(limits[1])
