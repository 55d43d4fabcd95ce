"""Draw times to progression in a given order, and the follow-up that goes with them."""

from collections.abc import Sequence

import numpy as np

from rairlib.anchoring import AnchorError
from rairlib.search.quantiles import QuantileTarget, draw_with_quantiles

MONTH_STEP = 0.1
# Not printed: mean time under observation after progression, in months.
AFTER_PROGRESSION = 36.0


def draw_times(
    positions: Sequence[int],
    months: Sequence[float],
    n: int,
    first: float,
    last: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw ascending times of which so many lie within given months.

    Parameters
    ----------
    positions : sequence of int
        How many times are at most each of the months.
    months : sequence of float
        Ascending.
    n : int
        Number of times.
    first, last : float
        The smallest and the largest time, both attained.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n,)
        Distinct multiples of 0.1 months, ascending; spread evenly up to the last of the months,
        and evenly on a log scale beyond.

    Raises
    ------
    AnchorError
        If an interval holds fewer times than it should.
    """
    counts = np.diff([0, *positions, n])
    edges = np.round(np.array([first, *months, last]) / MONTH_STEP).astype(int)
    if counts.min() < 0 or counts[0] < 1 or counts[-1] < 1:
        raise AnchorError(f"{list(positions)} of {n} times do not begin at {first:g} months")
    parts = [np.array([edges[0]])]
    for place, (count, low, high) in enumerate(zip(counts, edges[:-1], edges[1:], strict=True)):
        final = place == len(counts) - 1
        inner = np.arange(low + 1, high + (not final))
        wanted = count - (place == 0) - final
        if wanted > inner.size:
            raise AnchorError(f"{count} distinct times do not fit up to {high / 10:g} months")
        chance = 1 / inner if final else np.ones(inner.size)
        parts.append(rng.choice(inner, size=wanted, replace=False, p=chance / chance.sum()))
    steps = np.sort(np.concatenate([*parts, [edges[-1]]]))
    return np.round(steps * MONTH_STEP, 1)


def draw_follow_up(
    pfs: np.ndarray,
    event: np.ndarray,
    targets: Sequence[QuantileTarget],
    limits: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw follow-up times with printed quantiles that are never shorter than the time observed.

    Parameters
    ----------
    pfs : ndarray of float, shape (n,)
        Time to progression or to the last assessment, months; NaN without assessment.
    event : ndarray of bool, shape (n,)
        Whether the time ends with progression.
    targets : sequence of QuantileTarget
        Printed quantiles of the follow-up.
    limits : tuple of float
        Shortest and longest follow-up.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n,)
        Multiples of 0.1 months. Without progression it is the time observed unless the quantiles
        need a longer one (the last contact then follows the last assessment); with
        progression it goes on after it; without assessment it is free.

    Raises
    ------
    AnchorError
        If no follow-up has the printed quantiles.
    """
    low = np.where(np.isnan(pfs), limits[0], np.fmax(pfs, limits[0]))
    after = rng.exponential(AFTER_PROGRESSION, pfs.size)
    preferred = np.where(event, np.minimum(pfs + after, limits[1]), pfs)
    high = np.full(pfs.size, limits[1])
    return draw_with_quantiles(low, high, targets, MONTH_STEP, rng, preferred, logarithmic=True)
