"""Draw whole numbers that have a printed mean and standard deviation.

The printed mean and SD of n whole numbers fix their sum and, where enough decimals are printed,
their sum of squares. A random walk over all vectors with this sum and nearly this sum of squares
is stopped when the sum of squares is met; every vector that meets the anchors is equally likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from rairlib.errors import RairlibError
from rairlib.registry.printed import Printed

LARGEST_STEP = 8
WALK_STEPS = 4000
PATIENCE = 2_000_000


class AnchorError(RairlibError):
    """No whole numbers have the printed mean and standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerMoments:
    """Sums and sums of squares that a printed mean and SD of whole numbers allow.

    Attributes
    ----------
    n : int
        Number of values.
    sums, squares : tuple of int
        Possible pairs, element by element: the sum, and the sum of squares that goes with it.
    """

    n: int
    sums: tuple[int, ...]
    squares: tuple[int, ...]


def integer_moments(n: int, mean: Printed, sd: Printed) -> IntegerMoments:
    """List the sums and sums of squares of n whole numbers with a printed mean and SD.

    Parameters
    ----------
    n : int
        Number of values, at least 2.
    mean, sd : Printed
        As printed; the SD has the denominator n - 1.

    Returns
    -------
    IntegerMoments
        All pairs; a sum of squares of whole numbers is odd exactly if their sum is.

    Raises
    ------
    AnchorError
        If there is none.

    Notes
    -----
    Anaya J (2016), the GRIMMER test; Brown NJL, Heathers JAJ (2017) Soc Psychol Personal Sci
    8:363, the GRIM test.
    """
    pairs = []
    slack = 1e-9
    for total in range(
        int(np.ceil(mean.low * n - slack)), int(np.floor(mean.high * n + slack)) + 1
    ):
        centre = total * total / n
        low = centre + (n - 1) * max(sd.low, 0.0) ** 2
        high = centre + (n - 1) * sd.high**2
        squares = range(int(np.ceil(low - slack * low)), int(np.floor(high + slack * high)) + 1)
        pairs += [(total, square) for square in squares if (square - total) % 2 == 0]
    if not pairs:
        raise AnchorError(f"no {n} whole numbers have mean {mean.text} and SD {sd.text}")
    sums, squares = zip(*pairs, strict=True)
    return IntegerMoments(n=n, sums=sums, squares=squares)


@njit(cache=True)
def _walk(values, low, high, squares, band, steps, patience, rng):  # pragma: no cover
    """Move pairs in opposite directions; stop when the sum of squares is met."""
    n = values.size
    current = np.int64(0)
    for value in values:
        current += value * value
    for step in range(steps + patience):
        first = rng.integers(0, n)
        second = rng.integers(0, n - 1)
        if second >= first:
            second += 1
        change = rng.integers(1, LARGEST_STEP + 1)
        up, down = values[first] + change, values[second] - change
        if up <= high[first] and down >= low[second]:
            after = current + 2 * change * (values[first] - values[second] + change)
            gap, gap_after = abs(current - squares), abs(after - squares)
            if gap_after <= band or gap_after <= gap:
                values[first], values[second] = up, down
                current = after
        if step >= steps and current == squares:
            return True
    return False


def draw_integers(
    moments: IntegerMoments,
    low: Sequence[int],
    high: Sequence[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw whole numbers with given moments, each within its own limits.

    Parameters
    ----------
    moments : IntegerMoments
        One of its pairs is drawn first, all being equally likely.
    low, high : sequence of int, shape (n,)
        Inclusive limits of each value.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (n,)
        After a walk of at least 4000 proposed moves; the stationary distribution is uniform over
        the vectors that meet sum, sum of squares and limits.

    Raises
    ------
    AnchorError
        If no such vector is found.
    """
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    pair = rng.integers(len(moments.sums))
    total, squares = moments.sums[pair], moments.squares[pair]
    values = _start(total, low, high, rng)
    band = max(2 * LARGEST_STEP**2, squares // 200)
    if not _walk(values, low, high, squares, band, WALK_STEPS, PATIENCE, rng):
        raise AnchorError(
            f"found no {moments.n} whole numbers with sum {total} and sum of squares {squares} "
            "within their limits"
        )
    return values


def _start(total: int, low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a vector within the limits that has the sum."""
    if not low.sum() <= total <= high.sum():
        raise AnchorError(
            f"a sum of {total} is out of reach: the limits allow {low.sum()} to {high.sum()}"
        )
    values = low.copy()
    missing = total - int(low.sum())
    share = missing / max(1, int((high - low).sum()))
    values += np.floor((high - low) * share).astype(np.int64)
    missing = total - int(values.sum())
    open_places = np.flatnonzero(values < high)
    values[rng.choice(open_places, size=missing, replace=False)] += 1
    return values
