"""What an ensemble of searched cohorts says about numbers that were held out or never printed."""

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from rairlib.cohorts.order_trials import order_trials
from rairlib.registry.registry import Registry
from rairlib.studies.simulations import KEY, frames_of, unpublished_values
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.studies.wang2025.cohort import searched_cohort
from rairlib.studies.wang2025.unpublished import unpublished

# SPSS gives the interval by Hanley and McNeil; this one is left to the kept cohort.
OTHER_AREA_METHOD = "delong"
COHORTS = 200
# Who was left out is not printed: by composition, its name in the declaration and its first seed.
COMPOSITIONS = {"A": ("", 7000), "B": ("B", 8000)}
# A statistic with which and without which the order in time is searched for.
WEIGHED = "figure5-03"
WEIGHED_SEEDS = range(1, 11)


def searched_ensemble(registry: Registry, cohorts: int, workers: int) -> dict[str, pd.DataFrame]:
    """Search for many cohorts of each composition and analyse each.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    cohorts : int
        How many of each composition.
    workers : int
        Processes; does not change the result.

    Returns
    -------
    dict of str to DataFrame
        ``ensemble``: columns ``cohort, composition, statistic, variable, level, group, method,
        value``, the numbers that were held out. ``unpublished``: columns ``cohort, composition,
        quantity, value``. ``accuracy``: the hazard ratios that the cohorts were searched for,
        columns as ``ensemble``.

    Raises
    ------
    AnchorError
        If no values can be drawn around any of ten skeletons in a row.
    """
    tasks = (
        delayed(_one)(registry, composition, number)
        for composition in COMPOSITIONS
        for number in range(cohorts)
    )
    return frames_of(Parallel(n_jobs=workers)(tasks))


def _one(registry: Registry, composition: str, number: int) -> dict[str, pd.DataFrame]:
    declared, seed = COMPOSITIONS[composition]
    cohort, _ = searched_cohort(registry, seed + number, declared)
    results = wang2025.analyse(cohort)
    methods = {row.key[:4]: row.method for row in registry.where(role="held_out")}
    keys = results[KEY].itertuples(index=False, name=None)
    held = [
        key in methods and methods[key] in ("", method) and method != OTHER_AREA_METHOD
        for key, method in zip(keys, results["method"], strict=True)
    ]
    more = unpublished(cohort, np.random.default_rng([seed, number]))
    columns, ratios = [*KEY, "method", "value"], results["statistic"] == "hazard_ratio"
    frames = {
        "ensemble": results[held].drop_duplicates(KEY)[columns],
        "unpublished": unpublished_values(more),
        "accuracy": results.loc[ratios, columns],
    }
    return {name: _composed(frame, composition) for name, frame in frames.items()}


def _composed(frame: pd.DataFrame, composition: str) -> pd.DataFrame:
    frame = frame.copy()
    frame.insert(0, "composition", composition)
    return frame


def kept_frames(registry: Registry, workers: int) -> dict[str, pd.DataFrame]:
    """Draw what is kept of the study in ``data/results`` anew, by the end of the file's name."""
    frames = searched_ensemble(registry, COHORTS, workers)
    return {**frames, "orders": order_trials(registry.source, WEIGHED, WEIGHED_SEEDS, workers)}
