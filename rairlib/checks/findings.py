"""Findings: the outcome of one check on printed numbers, passed or not."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import wraps

import pandas as pd

from rairlib.registry.registry import Registry, ReportedNumber

STATUSES = ("agrees", "contradicted", "suggests", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says.

    Attributes
    ----------
    check : str
        Name of the check; :func:`check` fills it in.
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
    reading : str
        The habit or slip that would explain the print, in a few words: ``divided by 58, the size
        of g2``; empty where none is known.
    """

    check: str = ""
    status: str
    target: str = ""
    uses: tuple[str, ...] = ()
    low: float = math.nan
    high: float = math.nan
    text: str
    reading: str = ""

    def __post_init__(self) -> None:
        """Refuse a status that is not in the vocabulary."""
        if self.status not in STATUSES:
            raise ValueError(f"unknown status {self.status!r} in a finding of {self.check!r}")

    def doubted(self, remark: str, when: bool = True, reading: str = "") -> "Finding":
        """Turn a proof into a suggestion, with a remark, where something else would explain it."""
        if self.status != "contradicted" or not when:
            return self
        reading = reading or self.reading
        return replace(self, status="suggests", text=self.text + remark, reading=reading)


def conclude(status: str, text: str, *rows, target: ReportedNumber | None = None, **limits):
    """Build a finding from its target and the rows that it uses, alone or in lists.

    Rows that do not exist are left out, and each is named once.
    """
    uses = tuple(dict.fromkeys(getattr(row, "id", row) for row in _flat(rows)))
    target = "" if target is None else target.id
    return Finding(status=status, target=target, uses=uses, text=text, **limits)


def _flat(rows) -> Iterator[ReportedNumber]:
    for row in rows:
        if isinstance(row, list | tuple):
            yield from _flat(row)
        elif row is not None:
            yield row


def possibility(status: str, text: str, row: ReportedNumber, *others) -> Finding:
    """Build a finding that recomputes nothing: the number is a target only where it fails."""
    if status in ("contradicted", "suggests"):
        return conclude(status, text, *others, target=row)
    return conclude(status, text, row, *others)


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


# --- Checks, registered where they are defined ------------------------------------------------


SUBJECTS = (
    "single numbers",
    "counts",
    "percentages",
    "numbers printed twice",
    "tests of counts",
    "means",
    "quartiles and ranges",
    "rank tests",
    "tests of groups",
    "effects and their limits",
    "odds ratios beside counts",
    "regressions",
    "sensitivity and specificity",
    "areas under the ROC curve",
    "survival",
)
"""What the checks are about, in the order in which a reader would make them."""

KINDS = ("bookkeeping", "independent", "possibility")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the catalogue.

    Attributes
    ----------
    name : str
        The name that its findings carry.
    about : str
        Its subject, one of `SUBJECTS`.
    compares : str
        What it compares and which rows it needs, in one sentence.
    kind : str
        What agreement says. ``independent``: the number was reached by another route than the
        one on which it was printed, so that it could have failed; ``bookkeeping``: it restates
        others, as the share of a count, a sum or a p of its own statistic does; ``possibility``:
        it can be, not what it is.
    first : bool
        Whether what it contradicts is no evidence about other numbers, so that the rest is audited
        without it.
    function : callable
        Takes a registry and returns its findings.
    """

    name: str
    about: str
    compares: str
    kind: str
    first: bool
    function: Callable[[Registry], list[Finding]]


REGISTERED: list[Check] = []


def check(about: str, kind: str, first: bool = False, each: Callable | None = None):
    """Register the function below as a check; its name and the words of its docstring are used.

    Parameters
    ----------
    about, kind, first
        As for :class:`Check`.
    each : callable, optional
        Takes a registry and yields the subjects of the check, each a tuple of arguments for the
        function below, which then judges one subject. Without it, that takes the registry.

    Returns
    -------
    callable
        Decorates ``check_name``, which yields or returns findings (or one), so that it takes a
        registry and returns them as a list under its name.
    """
    if about not in SUBJECTS or kind not in KINDS:
        raise ValueError(f"no check is about {about!r} or of the kind {kind!r}")

    def register(find: Callable[..., Iterable[Finding] | Finding]):
        name = find.__name__.removeprefix("check_")

        @wraps(find)
        def function(registry: Registry) -> list[Finding]:
            subjects = [(registry,)] if each is None else each(registry)
            found = (find(*subject) for subject in subjects)
            return [
                replace(finding, check=name)
                for one in found
                for finding in ([one] if isinstance(one, Finding) else one or ())
            ]

        words = (find.__doc__ or "").strip().splitlines()[0]
        REGISTERED.append(
            Check(name=name, about=about, compares=words, kind=kind, first=first, function=function)
        )
        return function

    return register
