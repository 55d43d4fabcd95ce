"""Exchanges that leave the univariable rows where they are and the kept joint table as it is.

Between two patients censored between the same two events no univariable sum changes. Across
events, walks around a column list what they meet: sets of exchanges after which its row still
rounds to the print.
"""

import numpy as np

from rairlib.search.column_walk import Model, Walk, list_hits
from rairlib.search.cox_terms import Design
from rairlib.search.exact_column import (
    farthest_residual,
    fit_alone,
    ones_at_risk,
    printed_column,
)
from rairlib.search.exchanges import Exchanges, joined, single_exchanges
from rairlib.search.refits import flip_effects
from rairlib.search.state import seed_of

LONGEST_SET = 8  # exchanges
KINDS = ((0.5, 0.05), (1.0, 0.0))  # temperature and pull of the walks around a column
UNIT = 0.375  # of the largest effect: what a walk takes for 1
SCALE = 0.02
INSIDE = 0.95  # half units
ROUNDING = 1e-9
RESTART = 20_000  # draws


def within_intervals(rows: np.ndarray, design: Design) -> Exchanges:
    """List the exchanges between two patients censored between the same two events.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        A cohort.
    design : Design
        What is kept.

    Returns
    -------
    Exchanges
        Of one column outside the joint table, of all columns of that table, of all free columns
        outside it but one, and of all free columns.
    """
    one, other = _censored_pairs(design)
    same = design.stratum[one] == design.stratum[other]
    differs = rows[one] != rows[other]
    free = np.isin(np.arange(rows.shape[1]), design.free)
    table, rest = free & design.joint, free & ~design.joint
    parts = []

    def put(where: np.ndarray, mask: np.ndarray) -> None:
        found = np.flatnonzero(where)
        parts.append(single_exchanges(one[found], other[found], np.tile(mask, (len(found), 1))))

    put(same & differs[:, table].any(1), table)
    put(same & (differs & free).sum(1) > 1, free)
    for column in np.flatnonzero(rest):
        alone = np.arange(rows.shape[1]) == column
        put(differs[:, column] & (same | ~design.stratified[column]), alone)
        put(same & differs[:, column] & ((differs & rest).sum(1) > 2), rest & ~alone)
    return joined(parts)


def _censored_pairs(design: Design) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.triu_indices(len(design.event), 1)
    both = (design.event[one] == 0) & (design.event[other] == 0)
    both &= design.at_risk[one] == design.at_risk[other]
    return one[both], other[both]


def cancelling_pairs(
    rows: np.ndarray, design: Design, most: int, rng: np.random.Generator
) -> Exchanges:
    """List pairs of such exchanges of one joint column whose changes of the table cancel.

    Parameters
    ----------
    rows, design
        See :func:`within_intervals`.
    most : int
        Pairs per column; where there are more, some are drawn.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    Exchanges
        Two exchanges per set.
    """
    one, other = _censored_pairs(design)
    parts = []
    for column in design.free[design.joint[design.free]]:
        givers = np.where(rows[one, column] == 1, one, other)
        takers = np.where(rows[one, column] == 1, other, one)
        kept = rows[one, column] != rows[other, column]
        if design.stratified[column]:
            kept &= design.stratum[one] == design.stratum[other]
        code = printed_column(rows, design, column).code
        first, second = _opposites(givers[kept], takers[kept], code, most, rng)
        parts.append(_of_column(first, second, column, rows.shape[1]))
    return joined(parts) if parts else _none(rows.shape[1])


def _none(columns: int) -> Exchanges:
    empty = np.empty((0, 1), np.int64)
    return Exchanges(empty, empty, np.empty((0, 1, columns), bool))


def _of_column(first, second, column: int, columns: int) -> Exchanges:
    """Return sets of exchanges of one column alone."""
    mask = np.arange(columns) == column
    return Exchanges(first, second, (first >= 0)[:, :, None] & mask)


