"""Draw the witness and the ensemble of a study, and set what they achieve beside the print."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from rairlib.errors import RairlibError
from rairlib.registry.agreement import agreeing, match
from rairlib.registry.registry import Registry, load_registry
from rairlib.studies.lakhdar2024 import analysis as lakhdar2024_analysis
from rairlib.studies.lakhdar2024 import cohort as lakhdar2024
from rairlib.studies.tang2025 import analysis as tang2025_analysis
from rairlib.studies.tang2025 import cohort as tang2025
from rairlib.studies.tang2025.cohort import load_assumptions
from rairlib.studies.tang2025.cohort import read_anchors as read_hunan_anchors
from rairlib.studies.wang2025 import analysis as wang2025_analysis
from rairlib.studies.wang2025 import cohort as wang2025

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
    resumes : bool
        Whether the search for the witness leaves checkpoints.
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
        Key of the study.

    Returns
    -------
    Simulation
        Ready to draw.

    Raises
    ------
    RairlibError
        If the study is unknown or not yet analysed.
    """
    registry = load_registry(study)
    builders = {
        lakhdar2024.STUDY: _drawn,
        wang2025.STUDY: _searched,
        tang2025.STUDY: _drawn_from_populations,
    }
    if study not in builders:
        raise RairlibError(f"{study}: not yet analysed; {', '.join(builders)} are")
    return builders[study](registry)


def _drawn(registry: Registry) -> Simulation:
    """Draw cohorts from what the print determines."""
    anchors = lakhdar2024.read_anchors(registry)
    return Simulation(
        registry=registry,
        witness=lambda seed: lakhdar2024.draw_witness(anchors, registry, seed),
        cohorts=lambda number, seed: lakhdar2024.draw_cohorts(anchors, number, seed),
        analyse=lakhdar2024_analysis.analyse,
    )


def _searched(registry: Registry) -> Simulation:
    """Search for cohorts that agree with a declaration; the kept one is data."""

    def witness(seed: int) -> pd.DataFrame:
        raise RairlibError(
            f"{registry.study}: its kept cohort was found by hand and is not drawn by a command: "
            "leave out --witness"
        )

    def cohorts(number: int, seed: int) -> Iterator[pd.DataFrame]:
        for k in range(number):
            cohort, found = wang2025.searched_cohort(registry, seed + k)
            met = found.report()["met"]
            text = f"cohort {k + 1}: {(met == 'yes').sum()} of {len(met)} numbers met to the digit"
            print(f"{registry.study}: {text}", file=sys.stderr, flush=True)
            yield cohort

    return Simulation(
        registry=registry, witness=witness, cohorts=cohorts, analyse=wang2025_analysis.analyse
    )


def _drawn_from_populations(registry: Registry) -> Simulation:
    """Draw cohorts from assumed populations, given the print."""
    anchors, assumed = read_hunan_anchors(registry), load_assumptions(registry.study)

    def report(text: str) -> None:
        print(f"{registry.study}: {text}", file=sys.stderr, flush=True)

    return Simulation(
        registry=registry,
        witness=lambda seed: tang2025.draw_cohort(
            anchors, assumed, [seed], steered=True, report=report
        ),
        cohorts=lambda number, seed: tang2025.draw_cohorts(anchors, assumed, number, seed, report),
        analyse=tang2025_analysis.analyse,
    )


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
        if row.id in matched:
            method, value = agreeing(row, matched[row.id])
            hit = "yes" if row.number.agrees(value) else "no"
            records.append({**record, "method": method, "achieved": value, "hit": hit})
        else:
            hit = "not a property of the cohort"
            records.append({**record, "method": "", "achieved": float("nan"), "hit": hit})
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
    parts = []
    for number, cohort in enumerate(simulation.cohorts(cohorts, seed)):
        results = simulation.analyse(cohort)
        keys = list(results[KEY].itertuples(index=False, name=None))
        kept = results[[key in held_out for key in keys]].drop_duplicates(KEY)
        parts.append(kept.assign(cohort=number))
    columns = ["cohort", *KEY, "method", "value"]
    return pd.concat(parts, ignore_index=True)[columns]
