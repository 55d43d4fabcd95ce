"""The integer 2×2 tables behind sensitivity, specificity, PPV, NPV and accuracy.

With fixed numbers of patients with and without the outcome, true positives and true negatives
are the only unknowns. All their values are listed, and each printed figure keeps those tables
whose value rounds to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, combinations

import numpy as np

from rairlib.checks.rounding import float_limits
from rairlib.reported import ReportedNumber

# Beyond this number of tables the enumeration would be slow.
MOST_TABLES = 1_000_000
MEASURED = ("sensitivity", "specificity")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationTables:
    """All tables of a rule in groups of known size.

    Attributes
    ----------
    with_outcome, without_outcome : int
        Patients with and without the outcome.
    true_positives, true_negatives : ndarray
        Column (one per possible count) and row, so that formulas broadcast over all tables.
    """

    with_outcome: int
    without_outcome: int
    true_positives: np.ndarray = field(repr=False)
    true_negatives: np.ndarray = field(repr=False)

    def percentages(self, statistic: str) -> np.ndarray:
        """Compute a figure in all tables.

        Parameters
        ----------
        statistic : str
            ``sensitivity``, ``specificity``, ``ppv``, ``npv`` or ``accuracy``.

        Returns
        -------
        ndarray, shape (with_outcome + 1, without_outcome + 1)
            In percent; NaN where the figure does not exist.
        """
        return _percentages(self.with_outcome, self.without_outcome, statistic)

    def in_words(self, mask: np.ndarray) -> str:
        """Write the first of the marked tables."""
        tp, tn = (int(index[0]) for index in np.nonzero(mask))
        fn, fp = self.with_outcome - tp, self.without_outcome - tn
        return f"TP {tp}, FN {fn}, FP {fp}, TN {tn}"


def classification_tables(with_outcome: int, without_outcome: int) -> ClassificationTables | None:
    """List all tables of a rule; None if there are too many.

    Parameters
    ----------
    with_outcome, without_outcome : int
        Patients with and without the outcome.

    Returns
    -------
    ClassificationTables or None
        All ``(with_outcome + 1) × (without_outcome + 1)`` tables.
    """
    if (with_outcome + 1) * (without_outcome + 1) > MOST_TABLES:
        return None
    return ClassificationTables(
        with_outcome=with_outcome,
        without_outcome=without_outcome,
        true_positives=np.arange(with_outcome + 1)[:, None],
        true_negatives=np.arange(without_outcome + 1)[None, :],
    )


@lru_cache(maxsize=16)
def _percentages(with_outcome: int, without_outcome: int, statistic: str) -> np.ndarray:
    tp, tn = np.arange(with_outcome + 1)[:, None], np.arange(without_outcome + 1)[None, :]
    fp, fn = without_outcome - tn, with_outcome - tp
    numerator, denominator = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, tp + fn + tn + fp),
    }[statistic]
    shape = np.broadcast_shapes(tp.shape, tn.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.broadcast_to(100 * numerator / denominator, shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFigure:
    """One printed figure (or count) of a rule and its value in all tables.

    Attributes
    ----------
    row : ReportedNumber
        The figure.
    label : str
        Its name.
    values : ndarray
        Its value in each table, in the printed unit; NaN where it does not exist.
    """

    row: ReportedNumber
    label: str
    values: np.ndarray = field(repr=False)

    @property
    def scale(self) -> float:
        """100 for a figure in percent, 1 for a proportion."""
        return 1.0 if self.row.unit != "%" and self.row.number.value <= 1 else 100.0

    @property
    def printed(self) -> str:
        """Name and print, for example ``PPV 81.58 %``."""
        unit = " %" if self.row.unit == "%" else ""
        return f"{self.label} {self.row.printed}{unit}"

    def agreeing(self, shortened: bool = False) -> np.ndarray:
        """Mark the tables whose value is printed like this, or so with digits cut off."""
        low, high = float_limits(self.row.number, shortened)
        slack = 1e-9 * max(1.0, abs(self.row.number.value))
        return (self.values >= low - slack) & (self.values <= high + slack)

    def possible(self, mask: np.ndarray | bool = True) -> np.ndarray:
        """Return the sorted values in the marked tables."""
        chosen = self.values[np.broadcast_to(mask, self.values.shape)]
        return np.unique(chosen[np.isfinite(chosen)])


def printed_figure(row: ReportedNumber, tables: ClassificationTables) -> PrintedFigure:
    """Join a printed figure with its value in all tables.

    Parameters
    ----------
    row : ReportedNumber
        Sensitivity, specificity, PPV, NPV or accuracy, in percent or (without a unit and not
        above 1) as a proportion.
    tables : ClassificationTables
        All tables of the rule.

    Returns
    -------
    PrintedFigure
        With values in the unit of the print.
    """
    scale = 0.01 if row.unit != "%" and row.number.value <= 1 else 1.0
    label = {"ppv": "PPV", "npv": "NPV"}.get(row.statistic, row.statistic)
    return PrintedFigure(row=row, label=label, values=tables.percentages(row.statistic) * scale)


def agreeing_with_all(figures: list[PrintedFigure], shortened: bool = False) -> np.ndarray | bool:
    """Mark the tables that agree with every figure; True if there is none to agree with."""
    mask = True
    for figure in figures:
        mask = mask & figure.agreeing(shortened)
    return mask


def exchange(figures: list[PrintedFigure]) -> str:
    """Name two figures that agree with all others once they are exchanged.

    Parameters
    ----------
    figures : list of PrintedFigure
        Figures of one rule, which no table shows together.

    Returns
    -------
    str
        A sentence; empty if no exchange helps.
    """
    for first, second in combinations(figures, 2):
        if first.row.statistic == "count" or second.row.statistic == "count":
            continue
        swapped = [
            replace(figure, row=replace(figure.row, number=other.row.number))
            for figure, other in ((first, second), (second, first))
        ]
        rest = [figure for figure in figures if figure is not first and figure is not second]
        if np.any(agreeing_with_all([*swapped, *rest])):
            return f" With {first.label} and {second.label} exchanged, they fit."
    return ""


def smallest_conflict(figures: list[PrintedFigure]) -> list[PrintedFigure]:
    """Find the fewest figures that no table can show together.

    Parameters
    ----------
    figures : list of PrintedFigure
        Figures of one rule.

    Returns
    -------
    list of PrintedFigure
        Empty if all agree with some table.
    """
    for chosen, mask in _subsets(figures):
        if not np.any(mask):
            return chosen
    return []


def smallest_source(target: PrintedFigure, others: list[PrintedFigure]) -> list[PrintedFigure]:
    """Find the fewest other figures that leave one value for a figure.

    Sensitivity and specificity together are preferred: they are what studies measure.

    Parameters
    ----------
    target : PrintedFigure
        The figure that is derived.
    others : list of PrintedFigure
        Figures of the same rule, the preferred ones first.

    Returns
    -------
    list of PrintedFigure
        All others if no selection determines the figure.
    """
    measured = [figure for figure in others if figure.row.statistic in MEASURED]
    prefers = target.row.statistic != "count" and len(measured) == len(MEASURED)
    preferred = [(measured, agreeing_with_all(measured))] if prefers else []
    for chosen, mask in chain(preferred, _subsets(others)):
        values = target.values[mask]
        values = values[np.isfinite(values)]
        if len(values) and values.min() == values.max():
            return chosen
    return others


def _subsets(figures: list[PrintedFigure]) -> Iterator[tuple[list[PrintedFigure], np.ndarray]]:
    """Yield each selection, the smallest first, with the tables that agree with all of it."""
    marked = [(figure, figure.agreeing()) for figure in figures]
    for size in range(1, len(figures) + 1):
        for chosen in combinations(marked, size):
            figures, masks = zip(*chosen, strict=True)
            yield list(figures), np.logical_and.reduce(masks)
