"""Simulated cohorts that agree with Wang et al. 2025 (Qingdao).

A search finds the skeleton of a cohort: dichotomised variables, types of disease and the order of
progressions and censorings. Here the measured values, the times and what the tables do not cross
with anything are drawn around it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd

from rairlib.anchoring import AnchorError
from rairlib.cohorts.declared import load_declared
from rairlib.cohorts.quantiles import PROBABILITIES
from rairlib.cohorts.search import Cohort, find_cohort
from rairlib.cohorts.study import DeclaredStudy
from rairlib.papers.wang2025_cohort import COURSES as AVIDITY
from rairlib.papers.wang2025_progression import RATES
from rairlib.reported import Registry
from rairlib.simulation.wang2025_values import (
    JOINED,
    PrintedSummaries,
    draw_activities,
    draw_ages,
    draw_courses,
    draw_follow_up,
    draw_lung_sizes,
    draw_node_ratios,
    draw_thyroglobulin,
    draw_times,
    draw_tumor_sizes,
    groups_of,
    targets_of,
)

STUDY = "wang2025"
TIME_TRIES = 20
DEFINED = ("rai_activity_course", "rai_interval")
# fmt: off
COLUMNS = (
    "patient", "simulated", "rair", "rair_type", "gender", "age", "histology", "ptc_variant",
    "multicentricity", "tumor_size", "ete", "t_stage", "n_stage", "lnm", "lnm_ratio", "lm_size",
    "ps_tg", "rai_courses", "rai_activity", "avidity", "rai_avid_status", "evaluable", "response",
    "progression", "pfs", "follow_up",
)
# fmt: on
GIVEN = (
    "gender",
    "histology",
    "multicentricity",
    "ete",
    "t_stage",
    "n_stage",
    "rai_avid_status",
    "evaluable",
)
ONE_DECIMAL = ("tumor_size", "lnm_ratio", "lm_size", "ps_tg", "follow_up")
WHOLE = ("age", "rai_courses", "rai_activity")


# Classes of the declaration that the paper joins under one name.
JOINED_CLASSES = ("partial or lost", "partial or lost, coded avid")
# Not printed for patients out of Table 5: with no lesion on CT, they get the lower class.
ASSUMED = {"ps_tg_528": "<528.5"}


def without_held_out(registry: Registry) -> DeclaredStudy:
    """Return the declaration without the rates and log-rank statistics that are held out."""
    study = load_declared(registry.study)

    def told(entry) -> bool:
        return not entry.target.id or registry[entry.target.id].role != "held_out"

    rates, logranks = (tuple(filter(told, several)) for several in (study.rates, study.logranks))
    return replace(study, rates=rates, logranks=logranks)


def searched_cohort(registry: Registry, seed: int) -> tuple[pd.DataFrame, Cohort]:
    """Search for one cohort of the ensemble; it knows nothing of the numbers held out.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    seed : int
        Same seed, same cohort on the same machine.

    Returns
    -------
    cohort : DataFrame
        Counts and quartiles as printed, hazard ratios near the print.
    found : Cohort
        What the search found of it.

    Raises
    ------
    AnchorError
        If no measured values can be drawn around what was found.
    """
    rng = np.random.default_rng(seed)
    found = find_cohort(without_held_out(registry), rng)
    skeleton = found.skeleton().replace({"class": dict.fromkeys(JOINED_CLASSES, JOINED)})
    skeleton = skeleton.replace({name: {"": level} for name, level in ASSUMED.items()})
    marks = [int(mark) for mark in found.order.marks]
    return complete(skeleton, marks, read_summaries(registry), rng), found


def read_summaries(registry: Registry) -> PrintedSummaries:
    """Read what the measured values must meet from the registry.

    Parameters
    ----------
    registry : Registry
        The Qingdao registry.

    Returns
    -------
    PrintedSummaries
        Quantiles, ranges, counts and definitions.
    """
    quantiles = registry.where(tuple(PROBABILITIES), repeats="")
    return PrintedSummaries(
        statistics={(row.variable, row.group, row.statistic): row.number for row in quantiles},
        counts={
            (row.variable, row.level): int(row.number.value)
            for name in ("ptc_variant", "lnm")
            for row in registry.where("count", variable=name, group="all", repeats="")
        },
        sizes={row.group: int(row.number.value) for row in registry.where("n", repeats="")},
        definitions={
            (row.variable, row.level): row.number.value
            for name in DEFINED
            for row in registry.where("definition", variable=name, repeats="")
        },
    )


def complete(
    skeleton: pd.DataFrame,
    positions: Sequence[int],
    summaries: PrintedSummaries,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw a whole cohort around a skeleton.

    Parameters
    ----------
    skeleton : DataFrame
        One row per patient: ``position`` (1, 2, … in order of time among the evaluable patients,
        empty for the others), ``class`` (``RAIA`` or type of refractory disease, partial and lost
        avidity joined), ``event`` (0/1), the dichotomised variables and ``evaluable``.
    positions : sequence of int
        How many evaluable patients are no longer followed at each time of Figure 4.
    summaries : PrintedSummaries
        See :func:`read_summaries`.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        The cohort in random order, columns as :mod:`rairlib.papers.wang2025_cohort` wants them.

    Raises
    ------
    AnchorError
        If no values agree with what is printed.
    """
    skeleton = skeleton.reset_index(drop=True)
    groups = groups_of(skeleton)
    pfs, follow_up = _times(skeleton, positions, summaries, groups, rng)
    types = _types(skeleton, follow_up, summaries, rng)
    involved, ratios = draw_node_ratios(skeleton, summaries, groups, rng)
    courses = draw_courses(types, follow_up, summaries, groups, rng)
    cohort = skeleton[list(GIVEN)].assign(
        simulated="yes",
        rair=np.where(groups["RAIA"], "RAIA", "RAIR"),
        rair_type=types.where(types != "RAIA", ""),
        age=draw_ages(skeleton, summaries, groups, rng),
        tumor_size=draw_tumor_sizes(skeleton, summaries, groups, rng),
        lnm=np.where(involved, "yes", "no"),
        lnm_ratio=ratios,
        lm_size=draw_lung_sizes(skeleton, rng),
        ps_tg=draw_thyroglobulin(skeleton, summaries, groups, rng),
        rai_courses=courses,
        rai_activity=draw_activities(courses, summaries, groups, rng),
        progression=np.select([groups["PD"], groups["NPD"]], ["PD", "NPD"], ""),
        pfs=pfs,
        follow_up=follow_up,
    )
    cohort["avidity"] = cohort["rair_type"].map(AVIDITY)
    cohort["ptc_variant"] = _variants(cohort, summaries, rng)
    cohort["response"] = _responses(cohort, skeleton, summaries, rng)
    return _finished(cohort, rng)


