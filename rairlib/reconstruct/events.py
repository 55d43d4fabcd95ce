"""What printed figures about an event determine: events per level, groups left out, counts by time.

Everything here is arithmetic on whole numbers and intervals; nothing is estimated.

**Events per level.** A Cox fit of two groups (Breslow ties) fixes two sums over the events: that
of the fitted share q of group 1 (its number of events) and that of q (1 - q) (the information,
1 / SE²). When a of d1 events of group 1 and b of d0 events of group 0 have occurred, group 1 has
at least d1 - a and at most n1 - a patients at risk, group 0 at least d0 - b and at most n0 - b; so
q lies between two known ends. For any weights (x, y) the largest total of x q + y q (1 - q) along
every order of events is found by going backwards through the pairs (a, b). A split whose two sums
would exceed that total for some weights is impossible, whatever the order and the censoring.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from rairlib.errors import RairlibError
from rairlib.stats.observation import finite, number, whole
from rairlib.stats.roc import (
    auc,
    delong_standard_error,
    hanley_mcneil_standard_error,
    roc_coordinates,
)
from rairlib.stats.survival import CoxFit

DIRECTIONS = 360


def split_is_impossible(events: tuple[int, int], patients: tuple[int, int], fit: CoxFit) -> bool:
    """Prove that a split of the events cannot have a given Cox fit."""
    if any(not 0 < d <= n for d, n in zip(events, patients, strict=True)):
        raise RairlibError(f"no split of events {events} among patients {patients}")
    angle = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    reach = _farthest_sums(events, patients, fit.hazard_ratio, x, y)
    low, high = fit.information
    needed = x * events[0] + np.where(y > 0, y * low, y * high)
    return bool((needed > reach + 1e-9).any())


def _farthest_sums(events, patients, ratio: tuple[float, float], x, y) -> np.ndarray:
    """Return the largest sum of x q + y q (1 - q) over all orders of events, per direction."""
    best = {}
    for a, b in product(range(events[0], -1, -1), range(events[1], -1, -1)):
        following = [best[after] for after in ((a + 1, b), (a, b + 1)) if after in best]
        if not following:
            best[a, b] = np.zeros_like(x)
            continue
        # Fewest of group 1 with most of group 0 at risk, and the other way round.
        ends = (events[0] - a, patients[1] - b), (patients[0] - a, events[1] - b)
        low, high = (r * n / (r * n + others) for r, (n, others) in zip(ratio, ends, strict=True))
        top = np.clip((x + y) / np.where(y > 1e-12, 2 * y, np.inf), low, high)
        most = np.max([x * q + y * q * (1 - q) for q in (top, low, high)], axis=0)
        best[a, b] = most + np.maximum.reduce(following)
    return best[0, 0]


def possible_splits(
    total: int, patients: tuple[int, int], fit: CoxFit, most: tuple[int, int] | None = None
) -> list[int]:
    """List the numbers of events of group 1 between the ends that nothing here excludes.

    Parameters
    ----------
    total : int
        Events in both groups.
    patients : (int, int)
        Patients of group 1 and of group 0.
    fit : CoxFit
        Of group 1 against group 0.
    most : (int, int), optional
        Largest numbers of events of the two groups, if fewer than their patients.

    Returns
    -------
    list of int
        Ascending; numbers at risk, for distinct times, are looked at from both ends inward.
    """
    first, second = most or patients
    smallest_error = fit.standard_error[1] * (1 + 1e-9)
    splits = [
        d1
        for d1 in range(max(1, total - second), min(first, total - 1) + 1)
        if math.sqrt(1 / d1 + 1 / (total - d1)) <= smallest_error
    ]
    for end in (0, -1):
        while splits and split_is_impossible((splits[end], total - splits[end]), patients, fit):
            splits.pop(end)
    return splits


def class_unions(
    classes: Mapping[str, int], left_out: int, kept: int
) -> list[tuple[tuple[str, ...], int]]:
    """List the unions of classes that can make up a group once some patients are left out.

    Parameters
    ----------
    classes : mapping of str to int
        Patients of each class before any is left out; classes are exclusive.
    left_out : int
        Patients left out of all classes together.
    kept : int
        Patients of the group that is left.

    Returns
    -------
    list of (tuple of str, int)
        The classes of each possible union and how many of the patients left out it holds.
    """
    names, found = list(classes), []
    for size in range(len(names) + 1):
        for union in combinations(names, size):
            inside = sum(classes[name] for name in union)
            out = inside - kept
            outside = sum(classes.values()) - inside
            if 0 <= out <= left_out and left_out - out <= outside:
                found.append((union, out))
    return found


def compositions_left_out(
    classes: Mapping[str, int], left_out: int, union: tuple[str, ...], out_of_union: int
) -> list[dict[str, int]]:
    """List how the patients left out can be spread over the classes.

    Parameters
    ----------
    classes : mapping of str to int
        Patients of each class.
    left_out : int
        Patients left out of all classes together.
    union : tuple of str
        Classes of the group.
    out_of_union : int
        How many of those left out belong to it.

    Returns
    -------
    list of dict of str to int
        Patients left out of each class.
    """
    inside = [name for name in classes if name in union]
    names = [*inside, *(name for name in classes if name not in union)]
    spread = product(*(range(min(left_out, classes[name]), -1, -1) for name in names))
    return [
        {name: out[names.index(name)] for name in classes}
        for out in spread
        if sum(out) == left_out and sum(out[: len(inside)]) == out_of_union
    ]


def events_behind_rate(patients: int, survival: tuple[float, float]) -> list[int]:
    """List the numbers of events that a Kaplan-Meier rate allows, whatever the censoring.

    Parameters
    ----------
    patients : int
        Patients at the start.
    survival : (float, float)
        Values that round to the printed rate, between 0 and 1.

    Returns
    -------
    list of int
        Ascending. A rate is a product of factors ``1 - 1/r`` with falling numbers at risk r, where
        events at one time count as one after the other; d events are possible if some d of the
        numbers 1 to `patients` give such a product.
    """
    low, high = (math.log(max(end, 1e-300)) for end in survival)
    if survival[0] <= 0:
        # The last patient at risk has the event: any number of events before that.
        return list(range(0 if survival[1] >= 1 else 1, patients + 1))
    found = [0] if survival[1] >= 1 else []
    factors = np.log1p(-1 / np.arange(2, patients + 1))
    ends = low - 1e-12, high + 1e-12
    return found + [d for d in range(1, patients) if _reaches(factors, d, *ends)]


def _reaches(factors: np.ndarray, events: int, low: float, high: float) -> bool:
    """Say whether some `events` of the ascending factors add up to a value between two ends."""
    if events > len(factors) or factors[:events].sum() > high:
        return False
    if factors[len(factors) - events :].sum() < low:
        return False
    if events == 1:
        return bool(((factors >= low) & (factors <= high)).any())
    return any(
        _reaches(factors[first + 1 :], events - 1, low - factor, high - factor)
        for first, factor in enumerate(factors[: len(factors) - events + 1])
    )


def rate_without_censoring(patients: int, survival: tuple[float, float]) -> list[int]:
    """List the numbers of events that give a rate if nobody is censored before.

    Parameters
    ----------
    patients, survival
        As for :func:`events_behind_rate`.

    Returns
    -------
    list of int
        Empty proves that somebody was censored before that time.
    """
    events = np.arange(patients + 1)
    share = 1 - events / patients
    return [int(d) for d in events[(share >= survival[0] - 1e-12) & (share <= survival[1] + 1e-12)]]


# --- What quartiles and one cut-off of two groups say about the ROC curve of a score ----------
# A quartile lies between two neighbouring values of the ordered sample under every rule in use,
# and a
# cut-off with a known count lies between two others. Each value of the ordered sample therefore
# has a
# lowest and a highest place. The area is largest with all values of the patients with the event at
# their highest and all others at their lowest, and smallest the other way round, because the two
# groups can be moved independently.


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
    surely = with_event.lowest[:, np.newaxis] > without_event.highest
    possibly = with_event.highest[:, np.newaxis] >= without_event.lowest
    return float(surely.mean()), float(possibly.mean())


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
    cutoff = number("cutoff", cutoff)
    hits, alarms = (
        [float((ends >= cutoff).mean()) for ends in (sample.lowest, sample.highest)]
        for sample in (with_event, without_event)
    )
    return hits[0] - alarms[1], hits[1] - alarms[0]


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
