"""What quartiles and one cut-off of two groups say about the ROC curve of a score.

A quartile lies between two neighbouring values of the ordered sample under every rule in use, and a
cut-off with a known count lies between two others. Each value of the ordered sample therefore has a
lowest and a highest place. The area is largest with all values of the patients with the event at
their highest and all others at their lowest, and smallest the other way round, because the two
groups can be moved independently.
"""

from dataclasses import dataclass

import numpy as np

from rairlib.discrimination import auc, delong_standard_error, hanley_mcneil_standard_error
from rairlib.errors import RairlibError

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedSample:
    """The lowest and highest place of each value of an ordered sample.

    Attributes
    ----------
    lowest, highest : ndarray of shape (n,)
        Ascending.
    """

    lowest: np.ndarray
    highest: np.ndarray

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.lowest)

    def at_least(self, cutoff: float) -> tuple[int, int]:
        """Return the smallest and largest number of values at or above a cut-off."""
        return int((self.lowest >= cutoff).sum()), int((self.highest >= cutoff).sum())


def ordered_sample(
    patients: int,
    span: Interval,
    quartiles: tuple[Interval, Interval, Interval],
    cutoffs: tuple[tuple[float, int], ...] = (),
) -> OrderedSample:
    """Bound the values of a sample by its quartiles and by counts above cut-offs.

    Parameters
    ----------
    patients : int
        Size of the sample, at least 4.
    span : (float, float)
        Smallest and largest value that occurs.
    quartiles : tuple of (float, float)
        First quartile, median, third quartile, each known to rounding.
    cutoffs : tuple of (float, int)
        Cut-offs, each with the number of patients at or above it.

    Returns
    -------
    OrderedSample
        Value i is at most every upper end that stands at rank i or above, and at least every
        lower end that stands at rank i or below.

    Raises
    ------
    RairlibError
        If no sample has these figures.
    """
    lowest, highest = np.full(patients, span[0]), np.full(patients, span[1])
    for part, (low, high) in zip((1, 2, 3), quartiles, strict=True):
        below, above = quartile_neighbours(patients, part)
        highest[:below] = np.minimum(highest[:below], high)
        lowest[above - 1 :] = np.maximum(lowest[above - 1 :], low)
    for cutoff, count in cutoffs:
        highest[: patients - count] = np.minimum(
            highest[: patients - count], np.nextafter(cutoff, -np.inf)
        )
        lowest[patients - count :] = np.maximum(lowest[patients - count :], cutoff)
    if (lowest > highest).any():
        raise RairlibError("no sample has these quartiles and counts")
    return OrderedSample(lowest=lowest, highest=highest)


def quartile_neighbours(patients: int, part: int) -> tuple[int, int]:
    """Return the two ranks between which every rule in use puts quartile 1, 2 or 3.

    Parameters
    ----------
    patients : int
        Size of the sample, at least 4.
    part : int
        1, 2 or 3.

    Returns
    -------
    (int, int)
        Equal if the quartile is one patient's value under every rule.
    """
    if part == 2:
        return (patients + 1) // 2, patients // 2 + 1
    # Weibull's (n + 1)/4, the ends' 1 + (n - 1)/4, n/4 and the medians of halves.
    places = [(patients + 1) / 4, 1 + (patients - 1) / 4, patients / 4 + 0.5]
    below, above = int(np.floor(min(places))), int(np.ceil(max(places)))
    return (below, above) if part == 1 else (patients + 1 - above, patients + 1 - below)


def area_limits(with_event: OrderedSample, without_event: OrderedSample) -> Interval:
    """Return the smallest and largest area under the ROC curve of two bounded samples.

    Parameters
    ----------
    with_event, without_event : OrderedSample
        See :func:`ordered_sample`.

    Returns
    -------
    (float, float)
        Shared places count for the upper limit and not for the lower one.
    """
    pairs = with_event.size * without_event.size
    surely = with_event.lowest[:, None] > without_event.highest[None, :]
    possibly = with_event.highest[:, None] >= without_event.lowest[None, :]
    return float(surely.sum() / pairs), float(possibly.sum() / pairs)


def youden_limits(
    with_event: OrderedSample, without_event: OrderedSample, cutoff: float
) -> Interval:
    """Return the smallest and largest sensitivity + specificity - 1 at a cut-off.

    Parameters
    ----------
    with_event, without_event : OrderedSample
        See :func:`ordered_sample`.
    cutoff : float
        Values at or above it are positive.

    Returns
    -------
    (float, float)
        Over all samples within the bounds.
    """
    hits, alarms = with_event.at_least(cutoff), without_event.at_least(cutoff)
    return (
        hits[0] / with_event.size - alarms[1] / without_event.size,
        hits[1] / with_event.size - alarms[0] / without_event.size,
    )


def surest_cutoff(with_event: OrderedSample, without_event: OrderedSample) -> tuple[float, float]:
    """Find the cut-off at which Youden's index is largest whatever the samples.

    Parameters
    ----------
    with_event, without_event : OrderedSample
        See :func:`ordered_sample`.

    Returns
    -------
    cutoff, index : float
        The index that every sample within the bounds reaches there. A cut-off with a smaller
        index cannot be the best one.
    """
    places = np.unique(
        np.concatenate([with_event.lowest, np.nextafter(without_event.highest, np.inf)])
    )
    indices = [youden_limits(with_event, without_event, place)[0] for place in places]
    best = int(np.argmax(indices))
    return float(places[best]), float(indices[best])


def sample_through(patients: int, places: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Return an ordered sample that passes through given places, evenly on the log scale between.

    Parameters
    ----------
    patients : int
        Size of the sample.
    places : tuple of (float, float)
        Ranks, ascending and possibly between two patients, each with its positive value.

    Returns
    -------
    ndarray of shape (patients,)
        Ascending.
    """
    ranks, values = zip(*places, strict=True)
    return np.exp(np.interp(np.arange(1, patients + 1), ranks, np.log(values)))


def curve_facts(with_event, without_event) -> dict[str, float]:
    """Return area, both standard errors and the best cut-off of two samples.

    Parameters
    ----------
    with_event, without_event : array-like of float
        Values of the two groups.

    Returns
    -------
    dict of str to float
        ``area``, ``hanley_mcneil``, ``delong``, and ``youden``, the largest index.
    """
    scores = np.concatenate([with_event, without_event])
    event = np.repeat([1, 0], [len(with_event), len(without_event)])
    hits = np.array([(np.asarray(with_event) >= score).mean() for score in scores])
    alarms = np.array([(np.asarray(without_event) >= score).mean() for score in scores])
    return {
        "area": auc(event, scores),
        "hanley_mcneil": hanley_mcneil_standard_error(event, scores),
        "delong": delong_standard_error(event, scores),
        "youden": float((hits - alarms).max()),
    }
