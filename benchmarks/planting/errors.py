"""Kinds of errors that creep into print, and how to plant one of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.planting.paper import KnownPaper
from benchmarks.planting.slips import (
    MEASURED,
    SHARES,
    Draw,
    Texts,
    change_digit,
    copy_from_above,
    invert_estimate,
    lose_decimal_sign,
    print_error_as_sd,
    reverse_direction,
    slip_unit,
    swap_digits,
    swap_groups,
    swap_labels,
    swap_numbers,
    take_other_denominator,
    take_other_p,
)
from rairlib.registry.printed import PrintedNumberError, parse_printed
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import RATIOS

MOST_DRAWS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of error.

    Attributes
    ----------
    name : str
        In a few words.
    change : callable
        Takes a :class:`Draw`; returns the new texts by identifier, empty if it cannot be done.
    statistics : tuple of str
        Statistics that it can befall; empty for all.
    """

    name: str
    change: Callable[[Draw], Texts]
    statistics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedError:
    """A registry with one error.

    Attributes
    ----------
    kind : str
        Name of the kind.
    statistic : str
        Statistic of the number that was drawn.
    texts : dict of str to str
        What is printed instead, by identifier.
    registry : Registry
        With the error.
    """

    kind: str
    statistic: str
    texts: Texts
    registry: Registry = field(repr=False)


def plant_error(paper: KnownPaper, kind: Kind, rng: np.random.Generator) -> PlantedError | None:
    """Plant one error of a kind; None if the paper has no number for it.

    Parameters
    ----------
    paper : KnownPaper
        A paper without errors.
    kind : Kind
        One of `KINDS`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    PlantedError or None
        First a statistic is drawn with equal chance, then a number of it. No changed text
        agrees with the truth any more: a change that rounds to it is drawn again.
    """
    by_statistic: dict[str, list[ReportedNumber]] = {}
    for row in paper.registry:
        if row.id in paper.truth and (not kind.statistics or row.statistic in kind.statistics):
            by_statistic.setdefault(row.statistic, []).append(row)
    if not by_statistic:
        return None
    statistics = sorted(by_statistic)
    for _ in range(MOST_DRAWS):
        statistic = statistics[rng.integers(len(statistics))]
        rows = by_statistic[statistic]
        row = rows[rng.integers(len(rows))]
        texts = kind.change(Draw(paper=paper, row=row, rng=rng))
        if texts and all(is_wrong(paper, *change) for change in texts.items()):
            return PlantedError(
                kind=kind.name,
                statistic=statistic,
                texts=texts,
                registry=paper.with_texts(texts),
            )
    return None


def is_wrong(paper: KnownPaper, identifier: str, text: str) -> bool:
    """Whether a text is a number that does not agree with the truth."""
    try:
        return not parse_printed(text).agrees(paper.truth[identifier])
    except PrintedNumberError:
        return False


KINDS = (
    Kind(name="one digit changed", change=change_digit),
    Kind(name="two neighbouring digits swapped", change=swap_digits),
    Kind(name="two numbers of a table swapped", change=swap_numbers),
    Kind(name="unit slipped", change=slip_unit, statistics=(*MEASURED, *SHARES)),
    Kind(name="decimal sign lost", change=lose_decimal_sign),
    Kind(
        name="estimate inverted",
        change=invert_estimate,
        statistics=(*RATIOS, "coefficient", "auc"),
    ),
    Kind(name="ratio and limits inverted", change=reverse_direction, statistics=RATIOS),
    Kind(name="labels of two levels swapped", change=swap_labels, statistics=("count", "percent")),
    Kind(
        name="groups of a row swapped",
        change=swap_groups,
        statistics=("count", "percent", "mean", "sd", "median", "q1", "q3", "minimum", "maximum"),
    ),
    Kind(
        name="percentage of another whole", change=take_other_denominator, statistics=("percent",)
    ),
    Kind(name="p value of another row", change=take_other_p, statistics=("p_value",)),
    Kind(name="limit of the line above", change=copy_from_above, statistics=("ci_low", "ci_high")),
    Kind(name="standard error as SD", change=print_error_as_sd, statistics=("sd",)),
)
