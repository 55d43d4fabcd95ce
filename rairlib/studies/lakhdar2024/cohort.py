"""Simulated cohorts that agree with Bel Lakhdar et al. 2024 (Rabat).

A cohort is drawn in three steps: the joint table of the three predictors, which the printed odds
ratios determine, is split by outcome; ages and diameters are drawn as whole numbers with the
printed means and standard deviations; the other variables are dealt out at random within each
group, in the printed numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.checks.cells import whole_number
from rairlib.cohorts.whole_numbers import (
    AnchorError,
    IntegerMoments,
    draw_integers,
    integer_moments,
)
from rairlib.reconstruct.joint_tables import OutcomeSplits, cell_levels, outcome_splits
from rairlib.reconstruct.printed_models import printed_models
from rairlib.registry.registry import Registry
from rairlib.stats.roc import auc, optimal_cutoffs
from rairlib.studies.lakhdar2024.analysis import AGE_CUTOFF, DIAMETER_CUTOFF, FIGURE_1, GROUPS

STUDY = "lakhdar2024"
# Not printed: the smallest and the largest diameter that a draw may take, in millimetres.
DIAMETER_LIMITS = (1, 120)
RANGE_TRIES = 10_000
WITNESS_TRIES = 100_000
OUTCOMES = dict(zip(("yes", "no"), GROUPS, strict=True))
COLUMNS = (
    *("simulated", "rair", "gender", "age", "tumor_diameter", "metastasis", "ete"),
    *("multifocality", "histology", "high_risk_ptc", "ptc_subtype"),
)
DEALT = ("gender", "ete", "multifocality", "histology")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What the registry's anchors say, ready for drawing.

    Attributes
    ----------
    sizes : dict of str to int
        Patients of each group.
    counts : dict of (group, variable, level) to int
        Patients of a group with a level.
    moments : dict of (group, variable) to IntegerMoments
        Possible sums and sums of squares of ages and diameters.
    age_limits : tuple of int
        Smallest and largest age, both attained.
    splits : OutcomeSplits
        The joint table of age ≥54, diameter ≥29 and metastasis, and its splits by outcome.
    """

    sizes: dict[str, int]
    counts: dict[tuple[str, str, str], int]
    moments: dict[tuple[str, str], IntegerMoments]
    age_limits: tuple[int, int]
    splits: OutcomeSplits


def read_anchors(registry: Registry) -> Anchors:
    """Read the numbers on which cohorts are built from the registry.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.

    Returns
    -------
    Anchors
        Counts, moments and the joint table.

    Raises
    ------
    RairlibError
        If no cohort can have the printed means and standard deviations, or no joint table or
        more than one agrees with the odds ratios that are anchors.
    """
    sizes = {group: whole_number(registry.size(group)) for group in GROUPS}
    counts = {
        (row.group, row.variable, row.level): whole_number(row)
        for row in registry.where("count", repeats="")
    }
    moments = {
        (group, variable): integer_moments(
            size,
            *(
                registry.where(statistic, variable=variable, group=group)[0].number
                for statistic in ("mean", "sd")
            ),
        )
        for group, size in sizes.items()
        for variable in ("age", "tumor_diameter")
    }
    limits = tuple(
        whole_number(registry.where(statistic, variable="age", group="all")[0])
        for statistic in ("minimum", "maximum")
    )
    splits = _splits(registry)
    return Anchors(sizes=sizes, counts=counts, moments=moments, age_limits=limits, splits=splits)


def _splits(registry: Registry) -> OutcomeSplits:
    (model,) = printed_models(registry)
    tables = model.agreeing_with(["anchor"]).cells
    if len(tables) != 1:
        raise AnchorError(f"{len(tables)} joint tables agree with the anchors, not one")
    return outcome_splits(tables[0], model.events, list(model.event_margins.values()))


