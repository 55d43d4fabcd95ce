"""Sensitivity, specificity, predictive values and accuracy: is there a 2×2 table behind them.

A set of figures that no table of whole patients can show is ``contradicted``; the proof is the
enumeration of all tables with the printed group sizes. Where cutting digits off or rounding twice
would rescue the set, it is ``suggests``. A figure is blamed only if the others agree without it.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import chain, combinations
from operator import and_

import numpy as np

from rairlib.checks.cells import (
    CUT_OFF_SIGNS,
    MISSING,
    CountIndex,
    count_index,
    instead_of_shortened,
    kindly,
    originals,
    outcome_sizes,
    unless_shortened,
    values_of,
    whole_number,
    whole_of,
)
from rairlib.checks.findings import Finding, check, conclude
from rairlib.checks.regressions import Interval
from rairlib.checks.rounding import BEYOND_RANGE, SHORTENED, float_limits, judge, shown
from rairlib.registry.printed import format_value
from rairlib.registry.registry import Registry, ReportedNumber
from rairlib.registry.vocabulary import PERFORMANCE

# --- The integer 2×2 tables behind sensitivity, specificity, PPV, NPV and accuracy ------------
# With fixed numbers of patients with and without the outcome, true positives and true negatives
# are the only unknowns. All their values are listed, and each printed figure keeps those tables
# whose value rounds to it.


# Beyond this number of tables the enumeration would be slow.
MOST_TABLES = 1_000_000
MEASURED = ("sensitivity", "specificity")
SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationTables:
    """All tables of a rule in groups of known size.

    Attributes
    ----------
    with_outcome, without_outcome : int
        Patients with and without the outcome.
    """

    with_outcome: int
    without_outcome: int

    @property
    def true_positives(self) -> np.ndarray:
        """Possible counts as a column, so that formulas broadcast over all tables."""
        return np.arange(self.with_outcome + 1)[:, None]

    @property
    def true_negatives(self) -> np.ndarray:
        """Possible counts as a row."""
        return np.arange(self.without_outcome + 1)[None, :]

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
    """List all (with_outcome + 1) × (without_outcome + 1) tables; None if there are too many."""
    if (with_outcome + 1) * (without_outcome + 1) > MOST_TABLES:
        return None
    return ClassificationTables(with_outcome=with_outcome, without_outcome=without_outcome)


@lru_cache(maxsize=16)
def _percentages(with_outcome: int, without_outcome: int, statistic: str) -> np.ndarray:
    tp, tn = np.indices((with_outcome + 1, without_outcome + 1))
    fp, fn = without_outcome - tn, with_outcome - tp
    numerator, denominator = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, tp + fn + tn + fp),
    }[statistic]
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * numerator / denominator


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
    def printed(self) -> str:
        """Name and print, for example ``PPV 81.58 %``."""
        unit = " %" if self.row.unit == "%" else ""
        return f"{self.label} {self.row.printed}{unit}"

    def agreeing(self, shortened: bool = False) -> np.ndarray:
        """Mark the tables whose value is printed like this, or so with digits cut off."""
        low, high = float_limits(self.row.number, shortened)
        slack = SLACK * max(1.0, abs(self.row.number.value))
        return (self.values >= low - slack) & (self.values <= high + slack)

    def possible(self, mask: np.ndarray | bool = True) -> np.ndarray:
        """Return the sorted values in the marked tables."""
        chosen = self.values[np.broadcast_to(mask, self.values.shape)]
        return np.unique(chosen[np.isfinite(chosen)])


def _scale(row: ReportedNumber) -> float:
    """Return 100 for a figure in percent, 1 for a proportion."""
    return 1.0 if row.unit != "%" and row.number.value <= 1 else 100.0


def agreeing_with_all(figures: list[PrintedFigure], shortened: bool = False) -> np.ndarray | bool:
    """Mark the tables that agree with every figure; True if there is none to agree with."""
    return reduce(and_, (figure.agreeing(shortened) for figure in figures), True)


def exchange(figures: list[PrintedFigure]) -> str:
    """Name two figures that agree with all others once they are exchanged, as a sentence."""
    for first, second in combinations(figures, 2):
        if "count" in (first.row.statistic, second.row.statistic):
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
    """Find the fewest figures that no table can show together, or none."""
    return next((chosen for chosen, mask in _subsets(figures) if not np.any(mask)), [])


def smallest_source(target: PrintedFigure, others: list[PrintedFigure]) -> list[PrintedFigure]:
    """Find the fewest other figures (preferred first) that leave one value for a figure, else all.

    Sensitivity and specificity together are preferred: they are what studies measure.
    """
    measured = [figure for figure in others if figure.row.statistic in MEASURED]
    prefers = target.row.statistic != "count" and len(measured) == len(MEASURED)
    preferred = [(measured, agreeing_with_all(measured))] if prefers else []
    for chosen, mask in chain(preferred, _subsets(others)):
        if len(target.possible(mask)) == 1:
            return chosen
    return others


def _subsets(figures: list[PrintedFigure]) -> Iterator[tuple[list[PrintedFigure], np.ndarray]]:
    """Yield each selection, the smallest first, with the tables that agree with all of it."""
    marked = [(figure, figure.agreeing()) for figure in figures]
    for size in range(1, len(figures) + 1):
        for chosen in combinations(marked, size):
            figures, masks = zip(*chosen, strict=True)
            yield list(figures), np.logical_and.reduce(masks)


# --- Sensitivity, specificity, predictive values and accuracy: is there a 2×2 table behind them ---


FOUR = ("sensitivity", "specificity", "ppv", "npv")
PREDICTIVE = FOUR[2:]
# A prevalence nearer to that of the groups may be one of the patients with a value.
APART = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that calls patients positive, in one comparison, and its printed figures.

    Attributes
    ----------
    figures : list of PrintedFigure
        One per statistic: sensitivity, specificity, PPV, NPV, accuracy.
    sizes : tuple of ReportedNumber
        Sizes of the groups with and without the outcome.
    tables : ClassificationTables
        All tables with these sizes.
    index : CountIndex
        Counts and group sizes of the paper.
    """

    figures: list[PrintedFigure]
    sizes: tuple[ReportedNumber, ReportedNumber]
    tables: ClassificationTables
    index: CountIndex

    @property
    def first(self) -> ReportedNumber:
        """The first printed figure, which names rule and groups."""
        return self.figures[0].row

    @property
    def in_words(self) -> str:
        """Name of the rule and the sizes of its groups."""
        rule = " ".join(text for text in (self.first.variable, self.first.level) if text)
        with_outcome, without = (whole_number(size) for size in self.sizes)
        return f"{rule} in {with_outcome} patients with and {without} without the outcome"

    def counted(self, group: str) -> ReportedNumber | None:
        """Return the printed count of the rule's level in a group."""
        return self.index.counts.get((self.first.variable, self.first.level, group))

    @property
    def positives(self) -> list[int | None]:
        """Printed numbers of patients called positive, with and without the outcome."""
        return [whole_number(self.counted(group)) for group in self.first.outcome_groups]

    def rows(self, figures: list[PrintedFigure] | None = None) -> tuple[ReportedNumber, ...]:
        """Return the rows of some figures (of all if left out) and the group sizes."""
        chosen = self.figures if figures is None else figures
        return (*(figure.row for figure in chosen), *self.sizes)


