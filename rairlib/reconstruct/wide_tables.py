"""Search for joint tables of many covariates that agree with printed rows of a logistic model.

Too many tables have the margins of five covariates to try them all. Annealing by swaps of one
level between two patients comes within a few dozen last digits of the print. From there the
effects of small moves nearly add up: all sums of two moves are fitted, and pairs of these whose
effects cancel the remaining distance are looked up and fitted again. What is found is verified;
what is not found may exist.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from scipy.spatial import cKDTree

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import (
    NORMAL_QUANTILE,
    LogisticTarget,
    _factor,
    _maximise,
    _write_standard_errors,
    fit_tables,
)
from rairlib.reconstruct.printed_models import PrintedModel, cell_records
from rairlib.registry.kept_files import kept_file

TEMPERATURES = (200.0, 3.0)  # in units of half a last printed digit
MOVES_KEPT = 1_800
SUMS_KEPT = 800_000
TRIPLES_FITTED = 60_000
LOOKUP_RADIUS = 4.0
LOOKUP_BLOCK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSearch:
    """What is known of a joint table of k binary covariates, and what is printed of its model."""

    events: int
    event_margins: tuple[int, ...]
    targets: tuple[tuple[int, LogisticTarget], ...]
    free: tuple[int, ...]
    allowed: np.ndarray

    @property
    def design(self) -> np.ndarray:
        """Design matrix of the cells, intercept first."""
        levels = cell_levels(len(self.event_margins))
        return np.column_stack([np.ones(len(levels)), levels])

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
        """Return how far tables are from the print."""
        fits = fit_tables(tables, self.design, self.sums)
        estimates, errors = fits.estimates[:, self.terms], fits.standard_errors[:, self.terms]
        shifts = NORMAL_QUANTILE * np.array([-1.0, 0.0, 1.0])
        values = np.exp(estimates[:, :, np.newaxis] + shifts * errors[:, :, np.newaxis])
        centres, halves = np.moveaxis(self.intervals, -1, 0)
        return (values - centres) / halves

    def agreeing(self, tables: np.ndarray) -> np.ndarray:
        """Keep the tables all of whose values round to the print, each once."""
        tables = np.unique(tables, axis=0)
        far = np.abs(self.distances(tables)).max(axis=(1, 2), initial=0)
        return tables[far <= 1 + 1e-6]


def search_tables(
    problem: TableSearch, start: np.ndarray, rng: np.random.Generator, steps: int
) -> np.ndarray:
    """Search once for joint tables that agree with every target."""
    near = annealed(problem, start, rng, steps)
    return problem.agreeing(np.vstack([near[np.newaxis], _around(problem, near)]))


def annealed(
    problem: TableSearch, start: np.ndarray, rng: np.random.Generator, steps: int
) -> np.ndarray:
    """Anneal from a table towards the print."""
    covariates = len(problem.event_margins)
    bits = np.array([1 << (covariates - 1 - position) for position in problem.free])
    return _anneal(
        np.array(start, np.int64),
        problem.allowed,
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
def _swap(table, allowed, bit, first, second):
    """Swap one covariate's levels between two patients; False if that changes nothing."""
    here, there = _cell_of(table, first), _cell_of(table, second)
    new_here, new_there = here ^ bit, there ^ bit
    if (here & bit) == (there & bit) or not (allowed[new_here] and allowed[new_there]):
        return False
    table[here] -= 1
    table[there] -= 1
    table[new_here] += 1
    table[new_there] += 1
    return True


@njit(cache=True, nogil=True)
def _distance(beta, errors, terms, intervals):
    """Sum of the distances beyond rounding, in half last digits."""
    total = 0.0
    for row in range(terms.shape[0]):
        for limit in range(3):
            shift = (limit - 1) * NORMAL_QUANTILE * errors[terms[row]]
            value = np.exp(beta[terms[row]] + shift)
            far = abs(value - intervals[row, limit, 0]) / intervals[row, limit, 1]
            total += max(0.0, far - 1.0)
    return total


@njit(cache=True, nogil=True)
def _anneal(table, allowed, bits, design, sums, terms, intervals, draws, temperatures):
    size = design.shape[1]
    beta, score, step, errors = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    information, unit = np.empty((size, size)), np.eye(size)
    present, nearest, best, before = np.inf, np.inf, table.copy(), table.copy()
    for number in range(draws.shape[0]):
        u = draws[number]
        cooled = (temperatures[1] / temperatures[0]) ** (number / draws.shape[0])
        before[:] = table
        moved = _swap(table, allowed, bits[int(u[0] * len(bits))], u[1], u[2])
        if u[3] < 0.5:
            moved |= _swap(table, allowed, bits[int(u[4] * len(bits))], u[5], u[6])
        if not moved:
            continue
        fitted = _maximise(table, design, sums, beta, score, step, information)
        reached = np.inf
        if not np.isnan(fitted) and _factor(information):
            _write_standard_errors(information, unit, step, errors)
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


