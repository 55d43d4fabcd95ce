"""Exchanges that leave the univariable rows where they are and the kept joint table as it is.

Between two patients censored between the same two events no univariable sum changes. Across
events, sets of exchanges of one column are drawn and fitted: kept are those after which the
column's row still rounds to the print.
"""
# ruff: noqa: NPY002 - compiled code draws from a generator of its own, seeded by its argument

import numpy as np
from numba import njit

from rairlib.search.cox_terms import Design
from rairlib.search.exact_column import (
    PrintedColumn,
    farthest_residual,
    move_one,
    ones_at_risk,
    printed_column,
)
from rairlib.search.exchanges import Exchanges, joined, single_exchanges

LONGEST_SET = 4  # exchanges


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


@njit(cache=True, nogil=True)
def _draw_set(many, givers, takers, needs, low, high, event, picks):
    """Draw `many` exchanges with the opposites they need; return how many, 0 for none."""
    size, events = 0, 0
    for _ in range(many):
        m = np.random.randint(givers.shape[0])
        picks[size] = m
        size += 1
        if needs[m]:
            if high[m] <= low[m]:
                return 0
            picks[size] = low[m] + np.random.randint(high[m] - low[m])
            size += 1
    if size > LONGEST_SET:
        return 0
    for p in range(size):
        events += event[takers[picks[p]]] - event[givers[picks[p]]]
        for q in range(p):
            if givers[picks[p]] == givers[picks[q]] or takers[picks[p]] == takers[picks[q]]:
                return 0
    return size if events == 0 else 0


@njit(cache=True, nogil=True)
def _draw_fitting(
    levels, column, givers, takers, needs, low, high, size, tries, inside, seed, found
):
    """Fill `found` with drawn sets after which the row rounds to the print; return how many."""
    np.random.seed(seed)
    ones = ones_at_risk(levels, column.at_risk, column.size.shape[0])
    events = float((levels * column.event).sum())
    new, residuals, picks, kept = ones.copy(), np.zeros(3), np.zeros(2 * size, np.int64), 0
    for _ in range(tries):
        many = _draw_set(size, givers, takers, needs, low, high, column.event, picks)
        if many == 0:
            continue
        new[:] = ones
        for q in range(many):
            a, c = givers[picks[q]], takers[picks[q]]
            move_one(new, column.at_risk[a], column.at_risk[c])
        farthest = farthest_residual(
            new, column.size, events, column.beta, column.target, column.half, residuals
        )
        if farthest <= inside:
            found[kept, :many] = picks[:many]
            kept += 1
            if kept == found.shape[0]:
                break
    return kept


def _transfers(levels: np.ndarray, column: PrintedColumn) -> tuple[np.ndarray, np.ndarray]:
    """List who may give level 1 to whom: same stratum, some effect on the row."""
    givers, takers = (
        array.ravel()
        for array in np.meshgrid(
            np.flatnonzero(levels == 1), np.flatnonzero(levels == 0), indexing="ij"
        )
    )
    kept = column.stratum[givers] == column.stratum[takers]
    kept &= ~column.barred[givers, 0] & ~column.barred[takers, 1]
    alike = column.at_risk[givers] == column.at_risk[takers]
    kept &= ~(alike & (column.event[givers] == column.event[takers]))
    return givers[kept], takers[kept]


def fitting_sets(
    rows: np.ndarray,
    design: Design,
    column: int,
    *,
    size: int,
    tries: int,
    most: int,
    inside: float,
    seed: int,
) -> Exchanges:
    """Draw sets of exchanges of one column across events that keep its printed row.

    Parameters
    ----------
    rows, design
        See :func:`within_intervals`; the column's coefficient is where the fit starts.
    column : int
        A free column.
    size : int
        Exchanges drawn; in a joint column each may need an opposite one besides.
    tries, most : int
        Sets drawn and sets kept.
    inside : float
        Largest residual after it, in half units.
    seed : int
        Of the draws.

    Returns
    -------
    Exchanges
        At most `most` sets of at most `LONGEST_SET` exchanges.
    """
    printed = printed_column(rows, design, column)
    levels = np.ascontiguousarray(rows[:, column])
    givers, takers = _transfers(levels, printed)
    found = np.full((most, LONGEST_SET), -1, np.int64)
    if len(givers) == 0:
        return _none(rows.shape[1])
    order, low, high = _partners(printed.code[givers], printed.code[takers])
    givers, takers = givers[order], takers[order]
    needs = printed.code[givers] != printed.code[takers]
    many = _draw_fitting(
        levels, printed, givers, takers, needs, low, high, size, tries, inside, seed, found
    )
    found = np.unique(found[:many], axis=0)
    empty = found < 0
    first, second = np.where(empty, -1, givers[found]), np.where(empty, -1, takers[found])
    return _of_column(first, second, column, rows.shape[1])
