"""Whole cohorts of a declared study: a search for the skeleton, then the measured values.

The kept cohort is searched with every target of the declaration. The cohorts of the ensemble are
searched without those that are held out, by a shorter schedule, and know nothing of them.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from rairlib.output import as_file, write_whole
from rairlib.reported import Registry
from rairlib.search.declaration import DeclaredStudy
from rairlib.search.schedule import Round, Schedule
from rairlib.search.search import Search
from rairlib.simulation import wang2025
from rairlib.simulation.declared import load_declared
from rairlib.simulation.searching import (
    CHECKPOINT,
    DISTANCES,
    SKELETON,
    fingerprint,
    read_state,
    search_study,
    skeleton,
)

# Classes of the declaration that the paper joins under one name.
JOINED = {
    "partial or lost": wang2025.JOINED,
    "partial or lost, coded avid": wang2025.JOINED,
}
# Not printed for patients out of Table 5: with no lesion on CT, they get the lower class.
ASSUMED = {"ps_tg_528": "<528.5"}
ENSEMBLE_SCHEDULE = Schedule(
    timeline_chains=1,
    timeline_rounds=(Round(steps=500_000, start=1e6, end=0.05, cap=600.0),),
    timeline_plan=(),
    covariate_chains=1,
    covariate_rounds=(
        Round(steps=600_000, start=3e7, end=2e4, cap=300.0),
        Round(steps=900_000, start=2e4, end=50.0, cap=300.0),
    ),
    single_chains=1,
    polish_iterations=1,
    walk_tries=0,
    linear_plan=(),
    meeting_plan=(),
)


def without_held_out(study: DeclaredStudy, registry: Registry) -> DeclaredStudy:
    """Return a declaration that is not told the numbers that the registry holds out.

    Parameters
    ----------
    study : DeclaredStudy
        As declared.
    registry : Registry
        Its reported numbers.

    Returns
    -------
    DeclaredStudy
        Without rates and log-rank statistics of role ``held_out``.
    """

    def told(entry) -> bool:
        return not entry.target.id or registry[entry.target.id].role != "held_out"

    return replace(
        study,
        rates=tuple(filter(told, study.rates)),
        logranks=tuple(filter(told, study.logranks)),
    )


def searched_witness(
    registry: Registry, seed: int, out: Path, *, resume: Path | None = None
) -> pd.DataFrame:
    """Search for a cohort that meets every target and complete it.

    Progress goes to the standard error stream. The folder gets a checkpoint after each piece of
    work, and in the end the skeleton and how far each number that was searched for is off.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    seed : int
        Same seed, same cohort on the same machine.
    out : Path
        The folder.
    resume : Path, optional
        A checkpoint to go on from.

    Returns
    -------
    DataFrame
        Columns of the study's cohorts.

    Raises
    ------
    RairlibError
        If the declaration has a fault, or the checkpoint belongs to another search.
    """
    found, distances = search_study(registry.study, seed, out, resume=resume, tell=_tell)
    write_whole(out / SKELETON, found.to_csv(index=False, lineterminator="\n"))
    write_whole(out / DISTANCES, as_file(distances))
    mark = fingerprint(*load_declared(registry.study), seed)
    marks = read_state(out / CHECKPOINT, mark).arrays["marks"]
    rng = np.random.default_rng([seed, 1])
    return completed(found, marks, registry, rng, steer=True)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def completed(found, marks, registry: Registry, rng, *, steer: bool) -> pd.DataFrame:
    """Draw the measured values around a skeleton.

    Parameters
    ----------
    found : DataFrame
        See :func:`rairlib.simulation.searching.skeleton`.
    marks : sequence of int
        How many evaluable patients are no longer followed at each mark.
    registry : Registry
        The reported numbers.
    rng : numpy Generator
        Source of randomness.
    steer : bool
        Whether ps-Tg is steered to the numbers that were held out.

    Returns
    -------
    DataFrame
        See :func:`rairlib.simulation.wang2025.complete`.
    """
    filled = {name: found[name].replace("", level) for name, level in ASSUMED.items()}
    named = found.assign(**{"class": found["class"].replace(JOINED)}, **filled)
    summaries = wang2025.read_summaries(registry)
    return wang2025.complete(named, [int(mark) for mark in marks], summaries, rng, steer)


def searched_cohort(registry: Registry, seed: int) -> pd.DataFrame:
    """Search for one cohort of the ensemble.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    seed : int
        Same seed, same cohort on the same machine.

    Returns
    -------
    DataFrame
        Counts as printed, hazard ratios near the print.
    """
    declared, _ = load_declared(registry.study)
    study = without_held_out(declared, registry)
    state = Search(study, ENSEMBLE_SCHEDULE, seed).run()
    found = skeleton(study, state)
    rng = np.random.default_rng([seed, 1])
    return completed(found, state.arrays["marks"], registry, rng, steer=False)
