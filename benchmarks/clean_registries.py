"""Registries without an error, of open data that come with installed packages.

``python -m benchmarks.clean_registries DIR`` writes them as files for ``rairlib audit``. Every
number is computed by scipy, statsmodels and lifelines from the records as they are, missing values
included, and printed in each of the habits that must not be taken for errors.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from lifelines import datasets

from benchmarks.planting.cohorts import SMALLEST_GROUP, KnownCohort, Variable, _cut_variables
from benchmarks.planting.paper import KnownPaper
from benchmarks.planting.papers import CUT_OFF, HABITS, SILENT_GAPS, UNNAMED_PAIRS, print_cohort
from benchmarks.planting.printing import draw_conventions

BIRTH_WEIGHTS = Path(statsmodels.__file__).parent / "genmod/tests/results/stata_lbw_glm.csv"
YES = {1: "yes", 0: "no"}
PLAIN = {"rounding": ROUND_HALF_UP, "names_unknown": False, "interval": "wald", "ratio_p": "wald"}
"""Without the conventions that look odd beside the rest of a paper: their doubts are counted."""


DOUBTFUL = (CUT_OFF, UNNAMED_PAIRS)
"""Habits that an editor should ask about."""
CLEAN_HABITS = tuple(habit for habit in HABITS if habit not in (*DOUBTFUL, SILENT_GAPS))
"""Without silent gaps: lung has values missing in every habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenData:
    """An open data set, described as a paper would.

    Attributes
    ----------
    load : callable
        Returns the records.
    split : (str, float)
        Column, and from which value on a patient belongs to the first group.
    groups : tuple of str
        Names of the patients above and below.
    factors : dict of str to (str, dict)
        Name to its column and to the level of each value.
    measured : dict of str to Variable
        Column to how the measurement is described.
    months : (str, float)
        Column of the time and its length in months; empty without follow-up.
    event : str
        Column of the event, whose largest value says that it happened.
    """

    load: Callable[[], pd.DataFrame]
    split: tuple[str, float]
    groups: tuple[str, str]
    factors: dict[str, tuple[str, dict]]
    measured: dict[str, Variable]
    months: tuple[str, float] = ()
    event: str = ""


def _measured(*names: str, skewed: tuple[str, ...] = (), decimals: int = 0) -> dict[str, Variable]:
    return {
        name: Variable(
            name=name.replace(".", "_"), decimals=decimals, skewed=name in skewed or "." in name
        )
        for name in (*names, *skewed)
    }


def _larynx() -> pd.DataFrame:
    records = datasets.load_larynx()
    advanced = records["Stage_III"] + records["Stage_IV"]
    return records.assign(advanced=advanced, elderly=(records["age"] >= 70).astype(int))


DAYS = 12 / 365.25
OPEN = {
    "gbsg2": OpenData(
        load=datasets.load_gbsg2,
        split=("pnodes", 4),
        groups=("four nodes or more", "one to three nodes"),
        factors={
            "hormones": ("horTh", {"yes": "yes", "no": "no"}),
            "menopause": ("menostat", {"Post": "after", "Pre": "before"}),
            "grade": ("tgrade", {"I": "I", "II": "II", "III": "III"}),
        },
        measured=_measured("age", "tsize", skewed=("progrec", "estrec")),
        months=("time", DAYS),
        event="cens",
    ),
    "lung": OpenData(
        load=datasets.load_lung,
        split=("sex", 2),
        groups=("women", "men"),
        factors={
            "ecog": ("ph.ecog", {0: "0", 1: "1", 2: "2 or 3", 3: "2 or 3"}),
            "karnofsky": ("pat.karno", {v: "<80" if v < 80 else "≥80" for v in range(0, 101, 10)}),
        },
        measured=_measured("age", "meal.cal", "wt.loss"),
        months=("time", DAYS),
        event="status",
    ),
    "larynx": OpenData(
        load=_larynx,
        split=("advanced", 1),
        groups=("stage III or IV", "stage I or II"),
        factors={"elderly": ("elderly", YES)},
        measured=_measured("age"),
        months=("time", 12.0),
        event="death",
    ),
    "birth weights": OpenData(
        load=lambda: pd.read_csv(BIRTH_WEIGHTS),
        split=("low", 1),
        groups=("low weight", "normal weight"),
        factors={
            "race": ("race", {"white": "white", "black": "black", "other": "other"}),
            "smoker": ("smoke", YES),
            "irritable": ("ui", YES),
            "hypertension": ("ht", YES),
        },
        measured=_measured("age", "lwt", skewed=("ftv",)),
    ),
    "rossi": OpenData(
        load=datasets.load_rossi,
        split=("fin", 1),
        groups=("aid", "no aid"),
        factors={
            "black": ("race", YES),
            "worked": ("wexp", YES),
            "married": ("mar", YES),
            "parole": ("paro", YES),
        },
        measured=_measured("age", skewed=("prio",)),
        months=("week", 12 / 52),
        event="arrest",
    ),
    "kidney": OpenData(
        load=datasets.load_kidney_transplant,
        split=("death", 1),
        groups=("dead", "alive"),
        factors={"black_man": ("black_male", YES), "black_woman": ("black_female", YES)},
        measured=_measured("age", skewed=("time",)),
    ),
    "fair": OpenData(
        load=lambda: sm.datasets.fair.load_pandas().data,
        split=("affairs", 0.001),
        groups=("affairs", "none"),
        factors={
            "marriage": ("rate_marriage", {1: "poor", 2: "poor", 3: "fair", 4: "good", 5: "good"}),
            "religious": ("religious", {1: "little", 2: "little", 3: "much", 4: "much"}),
        },
        measured=_measured("age", "educ", skewed=("yrs_married", "children"), decimals=1),
    ),
    "anes96": OpenData(
        load=lambda: sm.datasets.anes96.load_pandas().data,
        split=("vote", 1),
        groups=("Dole", "Clinton"),
        factors={
            "party": ("PID", {v: ("left", "none", "right")[(v > 1) + (v > 4)] for v in range(7)}),
            "college": ("educ", {v: "yes" if v > 5 else "no" for v in range(1, 8)}),
        },
        measured=_measured("age", "income", skewed=("TVnews",)),
    ),
}


