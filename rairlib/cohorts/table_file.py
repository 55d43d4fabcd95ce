"""Read a table of patients: CSV, Parquet, Excel, Stata or SPSS; no error tells a cell."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator

from rairlib.cohorts.schema import listed
from rairlib.errors import RairlibError
from rairlib.registry.files import SAVE_AS, decode, split_lines
from rairlib.registry.toml_file import Table

DELIMITERS = (",", ";", "\t", "|")


def _known(encoding: str) -> str:
    try:
        "a".encode(encoding).decode(encoding)
    except (LookupError, UnicodeError):
        raise ValueError("no encoding has this name: utf-8, latin-1 and cp1252 are usual") from None
    return encoding


class FileForm(Table):
    """How a file is written; what is left out is told by looking."""

    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    decimal: Literal["", ".", ","] = ""
    encoding: Annotated[str, AfterValidator(_known)] = "utf-8-sig"
    sheet: str = ""


def read_table_file(path: Path, form: FileForm) -> tuple[pd.DataFrame, pd.Index]:
    """Read a file as it is.

    Parameters
    ----------
    path : Path
        Its ending says what it is: ``csv``, ``tsv``, ``txt``, ``parquet``, ``xlsx``, ``dta``,
        ``sav``.
    form : FileForm
        How it is written.

    Returns
    -------
    DataFrame
        One row per patient, every column, value labels in place of codes; texts without blanks
        around them, None for an empty cell.
    Index
        The number of each row in the file. The header of a CSV or Excel file is row 1; the other
        kinds have none, and their first patient is row 1.

    Raises
    ------
    RairlibError
        If there is no such file, it cannot be read, or its header has faults.
    """
    ending = path.suffix.lower()
    if ending not in READERS:
        endings = ", ".join(sorted(READERS))
        raise RairlibError(f"{path.name or path}: the name must end in one of {endings}")
    if not path.is_file():
        raise RairlibError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    table, rows = READERS[ending](path, form)
    faults = _header_faults([str(name).strip() for name in table.columns])
    if table.empty:
        faults.append("no rows: one row per patient is needed")
    if faults:
        raise RairlibError("\n".join(f"{path.name}: {fault}" for fault in faults))
    table.columns = [str(name).strip() for name in table.columns]
    return table.reset_index(drop=True), rows


def _header_faults(names: list[str]) -> list[str]:
    """Name columns by place: without a header, the first row is a patient's."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names, start=1):
        places.setdefault(name, []).append(place)
    return [
        f"header: column{'s' if len(at) > 1 else ''} {listed(at)}: "
        + ("the same name: rename all but one" if name else "no name: name it, or delete it")
        for name, at in places.items()
        if not name or len(at) > 1
    ]


def _split(path: Path, form: FileForm) -> tuple[pd.DataFrame, pd.Index]:
    try:
        text = decode(path, form.encoding)
    except UnicodeError:
        raise RairlibError(f"{path.name}: is not {form.encoding} text; {SAVE_AS}") from None
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = form.delimiter or max(DELIMITERS, key=header.count)
    return _below_header(path, split_lines(path, text, delimiter))


def _excel(path: Path, form: FileForm) -> tuple[pd.DataFrame, pd.Index]:
    sheet = form.sheet or 0
    table = _foreign(pd.read_excel, "an Excel workbook")(
        path, sheet_name=sheet, header=None, dtype=object, keep_default_na=False, na_values=[""]
    )
    filled = table.astype(object).where(table.notna(), "")
    return _below_header(path, filled.to_numpy(dtype=object).tolist())


def _below_header(path: Path, lines: list[list]) -> tuple[pd.DataFrame, pd.Index]:
    filled = [
        (row, fields)
        for row, fields in enumerate(lines, start=1)
        if any(field != "" for field in fields)
    ]
    if not filled:
        raise RairlibError(f"{path.name}: is empty")
    (_, header), *records = filled
    ragged = [row for row, fields in records if len(fields) != len(header)]
    if ragged:
        raise RairlibError(
            f"{path.name}: row{'s' if len(ragged) > 1 else ''} {listed(ragged)}: not as many fields"
            f" as the header has, which are {len(header)}: put texts that hold the delimiter in "
            "double quotes, or state the delimiter in the mapping"
        )
    cells = [[field if field != "" else None for field in fields] for _, fields in records]
    table = pd.DataFrame(cells, columns=header, dtype=object)
    return table, pd.Index([row for row, _ in records])


def _foreign(reader: Callable, kind: str) -> Callable:
    """Return a reader of a library; whatever ails the file, its message may hold a value."""

    def read(path: Path, *words, **options) -> pd.DataFrame:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return reader(path, *words, **options)
        except Exception:
            raise RairlibError(
                f"{path.name}: cannot be read as {kind}: save it again, or as CSV UTF-8"
            ) from None

    return read


def _typed(reader: Callable, kind: str) -> Callable:
    def read(path: Path, form: FileForm) -> tuple[pd.DataFrame, pd.Index]:
        table = _foreign(reader, kind)(path)
        table = table.set_axis([str(name) for name in table.columns], axis=1).astype(object)
        return table.where(table.notna() & (table != ""), None), pd.RangeIndex(1, len(table) + 1)

    return read


READERS = {
    ".csv": _split,
    ".tsv": _split,
    ".txt": _split,
    ".xlsx": _excel,
    ".parquet": _typed(pd.read_parquet, "Parquet"),
    ".dta": _typed(pd.read_stata, "a Stata file"),
    ".sav": _typed(pd.read_spss, "an SPSS file"),
}
