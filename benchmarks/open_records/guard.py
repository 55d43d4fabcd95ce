"""Keep a process from the patients' records and from the sealed truth."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

SEALED = "sealed"
DATA = (".csv", ".dta", ".json", ".parquet", ".npz", ".npy", ".zip", ".gz", ".pkl", ".feather")
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")


class RecordsRefused(PermissionError):  # noqa: N818 - it is what the process is told
    """The process may not see this."""


def refuse_records(folder: Path, results: Path) -> None:
    """Refuse, for the rest of this process, every file of data outside two folders.

    Parameters
    ----------
    folder : Path
        The registries, which alone may be read.
    results : Path
        Where the process writes what it found.

    Notes
    -----
    Refused are the records that packages ship, whatever is sealed, the project's own data, and
    processes of its own, which would not be watched. A watch cannot be taken off again. It sees
    what Python opens: it keeps this code from the answers, it is no prison for hostile code.
    """
    allowed = folder.resolve(), results.resolve()

    def watch(event: str, arguments: tuple) -> None:
        if event in PROCESSES:
            raise RecordsRefused(f"{event}: the pipeline starts no other process")
        # A number is a file that is open already.
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            name = os.fsdecode(arguments[0])
            if _is_data(name) and not _within(name, allowed):
                raise RecordsRefused(f"{name}: the pipeline reads registries alone")

    sys.addaudithook(watch)


def prove_refusal() -> None:
    """Try to open the records of the package that ships them; raise if that succeeds."""
    records = Path(find_spec("lifelines").origin).parent / "datasets" / "gbsg2.csv"
    try:
        records.open(encoding="utf-8").close()
    except RecordsRefused:
        return
    raise RuntimeError(f"{records}: could be opened")


def _is_data(name: str) -> bool:
    path = Path(name)
    parts = {part.lower() for part in path.parts}
    return path.suffix.lower() in DATA or SEALED in parts


def _within(name: str, folders: tuple[Path, ...]) -> bool:
    path = Path(name).resolve()
    return SEALED not in path.parts and any(path.is_relative_to(folder) for folder in folders)
