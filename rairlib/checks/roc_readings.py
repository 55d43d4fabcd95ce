"""Ways to read a printed area under the ROC curve and its interval.

A reading says of which score the area is (the score itself or its dichotomised form) and which
standard error gives the limits ``A ± 1.96 SE``.
"""

import numpy as np

from rairlib.checks.auc_errors import (
    BinaryScore,
    binary_delong_error,
    binary_spss_error,
    delong_weights,
    formula_error,
    largest_error,
    smallest_error,
    spss_weights,
)
from rairlib.checks.classification_tables import agreeing_with_all
from rairlib.checks.diagnostic import Rule
from rairlib.checks.roc_areas import PrintedArea, proportion
from rairlib.checks.wald import MULTIPLIERS, Interval

MOST_SCORES = 5_000


def binary_scores(rule: Rule, shortened: bool = False) -> list[BinaryScore]:
    """List the dichotomised scores that show all figures of a rule.

    Parameters
    ----------
    rule : Rule
        A rule with sensitivity and specificity.
    shortened : bool
        Accept figures with digits cut off or rounded twice.

    Returns
    -------
    list of BinaryScore
        Empty if no table agrees, or if too many do.
    """
    positives, negatives = np.nonzero(agreeing_with_all(rule.figures, shortened))
    if len(positives) > MOST_SCORES:
        return []
    return [
        BinaryScore(
            true_positives=int(tp),
            false_negatives=rule.tables.with_outcome - int(tp),
            false_positives=rule.tables.without_outcome - int(tn),
            true_negatives=int(tn),
        )
        for tp, tn in zip(positives, negatives, strict=True)
    ]


def implied_error(area: PrintedArea, shortened: bool = False) -> Interval | None:
    """Return the standard errors behind symmetric limits.

    Parameters
    ----------
    area : PrintedArea
        An area with limits.
    shortened : bool
        Accept prints with digits cut off or rounded twice.

    Returns
    -------
    (float, float) or None
        None if the limits are not symmetric about the area. An upper limit near 1 may be cut
        off and is left out.
    """
    centre, low, high = (proportion(row, shortened) for row in (area.row, area.low, area.high))
    below = centre[0] - low[1], centre[1] - low[0]
    above = high[0] - centre[1], high[1] - centre[0]
    if area.is_cut_off:
        above = max(above[0], 0.0), max(below[1], above[1])
    smallest, largest = max(below[0], above[0]), min(below[1], above[1])
    if largest < smallest - 1e-9:
        return None
    return max(smallest, 0.0) / max(MULTIPLIERS), largest / min(MULTIPLIERS)


def limits_agree(area: PrintedArea, centre: float, error: float, tolerance: float = 1e-9) -> bool:
    """Say whether ``centre ± 1.96 error`` is printed as the limits of an area.

    Parameters
    ----------
    area : PrintedArea
        An area with limits.
    centre, error : float
        Unrounded area and standard error.
    tolerance : float
        Slack on each limit.

    Returns
    -------
    bool
        An upper limit beyond 1 agrees with any print above 0.995.
    """
    low, high = proportion(area.low), proportion(area.high)
    for multiplier in MULTIPLIERS:
        first, last = centre - multiplier * error, centre + multiplier * error
        low_agrees = low[0] - tolerance <= first <= low[1] + tolerance
        high_agrees = high[0] - tolerance <= last <= high[1] + tolerance
        if low_agrees and (high_agrees or (area.is_cut_off and last >= high[0])):
            return True
    return False


def formula_agrees(area: PrintedArea) -> bool:
    """Say whether the 1982 formula of Hanley and McNeil gives the printed limits."""
    centres = np.linspace(*proportion(area.row), 401)
    step = float(centres[1] - centres[0])
    return any(
        limits_agree(area, centre, formula_error(centre, *area.counts), tolerance=2 * step)
        for centre in centres[(centres > 0) & (centres < 1)]
    )


def binary_readings(area: PrintedArea) -> list[tuple[str, BinaryScore, float]]:
    """List the dichotomised scores that give both the printed area and its limits.

    Parameters
    ----------
    area : PrintedArea
        An area with limits and group sizes.

    Returns
    -------
    list of (str, BinaryScore, float)
        Name of the standard error, the score and the error.
    """
    found = []
    for score in scores_with_area(area):
        errors = {"SPSS's nonparametric": binary_spss_error(score)}
        if min(area.counts) > 1:
            errors["DeLong's"] = binary_delong_error(score)
        found += [
            (kind, score, error)
            for kind, error in errors.items()
            if limits_agree(area, score.area, error)
        ]
    return found


def scores_with_area(area: PrintedArea) -> list[BinaryScore]:
    """List the dichotomised scores of the area's rules whose area is printed like this."""
    low, high = proportion(area.row)
    return [
        score
        for rule in area.rules
        for score in binary_scores(rule)
        if low - 1e-9 <= score.area <= high + 1e-9
    ]


def attainable_errors(area: PrintedArea) -> Interval:
    """Return the smallest and largest error, SPSS's or DeLong's, of a score without ties.

    Parameters
    ----------
    area : PrintedArea
        An area with group sizes, both above 1.

    Returns
    -------
    (float, float)
        Over all areas that round to the print. The largest holds with ties too.
    """
    centres = [min(max(end, 1e-6), 1 - 1e-6) for end in proportion(area.row)]
    weights = [spss_weights(*area.counts), delong_weights(*area.counts)]
    if centres[0] < 0.5 < centres[1]:
        centres.append(0.5)
    return (
        min(smallest_error(centre, weight) for centre in centres for weight in weights),
        max(largest_error(centre, weight) for centre in centres for weight in weights),
    )
