"""The 2×2 tables that a paper's printed sensitivities, specificities and areas determine.

This layer reads group sizes and targets from the registry; the search over splits does not know it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rairlib.checks.cells import count_index
from rairlib.checks.classification import MEASURED, Rule, agreeing_with_all, rules
from rairlib.checks.roc import PrintedArea, printed_areas, proportion
from rairlib.reconstruct.logistic import ReconstructionError
from rairlib.reconstruct.printed_models import recomputed, table_records
from rairlib.reconstruct.two_by_two import (
    ANY,
    ERRORS,
    STATISTICS,
    Splits,
    all_splits,
    dichotomised_areas,
)
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.studies import Variable, load_variables
from rairlib.stats.logistic import Z_95

BOTH = "all patients"
MEASURES = (*MEASURED, "ppv", "npv", "accuracy")
VALUE_COLUMNS = (
    *("id", "variable", "statistic", "role", "printed", "tables"),
    *("low", "high", "agrees", "cut"),
)


def agreeing_tables(rule: Rule, statistics: Collection[str] = ()) -> np.ndarray:
    """Return the 2×2 tables that show a rule's printed figures.

    Parameters
    ----------
    rule : Rule
        A rule in groups of known size.
    statistics : collection of str
        Figures to look at; empty for all.

    Returns
    -------
    ndarray of int, shape (tables, 4)
        True positives, false negatives, false positives, true negatives.
    """
    kept = [figure for figure in rule.figures if figure.row.statistic in (statistics or MEASURES)]
    tp, tn = rule.tables.true_positives, rule.tables.true_negatives
    mask = np.broadcast_to(agreeing_with_all(kept), np.broadcast_shapes(tp.shape, tn.shape))
    positives, negatives = np.nonzero(mask)
    with_outcome, without = rule.tables.with_outcome, rule.tables.without_outcome
    return np.stack([positives, with_outcome - positives, without - negatives, negatives], axis=1)


def printed_rules(registry: Registry) -> list[Rule]:
    """Collect the rules of a paper whose sensitivity or specificity is printed with group sizes."""
    return rules(registry, count_index(registry))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedSubgroups:
    """The printed areas of two complementary subgroups, and the table of all their patients.

    Attributes
    ----------
    name : str
        Place and groups, for example ``Results, Performance, male and female``.
    variable : str
        The variable whose two levels are the subgroups.
    levels : tuple of str
        Levels of the first and the second subgroup.
    rules : tuple of Rule
        The dichotomised score in each comparison of the patients; these are different patients.
    areas : tuple of PrintedArea
        Area with limits of the first and the second subgroup.
    pooled : tuple of int
        True positives, false negatives, false positives, true negatives of all patients.
    """

    name: str
    variable: str
    levels: tuple[str, str]
    rules: tuple[Rule, ...] = field(repr=False)
    areas: tuple[PrintedArea, PrintedArea] = field(repr=False)
    pooled: tuple[int, int, int, int]

    @property
    def rows(self) -> list[ReportedNumber]:
        """Area, lower and upper limit of the first subgroup, then of the second."""
        return [row for area in self.areas for row in (area.row, area.low, area.high)]

    def targets(self, roles: Collection[str] = ()) -> np.ndarray:
        """Return what is printed as lowest and highest values.

        Parameters
        ----------
        roles : collection of str
            Roles to keep; empty for all. Other numbers allow any value, and so does upwards an
            upper limit that is printed just below 1.

        Returns
        -------
        ndarray, shape (2, 3, 2)
            As for :func:`rairlib.reconstruct.two_by_two.solution_counts`.
        """
        targets = [ANY if roles and row.role not in roles else proportion(row) for row in self.rows]
        targets = np.array(targets).reshape(2, len(STATISTICS), 2)
        for target, area in zip(targets, self.areas, strict=True):
            if area.is_cut_off:
                target[2, 1] = np.inf
        return targets

    def splits(self, error: str = ERRORS[0], patients: str = BOTH) -> Splits:
        """List all splits of the patients' table, or of those of one comparison alone.

        Parameters
        ----------
        error : str
            ``hanley_mcneil`` or ``delong``.
        patients : str
            ``all patients`` or a key of :attr:`tables`.

        Returns
        -------
        Splits
            Kept for the next call.
        """
        return all_splits(self.tables[patients], error)

    @property
    def tables(self) -> dict[str, tuple[int, int, int, int]]:
        """Table of all patients, and of the patients of each comparison."""
        parts = {rule.first.group: tuple(agreeing_tables(rule)[0].tolist()) for rule in self.rules}
        return {BOTH: self.pooled, **parts}


def printed_subgroups(registry: Registry) -> list[PrintedSubgroups]:
    """Collect the pairs of complementary subgroups whose areas and limits are printed.

    Parameters
    ----------
    registry : Registry
        Any paper. A subgroup's rows name in `group` one level of a binary variable (``male``), with
        the variable before it if need be (``age <55``), and no outcome: its sizes are unknown.

    Returns
    -------
    list of PrintedSubgroups
        In the order of print; empty where no such areas are printed.

    Raises
    ------
    ReconstructionError
        If the areas are printed but not the one table of the dichotomised score in all patients.
    """
    areas = {
        area.row.group: area
        for area in printed_areas(registry)
        if area.row.outcome_groups is None and area.has_interval
    }
    if len(areas) < 2:
        return []
    pairs = [
        (variable, names)
        for variable in load_variables(registry.study).values()
        if len(names := group_names(variable)) == 2 and all(name in areas for name in names)
    ]
    place = {name: position for position, name in enumerate(areas)}
    pairs.sort(key=lambda pair: place[pair[1][0]])
    return [_pair(registry, variable, [areas[name] for name in names]) for variable, names in pairs]


def group_names(variable: Variable) -> list[str]:
    """Return the names of the groups that a binary variable makes."""
    if variable.kind != "binary" or len(variable.levels) != 2:
        return []
    stem = " ".join(word for word in variable.name.split("_") if not word.isdigit())
    return [
        level if re.match(r"[^\W\d]", level) else f"{stem} {level}" for level in variable.levels
    ]


def _pair(registry: Registry, variable: Variable, areas: list[PrintedArea]) -> PrintedSubgroups:
    score = areas[0].row.variable
    chosen = [
        rule for rule in printed_rules(registry) if rule.first.variable.startswith(f"{score}_")
    ]
    tables = [agreeing_tables(rule) for rule in chosen]
    groups = " and ".join(area.row.group for area in areas)
    if not tables or any(len(found) != 1 for found in tables):
        counts = ", ".join(str(len(found)) for found in tables) or "none"
        raise ReconstructionError(
            f"{registry.study}, {groups}: one 2×2 table of {score} at a cut-off is needed in "
            f"every comparison of patients; found {counts}"
        )
    return PrintedSubgroups(
        name=f"{areas[0].row.locus}, {groups}",
        variable=variable.name,
        levels=variable.levels,
        rules=tuple(chosen),
        areas=tuple(areas),
        pooled=tuple(np.sum(tables, axis=0)[0].tolist()),
    )


def subgroup_values_from_anchors(registry: Registry) -> pd.DataFrame:
    """Recompute printed subgroup areas from their anchors alone, so that the rest is a test.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    DataFrame
        One row per printed number of subgroups that have an anchor: ``model, id, variable,
        statistic, role, printed, tables`` (how many splits agree with the numbers of role
        ``anchor``), ``low, high`` (range of the number over these splits; NaN if there are
        none), ``agrees`` (whether one of them rounds to the print) and ``cut`` (whether the
        print agrees only as a limit beyond 1 that was cut short).
    """
    records = []
    for subgroups in printed_subgroups(registry):
        if any(row.role == "anchor" for row in subgroups.rows):
            splits = subgroups.splits()
            found = splits.agreeing_both(subgroups.targets(["anchor"]))
            second = splits.size - 1 - found
            values = np.concatenate([splits.estimates[:, found], splits.estimates[:, second]])
            pairs = zip(subgroups.rows, values, strict=True)
            records += [{"model": subgroups.name, **_recomputed(*pair)} for pair in pairs]
    return pd.DataFrame(records, columns=["model", *VALUE_COLUMNS])


def _recomputed(row: ReportedNumber, values: np.ndarray) -> dict:
    found = recomputed(row, values)
    cut = row.statistic == "ci_high" and not found["agrees"] and bool(np.any(values > 1))
    return {**found, "cut": cut}


def dichotomised_values_from_anchors(registry: Registry) -> pd.DataFrame:
    """Recompute printed areas of a comparison from the rates of its score cut in two.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    DataFrame
        One row per area and limit, one of them of role ``held_out``, whose score, cut in two, has
        anchors in the same comparison that leave one 2×2 table: columns as
        :func:`subgroup_values_from_anchors`. Whether the area is that of the score cut in two is
        a reading; the numbers differ if it is wrong.
    """
    areas = {(area.row.variable, area.row.group): area for area in printed_areas(registry)}
    records = []
    for rule in printed_rules(registry):
        anchors = [figure.row.statistic for figure in rule.figures if figure.row.role == "anchor"]
        area = areas.get((rule.first.variable.rpartition("_")[0], rule.first.group))
        if area is None or not anchors or not area.has_interval:
            continue
        if "held_out" not in {row.role for row in (area.row, area.low, area.high)}:
            continue
        tables = agreeing_tables(rule, anchors)
        if len(tables) == 1:
            center, spread = dichotomised_areas(*tables.T)
            values = np.stack([center, center - Z_95 * spread, center + Z_95 * spread])
            pairs = zip((area.row, area.low, area.high), values, strict=True)
            records += [{"model": rule.first.group, **_recomputed(*pair)} for pair in pairs]
    return pd.DataFrame(records, columns=["model", *VALUE_COLUMNS])


# --- Reconstructed 2×2 tables, of all patients and of subgroups, as flat objects --------------


def rule_records(registry: Registry) -> list[dict]:
    """Write the tables of outcome and rule that printed sensitivities and specificities leave."""
    variables = load_variables(registry.study) if registry.where(MEASURED) else {}
    records = []
    for rule in printed_rules(registry):
        possible = rule.tables.true_positives.size * rule.tables.true_negatives.size
        records += table_records(
            registry.study,
            f"{rule.first.locus}, {rule.first.group}",
            levels_of_rule(rule, variables),
            (possible, len(agreeing_tables(rule, MEASURED))),
            agreeing_tables(rule),
        )
    return records


def levels_of_rule(rule: Rule, variables: dict[str, Variable]) -> dict[str, tuple[str, str]]:
    """Return the levels of outcome and rule, those that are counted as positive first."""
    row = rule.first
    with_outcome, without = row.outcome_groups
    named = [name for name in with_outcome.split() if name in variables]
    outcome = (named[0], variables[named[0]].levels) if named else ("outcome", ())
    levels = dict([outcome if len(outcome[1]) == 2 else ("outcome", (with_outcome, without))])
    others = [level for level in variables[row.variable].levels if level != row.level]
    return {**levels, row.variable: (row.level, *others[:1])}


def subgroup_records(registry: Registry) -> list[dict]:
    """Write the tables of subgroup, outcome and rule that printed areas of subgroups leave."""
    variables = load_variables(registry.study) if registry.where("auc") else {}
    records = []
    for subgroups in printed_subgroups(registry):
        splits, areas = subgroups.splits(), subgroups.targets()
        areas[:, 1:] = -np.inf, np.inf
        by_subgroup = {subgroups.variable: subgroups.levels}
        tables = subgroup_tables(subgroups)
        records += table_records(
            registry.study,
            subgroups.name,
            by_subgroup | levels_of_rule(subgroups.rules[0], variables),
            (splits.size, len(splits.agreeing_both(areas))),
            tables.reshape(len(tables), -1),
        )
    return records


def subgroup_tables(subgroups: PrintedSubgroups) -> np.ndarray:
    """Return the tables of both subgroups that give all their printed areas and limits.

    Parameters
    ----------
    subgroups : PrintedSubgroups
        As printed.

    Returns
    -------
    ndarray of int, shape (solutions, 2, 4)
        True positives, false negatives, false positives, true negatives of either subgroup.
    """
    splits = subgroups.splits()
    first = splits.tables(splits.agreeing_both(subgroups.targets()))
    return np.stack([first, np.array(subgroups.pooled) - first], axis=1)
