"""What the registry of Tang et al. 2025 (Hunan) says to the search for cohorts."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from rairlib.anchoring import AnchorError
from rairlib.model_search.measures import MEASURES
from rairlib.printed import Printed
from rairlib.printed_tables import agreeing_tables, printed_rules, printed_subgroups
from rairlib.reported import Registry

SETS = ("training", "validation")
VERSUS = "training failure vs training success"
# A cohort is kept clear of the edge of a printed interval by this share of its width; p values,
# which can hardly be met together, by less.
MARGIN, P_VALUE_MARGIN = 0.02, 0.002
# Counts are held fast; an excess of Youden's index is in patients without the outcome.
COUNT_UNIT, YOUDEN_UNIT, CUTOFF_UNIT = 0.02, 0.1, 0.002
NOT_SIGNIFICANT = (0.05, 1.0)
SIGNIFICANT = (0.0, 0.05)
ADDED = ("lln_diameter", "rai_dose")
AREA = ("auc", "auc_low", "auc_high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The numbers on which cohorts are built.

    Attributes
    ----------
    coefficients : ndarray, shape (3,)
        Printed intercept and coefficients of nodes and thyroglobulin.
    cutoff : float
        Printed cut-off of logit(p).
    tables : dict of str to ndarray
        Of each set: true positives, false negatives, false positives, true negatives.
    subgroups : dict of str to ndarray
        The same of all males and of all patients of at least 55 years.
    steered, free, without_area : ndarray, shape (3, 21)
        Limits of what the walk measures: with the printed p values; with no more than which of
        them are below 0.05; and without the area and its limits either.
    added_steered, added_free : dict of str to ndarray
        The same for the p values of the two variables that are drawn afterwards.
    moments : dict of (str, str) to (Printed, Printed)
        Mean and SD of age and follow-up in each set.
    ages : dict of str to (int, int)
        Youngest and oldest patient of each set.
    counts : dict of (str, str, str) to int
        Patients by variable, level and group.
    """

    coefficients: np.ndarray
    cutoff: float
    tables: dict[str, np.ndarray]
    subgroups: dict[str, np.ndarray]
    steered: np.ndarray
    free: np.ndarray
    without_area: np.ndarray
    added_steered: dict[str, np.ndarray]
    added_free: dict[str, np.ndarray]
    moments: dict[tuple[str, str], tuple[Printed, Printed]]
    ages: dict[str, tuple[int, int]]
    counts: dict[tuple[str, str, str], int]


def read_anchors(registry: Registry) -> Anchors:
    """Read what cohorts are built on.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.

    Returns
    -------
    Anchors
        Numbers of role ``anchor`` alone; the subgroups' tables are those that their anchors
        single out.

    Raises
    ------
    AnchorError
        If the anchors do not determine one table per set and per subgroup.
    """
    tables = {
        rule.first.group.split()[0]: _only(
            agreeing_tables(
                rule, [f.row.statistic for f in rule.figures if f.row.role == "anchor"]
            ),
            rule.first.group,
        )
        for rule in printed_rules(registry)
    }
    steered, free = _walk_targets(registry, tables["training"])
    without_area = free.copy()
    without_area[2, [MEASURES.index(name) for name in AREA]] = 0.0
    return Anchors(
        coefficients=np.array([row.number.value for row in _equation(registry)]),
        cutoff=_one(registry, "cutoff", "logit_p").number.value,
        tables=tables,
        subgroups=_subgroups(registry),
        steered=steered,
        free=free,
        without_area=without_area,
        added_steered={name: _added(registry, name) for name in ADDED},
        added_free={name: np.array([SIGNIFICANT, NOT_SIGNIFICANT]) for name in ADDED},
        moments={
            (name, variable): tuple(
                _one(registry, statistic, variable, group=name).number
                for statistic in ("mean", "sd")
            )
            for name in SETS
            for variable in ("age", "follow_up")
        },
        ages={
            name: tuple(
                int(_one(registry, statistic, "age", group=name).number.value)
                for statistic in ("minimum", "maximum")
            )
            for name in SETS
        },
        counts={
            (row.variable, row.level, row.group): int(row.number.value)
            for row in registry.where("count", repeats="")
        },
    )


def _one(registry: Registry, statistic: str, variable: str, **wanted: str):
    return registry.where(statistic, variable=variable, repeats="", **wanted)[0]