@cache
def _records(name: str) -> pd.DataFrame:
    return OPEN[name].load().dropna(how="all").reset_index(drop=True)


def open_cohort(name: str, rng: np.random.Generator, size: int | None = None) -> KnownCohort:
    """Describe the patients of an open data set, or `size` of them drawn without replacement."""
    source, records = OPEN[name], _records(name)
    while True:
        chosen = records.iloc[np.sort(rng.permutation(len(records))[:size])].reset_index(drop=True)
        patients = pd.DataFrame({v.name: chosen[column] for column, v in source.measured.items()})
        patients = patients.astype(float)
        factors = []
        for factor, (column, words) in source.factors.items():
            levels = tuple(dict.fromkeys(words.values()))
            patients[factor] = chosen[column].map(words).astype(object)
            patients[factor] = patients[factor].where(patients[factor].notna(), None)
            if patients[factor].value_counts().reindex(levels).min() >= 3:
                factors.append(Variable(name=factor, levels=levels))
        patients["outcome"] = chosen[source.split[0]] >= source.split[1]
        events = ()
        if source.event:
            patients["months"] = np.maximum(0.1, chosen[source.months[0]] * source.months[1]).round(
                1
            )
            patients["event"] = chosen[source.event] == records[source.event].max()
            events = ("event", "no event")
        flags = [patients[column] for column in ("outcome", "event") if column in patients]
        if min(min(f.sum(), (~f).sum()) for f in flags) >= SMALLEST_GROUP:
            break
    continuous = tuple(source.measured.values())
    cut, cutoffs = _cut_variables(rng, patients, continuous)
    return KnownCohort(
        patients=patients,
        continuous=continuous,
        factors=tuple(factors),
        cut=cut,
        cutoffs=cutoffs,
        groups=source.groups,
        events=events,
        sites=(),
        excluded={"incomplete": int(rng.integers(2, 150))},
    )


def open_paper(rng: np.random.Generator) -> KnownPaper:
    """Print a paper on some patients of some open data set, with any conventions."""
    name = list(OPEN)[rng.integers(len(OPEN))]
    cohort = open_cohort(name, rng, size=int(rng.integers(60, 300)))
    return print_cohort(cohort, replace(draw_conventions(rng), names_unknown=False), rng)


def clean_registry(name: str, habit: str) -> KnownPaper:
    """Print a paper on a whole data set, in usual conventions and one of `CLEAN_HABITS`."""
    rng = np.random.default_rng([20, list(OPEN).index(name)])
    cohort = open_cohort(name, rng)
    style = replace(draw_conventions(rng), **PLAIN | HABITS[habit])
    return print_cohort(cohort, style, rng)


def main(folder: str) -> None:
    """Write every registry as a file."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, habit in product(OPEN, CLEAN_HABITS):
        paper = clean_registry(name, habit)
        path = Path(folder) / f"{name} {habit}.csv".replace(" ", "_").replace("_%", "")
        paper.registry.frame().to_csv(path, index=False)
        print(f"{len(paper.registry)} numbers: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
