"""All splits of a 2×2 table into two subgroups, held against the subgroups' printed areas.

A score is cut in two; its 2×2 table in all patients is known. Two complementary subgroups share
these patients out: every cell is split into two whole numbers. There are finitely many splits, so
all are listed, and each printed area and limit rules splits in or out.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from rairlib.errors import RairlibError
from rairlib.stats.observation import whole
from rairlib.stats.roc import Z_95, auc, hanley_mcneil_standard_error

# --- The area under the ROC curve of a score cut in two, for whole arrays of 2×2 tables at once ---


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
    tp, fn, fp, tn = cells.tolist()
    _named_with_both_groups((tp, fn, fp, tn))
    sensitivity, specificity = tp / (tp + fn), tn / (fp + tn)
    largest = 1 - (1 - sensitivity) * (1 - specificity)
    if best_cutoff:
        youden = sensitivity + specificity - 1
        largest = 1 - (1 - youden) ** 2 / 2  # never above the bound without this knowledge
    return sensitivity * specificity, largest


def _named_with_both_groups(cells: tuple[int, int, int, int]) -> str:
    """Name the cells of a table that has patients with and without the outcome."""
    tp, fn, fp, tn = cells
    named = ", ".join(f"{cell} {name}" for cell, name in zip(cells, CELLS, strict=True))
    if min(cells) < 0 or not tp + fn or not fp + tn:
        raise RairlibError(
            f"a table needs patients with and without the outcome and no negative cell; got {named}"
        )
    return named


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


# --- All splits of a 2×2 table into two subgroups, held against the subgroups' printed areas ---
# A score is cut in two; its 2×2 table in all patients is known. Two complementary subgroups share
# these patients out: every cell is split into two whole numbers. There are finitely many splits, so
# all are listed, and each printed area and limit rules splits in or out.


STATISTICS = ("auc", "ci_low", "ci_high")
ANY = (-np.inf, np.inf)
# Beyond this number of splits the lists would not fit into memory.
MOST_SPLITS = 20_000_000
SLACK = 1e-9


def rounding_to(values, decimals: int = 3) -> np.ndarray:
    """Return the intervals of all areas and limits that round to given prints.

    Parameters
    ----------
    values : array-like of float, shape (..., 3)
        Area, lower and upper limit as printed.
    decimals : int
        Digits after the point.

    Returns
    -------
    ndarray, shape (..., 3, 2)
        Lowest and highest value behind each print.
    """
    values, half = np.asarray(values, dtype=float), 0.5 * 10.0**-decimals
    return np.stack([values - half, values + half], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """All splits of a 2×2 table, with the areas and limits of the first subgroup."""

    pooled: tuple[int, int, int, int]
    estimates: np.ndarray = field(repr=False)
    order: np.ndarray = field(repr=False)
    sorted_estimates: np.ndarray = field(repr=False)

    @property
    def size(self) -> int:
        """Number of splits."""
        return self.estimates.shape[1]

    def tables(self, splits) -> np.ndarray:
        """Return the first subgroup's tables, shape (len(splits), 4), cells as in `pooled`."""
        cells = np.unravel_index(np.asarray(splits, dtype=int), [n + 1 for n in self.pooled])
        return np.stack(cells, axis=-1)

    def agreeing(self, first: np.ndarray) -> np.ndarray:
        """Return the splits whose first subgroup agrees."""
        first = np.asarray(first, dtype=float)
        start = np.searchsorted(self.sorted_estimates[0], first[0, 0] - SLACK, side="left")
        stop = np.searchsorted(self.sorted_estimates[0], first[0, 1] + SLACK, side="right")
        limits = self.sorted_estimates[1:, start:stop]
        inside = _within(limits[0], first[1]) & _within(limits[1], first[2])
        return self.order[start:stop][inside]

    def agreeing_both(self, targets: np.ndarray) -> np.ndarray:
        """Return the splits of which both subgroups agree."""
        found = self.agreeing(targets[0])
        second = self.estimates[:, self.size - 1 - found]
        inside = np.all([_within(*pair) for pair in zip(second, targets[1], strict=True)], axis=0)
        return np.sort(found[inside])


def _within(values: np.ndarray, interval) -> np.ndarray:
    return (values >= interval[0] - SLACK) & (values <= interval[1] + SLACK)


