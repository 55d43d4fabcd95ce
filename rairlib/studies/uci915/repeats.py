"""Repeat a study of thyroid cancer on real patients: whole patients of UCI 915, drawn anew.

The truth is the whole cohort. The procedure is that of the papers: a cut-off of age where these
patients have the largest Youden index, tests one by one, and Forward: LR among what is significant.
Every level has more than 7 patients with and without recurrence: T4, distant metastasis and
oncocytic histology have not, so that they are left out or joined with others. What leaves are
shares of repeats and estimates in the whole cohort.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from rairlib.cohorts.public import load_public
from rairlib.output import rounded
from rairlib.stats.kernels import auc, best_cutoff, fisher, forward, logistic, student
from rairlib.stats.selection import ENTRY_P, REMOVAL_P, SCREENING_P
from rairlib.studies.repeats import Conclusion, Repeats

STUDY = "uci915"
OUTCOME = "recurrence"
AGE_CUTOFF = 55
NEAR = 2
# Column and level of the cohort; "not papillary" is follicular or oncocytic.
LEVELS = {
    "male": ("gender", ("male",)),
    "metastasis": ("metastasis", ("yes",)),
    "n1b": ("n_stage", ("N1b",)),
    "not_papillary": ("histology", ("FTC", "OCA")),
}
CANDIDATES = ("found_age", *LEVELS)
# The model that was fixed beforehand.
PREDICTORS = ("age_55", "male", "metastasis", "not_papillary")
DIGITS = 3


# --- Patients ---------------------------------------------------------------------------------


@cache
def whole_cohort() -> dict[str, np.ndarray]:
    """Return the real patients' variables as numbers, 1 for the level in question."""
    cohort = load_public(STUDY)
    found = {name: cohort[column].isin(levels) for name, (column, levels) in LEVELS.items()}
    found |= {"age": cohort["age"], "age_55": cohort["age"] >= AGE_CUTOFF}
    found[OUTCOME] = cohort[OUTCOME] == "yes"
    return {name: values.to_numpy(dtype=float) for name, values in found.items()}


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw cohorts; under the ``null`` each patient's outcome is that of another one."""
    cohort = whole_cohort()
    rows = rng.integers(0, cohort["age"].size, (cohorts, patients))
    drawn = {name: values[rows] for name, values in cohort.items()}
    if truth == "null":
        drawn[OUTCOME] = rng.choice(cohort[OUTCOME], (cohorts, patients))
    return drawn


@cache
def true_values(truth: str) -> dict[str, float]:
    """Return the estimates in the whole cohort; without any effect under the null."""
    if truth == "null":
        return {f"fixed_{name} coefficient": 0.0 for name in PREDICTORS} | {"age auc": 0.5}
    cohort = {name: values[np.newaxis] for name, values in whole_cohort().items()}
    names = [f"fixed_{name} coefficient" for name in PREDICTORS] + ["age cutoff", "age auc"]
    found = analyse(cohort)
    return {name: rounded(float(found[name][0]), DIGITS) for name in names}


# --- The procedure ----------------------------------------------------------------------------


def analyse(patients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Analyse cohorts as the papers do.

    Parameters
    ----------
    patients : mapping of str to ndarray, shape (cohorts, patients)
        ``recurrence``, ``age`` (years), and 0 or 1 for each of ``LEVELS`` and ``age_55``.

    Returns
    -------
    dict of str to ndarray, shape (cohorts,)
        ``age`` with ``cutoff``, ``auc`` and ``p_value``; of each candidate ``p_value`` one by one
        and ``selected`` (0 or 1); with ``fixed_`` before the name, ``coefficient`` and
        ``standard_error`` of the model that was fixed beforehand.
    """
    event = patients[OUTCOME]
    cutoff, _, _ = best_cutoff(event, patients["age"])
    found = {"age cutoff": cutoff, "age auc": auc(event, patients["age"])[0]}
    found["age p_value"] = student(event, patients["age"])[1]
    columns = dict(patients)
    columns["found_age"] = (patients["age"] >= cutoff[:, np.newaxis]).astype(float)
    for name in (*CANDIDATES, "age_55"):
        found[f"{name} p_value"] = fisher(event, columns[name])
    screened = np.stack([found[f"{name} p_value"] < SCREENING_P for name in CANDIDATES], axis=-1)
    design = np.stack([columns[name] for name in CANDIDATES], axis=-1)
    # A column of zeros never enters.
    offered = with_ones(design * screened[:, np.newaxis])
    numbers = np.arange(offered.shape[-1], dtype=float)
    selected = forward(event, offered, numbers, ENTRY_P, REMOVAL_P)
    found |= {f"{name} selected": selected[:, k] for k, name in enumerate(CANDIDATES, 1)}
    design = with_ones(np.stack([columns[name] for name in PREDICTORS], axis=-1))
    coefficients, errors, _ = logistic(event, design, np.ones(design.shape[-1]))
    for k, name in enumerate(PREDICTORS, 1):
        found[f"fixed_{name} coefficient"] = coefficients[:, k]
        found[f"fixed_{name} standard_error"] = errors[:, k]
    return found


def with_ones(columns: np.ndarray) -> np.ndarray:
    """Put the constant before the columns of a design."""
    return np.concatenate([np.ones_like(columns[..., :1]), columns], axis=-1)


def _selected(name: str) -> Callable:
    return lambda found: found[f"{name} selected"] == 1


def _any_selected(*names: str) -> Callable:
    return lambda found: np.any([found[f"{name} selected"] == 1 for name in names], axis=0)


def _conclusion(id: str, text: str, holds: Callable) -> Conclusion:
    return Conclusion(id=id, text=text, number="", holds=holds)


CONCLUSIONS = (
    _conclusion(
        "age", "Age, split at its best cut-off, predicts recurrence.", _selected("found_age")
    ),
    _conclusion("male", "Sex goes with recurrence.", _selected("male")),
    _conclusion(
        "metastasis", "Metastasis, nodal or distant, predicts recurrence.", _selected("metastasis")
    ),
    _conclusion("n1b", "Lateral nodes (N1b) predict recurrence.", _selected("n1b")),
    _conclusion(
        "spread",
        "One of these two, metastasis or N1b, is in the model.",
        _any_selected("metastasis", "n1b"),
    ),
    _conclusion(
        "not_papillary",
        "Cancers that are not papillary differ in recurrence.",
        _selected("not_papillary"),
    ),
    _conclusion(
        "age_cutoff",
        f"The best cut-off of age is {AGE_CUTOFF} years, give or take {NEAR}.",
        lambda found: np.abs(found["age cutoff"] - AGE_CUTOFF) <= NEAR,
    ),
    _conclusion(
        "any_selected", "At least one variable is in the model.", _any_selected(*CANDIDATES)
    ),
)
REPEATS = Repeats(
    study=STUDY,
    patients=383,
    truths=("cohort", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
