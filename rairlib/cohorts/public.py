"""Real, openly published patients: where their records come from, and how they are read."""

import gzip
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from os import environ
from pathlib import Path

import pandas as pd
import pooch
import pyreadr
from lifelines import datasets

from rairlib.cohorts.tcga import clean_tcga
from rairlib.errors import RairlibError, unknown
from rairlib.output import write_whole
from rairlib.registry.studies import load_study

# Records that ship inside an installed package.
PACKAGED: dict[str, Callable[[], pd.DataFrame]] = {
    "lifelines gbsg2": datasets.load_gbsg2,
    "lifelines g3": datasets.load_g3,
    "lifelines lung": datasets.load_lung,
}
# The folder of files that do not come with the project; left out, the user's cache.
FOLDER = "RAIRLIB_COHORTS"
RAW = "https://raw.githubusercontent.com"


def cohorts_folder() -> Path:
    """Return the folder of public cohorts: the one named, or the user's cache."""
    return Path(environ.get(FOLDER) or pooch.os_cache("rairlib"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsFile:
    """A file that others publish: its name here, its checksum, repository, commit and path."""

    name: str
    sha256: str
    source: str

    @property
    def path(self) -> Path | None:
        """Where it stands in the folder of public cohorts; None if it is not there."""
        path = cohorts_folder() / self.name
        return path if path.is_file() else None

    def content(self, folder: Path | None = None) -> bytes:
        """Return the file's content, if it is there and the published one."""
        path = (folder or cohorts_folder()) / self.name
        if not path.is_file():
            raise RairlibError(
                f"{self.name}: the records do not come with the project: `rairlib cohort fetch` "
                f"gets them; or name their folder in the environment variable {FOLDER}"
            )
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise RairlibError(
                f"{self.name}: not the published file, its SHA-256 should begin with "
                f"{self.sha256[:12]}: delete it, then `rairlib cohort fetch` gets it again"
            )
        return content

    def read(self) -> pd.DataFrame:
        """Read the table, all of its words as texts."""
        content = self.content()
        if self.name.endswith(".RData"):
            # One text of 8 million is not UTF-8, and the reader stops there.
            whole = gzip.decompress(content).replace(b"Radical\xa0", b"Radical ")
            (table,) = pyreadr.read_r(io.BytesIO(whole)).values()
            return table
        if self.name.endswith(".txt"):
            # Biotab: two more headers, the names of the forms and of the data elements.
            whole = {"sep": "\t", "dtype": str, "skiprows": [1, 2]}
            return pd.read_csv(io.BytesIO(content), keep_default_na=False, **whole)
        return pd.read_csv(io.BytesIO(content), keep_default_na=False, encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCohort:
    """A public cohort: its files by what they hold, its terms, and how it is cleaned.

    ``quasi_identifiers`` and ``sensitive`` are what :func:`rairlib.cohorts.gate.gate` asks for.
    """

    files: dict[str, RecordsFile]
    licence: str
    citation: str
    sensitive: str
    quasi_identifiers: dict[str, tuple[float, ...] | None] = field(
        default_factory=lambda: {"age": (45, 55, 65), "gender": None}
    )
    clean: Callable[[dict[str, pd.DataFrame]], pd.DataFrame]


# --- UCI 915 ----------------------------------------------------------------------------------

PATHOLOGY = {
    "Papillary": "PTC",
    "Micropapillary": "PTC",
    "Follicular": "FTC",
    "Hurthel cell": "OCA",
}


def clean_uci915(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the records of UCI 915 under the names and levels of this project.

    Parameters
    ----------
    tables : dict of str to DataFrame
        ``thyroid``: the file as published.

    Returns
    -------
    DataFrame
        One row per record: ``patient`` (running number), ``age`` (years), ``gender``, ``t_stage``,
        ``n_stage``, ``m1``, ``metastasis`` (nodal or distant), ``histology``, the two outcomes
        ``structural_incomplete`` and ``recurrence`` (yes/no), and ``repeated``: whether an earlier
        row is the same. Without patients' numbers nobody can tell two patients from one entered
        twice; the publishers count all rows as patients, so none is dropped here.
    """
    raw = tables["thyroid"]
    yes_no = {True: "yes", False: "no"}
    found = {
        "patient": range(1, len(raw) + 1),
        # Ages over 89 are one class, as the rules of de-identification ask.
        "age": raw["Age"].clip(upper=90),
        "gender": raw["Gender"].map({"F": "female", "M": "male"}),
        "t_stage": raw["T"].str.startswith("T4").map({True: "T4", False: "T1/T2/T3"}),
        "n_stage": (raw["N"] == "N1b").map({True: "N1b", False: "N0-N1a"}),
        "m1": (raw["M"] == "M1").map(yes_no),
        "metastasis": ((raw["N"] != "N0") | (raw["M"] == "M1")).map(yes_no),
        "histology": raw["Pathology"].map(PATHOLOGY),
        # An outcome, known at follow-up only: it never stands among the covariates.
        "structural_incomplete": (raw["Response"] == "Structural Incomplete").map(yes_no),
        "recurrence": raw["Recurred"].str.lower(),
        "repeated": raw.duplicated(),
    }
    return pd.DataFrame(found)


# --- Where the cohorts come from --------------------------------------------------------------

_BIOTAB = "thedunny/TCGA/d496032e15af7f361f9b0895201cb8d7fdf14cd2/Arquivos"
# By what a table holds: its name among the Biotab tables, and its checksum.
_TABLES = {
    "patient": ("patient", "486ab2248802c1353ae82c10f6e4a90726e009351dcce4b88371e6b6b5e7d601"),
    "radiation": ("radiation", "b83d3cf718b16b5819d99dfb681386d20566a9885f94903df0b985b625215475"),
    "follow_up_2": (
        "follow_up_v2.0",
        "20ec21abc03c46a5135c76f1474b7935f7844349bdae9f811ef676317c4bed91",
    ),
    "follow_up_4": (
        "follow_up_v4.0",
        "c0a62004262c3ebca9018cac346fcde7c17f76940cafb2fb976550395ab48588",
    ),
    "event": ("nte", "a8f49a48bbf881ade1521a00df94fd62dc6f67f0f8e0c8fddbcad03389c1df1b"),
    "event_2": (
        "follow_up_v2.0_nte",
        "f4d461e2f0ed8321ebe81d2e3c424830f8f69472ea679c4a5d76e5957879ba84",
    ),
    "event_4": (
        "follow_up_v4.0_nte",
        "a8286da4c84019371da22ebd85a88eab6b6cac4530a687eaf10a754b899f5c31",
    ),
}


def _biotab(table: str, sha256: str) -> RecordsFile:
    name = f"nationwidechildrens.org_clinical_{table}_thca.txt"
    return RecordsFile(name=f"tcga_thca/{name}", sha256=sha256, source=f"{_BIOTAB}/{name}")


COHORTS = {
    "uci915": PublicCohort(
        files={
            "thyroid": RecordsFile(
                name="uci915_Thyroid_Diff.csv",
                sha256="a2c65f7c8fa0e78a65aa4946961aafd45218c92760d10375fe2c778045c97b44",
                source="arcus/r101_exercises/a166c74d55872a8ffaff553e0fc62e36f47e6d8c"
                "/exercises/real_data/Thyroid_Diff.csv",
            )
        },
        licence="CC BY 4.0",
        citation="Borzooei S, Tarokhian A (2023), UCI dataset 915, doi 10.24432/C5632J",
        sensitive="recurrence",
        clean=clean_uci915,
    ),
    "tcga-thca": PublicCohort(
        files={name: _biotab(*table) for name, table in _TABLES.items()}
        | {
            "endpoints": RecordsFile(
                name="tcga_thca/tcga_pancan_clin_surv.RData",
                sha256="56016b7ac541389714261dc6539bc2f0879df207e8ab5ee81f4be774593185a9",
                source="GerkeLab/TCGAclinical/8a95a11f763c0f6533b32d6076632db27169e693"
                "/data/clinical_survival_pancancer_atlas.RData",
            )
        },
        licence="public domain",
        citation="The Cancer Genome Atlas, THCA; endpoints: Liu J et al. (2018) Cell 173:400",
        sensitive="pfi",
        clean=clean_tcga,
    ),
}


def public_cohort(name: str) -> PublicCohort:
    """Return what is declared of a public cohort, or refuse an unknown name."""
    if name not in COHORTS:
        raise RairlibError(unknown(name, "public cohort", COHORTS))
    return COHORTS[name]


def fetch(name: str, source: Path | None = None, target: Path | None = None) -> list[Path]:
    """Get the files of a public cohort, each only if its checksum is the published one.

    Parameters
    ----------
    name : str
        ``uci915`` or ``tcga-thca``.
    source : Path, optional
        A folder to copy them from; left out, they come from the public repositories.
    target : Path, optional
        Where they are kept; left out, the folder named by ``RAIRLIB_COHORTS`` or the user's cache.

    Returns
    -------
    list of Path
        The files; one that is there already is checked and left alone.

    Raises
    ------
    RairlibError
        If the name is not known, a file cannot be had, or has another checksum.
    """
    folder, paths = target or cohorts_folder(), []
    for file in public_cohort(name).files.values():
        path = folder / file.name
        if path.is_file():
            file.content(folder)
        elif source:
            content = file.content(source)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        else:
            _download(file, path)
        paths.append(path)
    return paths


def _download(file: RecordsFile, path: Path) -> None:
    url = f"{RAW}/{file.source}"
    try:
        pooch.retrieve(url, f"sha256:{file.sha256}", fname=path.name, path=path.parent)
    except ValueError as error:
        raise RairlibError(
            f"{file.name}: what {url} sends is not the published file, its SHA-256 should begin "
            f"with {file.sha256[:12]}; nothing was kept"
        ) from error
    except OSError as error:  # those of the network are of this class too
        raise RairlibError(
            f"{file.name}: {url} cannot be fetched ({type(error).__name__}); get it another way, "
            "save it under this name, and name its folder with --from"
        ) from error


def load_public(name: str) -> pd.DataFrame:
    """Load a public cohort, cleaned.

    Parameters
    ----------
    name : str
        ``uci915`` or ``tcga-thca``.

    Returns
    -------
    DataFrame
        One row per patient; columns as :func:`clean_uci915` or
        :func:`rairlib.cohorts.tcga.clean_tcga` say.

    Raises
    ------
    RairlibError
        If the name is not known, or a file is absent or not the published one.
    """
    cohort = public_cohort(name)
    return cohort.clean({table: file.read() for table, file in cohort.files.items()})


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
    readers = PACKAGED | {source: file.read for source, file in _single_files().items()}
    for source in records.values():
        if source not in readers:
            raise RairlibError(f"{study}: {unknown(source, 'source of records', readers)}")
    return {name: readers[source]() for name, source in records.items()}


def records_files(study: str) -> list[RecordsFile]:
    """Return the files of a study's records that do not come with an installed package."""
    files = _single_files()
    return [files[source] for source in load_study(study).records.values() if source in files]


def _single_files() -> dict[str, RecordsFile]:
    """Return the files of the cohorts that are one file."""
    files = {name: list(cohort.files.values()) for name, cohort in COHORTS.items()}
    return {name: found[0] for name, found in files.items() if len(found) == 1}
