"""Hunan: what hangs on the wording, and what the print of Tang et al. 2025 leaves open."""

import numpy as np
import pandas as pd

from rairlib.chapters import consequences
from rairlib.chapters.tang2025_cohort import STUDY
from rairlib.dichotomised_areas import area_range
from rairlib.discrimination import area_difference
from rairlib.printed_tables import agreeing_tables, printed_rules
from rairlib.reported import Registry

CONSEQUENCES = {
    "text-01": "who failed: a limit a thousand times lower would count almost everyone",
    "text-02": "how far the validation speaks for other hospitals",
    "text-03": "how a reader applies the threshold: to logit(p), not to points",
    "text-04": "nothing but how the interval of 24 patients is read",
    "text-05": "how strong four associations are; no conclusion",
    "text-06": "the claim to be first",
    "text-07": "of whom the subgroup areas speak",
    "text-08": "who failed, if antibodies were high and falling",
    "text-09": "who failed, and whether the model predicts refractory disease",
    "text-10": "nothing; read mean",
    "text-11": "which lesions can count as progression",
    "text-12": "how much of the association of thyroglobulin is there by definition",
    "text-13": "nothing; the number of nodes holds their status and much of their size",
    "text-14": "whether the subgroups show that the model does well elsewhere",
}
SETS = ("training", "validation")
# Topic and name of an unpublished quantity → label of its row in a figure.
SUBGROUP_AREAS = {
    ("subgroups", f"area, {name}"): f"{name},\nall 182"
    for name in ("male", "female", "age <55", "age ≥55")
} | {
    ("subgroups, validation", f"area, {name}"): f"{name},\nvalidation"
    for name in ("male", "female", "age <55", "age ≥55")
}
CALIBRATION = {
    ("validation", "calibration slope"): "calibration slope",
    ("validation", "observed / expected"): "observed / expected",
}
OPTIMISM = {
    ("optimism, whole development", "area, apparent"): "area, same patients",
    ("optimism, whole development", "area, corrected"): "area, corrected",
    (
        "optimism, whole development",
        "sensitivity at the best threshold, corrected",
    ): "sensitivity, corrected",
    (
        "optimism, whole development",
        "specificity at the best threshold, corrected",
    ): "specificity, corrected",
    (
        "optimism, whole development",
        "calibration slope, corrected",
    ): "calibration slope, corrected",
}


def wording_and_consequence() -> pd.DataFrame:
    """Set each finding on the wording beside what hangs on it.

    Returns
    -------
    DataFrame
        See :func:`rairlib.chapters.consequences.wording_and_consequence`.
    """
    return consequences.wording_and_consequence(STUDY, CONSEQUENCES)


def possible_area(registry: Registry, group: str) -> tuple[float, float]:
    """Bound the area of the continuous score in a comparison by its printed 2×2 table.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    group : str
        The comparison.

    Returns
    -------
    (float, float)
        See :func:`rairlib.dichotomised_areas.area_range`.
    """
    return area_range(*_cells(registry, group))


def _cells(registry: Registry, group: str) -> list[int]:
    (rule,) = [rule for rule in printed_rules(registry) if rule.first.group == group]
    (cells,) = agreeing_tables(rule).tolist()
    return cells


def loss_of_the_prediction(registry: Registry) -> pd.Series:
    """Return the area that the yes-or-no prediction loses in validation, by the printed tables.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Series
        See :func:`rairlib.discrimination.area_difference`: training less validation.
    """
    tables = [_cells(registry, f"{part} failure vs {part} success") for part in SETS]
    return area_difference(
        *(np.repeat([[1, 1, 0, 0], [1, 0, 1, 0]], n, axis=1) for n in tables)
    ).iloc[0]
