"""A hospital's own cohort: a file and a mapping become the columns, levels and units of a study."""

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from pkgutil import resolve_name
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from rairlib.cohorts.schema import CohortSchema, Column, Fault, told, value_class
from rairlib.cohorts.table_file import FileForm, read_table_file
from rairlib.errors import RairlibError, nearest, unknown
from rairlib.output import as_file
from rairlib.registry.studies import load_variables, study_folder
from rairlib.registry.toml_file import Several, Table, fault, read_toml

# What one unit is of the first in its line; 1 month is 365.25/12 days, 1 mCi is 37 MBq.
DAY = Fraction(48, 1461)
UNITS = (
    {"cm": 1, "mm": Fraction(1, 10)},
    {"months": 1, "days": DAY, "weeks": 7 * DAY, "years": 12},
    {"mCi": 1, "MBq": Fraction(1, 37), "GBq": Fraction(1000, 37)},
    {"%": 1, "fraction": 100},
    {"IU/mL": 1, "kIU/L": 1, "IU/L": Fraction(1, 1000)},
    {
        **{"ng/mL": 1, "µg/L": 1, "ug/L": 1, "mg/L": 1000},
        **{"ng/dL": Fraction(1, 100), "pg/mL": Fraction(1, 1000), "ng/L": Fraction(1, 1000)},
    },
)
BELOW = {"limit": 1.0, "half": 0.5, "zero": 0.0}
CENSORED = re.compile(r"([<>≤≥])=?\s*(.+)$")
COMMA = re.compile(r"[<>≤≥=\s+-]*\d+,\d+$")
THOUSANDS = re.compile(r"[<>≤≥=\s+-]*[1-9]\d{0,2},\d{3}$")
POINT = re.compile(r"[<>≤≥=\s+-]*\d*\.\d+$")
# Two patients who agree in so many measured values are one, entered twice.
SAME_PATIENT = 3


class Source(Table):
    """Where a column of the study comes from.

    Attributes
    ----------
    source, unit : str
        The file's column, and its unit; the study's unit if left out.
    levels : dict of str to str
        The file's level → the study's; the study's own if left out.
    missing : tuple of str
        Codes of a missing value.
    below, above : str
        What a value such as ``<0.04`` or ``>500`` stands for.
    note : str
        Where the definition differs from the study's.
    """

    source: str
    unit: str = ""
    levels: dict[str, str] = Field(default_factory=dict)
    missing: Several[str] = ()
    below: Literal["", "limit", "half", "zero"] = ""
    above: Literal["", "limit"] = ""
    note: str = ""


