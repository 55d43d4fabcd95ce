"""Which covariates stood in the model behind a printed row, when not all rows need be of one model.

Papers that select variables print rows from different steps. A row is tested against the models
of two covariates first, whose joint tables can all be tried, then against larger ones.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from rairlib.reconstruct.joint_tables import COVARIATES_MAX, joint_tables
from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    design_of,
    fit_splittable,
    reconstruct_logistic,
)
from rairlib.registry.printed import Printed
from rairlib.stats.logistic import Z_95


def smallest_submodels(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
    largest: int = COVARIATES_MAX,
) -> list[Reconstruction]:
    """Find the models of fewest covariates that give all that is printed of these covariates."""
    named = {target.covariate for target in targets}
    for size in range(2, largest + 1):
        found = [
            reconstruct_logistic(
                events,
                total,
                {name: event_margins[name] for name in names},
                {name: margins[name] for name in names},
                [target for target in targets if target.covariate in names],
            )
            for names in combinations(margins, size)
            if named & set(names)
        ]
        if agreeing := [reconstruction for reconstruction in found if reconstruction.agreeing]:
            return agreeing
    return []


def extended_tables(
    pair: Sequence[str],
    pair_table: np.ndarray,
    added: str,
    events: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
) -> FittedTables:
    """Fit the model of a third covariate and two whose joint table is known, to all tables."""
    names = (*pair, added)
    tables = joint_tables(int(np.sum(pair_table)), [margins[name] for name in names])
    with_pair = (tables.reshape(-1, 4, 2).sum(axis=2) == pair_table).all(axis=1)
    return fit_splittable(tables[with_pair], events, {name: event_margins[name] for name in names})


def collapsed(cells: np.ndarray, covariates: Sequence[str], kept: Sequence[str]) -> np.ndarray:
    """Sum joint tables over all covariates but some."""
    shape = (len(cells), *(2 for _ in covariates))
    gone = tuple(1 + i for i, name in enumerate(covariates) if name not in kept)
    return cells.reshape(shape).sum(axis=gone).reshape(len(cells), -1)


def one_split(table: np.ndarray, events: int, event_margins: Sequence[int]) -> np.ndarray:
    """Split a joint table by outcome in one of the ways that the margins by outcome allow.

    Parameters
    ----------
    table : ndarray of int, shape (2**k,)
        Patients per cell.
    events : int
        Patients with the outcome.
    event_margins : sequence of int
        Patients with the outcome and level 1 of each covariate, in the order of the cells.

    Returns
    -------
    ndarray of int64, shape (2**k,)
        Patients with the outcome. The logistic model is the same for every split.

    Raises
    ------
    ReconstructionError
        If there is none; integer programming proves it.
    """
    sums = np.array([events, *event_margins])
    found = milp(
        np.zeros(len(table)),
        constraints=LinearConstraint(design_of(len(event_margins)).T, sums, sums),
        integrality=np.ones(len(table)),
        bounds=Bounds(0, np.asarray(table)),
    )
    if found.x is None:
        raise ReconstructionError("no split of the joint table has the margins by outcome")
    return np.rint(found.x).astype(np.int64)


def least_standard_error(inner: int, outer: int) -> float:
    """Bound the standard error of a covariate in any model beside one that it implies."""
    return 2 * float(np.sqrt(1 / inner + 1 / (outer - inner)))


def largest_standard_error(low: Printed, high: Printed) -> float:
    """Return the largest standard error that a printed 95 % Wald interval of a ratio allows."""
    return float(np.log(high.high / low.low)) / (2 * Z_95)
