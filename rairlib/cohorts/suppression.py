"""Small cells hidden in whatever leaves, and so many others that no total gives them back.

Counts from 1 to the threshold are hidden. 0 is shown: no patient stands behind it. So are totals,
unless they are small. Where what is shown would give a small count back, or narrow it down,
further counts are hidden: after that, each small count could be any number from 1 to the threshold
at least, and no hidden count is determined. The further cells are found by linear programming, one
small count at a time, at the least loss of shown patients (Kelly, Golden and Assad 1992, Networks
22:397-417).
"""

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from rairlib.errors import RairlibError
from rairlib.stats.observation import whole

THRESHOLD = 7
TOTAL = "all"


def hidden_cells(
    counts: np.ndarray, equations: np.ndarray, threshold: int, public: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """Choose the counts to hide.

    Parameters
    ----------
    counts : ndarray of int, shape (cells,)
        Every count, totals included.
    equations : ndarray, shape (equations, cells)
        What a reader knows: ``equations @ counts == 0``.
    threshold : int
        Counts from 1 to this one are small.
    public : ndarray of bool, shape (cells,)
        Counts that cannot be hidden unless they are small, for example as they stand elsewhere.
    costs : ndarray of float, shape (cells,)
        Loss if a count is hidden for the sake of another.

    Returns
    -------
    ndarray of bool, shape (cells,)
        The small counts and their complements.

    Raises
    ------
    RairlibError
        If the public counts leave no way to hide a small one.
    """
    small = (counts >= 1) & (counts <= threshold)
    hidden = small.copy()
    for cell in np.flatnonzero(small):
        for change in {1 - int(counts[cell]), threshold - int(counts[cell])} - {0}:
            hidden |= _moved(counts, equations, cell, change, public & ~small, costs * ~hidden)
    return hidden


def _moved(counts, equations, cell, change, fixed, costs) -> np.ndarray:
    """Return the counts that must move with one, at the least cost, so that every sum still holds.

    The first half of the variables are increases, the second decreases.
    """
    upper = np.concatenate([np.where(fixed, 0.0, np.inf), np.where(fixed, 0.0, counts)])
    lower = np.zeros_like(upper)
    rise, fall = max(change, 0), max(-change, 0)
    for place, value in ((cell, rise), (cell + counts.size, fall)):
        lower[place] = upper[place] = value
    found = linprog(
        np.concatenate([costs, costs]) + 1e-6,
        A_eq=np.hstack([equations, -equations]),
        b_eq=np.zeros(len(equations)),
        bounds=np.column_stack([lower, upper]),
        method="highs-ds",
    )
    if not found.success:
        raise RairlibError(
            "a small count cannot be hidden: totals that stand elsewhere give it back"
        )
    return found.x.reshape(2, -1).max(axis=0) > 1e-9


def suppressed(counts: pd.DataFrame, threshold: int = THRESHOLD) -> pd.DataFrame:
    """Return a table of counts with its totals, as it may leave.

    Parameters
    ----------
    counts : DataFrame of int
        Patients, rows by columns, without totals.
    threshold : int
        Counts from 1 to this one are hidden; 0 is shown.

    Returns
    -------
    DataFrame of Int64
        The table with a row and a column ``all``; hidden counts are missing. Percentages of it
        are missing where a count is. Tables that share totals belong into one call of
        :func:`suppressed_rows`.

    Raises
    ------
    RairlibError
        If a count is negative or not whole, the table is empty or the threshold is below 1.
    """
    if threshold < 1:
        raise RairlibError(f"the threshold of small counts must be 1 or more, got {threshold}")
    if counts.empty:
        raise RairlibError("no counts to suppress")
    table = pd.DataFrame(whole("counts", counts), counts.index, counts.columns).astype("Int64")
    table[TOTAL] = table.sum(axis=1)
    table.loc[TOTAL] = table.sum()
    values = table.to_numpy(int)
    if 1 <= values[-1, -1] <= threshold:
        return table.mask(table.notna())
    costs = values + 1.0
    costs[-1] += values[-1, -1]
    costs[:, -1] += values[-1, -1]
    public = np.zeros(values.shape, dtype=bool)
    public[-1, -1] = True
    hidden = hidden_cells(
        values.ravel(), _sums(values.shape), threshold, public.ravel(), costs.ravel()
    )
    return table.mask(hidden.reshape(values.shape))


def _sums(shape: tuple[int, int]) -> np.ndarray:
    """Return the equations of a table whose last row and column are totals."""
    places = np.arange(shape[0] * shape[1]).reshape(shape)
    equations = []
    for line in [*places, *places.T]:
        equation = np.zeros(places.size)
        equation[line[:-1]], equation[line[-1]] = 1.0, -1.0
        equations.append(equation)
    return np.array(equations)