@lru_cache(maxsize=2)
def rules(registry: Registry, index: CountIndex) -> list[Rule]:
    """Collect the printed figures of each rule in each comparison.

    Parameters
    ----------
    registry : Registry
        The printed numbers.
    index : CountIndex
        Its counts and group sizes.

    Returns
    -------
    list of Rule
        Those in groups of known size, of which the first row of each statistic is taken.
    """
    found = []
    for rows, sizes in _figures_by_rule(registry, index):
        tables = classification_tables(*map(whole_number, sizes)) if sizes else None
        if tables is None:
            continue
        figures = [
            PrintedFigure(
                row=row,
                label=row.statistic.upper() if row.statistic in ("ppv", "npv") else row.statistic,
                values=tables.percentages(row.statistic) * (_scale(row) / 100),
            )
            for row in rows
        ]
        measured = [each for each in figures if each.row.statistic not in PREDICTIVE]
        none, some = (not np.any(agreeing_with_all(each)) for each in (figures, measured))
        if none and not some and not exchange(figures) and _other_prevalence(index, rows):
            figures = measured
        found.append(Rule(figures=figures, sizes=sizes, tables=tables, index=index))
    return found


def _figures_by_rule(registry: Registry, index: CountIndex) -> list[tuple[list, tuple | None]]:
    """List the rows of each rule, in the order of the vocabulary, with its group sizes if known."""
    grouped: dict[tuple, dict[str, ReportedNumber]] = defaultdict(dict)
    # Resampled or weighted figures are no shares of these patients.
    apparent = (r for r in originals(registry, PERFORMANCE) if r.method != "bootstrap")
    for row in (row for row in apparent if not row.modifiers):
        grouped[row.variable, row.level, row.group, row.method].setdefault(row.statistic, row)
    listed = ([rows[name] for name in PERFORMANCE if name in rows] for rows in grouped.values())
    return [(rows, outcome_sizes(index, rows[0])) for rows in listed]


