"""Repeat Bel Lakhdar et al. 2024: new patients like those of the kept cohort, the same procedure.

In the paper's order: cut-offs of age and diameter where these patients have the largest Youden
index, tests one by one, and one logistic model of what is significant there. Beside it the same
with the printed cut-offs, and the printed model without any choice.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from rairlib.registry.studies import load_witness
from rairlib.stats.kernels import auc, best_cutoff, fisher, logistic, student
from rairlib.studies.lakhdar2024.analysis import (
    AGE_CUTOFF,
    DIAMETER_CUTOFF,
    FIGURE_1,
    SIGNIFICANCE_LEVEL,
)
from rairlib.studies.repeats import Conclusion, Repeats, differs_from_0

STUDY = "lakhdar2024"
# A column of the analysis → column and level of the cohort.
LEVELS = {
    "gender": ("gender", "female"),
    "metastasis": ("metastasis", "yes"),
    "ete": ("ete", "yes"),
    "multifocality": ("multifocality", "yes"),
    "ptc": ("histology", "PTC"),
    "high_risk_ptc": ("high_risk_ptc", "yes"),
    "ftc": ("histology", "FTC"),
    "oncocytic": ("histology", "OCA"),
}
# Split at the cut-offs that each repeat finds, and at those of the paper.
FOUND = {"age": "found_age", "tumor_diameter": "found_diameter"}
PRINTED = {source: name for source, name, _ in FIGURE_1}
PREDICTORS = ("age_54", "diameter_29", "metastasis")
# In the model that a repeat finds: what they are called there.
CHOSEN = {name: name for name in FOUND.values()} | {"metastasis": "found_metastasis"}
NOT_SIGNIFICANT = ("gender", "ete", "multifocality", "ptc", "high_risk_ptc", "ftc")
# How near a cut-off must come to the printed one, in years and millimetres.
NEAR = {"age": (AGE_CUTOFF, 2), "tumor_diameter": (DIAMETER_CUTOFF, 3)}
PLANTED = 2.0


# --- Patients: drawn with replacement from the kept cohort, refractory disease from a truth ----


@cache
def kept_columns() -> dict[str, np.ndarray]:
    """Return the kept cohort's variables as numbers; 1 for the level in question."""
    cohort = load_witness(STUDY)
    found = {name: cohort[column] == level for name, (column, level) in LEVELS.items()}
    found |= {name: cohort[source] >= cutoff for source, name, cutoff in FIGURE_1}
    found |= {"rair": cohort["rair"] == "yes"} | {source: cohort[source] for source in FOUND}
    return {name: values.to_numpy(dtype=float) for name, values in found.items()}


@cache
def true_coefficients(truth: str) -> pd.Series:
    """Return intercept and log odds ratios of a truth.

    Parameters
    ----------
    truth : str
        ``model``: the paper's model, fitted to the kept cohort; ``gradual``: the same with age and
        diameter as they were measured, so that no cut-off is the right one; ``planted``: odds
        ratios of 2; ``null``: no effect at all. The share of refractory disease is the same in all.

    Returns
    -------
    Series of float
        ``intercept`` first.
    """
    cohort = kept_columns()
    names = PREDICTORS if truth != "gradual" else (*FOUND, "metastasis")
    design = np.column_stack([np.ones(len(cohort["rair"])), *(cohort[name] for name in names)])
    if truth in ("model", "gradual"):
        found, _, _ = logistic(cohort["rair"], design, np.ones(design.shape[1]))
        return pd.Series(found, ["intercept", *names])
    effect = np.log(PLANTED) if truth == "planted" else 0.0
    shape, share = effect * design[:, 1:].sum(axis=1), cohort["rair"].mean()
    intercept = brentq(lambda level: expit(level + shape).mean() - share, *logit([1e-9, 1 - 1e-9]))
    return pd.Series([intercept, effect, effect, effect], ["intercept", *names])


def draw(
    rng: np.random.Generator, cohorts: int, patients: int, truth: str
) -> dict[str, np.ndarray]:
    """Draw cohorts: see :class:`rairlib.studies.repeats.Repeats`."""
    cohort, coefficients = kept_columns(), true_coefficients(truth)
    rows = rng.integers(0, cohort["rair"].size, (cohorts, patients))
    drawn = {name: values[rows] for name, values in cohort.items()}
    risk = expit(sum((b * drawn.get(name, 1.0) for name, b in coefficients.items()), 0.0))
    return drawn | {"rair": (rng.random((cohorts, patients)) < risk).astype(float)}


