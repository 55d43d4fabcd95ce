"""Read and validate a registry file; every fault is one line with file, row and column."""

import csv
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from rairlib.errors import RairlibError
from rairlib.printed import PrintedNumberError, parse_printed
from rairlib.vocabulary import COLUMNS, METHODS, REQUIRED_COLUMNS, ROLES, STATISTICS

LIMITS = ("ci_low", "ci_high")


class RegistryError(RairlibError):
    """A registry file has faults: one line each."""


def _is_printed_number(text: str) -> bool:
    try:
        parse_printed(text)
    except PrintedNumberError:
        return False
    return True


def _is_step(text: str) -> bool:
    return not text or (_is_printed_number(text) and parse_printed(text).value > 0)


def _column(message: str, holds) -> pa.Column:
    check = pa.Check(holds, element_wise=True, error=message)
    return pa.Column(str, checks=check, required=False)


SCHEMA = pa.DataFrameSchema(
    {
        "id": _column("is empty: give the number an identifier", bool),
        "locus": _column("is empty: name the place in the paper", bool),
        "statistic": _column(
            f"is not a statistic: use one of {', '.join(STATISTICS)}", STATISTICS.__contains__
        ),
        "printed": _column(
            "is not one printed number: give a range or an interval two rows", _is_printed_number
        ),
        "method": _column(
            f"is not a method: leave it empty or use one of {', '.join(METHODS[1:])}",
            METHODS.__contains__,
        ),
        "step": _column("is not a positive number: give the smallest step, or nothing", _is_step),
        "role": _column(f"is not a role: use one of {', '.join(ROLES)}", ROLES.__contains__),
    }
)


def read_table(path: Path) -> pd.DataFrame:
    """Read a registry file as texts and check it.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8.

    Returns
    -------
    DataFrame
        The registry's columns as texts, missing optional columns empty (`role` becomes
        ``anchor``), one row per number.

    Raises
    ------
    RegistryError
        One line per fault, with file, row and column. Rows are counted as a text editor counts
        lines where no field spans two; the header is row 1.
    """
    table = _read_texts(path)
    _require_columns(path, table)
    for column in COLUMNS:
        if column not in table:
            table[column] = "anchor" if column == "role" else ""
    table = table[list(COLUMNS)]
    faults = _schema_faults(table) + _link_faults(table)
    if faults:
        identifiers = [identifier or "no id" for identifier in table["id"]]
        raise RegistryError(
            "\n".join(
                f"{path.name}: row {row + 2} ({identifiers[row]}), column {column}: {text}"
                for row, column, text in sorted(set(faults))
            )
        )
    return table


def _read_texts(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise RegistryError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, strict=True))
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path.name}: is not UTF-8 text; save it as CSV UTF-8") from error
    except csv.Error as error:
        raise RegistryError(f"{path.name}: is not a CSV file ({error})") from error
    if not lines or len(lines) == 1:
        raise RegistryError(f"{path.name}: has no rows; start from the template")
    header, *records = lines
    ragged = [
        f"{path.name}: row {number}: has {len(record)} fields, the header has {len(header)}; "
        "put texts that contain a comma in double quotes"
        for number, record in enumerate(records, start=2)
        if len(record) != len(header)
    ]
    if ragged:
        raise RegistryError("\n".join(ragged))
    return pd.DataFrame(
        [[field.strip() for field in record] for record in records],
        columns=[name.strip() for name in header],
        dtype=object,
    ).astype(str)


def _require_columns(path: Path, table: pd.DataFrame) -> None:
    names = list(table.columns)
    faults = [
        f"{path.name}: row 1: column {name} is missing"
        for name in REQUIRED_COLUMNS
        if name not in names
    ]
    faults += [
        f"{path.name}: row 1: column {name!r} is unknown; known are {', '.join(COLUMNS)}"
        for name in names
        if name not in COLUMNS
    ]
    faults += [
        f"{path.name}: row 1: column {name} stands twice"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if faults:
        raise RegistryError("\n".join(faults))


def _schema_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    try:
        SCHEMA.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return [
            (int(case["index"]), case["column"], f"{case['failure_case']!r} {case['check']}")
            for case in cases.to_dict("records")
        ]
    return []


def _link_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Find faults that concern more than one field."""
    known = set(table["id"])
    faults = []
    for index, row in enumerate(table.to_dict("records")):
        faults += [(index, column, text) for column, text in _row_faults(row, known)]
    for index in table.index[table["id"].duplicated()]:
        faults.append((int(index), "id", f"{table['id'][index]!r} stands twice"))
    return faults


def _row_faults(row: dict[str, str], known: set[str]) -> list[tuple[str, str]]:
    faults = [
        (link, f"{row[link]!r} is the id of no row")
        for link in ("of", "repeats")
        if row[link] and row[link] not in known
    ]
    faults += [
        (link, "points to the row itself")
        for link in ("of", "repeats")
        if row[link] and row[link] == row["id"]
    ]
    if row["partition"] and not row["of"]:
        faults.append(("of", "is empty: a part of a partition names its whole"))
    if row["statistic"] in LIMITS and not row["of"]:
        faults.append(("of", "is empty: a limit names its estimate"))
    if row["statistic"] == "n" and not row["group"]:
        faults.append(("group", "is empty: a group size names its group"))
    if row["role"] == "unavailable" and not row["note"]:
        faults.append(("note", "is empty: say why the number is unavailable"))
    return faults
