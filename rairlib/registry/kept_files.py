"""The one door to the data folder: a file is checked before anything is read from it.

``kept_files.csv`` says of each kept file how many rows it has, its columns, which of them hold
numbers and which are never empty. ``make results`` keeps it; a damaged file stops the program.
"""

from collections.abc import Iterator
from os import environ
from pathlib import Path

import pandas as pd

from rairlib.errors import RairlibError
from rairlib.output import as_file
from rairlib.registry.files import decode, split_lines

KNOWN = "kept_files.csv"
FIELDS = ("file", "rows", "columns", "numbers", "filled")
STUDY_FILE = "study.toml"
WHERE_FROM = "https://github.com/rair-book/rair-book"


class KeptFileError(RairlibError):
    """A kept file is damaged: one line with its name, the place and the mend."""


def data_folder() -> Path:
    """Return the folder ``data`` of the project, or the one named by ``RAIRLIB_DATA``."""
    named = environ.get("RAIRLIB_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "data"
    if not any(folder.glob(f"*/{STUDY_FILE}")):
        raise RairlibError(
            f"no study with a {STUDY_FILE} in {folder}: the studies' data do not come with the "
            f"package; clone {WHERE_FROM} and name its folder data with --data or RAIRLIB_DATA"
        )
    return folder


def kept_file(name: str) -> Path:
    """Return the path of a kept file, checked.

    Parameters
    ----------
    name : str
        Path inside the data folder, such as ``results/verdicts.csv``.

    Returns
    -------
    Path
        A file with the rows and columns that it is known to have. Of a file that
        ``kept_files.csv`` does not list, only what holds for all is checked.

    Raises
    ------
    KeptFileError
        For the first fault.
    """
    folder = data_folder()
    path = folder / name
    shown = f"{folder.resolve().name}/{name}"
    try:
        fault = next(_faults(path, _known(folder).get(name)), "")
    except RairlibError as error:
        fault = str(error).removeprefix(f"{path}: ").removeprefix(f"{path.name}: ")
    if fault:
        raise KeptFileError(
            f"{shown}: {fault}; `git checkout -- {shown}` brings the kept file back "
            "(if the change is meant: `make results`)"
        )
    return path


def is_kept(name: str) -> bool:
    """Whether the list of kept files names a file."""
    return name in _known(data_folder())


def known_files() -> str:
    """Describe every kept file as it is now.

    Returns
    -------
    str
        Text of ``kept_files.csv``.

    Raises
    ------
    KeptFileError
        If a file is empty or damaged in a way that needs no comparison.
    """
    folder = data_folder()
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in (".csv", ".toml") and path.name != KNOWN
    )
    entries = []
    for name in names:
        fault = next(_faults(folder / name, None), "")
        if fault:
            raise KeptFileError(f"{folder.name}/{name}: {fault}")
        entries.append({"file": name, **_described(folder / name)})
    return as_file(pd.DataFrame(entries, columns=list(FIELDS)))


def _known(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / KNOWN
    if not path.is_file():
        return {}
    header, *rows = split_lines(path, decode(path)) or [[]]
    whole = all(len(row) == len(FIELDS) and row[1].isdecimal() for row in rows)
    if tuple(header) != FIELDS or not rows or not whole:
        raise RairlibError(f"its description in {KNOWN} is damaged: bring that file back first")
    return {row[0]: dict(zip(FIELDS, row, strict=True)) for row in rows}


def _described(path: Path) -> dict[str, object]:
    if path.suffix == ".toml":
        return {"rows": len(_toml_lines(path))}
    header, *rows = split_lines(path, decode(path))
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    numbers = [name for name, texts in columns.items() if any(texts) and all(map(_number, texts))]
    filled = [name for name, texts in columns.items() if all(texts)]
    named = {"columns": header, "numbers": numbers, "filled": filled}
    return {"rows": len(rows), **{kind: " ".join(names) for kind, names in named.items()}}


def _toml_lines(path: Path) -> list[str]:
    return [line for line in decode(path).splitlines() if line.strip()]


def _number(text: str) -> bool:
    """Whether a field holds a number or nothing."""
    try:
        return not text or float(text) is not None
    except ValueError:
        return False


def _faults(path: Path, known: dict[str, str] | None) -> Iterator[str]:
    """Yield what is wrong with a file, the most telling first."""
    if path.suffix == ".toml":
        lines = _toml_lines(path)
        if known and len(lines) != int(known["rows"]):
            yield f"has {len(lines)} lines, {known['rows']} are kept"
        return
    rows = split_lines(path, decode(path))
    if not rows:
        yield "is empty"
        return
    header, wanted = rows[0], known["columns"].split(" ") if known else rows[0]
    yield from (f"row 1: column {name} is missing" for name in wanted if name not in header)
    yield from (f"row 1: column {n!r} is one too many" for n in header if n not in wanted)
    repeats = [name for name in header if header.count(name) > 1]
    yield from (f"row 1: column {name!r} stands twice" for name in repeats)
    yield from _row_faults(rows)
    if len(rows) == 1:
        yield "has a header but no rows"
    if known:
        if len(rows) - 1 != int(known["rows"]):
            yield f"has {len(rows) - 1} rows below the header, {known['rows']} are kept"
        yield from _field_faults(rows, known)


def _row_faults(rows: list[list[str]]) -> Iterator[str]:
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            yield f"row {number} has {len(row)} fields, the header has {len(rows[0])}"
        first = seen.setdefault(tuple(row), number)
        if first != number:
            yield f"row {number} repeats row {first}"


def _field_faults(rows: list[list[str]], known: dict[str, str]) -> Iterator[str]:
    numbers, filled = (set(known[kind].split(" ")) for kind in ("numbers", "filled"))
    for place, name in enumerate(rows[0]):
        for number, row in enumerate(rows[1:], start=2):
            if name in numbers and not _number(row[place]):
                yield f"row {number}, column {name}: {row[place]!r} is not a number"
            if name in filled and not row[place]:
                yield f"row {number}, column {name}: is empty"
