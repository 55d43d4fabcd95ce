"""What goes wrong in print: each slip takes a number and returns the new texts by identifier."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.planting.paper import KnownPaper
from rairlib.registry.printed import format_value
from rairlib.registry.registry import ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE

MEASURED = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum", "cutoff")
SHARES = ("percent", "survival_percent", *PERFORMANCE)

Texts = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a kind of error may work with.

    Attributes
    ----------
    paper : KnownPaper
        The paper without errors.
    row : ReportedNumber
        The number drawn.
    rng : numpy.random.Generator
        Source of chance.
    """

    paper: KnownPaper
    row: ReportedNumber
    rng: np.random.Generator

    def one_of(self, choices):
        """Draw one of several, None of none."""
        return choices[self.rng.integers(len(choices))] if choices else None

    def neighbours(self, **wanted) -> list[ReportedNumber]:
        """Return the other numbers at the same place whose fields equal the given texts."""
        rows = self.paper.registry.where(locus=self.row.locus, **wanted)
        return [row for row in rows if row.id != self.row.id and row.id in self.paper.truth]

    def counterpart(self, **changes) -> ReportedNumber | None:
        """Return the number at the same place that differs from the drawn one in some fields."""
        names = ("statistic", "variable", "level", "group", "method")
        wanted = {name: getattr(self.row, name) for name in names} | changes
        rows = [row for row in self.neighbours(**wanted) if not row.repeats]
        return rows[0] if len(rows) == 1 else None


def _digit_places(text: str) -> list[int]:
    """Return the places of the digits, without a zero that only stands before the point."""
    places = [place for place, sign in enumerate(text) if sign.isdigit()]
    if len(places) > 1 and text[places[0]] == "0" and not text[places[0] + 1].isdigit():
        places = places[1:]
    return places


def change_digit(draw: Draw) -> Texts:
    """Replace one digit by another."""
    text = draw.row.printed
    place = draw.one_of(_digit_places(text))
    if place is None:
        return {}
    digit = (int(text[place]) + draw.rng.integers(1, 10)) % 10
    return {draw.row.id: f"{text[:place]}{digit}{text[place + 1 :]}"}


def swap_digits(draw: Draw) -> Texts:
    """Exchange two neighbouring digits, also across the decimal sign."""
    text = draw.row.printed
    places = _digit_places(text)
    pairs = [(first, second) for first, second in pairwise(places) if text[first] != text[second]]
    pair = draw.one_of(pairs)
    if pair is None:
        return {}
    signs = list(text)
    signs[pair[0]], signs[pair[1]] = signs[pair[1]], signs[pair[0]]
    return {draw.row.id: "".join(signs)}


def swap_numbers(draw: Draw) -> Texts:
    """Exchange two numbers of the same statistic in the same table or section."""
    other = draw.one_of(
        [
            row
            for row in draw.neighbours(statistic=draw.row.statistic)
            if row.printed != draw.row.printed
        ]
    )
    return {draw.row.id: other.printed, other.id: draw.row.printed} if other else {}


def _scaled(row: ReportedNumber, factor: float, truth: float) -> Texts:
    shift = round(np.log10(factor))
    decimals = max(0, row.number.decimals - shift)
    return {row.id: format_value(truth * factor, decimals)}


def slip_unit(draw: Draw) -> Texts:
    """Print a measurement in another unit, or a proportion as if it were a percentage."""
    statistic, truth = draw.row.statistic, draw.paper.truth[draw.row.id]
    if statistic in MEASURED:
        factor = draw.one_of([10.0, 0.1, 100.0])
    elif draw.row.unit == "%":
        factor = 0.01
    else:
        return {}
    return _scaled(draw.row, factor, truth)


def lose_decimal_sign(draw: Draw) -> Texts:
    """Leave out the decimal sign."""
    number, text = draw.row.number, draw.row.printed
    if not number.decimals:
        return {}
    digits = "".join(sign for sign in text if sign.isdigit()).lstrip("0")
    start = text[: len(text) - len(text.lstrip("<>≤≥ -−–"))]
    return {draw.row.id: start + digits}


def copy_from_above(draw: Draw) -> Texts:
    """Print the limit of the line above."""
    rows = [
        row
        for row in draw.paper.registry.where(draw.row.statistic, locus=draw.row.locus)
        if not row.repeats
    ]
    places = [place for place, row in enumerate(rows) if row.id == draw.row.id]
    if not places or places[0] == 0:
        return {}
    return {draw.row.id: rows[places[0] - 1].printed}


