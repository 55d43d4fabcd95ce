"""What quartiles and one cut-off of two groups say about the ROC curve of a score.

A quartile lies between two neighbouring values of the ordered sample under every rule in use, and a
cut-off with a known count lies between two others. Each value of the ordered sample therefore has a
lowest and a highest place. The area is largest with all values of the patients with the event at
their highest and all others at their lowest, and smallest the other way round, because the two
groups can be moved independently.
"""

from dataclasses import dataclass

import numpy as np

from rairlib.discrimination import (
    auc,
    delong_standard_error,
    hanley_mcneil_standard_error,
    roc_coordinates,
)
from rairlib.errors import RairlibError
from rairlib.observation import finite, number, whole

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
        cutoff = number("cutoff", cutoff)
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
    patients = whole("patients", patients, 4)
    if np.shape(span) != (2,) or np.shape(quartiles) != (3, 2):
        raise RairlibError("span and three quartiles: a low and a high end of each are needed")
    span, quartiles = finite("span", span), finite("quartiles", quartiles)
    lowest, highest = np.full(patients, span[0]), np.full(patients, span[1])
    for part, (low, high) in zip((1, 2, 3), quartiles, strict=True):
        below, above = quartile_neighbours(patients, part)
        highest[:below] = np.minimum(highest[:below], high)
        lowest[above - 1 :] = np.maximum(lowest[above - 1 :], low)
    for cutoff, count in cutoffs:
        cutoff, count = number("cutoff", cutoff), whole("count", count)
        if count > patients:
            raise RairlibError(f"count: {count} at {cutoff:g} or above, of {patients} patients")
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

    Raises
    ------
    RairlibError
        If there are fewer than 4 patients, or there is no such quartile.
    """
    patients = int(whole("patients", patients, 4))
    if part not in (1, 2, 3):
        raise RairlibError(f"part: quartile 1, 2 or 3, not {part!r}")
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

    Raises
    ------
    RairlibError
        If the ranks do not ascend or a value is not positive.
    """
    ranks, values = finite("places", places).reshape(-1, 2).T
    if (np.diff(ranks) <= 0).any() or (values <= 0).any():
        raise RairlibError("places: ascending ranks and positive values are needed")
    everyone = np.arange(1, whole("patients", patients, 1) + 1)
    return np.exp(np.interp(everyone, ranks, np.log(values)))


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
    with_event = finite("with_event", with_event)
    without_event = finite("without_event", without_event)
    scores = np.concatenate([with_event, without_event])
    event = np.repeat([1, 0], [len(with_event), len(without_event)])
    return {
        "area": auc(event, scores),
        "hanley_mcneil": hanley_mcneil_standard_error(event, scores),
        "delong": delong_standard_error(event, scores),
        "youden": float(roc_coordinates(event, scores)["youden"].max()),
    }
