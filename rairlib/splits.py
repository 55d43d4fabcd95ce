"""What a joint table and its logistic model leave open: the split of its cells by outcome.

A main-effects model sees the outcome only through its margins, so every split has the same
estimates. Fit, discrimination and risks within cells differ from split to split.
"""

from math import comb, prod

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2

from rairlib.discrimination import auc
from rairlib.joint_tables import OutcomeSplits, cell_levels


def split_patients(splits: OutcomeSplits, number: int, covariates: tuple[str, ...]) -> pd.DataFrame:
    """Write one split as patients.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits.
    number : int
        Which split, from 0.
    covariates : tuple of str
        Names, in the order of the cells' levels.

    Returns
    -------
    DataFrame
        One row per patient: the covariates (0 or 1) and ``event`` (0 or 1), cell by cell.
    """
    events = splits.event_tables[number]
    levels = cell_levels(len(covariates))
    parts = [
        pd.DataFrame(np.repeat(levels, n, axis=0), columns=list(covariates)).assign(event=outcome)
        for outcome, n in ((1, events), (0, splits.table - events))
    ]
    return pd.concat(parts).sort_values(list(covariates), kind="stable", ignore_index=True)


def fitted_risks(coefficients: np.ndarray) -> np.ndarray:
    """Return the risk that a logistic model gives each cell.

    Parameters
    ----------
    coefficients : ndarray, shape (k + 1,)
        Intercept, then one log odds ratio per covariate.

    Returns
    -------
    ndarray, shape (2**k,)
        Probabilities.
    """
    return expit(coefficients[0] + cell_levels(len(coefficients) - 1) @ coefficients[1:])


def model_over_splits(splits: OutcomeSplits, coefficients: np.ndarray) -> pd.DataFrame:
    """Measure discrimination and fit of the model on every split.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits.
    coefficients : ndarray, shape (k + 1,)
        Intercept, then one log odds ratio per covariate; the same for all splits.

    Returns
    -------
    DataFrame
        One row per split: ``auc`` of the model; ``chi_square`` of Pearson's test of fit over the
        cells and its ``p_value`` with 2**k - k - 1 degrees of freedom (a guide only: expected
        counts are small); ``probability`` of the split if the model holds.
    """
    risks = fitted_risks(coefficients)
    expected = splits.table * risks
    gaps = (splits.event_tables - expected) ** 2 / (expected * (1 - risks))
    freedom = len(risks) - len(coefficients)
    statistic = gaps.sum(axis=1)
    return pd.DataFrame(
        {
            "auc": [_area(splits.table, events, risks) for events in splits.event_tables],
            "chi_square": statistic,
            "p_value": chi2.sf(statistic, freedom),
            "probability": split_probabilities(splits),
        }
    )


def _area(table: np.ndarray, events: np.ndarray, risks: np.ndarray) -> float:
    outcome = np.repeat([1, 0], [events.sum(), (table - events).sum()])
    score = np.concatenate([np.repeat(risks, events), np.repeat(risks, table - events)])
    return auc(outcome, score)


def split_probabilities(splits: OutcomeSplits) -> np.ndarray:
    """Return how likely each split is if the main-effects model holds, given its margins.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits.

    Returns
    -------
    ndarray, shape (splits,)
        Sums to 1. Given the margins by outcome, a split is as likely as there are ways to choose
        its events from the cells; the coefficients cancel (conditional logistic regression).
    """
    # Whole numbers of any length: products of binomial coefficients outgrow 64 bits.
    ways = [
        prod(map(comb, splits.table.tolist(), events)) for events in splits.event_tables.tolist()
    ]
    total = sum(ways)
    return np.array([way / total for way in ways])
