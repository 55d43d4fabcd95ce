"""The same number in two places."""

from collections import defaultdict
from dataclasses import replace

from rairlib.checks.cells import COUNTED, count_limits, named, original_of
from rairlib.checks.describing import SUMMARIES
from rairlib.checks.rounding import TIED, is_approximate, is_rescued, meet_in_a_tie, rounded_limits
from rairlib.findings import Finding
from rairlib.printed import Printed
from rairlib.reported import Registry, ReportedNumber

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


def check_repeats(registry: Registry) -> list[Finding]:
    """Compare a number with the one that it states again; needs `repeats`."""
    return [
        _finding("repeats", row, registry[row.repeats])
        for row in registry
        if row.repeats in registry
    ]


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
