"""Odds ratios beside the 2×2 counts of the same table.

A crude (`univariable`) odds ratio is the cross product of the four counts, and its Wald limits
are Woolf's. An adjusted (`multivariable`) Wald interval is never narrower than Woolf's: at the
maximum of the likelihood the fitted risks of each level add up to its events, and a binomial
variance is largest when these risks are all equal (Robinson and Jewell, Int Stat Rev 1991). Both
statements hold for the same patients; patients with a missing covariate only widen the interval.
"""

import math
from dataclasses import dataclass
from functools import partial

from scipy.stats.contingency import odds_ratio

from rairlib.checks.association import MOST_PATIENTS
from rairlib.checks.cells import CountIndex, count_index, whole_number
from rairlib.checks.lookup import ids, unless_shortened
from rairlib.checks.ratios import OTHER_INTERVALS
from rairlib.checks.regression_estimates import (
    RegressionEstimate,
    exponential,
    regression_estimates,
    under_assumption,
)
from rairlib.checks.rounding import is_rescued, judge, shown
from rairlib.checks.wald import MULTIPLIERS, wald_region
from rairlib.findings import Finding
from rairlib.printed import format_value
from rairlib.reported import Registry, ReportedNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureTable:
    """Patients with a level and with its reference level, with and without the outcome.

    Attributes
    ----------
    level_cases, level_others, reference_cases, reference_others : int
        Patients with the level (or its reference) with and without the outcome.
    uses : tuple of str
        Identifiers of the four counts.
    """

    level_cases: int
    level_others: int
    reference_cases: int
    reference_others: int
    uses: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """The four counts: level, then reference; cases, then others."""
        return self.level_cases, self.level_others, self.reference_cases, self.reference_others

    @property
    def in_words(self) -> str:
        """The counts as two fractions of odds."""
        return (
            f"{self.level_cases}:{self.level_others} against "
            f"{self.reference_cases}:{self.reference_others}"
        )


def crude_odds_ratio(table: ExposureTable) -> float:
    """Multiply four positive counts crosswise."""
    return (table.level_cases * table.reference_others) / (
        table.level_others * table.reference_cases
    )


def woolf_standard_error(table: ExposureTable) -> float:
    """Compute the standard error of the log odds ratio of four positive counts (Woolf 1955)."""
    return math.sqrt(sum(1 / cell for cell in table.cells))


