"""Every joint table of two or three binary covariates that printed margins allow.

A table of three binary covariates with known size and margins is fixed by four more numbers: the
patients with both levels of each pair of covariates, and those with all three. Running through
these four integers reaches every table exactly once, so an enumeration is complete, and a search
for a split by outcome that finds none proves that there is none.

Cells are in the order of ``itertools.product((0, 1), repeat=k)``: the first covariate varies
slowest, and ``table.reshape((2,) * k)[i, j, ...]`` is the cell with levels ``i, j, ...``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb, prod

import numpy as np
import pandas as pd
from numba import njit
from scipy.special import expit
from scipy.stats import chi2

from rairlib.stats.logistic import firth_logistic
from rairlib.stats.roc import auc

COVARIATES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSplits:
    """The ways in which a joint table can be split by outcome: what the model does not tell.

    Attributes
    ----------
    table : ndarray of int, shape (2**k,)
        Patients per cell.
    event_tables : ndarray of int, shape (splits, 2**k)
        Patients with the outcome per cell, one split per row.
    """

    table: np.ndarray
    event_tables: np.ndarray

    @property
    def count(self) -> int:
        """Number of splits."""
        return len(self.event_tables)

    def ranges(self) -> np.ndarray:
        """Return the fewest and the most events of each cell, shape (2**k, 2)."""
        return np.column_stack([self.event_tables.min(axis=0), self.event_tables.max(axis=0)])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return the events per cell of one split, drawn by :func:`split_probabilities`.

        Parameters
        ----------
        rng : numpy Generator
            Source of randomness.

        Returns
        -------
        ndarray of int, shape (2**k,)
            Patients with the outcome; those without it are ``table`` minus this.
        """
        return self.event_tables[rng.choice(self.count, p=split_probabilities(self))].copy()


@njit(cache=True)
def _pair_limits(total, first, second, most):
    """Range of the patients with both of two levels; `most` (2, 2) is what each cell can hold."""
    fewest_outside = first + second - total
    low = max(0, fewest_outside, first - most[1, 0], second - most[0, 1])
    return low, min(first, second, most[1, 1], most[0, 0] + fewest_outside)


@njit(cache=True)
def write_base(base, total, a, b, c, ab, ac, bc):
    """Write the table in which nobody has all three levels; its cells may be negative."""
    base[0], base[1] = total - a - b - c + ab + ac + bc, c - ac - bc
    base[2], base[3], base[4] = b - ab - bc, bc, a - ab - ac
    base[5], base[6], base[7] = ac, ab, 0


@njit(cache=True)
def _triple_limits(base, most, signs):
    """Range of the patients with all three levels that keeps every cell in [0, most]."""
    low, high = 0, most[7]
    for cell in range(8):
        if signs[cell] > 0:
            low = max(low, -base[cell])
            high = min(high, most[cell] - base[cell])
        else:
            low = max(low, base[cell] - most[cell])
            high = min(high, base[cell])
    return low, high


@njit(cache=True)
def _enumerate(total, margins, most, tables, stop_after):
    """Count the tables with cells in [0, most]; write as many as `tables` has rows."""
    signs = np.array([-1, 1, 1, -1, 1, -1, -1, 1])
    base, cube = np.empty(8, np.int64), most.reshape((2, 2, 2))
    a, b, c = margins[0], margins[1], margins[2]
    ab_low, ab_high = _pair_limits(total, a, b, cube.sum(axis=2))
    ac_low, ac_high = _pair_limits(total, a, c, cube.sum(axis=1))
    bc_low, bc_high = _pair_limits(total, b, c, cube.sum(axis=0))
    count = 0
    for ab in range(ab_low, ab_high + 1):
        for ac in range(ac_low, ac_high + 1):
            for bc in range(bc_low, bc_high + 1):
                write_base(base, total, a, b, c, ab, ac, bc)
                low, high = _triple_limits(base, most, signs)
                for triple in range(low, high + 1):
                    if count < tables.shape[0]:
                        tables[count] = base + signs * triple
                    count += 1
                if count >= stop_after:
                    return count
    return count


@njit(cache=True)
def _splittable(tables, events, event_margins):
    """Whether each table contains a table of the events with the given margins."""
    nothing = np.empty((0, 8), np.int64)
    found = np.empty(len(tables), np.bool_)
    for row in range(len(tables)):
        found[row] = _enumerate(events, event_margins, tables[row], nothing, 1) > 0
    return found


