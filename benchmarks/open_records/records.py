"""Open cohorts, most of them shipped with installed packages, as papers would describe them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
from lifelines import datasets

from rairlib.cohorts.public import COHORTS as PUBLIC

BIRTH_WEIGHTS = Path("genmod/tests/results/stata_lbw_glm.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A binary covariate: a column, and what puts a patient into level 1."""

    column: str
    levels: tuple[str, str]
    at_least: float | None = None
    equal: tuple = ()

    def of(self, records: pd.DataFrame) -> pd.Series:
        """Return 1 and 0, missing where the record is."""
        values = records[self.column]
        has = values >= self.at_least if self.at_least is not None else values.isin(self.equal)
        return has.astype(float).where(values.notna())


def _at_least(column: str, cutoff: float) -> Cut:
    return Cut(column=column, levels=(f"≥{cutoff:g}", f"<{cutoff:g}"), at_least=cutoff)


def _is(column: str, equal, level: str = "yes", other: str = "no") -> Cut:
    several = equal if isinstance(equal, tuple) else (equal,)
    return Cut(column=column, levels=(level, other), equal=several)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCohort:
    """An open cohort.

    Attributes
    ----------
    event : str
        Column of the outcome, 1 for patients with it.
    groups : (str, str)
        Names of the patients with and without it.
    covariates : dict of str to Cut
        Binary covariates by name, as the literature or a round number near the middle cuts them.
    measured : dict of str to (str, int)
        Measurements with unit and decimals.
    factors : tuple of str
        Covariates that Table 1 describes as categories.
    outcome : str
        Covariate by which Table 1 compares patients where the event is followed up.
    time : str
        Column of the time to the event; empty without follow-up.
    """

    event: str
    groups: tuple[str, str]
    covariates: dict[str, Cut]
    measured: dict[str, tuple[str, int]]
    factors: tuple[str, ...]
    outcome: str = ""
    time: str = ""


THYROID = "uci915"  # needs its file


def _thyroid() -> pd.DataFrame:
    records = PUBLIC[THYROID].files["thyroid"].read().drop_duplicates(ignore_index=True)
    return records.assign(Recurred=records["Recurred"].eq("Yes"))


