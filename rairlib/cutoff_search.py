"""What a search for the best cut-off does: how far the choice moves, and what it costs in error."""

import numpy as np
import pandas as pd

from rairlib.discrimination import counts_at_cutoffs, split_scores
from rairlib.observation import whole


def bootstrap_cutoffs(
    event, score, resamples: int = 1000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Repeat the search for the best cut-off on bootstrap samples of the patients.

    Parameters
    ----------
    event : array-like of bool or 0/1, shape (n,)
        Whether the patient has the outcome.
    score : array-like of float, shape (n,)
        Larger values speak for the outcome.
    resamples : int
        Number of samples, drawn within the groups so that their sizes stay.
    rng : numpy.random.Generator
        Source of the samples.

    Returns
    -------
    DataFrame
        One row per sample: ``cutoff`` (the lowest with the largest Youden index) and ``youden``.
    """
    groups = split_scores(event, score)
    found = [
        _best(*(np.sort(rng.choice(group, group.size)) for group in groups))
        for _ in range(whole("resamples", resamples, 1))
    ]
    return pd.DataFrame(found, columns=["cutoff", "youden"])


def search_p_value(
    event, score, permutations: int = 2000, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Test the largest Youden index against chance, the search included.

    Parameters
    ----------
    event, score
        As for :func:`bootstrap_cutoffs`.
    permutations : int
        Number of random assignments of the outcome to the patients.
    rng : numpy.random.Generator
        Source of the permutations.

    Returns
    -------
    DataFrame
        One row: ``youden`` as found; ``chance_median`` and ``chance_95``, the median and the 95th
        percentile of the largest index if the score is worthless; ``p_value``, the share of
        assignments, the observed one counted in, with an index at least as large.
    """
    with_event, without_event = split_scores(event, score)
    everyone = np.concatenate([with_event, without_event])
    _, observed = _best(with_event, without_event)
    chance = np.empty(whole("permutations", permutations, 1))
    for number in range(chance.size):
        dealt = rng.permutation(everyone)
        _, chance[number] = _best(
            np.sort(dealt[: with_event.size]), np.sort(dealt[with_event.size :])
        )
    at_least = (chance >= observed - 1e-12).sum()
    return pd.DataFrame(
        {
            "youden": [observed],
            "chance_median": np.median(chance),
            "chance_95": np.quantile(chance, 0.95),
            "p_value": (at_least + 1) / (permutations + 1),
        }
    )


def _best(with_event: np.ndarray, without_event: np.ndarray) -> tuple[float, float]:
    """Return the lowest cut-off with the largest Youden index, and the index."""
    cutoffs, true_positives, true_negatives = counts_at_cutoffs(with_event, without_event)
    # Compared as integers, so that no tie is lost to rounding.
    index = true_positives * without_event.size + true_negatives * with_event.size
    best = np.argmax(index)
    size = with_event.size * without_event.size
    return float(cutoffs[best]), float(index[best] / size - 1)
