"""Sums of counts: parts and wholes, flow charts, groups and levels."""

from collections import defaultdict
from collections.abc import Iterator

from rairlib.checks.cells import (
    COUNTED,
    CountIndex,
    Partition,
    count_index,
    count_limits,
    named,
    whole_number,
)
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber

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


def check_level_sums(registry: Registry) -> list[Finding]:
    """Add the levels of a variable within a group; needs counts of levels that exhaust a group."""
    index = count_index(registry)
    findings = [
        finding
        for partition in index.inferred_partitions()
        for finding in _sum_findings("level_sums", partition)
    ]
    return findings + list(_undeclared_level_sums(index))


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
