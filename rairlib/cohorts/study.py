"""A declared study: what a search is told about the patients, and what they must round to."""

from dataclasses import dataclass, field

import numpy as np
from pydantic import NonNegativeInt

from rairlib.registry.toml_file import Ascending, DeclarationError, Table

END = -1  # mark of a rate at the end of follow-up


class PatientClass(Table):
    """Patients that figures treat alike, with the smallest and largest number of their events.

    A stratum is a group for which the counts of covariates are printed.
    """

    name: str
    stratum: str
    size: NonNegativeInt
    events: Ascending[int]


class Mark(Table):
    """A time of a printed rate, and bounds of the number of patients whose time is up to it."""

    months: float
    positions: Ascending[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number to round to: the interval of values that agree, its weight in the order's energy.

    The id is that of the reported number; empty for a bound that is not printed.
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

    If the class determines it, ``classes`` are those with level 1. Else ``counts`` are the patients
    with level 1 by stratum (under the empty name those at risk), ``outside`` how many of them are
    not at risk (-1 if not known), ``events`` bounds of those with the event (empty if open).
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

    One row per patient, shape (patients, variables), 1 for level 1.
    """

    variables: tuple[str, ...]
    rows: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStudy:
    """All that a search knows of a study; a `DeclarationError` tells what no cohort can have.

    ``classes`` are those of the patients at risk, ``outside`` counts the others by class.
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

    def __post_init__(self) -> None:
        """Tell one fault a line."""
        faults = [*self._class_faults(), *self._covariate_faults()]
        if faults:
            raise DeclarationError("\n".join(f"{self.study}: {fault}" for fault in faults))

    @property
    def size(self) -> int:
        """Patients at risk."""
        return sum(entry.size for entry in self.classes)

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the strata, in the order of the classes."""
        return tuple(dict.fromkeys(entry.stratum for entry in self.classes))

    @property
    def strata_outside(self) -> np.ndarray:
        """Stratum of each patient who is not at risk."""
        strata = {entry.name: entry.stratum for entry in self.classes}
        return np.array([strata[name] for name, n in self.outside.items() for _ in range(n)], str)

    @property
    def names(self) -> list[str]:
        """Names of the classes."""
        return [entry.name for entry in self.classes]

    @property
    def class_rows(self) -> list[Covariate]:
        """Covariates with a printed univariable row that follow from the class."""
        return [entry for entry in self.covariates if entry.classes and entry.univariable]

    @property
    def order_targets(self) -> list[Target]:
        """Targets of the order in time: rates, log-rank statistics, rows of `class_rows`."""
        targets = [entry.target for entry in (*self.rates, *self.logranks)]
        return targets + [target for entry in self.class_rows for target in entry.univariable]

    @property
    def model(self) -> list[int]:
        """Positions of the covariates of the multivariable model."""
        return [k for k, entry in enumerate(self.covariates) if entry.multivariable]

    @property
    def joint_columns(self) -> list[int]:
        """Positions of the covariates of the joint table, in its order."""
        variables = [entry.variable for entry in self.covariates]
        return [variables.index(name) for name in self.joint.variables] if self.joint else []

    def _class_faults(self):
        for entry in self.classes:
            low, high = entry.events
            if not 0 <= low <= high <= entry.size:
                text = f"events {low} to {high} do not fit {entry.size} patients"
                yield f"class {entry.name!r}: {text}"
        least, most = (sum(entry.events[end] for entry in self.classes) for end in (0, 1))
        if not least <= self.events <= most:
            yield f"events: {self.events}, but the classes allow {least} to {most}"

    def _covariate_faults(self):
        sizes = dict.fromkeys(self.strata, 0) | {"": self.size}
        for entry in self.classes:
            sizes[entry.stratum] += entry.size + self.outside.get(entry.name, 0)
        for covariate in self.covariates:
            name, level = covariate.variable, covariate.levels[0]
            for stratum, count in covariate.counts.items():
                if not 0 <= count <= sizes.get(stratum, -1):
                    yield (
                        f"covariate {name!r}: {count} patients with {level!r} do not fit "
                        f"stratum {stratum!r}"
                    )
            if not covariate.counts and not covariate.classes:
                yield f"covariate {name!r}: give counts or classes"
            by_stratum = "" not in covariate.counts and not covariate.events
            if self.joint and name in self.joint.variables and not by_stratum:
                yield f"covariate {name!r}: a joint table takes counts by stratum, no events"