def draw_cohort(anchors: Anchors, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one consistent cohort.

    Parameters
    ----------
    anchors : Anchors
        See :func:`read_anchors`.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        One row per patient: ``patient, simulated, rair, gender, age, tumor_diameter, metastasis,
        ete, multifocality, histology, high_risk_ptc, ptc_subtype``.
    """
    patients = _draw_predictors(anchors, rng)
    ages = _draw_ages(anchors, patients, rng)
    diameters = _draw_diameters(anchors, patients, rng)
    return _finish(anchors, patients, ages, diameters, rng)


def _draw_predictors(anchors: Anchors, rng: np.random.Generator) -> pd.DataFrame:
    """Split the joint table by outcome; one row per patient, groups together."""
    with_outcome = anchors.splits.draw(rng)
    tables = {"yes": with_outcome, "no": anchors.splits.table - with_outcome}
    levels = cell_levels(3)
    parts = []
    for outcome, table in tables.items():
        cells = np.repeat(levels, table, axis=0)
        part = pd.DataFrame(cells == 1, columns=["older", "larger", "metastasis"])
        parts.append(part.assign(rair=outcome))
    return pd.concat(parts, ignore_index=True)


def _draw_by_group(anchors, patients, variable, limits, rng) -> np.ndarray:
    """Draw one whole-numbered variable in both groups; `limits` gives each patient's range."""
    low, high = limits
    values = np.empty(len(patients), dtype=np.int64)
    for outcome, group in OUTCOMES.items():
        rows = np.flatnonzero(patients["rair"] == outcome)
        moments = anchors.moments[group, variable]
        values[rows] = draw_integers(moments, low[rows], high[rows], rng)
    return values


def _limits(above: np.ndarray, low: int, cutoff: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    return np.where(above, cutoff, low), np.where(above, high, cutoff - 1)


def _draw_ages(anchors, patients, rng, limits=None) -> np.ndarray:
    """Draw ages until the printed smallest and largest age are both attained."""
    youngest, oldest = anchors.age_limits
    if limits is None:
        limits = _limits(patients["older"].to_numpy(), youngest, AGE_CUTOFF, oldest)
    for _ in range(RANGE_TRIES):
        ages = _draw_by_group(anchors, patients, "age", limits, rng)
        if ages.min() == youngest and ages.max() == oldest:
            return ages
    raise AnchorError(f"no draw of the ages attained both {youngest} and {oldest} years")


def _draw_diameters(anchors, patients, rng) -> np.ndarray:
    smallest, largest = DIAMETER_LIMITS
    limits = _limits(patients["larger"].to_numpy(), smallest, DIAMETER_CUTOFF, largest)
    return _draw_by_group(anchors, patients, "tumor_diameter", limits, rng)


def _deal(anchors: Anchors, group: str, variable: str, rng: np.random.Generator) -> np.ndarray:
    """Shuffle the printed number of each level over the patients of a group."""
    levels = [
        level
        for (in_group, name, level), n in anchors.counts.items()
        if in_group == group and name == variable
        for _ in range(n)
    ]
    return rng.permutation(np.array(levels, dtype=object))


def _finish(anchors, patients, ages, diameters, rng) -> pd.DataFrame:
    """Deal out the other variables, shuffle the patients and number them."""
    cohort = pd.DataFrame("", index=patients.index, columns=list(COLUMNS)).assign(
        simulated="yes",
        rair=patients["rair"],
        age=ages,
        tumor_diameter=diameters,
        metastasis=patients["metastasis"].map({True: "yes", False: "no"}),
    )
    for outcome, group in OUTCOMES.items():
        rows = cohort.index[cohort["rair"] == outcome]
        for variable in DEALT:
            cohort.loc[rows, variable] = _deal(anchors, group, variable, rng)
        papillary = rows[cohort.loc[rows, "histology"] == "PTC"]
        cohort.loc[papillary, "high_risk_ptc"] = _deal(anchors, group, "high_risk_ptc", rng)
    high_risk = cohort.index[cohort["high_risk_ptc"] == "yes"]
    cohort.loc[high_risk, "ptc_subtype"] = _deal(anchors, "all", "ptc_subtype", rng)
    cohort = cohort.iloc[rng.permutation(len(cohort))].reset_index(drop=True)
    cohort.insert(0, "patient", [f"SIM-{number:03d}" for number in range(1, len(cohort) + 1)])
    return cohort


def witness(registry: Registry, seed: int) -> pd.DataFrame:
    """Draw a cohort that also meets the printed ROC curves as far as they do not contradict.

    Both areas round to the print, both printed cut-offs are the optimum by Youden's index, and the
    operating point of age is met if the cut-off is read as above 54 years. These numbers are
    steered, so their agreement is no evidence.

    Parameters
    ----------
    registry : Registry
        The Rabat registry.
    seed : int
        Same seed, same cohort.

    Returns
    -------
    DataFrame
        See :func:`draw_cohort`.

    Raises
    ------
    AnchorError
        If none of 100,000 draws meets them.
    """
    anchors, rng = read_anchors(registry), np.random.default_rng(seed)
    patients = _draw_predictors(anchors, rng)
    age_limits = _ages_with_printed_specificity(anchors, patients, registry)
    event = (patients["rair"] == "yes").to_numpy()
    draws = {
        "age": lambda: _draw_ages(anchors, patients, rng, age_limits),
        "tumor_diameter": lambda: _draw_diameters(anchors, patients, rng),
    }
    ages, diameters = (
        _first_hit(draws[variable], event, registry, variable, dichotomised)
        for variable, dichotomised, _ in FIGURE_1
    )
    return _finish(anchors, patients, ages, diameters, rng)


def _ages_with_printed_specificity(anchors, patients, registry):
    """Limit the ages so that `older than 54` has the printed specificity, and `≥54` Table 1's.

    The print leaves one way: so many patients without the outcome are exactly 54 years old, and
    none with it.
    """
    (printed,) = registry.where("specificity", variable="age_54", repeats="")
    n, older = anchors.sizes["non-RAIR"], anchors.counts["non-RAIR", "age_54", "≥54"]
    exactly = next(k for k in range(older + 1) if printed.number.agrees(100 * (n - older + k) / n))
    youngest, oldest = anchors.age_limits
    above = patients["older"].to_numpy()
    low, high = _limits(above, youngest, AGE_CUTOFF, oldest)
    low[above] = AGE_CUTOFF + 1
    fixed = np.flatnonzero(above & (patients["rair"] == "no").to_numpy())[:exactly]
    low[fixed] = high[fixed] = AGE_CUTOFF
    return low, high


def _first_hit(draw, event, registry: Registry, variable: str, dichotomised: str) -> np.ndarray:
    """Draw until the area, the best cut-off and its operating point are as printed."""
    (area,) = registry.where("auc", variable=variable, repeats="")
    (cutoff,) = registry.where("cutoff", variable=variable, repeats="")
    sensitivity, specificity = (
        registry.where(statistic, variable=dichotomised, repeats="")[0].number
        for statistic in ("sensitivity", "specificity")
    )
    for _ in range(WITNESS_TRIES):
        values = draw()
        if not area.number.agrees(auc(event, values)):
            continue
        optima = optimal_cutoffs(event, values)
        best = optima.iloc[0]
        if (
            len(optima) == 1
            and cutoff.number.agrees(best["cutoff"])
            and sensitivity.agrees(100 * best["sensitivity"])
            and specificity.agrees(100 * best["specificity"])
        ):
            return values
    raise AnchorError(f"no draw met the printed area and cut-off of {variable}")


# --- What ``rairlib simulate`` draws ----------------------------------------------------------


def cohorts(registry: Registry, number: int, seed: int) -> Iterator[pd.DataFrame]:
    """Draw cohorts from what the print determines, each from a stream of its own."""
    anchors = read_anchors(registry)
    for ordinal in range(number):
        yield draw_cohort(anchors, np.random.default_rng([seed, ordinal]))