def printed_list(figures: list[PrintedFigure]) -> str:
    """List figures as printed, for example ``sensitivity 62.00 %, PPV 81.58 %``."""
    return ", ".join(figure.printed for figure in figures)


@check("sensitivity and specificity", "possibility")
def check_classification_table(registry: Registry) -> Iterator[Finding]:
    """Search the 2×2 tables that show all figures of a rule; needs the two group sizes."""
    index = count_index(registry)
    found = rules(registry, index)
    yield from map(_existence, found)
    kept = {figure.row.id for rule in found for figure in rule.figures}
    for rows, sizes in _figures_by_rule(registry, index):
        if sizes and not kept.issuperset(row.id for row in rows) and _other_prevalence(index, rows):
            prevalence = format_value(100 * _other_prevalence(index, rows), 1)
            text = f"PPV and NPV of {rows[0].variable} are those at a prevalence of {prevalence} %."
            reading = f"at a prevalence of {prevalence} %"
            yield conclude("open", text, *rows, *sizes, reading=reading)
    for rows, sizes in _figures_by_rule(registry, index):
        if sizes and classification_tables(*map(whole_number, sizes)) is None:
            text = f"The groups are so large that the 2×2 tables were not listed: {BEYOND_RANGE}."
            yield conclude("open", text, *rows, *sizes)


def _existence(rule: Rule) -> Finding:
    mask = agreeing_with_all(rule.figures)
    number = np.count_nonzero(mask)
    text = f"{rule.in_words}: {printed_list(rule.figures)}. "
    if number == 0:
        return _no_table(rule, text)
    if number == 1:
        text += f"Exactly one table agrees: {rule.tables.in_words(mask)}."
        return conclude("agrees", text, *rule.rows())
    text += f"{number} tables agree, for example {rule.tables.in_words(mask)}."
    # A lone figure may be printed so coarsely that any value has its table.
    values, printed = rule.figures[0].possible(), rule.first.number
    coarse = len(rule.figures) == 1 and np.diff(values).max() <= 10.0**-printed.decimals
    return conclude("open" if coarse else "agrees", text, *rule.rows())


def _no_table(rule: Rule, text: str) -> Finding:
    *others, last = smallest_conflict(rule.figures)
    text += f"No table of whole patients shows {printed_list([*others, last])}"
    text += f" together: with {printed_list(others)}, " if others else ": "
    text += f"{last.label} could be {nearest_values(last, agreeing_with_all(others))}."
    text += exchange(rule.figures) or _other_denominator(rule, last, *rule.positives)
    finding = conclude("contradicted", text, *rule.rows([*others, last]))
    rescued = np.any(agreeing_with_all(rule.figures, shortened=True))
    return _unless_fewer(finding.doubted(SHORTENED, rescued), rule, [*others, last], rule.figures)


# --- The same in groups of which some patients have no value ----------------------------------
# The figures are then of fewer patients with and without the outcome, at most as many as the groups
# have. In each group sizes and positives that its own figure allows are listed, and every pair of
# them is held against the figures of both. Where no pair fits, the contradiction is a proof.


MOST_PAIRS = 50_000_000
"""Pairs of what either group allows up to which all are tried."""


