"""Reconstruct a joint table of binary covariates from the logistic model that a paper printed.

A main-effects logistic model of binary covariates depends on the outcome only through its
margins. Where a paper prints these, the joint table of the covariates is all that its odds ratios
and their intervals can tell; it is made of integers, and :func:`reconstruct_logistic` tries every
one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from rairlib.errors import RairlibError
from rairlib.joint_tables import (
    COVARIATES_MAX,
    cell_levels,
    joint_tables,
    tables_with_split,
)
from rairlib.logistic_kernels import LogisticFits, fit_tables
from rairlib.printed import Printed

NORMAL_QUANTILE = float(norm.ppf(0.975))


class ReconstructionError(RairlibError):
    """The margins or the targets cannot be those of one model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticTarget:
    """What a paper prints for one covariate of a logistic model.

    Attributes
    ----------
    covariate : str
        Name of the binary covariate.
    odds_ratio : Printed or None
        Odds ratio of level 1 against level 0.
    low, high : Printed or None
        Limits of its 95 % interval.
    """

    covariate: str
    odds_ratio: Printed | None = None
    low: Printed | None = None
    high: Printed | None = None

    def printed(self) -> dict[str, Printed]:
        """Return the printed numbers by statistic, those that are missing left out."""
        numbers = {"odds_ratio": self.odds_ratio, "ci_low": self.low, "ci_high": self.high}
        return {statistic: number for statistic, number in numbers.items() if number is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedTables:
    """Joint tables with the logistic model fitted to each.

    Attributes
    ----------
    covariates : tuple of str
        Names, in the order of the cells' levels (the first varies slowest).
    cells : ndarray of int, shape (tables, 2**k)
        Patients per cell.
    fits : LogisticFits
        Intercept, then one coefficient per covariate.
    joint_tables : int
        Tables with these margins, whether or not they can be split by outcome.
    """

    covariates: tuple[str, ...]
    cells: np.ndarray
    fits: LogisticFits
    joint_tables: int

    def values(self, covariate: str, statistic: str) -> np.ndarray:
        """Return one statistic of every table.

        Parameters
        ----------
        covariate : str
            Name of the covariate.
        statistic : str
            ``odds_ratio``, ``ci_low``, ``ci_high`` (95 %, Wald) or ``p_value`` (Wald).

        Returns
        -------
        ndarray, shape (tables,)
            NaN where the likelihood has no finite maximum.
        """
        term = 1 + self.covariates.index(covariate)
        estimate, error = self.fits.estimates[:, term], self.fits.standard_errors[:, term]
        if statistic == "p_value":
            return 2 * norm.sf(np.abs(estimate / error))
        shift = {"odds_ratio": 0.0, "ci_low": -NORMAL_QUANTILE, "ci_high": NORMAL_QUANTILE}
        return np.exp(estimate + shift[statistic] * error)

    def take(self, rows: np.ndarray) -> "FittedTables":
        """Return some of the tables, by ordinal or by a mask."""
        return replace(self, cells=self.cells[rows], fits=self.fits.take(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """The joint tables that agree with a printed logistic model.

    Attributes
    ----------
    solutions : FittedTables
        The tables that agree with every printed number.
    candidates : int
        Tables that have the margins and can be split by outcome.
    agreeing_estimates : int
        Candidates whose odds ratios all round to the print.
    """

    solutions: FittedTables
    candidates: int
    agreeing_estimates: int

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names, in the order of the cells' levels."""
        return self.solutions.covariates

    @property
    def cells(self) -> np.ndarray:
        """Patients per cell of each solution, shape (solutions, 2**k)."""
        return self.solutions.cells

    @property
    def agreeing(self) -> int:
        """Number of candidates that agree with the odds ratios and the limits."""
        return len(self.cells)

    @property
    def unique(self) -> bool:
        """Whether exactly one table agrees."""
        return self.agreeing == 1


def fit_candidates(
    events: int, total: int, event_margins: Mapping[str, int], margins: Mapping[str, int]
) -> FittedTables:
    """Fit the model to every joint table that the margins allow.

    Parameters
    ----------
    events, total : int
        Patients with the outcome, and all patients.
    event_margins : mapping of str to int
        Patients with the outcome and level 1 of each covariate.
    margins : mapping of str to int
        All patients with level 1 of each covariate, in the order in which cells are laid out.

    Returns
    -------
    FittedTables
        Every table that has the margins and can be split into a table of the patients with the
        outcome and one of those without it that have the margins by outcome.

    Raises
    ------
    ReconstructionError
        If the margins are impossible, or not of two or three covariates.
    """
    covariates = tuple(margins)
    _require_possible_margins(events, total, event_margins, margins)
    event_counts = [event_margins[covariate] for covariate in covariates]
    tables = joint_tables(total, list(margins.values()))
    cells = tables[tables_with_split(tables, events, event_counts)]
    design = np.column_stack([np.ones(cells.shape[1]), cell_levels(len(covariates))])
    fits = fit_tables(cells, design, np.array([events, *event_counts]))
    return FittedTables(covariates=covariates, cells=cells, fits=fits, joint_tables=len(tables))


def agreement(tables: FittedTables, targets: Sequence[LogisticTarget]) -> pd.DataFrame:
    """Say for each table with which printed numbers it agrees.

    Parameters
    ----------
    tables : FittedTables
        Candidates.
    targets : sequence of LogisticTarget
        What the paper prints.

    Returns
    -------
    DataFrame of bool
        One row per table, one column ``(covariate, statistic)`` per printed number; True where
        the table's value rounds to the print.
    """
    return pd.DataFrame(
        {
            (target.covariate, statistic): _agrees(
                tables.values(target.covariate, statistic), number
            )
            for target in targets
            for statistic, number in target.printed().items()
        }
    )


def reconstruct_logistic(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> Reconstruction:
    """Find every joint table of the covariates that agrees with a printed logistic model.

    Parameters
    ----------
    events, total : int
        Patients with the outcome, and all patients.
    event_margins, margins : mapping of str to int
        Patients with level 1 of each covariate, with the outcome and in all.
    targets : sequence of LogisticTarget
        Odds ratios, with or without limits, of some or all covariates.

    Returns
    -------
    Reconstruction
        The agreeing tables, and how many there were to choose from.

    Raises
    ------
    ReconstructionError
        If the margins are impossible, or a target names no covariate.
    """
    unknown = [target.covariate for target in targets if target.covariate not in margins]
    if unknown or not targets:
        raise ReconstructionError(f"no margins for the covariate {', '.join(unknown) or '(none)'}")
    tables = fit_candidates(events, total, event_margins, margins)
    agrees = agreement(tables, targets)
    estimates = [column for column in agrees if column[1] == "odds_ratio"]
    return Reconstruction(
        solutions=tables.take(np.flatnonzero(agrees.all(axis=1))),
        candidates=len(tables.cells),
        agreeing_estimates=int(agrees[estimates].all(axis=1).sum()),
    )


def estimate_frame(tables: FittedTables) -> pd.DataFrame:
    """Return the odds ratios of fitted tables in the book's schema of estimates.

    Parameters
    ----------
    tables : FittedTables
        For example the solutions of a reconstruction.

    Returns
    -------
    DataFrame
        Columns ``table`` (ordinal from 0), ``term, statistic, estimate, low, high, p_value, n``.
    """
    total = tables.cells.sum(axis=1)
    parts = [
        pd.DataFrame(
            {
                "table": np.arange(len(total)),
                "term": covariate,
                "statistic": "odds_ratio",
                "estimate": tables.values(covariate, "odds_ratio"),
                "low": tables.values(covariate, "ci_low"),
                "high": tables.values(covariate, "ci_high"),
                "p_value": tables.values(covariate, "p_value"),
                "n": total,
            }
        )
        for covariate in tables.covariates
    ]
    return pd.concat(parts).sort_values("table", kind="stable", ignore_index=True)


def _agrees(values: np.ndarray, number: Printed) -> np.ndarray:
    return np.fromiter(map(number.agrees, values.tolist()), bool, len(values))


def _require_possible_margins(events, total, event_margins, margins) -> None:
    if set(event_margins) != set(margins):
        raise ReconstructionError("margins and event margins name different covariates")
    if not 2 <= len(margins) <= COVARIATES_MAX:
        raise ReconstructionError(
            f"a joint table can be reconstructed for two or three covariates, not {len(margins)}"
        )
    if not 0 < events < total:
        raise ReconstructionError(f"{events} of {total} patients with the outcome: not possible")
    for covariate, margin in margins.items():
        with_outcome = event_margins[covariate]
        if not (0 <= with_outcome <= events and 0 <= margin - with_outcome <= total - events):
            raise ReconstructionError(
                f"{covariate}: {with_outcome} of {events} patients with the outcome and "
                f"{margin - with_outcome} of {total - events} without it: not possible"
            )