def true_values(truth: str) -> dict[str, float]:
    """Return what the repeats estimate, as far as the truth has it."""
    if truth == "gradual":
        return {}
    effects = true_coefficients(truth)[list(PREDICTORS)]
    values = {f"{name} coefficient": effect for name, effect in effects.items()}
    if truth == "null":
        return values
    of_found = zip(CHOSEN.values(), effects, strict=True)
    values |= {f"{name} coefficient": effect for name, effect in of_found}
    return values | {f"{name} cutoff": float(cutoff) for name, (cutoff, _) in NEAR.items()}


# --- The procedure ----------------------------------------------------------------------------


def analyse(patients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Analyse cohorts as the paper does.

    Parameters
    ----------
    patients : mapping of str to ndarray, shape (cohorts, patients)
        ``rair``, ``age`` (years), ``tumor_diameter`` (mm), and 0 or 1 for each of ``LEVELS``,
        ``age_54`` and ``diameter_29``.

    Returns
    -------
    dict of str to ndarray, shape (cohorts,)
        Every ``NAME p_value`` one by one; ``cutoff`` and ``auc`` of age and diameter; ``NAME
        coefficient`` and ``standard_error`` of the paper's model as it stands, and with ``found_``
        before the name those of the model that each repeat finds, with ``selected`` (0 or 1); of
        that procedure (``search``) and of the one with the printed cut-offs (``print``), how many
        variables are ``significant`` one by one and ``independent`` in the model.
    """
    rair, found = patients["rair"], {}
    columns = {name: patients[name] for name in (*LEVELS, *PRINTED.values())}
    for source, name in FOUND.items():
        cutoff, _, _ = best_cutoff(rair, patients[source])
        columns[name] = (patients[source] >= cutoff[:, np.newaxis]).astype(float)
        found[f"{source} cutoff"], found[f"{source} auc"] = cutoff, auc(rair, patients[source])[0]
        found[f"{source} p_value"] = student(rair, patients[source])[1]
    # The high-risk subtypes are counted among papillary cancers alone.
    among = {"high_risk_ptc": np.where(patients["ptc"] == 1, rair, np.nan)}
    p_values = {name: fisher(among.get(name, rair), column) for name, column in columns.items()}
    found |= {f"{name} p_value": p_value for name, p_value in p_values.items()}
    always = np.ones(len(rair))
    found |= fitted(rair, columns, dict.fromkeys(PREDICTORS, always))
    for procedure, cut in (("search", FOUND), ("print", PRINTED)):
        tested = {name: p_values[name] for name in (*cut.values(), *LEVELS)}
        significant = {name: p_value < SIGNIFICANCE_LEVEL for name, p_value in tested.items()}
        enters = entering(rair, columns, significant)
        model = fitted(rair, columns, enters)
        independent = [differs_from_0(model, name) for name in tested]
        found[f"{procedure} significant"] = np.sum(list(significant.values()), axis=0)
        found[f"{procedure} independent"] = np.sum(independent, axis=0)
        if procedure == "search":
            model |= {f"{name} selected": chosen for name, chosen in enters.items()}
            found |= {
                f"{to} {result}": model[f"{name} {result}"]
                for name, to in CHOSEN.items()
                for result in ("selected", "coefficient", "standard_error")
            }
    return found


def entering(rair, columns, significant: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tell which variables enter the model: the significant ones, as far as it can hold them.

    The paper leaves out oncocytic histology, which no patient of one group has: here any variable
    of which a level lacks an outcome. Of three types two say all.
    """
    enters = {
        name: chosen & (cells(rair, columns[name]) > 0).all(axis=0)
        for name, chosen in significant.items()
    }
    return enters | {"ptc": enters["ptc"] & ~(enters["ftc"] & enters["oncocytic"])}


def cells(event: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Count the patients of each cohort in the four cells of a 2×2 table."""
    parts = [(event, column), (event, 1 - column), (1 - event, column), (1 - event, 1 - column)]
    return np.array([(outcome * level).sum(axis=-1) for outcome, level in parts])


def fitted(rair, columns, enters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Fit one logistic model to each cohort, of the variables that enter there."""
    design = np.stack([np.ones_like(rair), *(columns[name] for name in enters)], axis=-1)
    used = np.stack([np.ones(len(rair)), *enters.values()], axis=-1)
    coefficients, errors, _ = logistic(rair, design, used)
    results = {"coefficient": coefficients, "standard_error": errors}
    return {
        f"{name} {result}": values[:, place]
        for place, name in enumerate(enters, start=1)
        for result, values in results.items()
    }


# --- What the paper concludes -----------------------------------------------------------------


def _raises(name: str) -> Callable:
    return lambda found: differs_from_0(found, name) & (found[f"{name} coefficient"] > 0)


def _found_near(source: str) -> Callable:
    printed, margin = NEAR[source]
    return lambda found: np.abs(found[f"{source} cutoff"] - printed) <= margin


def _three(found: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.all([_raises(name)(found) for name in CHOSEN.values()], axis=0)


def _others_alike(found: Mapping[str, np.ndarray]) -> np.ndarray:
    p_values = [found[f"{name} p_value"] for name in NOT_SIGNIFICANT]
    return ~np.any([p_value < SIGNIFICANCE_LEVEL for p_value in p_values], axis=0)


def _at_least_one(name: str) -> Callable:
    return lambda found: found[name] > 0


def _conclusion(id: str, text: str, holds: Callable, number: str = "") -> Conclusion:
    return Conclusion(id=id, text=text, number=number, holds=holds)


CONCLUSIONS = (
    _conclusion(
        "age",
        "Older patients, split at the best cut-off of age, have more refractory disease, whatever "
        "their diameter and metastasis.",
        _raises("found_age"),
        "table2-01",
    ),
    _conclusion(
        "diameter",
        "Larger tumours, split at the best cut-off of the diameter, are refractory more often, "
        "whatever age and metastasis.",
        _raises("found_diameter"),
        "table2-05",
    ),
    _conclusion(
        "metastasis",
        "Metastasis goes with refractory disease, whatever age and diameter.",
        _raises("found_metastasis"),
        "table2-09",
    ),
    _conclusion(
        "all_three",
        "Age, diameter and metastasis are all three independent predictors.",
        _three,
        "discussion-01",
    ),
    _conclusion(
        "only_three",
        "These three are independent predictors, and nothing else is.",
        lambda found: _three(found) & (found["search independent"] == len(PREDICTORS)),
        "conclusion-01",
    ),
    _conclusion(
        "age_cutoff",
        "The best cut-off of age is {} years, give or take {}.".format(*NEAR["age"]),
        _found_near("age"),
        "figure1-02",
    ),
    _conclusion(
        "diameter_cutoff",
        "The best cut-off of the diameter is {} mm, give or take {}.".format(
            *NEAR["tumor_diameter"]
        ),
        _found_near("tumor_diameter"),
        "figure1-06",
    ),
    _conclusion(
        "oncocytic",
        "Oncocytic histology differs between the groups.",
        lambda found: found["oncocytic p_value"] < SIGNIFICANCE_LEVEL,
        "table1-56",
    ),
    _conclusion(
        "others",
        "Sex, extrathyroidal extension, multifocality and the other types do not differ.",
        _others_alike,
    ),
    # Of the null: what the procedure finds where nothing is.
    _conclusion(
        "significant_by_search",
        "At least one variable differs between the groups, the cut-offs searched.",
        _at_least_one("search significant"),
    ),
    _conclusion(
        "significant_as_printed",
        "At least one variable differs between the groups, the cut-offs fixed beforehand.",
        _at_least_one("print significant"),
    ),
    _conclusion(
        "independent_by_search",
        "At least one variable is an independent predictor, the cut-offs searched.",
        _at_least_one("search independent"),
    ),
    _conclusion(
        "independent_as_printed",
        "At least one variable is an independent predictor, the cut-offs fixed beforehand.",
        _at_least_one("print independent"),
    ),
)
REPEATS = Repeats(
    study=STUDY,
    patients=90,
    truths=("model", "gradual", "planted", "null"),
    draw=draw,
    analyse=analyse,
    true_values=true_values,
    conclusions=CONCLUSIONS,
)