def print_error_as_sd(draw: Draw) -> Texts:
    """Print the standard error of a mean as its standard deviation."""
    sizes = draw.paper.registry.where("n", group=draw.row.group)
    if not sizes or draw.row.repeats:
        return {}
    error = draw.paper.truth[draw.row.id] / np.sqrt(sizes[0].number.value)
    return {draw.row.id: format_value(error, draw.row.number.decimals)}


def invert_estimate(draw: Draw) -> Texts:
    """Print the reciprocal of a ratio, the negative of a coefficient, or 1 - area, alone."""
    return _inverted(draw.row, draw.paper.truth[draw.row.id])


def _inverted(row: ReportedNumber, truth: float) -> Texts:
    decimals = row.number.decimals
    if row.statistic == "coefficient":
        return {row.id: format_value(-truth, decimals)}
    if row.statistic == "auc":
        return {row.id: format_value(1 - truth, decimals)}
    return {row.id: format_value(1 / truth, decimals)} if truth else {}


def reverse_direction(draw: Draw) -> Texts:
    """Print a ratio and its limits for the opposite comparison, under the same label."""
    registry, truth = draw.paper.registry, draw.paper.truth
    texts = invert_estimate(draw)
    limits = [registry.belonging_to(draw.row.id, name) for name in ("ci_low", "ci_high")]
    rows = [next((row for row in found if not row.repeats), None) for found in limits]
    if None in rows or draw.row.repeats:
        return {}
    for row, other in (rows, rows[::-1]):
        if not 0 < truth[other.id] < np.inf:
            return {}
        texts[row.id] = format_value(1 / truth[other.id], row.number.decimals)
    return texts


def swap_labels(draw: Draw) -> Texts:
    """Exchange the labels of two levels: their counts and percentages in all groups."""
    row = draw.row
    rows = [
        other
        for other in draw.paper.registry.where(locus=row.locus, variable=row.variable)
        if other.statistic in ("count", "percent") and not other.repeats
    ]
    levels = list(dict.fromkeys(other.level for other in rows if other.level != row.level))
    level = draw.one_of(levels)
    cells = {(other.statistic, other.level, other.group): other for other in rows}
    texts = {}
    for (statistic, name, group), other in cells.items():
        partner = cells.get((statistic, level if name == row.level else row.level, group))
        if name in (row.level, level) and partner and partner.printed != other.printed:
            texts[other.id] = partner.printed
    return texts


def swap_groups(draw: Draw) -> Texts:
    """Exchange the two groups in one row of a table: all that is printed for them."""
    row = draw.row
    comparisons = draw.paper.registry.where("p_value", locus=row.locus, variable=row.variable)
    pairs = [other.outcome_groups for other in comparisons]
    pair = next((groups for groups in pairs if groups and row.group in groups), None)
    if pair is None:
        return {}
    texts = {}
    for other in draw.paper.registry.where(
        locus=row.locus, variable=row.variable, level=row.level, group=row.group
    ):
        partner = Draw(paper=draw.paper, row=other, rng=draw.rng).counterpart(
            group=pair[1 - pair.index(row.group)]
        )
        if partner is not None and partner.printed != other.printed:
            texts |= {other.id: partner.printed, partner.id: other.printed}
    return texts


def take_other_denominator(draw: Draw) -> Texts:
    """Print the percentage of another group or level total."""
    registry, row = draw.paper.registry, draw.row
    if row.of not in draw.paper.truth or row.repeats:
        return {}
    part = draw.paper.truth[row.id] * draw.paper.truth[row.of] / 100
    sizes = {other.number.value for other in registry.where("n") if other.id in draw.paper.truth}
    same_level = registry.where("count", variable=row.variable, level=row.level)
    sizes |= {other.number.value for other in same_level if row.variable}
    fitting = sorted(size for size in sizes if size >= max(part, 1))
    whole = draw.one_of(fitting)
    return {row.id: format_value(100 * part / whole, row.number.decimals)} if whole else {}


def take_other_p(draw: Draw) -> Texts:
    """Print the p value of another row of the same table or section."""
    rows = draw.neighbours(statistic="p_value")
    other = draw.one_of([row for row in rows if row.printed != draw.row.printed])
    return {draw.row.id: other.printed} if other else {}
