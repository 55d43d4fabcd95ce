"""A declared study: what a search is told about the patients, and what they must round to."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from rairlib.errors import RairlibError
from rairlib.search.cox_terms import NORMAL_QUANTILE

SPLIT_TOLERANCE = 2e-4  # of a standard error read from printed limits
END = -1  # mark of a rate at the end of follow-up


class DeclarationError(RairlibError):
    """A declared study cannot be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number to round to.

    Attributes
    ----------
    id : str
        Of the reported number.
    text : str
        As printed, or the bounds that a declaration reads into it.
    low, high : float
        Ends of the interval of all values that agree.
    weight : float
        In the energy of the timeline.
    """

    id: str
    text: str
    low: float
    high: float
    weight: float = 1.0

    @property
    def value(self) -> float:
        """Middle of the interval."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        """Half of the interval: half a unit of the last printed digit."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientClass:
    """Patients that figures treat alike.

    Attributes
    ----------
    name, stratum : str
        A stratum is a group for which the counts of covariates are printed.
    size : int
        Patients.
    events : tuple of int
        Smallest and largest number of events.
    """

    name: str
    stratum: str
    size: int
    events: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A time of a printed rate, and bounds of the number of patients whose time is up to it."""

    months: float
    positions: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A Kaplan-Meier rate in percent, of some classes, at one mark (`END`: after the last)."""

    classes: tuple[str, ...]
    mark: int
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """A log-rank statistic; each group is a tuple of classes."""

    groups: tuple[tuple[str, ...], ...]
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """A binary covariate; level 1 is the one in the numerator of its printed ratio.

    Attributes
    ----------
    variable : str
        Name in the registry.
    levels : tuple of str
        Level 1 and level 0.
    classes : tuple of str
        Classes with level 1, if the class determines it; then nothing is counted.
    counts : dict of str to int
        Patients with level 1 by stratum; under the empty name if counted over all.
    outside : int
        Patients with level 1 among those who are not at risk at all; -1 if not known.
    events : tuple of int
        Smallest and largest number of events with level 1; empty if the interval is to say.
    univariable, multivariable : tuple of Target
        Ratio and limits; empty if not printed.
    """

    variable: str
    levels: tuple[str, str]
    classes: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    outside: int = -1
    events: tuple[int, ...] = ()
    univariable: tuple[Target, ...] = ()
    multivariable: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTable:
    """A kept joint table of some covariates over all patients, those not at risk included.

    Attributes
    ----------
    variables : tuple of str
        Covariates.
    rows : ndarray of int64, shape (patients, len(variables))
        One row per patient, 1 for level 1.
    """

    variables: tuple[str, ...]
    rows: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStudy:
    """All that a search knows of a study.

    Attributes
    ----------
    study : str
        Key.
    events : int
        Patients with the event.
    classes : tuple of PatientClass
        Of the patients at risk.
    outside : dict of str to int
        Patients who are not at risk at all, by class.
    marks, rates, logranks, covariates : tuple
        See there.
    joint : JointTable or None
        Kept as it is.
    forbidden : tuple of (str, str, str, str)
        Variable, level, variable, level that no patient may have together.
    """

    study: str
    events: int
    classes: tuple[PatientClass, ...]
    covariates: tuple[Covariate, ...]
    outside: dict[str, int] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    rates: tuple[Rate, ...] = ()
    logranks: tuple[LogRank, ...] = ()
    joint: JointTable | None = None
    forbidden: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def size(self) -> int:
        """Patients at risk."""
        return sum(entry.size for entry in self.classes)

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the strata, in the order of the classes."""
        return tuple(dict.fromkeys(entry.stratum for entry in self.classes))

    @property
    def names(self) -> list[str]:
        """Names of the classes."""
        return [entry.name for entry in self.classes]

    def check(self) -> None:
        """Refuse what no cohort can have.

        Raises
        ------
        DeclarationError
            One line per fault.
        """
        faults = [*_class_faults(self), *_covariate_faults(self)]
        if faults:
            raise DeclarationError("\n".join(f"{self.study}: {fault}" for fault in faults))


def _class_faults(study: DeclaredStudy) -> list[str]:
    faults = []
    for entry in study.classes:
        low, high = entry.events
        if not 0 <= low <= high <= entry.size:
            faults.append(
                f"class {entry.name!r}: events {low} to {high} do not fit {entry.size} patients"
            )
    least = sum(entry.events[0] for entry in study.classes)
    most = sum(entry.events[1] for entry in study.classes)
    if not least <= study.events <= most:
        faults.append(f"events: {study.events}, but the classes allow {least} to {most}")
    return faults


def _covariate_faults(study: DeclaredStudy) -> list[str]:
    faults = []
    sizes = dict.fromkeys(study.strata, 0)
    for entry in study.classes:
        sizes[entry.stratum] += entry.size
    sizes[""] = study.size
    for covariate in study.covariates:
        for stratum, count in covariate.counts.items():
            if not 0 <= count <= sizes.get(stratum, -1):
                faults.append(
                    f"covariate {covariate.variable!r}: {count} patients with "
                    f"{covariate.levels[0]!r} do not fit stratum {stratum!r}"
                )
        if not covariate.counts and not covariate.classes:
            faults.append(f"covariate {covariate.variable!r}: give counts or classes")
    if not study.covariates:
        faults.append("no covariate is declared")
    return faults


def ratio_centre(targets: tuple[Target, ...]) -> tuple[float, float, float]:
    """Return the log ratio and standard error deepest inside a printed ratio and its limits.

    Parameters
    ----------
    targets : tuple of Target
        Ratio, lower and upper limit of 95 %.

    Returns
    -------
    estimate, error, slack : float
        On the log scale; slack is 1 at the centre of all three intervals and negative where no
        pair rounds to all three.
    """
    lows = np.log([target.low for target in targets])
    highs = np.log([target.high for target in targets])
    sides = np.array([[1, 0], [1, -NORMAL_QUANTILE], [1, NORMAL_QUANTILE]])
    widths = (highs - lows)[:, None] / 2
    found = linprog(
        [0, 0, -1],
        A_ub=np.block([[sides, widths], [-sides, widths]]),
        b_ub=np.concatenate([highs, -lows]),
        bounds=[(None, None), (0, None), (None, None)],
    )
    return tuple(float(value) for value in found.x)


def event_range(error: float, events: int) -> tuple[int, int]:
    """Return the events with level 1 that a standard error allows.

    Every event's information is at most that of its level's share, so the squared error is at
    least 1/d + 1/(events - d) for d events with level 1.

    Parameters
    ----------
    error : float
        Standard error of the log hazard ratio.
    events : int
        All events.

    Returns
    -------
    low, high : int
        Both attained; 0 and `events` if no split is possible at all.
    """
    splits = np.arange(1, events)
    allowed = splits[np.sqrt(1 / splits + 1 / (events - splits)) <= error + SPLIT_TOLERANCE]
    return (int(allowed[0]), int(allowed[-1])) if len(allowed) else (0, events)
