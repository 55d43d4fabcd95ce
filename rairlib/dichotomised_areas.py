"""The area under the ROC curve of a score cut in two, for whole arrays of 2×2 tables at once."""

import numpy as np
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.observation import whole

CELLS = ("true positives", "false negatives", "false positives", "true negatives")
ERRORS = ("hanley_mcneil", "delong")


def dichotomised_areas(
    true_positives, false_negatives, false_positives, true_negatives, error: str = ERRORS[0]
) -> tuple[np.ndarray, np.ndarray]:
    """Return areas and standard errors of dichotomised scores.

    Parameters
    ----------
    true_positives, false_negatives, false_positives, true_negatives : array-like of int
        Patients per cell, of one shape.
    error : str
        ``hanley_mcneil``: nonparametric, as SPSS prints it (tied pairs count as if their order
        were random); ``delong``.

    Returns
    -------
    areas, errors : ndarray
        (sensitivity + specificity) / 2 and its standard error; NaN where a group is empty (for
        DeLong: has fewer than two patients).

    Raises
    ------
    RairlibError
        If the standard error is another one, or a cell is no count.

    Notes
    -----
    Hanley and McNeil 1982, Radiology 143:29-36, Table II; DeLong, DeLong and Clarke-Pearson 1988,
    Biometrics 44:837-845. Each is written out for two values of the score.
    """
    if error not in ERRORS:
        raise RairlibError(f"the standard error is {' or '.join(ERRORS)}, not {error!r}")
    cells = (true_positives, false_negatives, false_positives, true_negatives)
    tp, fn, fp, tn = (
        whole(name, cell).astype(float) for name, cell in zip(CELLS, cells, strict=True)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
        variance = _VARIANCES[error](sensitivity, specificity, tp + fn, tn + fp)
    return (sensitivity + specificity) / 2, np.sqrt(np.maximum(variance, 0))


def _spss_variance(sensitivity, specificity, with_outcome, without) -> np.ndarray:
    area = (sensitivity + specificity) / 2
    miss, alarm = 1 - sensitivity, 1 - specificity
    # Of the six orders of three tied values, two put the one that counts last: a third.
    q1 = specificity * (sensitivity**2 + sensitivity * miss + miss**2 / 3)
    q1 += alarm * sensitivity**2 / 3
    q2 = sensitivity * (specificity**2 + specificity * alarm + alarm**2 / 3)
    q2 += miss * specificity**2 / 3
    spread = (with_outcome - 1) * (q1 - area**2) + (without - 1) * (q2 - area**2)
    return (area * (1 - area) + spread) / (with_outcome * without)


def _delong_variance(sensitivity, specificity, with_outcome, without) -> np.ndarray:
    too_few = (with_outcome < 2) | (without < 2)
    variance = sensitivity * (1 - sensitivity) / (4 * (with_outcome - 1))
    variance = variance + specificity * (1 - specificity) / (4 * (without - 1))
    return np.where(too_few, np.nan, variance)


_VARIANCES = {"hanley_mcneil": _spss_variance, "delong": _delong_variance}


def area_range(
    true_positives: int,
    false_negatives: int,
    false_positives: int,
    true_negatives: int,
    best_cutoff: bool = False,
) -> tuple[float, float]:
    """Bound the area of a score by its 2×2 table at one cut-off.

    Parameters
    ----------
    true_positives, false_negatives, false_positives, true_negatives : int
        Patients per cell at the cut-off.
    best_cutoff : bool
        Whether no other cut-off has a larger sensitivity + specificity in these patients.

    Returns
    -------
    (float, float)
        Smallest and largest area. A true positive outranks every true negative, and a false
        negative is outranked by every false positive; all other pairs can go either way. A best
        cut-off keeps the ROC curve below the line of slope 1 through its point.

    Raises
    ------
    RairlibError
        If a cell is negative or there are no patients with, or none without, the outcome.
    """
    cells = whole("cells", [true_positives, false_negatives, false_positives, true_negatives])
    true_positives, false_negatives, false_positives, true_negatives = cells.tolist()
    with_outcome, without = true_positives + false_negatives, false_positives + true_negatives
    if not with_outcome or not without:
        raise RairlibError(
            "a table needs patients with and without the outcome and no negative cell; got "
            + ", ".join(f"{cell} {name}" for cell, name in zip(cells, CELLS, strict=True))
        )
    sensitivity, specificity = true_positives / with_outcome, true_negatives / without
    largest = 1 - (1 - sensitivity) * (1 - specificity)
    if best_cutoff:
        youden = sensitivity + specificity - 1
        largest = 1 - (1 - youden) ** 2 / 2  # never above the bound without this knowledge
    return sensitivity * specificity, largest


def scores_given_table(
    cells: tuple[int, int, int, int],
    number: int,
    rng: np.random.Generator,
    informative: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw continuous scores that all have one 2×2 table at the cut-off 0.

    Parameters
    ----------
    cells : tuple of int
        True positives, false negatives, false positives, true negatives, each at least 1.
    number : int
        Scores to draw.
    rng : Generator
        Source of randomness.
    informative : bool
        Whether the score tells patients apart within the positives and within the negatives:
        normal with and without the outcome, of variance 1, the means such that the cut-off has
        the table's sensitivity and specificity. Otherwise their order is random.

    Returns
    -------
    event : ndarray of bool, shape (n,)
        Whether the patient has the outcome.
    scores : ndarray of float, shape (number, n)
        One score per row.

    Raises
    ------
    RairlibError
        If a cell is empty.
    """
    cells, number = whole("cells", cells, 1), whole("number", number, 1)
    if cells.shape != (4,):
        raise RairlibError(f"cells: {', '.join(CELLS)} are needed; got {cells.tolist()}")
    event, positive = np.repeat([True, True, False, False], cells), np.repeat([1, 0, 1, 0], cells)
    tp, fn, fp, tn = cells
    share = np.where(event, tp / (tp + fn), fp / (fp + tn)) if informative else 0.5
    means, chance = stats.norm.ppf(share), rng.random((number, len(event)))
    # A uniform number within the cell's part of the distribution, turned into the score.
    ranks = np.where(positive, 1 - share * (1 - chance), (1 - share) * chance)
    return event, means + stats.norm.ppf(ranks)
