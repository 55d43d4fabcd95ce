"""What screening by p value and Forward: LR do on the patients of Tang et al. 2025.

The predictors stay as they are; outcomes are drawn anew, from nothing or from a known equation, and
the whole development is repeated.
"""

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.discrimination import auc
from rairlib.errors import RairlibError
from rairlib.papers.tang2025_develop import develop
from rairlib.papers.tang2025_model import OUTCOME, linear_predictor

COLUMNS = ["selected", "variables", "area"]


def developed_without_signal(
    training: pd.DataFrame, repeats: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Develop the model on shuffled outcomes, which no predictor has anything to do with.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    repeats : int
        How often.
    rng : numpy.random.Generator
        Source of the orders.

    Returns
    -------
    DataFrame
        One row per repeat: ``selected`` (names joined by +, empty for none), ``variables`` (their
        number), ``area`` (apparent area under the ROC curve; 0.5 without variables).
    """
    outcome = training[OUTCOME].to_numpy()
    return _developed(training, [rng.permutation(outcome) for _ in range(repeats)])


def developed_from_equation(
    training: pd.DataFrame, coefficients: pd.Series, repeats: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Develop the model on outcomes drawn from an equation, which is then the truth.

    Parameters
    ----------
    training : DataFrame
        Patients of the training set, checked.
    coefficients : Series of float
        See :func:`rairlib.papers.tang2025_model.equation`.
    repeats : int
        How often.
    rng : numpy.random.Generator
        Source of the outcomes.

    Returns
    -------
    DataFrame
        As :func:`developed_without_signal`.
    """
    risk = expit(linear_predictor(training, coefficients)).to_numpy()
    draws = (rng.random(risk.size) < risk for _ in range(repeats))
    return _developed(training, [np.where(drawn, "yes", "no") for drawn in draws])


def _developed(training: pd.DataFrame, outcomes: list[np.ndarray]) -> pd.DataFrame:
    rows = []
    for outcome in outcomes:
        frame = training.assign(**{OUTCOME: outcome})
        try:
            found = develop(frame)
        except RairlibError:  # all alike or separated: no model, and the row says so
            rows.append(("no model", 0, np.nan))
            continue
        area = auc(outcome == "yes", found.risks(frame)) if found.variables else 0.5
        rows.append((" + ".join(found.variables), len(found.variables), area))
    return pd.DataFrame(rows, columns=COLUMNS)
