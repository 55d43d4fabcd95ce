"""Read a declared study: its file says how the printed numbers hang together, the registry them.

Each fault is told in one line that names the file, the key and the fix.
"""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from rairlib.errors import unknown
from rairlib.kept_files import data_folder, kept_file
from rairlib.reported import Registry, load_registry
from rairlib.search.declaration import (
    END,
    Covariate,
    DeclarationError,
    DeclaredStudy,
    JointTable,
    LogRank,
    Mark,
    PatientClass,
    Rate,
    Target,
)
from rairlib.search.schedule import Schedule, schedule_from
from rairlib.simulation.declared_rows import covariate_of, target_of
from rairlib.simulation.toml_entries import Entry
from rairlib.studies import study_file, study_folder

FILE = "simulation.toml"
KEYS = (
    "cohort",
    "classes",
    "marks",
    "rates",
    "logranks",
    "covariates",
    "joint",
    "forbidden",
    "schedule",
)


def load_declared(study: str) -> tuple[DeclaredStudy, Schedule]:
    """Read the declaration of a study of the project.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    study : DeclaredStudy
        Checked.
    schedule : Schedule
        Defaults where the file says nothing.

    Raises
    ------
    RairlibError
        If there is no declaration, or for each fault in it.
    """
    if not (study_folder(study) / FILE).is_file():
        raise DeclarationError(f"{study}: no {FILE}: write one to have this study searched")
    return read_declared(study_file(study, FILE), load_registry(study))


def read_declared(path: Path, registry: Registry) -> tuple[DeclaredStudy, Schedule]:
    """Read a declaration from any file.

    Parameters
    ----------
    path : Path
        TOML.
    registry : Registry
        Where printed numbers are looked up.

    Returns
    -------
    study : DeclaredStudy
        Checked.
    schedule : Schedule
        Defaults where the file says nothing.

    Raises
    ------
    RairlibError
        For the first fault in the file, or for each fault in what it declares.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path}: not TOML: {error}") from error
    for key in values:
        if key not in KEYS:
            raise DeclarationError(f"{path}: {unknown(key, 'table', KEYS)}")
    whole = Entry(source=str(path), place="", data=values)
    study = _study(whole, registry)
    try:
        study.check()
    except DeclarationError as error:
        raise DeclarationError(f"{path}: {error}".replace("\n", f"\n{path}: ")) from error
    return study, schedule_from(values.get("schedule", {}), str(path))


def _study(whole: Entry, registry: Registry) -> DeclaredStudy:
    cohort = whole.table("cohort", ("at_risk", "events", "outside"))
    classes = tuple(map(_class, whole.tables("classes", ("name", "stratum", "size", "events"))))
    names = [entry.name for entry in classes]
    marks = tuple(map(_mark, whole.tables("marks", ("months", "positions"))))
    outside = _outside(cohort, names)
    at_risk = _size(cohort, "at_risk", registry)
    if at_risk != sum(entry.size for entry in classes):
        raise cohort.fault(
            "at_risk",
            f"{at_risk} patients are printed, the classes have "
            f"{sum(entry.size for entry in classes)}: correct the sizes",
        )
    study = DeclaredStudy(
        study=registry.study,
        events=_size(cohort, "events", registry),
        classes=classes,
        covariates=(),
        outside=outside,
        marks=marks,
        rates=tuple(
            _rate(entry, registry, names, marks)
            for entry in whole.tables("rates", ("id", "between", "weight", "classes"))
        ),
        logranks=tuple(
            LogRank(
                groups=tuple(tuple(group) for group in entry.groups_of("groups", names)),
                target=target_of(entry, registry),
            )
            for entry in whole.tables("logranks", ("id", "weight", "groups"))
        ),
    )
    covariates = tuple(
        covariate_of(entry, study, registry, cohort.text("at_risk"))
        for entry in whole.tables("covariates", ("variable", "classes", "events"))
    )
    study = replace(study, covariates=covariates)
    return replace(study, joint=_joint(whole, study), forbidden=_forbidden(whole, study))


def _class(entry: Entry) -> PatientClass:
    return PatientClass(
        name=entry.text("name"),
        stratum=entry.text("stratum"),
        size=entry.whole("size"),
        events=entry.pair("events"),
    )


def _mark(entry: Entry) -> Mark:
    return Mark(months=entry.number("months"), positions=entry.pair("positions"))


def _size(cohort: Entry, key: str, registry: Registry) -> int:
    row = registry.size(cohort.text(key))
    if row is None:
        groups = sorted({row.group for row in registry.where("n")})
        raise cohort.fault(key, unknown(cohort.text(key), "group with a printed size", groups))
    return int(row.number.value)


def _outside(cohort: Entry, names: list[str]) -> dict[str, int]:
    values = cohort.data.get("outside", {})
    if not isinstance(values, dict):
        raise cohort.fault("outside", "give a table of class = patients")
    inner = Entry(source=cohort.source, place="cohort.outside", data=values)
    return {inner.known(name, names): inner.whole(name) for name in values}


def _rate(entry: Entry, registry: Registry, names: list[str], marks: tuple[Mark, ...]) -> Rate:
    classes = tuple(entry.names_of("classes", names))
    number = entry.reported("id", registry)
    if "between" in entry.data:
        low, high = entry.numbers("between", 2)
        weight = entry.number("weight", 1.0)
        target = Target(id=number, text=f"{low:g} to {high:g}", low=low, high=high, weight=weight)
        return Rate(classes=classes, mark=END, target=target)
    months = registry[number].level.split(" ")[0]
    for place, mark in enumerate(marks):
        if f"{mark.months:g}" == months:
            return Rate(classes=classes, mark=place, target=target_of(entry, registry))
    raise entry.fault("id", f"no mark at {months} months: add one under marks")


def _joint(whole: Entry, study: DeclaredStudy) -> JointTable | None:
    if "joint" not in whole.data:
        return None
    entry = whole.table("joint", ("file", "table"))
    path = data_folder() / entry.text("file")
    if not path.is_file():
        raise entry.fault("file", f"no file {entry.text('file')!r} in the data folder")
    kept = pd.read_csv(kept_file(entry.text("file")), keep_default_na=False, encoding="utf-8")
    kept = kept[kept["table"] == entry.whole("table")]
    if kept.empty:
        raise entry.fault("table", f"the file has no table {entry.whole('table')}")
    variables = tuple(name for name in kept.columns if name not in ("table", "n"))
    levels = np.column_stack(
        [kept[name] == _covariate(entry, name, study).levels[0] for name in variables]
    )
    rows = np.repeat(levels.astype(np.int64), kept["n"], axis=0)
    return JointTable(variables=variables, rows=rows)


def _covariate(entry: Entry, name: str, study: DeclaredStudy) -> Covariate:
    for covariate in study.covariates:
        if covariate.variable == name:
            return covariate
    known = [covariate.variable for covariate in study.covariates]
    raise entry.fault("file", f"its column {unknown(name, 'declared covariate', known)}")


def _forbidden(whole: Entry, study: DeclaredStudy) -> tuple[tuple[str, str, str, str], ...]:
    rules = []
    for entry in whole.tables("forbidden", ("pair",)):
        words = entry.words("pair")
        if len(words) != 4:
            raise entry.fault("pair", "give variable, level, variable, level")
        for name, level in (words[:2], words[2:]):
            levels = _covariate(entry, name, study).levels
            if level not in levels:
                raise entry.fault("pair", unknown(level, f"level of {name}", levels))
        rules.append(tuple(words))
    return tuple(rules)
