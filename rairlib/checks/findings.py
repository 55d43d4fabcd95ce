"""Findings: the outcome of one check on printed numbers, passed or not."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from rairlib.registry.registry import ReportedNumber

STATUSES = ("agrees", "contradicted", "suggests", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says.

    Attributes
    ----------
    check : str
        Name of the check.
    status : str
        ``agrees``; ``contradicted``: a proof that the numbers cannot all be right; ``suggests``:
        unlikely, or wrong under a named assumption; ``open``: the check cannot decide.
    target : str
        Identifier of the number that was recomputed; empty if the finding is about a set.
    uses : tuple of str
        Identifiers of the other numbers that were used.
    low, high : float
        What the other numbers allow for the target, in the unit in which it is printed.
    text : str
        The finding in words, with its figures; for ``contradicted`` it is the proof.
    """

    check: str
    status: str
    target: str = ""
    uses: tuple[str, ...] = ()
    low: float = math.nan
    high: float = math.nan
    text: str

    def __post_init__(self) -> None:
        """Refuse a status that is not in the vocabulary."""
        if self.status not in STATUSES:
            raise ValueError(f"unknown status {self.status!r} in a finding of {self.check!r}")


def compare(
    check: str,
    target: ReportedNumber,
    uses: Iterable[str],
    low: float,
    high: float,
    text: str,
) -> Finding:
    """Set the interval that other numbers allow beside the printed target.

    Parameters
    ----------
    check : str
        Name of the check.
    target : ReportedNumber
        The number that is recomputed.
    uses : iterable of str
        Identifiers of the other numbers.
    low, high : float
        Closed interval of the values that they allow, in the target's unit.
    text : str
        How the interval came about.

    Returns
    -------
    Finding
        ``agrees`` if some allowed value rounds to the printed text, else ``contradicted``.

    Raises
    ------
    ValueError
        If an end of the interval is NaN: what was not computed proves nothing.
    """
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"the interval of {check!r} for {target.id} has no limits")
    status = "agrees" if target.number.overlaps(low, high) else "contradicted"
    return Finding(
        check=check,
        status=status,
        target=target.id,
        uses=tuple(uses),
        low=low,
        high=high,
        text=text,
    )


def findings_frame(study: str, findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a tidy frame, one row per finding.

    Parameters
    ----------
    study : str
        Key of the study.
    findings : iterable of Finding
        Any findings.

    Returns
    -------
    DataFrame
        Columns ``study, check, status, target, uses, low, high, text``; ``uses`` holds the
        identifiers joined by blanks.
    """
    columns = ["study", "check", "status", "target", "uses", "low", "high", "text"]
    records = [
        {"study": study, **asdict(finding), "uses": " ".join(finding.uses)} for finding in findings
    ]
    return pd.DataFrame(records, columns=columns)
