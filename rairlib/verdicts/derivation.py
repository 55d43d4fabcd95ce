"""Derive numbers from other printed numbers, never in a circle."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from rairlib.checks.catalogue import INDEPENDENT, POSSIBILITY
from rairlib.checks.findings import Finding
from rairlib.registry.agreement import Recomputed, between
from rairlib.registry.registry import Registry, ReportedNumber

LIMITS = ("ci_low", "ci_high")


def by_target(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Group findings by the number that they recompute.

    Parameters
    ----------
    findings : iterable of Finding
        Findings of any checks.

    Returns
    -------
    dict of str to list of Finding
        Findings about a set of numbers are left out.
    """
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.target:
            grouped[finding.target].append(finding)
    return dict(grouped)


def derive(registry: Registry, findings: dict[str, list[Finding]]) -> dict[str, Recomputed]:
    """Recompute the derivable numbers from numbers that are established without them.

    Parameters
    ----------
    registry : Registry
        Reported numbers.
    findings : dict of str to list of Finding
        By target, see :func:`by_target`.

    Returns
    -------
    dict of str to Recomputed
        Derivable numbers only, each with its kind of test. Numbers of other roles are
        established from the start; a derivable number is established once a finding recomputes
        it from established ones, so no number supports itself through others. Checks that only
        test whether a number is possible derive nothing.
    """
    originals = [row for row in registry if not row.repeats]
    established = {row.id for row in originals if row.role != "derivable"}
    waiting = [row for row in originals if row.role == "derivable"]
    derived: dict[str, Recomputed] = {}
    while waiting:
        found = {}
        for row in waiting:
            usable = _usable(findings.get(row.id, ()), established)
            if usable:
                finding = usable[0]
                found[row.id] = between("arithmetic", finding.low, finding.high, finding.text)
        if not found:
            break
        derived |= found
        established |= set(found)
        waiting = [row for row in waiting if row.id not in established]
    return {
        identifier: replace(
            found, test=kind_of_test(_usable(findings[identifier], established), registry)
        )
        for identifier, found in derived.items()
    }


def _usable(findings: Iterable[Finding], established: set[str]) -> list[Finding]:
    """Return the findings that recompute their target from established numbers."""
    return [
        finding
        for finding in findings
        if finding.check not in POSSIBILITY
        and not math.isnan(finding.low)
        and finding.status != "open"
        and finding.uses
        and established.issuperset(finding.uses)
    ]


def kind_of_test(findings: Collection[Finding], registry: Registry) -> str:
    """Say whether a number was tested or only kept in the books.

    Parameters
    ----------
    findings : collection of Finding
        All that recompute the number from established ones.
    registry : Registry
        Their registry.

    Returns
    -------
    str
        ``bookkeeping`` if one of them restates the number: a share of its own count, a sum, a
        complement, a p value of its own statistic or interval, a mirrored limit; else
        ``independent``.
    """
    independent = all(
        finding.check in INDEPENDENT and not _is_share_of_counts(finding, registry)
        for finding in findings
    )
    return "independent" if independent else "bookkeeping"


def _is_share_of_counts(finding: Finding, registry: Registry) -> bool:
    """Whether sensitivity or specificity is the count of its own level over its group's size."""
    used = {registry[identifier].statistic for identifier in finding.uses}
    return finding.check == "rule_counts" and used <= {"count", "n"}


def is_third_of_interval(row: ReportedNumber, registry: Registry) -> bool:
    """Say whether a held-out number follows from the two others of its interval.

    Parameters
    ----------
    row : ReportedNumber
        An estimate or one of its limits.
    registry : Registry
        The registry of the row.

    Returns
    -------
    bool
        An interval is symmetric about its estimate, so two of the three determine the third: it
        is the last held-out one of them, in the order estimate, lower and upper limit.
    """
    centre = registry[row.of] if row.of and row.statistic in LIMITS else row
    limits = [
        other
        for other in registry.belonging_to(centre.id)
        if other.statistic in LIMITS and not other.repeats
    ]
    held_out = [other for other in (centre, *limits) if other.role == "held_out"]
    return len(limits) == len(LIMITS) and row in held_out[-1:]


def proof_against(
    row: ReportedNumber, findings: Iterable[Finding], registry: Registry
) -> Finding | None:
    """Return a proof that a number cannot be right as printed, or None.

    Parameters
    ----------
    row : ReportedNumber
        The number.
    findings : iterable of Finding
        Findings whose target it is.
    registry : Registry
        The registry of the row.

    Returns
    -------
    Finding or None
        A contradiction is held against a derivable number if it involves one, since the others
        are what it is derived from; else against every number that a check recomputes.
    """
    for finding in findings:
        others = (registry[identifier].role for identifier in finding.uses)
        if finding.status == "contradicted" and (
            row.role == "derivable" or "derivable" not in others
        ):
            return finding
    return None
