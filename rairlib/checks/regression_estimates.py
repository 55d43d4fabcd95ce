"""Estimates of regressions with their limits and p value, on the log scale."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

from rairlib.checks.lookup import attached, originals, short_name
from rairlib.checks.rounding import float_limits, is_plain
from rairlib.checks.wald import Interval, wald_region
from rairlib.findings import Finding
from rairlib.reported import Registry, ReportedNumber
from rairlib.vocabulary import RATIOS

WALD = ("wald", "wald exp")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionEstimate:
    """A printed ratio or coefficient and what belongs to it.

    Attributes
    ----------
    estimate : ReportedNumber
        Odds ratio, hazard ratio or coefficient.
    low, high, p : ReportedNumber or None
        Its limits and its p value.
    """

    estimate: ReportedNumber
    low: ReportedNumber | None
    high: ReportedNumber | None
    p: ReportedNumber | None

    @property
    def is_ratio(self) -> bool:
        """Whether the estimate is a ratio, whose logarithm is the coefficient."""
        return self.estimate.statistic in RATIOS

    @property
    def limits_are_ratios(self) -> bool:
        """Whether the limits are of the ratio, or of exp(coefficient)."""
        methods = {row.method for row in (self.estimate, self.low, self.high) if row is not None}
        return self.is_ratio or "wald exp" in methods

    @property
    def has_interval(self) -> bool:
        """Whether both limits are printed."""
        return self.low is not None and self.high is not None

    @property
    def is_wald(self) -> bool:
        """Whether the registry says that the printed interval is a Wald interval."""
        rows = [row for row in (self.low, self.high) if row is not None]
        if self.estimate.method in WALD:
            return True
        return bool(rows) and all(row.method in WALD for row in rows)

    @property
    def printed(self) -> str:
        """What is printed, in words: name, estimate and interval."""
        row, limits = self.estimate, ""
        if self.has_interval:
            limits = f" ({self.low.printed} to {self.high.printed})"
        return f"{short_name(row)} {row.printed}{limits}"

    def coefficient(self, shortened: bool = False) -> Interval:
        """Values of the coefficient that round (or could be shortened) to the estimate."""
        return _scaled(self.estimate, self.is_ratio, shortened)

    def limits(self, shortened: bool = False) -> tuple[Interval, Interval]:
        """Values of both limits, on the scale of the coefficient."""
        low, high = (
            _scaled(row, self.limits_are_ratios, shortened) for row in (self.low, self.high)
        )
        return low, high


def _scaled(row: ReportedNumber, is_ratio: bool, shortened: bool) -> Interval:
    ends = float_limits(row.number, shortened)
    return (logarithm(ends[0]), logarithm(ends[1])) if is_ratio else ends


def logarithm(value: float) -> float:
    """Natural logarithm, minus infinity for zero and for what rounds to it from below."""
    return math.log(value) if value > 0 else -math.inf


def exponential(value: float) -> float:
    """Exponential function, infinite where it overflows."""
    return math.exp(value) if value < 700 else math.inf


@lru_cache(maxsize=2)
def regression_estimates(registry: Registry) -> list[RegressionEstimate]:
    """Collect ratios and coefficients with their limits and p values.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of RegressionEstimate
        In order of appearance; repeats, inequalities and approximations are left out.
    """
    found = []
    for row in originals(registry, (*RATIOS, "coefficient")):
        low, high = (_plain(attached(registry, row, limit)) for limit in ("ci_low", "ci_high"))
        p = attached(registry, row, "p_value")
        found.append(RegressionEstimate(estimate=row, low=low, high=high, p=p))
    return found


def _plain(row: ReportedNumber | None) -> ReportedNumber | None:
    return row if row is not None and is_plain(row) else None


def other_level(found: RegressionEstimate) -> str:
    """Name the other level of confidence at which interval and p value fit, as a sentence.

    Parameters
    ----------
    found : RegressionEstimate
        An estimate with its interval.

    Returns
    -------
    str
        Empty where they fit at 95 %, at no other usual level, or where no p value is printed.
    """
    if not found.has_interval or found.p is None:
        return ""
    printed = found.coefficient(), *found.limits(), (found.p.number.low, found.p.number.high)
    if wald_region(*printed):
        return ""
    for level in (90, 99):
        multiplier = NormalDist().inv_cdf(0.5 + level / 200)
        if wald_region(*printed, multipliers=(multiplier,)):
            return f" Read as a {level} % interval it fits p {found.p.printed}."
    return ""


def under_assumption(finding: Finding, declared: bool, rescue: str) -> Finding:
    """Turn a proof into a suggestion where its assumption is not declared.

    Parameters
    ----------
    finding : Finding
        Outcome under the assumption.
    declared : bool
        Whether the registry says that the assumption holds.
    rescue : str
        What else could explain the print; added to the text.

    Returns
    -------
    Finding
        Unchanged unless it is an undeclared contradiction.
    """
    if declared or finding.status != "contradicted":
        return finding
    return replace(finding, status="suggests", text=finding.text + rescue)
