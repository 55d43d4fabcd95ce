"""Exercises of the chapter on recurrence of thyroid cancer; print alone answers them."""

import math

from rairlib.pages.exercises import Exercise, exercise
from rairlib.registry.registry import Registry, load_registry
from rairlib.studies.uci915.analysis import BY_RECURRENCE

EXERCISES: dict[str, Exercise] = {}


def _count(registry: Registry, variable: str, level: str, group: str) -> float:
    (row,) = registry.where("count", variable=variable, level=level, group=group, repeats="")
    return row.number.value


@exercise(EXERCISES, "uci915: an expected count", 0.005)
def _expected() -> float:
    """Of all patients, which share had radiotherapy? So many of the recurred are expected."""
    registry = load_registry("uci915")
    exposed = _count(registry, "hx_radiotherapy", "yes", "all")
    sizes = [registry.size(group).number.value for group in (BY_RECURRENCE[0], "all")]
    return exposed * sizes[0] / sizes[1]


@exercise(EXERCISES, "uci915: one half more", 0.00005)
def _one_half_more() -> float:
    """Odds of recurrence in either type, one half added above and below; then their ratio."""
    registry = load_registry("uci915")
    odds = [
        (_count(registry, "pathology", level, BY_RECURRENCE[0]) + 0.5)
        / (_count(registry, "pathology", level, BY_RECURRENCE[1]) + 0.5)
        for level in ("Micropapillary", "Follicular")
    ]
    return odds[0] / odds[1]


@exercise(EXERCISES, "uci915: how many patients", 0.5)
def _patients() -> float:
    """Their difference is k (ln n - 2), where k counts the intercept too."""
    registry = load_registry("uci915")
    names = ("degrees_of_freedom", "aic", "bic")
    rows = (registry.where(name, group="Model DAG", repeats="")[0] for name in names)
    terms, aic, bic = (row.number.value for row in rows)
    return math.exp((bic - aic) / (terms + 1) + 2)
