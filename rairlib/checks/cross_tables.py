"""Tables of levels by two groups, read from the counts of a registry."""

from dataclasses import dataclass

from rairlib.checks.association import Table
from rairlib.checks.cells import CountIndex, whole_number
from rairlib.reported import ReportedNumber

MISSING_LEVELS = (
    "unknown",
    "missing",
    "not available",
    "n/a",
    "na",
    "not reported",
    "not recorded",
    "not known",
    "not stated",
    "not assessed",
    "not determined",
    "not done",
    "undetermined",
    "unspecified",
    "no data",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossTable:
    """Counts by level and outcome group, as printed.

    Attributes
    ----------
    cells : tuple of tuple of int
        One pair per level: patients of the first and of the second group.
    levels : tuple of str
        Names of the levels.
    uses : tuple of str
        Identifiers of the numbers.
    complete : bool
        Whether the levels are known to exhaust both groups.
    """

    cells: Table
    levels: tuple[str, ...]
    uses: tuple[str, ...]
    complete: bool


def find_tables(index: CountIndex, row: ReportedNumber) -> list[CrossTable]:
    """Return the tables that a p value or χ² of two groups can be about.

    Parameters
    ----------
    index : CountIndex
        Counts of the registry.
    row : ReportedNumber
        A comparison ``A vs B`` of one variable; with a level, of that level against the rest;
        with a contrast ``x vs y``, of these two levels.

    Returns
    -------
    list of CrossTable
        Without empty margins; perhaps none.
    """
    groups = row.outcome_groups
    if groups is None or not row.variable:
        return []
    counted = index.levels.get((row.variable, groups[0]), [])
    levels = [level for level in counted if (row.variable, level, groups[1]) in index.counts]
    if row.contrast is not None:
        choices = [_table(index, row.variable, row.contrast, groups, rest=False, complete=True)]
    elif row.level:
        choices = _tables_of_one_level(index, row.variable, row.level, levels, groups)
    elif len(levels) == 1:
        choices = [_table(index, row.variable, levels, groups, rest=True, complete=True)]
    else:
        choices = _tables_of_all_levels(index, row.variable, levels, groups)
    return [table for table in choices if table is not None]


def table_of_groups(
    index: CountIndex, row: ReportedNumber, groups: tuple[str, ...]
) -> tuple[list[list[int]], tuple[str, ...]] | None:
    """Return counts by level and by three or more groups, and the rows behind them, or None.

    Patients without a printed level are one more level where only one is printed, or where the
    p value is of one level.
    """
    levels = [row.level] if row.level else index.levels.get((row.variable, groups[0]), [])
    rows = [
        [index.counts.get((row.variable, level, group)) for group in groups] for level in levels
    ]
    cells = [[whole_number(cell) for cell in line] for line in rows]
    if not cells or any(None in line for line in cells):
        return None
    used = [cell.id for line in rows for cell in line]
    if len(cells) == 1:
        sizes = [index.size(group) for group in groups]
        if None in sizes:
            return None
        cells.append([size - count for size, count in zip(sizes, cells[0], strict=True)])
        used += [index.sizes[group].id for group in groups]
    cells = [line for line in cells if any(line)]
    proper = (
        len(cells) > 1 and min(map(min, cells)) >= 0 and all(map(sum, zip(*cells, strict=True)))
    )
    return (cells, tuple(used)) if proper else None


def _table(index, variable, levels, groups, rest: bool, complete: bool) -> CrossTable | None:
    """Build a table of some levels, with the rest of both groups as one more level if wanted."""
    rows = [[index.counts.get((variable, level, group)) for group in groups] for level in levels]
    numbers = [[whole_number(row) for row in pair] for pair in rows]
    if any(None in pair for pair in numbers):
        return None
    used = [row.id for pair in rows for row in pair]
    if rest:
        sizes = [index.size(group) for group in groups]
        if None in sizes:
            return None
        counted = [sum(column) for column in zip(*numbers, strict=True)]
        numbers.append([size - count for size, count in zip(sizes, counted, strict=True)])
        used += [index.sizes[group].id for group in groups]
    cells = tuple((a, b) for a, b in numbers if a or b)
    proper = (
        len(cells) > 1 and min(map(min, cells)) >= 0 and all(map(sum, zip(*cells, strict=True)))
    )
    names = (*levels, "rest") if rest else tuple(levels)
    table = CrossTable(cells=cells, levels=names, uses=tuple(used), complete=complete)
    return table if proper else None


def _tables_of_one_level(index, variable, level, levels, groups) -> list[CrossTable | None]:
    tables = [_table(index, variable, [level], groups, rest=True, complete=True)]
    for names in dict.fromkeys((tuple(levels), tuple(_known(levels)))):
        against = _against_others(index, variable, level, names, groups)
        if against is not None and all(
            table is None or table.cells != against.cells for table in tables
        ):
            tables.append(against)
    return tables


def _against_others(index, variable, level, levels, groups) -> CrossTable | None:
    """Build the table of one level and the sum of the other printed ones."""
    if level not in levels or len(levels) < 2:
        return None
    whole = _table(index, variable, levels, groups, rest=False, complete=True)
    if whole is None or len(whole.cells) < len(levels):
        return None
    first = whole.cells[levels.index(level)]
    sums = [sum(column) for column in zip(*whole.cells, strict=True)]
    cells = (first, (sums[0] - first[0], sums[1] - first[1]))
    if not all(map(sum, cells)):
        return None
    return CrossTable(cells=cells, levels=(level, "others"), uses=whole.uses, complete=True)


def _tables_of_all_levels(index, variable, levels, groups) -> list[CrossTable | None]:
    if len(levels) < 2:
        return []
    complete = all(
        index.is_exhaustive(variable, levels, group) or _adds_up(index, variable, levels, group)
        for group in groups
    )
    tables = [_table(index, variable, levels, groups, rest=False, complete=complete)]
    known = _known(levels)
    if 1 < len(known) < len(levels):
        tables.append(_table(index, variable, known, groups, rest=False, complete=complete))
    if not complete:
        tables.append(_table(index, variable, levels, groups, rest=True, complete=False))
    return tables


def _known(levels) -> list[str]:
    """Leave out levels that stand for missing values, as tests do."""
    return [level for level in levels if level.lower() not in MISSING_LEVELS]


def _adds_up(index: CountIndex, variable, levels, group) -> bool:
    numbers = [whole_number(index.counts[variable, level, group]) for level in levels]
    return None not in numbers and sum(numbers) == index.size(group)
