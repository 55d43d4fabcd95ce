"""Which single fault of the print would explain that no joint table agrees with its model.

Each fault is mended in turn, and the tables that then agree are counted: one printed count that is
off by one, one patient of the counts who is missing from the model, and limits that come from the
profile of the likelihood instead of Wald's formula. A fault that leaves a table may be the true
one; that it is, is not shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from rairlib.errors import RairlibError
from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import LogisticTarget, ReconstructionError, design_of
from rairlib.reconstruct.streaming import near_tables, stream_logistic
from rairlib.reconstruct.submodels import one_split
from rairlib.stats.logistic import profile_limits

PROFILED_MAX = 200
PROFILE = "limits by profile likelihood"
WITH = {True: "with", False: "without"}
Counts = tuple[int, int, dict[str, int], dict[str, int]]


def explaining_faults(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> dict[str, int | None]:
    """Count the tables that agree once a single fault of the print is mended.

    Parameters
    ----------
    events, total, event_margins, margins, targets
        As for :func:`rairlib.reconstruct.streaming.stream_logistic`.

    Returns
    -------
    dict of str to int or None
        What was mended, as a noun phrase → tables; mendings that give none are left out. None
        where the limits of too many tables would have to be profiled.

    Raises
    ------
    ReconstructionError
        If what is printed is not enough to try.
    """
    counts = events, total, dict(event_margins), dict(margins)
    next(near_tables(*counts, targets))
    mended = [*_one_off(counts), *_one_patient_fewer(*counts)]
    found = {fault: _agreeing(changed, targets) for fault, changed in mended}
    found[PROFILE] = _agreeing_by_profile(counts, targets)
    return {fault: tables for fault, tables in found.items() if tables != 0}


def changed_margins(events, total, event_margins, margins) -> Iterator[tuple]:
    """Yield covariate, outcome and change of each count by outcome, and the counts with it."""
    for name, outcome, change in product(margins, (True, False), (-1, 1)):
        with_outcome = {**event_margins, name: event_margins[name] + change * outcome}
        changed = {**margins, name: margins[name] + change}
        yield (name, outcome, change), (events, total, with_outcome, changed)


def _one_off(counts: Counts) -> Iterator[tuple[str, Counts]]:
    for (name, outcome, change), changed in changed_margins(*counts):
        way = "lower" if change < 0 else "higher"
        yield f"a margin of {name} ({WITH[outcome]} the outcome) {way} by one", changed


def _one_patient_fewer(events, total, event_margins, margins) -> Iterator[tuple[str, Counts]]:
    """Yield the counts without one patient, of each pattern of covariates and outcome."""
    for outcome, levels in product((True, False), cell_levels(len(margins)).tolist()):
        own = dict(zip(margins, levels, strict=True))
        having = " and ".join(name for name in own if own[name]) or "none of the covariates"
        yield (
            f"one patient fewer, {WITH[outcome]} the outcome and with {having},",
            (
                events - outcome,
                total - 1,
                {name: event_margins[name] - own[name] * outcome for name in own},
                {name: margins[name] - own[name] for name in own},
            ),
        )


def _agreeing(counts: Counts, targets) -> int:
    try:
        return stream_logistic(*counts, targets).agreeing
    except ReconstructionError:  # no patients have such margins
        return 0


def _agreeing_by_profile(counts: Counts, targets) -> int | None:
    """Count the tables whose odds ratios agree, and their profile limits too."""
    ratios = [replace(target, low=None, high=None) for target in targets if target.odds_ratio]
    if len(ratios) < len(targets) or all(ratio in targets for ratio in ratios):
        return 0
    tables = stream_logistic(*counts, ratios).solutions.cells
    if len(tables) > PROFILED_MAX:
        return None
    return sum(_has_profile_limits(table, counts, targets) for table in tables)


def _has_profile_limits(table: np.ndarray, counts: Counts, targets) -> bool:
    events, _, event_margins, margins = counts
    # Any split will do: the likelihood sees the outcome through its margins alone.
    split = one_split(table, events, [event_margins[name] for name in margins])
    design = design_of(len(margins))
    patients = np.concatenate([np.repeat(design, part, axis=0) for part in (split, table - split)])
    event = np.repeat([1.0, 0.0], [events, len(patients) - events])
    places = {name: place for place, name in enumerate(margins, start=1)}
    try:
        limits = [profile_limits(event, patients, places[target.covariate]) for target in targets]
    except RairlibError:
        return False
    return all(
        printed is None or printed.agrees(float(np.exp(limit)))
        for target, ends in zip(targets, limits, strict=True)
        for printed, limit in zip((target.low, target.high), ends, strict=True)
    )


def told(found: Mapping[str, int | None]) -> list[str]:
    """Say in a few words what each mending gives."""
    return [
        f"{fault} {'give' if fault == PROFILE else 'gives'} {tables} table{'s' * (tables != 1)}"
        if tables
        else f"{fault}: not tried, too many tables have the odds ratios"
        for fault, tables in found.items()
    ]
