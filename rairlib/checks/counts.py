"""Sums of counts: parts and wholes, flow charts, groups and levels."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rairlib.checks.cells import (
    COUNTED,
    SUMMARIES,
    CountIndex,
    Partition,
    count_index,
    count_limits,
    named,
    original_of,
    whole_number,
)
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.rounding import TIED, exact_limits, is_approximate, is_rescued, meet_in_a_tie
from rairlib.registry.registry import VERSUS, Registry, ReportedNumber

MOST_PARTS = 200
LEAST_ALIKE = 0.8
"""Share of the rows of strata that are printed of each."""


@check("counts", "bookkeeping")
def check_partition_sums(registry: Registry) -> Iterator[Finding]:
    """Compare a whole with the sum of its parts; needs rows with a common `partition` and `of`."""
    index = count_index(registry)
    for partition in index.partitions:
        yield from _sum_findings(partition)
    for parts in index.unclear:
        text = "These parts name different wholes, or two of them are the same quantity: "
        yield conclude("open", f"{text}they cannot be added up.", *parts)


@check("counts", "bookkeeping")
def check_group_sums(registry: Registry) -> Iterator[Finding]:
    """Add the counts of a level over groups that make up a whole group; needs counts in each."""
    index = count_index(registry)
    for split in index.splits:
        for (variable, level, group), whole in index.counts.items():
            rows = [index.counts.get((variable, level, part.group)) for part in split.parts]
            if group == split.whole.group and None not in rows:
                found = Partition(whole=whole, parts=tuple(rows))
                if found.ids not in index.declared:
                    yield from _sum_findings(found)


@check("counts", "bookkeeping")
def check_level_sums(registry: Registry) -> Iterator[Finding]:
    """Add the levels of a variable within a group; needs counts of levels that exhaust a group."""
    index = count_index(registry)
    for partition in index.inferred_partitions():
        yield from _sum_findings(partition)
    groups_of: dict[str, list[str]] = defaultdict(list)
    for variable, group in index.levels:
        groups_of[variable].append(group)
    for variable, groups in groups_of.items():
        levels = set(index.levels[variable, groups[0]])
        same = [group for group in groups if set(index.levels[variable, group]) == levels]
        if len(levels) > 1 and not any(index.is_exhaustive(variable, levels, g) for g in same):
            yield from _undeclared_level_sums(index, variable, same)


def _undeclared_level_sums(index: CountIndex, variable: str, groups) -> Iterator[Finding]:
    """Levels that exhaust one group to a patient should exhaust the others too."""
    rows = {
        group: [index.counts[variable, level, group] for level in index.levels[variable, group]]
        for group in groups
    }
    sums = {group: (sum_of(rows[group]), index.size(group)) for group in groups}
    exact = [group for group, (total, size) in sums.items() if total == size is not None]
    for group, (total, size) in sums.items() if exact else ():
        if total is None or size is None:
            continue
        text = (
            f"{' + '.join(row.printed for row in rows[group])} = {total} (levels of {variable} in "
            f"{group}); {index.sizes[group].printed} patients are printed."
        )
        status, reading = "agrees", ""
        if total != size:
            text += f" The same levels exhaust {exact[0]}."
            status = "suggests" if total > size else "open"
        if total < size:
            reading = f"{size - total} of {size} without a value"
        yield conclude(status, text, rows[group], index.sizes[group], reading=reading)


@check("counts", "possibility")
def check_parts_in_wholes(registry: Registry) -> Iterator[Finding]:
    """Compare counts with the group or number of which they are a part; needs `of` or sizes."""
    index = count_index(registry)
    members: dict[str, list[ReportedNumber]] = defaultdict(list)
    for row in registry.where(COUNTED):
        for whole in _wholes_of(index, row):
            members[whole].append(row)
    for identifier, rows in members.items():
        whole = registry[identifier]
        most, whole_named = count_limits(whole)[1], f"{whole.printed} ({named(whole)})"
        larger = [row for row in rows if count_limits(row)[0] > most]
        for row in larger:
            text = f"A part cannot exceed its whole: {row.printed} ({named(row)}) is more than"
            text = f"{text} {whole_named}."
            finding = conclude("contradicted", text, whole, target=row, low=0, high=most)
            recurs = row.statistic == "count" and _may_recur(registry, row, whole)
            yield finding.doubted(" Patients may have several.", recurs, "several in a patient")
        if inside := [row for row in rows if row not in larger]:
            text = f"{len(inside)} printed parts of {whole_named} do not exceed it."
            yield conclude("open" if most == math.inf else "agrees", text, whole, *inside)


@check("counts", "possibility")
def check_strata_in_wholes(registry: Registry) -> Iterator[Finding]:
    """Add strata that exclude each other; needs sizes of one `of`, named after it and one word."""
    strata: dict[str, list[ReportedNumber]] = defaultdict(list)
    for row in registry.where("n", variable=""):
        if row.of not in registry or row.repeats or row.partition:
            continue
        whole, (name, _, word) = registry[row.of], row.group.rpartition(" ")
        named_after = word and name and name == whole.group and not whole.variable
        if named_after and whole_number(row) and whole_number(whole):
            strata[whole.id].append(row)
    for identifier, rows in strata.items():
        whole, total = registry[identifier], sum(whole_number(row) for row in rows)
        terms = f"{' + '.join(row.printed for row in rows)} = {total:,}"
        names = "; ".join(named(row) for row in rows)
        if len(rows) < 2:
            continue
        excess = total - whole_number(whole)
        if excess <= 0:
            text = f"{terms} do not exceed the {whole.printed} of {named(whole)}."
            yield conclude("agrees", text, whole, *rows)
            continue
        text = f"{terms} are {excess:,} more than the {whole.printed} of {named(whole)} ({names})"
        if attribute := _of_one_attribute(registry, whole, rows):
            text += f": {attribute} tells them apart, so that no patient is in two of them."
            yield conclude("contradicted", text, whole, *rows)
        elif len(rows) == 2:
            text += ", if no patient is in both of them."
            yield conclude("suggests", text, whole, *rows)


def _of_one_attribute(registry: Registry, whole: ReportedNumber, rows) -> str:
    """Name the variable that tells strata apart, if the print shows that they exclude each other.

    It is a variable or level of the whole, named like one of the strata and printed in none of
    them, while all else is printed of each alike: what is the same for all of a stratum has no row.
    """
    groups, printed = [row.group for row in rows], defaultdict(set)
    for row in registry:
        for side in row.group.split(VERSUS) if row.variable else ():
            for name in (*groups, whole.group):
                if f"{side} ".startswith(f"{name} "):
                    printed[name].add((row.statistic, row.variable, row.level))
                    break
    first, *others = (printed[group] for group in groups)
    alike = all(first and len(first & o) >= LEAST_ALIKE * len(first | o) for o in others)
    of_whole = {text for _, *texts in printed[whole.group] for text in texts}
    of_strata = {text for group in groups for _, *texts in printed[group] for text in texts}
    words = [group.rpartition(" ")[2] for group in groups]
    found = [word for word in words if word in of_whole]
    return found[0] if alike and found and not set(words) & of_strata else ""


def _may_recur(registry: Registry, row: ReportedNumber, whole: ReportedNumber) -> bool:
    """Whether a count may be of events or lesions: of a rate, or of no declared whole."""
    over_time = registry.where(("rate", "person_time"), variable=row.variable, group=row.group)
    return bool(over_time) or not (row.of or row.partition)


def _wholes_of(index: CountIndex, row: ReportedNumber) -> list[str]:
    """Return the number named by `of`, the size of the group, and the level in the whole group."""
    wholes = []
    if row.of in index.registry and index.registry[row.of].statistic in COUNTED:
        wholes.append(index.registry[row.of])
    if row.statistic == "count" and row.variable:
        wholes.append(index.sizes.get(row.group))
        wholes += [
            index.counts.get((row.variable, row.level, split.whole.group))
            for split in index.splits
            if row.group in {part.group for part in split.parts}
        ]
    found = dict.fromkeys(whole.id for whole in wholes if whole is not None)
    return [identifier for identifier in found if identifier != row.id]


def _total(rows: Iterable[ReportedNumber]) -> tuple[float, float]:
    low, high = (sum(ends) for ends in zip(*map(count_limits, rows), strict=True))
    return low, high


def _sum_findings(partition: Partition) -> Iterator[Finding]:
    whole, parts = partition.whole, partition.parts
    names, terms = "; ".join(named(row) for row in parts), " + ".join(row.printed for row in parts)
    yield _judge_count(whole, parts, _total(parts), terms, names)
    # Each names all others: of very many parts only their sum is judged.
    for part in parts if len(parts) <= MOST_PARTS else ():
        others = [row for row in parts if row is not part]
        (least, most), (low, high) = count_limits(whole), _total(others)
        terms = " − ".join([whole.printed, *(row.printed for row in others)])
        names = f"{named(whole)}, less the other parts"
        yield _judge_count(part, [whole, *others], (least - high, most - low), terms, names)


def _judge_count(target: ReportedNumber, others, limits, terms: str, names: str) -> Finding:
    (low, high), (least, most) = limits, count_limits(target)
    status = "contradicted"
    if low <= most and high >= least:
        status = "open" if math.inf in (high, most) else "agrees"
    allowed = f"{low:.0f}"
    if low != high:
        allowed += " or more" if high == math.inf else f" to {high:.0f}"
    text = f"{terms} = {allowed} ({names}); printed is {target.printed} ({named(target)})."
    return conclude(status, text, *others, target=target, low=low, high=high)


def sum_of(rows: Iterable[ReportedNumber | None]) -> int | None:
    """Add counts, or return None unless each is printed as one whole number."""
    numbers = [whole_number(row) for row in rows]
    return None if None in numbers else sum(numbers)


# --- The same number in two places ------------------------------------------------------------


SEVERAL = " | "
THRESHOLDS = ("definition", "cutoff", "date", "number")
DESCRIPTIVE = ("n", "count", "percent", *SUMMARIES)
SCALES = {
    ("cm", "mm"): 10.0,
    ("years", "months"): 12.0,
    ("GBq", "MBq"): 1000.0,
    ("mCi", "MBq"): 37.0,
    ("GBq", "mCi"): 1000.0 / 37.0,
    ("", "%"): 100.0,
}
"""How many of the second unit make one of the first."""


def unit_factor(first: str, second: str) -> float | None:
    """Return the factor that turns a value in the first unit into the second, or None."""
    known = SCALES | {(b, a): 1 / factor for (a, b), factor in SCALES.items()}
    return 1.0 if first == second else known.get((first, second))


@check("numbers printed twice", "bookkeeping")
def check_repeats(registry: Registry) -> Iterator[Finding]:
    """Compare a number with the one that it states again; needs `repeats`."""
    for row in registry:
        if row.repeats in registry:
            yield _compare(row, registry[row.repeats])


@check("numbers printed twice", "possibility")
def check_same_quantity(registry: Registry) -> Iterator[Finding]:
    """Compare numbers of the same name in two places that no `repeats` links; needs both."""
    seen: dict[tuple, list[ReportedNumber]] = defaultdict(list)
    for row in registry:
        key = _quantity(registry, row)
        if key is not None and not row.repeats:
            seen[key].append(row)
    for first, *others in seen.values():
        yield from (_compare(other, first) for other in others)


def _quantity(registry: Registry, row: ReportedNumber) -> tuple | None:
    """Return what identifies a quantity, or None where the registry does not say enough."""
    if row.statistic in THRESHOLDS or not row.group or not (row.variable or row.statistic == "n"):
        return None
    parent = original_of(registry, registry[row.of]) if row.of in registry else None
    if row.statistic == "percent":
        # The same cell has a percentage of its row and one of its column.
        return (*row.key, parent.id) if parent else None
    if row.statistic in DESCRIPTIVE:
        return row.key
    # A limit or p value of Wald's belongs to one of several models: its estimate says to which.
    model = (parent.statistic, parent.method) if parent else ()
    return (*row.key, *model) if row.method else None


@check("numbers printed twice", "bookkeeping")
def check_joint_statement(registry: Registry) -> Iterator[Finding]:
    """Compare one print of several numbers (all P > 0.05) with each; needs `variable` = a | b."""
    for row in registry:
        names = row.variable.split(SEVERAL)
        if len(names) == 1:
            continue
        place = {"level": row.level, "group": row.group, "repeats": ""}
        place |= {"method": row.method} if row.method else {}
        found = [registry.where(row.statistic, variable=name, **place) for name in names]
        if all(len(rows) == 1 for rows in found):
            yield _joint(row, [part for (part,) in found])


def _joint(row: ReportedNumber, parts: list[ReportedNumber]) -> Finding:
    low, high = (min(p.number.low for p in parts), max(p.number.high for p in parts))
    wrong = [part for part in parts if not row.number.overlaps(part.number.low, part.number.high)]
    listed = ", ".join(f"{part.printed} ({part.variable})" for part in parts)
    remark = f"Not so for {', '.join(part.variable for part in wrong)}." if wrong else "All are."
    text = (
        f"{row.statistic.replace('_', ' ')} printed one by one: {listed}; stated of all is "
        f"{row.printed} ({row.locus}). {remark}"
    )
    status = "contradicted" if wrong else "agrees"
    return conclude(status, text, *parts, target=row, low=low, high=high)


def _compare(row: ReportedNumber, original: ReportedNumber) -> Finding:
    status, remark, (low, high) = _verdict(row, original)
    first, second = (
        f"{each.printed if each.unit in each.printed else f'{each.printed} {each.unit}'} "
        f"({each.locus})"
        for each in (row, original)
    )
    text = f"{first} and {second}, {named(row).removesuffix(f', {row.locus}')}: {remark}"
    finding = conclude(status, text, original, target=row, low=low, high=high)
    one_model = row.repeats or row.statistic in DESCRIPTIVE
    finding = finding.doubted(" They may stem from two models.", not one_model)
    tables = all(each.locus.startswith("Table") for each in (row, original))
    apart = tables and not row.repeats and row.statistic != "n"
    return finding.doubted(" They may be of other patients or times.", apart, "of another table")


def _verdict(row: ReportedNumber, original: ReportedNumber) -> tuple[str, str, tuple]:
    """Compare two prints of one quantity, each with its rounding and its unit."""
    (least, most), (low, high) = limits = _limits(row), _limits(original)
    if is_approximate(row) or is_approximate(original):
        return "open", "one of them is approximate.", limits[1]
    # An empty unit may only have been left out.
    unstated = 1.0 if "" in (row.unit, original.unit) else None
    factors = {unstated, unit_factor(original.unit, row.unit)} - {None}
    factors = sorted(factors, key=lambda factor: factor != unstated)
    if row.statistic in THRESHOLDS and original.statistic in THRESHOLDS:
        return _compare_thresholds(row, original, factors)
    if row.statistic != original.statistic:
        return "open", "they are different statistics.", limits[1]
    for factor in factors:
        ends = (low * factor, high * factor)
        counted = row.statistic in COUNTED
        if ends[0] <= most and ends[1] >= least if counted else row.number.overlaps(*ends):
            if factor == 1 and meet_in_a_tie(row.number, original.number):
                return "suggests", TIED.strip(), ends
            return "agrees", _agreement(row, original), ends
    if not factors:
        return "open", "the units differ and no factor between them is known.", limits[1]
    # Whether the print with fewer decimals can be the other one, cut off or rounded twice.
    fine, coarse = sorted((row.number, original.number), key=lambda number: -number.decimals)
    plain = fine.operator == coarse.operator == "=" and row.unit == original.unit
    if plain and fine.decimals > coarse.decimals and is_rescued(coarse, fine.low, fine.high):
        return "suggests", "they agree only if digits were cut off, or rounded twice.", limits[1]
    return "contradicted", "no value rounds to both.", limits[1]


def _limits(row: ReportedNumber) -> tuple[float, float]:
    """Return the values behind a print; counts are not rounded."""
    return count_limits(row) if row.statistic in COUNTED else (row.number.low, row.number.high)


def _agreement(row: ReportedNumber, original: ReportedNumber) -> str:
    if row.number == original.number:
        return "the same."
    if row.number.decimals == original.number.decimals:
        return "both can be true."
    return "they agree within rounding."


def _compare_thresholds(row: ReportedNumber, original, factors) -> tuple[str, str, tuple]:
    """Compare the values of two thresholds, and then their signs."""
    low, high = (float(end) for end in exact_limits(original.number))
    first, last = (float(end) for end in exact_limits(row.number))
    factor = next((f for f in factors if first <= high * f and last >= low * f), None)
    if factor is None:
        status = "contradicted" if factors else "open"
        return status, "the thresholds differ.", (low, high)
    limits = (low * factor, high * factor)
    unsigned = (replace(each.number, operator="=") for each in (row, original))
    if factor == 1 and meet_in_a_tie(*unsigned):
        defined = {row.statistic, original.statistic} <= {"definition", "date"}
        return (
            ("contradicted", "they differ.", limits)
            if defined
            else ("suggests", TIED.strip(), limits)
        )
    signs = [row.number.operator, original.number.operator]
    if "=" not in signs and signs[0] != signs[1]:
        return "suggests", f"the same value, but the signs differ ({' and '.join(signs)}).", limits
    return "agrees", "the same value.", limits
