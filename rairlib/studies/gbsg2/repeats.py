"""The study repeated: what as many or fewer of these women would have shown.

Whole women are drawn with replacement from the trial's own records, so that the truth is what all
of them show. Without any effect (``null``) times and events are drawn apart from the covariates.
The procedure is that of the study from Qingdao, so that the two can be compared: variables one by
one, those with p < 0.10 together; and the published model without any choice beside it.
"""

from functools import cache

import numpy as np

from rairlib.cohorts.public import load_records
from rairlib.stats import kernels
from rairlib.stats.cox import cox
from rairlib.stats.logistic import candidate_columns
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
from rairlib.studies.gbsg2.analysis import COVARIATES, prepared
from rairlib.studies.repeats import Conclusion, Repeats

NAMES = tuple(COVARIATES)
OUTCOME = ("time", "recurrence_or_death")
SCREENING_P = 0.10
# Four nodes or more are the second class of the staging system: a cut-off that no data chose.
NODES = 4
DAYS = (365, 1096, 1826)


@cache
def records() -> dict[str, np.ndarray]:
    """Return the women's times, events and covariates, 1 for the first level of a contrast."""
    women = prepared(load_records("gbsg2")["gbsg2"])
    covariates = candidate_columns(women, COVARIATES)
    columns = {name: values[:, 0].astype(float) for name, values in covariates.items()}
    return columns | {name: women[name].to_numpy(float) for name in OUTCOME}


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw women with replacement, with their own outcomes or with those of other women."""
    size = len(records()["time"])
    who = rng.integers(size, size=(cohorts, patients))
    fate = who if truth == "cohort" else rng.integers(size, size=who.shape)
    return {name: values[fate if name in OUTCOME else who] for name, values in records().items()}


@cache
def true_values(truth: str) -> dict[str, float]:
    """Return what all women show, and no effects where there are none."""
    women = prepared(load_records("gbsg2")["gbsg2"])
    rates = survival_at(women["time"], women["recurrence_or_death"], DAYS)["percent"] / 100
    found = {f"day_{day} survival": rate for day, rate in zip(DAYS, rates, strict=True)}
    effects = np.zeros(len(NAMES))
    if truth == "cohort":
        fit = cox(women, *OUTCOME, COVARIATES, "efron")
        effects = fit.loc[fit["statistic"] == "coefficient", "estimate"].to_numpy()
        best = optimal_cutoffs(women["recurrence_or_death"], women["pnodes"])
        found["pnodes cutoff"] = best["cutoff"].iloc[0]
    for name, effect in zip(NAMES, effects, strict=True):
        found[f"{name} coefficient"] = found[f"screened_{name} coefficient"] = effect
    return found


def analyse(cohorts: dict[str, np.ndarray]) -> Quantities:
    """Screen the nine terms and fit those that pass, and all nine; cut-off of nodes; curve.

    The cut-off is that of the largest Youden index for recurrence or death.
    """
    time, event, nodes = cohorts["time"], cohorts["recurrence_or_death"], cohorts["pnodes"]
    columns = np.stack([cohorts[name] for name in NAMES], axis=-1)
    p_values = one_by_one(time, event, columns, efron=True)
    used = p_values < SCREENING_P
    screened = kernels.cox(time, event, columns, used, 1)
    found = named("", NAMES, p_value=p_values) | reported("screened_", NAMES, screened, used)

    coefficients, errors, _ = kernels.cox(time, event, columns, np.ones(len(NAMES)), 1)
    found |= named("", NAMES, coefficient=coefficients, standard_error=errors)

    cutoff, _, _ = kernels.best_cutoff(event, nodes)
    found["pnodes cutoff"] = cutoff
    found["pnodes_found p_value"] = log_rank_p(time, event, nodes >= cutoff[:, np.newaxis])
    found[f"pnodes_{NODES} p_value"] = log_rank_p(time, event, nodes >= NODES)

    survival, error = kernels.survival_at(time, event, np.array(DAYS, float))
    return found | named(
        "", [f"day_{day}" for day in DAYS], survival=survival, standard_error=error
    )


CONCLUSIONS = tuple(
    Conclusion(id=name, number=number, text=text, holds=holds)
    for name, number, text, holds in (
        (
            "horTh",
            "cox-06",
            "Hormonal therapy lowers the hazard of recurrence or death.",
            predicts("screened_horTh", -1),
        ),
        (
            "tgrade",
            "cox-42",
            "A higher grade raises the hazard.",
            predicts("screened_tgrade_linear", 1),
        ),
        (
            "pnodes",
            "cox-60",
            "More positive nodes raise the hazard.",
            predicts("screened_pnodes", 1),
        ),
        (
            "progrec",
            "cox-69",
            "More of the progesterone receptor lowers the hazard.",
            predicts("screened_progrec", -1),
        ),
        # Of the null: what the procedure finds where nothing is.
        (
            "any",
            "",
            "At least one variable is an independent predictor.",
            at_least_one("screened_"),
        ),
    )
)

REPEATS = Repeats(
    study="gbsg2",
    patients=686,
    truths=("cohort", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
