"""Derive numbers from other printed numbers, never in a circle."""

import math
from collections import defaultdict
from collections.abc import Iterable

from rairlib.checks.catalogue import POSSIBILITY
from rairlib.compare import Recomputed, between
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber


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
        Derivable numbers only. Numbers of other roles are established from the start; a
        derivable number is established once a finding recomputes it from established ones, so
        no number supports itself through others. Checks that only test whether a number is
        possible derive nothing.
    """
    originals = [row for row in registry if not row.repeats]
    established = {row.id for row in originals if row.role != "derivable"}
    waiting = [row for row in originals if row.role == "derivable"]
    derived: dict[str, Recomputed] = {}
    while waiting:
        found = {}
        for row in waiting:
            finding = _usable(findings.get(row.id, ()), established)
            if finding is not None:
                found[row.id] = between("arithmetic", finding.low, finding.high, finding.text)
        if not found:
            break
        derived |= found
        established |= set(found)
        waiting = [row for row in waiting if row.id not in established]
    return derived


def _usable(findings: Iterable[Finding], established: set[str]) -> Finding | None:
    """Return the first finding that recomputes its target from established numbers."""
    for finding in findings:
        recomputes = finding.check not in POSSIBILITY and not math.isnan(finding.low)
        established_without = finding.uses and established.issuperset(finding.uses)
        if recomputes and finding.status != "open" and established_without:
            return finding
    return None


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
