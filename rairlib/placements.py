"""Where in a reconstructed joint table the patients of a rare level can stand.

A level that only patients with the outcome have cannot enter a logistic model. Firth's penalty
gives it a finite odds ratio, which depends on the other covariates of these few patients. Where
nothing is printed about them, every placement is tried.
"""

from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pandas as pd

from rairlib.joint_tables import OutcomeSplits, cell_levels
from rairlib.regression import firth_logistic


def placements(splits: OutcomeSplits, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """List the ways in which some of the patients with the outcome spread over the cells.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits by outcome.
    patients : int
        How many patients, all with the outcome, have the further level.

    Returns
    -------
    places : ndarray of int, shape (placements, 2**k)
        Patients with the level in each cell.
    probability : ndarray, shape (placements,)
        If all splits are equally likely and the patients are drawn from those with the outcome.
    """
    cells = len(splits.table)
    chosen = combinations_with_replacement(range(cells), patients)
    places = np.array([np.bincount(cell, minlength=cells) for cell in chosen])
    probability = np.array([_probability(splits.event_tables, place) for place in places])
    return places[probability > 0], probability[probability > 0]


def _probability(event_tables: np.ndarray, place: np.ndarray) -> float:
    """Average the multivariate hypergeometric probability over all splits."""
    ways = [
        np.prod([comb(int(n), int(k)) for n, k in zip(events, place, strict=True)])
        for events in event_tables
    ]
    return float(np.mean(ways)) / comb(int(event_tables[0].sum()), int(place.sum()))


def firth_of_placement(
    splits: OutcomeSplits, place: np.ndarray, covariates: tuple[str, ...], level: str
) -> pd.DataFrame:
    """Fit Firth's logistic regression with the further level in given places.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits by outcome.
    place : ndarray of int, shape (2**k,)
        Patients with the level in each cell, as from :func:`placements`.
    covariates : tuple of str
        Names, in the order of the cells' levels.
    level : str
        Name of the further level.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.regression.firth_logistic`. Which split is
        taken does not matter: the model sees the outcome only through its margins.
    """
    fits = (splits.event_tables >= place).all(axis=1)
    events = splits.event_tables[fits.argmax()]
    levels = cell_levels(len(covariates))
    sizes = ((1, 1, place), (1, 0, events - place), (0, 0, splits.table - events))
    parts = [
        pd.DataFrame(np.repeat(levels, n, axis=0), columns=list(covariates)).assign(
            **{"event": event, level: has}
        )
        for event, has, n in sizes
    ]
    data = pd.concat(parts, ignore_index=True)
    estimates = firth_logistic(data, "event", dict.fromkeys([*covariates, level]))
    return estimates[estimates["statistic"] == "odds_ratio"].reset_index(drop=True)
