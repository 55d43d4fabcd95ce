"""The logistic models that a paper prints, with the margins that it prints for them.

This layer reads the registry; the search for joint tables itself does not know it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    fit_candidates,
)
from rairlib.reconstruct.streaming import all_agreeing, reconstruct
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.studies import DeclaredModel

LIMIT_FIELDS = {"odds_ratio": "odds_ratio", "ci_low": "low", "ci_high": "high"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedModel:
    """A multivariable logistic model of binary covariates, as printed.

    Attributes
    ----------
    name : str
        Place and comparison, for example ``Table 2, RAIR vs non-RAIR``.
    events, total : int
        Patients with the outcome, and all patients of the comparison.
    levels : dict of str to (str, str)
        Level in the numerator of each covariate's odds ratio, and the reference.
    event_margins, margins : dict of str to int
        Patients with the first level, with the outcome and in all.
    rows : dict of (str, str) to ReportedNumber
        The printed numbers by covariate and statistic (``odds_ratio``, ``ci_low``, ``ci_high``,
        ``p_value``).
    """

    name: str
    events: int
    total: int
    levels: dict[str, tuple[str, str]]
    event_margins: dict[str, int]
    margins: dict[str, int]
    rows: dict[tuple[str, str], ReportedNumber]

    def targets(self, roles: Collection[str] = ()) -> list[LogisticTarget]:
        """Return what is printed, for all numbers or for those with certain roles.

        Parameters
        ----------
        roles : collection of str
            Roles to keep; empty for all.

        Returns
        -------
        list of LogisticTarget
            One per covariate with such a number.
        """
        numbers: dict[str, dict] = defaultdict(dict)
        for (covariate, statistic), row in self.rows.items():
            if statistic in LIMIT_FIELDS and (not roles or row.role in roles):
                numbers[covariate][LIMIT_FIELDS[statistic]] = row.number
        return [LogisticTarget(covariate=name, **printed) for name, printed in numbers.items()]

    def candidates(self) -> FittedTables:
        """Fit the model to every joint table that the printed margins allow."""
        return fit_candidates(*self.counts)

    @property
    def counts(self) -> tuple[int, int, dict[str, int], dict[str, int]]:
        """Events, all patients, and those of either with the first level of each covariate."""
        return self.events, self.total, self.event_margins, self.margins

    @property
    def cell_levels(self) -> dict[str, tuple[str, str]]:
        """Of each covariate what level 0 of a joint table is, the reference, and level 1."""
        return {name: pair[::-1] for name, pair in self.levels.items()}

    def agreeing_with(self, roles: Collection[str]) -> FittedTables:
        """Return the joint tables that agree with the printed numbers of certain roles.

        Parameters
        ----------
        roles : collection of str
            For example ``["anchor"]``; numbers of other roles are not looked at.

        Returns
        -------
        FittedTables
            All candidates if no number has such a role.
        """
        return all_agreeing(*self.counts, self.targets(roles))

    def restricted(self, covariates: Collection[str]) -> "PrintedModel":
        """Return the model of some of the covariates, with their printed numbers.

        Parameters
        ----------
        covariates : collection of str
            Covariates to keep.

        Returns
        -------
        PrintedModel
            Its name says which covariates it has.
        """
        names = [name for name in self.levels if name in covariates]
        return replace(
            self,
            name=f"{self.name}: {' + '.join(names)}",
            levels={name: self.levels[name] for name in names},
            event_margins={name: self.event_margins[name] for name in names},
            margins={name: self.margins[name] for name in names},
            rows={key: row for key, row in self.rows.items() if key[0] in names},
        )

    def reconstruct(self) -> Reconstruction:
        """Find the joint tables that agree with every printed odds ratio and limit."""
        return reconstruct(*self.counts, self.targets())

    def giving_p_values(self, tables: FittedTables) -> np.ndarray:
        """Mark the tables that give every printed p value of Wald's test; none finds a table."""
        gives = np.ones(len(tables.cells), bool)
        for name in self.levels:
            if (name, "p_value") in self.rows:
                number = self.rows[name, "p_value"].number
                values = tables.values(name, "p_value").tolist()
                gives &= np.array([number.agrees(value) for value in values], bool)
        return gives


