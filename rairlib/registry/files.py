"""Read and validate a registry file; every fault is one line with file, row and column."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rairlib.errors import RairlibError, nearest, unknown
from rairlib.output import printable
from rairlib.registry.printed import PrintedNumberError, parse_printed
from rairlib.registry.vocabulary import (
    COLUMNS,
    COUNTED,
    METHODS,
    MODIFIERS,
    OTHER_METHODS,
    OTHER_STATISTICS,
    REQUIRED_COLUMNS,
    ROLES,
    STATISTICS,
)

LIMITS = ("ci_low", "ci_high")
LINKS = ("of", "repeats")
SAVE_AS = "save it as CSV UTF-8, separated by commas"
NO_STATISTIC = "see the guide's list of words; 'number' is for what no check reads"
NO_METHOD = "see the guide's list of words, or leave it empty and name it in a note"
TOO_MANY = "put texts that contain a comma in double quotes"
TOO_FEW = "write a comma for each empty field too"
# 0,155 and 12,5 can only be decimal commas; 6,502 is read as thousands, unless the same file
# shows that its paper prints decimal commas: then it could be either.
DECIMAL_COMMA = re.compile(r"(?<![\d,])(?:0+,\d+|\d{4,},\d+|\d+,(?:\d\d?|\d{4,}))(?![\d,.])")
EITHER_COMMA = re.compile(r"(?<![\d,])[1-9]\d{0,2},\d{3}(?![\d,.])")
# 1.234 patients are 1234 where a point separates thousands, or no number of patients at all.
EITHER_POINT = re.compile(r"\d{1,3}\.\d{3}")
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class RegistryError(RairlibError):
    """A registry file has faults: one line each."""


def _word_fault(kind: str, known: Iterable[str], spoken: dict[str, str] | None = None, other=""):
    return lambda text: "" if text in known else unknown(text, kind, known, spoken, other)


def _identifier_fault(text: str) -> str:
    if not text:
        return "is empty: give the number an identifier"
    # Findings list the identifiers that they use, separated by blanks.
    return "" if text.split() == [text] else f"{text!r} holds a blank: join its parts by hyphens"


def _printed_fault(text: str) -> str:
    try:
        parse_printed(text)
    except PrintedNumberError as error:
        # The subject of the line is the column, not the empty text.
        return str(error).removeprefix("'' ")
    return ""


def _step_fault(text: str) -> str:
    step = parse_printed(text) if text and not _printed_fault(text) else None
    if not text or (step and step.operator == "=" and step.value > 0):
        return ""
    return f"{text!r} is not a positive number: give the smallest step, or nothing"


def _method_fault(text: str) -> str:
    words = text.split()
    while words and words[-1] in MODIFIERS:
        words.pop()
    fault = _word_fault("method", METHODS, OTHER_METHODS, NO_METHOD)
    return fault(" ".join(words)) and fault(text)


FIELD_FAULTS = {
    "id": _identifier_fault,
    "locus": lambda text: "" if text else "is empty: name the place in the paper",
    "statistic": _word_fault("statistic", STATISTICS, OTHER_STATISTICS, NO_STATISTIC),
    "printed": _printed_fault,
    "method": _method_fault,
    "step": _step_fault,
    "role": _word_fault("role", ROLES),
}
# Where one field calls for another: the empty one, what calls for it, and what to write.
CALLED_FOR = (
    ("of", lambda row: row["partition"], "a part of a partition names its whole"),
    ("of", lambda row: row["statistic"] in LIMITS, "a limit names its estimate"),
    ("group", lambda row: row["statistic"] == "n", "a group size names its group"),
    ("note", lambda row: row["role"] == "unavailable", "say why the number is unavailable"),
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
        One line per fault, with file, row and column. Rows are counted as a spreadsheet counts
        them: the header is row 1, and empty rows, which are left out, count too.
    """
    table = _read_texts(path)
    _require_columns(path, list(table.columns))
    role = table.get("role", "anchor")
    table = table.reindex(columns=list(COLUMNS), fill_value="").assign(role=role)
    faults = _field_faults(table) + _link_faults(table) + _separator_faults(table)
    if faults:
        identifiers = {row: printable(name) or "no id" for row, name in table["id"].items()}
        raise RegistryError(
            "\n".join(
                f"{path.name}: row {row} ({identifiers[row]}), column {column}: {text}"
                for row, column, text in sorted(set(faults))
            )
        )
    return table.reset_index(drop=True)