def _unless_fewer(finding: Finding, rule: Rule, *sets: list[PrintedFigure]) -> Finding:
    """Weaken a proof where a table of fewer patients shows its figures, and name its sizes.

    Several sets of figures are tried, the last of all: where none of these has a table of any
    size, its figures together are the proof.
    """
    if finding.status != "contradicted":
        return finding
    sizes, groups = rule.sizes, rule.first.outcome_groups
    values = [values_of(rule.index, rule.first, *each) for each in zip(sizes, groups, strict=True)]
    printed = [range(n, n + 1) for n in map(whole_number, sizes)]
    if values == printed:
        return finding
    for figures in sets:
        rows = [figure.row for figure in figures]
        kinds = ("sensitivity", groups[0], False), ("specificity", groups[1], True)
        sides = [_side(each, rows, *kind) for each, kind in zip(values, kinds, strict=True)]
        if math.prod(len(size) for size, _ in sides) > MOST_PAIRS:
            return finding.doubted(MISSING)
        found = _largest_sizes(*sides, [row for row in rows if _is_joint(row, groups)])
        if found is None:
            uses = dict.fromkeys(row.id for row in rule.rows(figures))
            return replace(finding, uses=tuple(name for name in uses if name != finding.target))
    remark = f" In {found[0]} patients with and {found[1]} without the outcome they would fit."
    return finding.doubted(remark + MISSING)


def _is_joint(row: ReportedNumber, groups: tuple[str, str]) -> bool:
    return row.statistic not in MEASURED and not (row.statistic == "count" and row.group in groups)


def _side(values: range, rows, statistic: str, group: str, negatives: bool) -> tuple:
    """List sizes of a group, the largest first, and positives in it that its figures allow."""
    size = np.array(values[::-1])
    first, last = np.zeros(len(size)), size.astype(float)
    for row in rows:
        low, high = float_limits(row.number)
        if row.statistic == statistic:
            shares = [end / _scale(row) for end in (low, high)]
            # 100.0 stands for values up to 100.05: the complement may begin below 0.
            shares = [1 - share for share in reversed(shares)] if negatives else shares
            first = np.maximum(first, np.ceil(shares[0] * size - SLACK))
            last = np.minimum(last, np.floor(shares[1] * size + SLACK))
        elif row.statistic == "count" and row.group == group:
            first, last = np.maximum(first, low), np.minimum(last, high)
    number = np.maximum(0, last - first + 1).astype(int)
    if number.sum() > MOST_PAIRS:
        return np.empty(MOST_PAIRS + 1, np.int8), None
    places = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    return np.repeat(size, number), np.repeat(first, number).astype(int) + places


