"""Frames as tables for a terminal, as JSON or as CSV: the one place that rounds for display."""

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None

SHORT = 60
DIGITS = 6
# Of a terminal, of lines, and of the direction of writing.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# A spreadsheet runs what begins so, unless it is a number.
FORMULA = re.compile(r"[=+\-@](?!\s*[\d.,·]+\s*%?$)")


def printable(text: str) -> str:
    r"""Show control characters escaped, so that a foreign text cannot steer a terminal.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        In one line; for example ``\x1b`` for an escape character.
    """
    return CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def _as_cell(value):
    """Return a text as a spreadsheet may open it; anything else as it is."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if FORMULA.match(text) else text


def rounded(value: float, digits: int = DIGITS) -> float:
    """Round to significant digits, so that files do not depend on the last bits.

    Parameters
    ----------
    value : float
        Any number.
    digits : int
        Significant digits.

    Returns
    -------
    float
        NaN and infinities unchanged.
    """
    if not math.isfinite(value) or value == 0:
        return value
    return float(f"{value:.{digits}g}")


def as_file(table: pd.DataFrame) -> str:
    """Return a frame as CSV text with numbers of six significant digits.

    Parameters
    ----------
    table : DataFrame
        Any tidy frame.

    Returns
    -------
    str
        Lines end in a newline; NaN is an empty field.
    """
    numbers = table.select_dtypes("float").columns
    return table.assign(**{name: table[name].map(rounded) for name in numbers}).to_csv(
        index=False, lineterminator="\n"
    )


def as_json(records: list[dict]) -> str:
    """Return flat objects as JSON; NaN and infinities become null.

    Parameters
    ----------
    records : list of dict
        Objects.

    Returns
    -------
    str
        A list, one object per line.
    """
    lines = [
        json.dumps({key: _plain(value) for key, value in record.items()}, ensure_ascii=False)
        for record in records
    ]
    escaped = (CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", line) for line in lines)
    return "[\n" + ",\n".join(escaped) + "\n]"


def _plain(value):
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item"):
        return _plain(value.item())
    return value


def as_text(table: pd.DataFrame) -> str:
    """Return a frame as a table for a terminal, long texts cut.

    Parameters
    ----------
    table : DataFrame
        Any tidy frame.

    Returns
    -------
    str
        One line per row.
    """
    if table.empty:
        return "(none)"
    shown = table.copy()
    for name in shown.columns:
        if shown[name].dtype == float:
            shown[name] = shown[name].map(lambda value: "" if pd.isna(value) else f"{value:.5g}")
        shown[name] = shown[name].astype(str).map(printable).map(_cut)
    return shown.to_string(index=False, justify="left")


def _cut(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def render(table: pd.DataFrame, form: str) -> str:
    """Return a frame in the chosen form.

    Parameters
    ----------
    table : DataFrame
        Any tidy frame.
    form : str
        ``table``, ``json`` or ``csv``.

    Returns
    -------
    str
        Text without a trailing newline.
    """
    if form == "json":
        return as_json(table.to_dict("records"))
    if form == "csv":
        texts = table.select_dtypes("object").columns
        return as_file(table.assign(**{name: table[name].map(_as_cell) for name in texts})).rstrip(
            "\n"
        )
    return as_text(table)


def write_whole(path: Path, text: str | bytes) -> None:
    """Write a file in one step: after a failure the old file stands, or none.

    Parameters
    ----------
    path : Path
        A file in an existing folder.
    text : str or bytes
        Its whole content.
    """
    write_all({path: text})


def write_all(texts: dict[Path, str | bytes]) -> None:
    """Write several files: none is replaced before each of them stands as a draft."""
    drafts = {path: path.with_name(f".{path.name}.part") for path in texts}
    try:
        for path, draft in drafts.items():
            text = texts[path]
            draft.write_bytes(text.encode() if isinstance(text, str) else text)
        for path, draft in drafts.items():
            os.replace(draft, path)
    except OSError as error:  # name the file that was asked for
        error.filename = str(path)
        raise
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


_entered = False


@contextmanager
def one_process_at_a_time() -> Iterator[None]:
    """Let others wait who come here meanwhile; a process that dies lets go. It may be nested."""
    global _entered
    if _entered:
        yield
        return
    with open(__file__, "rb") as file:
        with suppress(OSError, AttributeError):  # a folder on the network may know no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        _entered = True
        try:
            yield
        finally:
            _entered = False