def _equation(registry: Registry) -> list:
    nodes, tg = (_one(registry, "coefficient", variable) for variable in ("lln_count", "tg_before"))
    return [_one(registry, "intercept", ""), nodes, tg]


def _only(tables: np.ndarray, name: str) -> np.ndarray:
    if len(tables) != 1:
        raise AnchorError(f"{name}: {len(tables)} tables agree with the anchors, not one")
    return tables[0]


def _subgroups(registry: Registry) -> dict[str, np.ndarray]:
    """Return the table of the males and of the older patients."""
    found = {}
    for pair in printed_subgroups(registry):
        splits = pair.splits()
        index = splits.agreeing_both(pair.targets(["anchor"]))
        first = _only(splits.tables(index), pair.name)
        older_last = pair.levels[1].startswith("≥")
        found[pair.variable] = np.array(pair.pooled) - first if older_last else first
    return found


def _walk_targets(registry: Registry, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the measures with and without the printed p values."""
    targets = dict.fromkeys(MEASURES, (-np.inf, np.inf, 0.0))
    for name, row in zip(MEASURES, _equation(registry), strict=False):
        targets[name] = _window(row.number)
    for name, variable in (("first", "lln_count"), ("second", "tg_before")):
        for end in ("low", "high"):
            row = _one(registry, f"ci_{end}", variable, group=VERSUS)
            targets[f"{name}_{end}"] = _window(row.number)
    for name, statistic in (("auc", "auc"), ("auc_low", "ci_low"), ("auc_high", "ci_high")):
        targets[name] = _window(_one(registry, statistic, "logit_p", group=VERSUS).number)
    cutoff = _window(_one(registry, "cutoff", "logit_p").number)
    targets["cutoff"] = (*cutoff[:2], CUTOFF_UNIT)
    for name, count in (("true_positives", table[0]), ("true_negatives", table[3])):
        for prefix in ("", "printed_"):
            targets[prefix + name] = (count, count, COUNT_UNIT)
    targets["youden_excess"] = (0.0, 0.0, YOUDEN_UNIT)
    significant = ("first_present_chi_square_z", "first_mann_whitney_z")
    free = {**targets, **dict.fromkeys(significant, _deviates(*SIGNIFICANT, 0.1))}
    free["first_present_score_z"] = _deviates(*NOT_SIGNIFICANT, 0.1)
    steered = {**targets, **_p_value_targets(registry)}
    return tuple(
        np.array([limits[name] for name in MEASURES], dtype=float).T for limits in (steered, free)
    )


def _window(number: Printed, margin: float = MARGIN) -> tuple[float, float, float]:
    """Return limits a little inside those of the print, and half its last digit as unit."""
    inset = margin * (number.high - number.low)
    return number.low + inset, number.high - inset, (number.high - number.low) / 2


def _p_value_targets(registry: Registry) -> dict[str, tuple[float, float, float]]:
    """Return the limits of the printed p values."""
    tests = {
        "first_present_chi_square_z": ("lln_status", "univariable", 0.02),
        "first_mann_whitney_z": ("lln_count", "univariable", 0.02),
        "second_mann_whitney_z": ("tg_before", "univariable", 0.02),
        "first_present_score_z": ("lln_status", "multivariable", 0.005),
    }
    targets = {
        name: _deviates(*_p_value(registry, variable, method)[:2], unit)
        for name, (variable, method, unit) in tests.items()
    }
    fitted = _window(_one(registry, "p_value", "logit_p").number, P_VALUE_MARGIN)
    return {**targets, "hosmer_lemeshow_p": (*fitted[:2], 0.001)}


def _deviates(low: float, high: float, unit: float) -> tuple[float, float, float]:
    """Turn limits of a two-sided p value into those of a normal deviate without sign."""
    return float(stats.norm.isf(high / 2)), float(stats.norm.isf(low / 2)), unit


def _p_value(registry: Registry, variable: str, method: str) -> tuple[float, float, float]:
    row = _one(registry, "p_value", variable, group=VERSUS, method=method)
    return _window(row.number, P_VALUE_MARGIN)


def _added(registry: Registry, variable: str) -> np.ndarray:
    """Return the limits of the rank test and of the score test of a variable."""
    return np.array(
        [_p_value(registry, variable, method)[:2] for method in ("univariable", "multivariable")]
    )
