"""Repeat Tang et al. 2025: new patients like those of the kept cohort, the same development.

In the paper's order: tests one by one and Forward: LR among the training patients, the best
threshold of the score there, then the area and the rates among the patients of validation.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from rairlib.registry.studies import load_witness
from rairlib.stats.kernels import (
    auc,
    best_cutoff,
    forward,
    logistic,
    mann_whitney,
    pearson,
    student,
)
from rairlib.stats.observation import Z_95
from rairlib.stats.selection import ENTRY_P, REMOVAL_P
from rairlib.studies.repeats import Conclusion, Repeats
from rairlib.studies.tang2025.analysis import (
    AGE_CUTOFF,
    CANDIDATES,
    LEVELS,
    OUTCOME,
    PRINTED,
    SCREENING_P,
    SETS,
    TESTS,
)

STUDY = "tang2025"
P_VALUE = {
    "pearson": lambda event, values: pearson(event, values)[2],
    "student": lambda event, values: student(event, values)[1],
    "mann_whitney": lambda event, values: mann_whitney(event, values)[1],
}
PREDICTORS = tuple(PRINTED)
# Significant one by one, the paper says, but not in the model.
DROPPED = ("lln_status", "lln_diameter", "rai_dose")
# From this area on a score is commonly called acceptable.
ACCEPTABLE = 0.7
PLANTED = 2.0
# A patient of validation may lie midway between two of training: that is at the threshold.
NOISE = 1e-9


# --- Patients: each set drawn with replacement from its own of the kept cohort ------------------


@cache
def kept_columns() -> dict[str, np.ndarray]:
    """Return the kept cohort's variables as numbers, 1 for the first level; training first."""
    cohort = load_witness(STUDY).sort_values("cohort", kind="stable")
    columns = {"failure": cohort[OUTCOME] == "yes", "training": cohort["cohort"] == SETS[0]}
    for name in CANDIDATES:
        columns[name] = cohort[name] == LEVELS[name][0] if name in LEVELS else cohort[name]
    return {name: values.to_numpy(dtype=float) for name, values in columns.items()}


@cache
def true_coefficients(truth: str) -> pd.Series:
    """Return the intercept and the log odds ratios of a truth, per node and per ng/mL.

    Parameters
    ----------
    truth : str
        ``model``: the paper's equation, fitted to the kept training set; ``planted``: an odds ratio
        of 2 for each standard deviation there; ``null``: no effect. The share of failures in
        training is the same in all.

    Returns
    -------
    Series of float
        ``intercept`` first.
    """
    cohort = kept_columns()
    training = cohort["training"] == 1
    values = np.column_stack([cohort[name][training] for name in PREDICTORS])
    event = cohort["failure"][training]
    if truth == "model":
        design = np.column_stack([np.ones(len(values)), values])
        found, _, _ = logistic(event, design, np.ones(design.shape[1]))
        return pd.Series(found, ["intercept", *PREDICTORS])
    effects = np.log(PLANTED) / values.std(axis=0) if truth == "planted" else np.zeros(2)
    shape, share = values @ effects, event.mean()
    intercept = brentq(lambda level: expit(level + shape).mean() - share, *logit([1e-9, 1 - 1e-9]))
    return pd.Series([intercept, *effects], ["intercept", *PREDICTORS])


