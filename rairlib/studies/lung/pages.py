"""Exercises of the chapter on lung cancer."""

from rairlib.cohorts.public import load_records
from rairlib.pages.exercises import Exercise, exercise
from rairlib.registry.registry import load_registry
from rairlib.stats.survival import expected_events, median_survival
from rairlib.studies.lung.analysis import prepared

EXERCISES: dict[str, Exercise] = {}


@exercise(EXERCISES, "lung: the label", 0.0005)
def _label() -> float:
    """Turn the ratio of women to men round: one over it."""
    return 1 / load_registry("lung")["web-02"].number.value


@exercise(EXERCISES, "lung: expected deaths", 0.05)
def _expected() -> float:
    """Observed and expected deaths of both sexes have the same sum."""
    patients = prepared(load_records("lung")["lung"])
    parts = expected_events(patients["time"], patients["death"], patients["sex"])
    return float(parts.set_index("group")["expected"]["female"])


@exercise(EXERCISES, "lung: the median of all", 0.5)
def _median() -> list[float]:
    """median_survival takes the scale as its third argument: log, then log-log."""
    patients = prepared(load_records("lung")["lung"])
    scales = ("log", "log-log")
    return [median_survival(patients["time"], patients["death"], s)["low"] for s in scales]
