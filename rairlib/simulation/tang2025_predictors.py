"""Nodes, thyroglobulin, diameters and doses of simulated cohorts of Tang et al. 2025 (Hunan)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from rairlib.anchoring import AnchorError
from rairlib.description import mann_whitney
from rairlib.fast_logistic import fit_logistic
from rairlib.model_search.added import draw_added
from rairlib.model_search.sampling import Population, Walk, walk
from rairlib.simulation.tang2025_anchors import ADDED, NOT_SIGNIFICANT, SETS, Anchors
from rairlib.simulation.tang2025_assumed import Assumptions

POOL = 200_000
TRIES = 500
CHOICES = 200
# Of the 2×2 table: true positives, false negatives, false positives, true negatives.
FAILED = np.array([1.0, 1.0, 0.0, 0.0])
POSITIVE = np.array([True, False, True, False])


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """One set of patients, those with the outcome first.

    Attributes
    ----------
    failed : ndarray of float, shape (n,)
        Outcome (0 or 1).
    positive : ndarray of bool, shape (n,)
        Whether logit(p) reaches the cut-off.
    covariates : ndarray, shape (2, n)
        Number of lateral nodes and thyroglobulin (ng/mL).
    added : dict of str to ndarray
        ``lln_diameter`` (cm) and ``rai_dose`` (mCi).
    """

    failed: np.ndarray
    positive: np.ndarray
    covariates: np.ndarray
    added: dict[str, np.ndarray]


def draw_predictors(
    anchors: Anchors, assumed: Assumptions, plan: Walk, rng: np.random.Generator, steered: bool
) -> dict[str, Predictors]:
    """Draw the predictors of both sets.

    Parameters
    ----------
    anchors : Anchors
        What was printed.
    assumed : Assumptions
        What was not.
    plan : Walk
        Length of the walk.
    rng : numpy Generator
        Source of randomness.
    steered : bool
        Whether the printed p values are searched for as well, in the kept cohort's population.

    Returns
    -------
    dict of str to Predictors
        By set.

    Raises
    ------
    AnchorError
        If this population does not lead to a cohort inside all limits.
    """
    targets = anchors.steered if steered else anchors.free
    population = assumed.drawn_population(None if steered else rng)
    training, pool = draw_training(anchors, population, plan, rng, targets)
    fitted = _fitted(anchors, training)
    validation = _validation(anchors, assumed, training, fitted, pool, rng)
    limits = anchors.added_steered if steered else anchors.added_free
    sets = dict(zip(SETS, (training, validation), strict=True))
    added = _added(anchors, sets, assumed, limits, rng)
    return {
        name: Predictors(
            failed=np.repeat(FAILED, anchors.tables[name]),
            positive=_scores(fitted, covariates) >= anchors.cutoff,
            covariates=covariates,
            added=added[name],
        )
        for name, covariates in sets.items()
    }


def _scores(coefficients: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    return coefficients[0] + coefficients[1:] @ covariates


def _fill_cells(table, pool, failed, positive, rng) -> np.ndarray:
    """Take patients from the pool until each cell of a table is full."""
    parts = []
    for size, outcome, side in zip(table, FAILED, POSITIVE, strict=True):
        candidates = np.flatnonzero((failed == outcome) & (positive == side))
        if len(candidates) < size:
            raise AnchorError("the assumed population leaves a cell of the 2×2 table empty")
        parts.append(pool[:, rng.choice(candidates, size, replace=False)])
    return np.hstack(parts)


def draw_training(
    anchors: Anchors, population: Population, plan: Walk, rng: np.random.Generator, targets
) -> tuple[np.ndarray, np.ndarray]:
    """Walk from patients who fit the printed equation to those who give it.

    Parameters
    ----------
    anchors, plan, rng
        As for :func:`draw_predictors`.
    population : Population
        Where the patients come from.
    targets : ndarray, shape (3, 21)
        One of the sets of limits of the anchors.

    Returns
    -------
    covariates : ndarray, shape (2, n)
        Nodes and thyroglobulin, those who failed first.
    pool : ndarray, shape (2, 200000)
        The population they come from.

    Raises
    ------
    AnchorError
        If the walk ends outside the limits.
    """
    pool = population.draw(POOL, rng)
    scores = _scores(anchors.coefficients, pool)
    failed = (rng.random(POOL) < expit(scores)).astype(float)
    table = anchors.tables[SETS[0]]
    start = _fill_cells(table, pool, failed, scores >= anchors.cutoff, rng)
    found, misfit = walk(
        np.repeat(FAILED, table), start, pool, anchors.coefficients, anchors.cutoff, targets,
        population, plan, rng,
    )  # fmt: skip
    if misfit > 0:
        raise AnchorError(f"a walk of {plan.steps} steps ended outside the printed limits")
    return found, pool


def _fitted(anchors: Anchors, training: np.ndarray) -> np.ndarray:
    """Return the coefficients of the training set's own model."""
    design = np.column_stack([np.ones(training.shape[1]), *training])
    return fit_logistic(np.repeat(FAILED, anchors.tables["training"]), design).coefficients