def records(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the rows of a frame of texts as dictionaries."""
    return [dict(zip(table.columns, texts, strict=True)) for texts in table.to_numpy().tolist()]


def _read_texts(path: Path) -> pd.DataFrame:
    """Read all fields as texts without blanks around them; the index is the number of the row."""
    lines = split_lines(path, decode(path))
    filled = [(row, fields) for row, fields in enumerate(lines, start=1) if any(fields)]
    if not filled:
        raise RegistryError(f"{path.name}: is empty; start from the template")
    (first, header), *records = filled
    _require_header(path, first, header)
    if not records:
        raise RegistryError(f"{path.name}: has a header but no rows; add one row per number")
    ragged = [
        f"{path.name}: row {row}: has {len(fields)} fields, the header has {len(header)}; "
        + (TOO_FEW if len(fields) < len(header) else TOO_MANY)
        for row, fields in records
        if len(fields) != len(header)
    ]
    if ragged:
        raise RegistryError("\n".join(ragged))
    rows, texts = zip(*records, strict=True)
    return pd.DataFrame(list(texts), index=list(rows), columns=header, dtype=object).astype(str)


def decode(path: Path, encoding: str = "utf-8-sig") -> str:
    """Read a file as text; a folder, a spreadsheet and bytes of another encoding are refused."""
    if path.is_dir():
        raise RegistryError(f"{path}: is a folder; name a CSV file in it")
    if not path.is_file():
        raise RegistryError(f"{path}: no such file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RegistryError(f"{path}: cannot be read ({error.strerror})") from error
    if content.startswith(b"PK\x03\x04"):
        raise RegistryError(f"{path.name}: is a spreadsheet or an archive, not text; {SAVE_AS}")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        name = encoding.upper().removesuffix("-SIG")
        # The error itself holds the whole file.
        raise RegistryError(f"{path.name}: line {line} is not {name} text; {SAVE_AS}") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise RegistryError(f"{path.name}: line {line} holds a NUL byte; {SAVE_AS}")
    return text


def split_lines(
    path: Path, text: str, delimiter: str = ",", *, strip: bool = True
) -> list[list[str]]:
    """Split the text of a CSV file into rows of fields, without blanks around them if asked."""
    lines: list[list[str]] = []
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            lines.append([field.strip() if strip else field for field in fields])
    except csv.Error as error:
        raise RegistryError(
            f"{path.name}: row {len(lines) + 1}: a double quote is not closed, or stands inside a "
            "text and is not doubled"
        ) from error
    return lines


def _require_header(path: Path, row: int, header: list[str]) -> None:
    """Refuse a first row that is not the header of a comma separated registry."""
    for separator, name in OTHER_SEPARATORS.items():
        parts = header[0].split(separator)
        if len(parts) > 1 and any(nearest(part, REQUIRED_COLUMNS) for part in parts):
            raise RegistryError(f"{path.name}: fields are separated by {name}; {SAVE_AS}")
    if not any(nearest(name, REQUIRED_COLUMNS) for name in header):
        wanted = ",".join(REQUIRED_COLUMNS)
        raise RegistryError(f"{path.name}: row {row} is not a header; start with {wanted}")


def _require_columns(path: Path, names: list[str]) -> None:
    strange = {name: nearest(name, COLUMNS) for name in names if name and name not in COLUMNS}
    known = {*names, *strange.values()}
    repeated = dict.fromkeys(name for name in names if name and names.count(name) > 1)
    faults = [
        *(f"column {name} is missing" for name in REQUIRED_COLUMNS if name not in known),
        *(unknown(name, "column", COLUMNS) for name in strange),
        *(
            f"column {place} has no name: name it, or delete it"
            for place, name in enumerate(names, start=1)
            if not name
        ),
        *(f"column {printable(name)} stands twice: keep one" for name in repeated),
    ]
    if faults:
        raise RegistryError("\n".join(f"{path.name}: header: {fault}" for fault in faults))


def _field_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    return [
        (row, column, told)
        for column, fault in FIELD_FAULTS.items()
        for row, text in table[column].items()
        if (told := fault(text))
    ]


def _separator_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Find commas of a paper that uses them both ways, and points that patients cannot have."""
    sizes = table["printed"][table["statistic"].isin(COUNTED)]
    points = [
        (row, "printed", f"{text!r} may be {whole} or a decimal: write {whole}")
        for row, text in sizes.items()
        if EITHER_POINT.fullmatch(text) and (whole := text.replace(".", ""))
    ]
    told = "{!r} may hold a decimal comma as others here: write it without comma".format
    either = table["printed"][table["printed"].str.contains(EITHER_COMMA)]
    both = table["printed"].str.contains(DECIMAL_COMMA).any()
    return points + [(row, "printed", told(text)) for row, text in either.items() if both]


def _link_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Find faults that concern more than one field."""
    faults = [
        (row, column, f"is empty: {told}")
        for row, fields in zip(table.index, records(table), strict=True)
        for column, calls, told in CALLED_FOR
        if calls(fields) and not fields[column]
    ]
    for link in LINKS:
        chain = dict(zip(table["id"], table[link], strict=True))
        told = map(_link_fault, table["id"], table[link], [chain] * len(table))
        faults += [(row, link, text) for row, text in zip(table.index, told, strict=True) if text]
    repeated = table["id"].duplicated() & (table["id"] != "")
    faults += [(row, "id", f"{table['id'][row]!r} stands twice") for row in table.index[repeated]]
    return faults


def _link_fault(identifier: str, target: str, chain: dict[str, str]) -> str:
    """Say what is wrong with a link from one row to another, if anything is."""
    if not target:
        return ""
    if target not in chain:
        near = nearest(target, chain)
        hint = f": did you mean {near!r}?" if near else ""
        return f"{target!r} is the id of no row{hint}"
    passed: set[str] = set()
    while target in chain and target not in passed:
        if target == identifier:
            return "leads back to the row itself"
        passed.add(target)
        target = chain[target]
    return ""
