"""How near joint tables of many covariates come to the printed rows of one logistic model.

Too many tables have the margins of five covariates to try them all. Annealing by swaps of one
level between two patients comes within a few dozen last digits of the print. The kept tables that
agree with every printed number were found by a longer search from there: they are data, verified
by the tests, not drawn by a command.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import LogisticTarget, design_of, fit_tables
from rairlib.reconstruct.printed_models import PrintedModel
from rairlib.registry.studies import has_result, result_file
from rairlib.stats.logistic import Z_95, factor, maximise, write_standard_errors

TEMPERATURES = (200.0, 3.0)  # in units of half a last printed digit


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSearch:
    """What is known of a joint table of k binary covariates, and what is printed of its model.

    Attributes
    ----------
    events : int
        Patients with the outcome.
    event_margins : tuple of int
        Patients with the outcome and level 1 of each covariate.
    targets : tuple of (int, LogisticTarget)
        Position of a covariate, and its printed odds ratio with both limits.
    """

    events: int
    event_margins: tuple[int, ...]
    targets: tuple[tuple[int, LogisticTarget], ...]

    @property
    def design(self) -> np.ndarray:
        """Design matrix of the cells, intercept first."""
        return design_of(len(self.event_margins))

    @property
    def sums(self) -> np.ndarray:
        """Events, and events with each covariate."""
        return np.array([self.events, *self.event_margins], np.float64)

    @property
    def terms(self) -> np.ndarray:
        """Column of the design of each target."""
        return np.array([1 + position for position, _ in self.targets])

    @property
    def intervals(self) -> np.ndarray:
        """Centre and half width of each printed low limit, odds ratio and high limit, (r, 3, 2)."""
        printed = [(target.low, target.odds_ratio, target.high) for _, target in self.targets]
        return np.array(
            [[((n.low + n.high) / 2, (n.high - n.low) / 2) for n in numbers] for numbers in printed]
        )

    def distances(self, tables: np.ndarray) -> np.ndarray:
        """Return how far tables are from the print, shape (tables, targets, 3).

        Signed, for lower limit, odds ratio and upper limit, in half last digits: within ±1 a value
        rounds to the print. NaN without a finite maximum.
        """
        fits = fit_tables(tables, self.design, self.sums)
        estimates, errors = fits.estimates[:, self.terms], fits.standard_errors[:, self.terms]
        shifts = Z_95 * np.array([-1.0, 0.0, 1.0])
        values = np.exp(estimates[:, :, np.newaxis] + shifts * errors[:, :, np.newaxis])
        centres, halves = np.moveaxis(self.intervals, -1, 0)
        return (values - centres) / halves


def annealed(
    problem: TableSearch, start: np.ndarray, rng: np.random.Generator, steps: int
) -> np.ndarray:
    """Anneal from a table; return the nearest met, by the sum of the distances beyond rounding."""
    bits = 1 << np.arange(len(problem.event_margins) - 1, -1, -1)
    return _anneal(
        np.array(start, np.int64),
        bits,
        problem.design,
        problem.sums,
        problem.terms,
        problem.intervals,
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
def _anneal(table, bits, design, sums, terms, intervals, draws, temperatures):
    size = design.shape[1]
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
        fitted = maximise(table, design, sums, offset, beta, information)
        reached = np.inf
        if not np.isnan(fitted) and factor(information):
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
    order = pd.MultiIndex.from_tuples(
        [
            tuple(model.levels[name][1 - level] for name, level in zip(names, cell, strict=True))
            for cell in cell_levels(len(names))
        ]
    )
    return wide.reindex(columns=order, fill_value=0).to_numpy(np.int64)
