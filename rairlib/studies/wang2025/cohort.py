"""Simulated cohorts that agree with Wang et al. 2025 (Qingdao).

A search finds the skeleton of a cohort: dichotomised variables, types of disease and the order of
progressions and censorings. Here the measured values, the times and what the tables do not cross
with anything are drawn around it.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rairlib.cohorts.declared import load_declared
from rairlib.cohorts.quantiles import PROBABILITIES, QuantileTarget, draw_with_quantiles
from rairlib.cohorts.search import Cohort, find_cohort
from rairlib.cohorts.study import DeclaredStudy
from rairlib.cohorts.whole_numbers import AnchorError
from rairlib.registry.printed import Printed, parse_printed
from rairlib.registry.registry import Registry
from rairlib.studies.wang2025.analysis import BY_PROGRESSION, JOINED_TYPES, RATES
from rairlib.studies.wang2025.analysis import COURSES as AVIDITY

# --- Draw the measured values of a cohort of which the dichotomised variables are given -------
# Every value respects its patient's level; together they have the printed medians, quartiles and
# ranges. Courses and activities of radioiodine go with the type of refractory disease and the time
# under observation.


# Of sizes (cm), the node ratio (%) and ps-Tg (ng/mL).
STEP = 0.1
# Not printed: largest lung metastasis that a draw may take (cm), and the smallest node ratio of
# a patient with node metastasis (%).
LM_SIZES = (0.2, 6.0)
SMALLEST_RATIO = 1.0
# Not printed: activities are recorded in steps of 10 mCi.
ACTIVITY_STEP = 10.0
# Not printed: how many courses patients of each type had, as chances of 1, 2, 3 … courses.
# Without uptake at the first scan a further course is rare; to lose uptake takes two.
COURSES = {
    "RAIA": (0.30, 0.36, 0.18, 0.10, 0.04, 0.02),
    "no avidity": (0.75, 0.20, 0.05),
    "partial avidity": (0.30, 0.40, 0.20, 0.07, 0.02, 0.01),
    "avidity lost": (0.0, 0.45, 0.30, 0.15, 0.07, 0.03),
    BY_PROGRESSION: (0.20, 0.40, 0.25, 0.10, 0.03, 0.02),
}
MONTH_STEP = 0.1
# Not printed: mean time under observation after progression, in months.
AFTER_PROGRESSION = 36.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedSummaries:
    """Everything printed that measured values must meet.

    Attributes
    ----------
    statistics : mapping of (variable, group, statistic) to Printed
        Quantiles and ranges.
    counts : mapping of (variable, level) to int
        Patients with a level that the skeleton does not hold.
    sizes : mapping of str to int
        Patients of the four types of refractory disease and of each response.
    definitions : mapping of (variable, level) to float
        Activity of a course (mCi) and interval between courses (months), ``from`` and ``to``.
    """

    statistics: Mapping[tuple[str, str, str], Printed]
    counts: Mapping[tuple[str, str], int]
    sizes: Mapping[str, int]
    definitions: Mapping[tuple[str, str], float]

    def limits(self, variable: str) -> tuple[float, float]:
        """Return the printed range of a variable over all patients."""
        low, high = (self.statistics[variable, "all", end] for end in ("minimum", "maximum"))
        return low.value, high.value

    def targets(self, variable: str, groups: Mapping[str, np.ndarray]) -> list[QuantileTarget]:
        """Return the printed quantiles of a variable."""
        return [
            QuantileTarget(group=group, members=groups[group], statistic=statistic, printed=printed)
            for (name, group, statistic), printed in self.statistics.items()
            if name == variable and statistic in PROBABILITIES
        ]


def groups_of(skeleton: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return who belongs to each group that the paper describes.

    Parameters
    ----------
    skeleton : DataFrame
        Columns ``class`` (``RAIA`` or the type of refractory disease), ``evaluable`` (yes/no)
        and ``event`` (0/1).

    Returns
    -------
    dict of str to ndarray of bool
        ``all``, ``RAIA``, ``RAIR``, ``evaluable``, ``PD`` and ``NPD``.
    """
    avid = (skeleton["class"] == "RAIA").to_numpy()
    evaluable = (skeleton["evaluable"] == "yes").to_numpy()
    event = (skeleton["event"].astype(int) == 1).to_numpy()
    return {
        "all": np.ones(len(skeleton), dtype=bool),
        "RAIA": avid,
        "RAIR": ~avid,
        "evaluable": evaluable,
        "PD": event,
        "NPD": evaluable & ~event,
    }