def _validation(anchors, assumed: Assumptions, training, fitted, pool, rng) -> np.ndarray:
    """Draw patients with the printed table who do not differ from the training set."""
    scores, own = _scores(anchors.coefficients, pool), _scores(fitted, pool)
    slope = rng.uniform(*assumed.validation.slope)
    failed = rng.random(POOL) < expit(anchors.cutoff + slope * (scores - anchors.cutoff))
    agreed = (scores >= anchors.cutoff) == (own >= anchors.cutoff)
    outcome = np.where(agreed, failed.astype(float), np.nan)
    for _ in range(TRIES):
        table = anchors.tables["validation"]
        drawn = _fill_cells(table, pool, outcome, own >= anchors.cutoff, rng)
        if all(_p_value(a, b) >= NOT_SIGNIFICANT[0] for a, b in zip(training, drawn, strict=True)):
            return drawn
    raise AnchorError("nodes or thyroglobulin of the validation set always differed")


def _p_value(first, second) -> float:
    return mann_whitney(pd.Series(first, name="first"), pd.Series(second, name="second")).p_value


def _added(anchors, sets, assumed, limits, rng) -> dict[str, dict[str, np.ndarray]]:
    """Draw largest node and dose of both sets."""
    failed = np.repeat(FAILED, anchors.tables["training"])
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in SETS}
    for variable, draw in zip(ADDED, (_diameters, _doses), strict=True):
        choices = draw(sets["training"][0], CHOICES, assumed, rng)
        values, misfit = draw_added(failed, sets["training"], choices, limits[variable], rng)
        if misfit > 0:
            raise AnchorError(f"{variable}: no draw gave the printed p values")
        found["training"][variable] = values
        found["validation"][variable] = _undistinguished(
            values, draw(sets["validation"][0], TRIES, assumed, rng), variable
        )
    return found


def _undistinguished(values: np.ndarray, draws: np.ndarray, variable: str) -> np.ndarray:
    """Return the first draw that does not differ significantly from given values."""
    for drawn in draws:
        if _p_value(values, drawn) >= NOT_SIGNIFICANT[0]:
            return drawn
    raise AnchorError(f"{variable} of the validation set always differed")


def _diameters(nodes: np.ndarray, draws: int, assumed: Assumptions, rng) -> np.ndarray:
    """Draw largest node diameters (cm), shape (draws, patients); 0 without nodes."""
    node = assumed.lln_diameter
    logs = np.log(node.median) + node.per_node * nodes
    logs = logs + node.log_sd * rng.standard_normal((draws, len(nodes)))
    diameters = np.clip(np.exp(logs), node.smallest, node.largest).round(1)
    return np.where(nodes > 0, diameters, 0.0)


def _doses(nodes: np.ndarray, draws: int, assumed: Assumptions, rng) -> np.ndarray:
    """Draw activities (mCi), shape (draws, patients)."""
    doses = assumed.rai_dose
    shares = np.array([doses.without_nodes, doses.with_nodes])
    shares = shares[(nodes > 0).astype(int)].cumsum(axis=1)
    level = (rng.random((draws, len(nodes), 1)) > shares[:, :-1]).sum(axis=2)
    return np.array(doses.levels)[level]
