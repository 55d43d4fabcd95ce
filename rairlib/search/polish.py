"""Sums of small moves whose effects cancel what is left of the residuals.

The effects of small exchanges on all residuals nearly add up. All pairs are compared by one
matrix product, the best ones are extended to quadruples, and what promises most is fitted.
"""

import numpy as np

from rairlib.search.cox_terms import Design
from rairlib.search.exchanges import (
    IMPOSSIBLE,
    Exchanges,
    effects_of,
    exchanged,
    single_exchanges,
)
from rairlib.search.risk_sums import fresh_residuals
from rairlib.search.schedule import Schedule

SMALLEST_EFFECT = 1e-6
ALIKE_BUT_ONE = 150  # moves listed of each kind, per column where single columns are exchanged
NEIGHBOURS = 700
ACROSS_EVENTS = 100
BLOCKS = 300
NEIGHBOUR_EVENTS = 3
EXTENSIONS = 300
EXTENSIONS_KEPT = 20
PAIRS_KEPT = 60


def list_moves(rows: np.ndarray, design: Design, rng: np.random.Generator) -> Exchanges:
    """List small moves that keep every printed count and the joint table.

    Parameters
    ----------
    rows, design
        See :func:`effects_of`.
    rng : numpy Generator
        Where there are too many of a kind, some are drawn.

    Returns
    -------
    Exchanges
        Each move at most once by kind.
    """
    one, other = np.triu_indices(len(rows), 1)
    differs = rows[one] != rows[other]
    same = design.stratum[one] == design.stratum[other]
    apart = np.abs(design.at_risk[one] - design.at_risk[other])
    alike_event = design.event[one] == design.event[other]
    chosen, masks = [], []

    def put(where: np.ndarray, mask: np.ndarray, most: int) -> None:
        found = np.flatnonzero(where)
        if len(found) > most:
            found = np.sort(rng.choice(found, most, replace=False))
        chosen.append(found)
        masks.append(np.tile(mask, (len(found), 1)))

    for column in design.free:
        mask = np.arange(rows.shape[1]) == column
        where = differs[:, column] & (same | ~design.stratified[column])
        if design.joint[column]:
            where &= ~(differs & design.joint & ~mask).any(1)
        rest = (differs[:, design.model] & ~mask[design.model]).sum(1)
        put(where & (rest == 0), mask, len(where))
        put(where & (rest == 1), mask, ALIKE_BUT_ONE)
    free = np.isin(np.arange(rows.shape[1]), design.free)
    near = same & (differs & free).any(1)
    put(near & alike_event & (apart > 0) & (apart <= NEIGHBOUR_EVENTS), free, NEIGHBOURS)
    put(near & ~alike_event & (apart <= 1), free, ACROSS_EVENTS)
    blocks = same & alike_event & (differs & design.joint).any(1) & (apart <= 1)
    put(blocks, design.joint.copy(), BLOCKS)
    pairs = np.concatenate(chosen)
    return single_exchanges(one[pairs], other[pairs], np.concatenate(masks))


def residual_energy(residuals: np.ndarray, inside: float) -> np.ndarray:
    """Return the energy of residuals (…, numbers): squared excess over `inside`, summed."""
    excess = np.maximum(np.abs(residuals) - inside, 0.0)
    return (excess * excess).sum(-1)


def _lowest(values: np.ndarray, many: int) -> np.ndarray:
    many = min(many, values.size)
    return np.argpartition(values.ravel(), many - 1)[:many]


def _pairs(effects, gram, residuals, many: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of moves (a move with itself: alone) with the lowest sum of squares."""
    gain = np.diag(gram) + 2 * effects @ residuals
    sums = gain[:, None] + gain[None, :] + 2 * gram
    np.fill_diagonal(sums, gain)
    sums[np.tril_indices(len(sums), -1)] = np.inf
    return np.unravel_index(_lowest(sums, many), sums.shape)


def _sum_effects(effects, one, other) -> np.ndarray:
    return effects[one] + np.where((one != other)[:, None], effects[other], 0.0)


def candidates(base: np.ndarray, effects: np.ndarray, schedule: Schedule) -> list[tuple]:
    """Look up sets of up to four moves whose summed effects leave the lowest energy.

    Parameters
    ----------
    base : ndarray, shape (numbers,)
        Residuals.
    effects : ndarray, shape (moves, numbers)
        See :func:`effects_of`.
    schedule : Schedule
        How many pairs, seeds and candidates.

    Returns
    -------
    list of tuple of int
        Moves, the most promising set first.
    """
    gram = effects @ effects.T
    one, other = _pairs(effects, gram, base, schedule.polish_pairs)
    left = base + _sum_effects(effects, one, other)
    energies = residual_energy(left, schedule.inside)
    order = np.argsort(energies, kind="stable")[:PAIRS_KEPT]
    found = [(energies[z], {one[z], other[z]}) for z in order]
    for z in order[: schedule.polish_seeds]:
        more = _pairs(effects, gram, left[z], EXTENSIONS)
        sums = residual_energy(left[z] + _sum_effects(effects, *more), schedule.inside)
        for y in np.argsort(sums, kind="stable")[:EXTENSIONS_KEPT]:
            extended = {one[z], other[z]} | {more[0][y], more[1][y]}
            if not {one[z], other[z]} & {more[0][y], more[1][y]}:
                found.append((sums[y], extended))
    found.sort(key=lambda entry: (entry[0], sorted(entry[1])))
    return [tuple(sorted(int(m) for m in moves)) for _, moves in found[: schedule.polish_refits]]


def _apply(rows: np.ndarray, moves: Exchanges, chosen: tuple) -> np.ndarray | None:
    """Return the cohort after some moves, or nothing if they share a patient."""
    moves = moves.take(list(chosen))
    patients = moves.patients()
    return exchanged(rows, moves) if len(np.unique(patients)) == patients.size else None


def polish_once(
    rows: np.ndarray, design: Design, schedule: Schedule, seed
) -> tuple[np.ndarray, float, bool]:
    """Fit the most promising sets of moves and take the best one, if it is better.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        What stays the same.
    schedule : Schedule
        Parameters of the polish.
    seed : int or sequence of int
        Where moves are drawn.

    Returns
    -------
    rows : ndarray
        The new cohort.
    energy : float
        Its energy.
    better : bool
        Whether it changed.
    """
    rng = np.random.default_rng(seed)
    moves = list_moves(rows, design, rng)
    base, effects = effects_of(rows, design, moves)
    best, best_energy = rows, float(residual_energy(base, schedule.inside))
    size = np.sqrt((effects**2).mean(1))
    kept = np.argsort(size, kind="stable")[: schedule.polish_moves]
    kept = kept[(size[kept] > SMALLEST_EFFECT) & (size[kept] < IMPOSSIBLE)]
    moves, effects = moves.take(kept), effects[kept]
    if len(kept) == 0:
        return rows, best_energy, False
    for chosen in candidates(base, effects, schedule):
        changed = _apply(rows, moves, chosen)
        if changed is None:
            continue
        energy = float(residual_energy(fresh_residuals(changed, design), schedule.inside))
        if energy < best_energy - 1e-9:
            best, best_energy = changed, energy
    return best, best_energy, best is not rows
