"""Reconstruct a joint table of binary covariates from the logistic model that a paper printed.

A main-effects logistic model of binary covariates depends on the outcome only through its
margins. Where a paper prints these, the joint table of the covariates is all that its odds ratios
and their intervals can tell; it is made of integers, and :func:`reconstruct_logistic` tries every
one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from scipy.stats import norm

from rairlib.errors import RairlibError
from rairlib.reconstruct.joint_tables import (
    COVARIATES_MAX,
    cell_levels,
    joint_tables,
    tables_with_split,
)
from rairlib.registry.printed import Printed
from rairlib.stats.kernels import FINAL, maximise, write_standard_errors
from rairlib.stats.logistic import Z_95, on_unit_scale

# --- Logistic regression on grouped covariate patterns ----------------------------------------
# The likelihood of a logistic model depends on the outcome only through the event sums: the number
# of events, and the number of events with each covariate. So a table of patients per covariate
# pattern and the event sums are all that a fit needs.


class LogisticFits(NamedTuple):
    """Maximum likelihood fits of one logistic model to many tables."""

    estimates: np.ndarray
    standard_errors: np.ndarray
    log_likelihoods: np.ndarray


@njit(cache=True, nogil=True)
def _fit_all(tables, columns, back, sums, estimates, standard_errors, log_likelihoods):
    terms, cells = columns.shape
    information, offset = np.empty((terms, terms)), np.zeros(cells)
    for row in range(tables.shape[0]):
        beta = estimates[row]
        reached = maximise(columns, tables[row], sums[row], offset, beta, information, *FINAL)
        if np.isnan(reached):
            beta[:] = np.nan
            standard_errors[row] = np.nan
        else:
            write_standard_errors(information, back, standard_errors[row])
        log_likelihoods[row] = reached


def fit_tables(tables: np.ndarray, design: np.ndarray, event_sums: np.ndarray) -> LogisticFits:
    """Fit one logistic model to many tables of patients per covariate pattern."""
    tables, design = np.asarray(tables), np.asarray(design, np.float64)
    if tables.shape[1:] != design.shape[:1]:
        raise RairlibError(f"{len(design)} patterns in the design, tables {tables.shape}")
    if tables.size and (tables.min() < 0 or (np.mod(tables, 1) != 0).any()):
        raise RairlibError("patients with a covariate pattern are counted: 0, 1, 2, ...")
    if not (np.isfinite(design).all() and np.isfinite(event_sums).all()):
        raise RairlibError("the design and the event sums must be finite numbers")
    tables = np.ascontiguousarray(tables, np.float64)
    scaled, back = on_unit_scale(design)
    shape = (len(tables), design.shape[1])
    sums = np.ascontiguousarray(np.broadcast_to(event_sums, shape) @ back)
    estimates, standard_errors, log_likelihoods = map(np.empty, (shape, shape, shape[0]))
    columns, back = np.ascontiguousarray(scaled.T), np.ascontiguousarray(back)
    _fit_all(tables, columns, back, sums, estimates, standard_errors, log_likelihoods)
    return LogisticFits(estimates @ back.T, standard_errors, log_likelihoods)


# --- Joint tables of which each gives a printed model or not ----------------------------------


class ReconstructionError(RairlibError):
    """The margins or the targets cannot be those of one model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticTarget:
    """What a paper prints for one covariate of a logistic model."""

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
        shift = {"odds_ratio": 0.0, "ci_low": -Z_95, "ci_high": Z_95}
        return np.exp(estimate + shift[statistic] * error)

    def take(self, rows: np.ndarray) -> "FittedTables":
        """Return some of the tables, by ordinal or by a mask."""
        fits = LogisticFits(*(part[rows] for part in self.fits))
        return replace(self, cells=self.cells[rows], fits=fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """The joint tables that agree with a printed logistic model.

    Attributes
    ----------
    solutions : FittedTables
        The tables that agree with every printed number.
    candidates : int or None
        Tables that have the margins and can be split by outcome; None where they are too many to
        be counted.
    agreeing_estimates : int
        Candidates whose odds ratios all round to the print.
    """

    solutions: FittedTables
    candidates: int | None
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
    """Fit the model to every joint table that the margins allow."""
    require_possible_margins(events, total, event_margins, margins)
    tables = joint_tables(total, list(margins.values()))
    return fit_splittable(tables, events, {name: event_margins[name] for name in margins})


def fit_splittable(
    tables: np.ndarray, events: int, event_margins: Mapping[str, int]
) -> FittedTables:
    """Fit the model to those joint tables that can be split by outcome with these margins."""
    cells = tables[tables_with_split(tables, events, list(event_margins.values()))]
    return replace(fit_known_tables(cells, events, event_margins), joint_tables=len(tables))


def fit_known_tables(
    cells: np.ndarray, events: int, event_margins: Mapping[str, int]
) -> FittedTables:
    """Fit the model of all covariates to given joint tables.

    Parameters
    ----------
    cells : ndarray of int, shape (tables, 2**k)
        Patients per cell, the first covariate varying slowest.
    events : int
        Patients with the outcome.
    event_margins : mapping of str to int
        Patients with the outcome and level 1 of each covariate, in the order of the cells.

    Returns
    -------
    FittedTables
        In the same order.
    """
    sums = np.array([events, *event_margins.values()])
    fits = fit_tables(cells, design_of(len(event_margins)), sums)
    names = tuple(event_margins)
    return FittedTables(covariates=names, cells=cells, fits=fits, joint_tables=len(cells))


def design_of(covariates: int) -> np.ndarray:
    """Return the design matrix of the cells of a joint table, intercept first."""
    return np.column_stack([np.ones(2**covariates), cell_levels(covariates)])


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
    printed = {
        (target.covariate, statistic): number
        for target in targets
        for statistic, number in target.printed().items()
    }
    return pd.DataFrame(
        {
            key: np.fromiter(map(number.agrees, tables.values(*key).tolist()), bool)
            for key, number in printed.items()
        }
    )


def rows_agreeing(tables: FittedTables, targets: Sequence[LogisticTarget]) -> FittedTables:
    """Keep the tables that agree with every printed odds ratio and limit; all without a target."""
    agrees = agreement(tables, targets)
    return tables.take(np.flatnonzero(agrees.all(axis=1))) if len(agrees.columns) else tables


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


def require_possible_margins(events, total, event_margins, margins) -> None:
    """Refuse margins that no patients have, and covariates of which there are too many."""
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
