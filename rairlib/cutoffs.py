"""Cut-offs of a score: Youden's choice, operating points, and what choosing on the data costs."""

import numpy as np
import pandas as pd

from rairlib.discrimination import counts_at_cutoffs, roc_coordinates, split_scores
from rairlib.errors import RairlibError
from rairlib.observation import at_least, finite, number, ranked, whole


def dichotomise(values: pd.Series, cutoff: float) -> pd.Series:
    """Split a continuous variable at a cut-off.

    Parameters
    ----------
    values : Series of float
        One entry per patient, none missing.
    cutoff : float
        The threshold; a value equal to it, but for float noise, belongs to the upper level.

    Returns
    -------
    Series of str
        ``≥54`` or ``<54`` for a cut-off of 54.

    Raises
    ------
    RairlibError
        If a value or the cut-off is missing.
    """
    values, cutoff = pd.Series(values), number("cutoff", cutoff)
    reached = at_least(finite(values.name or "values", values), cutoff)
    return pd.Series(np.where(reached, f"≥{cutoff:g}", f"<{cutoff:g}"), index=values.index)


def optimal_cutoffs(event, score) -> pd.DataFrame:
    """Return every cut-off at which Youden's index is largest.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.discrimination.roc_coordinates`.

    Returns
    -------
    DataFrame
        The rows of :func:`~rairlib.discrimination.roc_coordinates` that share the largest index,
        ascending by cut-off.
    """
    table = roc_coordinates(event, score)
    # Compared as integers, so that no tie is lost to rounding.
    n_events, n_others = table["true_positives"].iloc[0], table["true_negatives"].iloc[-1]
    index = table["true_positives"] * n_others + table["true_negatives"] * n_events
    return table[index == index.max()].reset_index(drop=True)


def operating_point(event, score, cutoff: float, rule: str = "≥") -> pd.DataFrame:
    """Return the 2×2 counts, sensitivity and specificity of a score at one cut-off.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.discrimination.roc_coordinates`.
    cutoff : float
        The threshold, in the unit of the score.
    rule : str
        ``≥`` if a score equal to the cut-off counts as positive, ``>`` if not.

    Returns
    -------
    DataFrame
        One row; columns ``rule, true_positives, false_negatives, true_negatives,
        false_positives, sensitivity, specificity`` (proportions).

    Raises
    ------
    RairlibError
        If the rule is another one, a value is missing or a group is empty.
    """
    if rule not in ("≥", ">"):
        raise RairlibError(f"the rule of a cut-off is ≥ or >, not {rule!r}")
    with_event, without_event = split_scores(event, score)
    cutoff = number("cutoff", cutoff)
    *ranks, limit = ranked(np.concatenate([with_event, without_event, [cutoff]]))
    negative = np.less(ranks, limit) if rule == "≥" else np.less_equal(ranks, limit)
    false_negatives = int(negative[: with_event.size].sum())
    true_negatives = int(negative[with_event.size :].sum())
    return pd.DataFrame(
        {
            "rule": [f"{rule}{cutoff:g}"],
            "true_positives": with_event.size - false_negatives,
            "false_negatives": false_negatives,
            "true_negatives": true_negatives,
            "false_positives": without_event.size - true_negatives,
            "sensitivity": 1 - false_negatives / with_event.size,
            "specificity": true_negatives / without_event.size,
        }
    )


def cutoff_optimism(
    event, score, resamples: int = 1000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Estimate by bootstrap how much a cut-off gains from being chosen on the same patients.

    In each resample, drawn within the groups so that their sizes stay, the Youden-optimal cut-off
    is found (the lowest if several tie) and applied to the original patients; what it loses there
    is the optimism (Efron and Gong 1983, The American Statistician 37:36-48). The correction is
    not complete: of what a worthless score seems to gain with 32 and 58 patients, about a third
    is left.

    Parameters
    ----------
    event, score
        As for :func:`rairlib.discrimination.roc_coordinates`.
    resamples : int
        Number of bootstrap samples.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    DataFrame
        Rows ``sensitivity, specificity, youden``; columns ``statistic, apparent, optimism,
        corrected`` (proportions).
    """
    with_event, without_event = split_scores(event, score)
    losses = np.empty((int(whole("resamples", resamples, 1)), 2))
    for loss in losses:
        drawn = [np.sort(rng.choice(group, group.size)) for group in (with_event, without_event)]
        cutoff, sensitivity, specificity = _lowest_optimum(*drawn)
        loss[0] = sensitivity - (with_event >= cutoff).mean()
        loss[1] = specificity - (without_event < cutoff).mean()
    losses = np.column_stack([losses, losses.sum(axis=1)])
    _, *found = _lowest_optimum(with_event, without_event)
    apparent = np.array([*found, sum(found) - 1])
    optimism = losses.mean(axis=0)
    return pd.DataFrame(
        {
            "statistic": ["sensitivity", "specificity", "youden"],
            "apparent": apparent,
            "optimism": optimism,
            "corrected": apparent - optimism,
        }
    )


def _lowest_optimum(with_event, without_event) -> tuple[float, float, float]:
    """Return the lowest Youden-optimal cut-off with its sensitivity and specificity."""
    cutoffs, true_positives, true_negatives = counts_at_cutoffs(with_event, without_event)
    best = np.argmax(true_positives * without_event.size + true_negatives * with_event.size)
    sensitivity = true_positives[best] / with_event.size
    return cutoffs[best], sensitivity, true_negatives[best] / without_event.size