class Mapping(Table):
    """How a file's columns become those of a study."""

    study: str
    columns: dict[str, Source]
    file: FileForm = FileForm()
    missing: Several[str] = ()
    quasi_identifiers: dict[str, Several[float]] = Field(default_factory=dict)
    sensitive: Several[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCohort:
    """Real patients in the words of a study.

    Attributes
    ----------
    study : str
        Key of the study.
    frame : DataFrame
        The study's columns, levels and units, one row per patient. A missing value is NaN, a level
        that does not apply an empty text, and ``patient`` a running number.
    absent : tuple of str
        Columns of the study that the mapping does not give.
    raw : DataFrame
        The file as read, all columns, rows in the same order.
    quasi_identifiers : dict of str to tuple of float, or None
        Columns of ``raw`` that others may know, with the edges of bands, as the mapping says.
    sensitive, ids : tuple of str
        Columns of ``raw`` that must vary among patients who are alike, and the pseudonym.
    notes : tuple of str
        Where a definition differs from the study's.
    """

    study: str
    frame: pd.DataFrame
    absent: tuple[str, ...]
    raw: pd.DataFrame
    quasi_identifiers: dict[str, tuple[float, ...] | None]
    sensitive: tuple[str, ...]
    ids: tuple[str, ...]
    notes: tuple[str, ...]


def study_schema(study: str) -> CohortSchema:
    """Return the schema of a study, with the labels and units of its variables.

    Parameters
    ----------
    study : str
        Key of one of the book's studies.

    Returns
    -------
    CohortSchema
        As its analysis declares it.

    Raises
    ------
    RairlibError
        If the study is unknown or declares none.
    """
    key = study_folder(study).name
    try:
        # A study is found by its key: this room imports none of them.
        schema: CohortSchema = resolve_name(f"rairlib.studies.{key}.analysis:SCHEMA")
    except (ImportError, AttributeError, ValueError):
        raise RairlibError(f"{key}: its analysis declares no schema of a cohort") from None
    known = load_variables(key)
    columns = (
        dataclasses.replace(
            column,
            label=column.label or known[column.name].label,
            unit=column.unit or (known[column.name].unit if column.name in known else ""),
        )
        for column in schema.columns
    )
    return dataclasses.replace(schema, columns=tuple(columns))


# --- The template ------------------------------------------------------------------------------


def template(study: str) -> str:
    """Return a mapping in TOML that takes the study's own names, levels and units."""
    schema = study_schema(study)
    lines = [
        f"# How the columns of your file become those of {study}. Write your own words after",
        "# source, and on the left of each level; delete the tables of columns you do not have.",
        f'study = "{study}"',
        "# Codes of a missing value in any column; an empty cell is missing anyway.",
        'missing = ["NA"]',
        "# Columns of your file that must vary among patients who are alike, for the gate.",
        "sensitive = []",
        "",
        "# How the file is written, where that cannot be told by looking:",
        '# delimiter = ";", decimal = ",", encoding = "latin-1", sheet = "Patients".',
        "[file]",
        "",
        "# Columns of your file by which others may know a patient, for the gate; a list of",
        "# numbers gives the edges of bands, an empty list takes the values as they are.",
        "[quasi_identifiers]",
        "# AGE = [0, 40, 55, 70, 120]",
    ]
    for column in schema.columns:
        lines += ["", f"# {column.label}: {_asked(column)}.", f"[columns.{column.name}]"]
        lines.append(f'source = "{column.name}"')
        if column.levels:
            pairs = ", ".join(
                f"{json.dumps(a, ensure_ascii=False)} = {json.dumps(a, ensure_ascii=False)}"
                for a in column.levels
            )
            lines.append(f"levels = {{ {pairs} }}")
        if units := _convertible(column):
            lines.append(f'unit = "{column.unit}" # or {", ".join(units)}')
        if column.kind == "continuous":
            lines.append('# below = "half" # what <0.04 stands for: half of the limit, limit, zero')
            lines.append('# above = "limit" # what >500 stands for')
        lines.append('# note = "" # where your definition differs')
    return "\n".join(lines) + "\n"


def _asked(column: Column) -> str:
    condition = f", only if {column.only_if[0]} is {column.only_if[1]}" if column.only_if else ""
    return column.allowed + condition + (", optional" if column.optional else "")


def _convertible(column: Column) -> list[str]:
    """Return the other units from which a column's unit can be had."""
    known = next((units for units in UNITS if column.unit in units), {})
    return [unit for unit in known if unit != column.unit]


def dictionary(study: str) -> str:
    """Return the data dictionary of a study's cohorts as CSV, one row per column."""
    schema = study_schema(study)
    rules = (*schema.rules, *schema.anatomy)
    rows = [
        {
            "column": column.name,
            "label": column.label,
            "kind": column.kind,
            "unit": column.unit,
            "may hold": _asked(column),
            "refused": " | ".join(rule.fault for rule in rules if column.name in rule.columns),
        }
        for column in schema.columns
    ]
    return as_file(pd.DataFrame(rows))


# --- Reading -----------------------------------------------------------------------------------


def read_cohort(study: str, file: str | Path, mapping: str | Path | None = None) -> OwnCohort:
    """Read a cohort of one's own, mapped to the variables of a study.

    Parameters
    ----------
    study : str
        Key of one of the book's studies.
    file : str or Path
        CSV, Parquet, Excel, Stata or SPSS, one row per patient.
    mapping : str or Path, optional
        TOML, see :func:`template`. Left out: the file has the study's own names, levels and units.

    Returns
    -------
    OwnCohort
        Checked.

    Raises
    ------
    RairlibError
        One line per fault, with row, column, the class of the value (never the value), and the
        mend. Faults of the mapping come first: the cells are read once it has none.
    """
    schema, file = study_schema(study), Path(file)
    declared = read_toml(Path(mapping), Mapping) if mapping else _as_named(schema, file)
    mapping = Path(mapping or file)
    _refuse(
        [str(fault(mapping, place, text)) for place, text in _declared_faults(schema, declared)]
    )
    raw, rows = read_table_file(file, declared.file)
    _refuse([str(fault(mapping, place, text)) for place, text in _named_faults(raw, declared)])
    decimal = _decimal(file, mapping, raw, schema, declared)
    faults, values = [], {}
    for column in schema.columns:
        if column.name in declared.columns:
            values[column.name], found = _column_values(raw, column, declared, decimal)
            faults += found
    frame = pd.DataFrame(values, index=raw.index)
    faults += _whole_faults(schema, frame, declared, raw, faults)
    names = {
        name: name if name == source.source else f"{source.source} ({name})"
        for name, source in declared.columns.items()
    }
    order = {name: place for place, name in enumerate(schema.names)}
    faults.sort(key=lambda found: (order.get((*found.columns, "")[0], -1), found.rows))
    _refuse([f"{file.name}: {told(found, rows, names)}" for found in faults])
    typed = schema.typed(frame).assign(patient=range(1, len(frame) + 1))
    own = declared.columns.get("patient")
    return OwnCohort(
        study=schema.study,
        frame=typed[[name for name in schema.names if name in typed]],
        absent=tuple(name for name in schema.names if name not in typed),
        raw=raw,
        quasi_identifiers={k: v or None for k, v in declared.quasi_identifiers.items()},
        sensitive=declared.sensitive,
        ids=(own.source,) if own else (),
        notes=tuple(f"{name}: {s.note}" for name, s in declared.columns.items() if s.note),
    )


def _as_named(schema: CohortSchema, file: Path) -> Mapping:
    """Return the mapping of a file that has the study's own names."""
    raw, _ = read_table_file(file, FileForm())
    named = {name: Source(source=name) for name in schema.names if name in raw}
    if not named:
        raise RairlibError(f"{file.name}: no column of {schema.study}: write a mapping")
    return Mapping(study=schema.study, columns=named)


def _refuse(lines: list[str]) -> None:
    if lines:
        raise RairlibError("\n".join(lines))


def _declared_faults(schema: CohortSchema, declared: Mapping) -> list[tuple[str, str]]:
    """Find faults of a mapping that need no file: place and text."""
    if declared.study != schema.study:
        return [("study", f"is not {schema.study}, for which the cohort is read")]
    if not declared.columns:
        return [("columns", "is empty: give at least one column")]
    faults = []
    sources: dict[str, str] = {}
    for name, source in declared.columns.items():
        place = f"columns.{name}"
        if name not in schema.names:
            faults.append((place, unknown(name, f"column of {schema.study}", schema.names)))
            continue
        if source.source in sources:
            other = sources[source.source]
            faults.append((f"{place}.source", f"is that of {other} too: one column, one source"))
        sources.setdefault(source.source, name)
        faults += [(f"{place}.{key}", text) for key, text in _source_faults(schema[name], source)]
    return faults


def _source_faults(column: Column, source: Source) -> list[tuple[str, str]]:
    faults = [
        ("levels", unknown(level, f"level of {column.name}", column.levels))
        for level in dict.fromkeys(source.levels.values())
        if column.levels and level not in column.levels
    ]
    if source.levels and not column.levels:
        faults.append(("levels", f"{column.name} has no levels, it is {column.allowed}"))
    if source.unit not in ("", column.unit) and source.unit not in _convertible(column):
        units = [unit for unit in (column.unit, *_convertible(column)) if unit]
        text = (
            unknown(source.unit, f"possible unit of {column.name}", units)
            if units
            else "has no unit"
        )
        faults.append(("unit", text))
    if (source.below or source.above) and column.kind != "continuous":
        faults.append(("below" if source.below else "above", "is for measured values alone"))
    return faults


def _named_faults(raw: pd.DataFrame, declared: Mapping) -> list[tuple[str, str]]:
    """Find columns that a mapping names and a file lacks; a file's names are told if near alone."""
    named = [(f"columns.{name}.source", s.source) for name, s in declared.columns.items()]
    named += [("quasi_identifiers", name) for name in declared.quasi_identifiers]
    named += [("sensitive", name) for name in declared.sensitive]
    faults = []
    for place, name in named:
        if name not in raw:
            near = nearest(name, raw.columns)
            hint = f"did you mean {near!r}?" if near else "look the name up in the file's header"
            faults.append((place, f"{name!r} is no column of the file: {hint}"))
    return faults


def _decimal(
    file: Path, mapping: Path, raw: pd.DataFrame, schema: CohortSchema, declared: Mapping
) -> str:
    """Tell decimal commas from points by all numbers of a file; refuse to guess."""
    if declared.file.decimal:
        return declared.file.decimal
    commas, points, thousands = 0, 0, True
    for name, source in declared.columns.items():
        if schema[name].is_number:
            texts = raw[source.source][_is(raw[source.source], str)]
            with_comma = texts[texts.str.match(COMMA)]
            commas += len(with_comma)
            points += int(texts.str.match(POINT).sum())
            thousands &= bool(with_comma.str.match(THOUSANDS).all())
    if commas and not points and thousands:
        why = "commas may separate thousands or decimals"
    elif commas and points and commas > points:
        why = "numbers have decimal commas and decimal points"
    else:
        return "," if commas and not points else "."
    raise fault(mapping, "file.decimal", f'{file.name}: {why}: state decimal = "," or "."')


def _plain(value) -> str:
    """Return a cell as the text that a mapping writes for it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _column_values(
    raw: pd.DataFrame, column: Column, declared: Mapping, decimal: str
) -> tuple[pd.Series, list[Fault]]:
    """Return a column in the study's levels and unit, NaN where missing or at fault; and faults."""
    source = declared.columns[column.name]
    cells = raw[source.source]
    texts = cells.map(_plain)
    given = cells.notna() & ~texts.isin({"", *declared.missing, *source.missing})
    if column.kind == "id":
        return texts.where(given), []
    if column.levels:
        recode = source.levels or {level: level for level in column.levels}
        values, mend = texts[given].map(recode), _level_mend(recode, column)
    else:
        values, mend = _numbers(cells[given], source, decimal), _number_mend(column)
    lost: dict[tuple[str, str], list[int]] = {}
    for row, value in cells[given][values.isna()].items():
        found = value_class(value)
        lost.setdefault((found, mend(found)), []).append(row)
    faults = [Fault(tuple(rows), (column.name,), *words) for words, rows in lost.items()]
    if not column.levels:
        values = _converted(values, source.unit or column.unit, column.unit)
    return values.reindex(raw.index), faults


def _level_mend(recode: dict[str, str], column: Column) -> Callable[[str], str]:
    def mend(found: str) -> str:
        if found in ("a whole number", "zero", "true or false"):
            return f"say in the mapping's levels which code is which of {', '.join(column.levels)}"
        levels = ", ".join(dict.fromkeys(recode.values()))
        return f"must be one of the {len(recode)} words that the mapping turns into {levels}"

    return mend


def _number_mend(column: Column) -> Callable[[str], str]:
    def mend(found: str) -> str:
        measured = column.kind == "continuous"
        if measured and found.endswith("below a limit"):
            return 'state below = "half", "limit" or "zero" in the mapping'
        if measured and found.endswith("above a limit"):
            return 'state above = "limit" in the mapping'
        code = ", or a code that the mapping declares as missing" if found == "a text" else ""
        return f"must be {column.allowed}{code}"

    return mend


def _is(cells: pd.Series, kind) -> pd.Series:
    return cells.map(lambda value: isinstance(value, kind)).astype(bool)


def _numbers(cells: pd.Series, source: Source, decimal: str) -> pd.Series:
    """Return cells as numbers, NaN where they are none."""
    is_text = _is(cells, str)
    is_number = _is(cells, int | float | np.number) & ~_is(cells, bool)
    values = pd.to_numeric(cells.where(is_number), errors="coerce").astype(float)
    texts = cells[is_text].astype(object)
    limits = texts.str.extract(CENSORED)
    signs, texts = limits[0], limits[1].fillna(texts)
    if decimal == ",":
        texts = texts.mask(texts.str.contains(".", regex=False)).str.replace(",", ".")
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    low, high = signs.isin(["<", "≤"]), signs.isin([">", "≥"])
    numbers = numbers.where(~low, numbers * BELOW.get(source.below, np.nan))
    numbers = numbers.where(~high, numbers * (1 if source.above else np.nan))
    return values.where(~is_text, numbers.reindex(values.index))


def _converted(values: pd.Series, unit: str, wanted: str) -> pd.Series:
    if unit == wanted:
        return values
    factor = _factor(unit, wanted)
    # Twelve digits take away what binary fractions leave of a decimal conversion.
    numbers = values * factor.numerator / factor.denominator
    return numbers.map(lambda value: float(f"{value:.12g}"))


def _factor(unit: str, wanted: str) -> Fraction:
    units = next(units for units in UNITS if unit in units)
    return Fraction(units[unit]) / Fraction(units[wanted])


# --- Faults of the whole -----------------------------------------------------------------------


def _whole_faults(
    schema: CohortSchema, frame: pd.DataFrame, declared: Mapping, raw: pd.DataFrame, cells: list
) -> list[Fault]:
    """Find what the study's schema refuses, wrong units, empty and constant columns, doubles."""
    typed = schema.typed(frame)
    missing = schema.missing(typed)
    units = {
        name: _unit_fault(schema[name], typed[name], declared.columns[name].unit)
        for name in typed
        if schema[name].usual
    }
    units = {name: found for name, found in units.items() if found}
    faults = list(units.values())
    for found in schema.faults(frame, own=True):
        name = found.columns[0]
        empty = not found.rows and typed[list(found.columns)].isna().all().any()
        if empty or (name in units and len(found.columns) == 1):
            continue
        if len(found.columns) == 1 and found.rows and schema[name].usual:
            unit = declared.columns[name].unit or schema[name].unit
            hint = _fitting(schema[name], typed[name].iloc[list(found.rows)], unit)
            mend = f"{found.mend}; in {hint[0]} it would fit" if hint else found.mend
            found = dataclasses.replace(found, mend=mend)
        faults.append(found)
    told_already = {name for found in (*faults, *cells) if not found.rows for name in found.columns}
    for name in typed:
        if name in told_already or schema[name].kind == "id":
            continue
        levels = typed[name][typed[name].notna() & (typed[name] != "")].unique()
        at_fault = any(name in found.columns for found in cells)
        if not len(levels) and missing[name].any() and not at_fault:
            faults.append(_whole(name, "nothing in any row"))
        elif len(levels) == 1 and schema[name].levels and not (schema[name].constant or at_fault):
            faults.append(_whole(name, "the same level in all rows"))
    return faults + _doubles(schema, typed)


def _whole(name: str, found: str) -> Fault:
    return Fault((), (name,), found, "fill it, or delete its table from the mapping")


def _unit_fault(column: Column, values: pd.Series, unit: str) -> Fault | None:
    """Suspect a unit if the median is none that a cohort has, but would be in another unit."""
    if values.isna().all():
        return None
    unit, median = unit or column.unit, values.median()
    low, high = column.usual
    if not np.isfinite(median) or low <= median <= high:
        return None
    fitting = _fitting(column, pd.Series([median]), unit)
    if not fitting:
        return None
    mend = f'state unit = "{fitting[0]}" in the mapping, or mend the column'
    return Fault((), (column.name,), f"values that look like {fitting[0]}, not {unit}", mend)


def _fitting(column: Column, values: pd.Series, unit: str) -> list[str]:
    """Return the other units in which values would be usual ones."""
    low, high = column.usual
    return [
        other
        for other in (column.unit, *_convertible(column))
        if other
        and other != unit
        and unit
        and _factor(other, unit) != 1
        and (values * float(_factor(other, unit))).between(low, high).all()
    ]


def _doubles(schema: CohortSchema, typed: pd.DataFrame) -> list[Fault]:
    """Find patients who agree in all but their identifier."""
    others = [name for name in typed if schema[name].kind != "id"]
    measured = [name for name in others if schema[name].kind in ("continuous", "time")]
    enough = typed[measured].notna().sum(axis=1) >= SAME_PATIENT
    rows = tuple(np.flatnonzero(typed[others].duplicated() & enough).tolist())
    if not rows:
        return []
    return [Fault(rows, (), "the same patient as in a row above", "delete it")]
