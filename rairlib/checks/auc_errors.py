"""Standard errors of an area under the ROC curve, and their attainable limits.

Write ``a`` for the variance of the placement values of the patients with the outcome (the share
of the others that each exceeds) and ``b`` for that of the patients without it. Then

* nonparametric Hanley-McNeil, as SPSS prints it (ties spread evenly over their place):
  ``[A(1 - A) + (n0 - 1) a + (n1 - 1) b] / (n1 n0)``;
* DeLong: ``a / (n1 - 1) + b / (n0 - 1)``;

with n1 patients with and n0 without the outcome. By Hoeffding's decomposition ``a + b`` is at
most the variance of the comparison of one pair, at most ``A(1 - A)``: this bounds both errors from
above (Birnbaum and Klose, Ann Math Stat 1957). From below, ``alpha a + beta b`` at a given area is
a convex function of the ROC curve, smallest for the curve ``c + (alpha / beta) t`` cut off at 0
and 1, with c chosen to give the area. DeLong's error counts ties by their middle and can lie below
that bound where patients with and without the outcome share values.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryScore:
    """A score with two values and its 2×2 table.

    Attributes
    ----------
    true_positives, false_negatives, false_positives, true_negatives : int
        Patients with the outcome above and below the cut-off, and those without it.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def sensitivity(self) -> float:
        """Share of positives among patients with the outcome."""
        return self.true_positives / (self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float:
        """Share of negatives among patients without the outcome."""
        return self.true_negatives / (self.true_negatives + self.false_positives)

    @property
    def area(self) -> float:
        """Area under the ROC curve with one corner."""
        return (self.sensitivity + self.specificity) / 2


def formula_error(area: float, with_outcome: int, without_outcome: int) -> float:
    """Compute the standard error of an area from the exponential model.

    Parameters
    ----------
    area : float
        Area under the ROC curve, between 0 and 1.
    with_outcome, without_outcome : int
        Patients with and without the outcome.

    Returns
    -------
    float
        Square root of ``[A(1 - A) + (n1 - 1)(Q1 - A²) + (n0 - 1)(Q2 - A²)] / (n1 n0)`` with
        ``Q1 = A / (2 - A)`` and ``Q2 = 2A² / (1 + A)`` (Hanley and McNeil, Radiology 1982).
    """
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area)
        + (with_outcome - 1) * (q1 - area**2)
        + (without_outcome - 1) * (q2 - area**2)
    ) / (with_outcome * without_outcome)
    return math.sqrt(max(variance, 0.0))


def binary_spss_error(score: BinaryScore) -> float:
    """Compute the nonparametric Hanley-McNeil standard error of a score with two values.

    Parameters
    ----------
    score : BinaryScore
        The 2×2 table.

    Returns
    -------
    float
        As SPSS prints it: tied pairs count as if their order were random.
    """
    sensitivity, specificity = score.sensitivity, score.specificity
    area = score.area
    miss, alarm = 1 - sensitivity, 1 - specificity
    # Chance that two random patients with the outcome both rank above one without it, and that
    # one with the outcome ranks above two without; a third of the orders of three tied values do.
    q1 = specificity * (sensitivity**2 + sensitivity * miss + miss**2 / 3)
    q1 += alarm * sensitivity**2 / 3
    q2 = sensitivity * (specificity**2 + specificity * alarm + alarm**2 / 3)
    q2 += miss * specificity**2 / 3
    with_outcome = score.true_positives + score.false_negatives
    without = score.true_negatives + score.false_positives
    variance = (
        area * (1 - area) + (with_outcome - 1) * (q1 - area**2) + (without - 1) * (q2 - area**2)
    ) / (with_outcome * without)
    return math.sqrt(max(variance, 0.0))


def binary_delong_error(score: BinaryScore) -> float:
    """Compute DeLong's standard error of a score with two values.

    Parameters
    ----------
    score : BinaryScore
        The 2×2 table, at least two patients in each group.

    Returns
    -------
    float
        Placement values differ by one half between positives and negatives.
    """
    with_outcome = score.true_positives + score.false_negatives
    without = score.true_negatives + score.false_positives
    variance = score.sensitivity * (1 - score.sensitivity) / (4 * (with_outcome - 1))
    variance += score.specificity * (1 - score.specificity) / (4 * (without - 1))
    return math.sqrt(variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorWeights:
    """The variance of an area as ``constant · A(1 - A) + alpha · a + beta · b``.

    Attributes
    ----------
    constant, alpha, beta : float
        Weights of the variance of one pair and of the placement values with and without the
        outcome.
    """

    constant: float
    alpha: float
    beta: float


def spss_weights(with_outcome: int, without_outcome: int) -> ErrorWeights:
    """Return the weights of the nonparametric Hanley-McNeil error."""
    pairs = with_outcome * without_outcome
    return ErrorWeights(
        constant=1 / pairs, alpha=(without_outcome - 1) / pairs, beta=(with_outcome - 1) / pairs
    )


def delong_weights(with_outcome: int, without_outcome: int) -> ErrorWeights:
    """Return the weights of DeLong's error."""
    return ErrorWeights(constant=0.0, alpha=1 / (with_outcome - 1), beta=1 / (without_outcome - 1))


def largest_error(area: float, weights: ErrorWeights) -> float:
    """Return the largest standard error of a score with this area.

    Parameters
    ----------
    area : float
        Area under the ROC curve.
    weights : ErrorWeights
        Those of the estimator.

    Returns
    -------
    float
        From ``a + b ≤ A(1 - A)``; holds with ties.
    """
    return math.sqrt(area * (1 - area) * (weights.constant + max(weights.alpha, weights.beta)))


def smallest_error(area: float, weights: ErrorWeights) -> float:
    """Return the smallest standard error of a score with this area and without shared values.

    Parameters
    ----------
    area : float
        Area under the ROC curve.
    weights : ErrorWeights
        Those of the estimator; alpha and beta positive.

    Returns
    -------
    float
        Attained by the ROC curve ``c + (alpha / beta) t``, cut off at 0 and 1. For SPSS's error
        it holds with ties as well.
    """
    slope = weights.alpha / weights.beta
    start = _start_of_line(area, slope)
    squared = (_squares(start + slope) - _squares(start)) / slope
    first_moment = (_moments(start + slope) - _moments(start)) / slope**2 - start * area / slope
    # a = 2 ∫ (1 - t) R dt - A² and b = ∫ R² dt - A².
    variance = (
        weights.constant * area * (1 - area)
        + weights.alpha * (2 * (area - first_moment) - area**2)
        + weights.beta * (squared - area**2)
    )
    return math.sqrt(max(variance, 0.0))


def _start_of_line(area: float, slope: float) -> float:
    """Find c so that ``c + slope t``, cut off at 0 and 1, has the area, by bisection."""
    low, high = -slope, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        if (_areas(middle + slope) - _areas(middle)) / slope < area:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _areas(x: float) -> float:
    """Integrate min(max(u, 0), 1) up to x."""
    return 0.0 if x < 0 else x * x / 2 if x < 1 else x - 1 / 2


def _squares(x: float) -> float:
    """Integrate min(max(u, 0), 1)² up to x."""
    return 0.0 if x < 0 else x**3 / 3 if x < 1 else x - 2 / 3


def _moments(x: float) -> float:
    """Integrate u · min(max(u, 0), 1) up to x."""
    return 0.0 if x < 0 else x**3 / 3 if x < 1 else x * x / 2 - 1 / 6
