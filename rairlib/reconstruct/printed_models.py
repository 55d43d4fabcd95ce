"""The logistic models that a paper prints, with the margins that it prints for them.

This layer reads the registry; the search for joint tables itself does not know it.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from rairlib.reconstruct.joint_tables import cell_levels
from rairlib.reconstruct.logistic import (
    FittedTables,
    LogisticTarget,
    Reconstruction,
    ReconstructionError,
    fit_candidates,
    reconstruct_logistic,
    rows_agreeing,
)
from rairlib.registry.registry import Registry, ReportedNumber

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
        return fit_candidates(self.events, self.total, self.event_margins, self.margins)

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
        return rows_agreeing(self.candidates(), self.targets(roles))

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
        return replace(
            self,
            name=f"{self.name}: {' + '.join(name for name in self.levels if name in covariates)}",
            levels={name: self.levels[name] for name in self.levels if name in covariates},
            event_margins={n: self.event_margins[n] for n in self.levels if n in covariates},
            margins={name: self.margins[name] for name in self.levels if name in covariates},
            rows={key: row for key, row in self.rows.items() if key[0] in covariates},
        )

    def reconstruct(self) -> Reconstruction:
        """Find the joint tables that agree with every printed odds ratio and limit."""
        return reconstruct_logistic(
            self.events, self.total, self.event_margins, self.margins, self.targets()
        )


def printed_models(registry: Registry) -> list[PrintedModel]:
    """Collect the multivariable logistic models of a registry.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    list of PrintedModel
        In order of appearance; repeats are left out.

    Raises
    ------
    ReconstructionError
        If a covariate's counts by outcome or a group's size are not printed.
    """
    models: dict[tuple[str, str], list[ReportedNumber]] = defaultdict(list)
    for row in registry.where("odds_ratio", method="multivariable", repeats=""):
        if row.outcome_groups and row.contrast:
            models[row.locus, row.group].append(row)
    return [_printed_model(registry, rows) for rows in models.values()]


def _printed_model(registry: Registry, odds_ratios: list[ReportedNumber]) -> PrintedModel:
    first = odds_ratios[0]
    with_outcome, without = first.outcome_groups
    events = _size(registry, with_outcome)
    levels = {row.variable: row.contrast for row in odds_ratios}
    event_margins = {
        name: _count(registry, name, level, with_outcome) for name, (level, _) in levels.items()
    }
    other_margins = {
        name: _count(registry, name, level, without) for name, (level, _) in levels.items()
    }
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


def cell_records(model: PrintedModel, table: np.ndarray) -> list[dict]:
    """Write a joint table of a model as flat objects."""
    names = list(model.levels)
    return [
        {
            # Level 1 of a covariate is the one in the numerator of its odds ratio.
            **{
                name: model.levels[name][1 - level] for name, level in zip(names, cell, strict=True)
            },
            "n": int(n),
        }
        for cell, n in zip(cell_levels(len(names)), table, strict=True)
    ]