def woolf_limits(table: ExposureTable) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the 95 % limits of the crude odds ratio.

    Parameters
    ----------
    table : ExposureTable
        Four counts, none of which is zero.

    Returns
    -------
    tuple of (float, float)
        Range of the lower and of the upper limit over the multipliers in use.
    """
    log_ratio, error = math.log(crude_odds_ratio(table)), woolf_standard_error(table)
    low = sorted(math.exp(log_ratio - multiplier * error) for multiplier in MULTIPLIERS)
    high = sorted(math.exp(log_ratio + multiplier * error) for multiplier in MULTIPLIERS)
    return (low[0], low[-1]), (high[0], high[-1])


def exposure_table(index: CountIndex, row: ReportedNumber) -> ExposureTable | None:
    """Find the four counts behind a ratio.

    Parameters
    ----------
    index : CountIndex
        Counts of the registry.
    row : ReportedNumber
        A ratio whose level reads ``LEVEL vs REFERENCE`` and whose group reads ``A vs B``.

    Returns
    -------
    ExposureTable or None
        None unless all four counts are printed.
    """
    if row.contrast is None or row.outcome_groups is None:
        return None
    rows = [
        index.counts.get((row.variable, level, group))
        for level in row.contrast
        for group in row.outcome_groups
    ]
    counts = [whole_number(found) for found in rows]
    if any(count is None for count in counts):
        return None
    return ExposureTable(
        level_cases=counts[0],
        level_others=counts[1],
        reference_cases=counts[2],
        reference_others=counts[3],
        uses=ids(*rows),
    )


def _tables(registry: Registry, method: str) -> list[tuple[RegressionEstimate, ExposureTable]]:
    index = count_index(registry)
    pairs = [
        (found, exposure_table(index, found.estimate))
        for found in regression_estimates(registry)
        if found.estimate.statistic == "odds_ratio" and found.estimate.method == method
    ]
    return [(found, table) for found, table in pairs if table is not None]


def check_crude_odds_ratio(registry: Registry) -> list[Finding]:
    """Recompute a univariable odds ratio and its Woolf limits; needs the four counts."""
    findings = []
    for found, table in _tables(registry, "univariable"):
        if min(table.cells) <= 0:
            text = f"{found.printed}: a count of {table.in_words} is zero, no odds ratio exists."
            uses = (found.estimate.id, *table.uses)
            findings.append(Finding(check="crude_odds_ratio", status="open", uses=uses, text=text))
            continue
        findings.append(_crude(found, table))
        findings += _crude_limits(found, table)
    return findings


def _crude(found: RegressionEstimate, table: ExposureTable) -> Finding:
    estimate, crude = found.estimate, crude_odds_ratio(table)
    text = (
        f"{found.printed}: the counts {table.in_words} give "
        f"{format_value(crude, estimate.number.decimals + 1)}."
    )
    finding = judge("crude_odds_ratio", estimate, table.uses, crude, crude, text)
    if finding.status == "agrees":
        return finding
    if estimate.number.agrees(1 / crude):
        rescue = " Its inverse agrees: the ratio is worded in the other direction."
        return under_assumption(finding, False, rescue)
    conditional = crude  # with so many patients both are the same
    if sum(table.cells) <= MOST_PATIENTS:
        cells = [table.cells[:2], table.cells[2:]]
        conditional = odds_ratio(cells, kind="conditional").statistic
    # Programs stop their search for it early: R and scipy differ in the fourth digit.
    ends = 0.999 * conditional, 1.001 * conditional
    agrees = estimate.number.overlaps(*ends) or is_rescued(estimate.number, *ends)
    rescue = " The conditional estimate of Fisher's test agrees."
    return under_assumption(finding, not agrees, rescue)


def _crude_limits(found: RegressionEstimate, table: ExposureTable) -> list[Finding]:
    findings = []
    for limit, (low, high) in zip((found.low, found.high), woolf_limits(table), strict=True):
        if limit is None:
            continue
        text = (
            f"{found.printed}: Woolf's limit from the counts {table.in_words} is "
            f"{shown(low, high, limit.number.decimals + 1)}; printed is {limit.printed}."
        )
        finding = judge("crude_odds_ratio", limit, table.uses, low, high, text)
        findings.append(under_assumption(finding, found.is_wald, OTHER_INTERVALS))
    return findings


def check_adjusted_interval_width(registry: Registry) -> list[Finding]:
    """Hold an adjusted Wald interval against the crude one; needs the four counts and limits."""
    findings = []
    for found, table in _tables(registry, "multivariable"):
        if not found.has_interval or min(table.cells) <= 0:
            continue
        if wald_region(None, *found.limits()):
            findings.append(unless_shortened(partial(_adjusted_width, found, table)))
    return findings


def _adjusted_width(found: RegressionEstimate, table: ExposureTable, shortened: bool) -> Finding:
    error = wald_region(None, *found.limits(shortened)).standard_error()
    crude = woolf_standard_error(table)
    text = (
        f"{found.printed}: the interval's standard error is {shown(*error, 4)} on the log scale; "
        f"the counts {table.in_words} alone give {format_value(crude, 4)}, and adjustment "
        "cannot make a Wald interval narrower."
    )
    uses = (*ids(found.estimate, found.low, found.high), *table.uses)
    if error[1] >= crude - 1e-9:
        return Finding(check="adjusted_interval_width", status="agrees", uses=uses, text=text)
    narrowest = exponential(2 * min(MULTIPLIERS) * crude)
    text += (
        f" The limits would have to differ by a factor of at least {format_value(narrowest, 2)}."
    )
    finding = Finding(check="adjusted_interval_width", status="contradicted", uses=uses, text=text)
    rescue = " Only an interval that is not Wald's could be narrower."
    return under_assumption(finding, found.is_wald, rescue)