@lru_cache(maxsize=6)
def all_splits(pooled: tuple[int, int, int, int], error: str = ERRORS[0]) -> Splits:
    """List all splits of a 2×2 table into two subgroups."""
    named = _named_with_both_groups(pooled)
    if np.prod([float(n + 1) for n in pooled]) > MOST_SPLITS:
        raise RairlibError(f"too many splits to list them all: more than {MOST_SPLITS} of {named}")
    grid = np.meshgrid(*(np.arange(n + 1) for n in pooled), indexing="ij", copy=False)
    area, spread = dichotomised_areas(*(cell.ravel() for cell in grid), error=error)
    estimates = np.stack([area, area - Z_95 * spread, area + Z_95 * spread])
    exists = np.isfinite(estimates[1])
    order = np.flatnonzero(exists & exists[::-1])
    order = order[np.argsort(area[order], kind="stable")]
    return Splits(
        pooled=tuple(pooled),
        estimates=estimates,
        order=order,
        sorted_estimates=estimates[:, order].copy(),
    )


def solution_counts(splits: Splits, targets: np.ndarray) -> dict[str, int]:
    """Count the splits that agree with the first subgroup, the second, and both.

    Parameters
    ----------
    splits : Splits
        All splits.
    targets : ndarray, shape (2, 3, 2)
        Lowest and highest area, lower and upper limit of the first and the second subgroup;
        infinite where nothing is asked.

    Returns
    -------
    dict of str to int
        Keys ``splits, first, second, both``.
    """
    return {
        "splits": splits.size,
        "first": len(splits.agreeing(targets[0])),
        "second": len(splits.agreeing(targets[1])),
        "both": len(splits.agreeing_both(targets)),
    }


