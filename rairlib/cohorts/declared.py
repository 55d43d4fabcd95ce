"""Read a declared study: its file says how the printed numbers hang together, the registry them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from rairlib.cohorts.study import (
    END,
    Covariate,
    DeclaredStudy,
    JointTable,
    LogRank,
    Mark,
    PatientClass,
    Rate,
    Target,
)
from rairlib.errors import unknown
from rairlib.registry.kept_files import data_folder, kept_file
from rairlib.registry.registry import Registry, ReportedNumber, load_registry
from rairlib.registry.studies import study_file, study_folder
from rairlib.registry.toml_file import Ascending, DeclarationError, Several, Table, fault, read_toml

FILE = "simulation.toml"
LIMITS = ("ci_low", "ci_high")
ALL = "all"


class CohortTable(Table):
    """Groups of the patients at risk and with the event; who is not at risk, by class."""

    at_risk: str
    events: str
    outside: dict[str, NonNegativeInt] = Field(default_factory=dict)


class CompositionTable(Table):
    """Who else may be not at risk, and the sizes of the classes that differ then."""

    outside: dict[str, NonNegativeInt]
    sizes: dict[str, NonNegativeInt]


class RateTable(Table):
    """A printed rate; with `between`, bounds read into it for the end of follow-up."""

    id: str
    between: Ascending[float] | None = None
    weight: float = 1.0
    classes: Several[str] | str


class LogRankTable(Table):
    """A printed log-rank statistic."""

    id: str
    weight: float = 1.0
    groups: Annotated[Several[Several[str]], Field(min_length=2)]


class CovariateTable(Table):
    """A covariate; its levels, counts and ratios are in the registry."""

    variable: str
    classes: Several[str] = ()
    events: Ascending[int] | None = None


class JointFile(Table):
    """A kept joint table: file in the data folder, number of the table in it."""

    file: str
    table: int


class Declaration(Table):
    """The whole file."""

    cohort: CohortTable
    classes: Several[PatientClass]
    marks: Several[Mark] = ()
    rates: Several[RateTable] = ()
    logranks: Several[LogRankTable] = ()
    covariates: Annotated[Several[CovariateTable], Field(min_length=1)]
    joint: JointFile | None = None
    compositions: dict[str, CompositionTable] = Field(default_factory=dict)


def load_declared(study: str, composition: str = "") -> DeclaredStudy:
    """Read the declaration of a study of the project.

    Parameters
    ----------
    study : str
        Key of the study.
    composition : str
        Name of another composition of its patients that the file declares; empty for the first.

    Returns
    -------
    DeclaredStudy
        With its printed numbers.

    Raises
    ------
    RairlibError
        If there is no declaration, or for the first fault in it.
    """
    if not (study_folder(study) / FILE).is_file():
        raise DeclarationError(f"{study}: no {FILE}: write one to have this study searched")
    return read_declared(study_file(study, FILE), load_registry(study), composition)


def read_declared(path: Path, registry: Registry, composition: str = "") -> DeclaredStudy:
    """Read a declaration from any file; see :func:`load_declared`."""
    return _Reader(path, registry, composition).study()


class _Reader:
    """Looks up in the registry what a declaration names."""

    def __init__(self, path: Path, registry: Registry, composition: str = "") -> None:
        self.path, self.registry = path, registry
        self.file = read_toml(path, Declaration)
        self.names = [entry.name for entry in self.file.classes]
        if composition:
            self.file = self.composed(composition)

    def fault(self, place: str, text: str) -> DeclarationError:
        return fault(self.path, place, text)

    def composed(self, composition: str) -> Declaration:
        """Return the declaration with the patients of another composition."""
        file, several = self.file, self.file.compositions
        if composition not in several:
            text = unknown(composition, "declared composition", several)
            raise self.fault("compositions", text)
        entry, place = several[composition], f"compositions.{composition}.sizes"
        sizes = {self.known(name, place): size for name, size in entry.sizes.items()}
        classes = tuple(
            c.model_copy(update={"size": sizes.get(c.name, c.size)}) for c in file.classes
        )
        cohort = file.cohort.model_copy(update={"outside": entry.outside})
        return file.model_copy(update={"cohort": cohort, "classes": classes})

    def study(self) -> DeclaredStudy:
        file = self.file
        at_risk, size = self.size("at_risk"), sum(entry.size for entry in file.classes)
        if at_risk != size:
            text = f"{at_risk} patients are printed, the classes have {size}: correct the sizes"
            raise self.fault("cohort.at_risk", text)
        for name in file.cohort.outside:
            self.known(name, "cohort.outside")
        events = self.size("events")
        rates, logranks = self.each("rates", self.rate), self.each("logranks", self.logrank)
        covariates = self.each("covariates", self.covariate)
        try:
            return DeclaredStudy(
                study=self.registry.study,
                events=events,
                classes=file.classes,
                covariates=covariates,
                outside=file.cohort.outside,
                marks=file.marks,
                rates=rates,
                logranks=logranks,
                joint=self.joint(covariates) if file.joint else None,
            )
        except DeclarationError as error:
            if str(error).startswith(str(self.path)):
                raise
            raise self.fault("", str(error).replace("\n", f"\n{self.path}: ")) from error

    def each(self, key: str, read: Callable) -> tuple:
        """Read each of several tables, with its place in the file."""
        entries = enumerate(getattr(self.file, key), start=1)
        return tuple(read(entry, f"{key}[{number}]") for number, entry in entries)

    def size(self, key: str) -> int:
        name = getattr(self.file.cohort, key)
        row = self.registry.size(name)
        if row is None:
            groups = sorted({row.group for row in self.registry.where("n")})
            raise self.fault(f"cohort.{key}", unknown(name, "group with a printed size", groups))
        return int(row.number.value)

    def known(self, name: str, place: str) -> str:
        if name not in self.names:
            raise self.fault(place, unknown(name, "declared class", self.names))
        return name

    def target(self, entry, place: str) -> Target:
        ids = [row.id for row in self.registry]
        if entry.id not in ids:
            raise self.fault(f"{place}.id", unknown(entry.id, "reported number", ids))
        return self.interval(self.registry[entry.id], f"{place}.id", entry.weight)

    def interval(self, row: ReportedNumber, place: str, weight: float = 1.0) -> Target:
        printed = row.number
        if printed.operator != "=":
            text = f"{row.id} is printed as {row.printed}: only equalities are searched"
            raise self.fault(place, text)
        return Target(
            id=row.id, text=row.printed, low=printed.low, high=printed.high, weight=weight
        )

    def rate(self, entry: RateTable, place: str) -> Rate:
        classes = self.names if entry.classes == ALL else entry.classes
        if isinstance(classes, str):
            raise self.fault(f"{place}.classes", f"is {classes!r}: give a list, or {ALL!r}")
        classes = tuple(self.known(name, f"{place}.classes") for name in classes)
        target = self.target(entry, place)
        if entry.between:
            low, high = entry.between
            target = replace(target, text=f"{low:g} to {high:g}", low=low, high=high)
            return Rate(classes=classes, mark=END, target=target)
        months = self.registry[entry.id].level.split(" ")[0]
        for number, mark in enumerate(self.file.marks):
            if f"{mark.months:g}" == months:
                return Rate(classes=classes, mark=number, target=target)
        raise self.fault(f"{place}.id", f"no mark at {months} months: add one under marks")

    def logrank(self, entry: LogRankTable, place: str) -> LogRank:
        target, place = self.target(entry, place), f"{place}.groups"
        flat = [self.known(name, place) for group in entry.groups for name in group]
        if len(set(flat)) < len(flat):
            raise self.fault(place, "a class stands in two groups: leave it in one")
        return LogRank(groups=entry.groups, target=target)

    def covariate(self, entry: CovariateTable, place: str) -> Covariate:
        """Read a covariate with its printed counts and rows."""
        variable, place = entry.variable, f"{place}.variable"
        rows = self.registry.where("hazard_ratio", variable=variable, repeats="")
        if not rows:
            known = {row.variable for row in self.registry.where("hazard_ratio")}
            raise self.fault(place, unknown(variable, "variable with a hazard ratio", known))
        levels = rows[0].contrast
        known = {
            "variable": variable,
            "levels": levels,
            "univariable": self.row(rows, "univariable", place),
            "multivariable": self.row(rows, "multivariable", place),
        }
        at_risk = self.file.cohort.at_risk
        total = self.count(variable, levels[0], at_risk)
        if total is None:
            raise self.fault(place, f"no count of {levels[0]!r} is printed for {at_risk!r}")
        if not entry.classes:
            counts, outside = self.counts(variable, levels[0], total, place)
            return Covariate(**known, counts=counts, outside=outside, events=entry.events or ())
        place = place.replace("variable", "classes")
        classes = tuple(self.known(name, place) for name in entry.classes)
        size = sum(c.size for c in self.file.classes if c.name in classes)
        if size != total:
            raise self.fault(place, f"have {size} patients, {total} are printed")
        return Covariate(**known, classes=classes)

    def row(self, rows: list[ReportedNumber], method: str, place: str) -> tuple[Target, ...]:
        """Return ratio and limits of a method, or nothing if it is not printed."""
        ratio = next((row for row in rows if row.method == method), None)
        if ratio is None:
            return ()
        numbers = [ratio]
        for statistic in LIMITS:
            several = self.registry.belonging_to(ratio.id, statistic)
            numbers += [row for row in several if not row.repeats][:1]
        if len(numbers) < 3:
            raise self.fault(place, f"{ratio.id} is printed without its limits")
        return tuple(self.interval(number, place) for number in numbers)

    def count(self, variable: str, level: str, group: str) -> int | None:
        rows = self.registry.where("count", variable=variable, level=level, group=group)
        rows = [row for row in rows if not row.repeats] or rows
        return int(rows[0].number.value) if rows else None

    def counts(
        self, variable: str, level: str, total: int, place: str
    ) -> tuple[dict[str, int], int]:
        """Return the counts by stratum as printed, and how many of them are not at risk.

        Counts by stratum are those of the group of that name; where they are not printed, the
        count of those at risk stands alone.
        """
        classes, left_out = self.file.classes, self.file.cohort.outside
        counts = {c.stratum: self.count(variable, level, c.stratum) for c in classes}
        if None in counts.values():
            return {"": total}, -1 if left_out else 0
        outside = sum(counts.values()) - total
        if not 0 <= outside <= sum(left_out.values()):
            text = f"{outside} patients outside the risk set have {level!r}: correct cohort.outside"
            raise self.fault(place, text)
        return counts, outside

    def joint(self, declared: tuple[Covariate, ...]) -> JointTable:
        entry, covariates = self.file.joint, {c.variable: c for c in declared}
        if not (data_folder() / entry.file).is_file():
            raise self.fault("joint.file", f"no file {entry.file!r} in the data folder")
        kept = pd.read_csv(kept_file(entry.file), keep_default_na=False, encoding="utf-8")
        kept = kept[kept["table"] == entry.table]
        if kept.empty:
            raise self.fault("joint.table", f"the file has no table {entry.table}")
        variables = tuple(name for name in kept.columns if name not in ("table", "n"))
        for name in variables:
            if name not in covariates:
                text = f"its column {unknown(name, 'declared covariate', covariates)}"
                raise self.fault("joint.file", text)
        levels = np.column_stack([kept[name] == covariates[name].levels[0] for name in variables])
        rows = np.repeat(levels.astype(np.int64), kept["n"], axis=0)
        return JointTable(variables=variables, rows=rows)