def _largest_sizes(first: tuple, second: tuple, rows: list) -> tuple[int, int] | None:
    """Find the sizes, most patients in both together, with which figures of both groups agree."""
    (n1, tp), (n2, fp) = first, second
    best, block = None, max(1, 1_000_000 // max(1, len(n2)))
    for start in range(0, len(n1) if len(n2) else 0, block):
        size, positives = (each[start : start + block, None] for each in (n1, tp))
        if best and size[0, 0] + n2[0] <= sum(best):
            break
        masks = (_agrees(row, size, positives, n2, fp) for row in rows)
        places = np.argwhere(reduce(and_, masks, np.ones((len(size), len(n2)), bool)))
        if len(places):
            total = size[places[:, 0], 0] + n2[places[:, 1]]
            here, there = places[np.argmax(total)]
            found = int(size[here, 0]), int(n2[there])
            best = max(best or found, found, key=sum)
    return best


def _agrees(row: ReportedNumber, n1, tp, n2, fp) -> np.ndarray:
    """Mark where a predictive value, the accuracy or the count of all positives is printed so."""
    part, whole = {
        "ppv": (tp, tp + fp),
        "npv": (n2 - fp, n2 - fp + n1 - tp),
        "accuracy": (tp + n2 - fp, n1 + n2),
        "count": (tp + fp, 1),
    }[row.statistic]
    low, high = float_limits(row.number)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (1.0 if row.statistic == "count" else _scale(row)) * part / whole
    slack = SLACK * max(1.0, abs(row.number.value))
    return (value >= low - slack) & (value <= high + slack)


def nearest_values(figure: PrintedFigure, mask: np.ndarray | bool) -> str:
    """Write the attainable values on both sides of the printed one."""
    values = figure.possible(mask)
    printed, decimals = figure.row.number.value, figure.row.number.decimals + 1
    ends = [*values[values <= printed][-1:], *values[values > printed][:1]]
    return " or ".join(shown(end, end, decimals) for end in ends)


@check("sensitivity and specificity", "independent")
def check_classification_figures(registry: Registry) -> Iterator[Finding]:
    """Derive each figure of a rule from the others; needs two figures and the group sizes."""
    for rule in rules(registry, count_index(registry)):
        for target in rule.figures:
            others = [figure for figure in rule.figures if figure is not target]
            if finding := derive_figure(rule, target, others):
                yield finding


def derive_figure(rule: Rule, target: PrintedFigure, others: list[PrintedFigure]) -> Finding | None:
    """Derive a figure of a rule from the fewest others (the preferred first) that determine it.

    None if the others restrict nothing, or if they disagree among themselves and so cannot blame
    the target.
    """
    source = smallest_source(target, others)
    mask = agreeing_with_all(source)
    allowed, everything = target.possible(mask), target.possible()
    if not len(allowed) or np.ptp(allowed) >= np.ptp(everything):
        return None
    nearest = allowed[np.argmin(np.abs(allowed - target.row.number.value))]
    ends = float(allowed[0]), float(allowed[-1])
    decimals = 0 if target.row.statistic == "count" else target.row.number.decimals + 1
    text = (
        f"{rule.in_words}: {printed_list(source)} give{'s' * (len(source) == 1)} {target.label} "
        f"{shown(*ends, decimals)}; printed is {target.row.printed}."
    )
    known = rule.positives
    if np.count_nonzero(mask) == 1:
        text += f" The only table is {rule.tables.in_words(mask)}."
        tp, tn = (int(place[0]) for place in np.nonzero(mask))
        known = tp, rule.tables.without_outcome - tn
    # Between two attainable values there is nothing, so the nearest one decides.
    finding = judge(target.row, rule.rows(source), nearest, nearest, text)
    finding = replace(finding, low=ends[0], high=ends[1])
    if finding.text.endswith(SHORTENED):
        sets = [target, *source], [target, *others]
        return instead_of_shortened(finding, lambda each: _unless_fewer(each, rule, *sets))
    if finding.status != "contradicted":
        return finding
    if not np.any(agreeing_with_all(others)):
        return None
    text += exchange([target, *others]) or _other_denominator(rule, target, *known)
    rescued = np.any(agreeing_with_all([target, *others], shortened=True))
    finding = replace(finding, text=text).doubted(SHORTENED, rescued)
    return _unless_fewer(finding, rule, [target, *source], [target, *others])


def _other_denominator(rule: Rule, target: PrintedFigure, tp: int | None, fp: int | None) -> str:
    """Name the printed size that gives a figure of known patients, as a sentence."""
    with_outcome, without = rule.tables.with_outcome, rule.tables.without_outcome
    tn = None if fp is None else without - fp
    both = None if None in (tp, tn) else tp + tn
    counts = {"sensitivity": tp, "ppv": tp, "specificity": tn, "npv": tn, "accuracy": both}
    count, everyone = counts.get(target.row.statistic), with_outcome + without
    sizes = {whole_number(row): group for group, row in rule.index.sizes.items()}
    sizes |= {with_outcome: "with the outcome", without: "without it", everyone: "all"}
    if both is not None:
        sizes |= {tp + fp: "called positive", everyone - tp - fp: "called negative"}
    for size, name in sizes.items() if count is not None else ():
        value = _scale(target.row) * count / size if size else np.nan
        if target.row.number.agrees(value):
            decimals = target.row.number.decimals
            return f" {count} of {size} ({name}) would be {shown(value, value, decimals)}."
    return ""


@check("sensitivity and specificity", "bookkeeping")
def check_predictive_values(registry: Registry) -> Iterator[Finding]:
    """Derive NPV without group sizes; needs sensitivity, specificity and PPV of one rule."""
    for rows, sizes in _figures_by_rule(registry, count_index(registry)):
        by_name = {row.statistic: row for row in rows}
        if sizes is None and set(FOUR) <= by_name.keys():
            yield unless_shortened(_predictive_value, *(by_name[name] for name in FOUR))


def _other_prevalence(index: CountIndex, rows: list[ReportedNumber]) -> float:
    """Return the prevalence at which PPV and NPV go with sensitivity and specificity, 0 if none."""
    by_name = {row.statistic: row for row in rows}
    four = [by_name[name] for name in FOUR if name in by_name]
    if len(four) < len(FOUR) or _predictive_value(*four, False).status != "agrees":
        return 0.0
    sensitivity, specificity, ppv, _ = (row.number.value / _scale(row) for row in four)
    odds = ppv * (1 - specificity) / ((1 - ppv) * sensitivity)
    prevalence = odds / (1 + odds)
    sizes = [whole_number(size) for size in outcome_sizes(index, four[0])]
    return prevalence if abs(prevalence - sizes[0] / sum(sizes)) > APART else 0.0


def npv_limits(sensitivity: Interval, specificity: Interval, ppv: Interval) -> Interval | None:
    """Return the limits of NPV, whatever the share of patients with the outcome.

    Parameters
    ----------
    sensitivity, specificity, ppv : (float, float)
        Smallest and largest value, as proportions.

    Returns
    -------
    (float, float) or None
        PPV gives the odds of the outcome, PPV (1 - specificity) / ((1 - PPV) sensitivity); NPV
        rises with sensitivity and specificity and falls as PPV grows, so that both ends are
        attained. None where a value of 0 or 1 leaves the odds open.
    """
    if min(sensitivity[0], ppv[0], specificity[0]) <= 0 or max(ppv[1], specificity[1]) >= 1:
        return None
    first, second, third = map(np.array, (sensitivity, specificity, ppv[::-1]))
    odds = third * (1 - second) / ((1 - third) * first)
    low, high = (second / (second + (1 - first) * odds)).tolist()
    return low, high


def _predictive_value(sensitivity, specificity, ppv, npv, shortened: bool) -> Finding:
    rows = sensitivity, specificity, ppv
    values = [
        tuple(end / _scale(row) for end in float_limits(row.number, shortened)) for row in rows
    ]
    limits, printed = npv_limits(*values), ", ".join(f"{r.statistic} {r.printed}" for r in rows)
    text = f"{npv.variable} {npv.level}: {printed}".replace("ppv", "PPV")
    if limits is None:
        return conclude("open", f"{text}.", *rows, npv)
    low, high = (_scale(npv) * end for end in limits)
    text += (
        f" give NPV {shown(low, high, npv.number.decimals)} whatever the group sizes; printed is "
        f"{npv.printed}."
    )
    return judge(npv, rows, low, high, text)


def _likelihood_ratios(registry: Registry) -> Iterator[tuple]:
    for row in originals(registry, ("likelihood_ratio_positive", "likelihood_ratio_negative")):
        place = {name: getattr(row, name) for name in ("variable", "level", "group")}
        rows = [originals(registry, name, **place)[:1] for name in MEASURED]
        if all(rows) and not row.modifiers:
            yield row, *(first for (first,) in rows)


@check("sensitivity and specificity", "bookkeeping", each=_likelihood_ratios)
@kindly
def check_likelihood_ratios(row: ReportedNumber, sensitivity, specificity, shortened: bool):
    """Recompute likelihood ratios; needs sensitivity and specificity of the same rule."""
    first, second = (
        tuple(end / _scale(each) for end in float_limits(each.number, shortened))
        for each in (sensitivity, specificity)
    )
    if row.statistic == "likelihood_ratio_positive":
        formula, above, below = (
            "sensitivity / (1 - specificity)",
            first,
            (1 - second[1], 1 - second[0]),
        )
    else:
        formula, above, below = (
            "(1 - sensitivity) / specificity",
            (1 - first[1], 1 - first[0]),
            second,
        )
    low = max(0.0, above[0]) / max(below[1], SLACK)
    high = above[1] / below[0] if below[0] > 0 else math.inf
    text = (
        f"{row.variable} {row.level}, sensitivity {sensitivity.printed} and specificity "
        f"{specificity.printed}: {formula} is {shown(low, high, row.number.decimals + 1)}; printed "
        f"is {row.printed}."
    )
    return judge(row, (sensitivity, specificity), low, high, text)


# --- Sensitivity, specificity and the rest beside the counts of the same rule -----------------
# The counts of a level in the two outcome groups are the true and the false positives of the rule
# that calls this level positive. Where the level is one side of a cut-off, a mismatch in one
# direction can come from patients who lie exactly on it (``>`` in one place, ``≥`` in the other):
# it is then ``suggests``, and both readings are named. Other mismatches are ``contradicted``.


def rule_counts(rule: Rule) -> list[PrintedFigure]:
    """Find the printed counts of the rule's positives with the outcome, without it, and of all."""
    tables, groups = rule.tables, rule.first.outcome_groups
    true_positives, true_negatives = np.indices(rule.figures[0].values.shape)
    false_positives = tables.without_outcome - true_negatives
    whole = whole_of(rule.index, groups)
    values = dict(zip(groups, (true_positives, false_positives), strict=True))
    if whole is not None:
        values[whole.group] = true_positives + false_positives
    return [
        PrintedFigure(row=row, label=f"count of {row.level} in {group}", values=values[group])
        for group in values
        if whole_number(row := rule.counted(group)) is not None
    ]


@check("sensitivity and specificity", "independent")
def check_rule_counts(registry: Registry) -> Iterator[Finding]:
    """Derive figures of a rule and counts of its level from each other; needs group sizes."""
    for rule in rules(registry, count_index(registry)):
        counts = rule_counts(rule)
        derived = list(_derived(rule, counts)) if counts else []
        yield from derived
        if counts and all(finding.status == "agrees" for finding in derived):
            yield from _conflict(rule, counts)


def _derived(rule: Rule, counts: list[PrintedFigure]) -> Iterator[Finding]:
    counted = {count.row.id for count in counts}
    for target in [*rule.figures, *counts]:
        is_count = target.row.statistic == "count"
        evidence = [*rule.figures, *counts] if is_count else [*counts, *rule.figures]
        others = [figure for figure in evidence if figure is not target]
        finding = derive_figure(rule, target, others)
        if finding and counted & {finding.target, *finding.uses}:
            yield _excuse_cut_off(finding, rule, counts)


def _conflict(rule: Rule, counts: list[PrintedFigure]) -> Iterator[Finding]:
    """Report counts and figures that have no common table while no single one is to blame."""
    everything = [*counts, *rule.figures]
    if np.any(agreeing_with_all(everything)) or not np.any(agreeing_with_all(rule.figures)):
        return
    conflict = smallest_conflict(everything)
    text = (
        f"{rule.in_words}: no table has {printed_list(conflict)}, and more than one of the "
        f"printed numbers disagrees: {printed_list(everything)}.{exchange(everything)}"
    )
    finding = conclude("contradicted", text, *rule.rows(conflict))
    rescued = np.any(agreeing_with_all(everything, shortened=True))
    finding = _unless_fewer(finding.doubted(SHORTENED, rescued), rule, conflict, everything)
    yield _excuse_cut_off(finding, rule, counts)


def _excuse_cut_off(finding: Finding, rule: Rule, counts: list[PrintedFigure]) -> Finding:
    """Weaken a contradiction that patients exactly on the cut-off would explain."""
    if finding.status != "contradicted" or not rule.first.level.startswith(CUT_OFF_SIGNS):
        return finding
    shifts = np.array([count.values - count.row.number.value for count in counts])
    for sign, wording in ((-1, "fewer"), (1, "more")):
        mask = (sign * shifts >= 0).all(axis=0) & agreeing_with_all(rule.figures)
        if np.any(mask):
            implied = ", ".join(
                f"{count.label} {count.possible(mask)[0]:.0f} (printed {count.row.printed})"
                for count in counts
            )
            return finding.doubted(
                f" The figures need {wording} positives than are counted: {implied}."
                " Patients exactly on the cut-off would explain it, if one place uses a strict "
                "and the other a non-strict inequality; otherwise one of the numbers is wrong."
            )
    return finding