def sufficient_numbers(splits: Splits, targets: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Count the splits that agree with every selection of the printed numbers.

    Parameters
    ----------
    splits, targets
        As for :func:`solution_counts`.
    names : list of str
        Six names: area, lower and upper limit of the first subgroup, then of the second.

    Returns
    -------
    DataFrame
        One row per selection, small ones first: ``numbers`` (how many), ``used`` (tuple of
        names) and ``solutions`` (splits that agree with these numbers).
    """
    second = splits.estimates[:, ::-1]
    values = np.concatenate([splits.estimates, second])[:, splits.order]
    inside = [_within(*pair) for pair in zip(values, targets.reshape(6, 2), strict=True)]
    rows = []
    for size in range(1, len(names) + 1):
        for chosen in combinations(zip(names, inside, strict=True), size):
            used, agree = zip(*chosen, strict=True)
            solutions = int(np.logical_and.reduce(agree).sum())
            rows.append({"numbers": size, "used": used, "solutions": solutions})
    return pd.DataFrame(rows)


def fewest_sufficient(counts: pd.DataFrame) -> pd.DataFrame:
    """Summarise, by how many numbers are used, how many selections leave one split alone.

    Parameters
    ----------
    counts : DataFrame
        See :func:`sufficient_numbers`.

    Returns
    -------
    DataFrame
        Indexed by ``numbers``: ``selections``, ``single out one`` of them, and ``fewest`` and
        ``most`` solutions.
    """
    groups = counts.groupby("numbers")["solutions"]
    return pd.DataFrame(
        {
            "selections": groups.size(),
            "single out one": groups.agg(lambda solutions: int((solutions == 1).sum())),
            "fewest": groups.min(),
            "most": groups.max(),
        }
    )


# --- How often chance alone lets a search over splits find a table ----------------------------
# A table that meets six printed numbers says little if most sets of six numbers had met some table.
# Three kinds of made-up print are searched in the same way:
#
# * neighbours: areas and half-widths near the printed ones, as of any score in any patients;
# * continuous: the print of a continuous score in two subgroups of nearly the found sizes;
# * dichotomised: the print of a random split of the table itself, for which the search must
# succeed.


KINDS = ("neighbours", "continuous", "dichotomised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What is near a pair of printed areas.

    Attributes
    ----------
    areas, half_widths : ndarray, shape (2,)
        Areas of the two subgroups and half the widths of their intervals.
    shares : tuple of float
        Share of the patients with, and of those without, the outcome in the first subgroup.
    area_step, width_step, size_step : float
        Largest distance of an area; largest relative distance of a half-width and of the size of
        the first subgroup.
    """

    areas: np.ndarray
    half_widths: np.ndarray
    shares: tuple[float, float]
    area_step: float = 0.05
    width_step: float = 0.15
    size_step: float = 0.25

    def near_areas(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw areas near the printed ones, shape (number, 2), below 1."""
        steps = rng.uniform(-self.area_step, self.area_step, (number, 2))
        return np.minimum(self.areas + steps, 0.995)

    def sizes(self, patients: int, share: float, number: int, rng) -> np.ndarray:
        """Draw numbers of patients of the first subgroup; two at least are in each."""
        middle = share * patients
        step = max(1.0, self.size_step * middle)
        drawn = rng.integers(round(middle - step), round(middle + step) + 1, number)
        return np.clip(drawn, 2, patients - 2)


def made_up_print(
    kind: str,
    number: int,
    neighbourhood: Neighbourhood,
    pooled: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw areas with limits of two complementary subgroups."""
    if kind not in KINDS:
        raise RairlibError(f"made-up print is {', '.join(KINDS)}, not {kind!r}")
    tp, fn, fp, tn = pooled
    if min(tp + fn, fp + tn) < 4:
        raise RairlibError("two subgroups need four patients with and four without the outcome")
    if kind == "neighbours":
        areas = neighbourhood.near_areas(number, rng)
        step = neighbourhood.width_step
        widths = neighbourhood.half_widths * rng.uniform(1 - step, 1 + step, (number, 2))
        return _with_limits(areas, widths)
    with_outcome = neighbourhood.sizes(tp + fn, neighbourhood.shares[0], number, rng)
    without = neighbourhood.sizes(fp + tn, neighbourhood.shares[1], number, rng)
    if kind == "dichotomised":
        return _random_splits(pooled, with_outcome, without, rng)
    sizes = np.stack([with_outcome, tp + fn - with_outcome, without, fp + tn - without], axis=1)
    return _continuous(neighbourhood.near_areas(number, rng), sizes.reshape(-1, 2, 2), rng)


def _with_limits(areas: np.ndarray, half_widths: np.ndarray) -> np.ndarray:
    return np.stack([areas, areas - half_widths, areas + half_widths], axis=-1)


def _random_splits(pooled, with_outcome, without, rng) -> np.ndarray:
    tp = rng.hypergeometric(pooled[0], pooled[1], with_outcome)
    fp = rng.hypergeometric(pooled[2], pooled[3], without)
    first = np.stack([tp, with_outcome - tp, fp, without - fp])
    second = np.array(pooled)[:, None] - first
    areas, errors = dichotomised_areas(*np.stack([first, second], axis=-1))
    return _with_limits(areas, Z_95 * errors)


def _continuous(areas: np.ndarray, sizes: np.ndarray, rng) -> np.ndarray:
    """Draw normal scores; `sizes` has, per pair, the two groups with and the two without."""
    shifts = np.sqrt(2) * stats.norm.ppf(areas)
    found, errors = np.empty_like(areas), np.empty_like(areas)
    for pair, group in np.ndindex(areas.shape):
        n_events, n_others = sizes[pair, 0, group], sizes[pair, 1, group]
        event = np.arange(n_events + n_others) < n_events
        score = rng.standard_normal(n_events + n_others) + shifts[pair, group] * event
        found[pair, group] = auc(event, score)
        errors[pair, group] = hanley_mcneil_standard_error(event, score)
    return _with_limits(found, Z_95 * errors)


def printed_targets(estimates: np.ndarray) -> np.ndarray:
    """Print areas and limits to three decimals and return what the prints stand for."""
    unit = 0.001
    printed = np.round(estimates, 3)
    printed[..., 2] = np.minimum(printed[..., 2], 1 - unit)
    targets = rounding_to(printed)
    targets[..., 2, 1][printed[..., 2] > 1 - 1.5 * unit] = np.inf
    return targets


def solutions_by_chance(
    splits: Splits,
    neighbourhood: Neighbourhood,
    number: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Search the splits that agree with made-up prints.

    Parameters
    ----------
    splits : Splits
        All splits of the table, with the standard error of Hanley and McNeil.
    neighbourhood : Neighbourhood
        What is near the print.
    number : int
        Made-up prints of each kind.
    rng : Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        One row per kind of print, indexed by ``made-up print``: ``searched``, ``with a split``,
        ``share`` of these with its exact 95 % limits ``low, high``, ``with one split`` (exactly
        one) and ``mean splits``.
    """
    rows = {}
    for kind in KINDS:
        drawn = made_up_print(kind, number, neighbourhood, splits.pooled, rng)
        found = np.array([len(splits.agreeing_both(target)) for target in printed_targets(drawn)])
        hits = int((found > 0).sum())
        limits = stats.binomtest(hits, len(found)).proportion_ci(method="exact")
        rows[kind] = {
            "searched": len(found),
            "with a split": hits,
            "share": hits / len(found),
            "low": limits.low,
            "high": limits.high,
            "with one split": int((found == 1).sum()),
            "mean splits": found.mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("made-up print")
