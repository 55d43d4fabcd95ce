"""How near the order of progressions and losses comes to the print, with and without a number."""

from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from rairlib.cohorts.declared import load_declared
from rairlib.cohorts.order import order_of, statistics
from rairlib.cohorts.search import find_order
from rairlib.cohorts.study import END, DeclaredStudy
from rairlib.errors import RairlibError

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
    declared = load_declared(study)
    without = replace(
        declared, logranks=tuple(e for e in declared.logranks if e.target.id != number)
    )
    if len(without.logranks) == len(declared.logranks):
        raise RairlibError(f"{study}: {number}: not among the log-rank statistics searched for")
    tasks = [
        delayed(_trial)(searched, declared, number, told, seed)
        for told, searched in (("yes", declared), ("no", without))
        for seed in seeds
    ]
    return pd.DataFrame(Parallel(n_jobs=workers)(tasks), columns=COLUMNS)


def _trial(
    searched: DeclaredStudy, declared: DeclaredStudy, number: str, told: str, seed: int
) -> tuple:
    order = find_order(searched, np.random.default_rng(seed))
    order = order_of(declared, order.classes, order.events, order.marks)
    entries, values = declared.order_targets, statistics(order)
    found = dict(zip([t.id for t in entries], values, strict=True))
    bounds = {rate.target.id for rate in declared.rates if rate.mark == END}
    others = [t for t in entries if t.id not in {*bounds, number}]
    met = sum(t.low <= found[t.id] <= t.high for t in others)
    return told, seed, float(found[number]), _end(order.events), met, len(others)


def _end(events: np.ndarray) -> float:
    """Return the Kaplan-Meier rate after the last event, in percent; times are distinct."""
    at_risk = len(events) - np.flatnonzero(events)
    return float(100 * np.prod(1 - 1 / at_risk))
