"""Real, openly published patients: where a study's records come from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from os import environ
from pathlib import Path

import pandas as pd
from lifelines import datasets

from rairlib.errors import RairlibError, unknown
from rairlib.registry.studies import load_study

# Records that ship inside an installed package.
PACKAGED: dict[str, Callable[[], pd.DataFrame]] = {
    "lifelines gbsg2": datasets.load_gbsg2,
    "lifelines g3": datasets.load_g3,
    "lifelines lung": datasets.load_lung,
}
# The folder of files that do not come with the project.
FOLDER = "RAIRLIB_COHORTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsFile:
    """A file of records that others publish: its name, its checksum, where it comes from."""

    name: str
    sha256: str
    origin: str

    @property
    def path(self) -> Path | None:
        """Where it stands in the folder named by ``RAIRLIB_COHORTS``; None if it is not there."""
        path = Path(environ.get(FOLDER, "")) / self.name
        return path if environ.get(FOLDER) and path.is_file() else None

    def read(self) -> pd.DataFrame:
        """Read the file, all of its words as texts, if it is the published one."""
        path = self.path
        if path is None:
            raise RairlibError(
                f"{self.name}: the records do not come with the project: get {self.origin}, save "
                f"it under this name, and name its folder in the environment variable {FOLDER}"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise RairlibError(
                f"{self.name}: not the published file, its SHA-256 should begin with "
                f"{self.sha256[:12]}: get {self.origin} again"
            )
        return pd.read_csv(path, keep_default_na=False, encoding="utf-8")


FILES = {
    "uci915": RecordsFile(
        name="uci915_Thyroid_Diff.csv",
        sha256="a2c65f7c8fa0e78a65aa4946961aafd45218c92760d10375fe2c778045c97b44",
        origin="Thyroid_Diff.csv of UCI dataset 915 (doi 10.24432/C5632J, CC BY 4.0)",
    ),
}


def load_records(study: str) -> dict[str, pd.DataFrame]:
    """Load the open records of a study's patients.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    dict of str to DataFrame
        One row per patient, by the name that the study's analysis gives the frame; as published.

    Raises
    ------
    RairlibError
        If the study names records that are not known here, or their file is absent or not the
        published one.
    """
    records = load_study(study).records
    readers = PACKAGED | {source: file.read for source, file in FILES.items()}
    for source in records.values():
        if source not in readers:
            raise RairlibError(f"{study}: {unknown(source, 'source of records', readers)}")
    return {name: readers[source]() for name, source in records.items()}


def records_files(study: str) -> list[RecordsFile]:
    """Return the files of a study's records that do not come with an installed package."""
    return [FILES[source] for source in load_study(study).records.values() if source in FILES]