def level_limits(
    levels: pd.Series, bounds: tuple[float, float], step: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits that levels such as ``<55`` and ``≥55`` set to each value.

    Parameters
    ----------
    levels : Series of str
        One level per patient.
    bounds : tuple of float
        Smallest and largest value of all.
    step : float
        Values are multiples of it.

    Returns
    -------
    low, high : ndarray of float
        Inclusive.
    """
    low, high = np.outer(np.array(bounds, dtype=float), np.ones(len(levels)))
    for level in levels.unique():
        rule, who = parse_printed(level), (levels == level).to_numpy()
        if rule.operator in "<≤":
            high[who] = rule.value - step * (rule.operator == "<")
        else:
            low[who] = rule.value + step * (rule.operator == ">")
    return low, high


def draw_ages(skeleton, summaries, groups, rng) -> np.ndarray:
    """Draw whole years."""
    low, high = level_limits(skeleton["age_55"], summaries.limits("age"), 1.0)
    return draw_with_quantiles(low, high, summaries.targets("age", groups), 1.0, rng)


def draw_tumor_sizes(skeleton, summaries, groups, rng) -> np.ndarray:
    """Draw centimetres; nobody is at the cut-off itself, to which the paper gives two meanings."""
    low, high = level_limits(skeleton["tumor_size_4"], summaries.limits("tumor_size"), STEP)
    cut = parse_printed(skeleton["tumor_size_4"].iloc[0]).value
    high = np.where(high == cut, cut - STEP, high)
    targets = summaries.targets("tumor_size", groups)
    return draw_with_quantiles(low, high, targets, STEP, rng, logarithmic=True)


def draw_node_ratios(skeleton, summaries, groups, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw who has node metastasis, and the ratio (%); only stages N0 and N1a may be free of it."""
    low, high = level_limits(skeleton["lnm_ratio_50"], summaries.limits("lnm_ratio"), STEP)
    may_be_free = (skeleton["n_stage"] == "N0-N1a").to_numpy() & (low == 0)
    free, most = len(skeleton) - summaries.counts["lnm", "yes"], may_be_free.sum()
    if not 0 <= free <= most:
        raise AnchorError(f"{most} patients may be free of node metastasis, not {free}")
    involved = np.ones(len(skeleton), dtype=bool)
    involved[rng.choice(np.flatnonzero(may_be_free), size=free, replace=False)] = False
    low = np.where(involved, np.maximum(low, SMALLEST_RATIO), 0.0)
    high = np.where(involved, high, 0.0)
    targets = summaries.targets("lnm_ratio", groups)
    return involved, draw_with_quantiles(low, high, targets, STEP, rng)


def draw_lung_sizes(skeleton: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw largest lung metastases: nothing but two classes is printed.

    Nobody is exactly at the cut-point, on which texts differ; patients who are not evaluable have
    no lesion that CT shows, 0.0 cm. Larger lesions are rarer.
    """
    low, high = level_limits(skeleton["lm_size_1"], LM_SIZES, STEP)
    cut = parse_printed(skeleton["lm_size_1"].iloc[0]).value
    low, high = np.where(low == cut, cut + STEP, low), np.where(high == cut, cut - STEP, high)
    share = np.where(low > cut, rng.beta(1, 2.5, len(skeleton)), rng.random(len(skeleton)))
    sizes = np.round(low + share * (high - low), 1)
    return np.where(skeleton["evaluable"] == "yes", sizes, 0.0)


def draw_thyroglobulin(skeleton, summaries, groups, rng) -> np.ndarray:
    """Draw ng/mL."""
    low, high = level_limits(skeleton["ps_tg_528"], summaries.limits("ps_tg"), STEP)
    targets = summaries.targets("ps_tg", groups)
    return draw_with_quantiles(low, high, targets, STEP, rng, logarithmic=True)


def draw_courses(types, follow_up, summaries, groups, rng) -> np.ndarray:
    """Draw numbers of courses that fit type and follow-up; at least the printed interval apart."""
    fewest, most = summaries.limits("rai_courses")
    interval = summaries.definitions["rai_interval", "from"]
    chances = [np.array(COURSES[name]) for name in types]
    low = np.array([max(fewest, 1 + np.argmax(chance > 0)) for chance in chances])
    high = np.minimum([chance.size for chance in chances], 1 + np.floor(follow_up / interval))
    high = np.minimum(high, most)
    preferred = [1 + rng.choice(chance.size, p=chance) for chance in chances]
    targets = summaries.targets("rai_courses", groups)
    return draw_with_quantiles(low, high, targets, 1.0, rng, preferred)


def draw_activities(courses, summaries, groups, rng) -> np.ndarray:
    """Draw cumulative activities (mCi): each course lies within the printed limits."""
    least, most = (summaries.definitions["rai_activity_course", end] for end in ("from", "to"))
    high = np.minimum(courses * most, summaries.limits("rai_activity")[1])
    targets = summaries.targets("rai_activity", groups)
    return draw_with_quantiles(courses * least, high, targets, ACTIVITY_STEP, rng)


def draw_times(
    positions: Sequence[int],
    months: Sequence[float],
    n: int,
    first: float,
    last: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw ascending times of which so many lie within given months.

    Parameters
    ----------
    positions : sequence of int
        How many times are at most each of the months.
    months : sequence of float
        Ascending.
    n : int
        Number of times.
    first, last : float
        The smallest and the largest time, both attained.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n,)
        Distinct multiples of 0.1 months, ascending; spread evenly up to the last of the months,
        and evenly on a log scale beyond.

    Raises
    ------
    AnchorError
        If an interval holds fewer times than it should.
    """
    counts = np.diff([0, *positions, n])
    edges = np.round(np.array([first, *months, last]) / MONTH_STEP).astype(int)
    if counts.min() < 0 or counts[0] < 1 or counts[-1] < 1:
        raise AnchorError(f"{list(positions)} of {n} times do not begin at {first:g} months")
    parts = [np.array([edges[0]])]
    for place, (count, low, high) in enumerate(zip(counts, edges[:-1], edges[1:], strict=True)):
        final = place == len(counts) - 1
        inner = np.arange(low + 1, high + (not final))
        wanted = count - (place == 0) - final
        if wanted > inner.size:
            raise AnchorError(f"{count} distinct times do not fit up to {high / 10:g} months")
        chance = 1 / inner if final else np.ones(inner.size)
        parts.append(rng.choice(inner, size=wanted, replace=False, p=chance / chance.sum()))
    steps = np.sort(np.concatenate([*parts, [edges[-1]]]))
    return np.round(steps * MONTH_STEP, 1)


def draw_follow_up(
    pfs: np.ndarray,
    event: np.ndarray,
    targets: Sequence[QuantileTarget],
    limits: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw follow-up times with printed quantiles that are never shorter than the time observed.

    Parameters
    ----------
    pfs : ndarray of float, shape (n,)
        Time to progression or to the last assessment, months; NaN without assessment.
    event : ndarray of bool, shape (n,)
        Whether the time ends with progression.
    targets : sequence of QuantileTarget
        Printed quantiles of the follow-up.
    limits : tuple of float
        Shortest and longest follow-up.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n,)
        Multiples of 0.1 months. Without progression it is the time observed unless the quantiles
        need a longer one (the last contact then follows the last assessment); with
        progression it goes on after it; without assessment it is free.

    Raises
    ------
    AnchorError
        If no follow-up has the printed quantiles.
    """
    low = np.where(np.isnan(pfs), limits[0], np.fmax(pfs, limits[0]))
    after = rng.exponential(AFTER_PROGRESSION, pfs.size)
    preferred = np.where(event, np.minimum(pfs + after, limits[1]), pfs)
    high = np.full(pfs.size, limits[1])
    return draw_with_quantiles(low, high, targets, MONTH_STEP, rng, preferred, logarithmic=True)


# --- A whole cohort around a skeleton ---------------------------------------------------------


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
GIVEN = (
    "gender", "histology", "multicentricity", "ete", "t_stage", "n_stage", "rai_avid_status",
    "evaluable",
)
# fmt: on
ONE_DECIMAL = ("tumor_size", "lnm_ratio", "lm_size", "ps_tg", "follow_up")
WHOLE = ("age", "rai_courses", "rai_activity")


# Searches for one cohort, until the measured values fit too, and how far their seeds lie apart.
TRIES = 10
STRIDE = 100_000
# Classes of the declaration that the paper joins under one name.
JOINED_CLASSES = ("partial or lost", "partial or lost, coded avid")
# Not printed for patients out of Table 5: with no lesion on CT, they get the lower class.
ASSUMED = {"ps_tg_528": "<528.5"}


def without_held_out(registry: Registry, composition: str = "") -> DeclaredStudy:
    """Return the declaration without the rates and log-rank statistics that are held out."""
    study = load_declared(registry.source, composition)

    def told(entry) -> bool:
        return not entry.target.id or registry[entry.target.id].role != "held_out"

    rates, logranks = (tuple(filter(told, several)) for several in (study.rates, study.logranks))
    return replace(study, rates=rates, logranks=logranks)


def searched_cohort(
    registry: Registry, seed: int, composition: str = ""
) -> tuple[pd.DataFrame, Cohort]:
    """Search for one cohort of the ensemble; it knows nothing of the numbers held out.

    Parameters
    ----------
    registry : Registry
        The reported numbers.
    seed : int
        Same seed, same cohort on the same machine.
    composition : str
        See :func:`rairlib.cohorts.declared.load_declared`.

    Returns
    -------
    cohort : DataFrame
        Counts and quartiles as printed, hazard ratios near the print.
    found : Cohort
        What the search found of it.

    Raises
    ------
    AnchorError
        If no values can be drawn around what any of ten searches in a row found.
    """
    study, summaries = without_held_out(registry, composition), read_summaries(registry)
    for attempt in range(TRIES):
        try:
            return _searched(study, summaries, np.random.default_rng(seed + STRIDE * attempt))
        except AnchorError as refusal:
            reason = refusal
    raise AnchorError(f"none of {TRIES} searches left room for the measured values: {reason}")


def _searched(study, summaries, rng) -> tuple[pd.DataFrame, Cohort]:
    found = find_cohort(study, rng)
    skeleton = found.skeleton().replace({"class": dict.fromkeys(JOINED_CLASSES, JOINED_TYPES)})
    skeleton = skeleton.replace({name: {"": level} for name, level in ASSUMED.items()})
    marks = [int(mark) for mark in found.order.marks]
    return complete(skeleton, marks, summaries, rng), found


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
        The cohort in random order, columns as :mod:`rairlib.studies.wang2025.analysis` wants them.

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
    targets = summaries.targets("follow_up", groups)
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
    joined = np.flatnonzero(types == JOINED_TYPES)
    lost = summaries.sizes["avidity lost"]
    if len(joined) != lost + summaries.sizes["partial avidity"]:
        raise AnchorError(f"{len(joined)} patients with {JOINED_TYPES} are not as many as printed")
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
    printed = {
        level: count for (name, level), count in summaries.counts.items() if name == "ptc_variant"
    }
    printed["not described"] = len(papillary) - sum(printed.values())
    dealt = np.repeat(np.array(list(printed), dtype=object), list(printed.values()))
    variants = np.full(len(cohort), "", dtype=object)
    variants[papillary] = rng.permutation(dealt)
    return variants


def _responses(cohort, skeleton, summaries, rng) -> np.ndarray:
    """Give the complete responses to patients with avid, small lesions first."""
    response = cohort["progression"].replace("NPD", "non-CR/non-PD").to_numpy(dtype=object)
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


# --- What ``rairlib simulate`` draws ----------------------------------------------------------


NO_WITNESS = "its kept cohort was found by hand and is not drawn by a command: leave out --witness"


def cohorts(registry: Registry, number: int, seed: int) -> Iterator[pd.DataFrame]:
    """Search for cohorts that agree with the declaration; the kept one is data."""
    for k in range(number):
        cohort, found = searched_cohort(registry, seed + k)
        met = found.report()["met"]
        text = f"cohort {k + 1}: {(met == 'yes').sum()} of {len(met)} numbers met to the digit"
        print(f"{registry.study}: {text}", file=sys.stderr, flush=True)
        yield cohort
