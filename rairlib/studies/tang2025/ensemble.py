"""What an ensemble of cohorts of Tang et al. 2025 (Hunan) says about numbers it was not told."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from rairlib.registry.registry import Registry
from rairlib.stats.logistic import fit_logistic
from rairlib.stats.roc import auc_estimate
from rairlib.studies.simulations import frames_of, unpublished_values
from rairlib.studies.tang2025.analysis import analyse, one_set
from rairlib.studies.tang2025.cohort import (
    FAILED,
    SETS,
    Anchors,
    Assumptions,
    draw_cohort,
    draw_untold,
    load_assumptions,
    read_anchors,
)
from rairlib.studies.tang2025.unpublished import development_optimism, fit_both, unpublished

KEY = ["statistic", "variable", "level", "group", "method"]
TRIANGLE = ("v00", "v01", "v02", "v11", "v12", "v22")
RESAMPLES = 100
COHORTS = 200
SEED = 2025
# Cohorts that are also drawn without the printed area, to see where it falls.
AREA_TRIALS = 60


def drawn_ensemble(
    registry: Registry, cohorts: int, seed: int, workers: int
) -> dict[str, pd.DataFrame]:
    """Draw many cohorts that know no printed p value, and analyse each.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    cohorts : int
        How many.
    seed : int
        Cohort number i depends on the seed and on i alone.
    workers : int
        Processes; does not change the result.

    Returns
    -------
    dict of str to DataFrame
        See :func:`ensemble_of`.

    Raises
    ------
    AnchorError
        If no population leads to a cohort.
    """
    anchors, assumed = read_anchors(registry), load_assumptions(registry.study)
    tasks = (delayed(draw_cohort)(anchors, assumed, [seed, number]) for number in range(cohorts))
    return ensemble_of(registry, Parallel(n_jobs=workers, return_as="generator")(tasks), seed)


def ensemble_of(
    registry: Registry, cohorts: Iterable[pd.DataFrame], seed: int
) -> dict[str, pd.DataFrame]:
    """Analyse cohorts.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    cohorts : iterable of DataFrame
        Drawn without the printed p values.
    seed : int
        Of the bootstrap in each cohort.

    Returns
    -------
    dict of str to DataFrame
        ``ensemble``: columns ``cohort, statistic, variable, level, group, method, value``, the
        printed p values. ``unpublished``: columns ``cohort, quantity, value``. ``covariance``:
        columns ``cohort`` and the upper triangle of the covariance of intercept and coefficients.
    """
    keys = {row.key for row in registry.where("p_value", role="anchor")}
    return frames_of(
        _one(cohort, keys, np.random.default_rng([seed, number]))
        for number, cohort in enumerate(cohorts)
    )


def area_trials(registry: Registry, trials: int, seed: int, workers: int) -> pd.DataFrame:
    """Draw training sets that do not know the printed area, and measure it.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    trials, seed, workers : int
        As for :func:`drawn_ensemble`.

    Returns
    -------
    DataFrame
        One row per trial: ``trial, auc, low, high``, the limits by Hanley and McNeil.
    """
    anchors, assumed = read_anchors(registry), load_assumptions(registry.study)
    tasks = (delayed(_area)(anchors, assumed, [seed, number]) for number in range(trials))
    areas = Parallel(n_jobs=workers)(tasks)
    return pd.concat(areas, ignore_index=True).rename_axis("trial").reset_index()


def _area(anchors: Anchors, assumed: Assumptions, seed: list[int]) -> pd.DataFrame:
    covariates = draw_untold(anchors, assumed, seed)
    event = np.repeat(FAILED, anchors.tables[SETS[0]])
    design = np.column_stack([np.ones(len(event)), *covariates])
    score = design @ fit_logistic(event, design).coefficients
    return auc_estimate(event, score)[["estimate", "low", "high"]].rename(
        columns={"estimate": "auc"}
    )


def _one(
    cohort: pd.DataFrame, keys: set[tuple], rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    results = analyse(cohort)
    told = [key in keys for key in results[KEY].itertuples(index=False, name=None)]
    covariance = fit_both(one_set(cohort, "training")).covariance
    more = pd.concat([unpublished(cohort), development_optimism(cohort, RESAMPLES, rng=rng)])
    return {
        "ensemble": results[told].drop_duplicates(KEY)[[*KEY, "value"]],
        "unpublished": unpublished_values(more),
        "covariance": pd.DataFrame([covariance[np.triu_indices(3)]], columns=list(TRIANGLE)),
    }


def kept_frames(registry: Registry, workers: int) -> dict[str, pd.DataFrame]:
    """Draw what is kept of the study in ``data/results`` anew, by the end of the file's name."""
    frames = drawn_ensemble(registry, COHORTS, SEED, workers)
    return {**frames, "area": area_trials(registry, AREA_TRIALS, SEED, workers)}
