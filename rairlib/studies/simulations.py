"""Draw the witness and the ensemble of a study, and set what they achieve beside the print."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from rairlib.cohorts.declared import FILE, load_declared
from rairlib.cohorts.search import find_cohort
from rairlib.errors import RairlibError
from rairlib.registry.agreement import agreeing, match
from rairlib.registry.registry import Registry, load_registry
from rairlib.registry.studies import has_file
from rairlib.studies import part_of

HELD_OUT_STATISTICS = ("auc", "cutoff", "number")
KEY = ["statistic", "variable", "level", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How the cohorts of one study are drawn and analysed.

    Attributes
    ----------
    registry : Registry
        The reported numbers.
    witness : callable
        Takes a seed and returns a cohort that is also steered to the held-out numbers.
    cohorts : callable
        Takes a number and a seed and returns an iterator over cohorts that agree with the
        anchors and know nothing else.
    analyse : callable
        The paper's analysis of a cohort.
    """

    registry: Registry
    witness: Callable[[int], pd.DataFrame]
    cohorts: Callable[[int, int], Iterator[pd.DataFrame]]
    analyse: Callable[[pd.DataFrame], pd.DataFrame]


def simulation_of(study: str) -> Simulation:
    """Return how a study is simulated.

    Parameters
    ----------
    study : str
        Key of one of the book's studies, or a folder of one's own: with a ``simulation.toml`` in
        it, its cohorts are searched for.

    Returns
    -------
    Simulation
        Ready to draw.

    Raises
    ------
    RairlibError
        If the study is unknown, or nothing says how its cohorts are found.
    """
    registry = load_registry(study)
    witness, cohorts, analyse = (
        part_of(registry.study, *part)
        for part in (("cohort", "witness"), ("cohort", "cohorts"), ("analysis", "analyse"))
    )
    if cohorts is None and not has_file(study, FILE):
        raise RairlibError(
            f"{registry.study}: not yet analysed, and no {FILE} in its folder says what cohorts "
            "are to be searched for: write one"
        )
    return Simulation(
        registry=registry,
        witness=partial(witness or _no_witness, registry),
        cohorts=partial(cohorts or _searched, registry),
        analyse=analyse or partial(_no_analysis, registry),
    )


def _no_witness(registry: Registry, seed: int) -> pd.DataFrame:
    why = part_of(registry.study, "cohort", "NO_WITNESS")
    raise RairlibError(
        f"{registry.study}: {why or 'a witness is drawn by code of its own: leave out --witness'}"
    )


def _no_analysis(registry: Registry, cohort: pd.DataFrame) -> pd.DataFrame:
    raise RairlibError(f"{registry.study}: not yet analysed: a cohort cannot be set beside it")


def _searched(registry: Registry, number: int, seed: int) -> Iterator[pd.DataFrame]:
    """Search for the order in time and the covariates that a declaration tells; no more."""
    declared = load_declared(registry.source)
    for k in range(number):
        yield find_cohort(declared, np.random.default_rng(seed + k)).skeleton()


def achieved(simulation: Simulation, cohort: pd.DataFrame) -> pd.DataFrame:
    """Set what a cohort achieves beside every reported number.

    Parameters
    ----------
    simulation : Simulation
        See :func:`simulation_of`.
    cohort : DataFrame
        A cohort of the study.

    Returns
    -------
    DataFrame
        Columns ``id, locus, statistic, variable, level, group, role, printed, method, achieved,
        hit``: the value (under the method that agrees, if the paper names none) and ``yes``,
        ``no``, or ``not a property of the cohort``.
    """
    matched = match(simulation.registry, simulation.analyse(cohort))
    records = []
    for row in simulation.registry:
        record = {name: getattr(row, name) for name in ("id", "locus", *KEY, "role", "printed")}
        method, value, hit = "", float("nan"), "not a property of the cohort"
        if row.id in matched:
            method, value = agreeing(row, matched[row.id])
            hit = "yes" if row.number.agrees(value) else "no"
        records.append({**record, "method": method, "achieved": value, "hit": hit})
    return pd.DataFrame(records)


def held_out_values(simulation: Simulation, cohorts: int, seed: int) -> pd.DataFrame:
    """Analyse many consistent cohorts and keep the numbers that were held out.

    Parameters
    ----------
    simulation : Simulation
        See :func:`simulation_of`.
    cohorts : int
        How many.
    seed : int
        Cohort number i depends on the seed and on i alone.

    Returns
    -------
    DataFrame
        Columns ``cohort, statistic, variable, level, group, method, value``.
    """
    held_out = {
        row.key[:4] for row in simulation.registry.where(HELD_OUT_STATISTICS, role="held_out")
    }
    analysed = map(simulation.analyse, simulation.cohorts(cohorts, seed))
    frames = ({"kept": _of_keys(results, held_out)} for results in analysed)
    return frames_of(frames)["kept"]


def _of_keys(results: pd.DataFrame, keys: set[tuple]) -> pd.DataFrame:
    own = [key in keys for key in results[KEY].itertuples(index=False, name=None)]
    return results[own].drop_duplicates(KEY)[[*KEY, "method", "value"]]


def frames_of(analysed: Iterable[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Put what many cohorts give below each other.

    Parameters
    ----------
    analysed : iterable of dict
        Of each cohort, frames by name.

    Returns
    -------
    dict of str to DataFrame
        The frames of all cohorts, with the ordinal of the cohort as the first column.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for number, frames in enumerate(analysed):
        for name, frame in frames.items():
            frame = frame.copy()
            frame.insert(0, "cohort", number)
            parts.setdefault(name, []).append(frame)
    return {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}


def unpublished_values(unpublished: pd.DataFrame) -> pd.DataFrame:
    """Return columns ``quantity`` (topic and name) and ``value`` of what is not published."""
    names = unpublished["topic"] + ": " + unpublished["quantity"]
    return pd.DataFrame({"quantity": names, "value": unpublished["value"]})