def _opposites(givers, takers, code, most: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Pair exchanges from code u to v with those from v to u, shape (pairs, 2)."""
    order, low, high = _partners(code[givers], code[takers])
    givers, takers = givers[order], takers[order]
    counts = np.where(code[givers] < code[takers], high - low, 0)
    number = rng.permutation(int(counts.sum()))[: 2 * most]
    one = np.searchsorted(np.cumsum(counts), number, side="right")
    other = low[one] + number - (np.cumsum(counts) - counts)[one]
    apart = (givers[one] != givers[other]) & (takers[one] != takers[other])
    apart &= (givers[one] != takers[other]) & (takers[one] != givers[other])
    one, other = one[apart][:most], other[apart][:most]
    return (
        np.stack([givers[one], givers[other]], axis=1),
        np.stack([takers[one], takers[other]], axis=1),
    )


def _partners(given: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort exchanges by their codes; return the order, and where each one's opposites stand."""
    base = max(given.max(initial=0), taken.max(initial=0)) + 1
    key = given * base + taken
    order = np.argsort(key, kind="stable")
    opposite = (taken * base + given)[order]
    low = np.searchsorted(key[order], opposite, side="left")
    high = np.searchsorted(key[order], opposite, side="right")
    return order, low, high


def walked_sets(
    rows: np.ndarray, design: Design, column: int, *, steps: int, most: int, size: float, seed: int
) -> Exchanges:
    """List sets of exchanges of one column, across events, that keep its printed row.

    Walks around the column list what they meet on their way; the multivariable rows pull them
    back, so that sets with small effects come first.

    Parameters
    ----------
    rows, design
        See :func:`within_intervals`.
    column : int
        A free column with a printed row; outside the model it has no such sets.
    steps : int
        Draws of two patients in each walk.
    most : int
        Hits listed by each walk.
    size : float
        Largest effect on the multivariable rows, as root mean square in half units.
    seed : int
        Of the walks.

    Returns
    -------
    Exchanges
        Sets of at most `LONGEST_SET` exchanges. A row that is not yet met comes no further off.
    """
    printed, levels = printed_column(rows, design, column), np.ascontiguousarray(rows[:, column])
    if design.place[column] < 0:
        return _none(rows.shape[1])
    ones = ones_at_risk(levels, printed.at_risk, len(printed.size))
    events = float((levels * printed.event).sum())
    estimate, information = fit_alone(ones, printed.size, events, printed.beta)
    if information == 0.0:
        return _none(rows.shape[1])
    away = farthest_residual(
        ones, printed.size, events, estimate, printed.target, printed.half, np.zeros(3)
    )
    left, flips = flip_effects(rows, design, column)
    hits = []
    unit = UNIT * size
    for number, (temperature, pull) in enumerate(KINDS):
        walk = Walk(
            steps=steps,
            temperature=temperature,
            end=temperature,
            scale=SCALE,
            pull=pull,
            inside=max(INSIDE, away + ROUNDING),
            information=information,
            seed=seed_of(seed, number),
        )
        found = np.zeros((most, len(levels)), np.int8)
        model = Model(left / unit, flips / unit)
        around = printed._replace(beta=estimate)
        many = list_hits(levels, around, walk, model, RESTART, UNIT**-2, found)
        hits.append(found[:many])
    changed = np.unique(np.concatenate(hits), axis=0)
    return _exchanges_to(changed, levels, column, rows.shape[1])


def _positions(where: np.ndarray) -> np.ndarray:
    """Return the positions of True in each row, -1 behind the last one, shape (M, longest)."""
    places = np.full((len(where), int(where.sum(1).max(initial=0))), -1, np.int64)
    row, position = np.nonzero(where)
    places[row, (np.cumsum(where, axis=1) - 1)[row, position]] = position
    return places


def _exchanges_to(changed: np.ndarray, levels: np.ndarray, column: int, columns: int) -> Exchanges:
    """Return the exchanges that turn the levels of a column into others with the same counts."""
    givers, takers = changed < levels, changed > levels
    length = givers.sum(1)
    kept = (length > 0) & (length <= LONGEST_SET)
    first, second = (_positions(where[kept]) for where in (givers, takers))
    return _of_column(first, second, column, columns)
