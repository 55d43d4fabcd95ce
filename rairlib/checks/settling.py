"""The printed number that, alone changed, settles most contradictions of an audit."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from rairlib.checks.cells import COUNTED, named
from rairlib.checks.findings import Finding, conclude
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber, printed_number

SUSPECTS = 6
SHOWN = 3
MOST_ROWS = 600
Audit = Callable[[Registry], list[Finding]]
Change = dict[str, str]


def settling_numbers(registry: Registry, findings: Iterable[Finding], audit: Audit):
    """Rank the changes of one number, and the exchanges of two, that settle most contradictions.

    The numbers that stand in most contradictions are tried, with the values that the
    contradictions themselves leave for them and exchanged with each other; the numbers around
    them are then audited again, so that a change that breaks something else counts for less.

    Parameters
    ----------
    registry : Registry
        The audited numbers.
    findings : iterable of Finding
        What the audit found.
    audit : callable
        Returns the findings of a registry.

    Returns
    -------
    list of Finding
        At most three, ``settles_most``, the best first; none with fewer than two contradictions.
    """
    faults = _contradictions(registry, findings)
    if len(faults) < 2:
        return []
    standing = Counter(name for fault in faults for name in sorted(_names(fault)))
    suspects = [name for name, _ in standing.most_common(SUSPECTS)]
    near = {name for fault in faults for name in _names(fault) if _names(fault) & set(suspects)}
    around = _around(registry, near)
    ranked = []
    if len(around) <= MOST_ROWS:
        before = len(_contradictions(around, audit(around)))
        for change in _changes(registry, suspects, faults):
            changed = Registry(around.study, (_changed(row, change) for row in around))
            settled = before - len(_contradictions(changed, audit(changed)))
            if settled > 1:
                ranked.append((settled, change))
    if not ranked:
        # Group sizes stand in nearly all.
        numbers = [registry[name] for name in suspects[:SHOWN] if standing[name] > 1]
        return [
            _suggest(f" stands in {standing[row.id]} of {len(faults)} contradictions.", row)
            for row in numbers
            if row.statistic != "n"
        ]
    ranked.sort(key=lambda entry: (-entry[0], len(entry[1])))
    # Half of an exchange is no second answer, nor is what settles far less.
    best = [
        (settled, change)
        for place, (settled, change) in enumerate(ranked)
        if 2 * settled >= ranked[0][0]
        and not any(set(change) <= set(better) for _, better in ranked[:place])
    ]
    found = []
    for settled, change in best[:SHOWN]:
        row, *partners = (registry[name] for name in change)
        what = "".join(f" and {other.printed} ({named(other)}), exchanged," for other in partners)
        what = what or f", changed to {change[row.id]},"
        text = f"{what} would settle {settled} of {len(faults)} contradictions."
        found.append(_suggest(text, row, *partners))
    return found


def _contradictions(registry: Registry, findings: Iterable[Finding]) -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.status == "contradicted" and all(name in registry for name in _names(finding))
    ]


def _names(finding: Finding) -> set[str]:
    return {finding.target, *finding.uses} - {""}


def _around(registry: Registry, names: Iterable[str]) -> Registry:
    """Return the rows of the variables concerned, all group sizes, and what these belong to."""
    variables = {registry[name].variable for name in names} | {""}
    kept = {row.id for row in registry if row.variable in variables}
    kept |= {registry[name].of for name in kept} | {registry[name].repeats for name in kept}
    return Registry(registry.study, [row for row in registry if row.id in kept])


def _changes(registry: Registry, suspects: list[str], faults: list[Finding]) -> Iterator[Change]:
    for name in suspects:
        row = registry[name]
        values = Counter(
            format_value((fault.low + fault.high) / 2, row.number.decimals)
            for fault in faults
            if fault.target == name and math.isfinite(fault.low) and math.isfinite(fault.high)
        )
        # What another place prints of the same number.
        values.update(
            other.printed for other in registry.where(repeats=name) if other.printed != row.printed
        )
        for text, _ in values.most_common(2):
            if text != row.printed and not (row.statistic in COUNTED and text.startswith("-")):
                yield {name: text}
    for first, second in combinations([registry[name] for name in suspects], 2):
        if first.statistic == second.statistic and first.printed != second.printed:
            yield {first.id: second.printed, second.id: first.printed}


def _changed(row: ReportedNumber, change: Change) -> ReportedNumber:
    text = change.get(row.id)
    return replace(row, printed=text, number=printed_number(row.statistic, text)) if text else row


def _suggest(text: str, row: ReportedNumber, *partners: ReportedNumber) -> Finding:
    text = f"{row.printed} ({named(row)}){text}"
    return replace(conclude("suggests", text, *partners, target=row), check="settles_most")
