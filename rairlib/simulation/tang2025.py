"""Simulated cohorts that agree with Tang et al. 2025 (Hunan).

The paper's tables were not available. Nodes and thyroglobulin of the training set are drawn from
an assumed population, given the printed equation, its limits, the area and the 2×2 table; the
validation set from the same population, given its 2×2 table. All other variables follow.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from rairlib.anchoring import AnchorError
from rairlib.model_search.sampling import Walk
from rairlib.simulation.tang2025_anchors import SETS, Anchors
from rairlib.simulation.tang2025_assumed import Assumptions
from rairlib.simulation.tang2025_patients import add_patients
from rairlib.simulation.tang2025_predictors import Predictors, draw_predictors, draw_training

STUDY = "tang2025"
Report = Callable[[str], None] | None
ATTEMPTS = 60
PLAN = Walk(steps=1_500_000)
STEERED_PLAN = Walk(steps=8_000_000)
COLUMNS = (
    *("patient", "simulated", "cohort", "failure", "failure_kind", "concurrent_locoregional"),
    *("gender", "age", "thyroid_disease", "tumor_diameter", "multifocality", "capsular_invasion"),
    *("ete", "cln_status", "lln_status", "lln_count", "lln_diameter", "rai_dose", "time_to_rai"),
    *("tg_before", "tgab_before", "braf_tested", "follow_up"),
)


def draw_cohort(
    anchors: Anchors,
    assumed: Assumptions,
    seed: list[int],
    *,
    steered: bool = False,
    report: Report = None,
) -> pd.DataFrame:
    """Draw one consistent cohort.

    Parameters
    ----------
    anchors : Anchors
        What was printed.
    assumed : Assumptions
        What was not.
    seed : list of int
        Same seed, same cohort.
    steered : bool
        Whether the cohort also has the printed p values, of single variables, of those that were
        not selected and of the Hosmer-Lemeshow test.
    report : callable, optional
        Is told why an attempt was given up.

    Returns
    -------
    DataFrame
        122 patients of the training set, then 60 of the validation set.

    Raises
    ------
    AnchorError
        If none of 60 attempts leads to a cohort.
    """
    plan = STEERED_PLAN if steered else PLAN

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        sets = draw_predictors(anchors, assumed, plan, rng, steered)
        return _finish(add_patients(_frame(sets), anchors, assumed, rng), rng)

    return _first_success(draw, seed, report)


def draw_cohorts(
    anchors: Anchors, assumed: Assumptions, cohorts: int, seed: int, report: Report = None
) -> Iterator[pd.DataFrame]:
    """Draw consistent cohorts, each from a stream of its own.

    Parameters
    ----------
    anchors, assumed, report
        As for :func:`draw_cohort`.
    cohorts : int
        How many.
    seed : int
        Cohort number i depends on the seed and on i alone.

    Yields
    ------
    DataFrame
        See :func:`draw_cohort`.
    """
    for number in range(cohorts):
        yield draw_cohort(anchors, assumed, [seed, number], report=report)


def draw_untold(anchors: Anchors, assumed: Assumptions, seed: list[int]) -> np.ndarray:
    """Draw nodes and thyroglobulin of a training set that is not told the area.

    Parameters
    ----------
    anchors, assumed, seed
        As for :func:`draw_cohort`.

    Returns
    -------
    ndarray, shape (2, 122)
        Those who failed first.

    Raises
    ------
    AnchorError
        If none of 60 attempts leads to one.
    """

    def draw(rng: np.random.Generator) -> np.ndarray:
        population = assumed.drawn_population(rng)
        return draw_training(anchors, population, PLAN, rng, anchors.without_area)[0]

    return _first_success(draw, seed)


def _first_success(draw: Callable, seed: list[int], report: Report = None):
    """Try one population after the other."""
    for attempt in range(ATTEMPTS):
        try:
            return draw(np.random.default_rng([*seed, attempt]))
        except AnchorError as refusal:
            reason = refusal
            if report:
                report(f"attempt {attempt + 1} of at most {ATTEMPTS}: {refusal}")
    raise AnchorError(f"none of {ATTEMPTS} attempts led to a cohort; the last: {reason}")


def _frame(sets: dict[str, Predictors]) -> pd.DataFrame:
    """Put the predictors of both sets below each other."""
    parts = [
        pd.DataFrame(
            {
                "cohort": name,
                "failure": part.failed == 1,
                "positive": part.positive,
                "lln_count": part.covariates[0].astype(int),
                "tg_before": part.covariates[1].round(2),
                **part.added,
            }
        )
        for name, part in sets.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _finish(data: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Shuffle the patients within each set, number them and name the levels."""
    rows = np.concatenate(
        [rng.permutation(np.flatnonzero(data["cohort"] == name)) for name in SETS]
    )
    data = data.iloc[rows].reset_index(drop=True)
    return data.assign(
        patient=[f"SIM-{number:03d}" for number in range(1, len(data) + 1)],
        simulated="yes",
        failure=np.where(data["failure"], "yes", "no"),
        lln_status=np.where(data["lln_count"] > 0, "yes", "no"),
        rai_dose=data["rai_dose"].astype(int),
    )[list(COLUMNS)]