def printed_models(registry: Registry) -> list[PrintedModel]:
    """Collect the multivariable logistic models of a registry.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of PrintedModel
        Those that the study declares; else, in order of appearance, each place that prints
        multivariable odds ratios of a comparison. Repeats are left out.

    Raises
    ------
    ReconstructionError
        If a covariate's counts by outcome or a group's size are not printed.
    """
    if registry.models:
        return [_printed_model(registry, _declared_rows(registry, m)) for m in registry.models]
    models: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry.where("odds_ratio", method="multivariable", repeats=""):
        if row.outcome_groups and row.contrast:
            models[row.locus, row.group].append(row)
    return [_printed_model(registry, rows) for rows in models.values()]


def _declared_rows(registry: Registry, model: DeclaredModel) -> list[ReportedNumber]:
    """Look up the odds ratios of a declared model."""
    place = f"{registry.study}: models: {model.locus}, {model.group}"
    found = []
    for name in model.covariates:
        rows = registry.where(
            "odds_ratio", locus=model.locus, group=model.group, variable=name, repeats=""
        )
        rows = [row for row in rows if row.method == "multivariable"] or rows
        if len(rows) != 1:
            raise ReconstructionError(
                f"{place}: {len(rows)} odds ratios of {name} are printed there: exactly one is "
                "needed"
            )
        if not (rows[0].outcome_groups and rows[0].contrast):
            raise ReconstructionError(
                f"{place}: group and level of {rows[0].id} are no comparisons: write `A vs B`"
            )
        found += rows
    return found


def _printed_model(registry: Registry, odds_ratios: list[ReportedNumber]) -> PrintedModel:
    first = odds_ratios[0]
    with_outcome, without = first.outcome_groups
    events = _size(registry, with_outcome)
    levels = {row.variable: row.contrast for row in odds_ratios}
    event_margins, other_margins = (
        {name: _count(registry, name, level, group) for name, (level, _) in levels.items()}
        for group in first.outcome_groups
    )
    return PrintedModel(
        name=f"{first.locus}, {first.group}",
        events=events,
        total=events + _size(registry, without),
        levels=levels,
        event_margins=event_margins,
        margins={name: event_margins[name] + other_margins[name] for name in levels},
        rows=_model_rows(registry, odds_ratios),
    )


def _model_rows(registry, odds_ratios) -> dict[tuple[str, str], ReportedNumber]:
    rows = {}
    for estimate in odds_ratios:
        rows[estimate.variable, "odds_ratio"] = estimate
        for statistic in ("ci_low", "ci_high", "p_value"):
            for row in registry.belonging_to(estimate.id, statistic):
                rows[estimate.variable, statistic] = row
    return rows


def _size(registry: Registry, group: str) -> int:
    row = registry.size(group)
    if row is None:
        raise ReconstructionError(f"{registry.study}: the size of {group} is not printed")
    return int(row.number.value)


def _count(registry: Registry, variable: str, level: str, group: str) -> int:
    rows = registry.where("count", variable=variable, level=level, group=group, repeats="")
    if not rows:
        raise ReconstructionError(
            f"{registry.study}: the patients with {variable} {level} in {group} are not printed"
        )
    return int(rows[0].number.value)


def cell_records(levels: Mapping[str, Sequence[str]], counts) -> list[dict]:
    """Write a joint table as flat objects, the last level varying fastest, each with its ``n``."""
    return [
        {**dict(zip(levels, cell, strict=True)), "n": int(n)}
        for cell, n in zip(product(*levels.values()), counts, strict=True)
    ]


def table_records(
    study: str,
    model: str,
    levels: Mapping[str, Sequence[str]],
    tried: tuple[int | None, int],
    tables: np.ndarray,
) -> list[dict]:
    """Write agreeing tables as flat objects, one for each or one that stands for none.

    `tried` counts the tables tried, None if they were not counted, and those whose estimates agree.
    """
    facts = {
        "study": study,
        "model": model,
        "covariates": list(levels),
        "cells": [],
        "candidates": tried[0],
        "agreeing_estimates": tried[1],
        "agreeing": len(tables),
        "unique": len(tables) == 1,
    }
    return [{**facts, "cells": cell_records(levels, table)} for table in tables] or [facts]


def recomputed(row: ReportedNumber, values: np.ndarray) -> dict:
    """Say which values of a printed number the agreeing tables give."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
    return {
        "id": row.id,
        "variable": row.variable,
        "statistic": row.statistic,
        "role": row.role,
        "printed": row.printed,
        "tables": len(values),
        "low": low,
        "high": high,
        "agrees": any(map(row.number.agrees, values.tolist())),
    }
