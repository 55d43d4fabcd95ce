"""Sums of counts: parts and wholes, flow charts, groups and levels."""

from collections import defaultdict
from collections.abc import Iterator
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
from rairlib.checks.findings import Finding, check
from rairlib.checks.rounding import TIED, is_approximate, is_rescued, meet_in_a_tie, rounded_limits
from rairlib.registry.printed import Printed
from rairlib.registry.registry import Registry, ReportedNumber

MOST_PARTS = 200


def sum_limits(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the limits of a sum.

    Parameters
    ----------
    parts : list of tuple of float
        Smallest and largest value of each addend.

    Returns
    -------
    tuple of float
        Smallest and largest sum.
    """
    return sum(low for low, _ in parts), sum(high for _, high in parts)


def remainder_limits(
    whole: tuple[float, float], others: list[tuple[float, float]]
) -> tuple[float, float]:
    """Return the limits of what is left of a whole, which may be negative if nothing is.

    Parameters
    ----------
    whole : tuple of float
        Smallest and largest value of the whole.
    others : list of tuple of float
        Smallest and largest value of the other parts.

    Returns
    -------
    tuple of float
        Smallest and largest remainder.
    """
    low, high = sum_limits(others)
    return whole[0] - high, whole[1] - low


@check("counts", "bookkeeping")
def check_partition_sums(registry: Registry) -> list[Finding]:
    """Compare a whole with the sum of its parts; needs rows with a common `partition` and `of`."""
    index = count_index(registry)
    findings = [
        finding
        for partition in index.partitions
        for finding in _sum_findings("partition_sums", partition)
    ]
    findings += [
        Finding(
            check="partition_sums",
            status="open",
            uses=tuple(row.id for row in parts),
            text="These parts name different wholes, or two of them are the same quantity: "
            "they cannot be added up.",
        )
        for parts in index.unclear
    ]
    return findings


@check("counts", "bookkeeping")
def check_group_sums(registry: Registry) -> list[Finding]:
    """Add the counts of a level over groups that make up a whole group; needs counts in each."""
    index = count_index(registry)
    findings = []
    for split in index.splits:
        groups = [row.group for row in split.parts]
        for variable, level, group in list(index.counts):
            if group != split.whole.group:
                continue
            rows = [index.counts.get((variable, level, part)) for part in groups]
            whole = index.counts[variable, level, group]
            if None in rows or frozenset(row.id for row in (whole, *rows)) in index.declared:
                continue
            partition = Partition(label=split.label, whole=whole, parts=tuple(rows))
            findings += _sum_findings("group_sums", partition)
    return findings


@check("counts", "bookkeeping")
def check_level_sums(registry: Registry) -> list[Finding]:
    """Add the levels of a variable within a group; needs counts of levels that exhaust a group."""
    index = count_index(registry)
    findings = [
        finding
        for partition in index.inferred_partitions()
        for finding in _sum_findings("level_sums", partition)
    ]
    return findings + list(_undeclared_level_sums(index))


@check("counts", "possibility")
def check_parts_in_wholes(registry: Registry) -> list[Finding]:
    """Compare counts with the group or number of which they are a part; needs `of` or sizes."""
    index = count_index(registry)
    members: dict[str, list[ReportedNumber]] = defaultdict(list)
    for row in registry.where(COUNTED):
        for whole in _wholes_of(index, row):
            members[whole.id].append(row)
    findings = []
    for identifier, rows in members.items():
        findings += _containment(registry[identifier], rows)
    return findings


def _sum_findings(check: str, partition: Partition) -> Iterator[Finding]:
    whole, parts = partition.whole, partition.parts
    addends = " + ".join(row.printed for row in parts)
    names = "; ".join(named(row) for row in parts)
    low, high = sum_limits([count_limits(row) for row in parts])
    yield _judge_count(
        check,
        whole,
        parts,
        (low, high),
        f"{addends} = {_range(low, high)} ({names}); printed is {whole.printed} ({named(whole)}).",
    )
    # Each names all others: of very many parts only their sum is judged.
    for part in parts if len(parts) <= MOST_PARTS else ():
        others = [row for row in parts if row is not part]
        low, high = remainder_limits(count_limits(whole), [count_limits(row) for row in others])
        taken = " − ".join([whole.printed, *(row.printed for row in others)])
        yield _judge_count(
            check,
            part,
            [whole, *others],
            (low, high),
            f"{taken} = {_range(low, high)} ({named(whole)}, less the other parts); printed is "
            f"{part.printed} ({named(part)}).",
        )


def _judge_count(check, target, others, limits, text) -> Finding:
    low, high = limits
    least, most = count_limits(target)
    status = "agrees" if low <= most and high >= least else "contradicted"
    if status == "agrees" and max(high, most) == float("inf"):
        status = "open"
    return Finding(
        check=check,
        status=status,
        target=target.id,
        uses=tuple(row.id for row in others),
        low=low,
        high=high,
        text=text,
    )


def _range(low: float, high: float) -> str:
    if low == high:
        return f"{low:.0f}"
    return f"{low:.0f} or more" if high == float("inf") else f"{low:.0f} to {high:.0f}"


def _undeclared_level_sums(index: CountIndex) -> Iterator[Finding]:
    """Levels that exhaust one group to a patient should exhaust the others too."""
    groups_of: dict[str, list[str]] = defaultdict(list)
    for variable, group in index.levels:
        groups_of[variable].append(group)
    for variable, groups in groups_of.items():
        levels = index.levels[variable, groups[0]]
        same = [group for group in groups if set(index.levels[variable, group]) == set(levels)]
        if len(levels) < 2 or any(index.is_exhaustive(variable, levels, g) for g in same):
            continue
        sums = {group: _level_sum(index, variable, group) for group in same}
        exact = [group for group in same if sums[group] == index.size(group) is not None]
        for group in same if exact else ():
            if sums[group] is not None and index.size(group) is not None:
                yield _undeclared_finding(index, variable, group, sums[group], exact[0])


def _level_sum(index: CountIndex, variable: str, group: str) -> int | None:
    values = [
        whole_number(index.counts[variable, level, group])
        for level in index.levels[variable, group]
    ]
    return None if None in values else sum(values)


def _undeclared_finding(index: CountIndex, variable, group, total, exact) -> Finding:
    rows = [index.counts[variable, level, group] for level in index.levels[variable, group]]
    size = index.sizes[group]
    agrees = total == index.size(group)
    text = (
        f"{' + '.join(row.printed for row in rows)} = {total} (levels of {variable} in {group}); "
        f"{size.printed} patients are printed."
    )
    if not agrees:
        text += f" The same levels exhaust {exact}; values may be missing in {group}."
    return Finding(
        check="level_sums",
        status="agrees" if agrees else "suggests",
        uses=(*(row.id for row in rows), size.id),
        text=text,
    )


def _wholes_of(index: CountIndex, row: ReportedNumber) -> list[ReportedNumber]:
    """Return the number named by `of`, the size of the group, and the level in the whole group."""
    wholes = {}
    if row.of in index.registry and index.registry[row.of].statistic in COUNTED:
        wholes[row.of] = index.registry[row.of]
    if row.statistic == "count" and row.variable:
        candidates = [index.sizes.get(row.group)]
        candidates += [
            index.counts.get((row.variable, row.level, split.whole.group))
            for split in index.splits
            if row.group in {part.group for part in split.parts}
        ]
        wholes |= {whole.id: whole for whole in candidates if whole is not None}
    return [whole for whole in wholes.values() if whole.id != row.id]


def _containment(whole: ReportedNumber, rows: list[ReportedNumber]) -> Iterator[Finding]:
    most = count_limits(whole)[1]
    larger = [row for row in rows if count_limits(row)[0] > most]
    for row in larger:
        yield Finding(
            check="parts_in_wholes",
            status="contradicted",
            target=row.id,
            uses=(whole.id,),
            low=0,
            high=most,
            text=f"A part cannot exceed its whole: {row.printed} ({named(row)}) is more than "
            f"{whole.printed} ({named(whole)}).",
        )
    inside = [row for row in rows if row not in larger]
    if inside:
        yield Finding(
            check="parts_in_wholes",
            status="open" if most == float("inf") else "agrees",
            uses=(whole.id, *(row.id for row in inside)),
            text=f"{len(inside)} printed parts of {whole.printed} ({named(whole)}) do not "
            "exceed it.",
        )


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
    """Return the factor that turns a value in the first unit into the second.

    Parameters
    ----------
    first, second : str
        Units as in the registry.

    Returns
    -------
    float or None
        1 for the same unit, None if no factor is known.
    """
    known = SCALES | {(b, a): 1 / factor for (a, b), factor in SCALES.items()}
    return 1.0 if first == second else known.get((first, second))


@check("numbers printed twice", "bookkeeping")
def check_repeats(registry: Registry) -> list[Finding]:
    """Compare a number with the one that it states again; needs `repeats`."""
    return [
        _finding("repeats", row, registry[row.repeats])
        for row in registry
        if row.repeats in registry
    ]


@check("numbers printed twice", "possibility")
def check_same_quantity(registry: Registry) -> list[Finding]:
    """Compare numbers of the same name in two places that no `repeats` links; needs both."""
    seen: dict[tuple, list[ReportedNumber]] = defaultdict(list)
    for row in registry:
        key = _quantity(registry, row)
        if key is not None and not row.repeats:
            seen[key].append(row)
    return [
        _finding("same_quantity", other, first)
        for first, *others in seen.values()
        for other in others
    ]


@check("numbers printed twice", "bookkeeping")
def check_joint_statement(registry: Registry) -> list[Finding]:
    """Compare one print of several numbers (all P > 0.05) with each; needs `variable` = a | b."""
    findings = []
    for row in registry:
        names = row.variable.split(SEVERAL)
        parts = [_stated(registry, row, name) for name in names] if len(names) > 1 else [None]
        if None not in parts:
            findings.append(_joint(row, parts))
    return findings


def _stated(registry: Registry, row: ReportedNumber, variable: str) -> ReportedNumber | None:
    """Return the one row that prints the number of one of the variables of a statement."""
    fields = {"variable": variable, "level": row.level, "group": row.group, "repeats": ""}
    found = registry.where(row.statistic, **fields | ({"method": row.method} if row.method else {}))
    return found[0] if len(found) == 1 else None


def _joint(row: ReportedNumber, parts: list[ReportedNumber]) -> Finding:
    wrong = [part for part in parts if not row.number.overlaps(part.number.low, part.number.high)]
    shown = ", ".join(f"{part.printed} ({part.variable})" for part in parts)
    remark = f"Not so for {', '.join(part.variable for part in wrong)}." if wrong else "All are."
    return Finding(
        check="joint_statement",
        status="contradicted" if wrong else "agrees",
        target=row.id,
        uses=tuple(part.id for part in parts),
        low=min(part.number.low for part in parts),
        high=max(part.number.high for part in parts),
        text=f"{row.statistic.replace('_', ' ')} printed one by one: {shown}; stated of all is "
        f"{row.printed} ({row.locus}). {remark}",
    )


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


def _finding(check: str, row: ReportedNumber, original: ReportedNumber) -> Finding:
    status, remark, limits = _verdict(row, original)
    if status == "contradicted" and not row.repeats and row.statistic not in DESCRIPTIVE:
        status, remark = "suggests", f"{remark} They may stem from two models."
    return Finding(
        check=check,
        status=status,
        target=row.id,
        uses=(original.id,),
        low=limits[0],
        high=limits[1],
        text=f"{_shown(row)} ({row.locus}) and {_shown(original)} ({original.locus}), "
        f"{named(row).removesuffix(f', {row.locus}')}: {remark}",
    )


def _shown(row: ReportedNumber) -> str:
    return row.printed if row.unit in row.printed else f"{row.printed} {row.unit}"


def _verdict(row: ReportedNumber, original: ReportedNumber) -> tuple[str, str, tuple]:
    """Compare two prints of one quantity, each with its rounding and its unit."""
    low, high = _limits(original)
    thresholds = row.statistic in THRESHOLDS and original.statistic in THRESHOLDS
    if is_approximate(row) or is_approximate(original):
        return "open", "one of them is approximate.", (low, high)
    if row.statistic != original.statistic and not thresholds:
        return "open", "they are different statistics.", (low, high)
    if thresholds:
        return _compare_thresholds(row, original)
    for factor in _factors(row, original):
        limits = (low * factor, high * factor)
        if _overlaps(row, *limits):
            tied = factor == 1 and meet_in_a_tie(row.number, original.number)
            remark = TIED.strip() if tied else _agreement(row, original)
            return "suggests" if tied else "agrees", remark, limits
    if not _factors(row, original):
        return "open", "the units differ and no factor between them is known.", (low, high)
    if _is_shortening(row, original):
        return "suggests", "they agree only if digits were cut off, or rounded twice.", (low, high)
    return "contradicted", "no value rounds to both.", (low, high)


def _limits(row: ReportedNumber) -> tuple[float, float]:
    """Return the values behind a print; counts are not rounded."""
    if row.statistic in COUNTED:
        return count_limits(row)
    return row.number.low, row.number.high


def _overlaps(row: ReportedNumber, low: float, high: float) -> bool:
    if row.statistic in COUNTED:
        least, most = count_limits(row)
        return low <= most and high >= least
    return row.number.overlaps(low, high)


def _factors(row: ReportedNumber, original: ReportedNumber) -> list[float]:
    factor = unit_factor(original.unit, row.unit)
    # An empty unit may only have been left out.
    unstated = [1.0] if "" in (row.unit, original.unit) else []
    return list(dict.fromkeys([*unstated, *([factor] if factor else [])]))


def _agreement(row: ReportedNumber, original: ReportedNumber) -> str:
    if row.number == original.number:
        return "the same."
    if row.number.decimals == original.number.decimals:
        return "both can be true."
    return "they agree within rounding."


def _is_shortening(row: ReportedNumber, original: ReportedNumber) -> bool:
    """Whether the print with fewer decimals can be the other one, cut off or rounded twice."""
    fine, coarse = sorted((row.number, original.number), key=lambda number: -number.decimals)
    plain = fine.operator == coarse.operator == "=" and row.unit == original.unit
    if not plain or fine.decimals == coarse.decimals:
        return False
    return is_rescued(coarse, fine.low, fine.high)


def _compare_thresholds(row: ReportedNumber, original: ReportedNumber) -> tuple[str, str, tuple]:
    """Compare the values of two thresholds, and then their signs."""
    low, high = (float(end) for end in rounded_limits(original.number))
    first, last = (float(end) for end in rounded_limits(row.number))
    factors = _factors(row, original)
    factor = next((f for f in factors if first <= high * f and last >= low * f), None)
    if factor is None:
        status = "contradicted" if factors else "open"
        return status, "the thresholds differ.", (low, high)
    limits = (low * factor, high * factor)
    if factor == 1 and meet_in_a_tie(_without_sign(row), _without_sign(original)):
        defined = {row.statistic, original.statistic} <= {"definition", "date"}
        status, remark = ("contradicted", "they differ.") if defined else ("suggests", TIED.strip())
        return status, remark, limits
    signs = [row.number.operator, original.number.operator]
    if "=" not in signs and signs[0] != signs[1]:
        return "suggests", f"the same value, but the signs differ ({' and '.join(signs)}).", limits
    return "agrees", "the same value.", limits


def _without_sign(row: ReportedNumber) -> Printed:
    return replace(row.number, operator="=")