def joint_tables(total: int, margins: Sequence[int]) -> np.ndarray:
    """List every joint table of binary covariates with the given size and margins."""
    most = np.full(8, total, np.int64)
    return _drop_padding(_all_tables(total, _padded_margins(margins), most), len(margins))


def more_tables_than(number: int, total: int, margins: Sequence[int]) -> bool:
    """Tell whether there are more than so many joint tables with the given size and margins."""
    most, nothing = np.full(8, total, np.int64), np.empty((0, 8), np.int64)
    return _enumerate(total, _padded_margins(margins), most, nothing, number + 1) > number


def tables_with_split(tables: np.ndarray, events: int, event_margins: Sequence[int]) -> np.ndarray:
    """Mark the joint tables that can be split into events and non-events with these margins."""
    return _splittable(_pad_cells(tables), events, _padded_margins(event_margins))


def outcome_splits(table: np.ndarray, events: int, event_margins: Sequence[int]) -> OutcomeSplits:
    """List the splits of a joint table by outcome that the margins by outcome allow.

    Parameters
    ----------
    table : ndarray of int, shape (2**k,)
        Patients per cell.
    events : int
        Patients with the outcome.
    event_margins : sequence of int
        Patients with the outcome and level 1 of each covariate, in the order of the cells.

    Returns
    -------
    OutcomeSplits
        Every split; the logistic model is the same for all of them.
    """
    most = _pad_cells(np.asarray(table)[np.newaxis])[0]
    found = _all_tables(events, _padded_margins(event_margins), most)
    return OutcomeSplits(
        table=np.asarray(table), event_tables=_drop_padding(found, len(event_margins))
    )


def cell_levels(covariates: int) -> np.ndarray:
    """Return the levels (0 or 1) of every covariate in every cell, shape (2**k, k)."""
    cells = np.arange(2**covariates)[:, np.newaxis]
    return cells >> np.arange(covariates - 1, -1, -1) & 1


def _all_tables(total: int, margins: np.ndarray, most: np.ndarray) -> np.ndarray:
    nothing = np.empty((0, 8), np.int64)
    everything = np.iinfo(np.int64).max
    count = _enumerate(total, margins, most, nothing, everything)
    tables = np.empty((count, 8), np.int64)
    _enumerate(total, margins, most, tables, everything)
    return tables


def _padded_margins(margins: Sequence[int]) -> np.ndarray:
    # Two covariates are three of which nobody has the last.
    padded = np.zeros(COVARIATES_MAX, np.int64)
    padded[: len(margins)] = margins
    return padded


