"""Wald estimates: one coefficient and one standard error behind estimate, limits and p value.

A Wald interval is ``coefficient ± 1.96 standard errors`` on the log scale, and its p value comes
from ``coefficient / standard error``. Each printed number bounds these two unknowns by straight
lines, so that the pairs which agree with the print form a polygon; whatever else follows from
them is largest and smallest in a corner.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

Interval = tuple[float, float]

# Software multiplies by the exact quantile, hand calculation by 1.96.
MULTIPLIERS = (NormalDist().inv_cdf(0.975), 1.96)
# No printed ratio lies beyond exp(±60); the bound keeps every polygon finite.
LARGEST = 60.0
SLACK = 1e-9


def p_from_z(z: float) -> float:
    """Two-sided p value of a standard normal statistic."""
    return math.erfc(abs(z) / math.sqrt(2))


def z_from_p(p: float) -> float:
    """Absolute standard normal statistic of a two-sided p value; infinite for p of 0 or less."""
    if p <= 0:
        return math.inf
    return -NormalDist().inv_cdf(min(p, 1.0) / 2)


@dataclass(frozen=True, slots=True)
class WaldRegion:
    """The coefficients and standard errors that agree with the print.

    Attributes
    ----------
    corners : tuple of (float, float, float)
        Coefficient, standard error and multiplier of the interval in each corner; empty if no
        pair agrees.
    """

    corners: tuple[tuple[float, float, float], ...]

    def __bool__(self) -> bool:
        """Whether any coefficient and standard error agree with the print."""
        return bool(self.corners)

    def coefficient(self) -> Interval:
        """Range of the coefficient."""
        return _ends(b for b, _, _ in self.corners)

    def standard_error(self) -> Interval:
        """Range of the standard error."""
        return _ends(s for _, s, _ in self.corners)

    def low_limit(self) -> Interval:
        """Range of the lower limit, on the log scale."""
        return _ends(b - multiplier * s for b, s, multiplier in self.corners)

    def high_limit(self) -> Interval:
        """Range of the upper limit, on the log scale."""
        return _ends(b + multiplier * s for b, s, multiplier in self.corners)

    def p_value(self) -> Interval:
        """Range of the two-sided p value."""
        if any(abs(b) < SLACK and s < SLACK for b, s, _ in self.corners):
            return 0.0, 1.0
        z = [abs(b) / s if s > SLACK else math.inf for b, s, _ in self.corners]
        low, high = self.coefficient()
        return p_from_z(max(z)), 1.0 if low <= 0 <= high else p_from_z(min(z))


def _ends(values) -> Interval:
    listed = list(values)
    return min(listed), max(listed)


def wald_region(
    coefficient: Interval | None = None,
    low: Interval | None = None,
    high: Interval | None = None,
    p: Interval | None = None,
    multipliers: tuple[float, ...] = MULTIPLIERS,
) -> WaldRegion:
    """Find all coefficients and standard errors that agree with printed numbers.

    Parameters
    ----------
    coefficient, low, high : (float, float) or None
        Interval of values that round to the printed estimate and limits, on the log scale;
        infinite ends bound nothing.
    p : (float, float) or None
        Interval of values that round to the printed two-sided p value.
    multipliers : tuple of float
        Standard errors between estimate and limit; those of 95 % intervals if left out.

    Returns
    -------
    WaldRegion
        The corners of the polygon.
    """
    corners = []
    for multiplier in multipliers:
        lines = [(0.0, -1.0, 0.0), (0.0, 1.0, LARGEST), *_between(1.0, 0.0, (-LARGEST, LARGEST))]
        lines += _between(1.0, 0.0, coefficient)
        lines += _between(1.0, -multiplier, low)
        lines += _between(1.0, multiplier, high)
        for cone in _cones(p):
            corners += [(b, s, multiplier) for b, s in _corners(lines + cone)]
    return WaldRegion(tuple(corners))


def _between(b: float, s: float, limits: Interval | None) -> list[tuple[float, float, float]]:
    """Return half-planes ``b·coefficient + s·error`` within limits, as ``≤ bound``."""
    if limits is None:
        return []
    lines = [(b, s, limits[1]), (-b, -s, -limits[0])]
    return [line for line in lines if math.isfinite(line[2])]


def _cones(p: Interval | None) -> list[list[tuple[float, float, float]]]:
    """Return half-planes ``z ≤ |coefficient| / error``, one list for each sign."""
    if p is None:
        return [[]]
    smallest, largest = z_from_p(p[1]), z_from_p(p[0])
    cones = []
    for sign in (1.0, -1.0):
        cone = [(-sign, smallest, 0.0)]
        if math.isfinite(largest):
            cone.append((sign, -largest, 0.0))
        cones.append(cone)
    return cones


def _corners(lines: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    corners = []
    for (b1, s1, k1), (b2, s2, k2) in combinations(lines, 2):
        determinant = b1 * s2 - b2 * s1
        if abs(determinant) < 1e-12:
            continue
        b = (k1 * s2 - k2 * s1) / determinant
        s = (b1 * k2 - b2 * k1) / determinant
        if all(cb * b + cs * s <= bound + SLACK for cb, cs, bound in lines):
            corners.append((b, max(s, 0.0)))
    return corners
