"""Draw the measured values of a cohort of which the dichotomised variables are given.

Every value respects its patient's level; together they have the printed medians, quartiles and
ranges. Courses and activities of radioiodine go with the type of refractory disease and the time
under observation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rairlib.anchoring import AnchorError
from rairlib.cohorts.quantiles import PROBABILITIES, QuantileTarget, draw_with_quantiles
from rairlib.printed import Printed, parse_printed

JOINED = "partial avidity or avidity lost"
STEPS = {"age": 1.0, "tumor_size": 0.1, "lnm_ratio": 0.1, "lm_size": 0.1, "ps_tg": 0.1}
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
    "progression despite avidity": (0.20, 0.40, 0.25, 0.10, 0.03, 0.02),
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


def targets_of(
    summaries: PrintedSummaries, variable: str, groups: Mapping[str, np.ndarray]
) -> list[QuantileTarget]:
    """Return the printed quantiles of a variable with the members of their groups."""
    return [
        QuantileTarget(group=group, members=groups[group], statistic=statistic, printed=printed)
        for (name, group, statistic), printed in summaries.statistics.items()
        if name == variable and statistic in PROBABILITIES
    ]


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
    low, high = level_limits(skeleton["age_55"], summaries.limits("age"), STEPS["age"])
    return draw_with_quantiles(low, high, targets_of(summaries, "age", groups), STEPS["age"], rng)


def draw_tumor_sizes(skeleton, summaries, groups, rng) -> np.ndarray:
    """Draw sizes in steps of 0.1 cm; nobody is exactly at the cut-point, on which texts differ."""
    step = STEPS["tumor_size"]
    low, high = level_limits(skeleton["tumor_size_4"], summaries.limits("tumor_size"), step)
    cut = parse_printed(skeleton["tumor_size_4"].iloc[0]).value
    high = np.where(high == cut, cut - step, high)
    targets = targets_of(summaries, "tumor_size", groups)
    return draw_with_quantiles(low, high, targets, step, rng, logarithmic=True)


def draw_node_ratios(skeleton, summaries, groups, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw who has node metastasis and the ratio of positive nodes in steps of 0.1 %.

    Returns
    -------
    involved : ndarray of bool
        Everybody in N1b or with a high ratio, and so many others as the printed count needs.
    ratios : ndarray of float
        0 exactly in those without node metastasis.

    Raises
    ------
    AnchorError
        If too few or too many patients may be without node metastasis.
    """
    step = STEPS["lnm_ratio"]
    low, high = level_limits(skeleton["lnm_ratio_50"], summaries.limits("lnm_ratio"), step)
    may_be_free = (skeleton["n_stage"] == "N0-N1a").to_numpy() & (low == 0)
    free = len(skeleton) - summaries.counts["lnm", "yes"]
    if not 0 <= free <= may_be_free.sum():
        raise AnchorError(
            f"{may_be_free.sum()} patients may be free of node metastasis, not {free}"
        )
    involved = np.ones(len(skeleton), dtype=bool)
    involved[rng.choice(np.flatnonzero(may_be_free), size=free, replace=False)] = False
    low = np.where(involved, np.maximum(low, SMALLEST_RATIO), 0.0)
    high = np.where(involved, high, 0.0)
    targets = targets_of(summaries, "lnm_ratio", groups)
    return involved, draw_with_quantiles(low, high, targets, step, rng)


def draw_lung_sizes(skeleton: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw largest lung metastases: nothing but two classes is printed.

    Nobody is exactly at the cut-point, on which texts differ; patients who are not evaluable have
    no lesion that CT shows, 0.0 cm. Larger lesions are rarer.
    """
    step = STEPS["lm_size"]
    low, high = level_limits(skeleton["lm_size_1"], LM_SIZES, step)
    cut = parse_printed(skeleton["lm_size_1"].iloc[0]).value
    low, high = np.where(low == cut, cut + step, low), np.where(high == cut, cut - step, high)
    share = np.where(low > cut, rng.beta(1, 2.5, len(skeleton)), rng.random(len(skeleton)))
    sizes = np.round(low + share * (high - low), 1)
    return np.where(skeleton["evaluable"] == "yes", sizes, 0.0)


def draw_thyroglobulin(skeleton, summaries, groups, rng) -> np.ndarray:
    """Draw stimulated thyroglobulin in steps of 0.1 ng/mL; ranks and ROC curve are left open."""
    step, variable = STEPS["ps_tg"], "ps_tg"
    low, high = level_limits(skeleton["ps_tg_528"], summaries.limits(variable), step)
    targets = targets_of(summaries, variable, groups)
    return draw_with_quantiles(low, high, targets, step, rng, logarithmic=True)


def draw_courses(types, follow_up, summaries, groups, rng) -> np.ndarray:
    """Draw numbers of courses that fit type and follow-up; at least the printed interval apart."""
    fewest, most = summaries.limits("rai_courses")
    interval = summaries.definitions["rai_interval", "from"]
    chances = [np.array(COURSES[name]) for name in types]
    low = np.array([max(fewest, 1 + np.argmax(chance > 0)) for chance in chances])
    high = np.minimum([chance.size for chance in chances], 1 + np.floor(follow_up / interval))
    high = np.minimum(high, most)
    preferred = [1 + rng.choice(chance.size, p=chance) for chance in chances]
    targets = targets_of(summaries, "rai_courses", groups)
    return draw_with_quantiles(low, high, targets, 1.0, rng, preferred)


def draw_activities(courses, summaries, groups, rng) -> np.ndarray:
    """Draw cumulative activities (mCi): each course lies within the printed limits."""
    least, most = (summaries.definitions["rai_activity_course", end] for end in ("from", "to"))
    high = np.minimum(courses * most, summaries.limits("rai_activity")[1])
    targets = targets_of(summaries, "rai_activity", groups)
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