COHORTS = {
    "gbsg2": OpenCohort(
        event="cens",
        time="time",
        groups=("recurrence", "no recurrence"),
        covariates={
            "age_50": _at_least("age", 50),
            "estrec_20": _at_least("estrec", 20),
            "hormones": _is("horTh", "yes"),
            "menopause": _is("menostat", "Post"),
            "nodes_4": _at_least("pnodes", 4),
            "progrec_20": _at_least("progrec", 20),
            "size_30": _at_least("tsize", 30),
            "grade_3": _is("tgrade", "III"),
        },
        measured={
            "age": ("years", 0),
            "tsize": ("mm", 0),
            "pnodes": ("", 0),
            "progrec": ("fmol/L", 0),
            "estrec": ("fmol/L", 0),
        },
        factors=("hormones", "menopause", "nodes_4"),
        outcome="grade_3",
    ),
    "lung": OpenCohort(
        event="status",
        time="time",
        groups=("dead", "alive"),
        covariates={
            "age_65": _at_least("age", 65),
            "calories_975": _at_least("meal.cal", 975),
            "ecog_1": _at_least("ph.ecog", 1),
            "female": _is("sex", 2),
            "karnofsky_80": _at_least("ph.karno", 80),
            "own_karnofsky_80": _at_least("pat.karno", 80),
            "weight_loss_10": _at_least("wt.loss", 10),
        },
        measured={
            "age": ("years", 0),
            "meal.cal": ("kcal", 0),
            "wt.loss": ("pounds", 0),
            "ph.karno": ("", 0),
        },
        factors=("age_65", "ecog_1", "own_karnofsky_80"),
        outcome="female",
    ),
    "larynx": OpenCohort(
        event="death",
        time="time",
        groups=("dead", "alive"),
        covariates={
            "age_65": _at_least("age", 65),
            "stage_2": _is("Stage_II", 1),
            "stage_3": _is("Stage_III", 1),
            "stage_4": _is("Stage_IV", 1),
        },
        measured={"age": ("years", 0)},
        factors=("age_65",),
        outcome="stage_3",
    ),
    "glioma": OpenCohort(
        event="event",
        time="time",
        groups=("dead", "alive"),
        covariates={
            "age_40": _at_least("age", 40),
            "female": _is("sex", "Female"),
            "radioimmunotherapy": _is("group", "RIT"),
        },
        measured={"age": ("years", 0)},
        factors=("female", "age_40"),
        outcome="radioimmunotherapy",
    ),
    "birth weights": OpenCohort(
        event="low",
        groups=("low weight", "normal weight"),
        covariates={
            "age_25": _at_least("age", 25),
            "hypertension": _is("ht", 1),
            "irritable": _is("ui", 1),
            "premature": _at_least("ptl", 1),
            "smoker": _is("smoke", 1),
            "visits": _at_least("ftv", 1),
            "weight_120": _at_least("lwt", 120),
            "white": _is("race", "white"),
        },
        measured={"age": ("years", 0), "lwt": ("pounds", 0), "ftv": ("", 0)},
        factors=("hypertension", "smoker", "white", "visits"),
    ),
    # Response is left out: it is known after the recurrence. So is risk, which is made of the rest.
    THYROID: OpenCohort(
        event="Recurred",
        groups=("recurrence", "no recurrence"),
        covariates={
            "adenopathy": _is("Adenopathy", "No", level="no", other="yes"),
            "age_55": _at_least("Age", 55),
            "follicular": _is("Pathology", "Follicular"),
            "male": _is("Gender", "M"),
            "metastasis": _is("M", "M1"),
            "multifocal": _is("Focality", "Multi-Focal"),
            "n1b": _is("N", "N1b"),
            "oncocytic": _is("Pathology", "Hurthel cell"),
            "smoker": _is("Smoking", "Yes"),
            "t4": _is("T", ("T4a", "T4b")),
        },
        measured={"Age": ("years", 0)},
        factors=("age_55", "male", "n1b"),
    ),
}
LOADERS = {
    "gbsg2": datasets.load_gbsg2,
    "lung": datasets.load_lung,
    "larynx": datasets.load_larynx,
    "glioma": datasets.load_g3,
    "birth weights": lambda: pd.read_csv(Path(statsmodels.__file__).parent / BIRTH_WEIGHTS),
    THYROID: _thyroid,
}


@lru_cache
def open_records(key: str) -> pd.DataFrame:
    """Open the records of a cohort.

    Parameters
    ----------
    key : str
        One of :data:`COHORTS`.

    Returns
    -------
    DataFrame
        One row per patient: the columns as shipped, an empty line left out, and ``event``,
        ``time`` and every covariate as numbers, missing where the record is.
    """
    cohort, records = COHORTS[key], LOADERS[key]()
    records = records.dropna(how="all").reset_index(drop=True)
    # The lung records as shipped write 2 for the dead and 1 for the others.
    event = records[cohort.event].astype(float)
    added = {"event_": (event - event.min()).astype(int)}
    if cohort.time:
        added["time_"] = records[cohort.time].astype(float)
    added |= {name: cut.of(records) for name, cut in cohort.covariates.items()}
    return records.assign(**added)


def subsample(
    key: str, names: list[str], n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw patients with complete records.

    Parameters
    ----------
    key : str
        Cohort.
    names : list of str
        Covariates that must be known.
    n : int
        Patients wanted; all if there are fewer.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    levels, event, time : ndarray
        Shapes (n, covariates), (n,) and (n,), the last NaN without follow-up.
    """
    known = open_records(key).dropna(subset=names)
    chosen = known.iloc[rng.permutation(len(known))[:n]]
    time = chosen["time_"] if "time_" in chosen else pd.Series(np.nan, chosen.index)
    return (
        chosen[names].to_numpy(np.int64),
        chosen["event_"].to_numpy(np.int64),
        time.to_numpy(np.float64),
    )
