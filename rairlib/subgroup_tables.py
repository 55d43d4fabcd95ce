"""All splits of a 2×2 table into two subgroups, held against the subgroups' printed areas.

A score is cut in two; its 2×2 table in all patients is known. Two complementary subgroups share
these patients out: every cell is split into two whole numbers. There are finitely many splits, so
all are listed, and each printed area and limit rules splits in or out.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from rairlib.dichotomised_areas import CELLS, ERRORS, dichotomised_areas
from rairlib.discrimination import Z_95
from rairlib.errors import RairlibError

STATISTICS = ("auc", "ci_low", "ci_high")
ANY = (-np.inf, np.inf)
# Beyond this number of splits the lists would not fit into memory.
MOST_SPLITS = 20_000_000
SLACK = 1e-9


def rounding_to(values, decimals: int = 3, cut: bool = False) -> np.ndarray:
    """Return the intervals of all areas and limits that round to given prints.

    Parameters
    ----------
    values : array-like of float, shape (..., 3)
        Area, lower and upper limit as printed.
    decimals : int
        Digits after the point.
    cut : bool
        Whether the last value stands for every limit from there upwards: an upper limit beyond 1
        that was cut short of 1.

    Returns
    -------
    ndarray, shape (..., 3, 2)
        Lowest and highest value behind each print.
    """
    values, half = np.asarray(values, dtype=float), 0.5 * 10.0**-decimals
    intervals = np.stack([values - half, values + half], axis=-1)
    if cut:
        intervals[..., 2, 1] = np.inf
    return intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """All splits of a 2×2 table, with the areas and limits of the first subgroup.

    The second subgroup of split `i` has the table of the first in split ``size - 1 - i``.

    Attributes
    ----------
    pooled : tuple of int
        True positives, false negatives, false positives, true negatives of all patients.
    estimates : ndarray, shape (3, size)
        Area, lower and upper limit of the first subgroup; NaN where it has none.
    order : ndarray of int
        Splits with an area in both subgroups, by ascending area of the first.
    sorted_estimates : ndarray, shape (3, len(order))
        `estimates` in that order.
    """

    pooled: tuple[int, int, int, int]
    estimates: np.ndarray = field(repr=False)
    order: np.ndarray = field(repr=False)
    sorted_estimates: np.ndarray = field(repr=False)

    @property
    def size(self) -> int:
        """Number of splits."""
        return self.estimates.shape[1]

    def tables(self, splits) -> np.ndarray:
        """Return the first subgroup's tables, shape (len(splits), 4), cells as in `pooled`."""
        cells = np.unravel_index(np.asarray(splits, dtype=int), [n + 1 for n in self.pooled])
        return np.stack(cells, axis=-1)

    def agreeing(self, first: np.ndarray) -> np.ndarray:
        """Return the splits whose first subgroup agrees.

        Parameters
        ----------
        first : ndarray, shape (3, 2)
            Lowest and highest area, lower and upper limit; infinite where nothing is asked.

        Returns
        -------
        ndarray of int
            Only splits with an area in both subgroups.
        """
        first = np.asarray(first, dtype=float)
        start = np.searchsorted(self.sorted_estimates[0], first[0, 0] - SLACK, side="left")
        stop = np.searchsorted(self.sorted_estimates[0], first[0, 1] + SLACK, side="right")
        limits = self.sorted_estimates[1:, start:stop]
        inside = _within(limits[0], first[1]) & _within(limits[1], first[2])
        return self.order[start:stop][inside]

    def agreeing_both(self, targets: np.ndarray) -> np.ndarray:
        """Return the splits of which both subgroups agree.

        Parameters
        ----------
        targets : ndarray, shape (2, 3, 2)
            As for :meth:`agreeing`, for the first and the second subgroup.

        Returns
        -------
        ndarray of int
            Ascending.
        """
        found = self.agreeing(targets[0])
        second = self.estimates[:, self.size - 1 - found]
        inside = np.all([_within(*pair) for pair in zip(second, targets[1], strict=True)], axis=0)
        return np.sort(found[inside])


def _within(values: np.ndarray, interval) -> np.ndarray:
    return (values >= interval[0] - SLACK) & (values <= interval[1] + SLACK)


