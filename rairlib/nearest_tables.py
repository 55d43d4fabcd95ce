"""How near any joint table comes to all rows of a printed model, if they are taken as one model."""

from collections.abc import Mapping, Sequence

import numpy as np

from rairlib.reconstruct import LogisticTarget
from rairlib.table_search import TableSearch, annealed

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

    Parameters
    ----------
    events, total : int
        Patients with the outcome, and all patients.
    event_margins, margins : mapping of str to int
        Patients with level 1 of each covariate, with the outcome and in all.
    targets : sequence of LogisticTarget
        Rows with an odds ratio and both limits.

    Returns
    -------
    tuple of float
        Distance beyond rounding in half last digits, summed over all numbers, and that of the
        worst number. Nothing is proved: a nearer table may exist.
    """
    names = list(margins)
    problem = TableSearch(
        events=events,
        event_margins=tuple(event_margins[name] for name in names),
        targets=tuple((names.index(target.covariate), target) for target in targets),
        free=tuple(range(len(names))),
        allowed=np.ones(2 ** len(names), bool),
    )
    beyond = []
    for seed in range(SEARCHES):
        rng = np.random.default_rng(seed)
        near = annealed(problem, dealt(total, tuple(margins.values()), rng), rng, STEPS)
        beyond.append(np.maximum(np.abs(problem.distances(near[np.newaxis])) - 1, 0))
    nearest = min(beyond, key=np.sum)
    return float(nearest.sum()), float(nearest.max())


def dealt(total: int, margins: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Deal the levels of every covariate out at random: a start where all cells are allowed.

    Parameters
    ----------
    total : int
        Patients.
    margins : tuple of int
        Patients with level 1 of each covariate.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (2**k,)
        A joint table with these margins.
    """
    cells = np.zeros(total, np.int64)
    for margin in margins:
        cells = 2 * cells + rng.permutation(np.arange(total) < margin)
    return np.bincount(cells, minlength=2 ** len(margins))