def _around(problem: TableSearch, table: np.ndarray) -> np.ndarray:
    """Return tables around one whose distances should nearly vanish."""
    origin = problem.distances(table[np.newaxis])[0, :, 1:].ravel()
    moves, effects = _small_moves(problem, table, origin)
    first, second = np.triu_indices(len(moves), 1)
    near = _smallest(effects[first] + effects[second], 3 * SUMS_KEPT // 2)
    sums, effects = _fitted(problem, table, origin, moves[first[near]] + moves[second[near]])
    near = _smallest(effects, SUMS_KEPT)
    sums, effects = sums[near].astype(np.int16), effects[near]
    tree, found = cKDTree(effects), [np.empty((0, len(table)), np.int64)]
    for block in range(0, len(sums), LOOKUP_BLOCK):
        wanted = -(effects[block : block + LOOKUP_BLOCK] + origin)
        partners = tree.query_ball_point(wanted, LOOKUP_RADIUS, p=np.inf)
        counts = np.fromiter(map(len, partners), np.int64, len(partners))
        left = np.repeat(np.arange(block, block + len(partners)), counts)
        right = np.array([one for some in partners for one in some], np.int64)
        candidates = table + sums[left[left <= right]] + sums[right[left <= right]]
        found.append(problem.agreeing(candidates[(candidates >= 0).all(axis=1)]))
    return np.vstack(found)


def _small_moves(problem, table, origin) -> tuple[np.ndarray, np.ndarray]:
    """Return sums of up to three swaps that change the printed values least."""
    swaps = _swaps(problem, table)
    first, second = np.triu_indices(len(swaps))
    twice, by_two = _fitted(
        problem, table, origin, np.vstack([swaps, swaps[first] + swaps[second]])
    )
    swaps, by_one = _fitted(problem, table, origin, swaps)
    sizes = np.concatenate([np.abs(by_two + effect).max(axis=1) for effect in by_one])
    near = np.argsort(sizes, kind="stable")[:TRIPLES_FITTED]
    thrice = twice[near % len(twice)] + swaps[near // len(twice)]
    moves, effects = _fitted(problem, table, origin, np.vstack([twice, thrice]))
    near = _smallest(effects, MOVES_KEPT)
    return moves[near], effects[near]


def _swaps(problem: TableSearch, table: np.ndarray) -> np.ndarray:
    """Return the change of every swap of one covariate between two patients of the table."""
    covariates, changes = len(problem.event_margins), []
    unit = np.eye(len(table), dtype=np.int64)
    for position in problem.free:
        bit = 1 << (covariates - 1 - position)
        can = [c for c in np.flatnonzero(table) if problem.allowed[c ^ bit]]
        changes += [
            unit[a ^ bit] - unit[a] + unit[b ^ bit] - unit[b]
            for a in can
            for b in can
            if not a & bit and b & bit
        ]
    return np.unique(changes, axis=0)


def _fitted(problem, table, origin, moves) -> tuple[np.ndarray, np.ndarray]:
    """Return the moves that are possible, and how each changes the distances."""
    moves = np.unique(moves, axis=0)
    moves = moves[((table + moves) >= 0).all(axis=1) & moves.any(axis=1)]
    effects = problem.distances(table + moves)[:, :, 1:].reshape(len(moves), -1) - origin
    finite = np.isfinite(effects).all(axis=1)
    return moves[finite], effects[finite]


def _smallest(effects: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(np.abs(effects).max(axis=1), kind="stable")[:count]


# --- Joint tables too large to be enumerated, found by a search and kept with the project -----


KEPT = ("wang2025",)


def kept_tables(study: str, model: PrintedModel) -> np.ndarray:
    """Load the joint tables that are kept for a study."""
    names = list(model.levels)
    if study not in KEPT:
        return np.empty((0, 2 ** len(names)), np.int64)
    kept = pd.read_csv(
        kept_file(f"results/{study}_joint_tables.csv"), keep_default_na=False, encoding="utf-8"
    )
    wide = kept.pivot_table(index="table", columns=names, values="n", aggfunc="sum", fill_value=0)
    order = pd.MultiIndex.from_tuples(
        [
            tuple(model.levels[name][1 - level] for name, level in zip(names, cell, strict=True))
            for cell in cell_levels(len(names))
        ]
    )
    return wide.reindex(columns=order, fill_value=0).to_numpy(np.int64)


def tables_frame(model: PrintedModel, tables: np.ndarray) -> pd.DataFrame:
    """Lay joint tables out as they are kept."""
    frames = [
        pd.DataFrame(cell_records(model, table)).assign(table=number)
        for number, table in enumerate(tables, start=1)
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "table", frame.pop("table"))
    return frame[frame["n"] > 0].reset_index(drop=True)
