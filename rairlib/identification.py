"""How many printed numbers it takes to single out a joint table, and what chance alone would do.

A printed number that is needed to find the table is an anchor; every further one that agrees is a
test that the reconstruction could have failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd

from rairlib.printed import Printed
from rairlib.reconstruct import (
    FittedTables,
    LogisticTarget,
    ReconstructionError,
    reconstruct_logistic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceAgreement:
    """How often made-up numbers near the printed ones would find a table.

    Attributes
    ----------
    printable : int
        Ways to print the numbers within the range, each as likely as the other.
    reached : int
        Those that at least one table agrees with.
    """

    printable: int
    reached: int

    @property
    def share(self) -> float:
        """Probability that made-up numbers agree with at least one table."""
        return self.reached / self.printable


def smallest_anchor_sets(agrees: pd.DataFrame) -> list[tuple]:
    """Return the smallest sets of printed numbers that leave exactly one table.

    Parameters
    ----------
    agrees : DataFrame of bool
        One row per table, one column per printed number.

    Returns
    -------
    list of tuple
        Column labels of each set, all sets of the same, smallest, size; empty if even all
        numbers together leave several tables, or none.
    """
    for size in range(1, len(agrees.columns) + 1):
        sets = [
            chosen
            for chosen in combinations(agrees.columns, size)
            if agrees[list(chosen)].all(axis=1).sum() == 1
        ]
        if sets:
            return sets
    return []


def agreeing_tables(agrees: pd.DataFrame, size: int = 1) -> pd.Series:
    """Count the tables that agree with each set of so many printed numbers.

    Parameters
    ----------
    agrees : DataFrame of bool
        One row per table, one column per printed number.
    size : int
        Numbers per set.

    Returns
    -------
    Series of int
        Agreeing tables, indexed by the sets.
    """
    sets = list(combinations(agrees.columns, size))
    counts = [int(agrees[list(chosen)].all(axis=1).sum()) for chosen in sets]
    return pd.Series(counts, index=pd.Index(sets, tupleize_cols=False), name="tables")


def chance_agreement(
    tables: FittedTables,
    targets: Sequence[LogisticTarget],
    statistics: Sequence[str] = ("odds_ratio",),
    spread: float = 0.1,
) -> ChanceAgreement:
    """Say how often numbers drawn around the printed ones would agree with some table.

    Parameters
    ----------
    tables : FittedTables
        Candidates.
    targets : sequence of LogisticTarget
        What the paper prints.
    statistics : sequence of str
        Which of ``odds_ratio``, ``ci_low``, ``ci_high`` must agree together.
    spread : float
        Half-width of the range around each printed number, as a share of it.

    Returns
    -------
    ChanceAgreement
        Exact: all ways to print the numbers within the range are counted, none is drawn.
    """
    printable, codes = 1, []
    for target in targets:
        for statistic, number in target.printed().items():
            if statistic in statistics:
                values = tables.values(target.covariate, statistic)
                size, code = _last_digits(values, number, spread)
                printable *= size
                codes.append(code)
    inside = np.column_stack(codes)
    inside = inside[np.isfinite(inside).all(axis=1)]
    return ChanceAgreement(printable=printable, reached=len(np.unique(inside, axis=0)))


def _last_digits(values: np.ndarray, number: Printed, spread: float) -> tuple[int, np.ndarray]:
    """Values in units of the last printed digit, NaN outside the range; and how many fit."""
    unit = 10.0**-number.decimals
    low = round(number.value * (1 - spread) / unit)
    high = round(number.value * (1 + spread) / unit)
    digits = np.floor(values / unit + 0.5)
    return high - low + 1, np.where((digits >= low) & (digits <= high), digits, np.nan)


def reconstruct_neighbours(
    events: int,
    total: int,
    event_margins: Mapping[str, int],
    margins: Mapping[str, int],
    targets: Sequence[LogisticTarget],
) -> pd.DataFrame:
    """Repeat a reconstruction with each margin by outcome one patient higher and one lower.

    Parameters
    ----------
    events, total, event_margins, margins, targets
        As for :func:`rairlib.reconstruct.reconstruct_logistic`.

    Returns
    -------
    DataFrame
        One row per changed margin: ``covariate``, ``outcome`` (whether the margin of the patients
        with the outcome was changed), ``change, candidates, agreeing_estimates, agreeing``.
        Margins that cannot be changed so are left out.
    """
    rows = []
    for covariate, outcome, change in product(margins, (True, False), (-1, 1)):
        changed = {**margins, covariate: margins[covariate] + change}
        with_outcome = {**event_margins, covariate: event_margins[covariate] + change * outcome}
        try:
            found = reconstruct_logistic(events, total, with_outcome, changed, targets)
        except ReconstructionError:
            continue
        counts = (found.candidates, found.agreeing_estimates, found.agreeing)
        rows.append((covariate, outcome, change, *counts))
    columns = ["covariate", "outcome", "change", "candidates", "agreeing_estimates", "agreeing"]
    return pd.DataFrame(rows, columns=columns)
