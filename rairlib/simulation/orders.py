"""How near the order of progressions and losses comes to the print, with and without a number."""

from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from rairlib.errors import RairlibError
from rairlib.search.arrays import timeline_targets
from rairlib.search.declaration import END, DeclaredStudy
from rairlib.search.distances import timeline_values
from rairlib.search.schedule import Schedule
from rairlib.search.search import TIMELINE, Search
from rairlib.simulation.declared import load_declared

COLUMNS = ["told", "seed", "value", "end", "met", "of"]


def order_trials(study: str, number: str, seeds: range, workers: int) -> pd.DataFrame:
    """Search for the order in time of a declared study, once told a number and once not.

    Parameters
    ----------
    study : str
        Key.
    number : str
        Identifier of a log-rank statistic of its declaration.
    seeds : range
        One search of each kind per seed.
    workers : int
        Processes; does not change the result.

    Returns
    -------
    DataFrame
        One row per search: ``told`` (yes or no), ``seed``, ``value`` (the statistic), ``end``
        (the curve of all at its end, in percent), ``met`` and ``of`` (how many of the other
        printed numbers on the order in time are met).

    Raises
    ------
    RairlibError
        If the declaration does not name the number.
    """
    declared, schedule = load_declared(study)
    without = replace(
        declared, logranks=tuple(e for e in declared.logranks if e.target.id != number)
    )
    if len(without.logranks) == len(declared.logranks):
        raise RairlibError(f"{study}: {number}: not among the log-rank statistics searched for")
    schedule = replace(schedule, timeline_chains=1, timeline_plan=())
    tasks = [
        delayed(_trial)(searched, declared, schedule, number, told, seed)
        for told, searched in (("yes", declared), ("no", without))
        for seed in seeds
    ]
    return pd.DataFrame(Parallel(n_jobs=workers)(tasks), columns=COLUMNS)


def _trial(
    searched: DeclaredStudy,
    declared: DeclaredStudy,
    schedule: Schedule,
    number: str,
    told: str,
    seed: int,
) -> tuple:
    search = Search(searched, schedule, seed)
    for state in search.steps():
        if state.stage != "timeline":
            break
    order = [state.arrays[name] for name in TIMELINE]
    entries = timeline_targets(declared)
    values = timeline_values(declared, *order)
    found = dict(zip([t.id for t in entries], values, strict=True))
    bounds = {rate.target.id for rate in declared.rates if rate.mark == END}
    others = [t for t in entries if t.id not in {*bounds, number}]
    met = sum(t.low <= found[t.id] <= t.high for t in others)
    return told, seed, float(found[number]), _end(state.arrays["events"]), met, len(others)


def _end(events: np.ndarray) -> float:
    """Return the Kaplan-Meier rate after the last event, in percent; times are distinct."""
    at_risk = len(events) - np.flatnonzero(events)
    return float(100 * np.prod(1 - 1 / at_risk))
