"""Weights of the printed rows in the energy, adapted between the rounds."""

import numpy as np

from rairlib.search.cox_terms import Design
from rairlib.search.risk_sums import fresh_residuals
from rairlib.search.schedule import Schedule
from rairlib.search.state import SearchState


def reweighted(state: SearchState, design: Design, schedule: Schedule) -> SearchState:
    """Let rows that are far off count more in the next round.

    Parameters
    ----------
    state : SearchState
        After a round.
    design : Design
        Order in time and models.
    schedule : Schedule
        How fast weights grow and decay.

    Returns
    -------
    SearchState
        With new ``weights`` (chains, P) and ``model_weights`` (chains, K); 0 stays 0.
    """
    columns = state.arrays["weights"].shape[1]
    joined = np.hstack([state.arrays["weights"], state.arrays["model_weights"]])
    for chain, rows in enumerate(state.arrays["rows"]):
        joined[chain] = _adapted(joined[chain], fresh_residuals(rows, design), schedule)
    return state.with_arrays(weights=joined[:, :columns], model_weights=joined[:, columns:])


def _adapted(weights: np.ndarray, residuals: np.ndarray, schedule: Schedule) -> np.ndarray:
    distance = np.sqrt((residuals.reshape(-1, 3) ** 2).mean(1))
    searched = (weights > 0) & (distance > 0)
    if not searched.any():
        return weights
    far = distance > schedule.weight_ratio * np.median(distance[searched])
    grown = np.minimum(weights * schedule.weight_growth, schedule.weight_limit)
    fallen = np.maximum(weights / schedule.weight_decay, 1.0)
    return np.where(weights > 0, np.where(far, grown, fallen), 0.0)
