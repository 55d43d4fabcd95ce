"""Printed Kaplan-Meier rates with their times and the sizes of their groups."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from rairlib.checks.cells import count_index, whole_number
from rairlib.checks.lookup import originals
from rairlib.checks.rounding import float_limits
from rairlib.checks.wald import Interval
from rairlib.reported import Registry, ReportedNumber
from rairlib.vocabulary import BY_EYE

TIME = re.compile(r"^(\d+(?:\.\d+)?)[\s-]*(day|week|month|year)s?$")
MONTHS = {"day": 12 / 365.25, "week": 84 / 365.25, "month": 1.0, "year": 12.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A printed Kaplan-Meier rate.

    Attributes
    ----------
    row : ReportedNumber
        The rate.
    months : float
        Its time.
    survival : (float, float)
        Values that round to the print, between 0 and 1.
    shortened : (float, float)
        The same if digits may be cut off or rounded twice.
    size : ReportedNumber or None
        Size of its group; of the group before exclusions, it is an upper bound.
    """

    row: ReportedNumber
    months: float
    survival: Interval
    shortened: Interval
    size: ReportedNumber | None

    @property
    def patients(self) -> int | None:
        """Largest number of patients behind the curve."""
        size = whole_number(self.size)
        return size if size and size > 0 else None

    @property
    def printed(self) -> str:
        """Rate, group and time as printed."""
        return f"{self.row.variable} at {self.row.level} in {self.row.group} {self.row.printed} %"

    @property
    def is_without_events(self) -> bool:
        """Whether the rate is too close to 1 for a single event among its patients."""
        return bool(self.patients) and self.survival[0] > 1 - 1 / self.patients + 1e-9

    def most_events(self) -> int:
        """Largest number of events so far."""
        if self.is_without_events:
            return 0
        return math.floor(self.patients * (1 - self.survival[0]) + 1e-9)


def time_in_months(level: str) -> float | None:
    """Read ``60 months``, ``5 years`` or ``5-year`` as months; None for other texts."""
    match = TIME.match(level.strip().lower())
    return float(match[1]) * MONTHS[match[2]] if match else None


@lru_cache(maxsize=2)
def printed_rates(registry: Registry) -> list[Rate]:
    """Collect Kaplan-Meier rates; those read off a figure are left out.

    Parameters
    ----------
    registry : Registry
        The printed numbers.

    Returns
    -------
    list of Rate
        In order of appearance.
    """
    index, found = count_index(registry), []
    for row in originals(registry, "survival_percent"):
        months = time_in_months(row.level)
        if months is None or row.role == "unavailable" or row.method == BY_EYE:
            continue
        scale = 1.0 if row.unit != "%" and row.number.value <= 1 else 0.01
        rounded, shortened = (
            tuple(min(max(scale * end, 0.0), 1.0) for end in float_limits(row.number, habit))
            for habit in (False, True)
        )
        size = index.sizes.get(row.group)
        found.append(Rate(row=row, months=months, survival=rounded, shortened=shortened, size=size))
    return found
