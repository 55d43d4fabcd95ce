"""Small moves of the last stage: exchanges that hardly change anything, and shifts in time.

A move consists of up to two parts. A part exchanges some columns between two patients, or shifts
a patient without the event past neighbouring events. All moves keep every printed count and the
kept joint table.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from rairlib.search.cox_terms import Design

PARTS = 2
SHIFT = -1
ALIKE_BUT_ONE = 200  # moves listed of each kind, per column where single columns are exchanged
NEIGHBOURS = 500
BLOCKS = 300
TWINS = 3000
NEIGHBOUR_EVENTS = 2
TWIN_EVENTS = 3


class SmallMoves(NamedTuple):
    """Moves in parts, each array of shape (moves, 2).

    Attributes
    ----------
    first : ndarray of int64
        A patient.
    second : ndarray of int64
        The patient to exchange with, or the events to shift by.
    masks : ndarray of int64
        Columns to exchange, one bit each; -1 for a shift, 0 for no part.
    """

    first: np.ndarray
    second: np.ndarray
    masks: np.ndarray

    def take(self, chosen: np.ndarray) -> "SmallMoves":
        """Return some of the moves."""
        return SmallMoves(*(array[chosen] for array in self))

    def touches(self, move: int) -> set[tuple[int, int]]:
        """Return what a move writes to: patients with columns, -1 for their time."""
        cells = set()
        for one, other, mask in zip(*(array[move] for array in self), strict=True):
            if mask == SHIFT:
                cells.add((int(one), SHIFT))
            for column in range(int(mask).bit_length() if mask > 0 else 0):
                if mask >> column & 1:
                    cells |= {(int(one), column), (int(other), column)}
        return cells


@njit(cache=True, nogil=True)
def make_move(move, sign, moves, rows, at_risk):
    """Make a move (`sign` 1) or take it back (-1)."""
    for place in range(moves.first.shape[1]):
        part = place if sign > 0 else moves.first.shape[1] - 1 - place
        a, c, mask = moves.first[move, part], moves.second[move, part], moves.masks[move, part]
        if mask == SHIFT:
            at_risk[a] += sign * c
            continue
        for k in range(rows.shape[1]):
            if mask >> k & 1:
                rows[a, k], rows[c, k] = rows[c, k], rows[a, k]


def list_small_moves(
    rows: np.ndarray,
    classes: np.ndarray,
    at_risk: np.ndarray,
    design: Design,
    rng: np.random.Generator,
) -> SmallMoves:
    """List small moves of a cohort.

    Parameters
    ----------
    rows : ndarray of int64, shape (n, P)
        The covariates.
    classes : ndarray of int64, shape (n,)
        Class of each patient.
    at_risk : ndarray of int64, shape (n,)
        Events at which each is still at risk.
    design : Design
        What stays the same.
    rng : numpy Generator
        Where there are too many of a kind, some are drawn.

    Returns
    -------
    SmallMoves
        Exchanges of one column between patients alike in all others of the model (or in all but
        one); of all columns, or of those of the joint table, between neighbours in time; shifts
        by one or two events; opposite shifts of two patients alike in class and model.
    """
    found = [*_exchanges(rows, at_risk, design, rng), *_shifts(at_risk, design)]
    twins = list(_twins(rows, classes, at_risk, design))
    found += _some(twins, TWINS, rng)
    parts = np.zeros((3, len(found), PARTS), np.int64)
    for number, move in enumerate(found):
        for place, part in enumerate(move):
            parts[:, number, place] = part
    return SmallMoves(*parts)


def _some(moves: list, most: int, rng: np.random.Generator) -> list:
    if len(moves) <= most:
        return moves
    return [moves[z] for z in np.sort(rng.choice(len(moves), most, replace=False))]


def _exchanges(rows, at_risk, design: Design, rng) -> list:
    one, other = np.triu_indices(len(rows), 1)
    differs = rows[one] != rows[other]
    columns = np.arange(rows.shape[1])
    free, bit = np.isin(columns, design.free), 1 << columns
    bound = free & ((design.place >= 0) | design.joint)
    same = design.stratum[one] == design.stratum[other]
    alike_event = design.event[one] == design.event[other]
    apart = np.abs(at_risk[one] - at_risk[other])
    class_columns = design.place >= 0
    class_columns &= ~free
    alike_class = ~differs[:, class_columns].any(1)
    found = []

    def put(where: np.ndarray, mask: int, most: int) -> None:
        pairs = _some(list(np.flatnonzero(where)), most, rng)
        found.extend([((one[z], other[z], mask),) for z in pairs])

    for column in np.flatnonzero(bound):
        where = differs[:, column] & (same | ~design.stratified[column]) & alike_class
        rest = (differs & bound & (columns != column)).sum(1)
        put(where & alike_event & (rest == 0), bit[column], len(where))
        if design.joint[column]:
            where &= ~(differs & design.joint & (columns != column)).any(1)
        put(where & (rest == 1), bit[column], ALIKE_BUT_ONE)
    near = same & alike_event & (apart <= NEIGHBOUR_EVENTS)
    movable = (differs & bound).any(1)
    put(near & (apart > 0) & movable, int(bit[bound].sum()), NEIGHBOURS)
    block = (differs & design.joint).any(1)
    put(
        near & block & (differs & bound & ~design.joint).any(1),
        int(bit[design.joint].sum()),
        BLOCKS,
    )
    return found


def _shifts(at_risk, design: Design) -> list:
    events = int(design.event.sum())
    return [
        ((patient, by, SHIFT),)
        for patient in np.flatnonzero(design.event == 0)
        for by in (-2, -1, 1, 2)
        if 1 <= at_risk[patient] + by <= events
    ]


def _twins(rows, classes, at_risk, design: Design):
    """Yield opposite shifts of two patients without the event, alike in class and model."""
    events = int(design.event.sum())
    alike: dict[tuple, list[int]] = {}
    for patient in np.flatnonzero(design.event == 0):
        key = (int(classes[patient]), *rows[patient, design.model].tolist())
        alike.setdefault(key, []).append(int(patient))
    for members in alike.values():
        for later in members:
            for earlier in members:
                for by in range(1, TWIN_EVENTS + 1):
                    room = at_risk[later] + by <= events and at_risk[earlier] - by >= 1
                    if later != earlier and room:
                        yield (later, by, SHIFT), (earlier, -by, SHIFT)