def score(columns: Mapping[str, np.ndarray], truth: str) -> np.ndarray:
    """Return the true log odds of failure."""
    coefficients = true_coefficients(truth)
    return coefficients["intercept"] + sum(
        coefficients[name] * columns[name] for name in PREDICTORS
    )


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw cohorts: see :class:`rairlib.studies.repeats.Repeats`."""
    cohort = kept_columns()
    n, kept = len(cohort["training"]), int(cohort["training"].sum())
    training = round(patients * kept / n)
    rows = np.concatenate(
        [
            rng.integers(0, kept, (cohorts, training)),
            rng.integers(kept, n, (cohorts, patients - training)),
        ],
        axis=1,
    )
    drawn = {name: values[rows] for name, values in cohort.items()}
    failure = rng.random(rows.shape) < expit(score(drawn, truth))
    return drawn | {"failure": failure.astype(float)}


def true_values(truth: str) -> dict[str, float]:
    """Return what the repeats estimate: effects, and the areas of the true score in each set."""
    effects = true_coefficients(truth)[list(PREDICTORS)]
    values = {f"{name} coefficient": effect for name, effect in effects.items()}
    values |= {f"fixed_{name} coefficient": effect for name, effect in effects.items()}
    cohort = kept_columns()
    for number, name in enumerate(SETS):
        own = score(cohort, truth)[cohort["training"] == 1 - number]
        higher = (np.sign(own[:, np.newaxis] - own) + 1) / 2
        values[f"{name} auc"] = expit(own) @ higher @ expit(-own)
        values[f"{name} auc"] /= expit(own).sum() * expit(-own).sum()
    return values


# --- The procedure ----------------------------------------------------------------------------


def analyse(patients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Analyse cohorts as the paper does.

    Parameters
    ----------
    patients : mapping of str to ndarray, shape (cohorts, patients)
        ``training`` and ``failure`` (0 or 1), and the candidates, 1 for the first level.

    Returns
    -------
    dict of str to ndarray, shape (cohorts,)
        Of each candidate ``p_value`` one by one and ``selected`` (0 or 1); of the printed variables
        ``coefficient`` and ``standard_error`` in the model that is selected, NaN where they are not
        in it, and with ``fixed_`` before the name those of their model without any choice;
        ``threshold cutoff``; of both sets ``auc`` with ``low`` and ``high`` (Hanley-McNeil), and
        ``sensitivity`` and ``specificity`` at the threshold; of both and of the subgroups of all
        patients, with ``_split`` after the name, ``auc`` of the score split there. Where nothing
        is selected there is no score: NaN.
    """
    failure, training = patients["failure"], patients["training"] == 1
    event, found = np.where(training, failure, np.nan), {}
    for name in CANDIDATES:
        found[f"{name} p_value"] = P_VALUE[TESTS[name]](event, patients[name])
    screened = np.stack([found[f"{name} p_value"] < SCREENING_P for name in CANDIDATES], axis=-1)
    design = np.stack([np.ones_like(failure), *map(patients.get, CANDIDATES)], axis=-1)
    selected = forward_screened(event, design, screened)
    found |= {f"{name} selected": selected[:, k] for k, name in enumerate(CANDIDATES, 1)}
    coefficients, errors, _ = logistic(event, design, np.nan_to_num(selected))
    alone = np.array([1.0, *(name in PREDICTORS for name in CANDIDATES)])
    fixed, fixed_errors, _ = logistic(event, design, alone)
    for name in PREDICTORS:
        place = 1 + CANDIDATES.index(name)
        found[f"{name} coefficient"] = coefficients[:, place]
        found[f"{name} standard_error"] = errors[:, place]
        found[f"fixed_{name} coefficient"] = fixed[:, place]
        found[f"fixed_{name} standard_error"] = fixed_errors[:, place]
    return found | performance(patients, logit_p(design, coefficients))


def forward_screened(event, design, screened: np.ndarray) -> np.ndarray:
    """Select by Forward: LR among what is screened; shape (cohorts, 1 + candidates)."""
    # A column of zeros never enters.
    offered = design * np.column_stack([np.ones(len(screened)), screened])[:, np.newaxis]
    variable = np.arange(design.shape[-1], dtype=float)
    return forward(event, offered, variable, ENTRY_P, REMOVAL_P)