def _times(skeleton, positions, summaries, groups, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw times without progression in the order of the skeleton, and the follow-up."""
    limits = summaries.limits("follow_up")
    place = pd.to_numeric(skeleton["position"]).to_numpy()
    targets = targets_of(summaries, "follow_up", groups)
    evaluable = groups["evaluable"]
    for _ in range(TIME_TRIES):
        pfs = np.full(len(skeleton), np.nan)
        times = draw_times(positions, RATES, int(evaluable.sum()), *limits, rng)
        pfs[evaluable] = times[place[evaluable].astype(int) - 1]
        with suppress(AnchorError):
            return pfs, draw_follow_up(pfs, groups["PD"], targets, limits, rng)
    raise AnchorError(f"none of {TIME_TRIES} draws of the times leaves the printed follow-up")


def _types(skeleton, follow_up, summaries, rng) -> pd.Series:
    """Split the joined types; who counts as avid among them has lost avidity later on."""
    types = skeleton["class"].copy()
    joined = np.flatnonzero(types == JOINED)
    lost = summaries.sizes["avidity lost"]
    if len(joined) != lost + summaries.sizes["partial avidity"]:
        raise AnchorError(f"{len(joined)} patients with {JOINED} are not as many as printed")
    # To see avidity lost takes a second course, so longer follow-up comes first.
    interval = summaries.definitions["rai_interval", "from"]
    eligible = follow_up[joined] >= interval
    avid = (skeleton["rai_avid_status"] == "RAI-avid").to_numpy()[joined]
    order = np.lexsort((rng.random(len(joined)), ~eligible, ~avid))
    types.iloc[joined] = "partial avidity"
    types.iloc[joined[order[:lost]]] = "avidity lost"
    return types


def _variants(cohort, summaries, rng) -> np.ndarray:
    """Deal out the printed variants of papillary carcinoma; the others are not described."""
    papillary = np.flatnonzero(cohort["histology"] == "PTC")
    dealt = [
        level
        for (variable, level), count in summaries.counts.items()
        if variable == "ptc_variant"
        for _ in range(count)
    ]
    dealt += ["not described"] * (len(papillary) - len(dealt))
    variants = np.full(len(cohort), "", dtype=object)
    variants[papillary] = rng.permutation(np.array(dealt, dtype=object))
    return variants


def _responses(cohort, skeleton, summaries, rng) -> np.ndarray:
    """Give the complete responses to patients with avid, small lesions first."""
    response = np.select(
        [cohort["progression"] == "PD", cohort["progression"] == "NPD"],
        ["PD", "non-CR/non-PD"],
        "",
    ).astype(object)
    small = (skeleton["lm_size_1"] == "<1") & (skeleton["ps_tg_528"] == "<528.5")
    likely = (cohort["rair"] == "RAIA") & small
    order = np.lexsort((rng.random(len(cohort)), ~likely, cohort["progression"] != "NPD"))
    response[order[: summaries.sizes["CR"]]] = "CR"
    return response


def _finished(cohort: pd.DataFrame, rng) -> pd.DataFrame:
    """Shuffle and number the patients; columns in order, numbers in their decimals."""
    cohort = cohort.iloc[rng.permutation(len(cohort))].reset_index(drop=True)
    cohort["patient"] = [f"SIM-{number:03d}" for number in range(1, len(cohort) + 1)]
    cohort = cohort.astype(dict.fromkeys(WHOLE, int)).round(dict.fromkeys(ONE_DECIMAL, 1))
    cohort["pfs"] = [f"{value:.1f}" if value == value else "" for value in cohort["pfs"]]
    return cohort[list(COLUMNS)]