def _pad_cells(tables: np.ndarray) -> np.ndarray:
    padded = np.zeros((len(tables), 2**COVARIATES_MAX), np.int64)
    padded[:, :: padded.shape[1] // tables.shape[1]] = tables
    return padded


def _drop_padding(tables: np.ndarray, covariates: int) -> np.ndarray:
    return np.ascontiguousarray(tables[:, :: 2 ** (COVARIATES_MAX - covariates)])


# --- What a joint table and its logistic model leave open: the split of its cells by outcome ---
# A main-effects model sees the outcome only through its margins, so every split has the same
# estimates. Fit, discrimination and risks within cells differ from split to split.


def split_patients(splits: OutcomeSplits, number: int, covariates: tuple[str, ...]) -> pd.DataFrame:
    """Write one split as patients.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits.
    number : int
        Which split, from 0.
    covariates : tuple of str
        Names, in the order of the cells' levels.

    Returns
    -------
    DataFrame
        One row per patient: the covariates (0 or 1) and ``event`` (0 or 1), cell by cell.
    """
    events = splits.event_tables[number]
    parts = [({"event": 1}, events), ({"event": 0}, splits.table - events)]
    patients = _patients(covariates, parts)
    return patients.sort_values(list(covariates), kind="stable", ignore_index=True)


def _patients(covariates: Sequence[str], parts: list[tuple[dict, np.ndarray]]) -> pd.DataFrame:
    """Write tables as patients, each part with what all of its patients share."""
    levels, names = cell_levels(len(covariates)), list(covariates)
    frames = [
        pd.DataFrame(np.repeat(levels, table, axis=0), columns=names).assign(**shared)
        for shared, table in parts
    ]
    return pd.concat(frames, ignore_index=True)


def fitted_risks(coefficients: np.ndarray) -> np.ndarray:
    """Return the risk that a logistic model gives each cell."""
    return expit(coefficients[0] + cell_levels(len(coefficients) - 1) @ coefficients[1:])


def model_over_splits(splits: OutcomeSplits, coefficients: np.ndarray) -> pd.DataFrame:
    """Measure discrimination and fit of the model on every split.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits.
    coefficients : ndarray, shape (k + 1,)
        Intercept, then one log odds ratio per covariate; the same for all splits.

    Returns
    -------
    DataFrame
        One row per split: ``auc`` of the model; ``chi_square`` of Pearson's test of fit over the
        cells and its ``p_value`` with 2**k - k - 1 degrees of freedom (a guide only: expected
        counts are small); ``probability`` of the split if the model holds.
    """
    risks = fitted_risks(coefficients)
    expected = splits.table * risks
    gaps = (splits.event_tables - expected) ** 2 / (expected * (1 - risks))
    freedom = len(risks) - len(coefficients)
    statistic = gaps.sum(axis=1)
    return pd.DataFrame(
        {
            "auc": [_area(splits.table, events, risks) for events in splits.event_tables],
            "chi_square": statistic,
            "p_value": chi2.sf(statistic, freedom),
            "probability": split_probabilities(splits),
        }
    )


def _area(table: np.ndarray, events: np.ndarray, risks: np.ndarray) -> float:
    outcome = np.repeat([1, 0], [events.sum(), (table - events).sum()])
    score = np.concatenate([np.repeat(risks, events), np.repeat(risks, table - events)])
    return auc(outcome, score)


def split_probabilities(splits: OutcomeSplits) -> np.ndarray:
    """Return how likely each split is if the main-effects model holds, given its margins.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits by outcome.

    Returns
    -------
    ndarray of float, shape (splits,)
        In proportion to the ways to choose the patients with the outcome in each cell: given the
        margins, the model finds all these ways equally likely, whatever its coefficients.
    """
    # Whole numbers of any length: products of binomial coefficients outgrow 64 bits.
    ways = [
        prod(map(comb, splits.table.tolist(), events)) for events in splits.event_tables.tolist()
    ]
    total = sum(ways)
    return np.array([way / total for way in ways])


# --- Where in a reconstructed joint table the patients of a rare level can stand --------------
# A level that only patients with the outcome have cannot enter a logistic model. Firth's penalty
# gives it a finite odds ratio, which depends on the other covariates of these few patients. Where
# nothing is printed about them, every placement is tried.


def placements(splits: OutcomeSplits, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """List the ways in which some of the patients with the outcome spread over the cells.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits by outcome.
    patients : int
        How many patients, all with the outcome, have the further level.

    Returns
    -------
    places : ndarray of int, shape (placements, 2**k)
        Patients with the level in each cell.
    probability : ndarray, shape (placements,)
        If splits have :func:`split_probabilities` and the patients are drawn from those with the
        outcome.
    """
    cells = len(splits.table)
    chosen = combinations_with_replacement(range(cells), patients)
    places = np.array([np.bincount(cell, minlength=cells) for cell in chosen])
    chances = split_probabilities(splits)
    probability = np.array([_probability(splits.event_tables, chances, p) for p in places])
    return places[probability > 0], probability[probability > 0]


def _probability(event_tables: np.ndarray, chances: np.ndarray, place: np.ndarray) -> float:
    """Average the multivariate hypergeometric probability over all splits."""
    ways = [prod(map(comb, events, place.tolist())) for events in event_tables.tolist()]
    return float(chances @ ways) / comb(int(event_tables[0].sum()), int(place.sum()))


def firth_of_placement(
    splits: OutcomeSplits, place: np.ndarray, covariates: tuple[str, ...], level: str
) -> pd.DataFrame:
    """Fit Firth's logistic regression with the further level in given places.

    Parameters
    ----------
    splits : OutcomeSplits
        A joint table and its splits by outcome.
    place : ndarray of int, shape (2**k,)
        Patients with the level in each cell, as from :func:`placements`.
    covariates : tuple of str
        Names, in the order of the cells' levels.
    level : str
        Name of the further level.

    Returns
    -------
    DataFrame
        Odds ratios in the schema of :func:`rairlib.stats.logistic.firth_logistic`. Which split is
        taken does not matter: the model sees the outcome only through its margins.
    """
    fits = (splits.event_tables >= place).all(axis=1)
    events = splits.event_tables[fits.argmax()]
    parts = [
        ({"event": 1, level: 1}, place),
        ({"event": 1, level: 0}, events - place),
        ({"event": 0, level: 0}, splits.table - events),
    ]
    data = _patients(covariates, parts)
    estimates = firth_logistic(data, "event", dict.fromkeys([*covariates, level]))
    return estimates[estimates["statistic"] == "odds_ratio"].reset_index(drop=True)