def logit_p(design: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return the scores of all patients; NaN in cohorts without a model."""
    found = np.einsum("cnp,cp->cn", design, np.nan_to_num(coefficients))
    without = np.isnan(coefficients[:, 1:]).all(axis=-1)
    return np.where(without[:, np.newaxis], np.nan, found)


def performance(patients: Mapping[str, np.ndarray], score: np.ndarray) -> dict[str, np.ndarray]:
    """Judge a score as the paper does: areas, and the rates at the training set's threshold."""
    failure, has_model = patients["failure"], ~np.isnan(score[:, :1])
    groups = {
        "training": patients["training"] == 1,
        "validation": patients["training"] == 0,
        "men": patients["gender"] == 1,
        "women": patients["gender"] == 0,
        "younger": patients["age"] < AGE_CUTOFF,
        "older": patients["age"] >= AGE_CUTOFF,
    }
    events = {name: np.where(own & has_model, failure, np.nan) for name, own in groups.items()}
    score = np.nan_to_num(score)
    cutoff, _, _ = best_cutoff(events["training"], score)
    positive, found = score >= cutoff[:, np.newaxis] - NOISE, {"threshold cutoff": cutoff}
    for name, event in events.items():
        found[f"{name}_split auc"] = auc(event, positive)[0]
        if name in SETS:
            area, error, _ = auc(event, score)
            found |= {f"{name} auc": area}
            found |= {f"{name} low": area - Z_95 * error, f"{name} high": area + Z_95 * error}
            found[f"{name} sensitivity"] = share(positive, event == 1)
            found[f"{name} specificity"] = share(~positive, event == 0)
    return found


def share(called: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return which share of some patients of each cohort is called so; NaN where there is none."""
    number = patients.sum(axis=-1)
    return np.where(number, (called & patients).sum(axis=-1) / np.maximum(number, 1), np.nan)


# --- What the paper concludes -----------------------------------------------------------------


def _selected(name: str) -> Callable:
    return lambda found: found[f"{name} selected"] == 1


def _exactly(found: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.all(
        [(found[f"{name} selected"] == 1) == (name in PREDICTORS) for name in CANDIDATES], axis=0
    )


def _only_one_by_one(found: Mapping[str, np.ndarray]) -> np.ndarray:
    parts = [
        (found[f"{name} p_value"] < SCREENING_P) & (found[f"{name} selected"] == 0)
        for name in DROPPED
    ]
    return np.all(parts, axis=0)


def _any(statistic: str, holds: Callable) -> Callable:
    return lambda found: np.any(
        [holds(found[f"{name} {statistic}"]) for name in CANDIDATES], axis=0
    )


def _area_of(*names: str) -> Callable:
    return lambda found: np.all([found[f"{name} auc"] >= ACCEPTABLE for name in names], axis=0)


def _conclusion(id: str, text: str, holds: Callable, number: str = "") -> Conclusion:
    return Conclusion(id=id, text=text, number=number, holds=holds)


CONCLUSIONS = (
    _conclusion(
        "nodes",
        "The number of lateral node metastases predicts failure and is in the model.",
        _selected("lln_count"),
        "results-predictors-09",
    ),
    _conclusion(
        "tg",
        "Thyroglobulin before radioiodine predicts failure and is in the model.",
        _selected("tg_before"),
        "results-predictors-12",
    ),
    _conclusion(
        "exactly_two",
        "The model consists of these two, and of nothing else.",
        _exactly,
        "results-predictors-15",
    ),
    _conclusion(
        "dropped",
        "Lateral node disease, its size and the iodine-131 dose differ one by one, but are not in "
        "the model.",
        _only_one_by_one,
        "results-predictors-06",
    ),
    _conclusion(
        "training_area",
        f"Where it was built, the model has an area of at least {ACCEPTABLE}.",
        _area_of("training"),
        "results-performance-02",
    ),
    _conclusion(
        "validation_area",
        f"Among other patients the score has an area of at least {ACCEPTABLE}.",
        _area_of("validation"),
    ),
    _conclusion(
        "validation_split",
        "Among other patients the score, split at its threshold, has an area of at least "
        f"{ACCEPTABLE}.",
        _area_of("validation_split"),
        "results-performance-05",
    ),
    _conclusion(
        "subgroups",
        f"Split at its threshold, the score has an area of at least {ACCEPTABLE} in men, women and "
        "both age groups.",
        _area_of("men_split", "women_split", "younger_split", "older_split"),
        "results-performance-19",
    ),
    # Of the null: what the procedure finds where nothing is.
    _conclusion(
        "any_significant",
        "At least one candidate differs between failures and successes.",
        _any("p_value", lambda p_value: p_value < SCREENING_P),
    ),
    _conclusion(
        "any_selected",
        "There is a model.",
        _any("selected", lambda selected: selected == 1),
    ),
)
REPEATS = Repeats(
    study=STUDY,
    patients=182,
    truths=("model", "planted", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
