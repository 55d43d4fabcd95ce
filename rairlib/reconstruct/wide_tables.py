"""How near joint tables of many covariates come to the printed rows of one logistic model.

Too many tables have the margins of five covariates to try them all. Annealing by swaps of one
level between two patients comes within a few dozen last digits of the print. The kept tables that
agree with every printed number were found by a longer search from there: they are data, verified
by the tests, not drawn by a command.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numba import njit

from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    design_of,
    fit_known_tables,
)
from rairlib.reconstruct.printed_models import PrintedModel
from rairlib.registry.studies import has_result, result_file
from rairlib.stats.kernels import FINAL, maximise, write_standard_errors
from rairlib.stats.logistic import Z_95

TEMPERATURES = (200.0, 3.0)  # in units of half a last printed digit
SEARCHES = 3
STEPS = 200_000


def least_distance(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> tuple[float, float]:
    """Search with fixed seeds for the joint table nearest to all printed rows at once.

    Returns by how many half last digits it misses the print beyond rounding, in all and in the
    worst number.
    """
    beyond = []
    for seed in range(SEARCHES):
        rng = np.random.default_rng(seed)
        start = dealt(total, tuple(margins.values()), rng)
        near = annealed(events, event_margins, targets, start, rng, STEPS)
        fitted = fit_known_tables(near[np.newaxis], events, event_margins)
        beyond.append(np.maximum(np.abs(distances(fitted, targets)) - 1, 0))
    nearest = min(beyond, key=np.sum)
    return float(nearest.sum()), float(nearest.max())


def dealt(total: int, margins: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Deal the levels of every covariate out at random: a start where all cells are allowed."""
    cells = np.zeros(total, np.int64)
    for margin in margins:
        cells = 2 * cells + rng.permutation(np.arange(total) < margin)
    return np.bincount(cells, minlength=2 ** len(margins))


def distances(tables: FittedTables, targets: Sequence[LogisticTarget]) -> np.ndarray:
    """Return how far tables are from the print, shape (tables, printed numbers).

    Signed, in half last digits: within ±1 a value rounds to the print. NaN without a finite
    maximum.
    """
    return np.column_stack(
        [
            (2 * tables.values(target.covariate, statistic) - number.low - number.high)
            / (number.high - number.low)
            for target in targets
            for statistic, number in target.printed().items()
        ]
    )


def annealed(
    events: int,
    event_margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
    start: np.ndarray,
    rng: np.random.Generator,
    steps: int,
) -> np.ndarray:
    """Anneal from a table; return the nearest met, by the sum of the distances beyond rounding."""
    names = list(event_margins)
    printed = [(target.low, target.odds_ratio, target.high) for target in targets]
    ends = np.array([[(number.low, number.high) for number in row] for row in printed])
    return _anneal(
        np.array(start, np.int64),
        1 << np.arange(len(names) - 1, -1, -1),
        np.ascontiguousarray(design_of(len(names)).T, np.float64),
        np.array([events, *event_margins.values()], np.float64),
        np.array([1 + names.index(target.covariate) for target in targets]),
        np.stack([ends.mean(axis=-1), np.ptp(ends, axis=-1) / 2], axis=-1),
        rng.random((steps, 8)),
        np.array(TEMPERATURES),
    )


@njit(cache=True, nogil=True)
def _cell_of(table, share):
    """Cell of the patient who stands at a share of the way through the table."""
    patient, cell = share * table.sum(), 0
    while patient >= table[cell]:
        patient -= table[cell]
        cell += 1
    return cell


@njit(cache=True, nogil=True)
def _swap(table, bit, first, second):
    """Swap one covariate's levels between two patients; False if that changes nothing."""
    here, there = _cell_of(table, first), _cell_of(table, second)
    if (here & bit) == (there & bit):
        return False
    for old in (here, there):
        table[old] -= 1
        table[old ^ bit] += 1
    return True


@njit(cache=True, nogil=True)
def _distance(beta, errors, terms, intervals):
    """Sum of the distances beyond rounding, in half last digits."""
    total = 0.0
    for row in range(terms.shape[0]):
        for limit in range(3):
            shift = (limit - 1) * Z_95 * errors[terms[row]]
            value = np.exp(beta[terms[row]] + shift)
            far = abs(value - intervals[row, limit, 0]) / intervals[row, limit, 1]
            total += max(0.0, far - 1.0)
    return total


@njit(cache=True, nogil=True)
def _anneal(table, bits, columns, sums, terms, intervals, draws, temperatures):
    size = columns.shape[0]
    beta, errors, offset = np.empty(size), np.empty(size), np.zeros(len(table))
    information, unit = np.empty((size, size)), np.eye(size)
    present, nearest, best, before = np.inf, np.inf, table.copy(), table.copy()
    for number in range(draws.shape[0]):
        u = draws[number]
        cooled = (temperatures[1] / temperatures[0]) ** (number / draws.shape[0])
        before[:] = table
        moved = _swap(table, bits[int(u[0] * len(bits))], u[1], u[2])
        if u[3] < 0.5:
            moved |= _swap(table, bits[int(u[4] * len(bits))], u[5], u[6])
        if not moved:
            continue
        fitted = maximise(columns, table, sums, offset, beta, information, *FINAL)
        reached = np.inf
        if not np.isnan(fitted):
            write_standard_errors(information, unit, errors)
            reached = _distance(beta, errors, terms, intervals)
        gain = present - reached
        if gain >= 0 or u[7] < np.exp(gain / (temperatures[0] * cooled)):
            present = reached
            if present < nearest:
                nearest = present
                best[:] = table
        else:
            table[:] = before
    return best


# --- Joint tables too large to be enumerated, found by a search and kept with the project -----
# They are data: searched for by hand, found again by no command, verified by the tests.


def kept_tables(study: str, model: PrintedModel) -> np.ndarray:
    """Load the joint tables kept for a study, in the model's order; no row if none are kept."""
    names = list(model.levels)
    if not has_result(study, "joint_tables"):
        return np.empty((0, 2 ** len(names)), np.int64)
    path = result_file(study, "joint_tables")
    kept = pd.read_csv(path, keep_default_na=False, encoding="utf-8")
    wide = kept.pivot_table(index="table", columns=names, values="n", aggfunc="sum", fill_value=0)
    order = pd.MultiIndex.from_product(model.cell_levels.values())
    return wide.reindex(columns=order, fill_value=0).to_numpy(np.int64)
