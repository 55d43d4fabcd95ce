"""Printed areas under the ROC curve and what belongs to them.

Sensitivity and specificity belong to an area if they stand in the same comparison and the words
of one variable's name are among those of the other's (``age`` and ``age_54``, ``tumor_diameter``
and ``diameter_29``), or if the comparison has one area and one rule only.
"""

from dataclasses import dataclass

from rairlib.checks.cells import count_index, whole_number
from rairlib.checks.diagnostic import Rule, rules
from rairlib.checks.lookup import attached, ids, originals, outcome_sizes, short_name
from rairlib.checks.rounding import float_limits, is_plain
from rairlib.checks.wald import Interval
from rairlib.reported import Registry, ReportedNumber

# Above this, software and authors write a limit beyond 1 as 0.999, 1 or 1.000.
CUT_OFF_LIMIT = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedArea:
    """An area under the ROC curve and what belongs to it.

    Attributes
    ----------
    row : ReportedNumber
        The area.
    low, high : ReportedNumber or None
        Its limits.
    sizes : tuple of ReportedNumber or None
        Sizes of the groups with and without the outcome, where both are printed.
    rules : tuple of Rule
        Rules whose sensitivity and specificity belong to the area.
    certain : bool
        Whether the rule's variable is the score, or the score with its cut-off behind it.
    """

    row: ReportedNumber
    low: ReportedNumber | None
    high: ReportedNumber | None
    sizes: tuple[ReportedNumber, ReportedNumber] | None
    rules: tuple[Rule, ...]
    certain: bool

    @property
    def printed(self) -> str:
        """Name, area and interval as printed."""
        limits = f" ({self.low.printed} to {self.high.printed})" if self.has_interval else ""
        return f"{short_name(self.row)} {self.row.printed}{limits}, {self.row.group}"

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def is_cut_off(self) -> bool:
        """Whether the upper limit may stand for a value beyond 1."""
        return proportion(self.high)[1] >= CUT_OFF_LIMIT

    @property
    def counts(self) -> tuple[int, int]:
        """Patients with and without the outcome."""
        return tuple(whole_number(size) for size in self.sizes)

    @property
    def uses(self) -> tuple[str, ...]:
        """Identifiers of area, limits and group sizes."""
        return ids(self.row, self.low, self.high, *(self.sizes or ()))


def print_scale(row: ReportedNumber) -> float:
    """Return 100 for an area or limit printed in percent, 1 for a proportion."""
    return 100.0 if row.unit == "%" or row.number.value > 2 else 1.0


def proportion(row: ReportedNumber, shortened: bool = False) -> Interval:
    """Return the values behind a print as proportions, even if it is in percent."""
    scale = print_scale(row)
    low, high = float_limits(row.number, shortened)
    return low / scale, high / scale


def printed_areas(registry: Registry) -> list[PrintedArea]:
    """Collect areas with their limits, group sizes and rules.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of PrintedArea
        In order of appearance, without repeats.
    """
    index = count_index(registry)
    rows = originals(registry, "auc")
    all_rules = rules(registry, index)
    found = []
    for row in rows:
        low, high = (attached(registry, row, limit) for limit in ("ci_low", "ci_high"))
        if any(limit is not None and not is_plain(limit) for limit in (low, high)):
            low = high = None
        belonging = _rules_of(row, rows, all_rules)
        found.append(
            PrintedArea(
                row=row,
                low=low,
                high=high,
                sizes=outcome_sizes(index, row),
                rules=belonging,
                certain=any(_is_cut_score(rule, row) for rule in belonging),
            )
        )
    return found


def _rules_of(
    row: ReportedNumber, areas: list[ReportedNumber], all_rules: list[Rule]
) -> tuple[Rule, ...]:
    here = [rule for rule in all_rules if rule.first.group == row.group and _measures_both(rule)]
    cut = [rule for rule in here if _is_cut_score(rule, row)]
    named = [rule for rule in here if _share_name(rule.first.variable, row.variable)]
    if cut or named:
        return tuple(cut or named)
    alone = len(here) == 1 and sum(area.group == row.group for area in areas) == 1
    return tuple(here) if alone else ()


def _is_cut_score(rule: Rule, row: ReportedNumber) -> bool:
    variable = rule.first.variable
    return variable == row.variable or variable.startswith(f"{row.variable}_")


def _share_name(first: str, second: str) -> bool:
    words, others = _words(first), _words(second)
    return bool(words and others) and (words <= others or others <= words)


def _measures_both(rule: Rule) -> bool:
    statistics = {figure.row.statistic for figure in rule.figures}
    return {"sensitivity", "specificity"} <= statistics


def _words(variable: str) -> set[str]:
    return {word for word in variable.split("_") if word and not word.isdigit()}
