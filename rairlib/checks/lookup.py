"""Find the rows that belong to a comparison: limits, sizes of its groups, counts of its levels."""

from collections.abc import Callable
from dataclasses import replace

from rairlib.checks.cells import CountIndex, original_of, whole_number
from rairlib.checks.rounding import SHORTENED, is_plain
from rairlib.findings import Finding
from rairlib.reported import VERSUS, Registry, ReportedNumber


def originals(registry: Registry, statistic: str | tuple[str, ...], **wanted: str):
    """Return the plainly printed rows of a statistic that do not repeat another row.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    statistic : str or tuple of str
        One statistic or several.
    **wanted : str
        Other fields and the text that they must equal.

    Returns
    -------
    list of ReportedNumber
        In order of appearance, without inequalities and approximations.
    """
    rows = registry.where(statistic, **wanted)
    return [row for row in rows if not row.repeats and is_plain(row)]


def attached(registry: Registry, row: ReportedNumber, statistic: str) -> ReportedNumber | None:
    """Return the one row of a statistic that belongs to a row and repeats no other."""
    rows = [other for other in registry.belonging_to(row.id, statistic) if not other.repeats]
    return rows[0] if len(rows) == 1 else None


def outcome_sizes(
    index: CountIndex, row: ReportedNumber
) -> tuple[ReportedNumber, ReportedNumber] | None:
    """Return the rows with the sizes of the two groups of a comparison, the outcome first.

    Parameters
    ----------
    index : CountIndex
        Counts and group sizes of the registry.
    row : ReportedNumber
        A row whose group reads ``A vs B``.

    Returns
    -------
    tuple of ReportedNumber or None
        None unless both sizes are printed and positive.
    """
    groups = row.outcome_groups
    if groups is None:
        return None
    sizes = tuple(index.sizes.get(group) for group in groups)
    return sizes if all((whole_number(size) or 0) > 0 for size in sizes) else None


def whole_of(index: CountIndex, groups: tuple[str, ...]) -> ReportedNumber | None:
    """Return the row with the size of the group that the named groups make up, or None."""
    for split in index.splits:
        if {row.group for row in split.parts} == set(groups):
            return original_of(index.registry, split.whole)
    return None


def several_groups(index: CountIndex, row: ReportedNumber) -> tuple[str, ...]:
    """Return the three or more groups that a p value compares, or none.

    Parameters
    ----------
    index : CountIndex
        Counts and group sizes of the registry.
    row : ReportedNumber
        Its group reads ``A vs B vs C``, or names the one group that is split into these.

    Returns
    -------
    tuple of str
        Names of the groups.
    """
    groups = tuple(row.group.split(VERSUS))
    splits = [split for split in index.splits if split.whole.group == row.group]
    if len(splits) == 1:
        groups = tuple(part.group for part in splits[0].parts)
    return groups if len(groups) > 2 else ()


def short_name(row: ReportedNumber) -> str:
    """Name a row without its group, for example ``hazard ratio of gender, Female vs Male``."""
    statistic = {"auc": "AUC", "ppv": "PPV", "npv": "NPV"}.get(
        row.statistic, row.statistic.replace("_", " ")
    )
    subject = f"{statistic} of {row.variable}" if row.variable else statistic
    return f"{subject}, {row.level}" if row.level else subject


def unless_shortened(find: Callable[[bool], Finding]) -> Finding:
    """Turn a proof into a suggestion where cut off or twice rounded digits would explain it.

    Parameters
    ----------
    find : callable
        Returns a finding for prints that are rounded (False) or possibly shortened (True).

    Returns
    -------
    Finding
        For rounded prints; a contradiction that shortened prints would lift is ``suggests``.
    """
    finding = find(False)
    if finding.status != "contradicted" or find(True).status == "contradicted":
        return finding
    return replace(finding, status="suggests", text=finding.text + SHORTENED)


def ids(*rows: ReportedNumber | None) -> tuple[str, ...]:
    """Return the identifiers of the rows that exist."""
    return tuple(row.id for row in rows if row is not None)
