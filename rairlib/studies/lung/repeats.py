"""The study repeated: what as many or fewer of these patients would have shown.

Whole patients are drawn with replacement from the published records, so that the truth is what all
of them show. Without any effect (``null``) times and events are drawn apart from the covariates.
"""

from functools import cache

import numpy as np
import pandas as pd

from rairlib.cohorts.public import load_records
from rairlib.stats import kernels
from rairlib.stats.cox import cox
from rairlib.stats.roc import optimal_cutoffs
from rairlib.stats.screening import (
    Quantities,
    at_least_one,
    log_rank_p,
    named,
    one_by_one,
    predicts,
    reported,
)
from rairlib.stats.survival import survival_at
from rairlib.studies.lung.analysis import MODELS, prepared
from rairlib.studies.repeats import Conclusion, Repeats

NAMES = ("sex", "age", "ph_karno", "wt_loss")
OUTCOME = ("time", "death")
# The models of the vignette and of the web book, and the one of all four variables.
PUBLISHED = dict(zip(("vignette_", "web_"), MODELS.values(), strict=True))
MODELS_BY_PREFIX = PUBLISHED | {"screened_": NAMES}
ALPHA = 0.05
SCREENING_P = 0.10
AGE = 65  # a usual split, which no data chose
DAYS = (180, 365, 730)


@cache
def records() -> pd.DataFrame:
    """Return the patients' times, deaths and covariates; sex is 1 for women."""
    patients = prepared(load_records("lung")["lung"])
    return patients.assign(sex=patients["sex"] == "female")[[*NAMES, *OUTCOME]].astype(float)


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw patients with replacement, with their own outcomes or with those of others."""
    who = rng.integers(len(records()), size=(cohorts, patients))
    fate = who if truth == "cohort" else rng.integers(len(records()), size=who.shape)
    columns = {name: column.to_numpy() for name, column in records().items()}
    return {name: values[fate if name in OUTCOME else who] for name, values in columns.items()}


@cache
def true_values(truth: str) -> dict[str, float]:
    """Return what all patients show, and no effects where there are none."""
    everyone = records()
    rates = survival_at(everyone["time"], everyone["death"], DAYS)["percent"] / 100
    found = {f"day_{day} survival": rate for day, rate in zip(DAYS, rates, strict=True)}
    for prefix, names in MODELS_BY_PREFIX.items():
        effects = np.zeros(len(names))
        if truth == "cohort":
            known = everyone.dropna(subset=list(names))
            fit = cox(known, *OUTCOME, dict.fromkeys(names), "efron")
            effects = fit.loc[fit["statistic"] == "coefficient", "estimate"]
        found |= dict(zip([f"{prefix}{name} coefficient" for name in names], effects, strict=True))
    if truth == "cohort":
        best = optimal_cutoffs(everyone["death"], everyone["age"])
        found["age cutoff"] = best["cutoff"].iloc[0]
    return found


def among_known(
    cohorts: dict[str, np.ndarray], names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return deaths of the patients without missing values, NaN for the others, and columns."""
    columns = np.stack([cohorts[name] for name in names], axis=-1)
    missing = np.isnan(columns).any(axis=-1)
    return np.where(missing, np.nan, cohorts["death"]), np.nan_to_num(columns)


def analyse(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Screen four variables and fit those that pass; both published models; cut-off of age; curve.

    The cut-off is that of the largest Youden index for death.
    """
    time, death, age = cohorts["time"], cohorts["death"], cohorts["age"]
    event, columns = among_known(cohorts, NAMES)
    p_values = one_by_one(time, event, columns, efron=True)
    used = p_values < SCREENING_P
    screened = kernels.cox(time, event, columns, used, 1)
    found = named("", NAMES, p_value=p_values) | reported("screened_", NAMES, screened, used)

    for prefix, names in PUBLISHED.items():
        event, columns = among_known(cohorts, names)
        coefficients, errors, _ = kernels.cox(time, event, columns, np.ones(len(names)), 1)
        found |= named(prefix, names, coefficient=coefficients, standard_error=errors)

    found["sex_curves p_value"] = log_rank_p(time, death, cohorts["sex"])
    cutoff, _, _ = kernels.best_cutoff(death, age)
    found["age cutoff"] = cutoff
    found["age_found p_value"] = log_rank_p(time, death, age >= cutoff[:, np.newaxis])
    found[f"age_{AGE} p_value"] = log_rank_p(time, death, age >= AGE)

    survival, error = kernels.survival_at(time, death, np.array(DAYS, float))
    return found | named(
        "", [f"day_{day}" for day in DAYS], survival=survival, standard_error=error
    )


def _sexes_differ(found: Quantities) -> np.ndarray:
    return (found["sex_curves p_value"] < ALPHA) & (found["web_sex coefficient"] < 0)


CONCLUSIONS = tuple(
    Conclusion(id=name, number=number, text=text, holds=holds)
    for name, number, text, holds in (
        ("sex_curves", "logrank-11", "Women live longer than men: log-rank test.", _sexes_differ),
        (
            "sex",
            "web-02",
            "Women live longer, whatever their age and Karnofsky score.",
            predicts("web_sex", -1),
        ),
        (
            "ph_karno",
            "web-16",
            "A better Karnofsky score means a longer life, whatever age and sex.",
            predicts("web_ph_karno", -1),
        ),
        (
            "age",
            "vignette-02",
            "Older patients die sooner, whatever their sex and weight loss.",
            predicts("vignette_age", 1),
        ),
        # Of the null: what screening finds where nothing is.
        (
            "any",
            "",
            "At least one variable is an independent predictor.",
            at_least_one("screened_"),
        ),
    )
)

REPEATS = Repeats(
    study="lung",
    patients=228,
    truths=("cohort", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