def all_splits(pooled: tuple[int, int, int, int], error: str = ERRORS[0]) -> Splits:
    """List all splits of a 2×2 table into two subgroups.

    Parameters
    ----------
    pooled : tuple of int
        True positives, false negatives, false positives, true negatives of all patients.
    error : str
        Standard error behind the limits ``area ± 1.96 SE``: ``hanley_mcneil`` or ``delong``.

    Returns
    -------
    Splits
        ``(TP + 1)(FN + 1)(FP + 1)(TN + 1)`` of them. Limits are not cut at 0 or 1.

    Raises
    ------
    RairlibError
        If a cell is negative, a group is empty, or there are too many splits.
    """
    _check_pooled(pooled)
    grid = np.meshgrid(*(np.arange(n + 1) for n in pooled), indexing="ij", copy=False)
    area, spread = dichotomised_areas(*(cell.ravel() for cell in grid), error=error)
    estimates = np.stack([area, area - Z_95 * spread, area + Z_95 * spread])
    exists = np.isfinite(estimates[1])
    order = np.flatnonzero(exists & exists[::-1])
    order = order[np.argsort(area[order], kind="stable")]
    return Splits(
        pooled=tuple(pooled),
        estimates=estimates,
        order=order,
        sorted_estimates=estimates[:, order].copy(),
    )


def _check_pooled(pooled) -> None:
    tp, fn, fp, tn = pooled
    named = ", ".join(f"{cell} {name}" for cell, name in zip(pooled, CELLS, strict=True))
    if min(pooled) < 0 or not tp + fn or not fp + tn:
        raise RairlibError(
            f"a table needs patients with and without the outcome and no negative cell; got {named}"
        )
    if np.prod([float(n + 1) for n in pooled]) > MOST_SPLITS:
        raise RairlibError(f"too many splits to list them all: more than {MOST_SPLITS} of {named}")


def solution_counts(splits: Splits, targets: np.ndarray) -> dict[str, int]:
    """Count the splits that agree with the first subgroup, the second, and both.

    Parameters
    ----------
    splits : Splits
        All splits.
    targets : ndarray, shape (2, 3, 2)
        See :meth:`Splits.agreeing_both`.

    Returns
    -------
    dict of str to int
        Keys ``splits, first, second, both``.
    """
    return {
        "splits": splits.size,
        "first": len(splits.agreeing(targets[0])),
        "second": len(splits.agreeing(targets[1])),
        "both": len(splits.agreeing_both(targets)),
    }


def sufficient_numbers(splits: Splits, targets: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Count the splits that agree with every selection of the printed numbers.

    Parameters
    ----------
    splits : Splits
        All splits.
    targets : ndarray, shape (2, 3, 2)
        See :meth:`Splits.agreeing_both`.
    names : list of str
        Six names: area, lower and upper limit of the first subgroup, then of the second.

    Returns
    -------
    DataFrame
        One row per selection, small ones first: ``numbers`` (how many), ``used`` (tuple of
        names) and ``solutions`` (splits that agree with these numbers).
    """
    second = splits.estimates[:, ::-1]
    values = np.concatenate([splits.estimates, second])[:, splits.order]
    inside = [_within(*pair) for pair in zip(values, targets.reshape(6, 2), strict=True)]
    rows = []
    for size in range(1, len(names) + 1):
        for chosen in combinations(range(len(names)), size):
            agree = np.logical_and.reduce([inside[index] for index in chosen])
            used = tuple(names[index] for index in chosen)
            rows.append({"numbers": size, "used": used, "solutions": int(agree.sum())})
    return pd.DataFrame(rows)


def fewest_sufficient(counts: pd.DataFrame) -> pd.DataFrame:
    """Summarise, by how many numbers are used, how many selections leave one split alone.

    Parameters
    ----------
    counts : DataFrame
        See :func:`sufficient_numbers`.

    Returns
    -------
    DataFrame
        Indexed by ``numbers``: ``selections``, ``single out one`` of them, and ``fewest`` and
        ``most`` solutions.
    """
    groups = counts.groupby("numbers")["solutions"]
    return pd.DataFrame(
        {
            "selections": groups.size(),
            "single out one": groups.agg(lambda solutions: int((solutions == 1).sum())),
            "fewest": groups.min(),
            "most": groups.max(),
        }
    )
